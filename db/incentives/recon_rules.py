"""What each line of the file and of our memos is: matched, or one kind of difference (domain-rules 2.4, three-way).

Money is signed cents. A difference is positive where too much was paid and negative where too little. Days are plain
days; the caller gives today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from db.incentives.say_rules import day, money

TOLERANCE: Final = 1
"""Cents two amounts may differ and still agree (2.4: 0.01)."""
KINDS: Final[dict[str, str]] = {
    "matched": "Matched", "paid_not_earned": "Paid, not earned", "earned_not_paid": "Earned, not paid",
    "amount_mismatch": "Amount differs", "duplicate": "Paid twice", "orphan": "Orphan", "waiting": "Waiting",
}  # fmt: skip
TONES: Final[dict[str, str]] = {
    "matched": "green", "paid_not_earned": "red", "earned_not_paid": "orange", "amount_mismatch": "orange",
    "duplicate": "red", "orphan": "red", "waiting": "gray",
}  # fmt: skip
MEANINGS: Final[dict[str, str]] = {
    "matched": "The file and our credit memos say the same, to the cent",
    "paid_not_earned": "More was paid than was earned, or the file pays what no credit memo says",
    "earned_not_paid": "Earned or credited longer ago than the days allowed, and not paid",
    "amount_mismatch": "The same payment with another amount",
    "duplicate": "The same vehicle and program, or the same memo, paid a second time",
    "orphan": "Nothing of ours is named by it",
    "waiting": "Earned or credited, and not paid yet; still within the days allowed",
}
DIFFERENCES: Final = ("paid_not_earned", "earned_not_paid", "amount_mismatch", "duplicate", "orphan")
SETTLING: Final = ("written_off", "other_system")
"""Reasons after which a payment missing in the file is looked for no longer; after any other it is asked again."""
REASONS: Final[dict[str, str]] = {
    "bank_error": "The bank or the DMS is wrong and corrects it",
    "recover": "Paid too much; set off against the next payment",
    "pay_next": "Paid too little; the next payment pays it",
    "not_claimed": "Earned, and the dealer has not claimed it",
    "timing": "On its way; the next file has it",
    "rounding": "Rounding of another system",
    "other_system": "Paid by another system on purpose",
    "written_off": "Written off",
}


@dataclass(frozen=True, kw_only=True)
class FileLine:
    """A payment of the file. What it names is empty where it names nothing; `is_known` is False where it names a
    dealer or program we do not have."""

    id: int
    dealer_id: int | None
    program_id: int | None = None
    period: str = ""
    vin: str = ""
    memo: str = ""
    cents: int
    paid_on: date
    is_known: bool = True


@dataclass(frozen=True, kw_only=True)
class PaidLine:
    """A line of one of our credit memos."""

    id: int
    claim_id: int
    dealer_id: int
    program_id: int
    period: str
    vin: str = ""
    memo: str
    cents: int
    paid_on: date


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a dealer earned and was paid with a program in a period; `open_since` is the day of the oldest earning not
    paid yet, None when everything is."""

    dealer_id: int
    program_id: int
    period: str
    earned_cents: int
    paid_cents: int
    approved_cents: int = 0
    open_since: date | None = None


@dataclass(frozen=True, kw_only=True)
class Match:
    """Lines that belong together and what they are. `cents` is the difference."""

    kind: str
    sentence: str
    cents: int
    file_ids: tuple[int, ...] = ()
    paid_ids: tuple[int, ...] = ()
    dealer_id: int | None = None
    program_id: int | None = None
    period: str = ""
    vin: str = ""
    memo: str = ""
    file_cents: int = 0
    paid_cents: int = 0
    same_key: str = field(default="")
    """What it is about: a reason given for it holds as long as this stays the same."""


def agree(one: int, other: int) -> bool:
    """Whether two amounts are the same within the tolerance."""
    return abs(one - other) <= TOLERANCE


def open_since(earned: Iterable[tuple[date, int]], paid_cents: int) -> date | None:
    """The day of the oldest earning the payments do not reach, when they are used for the oldest first."""
    entries = sorted(earned, key=lambda e: e[0])
    total = sum(cents for _, cents in entries)
    if total - paid_cents <= TOLERANCE:
        return None
    reached = 0
    for on, cents in entries:
        reached += cents
        if reached > paid_cents + TOLERANCE:
            return on
    return None


def reconcile(
    files: Iterable[FileLine], paid: Iterable[PaidLine], accounts: Iterable[Account], *, today: date, days: int,
    settled: Iterable[PaidLine] = (),
) -> tuple[Match, ...]:  # fmt: skip
    """Every line in exactly one match; the accounts add what is earned and not paid, or paid and not earned.

    `settled` are our lines found in earlier files: they are in no match, but what pays them again is paid twice.
    """
    lines = sorted(files, key=lambda f: (-_named(f), f.paid_on, f.id))
    pool = Pool(paid, settled)
    found: list[Match] = []
    groups: dict[tuple[object, ...], list[FileLine]] = {}
    for line in lines:
        if not _names_something(line):
            found.append(_orphan(line))
        elif (pair := _exact(line, pool)) is not None:
            found.append(_match("matched", [line], pool.take(pair), "The file and our credit memo agree."))
        else:
            identity = (line.dealer_id, line.program_id, line.period, line.vin, line.memo)
            groups.setdefault(identity, []).append(line)
    for some in groups.values():
        found += _rest(some, pool)
    found += _unseen(pool, today=today, days=days)
    found = [_again(m, pool) for m in found]
    return (*found, *(m for a in accounts if (m := _of_account(a, today=today, days=days)) is not None))


def unexplained(matches: Iterable[Match]) -> int:
    """The sum of the differences whatever their sign, so that two never hide each other."""
    return sum(abs(m.cents) for m in matches if m.kind in DIFFERENCES)


# ---- pairing ---------------------------------------------------------------------------------------------------------
def _named(line: FileLine) -> int:
    """How much a line names: the most exact lines choose first."""
    return 4 * bool(line.vin) + 2 * bool(line.program_id) + bool(line.memo) + bool(line.period)


def _names_something(line: FileLine) -> bool:
    is_named = bool(line.memo) or (line.program_id is not None and bool(line.vin or line.period))
    return line.is_known and line.dealer_id is not None and is_named


class Pool:
    """Our lines: those not matched yet by dealer, and all of them as they were, by dealer, claim and vehicle."""

    def __init__(self, paid: Iterable[PaidLine], settled: Iterable[PaidLine] = ()) -> None:
        self.by_id: dict[int, PaidLine] = {}
        self.left: dict[int, dict[int, PaidLine]] = {}
        self.every: dict[int, list[PaidLine]] = {}
        self.net: dict[int, int] = {}
        self.claims: dict[tuple[str, int], set[int]] = {}
        open_ones = sorted(paid, key=lambda p: p.id)
        for one in open_ones:
            self.by_id[one.id] = one
            self.left.setdefault(one.dealer_id, {})[one.id] = one
        for one in (*settled, *open_ones):
            self.every.setdefault(one.dealer_id, []).append(one)
            self.net[one.claim_id] = self.net.get(one.claim_id, 0) + one.cents
            if one.vin:
                self.claims.setdefault((one.vin, one.program_id), set()).add(one.claim_id)

    def fitting(self, line: FileLine) -> list[PaidLine]:
        """Our lines not matched yet that agree with everything the line of the file names."""
        return [p for p in self.left.get(line.dealer_id or 0, {}).values() if _fits(line, p)]

    def was_there(self, line: FileLine) -> bool:
        """Whether one of ours agrees, matched or not."""
        return any(_fits(line, p) for p in self.every.get(line.dealer_id or 0, ()))

    def take(self, some: Sequence[PaidLine]) -> list[PaidLine]:
        """These lines, no longer to be matched."""
        return [self.left[p.dealer_id].pop(p.id) for p in some]

    def is_second(self, one: PaidLine) -> bool:
        """Whether an earlier claim was paid for the same vehicle and program, and neither was taken back."""
        paid = [c for c in self.claims.get((one.vin, one.program_id), ()) if self.net[c] > 0]
        return one.claim_id in paid and one.claim_id > min(paid)


def _fits(line: FileLine, one: PaidLine) -> bool:
    return (
        line.program_id in (None, one.program_id)
        and line.period in ("", one.period)
        and line.vin in ("", one.vin)
        and line.memo in ("", one.memo)
    )


def _exact(line: FileLine, pool: Pool) -> list[PaidLine] | None:
    fitting = pool.fitting(line)
    if not fitting:
        return None
    if agree(sum(p.cents for p in fitting), line.cents):
        return fitting
    return next(([p] for p in fitting if agree(p.cents, line.cents)), None)


def _rest(some: list[FileLine], pool: Pool) -> list[Match]:
    """Lines of the file that name the same and found no equal: together, against what is left."""
    fitting = pool.fitting(some[0])
    total, owed = sum(f.cents for f in some), sum(p.cents for p in fitting)
    if fitting and agree(total, owed):
        said = f"{len(some)} lines of the file make up our credit memo."
        return [_match("matched", some, pool.take(fitting), said)]
    if fitting:
        said = f"The file says {money(total)}, our credit memos {money(owed)}."
        return [_match("amount_mismatch", some, pool.take(fitting), said)]
    if pool.was_there(some[0]):
        said = "Paid a second time: our credit memo is matched by another line of the file."
        return [_match("duplicate", [line], [], said) for line in some]
    if some[0].program_id is None:
        return [_orphan(line) for line in some]
    said = "The file pays what none of our credit memos says."
    return [_match("paid_not_earned", [line], [], said) for line in some]


def _orphan(line: FileLine) -> Match:
    said = "It names no dealer of ours."
    if line.dealer_id is not None:
        said = "It names no program, vehicle, period or credit memo of ours."
    return _match("orphan", [line], [], said)


def _unseen(pool: Pool, *, today: date, days: int) -> list[Match]:
    """Our lines no line of the file names: set off to nothing, on their way, or missing too long."""
    memos: dict[str, list[PaidLine]] = {}
    for one in sorted((p for own in pool.left.values() for p in own.values()), key=lambda p: p.id):
        memos.setdefault(one.memo, []).append(one)
    found = []
    for memo, some in memos.items():
        if agree(sum(p.cents for p in some), 0):
            found.append(_match("matched", [], some, f"Set off within {memo}; no money moved."))
            continue
        for one in some:
            is_late = one.paid_on + timedelta(days=days) < today
            said = f"Credited with {memo} on {day(one.paid_on)}, and the file does not have it."
            found.append(_match("earned_not_paid" if is_late else "waiting", [], [one], said))
    return found


def _again(match: Match, pool: Pool) -> Match:
    """A match that holds the second of two claims we paid for one vehicle and program."""
    mine = [pool.by_id[i] for i in match.paid_ids]
    second = next((p for p in mine if p.vin and pool.is_second(p)), None)
    if second is None:
        return match
    said = f"{second.vin} was paid twice with this program, the second time with {second.memo}."
    cents = sum(p.cents for p in mine if p.claim_id == second.claim_id)
    key = match.same_key.replace(f"{match.kind}|", "duplicate|", 1)
    return replace(match, kind="duplicate", sentence=said, cents=cents, same_key=key)


# ---- accounts --------------------------------------------------------------------------------------------------------
def _of_account(one: Account, *, today: date, days: int) -> Match | None:
    rest = one.earned_cents - one.paid_cents
    if abs(rest) <= TOLERANCE:
        return None
    if rest < 0:
        kind = "paid_not_earned"
        said = f"{money(one.paid_cents)} paid, {money(one.earned_cents)} earned."
    else:
        is_late = one.open_since is not None and one.open_since + timedelta(days=days) < today
        kind = "earned_not_paid" if is_late else "waiting"
        said = (
            f"{money(one.earned_cents)} earned, {money(one.approved_cents)} approved, {money(one.paid_cents)} paid; "
            f"open since {day(one.open_since)}."
        )
    return Match(
        kind=kind, sentence=said, cents=-rest, dealer_id=one.dealer_id, program_id=one.program_id, period=one.period,
        same_key=f"{kind}|account|{one.dealer_id}|{one.program_id}|{one.period}|{rest}",
    )  # fmt: skip


def _match(kind: str, files: Sequence[FileLine], paid: Sequence[PaidLine], sentence: str) -> Match:
    both: tuple[FileLine | PaidLine, ...] = (*files, *paid)
    first = both[0]
    file_cents, paid_cents = sum(f.cents for f in files), sum(p.cents for p in paid)

    def common(name: str) -> str:
        values = {str(getattr(one, name)) for one in both if getattr(one, name)}
        return values.pop() if len(values) == 1 else ""

    programs = {one.program_id for one in both if one.program_id is not None}
    ids = "|".join([*(f"f{f.id}" for f in files), *(f"p{p.id}" for p in paid)])
    return Match(
        kind=kind, sentence=sentence, cents=0 if kind == "matched" else file_cents - paid_cents,
        file_ids=tuple(f.id for f in files), paid_ids=tuple(p.id for p in paid), dealer_id=first.dealer_id,
        program_id=programs.pop() if len(programs) == 1 else None, period=common("period"), vin=common("vin"),
        memo=common("memo"), file_cents=file_cents, paid_cents=paid_cents, same_key=f"{kind}|{ids}",
    )  # fmt: skip
