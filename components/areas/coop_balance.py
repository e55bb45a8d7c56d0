"""The charts of one fund for drawers: its balance with what a request or claim would do, its statement by month."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from components.charts import coop as charts
from components.charts.base import draw, table
from components.labels import empty_state, plain
from db.coop.figure_balance_queries import BalanceView, MonthLine, balance_view, month_lines
from db.coop.fund_queries import Statement
from db.coop.say_rules import day, money
from db.core.actor import Actor
from db.core.session import reading

AHEAD = timedelta(days=21)
"""How far ahead what a decision would leave is drawn at least; its words need a third of the whole."""


def coop_balance_chart(
    *, fund_id: int, actor: Actor, now: datetime, request_id: int | None = None, claim_id: int | None = None,
    on: date | None = None, key: str = "", height: int = 150, says: bool = True,
) -> BalanceView:  # fmt: skip
    """Draw a fund's available money up to a day (today) and where a request or claim that waits would bring it.

    `says` puts its sentence below. `NotFound` out of scope. Gives what was drawn.
    """
    with reading() as session:
        view = balance_view(
            session, fund_id=fund_id, actor=actor, now=now, request_id=request_id, claim_id=claim_id, on=on
        )  # fmt: skip
    if not view.points:
        empty_state("account_balance_wallet", "Nothing has come into this fund yet.")
        return view
    draw(
        charts.balance(short=view.after is not None and view.after < 0, height=height), table(_columns(view)),
        alt_text=words(view), key=key or None,
    )  # fmt: skip
    if says:
        st.caption(plain(words(view)))
    return view


def _now(view: BalanceView) -> str:
    return f"{money(view.available)} available {f'on {day(view.today)}' if view.is_past else 'today'}"


def words(view: BalanceView) -> str:
    """What the chart shows, in a sentence."""
    said = _now(view)
    if view.after is None:
        return f"{said}."
    if view.after < 0:
        return f"{said}; this {view.of} asks for {money(view.wanted)}, {money(-view.after)} more than there is."
    if view.wanted < 0:
        return f"{said}; this {view.of} would give back {money(-view.wanted)} and leave {money(view.after)}."
    if view.of == "claim" and not view.wanted:
        return f"{said}; this claim is paid from its reserve and leaves {money(view.after)}."
    verb = "take" if view.of == "claim" else "reserve"
    return f"{said}; this {view.of} would {verb} {money(view.wanted)} and leave {money(view.after)}."


def _columns(view: BalanceView) -> dict[str, list[Any]]:
    rows: list[tuple[date, str, int, str, bool, str]] = [
        (p.day, "Available", p.cents, f"{p.sentence}: {money(p.cents)} available", False, "") for p in view.points
    ]
    says_it = view.after is None
    rows.append((
        view.today, "Available", view.available, _now(view), says_it,
        money(view.available) if says_it else "",
    ))  # fmt: skip
    if view.after is not None:
        end = view.today + max(AHEAD, (view.today - view.points[0].day) / 2)
        left = f"{money(view.after)} left" if view.after >= 0 else f"{money(-view.after)} short"
        effect = f"{money(-view.wanted)} given back" if view.wanted < 0 else money(view.wanted)
        said = f"This {view.of}: {effect}, {left}"
        rows.append((view.today, "With this request", view.available, said, False, ""))
        rows.append((view.today + timedelta(days=1), "With this request", view.after, said, False, ""))
        rows.append((end, "With this request", view.after, said, True, left))
    names = ("day", "part", "cents", "label", "is_end", "words")
    made: dict[str, list[Any]] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    cents = made.pop("cents")
    return {
        **made, "day": [d.isoformat() for d in made["day"]], "dollars": [c / 100 for c in cents],
        "order": list(range(len(rows))),
    }  # fmt: skip


def coop_statement_chart(found: Statement, *, key: str = "") -> tuple[MonthLine, ...]:
    """Draw a statement by month up to its day: accrued, reserved, approved, paid, expiring."""
    months = month_lines(found)
    if not months:
        empty_state("bar_chart", "Nothing has come into this fund yet.")
        return months
    made: dict[str, list[Any]] = {"month": [], "key": [], "order": [], "book": [], "dollars": [], "label": []}
    for order, line in enumerate(months):
        for book in charts.BOOKS:
            cents = getattr(line, book.lower())
            row = (f"{line.month:%b %Y}", f"{line.month:%Y-%m}", order, book, cents / 100, money(cents))
            for name, part in zip(made, row, strict=True):
                made[name].append(part)
    said = "; ".join(
        f"{m.month:%b %Y}: {money(m.accrued)} accrued, {money(m.paid)} paid, {money(m.expiring)} expiring"
        for m in months
    )
    draw(charts.months(height=240), table(made), alt_text=said, key=key or None)
    return months
