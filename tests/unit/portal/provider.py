"""An OpenID provider, as far as bearer tokens need one."""

import time
from typing import Any

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
