"""What people do: every command there is, as a move that can be made again in another run of the same script."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from services.chassis.actor import Actor
from services.payment.order import FeeOrder
from services.payment.vnpay import Purchase
from tests.unit.simulation.outside import CAPTURED, FAILED
from tests.unit.simulation.people import SIGNER, STRANGER, Plot, officer_of
from tests.unit.simulation.world import World

_RETURN_URL: Final = "https://portal.example.vn/back"


@dataclass(frozen=True)
class Move:
    """One command of one plot, `after` so many minutes; `details` is what the verb needs to know."""

    verb: str
    plot: int
    id: str
    details: Mapping[str, Any] = field(default_factory=dict)
    after: int = 1

    def __str__(self) -> str:
        return f"{self.verb} #{self.plot} {dict(self.details) or ''} [{self.id}, after {self.after} min]"


class Stage:
    """A world, and the plots that are played in it."""

    def __init__(self, world: World, plots: list[Plot]) -> None:
        self.world, self.plots = world, plots
        self.codes: dict[int, str] = {}
        self._actors: dict[str, Actor] = {}
        self.secrets: set[str] = set().union(*(plot.secrets for plot in plots))

    def ask(self, actor: Actor, target: str, /, **content: Any) -> Any:
        """Call a method of a service."""
        service, _, method = target.partition(".")
        return self.world.call(service, actor, method, **content)

    def call_back(self, query: str) -> str:
        """The gateway's word to payment; what it is answered."""
        with self.world.processes.one_of("payment") as payment:
            return str(payment.wired.cases.settlement.take_callback(query)[0])

    def secret(self, text: str) -> str:
        """Words of a person, which may be in no event."""
        self.secrets.add(text)
        return text

    def orders(self, number: int) -> list[FeeOrder]:
        """The fee orders of a plot."""
        code = self.codes.get(number)
        return [order for order in self.world.states("order").values() if order.dossier_code == code]

    def officer(self, plot: Plot, move: Move, service: str) -> Actor:
        """An officer of the unit that has the dossier as far as a service knows; who asks again is who asked first."""
        return self._actors.setdefault(move.id, officer_of(self._unit(plot, service)))

    def submitter(self, plot: Plot, move: Move) -> Actor:
        """Who hands papers in: the applicant himself on line, else an officer for him."""
        return plot.owner if plot.channel == "online" else self.officer(plot, move, "intake")

    def _unit(self, plot: Plot, service: str) -> str:
        code, own = self.codes.get(plot.number, ""), plot.procedure["unit"]
        if service == "notify":
            return str((self.world.databases["notify"]["units"].kept(code) or {"unit": own})["unit"])
        found = self.world.state({"intake": "dossier", "routing": "case"}[service], code)
        return str(found.unit if found else own)

    def upload(self, plot: Plot, holder: Actor, component: str, name: str) -> dict[str, str]:
        """A file that has come: what `documents` says of it."""
        accepted = {one["code"]: one["accepts"][0] for one in plot.procedure["components"]}
        unit = f":{holder.unit}" if holder.unit else ""
        uploads = self.world.databases["intake"]
        finished = _finished(name, accepted[component], f"{holder.kind}:{holder.id}{unit}", self.world.clock.at)
        for kept, document in (
            ("uploads", finished),
            ("papers.files", {"length": finished["size"], "chunkSize": _CHUNK_BYTES}),
            ("papers.chunks", {"files_id": name}),
        ):
            with self.world.chance.calmed():
                uploads[kept].update_one({"_id": name}, {"$setOnInsert": document}, upsert=True)
        return {"component": component, "upload_id": name}


def make(stage: Stage, move: Move) -> Any:
    """Make a move. Raises what its caller is told."""
    return VERBS[move.verb](stage, stage.plots[move.plot], move)


def _submit(stage: Stage, plot: Plot, move: Move) -> Any:
    papers = [one["component"] for one in plot.procedure["example"]["documents"]]
    submitter = stage.submitter(plot, move)
    answer = stage.ask(
        submitter,
        "intake.submit",
        tenant=plot.procedure["tenant"],
        procedure=plot.procedure["key"],
        applicant=plot.applicant,
        form=plot.form,
        documents=[stage.upload(plot, submitter, paper, f"{move.id}-{place}") for place, paper in enumerate(papers)],
        channel=plot.channel,
        request_id=move.id,
    )
    stage.codes[plot.number] = answer["dossier_code"]
    return answer


def _supplement(stage: Stage, plot: Plot, move: Move) -> Any:
    paper = plot.procedure["components"][0]["code"]
    submitter = stage.submitter(plot, move)
    documents = [stage.upload(plot, submitter, paper, f"{move.id}-0")]
    return _act(stage, submitter, "intake.supplement", move, plot, documents=documents)


def _request_supplement(stage: Stage, plot: Plot, move: Move) -> Any:
    guidance = stage.secret(f"Hướng dẫn kín {move.id}")
    items = [{"component": plot.procedure["components"][0]["code"], "guidance": guidance}]
    return _act(
        stage,
        stage.officer(plot, move, "routing"),
        "routing.request_supplement",
        move,
        plot,
        items=items,
        reason=_words(stage, move),
    )


def _decide(stage: Stage, plot: Plot, move: Move) -> Any:
    officer, outcome = stage.officer(plot, move, "routing"), move.details["outcome"]
    return _act(stage, officer, "routing.decide", move, plot, outcome=outcome, reason=_words(stage, move))


def _propose(stage: Stage, plot: Plot, move: Move) -> Any:
    officer, outcome = stage.officer(plot, move, "routing"), move.details["outcome"]
    return _act(stage, officer, "routing.propose", move, plot, outcome=outcome, reason=_words(stage, move))


def _sign(stage: Stage, plot: Plot, move: Move) -> Any:
    """Another officer decides as was proposed, or finds that this is not what was."""
    signer = replace(stage.officer(plot, move, "routing"), id=SIGNER)
    return _act(stage, signer, "routing.decide", move, plot, outcome=move.details["outcome"])


def _return_proposal(stage: Stage, plot: Plot, move: Move) -> Any:
    signer = replace(stage.officer(plot, move, "routing"), id=SIGNER)
    return _act(stage, signer, "routing.return_proposal", move, plot, reason=_words(stage, move))


def _assign(stage: Stage, plot: Plot, move: Move) -> Any:
    officer = stage.officer(plot, move, "routing")
    return _act(stage, officer, "routing.assign", move, plot, officer=move.details["officer"])


def _transfer(stage: Stage, plot: Plot, move: Move) -> Any:
    officer, note = stage.officer(plot, move, "routing"), stage.secret(f"Ghi chú kín {move.id}")
    return _act(stage, officer, "routing.transfer", move, plot, note=note, **move.details)


def _return_result(stage: Stage, plot: Plot, move: Move) -> Any:
    return _act(stage, stage.officer(plot, move, "intake"), "intake.return_result", move, plot, method="direct")


def _intrude(stage: Stage, plot: Plot, move: Move) -> Any:
    return _act(stage, STRANGER, "routing.accept", move, plot)


def _start(stage: Stage, plot: Plot, move: Move) -> Any:
    """Go to the gateway."""
    order_id = _order_id(stage, plot, move)
    answer = stage.ask(
        plot.owner,
        "payment.start_payment",
        order_id=order_id,
        method="vnpay",
        return_url=_RETURN_URL,
        request_id=move.id,
    )
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer["redirect_url"]).query).items()}
    at = stage.world.clock.at
    amount = int(asked["vnp_Amount"]) // 100
    stage.world.gateway.come(Purchase(asked["vnp_TxnRef"], amount, stage.codes[plot.number], at, at))
    return answer


def _pay(stage: Stage, plot: Plot, move: Move) -> Any:
    """Pay at the gateway, or give up there; the gateway calls back as often as `callbacks` says."""
    gateway, reference = stage.world.gateway, _reference(stage, plot, move)
    if reference is None:  # he was not sent there
        return []
    gateway.settle(reference, move.details["code"], stage.world.clock.at)
    return [stage.call_back(gateway.callback(reference)) for _ in range(move.details["callbacks"])]


def _forge(stage: Stage, plot: Plot, move: Move) -> Any:
    """Somebody says in the gateway's name that he has paid."""
    query = f"vnp_TxnRef={_reference(stage, plot, move)}&vnp_ResponseCode=00&vnp_Amount=100&vnp_SecureHash=00"
    return stage.call_back(query)


def _pay_at_counter(stage: Stage, plot: Plot, move: Move) -> Any:
    order_id = _order_id(stage, plot, move)
    order = stage.world.states("order")[order_id]
    return stage.ask(
        officer_of(order.unit),
        "payment.record_counter_payment",
        order_id=order_id,
        amount_vnd=order.amount_vnd,
        collector=stage.secret(f"Người thu kín {move.id}"),
        request_id=move.id,
    )


def _revoke(stage: Stage, plot: Plot, move: Move) -> Any:
    code = stage.codes.get(plot.number)
    record = next((one for one in stage.world.states("record").values() if one.dossier_code == code), None)
    return stage.ask(
        officer_of(record.unit) if record else plot.officer,
        "registry.revoke",
        dataset=record.dataset if record else plot.procedure["result"]["dataset"],
        number=record.number if record else "0/0",
        reason=_words(stage, move),
        request_id=move.id,
    )


def _resend(stage: Stage, plot: Plot, move: Move) -> Any:
    """The mail server takes letters to this applicant again, and a failed one is sent once more."""
    stage.world.mail.refused.discard(plot.applicant["email"])
    own = [one for one in stage.world.states("notice").values() if one.dossier_code == stage.codes.get(plot.number)]
    failed = sorted((one.requested_at, one.moment, one.notice_id) for one in own if one.status == "failed")
    officer, notice_id = stage.officer(plot, move, "notify"), failed[0][-1] if failed else "none"
    return stage.ask(officer, "notify.resend", notice_id=notice_id, request_id=move.id)


def _mailbox_full(stage: Stage, plot: Plot, _move: Move) -> Any:
    stage.world.mail.refused.add(plot.applicant["email"])


def _wait(stage: Stage, _plot: Plot, move: Move) -> Any:
    """Hours pass, and every timer looks what they brought, also what another timer has just found."""
    stage.world.clock.pass_(hours=move.details["hours"])
    for _ in range(2):
        stage.world.ring_timers()


def _unit_says(verb: str, *, wordy: bool = False) -> Callable[[Stage, Plot, Move], Any]:
    def act(stage: Stage, plot: Plot, move: Move) -> Any:
        words = {"reason": _words(stage, move)} if wordy else {}
        return _act(stage, stage.officer(plot, move, "routing"), f"routing.{verb}", move, plot, **words)

    return act


def _withdraw(stage: Stage, plot: Plot, move: Move) -> Any:
    return _act(stage, stage.submitter(plot, move), "intake.withdraw", move, plot, reason=_words(stage, move))


VERBS: Final[Mapping[str, Callable[[Stage, Plot, Move], Any]]] = {
    "submit": _submit,
    "supplement": _supplement,
    "withdraw": _withdraw,
    "return_result": _return_result,
    "accept": _unit_says("accept"),
    "reject": _unit_says("reject", wordy=True),
    "request_supplement": _request_supplement,
    "assign": _assign,
    "transfer": _transfer,
    "decide": _decide,
    "propose": _propose,
    "sign": _sign,
    "return_proposal": _return_proposal,
    "stop": _unit_says("stop", wordy=True),
    "intrude": _intrude,
    "start": _start,
    "pay": _pay,
    "forge": _forge,
    "pay_at_counter": _pay_at_counter,
    "revoke": _revoke,
    "mailbox_full": _mailbox_full,
    "resend": _resend,
    "wait": _wait,
}


def _act(stage: Stage, actor: Actor, target: str, move: Move, plot: Plot, **content: Any) -> Any:
    code = stage.codes.get(plot.number, "000.00.00.X00-260101-0001")
    return stage.ask(actor, target, dossier_code=code, request_id=move.id, **content)


def _words(stage: Stage, move: Move) -> str:
    return stage.secret(f"Lý do kín {move.id}")


def _order_id(stage: Stage, plot: Plot, move: Move) -> str:
    return f"{stage.codes.get(plot.number)}-{move.details['order']}"


def _reference(stage: Stage, plot: Plot, move: Move) -> str | None:
    order: FeeOrder = stage.world.states("order")[_order_id(stage, plot, move)]
    attempts = order.attempts[move.details["attempt"] :]
    return str(attempts[0].reference) if attempts else None


def _finished(name: str, type_: str, owner: str, at: datetime) -> dict[str, Any]:
    return {
        "filename": f"{name}.{type_}",
        "content_type": "application/octet-stream",
        "type": type_,
        "size": 1000,
        "sha256": "0" * 64,
        "owner": owner,
        "opened_by": name,
        "status": "finished",
        "dossier_code": None,
        "current": name,
        "sweep_at": at + timedelta(days=3650),
    }


_CHUNK_BYTES: Final = 261_120
OUTCOMES_AT_GATEWAY: Final = (CAPTURED, FAILED)
