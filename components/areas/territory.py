"""Postal areas by the day: who owns a code, what changes hands, and the drawers that give, end and hand areas over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.clock import now
from components.labels import badge, empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices, get_dealer, territory_conflicts
from db.dealers.rules import split_list
from db.dealers.territory_commands import assign_territory, end_territory, transfer_territory
from db.dealers.territory_queries import Area, Owner, areas_of, changing_areas, next_day, owner_on
from db.dealers.territory_rules import CORRECTION_REASON, day_label

OPEN, FORM = "_territory_drawer", "territory_form"
KEYS = {n: f"tt_{n}" for n in ("from_dealer_id", "to_dealer_id", "prefixes", "valid_from", "valid_to", "reason")}
TITLES = {"give": "Give areas", "end": "End areas", "hand_over": "Hand over areas"}
AHEAD = timedelta(days=90)
STATE_TONES = {"Now": "green", "Later": "blue", "Ended": "gray"}


@dataclass(frozen=True)
class Doing:
    """What the open drawer does; without a dealer one is chosen in it."""

    what: Literal["give", "end", "hand_over"]
    dealer_id: int | None = None


def open_territory(what: Literal["give", "end", "hand_over"], dealer_id: int | None = None) -> None:
    """Open a drawer (call it from a callback)."""
    close_territory()
    st.session_state[OPEN] = Doing(what, dealer_id)


def close_territory() -> None:
    """Close it and forget what was typed."""
    forget(FORM)
    _clear()


def _clear(_result: object = None) -> None:
    for key in (OPEN, *KEYS.values()):
        st.session_state.pop(key, None)


def draw_territory_drawer() -> None:
    """Draw the drawer when it is open; call it once a page."""
    doing = st.session_state.get(OPEN)
    if doing is None:
        show_outcome(FORM)
        return
    st.dialog(TITLES[doing.what], width=520, position="right", on_dismiss=close_territory)(_body)()


def _body() -> None:
    doing = st.session_state.get(OPEN)
    if doing is None:
        st.rerun()  # saved: the page follows, and the toast is drawn there
    actor = guard(Permission.DEALERS_MANAGE)
    today = now().astimezone(ZoneInfo(actor.zone)).date()
    with reading() as session:
        names = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope) if d.status != "terminated"}
    show_outcome(FORM)
    dealer_id = doing.dealer_id
    if dealer_id is None:
        label = "Dealer" if doing.what != "hand_over" else "From dealer"
        dealer_id = _choose(label, names, "from_dealer_id")
    else:
        st.markdown(f"**{plain(names.get(dealer_id, ''))}**")
    version, to_version = 0, None
    if dealer_id is not None:
        with reading() as session:
            version = get_dealer(session, dealer_id=dealer_id, scope=actor.scope).version
            areas = areas_of(session, dealer_id=dealer_id, scope=actor.scope)
        if doing.what == "give":
            st.text_area(
                "Areas", key=KEYS["prefixes"], height=68, placeholder="070, 071, 0720",
                help="Starts of postal codes, with commas. A longer one inside another dealer's area wins there.",
            )  # fmt: skip
        else:
            owned = sorted({a.prefix for a in areas if a.period.until > today})
            st.multiselect("Areas", owned, key=KEYS["prefixes"], placeholder="Choose areas")
        problems_of(FORM, "prefixes")
    target = None
    if doing.what == "hand_over":
        target = _choose("To dealer", {i: n for i, n in names.items() if i != dealer_id}, "to_dealer_id")
        if target is not None:
            with reading() as session:
                to_version = get_dealer(session, dealer_id=target, scope=actor.scope).version
    _days(doing.what, today)
    st.text_area("Reason", key=KEYS["reason"], height=70, max_chars=1_000)
    problems_of(FORM, "reason")
    stray_problems(FORM, list(KEYS))
    st.button(
        TITLES[doing.what], type="primary", key="tt_save", on_click=_save, disabled=dealer_id is None,
        args=(doing.what, dealer_id, version, to_version),
    )  # fmt: skip


def _choose(label: str, names: dict[int, str], field: str) -> int | None:
    chosen: int | None = st.selectbox(
        label, list(names), format_func=lambda i: names.get(i, "–"), index=None, placeholder="Choose", key=KEYS[field]
    )
    problems_of(FORM, field)
    return chosen


def _days(what: str, today: date) -> None:
    past = f"A day before today needs a reason of at least {CORRECTION_REASON} characters."
    if what == "end":
        st.date_input("No longer from", value=None, key=KEYS["valid_to"], help=f"The first day without. {past}")
        problems_of(FORM, "valid_to")
        return
    st.session_state.setdefault(KEYS["valid_from"], today + timedelta(days=1))
    with st.grid(2, min_column_width=180, gap="small"):
        with st.container(gap="xxsmall"):
            st.date_input("From", key=KEYS["valid_from"], help=f"The first day, in the dealer's own time. {past}")
            problems_of(FORM, "valid_from")
        if what == "give":
            with st.container(gap="xxsmall"):
                st.date_input("Up to :gray[(optional)]", value=None, key=KEYS["valid_to"], help="The last day")
                problems_of(FORM, "valid_to")


def _save(what: str, dealer_id: int, version: int, to_version: int | None) -> None:
    typed = {"prefixes": KEYS["prefixes"], "reason": KEYS["reason"]}
    convert: dict[str, Any] = {
        "reason": lambda v: (v or "").strip(),
        "prefixes": lambda v: split_list(v) if isinstance(v, str) else tuple(v or ()),
        # The box asks for the last day, the command for the first day without.
        "valid_to": lambda v: v + timedelta(days=1) if isinstance(v, date) and what == "give" else v,
    }
    arguments: dict[str, Any] = {"seen_version": version}
    command: Any = {"give": assign_territory, "end": end_territory}.get(what, transfer_territory)
    if what == "hand_over":
        typed |= {"valid_from": KEYS["valid_from"], "to_dealer_id": KEYS["to_dealer_id"]}
        arguments |= {"from_dealer_id": dealer_id, "to_seen_version": to_version}
    else:
        typed |= {"valid_to": KEYS["valid_to"]} | ({"valid_from": KEYS["valid_from"]} if what == "give" else {})
        arguments |= {"dealer_id": dealer_id}
    say = {"give": "The areas were given", "end": "The areas end", "hand_over": "The areas were handed over"}[what]
    perform(command, form=FORM, say=say, typed=typed, convert=convert, arguments=arguments, after=_clear)


# ---- what pages show -------------------------------------------------------------------------------------------------
def state_of(area: Area, today: date) -> str:
    """Whether the days of an area are now, later or over."""
    if area.period.has(today):
        return "Now"
    return "Later" if area.period.start > today else "Ended"


def draw_areas(areas: Sequence[Area], *, today: date, key: str) -> None:
    """The areas of one dealer: those of today first, then what comes, then what was."""
    order = list(STATE_TONES)
    shown = sorted(areas, key=lambda a: (order.index(state_of(a, today)), a.prefix, a.period.start))
    tables.show(
        table(
            {
                "Area": [a.prefix for a in shown],
                "State": [[state_of(a, today)] for a in shown],
                "Days": [a.days for a in shown],
                "Inside": [a.carved_out_of or "–" for a in shown],
            }
        ),
        key=key, alt="Postal areas of the dealer with their days", height=420 if len(shown) > 12 else "content",
        columns={
            "Area": tables.text("Area", width=80), "State": tables.pill("State", STATE_TONES, width=80),
            "Days": tables.text("Days", width=230),
            "Inside": tables.text("Carved out of", width=250, help="A wider area of another dealer; the longer wins"),
        },
    )  # fmt: skip


def draw_owner(actor: Actor, *, postal_code: str, on: date) -> None:
    """Who owns a postal code on a day, and why: the longest prefix wins."""
    with reading() as session:
        found = owner_on(session, postal_code=postal_code, on=on, scope=actor.scope)
    day = day_label(on)
    with st.container(border=True):
        if found.is_hidden:
            st.markdown(f"A dealer outside of what you look after owns **{plain(found.postal_code)}** on {day}.")
        elif not found.owners:
            st.markdown(f"Nobody owns **{plain(found.postal_code)}** on {day}: leads go to the nearest dealer.")
        for area in found.owners:
            st.page_link(
                "pages/network/dealer.py", label=f"**{plain(area.dealer)}** owns {plain(found.postal_code)} on {day}",
                icon=":material/store:", query_params={"dealer": str(area.dealer_id)},
            )  # fmt: skip
            st.caption(f"By its area {plain(area.prefix)}, {area.days}." + _carved(area))
        if len(found.owners) > 1:
            st.caption(badge("Conflict", "red") + " Data from before the rule: leads are shared among them.")
        _others(found)


def _carved(area: Area) -> str:
    return f" Carved out of {plain(area.carved_out_of)}." if area.carved_out_of else ""


def _others(found: Owner) -> None:
    for area in found.areas:
        if area not in found.owners:
            longer = "" if found.is_hidden else f"; {plain(found.owners[0].prefix)} is longer and wins"
            st.caption(f"{plain(area.dealer)} has {plain(area.prefix)} {area.days}{longer}.")


def draw_changes(actor: Actor, *, today: date) -> None:
    """Areas that start or end soon, by the day."""
    with reading() as session:
        areas = changing_areas(session, since=today + timedelta(days=1), until=today + AHEAD, scope=actor.scope)
    st.subheader("Changing hands soon")
    if not areas:
        empty_state("event_available", f"No area starts or ends in the next {AHEAD.days} days.")
        return
    tables.show(
        table(
            {
                "Day": [day_label(next_day(a, today + timedelta(days=1))) for a in areas],
                "Area": [a.prefix for a in areas],
                "What": [["Starts"] if a.period.start > today else ["Ends"] for a in areas],
                "Dealer": [a.dealer for a in areas],
                "Inside": [a.carved_out_of or "–" for a in areas],
            }
        ),
        key="territory_soon", alt="Areas that start or end in the next 90 days",
        columns={
            "Day": tables.text("Day", width=100), "Area": tables.text("Area", width=70),
            "What": tables.pill("What", {"Starts": "green", "Ends": "orange"}, width=80),
            "Dealer": tables.text("Dealer", width=230), "Inside": tables.text("Carved out of", width=230),
        },
    )  # fmt: skip


def draw_conflicts(actor: Actor) -> None:
    """Areas two dealers own at once: only data from before the rule; nothing is drawn when there are none."""
    with reading() as session:
        found = territory_conflicts(session, scope=actor.scope)
    if not found:
        return
    st.subheader("Owned twice")
    st.warning(
        "These areas came in before a second owner was refused. Leads there are shared until one of the dealers gives"
        " the area up.", icon=":material/warning:",
    )  # fmt: skip
    tables.show(
        table(
            {
                "Area": [prefix for prefix, _ in found],
                "Dealers": [", ".join(d.label for d in dealers) for _, dealers in found],
            }
        ),
        key="territory_conflicts", alt="Areas owned by more than one dealer",
        columns={"Area": tables.text("Area", width=80), "Dealers": tables.text("Dealers")},
    )  # fmt: skip
