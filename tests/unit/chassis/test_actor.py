"""Whoever states an actor that is none is told what is wrong with it, member by member."""

from typing import Any

import pytest

from services.chassis.actor import Actor, read_actor
from services.chassis.errors import Denied

OFFICER = {"kind": "officer", "id": "cb-001", "unit": "vnnic"}


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ({}, [("kind", "not_a_choice"), ("id", "wrong_format")]),
        ({"kind": "king", "id": "1"}, [("kind", "not_a_choice")]),
        ({"kind": "citizen", "id": 1801000001}, [("id", "wrong_format")]),
        ({"kind": "officer", "id": "cb-001"}, [("unit", "required")]),
        ({**OFFICER, "id": "Nguyễn Văn A"}, [("id", "wrong_format")]),
        ({**OFFICER, "unit": ""}, [("unit", "wrong_format")]),
        ({**OFFICER, "duties": ["sign"]}, [("duties", "wrong_format")]),
        ({"kind": "citizen", "id": "001801000001", "duties": "sign"}, [("duties", "not_an_officer")]),
        ({**OFFICER, "role": "chief"}, [("role", "unknown_field")]),
    ],
)
def test_each_member_at_fault_is_named(claim: dict[str, Any], wrong: list[tuple[str, str]]) -> None:
    with pytest.raises(Denied) as caught:
        read_actor(claim)
    assert caught.value.code == "actor.malformed"
    assert [(one["field"], one["code"]) for one in caught.value.errors] == wrong
    assert all(one["vi"] != one["en"] for one in caught.value.errors)
    assert "Nguyễn" not in str(caught.value)


def test_an_actor_as_it_must_be_is_read() -> None:
    assert read_actor(OFFICER) == Actor("officer", "cb-001", "vnnic")
    assert read_actor({"kind": "citizen", "id": "001801000001"}) == Actor("citizen", "001801000001")


def test_nobody_has_a_duty_that_he_was_not_given_in_full() -> None:
    head = read_actor({**OFFICER, "duties": "sign transfer"})
    assert head.may("sign")
    assert head.may("transfer")
    assert not read_actor(OFFICER).may("sign")
    assert not read_actor({**OFFICER, "duties": "design sign-off"}).may("sign")
    assert "duties" not in head.traced()
