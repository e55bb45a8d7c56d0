"""What may happen to an onboarding and how it stands; facts in, answers out (domain-rules 2.7, 2.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from db.checklist import forecast_rules, graph_rules
from db.checklist import rules as checklist_rules
from db.checklist.forecast_rules import Risk
from db.checklist.model import Item
from db.core.problems import Problem, Problems

STARTS_FROM: tuple[str, ...] = ("prospect", "terminated", "onboarding")
RESTART: tuple[tuple[str, str], ...] = (
    ("debts", "Nothing is owed to us"),
    ("audit", "The last audit was passed"),
    ("agreement", "They will sign a new agreement"),
    ("training", "Certificates are valid, or will be renewed"),
)
"""What has to be true before a terminated dealer may begin again (domain-rules 2.9, reinstatement)."""
LONGEST_TARGET = 730
OVERDUE_WATCH_DAYS = 7
NOUN = "earlier onboarding"


def may_start(status: str) -> str:
    """Why a dealer of this status cannot begin an onboarding, as a sentence; empty when it can.

    A dealer that came in as "onboarding" from another system may begin too, when it has no open case.
    """
    if status in STARTS_FROM:
        return ""
    return {
        "active": "This dealer is active already; it needs no onboarding.",
        "suspended": "This dealer is suspended: make it active again, or terminate it first.",
    }.get(status, f"A dealer that is {status} cannot begin an onboarding.")


def kind_of(status: str) -> str:
    """A terminated dealer starts again under its old id, every gate anew (2.9); everybody else starts new."""
    return "restart" if status == "terminated" else "new"


def check_target(target_on: date | None, *, today: date, problems: Problems) -> None:
    """The target day lies ahead, at most two years; both in the dealer's zone."""
    if target_on is None:
        problems.add("target_on", "required", "The target day is needed.")
    elif target_on <= today:
        problems.add("target_on", "past", "The target day has to lie ahead.")
    elif target_on > today + timedelta(days=LONGEST_TARGET):
        problems.add("target_on", "too_far", "The target day lies more than two years ahead.")


def check_prerequisites(
    confirmed: Sequence[str], wanted: Sequence[tuple[str, str]], *, kind: str, problems: Problems
) -> None:
    """Before a restart each prerequisite is confirmed; those that are not are named (2.9 reinstatement)."""
    if kind != "restart":
        return
    missing = [label for name, label in wanted if name not in confirmed]
    if missing:
        sentence = "Before a dealer may begin again, confirm: " + "; ".join(missing) + "."
        problems.add("prerequisites", "required", sentence, rule="domain-rules 2.9")


def next_stage(stage: str, stages: Sequence[str]) -> str:
    """The stage after this one; ValueError for the last."""
    position = list(stages).index(stage)
    if position + 1 >= len(stages):
        raise ValueError(f"{stage} is the last stage")
    return stages[position + 1]


def stage_before(stage: str, stages: Sequence[str]) -> str:
    """The stage before this one; ValueError for the first."""
    position = list(stages).index(stage)
    if position == 0:
        raise ValueError(f"{stage} is the first stage")
    return stages[position - 1]


def cannot_advance(items: Sequence[Item], *, stage: str, stages: Sequence[str]) -> list[Problem]:
    """A problem for each item of this stage, or of one before it, that is not done or waived."""
    until = stages[: list(stages).index(stage) + 1]
    found = checklist_rules.in_the_way(items, stages=until)
    return [Problem(code="stage_not_done", message=text, rule="domain-rules 2.7") for text in found]


def cannot_activate(items: Sequence[Item]) -> list[Problem]:
    """A problem for each gate that is failed or open, with why, and for each other item nobody did or waived."""
    found = checklist_rules.in_the_way(items)
    return [Problem(code="gate_not_passed", message=text, rule="domain-rules 2.7") for text in found]


def why_not_item(*, owner: str, is_gate: bool, is_dealer: bool) -> str:
    """Why somebody may not complete an item; empty when they may. Dealer people do their own items and no gate."""
    if not is_dealer:
        return ""
    if is_gate:
        return "A gate is passed by the manufacturer."
    return "" if owner == "dealer" else "This item is the manufacturer's to do."


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a case stands on a day of the dealer's zone: what lists show, see `tables.Onboarding`."""

    readiness: int
    open_items: int
    overdue_items: int
    dealer_items: int
    gates_open: int
    gates_failed: int
    next_gate: str
    next_due_on: date | None
    waits_on: str
    waits_owner: str
    critical_on: date
    forecast_p50_on: date
    forecast_p80_on: date
    risk: Risk


def standing(
    items: Sequence[Item], observed: Mapping[str, Sequence[int]], *, today: date, target_on: date
) -> Standing:  # fmt: skip
    """Derive how a case stands from its items; `observed` holds the days earlier onboardings took, by item."""
    by_code = {i.code: i for i in items}
    left = [i for i in items if not i.is_satisfied]
    gates = checklist_rules.gates(items)
    coming = forecast_rules.forecast(items, observed, today=today, noun=NOUN)
    first = graph_rules.holding_up(items)
    ends = forecast_rules.critical_path(items, today=today).ends_on
    ahead = [g for g in gates if g.state != "passed"]
    return Standing(
        readiness=checklist_rules.readiness(items),
        open_items=len(left),
        overdue_items=sum(checklist_rules.days_late(i, today=today) > 0 for i in left),
        dealer_items=sum(i.owner == "dealer" and not graph_rules.is_blocked(i, by_code) for i in left),
        gates_open=sum(g.state == "open" for g in gates),
        gates_failed=sum(g.state == "failed" for g in gates),
        next_gate=ahead[0].title if ahead else "",
        next_due_on=min((i.due_on for i in left if i.due_on), default=None),
        waits_on=(first[0].title if first else ""),
        waits_owner=(first[0].owner if first else ""),
        critical_on=ends,
        forecast_p50_on=coming.p50.ends_on,
        forecast_p80_on=coming.p80.ends_on,
        risk=forecast_rules.risk(p50=coming.p50.ends_on, p80=coming.p80.ends_on, target=target_on),
    )


def columns_of(found: Standing) -> dict[str, Any]:
    """The standing as columns of the case."""
    return {name: getattr(found, name) for name in Standing.__dataclass_fields__}


def median_days(values: Sequence[int]) -> int | None:
    """The median of whole days as the forecast takes it; None without any."""
    return forecast_rules.quantile(values, 50) if values else None


USUAL_DOCUMENT: dict[str, str] = {
    "agreement": "contract", "territory": "addendum", "nda": "contract", "licence": "licence",
    "insurance": "insurance", "photo_survey": "photo", "sales_certificate": "certificate",
    "service_certificate": "certificate", "warranty_certificate": "certificate",
}  # fmt: skip
"""What kind of document usually proves an item of the standard list, by the item's code: chosen already on screen."""
