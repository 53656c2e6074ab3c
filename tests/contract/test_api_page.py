"""The page of what may be asked says what the code says, and who may ask as the system is held to."""

from typing import Final

from services.cli.api import words
from services.cli.api.command import lines
from services.cli.topology import service_classes
from tests.conftest import ROOT
from tests.contract.test_doors import AS_BY_RPC, ROUTES
from tests.contract.test_topology import methods
from tests.integration import test_access as access

# What the words mean, in the columns of the table that is run against the system.
ROWS: Final = {
    words.NOBODY: "yes yes yes yes yes yes yes yes yes",
    words.CONCERNED: "yes unseen unseen unseen yes unseen yes no no",
    words.OWNER: "yes unseen unseen unseen no no no no no",
    words.PAYER: "yes unseen unseen unseen no no no no no",
    words.SUBMITTER: "yes no no no no no no no no",
    words.BRINGER: "yes yes yes yes yes yes no no no",
    words.HIMSELF: "yes yes yes yes no no no no no",
    words.FIGURES: "no no no no yes no yes yes no",
    words.DRAFTER: "unseen unseen unseen unseen unseen unseen no no no",  # the one in the table is nobody's
    words.RECEIVER: "yes unseen unseen unseen yes no no no no",
    words.UNIT: "no no no no yes no no no no",
    **dict.fromkeys(
        (words.SIGNERS, words.DECIDERS, words.SENDERS), "no no no no yes no no no no"
    ),  # he has both duties
    words.OFFICERS: "no no no no yes yes no no no",
    words.REGISTRAR: "no no no no yes yes no no no",
    words.SYSTEM: "no no no no no no yes no no",
}
HALF: Final = {  # an officer of another unit may be told that, or nothing; so may who asks about what is not there
    words.OWN: {"yes yes yes yes yes no yes no no", "yes yes yes yes yes yes yes no no"},
    words.OVERSEERS: {"no no no no no no yes yes no", "no no no no no no unseen unseen no"},  # nobody's webhook
    words.STAFF: {"no no no no yes no yes no no", "no no no no yes unseen yes no no"},
}


def test_the_page_is_what_the_code_states() -> None:
    written = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    assert written == "\n".join(lines()) + "\n", "write it anew: ./motcua api > docs/api.md"


def test_every_method_is_on_the_page_with_who_may_ask() -> None:
    wanted = {f"{service.name}.{name}" for service in service_classes() for name in methods(service)}
    assert wanted - {f"{service.name}.health" for service in service_classes()} == set(words.MAY)


def test_who_may_ask_is_what_the_system_is_held_to() -> None:
    wrong = {
        target: who for target, who in words.MAY.items() if access.MAY[target] not in HALF.get(who, {ROWS.get(who, "")})
    }
    assert wrong == {}


def test_operators_come_in_where_the_table_lets_them() -> None:
    let_in = {
        f"{service.name}.{name}"
        for service in service_classes()
        for name, one in methods(service).items()
        if one.lets_operators
    }
    column = access.ACTORS.index("operator")
    assert let_in - {f"{service.name}.health" for service in service_classes()} == {
        target for target, row in access.MAY.items() if row.split()[column] != "no"
    }


def test_every_address_is_on_the_page() -> None:
    for service, routes in ROUTES.items():
        assert {*words.HTTP[service], *words.HEALTH} == set(routes) - set(AS_BY_RPC), service
