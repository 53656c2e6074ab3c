"""Many people with many dossiers at once, who bear broken lines and closed doors as people do: they try again."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

import requests

from services.cli.demo.command import TENANTS, await_catalogue, counted
from services.cli.demo.stories import Story, Told
from services.cli.demo.town import PATIENCE_SECONDS, Town, fresh, patiently
from tests.conftest import eventually
from tests.integration import agreement
from tests.integration.books import Books

AT_ONCE: Final = 8
# Every fate, a fee at each moment, and money that goes back; mostly what is cheap, so that many fit into a minute.
PARTS: Final = (
    ("xn-dk-xuat-ban", "granted"),
    ("xn-dk-xuat-ban", "withdrawn"),
    ("ma-so-quan-ly-qc", "handed on"),
    ("xn-dk-xuat-ban", "rejected"),
    ("gp-phu-truong", "refused"),
    ("xn-dk-xuat-ban", "supplemented"),
    ("xn-dk-xuat-ban", "left open"),
    ("dk-ten-mien-vn", "rejected when paid"),
    ("dk-ten-mien-vn", "granted"),
    ("xn-dk-xuat-ban", "granted"),
    ("cap-ip-asn", "granted"),
    ("dk-ten-mien-vn", "withdrawn when paid"),
    ("xn-dk-xuat-ban", "granted"),
)
STATUS_OF: Final = {
    "granted": "resolved",
    "supplemented": "resolved",
    "handed on": "resolved",
    "refused": "resolved",
    "withdrawn": "withdrawn",
    "rejected": "rejected",
    "rejected when paid": "rejected",
    "withdrawn when paid": "withdrawn",
}


@dataclass(frozen=True)
class Offer:
    """A procedure and whose it is."""

    tenant: str
    procedure: Mapping[str, Any]


class PatientTown(Town):
    """A town whose people bring a file again when the door is closed, under a new ticket."""

    def upload(self, actor: Mapping[str, str], name: str) -> str:
        """As `Town.upload`, until it is taken."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return super().upload(actor, name)
            except requests.RequestException:
                if time.monotonic() > until:
                    raise


class PatientStory(Story):
    """A story that may go on after the mail server got a letter twice, where notify had no time to write it down."""

    letters_may_repeat = False

    def _once(self, letters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not self.letters_may_repeat:
            return super()._once(letters)
        return list({letter["message_id"]: letter for letter in letters}.values())


class Crowd:
    """Stories that are told side by side."""

    def __init__(self, town: Town, plots: Sequence[tuple[Offer, str]], at_once: int = AT_ONCE) -> None:
        self.tag = fresh()
        self.size = len(plots)
        self._pool = ThreadPoolExecutor(at_once)
        self._running: list[Future[Told]] = [
            self._pool.submit(Story(town, offer.tenant, offer.procedure, f"{self.tag}-{number}").tell, fate)
            for number, (offer, fate) in enumerate(plots)
        ]

    def await_told(self, count: int) -> None:
        """Until so many of the stories have ended. Fails when none has for long, and then no more of them begins."""
        try:
            while (ended := self._ended()) < count:
                eventually(partial(self._more_than, ended), seconds=2 * PATIENCE_SECONDS)
        except AssertionError:
            self._pool.shutdown(cancel_futures=True)
            raise

    def told(self) -> list[Told]:
        """All stories, ended as they must; raises what went wrong with the first that did not."""
        try:
            return [one.result() for one in self._running]
        finally:
            self._pool.shutdown(cancel_futures=True)

    def _ended(self) -> int:
        return sum(one.done() for one in self._running)

    def _more_than(self, count: int) -> bool:
        return self._ended() > count


def offers(town: Town) -> dict[str, Offer]:
    """Every procedure by its key."""
    return {one["key"]: Offer(tenant, one) for tenant in TENANTS for one in await_catalogue(town, tenant)}


def plots(town: Town, count: int) -> list[tuple[Offer, str]]:
    """So many dossiers of mixed procedures and fates."""
    known = offers(town)
    return [(known[key], fate) for key, fate in islice(cycle(PARTS), count)]


def insist_closed(town: Town, crowd: Crowd) -> list[str]:
    """The sum closes: each story is one dossier, ended as told; nothing waits; all services agree. Gives the codes."""
    told = crowd.told()
    await_rest(town)
    codes = [one.dossier_code for one in told]
    wanted = {"subject.applicant.email": {"$regex": rf"\.{crowd.tag}-"}}
    with Books(town.env) as books:
        kept = {one["_id"]: one["state"]["status"] for one in books.collection("intake.dossiers").find(wanted)}
    assert sorted(kept) == sorted(codes)
    assert len(codes) == crowd.size
    ends = [(STATUS_OF.get(one.outcome, "accepted"), kept[one.dossier_code]) for one in told]
    assert not [pair for pair in ends if pair[0] != pair[1]], Counter(ends)
    agreement.insist(town.env, codes)
    return codes


def await_rest(town: Town) -> None:
    """Until nothing waits anywhere, and nothing was given up."""
    eventually(partial(_is_at_rest, town), seconds=PATIENCE_SECONDS)


def _is_at_rest(town: Town) -> bool:
    waiting = counted(town)
    assert waiting["dead letters"] == 0, waiting
    return not any(waiting.values())


def copies(town: Town, notice_id: str) -> int:
    """How often the mail server took the letter of a notice."""
    answer = requests.get(
        f"{town.env['MOTCUA_MAILBOX_URL']}/messages.json", params={"message_id": notice_id}, timeout=10
    )
    answer.raise_for_status()
    return len(answer.json()["messages"])


def payment_address(story: Story) -> str:
    """Where the payer of a dossier is sent, once its fee is asked for."""

    def asked_for() -> Any:
        order = story.order()
        return order["order_id"] if order["status"] in {"requested", "expired"} else None

    request = {
        "order_id": patiently(asked_for, f"{story.code} fee", "NotFound"),
        "method": "vnpay",
        "return_url": "https://dvc.example.gov.vn/thanh-toan/ket-qua",
        "request_id": fresh(),
    }
    return str(story.town.ask(story.citizen, "payment.start_payment", **request)["redirect_url"])
