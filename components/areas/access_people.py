"""People of dealers who can sign in, as a table, and the bar that ends the access of those who were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from components import tables
from components.charts.base import table
from components.clock import now
from components.labels import plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from db.access.commands import Ended, disable_access, disable_flagged
from db.access.people_queries import AccountRow, managers_at
from db.access.rules import FLAG_TONES, FLAGS, ROLES, STATES, last_managers
from db.core.actor import Actor
from db.core.labels import moment_words, plural, relative_label
from db.core.permissions import Permission
from db.core.session import reading

STATE_TONES = dict(STATES.values())
DOUBT_TONES = {FLAGS[name]: tone for name, tone in FLAG_TONES.items()}
ROLE_TONES = {ROLES["dealer_manager"]: "violet", ROLES["dealer_staff"]: "blue"}


def draw_people(rows: Sequence[AccountRow], *, key: str, actor: Actor, with_dealers: bool = True) -> list[int]:
    """Draw the accounts; gives back the positions of the chosen ones, for who may end access."""
    at = now()
    return tables.show(
        table(
            {
                "Name": [r.name for r in rows], "User name": [r.username for r in rows],
                "Role": [[r.role_label] for r in rows],
                "Dealers": [r.dealers_label for r in rows],
                "Last sign-in": [last_seen(r.last_sign_in_at, at) for r in rows],
                "State": [[r.state_label] for r in rows],
                "Doubt": [[FLAGS[flag] for flag in r.flags] for r in rows],
                "E-mail": [r.email or "–" for r in rows],
            }
        ),
        key=f"{key}_table", alt="People of dealers who can sign in, by name",
        select="many" if actor.can(Permission.ACCESS_REVIEW) else "none",
        height=fitting(len(rows)),
        columns={
            "Name": tables.text("Name", width=150), "Role": tables.pill("Role", ROLE_TONES, width=126),
            "Dealers": tables.text("Dealers", width=212) if with_dealers else None,
            "Last sign-in": tables.text("Last sign-in", width=110),
            "State": tables.pill("State", STATE_TONES, width=140),
            "Doubt": tables.pill("Doubt", DOUBT_TONES, width=200, help="Why this account should be looked at"),
            "User name": tables.text("User name", width=150), "E-mail": tables.text("E-mail", width=200),
        },
    )  # fmt: skip


def last_seen(moment: datetime | None, at: datetime) -> str:
    """When somebody last signed in; whole days are exact enough after the first."""
    if moment is None:
        return "Never"
    days = (at - moment).days
    return f"{days} d ago" if days else relative_label(moment, at)


def fitting(rows: int, *, most: int = 560) -> int:
    """The height of a table: as its rows need it, up to a limit within which it scrolls."""
    return min(most, 31 * (rows + 1) + 3)


def draw_ending(chosen: Sequence[AccountRow], *, actor: Actor, key: str, dealer_id: int | None = None) -> None:
    """Draw what ending the access of the chosen people would do, and the button; nothing while nobody is chosen."""
    form = f"{key}_end"
    if not chosen:
        show_outcome(form)
        return
    own = [r for r in chosen if r.person_id == actor.user_id]
    going = [r for r in chosen if r.is_active and r.person_id != actor.user_id]
    if len(going) > 1:  # one may be ended for any reason; many only where something speaks against each
        left_out = [r for r in going if not r.flags]
        going = [r for r in going if r.flags]
    else:
        left_out = []
    with st.container(border=True):
        notes = [f"{r.name}: nobody ends their own access" for r in own]
        notes += [f"{r.name}: disabled already" for r in chosen if not r.is_active]
        notes += [f"{r.name}: nothing speaks against this account; end it by itself" for r in left_out]
        if going:
            _draw_preview(going, actor, key=key, form=form, dealer_id=dealer_id)
        for note in notes:
            st.caption(f":material/remove_circle_outline: {plain(note)}")
        if not going:
            st.caption("Nobody is left to be disabled.")


def _draw_preview(going: Sequence[AccountRow], actor: Actor, *, key: str, form: str, dealer_id: int | None) -> None:
    at = now()
    who = plain(going[0].name) if len(going) == 1 else plural(len(going), "person", "people")
    st.markdown(f"**End access of {who}**")
    for row in going:
        seen = (
            f"last sign-in {moment_words(row.last_sign_in_at, actor.zone, now=at)}"
            if row.last_sign_in_at
            else "never signed in"
        )
        dealers = [d for d in row.dealers if dealer_id in (None, d.dealer_id)]
        doubt = ", ".join(FLAGS[f].lower() for f in row.flags)
        parts = [", ".join(d.label for d in dealers), row.role_label.lower(), doubt or seen]
        st.markdown(f"{plain(row.name)} :gray[{plain(' · '.join(parts))}]")
    ending = [(r.person_id, d.dealer_id) for r in going for d in r.dealers if dealer_id in (None, d.dealer_id)]
    draw_last_managers(ending, {d.dealer_id: d.label for r in going for d in r.dealers})
    reason = f"{key}_reason"
    single = _single(going, dealer_id)
    if single is None and len(going) == 1:
        single = _chosen_dealer(going[0], key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("Reason", key=reason, max_chars=300, placeholder="Left the dealership", width=360)
        st.button(
            "End access", type="primary", icon=":material/block:", key=f"{key}_end_go",
            on_click=partial(_end, going, single, form=form, reason=reason, table_key=f"{key}_table"),
            help="Signs them out at once. What they did stays.",
        )  # fmt: skip
    problems_of(form, "reason")
    stray_problems(form, ["reason"])
    show_outcome(form)


def draw_last_managers(ending: Sequence[tuple[int, int]], names: dict[int, str]) -> None:
    """Warn where nobody would be left to manage a dealer."""
    with reading() as session:
        managers = managers_at(session, dealer_ids={dealer_id for _, dealer_id in ending})
    alone = [names[i] for i in last_managers(managers, ending) if i in names]
    if alone:
        st.warning(
            f"{plain(', '.join(alone))}: no manager would be left who can sign in. Request access for a new one.",
            icon=":material/warning:",
        )


def _single(going: Sequence[AccountRow], dealer_id: int | None) -> tuple[AccountRow, int] | None:
    if len(going) != 1:
        return None
    row = going[0]
    if dealer_id is not None:
        return row, dealer_id
    return (row, row.dealers[0].dealer_id) if len(row.dealers) == 1 else None


def _chosen_dealer(row: AccountRow, key: str) -> tuple[AccountRow, int]:
    names = {d.dealer_id: d.label for d in row.dealers}
    chosen = st.selectbox("At", list(names), format_func=lambda i: names[i], key=f"{key}_at_{row.person_id}", width=360)
    return row, int(chosen or row.dealers[0].dealer_id)


def _end(
    going: Sequence[AccountRow], single: tuple[AccountRow, int] | None, *, form: str, reason: str, table_key: str
) -> None:
    def said(done: Ended) -> str:
        who = done.names[0] if len(done.names) == 1 else plural(len(done.names), "person", "people")
        return f"{who} no longer has access" if len(done.names) == 1 else f"{who} no longer have access"

    common: dict[str, Any] = {
        "form": form, "say": said, "typed": {"reason": reason}, "convert": {"reason": lambda v: v or ""},
        "clear": [table_key],
    }  # fmt: skip
    if single is not None:
        row, dealer_id = single
        arguments = {"person_id": row.person_id, "dealer_id": dealer_id, "seen_version": row.version}
        perform(disable_access, arguments=arguments, **common)
    else:
        perform(disable_flagged, arguments={"items": [(r.person_id, r.version) for r in going]}, **common)
