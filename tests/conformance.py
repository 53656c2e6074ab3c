"""What the API is held to by schemathesis, over fakes and over the whole system."""

from typing import Any, Final

from schemathesis import Config

DESCRIPTION: Final = "/api/v1/openapi.json"
_ACCEPTED: Final = ("2xx", "304", "401", "403", "404", "409", "412", "422", "429", "503")
# What these take is a matter of the procedure, or of what else was said: no schema can tell. They may say 400 to more.
_BY_RULE: Final = (
    "POST /dossiers",
    "POST /dossiers/{code}/supplement",
    "POST /uploads",
    "PUT /drafts/{draft_id}",
    "GET /procedures",  # a place of its own list, whatever stands behind the API
)
_PAGED: Final = ("GET /drafts", "GET /dossiers", "GET /dossiers/{code}/notices")  # by places that only a page can name


def config(examples: int, *, edges: bool = True, paged: bool = False) -> Config:
    """Every check there is, the same examples each time. A service that is away is no mistake of the API.

    `edges` are, besides, examples at every bound that the description names. `paged` is an API that knows which places
    its pages have named.
    """
    also = {"checks": {"positive_data_acceptance": {"expected-statuses": [*_ACCEPTED, "400"]}}}
    names = [*_BY_RULE, *(_PAGED if paged else ())]
    chosen: dict[str, Any] = {
        "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
        "request-timeout": 120,  # the first slip that is printed, on a busy machine
        "phases": {"coverage": {"enabled": edges}},
        "checks": {
            "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
            "positive_data_acceptance": {"expected-statuses": [*_ACCEPTED]},
        },
        "operations": [{"include-name": name.replace(" ", " /api/v1", 1), **also} for name in names],
    }
    return Config.from_dict(chosen)
