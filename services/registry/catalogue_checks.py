"""Whether documents may be published: each by its schema, then against each other and against what stays published."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from marshmallow import ValidationError

from services.contracts.catalogue.checks import findings
from services.contracts.catalogue.schema import normal
from services.contracts.catalogue.shelf import Finding, Shelf
from services.contracts.fields import explain
from services.registry.catalogue import COUNTRY, Draft, Publication

LARGEST: Final = 300_000  # bytes; a history keeps every revision, and an event carries one
_STATED_TWICE: Final = ("kind", "key", "valid_from", "valid_to")
Body = Mapping[str, Any]
Problem = dict[str, str]
Shaped = tuple[Draft, dict[str, Any]]


@dataclass(frozen=True)
class Checked:
    """The drafts with every default written out, and all that is wrong with them or would become wrong by them."""

    documents: tuple[Shaped, ...]
    problems: tuple[Problem, ...]


def check(drafts: Sequence[Draft], published: Sequence[Publication]) -> Checked:
    """Check the drafts one by one and, where each is sound, against everything else."""
    problems = [_problem(draft, found) for draft in drafts for found in _own_mistakes(draft, drafts)]
    shaped: list[Shaped] = []
    for draft in drafts:
        try:
            shaped.append((draft, normal({**draft.document, "kind": draft.kind})))
        except ValidationError as error:
            found = explain(error.messages)
            problems += [_problem(draft, Finding(one["field"], one["vi"], one["en"]), one["code"]) for one in found]
    if not problems:  # what does not agree with a broken document only repeats that it is broken
        problems = [*_disagreements(shaped, published)]
    return Checked(tuple(shaped), tuple(problems))


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


def _disagreements(shaped: Sequence[Shaped], published: Sequence[Publication]) -> Iterator[Problem]:
    replaced = {draft.name for draft, _ in shaped}
    staying = [one for one in published if one.name not in replaced]
    before = _shelf([one.document for one in published])
    after = _shelf([*(one.document for one in staying), *(body for _, body in shaped)])
    for draft, body in shaped:
        for found in chain(findings(body, after), _foreign_dataset(body, shaped, staying)):
            yield _problem(draft, found)
    for one in staying:
        known = set(findings(one.document, before))
        yield from (_broken(one, found) for found in findings(one.document, after) if found not in known)


def _shelf(bodies: Sequence[Body]) -> Shelf:
    return Shelf.of(bodies, bodies)


def _foreign_dataset(body: Body, shaped: Sequence[Shaped], staying: Sequence[Publication]) -> Iterator[Finding]:
    """Records are looked up by dataset and number alone, so a dataset's key belongs to one tenant."""
    others = [*(other for _, other in shaped), *(one.document for one in staying)]
    if body["kind"] == "dataset" and any(
        (other["kind"], other["key"]) == ("dataset", body["key"]) and other["tenant"] != body["tenant"]
        for other in others
    ):
        yield Finding("key", "Khóa này đã thuộc về cơ quan khác.", "The key belongs to another tenant.")


def _problem(draft: Draft, found: Finding, code: str = "does_not_agree") -> Problem:
    place = f"{draft.place}.{found.path}" if found.path else draft.place
    return {"document": draft.name, "field": place, "code": code, "vi": found.vi, "en": found.en}


def _broken(one: Publication, found: Finding) -> Problem:
    """A document that stays published would no longer agree with the new ones."""
    return {"document": one.name, "field": found.path, "code": "would_break", "vi": found.vi, "en": found.en}
