"""The gateway's doors: the payer's pages, the merchant API, the operator's controls."""

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from deploy.sandbox.gateway import clock
from deploy.sandbox.gateway.api import MerchantApi
from deploy.sandbox.gateway.callbacks import Callbacks
from deploy.sandbox.gateway.controls import operator_controls
from deploy.sandbox.gateway.faulty import FaultyApi
from deploy.sandbox.gateway.ledger import Ledger
from deploy.sandbox.gateway.lines import Line
from deploy.sandbox.gateway.pages import payer_pages
from deploy.sandbox.gateway.settings import Settings

_LARGEST_REQUEST = 64 * 1024


def create_app(settings: Settings, ledger: Ledger, callbacks: Callbacks) -> Flask:
    """The WSGI application."""
    app = Flask("deploy.sandbox.gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.register_blueprint(payer_pages(settings, ledger, callbacks))
    app.register_blueprint(operator_controls(ledger, callbacks))
    api = FaultyApi(MerchantApi(settings, ledger), ledger, settings.secret)

    @app.post("/merchant_webapi/api/transaction")
    def call() -> ResponseReturnValue:
        line = Line(request.environ["werkzeug.socket"])
        return api.answer(request.get_json(force=True, silent=True), line, clock.now())

    @app.get("/health")
    def health() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app
