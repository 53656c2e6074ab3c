"""The catalogue read from its folder: documents, and every mistake with file and line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from services.contracts.catalogue.checks import findings
from services.contracts.catalogue.schema import SCHEMAS, normal
from services.contracts.catalogue.shelf import Finding, Shelf
from services.contracts.catalogue.yaml_lines import Read, Unreadable, read
from services.contracts.fields import explain
from services.contracts.words import COUNTRY


@dataclass(frozen=True)
class Mistake:
    """One thing to mend: where it stands, and what is wrong in Vietnamese and English."""

    file: str
    line: int
    path: str
    vi: str
    en: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path or '-'}: {self.en} ({self.vi})"


@dataclass(frozen=True)
class Document:
    """One catalogue document: `body` is JSON with every default written out; `tenant` is None for a calendar."""

    kind: str
    tenant: str | None
    key: str
    valid_from: str
    valid_to: str | None
    body: dict[str, Any]
    file: str
    source: Read = field(repr=False, compare=False)


@dataclass(frozen=True)
class Loaded:
    """What a folder holds; documents with mistakes are left out."""

    documents: tuple[Document, ...]
    mistakes: tuple[Mistake, ...]

    def of_kind(self, kind: str, tenant: str | None = None) -> tuple[Document, ...]:
        """The documents of one kind, of one tenant if it is named, in order of file."""
        return tuple(found for found in self.documents if found.kind == kind and tenant in (None, found.tenant))


@dataclass(frozen=True)
class _Raw:
    file: str
    source: Read


def load(folder: Path) -> Loaded:
    """Read `folder` (`<tenant>/*.yaml`, `<tenant>/procedures/<key>.yaml`, `vn/calendar.yaml`) and check all of it."""
    raw, mistakes = _read_all(folder)
    shaped: list[Document] = []
    for one in raw:
        found = _shape(one)
        if isinstance(found, Document):
            shaped.append(found)
        else:
            mistakes += found
    shelf = Shelf.of([one.source.value for one in raw], [document.body for document in shaped])
    wrong = {id(document): _wrong(document, shelf) for document in shaped}
    mistakes += [mistake for found in wrong.values() for mistake in found]
    mistakes.sort(key=lambda mistake: (mistake.file, mistake.line, mistake.path))
    return Loaded(tuple(good for good in shaped if not wrong[id(good)]), tuple(mistakes))


def _read_all(folder: Path) -> tuple[list[_Raw], list[Mistake]]:
    raw: list[_Raw] = []
    mistakes: list[Mistake] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".yaml":
            try:
                raw += [_Raw(name, one) for one in read(path.read_text("utf-8-sig"))]
            except Unreadable as wrong:
                mistakes.append(Mistake(name, wrong.line, wrong.path, wrong.vi, wrong.en))
            except UnicodeDecodeError:
                mistakes.append(Mistake(name, 1, "", "Tệp không phải UTF-8.", "The file is not UTF-8."))
        elif path.is_file():
            mistakes.append(Mistake(name, 1, "", "Chỉ nhận tệp .yaml.", "Only .yaml files belong here."))
    if not raw and not mistakes:
        mistakes.append(Mistake(".", 1, "", "Không có tệp nào.", "There is no catalogue here."))
    return raw, mistakes


def _shape(one: _Raw) -> Document | list[Mistake]:
    value = one.source.value
    if not isinstance(value, dict):
        return [_mistake(one, Finding("", "Phải là một đối tượng.", "Must be an object."))]
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in SCHEMAS:
        kinds = ", ".join(SCHEMAS)
        return [_mistake(one, Finding("kind", f"Loại phải là: {kinds}.", f"The kind must be one of: {kinds}."))]
    try:
        body = normal(value)
    except ValidationError as wrong:
        return [_mistake(one, Finding(found["field"], found["vi"], found["en"])) for found in explain(wrong.messages)]
    return Document(
        kind=kind,
        tenant=body["key"] if kind == "tenant" else body.get("tenant"),
        key=body["key"],
        valid_from=body["valid_from"],
        valid_to=body["valid_to"],
        body=body,
        file=one.file,
        source=one.source,
    )


def _wrong(document: Document, shelf: Shelf) -> list[Mistake]:
    one = _Raw(document.file, document.source)
    return [_mistake(one, finding) for finding in (*_misplaced(document), *findings(document.body, shelf))]


def _misplaced(document: Document) -> Iterator[Finding]:
    folder, *inner = Path(document.file).with_suffix("").parts
    owner = document.tenant or COUNTRY
    if folder != owner:
        yield Finding("key", f"Phải nằm trong thư mục {owner}/.", f"Must be in the folder {owner}/.")
    if document.kind == "procedure" and inner != ["procedures", document.key]:
        place = f"{owner}/procedures/{document.key}.yaml"
        yield Finding("key", f"Khóa phải trùng tên tệp: {place}.", f"The key must be the file's name: {place}.")


def _mistake(one: _Raw, finding: Finding) -> Mistake:
    return Mistake(one.file, one.source.line_of(finding.path), finding.path, finding.vi, finding.en)
