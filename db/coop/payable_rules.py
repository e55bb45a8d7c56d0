"""What is payable, with every bound shown (domain-rules 2.3). Money is cents, rates hundredths of a percent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from db.coop.model import COSTS, MediumRule, Programme
from db.coop.say_rules import money, rate, share_of


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One cost of an activity: what it was for (model.COSTS) and how much."""

    kind: str
    cents: int


@dataclass(frozen=True, kw_only=True)
class Eligible:
    """A cost with how much of it counts, and why not where it does not."""

    line: CostLine
    cents: int
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How the brand was shown: its share in hundredths of a percent, a competitor beside it, mentions in a spot."""

    brand_share: int = 100_00
    competitor: bool = False
    mentions: int | None = None
    seconds: int | None = None


def mentions_needed(programme: Programme, seconds: int) -> int:
    """How often a spot names the brand: "twice per 30 s, four times per 60 s", begun halves count whole."""
    return -(-seconds * programme.mentions_per_30s // 30)


def brand_problem(programme: Programme, medium: str, showing: Showing) -> str:
    """Why nothing of an activity counts because of how the brand was shown; empty when it is in order."""
    if showing.competitor:
        return "A competitor's brand is beside ours."
    if showing.brand_share < programme.brand_share:
        least = rate(programme.brand_share)
        return f"Our brand has {rate(showing.brand_share)} of the space; it needs at least {least}."
    if medium == "radio" and showing.seconds and showing.mentions is not None:
        needed = mentions_needed(programme, showing.seconds)
        if showing.mentions < needed:
            return f"The spot names the brand {showing.mentions} times in {showing.seconds} s; it needs {needed}."
    return ""


def eligible_costs(programme: Programme, medium: str, costs: Iterable[CostLine], showing: Showing) -> list[Eligible]:
    """Each cost with what counts of it: nothing of an ineligible kind, nothing at all when the brand rules fail."""
    wrong = brand_problem(programme, medium, showing)
    found = []
    for line in costs:
        why = wrong
        if not why and line.kind in programme.ineligible:
            why = f"{COSTS[line.kind]} is not eligible."
        found.append(Eligible(line=line, cents=0 if why else line.cents, why=why))
    return found


@dataclass(frozen=True, kw_only=True)
class Bound:
    """One limit of what is payable, in words; the lowest decides."""

    name: str
    label: str
    cents: int
    why: str
    decides: bool = False


@dataclass(frozen=True, kw_only=True)
class Payable:
    """What is payable, every bound in order, and every cost with what counted."""

    cents: int
    bounds: tuple[Bound, ...]
    costs: tuple[Eligible, ...]

    @property
    def eligible_cents(self) -> int:
        """The sum of what counts."""
        return sum(c.cents for c in self.costs)

    @property
    def because(self) -> str:
        """The sentence of the bound that decides."""
        return next((b.why for b in self.bounds if b.decides), "")


def medium_cap(rule: MediumRule, *, accrued: int) -> int | None:
    """The most a medium pays in a dealer's year: the lower of its amount and its share of what was accrued."""
    caps = [] if rule.cap_cents is None else [rule.cap_cents]
    if rule.cap_of_accrual is not None:
        caps.append(share_of(max(accrued, 0), rule.cap_of_accrual))
    return min(caps) if caps else None


def payable(
    programme: Programme, medium: str, costs: Iterable[CostLine], showing: Showing, *, available: int,
    approved: int | None = None, accrued: int = 0, used_of_medium: int = 0,
) -> Payable:  # fmt: skip
    """min(eligible cost x rate, request approved, available, medium cap): each bound shown, the lowest named.

    `available` is what the claim may use: the fund's, and its own reserve. `approved` is that of the request, none
    when there was no request. `used_of_medium` is what the year's approvals of this medium have used of its cap.
    """
    rule = programme.media[medium]  # type: ignore[index]  # asked for with a medium of this programme
    lines = tuple(eligible_costs(programme, medium, costs, showing))
    total = sum(c.cents for c in lines)
    bounds = [
        Bound(
            name="rate", label="Eligible cost x rate", cents=share_of(total, rule.rate),
            why=f"{rate(rule.rate)} of {money(total)} eligible cost",
        )
    ]  # fmt: skip
    if approved is not None:
        bounds.append(Bound(name="request", label="Approved before", cents=approved, why="What was approved before"))
    bounds.append(Bound(name="available", label="Available", cents=max(available, 0), why="What the fund can pay"))
    cap = medium_cap(rule, accrued=accrued)
    if cap is not None:
        left = max(cap - used_of_medium, 0)
        said = f"Cap of the medium {money(cap)}"
        said += f", {money(used_of_medium)} of it used" if used_of_medium else ""
        bounds.append(Bound(name="cap", label="Cap of the medium", cents=left, why=said))
    lowest = min(b.cents for b in bounds)
    first = next(i for i, b in enumerate(bounds) if b.cents == lowest)
    marked = tuple(
        Bound(name=b.name, label=b.label, cents=b.cents, why=b.why, decides=i == first) for i, b in enumerate(bounds)
    )
    return Payable(cents=lowest, bounds=marked, costs=lines)


def split(paid: int, *, reserved: int) -> tuple[int, int, int]:
    """(from the reserve, from what is available, released): the reserve is consumed first, its rest released."""
    held = min(paid, reserved)
    return held, paid - held, reserved - held


def kept(found: Payable) -> dict[str, Any]:
    """A calculation as JSON keeps it."""
    return {
        "cents": found.cents,
        "bounds": [
            {"name": b.name, "label": b.label, "cents": b.cents, "why": b.why, "decides": b.decides}
            for b in found.bounds
        ],
        "costs": [
            {"kind": c.line.kind, "cost": c.line.cents, "cents": c.cents, "why": c.why} for c in found.costs
        ],
    }  # fmt: skip


def read_kept(body: dict[str, Any]) -> Payable:
    """A calculation as it was kept."""
    return Payable(
        cents=body["cents"], bounds=tuple(Bound(**b) for b in body["bounds"]),
        costs=tuple(
            Eligible(line=CostLine(kind=c["kind"], cents=c["cost"]), cents=c["cents"], why=c["why"])
            for c in body["costs"]
        ),
    )  # fmt: skip
