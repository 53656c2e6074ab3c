"""Whether documents may be published: each by its schema, then against each other and against what stays published."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from marshmallow import ValidationError

from services.contracts.catalogue.checks import findings
from services.contracts.catalogue.schema import normal
from services.contracts.catalogue.shelf import Finding, Shelf
from services.contracts.fields import explain
from services.registry.catalogue import COUNTRY, Draft, Publication

LARGEST: Final = 300_000  # bytes; a history keeps every revision, and an event carries one
_STATED_TWICE: Final = ("kind", "key", "valid_from", "valid_to")
_FEE_WORDING: Final = {"name", "source", "mark"}  # what no price and no refund follows from
Body = Mapping[str, Any]
Problem = dict[str, str]
Shaped = tuple[Draft, dict[str, Any]]


@dataclass(frozen=True)
class Checked:
    """The drafts with every default written out, and all that is wrong with them or would become wrong by them."""

    documents: tuple[Shaped, ...]
    problems: tuple[Problem, ...]


def check(drafts: Sequence[Draft], published: Sequence[Publication], today: date) -> Checked:
    """Check the drafts one by one and, where each is sound, against everything else; `today` is Vietnam's day."""
    problems = [_problem(draft, found) for draft in drafts for found in _own_mistakes(draft, drafts)]
    shaped: list[Shaped] = []
    for draft in drafts:
        try:
            shaped.append((draft, normal({**draft.document, "kind": draft.kind})))
        except ValidationError as error:
            found = explain(error.messages)
            problems += [_problem(draft, Finding(one["field"], one["vi"], one["en"]), one["code"]) for one in found]
    replaced = {draft.name for draft in drafts}
    staying = [one for one in published if one.name not in replaced]
    # each look goes further, and would only repeat in other words what the one before it found
    problems = problems or [*_disagreements(shaped, staying), *_changed_fees(shaped, published, today)]
    problems = problems or [*_breakages(shaped, staying, published)]
    return Checked(tuple(shaped), tuple(problems))


def shaped_today(document: dict[str, Any]) -> dict[str, Any] | None:
    """A document as it would be published today, or None where it could not be."""
    try:
        return normal(document)
    except ValidationError:
        return None


def _own_mistakes(draft: Draft, drafts: Sequence[Draft]) -> Iterator[Finding]:
    """The document is the one it is announced as, of this tenant, once, and not too large."""
    for name in _STATED_TWICE:
        if draft.document.get(name) != getattr(draft, name):
            yield Finding(name, "Không khớp với phần khai bên ngoài.", "Differs from what is stated beside it.")
    if _owner(draft) != draft.tenant:
        yield Finding("tenant", "Không thuộc cơ quan này.", "Does not belong to this tenant.")
    if [other.name for other in drafts].count(draft.name) > 1:
        yield Finding("key", "Xuất hiện hai lần.", "Appears twice.")
    if len(json.dumps(draft.document, ensure_ascii=False).encode()) > LARGEST:
        yield Finding("", f"Dài quá {LARGEST} byte.", f"Is longer than {LARGEST} bytes.")


def _owner(draft: Draft) -> Any:
    owners = {"tenant": draft.key, "calendar": COUNTRY}
    return owners.get(draft.kind, draft.document.get("tenant"))


def _disagreements(shaped: Sequence[Shaped], staying: Sequence[Publication]) -> Iterator[Problem]:
    """What the drafts say that does not agree with each other or with what stays."""
    shelf = _shelf(_bodies(shaped, staying))
    for draft, body in shaped:
        yield from (_problem(draft, found) for found in findings(body, shelf))


def _changed_fees(shaped: Sequence[Shaped], published: Sequence[Publication], today: date) -> Iterator[Problem]:
    """A version that has begun keeps the moments at which it knows a fee, and its prices of every day until today.

    Each dossier under it has had its orders for these moments since it was submitted: a fee at a moment that a mend
    adds would be waited for and never asked for, one at a moment that it takes away be asked for and not waited for.
    And payment hears of a submission after intake has shown its price: with another price, or none, in between.
    """
    mended = {draft.name for draft, _ in shaped}
    begun = [one for one in published if one.name in mended and one.valid_from <= today.isoformat()]
    known = {one.name: shaped_today(one.document) or one.document for one in begun}
    for draft, body in shaped:
        before = known.get(draft.name, body)
        changed = _fees_begun(before, today).items() ^ _fees_begun(body, today).items()
        if _fee_moments(before) != _fee_moments(body):
            vi = "Phiên bản đã có hiệu lực không đổi được thời điểm nộp phí; hãy kết thúc nó và mở phiên bản mới."
            en = "A version that has begun keeps the moments at which fees fall due; end it, and begin another."
            yield _problem(draft, Finding("fees", vi, en), "fee_moments_changed")
        elif changed:
            codes = ", ".join(sorted({code for (code, _), _ in changed}))
            vi = f"{codes}: mức đang áp dụng chỉ sửa được lời văn; hãy cho nó hết hiệu lực (valid_to) sớm nhất hôm nay "
            vi += "và thêm mức cùng mã từ ngày sau đó, hoặc kết thúc phiên bản và mở phiên bản mới."
            en = f"{codes}: of what is in force only the wording may change; end it (valid_to) today at the earliest "
            en += "and add an item with the same code from the day after, or end the version and begin another."
            yield _problem(draft, Finding("fees", vi, en), "fee_in_force_changed")


def _fee_moments(body: Body) -> set[str]:
    return {fee["when_due"] for fee in body.get("fees", ())}


def _fees_begun(body: Body, today: date) -> dict[tuple[str, str], str]:
    """All that prices follow from until today, by code and first day; an end from today on is none as yet."""
    day = today.isoformat()
    begun = [fee for fee in body.get("fees", ()) if fee["valid_from"] <= day]
    return {(fee["code"], fee["valid_from"]): _price_rule(fee, day) for fee in begun}


def _price_rule(fee: Body, day: str) -> str:
    ended = fee["valid_to"] if fee["valid_to"] is not None and fee["valid_to"] < day else None
    rule = {name: value for name, value in fee.items() if name not in _FEE_WORDING}
    return json.dumps({**rule, "valid_to": ended}, sort_keys=True)


def _breakages(
    shaped: Sequence[Shaped], staying: Sequence[Publication], published: Sequence[Publication]
) -> Iterator[Problem]:
    """What agreed in the documents that stay, and would not any more beside the drafts."""
    before, after = _shelf([one.document for one in published]), _shelf(_bodies(shaped, staying))
    for one in staying:
        known = set(findings(one.document, before))
        yield from (_broken(one, found) for found in findings(one.document, after) if found not in known)


def _bodies(shaped: Sequence[Shaped], staying: Sequence[Publication]) -> list[Body]:
    return [*(one.document for one in staying), *(body for _, body in shaped)]


def _shelf(bodies: Sequence[Body]) -> Shelf:
    return Shelf.of(bodies, bodies)


def _problem(draft: Draft, found: Finding, code: str = "does_not_agree") -> Problem:
    place = f"{draft.place}.{found.path}" if found.path else draft.place
    return {"document": draft.name, "field": place, "code": code, "vi": found.vi, "en": found.en}


def _broken(one: Publication, found: Finding) -> Problem:
    return {"document": one.name, "field": found.path, "code": "would_break", "vi": found.vi, "en": found.en}
