"""Files that prove something of a record of another area: examined by their bytes, stored, proved when they are read.

The row is the area's own; it has `file_name`, `stored_name`, `sha256` and `media_type`. Bytes are stored before their
row: what fails in between leaves a file nobody names, which the sweep removes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from db.core.problems import Problem, Problems, Refused
from db.documents import content as contents
from db.documents import records, storage
from db.imports.safety import FileRefused

ACCEPTED: Final = (contents.PDF, contents.PNG, contents.JPEG)
MOST_PAPERS: Final = 50
"""So many files a record keeps."""


class StoredPaper(Protocol):
    """What a row says of its file."""

    @property
    def file_name(self) -> Any:
        """The name it was brought in under."""

    @property
    def stored_name(self) -> Any:
        """Its generated name in the store."""

    @property
    def sha256(self) -> Any:
        """The hash of the bytes that were stored."""

    @property
    def media_type(self) -> Any:
        """What it is by its bytes."""


@dataclass(frozen=True, kw_only=True)
class FetchedPaper:
    """A paper somebody takes: `name` is safe to save under on every system."""

    name: str
    media_type: str
    content: bytes


def examined(
    file_name: str, content: bytes | None, problems: Problems, *, field: str = "file"
) -> contents.Examined | None:
    """What an upload is by its bytes, or None with a problem of the field."""
    if content is None:
        problems.add(field, "required", "Choose a file.")
        return None
    try:
        found = contents.examine(file_name, content)
    except FileRefused as refusal:
        for one in refusal.problems:
            problems.add(field, one.code, one.message)
        return None
    if found.kind not in ACCEPTED:
        problems.add(field, "wrong_type", f"The file is a {found.kind.label}; a paper is a PDF, PNG or JPEG.")
        return None
    return found


def sha256_of(content: bytes) -> str:
    """The hash a paper is known by."""
    return hashlib.sha256(content).hexdigest()


def keep(session: Session, content: bytes) -> storage.Stored:
    """Put bytes into the store, as the last thing before their row; refused when the disk does not take them."""
    return records.stored(session, content)


def safe_name(paper: StoredPaper) -> str:
    """A name every system can save the file under."""
    return contents.download_name(paper.file_name, paper.media_type)


def verified(paper: StoredPaper) -> bytes:
    """The bytes of a paper, proved to be those that were stored; refused with `file_missing` or `file_changed`."""
    try:
        content = storage.load(paper.stored_name)
    except storage.FileMissing as error:
        message = f"{paper.file_name} is missing in the store. Tell your administrator: python -m db check."
        raise Refused(Problem(code="file_missing", message=message)) from error
    if sha256_of(content) != paper.sha256:
        raise Refused(Problem(code="file_changed", message=f"{paper.file_name} is not what was stored."))
    return content


def picture(paper: StoredPaper) -> bytes | None:
    """The bytes of a picture for a small view of it; None when it is none or not what was stored."""
    if not paper.media_type.startswith("image/"):
        return None
    try:
        return verified(paper)
    except Refused:
        return None


def fetched(paper: StoredPaper) -> FetchedPaper:
    """A paper to hand out, proved; refused as `verified` says."""
    return FetchedPaper(name=safe_name(paper), media_type=paper.media_type, content=verified(paper))
