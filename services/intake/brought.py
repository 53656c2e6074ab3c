"""Papers as they are handed in: which of the actor's own uploads they are, held until they have a place."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.chassis.actor import Actor
from services.intake import access, checks
from services.intake.checks import Given
from services.intake.uploads import Uploads


def given(uploads: Uploads, actor: Actor, documents: Sequence[Mapping[str, str]]) -> list[Given]:
    """The papers with their uploads, where these are the actor's own."""
    owned = uploads.find([one["upload_id"] for one in documents], access.holder(actor)) if documents else {}
    return [Given(one["component"], one["upload_id"], owned.get(one["upload_id"])) for one in documents]


def hold(uploads: Uploads, papers: Sequence[Given], at: datetime) -> None:
    """Nothing may be swept away between this check and the write that names it. Raises Invalid."""
    if not uploads.keep_from_sweep([paper.upload for paper in papers if paper.upload], at):
        vi, en = "Tệp tải lên không còn.", "An upload is gone."
        raise checks.invalid([{"field": "documents", "code": "unknown_upload", "vi": vi, "en": en}])
