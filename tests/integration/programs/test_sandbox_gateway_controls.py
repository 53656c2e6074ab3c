"""The sandbox gateway's operator controls, and the program itself: restarts and settings."""

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.integration.programs.sandbox_merchant import (
    CONFIRM,
    QUERYDR_ANSWER,
    REFUND_ANSWER,
    Gateway,
    Merchant,
    Shop,
    checked,
    code_of,
    hmac_sha512,
    pay_fields,
    querydr,
    refund,
    running_shop,
    verified,
)
from tests.integration.programs.sandbox_programs import run


def plan(gateway: Gateway, **wanted: Any) -> None:
    assert gateway.post("/sandbox/plan", wanted).status_code == 200


def test_a_lost_callback_never_comes_until_the_operator_sends_it(gateway: Gateway, merchant: Merchant) -> None:
    plan(gateway, ipn="lost")
    lost = gateway.pay()
    usual = gateway.pay()
    assert verified(merchant.next_call())["vnp_TxnRef"] == usual["vnp_TxnRef"]
    assert gateway.transaction(lost["vnp_TxnRef"])["ipn_state"] == "lost"
    answer = gateway.post(f"/sandbox/transactions/{lost['vnp_TxnRef']}/ipn").json()
    assert answer == {"http_status": 200, **CONFIRM}
    assert verified(merchant.next_call())["vnp_TxnRef"] == lost["vnp_TxnRef"]
    assert gateway.settled(lost["vnp_TxnRef"])["tries"] == 1


def test_a_late_callback_lets_later_ones_pass(gateway: Gateway, merchant: Merchant) -> None:
    plan(gateway, ipn="late:0.5")
    late, usual = gateway.pay(), gateway.pay()
    order = [verified(merchant.next_call())["vnp_TxnRef"] for _ in range(2)]
    assert order == [usual["vnp_TxnRef"], late["vnp_TxnRef"]]


def test_a_repeated_callback_comes_many_times_at_once(gateway: Gateway, merchant: Merchant) -> None:
    plan(gateway, ipn="repeat:12")
    together = threading.Barrier(12, timeout=10)
    merchant.before_answer = together.wait
    seen = gateway.settled(gateway.pay()["vnp_TxnRef"])
    assert seen["tries"] == 12
    assert len({merchant.next_call() for _ in range(12)}) == 1


def test_a_wrong_amount_is_rightly_signed_on_every_automatic_callback(gateway: Gateway, merchant: Merchant) -> None:
    merchant.answers = [(200, b'{"RspCode":"04","Message":"Invalid Amount"}')] * 4
    plan(gateway, ipn="wrong_amount")
    fields = gateway.pay()
    gateway.settled(fields["vnp_TxnRef"], "given_up")
    assert {verified(merchant.next_call())["vnp_Amount"] for _ in range(4)} == {"55000100"}
    gateway.post(f"/sandbox/transactions/{fields['vnp_TxnRef']}/ipn")
    assert verified(merchant.next_call())["vnp_Amount"] == "55000000"


def test_a_forged_callback_has_a_signature_that_does_not_hold(gateway: Gateway, merchant: Merchant) -> None:
    plan(gateway, ipn="forged")
    gateway.pay()
    pairs, _, signature = merchant.next_call().rpartition("&vnp_SecureHash=")
    assert len(signature) == 128
    assert signature != hmac_sha512(pairs)


def test_the_operator_can_send_a_spoilt_callback_by_hand(gateway: Gateway, merchant: Merchant) -> None:
    fields = gateway.pay()
    verified(merchant.next_call())
    number = gateway.settled(fields["vnp_TxnRef"])["transaction_no"]
    merchant.answers = [(200, b'{"RspCode":"97","Message":"Invalid Checksum"}')]
    answer = gateway.post(f"/sandbox/transactions/{number}/ipn", {"ipn": "forged"}).json()
    assert answer["RspCode"] == "97"
    with pytest.raises(AssertionError):
        verified(merchant.next_call())


def test_a_reversed_payment_has_code_00_but_status_04_everywhere(gateway: Gateway, merchant: Merchant) -> None:
    plan(gateway, ipn="reversed")
    fields = gateway.pay()
    told = verified(merchant.next_call())
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == ("00", "04")
    assert checked(QUERYDR_ANSWER, gateway.call(querydr(fields)))["vnp_TransactionStatus"] == "04"
    assert code_of(REFUND_ANSWER, gateway.call(refund(fields, 1_000))) == "95"


def test_a_plan_for_one_reference_leaves_the_others_alone(gateway: Gateway, merchant: Merchant) -> None:
    chosen = pay_fields()
    plan(gateway, ipn="lost", txn_ref=chosen["vnp_TxnRef"])
    other = gateway.pay()
    assert verified(merchant.next_call())["vnp_TxnRef"] == other["vnp_TxnRef"]
    gateway.choose(gateway.token(chosen), "00")
    assert gateway.transaction(chosen["vnp_TxnRef"])["ipn_state"] == "lost"


def test_a_plan_holds_as_many_times_as_asked(gateway: Gateway) -> None:
    plan(gateway, ipn="lost", times=2)
    states = [gateway.transaction(gateway.pay()["vnp_TxnRef"])["fault"] for _ in range(3)]
    assert states == ["lost", "lost", None]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"ipn": "sometimes"}, {"ipn": "late:x"}, {"ipn": "lost", "times": 0}, {"smtp": "down"}]
)
def test_a_plan_that_makes_no_sense_is_refused(gateway: Gateway, body: Any) -> None:
    assert gateway.post("/sandbox/plan", body).status_code == 400


def test_a_callback_by_hand_needs_a_finished_transaction(gateway: Gateway) -> None:
    fields = pay_fields()
    gateway.token(fields)
    assert gateway.post(f"/sandbox/transactions/{fields['vnp_TxnRef']}/ipn").status_code == 409
    assert gateway.post("/sandbox/transactions/nobody/ipn").status_code == 404


def test_health_says_ok(gateway: Gateway) -> None:
    assert gateway.get("/health").json() == {"status": "ok"}


def test_a_killed_gateway_knows_its_transactions_again_and_goes_on_calling(tmp_path: Path) -> None:
    with running_shop(tmp_path, delays="0,600") as shop:
        gateway, merchant = shop.gateway, shop.merchant
        merchant.answers = [(503, b"")]
        first, second = gateway.pay(), pay_fields()
        first_call = merchant.next_call()
        gateway.settled(first["vnp_TxnRef"], "waiting")
        plan(gateway, ipn="late:0.5")
        gateway.choose(gateway.token(second), "00")
        shop.program.kill()
        shop.start()
        assert verified(merchant.next_call())["vnp_TxnRef"] == second["vnp_TxnRef"]
        assert gateway.transaction(first["vnp_TxnRef"])["state"] == "captured"
        assert gateway.post(f"/sandbox/transactions/{first['vnp_TxnRef']}/ipn").json()["RspCode"] == "00"
        assert merchant.next_call() == first_call


def test_a_callback_cut_off_by_the_death_of_the_gateway_is_sent_again(tmp_path: Path) -> None:
    with running_shop(tmp_path, delays="0,600") as shop:
        dead = threading.Event()
        shop.merchant.before_answer = lambda: dead.wait(10)
        fields = shop.gateway.pay()
        cut_off = shop.merchant.next_call()
        shop.program.kill()
        dead.set()
        shop.start()
        assert shop.merchant.next_call() == cut_off
        assert shop.gateway.settled(fields["vnp_TxnRef"])["state"] == "captured"


def test_every_problem_with_the_settings_is_told_at_once_without_the_values(tmp_path: Path) -> None:
    wrong = {
        "SANDBOX_GATEWAY_TMN_CODE": "SHORT",
        "SANDBOX_GATEWAY_SECRET": "tooshort-secret",
        "SANDBOX_GATEWAY_IPN_URL": "ftp://merchant",
        "SANDBOX_GATEWAY_PORT": "70000",
        "SANDBOX_IPN_DELAYS": "0,soon",
    }
    ended = run("deploy.sandbox.gateway", wrong)
    assert ended.returncode == 2
    for name in (*wrong, "SANDBOX_DATA_DIR"):
        assert name in ended.stderr
    assert "tooshort" not in ended.stderr


def test_more_than_ten_tries_are_refused(shop: Shop) -> None:
    ended = run("deploy.sandbox.gateway", shop.settings() | {"SANDBOX_IPN_DELAYS": "0" + ",1" * 10})
    assert ended.returncode == 2
    assert "SANDBOX_IPN_DELAYS" in ended.stderr


def test_the_sandbox_imports_nothing_of_the_product() -> None:
    sources = Path(__file__).resolve().parents[3].joinpath("deploy", "sandbox").rglob("*.py")
    lines = [line.split() for source in sources for line in source.read_text(encoding="utf-8").splitlines()]
    imported = {words[1] for words in lines if len(words) > 1 and words[0] in ("import", "from")}
    assert imported
    assert not [name for name in imported if name.partition(".")[0] == "services"]
