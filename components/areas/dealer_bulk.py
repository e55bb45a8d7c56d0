"""The drawer in which many dealers are changed together: from the list, from pasted lines, or from a file (H2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from components import tables
from components.access import guard
from components.charts.base import table
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.calendar.queries import list_calendars
from db.core.actor import Actor
from db.core.area import SourceFile
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.bulk_commands import bulk_change
from db.dealers.bulk_queries import BulkPreview, Read, Wanted, pasted_file, preview, read_wanted
from db.dealers.group_queries import groups_to_choose
from db.dealers.queries import DealerFilters, matching_ids, regions
from db.dealers.rules import BULK_FIELDS, MOST_BULK, MOST_SHARE, split_list

OPEN, FORM, IDS, FILTERS = "_dealer_bulk", "dealer_bulk", "_dealer_bulk_ids", "_dealer_bulk_filters"
FIELD, REASON, LEAVE_OUT = "bulk_field", "bulk_reason", "bulk_leave_out"
LISTED = 200
FEW = 8
LABELS = {
    "region": "Region", "group": "Group", "takes_leads": "Takes leads", "lead_weight": "Share of leads",
    "lead_cap": "Most open leads", "daily_quota": "Most leads a day", "brands": "Makes",
    "calendar_id": "Working hours",
}  # fmt: skip
NO_GROUP, USUAL_HOURS = "No group", "Usual hours"


def draw_bulk_button(ids: Sequence[int], filters: DealerFilters) -> None:
    """The button that opens the drawer on the chosen rows, or on the whole list."""
    label = f"Change {plural(len(ids), 'dealer')}" if ids else "Change many"
    st.button(
        label, icon=":material/edit_note:", key="dealer_bulk_open", on_click=_open, args=(tuple(ids), filters),
        type="primary" if ids else "secondary",
    )  # fmt: skip


def _open(ids: tuple[int, ...], filters: DealerFilters) -> None:
    close_bulk()
    st.session_state[OPEN], st.session_state[IDS], st.session_state[FILTERS] = True, ids, filters


def close_bulk(_result: object = None) -> None:
    """Close the drawer and forget what was typed."""
    for key in [k for k in st.session_state if str(k).startswith(("bulk_", "_dealer_bulk"))]:
        st.session_state.pop(key, None)


def draw_bulk() -> None:
    """Draw the drawer when it is open; call it once a page."""
    if not st.session_state.get(OPEN):
        show_outcome(FORM)
        return

    def dismissed() -> None:
        close_bulk()
        forget(FORM)

    st.dialog("Change many dealers", width=820, position="right", on_dismiss=dismissed)(_body)()


def _body() -> None:
    if not st.session_state.get(OPEN):
        st.rerun()  # saved: the page follows, and the toast is drawn there
    actor = guard(Permission.DEALERS_MANAGE)
    source = _source(actor)
    read = {"file": lambda _: _from_file(), "paste": _from_paste}.get(source, partial(_from_list, source=source))(actor)
    show_outcome(FORM)
    problems_of(FORM, "changes")
    if not read.wanted and not read.unread:
        return
    with reading() as session:
        made = preview(session, wanted=read.wanted, actor=actor)
    made = BulkPreview(lines=(*read.unread, *made.lines))
    for note in read.notes:
        st.caption(plain(note))
    _draw_preview(made)
    left_out = False
    if made.problems and made.changes:
        left_out = st.checkbox(f"Leave out the {plural(made.problems, 'line')} with a problem", key=LEAVE_OUT)
    st.text_input("Reason", key=REASON, max_chars=400, placeholder="Kept in the history of each dealer")
    problems_of(FORM, "reason")
    stray_problems(FORM, ["reason", "changes"])
    number = len(made.changes)
    st.button(
        f"Change {plural(number, 'dealer')}" if number else "Change", key="bulk_go", type="primary",
        icon=":material/done_all:", disabled=not number or bool(made.problems and not left_out),
        on_click=_apply, args=(made,),
    )  # fmt: skip


def _source(actor: Actor) -> str:
    ids = st.session_state.get(IDS, ())
    with reading() as session:
        every = len(_listed(session, actor))
    options = {"chosen": f"Chosen rows ({len(ids)})"} if ids else {}
    options |= {"list": f"The list ({every:,})", "paste": "Paste", "file": "File"}
    return (
        st.segmented_control(
            "Which dealers", list(options), format_func=options.__getitem__, key="bulk_source",
            default=next(iter(options)), required=True,
        )
        or "list"
    )  # fmt: skip


def _listed(session: Any, actor: Actor) -> list[int]:
    filters = st.session_state.get(FILTERS) or DealerFilters()
    return matching_ids(session, scope=actor.scope, filters=filters, limit=MOST_BULK)


def _from_list(actor: Actor, *, source: str) -> Read:
    field = _draw_field()
    value = _draw_value(actor, field, "New value")
    if value is None:
        st.caption("Choose the new value to see what would change.")
        return Read()
    if source == "chosen":
        ids = list(st.session_state.get(IDS, ()))
    else:
        with reading() as session:
            ids = _listed(session, actor)
    return Read(wanted=tuple(Wanted(dealer_id=number, values={field: _typed(field, value)}) for number in ids))


def _from_paste(actor: Actor) -> Read:
    field = _draw_field()
    value = _draw_value(actor, field, "New value of lines without one")
    text = st.text_area(
        "Dealers", key="bulk_text", height=140, placeholder="00101\tWest\n00104\tWest",
        help="One a line: the code and, behind a tab, comma or semicolon, the new value. Lines copied from a sheet with"
        " headings work too. A dash empties a field.",
    )  # fmt: skip
    if not (text or "").strip():
        st.caption("Paste codes, with or without new values.")
        return Read()
    fallback = {field: _typed(field, value)} if value is not None else {}
    return read_wanted(pasted_file(text or "", field), fallback=fallback)


def _from_file() -> Read:
    columns = ", ".join(["Code", *LABELS.values()])
    upload = st.file_uploader(
        f"A sheet with the code and the columns that change: {columns}. Blank cells keep what is there.",
        type=["csv", "tsv", "txt", "xlsx"], key="bulk_file",
    )  # fmt: skip
    return read_wanted(SourceFile(name=upload.name, content=upload.getvalue())) if upload is not None else Read()


def _draw_field() -> str:
    return st.selectbox("What changes", list(BULK_FIELDS), format_func=LABELS.__getitem__, key=FIELD)


def _draw_value(actor: Actor, field: str, label: str) -> Any:
    """The widget of a field; gives None as long as nothing was chosen."""
    key = f"bulk_value_{field}"
    if field == "takes_leads":
        words = {True: "Yes", False: "No"}
        return st.segmented_control(label, list(words), format_func=words.__getitem__, key=key)
    if field in ("lead_weight", "lead_cap", "daily_quota"):
        least, most = (1, MOST_SHARE) if field == "lead_weight" else (0, 100_000)
        hint = None if field == "lead_weight" else "0: no limit"
        return st.number_input(label, value=None, min_value=least, max_value=most, step=1, key=key, help=hint)
    if field == "brands":
        return st.text_input(label, key=key, placeholder="Toyota, Lexus", help="A dash: every make") or None
    with reading() as session:
        if field == "region":
            options: dict[Any, str] = {name: name for name in regions(session, actor.scope)}
        elif field == "group":
            options = {NO_GROUP: NO_GROUP} | {g.name: g.name for g in groups_to_choose(session, actor=actor)}
        else:
            options = {0: USUAL_HOURS} | {line.id: line.name for line in list_calendars(session)}
    return st.selectbox(
        label, list(options), format_func=lambda v: options.get(v, str(v)), index=None, key=key, placeholder="Choose",
        accept_new_options=field == "region",
    )  # fmt: skip


def _typed(field: str, value: Any) -> Any:
    if field == "brands":
        return () if str(value).strip() in ("-", "–") else split_list(str(value))
    if field == "group":
        return "" if value == NO_GROUP else value
    if field == "calendar_id":
        return value or None
    return int(value) if field in ("lead_weight", "lead_cap", "daily_quota") else value


def _draw_preview(made: BulkPreview) -> None:
    same = len(made.lines) - made.problems - len(made.changes)
    parts = [f"**{plural(len(made.changes), 'dealer')} would change**"]
    if same:
        parts.append(f":gray[{same:,} already so]")
    if made.problems:
        parts.append(f":red[{plural(made.problems, 'line')} cannot be taken, so nothing is saved]")
    st.markdown(" · ".join(parts))
    order = sorted(made.lines, key=lambda line: (not line.problem, line.change is None))
    shown = order[:LISTED]
    tables.show(
        table(
            {
                "Code": [line.code for line in shown], "Dealer": [line.name or "–" for line in shown],
                "Now": [line.old or "–" for line in shown],
                "Then": [line.new if line.change is not None else "" for line in shown],
                "Problem": [line.problem or ("" if line.change is not None else "Already so") for line in shown],
            }
        ),
        key="bulk_preview", alt="What would change, old to new", height=320 if len(shown) > FEW else "auto",
        columns={
            "Code": tables.text("Code", width=80), "Dealer": tables.text("Dealer", width=170),
            "Now": tables.text("Now", width=140), "Then": tables.text("Then", width=140),
            "Problem": tables.text("Problem", width=230),
        },
    )  # fmt: skip
    if len(order) > LISTED:
        st.caption(f"The first {LISTED:,} of {len(order):,} lines are shown, those with a problem first.")


def _apply(made: BulkPreview) -> None:
    def said(number: int) -> str:
        return f"{plural(number, 'dealer')} changed"

    perform(
        bulk_change, form=FORM, say=said, typed={"reason": REASON}, arguments={"changes": list(made.changes)},
        after=close_bulk,
    )  # fmt: skip
