"""Bytes of a claim's files in the store of documents: checked before they are kept, proved when they are read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from db.core.problems import Problem, Problems, Refused
from db.documents import content as contents
from db.documents import records, storage
from db.imports.safety import FileRefused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from db.claims.tables import ClaimAttachment


def examined(file_name: str, content: bytes | None, problems: Problems) -> contents.Examined | None:
    """What an upload is by its bytes, or None with a problem of the field `file`."""
    if content is None:
        problems.add("file", "required", "Choose a file.")
        return None
    try:
        return contents.examine(file_name, content)
    except FileRefused as refusal:
        problems.found += refusal.problems
        return None


def keep(session: Session, content: bytes) -> storage.Stored:
    """Put bytes into the store, as the last thing before their row; refused when the disk does not take them."""
    return records.stored(session, content)


def safe_name(attachment: ClaimAttachment) -> str:
    """A name every system can save the file under."""
    return contents.download_name(attachment.file_name, attachment.media_type)


def verified(attachment: ClaimAttachment) -> bytes:
    """The bytes of a file, proved to be those that were stored; refused with `file_missing` or `file_changed`."""
    try:
        content = storage.load(attachment.stored_name)
    except storage.FileMissing as error:
        message = f"{attachment.file_name} is missing in the store. Tell your administrator: python -m db check."
        raise Refused(Problem(code="file_missing", message=message)) from error
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        raise Refused(Problem(code="file_changed", message=f"{attachment.file_name} is not what was stored."))
    return content
