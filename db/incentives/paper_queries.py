"""Papers of a sale or a claim as screens show them; pictures for who may see the sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.incentives import papers
from db.incentives.papers import APPEAL, KINDS
from db.incentives.tables import IncentivePaper

__all__ = ["APPEAL", "KINDS", "PaperRow", "papers_of", "picture_of"]


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
    is_appeal: bool

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown as a picture."""
        return self.media_type.startswith("image/")

    @property
    def tone(self) -> str:
        """The colour of its badge: what goes with an appeal stands out."""
        return "violet" if self.is_appeal else "gray"


def papers_of(
    session: Session, *, actor: Actor, sale_id: int | None = None, claim_id: int | None = None
) -> tuple[PaperRow, ...]:
    """The files of a sale, and with a claim those of its appeal, too; none out of scope."""
    actor.require(Permission.INCENTIVES_VIEW)
    whose = [IncentivePaper.sale_id == sale_id] if sale_id is not None else []
    whose += [IncentivePaper.claim_id == claim_id] if claim_id is not None else []
    if not whose:
        return ()
    rows = session.scalars(
        select(IncentivePaper)
        .where(
            or_(*whose), IncentivePaper.removed_at.is_(None),
            actor.scope.where(IncentivePaper.dealer_id, IncentivePaper.region),
        )
        .order_by(IncentivePaper.id)
    )  # fmt: skip
    return tuple(
        PaperRow(
            id=p.id, kind=KINDS.get(p.kind, p.kind), file_name=p.file_name, size=p.size, media_type=p.media_type,
            uploaded_at=p.uploaded_at, uploaded_by=p.uploaded_by, is_appeal=p.claim_id is not None,
        )
        for p in rows
    )  # fmt: skip


def picture_of(session: Session, *, paper_id: int, actor: Actor) -> bytes | None:
    """The bytes of a picture for a small view of it; None when it is none, out of scope, or not what was stored."""
    actor.require(Permission.INCENTIVES_VIEW)
    paper = session.get(IncentivePaper, paper_id)
    if paper is None or not actor.scope.allows(dealer_id=paper.dealer_id, region=paper.region):
        return None
    return papers.picture(paper)
