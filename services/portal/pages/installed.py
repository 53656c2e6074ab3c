"""The portal as an app: what it is called, what a device keeps of it, and the page for when there is no line.

All three are the same for everybody and read no session: what a device keeps of them is nobody's.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, current_app, g, request, url_for
from flask.typing import ResponseReturnValue

from services.portal.language import LANGUAGES, say

pages = Blueprint("installed", __name__)
KEPT: Final = (
    "portal.css",
    "portal.js",
    "device.js",
    "form.js",
    "upload.js",
    "follow.js",
    "offline.js",
    "mark.svg",
)
_COLOURS: Final = {"background_color": "#faf8f3", "theme_color": "#0b5254"}  # --paper and --brand of portal.css
_ICONS: Final = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)
_SHORTCUTS: Final = ("dossiers.show_all", "offers.find", "lookup.ask")


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """What the app is called, and what it looks like."""
    g.language = LANGUAGES[0]
    names = {
        "dossiers.show_all": say("Hồ sơ của tôi"),
        "offers.find": say("Tìm thủ tục"),
        "lookup.ask": say("Tra cứu hồ sơ"),
    }
    told = {
        "id": "/",
        "lang": LANGUAGES[0],
        "name": "Một Cửa – Cổng dịch vụ công trực tuyến",
        "short_name": "Một Cửa",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        **_COLOURS,
        "icons": [
            {"src": _static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in _ICONS
        ],
        "shortcuts": [{"name": names[endpoint], "url": url_for(endpoint)} for endpoint in _SHORTCUTS],
    }
    answer = Response(json.dumps(told, ensure_ascii=False), mimetype="application/manifest+json")
    return _for_everybody(answer)


@pages.get("/sw.js")
def worker() -> Response:
    """The service worker, told which files to keep; it is another one whenever one of them is."""
    files, offline = [_static(name) for name in KEPT], url_for(".offline")
    mark = hashlib.sha256("\n".join([*files, _offline_page()]).encode()).hexdigest()[:10]
    told = {"MARK": mark, "FILES": files, "OFFLINE": offline}
    code = (Path(str(current_app.static_folder)) / "sw.js").read_text("utf-8")
    lines = [f"const {name} = {json.dumps(value)};" for name, value in told.items()]
    return _for_everybody(Response("\n".join([*lines, code]), mimetype="text/javascript"))


@pages.get("/ngoai-tuyen")
def offline() -> ResponseReturnValue:
    """What a device shows while there is no line, in both languages: nothing is known of who looks."""
    return _for_everybody(Response(_offline_page(), mimetype="text/html"))


def _offline_page() -> str:
    """Rendered without what surrounds other pages: that looks into the session."""
    template = current_app.jinja_env.get_template
    parts = []
    for g.language in LANGUAGES:
        parts.append((g.language, template("installed/part.html").render()))
    return template("installed/offline.html").render(parts=parts)


def _static(name: str) -> str:
    address: Any = current_app.jinja_env.globals["static"]
    return str(address(name))


def _for_everybody(answer: Response) -> Response:
    """Asked for again each time, and not sent again as long as it is the same."""
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
