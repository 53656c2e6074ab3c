"""Who may do what to whose dossier: every actor at every method, on two dossiers at rest.

`yes`: let in, and answered or refused by a rule of the domain; `no`: Denied; `unseen`: NotFound.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import pytest

from services.cli.demo.town import SYSTEM, fresh
from services.contracts.catalogue.dates import local_today
from services.contracts.events import PUBLISHERS
from tests.integration.calls import CODE, RIGHT, methods
from tests.integration.http_door import HttpDoor
from tests.integration.world import (
    CITIZEN,
    COMPANY,
    DATASET,
    NEIGHBOUR,
    OFFICER,
    OPERATOR,
    RIVAL,
    STRANGER,
    Actor,
    Ended,
    Refusal,
    World,
)

pytestmark = pytest.mark.servers

ACTORS: Final = ("owner", "neighbour", "other kind", "impostor", "officer", "stranger", "system", "operator", "nobody")
_ALL = "yes yes yes yes yes yes yes yes yes"
_CONCERNED = "yes unseen unseen unseen yes unseen yes no no"
_OWNER_ONLY = "yes unseen unseen unseen no no no no no"
_BRINGERS = "yes yes yes yes yes yes no no no"
_NOT_THEIRS = "unseen unseen unseen unseen unseen unseen no no no"  # it is nobody's
_SUBMITTER = "yes no no no no no no no no"
_OFFICERS = "no no no no yes no no no no"
_SYSTEM = "no no no no no no yes no no"
_QUEUE = "no no no no yes no yes no no"
_OVERSEERS = "no no no no no no yes yes no"
_NOT_THERE = "no no no no no no unseen unseen no"  # what the call is about is not there
_COUNTS = "no no no no yes no yes yes no"
ACTS: Final = (
    "accept",
    "reject",
    "request_supplement",
    "assign",
    "propose",
    "return_proposal",
    "decide",
    "stop",
    "transfer",
)
MAY: Final = {
    "intake.list_procedures": _ALL,
    "intake.get_procedure": _ALL,
    "intake.open_upload": _BRINGERS,
    "intake.save_draft": _BRINGERS,
    "intake.get_draft": _NOT_THEIRS,
    "intake.list_drafts": _BRINGERS,
    "intake.discard_draft": _NOT_THEIRS,
    "intake.check": _SUBMITTER,
    "intake.submit": _SUBMITTER,
    "intake.supplement": _OWNER_ONLY,
    "intake.withdraw": _OWNER_ONLY,
    "intake.return_result": "yes unseen unseen unseen yes no no no no",
    "intake.get": _CONCERNED,
    "intake.find_owner": _SYSTEM,
    "intake.get_contact": _SYSTEM,
    "intake.find_last_applicant": "yes yes yes yes no no no no no",
    "intake.track": _ALL,
    "intake.count_dossiers": _COUNTS,
    "intake.list_dossiers": "yes yes yes yes yes no yes no no",
    "intake.find_codes": "no no no no yes yes no no no",  # each of his own unit
    "intake.list_register": "no no no no yes yes no no no",  # each of his own unit
    "routing.list_cases": _QUEUE,
    **{f"routing.{figures}": _COUNTS for figures in ("count_cases", "case_load", "due_calendar")},
    "routing.count_by_unit": _OVERSEERS,
    "routing.get_case": "no no no no yes unseen yes no no",
    "routing.get_supplements": _CONCERNED,
    "routing.get_reception": _CONCERNED,
    "routing.get_decision": _CONCERNED,
    **{f"routing.{act}": _OFFICERS for act in ACTS},
    "routing.assign_many": "no no no no yes yes no no no",  # it says no to each case by itself
    "payment.get_order": _CONCERNED,
    "payment.find_order": _CONCERNED,
    "payment.list_orders": _QUEUE,
    "payment.count_fees": _COUNTS,
    "payment.start_payment": _OWNER_ONLY,
    "payment.record_counter_payment": _OFFICERS,
    "payment.confirm_refund": _NOT_THERE,
    "registry.publish_catalogue": _SYSTEM,
    **{
        f"registry.{act}": _ALL
        for act in ("list_tenants", "list_procedures", "list_units", "get_procedure", "get_unit")
    },
    **{f"registry.get_{kind}": _ALL for kind in ("calendar", "tenant", "dataset")},
    "registry.get_record": _CONCERNED,
    "registry.find_records": "yes yes yes yes yes yes yes no no",
    "registry.history": _CONCERNED,
    "registry.look_up": _ALL,
    "registry.verify": _ALL,
    "registry.amend": _OFFICERS,
    "registry.revoke": _OFFICERS,
    "notify.list_notices": _CONCERNED,
    "notify.get_notice": _CONCERNED,
    "notify.resend": _QUEUE,
    "notify.list_failed_notices": _OVERSEERS,
    **{f"notify.{act}": _OVERSEERS for act in ("add_webhook", "list_webhooks", "remove_webhook")},
    **{f"notify.{act}_webhook": _NOT_THERE for act in ("rotate", "switch", "repeat")},
    "notify.list_webhook_deliveries": _NOT_THERE,
    **{f"{service}.{act}_dead_letters": _OVERSEERS for service in PUBLISHERS for act in ("list", "replay")},
    **{f"{service}.list_queues": _OVERSEERS for service in PUBLISHERS},
}


@pytest.fixture(scope="module")
def closed(world: World) -> Mapping[str, tuple[Ended, dict[str, Actor | None]]]:
    """Two dossiers with which nothing more can be done, and the actors as they stand to each."""
    ended = {"citizen": world.granted, "organisation": world.companys}
    for one in ended.values():
        record = {"dataset": DATASET, "number": one.number, "reason": "Cấp nhầm", "request_id": fresh()}
        world.ask(OFFICER, "intake.return_result", dossier_code=one.code, method="direct", request_id=fresh())
        world.ask(OFFICER, "registry.revoke", **record)
    world.rest()
    staff = {"officer": OFFICER, "stranger": STRANGER, "system": SYSTEM, "operator": OPERATOR, "nobody": None}
    persons = {"owner": CITIZEN, "neighbour": NEIGHBOUR, "other kind": COMPANY}
    firms = {"owner": COMPANY, "neighbour": RIVAL, "other kind": CITIZEN}
    return {
        "citizen": (ended["citizen"], {**persons, "impostor": {**CITIZEN, "kind": "organisation"}, **staff}),
        "organisation": (ended["organisation"], {**firms, "impostor": {**COMPANY, "kind": "citizen"}, **staff}),
    }


def call(target: str, one: Ended, owner: Actor) -> dict[str, Any]:
    """The call about this dossier. Where it would be done, it is one that a rule refuses behind the door."""
    own = {
        "dossier_code": one.code,
        "order_id": one.order_id,
        "notice_id": one.notice_id,
        "number": one.number,
        "id_number": owner["id"],
    }
    right = {name: own.get(name, value) for name, value in RIGHT[target].items()}
    if target == "intake.open_upload":
        right["size"] = 10**10
    if target == "intake.list_dossiers":
        right["unit"] = OFFICER["unit"]
    if target in {"intake.check", "intake.submit"} and owner["kind"] == "organisation":
        right["applicant"] = {**right["applicant"], "kind": "organisation", "tax_code": owner["id"]}
        del right["applicant"]["id_number"]
    return {**right, **({"request_id": fresh()} if "request_id" in right else {})}


def these_days() -> dict[str, str]:
    """The days around now, wherever midnight is."""
    today, day = local_today(), timedelta(days=1)
    return {"from_day": str(today - day), "to_day": str(today + day)}


def verdict(refusal: Refusal | None) -> str:
    """What became of a call, in the words of the table."""
    if refusal is not None:
        refusal.insist_explained()
        assert refusal.kind not in {"Defect", "Unavailable"}, refusal
    return {"Denied": "no", "NotFound": "unseen"}.get(refusal.kind if refusal else "", "yes")


@pytest.mark.parametrize("kind", ["citizen", "organisation"])
def test_every_actor_at_every_method_gets_what_the_table_says(closed: Any, untouched: World, kind: str) -> None:
    one, actors = closed[kind]
    cells = dict(_cells(untouched, one, actors))
    wanted = {
        (target, actor): said for target, row in MAY.items() for actor, said in zip(ACTORS, row.split(), strict=True)
    }
    assert {cell: said for cell, said in cells.items() if wanted[cell] != said} == {}
    assert len(cells) == len(wanted) >= 350


def _cells(world: World, one: Ended, actors: Mapping[str, Actor]) -> Iterator[tuple[tuple[str, str], str]]:
    for name in ACTORS:
        for target in MAY:
            (refusal,) = world.refusals(actors[name], target, [call(target, one, actors["owner"])])
            yield (target, name), verdict(refusal)


@pytest.mark.parametrize("kind", ["citizen", "organisation"])
def test_intake_over_http_lets_in_whom_it_lets_in_by_rpc(closed: Any, untouched: World, kind: str) -> None:
    (one, actors), door = closed[kind], HttpDoor(untouched.stack.env["MOTCUA_INTAKE_URL"], untouched.issuer)
    for target, row in MAY.items():
        service, method = target.split(".")
        for name, said in zip(ACTORS, row.split(), strict=True) if service == "intake" else ():
            refusal = door.refusal(actors[name], method, call(target, one, actors["owner"]))
            assert verdict(refusal) == said, (target, name)


def test_the_table_has_a_line_for_every_method() -> None:
    assert {name for name in methods() if not name.endswith(".health")} == set(MAY)


def test_what_is_not_ones_own_looks_exactly_like_what_is_not_there(closed: Any, untouched: World) -> None:
    one, _ = closed["citizen"]
    nothing = Ended(CODE, f"{CODE}-S", "999999/2026/TM-VNNIC", "0" * 36, "")
    for target, row in MAY.items():
        for actor, said in zip((NEIGHBOUR, STRANGER), (row.split()[1], row.split()[5]), strict=True):
            if said == "unseen":
                theirs = untouched.refusal(actor, target, **call(target, one, CITIZEN))
                absent = untouched.refusal(actor, target, **call(target, nothing, CITIZEN))
                assert theirs == absent, target


def test_lists_show_each_actor_his_own_only(closed: Any, untouched: World) -> None:
    codes = {kind: one.code for kind, (one, _) in closed.items()}

    def shown(actor: Actor, target: str, **filters: Any) -> set[str]:
        found = {item["dossier_code"] for item in untouched.pages(actor, target, **filters)}
        return {kind for kind, code in codes.items() if code in found}

    both = {"citizen", "organisation"}
    for actor, seen in ((CITIZEN, {"citizen"}), (COMPANY, {"organisation"}), (NEIGHBOUR, set()), (RIVAL, set())):
        assert shown(actor, "intake.list_dossiers") == seen
        assert shown(actor, "registry.find_records", dataset=DATASET) == seen
    for actor, seen in ((OFFICER, both), (SYSTEM, both), (STRANGER, set())):
        assert shown(actor, "intake.list_dossiers") == seen
        if actor is not SYSTEM:
            assert shown(actor, "intake.list_register", **these_days()) == seen
        assert shown(actor, "routing.list_cases", status="closed", procedure="dk-ten-mien-vn") == seen
        assert shown(actor, "payment.list_orders", status="paid") == seen
        assert shown(actor, "registry.find_records", dataset=DATASET) == seen


def test_an_applicant_reads_his_own_post_and_an_officer_no_whole_address(closed: Any, untouched: World) -> None:
    one, _ = closed["citizen"]
    own = untouched.ask(CITIZEN, "notify.list_notices", dossier_code=one.code)["items"]
    all_ = untouched.ask(OFFICER, "notify.list_notices", dossier_code=one.code)["items"]
    assert {notice["audience"] for notice in own} == {"applicant"}
    assert {notice["audience"] for notice in all_} == {"applicant", "unit"}
    to_him = {notice["recipient"] for notice in own}
    assert len(to_him) == 1
    assert not to_him & {notice["recipient"] for notice in all_}
