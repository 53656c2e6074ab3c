"""What the portal tells browsers to refuse: foreign scripts, frames, guesses about content."""

from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "frame-src 'self' blob:",
        "object-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
FRAMED_POLICY: Final = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}


def is_own_form() -> bool:
    """Whether the browser says that a page of this very origin sent the form; of who says nothing, we do not know."""
    ours = {_origin(request.host_url), _origin(current_app.extensions["motcua"].settings.portal_url)}
    is_ours = _origin(request.headers.get("Origin", "")) in ours
    return is_ours and request.headers.get("Sec-Fetch-Site") in {None, "same-origin"}


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def harden(app: Flask, *, secure: bool) -> None:
    """Put the headers on every answer; pages about people are kept by nobody."""

    @app.after_request
    def _add(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
