"""Pieces of the co-op performance page: figures kept by scope and change counter, tiles, charts, tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import streamlit as st

from components import tables
from components.areas.figures import DASH, FEW, dollars, share, tile_of, words
from components.charts import claims as claim_charts
from components.charts import coop as charts
from components.charts.base import draw, table
from components.kept import shelved
from components.labels import empty_state
from components.tiles import Tile
from db.calendar.months import add_months
from db.claims.overview_queries import Beside
from db.coop import figure_overview_queries as overviews
from db.coop.claim_flow import FLOW as CLAIMS
from db.coop.figure_decided_queries import Held
from db.coop.figure_metrics_queries import definition
from db.coop.figure_overview_queries import MOST_ROWS, BehindRow, Line
from db.coop.figure_reason_queries import Reason
from db.coop.figure_rules import HOLDERS, MINUTES_A_DAY
from db.coop.flow import FLOW as REQUESTS
from db.core import changes
from db.core.actor import Scope
from db.core.labels import minutes_label, moment_label, percent_label, plural
from db.core.session import reading

Filters = tuple[tuple[str, Any], ...]
KEYS: Final = ("cof_programme", "cof_region", "cof_dealer", "cof_medium", "cof_from", "cof_until")
TILES: Final = (
    ("coop_utilisation", "data_usage"), ("coop_accrued", "savings"), ("coop_reserved", "lock"),
    ("coop_paid", "payments"), ("coop_expiring_60", "hourglass_bottom"), ("coop_request_time", "schedule"),
    ("coop_claim_time", "pending_actions"), ("coop_claim_returned", "undo"),
    ("coop_approved", "verified"), ("coop_released", "lock_open"), ("coop_expired", "event_busy"),
    ("coop_request_again", "replay"), ("coop_request_denial", "block"), ("coop_claim_denial", "gpp_bad"),
    ("coop_pay_time", "account_balance"), ("coop_campaign_lead_cost", "person_search"),
    ("coop_campaign_sale_cost", "sell"), ("coop_campaign_goals", "flag"),
)  # fmt: skip
FIRST: Final = 8
BOOKS: Final = {
    "Accrued": "coop_accrued", "Reserved": "coop_reserved", "Approved": "coop_approved", "Paid": "coop_paid",
}  # fmt: skip


def token() -> Any:
    """What changed since: part of every cache key, so that no number is stale."""
    with reading() as session:
        return changes.token(session, "coop", "dealers", "leads")


@shelved(room=100, seconds=60)
def look(scope: Scope, filters: Filters, _at: datetime, day: date, change: Any) -> overviews.Look:
    """Every figure beside the period before, by month, by region and by medium."""
    with reading() as session:
        return overviews.look(session, scope=scope, filters=dict(filters), now=_at)


def lines(scope: Scope, filters: Filters, by: str, at: datetime, day: date, *, change: Any) -> list[Line]:
    """The figures split one way; those of every page have been read with the tiles."""
    if by in overviews.LOOKED:
        return look(scope, filters, at, day, change).lines[by]
    return _split(scope, filters, by, at, day, change)


@shelved(room=100, seconds=60)
def _split(scope: Scope, filters: Filters, by: str, _at: datetime, day: date, change: Any) -> list[Line]:
    with reading() as session:
        return overviews.lines(session, scope=scope, filters=dict(filters), by=by, now=_at)


@shelved(room=100, seconds=60)
def why(scope: Scope, filters: Filters, kind: str, _at: datetime, day: date, change: Any) -> list[Reason]:
    """Reasons of returns and denials."""
    with reading() as session:
        return overviews.why(session, scope=scope, filters=dict(filters), kind=kind, now=_at)


@shelved(room=100, seconds=60)
def held(scope: Scope, filters: Filters, _at: datetime, day: date, change: Any) -> Held:
    """Who held the claims that were paid."""
    with reading() as session:
        return overviews.held(session, scope=scope, filters=dict(filters), now=_at)


def month_days(key: str) -> tuple[date, date]:
    """The first and last day of a month that was clicked (YYYY-MM)."""
    first = date.fromisoformat(f"{key}-01")
    return first, add_months(first, 1) - timedelta(days=1)


def _note(name: str, found: Mapping[str, Beside]) -> str:
    whole = int(found[name].denominator or 0)
    if name == "coop_utilisation" and whole:
        return f"{dollars(found[name].numerator)} of {dollars(whole)} accrued"
    if name == "coop_paid":
        return f"{dollars(found['coop_approved'].value)} approved"
    if name == "coop_reserved":
        return f"{dollars(found['coop_released'].value)} released unused"
    if name == "coop_expiring_60":
        return (
            f"{dollars(found['coop_expiring_30'].value)} in 30 days, {dollars(found['coop_expiring_90'].value)} in 90"
        )
    if name.endswith("_time") and whole:
        p90 = found[name.replace("_time", "_p90")]
        return f"90% within {words(p90, definition(p90.name), day_minutes=MINUTES_A_DAY)}, n = {whole:,}"
    if name == "coop_campaign_lead_cost" and whole:
        return plural(whole, "lead")
    if name == "coop_campaign_sale_cost" and whole:
        return plural(whole, "sale")
    return f"n = {whole:,}" if whole >= FEW else ""


def tiles(found: Mapping[str, Beside], *, names: Sequence[tuple[str, str]], versus: str, campaigns: str) -> list[Tile]:
    """The tiles of these figures; those of campaigns lead to their page where there is one to open."""
    made = []
    for name, icon in names:
        leads = campaigns if name.startswith("coop_campaign") else ""
        made.append(
            tile_of(
                found[name], definition(name), icon=icon, versus=versus, note=_note(name, found), page=leads,
                link="Show campaigns", day_minutes=MINUTES_A_DAY,
            )
        )  # fmt: skip
    return made


# ---- charts ----------------------------------------------------------------------------------------------------------
def draw_months(rows: Sequence[Line], *, key: str) -> str:
    """Accrued, reserved, approved, paid and expiring by month; gives the month that was clicked (YYYY-MM).

    Expiring is what expired in a month that is over, and what would expire in one to come.
    """
    made: dict[str, list[Any]] = {"month": [], "key": [], "order": [], "book": [], "dollars": [], "label": []}
    for order, line in enumerate(rows):
        lost = (line.value("coop_expired") or 0) + (line.value("expiring") or 0)
        cents = {book: line.value(name) or 0 for book, name in BOOKS.items()} | {"Expiring": lost}
        for book, value in cents.items():
            row = (line.name, line.key, order, book, value / 100, dollars(value))
            for name, part in zip(made, row, strict=True):
                made[name].append(part)
    picked = draw(
        charts.months(), table(made), alt_text="Accrued, reserved, approved, paid and expiring by month", key=key,
        select=True,
    ).get("pick")  # fmt: skip
    return str(picked[0].get("key", "")) if picked else ""


def draw_split(rows: Sequence[Line], *, by: str) -> None:
    """Accrued, reserved, approved and paid by region, or what has a medium by medium."""
    books = [b for b in BOOKS if by != "medium" or b != "Accrued"]
    shown = [x for x in rows if any(x.value(BOOKS[b]) for b in books)][:10]
    made: dict[str, list[Any]] = {"what": [], "order": [], "book": [], "dollars": [], "label": []}
    for order, line in enumerate(shown):
        for book in books:
            cents = line.value(BOOKS[book]) or 0
            for name, part in zip(made, (line.name, order, book, cents / 100, dollars(cents)), strict=True):
                made[name].append(part)
    draw(charts.split(books=tuple(books)), table(made), alt_text=f"{', '.join(books)} by {by}")


def draw_held(found: Held) -> None:
    """Who held the claims that were paid, from the first sending to the payment, in days on average."""
    if not found.claims:
        empty_state("hourglass_empty", "No claim was paid then.")
        return
    days = {h: found.minutes.get(h, 0) / found.claims / MINUTES_A_DAY for h in HOLDERS}
    said = {h: minutes_label(found.minutes.get(h, 0) / found.claims) for h in HOLDERS}
    draw(
        charts.held(),
        table(
            {
                "what": ["A claim" for _ in HOLDERS], "holder": list(HOLDERS.values()),
                "order": list(range(len(HOLDERS))), "days": [days[h] for h in HOLDERS],
                "label": [said[h] for h in HOLDERS],
            }
        ),
        alt_text="Days on average by who held a claim",
    )  # fmt: skip
    st.caption(", ".join(f"{HOLDERS[h]} {said[h]}" for h in HOLDERS) + f"; {plural(found.claims, 'claim')} paid.")


def draw_reasons(rows: Sequence[Reason]) -> Reason | None:
    """The Pareto of reasons; gives the reason that was clicked."""
    shown = rows[:12]
    picked = draw(
        claim_charts.pareto(height=max(220, 44 * len(shown) + 80)),
        table(
            {
                "code": [x.code for x in shown], "reason": [x.label for x in shown],
                "order": list(range(len(shown))), "cases": [x.cases for x in shown],
                "cumulative": [x.cumulative for x in shown],
                "label": [
                    f"{x.returned:,} returned, {x.denied:,} denied, {dollars(x.cents)} of cost,"
                    f" {100 * x.cumulative:.0f}% with those above" for x in shown
                ],
            }
        ),
        alt_text="Reasons of returns and denials, most cases first", key="cof_pareto", select=True,
    ).get("pick")  # fmt: skip
    code = str(picked[0].get("code", "")) if picked else ""
    return next((x for x in rows if x.code == code), None)


# ---- tables ----------------------------------------------------------------------------------------------------------
def draw_lines(rows: Sequence[Line], *, by: str, label: str, on_open: Callable[[str], None]) -> None:
    """The figures split one way; a click on a name narrows the page to it."""
    shown = rows[:MOST_ROWS] if by != "month" else rows
    keys = [x.key for x in shown]

    def opened(position: int) -> None:
        if 0 <= position < len(keys):
            on_open(keys[position])

    def cents(name: str) -> list[float]:
        return [(x.value(name) or 0) / 100 for x in shown]

    def shares(name: str) -> list[str]:
        return [share(*x.parts(f"coop_{name}")) for x in shown]

    def used(line: Line) -> str:
        top, bottom = line.parts("coop_utilisation")
        return percent_label(top, bottom, 0) if bottom > 0 else DASH

    has_lots, right = by != "medium", st.column_config.TextColumn
    money = "$%,.0f"
    columns = {
        "Name": tables.opener(label, key=f"cof_open_{by}", on_open=opened, width=170 if by == "dealer" else 120),
        "Code": tables.text("Code", width=100) if by in ("dealer", "programme") else None,
        "Accrued": tables.number("Accrued", width=84, format=money) if has_lots else None,
        "Reserved": tables.number("Reserved", width=84, format=money),
        "Approved": tables.number("Approved", width=84, format=money),
        "Paid": tables.number("Paid", width=84, format=money),
        "Used": right("Used", width=60, alignment="right", help="Approved ÷ accrued") if has_lots else None,
        "Expired": tables.number("Expired", width=76, format=money) if has_lots else None,
        "Expiring": tables.number("Left", width=84, format=money, help="What is left and expires")
        if has_lots else None,
        "Requests": right("Requests denied", width=110, alignment="right", help="Of the requests decided"),
        "Again": right("Touched again", width=100, alignment="right", help="Of the requests decided"),
        "Claims": right("Claims denied", width=98, alignment="right", help="Of the claims decided"),
        "Returned": right("Claims returned", width=108, alignment="right", help="Of the claims decided"),
    }  # fmt: skip
    data: dict[str, Any] = {
        "Name": [x.name for x in shown], "Code": [x.code for x in shown], "Accrued": cents("coop_accrued"),
        "Reserved": cents("coop_reserved"), "Approved": cents("coop_approved"), "Paid": cents("coop_paid"),
        "Used": [used(x) for x in shown], "Expired": cents("coop_expired"), "Expiring": cents("expiring"),
        "Requests": shares("request_denial"), "Again": shares("request_again"), "Claims": shares("claim_denial"),
        "Returned": shares("claim_returned"),
    }  # fmt: skip
    tables.show(
        table({name: some for name, some in data.items() if columns[name] is not None}), key=f"cof_lines_{by}",
        alt=f"Co-op figures by {label.lower()}", height=430 if len(shown) > 11 else "auto", columns=columns,
    )  # fmt: skip
    if len(rows) > len(shown):
        st.caption(f"The first {len(shown)} of {len(rows):,}; the export has all.")


STATE: Final = {
    s.label: s.tone for flow in (REQUESTS, CLAIMS) for s in flow.states
} | {"Open": "green", "Closed": "gray"}  # fmt: skip


def draw_behind(
    rows: Sequence[BehindRow], total: int, *, zone: str, at: datetime, on_open: Callable[[BehindRow], None] | None
) -> None:
    """The requests, claims or funds behind a number; a click on the number opens one where there is a page for it."""

    def state(row: BehindRow) -> str:
        if row.kind == "coop_fund":
            return row.status.capitalize()
        return (REQUESTS if row.kind == "coop_request" else CLAIMS).state(row.status).label

    def opened(position: int) -> None:
        if on_open is not None and 0 <= position < len(rows):
            on_open(rows[position])

    is_fund = bool(rows) and rows[0].kind == "coop_fund"
    tables.show(
        table(
            {
                "Number": [r.number for r in rows], "Status": [[state(r)] for r in rows],
                "Dealer": [r.dealer for r in rows], "Medium": [r.medium for r in rows],
                "What": [r.what for r in rows], "Cost": [r.cost_cents / 100 for r in rows],
                "Approved": [r.approved_cents / 100 for r in rows],
                "At": [moment_label(r.at, zone, now=at) for r in rows],
                "Took": [DASH if r.took is None else minutes_label(r.took) for r in rows],
            }
        ),
        key="cof_behind_table", alt="Records behind the chosen number", height=430 if len(rows) > 11 else "auto",
        columns={
            "Number": tables.opener("Number", key="cof_behind_click", on_open=opened, width=120)
            if on_open is not None else tables.text("Number", width=120),
            "Status": tables.pill("Status", STATE, width=116), "Dealer": tables.text("Dealer", width=170),
            "Medium": None if is_fund else tables.text("Medium", width=96), "What": tables.text("What", width=200),
            "Cost": tables.number("Accrued" if is_fund else "Cost", width=92, format="$%,.2f"),
            "Approved": tables.number("Approved", width=92, format="$%,.2f"),
            "At": None if is_fund else tables.text("Decided, paid", width=120),
            "Took": None if is_fund else tables.text("Decision took", width=104),
        },
    )  # fmt: skip
    if total > len(rows):
        st.caption(f"The newest {len(rows)} of {total:,}; choose a shorter period to see the others.")
