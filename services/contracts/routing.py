"""What routing publishes: the life of a case inside the unit, and its clock. Officers' free text stays in the store."""

from services.contracts.fields import Choice, Flag, Items, Lenient, Moment, Part, Text, Versions, Whole, matching
from services.contracts.words import DECISION_STEPS, OUTCOMES, STAFF_ID, TRANSFER_REASONS, WHEN_DUE

MOST_ROWS = 1000  # of a table; a form has fewer


class Window(Lenient):
    """A yearly intake: what is received before one day (MM-DD) is due on another."""

    apply_before = Text(required=True)
    due = Text(required=True)


class TimeLimit(Lenient):
    """How long the unit may take: `days`, or the `windows` of a batch."""

    kind = Choice("working_days", "days", "batch", required=True)
    days = Whole()
    windows = Items(Part(Window))


class CaseOpened(Lenient):
    """A case stands in the queue of the unit that owns the procedure.

    It carries the rules it was received under, so that a later catalogue does not touch it: the time limit, what the
    clock does `on_supplement` and `on_payment`, whose calendar counts, which priced fees a decision waits for, and in
    how many steps it is made.
    """

    dossier_code = Text(required=True)
    tenant = Text(required=True)
    procedure = Text(required=True)
    procedure_version = Text(required=True)
    unit = Text(required=True)
    submitted_at = Moment(required=True)
    opened_at = Moment(required=True)
    answer_due_at = Moment(required=True)
    fee_before_decision = Flag(required=True)
    fees_awaited = Items(Choice(*WHEN_DUE), required=True)
    time_limit = Part(TimeLimit, required=True)
    on_supplement = Choice("restart", "pause", required=True)
    on_payment = Choice("pause", "run", required=True)
    calendar = Text(required=True)
    office_hours = Text(required=True)
    decision = Choice(*DECISION_STEPS)


class CaseAccepted(Lenient):
    """The unit received the dossier; the statutory clock runs to `due_at`."""

    dossier_code = Text(required=True)
    unit = Text(required=True)
    accepted_at = Moment(required=True)
    due_at = Moment(required=True)


class CaseRejected(Lenient):
    """The unit refused to receive the dossier (not: refused the licence)."""

    dossier_code = Text(required=True)
    unit = Text(required=True)
    rejected_at = Moment(required=True)


class SupplementRequested(Lenient):
    """The unit asked, once and for all items, for what is missing."""

    dossier_code = Text(required=True)
    round = Whole(required=True)
    components = Items(Text(), most=500, required=True)
    requested_at = Moment(required=True)
    respond_by = Moment(required=True)


class SupplementReceived(Lenient):
    """The answer to request `round` reached the case; `due_at` is the new due date where the clock runs."""

    dossier_code = Text(required=True)
    round = Whole(required=True)
    received_at = Moment(required=True)
    answer_due_at = Moment(required=True, allow_none=True)
    due_at = Moment(required=True, allow_none=True)


class CaseAssigned(Lenient):
    """An officer handles the case; `officer` is a staff id."""

    dossier_code = Text(required=True)
    officer = Text(required=True, validate=matching(STAFF_ID, "Mã cán bộ.", "A staff id."))
    assigned_at = Moment(required=True)


class CaseTransferred(Lenient):
    """The unit handed the case on to the one that is competent, for the time that `transfer` says; no date moves."""

    dossier_code = Text(required=True)
    tenant = Text(required=True)
    transfer = Whole(low=1, required=True)
    from_unit = Text(required=True)
    to_unit = Text(required=True)
    reason = Choice(*TRANSFER_REASONS, required=True)
    transferred_at = Moment(required=True)


class CaseFeeNoted(Lenient):
    """A fee of the dossier is `required`, `settled` or `waived`; `due_at` is the due date after the clock's policy."""

    dossier_code = Text(required=True)
    order_id = Text(required=True)
    when_due = Choice(*WHEN_DUE, required=True)
    fee = Choice("required", "settled", "waived", required=True)
    noted_at = Moment(required=True)
    due_at = Moment(required=True, allow_none=True)


class ItemOutcome(Lenient):
    """What was decided on one row, from 1, of the table of what is applied for."""

    row = Whole(low=1, required=True)
    outcome = Choice(*OUTCOMES, required=True)


def rows() -> Items:
    """The rows that were decided on one by one; a row that is not among them goes with the whole."""
    return Items(Part(ItemOutcome), most=MOST_ROWS)


class DecisionProposed(Lenient):
    """The officer in charge proposed how to decide; another is to sign it, or to return it."""

    dossier_code = Text(required=True)
    unit = Text(required=True)
    outcome = Choice(*OUTCOMES, required=True)
    rows = rows()
    proposed_by = Text(required=True, validate=matching(STAFF_ID, "Mã cán bộ.", "A staff id."))
    proposed_at = Moment(required=True)


class ProposalReturned(Lenient):
    """Whoever was to sign a proposal returned it: it is to be proposed anew."""

    dossier_code = Text(required=True)
    unit = Text(required=True)
    returned_at = Moment(required=True)


class CaseDecided(Lenient):
    """The unit granted or refused what was applied for; granted as a whole if only one item is."""

    dossier_code = Text(required=True)
    tenant = Text(required=True)
    procedure = Text(required=True)
    procedure_version = Text(required=True)
    unit = Text(required=True)
    outcome = Choice(*OUTCOMES, required=True)
    rows = rows()
    decided_at = Moment(required=True)
    due_at = Moment(required=True)
    on_time = Flag(required=True)


class CaseStopped(Lenient):
    """The unit stopped processing; `granted` where it had been, and nobody paid for the result: there will be none."""

    dossier_code = Text(required=True)
    unit = Text(required=True)
    granted = Flag()
    stopped_at = Moment(required=True)


class CaseWithdrawn(Lenient):
    """The case closed because the applicant withdrew, whatever it had come to."""

    dossier_code = Text(required=True)
    withdrawn_at = Moment(required=True)


class DeadlineSlipped(Lenient):
    """A legal clock ran out: the one for the first `answer`, or the one for the `decision`."""

    dossier_code = Text(required=True)
    unit = Text(required=True)
    clock = Choice("answer", "decision", required=True)
    due_at = Moment(required=True)


EVENTS: dict[str, Versions] = {
    "case_opened": {1: CaseOpened},
    "case_accepted": {1: CaseAccepted},
    "case_rejected": {1: CaseRejected},
    "supplement_requested": {1: SupplementRequested},
    "supplement_received": {1: SupplementReceived},
    "case_assigned": {1: CaseAssigned},
    "case_transferred": {1: CaseTransferred},
    "case_fee_noted": {1: CaseFeeNoted},
    "decision_proposed": {1: DecisionProposed},
    "proposal_returned": {1: ProposalReturned},
    "case_decided": {1: CaseDecided},
    "case_stopped": {1: CaseStopped},
    "case_withdrawn": {1: CaseWithdrawn},
    "deadline_slipped": {1: DeadlineSlipped},
}
