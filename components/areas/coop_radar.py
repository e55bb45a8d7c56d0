"""What the fund expiry radar draws: rows for the house, cards for a dealer, and the drawer of one dealer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now
from components.labels import empty_state, facts, plain
from components.navigation import may_open
from components.perform import forget, perform, show_outcome
from components.queue_page import id_at, remember_rows
from db.coop.commands import remind
from db.coop.model import MEDIA
from db.coop.radar_queries import RadarRow, RadarTotals, Reminded, desk_day, radar_page
from db.coop.radar_rules import WINDOWS
from db.coop.remind_commands import Sent
from db.coop.say_rules import day, money
from db.core.labels import moment_label, plural, relative_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading

FORM, KEY, OPEN = "coop_remind", "crd_rows", "crd_open"
SKIPPED = "_crd_skipped"
REQUEST, FUNDS = "pages/coop/coop_request.py", "pages/coop/coop_funds.py"


# ---- reminding -------------------------------------------------------------------------------------------------------
def send(dealer_ids: Sequence[int], window: int) -> None:
    """Remind some dealers (in a callback); what was skipped is kept until the next click."""
    st.session_state.pop(SKIPPED, None)

    def after(sent: Sent) -> None:
        st.session_state.pop("crd_form_key", None)
        st.session_state[SKIPPED] = sent.skipped

    perform(
        remind, form=FORM, say=lambda sent: sent.sentence, after=after,
        arguments={
            "dealer_ids": list(dealer_ids), "window": window,
            "form_key": st.session_state.setdefault("crd_form_key", uuid4().hex),
        },
    )  # fmt: skip


def draw_outcome() -> None:
    """What became of the last reminder: a toast, whom it skipped and why, or why nobody was reminded."""
    show_outcome(FORM)
    skipped = st.session_state.get(SKIPPED) or ()
    if skipped:
        lines = "\n".join(f"- {plain(name)}: {plain(why)}" for name, why in skipped)
        st.warning(f"{plural(len(skipped), 'dealer')} skipped:\n\n{lines}", icon=":material/notifications_off:")


def reminded_words(found: Reminded | None) -> str:
    """Who reminded when, in a few words."""
    if found is None:
        return "Nobody"
    who = "The desk" if found.is_auto else found.by
    return f"{who}, {relative_label(found.at, now())}" + ("" if found.told else ", reached nobody")


# ---- the house -------------------------------------------------------------------------------------------------------
def draw_totals(totals: RadarTotals) -> None:
    """What expires within 30, 60 and 90 days of everything the filters leave."""
    with st.grid(3, min_column_width=150, gap="small"):
        for n, cents in zip(WINDOWS, totals.days, strict=True):
            st.metric(
                f"Within {n} days", money(cents), border=True, help="With what expires before that, unspent and free",
                height="stretch",
            )  # fmt: skip


def draw_rows(rows: Sequence[RadarRow], *, window: int, may_remind: bool) -> list[int]:
    """Dealers as a table, most money at risk first; gives the ids of the ticked ones."""
    remember_rows(KEY, [r.dealer_id for r in rows])

    def opened(position: int) -> None:
        forget(FORM)
        st.session_state.pop(SKIPPED, None)
        st.session_state[OPEN] = id_at(KEY, position)

    def clicked(position: int) -> None:
        dealer_id = id_at(KEY, position)
        if dealer_id is not None:
            send([dealer_id], window)

    right = st.column_config.TextColumn
    made = [r.suggestion for r in rows]
    ticked = tables.show(
        table(
            {
                "Code": [r.code for r in rows], "Dealer": [r.dealer for r in rows], "Region": [r.region for r in rows],
                **{f"d{n}": [money(r.days[i]) if r.days[i] else "–" for r in rows] for i, n in enumerate(WINDOWS)},
                "First": [day(r.first_on) for r in rows],
                "Used": [
                    f"{MEDIA[r.used[0].medium]}, {day(r.used[0].on)}" if r.used else "Nothing yet"
                    for r in rows
                ],
                "Suggestion": [s.sentence if s else "–" for s in made],
                "Pays": [f"{s.label}: {money(s.pays_cents)}" if s and s.medium else "Nothing can" for s in made],
                "Reminded": [reminded_words(r.reminded) for r in rows], "Do": ["Remind" for _ in rows],
            }
        ),
        key="crd_table", alt="Co-op money that expires, by dealer, most money first", height="content",
        select="many" if may_remind else "none",
        columns={
            "Code": tables.opener("Code", key="crd_click", on_open=opened, width=66),
            "Do": tables.opener("", key="crd_remind", on_open=clicked, width=76) if may_remind else None,
            "Dealer": tables.text("Dealer", width=140),
            **{f"d{n}": right(f"{n} days", width=84, alignment="right") for n in WINDOWS},
            "First": tables.text("First day", width=92), "Used": tables.text("Used last", width=128),
            "Pays": tables.text("Suggestion pays", width=130), "Reminded": tables.text("Reminded by", width=150),
            "Region": tables.text("Region", width=92), "Suggestion": tables.text("Suggestion in full", width=520),
        },
    )  # fmt: skip
    return [found for position in ticked if (found := id_at(KEY, position)) is not None]


# ---- a dealer --------------------------------------------------------------------------------------------------------
def draw_cards(rows: Sequence[RadarRow]) -> None:
    """A dealer's own money: how much until when, what could be done, and the way to ask for it."""
    for row in rows:
        with st.container(border=True):
            if len(rows) > 1:
                st.caption(plain(f"{row.dealer} ({row.code})"))
            by_day: dict[str, int] = {}
            for part in row.parts:
                by_day[day(part.expires_on)] = by_day.get(day(part.expires_on), 0) + part.cents
            for on, cents in by_day.items():
                st.markdown(f"**{plain(money(cents))}** expire on **{plain(on)}**")
            if row.suggestion is not None:
                st.markdown(f":material/lightbulb: {plain(row.suggestion.sentence)}")
            draw_links(row, key=f"crd_card_{row.dealer_id}")


def draw_links(row: RadarRow, *, key: str) -> None:
    """The ways on: a request filled with dealer, programme and medium, and the statement of the fund."""
    actor = current_actor()
    with st.container(horizontal=True, gap="small", key=key):
        if may_open(actor, REQUEST):
            query = {"dealer": str(row.dealer_id), "programme": str(row.programme_id)}
            if row.suggestion is not None and row.suggestion.medium:
                query["medium"] = row.suggestion.medium
            st.page_link(REQUEST, label="Start a request", icon=":material/add_circle:", query_params=query)
        if may_open(actor, FUNDS):
            for fund_id, period in {p.fund_id: p.period for p in row.parts}.items():
                st.page_link(
                    FUNDS, label=f"Fund statement {period}", icon=":material/receipt_long:",
                    query_params={"fund": str(fund_id)},
                )  # fmt: skip


# ---- the drawer ------------------------------------------------------------------------------------------------------
def draw_drawer(window: int, *, may_remind: bool) -> None:
    """One dealer: every part that expires, the suggestion in full, who reminded when, and the reminder itself."""
    dealer_id = st.session_state.get(OPEN)
    if dealer_id is None:
        return
    try:
        with reading() as session:
            page = radar_page(session, dealer_id=dealer_id, actor=current_actor(), now=now())
    except NotFound as gone:
        st.session_state.pop(OPEN, None)
        st.error(gone.problems[0].message)
        return
    row = page.row

    def close() -> None:
        st.session_state.pop(OPEN, None)

    def from_drawer() -> None:
        send([row.dealer_id], window)
        close()

    def body() -> None:
        if st.session_state.get(OPEN) != dealer_id:
            st.rerun()
        today = desk_day(now())
        facts(
            [("Region", row.region), *((f"Within {n} days", money(row.days[i])) for i, n in enumerate(WINDOWS))]
        )  # fmt: skip
        tables.show(
            table(
                {
                    "Until": [day(p.expires_on) for p in row.parts], "Fund": [p.period for p in row.parts],
                    "Days": [(p.expires_on - today).days for p in row.parts],
                    "Amount": [money(p.cents) for p in row.parts],
                }
            ),
            key="crd_parts", alt="What expires on which day", height="content",
            columns={
                "Until": tables.text("Last day"), "Days": tables.number("Days left"), "Fund": tables.text("Fund of"),
                "Amount": st.column_config.TextColumn("Amount", alignment="right"),
            },
        )  # fmt: skip
        if row.suggestion is not None:
            st.markdown(f":material/lightbulb: {plain(row.suggestion.sentence)}")
        if row.used:
            said = ", ".join(f"{MEDIA[u.medium]} ({day(u.on)})" for u in row.used)
            st.caption(f"Used so far: {plain(said)}.")
        draw_links(row, key="crd_links")
        if may_remind:
            st.button(
                "Remind this dealer", key="crd_remind_one", type="primary", icon=":material/notifications_active:",
                on_click=from_drawer,
            )  # fmt: skip
        _draw_reminders(page.reminders)

    st.dialog(plain(f"{row.code} · {row.dealer}"), width=560, position="right", on_dismiss=close)(body)()


def _draw_reminders(reminders: Sequence[Reminded]) -> None:
    st.markdown("**Reminders**")
    if not reminders:
        empty_state("notifications", "Nobody reminded this dealer yet.")
    for found in reminders:
        who = "The desk" if found.is_auto else found.by
        reached = f"reached {plural(found.told, 'person', 'people')}" if found.told else "reached nobody"
        at = moment_label(found.at, current_actor().zone, now=now())
        st.markdown(f"{plain(who)}, {at}: {plain(money(found.cents))} within {found.days} days, {reached}")


def draw_bulk(ticked: Sequence[int], window: int) -> None:
    """The button that reminds every ticked dealer."""
    if ticked and current_actor().can(Permission.COOP_DECIDE):
        st.button(
            f"Remind {plural(len(ticked), 'ticked dealer')}", key="crd_bulk", type="primary",
            icon=":material/notifications_active:", on_click=_bulk(list(ticked), window),
        )  # fmt: skip


def _bulk(ids: list[int], window: int) -> Callable[[], None]:
    return lambda: send(ids, window)
