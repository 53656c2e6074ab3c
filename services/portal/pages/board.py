"""The board for operations and leadership: dossiers, punctuality, money, services, dead letters."""

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis import clock
from services.chassis.errors import ServiceError
from services.contracts.catalogue.dates import local_today
from services.contracts.events import PUBLISHERS
from services.portal import figures, periods
from services.portal.blocked import blocked_words
from services.portal.language import say
from services.portal.live import mind_who_asks
from services.portal.periods import Period
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

pages = Blueprint("board", __name__, url_prefix="/dieu-hanh")
Asker = Callable[..., Any]
_MOST_LETTERS: Final = 50  # on a page
_LAST_LETTER: Final = 9_800  # that services look for
_OF_EACH: Final = ("health", "list_queues")  # what every service is asked


@pages.get("/")
@signed_in("operator")
def show() -> ResponseReturnValue:
    """Everything at a glance; what a service cannot say now is shown as not known."""
    mind_who_asks()
    period = periods.read(request.args)
    told = _ask_all(_asker(), period)
    return render_template(
        "board/show.html",
        period=period,
        lengths=periods.LENGTHS,
        most_days=periods.MOST_DAYS,
        today=local_today(),
        asked_at=clock.now(),
        unit_names=_unit_names(),
        **told,
    )


@pages.get("/thu-chet")
@signed_in("operator")
def letters() -> ResponseReturnValue:
    """The oldest dead letters of every service, each with what it blocks; or the next ones of one service."""
    ask, named = _asker(), request.args.get("dich-vu", "")
    shown = (named,) if named in PUBLISHERS else PUBLISHERS
    skip = min(max(request.args.get("sau", 0, type=int), 0), _LAST_LETTER) if named in PUBLISHERS else 0
    found = _at_once(
        {name: partial(ask, f"{name}.list_dead_letters", limit=_MOST_LETTERS, skip=skip) for name in shown}
    )
    return render_template(
        "board/letters.html",
        found=found,
        named=named,
        skip=skip,
        blocked_words=blocked_words,
        request_id=str(uuid.uuid4()),
    )


@pages.post("/thu-chet/<service>")
@signed_in("operator")
def replay(service: str) -> ResponseReturnValue:
    """Send the chosen letters back to work."""
    ids = request.form.getlist("id")[:_MOST_LETTERS]
    if service in PUBLISHERS and ids:
        asked = {"ids": ids, "request_id": request.form.get("request_id", "")}
        done = portal().services.ask(who().actor, f"{service}.replay_dead_letters", **asked)
        flash(say("Đã gửi lại %(count)s thông điệp.", count=done["replayed"]), "good")
    else:
        flash(say("Chưa chọn thông điệp nào."), "warn")
    named: dict[str, Any] = {"dich-vu": service} if request.form.get("dich-vu") == service else {}
    return redirect(url_for(".letters", **named), 303)


def _at_once(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The answers to all of them, asked together: a service that is slow delays none of the others."""
    with ThreadPoolExecutor(len(questions)) as pool:
        asked = {name: pool.submit(question) for name, question in questions.items()}
    return {name: asking.result() for name, asking in asked.items()}


def _ask_all(ask: Asker, period: Period) -> dict[str, Any]:
    """What every service says."""
    questions: dict[str, Callable[[], Any]] = {
        "dossiers": partial(ask, "intake.count_dossiers", **period.arguments),
        "cases": partial(ask, "routing.count_by_unit", **period.arguments),
        "fees": partial(ask, "payment.count_fees", **period.arguments),
        **{f"{name}.{asked}": partial(ask, f"{name}.{asked}") for name in PUBLISHERS for asked in _OF_EACH},
    }
    answers = _at_once(questions)
    of_each = {asked: {name: answers.pop(f"{name}.{asked}") for name in PUBLISHERS} for asked in _OF_EACH}
    return {**answers, "health": of_each["health"], "queues": of_each["list_queues"], **_reckoned(answers, period)}


def _asker() -> Asker:
    """Asks as who has signed in, from any thread; an answer is None where there is none now."""
    services, actor = portal().services, who().actor

    def ask(target: str, **arguments: Any) -> Any:
        try:
            return services.ask(actor, target, **arguments)
        except ServiceError:
            return None

    return ask


def _reckoned(answers: dict[str, Any], period: Period) -> dict[str, Any]:
    dossiers, cases, fees = (answers[name] for name in ("dossiers", "cases", "fees"))
    decided = [one["decided"] for one in cases["units"]] if cases else []
    every = {how: sum(one[how] for one in decided) for how in (*figures.ON_TIME, "late")}

    def share(by: str, of: str) -> float | None:
        return figures.share(dossiers[by].get(of, 0), dossiers["total"]) if dossiers else None

    return {
        "on_time": figures.on_time(every) if cases else None,
        "level_3": share("by_level", "3"),
        "level_4": share("by_level", "4"),
        "online": share("by_channel", "online"),
        "paid": figures.total(fees["paid"]) if fees else None,
        "refunded": figures.total(fees["refunded"]) if fees else None,
        "statuses": figures.bars(dossiers["by_status"].items()) if dossiers else [],
        "money": figures.bars(
            (day.isoformat(), sum_) for day, sum_ in figures.by_day(fees["paid"], period.first, period.last)
        )
        if fees
        else [],
        "figures": figures,
    }


def _unit_names() -> dict[str, Any]:
    try:
        return {offer.line["unit"]: offer.unit["name"] for offer in portal().offers.all()}
    except ServiceError:
        return {}
