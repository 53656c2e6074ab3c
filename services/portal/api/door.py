"""What every call of the API has: who asks, strict JSON, problems as RFC 9457, keys against doing a thing twice."""

from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, Final, ParamSpec, TypeVar

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from services.chassis import codec
from services.chassis.errors import Denied, Invalid, ServiceError
from services.contracts.fields import explain
from services.portal.api.answers import Problem
from services.portal.people import Person
from services.portal.signin import bearer, person
from services.portal.wiring import portal

P = ParamSpec("P")
R = TypeVar("R")
Answer = dict[str, Any]
_LONGEST_BODY: Final = 2_000_000
PROBLEM: Final = "application/problem+json"
_WORDS: Final = {  # in English and Vietnamese
    400: ("The request has not the shape that is asked for; see errors.", "Yêu cầu chưa hợp lệ; xem chi tiết."),
    401: ("Nobody has signed in.", "Chưa đăng nhập."),
    403: ("The caller may not do this.", "Người gọi không được làm việc này."),
    404: ("It is not there, or not the caller's to see.", "Không có, hoặc người gọi không được xem."),
    405: ("This address does not take that method.", "Địa chỉ này không nhận phương thức đó."),
    409: (
        "Somebody was faster, or the Idempotency-Key stands for another request.",
        "Có người vừa làm trước, hoặc Idempotency-Key đã dùng cho yêu cầu khác.",
    ),
    412: ("It was changed meanwhile.", "Nội dung vừa được thay đổi."),
    413: ("The body is too long.", "Nội dung gửi lên quá dài."),
    422: ("A rule says no.", "Quy định không cho phép."),
    429: ("This address asked too often; ask again later.", "Địa chỉ này hỏi quá nhiều lần; hãy thử lại sau."),
    503: (
        "Ask again in a moment, with the same Idempotency-Key.",
        "Hãy thử lại sau giây lát, với cùng Idempotency-Key.",
    ),
}
_REFUSED: Final = ("The request cannot be served.", "Không thể phục vụ yêu cầu này.")
_DEFECT: Final = ("Our mistake; ask again later.", "Lỗi của chúng tôi; hãy thử lại sau.")
_ANY: Final = (400, 404, 503)


class StrictParser(FlaskParser):
    """As services read JSON: no number that is none, no name twice, not too deep, not too much."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Any, schema: Schema) -> Any:
        """The body."""
        try:
            body = req.get_data()
        except RequestEntityTooLarge as error:
            raise Invalid("message.too_large", "The message is too long.", "Nội dung quá dài.") from error
        return codec.decode(body, _LONGEST_BODY)

    def handle_error(self, error: Any, req: Any, schema: Any, *, error_status_code: Any, error_headers: Any) -> Any:
        """Name every field at fault."""
        inside = [part for messages in error.messages.values() for part in explain(messages)]
        raise Invalid(
            "portal.invalid", "The request is not valid; see errors.", "Yêu cầu chưa hợp lệ; xem chi tiết.", inside
        )


class Door(Blueprint):  # type: ignore[misc]
    """The calls about one kind of thing."""

    ARGUMENTS_PARSER = StrictParser()

    def problems(self, *statuses: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Document which problems a call may end with, besides those that any may."""

        def document(view: Callable[P, R]) -> Callable[P, R]:
            for status in sorted({*statuses, *_ANY}):
                about = {"schema": Problem, "description": _WORDS[status][0], "content_type": PROBLEM}
                view = self.alt_response(status, **about)(view)
            if HTTPStatus.UNAUTHORIZED in statuses:
                view = self.doc(security=[{"bearer": []}, {"session": []}])(view)
            return view

        return document

    def register_views_in_doc(self, api: Any, *about: Any, **options: Any) -> None:
        """Describe the calls once somebody asks for the description."""
        api.describe_later(partial(super().register_views_in_doc, api, *about, **options))


def applicant() -> Person:
    """The citizen or enterprise that asks. Raises Denied."""
    found: Person | None = bearer() or person()
    if found is None:
        raise SignedOut("portal.signed_out", "Sign in, or send a bearer token.", "Vui lòng đăng nhập.")
    if not found.is_applicant:
        raise Denied("portal.applicants_only", "This is for applicants.", "Chỉ dành cho người nộp hồ sơ.")
    g.person = found  # for parts that pages use too
    return found


def ask(target: str, /, **arguments: Any) -> Any:
    """The answer of a service to the caller; what is None was not said."""
    said = {name: value for name, value in arguments.items() if value is not None}
    return portal().services.ask(applicant().actor, target, **said)


class SignedOut(Denied):
    """Nobody has signed in."""

    status = 401


def protect() -> None:
    """A browser's session may be used by our own pages only: they send `X-CSRFToken`. A bearer token needs none."""
    is_on: bool = current_app.config.get("WTF_CSRF_ENABLED", True)
    if is_on and request.headers.get("Authorization") is None and person() is not None:
        current_app.extensions["csrf"].protect()


def keyed(view: Callable[..., R]) -> Callable[..., R]:
    """Give the key as `request_id`, so that views read like commands."""

    @wraps(view)
    def with_id(*args: Any, **kwargs: Any) -> R:
        *others, headers = args
        return view(*others, headers["key"].strip('"'), **kwargs)

    return with_id


def show(error: Exception) -> Response:
    """An error as a problem. Whatever is none of ours is told in general."""
    if isinstance(error, ServiceError):
        return _problem(error.status, {**error.problem(), "status": error.status})
    if isinstance(error, HTTPException) and error.code:
        title = HTTPStatus(error.code).phrase
        return _problem(error.code, {"title": title, **_detail(_WORDS.get(error.code, _REFUSED))}, error)
    return _problem(500, {"title": "Defect", **_detail(_DEFECT)})


def _detail(said: tuple[str, str]) -> dict[str, str]:
    return {"detail": said[0], "detail_vi": said[1]}


def _problem(status: int, said: dict[str, Any], error: HTTPException | None = None) -> Response:
    body = {"type": "about:blank", "code": f"http.{status}", "status": status, **said}
    answer = Response(codec.encode(body), status, mimetype=PROBLEM)
    if error is not None:
        answer.headers.extend({name: value for name, value in error.get_headers() if name == "Allow"})
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = "2"
    return answer
