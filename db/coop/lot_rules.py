"""FIFO lots of a fund: when one expires, which ones pay, what comes back (domain-rules 2.3). Money is cents."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Lot:
    """One lot as far as a posting asks: `left` is what is neither held nor gone. The last day counts: 31 Oct spends."""

    id: int
    expires_on: date
    left: int


def expires_on(earned: date, months: int) -> date:
    """The last day money earned on a day can be spent: the end of that month plus so many ("April by October 31")."""
    ordinal = earned.year * 12 + earned.month - 1 + months
    year, month = divmod(ordinal, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def in_order(lots: Iterable[Lot]) -> list[Lot]:
    """First what expires first, then what came first."""
    return sorted(lots, key=lambda lot: (lot.expires_on, lot.id))


def take(lots: Iterable[Lot], cents: int) -> tuple[list[tuple[int, int]], int]:
    """(lot, cents) that pay an amount in FIFO order, and what no lot could pay."""
    parts, rest = [], cents
    for lot in in_order(lots):
        part = min(lot.left, rest)
        if part > 0:
            parts.append((lot.id, part))
            rest -= part
    return parts, rest


def due(lots: Iterable[Lot], today: date) -> list[tuple[int, int]]:
    """(lot, unspent cents) of everything whose last day is over; what is held for a pre-approval stays."""
    return [(lot.id, lot.left) for lot in in_order(lots) if lot.expires_on < today and lot.left > 0]


@dataclass(frozen=True, kw_only=True)
class Back:
    """What becomes of money that comes back: `freed` returns to its lot, `covering` stays gone because it pays off an
    overdraft, `new` is what no lot had paid and becomes a lot of its own."""

    freed: tuple[tuple[int, int], ...]
    covering: tuple[tuple[int, int], ...]
    new: int


def give_back(drawn: Sequence[tuple[int, int]], *, cents: int, before: int) -> Back:
    """Money that comes back to a fund that had `before` available; `drawn` is (lot, cents), what its lots had paid.

    Afterwards the lots hold exactly what is available, and nothing while a fund is overdrawn.
    """
    wanted = max(before + cents, 0) - max(before, 0)
    freed, covering, rest = [], [], wanted
    for lot_id, part in drawn:
        free = min(part, rest)
        rest -= free
        if free:
            freed.append((lot_id, free))
        if part - free:
            covering.append((lot_id, part - free))
    return Back(freed=tuple(freed), covering=tuple(covering), new=rest)
