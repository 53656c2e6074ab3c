"""Signing in by OpenID Connect, with PKCE, state and nonce; what people may see follows from who they are."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlencode

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests.exceptions import RequestException

from services.chassis import clock
from services.chassis.errors import Denied, NotFound, Unavailable
from services.chassis.logs import log
from services.portal.language import say, sentence
from services.portal.limits import limited
from services.portal.people import Person, read_person, recall
from services.portal.settings import PortalSettings

P = ParamSpec("P")
R = TypeVar("R")
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_LONGEST_TOKEN, _LEEWAY = 8_000, 60
_KEYS_ASKED, _KEYS_SECONDS = "motcua.keys_asked", 60.0
_PERSON = "person"
_STASH = "stash"  # a form that came without a session: {action, typed: [[name, value]]}
_STASH_KEPT = timedelta(minutes=15)
_KEPT_NO_LONGER = sentence(
    "Những gì bạn gửi khi phiên đã hết chỉ được giữ 15 phút, nay không còn. Bản nháp, nếu có, vẫn còn những gì đã lưu."
)
_SCOPE, _SECONDS = "openid profile email phone address", 10
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
pages = Blueprint("signin", __name__)


def offer(app: Flask, settings: PortalSettings) -> None:
    """Have the portal know its provider and its people."""
    meet(app, settings)
    app.register_blueprint(pages)
    app.jinja_env.globals.update(person=person)


def meet(app: Flask, settings: PortalSettings) -> None:
    """Know who the provider is; what it says of itself is asked when it is first needed."""
    oauth = OAuth(app)
    oauth.register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": _SCOPE, "code_challenge_method": "S256", "timeout": _SECONDS},
    )
    app.extensions["motcua.oidc"] = oauth.provider


def person() -> Person | None:
    """Who has signed in on this browser."""
    if "person" not in g:
        g.person = recall(session.get(_PERSON))
    found: Person | None = g.person
    return found


def bearer() -> Person | None:
    """Who the identity token in `Authorization` names; it must be for the portal, or a front end that it knows.

    The provider's signature, the issuer, the audience and the end of the token are checked. Raises Denied.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if not token:
        return None
    if kind.lower() != "bearer" or len(token) > _LONGEST_TOKEN:
        raise _untrusted()
    try:
        metadata = _provider().load_server_metadata()
        read = _decoded(token)
        settings: PortalSettings = current_app.extensions["motcua"].settings
        clients = [settings.oidc_client_id, *settings.api_clients]
        required: Any = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "values": clients},
            "exp": {"essential": True},
        }
        jwt.JWTClaimsRegistry(leeway=_LEEWAY, **required).validate(read.claims)
    except RequestException as error:
        raise _no_provider() from error
    except (JoseError, ValueError) as error:
        raise _untrusted() from error
    return read_person(read.claims)


def _of_one_person(signed: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What the identity token and the provider say. Raises KeyError where that is of two (OpenID Connect, 5.3.2)."""
    if told.get("sub") != signed["sub"]:
        raise KeyError("sub")
    return {**signed, **told}


def _decoded(token: str) -> jwt.Token:
    """The token as the provider signed it. Where no key fits there may be new ones: asked for once a minute."""
    try:
        return jwt.decode(token, KeySet.import_key_set(_provider().fetch_jwk_set()), algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        kept, now = current_app.extensions, time.monotonic()
        if now - kept.get(_KEYS_ASKED, -_KEYS_SECONDS) < _KEYS_SECONDS:
            raise
        kept[_KEYS_ASKED] = now
        return jwt.decode(token, KeySet.import_key_set(_provider().fetch_jwk_set(force=True)), algorithms=_ALGORITHMS)


def who() -> Person:
    """Who has signed in. Raises Denied; pages that ask for it stand behind `signed_in`."""
    found = person()
    if found is None:
        raise Denied("portal.signed_out", "Sign in first.", "Vui lòng đăng nhập.")
    return found


def signed_in(*kinds: str) -> Callable[[Callable[P, R]], Callable[P, R | ResponseReturnValue]]:
    """A page for people of these kinds: who has not signed in does so and comes back; for others it is not there."""

    def guard(page: Callable[P, R]) -> Callable[P, R | ResponseReturnValue]:
        @wraps(page)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | ResponseReturnValue:
            found = person()
            if found is None:
                return _sign_in_first()
            if found.kind not in kinds:
                raise NotFound("portal.no_page", "There is nothing at this address.", "Không có trang này.")
            _send_no_more()
            return page(*args, **kwargs)

        guarded.kinds = kinds  # type: ignore[attr-defined]
        return guarded

    return guard


def _from_outside(endpoint: str) -> str:
    """What browsers call a page by: settings know it, whatever host a request names."""
    settings: PortalSettings = current_app.extensions["motcua"].settings
    return settings.portal_url + url_for(endpoint)


@pages.get("/dang-nhap/gui-lai")
def resend() -> ResponseReturnValue:
    """What was sent when the session had ended, to be sent once more."""
    kept = session.get(_STASH)
    if kept and clock.now() - kept["at"] > _STASH_KEPT:  # at a shared computer somebody else may come next
        del session[_STASH]
        flash(say(_KEPT_NO_LONGER), "warn")
        kept = None
    if not kept:
        return redirect(url_for("home.show"))
    return render_template("errors/stale.html", typed=kept["typed"], action=kept["action"])


@pages.get("/dang-nhap/tiep")
def lead() -> ResponseReturnValue:
    """On to signing in, by itself: a form may end at no host but ours (CSP `form-action`, w3c/webappsec-csp#8)."""
    onward = _safe(request.args.get("next", ""))
    if person():
        return redirect(onward)
    return render_template("signin/onward.html", onward=onward, is_held=onward == url_for(".resend"))


@pages.get("/dang-nhap")
@limited("sign_in")
def start() -> ResponseReturnValue:
    """To the provider, and back to where one came from."""
    session["next"] = _safe(request.args.get("next", ""))
    try:
        to_provider: ResponseReturnValue = _provider().authorize_redirect(_from_outside(".finish"))
    except (OAuthError, RequestException) as error:
        raise _no_provider() from error
    return to_provider


@pages.get("/dang-nhap/xong")
def finish() -> ResponseReturnValue:
    """Back from the provider: the session gets another name, and knows who this is."""
    try:
        token = _provider().authorize_access_token()
        claims = _of_one_person(token["userinfo"], _provider().userinfo(token=token))
    except RequestException as error:
        raise _no_provider() from error
    except (OAuthError, JoseError, KeyError) as error:
        log.warning("sign_in_refused", reason=type(error).__name__)
        return render_template("signin/refused.html"), 400
    found, onward, kept = read_person(claims), session.get("next", "/"), session.get(_STASH)
    _renew()
    session[_PERSON] = found.kept()
    if kept is not None:
        session[_STASH] = kept
    log.info("signed_in", kind=found.kind)
    return redirect(onward)


@pages.post("/dang-xuat")
def leave() -> ResponseReturnValue:
    """Out of the portal, and of the provider where it has a door for that; nothing stays on the device."""
    _renew()
    try:
        door = _provider().load_server_metadata().get("end_session_endpoint")
    except (OAuthError, RequestException):
        door = None
    home = _from_outside("home.show")
    asked = urlencode({"client_id": _provider().client_id, "post_logout_redirect_uri": home})  # no token in an address
    page = make_response(render_template("signin/left.html", onward=f"{door}?{asked}" if door else None))
    page.headers["Clear-Site-Data"] = '"storage"'
    return page


def _provider() -> Any:
    return current_app.extensions["motcua.oidc"]


def is_guarded() -> bool:
    """Whether the page that is asked for stands behind `signed_in`."""
    return hasattr(current_app.view_functions.get(request.endpoint or ""), "kinds")


def hold(typed: Iterable[tuple[str, str]]) -> None:
    """Keep what a form sent for whoever signs in now: `resend` shows it, to be sent once more."""
    kept = [[name, value] for name, value in typed if name != "csrf_token"]
    session[_STASH] = {"action": request.path, "typed": kept, "at": clock.now()}
    g.is_held = True


def _renew() -> None:
    """Another session from now on, and nobody's: who it was of may have been asked for already (`senders`)."""
    session.renew()  # type: ignore[attr-defined]
    g.pop("person", None)


def _sign_in_first() -> ResponseReturnValue:
    """To the provider, and back to this page; what a form sent is kept meanwhile, and is then sent once more."""
    if request.method in {"GET", "HEAD"}:
        way = "lead" if request.query_string else "start"  # by a form that filters, maybe
        return redirect(url_for(f"signin.{way}", next=request.full_path.rstrip("?")))
    if request.mimetype not in _FORMS:  # a script asks: it keeps what it has
        raise Denied("portal.signed_out", "Sign in first.", "Vui lòng đăng nhập.")
    hold(request.form.items(multi=True))
    return redirect(url_for("signin.lead", next=url_for("signin.resend")), 303)


def _send_no_more() -> None:
    """The form that was kept has come."""
    if request.method == "POST" and session.get(_STASH, {}).get("action") == request.path:
        del session[_STASH]


def _safe(onward: str) -> str:
    """An address of ours: a path, and nothing that a browser could read as another host."""
    is_ours = onward.startswith("/") and not onward.startswith(("//", "/\\")) and onward.isprintable()
    return onward if is_ours else "/"


def _untrusted() -> Denied:
    error = Denied("portal.untrusted_token", "The bearer token is not good here.", "Mã truy cập không hợp lệ.")
    error.status = 401  # type: ignore[misc]
    return error


def _no_provider() -> Unavailable:
    return Unavailable(
        "portal.provider_unavailable",
        "The sign-in service does not answer; try again in a moment.",
        "Hệ thống đăng nhập chưa sẵn sàng, vui lòng thử lại sau ít phút.",
    )
