"""The catalogue folder as a source: what a process publishes when it starts."""

import uuid
from pathlib import Path

from services.chassis import cause
from services.chassis.actor import Actor
from services.chassis.errors import Invalid
from services.chassis.logs import log
from services.contracts.catalogue.loading import Document, load
from services.registry.catalogue import COUNTRY, Draft
from services.registry.catalogue_cases import CatalogueCases


def publish_folder(cases: CatalogueCases, folder: Path) -> None:
    """Publish what is new in `folder`; with a mistake in it nothing is, and what was published goes on being served.

    Several processes may do this at once: whoever comes second finds the content unchanged. A folder of earlier days
    takes nothing back: an older release may start beside a newer one, and an operator may have loaded another folder.
    Raises Unavailable, and Conflict where somebody else publishes meanwhile.
    """
    loaded = load(folder)
    for mistake in loaded.mistakes:
        log.error("catalogue_mistake", file=mistake.file, line=mistake.line, path=mistake.path, reason=mistake.en)
    if loaded.mistakes:
        return
    start = cause.of_request("registry.publish_folder", Actor("system", "registry"), str(uuid.uuid4()), {})
    try:
        answer = cases.publish_onward(start, [_draft(document) for document in loaded.documents])
    except Invalid as error:
        for problem in error.errors:
            log.error("catalogue_mistake", **problem)
    else:
        if answer["outdated"]:  # `motcua catalogue load` publishes them all the same
            log.error("catalogue_folder_is_older", documents=answer["outdated"])
        log.info("catalogue_published", documents=len(loaded.documents), changed=answer["published"])


def _draft(document: Document) -> Draft:
    return Draft(
        place=document.file,
        tenant=document.tenant or COUNTRY,
        kind=document.kind,
        key=document.key,
        valid_from=document.valid_from,
        valid_to=document.valid_to,
        document=document.body,
    )
