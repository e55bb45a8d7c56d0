"""The drawer in which a change of a term is asked for, of one dealer or of many; it says what the change means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.clock import now
from components.forms import cents
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problems, Refused
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.terms.propose_commands import propose_change, propose_many
from db.terms.queries import values_of
from db.terms.rules import (
    BY_NAME,
    CORRECTION_REASON,
    KINDS,
    LONGEST_REASON,
    Kind,
    Value,
    check_value,
    day_label,
    difference_label,
    example,
    raised,
    read_value,
    typed_label,
    value_label,
)

OPEN, FORM, FORM_KEY = "_terms_propose", "terms_propose", "_terms_form_key"
KEYS = {name: f"tp_{name}" for name in ("dealer_id", "kind", "value", "valid_from", "reason", "way", "ends")}
SHOWN = {"dealer_id", "kind", "value", "valid_from", "reason", "items"}
WAYS = {"set": "Set to", "raise": "Raise by %"}


@dataclass(frozen=True)
class Target:
    """Whom the drawer is about: no dealer (one is chosen), one, or many."""

    dealer_ids: tuple[int, ...] = ()


def open_propose(dealer_ids: Sequence[int] = (), kind: str = "") -> None:
    """Open the drawer (call it from a callback)."""
    forget(FORM)
    _clear()
    st.session_state[OPEN] = Target(tuple(dealer_ids))
    st.session_state[FORM_KEY] = uuid4().hex
    st.session_state[KEYS["kind"]] = kind or None
    st.session_state[KEYS["way"]] = "set"


def close_propose() -> None:
    """Close it and forget what was typed."""
    forget(FORM)
    _clear()


def _forget_value() -> None:
    """A value of another term means nothing for this one."""
    for name in ("value", "ends"):
        st.session_state.pop(KEYS[name], None)
    forget(FORM)


def _clear(_result: object = None) -> None:
    for key in (OPEN, FORM_KEY, *KEYS.values()):
        st.session_state.pop(key, None)


def draw_propose() -> None:
    """Draw the drawer when it is open; call it once a page."""
    target = st.session_state.get(OPEN)
    if target is None:
        show_outcome(FORM)
        return
    title = (
        f"Propose a change for {len(target.dealer_ids)} dealers" if len(target.dealer_ids) > 1 else "Propose a change"
    )
    st.dialog(title, width=560, position="right", on_dismiss=close_propose)(_body)()


def _body() -> None:
    target = st.session_state.get(OPEN)
    if target is None:
        st.rerun()  # sent: the page follows, and the toast is drawn there
    actor = guard(Permission.TERMS_PROPOSE)
    with reading() as session:
        names = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope) if d.status != "terminated"}
    show_outcome(FORM)
    ids = list(target.dealer_ids)
    if len(ids) == 1:
        st.markdown(f"**{plain(names.get(ids[0], ''))}**")
    elif not ids:
        chosen = st.selectbox(
            "Dealer", list(names), format_func=lambda i: names[i], index=None, placeholder="Choose",
            key=KEYS["dealer_id"],
        )  # fmt: skip
        ids = [chosen] if chosen is not None else []
    problems_of(FORM, "dealer_id")
    kind_name = st.selectbox(
        "Term", [k.name for k in KINDS], format_func=lambda n: BY_NAME[n].label, index=None, placeholder="Choose",
        key=KEYS["kind"], on_change=_forget_value,
    )  # fmt: skip
    problems_of(FORM, "kind")
    today = now().astimezone(ZoneInfo(actor.zone)).date()
    st.session_state.setdefault(KEYS["valid_from"], _next_month(today))
    if kind_name:
        _value_and_day(BY_NAME[kind_name], ids, names, today=today)
        _reason(today)
    problems_of(FORM, "items")
    stray_problems(FORM, sorted(SHOWN))
    st.button(
        "Send for approval", type="primary", icon=":material/send:", key="tp_send", on_click=_send,
        args=(tuple(ids), kind_name), disabled=not ids or not kind_name,
    )  # fmt: skip
    st.caption("Nothing changes until a second person approves it.")


def _next_month(today: date) -> date:
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1)


def _value_and_day(kind: Kind, ids: Sequence[int], names: Mapping[int, str], *, today: date) -> None:
    st.caption(kind.help)
    way = "set"
    if len(ids) > 1 and kind.unit != "word":
        picked = st.segmented_control(
            "How", list(WAYS), format_func=WAYS.__getitem__, key=KEYS["way"], required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        way = picked or way
    ends = bool(st.session_state.get(KEYS["ends"])) and way == "set"
    with st.grid(2, min_column_width=180, gap="small"):
        with st.container(gap="xxsmall"):
            if kind.unit == "word":
                st.selectbox(
                    "New value", list(kind.choices), index=None, placeholder="Choose", key=KEYS["value"], disabled=ends
                )
            elif way == "raise":
                st.text_input("Raise by, in percent", key=KEYS["value"], placeholder="4, or -2.5")
            else:
                unit = {"rate": "an hour", "percent": "percent", "days": "days", "hours": "hours"}.get(kind.unit, "")
                suggested = (
                    f"Usual: {typed_label(kind, kind.suggestion)}" if kind.suggestion is not None else example(kind)
                )
                st.text_input(
                    f"New value :gray[{unit}]" if unit else "New value", key=KEYS["value"], placeholder=suggested,
                    disabled=ends,
                )  # fmt: skip
            problems_of(FORM, "value")
        with st.container(gap="xxsmall"):
            st.date_input("From", key=KEYS["valid_from"], help="The first day, in the dealer's own time")
            problems_of(FORM, "valid_from")
    if way == "set":
        st.checkbox("No value from that day on", key=KEYS["ends"])
    day = st.session_state.get(KEYS["valid_from"])
    if ids and isinstance(day, date):
        _preview(kind, way, ids, names, day=day, is_past=day < today)


def _reason(today: date) -> None:
    day = st.session_state.get(KEYS["valid_from"])
    is_past = isinstance(day, date) and day < today
    label = "Reason" if is_past else "Reason :gray[(optional)]"
    st.text_area(
        label, key=KEYS["reason"], height=70, max_chars=LONGEST_REASON, placeholder="What the decider should know"
    )
    if is_past:
        st.caption(
            f":orange[:material/history: This changes the past.] At least {CORRECTION_REASON} characters say why."
        )
    problems_of(FORM, "reason")


def _wanted(kind: Kind, way: str, ids: Sequence[int], held: Mapping[int, Value]) -> dict[int, Value]:
    """What each dealer would get; raises `Refused` with a problem at value for what cannot be read."""
    problems = Problems()
    typed = st.session_state.get(KEYS["value"])
    found: dict[int, Value] = {}
    if way == "raise":
        share = cents(str(typed or "").replace("%", ""), field="value", label="The share")
        if share is None or not -10_000 < share <= 10_000:
            problems.add("value", "out_of_range", "The share lies between -100 and 100 percent.")
            problems.refuse_if_any()
        for dealer_id in ids:
            old = held.get(dealer_id)
            if not isinstance(old, int):
                problems.add("items", "no_base", "A dealer without a value cannot be raised by a share; leave it out.")
            else:
                found[dealer_id] = check_value(kind, raised(old, share or 0), problems)
    else:
        value = None if st.session_state.get(KEYS["ends"]) else read_value(kind, str(typed or ""), problems)
        found = dict.fromkeys(ids, value)
    problems.refuse_if_any()
    return found


def _held(ids: Sequence[int], kind: str, day: date, actor: Actor) -> dict[int, Value]:
    with reading() as session:
        values = values_of(session, dealer_ids=ids, on=day, scope=actor.scope)
    return {dealer_id: terms.get(kind) for dealer_id, terms in values.items()}


def _preview(kind: Kind, way: str, ids: Sequence[int], names: Mapping[int, str], *, day: date, is_past: bool) -> None:
    """What holds on the day, and what the change means."""
    actor = guard(Permission.TERMS_PROPOSE)
    held = _held(ids, kind.name, day, actor)
    try:
        wanted: dict[int, Value] | None = _wanted(kind, way, ids, held)
    except Refused:
        wanted = None  # still typing; the refusal is shown when it is sent
    tense = "Held" if is_past else "Holds"
    if len(ids) == 1:
        old = held.get(ids[0])
        words = f"{tense} on {day_label(day)}: **{plain(value_label(kind, old))}**"
        if wanted is not None:
            new = wanted[ids[0]]
            words += f" → **{plain(value_label(kind, new))}** · {plain(difference_label(kind, old, new))}"
        st.markdown(words)
        return
    new_values = [wanted[i] if wanted is not None else None for i in ids]
    tables.show(
        table(
            {
                "Dealer": [names.get(i, "") for i in ids],
                "Holds": [value_label(kind, held.get(i)) for i in ids],
                "New": [value_label(kind, v) if wanted is not None else "–" for v in new_values],
                "Difference": [
                    difference_label(kind, held.get(i), v) if wanted is not None else "–"
                    for i, v in zip(ids, new_values, strict=True)
                ],
            }
        ),
        key="tp_preview", alt="What the change means for each dealer", height=280 if len(ids) > 8 else "content",
        columns={
            "Dealer": tables.text("Dealer", width=190), "Holds": tables.text(tense, width=104),
            "New": tables.text("New", width=104), "Difference": tables.text("Difference", width=120),
        },
    )  # fmt: skip


def _send(ids: tuple[int, ...], kind_name: str) -> None:
    actor = guard(Permission.TERMS_PROPOSE)
    kind = BY_NAME[kind_name]
    day = st.session_state.get(KEYS["valid_from"])
    common: dict[str, Any] = {"kind": kind_name, "form_key": st.session_state.get(FORM_KEY)}
    typed = {"valid_from": KEYS["valid_from"], "reason": KEYS["reason"]}
    way = st.session_state.get(KEYS["way"]) or "set"

    def items(_value: Any) -> list[tuple[int, Value]]:
        held = _held(ids, kind_name, day, actor) if isinstance(day, date) else {}
        return list(_wanted(kind, way, ids, held).items())

    def value(_value: Any) -> Value:
        return _wanted(kind, "set", ids, {})[ids[0]]

    convert = {"reason": lambda v: (v or "").strip()}
    # Every box keeps what was typed until the proposal is stored: the values are read again, never taken away.
    if len(ids) == 1:
        perform(
            propose_change, form=FORM, say="Sent for approval", typed={**typed, "value": KEYS["value"]},
            convert={**convert, "value": value}, arguments={**common, "dealer_id": ids[0]}, after=_clear,
        )  # fmt: skip
    else:
        perform(
            propose_many, form=FORM, say=lambda made: f"{plural(len(made), 'proposal')} sent for approval",
            typed={**typed, "items": KEYS["value"]}, convert={**convert, "items": items}, arguments=common,
            after=_clear,
        )  # fmt: skip
