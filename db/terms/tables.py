"""Terms of dealers by date, and changes that wait for a second person."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.core.base import Base
from db.core.types import BigId, UtcDateTime
from db.dealers.tables import Dealer
from db.imports.tables import ImportBatch
from db.people.tables import Person
from db.workflow.tables import QueueItem


class TermChange(QueueItem):
    """A proposed value of one term of one dealer from a day on; `number` is in the unit of its kind (rules.py).

    No number and no word means: no value from that day on. `base_number` and `base_word` are what held on that day
    when it was asked for; an approval compares them with what holds then. `open_key` names dealer, term and day while
    the proposal is open, so that a second one cannot be opened beside it.
    """

    __tablename__ = "term_change"
    __table_args__ = (
        Index("ix_term_change_board", "is_open", "due_at", "id"),
        Index("ix_term_change_dealer", "dealer_id", "is_open", "due_at", "id"),
        Index("ix_term_change_closed", "is_open", "updated_at", "id"),
        Index("ix_term_change_kind", "dealer_id", "kind", "id"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(40), nullable=False)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False)
    # `number` is the record's own number ("TC-000001") in every queue.
    number_value: Mapped[int | None] = mapped_column(BigInteger)
    word: Mapped[str | None] = mapped_column(String(40))
    base_number: Mapped[int | None] = mapped_column(BigInteger)
    base_word: Mapped[str | None] = mapped_column(String(40))
    changes_past: Mapped[bool] = mapped_column(Boolean, nullable=False)
    reason: Mapped[str] = mapped_column(Text, nullable=False, default="")
    submitted_name: Mapped[str] = mapped_column(String(120), nullable=False)
    decision_note: Mapped[str] = mapped_column(Text, nullable=False, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    open_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    form_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batch.id"), index=True)
    dealer: Mapped[Dealer | None] = relationship()
    assignee: Mapped[Person | None] = relationship()
    batch: Mapped[ImportBatch | None] = relationship()


class DealerTerm(Base):
    """The value of one term from a day on, as approved; rows are only ever added.

    The value on a date is that of the row with the latest `valid_from` up to it; of several of one day the one added
    last. Days are the dealer's own.
    """

    __tablename__ = "dealer_term"
    __table_args__ = (
        Index("ix_dealer_term_value", "dealer_id", "kind", "valid_from", "id"),
        Index("ix_dealer_term_kind", "kind", "dealer_id", "valid_from", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(ForeignKey("dealer.id"), nullable=False)
    region: Mapped[str] = mapped_column(String(40), nullable=False)
    kind: Mapped[str] = mapped_column(String(40), nullable=False)
    valid_from: Mapped[date] = mapped_column(Date, nullable=False)
    number: Mapped[int | None] = mapped_column(BigInteger)
    word: Mapped[str | None] = mapped_column(String(40))
    change_id: Mapped[int] = mapped_column(ForeignKey("term_change.id"), nullable=False, index=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    recorded_by: Mapped[str] = mapped_column(String(120), nullable=False)
    dealer: Mapped[Dealer] = relationship()
    change: Mapped[TermChange] = relationship()
