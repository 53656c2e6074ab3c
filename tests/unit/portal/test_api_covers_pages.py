"""Whatever a citizen does on the pages, a call of the API does: a page that comes without its call fails here."""

import ast
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from services.cli.api.words import MAY
from tests.conftest import ROOT
from tests.unit.portal.fakes import FakeServices, app

API: Final = "/api/v1"
DRAFT, SAVE = "GET /drafts/{draft_id}", "PUT /drafts/{draft_id}"
DOSSIER, PROCEDURE = "GET /dossiers/{code}", "GET /procedures/{tenant}/{key}"
ORDER, PAY = "GET /dossiers/{code}/order", "POST /dossiers/{code}/orders/{order_id}/payments"
ONE_ORDER: Final = "GET /dossiers/{code}/orders/{order_id}"
UNIT, UPLOAD = "GET /units/{tenant}/{unit}", "POST /uploads"
# By endpoint of a page: the calls that do the same, one after the other.
SAME: Final = {
    "home.show": ("GET /procedures",),
    "offers.find": ("GET /procedures",),
    "offers.show": (PROCEDURE, UNIT),
    "apply.start": (PROCEDURE, "GET /procedures/{tenant}/{key}/known", "GET /me", "GET /drafts"),
    "apply.template": (PROCEDURE,),  # the columns of a table
    "apply.resume": (DRAFT, PROCEDURE),
    "apply.save": (SAVE,),
    "apply.save_quietly": (SAVE,),
    "apply.discard": ("DELETE /drafts/{draft_id}",),
    "uploads.show": (DRAFT, PROCEDURE),
    "uploads.bring": (UPLOAD, SAVE),
    "uploads.open_one": (UPLOAD,),
    "uploads.pass_part": (UPLOAD,),  # its answer says where the file goes
    "uploads.finish_one": (SAVE,),
    "uploads.take_out": (SAVE,),
    "review.show": (DRAFT, "POST /checks"),
    "review.submit": ("POST /dossiers",),
    "dossiers.show_all": ("GET /dossiers", "GET /drafts"),
    "dossiers.show": (
        DOSSIER,
        "GET /dossiers/{code}/term",
        "GET /dossiers/{code}/notices",
        "GET /dossiers/{code}/slips",
        UNIT,
    ),
    "dossiers.progress": (DOSSIER, "GET /dossiers/{code}/supplements", "GET /dossiers/{code}/decision"),
    "dossiers.paper": ("GET /dossiers/{code}/documents/{upload_id}",),
    "dossiers.notice": ("GET /dossiers/{code}/notices/{notice_id}",),
    "dossiers.withdraw": (DOSSIER,),
    "dossiers.withdrawn": ("POST /dossiers/{code}/withdrawal",),
    "dossiers.collect": (DOSSIER, "GET /dossiers/{code}/decision"),
    "dossiers.collected": ("POST /dossiers/{code}/collection",),
    "apply.supplement": (DOSSIER, "GET /dossiers/{code}/supplements", DRAFT),
    "apply.answer": ("POST /dossiers/{code}/supplement", UPLOAD, SAVE),
    "apply.keep_quietly": (SAVE,),
    "apply.open_further": (UPLOAD,),
    "apply.finish_further": (SAVE,),
    "payments.show": (ORDER, ONE_ORDER),
    "payments.start": (PAY, "POST /dossiers/{code}/order/payments"),
    "payments.onward": (PAY,),  # its answer is where to go on to
    "payments.waiting": (ONE_ORDER,),
    "payments.result": (ONE_ORDER,),
    "payments.state": (ONE_ORDER,),
    "slips.show": ("GET /dossiers/{code}/slips/{kind}",),
    "slips.download": ("GET /dossiers/{code}/slips/{kind}",),
    "slips.receipt": ("GET /dossiers/{code}/receipts/{order_id}",),
    "slips.receipt_pdf": ("GET /dossiers/{code}/receipts/{order_id}",),
    "lookup.ask": ("POST /lookups",),
    "lookup.answer": ("POST /lookups",),
    "verify.ask": ("POST /verifications",),
    "verify.go": ("POST /verifications",),
    "verify.show": ("POST /verifications",),
    "verify.compare": ("POST /verifications",),
}
# What is of the pages themselves, or of the browser that shows them.
OF_THE_PAGES: Final = {
    "static",
    "live",
    "ready",
    "api_page",
    "style.show",
    "style.lead",
    "installed.manifest",
    "installed.worker",
    "installed.offline",
    "signin.start",
    "signin.finish",
    "signin.leave",
    "signin.resend",
    "signin.lead",
    "staying.look",
    "staying.go_on",
}


def endpoints() -> set[str]:
    """Those that a citizen may ask for, the API's aside."""
    built = app(FakeServices())
    views = {name: view for name, view in built.view_functions.items() if not name.startswith(("api.", "api-"))}
    return {name for name, view in views.items() if "citizen" in getattr(view, "kinds", ("citizen",))}


def test_every_page_of_a_citizen_has_calls_that_do_the_same() -> None:
    assert endpoints() - OF_THE_PAGES == set(SAME)


def test_those_calls_are_there_and_there_are_no_others() -> None:
    spec: Any = app(FakeServices()).test_client().get(f"{API}/openapi.json").json
    there = {
        f"{method.upper()} {path.removeprefix(API)}"
        for path, methods in spec["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert {call for calls in SAME.values() for call in calls} == there


def test_whatever_pages_ask_of_services_for_a_citizen_calls_ask_too() -> None:
    built = app(FakeServices())
    pages = {built.view_functions[endpoint].__module__ for endpoint in SAME}
    calls = {f"services.portal.api.{file.stem}" for file in (ROOT / "services/portal/api").glob("*.py")}
    of_pages, of_calls = asked_in(pages), asked_in(calls)
    assert "registry.look_up" in of_pages
    assert of_pages - of_calls == set()


def asked_in(modules: Iterable[str]) -> set[str]:
    """The methods of services that stand in these modules of the portal and in those that they import."""
    seen: set[Path] = set()
    left = [file_of(one) for one in modules]
    found: set[str] = set()
    while left:
        file = left.pop()
        if file in seen or not file.exists():
            continue
        seen.add(file)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        said = {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
        found |= said & set(MAY)
        left += [file_of(name) for name in imported(tree) if name.startswith("services.portal.")]
    return found


def imported(tree: ast.Module) -> Iterable[str]:
    """The modules that a file imports; of `from package import module` too."""
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and one.module:
            yield one.module
            yield from (f"{one.module}.{name.name}" for name in one.names)


def file_of(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")
