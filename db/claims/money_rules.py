"""What a claim costs: each line rounded half up, the total the sum of the rounded lines (domain-rules 2.0, 2.1 E)."""

from __future__ import annotations

from collections.abc import Iterable

from db.claims.model import ChargeDraft

_HUNDRED = 100
_SHARE = 10_000


def half_up(numerator: int, denominator: int) -> int:
    """The quotient as a whole number, halves away from zero; the denominator is positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def line_cents(charge: ChargeDraft) -> int:
    """quantity x unit x (1 + markup), once rounded: labour is hours x rate, a part quantity x net with its markup."""
    marked = charge.quantity * charge.unit_cents * (_SHARE + charge.markup)
    return half_up(marked, _HUNDRED * _SHARE)


def total_cents(charges: Iterable[ChargeDraft]) -> int:
    """The claimed total: labour, parts, sublet, rental, freight, misc and tax, less the deductible (negative)."""
    return sum(line_cents(c) for c in charges)


def net_of(versions: Iterable[int]) -> int:
    """What all versions of a claim come to: the first, its supplements, less its debits (negative), 2.1 E."""
    return sum(versions)


def fill(amounts: Iterable[int], most: int) -> list[int]:
    """Amounts that add up to at most `most`: the first ones are kept whole, the last ones give way. None is negative.

    For a cap on several lines: [300, 300] under 500 becomes [300, 200].
    """
    left, found = max(most, 0), []
    for amount in amounts:
        taken = min(max(amount, 0), left)
        found.append(taken)
        left -= taken
    return found
