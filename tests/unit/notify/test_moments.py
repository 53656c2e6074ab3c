"""Who is told of what, and that everything that is listened to is told of."""

from dataclasses import replace

import pytest

from services.contracts.events import PUBLISHERS
from services.notify.moments import MOMENTS, TOLD, told_by
from services.notify.service import NotifyService
from tests.unit.notify.builders import SAMPLES, heard


def subscriptions() -> dict[str, str]:
    """Event types that notify listens to and tells of, with their publishers."""
    members = (getattr(NotifyService, name) for name in dir(NotifyService) if name.startswith("tell_of_"))
    entrypoints = [entrypoint for member in members for entrypoint in member.nameko_entrypoints]
    return {type_: entrypoint.source for entrypoint in entrypoints for type_ in entrypoint.types}


def test_every_event_listened_to_has_somebody_to_tell_and_a_publisher() -> None:
    assert subscriptions().keys() == {key.partition(":")[0] for key in TOLD}
    for type_, source in subscriptions().items():
        assert type_ in PUBLISHERS[source]


def test_every_moment_comes_about() -> None:
    assert {who_and_what for told in TOLD.values() for who_and_what in told} == MOMENTS.keys()


def test_there_is_a_sample_of_everything_told() -> None:
    assert SAMPLES.keys() == TOLD.keys()


@pytest.mark.parametrize("key", SAMPLES)
def test_an_event_is_told_to_those_it_concerns(key: str) -> None:
    assert tuple((moment.audience, moment.name) for moment in told_by(heard(key))) == TOLD[key]


def test_a_payer_who_never_was_told_to_wait_is_not_written_to_when_his_attempt_fails() -> None:
    held = heard("fee_failed:True")
    for said in ({**held.data, "was_held": False}, {name: held.data[name] for name in ("order_id", "failed_at")}):
        assert told_by(replace(held, data=said)) == []


def test_an_unknown_decision_is_told_to_nobody() -> None:
    assert told_by(heard("record_revoked:withdrawn")) == []
