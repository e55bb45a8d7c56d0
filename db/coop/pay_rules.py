"""Which claims a payment takes: one memo a dealer, debts of reversed claims set off first. Money is cents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What is approved and not paid of one claim; negative where a paid claim was reversed. `blocked` says why not."""

    claim_id: int
    number: str
    fund_id: int
    dealer_id: int
    dealer: str
    medium: str
    cents: int
    payments: int = 0
    blocked: str = ""


@dataclass(frozen=True, kw_only=True)
class MemoPlan:
    """The memo of one dealer."""

    dealer_id: int
    lines: tuple[Owed, ...]

    @property
    def cents(self) -> int:
        """What is credited."""
        return sum(line.cents for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A payment as it would be made now."""

    memos: tuple[MemoPlan, ...]
    left_out: tuple[tuple[Owed, str], ...]

    @property
    def cents(self) -> int:
        """The sum of its memos."""
        return sum(m.cents for m in self.memos)

    @property
    def lines(self) -> int:
        """How many claims it pays or sets off."""
        return sum(len(m.lines) for m in self.memos)


CARRIED = "The dealer owes more than is payable; it is set off with a later payment."


def plan(owed: Iterable[Owed]) -> Plan:
    """A memo for each dealer whose sum is above zero; a dealer that owes more carries its debt."""
    mine: dict[int, list[Owed]] = defaultdict(list)
    left: list[tuple[Owed, str]] = []
    for one in sorted(owed, key=lambda o: (o.dealer_id, o.claim_id)):
        if not one.cents:
            continue
        if one.blocked:
            left.append((one, one.blocked))
        else:
            mine[one.dealer_id].append(one)
    memos = []
    for dealer_id, lines in mine.items():
        memo = MemoPlan(dealer_id=dealer_id, lines=tuple(lines))
        if memo.cents > 0:
            memos.append(memo)
        else:
            left += [(line, CARRIED) for line in lines]
    return Plan(memos=tuple(memos), left_out=tuple(left))


def entry_key(claim_id: int, payments: int) -> str:
    """The key of a payment: two payments planned at once collide in it."""
    return f"payment:{claim_id}:{payments}"
