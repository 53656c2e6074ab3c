"""Each check finds what it is there for, and nothing in an installation in which nothing is wrong."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from click.testing import CliRunner

from services.chassis import dead as dead_letters
from services.chassis.actor import Actor
from services.chassis.dead import DeadLetter
from services.chassis.errors import Unavailable
from services.cli.place import NotUp
from services.cli.verify import books as shelves
from services.cli.verify import command, files, papers, queues
from services.cli.verify.catalogue import Catalogue
from services.cli.verify.checker import Report, what_stays
from services.cli.verify.dossiers import AT_THE_COUNTER, NOT_DELIVERED, UNDECIDED, Account, Dossiers
from services.cli.verify.finding import Finding
from services.cli.verify.published import Published
from services.cli.verify.queues import DeadLetters
from services.cli.verify.series import Gaps, Owners
from services.payment import domain as payment
from tests.unit.cli.builders import FEES, GRANTED, LATER, OPEN, REJECTED, WITHDRAWN, Installation
from tests.unit.cli.spoiling import ORDER, UPLOAD, Tooth
from tests.unit.cli.teeth import TEETH
from tests.unit.payment.builders import BOTH

CODES = [GRANTED, WITHDRAWN, REJECTED, OPEN]
THE_SUM = "submitted 4 = resolved 1 + rejected 1 + withdrawn 1 + stopped 0 + in progress 1"
NOTHING_WRONG: list[Finding] = []


@pytest.fixture
def installation() -> Installation:
    """Four dossiers that went their ways."""
    return Installation()


def found_in(installation: Installation) -> list[Finding]:
    """All that is found by a look at everything but the broker."""
    books = installation.books
    return what_stays([Catalogue(books), Gaps(books), Owners(books), Dossiers(books)], patience=0)


def test_where_nothing_is_wrong_nothing_is_found(installation: Installation) -> None:
    assert found_in(installation) == NOTHING_WRONG


@pytest.mark.parametrize("tooth", TEETH.values(), ids=list(TEETH))
def test_what_is_wrong_is_found_and_its_dossier_named(installation: Installation, tooth: Tooth) -> None:
    tooth.spoil(installation)
    found = found_in(installation)
    wanted = [one for one in found if one.dossier == tooth.dossier and one.where.startswith(tooth.where)]
    assert [one for one in wanted if tooth.said in one.wrong], found
    assert "Nguyễn" not in str(found)  # what stands beside the histories is nobody's business


def test_cash_is_of_a_unit_that_had_the_dossier_whether_it_had_heard_of_the_transfer_or_not(
    installation: Installation,
) -> None:
    code, said = "000.00.06.G14-260112-0005", "did not have the dossier then"
    installation.submit(code)
    later = installation.now() + timedelta(days=1)

    def take_cash(order: Any) -> Any:
        return payment.pay_at_counter(order, Actor("officer", "cb-1", order.unit), order.amount_vnd, later)

    installation.do(shelves.ORDERS, f"{code}-S", take_cash)
    installation.hand_on(code, "cuc-bao-chi")  # before that, and heard after
    assert installation.document(shelves.ORDERS, f"{code}-S")["state"]["unit"] == "vnnic"
    assert [one for one in found_in(installation) if said in one.wrong] == []
    installation.document(shelves.ORDERS, f"{code}-S")["state"]["unit"] = "cuc-attt"
    assert [one.dossier for one in found_in(installation) if said in one.wrong] == [code]


def test_what_was_priced_by_the_fees_of_then_is_right_though_they_were_changed(installation: Installation) -> None:
    code, dearer = "000.00.06.G14-260112-0005", [{**one, "amount_vnd": 2 * one["amount_vnd"]} for one in FEES]
    installation.price([{**one, "valid_to": "2026-01-11"} for one in FEES] + dearer)
    installation.rest()
    assert found_in(installation) == NOTHING_WRONG
    double = tuple(replace(one, unit_amount_vnd=2 * one.unit_amount_vnd, amount_vnd=2 * one.amount_vnd) for one in BOTH)
    installation.submit(code, lines=double)
    installation.rest()
    assert found_in(installation) == NOTHING_WRONG


def test_an_order_that_was_priced_wrong_from_the_first_is_found(installation: Installation) -> None:
    code, cheap = "000.00.06.G14-260112-0005", BOTH[:1]
    installation.submit(code, lines=cheap)
    installation.rest()
    said = "100000 đ are asked for, and mic/dk-ten-mien-vn@2016-01-01 came to 600000 đ"
    assert found_in(installation) == [Finding(code, f"payment.orders {code}-S", said)]


def test_a_file_whose_bytes_were_changed_is_found_where_files_are_read(installation: Installation) -> None:
    assert found_in_files(installation) == NOTHING_WRONG
    installation.kept("intake.papers.chunks").documents[f"{GRANTED} 1"]["data"] = b"0123456789"
    assert found_in(installation) == NOTHING_WRONG
    (found,) = found_in_files(installation)
    assert (found.dossier, found.where) == (GRANTED, f"intake.uploads up-{GRANTED}")
    assert found.wrong == "TP01: its file is not what was handed in: its SHA-256 is another"
    assert found_in_files(installation, [GRANTED]) == [found]
    assert found_in_files(installation, [OPEN]) == NOTHING_WRONG


def found_in_files(installation: Installation, codes: Collection[str] | None = None) -> list[Finding]:
    """What is found of dossiers when their files are read."""
    return [one for _, found in Dossiers(installation.books, codes, reads_files=True).look() for one in found]


def test_files_are_read_where_somebody_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def check(*_: object, reads_files: bool, **__: object) -> Report:
        asked.append(reads_files)
        return Report()

    for words in ((), ("--files",)):
        told(monkeypatch, check, *words)
    assert asked == [False, True]


def test_dossiers_asked_for_by_name_are_looked_at_as_all_are(installation: Installation) -> None:
    tooth = TEETH["money: kept twice"]
    tooth.spoil(installation)
    (_, found), (_, nothing) = Dossiers(installation.books, [GRANTED, OPEN]).look()
    assert tooth.said in " ".join(one.wrong for one in found)
    assert nothing == NOTHING_WRONG


def test_a_dossier_that_nobody_knows_is_an_exception(installation: Installation) -> None:
    ((code, found),) = Dossiers(installation.books, ["000.00.06.G14-260112-0009"]).look()
    assert found == [Finding(code, f"intake.dossiers {code}", "no service knows this dossier")]


def test_without_the_letters_their_sending_is_left_open(installation: Installation) -> None:
    TEETH["stories: not sent"].spoil(installation)
    TEETH["stories: nobody told"].spoil(installation)
    found = what_stays([Dossiers(installation.books, told=False)], patience=0)
    assert {one.wrong for one in found} == {"its state is not what its history makes: sent_at"}


def test_dossiers_are_read_a_few_at_a_time_and_all_of_them(installation: Installation) -> None:
    books = installation.books
    for shelf in (shelves.DOSSIERS, shelves.CASES):  # what only some services know is found as well
        installation.kept(shelf.name).documents.pop(OPEN if shelf is shelves.DOSSIERS else GRANTED)
    *full, last, of_none = papers.spans(books, most=1)
    read = [[one.code for one in papers.read_papers(books, span, Published(books))] for span in (*full, last, of_none)]
    assert [code for codes in read for code in codes] == CODES
    assert max(map(len, read)) == 1


def test_the_sum_is_counted_at_intake_and_at_routing(installation: Installation) -> None:
    dossiers = Dossiers(installation.books)
    what_stays([dossiers], patience=0)
    assert (str(dossiers.account.sum), dossiers.account.sum.closes) == (THE_SUM, True)


def test_the_sum_does_not_close_over_a_dossier_that_is_lost_or_elsewhere(installation: Installation) -> None:
    installation.kept("routing.cases").documents.pop(OPEN)
    installation.document(shelves.CASES, REJECTED)["state"]["status"] = "stopped"
    dossiers = Dossiers(installation.books)
    what_stays([dossiers], patience=0)
    routing = "routing has 3 = resolved 1 + rejected 0 + withdrawn 1 + stopped 1 + in progress 0"
    assert str(dossiers.account.sum) == f"{THE_SUM}; but {routing}"
    assert not Report(account=dossiers.account).sound


def test_a_dossier_counts_as_it_was_looked_at_last(installation: Installation) -> None:
    state = installation.document(shelves.CASES, REJECTED)["state"]
    state["status"] = "stopped"
    dossiers = Dossiers(installation.books)
    assert len(what_stays([dossiers], 9, sleep=lambda _: state.update(status="rejected"))) == 0
    assert (str(dossiers.account.sum), dossiers.account.sum.closes) == (THE_SUM, True)


def test_what_waits_for_a_person_is_noted_and_no_exception(installation: Installation) -> None:
    notice = installation.notice(OPEN, "submitted")
    notice["state"].update(sent_at=None, failed_round=1)
    order = installation.document(shelves.ORDERS, ORDER)["state"]
    owed = {"attempt": None, "amount_vnd": 1, "reason": "dossier_ended", "due_at": LATER, "refunded_at": None}
    order["refunds"].append(owed)
    dossiers = Dossiers(installation.books)
    found = what_stays([dossiers], patience=0)
    assert dossiers.account.notes == {NOT_DELIVERED: 1, AT_THE_COUNTER: 1}
    assert not [one for one in found if "not sent" in one.wrong or "not given back yet" in one.wrong]


@pytest.mark.parametrize(("days", "noted"), [(29, {}), (31, {UNDECIDED: 1})])
def test_a_payment_that_was_given_up_undecided_is_noted_while_its_fee_is_to_be_paid(
    installation: Installation, days: int, noted: dict[str, int]
) -> None:
    installation.go_to_the_gateway(OPEN)
    (attempt,) = installation.journals[shelves.ORDERS.name].get(f"{OPEN}-S").state.attempts
    given_up_at = attempt.expires_at + timedelta(days=days)
    installation.do(
        shelves.ORDERS, f"{OPEN}-S", lambda order: payment.fail(order, attempt.reference, "07", given_up_at)
    )
    assert account(installation).notes == noted
    installation.document(shelves.ORDERS, f"{OPEN}-S")["state"]["status"] = "paid"
    assert account(installation).notes == {}


def account(installation: Installation) -> Account:
    """What is counted of all dossiers."""
    dossiers = Dossiers(installation.books)
    what_stays([dossiers], patience=0)
    return dossiers.account


def test_files_that_nobody_names_are_noted(installation: Installation) -> None:
    assert list(files.left_over(installation.books)) == []
    installation.kept("intake.uploads").documents[UPLOAD].update(status="removed", sweep_at=LATER)
    assert list(files.left_over(installation.books)) == [
        "1 upload that nobody named should have been swept away",
        "1 file in the store of no finished upload",
    ]


class Passing:
    """An area that agrees when it was looked at so often."""

    name = "passing"

    def __init__(self, looks: int, *, passes: bool = True) -> None:
        self.looks, self.passes = looks, passes
        self.asked: list[Any] = []

    def size(self) -> int:
        """Two."""
        return 2

    def look(self, keys: Any = None) -> Iterator[tuple[str, list[Finding]]]:
        """One of two is never wrong, the other only at first."""
        self.asked.append(None if keys is None else sorted(keys))
        wrong = [Finding("D", "here", "it disagrees")] if len(self.asked) < self.looks else []
        yield from [("D", wrong), ("E", NOTHING_WRONG)] if keys is None else [("D", wrong)]


def waited(area: Passing, patience: float) -> tuple[list[Finding], list[float]]:
    """What stays of an area, and how long was waited each time."""
    clock, slept = count(), list[float]()
    return what_stays([area], patience, sleep=slept.append, now=lambda: float(next(clock))), slept


def test_what_disagrees_is_looked_at_again_until_it_agrees() -> None:
    area = Passing(looks=3)
    assert waited(area, 30) == (NOTHING_WRONG, [1.0, 1.0])
    assert area.asked == [None, ["D"], ["D"]]


def test_what_stays_is_an_exception_when_patience_is_over() -> None:
    area = Passing(looks=99)
    assert waited(area, 4)[0] == [Finding("D", "here", "it disagrees")]
    assert len(area.asked) == 4


@pytest.mark.parametrize(("area", "patience"), [(Passing(99), 0), (Passing(99, passes=False), 30)])
def test_nobody_waits_for_what_cannot_pass_or_without_patience(area: Passing, patience: float) -> None:
    assert waited(area, patience) == ([Finding("D", "here", "it disagrees")], [])


def letter(subject: str, **changes: Any) -> DeadLetter:
    """A dead letter."""
    said: dict[str, Any] = {
        "id": "e-1",
        "queue": "notify.tell_of_dossier",
        "reason": "Defect x.y: Something.",
        "failed_at": "",
        "attempts": 7,
        "type": "dossier_submitted",
        "subject": subject,
        "body": b"{}",
        "headers": {},
        "content_type": "application/json",
    }
    return DeadLetter(**{**said, **changes})


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two dead letters at notify, and many more than are named."""
    letters = {"notify": [letter(OPEN), letter("", type="", id="")]}
    monkeypatch.setattr(dead_letters, "count", lambda _uri, service: len(letters.get(service, ())) and queues.MOST + 5)
    monkeypatch.setattr(dead_letters, "peek", lambda _uri, service, _most: letters[service])


@pytest.mark.usefixtures("dead")
def test_each_dead_letter_is_named_with_its_queue_its_reason_and_its_dossier() -> None:
    where = "notify.dead ← notify.tell_of_dossier"
    assert what_stays([DeadLetters("amqp://nowhere")], patience=9) == [
        Finding("", "notify.dead", "5 more dead letters"),
        Finding("", where, "a dead letter (no event): Defect x.y: Something."),
        Finding(OPEN, where, "a dead letter (dossier_submitted e-1): Defect x.y: Something."),
    ]
    assert len(what_stays([DeadLetters("amqp://nowhere", [OPEN])], patience=9)) == 1
    assert what_stays([DeadLetters("amqp://nowhere", [GRANTED])], patience=9) == NOTHING_WRONG


def told(monkeypatch: pytest.MonkeyPatch, check: Callable[..., Report], *words: str) -> Any:
    """What the command says of what a check gives."""
    monkeypatch.setenv("MOTCUA_MONGO_URI", "mongodb://nowhere")
    monkeypatch.setenv("MOTCUA_AMQP_URI", "amqp://nowhere")
    monkeypatch.setattr(command, "check", check)
    return CliRunner().invoke(command.verify, words)


def reporting(*findings: Finding, notes: Sequence[str] = ()) -> Callable[..., Report]:
    """A check that gives these."""
    return lambda *_, **__: Report(sorted(findings), Account(), list(notes), {"intake.note_case": 2})


BROKEN = Finding(OPEN, f"routing.cases {OPEN}", "it is [red]wrong[/red] \x1b[31m")


def test_nothing_wrong_ends_with_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, reporting(notes=["1 note"]))
    assert result.exit_code == 0
    assert "nothing is wrong" in result.stdout
    assert "1 note" in result.stdout
    assert "intake.note_case: 2 messages" in result.stdout


def test_an_exception_ends_with_one_and_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, reporting(BROKEN))
    assert result.exit_code == 1
    assert OPEN in result.stdout
    assert "[red]wrong[/red]" in result.stdout
    assert "\x1b" not in result.stdout
    assert "✗ 1 exception" in result.stdout


def test_exceptions_as_data_are_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    result = told(monkeypatch, reporting(BROKEN, notes=["1 note"]), "--json")
    first, *others = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 1
    assert first == {"kind": "exception", "dossier": OPEN, "where": BROKEN.where, "wrong": BROKEN.wrong}
    assert [one["kind"] for one in others] == ["note", "queue", "sum"]


@pytest.mark.parametrize("error", [NotUp("no stack is up"), Unavailable("store.unavailable", "Nobody answers.", "…")])
def test_who_could_not_look_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def check(*_: object, **__: object) -> Report:
        raise error

    result = told(monkeypatch, check)
    assert result.exit_code == 2
    assert result.stderr.startswith("✗ could not look: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_table_has_an_end() -> None:
    assert "\n… and 1 more; --json prints all of them" in command.show(Report([BROKEN] * 501))
