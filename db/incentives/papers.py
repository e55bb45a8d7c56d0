"""Files that prove something of a sale: PDF or picture by their bytes, in the store of documents, proved when read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.problems import Problem, Problems, Refused
from db.documents import content as contents
from db.documents import records, storage
from db.imports.safety import FileRefused
from db.incentives.model import DOCUMENTS
from db.incentives.tables import IncentivePaper

APPEAL: Final = "appeal"
KINDS: Final[dict[str, str]] = {**DOCUMENTS, APPEAL: "Paper of the appeal"}
_ACCEPTED: Final = (contents.PDF, contents.PNG, contents.JPEG)


def examined(file_name: str, content: bytes | None, problems: Problems) -> contents.Examined | None:
    """What an upload is by its bytes, or None with a problem of the field `file`."""
    if content is None:
        problems.add("file", "required", "Choose a file.")
        return None
    try:
        found = contents.examine(file_name, content)
    except FileRefused as refusal:
        problems.found += refusal.problems
        return None
    if found.kind not in _ACCEPTED:
        problems.add("file", "wrong_type", f"The file is a {found.kind.label}; a paper is a PDF, PNG or JPEG.")
        return None
    return found


def keep(session: Session, content: bytes) -> storage.Stored:
    """Put bytes into the store, as the last thing before their row; refused when the disk does not take them."""
    return records.stored(session, content)


def safe_name(paper: IncentivePaper) -> str:
    """A name every system can save the file under."""
    return contents.download_name(paper.file_name, paper.media_type)


def verified(paper: IncentivePaper) -> bytes:
    """The bytes of a paper, proved to be those that were stored; refused with `file_missing` or `file_changed`."""
    try:
        content = storage.load(paper.stored_name)
    except storage.FileMissing as error:
        message = f"{paper.file_name} is missing in the store. Tell your administrator: python -m db check."
        raise Refused(Problem(code="file_missing", message=message)) from error
    if hashlib.sha256(content).hexdigest() != paper.sha256:
        raise Refused(Problem(code="file_changed", message=f"{paper.file_name} is not what was stored."))
    return content


def names_of(session: Session, sale_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The newest file of each kind of paper of some sales, by sale and kind; at most 500 sales."""
    found: dict[int, dict[str, str]] = {}
    if not sale_ids:
        return found
    rows = session.execute(
        select(IncentivePaper.sale_id, IncentivePaper.kind, IncentivePaper.file_name)
        .where(IncentivePaper.sale_id.in_(sale_ids), IncentivePaper.removed_at.is_(None))
        .order_by(IncentivePaper.id)
    )
    for sale_id, kind, name in rows:
        found.setdefault(sale_id or 0, {})[kind] = name
    return found
