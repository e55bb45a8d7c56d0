"""Programmes, funds and lots of the bulk's co-op money, as they are played."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from db.coop.model import Programme
from db.coop.programme_commands import set_programme
from db.core.actor import Actor
from db.core.session import run
from seed.bulk.network import House

DAYS = 725
COLUMNS = ("accrued", "allocated", "reserved", "approved", "expired", "paid")


def publish(bind: Engine, *, now: datetime, author: Actor, at: datetime) -> dict[int, int]:
    """A programme for each year the entries touch, by commands; gives their ids by year."""
    found = {}
    for year in range((now - timedelta(days=DAYS)).year, now.year + 1):
        terms = Programme(code=f"COOP-{year}", name=f"Local advertising {year}", year=year, accrual=2_00)
        found[year] = run(
            set_programme, bind=bind, body=terms.model_dump(mode="json"), effective_from=None, reason="The new year",
            actor=author, now=at,
        )  # fmt: skip
    return found


@dataclass(kw_only=True)
class Lot:
    """Money that came in and expires together."""

    id: int
    entry: int
    earned: date
    expires: date
    cents: int
    left: int
    held: int = 0
    used: int = 0
    expired: int = 0


@dataclass(kw_only=True)
class Fund:
    """One dealer's year as it is played."""

    id: int
    year: int
    house: House
    lots: list[Lot] = field(default_factory=list)
    book: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))
    began: int = 0

    @property
    def available(self) -> int:
        """What can be asked for now."""
        b = self.book
        return b["accrued"] + b["allocated"] - b["reserved"] - b["approved"] - b["expired"]


@dataclass(kw_only=True)
class Memo:
    """A credit memo as it fills."""

    id: int
    house: House
    at: int
    cents: int = 0
    lines: int = 0
