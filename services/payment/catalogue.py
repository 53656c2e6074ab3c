"""What payment reads in its projection of the catalogue: the fee items of a dossier's procedure version."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.errors import Invalid, Unavailable
from services.chassis.projection import Projection
from services.contracts.catalogue.fees import Fee, FeeInputInvalid, FeeInputMissing, FeeLine, price
from services.contracts.words import WHEN_DUE


class Catalogue:
    """Prices by what registry published."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def apply(self, published: Mapping[str, Any]) -> None:
        """Keep a published document."""
        self._projection.apply(published)

    def fees(self, tenant: str, procedure: str, version: str) -> Sequence[Fee]:
        """The fee items of the version a dossier was received under, looked for on the day it came into force.

        On the day of submission another may be in force: one published since then, or an older one while this is on
        its way. Only what is not here is waited for. Raises Unavailable.
        """
        valid_from = version[:10]
        found = self._projection.as_of(tenant, "procedure", procedure, date.fromisoformat(valid_from))
        if found is None or found["valid_from"] != valid_from:
            raise Unavailable(
                "payment.catalogue_awaited", "The catalogue is not here yet.", "Danh mục thủ tục chưa được đồng bộ."
            )
        fees: Sequence[Fee] = found["document"]["fees"]
        return fees


def priced(fees: Sequence[Fee], inputs: Mapping[str, Any], day: date) -> dict[str, tuple[FeeLine, ...]]:
    """The lines of every moment at which the procedure knows a fee, also where they come to nothing. Raises Invalid."""
    moments = [when_due for when_due in WHEN_DUE if any(fee["when_due"] == when_due for fee in fees)]
    try:
        return {when_due: price(fees, inputs, when_due, day) for when_due in moments}
    except (FeeInputMissing, FeeInputInvalid) as error:
        en, vi = f"There is no price for what was given as {error.field}.", "Không tính được phí từ thông tin đã khai."
        problem = {"field": f"fee_inputs.{error.field}", "code": "no_price", "vi": vi, "en": en}
        raise Invalid("payment.no_price", en, vi, [problem]) from error
