"""Every page of the portal that can be opened by its address alone, and by whom: taken from its own routes."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.unit.portal.fakes import FakeServices, app

SUBS: Final = {
    "citizen": "cong-dan-1",
    "organisation": "doanh-nghiep-1",
    "officer": "vnnic-1",
    "operator": "van-hanh-1",
}
NO_PAGES: Final = ("static", "live", "ready", "api-docs.openapi_json", "signin.start", "signin.finish")
SHOWN_BESIDES: Final = ("/thu-tuc/mic/dk-ten-mien-vn", "/thu-tuc/mic/the-nha-bao-in-dt", "/there-is-no-such-page")


class Opened(NamedTuple):
    """A page and who opens it; None for anybody."""

    path: str
    sub: str | None


def pages() -> Iterator[Opened]:
    """All of them."""
    yield from (Opened(path, None) for path in SHOWN_BESIDES)
    built = app(FakeServices())
    for rule in built.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or ()) or rule.endpoint in NO_PAGES:
            continue
        if rule.endpoint.startswith("api."):
            continue
        kinds = getattr(built.view_functions[rule.endpoint], "kinds", ())
        yield Opened(rule.rule, SUBS[kinds[0]] if kinds else None)
