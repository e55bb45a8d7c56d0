"""Everything that can be done with documents; other areas call `add_document` (evidence of theirs)."""

from __future__ import annotations

from db.documents.change_commands import (
    Fetched,
    correct_dates,
    fetch_document,
    hold_dealer,
    purge_file,
    release_hold,
    save_requirement,
    set_hold,
    void_document,
)
from db.documents.pack_commands import make_pack
from db.documents.upload_commands import add_document, renew_document

__all__ = [
    "Fetched",
    "add_document",
    "correct_dates",
    "fetch_document",
    "hold_dealer",
    "make_pack",
    "purge_file",
    "release_hold",
    "renew_document",
    "save_requirement",
    "set_hold",
    "void_document",
]
