"""Drafts as the portal keeps them with intake: saved whole, found again, never overwritten unseen."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from services.chassis import codec
from services.chassis.actor import Actor
from services.chassis.errors import Conflict, NotFound
from services.portal.clients import Services

Document = Mapping[str, Any]
Difference = tuple[str, Any, Any]
_CHANGED: Final = "intake.draft_changed"
_REUSED: Final = "intake.request_id_reused"  # the last change is by this very request, of which no answer came
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has typed so far, and the papers that were brought; `version` 0 is not saved yet.

    With a `dossier_code` it answers what that dossier is asked to supplement.
    """

    id: str
    tenant: str
    procedure: str
    version: int = 0
    applicant: Document = field(default_factory=dict)
    form: Document = field(default_factory=dict)
    documents: Sequence[Document] = ()
    saved_at: str | None = None
    expires_at: str | None = None
    dossier_code: str | None = None

    @property
    def mark(self) -> str:
        """Stands for what was typed: two drafts with the same mark differ in their papers at most."""
        return hashlib.sha256(codec.encode([self.applicant, self.form])).hexdigest()[:20]

    @property
    def papers(self) -> list[dict[str, str]]:
        """The papers as services take them."""
        return [{name: one[name] for name in ("component", "upload_id")} for one in self.documents]


@dataclass(frozen=True, slots=True)
class Stale(Exception):
    """The draft was changed elsewhere, to this."""

    saved: Draft


class Drafting:
    """The drafts of one person."""

    def __init__(self, services: Services, actor: Actor) -> None:
        self._services, self._actor = services, actor

    def get(self, draft_id: str) -> Draft:
        """A draft as it was last saved. Raises NotFound."""
        found = self._services.ask(self._actor, "intake.get_draft", draft_id=draft_id)
        names = ("tenant", "procedure", "version", "applicant", "form", "documents", "saved_at", "expires_at")
        return Draft(draft_id, **{name: found[name] for name in names}, dossier_code=found.get("dossier_code"))

    def find(self, draft_id: str) -> Draft | None:
        """The draft, or None."""
        try:
            return self.get(draft_id)
        except NotFound:
            return None

    def of_procedure(self, tenant: str, procedure: str) -> list[Document]:
        """The person's drafts of submissions under one procedure, last saved first."""
        lines = self._services.ask(self._actor, "intake.list_drafts", limit=200)["items"]
        return [
            line
            for line in lines
            if (line["tenant"], line["procedure"]) == (tenant, procedure) and not line.get("dossier_code")
        ]

    def keep(self, typed: Draft, mark: str, request_id: str) -> Draft:
        """Save what was typed over the version it began from, whose `mark` that was; papers stay as they are.

        What the same request saved before, and was not answered, is the person's own and is saved over. Raises Stale
        when something else was typed meanwhile, Conflict and NotFound when the draft is gone, Invalid for what is too
        large, Unavailable.
        """
        found = self.find(typed.id)
        try:
            return self._save(replace(typed, documents=found.documents if found else ()), request_id)
        except Conflict as error:
            if error.code not in {_CHANGED, _REUSED}:
                raise
            is_own = error.code == _REUSED
        saved = self.get(typed.id)
        if not is_own and mark != saved.mark != typed.mark:
            raise Stale(saved)
        return self._save(replace(typed, version=saved.version, documents=saved.documents), f"{request_id}.again")

    def bring(self, draft_id: str, request_id: str, papers: Sequence[dict[str, str]]) -> Draft:
        """Add papers to the draft, whatever is typed meanwhile."""
        return self._change_papers(draft_id, request_id, lambda known: [*known, *papers])

    def take_out(self, draft_id: str, request_id: str, upload_id: str) -> Draft:
        """Take a paper out of the draft."""
        return self._change_papers(
            draft_id, request_id, lambda known: [one for one in known if one["upload_id"] != upload_id]
        )

    def discard(self, draft_id: str, request_id: str) -> None:
        """Leave nothing of it."""
        self._services.ask(self._actor, "intake.discard_draft", draft_id=draft_id, request_id=request_id)

    def _change_papers(self, draft_id: str, request_id: str, change: Any) -> Draft:
        for tried in range(_TRIES):
            known = self.get(draft_id)
            wanted = list({one["upload_id"]: one for one in change(known.papers)}.values())
            if wanted == known.papers:
                return known
            try:
                return self._save(replace(known, documents=wanted), f"{request_id}.{tried}")
            except Conflict as error:
                if error.code != _CHANGED or tried == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _save(self, draft: Draft, request_id: str) -> Draft:
        answers = {"dossier_code": draft.dossier_code} if draft.dossier_code else {}
        saved = self._services.ask(
            self._actor,
            "intake.save_draft",
            request_id=request_id,
            draft_id=draft.id,
            version=draft.version,
            tenant=draft.tenant,
            procedure=draft.procedure,
            applicant=draft.applicant,
            form=draft.form,
            documents=draft.papers,
            **answers,
        )
        times = {name: saved[name] for name in ("version", "saved_at", "expires_at")}
        return replace(draft, **times)


def changes(mine: Draft, saved: Draft) -> list[Difference]:
    """What differs: the path of the answer, mine, and what was saved; tables are compared whole."""
    parts = (("applicant", mine.applicant, saved.applicant), ("form", mine.form, saved.form))
    return [
        (f"{part}.{name}", here.get(name), there.get(name))
        for part, here, there in parts
        for name in dict.fromkeys([*here, *there])
        if here.get(name) != there.get(name)
    ]


def taking(mine: Draft, saved: Draft, paths: Sequence[str]) -> Draft:
    """Mine, with the answers at these paths as they were saved."""
    wanted = {tuple(path.split(".")[:2]) for path in paths}

    def merged(part: str, here: Document, there: Document) -> dict[str, Any]:
        names = {path[1] for path in wanted if path[0] == part and len(path) == 2}
        kept = {name: value for name, value in here.items() if name not in names}
        return kept | {name: there[name] for name in names if name in there}

    return replace(
        mine,
        applicant=merged("applicant", mine.applicant, saved.applicant),
        form=merged("form", mine.form, saved.form),
    )
