"""Several processes of one service share the work, and never a dossier code; those of one door share its address."""

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import pytest
import requests

from deploy.local.composition import SERVICE_DOORS
from deploy.local.stack import Stack
from services.cli.demo.town import Town, fresh
from tests.conftest import await_offers, eventually, whole_stack
from tests.integration import agreement
from tests.integration.books import Books
from tests.integration.crowd import Offer, PatientTown, offers

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
_SUBMISSIONS: Final = 2_000
_CLIENTS: Final = 8
_CODE: Final = re.compile(r"(.+-[0-9]{6})-([0-9]{4,})")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A system of its own, with four processes of intake. notify rests: 4,000 letters are none of its affair."""
    with whole_stack("scale") as stack:
        stack.up((*SERVICE_DOORS, "intake", "routing", "payment", "registry"), scale={"intake": 4, "registry-http": 2})
        await_offers(stack)
        yield stack


@pytest.fixture
def four_intakes(stack: Stack) -> Iterator[PatientTown]:
    """Those who apply at them."""
    town = PatientTown(stack.env)
    yield town
    town.close()


def test_four_intake_processes_give_2000_submissions_2000_codes(stack: Stack, four_intakes: PatientTown) -> None:
    assert [label for label in stack.pids() if label.startswith("intake:")] == [f"intake:{one}" for one in (1, 2, 3, 4)]
    running = stack.pids()
    stack.up(("intake",))  # who only wants it up changes nothing of how many there are
    assert stack.pids() == running
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


def test_each_process_of_a_door_is_renewed_and_nobody_is_refused(stack: Stack) -> None:
    visit = Visit(f"{stack.env['MOTCUA_REGISTRY_URL']}/registry/catalogue/mic/procedures")
    for number in (1, 2):
        log, before = stack.run_dir / "logs" / f"registry-http-{number}.log", stack.pid(f"registry-http:{number}")
        opened = openings(log)
        stack.restart(f"registry-http:{number}")
        eventually(partial(has_opened, log, opened + 1))
        assert stack.pid(f"registry-http:{number}") != before
    assert visit.end() == []
    assert visit.answered


def has_opened(log: Path, times: int) -> bool:
    """Whether a door has been opened so often."""
    return openings(log) >= times


def openings(log: Path) -> int:
    """How often a door has been opened, as its log says."""
    return log.read_text().count("door_opened")


class Visit:
    """Somebody who asks for one page after the other, each on a line of its own, until the end."""

    def __init__(self, url: str) -> None:
        self.answered: list[int] = []
        self._failed: list[str] = []
        self._url, self._over = url, threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def end(self) -> list[str]:
        """Ask no more; what was not answered well."""
        self._over.set()
        self._thread.join()
        return self._failed

    def _go_on(self) -> None:
        while not self._over.wait(0.01):
            try:
                answer = requests.get(self._url, timeout=30)
                answer.raise_for_status()
            except requests.RequestException as error:
                self._failed.append(repr(error))
            else:
                self.answered.append(answer.status_code)
