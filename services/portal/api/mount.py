"""The API in the app: its calls, its description in OpenAPI 3.1, and a page that shows it."""

from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from flask import Flask, Response, render_template
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect

from services.portal.api.calls import calls
from services.portal.api.described import CodeInAddress, KeyInAddress, describe
from services.portal.api.explained import explained
from services.portal.api.fees import fees
from services.portal.api.printed import printed
from services.portal.sessions import cookie_of

PREFIX: Final = "/api/v1"
_BEARER: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An identity token of the portal's OpenID provider."},
}


class PortalApi(Api):  # type: ignore[misc]
    """As flask-smorest has it, but errors are the portal's, and it is described when somebody first asks for that.

    The description is most of the work of putting the API into an app, and few ask for it.
    """

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, **options: Any) -> None:
        self._undescribed: list[Callable[[], None]] = []
        self._describing = Lock()
        super().__init__(app, **options)

    def describe_later(self, describe: Callable[[], None]) -> None:
        """Have this done to the description before anybody sees it."""
        self._undescribed.append(describe)

    def described(self) -> dict[str, Any]:
        """The description in OpenAPI."""
        self._complete()
        told: dict[str, Any] = self.spec.to_dict()
        return told

    def _openapi_json(self) -> Response:
        self._complete()
        answer: Response = super()._openapi_json()
        return answer

    def _complete(self) -> None:
        with self._describing:
            while self._undescribed:
                self._undescribed[0]()
                del self._undescribed[0]

    def _register_error_handlers(self) -> None:
        """They are in `errors`."""


def mount(app: Flask, csrf: CSRFProtect) -> None:
    """Have the app answer the API."""
    app.config.update(
        API_TITLE="Một Cửa",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.url_map.converters |= {"key": KeyInAddress, "code": CodeInAddress}
    api = PortalApi(app, spec_kwargs={"components": {"securitySchemes": _ways_in(app)}})
    describe(api)
    for door in (calls, fees, explained, printed):
        csrf.exempt(door)
        api.register_blueprint(door)
    app.add_url_rule(f"{PREFIX}/", "api_page", lambda: _page(api.described()))


def _ways_in(app: Flask) -> dict[str, Any]:
    session = {"type": "apiKey", "in": "cookie", "name": cookie_of(app)}
    return {**_BEARER, "session": {**session, "description": "Pages of the portal itself."}}


def _page(spec: dict[str, Any]) -> str:
    operations = [
        (method, path, told)
        for path, methods in spec["paths"].items()
        for method, told in methods.items()
        if method != "parameters"
    ]
    return render_template("api.html", spec=spec, operations=operations)
