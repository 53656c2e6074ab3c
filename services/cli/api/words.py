"""What no schema says: who may call a method, and what else answers by HTTP.

`tests/contract/test_api_page.py` holds the first against the table of `tests/integration/test_access.py`, which is run
against the system, and the second against the rules of `tests/contract/test_doors.py`.
"""

from typing import Final

from services.contracts.events import PUBLISHERS

CONCERNED: Final = "the owner, officers of the unit, the system"
OWNER: Final = "the owner; for a dossier that came by hand or by post an officer of the unit"
PAYER: Final = "the owner"
SUBMITTER: Final = "the applicant whom it names; by hand or by post an officer of the unit"
BRINGER: Final = "applicants and officers"
HIMSELF: Final = "an applicant"
DRAFTER: Final = "whoever saved it: an applicant, an officer"
RECEIVER: Final = "the owner, officers of the unit"
OWN: Final = "applicants their own, officers those of their unit, the system all"
UNIT: Final = "officers of the unit"
SIGNERS: Final = "officers of the unit who have the duty `sign`"
DECIDERS: Final = "officers of the unit; what another proposed is signed by one who has the duty `sign`"
SENDERS: Final = "officers of the unit who have the duty `transfer`"
OFFICERS: Final = "officers; it says of each case whether it was theirs to assign"
REGISTRAR: Final = "officers, of their own unit"
STAFF: Final = "officers of the unit, the system"
SYSTEM: Final = "the system"
FIGURES: Final = "officers of the unit, operators, the system"
OVERSEERS: Final = "operators, the system"
NOBODY: Final = "anybody; no actor is needed"

MAY: Final = {
    "intake.list_procedures": NOBODY,
    "intake.get_procedure": NOBODY,
    "intake.open_upload": BRINGER,
    "intake.save_draft": BRINGER,
    "intake.get_draft": DRAFTER,
    "intake.list_drafts": BRINGER,
    "intake.discard_draft": DRAFTER,
    "intake.check": SUBMITTER,
    "intake.submit": SUBMITTER,
    "intake.supplement": OWNER,
    "intake.withdraw": OWNER,
    "intake.return_result": RECEIVER,
    "intake.get": CONCERNED,
    "intake.find_owner": SYSTEM,
    "intake.get_contact": SYSTEM,
    "intake.find_last_applicant": HIMSELF,
    "intake.track": NOBODY,
    "intake.count_dossiers": FIGURES,
    "intake.list_dossiers": OWN,
    "intake.list_register": REGISTRAR,
    "intake.find_codes": REGISTRAR,
    "routing.list_cases": STAFF,
    "routing.count_cases": FIGURES,
    "routing.case_load": FIGURES,
    "routing.due_calendar": FIGURES,
    "routing.count_by_unit": OVERSEERS,
    "routing.get_case": STAFF,
    "routing.get_supplements": CONCERNED,
    "routing.get_reception": CONCERNED,
    "routing.get_decision": CONCERNED,
    "routing.accept": UNIT,
    "routing.reject": UNIT,
    "routing.request_supplement": UNIT,
    "routing.assign": UNIT,
    "routing.assign_many": OFFICERS,
    "routing.propose": UNIT,
    "routing.return_proposal": SIGNERS,
    "routing.decide": DECIDERS,
    "routing.stop": UNIT,
    "routing.transfer": SENDERS,
    "payment.get_order": CONCERNED,
    "payment.find_order": CONCERNED,
    "payment.list_orders": STAFF,
    "payment.count_fees": FIGURES,
    "payment.start_payment": PAYER,
    "payment.record_counter_payment": UNIT,
    "payment.confirm_refund": OVERSEERS,
    "registry.publish_catalogue": SYSTEM,
    "registry.list_tenants": NOBODY,
    "registry.list_procedures": NOBODY,
    "registry.get_procedure": NOBODY,
    "registry.list_units": NOBODY,
    "registry.get_unit": NOBODY,
    "registry.get_calendar": NOBODY,
    "registry.get_tenant": NOBODY,
    "registry.get_dataset": NOBODY,
    "registry.get_record": CONCERNED,
    "registry.find_records": OWN,
    "registry.history": CONCERNED,
    "registry.look_up": NOBODY,
    "registry.verify": NOBODY,
    "registry.amend": UNIT,
    "registry.revoke": UNIT,
    "notify.list_notices": CONCERNED,
    "notify.get_notice": CONCERNED,
    "notify.list_failed_notices": OVERSEERS,
    "notify.resend": STAFF,
    "notify.add_webhook": OVERSEERS,
    "notify.list_webhooks": OVERSEERS,
    "notify.rotate_webhook": OVERSEERS,
    "notify.switch_webhook": OVERSEERS,
    "notify.remove_webhook": OVERSEERS,
    "notify.list_webhook_deliveries": OVERSEERS,
    "notify.repeat_webhook": OVERSEERS,
    **{f"{service}.{act}_dead_letters": OVERSEERS for service in PUBLISHERS for act in ("list", "replay")},
    **{f"{service}.list_queues": OVERSEERS for service in PUBLISHERS},
}

# Beside `POST /intake/<method>`, which the page derives: address, who, what.
HTTP: Final = {
    "intake": {
        "PUT /uploads/<upload_id>/<ticket>": "the bytes of a file: the `url` that `open_upload` gives, once",
        "PATCH /uploads/<upload_id>/<ticket>": "the same file in parts that go on where a line broke: tus 1.0.0 (core)"
        " with `Tus-Resumable`, `Upload-Offset`, `Content-Type: application/offset+octet-stream`; `HEAD` says how much"
        " is here; each part makes the ticket good for longer; a part but the last has 256 KiB or more",
        "GET /dossiers/<dossier_code>/documents/<which>": "a paper of a dossier, by upload id or by its place in the"
        " list from 0; the actor is the owner, an officer of the unit or the system",
    },
    "payment": {
        "GET /payment/vnpay/ipn": "the gateway's signed word that somebody paid; no actor, the signature speaks",
        "GET /payment/vnpay/return": "where the gateway sends the payer back to: what became of the attempt as JSON;"
        " settles nothing",
    },
    "registry": {
        "GET /registry/records/verify": "`?dataset=&number=`: is there such a record in force; no actor",
        "POST /registry/records/verify": "`verify` without the broker: the keywords as JSON; no actor",
        "GET /registry/catalogue/<tenant>/procedures": "`list_procedures`: `?as_of=&limit=&after=`; no actor",
        "GET /registry/catalogue/<tenant>/procedures/<key>": "`get_procedure`: `?as_of=`; no actor",
    },
}
HEALTH: Final = {
    "GET /health/live": "whether the door lives",
    "GET /health/ready": "whether it can work, as of 2 s ago at most; what is wrong is told on the operators' port",
}
