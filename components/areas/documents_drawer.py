"""The drawer of documents: one document with its versions and what may be done to it, or all of one dealer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from components import tables
from components.access import guard
from components.areas.dealers import STATUS_TONES
from components.areas.documents_upload import renew_form, start, upload_form
from components.charts.base import table
from components.clock import now
from components.exports import guarded_download
from components.labels import badges, facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close as shut
from components.popup import popup
from components.timeline import draw_timeline
from db import catalog
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import DealerDetail, get_dealer
from db.dealers.rules import STATUSES
from db.documents import commands, rules
from db.documents.coverage_queries import Gap, find_gaps
from db.documents.queries import DocumentRow, get_document, list_dealer_documents, list_versions
from db.reports.history_queries import item_history

OPEN, FORM, UPLOAD, RENEW, HOLD = "doc_drawer", "doc_step", "doc_upload", "doc_renew", "doc_hold"
STATE_PILLS = dict.fromkeys(rules.STATUS_LABELS.values(), "gray") | {
    rules.STATE_LABELS[name]: tone for name, tone in rules.STATE_TONES.items()
}
WIDTH: Any = 620


class What(NamedTuple):
    """What the drawer shows: a "document" or a "dealer", by id."""

    kind: str
    id: int


def open_document(document_id: int) -> None:
    """Open the drawer on one document at the next run (call it from a callback, or before the page is drawn)."""
    _forget()
    st.session_state[OPEN] = What("document", document_id)


def open_dealer(dealer_id: int, document_type: str = "") -> None:
    """Open the drawer on a dealer's documents, with the form ready for a type."""
    _forget()
    if document_type:
        start(UPLOAD, document_type)
    st.session_state[OPEN] = What("dealer", dealer_id)


def close() -> None:
    """Close the drawer."""
    _forget()


def _forget() -> None:
    st.session_state.pop(OPEN, None)
    for key in (UPLOAD, RENEW):
        start(key)
    forget(FORM)
    forget(HOLD)


def draw_drawer() -> None:
    """Draw the drawer when it is open; call it once, at the end of a page or tab."""
    what = st.session_state.get(OPEN)
    if what is None:
        for form in (FORM, RENEW):
            show_outcome(form)
        return
    actor = guard(Permission.DOCUMENTS_VIEW)
    try:
        with reading() as session:
            if what[0] == "document":
                title = plain(get_document(session, document_id=what[1], scope=actor.scope, now=now()).title)
            else:
                title = f"Documents of {plain(get_dealer(session, dealer_id=what[1], scope=actor.scope).facts.name)}"
    except NotFound as gone:
        close()
        st.error(gone.problems[0].message, icon=":material/error:")
        return
    st.dialog(title, width=WIDTH, position="right", on_dismiss=close)(_body)()


def _body() -> None:
    what = st.session_state.get(OPEN)
    if what is None:
        st.rerun()  # it was closed by what was clicked: the page follows, and its toast is drawn there
    actor = guard(Permission.DOCUMENTS_VIEW)
    if what[0] == "document":
        with reading() as session:
            document = get_document(session, document_id=what[1], scope=actor.scope, now=now())
            versions = list_versions(session, series_id=document.series_id, scope=actor.scope, now=now())
        _draw_document(document, versions, actor)
    else:
        with reading() as session:
            dealer = get_dealer(session, dealer_id=what[1], scope=actor.scope)
        _draw_dealer(dealer, actor)


# ---- one document ----------------------------------------------------------------------------------------------------
def _draw_document(document: DocumentRow, versions: list[DocumentRow], actor: Actor) -> None:
    held = ("Held", "violet") if document.is_held else ("", "gray")
    purged = ("File removed", "gray") if document.purged_at else ("", "gray")
    badges(
        [document.badge, (document.type_label, "blue"), (f"Version {document.series_version}", "gray"), held, purged]
    )
    facts(_facts(document, actor))
    with st.container(horizontal=True, gap="small"):
        if document.purged_at is None:
            download(document, key=f"doc_get_{document.id}")
        if document.document_type in rules.RENEWABLE and document.status == "current":
            renewal_pack(document.dealer_id, key=f"doc_pack_{document.id}")
        st.button(
            "All of this dealer", key="doc_to_dealer", icon=":material/store:", type="tertiary", on_click=open_dealer,
            args=(document.dealer_id,),
        )  # fmt: skip
    _draw_actions(document, actor)
    if len(versions) > 1:
        st.markdown("**Versions**")
        draw_rows(versions, key="doc_versions", alt="Versions, newest first", with_version=True)
    with st.expander("History"):
        with reading() as session:
            lines = item_history(session, item_type="document", item_id=document.id, limit=40)
        draw_timeline(
            [_Entry(line.at, line.summary, line.actor_name, line.reason) for line in lines], zone=actor.zone, now=now()
        )


class _Entry(NamedTuple):
    at: Any
    title: str
    by: str
    note: str


def _facts(document: DocumentRow, actor: Actor) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [
        ("Document", document.label), ("Dealer", f"{document.dealer_name} ({document.dealer_code})"),
        ("Number", document.number), ("Issuer", document.issuer), ("Takes effect", day(document.effective_on)),
        ("Expires", f"{day(document.expires_on)} ({rules.left_words(document.days_left)})"
         if document.expires_on else "No end"),
        ("File", f"{document.file_name}, {size_label(document.size)}"),
        ("Added", f"{document.uploaded_by_name}, {moment_words(document.created_at, actor.zone, now=now())}"),
        ("Kept until", day(document.retention_until) if document.retention_until else "As long as it is in force"),
    ]  # fmt: skip
    if document.state == "later" and document.status == "current":
        rows.append(("In force from", day(document.covered_from)))
    if document.is_held:
        since = moment_label(document.held_since, actor.zone, now=now())
        rows.append(("Held", f"{document.hold_reason} ({document.held_by}, {since})"))
    if document.void_reason:
        rows.append(("Void because", document.void_reason))
    return rows


class _Action(NamedTuple):
    label: str
    draw: Callable[[DocumentRow], None]


def _draw_actions(document: DocumentRow, actor: Actor) -> None:
    possible: dict[str, _Action] = {}
    manages = actor.can(Permission.DOCUMENTS_MANAGE)
    if document.status == "current" and actor.can(Permission.DOCUMENTS_ADD):
        possible["renew"] = _Action(":material/autorenew: Renew", _draw_renew)
    if manages and document.status != "void":
        possible["dates"] = _Action(":material/edit_calendar: Correct days", _draw_dates)
    if manages:
        if document.is_held:
            possible["release"] = _Action(":material/lock_open: Release hold", _draw_release)
        else:
            possible["hold"] = _Action(":material/lock: Hold", _draw_hold)
    if manages and document.status != "void":
        possible["void"] = _Action(":material/block: Make void", _draw_void)
    if manages and document.may_be_purged:
        possible["purge"] = _Action(":material/delete_forever: Remove file", _draw_purge)
    if not possible:
        return
    key = f"doc_action_{document.id}"
    if st.session_state.get(key) not in possible:
        st.session_state[key] = next(iter(possible))
    chosen = st.pills(
        "What to do", list(possible), format_func=lambda n: possible[n].label, key=key, required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    show_outcome(FORM)
    with st.container(border=True):
        possible[chosen if chosen in possible else next(iter(possible))].draw(document)


def _draw_renew(document: DocumentRow) -> None:
    renew_form(document, key=RENEW, after=lambda _id: st.session_state.pop(OPEN, None))


def _draw_dates(document: DocumentRow) -> None:
    keys = {name: f"doc_{document.id}_{document.version}_{name}" for name in ("effective_on", "expires_on", "reason")}
    for name in ("effective_on", "expires_on"):
        st.session_state.setdefault(keys[name], getattr(document, name))
    with st.grid(2, min_column_width=140, gap="small"):
        for name, label in (("effective_on", "Takes effect"), ("expires_on", "Expires")):
            with st.container(gap="xxsmall"):
                st.date_input(label, value=None, key=keys[name])
                problems_of(FORM, name)
    _reason(keys["reason"])
    stray_problems(FORM, tuple(keys))
    _go(document, commands.correct_dates, "Save days", "The days were corrected", typed=keys)


def _draw_hold(document: DocumentRow) -> None:
    st.caption("A held file is kept whatever its retention says: a dispute, an audit, a termination.")
    _with_reason(document, commands.set_hold, "Hold", "The document is held")


def _draw_release(document: DocumentRow) -> None:
    _with_reason(document, commands.release_hold, "Release hold", "The hold was released")


def _draw_void(document: DocumentRow) -> None:
    st.caption(
        "It was never valid: a wrong file, another dealer's. It stays with the reason; the version before counts."
    )
    _with_reason(document, commands.void_document, "Make void", "The document is void")


def _draw_purge(document: DocumentRow) -> None:
    st.caption(f"It had to be kept until {day(document.retention_until)}. The record stays, the file is gone for good.")
    stray_problems(FORM, ())
    _go(document, commands.purge_file, "Remove file", "The file was removed", typed={})


def _with_reason(document: DocumentRow, command: Callable[..., Any], label: str, said: str) -> None:
    key = f"doc_{document.id}_{document.version}_{command.__name__}_reason"
    _reason(key)
    stray_problems(FORM, ("reason",))
    _go(document, command, label, said, typed={"reason": key})


def _reason(key: str) -> None:
    st.text_input("Reason", key=key, max_chars=rules.LONGEST["reason"])
    problems_of(FORM, "reason")


def _go(document: DocumentRow, command: Callable[..., Any], label: str, said: str, *, typed: dict[str, str]) -> None:
    def clicked() -> None:
        perform(
            command, form=FORM, say=said, typed=typed, convert={"reason": lambda v: v or ""},
            arguments={"document_id": document.id, "seen_version": document.version},
            after=lambda _result: st.session_state.pop(OPEN, None),
        )  # fmt: skip

    st.button(label, key=f"doc_{document.id}_{command.__name__}_go", type="primary", on_click=clicked)


# ---- all documents of a dealer ---------------------------------------------------------------------------------------
def _draw_dealer(dealer: DealerDetail, actor: Actor) -> None:
    known = dealer.facts
    with reading() as session:
        gaps = find_gaps(session, scope=actor.scope, now=now(), dealer_id=dealer.dealer_id)
        rows = list_dealer_documents(session, dealer_id=dealer.dealer_id, scope=actor.scope, now=now())
    held = sum(1 for row in rows if row.is_held)
    badges(
        [
            (STATUSES[known.status], STATUS_TONES[known.status]), (known.code, "blue"), (known.region, "gray"),
            (f"{held} held" if held else "", "violet"),
        ]
    )  # fmt: skip
    draw_gaps(gaps, key="doc_gap", on_upload=_choose, may_add=actor.can(Permission.DOCUMENTS_ADD))
    if rows:
        draw_rows(rows, key="doc_of_dealer", alt=f"Current documents of {known.name}")
        with st.container(horizontal=True, gap="small"):
            renewal_pack(dealer.dealer_id, key="doc_pack_dealer")
            if actor.can(Permission.DOCUMENTS_MANAGE) and not all(row.is_held for row in rows):
                with popup("Hold all", key="doc_hold_menu", icon=":material/lock:"):
                    _hold_all(dealer)
    if actor.can(Permission.DOCUMENTS_ADD):
        with st.container(border=True):
            st.markdown("**Add a document**")
            upload_form(dealer.dealer_id, key=UPLOAD)


def _hold_all(dealer: DealerDetail) -> None:
    st.caption("Every version is kept whatever its retention says: a dispute, an audit, a termination.")
    show_outcome(HOLD)
    st.text_input("Reason", key="doc_hold_reason", max_chars=rules.LONGEST["reason"])
    problems_of(HOLD, "reason")

    def clicked() -> None:
        perform(
            commands.hold_dealer, form=HOLD, say=lambda n: f"{plural(n, 'document')} held",
            typed={"reason": "doc_hold_reason"}, convert={"reason": lambda v: v or ""},
            arguments={"dealer_id": dealer.dealer_id}, after=lambda _n: shut("doc_hold_menu", "doc_hold_reason"),
        )  # fmt: skip

    st.button("Hold all", key="doc_hold_go", type="primary", on_click=clicked)


def _choose(gap: Gap) -> None:
    if gap.document_id is not None:
        open_document(gap.document_id)
    else:
        start(UPLOAD, gap.document_type)


def draw_gaps(gaps: list[Gap], *, key: str, on_upload: Callable[[Gap], None], may_add: bool) -> None:
    """What a dealer lacks today, each with the button that ends it."""
    for gap in gaps:
        label, tone = rules.STATE_LABELS[gap.state], rules.STATE_TONES[gap.state]
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            since = f" :gray[since {day(gap.expires_on)}]" if gap.expires_on else ""
            st.markdown(
                f":{tables.TONES[tone]}-badge[{label}] **{rules.LABELS[gap.document_type]}**{since}", width="stretch"
            )
            if may_add and gap.state != "later":
                is_there = gap.document_id is not None
                st.button(
                    "Renew" if is_there else "Upload", key=f"{key}_{gap.document_type}", on_click=on_upload,
                    args=(gap,), icon=":material/autorenew:" if is_there else ":material/upload:",
                )  # fmt: skip


# ---- pieces ----------------------------------------------------------------------------------------------------------
def draw_rows(rows: list[DocumentRow], *, key: str, alt: str, with_version: bool = False) -> None:
    """Documents of one dealer as a table; the number opens the document."""
    st.session_state[f"{key}_ids"] = [row.id for row in rows]

    def opened(position: int) -> None:
        ids = st.session_state.get(f"{key}_ids", [])
        if 0 <= position < len(ids):
            open_document(ids[position])

    columns: dict[str, Any] = {
        "Document": tables.opener("Document", key=f"{key}_click", on_open=opened, width=92),
        "Version": tables.number("Version", width=64) if with_version else None,
        "Type": None if with_version else tables.text("Type", width=88),
        "State": tables.pill("State", STATE_PILLS, width=106),
        "Expires": tables.text("Expires", width=98),
        "Title": tables.text("Title", width=140),
        "Held": tables.text("Held", width=48) if any(row.is_held for row in rows) else None,
    }
    tables.show(
        table(
            {
                "Document": [row.label for row in rows], "Type": [row.type_label for row in rows],
                "Version": [row.series_version for row in rows], "Title": [row.title for row in rows],
                "State": [[row.badge[0]] for row in rows],
                "Expires": [day(row.expires_on) if row.expires_on else "No end" for row in rows],
                "Held": ["Held" if row.is_held else "" for row in rows],
            }
        ),
        key=key, alt=alt, columns=columns,
    )  # fmt: skip


def download(document: DocumentRow, *, key: str, label: str = "Download") -> None:
    """The button that hands out a file; who took it is written down."""
    guarded_download(
        label, key=key, file_name=document.download_name, mime=document.media_type,
        command=commands.fetch_document, arguments={"document_id": document.id}, read=lambda made: made.content,
        help="Each download is written into the timeline.",
    )  # fmt: skip


def renewal_pack(dealer_id: int, *, key: str) -> None:
    """The button that hands out what a renewal needs: a listing, and the current documents."""
    guarded_download(
        "Renewal pack", key=key, file_name=f"renewal-pack-{now():%Y-%m-%d}.zip", mime="application/zip",
        command=commands.make_pack, arguments={"dealer_id": dealer_id, "open_items": catalog.dealer_lines},
        read=lambda made: made.content, help="The dealer's facts, gaps and open items, and its current documents",
    )  # fmt: skip


def day(value: Any) -> str:
    """A day as it is written here: 3 Jul 2026; an en dash for none."""
    return f"{value.day} {value:%b %Y}" if value is not None else "–"


def size_label(size: int) -> str:
    """Bytes as people say them: 340 KB, 1.2 MB."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, round(size / 1024)):,} KB"
