"""Sums of claims by cells of a bounded grain; rollup.py says what each counts and keeps them by triggers."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from db.core.base import Base
from db.core.types import Cents


class ClaimSums(Base):
    """The measures both rollups hold. Region and dealer are keys: `place` is the region, empty for none.

    The column is not called region, for a dealer that moves moves its claims, and the triggers of those move the sums.
    """

    __abstract__ = True

    sent: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    sent_cents: Mapped[int] = mapped_column(Cents, nullable=False, server_default="0", sort_order=1)
    repeats: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    entries: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    decided: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    touchless: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    first_pass: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    denied: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    appealed: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    appeal_decided: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    overturned: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    deemed: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    paid: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    returns: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    claimed: Mapped[int] = mapped_column(Cents, nullable=False, server_default="0", sort_order=1)
    approved: Mapped[int] = mapped_column(Cents, nullable=False, server_default="0", sort_order=1)
    cost: Mapped[int] = mapped_column(Cents, nullable=False, server_default="0", sort_order=1)
    pay_days: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    turnaround: Mapped[int] = mapped_column(BigInteger, nullable=False, server_default="0", sort_order=1)
    business: Mapped[int] = mapped_column(BigInteger, nullable=False, server_default="0", sort_order=1)
    gains: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0", sort_order=1)
    gained: Mapped[int] = mapped_column(Cents, nullable=False, server_default="0", sort_order=1)


class ClaimCell(ClaimSums):
    """Sums of a region on a day (`slice` day, day_type) or in a month of one type, component, model or causal part.

    `on_day` is a day of the desk, the first of the month where a month is meant.
    """

    __tablename__ = "claim_cell"
    __table_args__ = ({"sqlite_with_rowid": False},)

    slice: Mapped[str] = mapped_column(String(10), primary_key=True)
    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)
    place: Mapped[str] = mapped_column(String(40), primary_key=True)


class ClaimDealerMonth(ClaimSums):
    """The same sums of one dealer (0 for none) in a month."""

    __tablename__ = "claim_dealer_month"
    __table_args__ = ({"sqlite_with_rowid": False},)

    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    dealer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(String(40), primary_key=True)


class ClaimTook(Base):
    """How many first decisions took how long: `what` is turnaround or business, `bucket` a lower border in minutes."""

    __tablename__ = "claim_took"
    __table_args__ = ({"sqlite_with_rowid": False},)

    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    slice: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(120), primary_key=True)
    on_day: Mapped[date] = mapped_column(Date, primary_key=True)
    place: Mapped[str] = mapped_column(String(40), primary_key=True)
    bucket: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(Integer, nullable=False, server_default="0")
