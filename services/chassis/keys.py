"""The Ed25519 keys of those who may say who acts, as JSON Web Keys (RFC 7517, RFC 8037) in files.

Who issues tokens holds a private key; all who read tokens share one set of public keys. Beside the usual members a key
says whose it is (`motcua_issuer`) and which kinds of actors its holder may speak for (`motcua_kinds`).
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.chassis import codec
from services.chassis.actor import KINDS
from services.chassis.errors import Invalid

ALGORITHM: Final = "Ed25519"  # RFC 9864, which deprecates the name «EdDSA»: it leaves the curve open
_ISSUER, _KINDS = "motcua_issuer", "motcua_kinds"
_LONGEST_FILE = 1_000_000
_LONGEST_NAME = 100


class BadKey(Exception):
    """A key file that cannot be used: its path and why, never what stands in it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, whose it is, and for which kinds of actors its holder may speak."""

    id: str
    issuer: str
    kinds: frozenset[str]
    jwk: OKPKey


@contextmanager
def keys_or_exit(service: str) -> Iterator[None]:
    """What is wrong with a key file is a line on standard error, and the end of the process."""
    try:
        yield
    except BadKey as error:
        sys.exit(f"{service} cannot start: {error}")


def make(issuer: str, kinds: Iterable[str]) -> dict[str, Any]:
    """A new private key as JWK. Its id is its thumbprint (RFC 7638), so two keys never share one."""
    key = OKPKey.generate_key(ALGORITHM, private=True)
    stated = {"kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM, _ISSUER: issuer, _KINDS: sorted(kinds)}
    return dict(_read({**key.as_dict(private=True), **stated}).jwk.as_dict(private=True))


def public_set(private: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The JWKS that everybody may know of these private keys."""
    return {"keys": [OKPKey.import_key(dict(one)).as_dict(private=False) for one in private]}


def read_private(path: Path) -> Key:
    """The private key in a file. Raises BadKey."""
    key = _checked(path, _content(path))
    if not key.jwk.is_private:
        raise BadKey(f"{path}: it holds no private key")
    return key


def read_public(path: Path) -> dict[str, Key]:
    """The public keys of a JWKS file by their ids. Raises BadKey, also for a private key: it does not belong there."""
    content = _content(path)
    listed = content.get("keys")
    if not isinstance(listed, list) or not listed:
        raise BadKey(f"{path}: it is no JWKS with keys")
    found = [_checked(path, one) for one in listed]
    if any(key.jwk.is_private for key in found):
        raise BadKey(f"{path}: a private key stands among the public ones")
    if len({key.id for key in found}) < len(found):
        raise BadKey(f"{path}: two keys have the same kid")
    return {key.id: key for key in found}


def _content(path: Path) -> dict[str, Any]:
    try:
        content = codec.decode(path.read_bytes(), _LONGEST_FILE)
    except OSError as error:
        raise BadKey(f"{path}: {error.strerror}") from None
    except Invalid:
        raise BadKey(f"{path}: it is not JSON") from None
    if not isinstance(content, dict):
        raise BadKey(f"{path}: it is no JSON object")
    return content


def _checked(path: Path, stated: Any) -> Key:
    try:
        return _read(stated)
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadKey(
            f"{path}: a key is no JWK of {ALGORITHM} with kid, {_ISSUER} and {_KINDS} (of {', '.join(KINDS)})"
        ) from None


def _read(stated: Any) -> Key:
    """Raises JoseError, ValueError, TypeError, KeyError."""
    jwk = OKPKey.import_key(dict(stated))
    id_, issuer, kinds = stated["kid"], stated[_ISSUER], stated[_KINDS]
    named = all(isinstance(word, str) and 0 < len(word) <= _LONGEST_NAME for word in (id_, issuer))
    if stated["kty"] != "OKP" or jwk.curve_name != ALGORITHM or not named or not isinstance(kinds, list) or not kinds:
        raise ValueError
    if not set(kinds) <= set(KINDS):
        raise ValueError
    return Key(id_, issuer, frozenset(kinds), jwk)
