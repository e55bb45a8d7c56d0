"""What the sender of a rejected ADF document is told; the document is read again, nothing of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from db.core.area import SourceFile
from db.leads import adf
from db.leads.adf_draft import NotReadable
from db.leads.adf_mail import documents_in


def bounce_text(files: Sequence[SourceFile], *, file: str, row: int, message: str, now: datetime) -> str:
    """The text for the rejected document or prospect that an import calls `file` and `row` (0: the whole document)."""
    for source in files:
        if file != source.name and not file.startswith(f"{source.name}: "):
            continue
        try:
            documents = documents_in(source.content, file_name=source.name)
        except NotReadable as refusal:
            return adf.bounce_text(refusal, file_name=file)
        number = 0
        for document in documents:
            name = source.name if document.place == "file" else f"{source.name}: {document.file_name}"
            try:
                prospects = adf.parse(document.raw, received_at=now).prospects
            except NotReadable as refusal:
                if name == file and row == 0:
                    return adf.bounce_text(refusal, file_name=file)
                continue
            for draft in prospects:
                number += 1
                if name == file and number == row and draft.quarantine:
                    return adf.bounce_text(draft, file_name=file)
    where = f"Prospect {row} in" if row else "The document"
    return f'{where} "{file}" was not accepted.\n\nReason: {message}\n'
