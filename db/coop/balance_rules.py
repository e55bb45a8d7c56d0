"""The balance of a fund as a fold over its ledger, and the statement that shows it (domain-rules 2.3). Cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final

KINDS: Final[dict[str, str]] = {
    "accrual": "Accrued", "allocation": "Allocated", "adjustment": "Adjusted", "transfer_in": "Transferred in",
    "transfer_out": "Transferred out", "reserve": "Reserved", "release": "Released", "claim": "Claim approved",
    "payment": "Paid", "expiry": "Expired", "forfeit": "Forfeited", "reversal": "Reversed",
}  # fmt: skip
_BOOK: Final[dict[str, tuple[str, int]]] = {
    "accrual": ("accrued", 1), "allocation": ("allocated", 1), "adjustment": ("adjusted", 1),
    "transfer_in": ("transferred", 1), "transfer_out": ("transferred", -1), "reserve": ("reserved", 1),
    "release": ("reserved", -1), "claim": ("approved", 1), "payment": ("paid", 1), "expiry": ("expired", 1),
    "forfeit": ("forfeited", 1),
}  # fmt: skip
REVERSIBLE: Final = ("accrual", "claim")


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What stands on each column of a fund. `approved` is gross; what was taken back is `reversed`."""

    accrued: int = 0
    allocated: int = 0
    adjusted: int = 0
    transferred: int = 0
    reserved: int = 0
    approved: int = 0
    reversed: int = 0
    expired: int = 0
    forfeited: int = 0
    paid: int = 0

    @property
    def available(self) -> int:
        """What can be asked for now."""
        into = self.accrued + self.allocated + self.adjusted + self.transferred
        return into - self.reserved - self.approved + self.reversed - self.expired - self.forfeited

    @property
    def owed(self) -> int:
        """What was approved and is not paid; negative when more was paid than is left approved."""
        return self.approved - self.reversed - self.paid

    def __add__(self, other: Balance) -> Balance:
        return Balance(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Balance)})


def effect(kind: str, cents: int, *, reserve_cents: int = 0, of_kind: str = "") -> Balance:
    """What one entry does. A claim consumes `reserve_cents` of its reserve first; a reversal undoes `of_kind`."""
    if kind == "reversal":
        return Balance(reversed=cents) if of_kind == "claim" else Balance(accrued=-cents)
    column, sign = _BOOK[kind]
    found = Balance(**{column: sign * cents})
    return found + Balance(reserved=-reserve_cents) if reserve_cents else found


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of the ledger as a statement needs it; `day` is that of the dealer."""

    id: int
    at: datetime
    day: date
    kind: str
    cents: int
    reserve_cents: int = 0
    of_kind: str = ""
    by: str = ""
    reason: str = ""
    number: str = ""

    @property
    def effect(self) -> Balance:
        """What it does to the balance."""
        return effect(self.kind, self.cents, reserve_cents=self.reserve_cents, of_kind=self.of_kind)


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry with what was available after it and what it changed of that."""

    entry: Entry
    change: int
    available: int


def balance_of(entries: Iterable[Entry]) -> Balance:
    """The balance after some entries."""
    found = Balance()
    for entry in entries:
        found += entry.effect
    return found


def statement(entries: Iterable[Entry], *, until: date) -> tuple[tuple[Line, ...], Balance]:
    """Every entry up to and including a day, oldest first, with the running balance, and the balance of that day."""
    found, lines = Balance(), list[Line]()
    for entry in sorted(entries, key=lambda e: (e.at, e.id)):
        if entry.day > until:
            continue
        after = found + entry.effect
        lines.append(Line(entry=entry, change=after.available - found.available, available=after.available))
        found = after
    return tuple(lines), found
