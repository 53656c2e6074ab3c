"""Somebody at the portal with a browser that shows nothing: signs in at the provider and opens pages."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, Final, Self

import requests

from tests.bench.outcome import NotMeasured
from tests.bench.plan import TENANT

_SECONDS: Final = 30
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Seen:
    """A page as it came: where it was found in the end, its HTML, and the seconds until all of it was there."""

    address: str
    text: str
    kilobytes: float
    seconds: float


class Visitor:
    """One browser, which keeps its line to the portal."""

    def __init__(self, portal_url: str) -> None:
        self._portal_url, self._http = portal_url, requests.Session()
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def sign_in(self, sub: str, provider_url: str, claims: Mapping[str, Any] | None = None) -> None:
        """As one of those whom the sandbox provider knows, or is told of. Raises NotMeasured."""
        if claims:
            answer = requests.put(f"{provider_url}/users/{sub}", json={"sub": sub, **claims}, timeout=_SECONDS)
            answer.raise_for_status()
        form = self._http.get(f"{self._portal_url}/dang-nhap", timeout=_SECONDS)
        landed = self._http.post(form.url, data={"sub": sub}, timeout=_SECONDS)
        if not (landed.ok and landed.url.startswith(self._portal_url)):
            raise NotMeasured(f"{sub} cannot sign in: HTTP {landed.status_code} at {landed.url.partition('?')[0]}")

    def open(self, path: str, form: Mapping[str, str] | None = None) -> Seen:
        """A page; with a form, what answers to it. Raises NotMeasured for any answer but 200."""
        typed = {**form, "csrf_token": self._token(path)} if form is not None else None
        began = time.perf_counter()
        try:
            answer = self._http.request(
                "GET" if typed is None else "POST", f"{self._portal_url}{path}", data=typed, timeout=_SECONDS
            )
        except requests.RequestException as error:
            raise NotMeasured(f"{path}: {error!r}") from error
        seconds = time.perf_counter() - began
        if answer.status_code != requests.codes.ok:
            raise NotMeasured(f"{path}: HTTP {answer.status_code}")
        return Seen(answer.url.removeprefix(self._portal_url), answer.text, len(answer.content) / 1000, seconds)

    def _token(self, path: str) -> str:
        """What a form of ours has to carry, read once from the page that the form is on."""
        if path not in self._tokens:
            found = _TOKEN.search(self.open(path).text)
            if found is None:
                raise NotMeasured(f"{path}: there is no form")
            self._tokens[path] = unescape(found[1])
        return self._tokens[path]


def officer_claims(staff_id: str, unit: str) -> dict[str, Any]:
    """What the sandbox provider says of an officer."""
    staff = {"motcua_kind": "officer", "motcua_staff_id": staff_id, "motcua_unit": unit, "motcua_tenant": TENANT}
    return {"name": staff_id, **staff}


def applicant_claims(kind: str, number: str, name: str) -> dict[str, Any]:
    """What it says of somebody who applies."""
    if kind == "organisation":
        return {"LoaiTaiKhoan": "2", "MaSoThue": number, "TenDoanhNghiep": name}
    return {"LoaiTaiKhoan": "1", "SoDinhDanh": number, "HoVaTen": name}
