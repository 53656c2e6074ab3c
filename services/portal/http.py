"""The portal under gunicorn: `services.portal.http:create_app()`."""

import atexit
import hashlib
import threading
from pathlib import Path
from typing import Any, Final

from flask import Flask, url_for
from flask_wtf.csrf import CSRFProtect

from services.chassis import logs, tracing
from services.chassis.counted import counted
from services.chassis.exposition import expose, withdraw
from services.chassis.http import answer, readiness
from services.chassis.keys import keys_or_exit
from services.chassis.lateness import LATENESS
from services.chassis.logs import log
from services.chassis.settings import settings_or_exit
from services.chassis.traced import traced
from services.portal import (
    casework,
    drawing,
    language,
    limits,
    prefill,
    security,
    senders,
    shell,
    signin,
    telling,
    wording,
)
from services.portal.api.mount import mount
from services.portal.errors import show_errors
from services.portal.pages import (
    board,
    case,
    counter,
    desk,
    dossiers,
    home,
    installed,
    lookup,
    offers,
    payments,
    register,
    review,
    slips,
    staying,
    style,
    supplement,
    uploads,
    verify,
)
from services.portal.settings import PortalSettings
from services.portal.wiring import Portal, portal, wire

SERVICE: Final = "portal"
_PROCESS: Final = "portal-http"
_LONGEST_FORM: Final = 4_000_000
_PAGES: Final = (
    home.pages,
    offers.pages,
    board.pages,
    style.pages,
    dossiers.pages,
    payments.pages,
    lookup.pages,
    verify.pages,
    slips.pages,
    desk.pages,
    register.pages,
    case.pages,
    counter.pages,
    supplement.pages,
    uploads.pages,
    review.pages,
    installed.pages,
    staying.pages,
)
_A_YEAR: Final = 31_536_000


def create_app() -> Flask:
    """The portal, ready to serve."""
    settings = settings_or_exit(PortalSettings, SERVICE)
    logs.configure(_PROCESS, settings.log_level)
    tracing.start(settings, _PROCESS)
    with keys_or_exit(SERVICE):
        made = wire(settings)
    made.sessions.ensure_indexes()
    _watch(made)
    expose(settings, _PROCESS, made.health.report)
    atexit.register(withdraw, settings, _PROCESS)
    atexit.register(tracing.stop)
    atexit.register(made.services.close)
    log.info("door_opened")
    return build(made)


def _watch(made: Portal) -> None:
    """Look at what the portal needs beside its work, in threads of this process."""
    stopping = threading.Event()
    for name, run in (("health", made.health.keep_looking), ("lateness", LATENESS.keep_ticking)):
        threading.Thread(target=run, args=(stopping,), name=name, daemon=True).start()
    atexit.register(stopping.set)


def build(made: Portal) -> Flask:
    """The app over these parts; tests give it parts of their own."""
    app = Flask(__name__, static_url_path="/static")
    settings = made.settings
    app.config.update(
        SECRET_KEY=settings.secret,
        SESSION_COOKIE_SECURE=settings.is_secure,
        MAX_CONTENT_LENGTH=_LONGEST_FORM,
        MAX_FORM_MEMORY_SIZE=_LONGEST_FORM,
        MAX_FORM_PARTS=20_000,
        WTF_CSRF_TIME_LIMIT=None,  # a form is good as long as its session
        SEND_FILE_MAX_AGE_DEFAULT=_A_YEAR,
        PREFERRED_URL_SCHEME="https" if settings.is_secure else "http",
    )
    app.extensions["motcua"] = made
    app.session_interface = made.sessions
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(static=_static(app), settings=settings)
    traced(counted(app))
    language.speak(app)
    wording.teach(app)
    telling.teach(app)
    casework.teach(app)
    drawing.teach(app)
    prefill.teach(app)
    shell.surround(app)
    security.harden(app, secure=settings.is_secure)
    senders.bound(app)
    uploads.make_room(app)
    csrf = CSRFProtect(app)
    show_errors(app)
    limits.keep(app, settings, made.database)
    signin.offer(app, settings)
    for pages in _PAGES:
        app.register_blueprint(pages)
    mount(app, csrf)
    app.add_url_rule("/health/live", "live", lambda: answer({"live": True}))
    app.add_url_rule("/health/ready", "ready", readiness(lambda: portal().health.report()))
    return app


def _static(app: Flask) -> Any:
    """The address of a file of ours, with a mark of what is in it: it may be kept for ever."""
    marks: dict[str, str] = {}

    def address(name: str) -> str:
        if name not in marks:
            content = (Path(str(app.static_folder)) / name).read_bytes()
            marks[name] = hashlib.sha256(content).hexdigest()[:10]
        return url_for("static", filename=name, v=marks[name])

    return address
