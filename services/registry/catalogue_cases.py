"""Publishing the catalogue, and looking things up in it as of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import Invalid
from services.contracts.catalogue.dates import local_day
from services.contracts.event import Event
from services.contracts.words import CATALOGUE_KINDS
from services.registry import catalogue as rules
from services.registry.catalogue import Draft, Publication
from services.registry.catalogue_checks import Shaped, check, shaped_today
from services.registry.store import Answers, Publications

_MOST_PROBLEMS = 200
_SUMMARY = ("key", "tenant", "name", "unit", "level", "mode", "applicant_kinds", "channels", "tthc_code", "time_limit")


class CatalogueCases:
    """What may be done with the catalogue."""

    def __init__(self, publications: Publications, answers: Answers) -> None:
        self._publications = publications
        self._answers = answers

    def publish_catalogue(
        self, actor: Actor, cause: Cause, tenant: str, documents: Sequence[Mapping[str, Any]], republish: bool
    ) -> dict[str, Any]:
        """Publish documents of one tenant, all or none. Raises Denied, Invalid with every mistake, Conflict."""
        rules.require_system(actor)
        answer = self._answers.find(cause)
        if answer is None:
            drafts = [_draft(tenant, position, document) for position, document in enumerate(documents)]
            answer = self.publish(cause, drafts, republish=republish)
            self._answers.keep(cause, answer)
        return answer

    def publish_onward(self, cause: Cause, drafts: Sequence[Draft]) -> dict[str, Any]:
        """As `publish`, but nothing goes back to what it was before: `outdated` names the drafts that would have it so.

        Raises Invalid; Conflict where somebody else publishes meanwhile.
        """
        known = {one.name: one for one in self._publications.everything()}
        outdated = [draft.name for draft in drafts if self._is_outdated(draft, known.get(draft.name))]
        onward = [
            replace(draft, over=known[draft.name].revision if draft.name in known else 0)
            for draft in drafts
            if draft.name not in outdated
        ]
        return {**self.publish(cause, onward), "outdated": outdated}

    def _is_outdated(self, draft: Draft, known: Publication | None) -> bool:
        """Whether it says what was published before what is published now; today's defaults are nothing it says."""
        body = shaped_today({**draft.document, "kind": draft.kind})
        if known is None or body is None or body in (known.document, shaped_today(known.document)):
            return False
        said = self._publications.documents_so_far(draft.name)
        return any(body in (one, shaped_today(one)) for one in said)

    def publish(self, cause: Cause, drafts: Sequence[Draft], *, republish: bool = False) -> dict[str, Any]:
        """Publish what is new in the drafts if all of them are sound. Raises Invalid."""
        checked = check(drafts, self._publications.everything(), _day(None))
        if checked.problems:
            raise Invalid(
                "registry.invalid_catalogue",
                "Nothing was published; see errors.",
                "Chưa công bố gì; xem chi tiết từng mục.",
                checked.problems[:_MOST_PROBLEMS],
            )
        in_order = sorted(checked.documents, key=lambda one: CATALOGUE_KINDS.index(one[0].kind))
        items = [self._publish_one(cause, shaped, republish) for shaped in in_order]
        return {"published": sum(item["published"] for item in items), "items": items}

    def _publish_one(self, cause: Cause, shaped: Shaped, republish: bool) -> dict[str, Any]:
        draft, body = shaped
        made: list[Event] = []

        def decide(state: Publication | None) -> list[Event]:
            made[:] = rules.publish(state, draft, body, republish=republish)
            return made

        stored = self._publications.journal.change(draft.name, cause, decide)
        return {"name": draft.name, "revision": stored.state.revision, "published": bool(made) or stored.repeated}

    def list_tenants(self, as_of: date | None, limit: int, after: str | None) -> dict[str, Any]:
        """The ministries, by key."""
        found, next_ = self._publications.listed("tenant", None, _day(as_of), limit, after)
        return {"items": [{"key": one["key"], "name": one["document"]["name"]} for one in found], "next": next_}

    def get_tenant(self, tenant: str, as_of: date | None) -> dict[str, Any]:
        """A ministry as in force on a day. Raises NotFound."""
        return self.get_document("tenant", tenant, tenant, as_of)

    def list_procedures(self, tenant: str, as_of: date | None, limit: int, after: str | None) -> dict[str, Any]:
        """The procedures of a tenant in force, by key, in short. Raises NotFound for an unknown tenant."""
        found, next_ = self._listed("procedure", tenant, as_of, limit, after)
        return {"items": [_summary(one) for one in found], "next": next_}

    def list_units(self, tenant: str, as_of: date | None, limit: int, after: str | None) -> dict[str, Any]:
        """The units of a tenant in force, by key, with their names. Raises NotFound for an unknown tenant."""
        found, next_ = self._listed("unit", tenant, as_of, limit, after)
        return {"items": [{"key": one["key"], "name": one["document"]["name"]} for one in found], "next": next_}

    def _listed(
        self, kind: str, tenant: str, as_of: date | None, limit: int, after: str | None
    ) -> tuple[Any, str | None]:
        if self._publications.last(tenant, "tenant", tenant) is None:
            raise rules.unknown_document("tenant")
        return self._publications.listed(kind, tenant, _day(as_of), limit, after)

    def get_document(
        self, kind: str, tenant: str, key: str, as_of: date | None, *, standing: bool = False
    ) -> dict[str, Any]:
        """A whole document as in force on a day, with its revision; `standing`: or as it last was. Raises NotFound."""
        find = self._publications.last_begun if standing else self._publications.as_of
        found = find(tenant, kind, key, _day(as_of))
        if found is None:
            raise rules.unknown_document(kind)
        return {**found.document, "revision": found.revision}


def _draft(tenant: str, position: int, stated: Mapping[str, Any]) -> Draft:
    return Draft(
        place=f"documents.{position}.document",
        tenant=tenant,
        kind=stated["kind"],
        key=stated["key"],
        valid_from=stated["valid_from"].isoformat(),
        valid_to=stated["valid_to"].isoformat() if stated["valid_to"] else None,
        document=stated["document"],
    )


def _day(as_of: date | None) -> date:
    return as_of or local_day(clock.now())


def _summary(state: Mapping[str, Any]) -> dict[str, Any]:
    document = state["document"]
    return {
        **{name: document[name] for name in _SUMMARY},
        "has_fee": bool(document["fees"]),
        "valid_from": state["valid_from"],
        "valid_to": state["valid_to"],
        "revision": state["revision"],
    }
