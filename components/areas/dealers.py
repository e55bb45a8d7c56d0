"""The drawer in which a dealer is entered or changed, and how dealers look wherever they are shown."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.access import guard
from components.areas.calendar import ZONES
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.calendar.queries import list_calendars
from db.core.actor import Actor
from db.core.geo import STATES
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers import commands, rules
from db.dealers.group_queries import groups_to_choose
from db.dealers.queries import DealerDetail, get_dealer, regions
from db.dealers.reach_rules import phone_label

STATUS_TONES = {
    "prospect": "gray", "onboarding": "violet", "active": "green", "suspended": "orange", "terminated": "red",
}  # fmt: skip
OPEN, FORM, SEEN, NEW = "_dealer_drawer", "dealer_form", "_dealer_seen", "new"
FIELDS = (
    "code", "name", "legal_name", "group", "status", "region", "email", "phone", "url", "street", "city", "state",
    "postal_code", "latitude", "longitude", "zone", "calendar_id", "lead_weight", "lead_cap", "daily_quota",
    "takes_leads", "brands", "territories",
)  # fmt: skip
TEXTS = (
    "code", "name", "legal_name", "group", "region", "email", "phone", "url", "street", "city", "state", "postal_code",
    "zone",
)  # fmt: skip
NO_GROUP = "No group"
LISTS = ("brands", "territories")
USUAL_HOURS = "Usual hours"


def _key(field: str) -> str:
    return f"dlr_{field}"


def open_drawer(detail: DealerDetail | None) -> None:
    """Open the drawer on a dealer, or on a new one (call it from a callback)."""
    forget(FORM)
    empty: dict[str, Any] = {
        "status": "prospect",
        "lead_weight": 1,
        "lead_cap": 0,
        "daily_quota": 0,
        "takes_leads": True,
    }
    for field in FIELDS:
        value = getattr(detail.facts, field) if detail else empty.get(field)
        if field == "phone":
            value = phone_label(value or "")
        elif field == "group":
            value = value or None  # an empty text is none of the choices
        st.session_state[_key(field)] = ", ".join(value or ()) if field in LISTS else value
    st.session_state[_key("reason")] = ""
    st.session_state[SEEN] = detail.version if detail else 0
    st.session_state[OPEN] = detail.dealer_id if detail else NEW


def close_drawer() -> None:
    """Close the drawer and forget what was typed."""
    _forget_typed()
    forget(FORM)


def _forget_typed(_result: object = None) -> None:
    for key in (OPEN, SEEN, _key("reason"), *map(_key, FIELDS)):
        st.session_state.pop(key, None)


def draw_drawer() -> None:
    """Draw the drawer when it is open; call it once a page."""
    which = st.session_state.get(OPEN)
    if which is None:
        show_outcome(FORM)
        return
    title = "Add a dealer" if which == NEW else "Change dealer"
    st.dialog(title, width=560, position="right", on_dismiss=close_drawer)(_body)(which)


def _body(which: int | str) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()  # saved: the page follows, and the toast is drawn there
    actor = guard(Permission.DEALERS_MANAGE)
    before = None
    with reading() as session:
        if which != NEW:
            before = get_dealer(session, dealer_id=int(which), scope=actor.scope)
        calendars = {line.id: line.name for line in list_calendars(session)}
        known_regions = regions(session, actor.scope)
        known_groups = [group.name for group in groups_to_choose(session, actor=actor)]
    show_outcome(FORM)
    _who(before, known_groups)
    _where(known_regions)
    _leads()
    _hours(calendars)
    stray_problems(FORM, [*FIELDS, "reason"])
    st.button("Save dealer", key="dealer_save", type="primary", on_click=_save, args=(which, actor))


def _field(kind: Any, label: str, field: str, *more: Any, **options: Any) -> None:
    with st.container(gap="xxsmall"):
        kind(label, *more, key=_key(field), **options)
        problems_of(FORM, field)


def _who(before: DealerDetail | None, known_groups: list[str]) -> None:
    status = before.facts.status if before else ""
    # A dealer on its way to going live is begun as a prospect; its onboarding moves it.
    new = [name for name in rules.STATUSES if name != "onboarding"]
    may_be = [status, *rules.NEXT_STATUSES[status]] if status else new
    st.markdown("**Who**")
    with st.grid(2, min_column_width=200, gap="small"):
        _field(st.text_input, "Trade name", "name", max_chars=160, help="The name over the door")
        _field(st.text_input, "Legal name", "legal_name", max_chars=160, help="The name in the contract")
        _field(st.text_input, "Code", "code", max_chars=20)
        _field(
            st.selectbox, "Group", "group", _with(known_groups, "group"), index=None, placeholder=NO_GROUP,
            help="The owner of several dealers; new ones are added under Groups",
        )  # fmt: skip
        _field(st.selectbox, "Status", "status", may_be, format_func=rules.STATUSES.__getitem__)
        _field(st.text_input, "Makes", "brands", placeholder="Toyota, Lexus", help="With commas; empty: every make")
        _field(st.text_input, "Phone", "phone", max_chars=30)
        _field(st.text_input, "E-mail", "email", max_chars=254)
    _field(st.text_input, "Website", "url", max_chars=300)
    if st.session_state.get(_key("status")) in ("suspended", "terminated") and status not in ("", "suspended"):
        st.caption("From then on the dealer gets no more leads. Its open leads stay with it until somebody moves them.")
    _field(st.text_input, "Reason of the change :gray[(needed to suspend or terminate)]", "reason", max_chars=400)


def _where(known_regions: list[str]) -> None:
    st.markdown("**Where**")
    _field(st.text_input, "Street", "street", max_chars=160)
    with st.grid(2, min_column_width=200, gap="small"):
        _field(st.text_input, "City", "city", max_chars=80)
        _field(st.text_input, "Postal code", "postal_code", max_chars=12)
        _field(
            st.selectbox, "State", "state", list(STATES), format_func=lambda code: STATES[code].name, index=None,
            placeholder="Choose",
        )  # fmt: skip
        _field(
            st.selectbox, "Region", "region", _with(known_regions, "region"), accept_new_options=True, index=None,
            placeholder="Choose or type",
        )  # fmt: skip
        _field(st.number_input, "Latitude", "latitude", value=None, format="%.6f", step=0.1)
        _field(st.number_input, "Longitude", "longitude", value=None, format="%.6f", step=0.1)


def _leads() -> None:
    st.markdown("**Leads**")
    _field(st.checkbox, "Takes leads", "takes_leads")
    with st.grid(3, min_column_width=130, gap="small"):
        _field(
            st.number_input, "Share", "lead_weight", min_value=1, max_value=rules.MOST_SHARE, step=1,
            help="A dealer with 2 gets twice as many turns as one with 1.",
        )  # fmt: skip
        _field(st.number_input, "Most open leads", "lead_cap", min_value=0, step=1, help="0: no limit")
        _field(st.number_input, "Most leads a day", "daily_quota", min_value=0, step=1, help="0: no limit")
    _field(
        st.text_area, "Territory", "territories", placeholder="070, 071, 0720", height=80,
        help="Starts of postal codes this dealer owns, with commas",
    )  # fmt: skip


def _hours(calendars: dict[int, str]) -> None:
    st.markdown("**Hours**")
    with st.grid(2, min_column_width=200, gap="small"):
        _field(
            st.selectbox, "Working hours", "calendar_id", [None, *calendars],
            format_func=lambda v: calendars.get(v, USUAL_HOURS), placeholder=USUAL_HOURS,
            help="Usual hours: Monday to Friday 9–18, Saturday 10–16",
        )  # fmt: skip
        _field(
            st.selectbox, "Time zone", "zone", _with(list(ZONES), "zone"), index=None, accept_new_options=True,
            placeholder="That of its place",
        )  # fmt: skip


def _with(options: list[str], field: str) -> list[str]:
    current = st.session_state.get(_key(field))
    return options if not current or current in options else [*options, current]


def _save(which: int | str, actor: Actor) -> None:
    typed = {field: st.session_state.get(_key(field)) for field in FIELDS}
    facts: dict[str, Any] = {
        field: rules.split_list(value or "") if field in LISTS else value for field, value in typed.items()
    }
    for field in TEXTS:
        facts[field] = facts[field] or ""
    for field in ("lead_weight", "lead_cap", "daily_quota"):
        facts[field] = int(facts[field] or 0)
    if which == NEW:
        perform(
            commands.add_dealer, form=FORM, say=f"{facts['name']} was added", arguments=facts, after=_forget_typed,
        )  # fmt: skip
    else:
        perform(
            commands.change_dealer, form=FORM, say=f"{facts['name']} was saved", after=_forget_typed,
            arguments={
                "dealer_id": which, "seen_version": st.session_state.get(SEEN, 0), "changes": facts,
                "reason": st.session_state.get(_key("reason")) or "",
            },
        )  # fmt: skip
