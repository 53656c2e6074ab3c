"""Where a dossier is, for whoever knows its code and the number of its applicant; neither stands in an address."""

from datetime import datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from services.chassis.errors import Invalid, NotFound
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.numbers import plain_code, plain_number
from services.portal.following import unit_of
from services.portal.limits import limited
from services.portal.wiring import portal

pages = Blueprint("lookup", __name__, url_prefix="/tra-cuu")
_LONGEST = 60


@pages.get("")
def ask() -> str:
    """The form; a code may come along from a slip's QR code."""
    return render_template("lookup/ask.html", code=request.args.get("ma", "")[:_LONGEST], missing=())


@pages.post("")
@limited("lookup", "POST")
def answer() -> ResponseReturnValue:
    """What is public of it. A wrong code and a wrong number are answered alike."""
    code = request.form.get("code", "").strip()[:_LONGEST]
    number = plain_number(request.form.get("id_number", "")[:_LONGEST])
    missing = [name for name, value in (("code", code), ("id_number", number)) if not value]
    if missing:
        return render_template("lookup/ask.html", code=code, missing=missing), 400
    services, offers = portal().services, portal().offers
    try:
        found = services.ask(None, "intake.track", dossier_code=plain_code(code), id_number=number)
    except (NotFound, Invalid):
        return render_template("lookup/ask.html", code=code, missing=(), is_unknown=True), 404
    submitted_on = local_day(datetime.fromisoformat(found["submitted_at"]))
    procedure = offers.procedure_version(found["tenant"], found["procedure"], submitted_on.isoformat())
    unit = unit_of(found)
    return render_template("lookup/found.html", found=found, procedure=procedure, unit=unit)
