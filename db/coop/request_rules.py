"""What a request asks, and what a claim says was done: the typed facts, checked field by field (domain-rules 2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from db.coop.model import COSTS, MEDIA, Programme
from db.coop.payable_rules import CostLine, Showing
from db.coop.say_rules import day
from db.core.problems import Problems

MOST_CENTS = 10_000_000_00
MOST_LINES = 20
LONGEST = {"activity": 200, "vendor": 120, "goal": 500, "invoice_number": 40}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list of requests or claims is narrowed to."""

    view: str = "waiting"
    region: str = ""
    medium: str = ""
    dealer_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """An activity as somebody types it: a plan in a request, what was done in a claim. Days are the dealer's."""

    medium: str = ""
    activity: str = ""
    vendor: str = ""
    goal: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    costs: tuple[CostLine, ...] = ()
    showing: Showing = field(default_factory=Showing)
    invoice_number: str = ""

    @property
    def cost_cents(self) -> int:
        """The sum of all costs, eligible or not."""
        return sum(line.cents for line in self.costs)


def costs_to_json(costs: Sequence[CostLine]) -> list[dict[str, object]]:
    """Costs as they are stored."""
    return [{"kind": c.kind, "cents": c.cents} for c in costs]


def costs_from_json(body: Sequence[dict[str, object]]) -> tuple[CostLine, ...]:
    """Costs as they were stored."""
    return tuple(CostLine(kind=str(c["kind"]), cents=int(str(c["cents"]))) for c in body)


def check_terms(terms: Terms, programme: Programme, problems: Problems, *, is_claim: bool = False) -> Terms:
    """The terms with texts stripped; problems for every field that cannot be right."""
    texts = {name: getattr(terms, name) for name in LONGEST}
    texts["activity"] = problems.require(terms.activity, "activity", "What is planned", longest=LONGEST["activity"])
    if is_claim:
        texts["invoice_number"] = problems.require(
            terms.invoice_number, "invoice_number", "The invoice number", longest=LONGEST["invoice_number"]
        )
    for name in ("vendor", "goal"):
        texts[name] = texts[name].strip()
        if len(texts[name]) > LONGEST[name]:
            problems.add(name, "too_long", f"At most {LONGEST[name]} characters fit.")
    if terms.medium not in programme.media:
        said = "Choose a medium." if terms.medium not in MEDIA else f"{programme.code} does not pay for this medium."
        problems.add("medium", "unknown", said)
    _check_days(terms, programme, problems, is_claim=is_claim)
    _check_costs(terms.costs, problems)
    show = terms.showing
    if not 0 <= show.brand_share <= 100_00:
        problems.add("brand_share", "out_of_range", "A share lies between 0% and 100%.")
    if show.seconds is not None and not 0 < show.seconds <= 3_600:
        problems.add("seconds", "out_of_range", "A spot has between 1 and 3,600 seconds.")
    if show.mentions is not None and not 0 <= show.mentions <= 1_000:
        problems.add("mentions", "out_of_range", "Give a number between 0 and 1,000.")
    return Terms(
        medium=terms.medium, starts_on=terms.starts_on, ends_on=terms.ends_on, costs=terms.costs, showing=show, **texts
    )


def _check_days(terms: Terms, programme: Programme, problems: Problems, *, is_claim: bool) -> None:
    if terms.starts_on is None:
        problems.add("starts_on", "required", "Choose the first day.")
    if terms.ends_on is None:
        problems.add("ends_on", "required", "Choose the last day.")
    if terms.starts_on is None or terms.ends_on is None:
        return
    if terms.ends_on < terms.starts_on:
        problems.add("ends_on", "before_start", "The last day comes before the first.")
    elif not is_claim and not programme.covers(terms.ends_on):
        said = f"{programme.code} pays for what ends from 1 Jan {programme.year} to {day(programme.last_day)}."
        problems.add("ends_on", "other_year", said, rule="domain-rules 2.3")


def _check_costs(costs: Sequence[CostLine], problems: Problems) -> None:
    if not costs:
        problems.add("costs", "required", "Give at least one cost.")
    elif len(costs) > MOST_LINES:
        problems.add("costs", "too_many", f"At most {MOST_LINES} costs fit; add up small ones.")
    elif any(c.kind not in COSTS for c in costs):
        problems.add("costs", "unknown", "Choose what each cost is for.")
    elif any(not 0 < c.cents <= MOST_CENTS for c in costs):
        problems.add("costs", "out_of_range", "Each cost lies above $0 and at most at $10,000,000.")
