"""What a client must know: addresses, what the names of services begin with, and which procedure is applied for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.cli.catalogue import FOLDER
from services.contracts.catalogue.loading import load
from tests.bench.plan import TENANT

STOCK: Final = "stock_"
DJANGO: Final = "django"


@dataclass(frozen=True)
class World:
    """One system on the bench: ours, the stock services, or a peer that has neither broker nor MongoDB."""

    name: str
    prefix: str
    amqp_uri: str  # empty where nothing is said or heard by a broker
    mongo_uri: str
    intake_url: str
    payment_url: str
    secret: str
    patience: float  # seconds a client waits for what must follow
    key: str = ""  # where the key lies with which people sign; empty: people are believed

    def service(self, name: str) -> str:
        """The name of a service, as it is called."""
        return f"{self.prefix}{name}"


@dataclass(frozen=True)
class Offer:
    """A procedure as an applicant and an officer know it."""

    tenant: str
    key: str
    unit: str
    applicant: Mapping[str, Any]
    form: Mapping[str, Any]
    components: tuple[str, ...]
    has_fee: bool


def ours(env: Mapping[str, str]) -> World:
    """The services of this repository, as their stack's addresses say."""
    return World(
        "ours",
        "",
        env["MOTCUA_AMQP_URI"],
        env["MOTCUA_MONGO_URI"],
        env["MOTCUA_INTAKE_URL"],
        env["MOTCUA_PAYMENT_URL"],
        env["PAYMENT_VNPAY_SECRET"],
        patience=60,
        key=env["MOTCUA_CLI_KEY"],
    )


def offers(keys: tuple[str, ...]) -> dict[str, Offer]:
    """Procedures of the catalogue folder, with their own examples."""
    bodies = {one.key: one.body for one in load(FOLDER).of_kind("procedure", TENANT)}
    return {key: _offer(bodies[key]) for key in keys}


def _offer(body: Mapping[str, Any]) -> Offer:
    example = body["example"]
    return Offer(
        tenant=TENANT,
        key=body["key"],
        unit=body["unit"],
        applicant=example["applicant"],
        form=example["form"],
        components=tuple(one["component"] for one in example["documents"]),
        has_fee=bool(body["fees"]),
    )
