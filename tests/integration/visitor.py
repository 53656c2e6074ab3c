"""Somebody at the portal by plain HTTP: signs in, opens pages, sends their forms; and every address that he met."""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final, Self
from urllib.parse import urlsplit

import requests

from deploy.local.stack import Stack

_SECONDS: Final = 60
_LINKS: Final = ("href", "src", "action", "formaction", "data-keep", "data-poll")


class Read(HTMLParser):
    """A page as a browser reads it: where it leads, and what each of its forms sends along unseen."""

    def __init__(self, text: str, address: str) -> None:
        super().__init__()
        self._own = urlsplit(address).path
        self.links: list[str] = []
        self.forms: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        said = {name: value or "" for name, value in attrs}
        self.links += [said[name] for name in _LINKS if name in said]
        if tag == "form":
            self._form = self.forms.setdefault(said.get("action") or self._own, {})
        elif tag == "input" and said.get("type") == "hidden":
            self._form[said.get("name", "")] = said.get("value", "")


class Visitor:
    """One browser. `addresses` are those that it was led to, and those that its pages lead to."""

    def __init__(self, stack: Stack, sub: str, claims: Mapping[str, Any] | None = None) -> None:
        self._portal, self._http = stack.env["MOTCUA_PORTAL_URL"], requests.Session()
        self.addresses: list[str] = []
        if claims:
            known = requests.put(f"{stack.env['PORTAL_OIDC_ISSUER']}/users/{sub}", json=dict(claims), timeout=_SECONDS)
            known.raise_for_status()
        form = self._http.get(f"{self._portal}/dang-nhap", timeout=_SECONDS)
        self._note(self._http.post(form.url, data={"sub": sub}, timeout=_SECONDS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def open(self, path: str) -> Read:
        """A page, whatever its status."""
        return self._note(self._http.get(f"{self._portal}{path}", timeout=_SECONDS))

    def send(self, page: Read, action: str, typed: Mapping[str, str], **more: Any) -> Read:
        """The page that answers to a form of another, filled in like this. Raises KeyError where there is no such."""
        form = {**page.forms[action], **typed}
        return self._note(self._http.post(f"{self._portal}{action}", data=form, timeout=_SECONDS, **more))

    def ask(self, method: str, path: str, **how: Any) -> None:
        """By hand, as a browser does not: what comes of it is of no matter."""
        self._http.request(method, f"{self._portal}{path}", timeout=_SECONDS, **how)

    def _note(self, answer: requests.Response) -> Read:
        read = Read(answer.text, answer.url)
        self.addresses += [*(one.headers.get("Location", "") for one in answer.history), answer.url, *read.links]
        return read
