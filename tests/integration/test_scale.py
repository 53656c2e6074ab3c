"""Several processes of one service share the work, and never a dossier code."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from kombu import Connection

from deploy.local.stack import Stack
from services.cli.demo.town import Town, fresh
from tests.conftest import eventually
from tests.integration import agreement
from tests.integration.books import Books
from tests.integration.crowd import Offer, PatientTown, offers

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
_SUBMISSIONS: Final = 2_000
_CLIENTS: Final = 8
_CODE: Final = re.compile(r"(.+-[0-9]{6})-([0-9]{4,})")


@pytest.fixture
def four_intakes(stack: Stack) -> Iterator[PatientTown]:
    """Four processes of intake. notify rests: 4,000 letters are none of this test's affair."""
    stack.up(scale={"intake": 4})
    stack.stop("notify")
    town = PatientTown(stack.env)
    yield town
    town.close()
    with Connection(stack.env["MOTCUA_AMQP_URI"]) as connection:
        connection.channel().queue_purge("notify.tell_of_dossier")
    stack.up()


def test_four_intake_processes_give_2000_submissions_2000_codes(stack: Stack, four_intakes: PatientTown) -> None:
    assert [label for label in stack.pids() if label.startswith("intake:")] == [f"intake:{one}" for one in (1, 2, 3, 4)]
    offer = offers(four_intakes)["xn-dk-xuat-ban"]
    before = last_numbers(four_intakes)
    with ThreadPoolExecutor(_CLIENTS) as pool:
        codes = list(pool.map(lambda _: submit(four_intakes, offer), range(_SUBMISSIONS)))
    assert [code for code, times in Counter(codes).items() if times > 1] == []
    for prefix, numbers in by_unit_and_day(codes).items():
        assert sorted(numbers) == list(range(before[prefix] + 1, last_numbers(four_intakes)[prefix] + 1))
    insist_one_case_each(four_intakes, codes)


def submit(town: Town, offer: Offer) -> str:
    """One submission with its documents; its code."""
    example = offer.procedure["example"]
    applicant = {"kind": example["applicant"]["kind"], "id": example["applicant"]["tax_code"]}
    papers = [one["component"] for one in example["documents"]]
    request = {
        "tenant": offer.tenant,
        "procedure": offer.procedure["key"],
        "applicant": example["applicant"],
        "form": example["form"],
        "documents": [{"component": one, "upload_id": town.upload(applicant, one)} for one in papers],
        "channel": "online",
        "request_id": fresh(),
    }
    return str(town.ask(applicant, "intake.submit", **request)["dossier_code"])


def by_unit_and_day(codes: list[str]) -> dict[str, list[int]]:
    """The numbers of dossier codes by what stands before them: the unit's code and the day."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for code in codes:
        prefix, number = _CODE.fullmatch(code).groups()  # type: ignore[union-attr]
        numbers[prefix].append(int(number))
    return numbers


def last_numbers(town: Town) -> Counter[str]:
    """The last number given, of each unit and day."""
    with Books(town.env) as books:
        return Counter({one["_id"]: one["last"] for one in books.collection("intake.codes").find({})})


def insist_one_case_each(town: Town, codes: list[str]) -> None:
    """Every submission reached its unit, once, and was priced."""
    of_these = {"_id": {"$in": codes}}
    with Books(town.env) as books:
        cases, bills = books.collection("routing.cases"), books.collection("payment.dossiers")
        eventually(lambda: cases.count_documents(of_these) == bills.count_documents(of_these) == len(codes))
    agreement.insist(town.env, codes, told=False)
