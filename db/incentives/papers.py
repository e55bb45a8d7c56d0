"""Files that prove something of a sale: their kinds, and which a sale has (the files: db.documents.attached)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.documents.attached import MOST_PAPERS, FetchedPaper, examined, fetched, keep, picture
from db.incentives.model import DOCUMENTS
from db.incentives.tables import IncentivePaper

APPEAL: Final = "appeal"
KINDS: Final[dict[str, str]] = {**DOCUMENTS, APPEAL: "Paper of the appeal"}
__all__ = [
    "APPEAL", "KINDS", "MOST_PAPERS", "FetchedPaper", "examined", "fetched", "keep", "names_of", "picture",
]  # fmt: skip


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
