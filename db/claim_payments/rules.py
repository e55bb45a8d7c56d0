"""What is posted for a decision, what a batch pays and leaves out, how old a debt is (domain-rules 2.1 E, H, I).

Money is signed cents: positive is owed to the dealer. Days are those of the dealer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

NEVER_PAYABLE: Final = ("pre_authorization", "supplier_recovery")
"""An approved pre-authorization is a promise, not a claim; a supplier's recovery is owed by the supplier."""
DECIDED: Final = ("approved", "partially_approved", "denied", "paid", "adjusted", "charged_back")
"""In these states the decision stands, and so what was posted for it may be paid or set off."""
TO_PAY: Final = ("approved", "partially_approved")
NATURAL: Final = {"add_credit": "supplement", "debit": "debit"}
KINDS: Final[dict[str, str]] = {
    "approval": "Approved", "supplement": "Supplement", "debit": "Debit", "charge_back": "Charge-back",
    "part_debit": "Part not returned", "part_credit": "Part kept by us", "reversal": "Reversal",
}  # fmt: skip
REVERSIBLE: Final = ("charge_back", "part_debit")
LEFT_OUT: Final[dict[str, str]] = {
    "reopened": "Appealed or being decided again; not payable until then",
    "suspended": "The dealer is suspended",
    "terminated": "The dealer is terminated",
    "signed": "You signed this claim; somebody else has to pay it",
    "not_due": "Not due by the day chosen",
    "negative": "The dealer owes more than it is owed; carried to the next batch",
}
AUDIT_REASON: Final = "AUDIT_FINDING"
BUCKETS: Final = ((0, 7, "0–7 days"), (8, 15, "8–15 days"), (16, 30, "16–30 days"), (31, None, "31 days and more"))


def money_label(cents: int | None, currency: str = "USD") -> str:
    """An amount for people: "$1,234.50", "−$20.00", "CAD 5.00"; an en dash when unknown."""
    if cents is None:
        return "–"
    sign = "\u2212" if cents < 0 else ""
    mark = "$" if currency == "USD" else f"{currency} "
    return f"{sign}{mark}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


# ---- posting ---------------------------------------------------------------------------------------------------------
def entry_kind(claim_type: str, cents: int) -> str:
    """What a difference is called: its claim's own kind, or a reversal where it goes the other way."""
    kind = NATURAL.get(claim_type, "approval")
    goes_natural = cents <= 0 if kind == "debit" else cents >= 0
    return kind if goes_natural else "reversal"


def difference(
    *, claim_type: str, status: str, approved_cents: int | None, posted_cents: int, has_entries: bool
) -> int | None:
    """What has to be posted so that the ledger says what was approved, None for nothing.

    The first approval is posted even when it is zero: its memo is what closes the claim. A claim taken back is owed
    nothing.
    """
    if claim_type in NEVER_PAYABLE:
        return None
    owed = 0 if status in ("void", "denied") else approved_cents or 0
    change = owed - posted_cents
    if change == 0 and (has_entries or status not in TO_PAY):
        return None
    return change


# ---- paying ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Unpaid:
    """One entry no memo has paid, with what decides about it. `pay_by` is the last day to pay its claim."""

    entry_id: int
    claim_id: int
    number: str
    dealer_id: int
    cents: int
    claim_status: str
    dealer_status: str
    pay_by: date | None = None
    is_signed: bool = False
    """Whether whoever pays signed the claim's approval (2.0: never alone)."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A claim a batch does not pay, and the reason (a key of `LEFT_OUT`)."""

    claim_id: int
    number: str
    dealer_id: int
    cents: int
    why: str


@dataclass(frozen=True, kw_only=True)
class MemoPlan:
    """What one dealer would be credited with: all entries of each claim that is in."""

    dealer_id: int
    cents: int
    entry_ids: tuple[int, ...]
    claim_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A batch before it is made."""

    memos: tuple[MemoPlan, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def cents(self) -> int:
        """The sum of the memos."""
        return sum(m.cents for m in self.memos)

    @property
    def entries(self) -> int:
        """How many entries the memos pay."""
        return sum(len(m.entry_ids) for m in self.memos)

    @property
    def claims(self) -> int:
        """How many claims the memos pay."""
        return sum(len(m.claim_ids) for m in self.memos)


def why_not(entries: Sequence[Unpaid], *, due_until: date | None) -> str:
    """Why the unpaid entries of one claim are not paid, empty when they are. What a dealer owes is always due."""
    one, owed = entries[0], sum(e.cents for e in entries)
    if one.claim_status not in DECIDED:
        return "reopened"
    if one.dealer_status in ("suspended", "terminated"):
        return one.dealer_status
    if one.is_signed and owed > 0:
        return "signed"
    if due_until is not None and owed >= 0 and one.pay_by is not None and one.pay_by > due_until:
        return "not_due"
    return ""


def plan(entries: Iterable[Unpaid], *, due_until: date | None = None) -> Plan:
    """What a batch pays: by claim, then by dealer; a dealer whose sum is negative gets no memo and carries the debt."""
    claims: dict[int, list[Unpaid]] = {}
    for entry in entries:
        claims.setdefault(entry.claim_id, []).append(entry)
    dealers: dict[int, list[list[Unpaid]]] = {}
    left: list[LeftOut] = []
    for _, own in sorted(claims.items()):
        why = why_not(own, due_until=due_until)
        if why:
            left.append(_left(own, why))
        else:
            dealers.setdefault(own[0].dealer_id, []).append(own)
    memos = []
    for dealer_id, groups in sorted(dealers.items()):
        cents = sum(e.cents for own in groups for e in own)
        if cents < 0:
            left += [_left(own, "negative") for own in groups]
            continue
        memos.append(
            MemoPlan(
                dealer_id=dealer_id, cents=cents, entry_ids=tuple(sorted(e.entry_id for own in groups for e in own)),
                claim_ids=tuple(own[0].claim_id for own in groups),
            )
        )  # fmt: skip
    return Plan(memos=tuple(memos), left_out=tuple(left))


def _left(own: Sequence[Unpaid], why: str) -> LeftOut:
    one = own[0]
    return LeftOut(
        claim_id=one.claim_id, number=one.number, dealer_id=one.dealer_id, cents=sum(e.cents for e in own), why=why
    )


# ---- charging back and ageing ----------------------------------------------------------------------------------------
def audit_ends(paid_on: date, audit_days: int | None) -> date | None:
    """The last day a payment may be charged back without a finding of fraud; None where no law limits it (2.1 H)."""
    return None if audit_days is None else paid_on + timedelta(days=audit_days)


def bucket(days: int) -> str:
    """The ageing bucket of a number of days (2.1 I)."""
    for low, high, label in BUCKETS:
        if days >= low and (high is None or days <= high):
            return label
    return BUCKETS[0][2]
