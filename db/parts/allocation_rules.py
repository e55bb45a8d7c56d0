"""Who gets what of a part that is short (domain-rules 2.11): a pure rule, whole units, the same answer every time.

Vehicles that stand come first, then lines under contract, both longest waiting first. What is left is shared among the
others by their demand of the last 90 days: each gets the whole units of its share (never more than asked for; what
a capped line leaves goes back into the sharing), and what remains goes unit by unit to the lines that wait longest.

The sum is the stock, or all requests when there is enough; nobody gets more than asked for. More stock never takes a
unit from a vehicle down or a contract. Among the others the remainder is not monotone: with one unit more in stock a
line may lose the unit it had as a remainder, because others' shares became whole (at most one unit; decision 0051).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from db.core.labels import plural

CLASSES = ("vehicle_down", "contract", "other")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What one line still needs; `demand` is what its dealer ordered of the part in 90 days, `since` its order day."""

    key: int
    quantity: int
    group: str
    demand: int
    since: date


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a line gets, and why in a sentence."""

    key: int
    quantity: int
    why: str


def allocate(available: int, requests: Sequence[Request]) -> list[Share]:
    """The shares in order of precedence; their order and sum do not depend on the order of `requests`.

    A negative `available` counts as none; requests of no units get none. ValueError for a key given twice.
    """
    if len({r.key for r in requests}) != len(requests):
        raise ValueError("a line asks once")
    left = max(0, available)
    found: list[Share] = []
    for group in CLASSES[:2]:
        for asked in _oldest(r for r in requests if r.group == group):
            given = min(asked.quantity, left)
            left -= given
            found.append(Share(key=asked.key, quantity=given, why=_first_come(asked, given)))
    others = _oldest(r for r in requests if r.group == "other")
    found += _pro_rata(left, others)
    return found


def _oldest(requests: object) -> list[Request]:
    return sorted(requests, key=lambda r: (r.since, r.key))  # type: ignore[call-overload, no-any-return]


def _weight(asked: Request) -> int:
    """A dealer without orders in 90 days counts as one unit: it is not shut out."""
    return max(1, asked.demand)


def _pro_rata(available: int, requests: Sequence[Request]) -> list[Share]:
    """Fill by demand up to each request, whole units; the remainder goes one by one to the oldest."""
    if available >= sum(r.quantity for r in requests):
        return [Share(key=r.key, quantity=r.quantity, why=_all_words(r)) for r in requests]
    given: dict[int, int] = {}
    active, left = list(requests), available
    while active:
        total = sum(_weight(r) for r in active)
        # A line whose share reaches its request takes all of it; the others share what it leaves.
        full = [r for r in active if left * _weight(r) >= r.quantity * total]
        if not full:
            break
        for asked in full:
            given[asked.key] = asked.quantity
        left -= sum(r.quantity for r in full)
        active = [r for r in active if r.key not in given]
    total = sum(_weight(r) for r in active)
    floors = {r.key: left * _weight(r) // total for r in active}
    rest = left - sum(floors.values())
    extra = {r.key for r in active[:rest]}  # oldest first; never more than one each, and each has room for one
    shares = []
    for asked in requests:
        if asked.key in given:
            shares.append(Share(key=asked.key, quantity=asked.quantity, why=_share_words(asked, requests, full=True)))
        else:
            quantity = floors[asked.key] + (asked.key in extra)
            words = _share_words(asked, requests, extra=asked.key in extra, got=quantity)
            shares.append(Share(key=asked.key, quantity=quantity, why=words))
    return shares


def _first_come(asked: Request, given: int) -> str:
    what = "Vehicle down" if asked.group == "vehicle_down" else "Under contract"
    order = "first in line" if asked.group == "vehicle_down" else "after the vehicles that stand"
    if given == asked.quantity:
        return f"{what}: {order}, gets all {plural(given, 'unit')}."
    if given:
        return f"{what}: {order}; older lines of the kind left {given:,} of {asked.quantity:,}."
    return f"{what}: nothing was left by lines that come before."


def _all_words(asked: Request) -> str:
    return f"Enough is left for everybody: gets all {plural(asked.quantity, 'unit')}."


def _share_words(
    asked: Request, requests: Sequence[Request], *, full: bool = False, extra: bool = False, got: int = 0
) -> str:
    whole = sum(_weight(r) for r in requests)
    share = f"Share by 90-day demand ({_weight(asked):,} of {whole:,})"
    if full:
        return f"{share} covers all {plural(asked.quantity, 'unit')}."
    if extra:
        return f"{share}: {got - 1:,}, and 1 of the remainder as one of the longest waiting."
    return f"{share}: {got:,} of {asked.quantity:,}." if got else f"{share} is less than a whole unit."
