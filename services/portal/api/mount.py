"""The API in the app: its calls, its description in OpenAPI 3.1, and a page that shows it."""

from typing import Any, Final

from flask import Flask, render_template
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
    """As flask-smorest has it, but errors are the portal's."""

    DEFAULT_ERROR_RESPONSE_NAME = None

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
    app.add_url_rule(f"{PREFIX}/", "api_page", lambda: _page(api.spec.to_dict()))


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
