"""An OpenID provider, as far as bearer tokens need one; and its site, as far as signing in does."""

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.unit.portal.fakes import CITIZEN


class Provider:
    """Its key, and the tokens that it signs with it: for the portal, about CITIZEN, good for five minutes."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "k"})
        self._remembered: Any = None
        self.asked = 0

    def load_server_metadata(self) -> dict[str, str]:
        return {"issuer": "http://nowhere"}

    def fetch_jwk_set(self, force: bool = False) -> Any:
        """As Authlib has it: remembered for as long as the process lives, unless it must not be."""
        if self._remembered is None or force:
            self.asked += 1
            self._remembered = KeySet([self.key]).as_dict(private=False)
        return self._remembered

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self.key = RSAKey.generate_key(2048, parameters={"kid": "k"})

    def token(self, key: Any = None, **changes: Any) -> str:
        claims = {"iss": "http://nowhere", "aud": "portal", "exp": int(time.time()) + 300, "LoaiTaiKhoan": "1"}
        known = {"SoDinhDanh": CITIZEN.id, "HoVaTen": CITIZEN.name}
        return jwt.encode({"alg": "RS256", "kid": "k"}, {**claims, **known, **changes}, key or self.key)


ISSUER: Final = "http://nowhere"
_GRANTED: Final = "access-1"


class Site(Provider):
    """The same at its addresses, for the portal that asks by `requests`: `send` stands in for the wire below.

    A code is good for who knows the verifier of its challenge (PKCE). `claims` are what the next identity tokens say
    otherwise, None for what they leave out; `told` is what `/userinfo` answers, `id_token` one that is no token.
    """

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[str, dict[str, str]] = {}
        self.spent: list[dict[str, str]] = []
        self.forget()

    def forget(self) -> None:
        """As before anybody came."""
        self._begun.clear()
        self.spent.clear()
        self.claims: dict[str, Any] = {}
        self.told: dict[str, Any] = {"sub": "s-1"}
        self.id_token: str | None = None

    def authorize(self, asked: dict[str, str]) -> str:
        """Somebody signs in who came with these arguments in his address: the code that he goes back with."""
        code = f"code-{len(self._begun)}"
        self._begun[code] = asked
        return code

    def send(self, asked: requests.PreparedRequest, **_: Any) -> requests.Response:
        """What the site answers."""
        path = urlsplit(str(asked.url)).path
        if path == "/token":
            return self._grant(dict(parse_qsl(str(asked.body))), str(asked.headers["Authorization"]))
        if path == "/userinfo":
            assert asked.headers["Authorization"] == f"Bearer {_GRANTED}"
            return _answer(self.told)
        return _answer(
            self._metadata() if path.startswith("/.well-known/") else KeySet([self.key]).as_dict(private=False)
        )

    def _grant(self, sent: dict[str, str], client: str) -> requests.Response:
        self.spent.append(sent)
        begun = self._begun.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        if begun is None or challenge != begun["code_challenge"] or not client.startswith("Basic "):
            return _answer({"error": "invalid_grant"}, 400)
        claims = {"sub": "s-1", "iat": int(time.time()), "nonce": begun["nonce"], **self.claims}
        token = self.id_token or self.token(**{name: one for name, one in claims.items() if one is not None})
        return _answer({"access_token": _GRANTED, "token_type": "Bearer", "expires_in": 300, "id_token": token})

    @staticmethod
    def _metadata() -> dict[str, Any]:
        addresses = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
            **{f"{name}_endpoint": f"{ISSUER}/{path}" for name, path in addresses.items()},
        }


def _answer(said: Any, status: int = 200) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer._content = status, json.dumps(said).encode()  # noqa: SLF001
    answer.headers["Content-Type"] = "application/json"
    return answer
