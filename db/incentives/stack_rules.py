"""Which programs one sale may have together: the legal set that pays most, and why the others lose (I12).

Two programs conflict when they share a stack group, unless one of them names the other as compatible; an exclusive
program conflicts with all but those on its own list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.incentives.model import Program
from db.incentives.say_rules import money, words

MOST = 60
"""Programs that could be had for one sale at once; above it the search is refused."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A program this sale is eligible for and what it would pay. `fixed`: it was approved before and stays."""

    code: str
    cents: int
    stack_group: str = ""
    exclusive: bool = False
    compatible: tuple[str, ...] = ()
    fixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Loser:
    """A program that is not paid, the chosen ones it cannot be had with, and the sentence why."""

    code: str
    cents: int
    beaten_by: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Stacked:
    """The best legal set: codes in order, their total, and everything that was left out."""

    chosen: tuple[str, ...]
    cents: int
    losers: tuple[Loser, ...]


def offer_of(program: Program, cents: int, *, fixed: bool = False) -> Offer:
    """A program as stacking knows it."""
    return Offer(
        code=program.code, cents=cents, stack_group=program.stack_group, exclusive=program.exclusive,
        compatible=program.compatible, fixed=fixed,
    )  # fmt: skip


def conflict(a: Offer, b: Offer) -> str:
    """Why two programs cannot be had together; empty when they can."""
    for one, other in ((a, b), (b, a)):
        if one.exclusive and other.code not in one.compatible:
            return f"{one.code} is exclusive"
    group = a.stack_group.casefold()
    named = b.code in a.compatible or a.code in b.compatible
    if group and group == b.stack_group.casefold() and not named:
        return f"only one of the group {a.stack_group} can be had"
    return ""


def is_legal(offers: Sequence[Offer]) -> bool:
    """Whether all of these may be had together."""
    return not any(conflict(a, b) for i, a in enumerate(offers) for b in offers[i + 1 :])


def resolve(offers: Iterable[Offer]) -> Stacked:
    """The legal set with the highest total; what was approved before is in it. ValueError above `MOST` offers.

    Of several sets of the same total the one with fewer programs wins, then the one first by its codes, so that the
    answer does not depend on the order of the offers.
    """
    by_code = sorted(offers, key=lambda o: o.code)
    if len(by_code) > MOST:
        raise ValueError(f"at most {MOST} programs can be weighed for one sale")
    fixed = [o for o in by_code if o.fixed]
    free = [o for o in by_code if not o.fixed and not any(conflict(o, f) for f in fixed)]
    chosen = list(fixed)
    for part in _parts(free):
        chosen += _best(part)
    chosen.sort(key=lambda o: o.code)
    losers = tuple(_loser(o, chosen) for o in by_code if o not in chosen)
    return Stacked(chosen=tuple(o.code for o in chosen), cents=sum(o.cents for o in chosen), losers=losers)


def _parts(offers: list[Offer]) -> list[list[Offer]]:
    """Groups of offers that conflict with each other, directly or through others; each is solved by itself."""
    left, parts = list(offers), list[list[Offer]]()
    while left:
        part = [left.pop(0)]
        for one in part:  # grows while it is walked
            near = [o for o in left if conflict(one, o)]
            part += near
            left = [o for o in left if o not in near]
        parts.append(part)
    return parts


def _best(offers: list[Offer]) -> list[Offer]:
    """The legal subset that pays most, by branch and bound."""
    order = sorted((o for o in offers if o.cents > 0), key=lambda o: (-o.cents, o.code))
    rest = [sum(o.cents for o in order[i:]) for i in range(len(order) + 1)]
    best: tuple[tuple[int, int, tuple[str, ...]], list[Offer]] = ((0, 0, ()), [])

    def walk(at: int, taken: list[Offer], cents: int) -> None:
        nonlocal best
        key = (-cents, len(taken), tuple(sorted(o.code for o in taken)))
        if key < best[0]:
            best = (key, list(taken))
        if at == len(order) or cents + rest[at] < -best[0][0]:
            return
        one = order[at]
        if not any(conflict(one, t) for t in taken):
            walk(at + 1, [*taken, one], cents + one.cents)
        walk(at + 1, taken, cents)

    walk(0, [], 0)
    return best[1]


def _loser(offer: Offer, chosen: Sequence[Offer]) -> Loser:
    against = [(c, why) for c in chosen if (why := conflict(offer, c))]
    if not against:
        return Loser(code=offer.code, cents=offer.cents, beaten_by=(), why=f"{offer.code} pays nothing for this sale.")
    codes = tuple(c.code for c, _ in against)
    reasons = words(dict.fromkeys(why for _, why in against))
    paid = sum(c.cents for c, _ in against)
    before = " was approved before and" if any(c.fixed for c, _ in against) else ""
    why = f"{offer.code} ({money(offer.cents)}) cannot be combined with {words(codes)}: {reasons}."
    why += f" {words(codes)}{before} {'pays' if len(codes) == 1 else 'pay'} {money(paid)}."
    return Loser(code=offer.code, cents=offer.cents, beaten_by=codes, why=why)
