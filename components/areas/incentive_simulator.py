"""Pieces of the incentive simulator: tiles, who gains and who loses, and why sales do not count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic

import streamlit as st

from components import tables
from components.charts.base import table
from components.labels import empty_state, plain
from components.tiles import Tile, draw_tiles
from db.core.area import MetricDefinition
from db.core.labels import change_label, plural
from db.incentives.claim_rules import TITLES
from db.incentives.say_rules import day, money
from db.incentives.simulation_queries import Simulation
from db.incentives.simulation_rules import DealerLine

SHOWN = 300
PATIENCE = 2.0
"""Seconds after which progress is shown; what is done sooner would only flicker."""
_NOT = "Unwound sales, and those beyond the newest 20,000"
DEFINITIONS = {
    "cost": MetricDefinition(
        name="incentive_tried_cost", title="Cost", formula="Sum of what each dealer would have earned, by period",
        numerator="Counted sales under the draft, moved to the days tried", excluded=_NOT, unit="money", rule="2.4",
        better="down",
    ),
    "unit": MetricDefinition(
        name="incentive_tried_unit", title="Cost per unit", formula="Cost ÷ units counted",
        numerator="Cost", denominator="Sales that count", excluded=_NOT, unit="money", rule="2.4", better="down",
    ),
    "gain": MetricDefinition(
        name="incentive_tried_gain", title="Dealers paid more", formula="Dealers whose amount rises",
        numerator="Dealers with sales in the days tried", excluded=_NOT, rule="2.4", better="none",
    ),
    "others": MetricDefinition(
        name="incentive_tried_others", title="Taken from other programs",
        formula="What other programs would have paid for these sales and no longer do",
        numerator="Best legal set without the draft less what of it remains with it", excluded="Volume programs",
        unit="money", rule="2.4, I12", better="none",
    ),
}  # fmt: skip


def watcher() -> tuple[Callable[[int, int], None], Callable[[], None]]:
    """What is told how far it is (a bar after two seconds), and what clears the bar."""
    begun, place = monotonic(), st.empty()

    def tell(done: int, whole: int) -> None:
        if monotonic() - begun > PATIENCE:
            place.progress(done / max(1, whole), text=f"{done:,} of {whole:,} sales")

    def clear() -> None:
        place.empty()

    return tell, clear


def signed(cents: int) -> str | None:
    """A difference with its sign; None where there is none."""
    return None if not cents else ("+" if cents > 0 else "") + money(cents)


def draw_tiles_of(found: Simulation, *, at: datetime, zone: str) -> None:
    """The draft in four numbers, beside the published version."""
    after, before = found.after, found.before
    versus = f"against version {found.before_number}" if before else ""
    budget = found.program.budget_cents
    within = ""
    if budget is not None:
        within = f" · budget {money(budget)}"
    draw_tiles(
        [
            Tile(
                definition=DEFINITIONS["cost"], value=money(after.cents), icon=":material/payments:",
                delta=change_label(after.cents - before.cents, money) if before else None,
                up_is_good=False, versus=versus,
                note=f"{plural(after.units, 'unit')}, {plural(after.dealers, 'dealer')} paid{within}",
            ),
            Tile(
                definition=DEFINITIONS["unit"], value=money(after.per_unit_cents), icon=":material/directions_car:",
                delta=change_label(after.per_unit_cents - before.per_unit_cents, money) if before else None,
                up_is_good=False, versus=versus,
                note=f"{money(before.per_unit_cents)} before" if before else "Never published",
            ),
            Tile(
                definition=DEFINITIONS["gain"], value=f"{len(found.gains):,}", icon=":material/trending_up:",
                note=f"{plural(len(found.loses), 'dealer')} paid less" if before else "There is nothing to lose yet",
            ),
            Tile(
                definition=DEFINITIONS["others"], value=money(after.displaced_cents), icon=":material/layers_clear:",
                note=f"{money(before.displaced_cents)} before" if before else "By stacking",
            ),
        ],
        key="ins", as_of=at, zone=zone,
    )  # fmt: skip


def draw_budget(found: Simulation) -> None:
    """Whether the budget would have been enough."""
    if found.budget_gone_on is not None:
        st.warning(
            f"The budget of {plain(money(found.program.budget_cents or 0))} would have been used up on"
            f" {day(found.budget_gone_on)}; everything later, {plain(money(found.over_budget_cents))}, could not have"
            " been approved.", icon=":material/account_balance_wallet:",
        )  # fmt: skip
    elif found.over_budget_cents:
        st.warning(
            f"It costs {plain(money(found.over_budget_cents))} more than its budget of"
            f" {plain(money(found.program.budget_cents or 0))}.", icon=":material/account_balance_wallet:",
        )  # fmt: skip


def draw_dealers(lines: Sequence[DealerLine], *, is_compared: bool) -> None:
    """Dealers, the largest change first."""
    if not lines:
        empty_state("storefront", "No dealer would have been paid.")
        return
    right = st.column_config.TextColumn
    shown = lines[:SHOWN]
    tables.show(
        table(
            {
                "Dealer": [f"{x.name} ({x.code})" for x in shown], "Region": [x.region for x in shown],
                "Was": [x.units_before for x in shown], "Units": [x.units_after for x in shown],
                "Before": [money(x.cents_before) for x in shown], "After": [money(x.cents_after) for x in shown],
                "Change": [signed(x.change_cents) or "–" for x in shown],
                "Mark": [[_mark(x)] if _mark(x) else [] for x in shown],
            }
        ),
        key="ins_dealers", alt="Dealers with what they would have been paid",
        height=520 if len(shown) > 14 else "content",
        columns={
            "Dealer": tables.text("Dealer", width=168),
            "Mark": tables.pill("", {"Gains": "green", "Loses": "red"}, width=66) if is_compared else None,
            "Change": right("Change", width=76, alignment="right") if is_compared else None,
            "Before": right("Before", width=76, alignment="right") if is_compared else None,
            "After": right("Would be", width=76, alignment="right"),
            "Was": tables.number("Old units", width=68, help="Under the published version") if is_compared else None,
            "Units": tables.number("New units" if is_compared else "Units", width=70, help="Units that would count"),
            "Region": tables.text("Region", width=110),
        },
    )  # fmt: skip
    if len(lines) > SHOWN:
        st.caption(f"The {SHOWN} largest of {len(lines):,} dealers.")


def _mark(line: DealerLine) -> str:
    return "Gains" if line.change_cents > 0 else "Loses" if line.change_cents < 0 else ""


def draw_against(found: Simulation) -> None:
    """Why sales of the days tried do not count, most often first."""
    if not found.against:
        empty_state("task_alt", "Every sale counts.")
        return
    tables.show(
        table(
            {"Check": [f"{rule} {TITLES.get(rule, '')}" for rule, _ in found.against],
             "Sales": [n for _, n in found.against]}
        ),
        key="ins_against", alt="Sales that do not count, by the check against them", height="content",
        columns={"Check": tables.text("First check against it", width=190), "Sales": tables.number("Sales", width=60)},
    )  # fmt: skip
