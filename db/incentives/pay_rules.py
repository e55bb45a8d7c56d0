"""What a payment of incentives pays, sets off and leaves for later (domain-rules 2.4, payment authorization).

Money is signed cents: positive is owed to the dealer. What is owed for a claim is what was approved less what was taken
back and less what was paid, so an unwound sale after its payment is owed with a minus and nets in the next memo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.incentives.say_rules import money

Key = tuple[int, int, str]
"""(program, dealer, period)."""
LEFT_OUT: Final[dict[str, str]] = {
    "suspended": "The dealer is suspended",
    "terminated": "The dealer is terminated",
    "signed": "You approved this; somebody else has to pay it",
    "later": "Not authorized this time; stays payable",
    "negative": "The dealer owes more than it is owed; carried to the next payment",
}
STOPPED: Final = ("suspended", "terminated")


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What is owed for one claim, not zero. `since` is its first approval, `payments` how often it was paid before."""

    claim_id: int
    number: str
    program_id: int
    dealer_id: int
    period: str
    cents: int
    dealer_status: str
    since: datetime
    payments: int = 0
    is_signed: bool = False
    """Whether whoever pays approved the claim (2.0: never alone)."""

    @property
    def key(self) -> Key:
        """The account it belongs to."""
        return self.program_id, self.dealer_id, self.period


@dataclass(frozen=True, kw_only=True)
class PayLine:
    """What is paid for one claim, or set off when negative; never zero."""

    owed: Owed
    cents: int


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What is not paid for one claim, and why (a key of `LEFT_OUT`)."""

    owed: Owed
    cents: int
    why: str


@dataclass(frozen=True, kw_only=True)
class MemoPlan:
    """What one dealer would be credited with, zero or more cents."""

    dealer_id: int
    lines: tuple[PayLine, ...]

    @property
    def cents(self) -> int:
        """The sum of the lines."""
        return sum(line.cents for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A payment before it is made."""

    memos: tuple[MemoPlan, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def cents(self) -> int:
        """The sum of the memos."""
        return sum(m.cents for m in self.memos)

    @property
    def lines(self) -> int:
        """How many lines the memos have."""
        return sum(len(m.lines) for m in self.memos)


def why_not(one: Owed) -> str:
    """Why nothing is paid for a claim, empty when it can be. What a dealer owes needs nobody else to set it off."""
    if one.dealer_status in STOPPED:
        return one.dealer_status
    return "signed" if one.is_signed and one.cents > 0 else ""


def payable_of(owed: Iterable[Owed]) -> dict[Key, int]:
    """What could be paid by account, before anything is held back; may be negative."""
    found: dict[Key, int] = {}
    for one in owed:
        if not why_not(one):
            found[one.key] = found.get(one.key, 0) + one.cents
    return found


def too_much(owed: Iterable[Owed], amounts: Mapping[Key, int]) -> tuple[Key, int] | None:
    """The first account for which more is authorized than is payable (or less than nothing), with what is payable."""
    payable = payable_of(owed)
    for key, cents in sorted(amounts.items()):
        most = payable.get(key, 0)
        if not 0 <= cents <= max(0, most):
            return key, most
    return None


def plan(owed: Iterable[Owed], *, amounts: Mapping[Key, int] | None = None) -> Plan:
    """What a payment pays: by account, then by dealer.

    `amounts` authorizes less for an account: debts are set off first, then the oldest claims are paid as far as it
    reaches, and the rest stays payable. A dealer whose sum is negative gets no memo and carries the debt.
    """
    accounts: dict[Key, list[Owed]] = {}
    left: list[LeftOut] = []
    for one in sorted(owed, key=lambda o: (o.since, o.claim_id)):
        why = why_not(one)
        if why:
            left.append(LeftOut(owed=one, cents=one.cents, why=why))
        else:
            accounts.setdefault(one.key, []).append(one)
    dealers: dict[int, list[PayLine]] = {}
    later: dict[int, list[LeftOut]] = {}
    for key, own in sorted(accounts.items()):
        paid = _allocate(own, (amounts or {}).get(key))
        for one, cents in zip(own, paid, strict=True):
            if cents:
                dealers.setdefault(one.dealer_id, []).append(PayLine(owed=one, cents=cents))
            if cents != one.cents:
                rest = LeftOut(owed=one, cents=one.cents - cents, why="later")
                later.setdefault(one.dealer_id, []).append(rest)
    memos = []
    for dealer_id, lines in sorted(dealers.items()):
        if sum(line.cents for line in lines) < 0:
            left += [LeftOut(owed=line.owed, cents=line.cents, why="negative") for line in lines]
        else:
            memos.append(MemoPlan(dealer_id=dealer_id, lines=tuple(lines)))
    for _, some in sorted(later.items()):
        left += some
    return Plan(memos=tuple(memos), left_out=tuple(left))


def _allocate(own: Sequence[Owed], authorized: int | None) -> list[int]:
    """How much of each claim of one account is paid, the oldest first."""
    if authorized is None or sum(o.cents for o in own) <= 0:
        return [o.cents for o in own]
    rest = authorized - sum(o.cents for o in own if o.cents < 0)
    found = []
    for one in own:
        share = one.cents if one.cents < 0 else min(one.cents, rest)
        rest -= max(0, share)
        found.append(share)
    return found


def entry_key(claim_id: int, payments: int) -> str:
    """The key of a claim's next payment: two that were planned at once have the same, and one of them is refused."""
    return f"paid:{claim_id}:{payments + 1}"


def remarks(lines: Iterable[tuple[int, int]]) -> list[str]:
    """What the lines (owed, paid) of a memo alone do not say: what was set off, and what is paid later."""
    some = list(lines)
    said = []
    off = sum(paid for _, paid in some if paid < 0)
    if off:
        said.append(f"{money(-off)} of earlier payments is set off: lines with a minus.")
    later = sum(owed - paid for owed, paid in some if paid >= 0)
    if later > 0:
        said.append(f"{money(later)} of what was owed stays payable and follows with a later credit memo.")
    return said
