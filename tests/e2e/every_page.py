"""The pages of the portal, and who opens each: taken from its own routes. Those of dossiers are in told.py."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tests.unit.portal.fakes import FakeServices, app

SUBS: Final = {
    "citizen": "cong-dan-1",
    "organisation": "doanh-nghiep-1",
    "officer": "vnnic-1",
    "operator": "van-hanh-1",
}
NO_PAGES: Final = (
    "static",
    "live",
    "ready",
    "signin.lead",
    "signin.start",
    "signin.finish",
    "signin.resend",
    "installed.manifest",
    "installed.worker",
    "staying.look",
    "style.lead",
    "register.download",
)
NOT_THERE: Final = "/there-is-no-such-page"
SHOWN_BESIDES: Final = ("/thu-tuc/mic/dk-ten-mien-vn", "/thu-tuc/mic/the-nha-bao-in-dt", NOT_THERE)


class Opened(NamedTuple):
    """A page and who opens it; None for anybody."""

    path: str
    sub: str | None


def pages() -> Iterator[Opened]:
    """All of them."""
    yield from (Opened(path, None) for path in SHOWN_BESIDES)
    for address, endpoint, kinds in rules(with_arguments=False):
        if endpoint not in NO_PAGES:
            yield Opened(address, SUBS[kinds[0]] if kinds else None)


def rules(*, with_arguments: bool) -> Iterator[tuple[str, str, Sequence[str]]]:
    """What can be asked for: the rule of its address, its endpoint, and the kinds of people who may."""
    built = app(FakeServices())
    for rule in built.url_map.iter_rules():
        is_asked_for = "GET" in (rule.methods or ()) and not rule.endpoint.startswith(("api.", "api-"))
        if is_asked_for and bool(rule.arguments) == with_arguments:
            yield rule.rule, rule.endpoint, getattr(built.view_functions[rule.endpoint], "kinds", ())
