"""`motcua status` names what a service lacks."""

import pytest

from services.cli.stack import _complaint

READY = {"store": True, "catalogue": True, "broker": True, "publishing": True}


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("store", "the database does not answer it"),
        ("catalogue", "the catalogue has not come to it (docs/monitoring.md)"),
        ("publishing", "the broker takes no messages of it (out of memory or disk?)"),
        ("broker", "the broker does not answer it"),
    ],
)
def test_who_is_not_ready_is_told_with_what_is_missing(lacking: str, said: str) -> None:
    assert _complaint("intake", {**READY, lacking: False}) == f"intake is not ready: {said}"
