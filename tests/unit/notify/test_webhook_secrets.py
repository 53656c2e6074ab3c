"""Secrets of webhooks lie encrypted; without a key there are none."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from services.chassis.errors import Refused
from services.chassis.settings import BadSettings, read_settings
from services.notify.settings import NotifySettings
from services.notify.webhook_cases import WebhookCases
from services.notify.webhook_secrets import Seals
from tests.contract.test_settings import given
from tests.unit.notify.webhook_fakes import CAUSE, KEY, SEALS, FakeWebhooks


def seals(*keys: str) -> Seals:
    return Seals([SecretStr(key) for key in keys])


def test_what_is_kept_tells_nothing_and_is_read_again() -> None:
    kept = SEALS.seal("whsec_one")
    assert "whsec" not in kept
    assert SEALS.seal("whsec_one") != kept
    assert SEALS.opened([kept]) == ["whsec_one"]


def test_a_key_is_changed_by_putting_another_before_it() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    kept = seals(old).seal("whsec_one")
    both = seals(new, old)
    assert both.opened([both.seal("whsec_two"), kept]) == ["whsec_two", "whsec_one"]
    assert seals(new).opened([both.seal("whsec_two"), kept, "whsec_in_clear"]) == ["whsec_two"]


def test_without_a_key_no_webhook_is_added_and_nothing_is_kept_in_clear() -> None:
    store, catalogue = FakeWebhooks(), Catalogue()
    cases = WebhookCases(store, catalogue, seals(), loopback=False)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="NOTIFY_WEBHOOK_KEYS"):
        cases.add(CAUSE, "https://example.vn/", "mic", None, ())
    assert store.endpoints == {}
    assert seals().opened([SEALS.seal("whsec_one")]) == []


class Catalogue:
    """One unit of one ministry."""

    def agency_codes(self, _tenants: Any) -> dict[str, tuple[str, str]]:
        return {"000.00.06.G14": ("mic", "vnnic")}


@pytest.mark.parametrize("keys", ["short", KEY + "," + KEY[:-4], "%" * 44, "A" * 64])
def test_a_service_with_a_bad_key_does_not_start_and_does_not_show_it(keys: str) -> None:
    with pytest.raises(BadSettings, match="NOTIFY_WEBHOOK_KEYS") as refused:
        read_settings(NotifySettings, "notify", {**given(defaults_too=False), "NOTIFY_WEBHOOK_KEYS": keys})
    assert keys not in str(refused.value)


def test_certificates_that_are_not_there_are_missed_at_the_start() -> None:
    with pytest.raises(BadSettings, match="NOTIFY_WEBHOOK_CA"):
        read_settings(NotifySettings, "notify", {**given(defaults_too=False), "NOTIFY_WEBHOOK_CA": "/nowhere/ca.pem"})


def test_several_keys_are_given_with_commas_between() -> None:
    second = Fernet.generate_key().decode()
    env = {**given(defaults_too=False), "NOTIFY_WEBHOOK_KEYS": f"{KEY}, {second}"}
    settings = read_settings(NotifySettings, "notify", env)
    assert Seals(settings.webhook_keys).opened([SEALS.seal("a"), seals(second).seal("b")]) == ["a", "b"]
    assert second not in repr(settings)
