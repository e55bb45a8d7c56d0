"""Files that prove something of a co-op claim, or that go with the plan of a request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.coop.queue_tables import CoopClaim, CoopRequest
from db.core.base import Base
from db.core.types import BigId, UtcDateTime


class CoopPaper(Base):
    """A file of a claim (model.PROOFS) or a request (papers.PLAN), one of the two; its bytes are in the store.

    Row and bytes stay when a paper is taken out (`removed_at`): what was decided on it can be looked at again.
    """

    __tablename__ = "coop_paper"
    __table_args__ = (
        Index("ix_coop_paper_claim", "claim_id", "id"),
        Index("ix_coop_paper_request", "request_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("coop_claim.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("coop_request.id"))
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False, index=True)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(30), nullable=False)
    file_name: Mapped[str] = mapped_column(String(200), nullable=False)
    stored_name: Mapped[str] = mapped_column(String(40), nullable=False, unique=True)
    size: Mapped[int] = mapped_column(BigInteger, nullable=False)
    sha256: Mapped[str] = mapped_column(String(64), nullable=False)
    media_type: Mapped[str] = mapped_column(String(100), nullable=False)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    uploaded_by: Mapped[str] = mapped_column(String(120), nullable=False)
    form_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    claim: Mapped[CoopClaim | None] = relationship()
    request: Mapped[CoopRequest | None] = relationship()
