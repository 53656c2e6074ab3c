"""The gateway's word: taken once however often it is said, and not at all when it is not the gateway's.

The callbacks are made and signed here, so that the gateway of the sandbox need not know of the payment and nothing else
settles it meanwhile.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final

import pytest
import requests

from services.cli.demo.stories import Story
from services.cli.demo.town import Town, fresh, patiently
from tests.integration import agreement
from tests.integration.books import Books
from tests.integration.callbacks import SPOILT, Callback
from tests.integration.crowd import PatientTown, await_rest, offers, payment_address

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
_AT_ONCE: Final = 50
_FEE_VND: Final = 200_000


class Payer:
    """An applicant at the gateway, and whoever speaks in the gateway's name."""

    def __init__(self, town: Town) -> None:
        offer = offers(town)["ma-so-quan-ly-qc"]
        self.town, self.story = town, Story(town, offer.tenant, offer.procedure, fresh())
        self.story.submit()
        self.story.accept()
        self.address = payment_address(self.story)
        self.gateway = Callback(town.env, self.address)

    def history(self) -> list[dict[str, Any]]:
        """The events of the order."""
        with Books(self.town.env) as books:
            (order,) = books.kept("payment.orders", {"state.dossier_code": self.story.code})
        return order.history

    def finish(self) -> None:
        """Go the rest of the way: one receipt, one record, and all services agree."""
        patiently(lambda: self.story.order()["receipt"], f"{self.story.code} receipt")
        self.story.act("decide", outcome="granted")
        self.story.await_status("resolved")
        await_rest(self.town)
        agreement.insist(self.town.env, [self.story.code])
        types = Counter(entry["type"] for entry in self.history())
        assert (types["fee_paid"], types["receipt_issued"]) == (1, 1)


@pytest.fixture
def payer(patient_town: PatientTown) -> Payer:
    """Somebody who has a fee to pay and was sent to the gateway."""
    return Payer(patient_town)


def test_the_same_callback_50_times_at_once_settles_once_and_gives_one_receipt(payer: Payer) -> None:
    query, start = payer.gateway.signed(), Barrier(_AT_ONCE)

    def say(_: int) -> str:
        start.wait(30)
        return payer.gateway.say(query)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        assert Counter(pool.map(say, range(_AT_ONCE))) == {"00": 1, "02": _AT_ONCE - 1}
    payer.finish()


def test_what_is_not_the_gateway_s_true_word_changes_nothing(payer: Payer) -> None:
    before, gateway = payer.history(), payer.gateway
    answers = {name: gateway.say(spoil(gateway)) for name, (spoil, _) in SPOILT.items()}
    assert answers == {name: code for name, (_, code) in SPOILT.items()}
    assert payer.history() == before
    assert gateway.say(gateway.signed()) == "00"
    assert gateway.say(gateway.signed(Amount="100")) == "04"
    settled = payer.history()
    assert [gateway.say(gateway.signed()), gateway.say(gateway.failed())] == ["02", "02"]
    assert payer.history()[: len(settled)] == settled
    payer.finish()


def test_a_payment_that_failed_is_told_so_and_may_be_paid_yet(payer: Payer) -> None:
    assert payer.gateway.say(payer.gateway.failed()) == "00"
    assert payer.story.order()["attempts"][0]["outcome"] == "failed"
    payer.town.pay(payment_address(payer.story))
    payer.finish()


def test_a_gateway_that_stays_silent_is_asked(payer: Payer) -> None:
    gateway, reference = payer.town.env["MOTCUA_GATEWAY_URL"], payer.gateway.asked["vnp_TxnRef"]
    plan = {"ipn": "lost", "txn_ref": reference}
    requests.post(f"{gateway}/sandbox/plan", json=plan, timeout=10).raise_for_status()
    payer.town.pay(payer.address)
    payer.finish()
    (known,) = requests.get(f"{gateway}/sandbox/transactions", params={"txn_ref": reference}, timeout=10).json()
    assert (known["tries"], known["state"]) == (0, "captured")


def test_who_pays_twice_has_one_receipt_and_one_of_both_back(payer: Payer) -> None:
    for address in (payer.address, payment_address(payer.story)):
        payer.town.pay(address)
    refunds = patiently(lambda: payer.story.order()["refunds"], "the second payment")
    patiently(lambda: payer.story.order()["refunds"][0]["refunded_at"], "the money back")
    assert [(one["reason"], one["amount_vnd"]) for one in refunds] == [("paid_twice", _FEE_VND)]
    payer.finish()
