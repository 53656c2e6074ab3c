"""Messages as nobody should send them: each kind is refused for what is wrong with it, and is looked for by that."""

import re
from types import SimpleNamespace
from typing import cast

import pytest
from kombu import Message

from services.chassis.errors import Invalid
from services.chassis.retry import reason_of
from services.chassis.subscribe import read_event
from tests.chaos.messages import POISON, Poison, otherwise

_ASIDE = "Invalid message.not_subscribed: Nothing here handles such events."


def reason(kind: Poison) -> str:
    """Why a service puts it aside."""
    with pytest.raises(Invalid) as refused:
        read_event(cast("Message", SimpleNamespace(body=kind.body, headers=dict(kind.headers))))
    return reason_of(refused.value)


@pytest.mark.parametrize("kind", POISON, ids=lambda kind: kind.name)
def test_each_kind_is_refused_for_what_is_wrong_with_it(kind: Poison) -> None:
    assert re.search(kind.why, reason(kind)), reason(kind)


def test_one_dead_letter_of_each_kind_is_what_must_be() -> None:
    assert list(otherwise([reason(kind) for kind in reversed(POISON)])) == []


@pytest.mark.parametrize("kind", POISON, ids=lambda kind: kind.name)
def test_a_kind_that_rests_for_another_reason_is_named(kind: Poison) -> None:
    reasons = [_ASIDE if one is kind else reason(one) for one in POISON]
    alike = {one.name for one in POISON if re.search(one.why, reason(kind))}
    missing, strange = otherwise(reasons)
    assert missing.partition(" does not rest")[0] in alike
    assert strange == f"one rests for another reason, or twice: {_ASIDE}"


def test_a_kind_that_rests_twice_is_named() -> None:
    reasons = [reason(kind) for kind in POISON]
    assert list(otherwise([*reasons, reasons[4]])) == [f"one rests for another reason, or twice: {reasons[4]}"]
