"""A stretch of local days, as requests name it."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from services.contracts.fields import Day, Strict, say


class Days(Strict):
    """Local days, both included."""

    longest = 366
    from_day = Day(required=True)
    to_day = Day(required=True)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        if not 0 <= (data["to_day"] - data["from_day"]).days < self.longest:
            raise ValidationError(between_days(self.longest), "to_day")


def between_days(longest: int) -> str:
    """What is wrong with days that are out of order, or too many."""
    return say(
        "wrong_period",
        f"Từ 1 đến {longest} ngày, tính cả hai đầu.",
        f"Must be 1 to {longest} days from `from_day`, both included.",
    )
