"""The secrets that sign webhooks, as they are kept: encrypted, so that a copy of the database signs nothing.

They sign, so they cannot be hashed. The keys stand in the settings: the first encrypts, each decrypts.
"""

from collections.abc import Iterable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from services.chassis.errors import Refused
from services.chassis.logs import log


class Seals:
    """What encrypts and decrypts secrets."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._keys = MultiFernet([Fernet(key.get_secret_value()) for key in keys]) if keys else None

    def seal(self, secret: str) -> str:
        """A secret as it is kept. Raises Refused where there is no key."""
        if self._keys is None:
            raise Refused(
                "notify.webhooks_not_set_up",
                "Secrets of webhooks cannot be kept: NOTIFY_WEBHOOK_KEYS names no key.",
                "Chưa cấu hình khóa NOTIFY_WEBHOOK_KEYS để lưu bí mật của webhook.",
            )
        return self._keys.encrypt(secret.encode()).decode()

    def opened(self, sealed: Iterable[str]) -> list[str]:
        """Those of the secrets that can be read, in the same order."""
        found = []
        for one in sealed:
            try:
                found.append(self._keys.decrypt(one).decode() if self._keys else None)
            except InvalidToken:
                found.append(None)
        readable = [one for one in found if one is not None]
        if len(readable) < len(found):
            log.warning("webhook_secret_unreadable", of=len(found), readable=len(readable))
        return readable
