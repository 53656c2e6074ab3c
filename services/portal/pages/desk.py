"""The desk of a unit: its queue, what falls due when, and who has how much."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Invalid, NotFound, Refused, ServiceError, Unavailable
from services.contracts.catalogue.numbers import plain_code
from services.portal import months
from services.portal.casework import ACTIONS, STATUSES, actor_words, case_words, latest_news, standing, step_words
from services.portal.colleagues import UNKNOWN, check_officer, colleagues, note_officer
from services.portal.language import say, words
from services.portal.offers import collated
from services.portal.searching import LONGEST, ROWS, Found, found, kept
from services.portal.signin import signed_in, who
from services.portal.views import MOST_VIEWS, Views
from services.portal.wiring import portal
from services.portal.worklist import ME, NOBODY, Place, Wish, is_code

Document = Mapping[str, Any]
pages = Blueprint("desk", __name__, url_prefix="/ban-lam-viec")
_SEE_OTHER: Final = 303


@dataclass(frozen=True, slots=True)
class Tried:
    """Cases that are to be given to an officer, and what stands in the way."""

    codes: Sequence[str] = ()
    officer: str = ""
    problem: str = ""
    is_unsure: bool = False  # whether nothing does but that nobody knows the officer


@pages.get("")
@signed_in("officer")
def queue() -> ResponseReturnValue:
    """The cases that fit, by their dates; one that is named in full is opened at once, whatever else is asked for."""
    place = Place.read(request.args)
    place = Place(place.wish.coded(_prefix()), place.after)
    page = found(place)
    if place.wish.q and [place.wish.q] == (page.codes or found(Place(Wish(status="any", q=place.wish.q))).codes):
        return redirect(url_for("case.show", code=place.wish.q))
    return _page(place, page, Tried(officer=request.args.get("to", "")), page.status)


@pages.post("")
@signed_in("officer")
def search() -> ResponseReturnValue:
    """The queue with these filters, searched by a code, or by the name or the number of an applicant."""
    typed = request.form.get("q", "").strip()[:LONGEST]
    wish = replace(Wish.read(request.form), q="", found="")
    if typed:
        code = plain_code(typed)
        wish = replace(wish, q=code) if is_code(code) else replace(wish, found=kept(typed))
    return redirect(url_for(".queue", **wish.address()), _SEE_OTHER)


def _page(place: Place, page: Found, tried: Tried, status: int = 200) -> ResponseReturnValue:
    wish, staff = place.wish, colleagues()
    drawn = render_template(
        "desk/queue.html",
        place=place,
        tried=tried,
        wish=wish,
        found=page,
        names=_procedure_names(),
        procedures=_procedures(),
        statuses=_statuses(),
        officers=_officers(wish, staff),
        views=_views().all(),
        tabs=tabs(wish),
        staff=staff,
        assignable=ACTIONS["assign"],
        request_id=str(uuid.uuid4()),
    )
    return make_response(drawn, status)


@pages.post("/giao")
@signed_in("officer")
def assign() -> ResponseReturnValue:
    """Give the ticked cases to an officer; which could not be given, and why, is told one by one.

    As on the page of a case nothing is done with one that others did something with since the queue was drawn.
    """
    place, officer = Place.read(request.form), request.form.get("to", "").strip()
    ticked = dict(one.partition(" ")[::2] for one in request.form.getlist("code")[:ROWS])
    codes = list(ticked)
    if not codes or not officer:
        return _page(place, found(place), Tried(codes, officer, say("Chọn ít nhất một hồ sơ và ghi mã cán bộ.")), 422)
    try:
        check_officer(officer, request.form.get("sure", ""))
        overtaken = _overtaken(ticked)
        told = _assigned([code for code in codes if code not in overtaken], officer)
    except (Invalid, Refused) as error:
        problem = words(error.errors[0] if error.errors else error)
        return _page(place, found(place), Tried(codes, officer, problem, error.code == UNKNOWN), error.status)
    given = sum(one["assigned"] for one in told)
    if given:
        note_officer(officer)
        flash(say("Đã giao %(count)s hồ sơ cho %(officer)s.", count=given, officer=officer), "good")
    refused = {one["dossier_code"]: words(one["error"]) for one in told if not one["assigned"]}
    for code, why in (overtaken | refused).items():
        flash(f"{code}: {why}", "bad")
    return redirect(url_for(".queue", **place.address()), _SEE_OTHER)


def _assigned(codes: Sequence[str], officer: str) -> Sequence[Document]:
    """What became of each."""
    if not codes:
        return ()
    asked = {"dossier_codes": codes, "officer": officer, "request_id": request.form.get("request_id", "")}
    told: Sequence[Document] = _ask("routing.assign_many", **asked)["items"]
    return told


def _overtaken(ticked: Mapping[str, str]) -> dict[str, str]:
    """Those of these cases, each with how it stood in the queue, that others changed since then, and how."""
    page = _ask("routing.list_cases", limit=ROWS, status="any", dossier_codes=list(ticked))
    now = {str(one["dossier_code"]): standing(one) for one in page["items"]}
    why = {code: _news_of(code) for code, seen in ticked.items() if now.get(code) != seen}
    return {code: news for code, news in why.items() if news}


def _news_of(code: str) -> str:
    """What somebody else did with a case; nothing where the last step was this officer's own."""
    try:
        news = latest_news(_ask("routing.get_case", dossier_code=code), who().id)
    except NotFound:
        return say("chưa giao, vì hồ sơ không còn ở đơn vị.")
    if news is None:
        return ""
    done = {"who": actor_words(news), "what": step_words(news)}
    return say("chưa giao, vì hồ sơ đã thay đổi từ khi bạn mở trang: %(who)s – %(what)s.", **done)


@pages.post("/goc-nhin")
@signed_in("officer")
def keep_view() -> ResponseReturnValue:
    """Keep these filters under a name, or leave them. What was searched for by name is none of them."""
    wish, views = Wish.read(request.form), _views()
    if "forget" in request.form:
        views.forget(request.form["forget"])
        flash(say("Đã xóa bộ lọc."), "good")
    elif views.keep(request.form.get("name", ""), replace(wish, found="").address()):
        flash(say("Đã lưu bộ lọc."), "good")
    else:
        flash(say("Cần đặt tên cho bộ lọc; mỗi người lưu được %(most)s bộ lọc.", most=MOST_VIEWS), "bad")
    return redirect(url_for(".queue", **wish.address()), _SEE_OTHER)


@pages.get("/lich")
@signed_in("officer")
def calendar() -> ResponseReturnValue:
    """How much falls due on each day of a month."""
    month = months.read(request.args.get("thang", ""))
    due = _ask("routing.due_calendar", from_day=month.first.isoformat(), to_day=month.last.isoformat())
    unit = portal().offers.unit_known(who().tenant or "", who().unit or "")
    offices = portal().offers.standing("calendar", unit.get("calendar", "vn"))
    weeks = month.weeks({one["day"]: one["due"] for one in due["days"]}, offices, unit.get("office_hours", "standard"))
    return render_template("desk/calendar.html", month=month, weeks=weeks, overdue=due["overdue"], tabs=tabs(None))


@pages.get("/khoi-luong")
@signed_in("officer")
def load() -> ResponseReturnValue:
    """Who has how much, and what nobody has."""
    return render_template("desk/load.html", load=_ask("routing.case_load"), tabs=tabs(None))


def tabs(wish: Wish | None) -> list[tuple[str, str, int | None, bool]]:
    """The usual stretches of the queue, each with how many cases are in it."""
    counts = _counts()
    tabs = (
        (say("Đang xử lý"), Wish(), counts.get("open")),
        (say("Của tôi"), Wish(officer=ME), counts.get("mine")),
        (say("Chờ tiếp nhận"), Wish(status="opened"), counts.get("opened")),
        (say("Chờ ký"), Wish(status="proposed"), counts.get("proposed")),
        (say("Chờ bổ sung"), Wish(status="supplement_requested"), counts.get("supplement_requested")),
        (say("Sắp đến hạn"), Wish(late="at_risk"), counts.get("at_risk")),
        (say("Quá hạn"), Wish(late="overdue"), counts.get("overdue")),
        (say("Đã kết thúc"), Wish(status="closed", order="newest"), None),
    )
    lists = [(text, url_for("desk.queue", **tab.address()), count, tab == wish) for text, tab, count in tabs]
    others = (
        (say("Lịch đến hạn"), "desk.calendar"),
        (say("Khối lượng công việc"), "desk.load"),
        (say("Sổ theo dõi hồ sơ"), "register.show"),
    )
    return [*lists, *((text, url_for(name), None, request.endpoint == name) for text, name in others)]


def _counts() -> Mapping[str, int]:
    """The counters; none while they cannot be had: the queue itself is worth more."""
    try:
        counts: Mapping[str, int] = _ask("routing.count_cases")
    except Unavailable:
        return {}
    return counts


def _views() -> Views:
    person = who()
    return Views(portal().sessions, f"{person.tenant}:{person.unit}:{person.id}")


def _ask(target: str, **arguments: Any) -> Any:
    return portal().services.ask(who().actor, target, **arguments)


def _prefix() -> str:
    """What the codes of the unit's dossiers begin with; nothing while that cannot be had."""
    try:
        return str(portal().offers.standing("unit", who().unit or "", who().tenant).get("agency_code", ""))
    except ServiceError:
        return ""


def _statuses() -> list[tuple[str, str]]:
    wide = [("closed", say("đã kết thúc")), ("any", say("tất cả"))]
    return [("open", say("đang xử lý")), *((one, case_words(one)) for one in STATUSES), *wide]


def _procedure_names() -> dict[str, str]:
    return {offer.key: words(offer.line["name"]) for offer in portal().offers.all()}


def _procedures() -> list[tuple[str, str]]:
    """The procedures of the unit as choices, by the alphabet."""
    unit = who().unit
    own = [(offer.key, words(offer.line["name"])) for offer in portal().offers.all() if offer.line["unit"] == unit]
    return [("", say("Mọi thủ tục")), *sorted(own, key=lambda one: collated(one[1]))]


def _officers(wish: Wish, staff: Sequence[str]) -> list[tuple[str, str]]:
    named = {*staff, *([wish.officer] if wish.officer not in {"", ME, NOBODY} else [])}
    fixed = [("", say("Mọi cán bộ")), (ME, say("Của tôi")), (NOBODY, say("Chưa giao"))]
    return [*fixed, *((one, one) for one in sorted(named))]
