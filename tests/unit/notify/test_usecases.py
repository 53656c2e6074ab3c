"""Notices asked for, delivered, shown and sent again, with everything around them faked."""

import itertools
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import of_request
from services.chassis.errors import Conflict, Denied, NotFound, Refused, Unavailable
from services.notify.claims import Claims
from services.notify.domain import Notice
from services.notify.lines import Unanswered
from services.notify.mail import PutOff, Undeliverable
from services.notify.moments import TOLD
from services.notify.patience import Met
from services.notify.store import Catalogue
from services.notify.templates import Templates
from services.notify.usecases import NotifyCases
from tests.unit.catalogue.projected import Projected, version
from tests.unit.notify.builders import AT, CASE, CODE, DOSSIER, FORMER, IN_ROWS, PROCEDURE, SAMPLES, UNIT, cause, heard
from tests.unit.notify.fakes import FakeCatalogue, FakeMail, FakeNeighbours, FakeStore, FakeUnits

TEMPLATES = Templates()
SYSTEM = Actor("system", "t")
OFFICER = Actor("officer", "cb-001", "vnnic")
OWNER = Actor("citizen", "001801000001")


class Desk:
    """notify with fakes around it."""

    def __init__(self, catalogue: Any = None) -> None:
        self.store, self.units = FakeStore(), FakeUnits()
        self.catalogue: FakeCatalogue = catalogue or FakeCatalogue()
        self.neighbours, self.mail = FakeNeighbours(), FakeMail()
        self.claims = Claims(self.store.collection, timedelta(seconds=30), timedelta(minutes=11))
        mail: Any = self.mail
        asked: Any = self.catalogue
        units: Any = self.units
        self.cases = NotifyCases(
            self.store, self.claims, asked, units, self.neighbours, TEMPLATES, mail, timedelta(hours=48)
        )

    def hear(self, key: str, event_id: str) -> None:
        self.cases.tell(heard(key), cause(event_id))

    def deliver_all(self) -> None:
        for notice in self.store.notices:
            self.deliver(notice)

    def deliver(self, notice: Notice) -> None:
        self.cases.deliver(notice.notice_id, notice.round, cause(f"{notice.notice_id}-{notice.round}"))

    def be_refused(self, monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> tuple[timedelta, int]:
        """Deliver every half minute until it is given up: how long that took, and how often the server was asked."""
        self.mail.troubles = [trouble] * 1000
        [notice], begun = self.store.notices, clock.now()
        for now in (begun + timedelta(seconds=30) * step for step in range(10_000)):
            monkeypatch.setattr(clock, "now", lambda now=now: now)
            with suppress(Unavailable):
                self.deliver(notice)
                return now - begun, 1000 - len(self.mail.troubles)
        raise AssertionError("it never ends")

    def resend(self, actor: Actor, notice_id: str, request_id: str = "r-1") -> dict[str, Any]:
        why = of_request("notify.resend", actor, request_id, {"notice_id": notice_id})
        return self.cases.resend(actor, why, notice_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def failed(desk: Desk) -> Notice:
    """A notice to the applicant that the mail server refused."""
    desk.hear("case_accepted", "e-1")
    desk.mail.troubles.append(Undeliverable("550 5.1.1"))
    desk.deliver_all()
    [notice] = desk.store.notices
    assert notice.status == "failed"
    return notice


def test_a_submission_is_told_to_the_applicant_and_to_the_unit(desk: Desk) -> None:
    desk.hear("dossier_submitted", "e-1")
    desk.deliver_all()
    assert sorted(address for address, _ in desk.mail.sent) == ["mau@example.vn", "vnnic@example.vn"]
    assert {notice.status for notice in desk.store.notices} == {"sent"}


@pytest.mark.parametrize("key", ["case_accepted", "case_transferred", "deadline_slipped:answer"])
def test_of_a_unit_that_has_ended_there_is_still_word(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    documents: list[tuple[str, str, str | None, dict[str, Any]]] = [
        ("unit", "vnnic", "2026-01-14", UNIT),
        ("unit", "cuc-bao-chi", "2026-01-14", FORMER),
        ("procedure", DOSSIER.procedure, None, PROCEDURE),
    ]
    published = [version(kind, name, "2016-01-01", ended, **body) for kind, name, ended, body in documents]
    desk = Desk(Catalogue(Projected(*published)))  # type: ignore[arg-type]
    desk.hear(key, "e-1")
    desk.deliver_all()
    assert desk.mail.sent
    assert {notice.status for notice in desk.store.notices} == {"sent"}


def test_an_event_heard_again_writes_nothing_whatever_is_known_by_then(desk: Desk) -> None:
    desk.hear("dossier_submitted", "e-1")
    before = deepcopy(desk.store.documents)
    desk.neighbours.dossiers[CODE] = replace(DOSSIER, name="", email="", owner="")
    desk.hear("dossier_submitted", "e-1")
    assert desk.store.documents == before


def test_routing_is_asked_only_for_an_officers_word(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    assert desk.neighbours.asked == ["intake"]
    desk.hear("case_rejected", "e-2")
    assert desk.neighbours.asked == ["intake", "intake", "routing"]


def test_a_granted_result_names_the_rows_that_were_refused(desk: Desk) -> None:
    desk.neighbours.said = replace(CASE, rows={5: "", 2: "Trùng tên."})
    desk.hear("dossier_resolved:granted", "e-1")
    assert desk.neighbours.asked == ["intake"]  # there are no rows
    desk.catalogue.known = IN_ROWS
    desk.hear("dossier_resolved:granted", "e-2")
    assert desk.neighbours.asked == ["intake", "intake", "routing"]
    without, with_rows = sorted((one["subject"]["letter"]["text"] for one in desk.store.documents.values()), key=len)
    assert "Không được cấp" not in without
    assert "Không được cấp: mục 2: Trùng tên; mục 5." in with_rows
    assert "Not granted: item 2: Trùng tên; item 5." in with_rows


def test_what_intake_does_not_know_yet_waits_on_the_ladder(desk: Desk) -> None:
    desk.neighbours.dossiers.clear()
    with pytest.raises(NotFound):
        desk.hear("dossier_submitted", "e-1")
    assert desk.store.documents == {}


def test_no_event_holds_a_name_an_address_or_words(desk: Desk) -> None:
    for number, key in enumerate(SAMPLES):
        desk.hear(key, f"e-{number}")
    desk.deliver_all()
    for document in desk.store.documents.values():
        said = str(document["history"]) + str(document["state"])
        for secret in ("mau@", "vnnic@", "Nguyễn", "thẩm quyền", "Kính gửi", "001801000001"):
            assert secret not in said


def test_a_notice_delivered_twice_is_sent_once(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    desk.deliver_all()
    desk.deliver_all()
    [notice] = desk.store.notices
    desk.cases.deliver(notice.notice_id, 1, cause("another message"))
    assert len(desk.mail.sent) == 1


def test_while_one_worker_sends_another_waits(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    [notice] = desk.store.notices
    assert desk.claims.take(notice.notice_id, 1, Met())
    with pytest.raises(Unavailable) as busy:
        desk.deliver(notice)
    assert busy.value.code == "notify.being_sent"
    assert desk.mail.sent == []


def test_an_outage_leaves_the_notice_as_it_was_for_the_next_try(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    [notice] = desk.store.notices
    desk.mail.troubles.append(Unavailable("notify.mail_unavailable", "No.", "Không."))
    with pytest.raises(Unavailable):
        desk.deliver(notice)
    assert desk.store.notices == [notice]
    desk.deliver(notice)
    assert len(desk.mail.sent) == 1


def test_while_the_mail_server_is_known_to_be_away_nothing_is_read_or_written(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    [notice], before = desk.store.notices, deepcopy(desk.store.documents)
    desk.mail.is_away = True
    with pytest.raises(Unavailable) as away:
        desk.deliver(notice)
    assert (away.value.code, desk.store.documents) == ("notify.mail_unavailable", before)
    desk.mail.is_away = False
    desk.deliver(notice)
    assert len(desk.mail.sent) == 1


def test_a_letter_put_off_again_and_again_fails_with_the_last_code_after_two_days(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hear("case_accepted", "e-1")
    passed, tries = desk.be_refused(monkeypatch, PutOff("451 4.7.1"))
    assert timedelta(hours=48) <= passed < timedelta(hours=50)
    assert tries < 64
    assert [(notice.status, notice.reason) for notice in desk.store.notices] == [("failed", "451 4.7.1")]


def test_a_letter_that_is_never_answered_goes_three_times_in_half_an_hour_and_fails_as_unknown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hear("case_accepted", "e-1")
    passed, tries = desk.be_refused(monkeypatch, Unanswered("TimeoutError"))
    assert passed >= timedelta(minutes=31)
    assert tries == 3
    assert [(notice.status, notice.reason) for notice in desk.store.notices] == [("failed", "unknown")]


def test_a_letter_put_off_once_is_sent_the_next_time(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    [notice] = desk.store.notices
    desk.mail.troubles.append(PutOff("451"))
    with pytest.raises(Unavailable):
        desk.deliver(notice)
    desk.deliver(notice)
    assert (len(desk.mail.sent), desk.store.notices[0].status) == (1, "sent")


def test_an_outage_does_not_count_as_an_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.hear("case_accepted", "e-1")
    [notice] = desk.store.notices
    down = Unavailable("notify.mail_unavailable", "No.", "Không.")
    for trouble in (Unanswered("x"), down, down, Unanswered("x"), down):
        desk.mail.troubles.append(trouble)
        with pytest.raises(Unavailable):
            desk.deliver(notice)
        at = clock.now() + timedelta(hours=1)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
    desk.deliver(notice)
    assert len(desk.mail.sent) == 1


def test_a_resting_letter_is_left_alone(desk: Desk) -> None:
    desk.hear("case_accepted", "e-1")
    [notice] = desk.store.notices
    desk.mail.troubles.append(Unanswered("x"))
    for _ in range(2):
        with pytest.raises(Unavailable) as resting:
            desk.deliver(notice)
        assert resting.value.code == "notify.not_yet"
    assert desk.mail.sent == []


def test_a_refused_notice_fails_with_the_code(failed: Notice) -> None:
    assert failed.reason == "550 5.1.1"


def test_an_applicant_whose_data_is_erased_cannot_be_written_to(desk: Desk) -> None:
    desk.neighbours.dossiers[CODE] = replace(DOSSIER, name="", email="", owner="")
    desk.hear("case_accepted", "e-1")
    desk.deliver_all()
    assert [notice.reason for notice in desk.store.notices] == ["bad_address"]


def test_an_address_with_a_vietnamese_domain_is_told_to_the_mail_server_in_ascii(desk: Desk) -> None:
    desk.neighbours.dossiers[CODE] = replace(DOSSIER, email="mau@bộ.vn")
    desk.hear("case_accepted", "e-1")
    desk.deliver_all()
    assert [address for address, _ in desk.mail.sent] == ["mau@xn--b-8xm.vn"]
    assert [notice.status for notice in desk.store.notices] == ["sent"]


def test_what_was_sent_is_noted_with_patience(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("services.notify.usecases.time.sleep", waited.append)
    desk.hear("case_accepted", "e-1")
    change, outages = desk.store.journal.change, itertools.repeat(True, 2)

    def reluctant(*args: Any, **kwargs: Any) -> Any:
        if next(outages, False):
            raise Unavailable("store.unavailable", "No.", "Không.")
        return change(*args, **kwargs)

    monkeypatch.setattr(desk.store.journal, "change", reluctant)
    desk.deliver_all()
    assert (len(desk.mail.sent), len(waited), desk.store.notices[0].status) == (1, 2, "sent")


def test_a_failed_notice_goes_again_to_the_address_known_now(desk: Desk, failed: Notice) -> None:
    desk.neighbours.dossiers[CODE] = replace(DOSSIER, email="moi@example.vn")
    answer = desk.resend(OFFICER, failed.notice_id)
    assert (answer["status"], answer["round"], answer["recipient"]) == ("requested", 2, "m***@example.vn")
    desk.deliver_all()
    [(address, letter)] = desk.mail.sent
    assert address == "moi@example.vn"
    assert read(letter)["Message-ID"] == f"<{failed.notice_id}@motcua.example.vn>"
    assert desk.store.notices[0].status == "sent"


def test_asking_again_with_the_same_request_gives_the_same_answer(desk: Desk, failed: Notice) -> None:
    first = desk.resend(OFFICER, failed.notice_id)
    desk.deliver_all()
    assert desk.resend(OFFICER, failed.notice_id) == first
    with pytest.raises(Refused):
        desk.resend(OFFICER, failed.notice_id, "r-2")


def test_a_request_id_used_for_something_else_is_a_conflict(desk: Desk, failed: Notice) -> None:
    desk.resend(OFFICER, failed.notice_id)
    other = of_request("notify.resend", OFFICER, "r-1", {"notice_id": "other"})
    with pytest.raises(Conflict):
        desk.cases.resend(OFFICER, other, failed.notice_id)


def test_a_dossier_that_was_handed_on_is_written_about_to_the_unit_that_has_it(desk: Desk) -> None:
    press = Actor("officer", "cb-9", "cuc-bao-chi")
    desk.hear("dossier_submitted", "e-1")
    moved = {"from_unit": "vnnic", "to_unit": "cuc-bao-chi"}
    desk.cases.tell(heard("case_transferred", **moved), cause("e-2"))
    desk.hear("dossier_supplemented", "e-3")
    units = {(notice.moment, notice.unit) for notice in desk.store.notices if notice.audience == "unit"}
    assert units == {("submitted", "vnnic"), ("transferred", "cuc-bao-chi"), ("supplemented", "cuc-bao-chi")}
    desk.mail.troubles += [Undeliverable("550")] * len(desk.store.notices)
    desk.deliver_all()
    assert len(desk.cases.list_notices(press, CODE, 50, None)["items"]) == 5
    for notice in desk.store.notices:
        assert desk.cases.get_notice(press, notice.notice_id)["status"] == "failed"
        with pytest.raises(NotFound):
            desk.cases.get_notice(OFFICER, notice.notice_id)
        with pytest.raises(Denied):
            desk.resend(OFFICER, notice.notice_id)
        assert desk.resend(press, notice.notice_id, f"r-{notice.notice_id}")["status"] == "requested"
    with pytest.raises(NotFound):
        desk.cases.list_notices(OFFICER, CODE, 50, None)


@pytest.mark.parametrize("key", ["dossier_supplemented", "dossier_withdrawn", "dossier_resolved:granted"])
def test_the_unit_is_that_of_the_event_also_before_the_transfer_is_heard_of(desk: Desk, key: str) -> None:
    desk.cases.tell(heard(key, unit="cuc-bao-chi"), cause("e-1"))
    assert {notice.unit for notice in desk.store.notices} == {"cuc-bao-chi"}


def test_only_officers_of_the_unit_send_again(desk: Desk, failed: Notice) -> None:
    for actor in (OWNER, Actor("officer", "cb-9", "cuc-attt")):
        with pytest.raises(Denied):
            desk.resend(actor, failed.notice_id)


def test_everybody_sees_of_a_dossier_what_is_his_to_see(desk: Desk) -> None:
    desk.hear("dossier_submitted", "e-1")
    seen = {
        actor.kind: {
            item["audience"]: item["recipient"] for item in desk.cases.list_notices(actor, CODE, 50, None)["items"]
        }
        for actor in (SYSTEM, OFFICER, OWNER)
    }
    assert seen == {
        "system": {"applicant": "mau@example.vn", "unit": "vnnic@example.vn"},
        "officer": {"applicant": "m***@example.vn", "unit": "vnnic@example.vn"},
        "citizen": {"applicant": "mau@example.vn"},
    }
    for stranger in (Actor("citizen", "001801000002"), Actor("officer", "cb-9", "cuc-attt")):
        with pytest.raises(NotFound):
            desk.cases.list_notices(stranger, CODE, 50, None)


def test_a_notice_is_read_with_its_words_by_those_it_concerns(desk: Desk) -> None:
    desk.hear("dossier_submitted", "e-1")
    ids = {notice.audience: notice.notice_id for notice in desk.store.notices}
    own = desk.cases.get_notice(OWNER, ids["applicant"])
    assert own["text"].startswith("Kính gửi: Nguyễn Thị Mẫu")
    assert CODE in own["subject"]
    assert desk.cases.get_notice(OFFICER, ids["unit"])["audience"] == "unit"
    for actor, audience in ((OWNER, "unit"), (Actor("citizen", "001801000002"), "applicant")):
        with pytest.raises(NotFound):
            desk.cases.get_notice(actor, ids[audience])
    with pytest.raises(NotFound):
        desk.cases.get_notice(SYSTEM, "no such notice")


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(TOLD) * 2))
def test_events_twice_and_in_any_order_come_to_the_same_notices_and_letters(keys: list[str]) -> None:
    in_order, shuffled = Desk(), Desk()
    for key in TOLD:
        in_order.hear(key, f"e-{key}")
    for key in keys:
        shuffled.hear(key, f"e-{key}")
        shuffled.deliver_all()
    in_order.deliver_all()
    assert _facts(in_order) == _facts(shuffled)
    assert _letters(in_order) == _letters(shuffled)


def _facts(desk: Desk) -> list[Notice]:
    assert all(notice.sent_at for notice in desk.store.notices)
    return [replace(notice, requested_at=AT, sent_at=AT) for notice in desk.store.notices]


def _letters(desk: Desk) -> list[tuple[str, str, str]]:
    read_ones = [(address, read(letter)) for address, letter in desk.mail.sent]
    return sorted((address, str(letter["Message-ID"]), str(letter["Subject"])) for address, letter in read_ones)


def read(letter: bytes) -> Message:
    return message_from_bytes(letter, policy=default)
