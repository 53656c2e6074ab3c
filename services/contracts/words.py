"""Closed lists of words that several services say."""

from typing import Final

APPLICANT_KINDS: Final = ("citizen", "organisation")
CHANNELS: Final = ("online", "direct", "post")
WHEN_DUE: Final = ("on_submission", "on_acceptance", "before_result")
OUTCOMES: Final = ("granted", "refused")
DECISION_STEPS: Final = ("one_step", "two_step")  # whether one officer decides, or one proposes and another signs
TRANSFER_REASONS: Final = ("not_competent", "task_moved", "misdirected", "other")  # why a unit hands a case on
METHODS: Final = ("vnpay", "counter")
CATALOGUE_KINDS: Final = ("tenant", "unit", "calendar", "dataset", "procedure")
COUNTRY: Final = "vn"  # the tenant, and the folder, of the calendars that all ministries share

# The public statuses and their DVCQG codes (domain: code list of the national portal, 1 to 10).
DVCQG: Final = {
    "draft": None,
    "submitted": 1,
    "accepted": 2,
    "rejected": 3,
    "processing": 4,
    "supplement_requested": 5,
    "payment_required": 6,
    "withdrawn": 7,
    "stopped": 8,
    "resolved": 9,
    "returned": 10,
}
STATUSES: Final = tuple(DVCQG)

# What an officer may do beyond every officer's work: sign or return what another proposed, hand a case on.
DUTIES: Final = ("sign", "transfer")

# The staff id of an officer: it stands in histories and events, so it can hold no name and no address.
STAFF_ID: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
