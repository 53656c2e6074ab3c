"""Who acts, signed: short-lived tokens (JWT) that an issuer writes with its key and every service verifies.

Header: `alg`, `kid`, `typ`. Claims: `iss` (the key's holder), `aud`, `sub` (the actor's id), `kind`, `unit` and
`duties` of an officer, `iat`, `exp`. What a token says beyond that is nobody's concern.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jws import CompactSignature, extract_compact, validate_compact

from services.chassis import clock, codec
from services.chassis.actor import Actor, read_actor
from services.chassis.errors import Denied, Invalid
from services.chassis.keys import ALGORITHM, BadKey, Key, read_private, read_public
from services.chassis.logs import log
from services.chassis.settings import CallerSettings, Settings

AUDIENCE: Final = "motcua"
TYPE: Final = "motcua-actor+jwt"  # said in the header, so that no other token of the same key passes (RFC 8725, 3.11)
SECONDS: Final = 300
MOST_SECONDS: Final = 3600  # no token may live longer
LEEWAY_SECONDS: Final = 300
LONGEST: Final = 4096
_KEPT_SECONDS, _STILL_FRESH = 900, 600  # enough for two clocks that are each wrong by the leeway
_MOST_KEPT = 1_000
_MOST_KNOWN = 5_000  # tokens; twice as many at most
_LOOK_SECONDS = 5.0  # so long a key that was taken out of the file may still be believed
_HEADER: Final = {"alg", "kid", "typ"}


class Issuer:
    """Writes tokens with one private key. Safe under threads and greenlets."""

    def __init__(self, key: Key, now: Callable[[], datetime] = clock.now) -> None:
        self._key, self._now = key, now
        self._kept: dict[Actor, tuple[str, float]] = {}

    @classmethod
    def of_file(cls, path: Path, now: Callable[[], datetime] = clock.now) -> "Issuer":
        """The issuer whose private key is in this file. Raises BadKey."""
        return cls(read_private(path), now)

    def issue(self, actor: Actor, seconds: int = SECONDS) -> str:
        """A new token under which `actor` acts for so many seconds. Raises ValueError for what no reader would take."""
        if not 0 < seconds <= MOST_SECONDS:
            raise ValueError(f"a token lives 1 to {MOST_SECONDS} seconds")
        if actor.kind not in self._key.kinds:
            raise ValueError(f"the key of {self._key.issuer} does not speak for the kind {actor.kind}")
        issued = int(self._now().timestamp())
        claims = {
            "iss": self._key.issuer,
            "aud": AUDIENCE,
            "sub": actor.id,
            "kind": actor.kind,
            **({"unit": actor.unit} if actor.unit is not None else {}),
            **({"duties": actor.duties} if actor.duties else {}),
            "iat": issued,
            "exp": issued + seconds,
        }
        header = {"alg": ALGORITHM, "kid": self._key.id, "typ": TYPE}
        return jwt.encode(header, claims, self._key.jwk, algorithms=[ALGORITHM])

    def fresh(self, actor: Actor) -> str:
        """A token of `actor` that still lives for ten minutes: one for all calls in a while, then another."""
        present = self._now().timestamp()
        token, until = self._kept.get(actor, ("", 0.0))
        if not present + _STILL_FRESH < until <= present + _KEPT_SECONDS:  # also when a clock was set back
            if len(self._kept) >= _MOST_KEPT:
                self._kept = {}
            token = self.issue(actor, _KEPT_SECONDS)
            self._kept[actor] = token, present + _KEPT_SECONDS
        return token


@dataclass(frozen=True, slots=True)
class _Verified:
    actor: Actor
    until: float


class _Known:
    """The keys as last read, and the tokens verified under them: both go when the file changes."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self.keys = keys
        self._young: dict[str, _Verified] = {}
        self._old: dict[str, _Verified] = {}

    def find(self, token: str) -> _Verified | None:
        return self._young.get(token) or self._old.get(token)

    def keep(self, token: str, verified: _Verified) -> None:
        if len(self._young) >= _MOST_KNOWN:
            self._old, self._young = self._young, {}
        self._young[token] = verified


class Verifier:
    """Reads tokens by the public keys of a file, which is read again when it changes. Safe under threads, greenlets.

    A token is verified once and then known until it expires: a signature costs a quarter of a millisecond.
    """

    def __init__(self, path: Path, leeway: int = LEEWAY_SECONDS, now: Callable[[], datetime] = clock.now) -> None:
        """Raises BadKey."""
        self._path, self._leeway, self._now = path, leeway, now
        self._looked_at, self._seen = time.monotonic(), _signature(path)
        self._known = _Known(read_public(path))

    @classmethod
    def of(cls, settings: Settings) -> "Verifier":
        """The verifier that the settings name. Raises BadKey."""
        return cls(settings.actor_keys, settings.actor_leeway_seconds)

    def read(self, token: Any) -> Actor:
        """Who acts. Raises Denied: `actor.missing`, `.malformed`, `.expired`, `.untrusted`."""
        if token is None:
            raise _denied("missing", "The call names no actor.", "Yêu cầu không nêu người thực hiện.")
        if not isinstance(token, str):
            raise _malformed("A plain claim is refused: the actor is a signed token.")
        if len(token) > LONGEST:
            raise _malformed(f"The actor's token is longer than {LONGEST} characters.")
        if time.monotonic() - self._looked_at > _LOOK_SECONDS:
            self._look()
        known, present = self._known, self._now().timestamp()
        verified = known.find(token)
        if verified is None:
            verified = self._verify(token, present)
        if verified.until <= present:
            raise _expired()
        return verified.actor

    def _verify(self, token: str, present: float) -> _Verified:
        signed = _parsed(token)
        known, key = self._key(signed)
        try:
            is_good = validate_compact(signed, key.jwk, [ALGORITHM])
        except (JoseError, ValueError, TypeError):
            is_good = False
        if not is_good:
            raise _untrusted("The signature of the actor's token is not its issuer's.")
        claims = self._checked(signed, key, int(present))
        member = {"kind": claims.get("kind"), "id": claims.get("sub")}
        actor = read_actor({**member, **{name: claims[name] for name in ("unit", "duties") if name in claims}})
        if actor.kind not in key.kinds:
            raise _untrusted("The issuer of the actor's token may not speak for actors of this kind.")
        verified = _Verified(actor, claims["exp"] + self._leeway)
        known.keep(token, verified)
        return verified

    def _key(self, signed: CompactSignature) -> tuple[_Known, Key]:
        id_ = signed.protected["kid"]
        if id_ not in self._known.keys:
            self._look()
        known = self._known
        if id_ not in known.keys:
            raise _untrusted("The actor's token is signed with a key that is not known here.")
        return known, known.keys[id_]

    def _checked(self, signed: CompactSignature, key: Key, present: int) -> dict[str, Any]:
        try:
            claims = codec.decode(signed.payload or b"", LONGEST)
        except Invalid:
            claims = None
        if not isinstance(claims, dict) or type(claims.get("exp")) is not int or type(claims.get("iat")) is not int:
            raise _malformed("The actor's token lacks its times.")
        if max(claims["exp"] - claims["iat"], claims["exp"] - present - self._leeway) > MOST_SECONDS:
            raise _untrusted(f"The actor's token would live longer than {MOST_SECONDS} seconds.")
        registry = jwt.JWTClaimsRegistry(
            now=present,
            leeway=self._leeway,
            iss={"essential": True, "value": key.issuer},
            aud={"essential": True, "value": AUDIENCE},
        )
        try:
            # not `iat`: of two machines one may be as far ahead as the other is behind
            registry.validate({name: value for name, value in claims.items() if name in ("iss", "aud", "exp", "nbf")})
        except ExpiredTokenError:
            raise _expired() from None
        except ClaimError:
            raise _untrusted("The actor's token is not for this system, or not of its key's issuer.") from None
        return claims

    def _look(self) -> None:
        """Read the keys again if the file has changed. One that cannot be read changes nothing."""
        self._looked_at, seen = time.monotonic(), _signature(self._path)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._known = _Known(read_public(self._path))
        except BadKey as error:
            log.error("actor_keys_unreadable", reason=str(error))
        else:
            log.info("actor_keys_read", keys=len(self._known.keys))


def issuer_of(settings: CallerSettings) -> Issuer:
    """The issuer that the settings name. Raises BadKey."""
    return Issuer.of_file(settings.actor_key)


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _parsed(token: str) -> CompactSignature:
    try:
        signed = extract_compact(token.encode())
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _malformed("The actor is no signed token (JWS, compact).") from None
    header = signed.protected
    if set(header) != _HEADER or header["typ"] != TYPE or not isinstance(header["kid"], str):
        raise _malformed(f"The header of the actor's token is not {', '.join(sorted(_HEADER))} with typ {TYPE}.")
    if header["alg"] != ALGORITHM:
        raise _untrusted(f"The actor's token is not signed with {ALGORITHM}.")
    return signed


def _denied(code: str, en: str, vi: str) -> Denied:
    return Denied(f"actor.{code}", en, vi)


def _malformed(en: str) -> Denied:
    return _denied("malformed", en, "Người thực hiện phải là mã xác thực có chữ ký hợp lệ.")


def _expired() -> Denied:
    return _denied("expired", "The actor's token has expired.", "Mã xác thực của người thực hiện đã hết hạn.")


def _untrusted(en: str) -> Denied:
    return _denied("untrusted", en, "Mã xác thực của người thực hiện không được tin cậy.")
