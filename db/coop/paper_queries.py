"""Papers of a co-op claim or request as screens show them; pictures for who may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import papers
from db.coop.paper_tables import CoopPaper
from db.coop.papers import KINDS, PLAN, NewPaper
from db.core.actor import Actor
from db.core.permissions import Permission

__all__ = ["KINDS", "PLAN", "NewPaper", "PaperRow", "papers_of", "picture_of"]


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """One file; `size` in bytes, `kind` in words."""

    id: int
    kind: str
    file_name: str
    size: int
    media_type: str
    uploaded_at: datetime
    uploaded_by: str
    tone: str = "gray"

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown as a picture."""
        return self.media_type.startswith("image/")


def papers_of(
    session: Session, *, actor: Actor, claim_id: int | None = None, request_id: int | None = None
) -> tuple[PaperRow, ...]:
    """The files of a claim, or of a request; none out of scope."""
    actor.require(Permission.COOP_VIEW)
    mine = CoopPaper.claim_id == claim_id if claim_id is not None else CoopPaper.request_id == request_id
    rows = session.scalars(
        select(CoopPaper)
        .where(mine, CoopPaper.removed_at.is_(None), actor.scope.where(CoopPaper.dealer_id, CoopPaper.region))
        .order_by(CoopPaper.id)
    )
    return tuple(
        PaperRow(
            id=p.id, kind=KINDS.get(p.kind, p.kind), file_name=p.file_name, size=p.size, media_type=p.media_type,
            uploaded_at=p.uploaded_at, uploaded_by=p.uploaded_by,
        )
        for p in rows
    )  # fmt: skip


def picture_of(session: Session, *, paper_id: int, actor: Actor) -> bytes | None:
    """The bytes of a picture for a small view of it; None when it is none, out of scope, or not what was stored."""
    actor.require(Permission.COOP_VIEW)
    paper = session.get(CoopPaper, paper_id)
    if paper is None or not actor.scope.allows(dealer_id=paper.dealer_id, region=paper.region):
        return None
    return papers.picture(paper)
