"""The views of the Funnel page: the ladder with its break-down, won business, what sources cost, and who comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from components import tables
from components.areas import funnel
from components.areas.funnel import Filters, day_words, money, percent
from components.charts import ladder as charts
from components.charts.base import draw, table
from components.filters import one
from components.labels import empty_state, plain
from components.tiles import Tile, draw_tiles
from db.core.actor import Actor
from db.core.labels import plural
from db.leads.won_queries import DEFINITIONS as WON
from db.marketing.metrics_queries import DEFINITIONS as COSTS
from db.reports.funnel_queries import LADDER, RATES, Funnel, Scorecard, rate_definition
from db.reports.funnel_retention_queries import DEFINITIONS as RETENTION

BREAKDOWNS = {
    "month": "Cohort month", "region": "Region", "source": "Source", "dealer": "Dealer", "person": "Person",
}  # fmt: skip
GRAINS = {"quarter": "Quarter", "month": "Month"}
WON_BY = {"region": "Region", "source": "Source", "product": "Product", "dealer": "Dealer", "person": "Salesperson"}
ICONS = {
    "contact_rate": "forum", "appointment_set_rate": "event_available", "show_rate": "how_to_reg",
    "close_rate": "sell", "show_to_sale": "handshake", "response_sla": "verified",
}  # fmt: skip
MOST = 30


def draw_rates(found: Funnel, *, actor: Actor, at: datetime) -> None:
    """The six rates of the cohort, each with its definition and its two counts."""
    tiles = []
    for name in RATES:
        rate = found.rates[name]
        tiles.append(
            Tile(
                definition=rate_definition(name), value=percent(rate["value"]), icon=f":material/{ICONS[name]}:",
                note=f"{rate['numerator']:,} of {rate['denominator']:,}",
            )
        )  # fmt: skip
    draw_tiles(tiles, key="fun_rates", as_of=at, zone=actor.zone, columns=3)


def draw_ladder(found: Funnel) -> str:
    """The rungs as bars; gives back the name of the one that was clicked, or nothing."""
    rungs = found.rungs
    picked = draw(
        charts.ladder(),
        table(
            {
                "name": [r.name for r in rungs], "rung": [r.label for r in rungs], "order": list(range(len(rungs))),
                "count": [r.count for r in rungs],
                "label": [f"{r.count:,} · {percent(r.share)}" for r in rungs], "hint": [r.means for r in rungs],
            }
        ),
        alt_text="Leads by the rung they reached, with their share of received", key="fun_ladder", select=True,
    )  # fmt: skip
    return next((str(p["name"]) for p in picked.get("pick", []) if p.get("name")), "")


def draw_steps(found: Funnel) -> None:
    """The same as a table: counts, shares, the step from the rung before, and how long it took."""
    rungs = found.rungs
    tables.show(
        table(
            {
                "Rung": [r.label for r in rungs], "Leads": [r.count for r in rungs],
                "share": [percent(r.share) for r in rungs], "step": [percent(r.step) for r in rungs],
                "of": [f"{r.took:,} of {r.of:,} {r.base.lower()}" if r.base and r.took <= r.of else "" for r in rungs],
                "days": [day_words(r.days) if r.timed else funnel.DASH for r in rungs],
            }
        ),
        key="fun_steps", alt="Rungs with counts, shares, steps and days",
        columns={
            "Rung": tables.text("Rung", width=115), "Leads": tables.number("Leads", width=70),
            "share": tables.text("Of received", width=80), "step": tables.text("Step", width=60),
            "of": tables.text("Took the step", width=150), "days": tables.text("Median", width=80),
        },
    )  # fmt: skip
    if found.is_sampled:
        st.caption("Days: of each month the first 300 leads were read.")


def draw_breakdown(actor: Actor, filters: Filters, at: datetime, change: Any) -> None:
    """Every rung and rate by cohort month, region, source, dealer or person."""
    by = one("Break down by", BREAKDOWNS, key="fun_by", default="source")
    rows, refused = funnel.broken_down(actor.scope, by, filters, at, change)
    if refused:
        st.info(plain(refused), icon=":material/info:")
        return
    if not rows:
        empty_state("bar_chart_off", "No leads with these filters.")
        return
    names = [_name(by, row) for row in rows[:MOST]]
    columns: dict[str, Any] = {BREAKDOWNS[by]: names}
    columns |= {rung.label: [row[rung.name] for row in rows[:MOST]] for rung in LADDER}
    columns |= {rate_definition(n).title: [percent(row[n]) for row in rows[:MOST]] for n in RATES}
    shown: dict[str, Any] = {BREAKDOWNS[by]: tables.text(BREAKDOWNS[by], width=170, pinned=True)}
    shown |= {rung.label: tables.number(rung.label, width=92) for rung in LADDER}
    shown |= {rate_definition(n).title: tables.text(rate_definition(n).title, width=110) for n in RATES}
    tables.show(
        table(columns), key=f"fun_break_{by}", alt=f"The funnel by {BREAKDOWNS[by].lower()}", columns=shown
    )  # fmt: skip
    if len(rows) > MOST:
        st.caption(f"The first {MOST} of {len(rows):,}, most leads first; the rest is in the command line's metric.")


def _name(by: str, row: dict[str, Any]) -> str:
    if by == "month":
        return f"{row['month']:%b %Y}"
    if by == "dealer":
        return f"{row['dealer_name']} ({row['dealer']})" if row["dealer"] else "No dealer"
    return str(row[by]) or "Not known"


# ---- won business --------------------------------------------------------------------------------------------------
def draw_won(actor: Actor, filters: Filters, at: datetime, change: Any) -> None:
    """Number and value of sales by the day of the sale: over time, and by whom and what."""
    whole = funnel.won(actor.scope, (), filters, change)[0]
    took = funnel.days(actor.scope, filters, change)
    unknown = f"{plural(whole.without_value, 'won lead')} without a value" if whole.without_value else ""
    draw_tiles(
        [
            Tile(definition=WON["won"], value=f"{whole.won:,}", icon=":material/sell:"),
            Tile(definition=WON["won_value"], value=money(whole.cents), icon=":material/payments:", note=unknown),
            Tile(
                definition=WON["win_rate"], value=percent(whole.win_rate), icon=":material/trophy:",
                note=f"{whole.won:,} won, {whole.lost:,} lost",
            ),
            Tile(
                definition=WON["days_to_win"], value=day_words(took.median), icon=":material/timer:",
                note=f"Mean {day_words(took.mean)}" if took.n else "",
            ),
        ],
        key="fun_won", as_of=at, zone=actor.zone,
    )  # fmt: skip
    if not whole.won + whole.lost:
        empty_state("sell", "Nothing was won or lost in these months.", action="Choose a longer period.")
        return
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        grain = one("Over time by", GRAINS, key="fun_grain", default="quarter")
        rows = funnel.won(actor.scope, (grain,), filters, change)
        labels = [f"{r.keys[grain]:%b %Y}" if grain == "month" else str(r.keys[grain]) for r in rows]
        draw(
            charts.money_by(value_title="Won value"),
            table(
                {
                    "name": labels, "order": list(range(len(rows))), "value": [r.cents / 100 for r in rows],
                    "label": [f"{money(r.cents)}, {r.won:,} won" for r in rows],
                }
            ),
            alt_text=f"Value of won leads by {grain} of the sale",
        )  # fmt: skip
        _won_table(labels, rows, title=GRAINS[grain], key=f"fun_won_{grain}")
    with right, st.container(border=True, height="stretch"):
        by = one("Won by", WON_BY, key="fun_won_by", default="region")
        found = sorted(funnel.won(actor.scope, (by,), filters, change), key=lambda r: (-r.cents, -r.won))
        named = [_won_name(by, r.keys) for r in found]
        _won_table(named[:MOST], found[:MOST], title=WON_BY[by], key=f"fun_won_by_{by}")
        if len(found) > MOST:
            st.caption(f"The first {MOST} of {len(found):,}, most value first.")


def _won_name(by: str, keys: Any) -> str:
    if by == "dealer":
        return f"{keys['dealer_name']} ({keys['dealer']})" if keys["dealer"] else "No dealer"
    return str(keys[by]) or "Not known"


def _won_table(names: list[str], rows: Any, *, title: str, key: str) -> None:
    tables.show(
        table(
            {
                title: names, "Won": [r.won for r in rows], "Value": [money(r.cents) for r in rows],
                "Lost": [r.lost for r in rows], "Rate": [percent(r.win_rate) for r in rows],
            }
        ),
        key=key, alt=f"Won business by {title.lower()}",
        columns={
            title: tables.text(title, width=170), "Won": tables.number("Won", width=70),
            "Value": tables.text("Value", width=110), "Lost": tables.number("Lost", width=70),
            "Rate": tables.text("Win rate", width=80),
        },
    )  # fmt: skip


# ---- cost and providers --------------------------------------------------------------------------------------------
def draw_costs(actor: Actor, filters: Filters, at: datetime, change: Any) -> None:
    """Spend beside what came of it, by source and by cohort month; what has only one of the two is named."""
    whole, cards, months = funnel.cards(actor.scope, filters, at, change)
    names = ("cost_per_lead", "cost_per_valid_lead", "cost_per_appointment", "cost_per_sale")
    planned = f"{money(whole.planned)} more is planned" if whole.planned else ""
    tiles = [
        Tile(
            definition=COSTS["marketing_spend"], value=money(whole.spend), icon=":material/payments:", note=planned
        )
    ]  # fmt: skip
    tiles += [Tile(definition=COSTS[name], value=money(whole.costs[name])) for name in names]
    draw_tiles(tiles, key="fun_costs", as_of=at, zone=actor.zone, columns=3)
    st.markdown("**Providers: what their leads are worth and cost**")
    _scorecard(cards, title="Source", key="fun_cards")
    lone = [c for c in cards if c.is_without_lead]
    free = [c for c in cards if c.is_without_spend]
    if lone:
        listed = ", ".join(f"{plain(c.source)} ({plain(money(c.spend))})" for c in lone)
        st.warning(f"Spend and no lead: {listed}.", icon=":material/money_off:")
    if free:
        listed = ", ".join(f"{plain(c.source)} ({c.received:,})" for c in free)
        st.info(f"Leads and no spend entered, so no cost is claimed: {listed}.", icon=":material/info:")
    if months:
        st.markdown("**By cohort month**")
        _scorecard([card for _, card in months], title="Month", key="fun_card_months")


def _scorecard(cards: list[Scorecard], *, title: str, key: str) -> None:
    if not cards:
        empty_state("campaign", "No lead and no spend in these months.")
        return
    shares = {"valid_share": "Valid", "duplicate_share": "Duplicate", "contact_rate": "Contact", "close_rate": "Close"}
    costs = {
        "cost_per_lead": "Per lead", "cost_per_valid_lead": "Per valid", "cost_per_appointment": "Per appt.",
        "cost_per_sale": "Per sale",
    }  # fmt: skip
    columns: dict[str, Any] = {title: [c.source for c in cards], "Received": [c.received for c in cards]}
    columns |= {label: [percent(c.shares[name]) for c in cards] for name, label in shares.items()}
    columns |= {"Sold": [c.sold for c in cards], "Spend": [money(c.spend) for c in cards]}
    columns |= {label: [money(c.costs[name]) for c in cards] for name, label in costs.items()}
    shown: dict[str, Any] = {
        title: tables.text(title, width=150, pinned=True), "Received": tables.number("Received", width=84),
    }  # fmt: skip
    shown |= {label: tables.text(label, width=74) for label in shares.values()}
    shown |= {"Sold": tables.number("Sold", width=64), "Spend": tables.text("Spend", width=96)}
    shown |= {label: tables.text(label, width=86) for label in costs.values()}
    tables.show(table(columns), key=key, alt=f"What leads are worth and cost, by {title.lower()}", columns=shown)


# ---- who comes back ------------------------------------------------------------------------------------------------
def draw_retention(actor: Actor, filters: Filters, at: datetime, change: Any) -> None:
    """Service retention, repurchase and repeat business, each with its counts."""
    tiles = []
    icons = {"service_retention": "home_repair_service", "repurchase": "replay", "repeat_business": "loyalty"}
    for name, about in RETENTION.items():
        share = funnel.share_of(actor.scope, name, filters, at, change)
        note = "Not known by source, product or person" if share is None else f"{share.part:,} of {share.whole:,}"
        if share is not None and share.still:
            note += f", {share.still:,} may still come"
        tiles.append(
            Tile(
                definition=about, value=percent(share.value if share else None), note=note,
                icon=f":material/{icons[name]}:",
            )
        )  # fmt: skip
    draw_tiles(tiles, key="fun_back", as_of=at, zone=actor.zone, columns=3)
