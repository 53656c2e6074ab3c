"""What a backup looks like on a disk: a folder that `mongorestore --gzip` understands too, and a manifest.

    <folder>/manifest.json                               written last: without it, it is no backup
    <folder>/<database>/<collection>.bson.gz             the documents one after the other, as the server has them
    <folder>/<database>/<collection>.metadata.json.gz    options and indexes, in MongoDB's Extended JSON

The manifest holds the SHA-256 of every other file; whoever keeps the SHA-256 of the manifest elsewhere can prove all.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from bson import decode_file_iter, json_util
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

FORMAT: Final = "motcua-backup/1"
_MANIFEST: Final = "manifest.json"
_RAW: Final[CodecOptions[RawBSONDocument]] = CodecOptions(document_class=RawBSONDocument)


class BadBackup(Exception):
    """A folder is no backup, or not the whole of one; one line for each thing that is wrong."""


@dataclass(frozen=True, slots=True)
class Collected:
    """One collection in a backup: `<database>.<collection>`, and how many documents and bytes of BSON it has."""

    name: str
    documents: int
    size: int

    @property
    def place(self) -> tuple[str, str]:
        """Its database, and its name there."""
        database, _, collection = self.name.partition(".")
        return database, collection

    @property
    def file(self) -> str:
        """Where its documents are, from the folder."""
        database, collection = self.place
        return f"{database}/{collection}.bson.gz"

    @property
    def metadata_file(self) -> str:
        """Where its options and indexes are, from the folder."""
        database, collection = self.place
        return f"{database}/{collection}.metadata.json.gz"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: as of which instant (RFC 3339, UTC), and the SHA-256 of each file by its path."""

    taken_at: str
    server: str
    collections: tuple[Collected, ...]
    files: Mapping[str, str]

    @property
    def documents(self) -> int:
        """How many there are in all."""
        return sum(one.documents for one in self.collections)

    @property
    def instant(self) -> datetime:
        """`taken_at` as an aware moment."""
        return datetime.fromisoformat(self.taken_at)

    def encoded(self) -> bytes:
        """As it is written down."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode()

    def digest(self) -> str:
        """The SHA-256 of the manifest, and so of everything."""
        return hashlib.sha256(self.encoded()).hexdigest()


def write_metadata(folder: Path, one: Collected, metadata: Mapping[str, Any]) -> None:
    """Keep the options and indexes of a collection, as mongodump does."""
    text = json_util.dumps(metadata, json_options=json_util.CANONICAL_JSON_OPTIONS)
    (folder / one.metadata_file).write_bytes(gzip.compress(text.encode(), mtime=0))


def read_metadata(folder: Path, one: Collected) -> dict[str, Any]:
    """The options and indexes of a collection."""
    text = gzip.decompress((folder / one.metadata_file).read_bytes()).decode()
    metadata: dict[str, Any] = json_util.loads(text, json_options=json_util.CANONICAL_JSON_OPTIONS)
    return metadata


def read_documents(folder: Path, one: Collected) -> Iterator[RawBSONDocument]:
    """The documents of a collection, as the server had them."""
    with gzip.open(folder / one.file) as file:
        yield from decode_file_iter(cast("BinaryIO", file), _RAW)


def digests(folder: Path, collections: Sequence[Collected]) -> dict[str, str]:
    """The SHA-256 of each file as it is on the disk, by its path from the folder."""
    paths = [path for one in collections for path in (one.file, one.metadata_file)]
    return {path: _sha256(folder / path) for path in paths}


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: from now on it is a backup."""
    (folder / _MANIFEST).write_bytes(manifest.encoded())


def open_backup(folder: Path) -> Manifest:
    """The manifest of a backup, of which every file is there and whole. Raises BadBackup."""
    manifest = _read_manifest(folder)
    if wrong := [*_wrong_files(folder, manifest), *_wrong_counts(folder, manifest)]:
        raise BadBackup("\n".join(wrong))
    return manifest


def _read_manifest(folder: Path) -> Manifest:
    try:
        written = json.loads((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BadBackup(f"{folder} has no {_MANIFEST}: it is no backup, or one that was broken off") from None
    except ValueError:
        raise BadBackup(f"the {_MANIFEST} in {folder} cannot be read") from None
    if not isinstance(written, dict) or written.pop("format", None) != FORMAT:
        raise BadBackup(f"{folder} is not a backup of the kind {FORMAT}")
    return Manifest(**{**written, "collections": tuple(Collected(**one) for one in written["collections"])})


def _wrong_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    for path, digest in manifest.files.items():
        if not (folder / path).is_file():
            yield f"{path} is missing"
        elif _sha256(folder / path) != digest:
            yield f"{path} is not as it was written"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    yield from (f"{path} does not belong there" for path in sorted(found - {*manifest.files, _MANIFEST}))


def _wrong_counts(folder: Path, manifest: Manifest) -> Iterator[str]:
    for one in manifest.collections:
        try:
            count = sum(1 for _ in read_documents(folder, one))
        except (OSError, EOFError, BSONError):  # named by its digest already
            continue
        if count != one.documents:
            yield f"{one.file} holds {count} documents, not {one.documents}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
