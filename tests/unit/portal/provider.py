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

    def load_server_metadata(self) -> dict[str, str]:
        return {"issuer": "http://nowhere"}

    def fetch_jwk_set(self) -> Any:
        return KeySet([self.key]).as_dict(private=False)

    def token(self, key: Any = None, **changes: Any) -> str:
        claims = {"iss": "http://nowhere", "aud": "portal", "exp": int(time.time()) + 300, "LoaiTaiKhoan": "1"}
        known = {"SoDinhDanh": CITIZEN.id, "HoVaTen": CITIZEN.name}
        return jwt.encode({"alg": "RS256", "kid": "k"}, {**claims, **known, **changes}, key or self.key)
