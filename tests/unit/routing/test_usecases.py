"""The use cases over the real journal, with a collection, a catalogue and a queue in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from services.chassis import cause, codec
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import Conflict, Denied, Invalid, NotFound, Refused, Unavailable
from services.chassis.journal import Journal
from services.contracts.catalogue.worktime import Calendar
from services.routing.case import OPEN, STATUSES, Case, Terms
from services.routing.domain import Submission
from services.routing.figures import Period
from services.routing.queue import Risk, Wanted
from services.routing.requests import Requests
from services.routing.schemas import ListCases
from services.routing.settings import RoutingSettings
from services.routing.statistics import Statistics
from services.routing.usecases import RoutingCases
from services.routing.wiring import CASE
from tests.keys import ring
from tests.unit.fakes import fake_journal
from tests.unit.routing.builders import (
    CALENDAR,
    CITIZEN,
    CODE,
    COLLEAGUE,
    OFFICER,
    OPERATOR,
    STRANGER,
    SYSTEM,
    UNIT,
    at,
    terms,
)

SUBMITTED: Mapping[str, Any] = {
    "dossier_code": CODE,
    "tenant": "mic",
    "procedure": "dk-ten-mien-vn",
    "procedure_version": "2016-01-01",
    "unit": UNIT,
    "fee_inputs": {"suffix": "vn"},
    "submitted_at": at("01-12"),
    "answer_due_at": at("01-13"),
}
APPLICANT = Actor("citizen", "001900000001")
SECRET = "Thiếu chữ ký của bà Nguyễn Thị Mẫu."
SETTINGS = RoutingSettings(
    service="routing",
    amqp_uri="amqp://localhost",
    mongo_uri="mongodb://localhost",
    actor_keys=ring().public,
    actor_key=ring().private("everybody"),
)


class FakeOwners:
    """The dossier is the applicant's; of any other nobody knows whose it is."""

    def owns(self, actor: Actor, dossier_code: str) -> bool:
        """Whether it is his."""
        return dossier_code == CODE and actor == APPLICANT


@dataclass
class FakeCatalogue:
    """A catalogue that has the one procedure, or has nothing yet."""

    of: Terms = field(default_factory=terms)
    here: bool = True
    applied: list[Mapping[str, Any]] = field(default_factory=list)

    def apply(self, published: Mapping[str, Any]) -> None:
        self.applied.append(published)

    def terms(self, _submission: Submission, _fee_inputs: Mapping[str, Any]) -> Terms:
        if not self.here:
            raise Unavailable("routing.catalogue_awaited", "Not here yet.", "Chưa có.")
        return self.of

    def procedure_of(self, _case: Case) -> Mapping[str, Any]:
        return {
            "components": [{"code": "TP01"}, {"code": "TP02"}],
            "form": [{"name": "suffix", "type": "text"}, {"name": "people", "type": "table", "max_rows": 3}],
            "result": {"record_fields": {"people": "people"}},
        }

    def has_unit(self, _tenant: str, key: str, _day: date) -> bool:
        return key in {UNIT, "cuc-bao-chi"}

    def risk_ends(self, now: datetime, days: int) -> datetime:
        return CALENDAR.end_of_day(CALENDAR.add_working_days(now, days))

    def calendar_of(self, _case: Case) -> Calendar:
        return CALENDAR


@dataclass
class FakeStore:
    """A queue that shows one page and remembers what it was asked for."""

    journal: Journal[Case]
    asked: list[Wanted] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)

    def page(
        self, wanted: Wanted, order: str, _limit: int, _after: str | None, _risk: Risk
    ) -> tuple[list[Case], str | None]:
        self.asked.append(wanted)
        self.orders.append(order)
        return [self.journal.get(CODE).state], None

    def ringing(self, _now: datetime) -> Iterator[tuple[str, str]]:
        yield CODE, self.journal.get(CODE).state.clock


class FakeFigures:
    """Figures that say what they were asked for."""

    def by_status(self, _unit: str) -> dict[str, int]:
        return dict(zip(OPEN, (4, 3, 2, 1, 0), strict=True))

    def awaiting_fee(self, _unit: str) -> int:
        return 1

    def units(self) -> list[str]:
        return [UNIT]

    def officers(self, _unit: str) -> list[str]:
        return ["cb-001", "cb-002"]

    def had_by(self, _unit: str, officer: str) -> int:
        return {"cb-001": 6, "cb-002": 0}[officer]

    def running_out(self, _unit: str, when: Mapping[str, datetime]) -> int:
        return sum(one in when.values() for one in (at("01-14", "00:00"), at("01-14", "17:30")))

    def decided(self, _unit: str, period: Period) -> dict[str, int]:
        return {"early": len(list(period.days())), "on_time": 0, "late": 0}

    def late_by_officer(self, _unit: str, _risk: Risk) -> dict[str | None, Mapping[str, int]]:
        return {"cb-001": {"at_risk": 1, "overdue": 2}, None: {"at_risk": 0, "overdue": 3}}


@dataclass
class World:
    """Routing with its fakes, and the time it is."""

    catalogue: FakeCatalogue
    journal: Journal[Case]
    store: FakeStore
    cases: RoutingCases
    now: datetime

    def open(self) -> None:
        self.cases.open_case(self.event("submitted"), SUBMITTED)

    def event(self, name: str) -> Cause:
        return cause.of_timer(name)

    def request(self, actor: Actor, method: str, request_id: str = "r-1", **content: Any) -> dict[str, Any]:
        why = cause.of_request(f"routing.{method}", actor, request_id, {"dossier_code": CODE, **content})
        answer: dict[str, Any] = getattr(self.cases, method)(actor, why, CODE, **content)
        return answer

    def listed(self, actor: Actor, **asked: Any) -> dict[str, Any]:
        return self.cases.list_cases(actor, **ListCases().load(asked))

    def history(self) -> str:
        return codec.encode(self.journal.history(CODE)).decode()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    journal = fake_journal(CASE)
    catalogue, store = FakeCatalogue(), FakeStore(journal)
    statistics = Statistics(FakeFigures(), catalogue, SETTINGS)  # type: ignore[arg-type]
    requests = Requests(journal, FakeOwners())
    cases = RoutingCases(journal, store, statistics, catalogue, SETTINGS, requests)  # type: ignore[arg-type]
    made = World(catalogue, journal, store, cases, at("01-12", "10:00"))
    monkeypatch.setattr("services.chassis.clock.now", lambda: made.now)
    return made


@pytest.fixture
def opened(world: World) -> World:
    world.open()
    return world


def test_a_dossier_waits_for_its_procedure_to_be_published(world: World) -> None:
    world.catalogue.here = False
    with pytest.raises(Unavailable):
        world.open()
    world.catalogue.here = True
    world.open()
    assert world.cases.get_case(OFFICER, CODE)["status"] == "opened"


def test_a_submission_that_comes_twice_opens_one_case(opened: World) -> None:
    opened.open()
    opened.cases.open_case(opened.event("the same under another id"), SUBMITTED)
    assert opened.journal.get(CODE).version == 1


def test_a_repeated_request_gets_the_first_answer_whatever_has_happened_since(opened: World) -> None:
    first = opened.request(OFFICER, "accept")
    assert (first["status"], first["due_at"]) == ("accepted", at("01-19", "17:30"))
    opened.request(OFFICER, "assign", officer="cb-003")
    opened.now = at("01-14")
    assert opened.request(OFFICER, "accept") == first
    assert opened.journal.get(CODE).version == 3


def test_a_request_id_used_for_something_else_is_a_conflict(opened: World) -> None:
    opened.request(OFFICER, "reject", reason="Không thuộc thẩm quyền.")
    with pytest.raises(Conflict) as caught:
        opened.request(OFFICER, "reject", reason="Trùng hồ sơ.")
    assert caught.value.code == "routing.request_id_reused"


def test_of_two_officers_the_second_decision_is_a_conflict(opened: World) -> None:
    opened.request(OFFICER, "accept")
    granted = opened.request(OFFICER, "decide", outcome="granted", reason=None)
    with pytest.raises(Conflict) as caught:
        opened.request(COLLEAGUE, "decide", outcome="refused", reason=SECRET)
    assert caught.value.code == "routing.already_decided"
    assert (granted["status"], granted["outcome"], granted["on_time"]) == ("decided", "granted", True)
    assert opened.cases.get_case(OFFICER, CODE)["reasons"]["decided"] is None


def test_what_officers_write_stands_beside_the_history_never_in_it(opened: World) -> None:
    items = [{"component": "TP02", "guidance": SECRET}, {"field": "suffix", "guidance": SECRET}]
    asked = opened.request(OFFICER, "request_supplement", items=items, reason=SECRET, respond_within_days=None)
    assert (asked["status"], asked["round"], asked["respond_by"]) == ("supplement_requested", 1, at("02-11", "17:30"))
    opened.request(OFFICER, "stop", reason=SECRET)
    assert "Nguyễn" not in opened.history()
    case = opened.cases.get_case(SYSTEM, CODE)
    assert case["reasons"]["stopped"] == SECRET
    assert case["supplements"][0]["items"] == items
    assert case["supplements"][0]["reason"] == SECRET


def test_a_proposal_keeps_its_words_beside_the_history_and_rows_keep_theirs(opened: World) -> None:
    rows = [{"row": 2, "outcome": "refused", "reason": SECRET}, {"row": 1, "outcome": "granted", "reason": None}]
    opened.request(OFFICER, "accept")
    opened.request(OFFICER, "assign", officer=OFFICER.id)
    shown = opened.request(OFFICER, "propose", outcome="granted", reason=SECRET, items=rows)["proposal"]
    assert (shown["by"], [one["row"] for one in shown["items"]]) == (OFFICER.id, [1, 2])
    opened.request(COLLEAGUE, "return_proposal", reason=SECRET)
    opened.request(OFFICER, "propose", "r-2", outcome="granted", reason=SECRET, items=rows)
    case = opened.cases.get_case(COLLEAGUE, CODE)
    assert (case["status"], case["proposal"]["items"][1]["reason"]) == ("proposed", SECRET)
    decided = opened.request(COLLEAGUE, "decide", outcome="granted", reason=None)
    assert [(one["row"], one["outcome"]) for one in decided["items"]] == [(1, "granted"), (2, "refused")]
    case = opened.cases.get_case(COLLEAGUE, CODE)
    assert (case["items"][1]["reason"], case["reasons"]["proposed"], case["reasons"]["returned"]) == (SECRET,) * 3
    told = opened.cases.requests.decision(APPLICANT, CODE)
    assert (told["outcome"], told["items"]) == ("granted", case["items"])
    assert "Nguyễn" not in opened.history()


def test_only_rows_that_the_form_can_have_are_decided(opened: World) -> None:
    opened.request(OFFICER, "accept")
    rows = [{"row": 3, "outcome": "granted", "reason": None}, {"row": 4, "outcome": "refused", "reason": None}]
    with pytest.raises(Refused) as caught:
        opened.request(OFFICER, "decide", outcome="granted", reason=None, items=rows)
    assert (caught.value.code, caught.value.errors[0]["field"]) == ("routing.no_such_row", "items.1.row")


def test_many_are_assigned_at_once_each_by_itself(opened: World) -> None:
    opened.request(OFFICER, "accept")
    why = cause.of_request("routing.assign_many", OFFICER, "r-many", {})
    for _ in range(2):  # said again, it is done as before
        told = opened.cases.assign_many(OFFICER, why, [CODE, "unknown", CODE], "cb-003")["items"]
        assert [(one["dossier_code"], one["assigned"], one["status"]) for one in told] == [
            (CODE, True, "in_hand"),
            ("unknown", False, None),
        ]
        assert told[1]["error"]["code"] == "routing.unknown_case"
    assert opened.journal.get(CODE).version == 3
    with pytest.raises(Denied):
        opened.cases.assign_many(CITIZEN, why, [CODE], "cb-003")


def test_each_round_of_supplements_keeps_its_own_wording(opened: World) -> None:
    first, second = [{"component": "TP01", "guidance": "Bản rõ hơn."}], [{"component": "TP02", "guidance": "Nộp thêm."}]
    opened.request(OFFICER, "request_supplement", items=first, reason="Mờ.", respond_within_days=5)
    answer = {"dossier_code": CODE, "round": 1, "supplemented_at": at("01-13")}
    opened.cases.receive_supplement(opened.event("answer"), answer)
    opened.request(OFFICER, "accept")
    opened.request(OFFICER, "request_supplement", "r-2", items=second, reason="Thiếu.", respond_within_days=5)
    wording = [(one["items"], one["reason"]) for one in opened.cases.get_case(OFFICER, CODE)["supplements"]]
    assert wording == [(first, "Mờ."), (second, "Thiếu.")]
    for concerned in (APPLICANT, OFFICER, SYSTEM):
        told = opened.cases.requests.of(concerned, CODE)["items"]
        assert [(one["round"], one["items"], one["reason"]) for one in told] == [
            (1, first, "Mờ."),
            (2, second, "Thiếu."),
        ]


@pytest.mark.parametrize("asker", [STRANGER, Actor("citizen", "001900000002"), Actor("organisation", APPLICANT.id)])
def test_for_all_others_there_is_no_request(opened: World, asker: Actor) -> None:
    opened.request(OFFICER, "request_supplement", items=[{"guidance": "Nộp thêm."}], reason="Thiếu.")
    with pytest.raises(NotFound) as hidden:
        opened.cases.requests.of(asker, CODE)
    with pytest.raises(NotFound) as absent:
        opened.cases.requests.of(asker, "000.00.00.G00-260101-9999")
    assert hidden.value.problem() == absent.value.problem()


def test_who_applied_hears_why_each_row_was_refused_and_nobody_else_does(opened: World) -> None:
    opened.request(OFFICER, "accept")
    before = opened.cases.requests.decision(APPLICANT, CODE)
    assert (before["decided_at"], before["outcome"], before["reason"], before["items"]) == (None, None, None, [])
    rows = [{"row": 1, "outcome": "granted", "reason": None}, {"row": 2, "outcome": "refused", "reason": "Trùng tên."}]
    opened.request(OFFICER, "decide", outcome="granted", reason=None, items=rows)
    for concerned in (APPLICANT, OFFICER, SYSTEM):
        assert opened.cases.requests.decision(concerned, CODE)["items"] == rows
    with pytest.raises(NotFound):
        opened.cases.requests.decision(Actor("citizen", "001900000002"), CODE)


def test_an_applicant_whose_case_is_not_here_yet_is_told_so(world: World) -> None:
    with pytest.raises(NotFound):
        world.cases.requests.of(APPLICANT, CODE)


def test_nothing_outside_the_published_list_is_asked_for(opened: World) -> None:
    with pytest.raises(Refused) as caught:
        opened.request(OFFICER, "request_supplement", items=[{"component": "TP99", "guidance": "?"}], reason="?")
    assert caught.value.code == "routing.unlisted_item"
    assert opened.journal.get(CODE).version == 1


def test_fees_and_a_withdrawal_reach_the_case(opened: World) -> None:
    opened.request(OFFICER, "accept")
    order = {"dossier_code": CODE, "order_id": f"{CODE}-A", "when_due": "on_acceptance"}
    opened.cases.note_fee(opened.event("paid"), "settled", order, at("01-14"))
    opened.cases.note_fee(opened.event("asked"), "required", order, at("01-13"))
    opened.cases.withdraw_case(opened.event("withdrawn"), {"dossier_code": CODE, "withdrawn_at": at("01-15")})
    case = opened.cases.get_case(OFFICER, CODE)
    assert (case["status"], case["due_at"], case["unpaid"]) == ("withdrawn", at("01-20", "17:30"), [])


def test_what_is_told_of_an_unknown_dossier_comes_again_later(world: World) -> None:
    fact = {"dossier_code": CODE, "order_id": "x", "when_due": "on_acceptance", "withdrawn_at": world.now}
    with pytest.raises(NotFound):
        world.cases.withdraw_case(world.event("withdrawn"), fact)
    with pytest.raises(NotFound):
        world.cases.note_fee(world.event("paid"), "settled", fact, world.now)
    with pytest.raises(NotFound):
        world.request(OFFICER, "accept")


def test_a_deadline_in_a_year_without_calendar_waits_for_the_calendar(world: World) -> None:
    world.catalogue.of = terms(days=900)
    world.open()
    with pytest.raises(Unavailable) as caught:
        world.request(OFFICER, "accept")
    assert caught.value.code == "routing.calendar_awaited"


def test_several_replicas_report_a_slipped_deadline_once(opened: World) -> None:
    opened.now = at("01-13", "09:00")
    opened.cases.ring_clocks()
    assert opened.journal.get(CODE).version == 1
    opened.now = at("01-14")
    for _ in range(3):
        opened.cases.ring_clocks()
    assert [entry["type"] for entry in opened.journal.history(CODE)] == ["case_opened", "deadline_slipped"]
    assert opened.journal.history(CODE)[-1]["by"] == {"kind": "timer"}


def test_an_officer_sees_the_open_cases_of_his_unit(opened: World) -> None:
    opened.now = at("01-14")
    page = opened.listed(OFFICER)
    assert opened.store.asked == [Wanted(OPEN, UNIT)]
    assert (page["items"][0]["dossier_code"], page["items"][0]["overdue"], page["next"]) == (CODE, True, None)
    opened.listed(SYSTEM, status="decided")
    assert opened.store.asked[-1] == Wanted(("decided",), None)
    with pytest.raises(Denied):
        opened.listed(STRANGER, unit=UNIT)


def test_officers_add_up_and_what_is_searched_for_comes_in_the_order_of_codes(opened: World) -> None:
    opened.listed(OFFICER, officer="cb-001", officers=["cb-002"], unassigned=True, search=CODE, status="any")
    wanted = Wanted(STATUSES, UNIT, officers=("cb-001", "cb-002"), unassigned=True, search=CODE)
    assert (opened.store.asked, opened.store.orders) == ([wanted], ["code"])


def test_a_case_is_at_risk_until_it_is_overdue(opened: World) -> None:
    def marks() -> tuple[bool, bool]:
        (line,) = opened.listed(OFFICER)["items"]
        return line["at_risk"], line["overdue"]

    assert marks() == (True, False)  # the answer is due on the next day
    opened.request(OFFICER, "accept")
    seen = []
    for day in ("01-14", "01-15", "01-19", "01-20"):
        opened.now = at(day)
        seen.append(marks())
    assert seen == [(False, False), (True, False), (True, False), (False, True)]  # due on the 19th


def test_the_counters_of_a_queue_are_of_ones_own_unit(opened: World) -> None:
    opened.now = at("01-14")
    counted = opened.cases.statistics.count_cases(OFFICER, None)
    assert {name: counted[name] for name in ("unit", *OPEN, "open", "mine", "fee_awaited", "at_risk", "overdue")} == {
        "unit": UNIT,
        "opened": 4,
        "supplement_requested": 3,
        "accepted": 2,
        "in_hand": 1,
        "proposed": 0,
        "open": 10,
        "mine": 6,
        "fee_awaited": 1,
        "at_risk": 0,
        "overdue": 0,
    }
    assert counted["decided"] == {
        "from": date(2026, 1, 1),
        "to": date(2026, 1, 14),
        "early": 14,
        "on_time": 0,
        "late": 0,
    }
    assert opened.cases.statistics.count_cases(OPERATOR, UNIT)["mine"] == 0
    with pytest.raises(Denied):
        opened.cases.statistics.count_cases(STRANGER, UNIT)
    with pytest.raises(Invalid):
        opened.cases.statistics.count_cases(SYSTEM, None)
    with pytest.raises(Denied):
        opened.cases.statistics.count_cases(CITIZEN, UNIT)


def test_the_load_names_who_has_something_and_what_nobody_has(opened: World) -> None:
    load = opened.cases.statistics.case_load(OFFICER, None)
    assert load["officers"] == [{"officer": "cb-001", "open": 6, "at_risk": 1, "overdue": 2}]
    assert load["unassigned"] == {"open": 4, "at_risk": 0, "overdue": 3}


def test_the_calendar_counts_by_local_days(opened: World) -> None:
    shown = opened.cases.statistics.due_calendar(OFFICER, None, date(2026, 1, 13), date(2026, 1, 14))
    assert shown["days"] == [{"day": date(2026, 1, 13), "due": 1}, {"day": date(2026, 1, 14), "due": 1}]


def test_only_those_who_oversee_all_units_see_all_units(opened: World) -> None:
    days = (date(2026, 1, 1), date(2026, 1, 31))
    for overseer in (SYSTEM, OPERATOR):
        (unit,) = opened.cases.statistics.count_by_unit(overseer, *days)["units"]
        assert (unit["unit"], unit["open"], unit["decided"]["early"]) == (UNIT, 10, 31)
    for other in (OFFICER, CITIZEN):
        with pytest.raises(Denied):
            opened.cases.statistics.count_by_unit(other, *days)


def test_the_whole_case_tells_every_step_and_who_took_it(opened: World) -> None:
    opened.request(OFFICER, "accept")
    steps = opened.cases.get_case(OFFICER, CODE)["steps"]
    assert [step["event"] for step in steps] == ["case_opened", "case_accepted"]
    assert steps[1]["by"] == {"kind": "officer", "id": "cb-001", "unit": UNIT}
    with pytest.raises(NotFound):
        opened.cases.get_case(STRANGER, CODE)


def test_each_step_says_how_it_stood_to_the_deadline_that_ran_until_then(opened: World) -> None:
    opened.now = at("01-12", "11:00")
    opened.request(OFFICER, "accept")
    opened.now = at("01-14")
    opened.request(OFFICER, "assign", officer=OFFICER.id)
    opened.request(OFFICER, "request_supplement", items=[{"guidance": "Nộp thêm."}], reason="Thiếu.")
    opened.request(OFFICER, "transfer", to_unit="cuc-bao-chi", reason="misdirected")
    answer = {"dossier_code": CODE, "round": 1, "supplemented_at": at("01-15")}
    opened.cases.receive_supplement(opened.event("answer"), answer)
    opened.now = at("03-30")
    opened.request(STRANGER, "assign", officer=STRANGER.id)
    steps = opened.cases.get_case(STRANGER, CODE)["steps"]
    first_due, second_due = at("01-19", "17:30"), at("01-22", "17:30")
    assert [(one["event"], one["due_at"], one["punctuality"]) for one in steps] == [
        ("case_opened", None, None),
        ("case_accepted", at("01-13"), "early"),
        ("case_assigned", first_due, "early"),
        ("supplement_requested", first_due, "early"),
        ("case_transferred", None, None),  # meanwhile the clock stands still
        ("supplement_received", None, None),
        ("case_assigned", second_due, "late"),
    ]


def test_the_applicant_is_told_who_received_his_dossier_by_staff_id_alone(opened: World) -> None:
    received: dict[str, Any] = {"dossier_code": CODE, "accepted_at": None, "officer": None, "unit": None}
    assert opened.cases.requests.reception(APPLICANT, CODE) == received
    opened.request(OFFICER, "accept")
    opened.request(OFFICER, "transfer", to_unit="cuc-bao-chi", reason="misdirected")
    received = {"dossier_code": CODE, "accepted_at": opened.now, "officer": OFFICER.id, "unit": UNIT}
    for concerned in (APPLICANT, STRANGER, SYSTEM):
        assert opened.cases.requests.reception(concerned, CODE) == received
    for other in (OFFICER, Actor("citizen", "001900000002")):
        with pytest.raises(NotFound):
            opened.cases.requests.reception(other, CODE)


def test_a_case_is_handed_on_with_a_note_that_no_event_carries(opened: World) -> None:
    opened.request(OFFICER, "accept")
    answer = opened.request(OFFICER, "transfer", to_unit="cuc-bao-chi", reason="other", note=SECRET)
    assert (answer["unit"], answer["status"], answer["officer"]) == ("cuc-bao-chi", "accepted", None)
    (shown,) = opened.cases.get_case(STRANGER, CODE)["transfers"]
    assert shown == {
        "from_unit": UNIT,
        "to_unit": "cuc-bao-chi",
        "reason": "other",
        "note": SECRET,
        "transferred_at": opened.now,
    }
    assert SECRET not in str(opened.journal.history(CODE))
    with pytest.raises(NotFound):
        opened.cases.get_case(OFFICER, CODE)


def test_who_asks_again_after_it_was_handed_on_is_answered_as_before(opened: World) -> None:
    asked: dict[str, Any] = {
        "items": [{"component": "TP01", "guidance": "Ký lại"}],
        "reason": "Thiếu",
        "request_id": "r-ask",
    }
    first = opened.request(OFFICER, "request_supplement", **asked)
    moved = opened.request(OFFICER, "transfer", to_unit="cuc-bao-chi", reason="misdirected", request_id="r-move")
    assert opened.request(OFFICER, "request_supplement", **asked) == first
    again = opened.request(OFFICER, "transfer", to_unit="cuc-bao-chi", reason="misdirected", request_id="r-move")
    assert again == moved
    with pytest.raises(Denied):
        opened.request(OFFICER, "request_supplement", **{**asked, "request_id": "r-new"})
    with pytest.raises(Conflict):
        opened.request(OFFICER, "transfer", to_unit="vnnic", reason="misdirected", request_id="r-move")


def test_a_unit_that_the_ministry_has_not_is_refused(opened: World) -> None:
    with pytest.raises(Refused) as caught:
        opened.request(OFFICER, "transfer", to_unit="cuc-khac", reason="not_competent")
    assert caught.value.code == "routing.unknown_unit"


def test_a_published_document_is_kept(world: World) -> None:
    world.cases.project_catalogue({"key": "vn"})
    assert world.catalogue.applied == [{"key": "vn"}]
