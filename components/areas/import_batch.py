"""One import as it was kept: its counts, its files, every row by what became of it, and its undo."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.areas.imports import OUTCOMES, draw_counts, place
from components.charts.base import table
from components.exports import guarded_download
from components.labels import badges, empty_state, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db import catalog
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.imports.commands import undo_import
from db.imports.file_commands import take_file
from db.imports.queries import BatchDetail, list_rejection_reasons, list_rows
from db.leads.product_queries import unlisted_products

CHANNELS = {"file": "Command line", "page": "Uploaded", "http": "Posted by a sender", "mail": "Mail"}
UNDO, POPUP = "undo_import", "undo_popup"
PAGE = 50
FEW = 10


def draw_batch(batch: BatchDetail, *, actor: Actor) -> None:
    """The whole of one import."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(f"Batch {batch.batch_id}: {plain(batch.title)}")
        if batch.can_undo and batch.created + batch.updated:
            with popup("Undo", key=POPUP, icon=":material/undo:"):
                _draw_undo(batch)
    is_undone = batch.status == "undone"
    badges(
        [
            ("Undone" if is_undone else "Applied", "orange" if is_undone else "green"),
            (CHANNELS.get(batch.channel, batch.channel), "gray"),
        ]
    )  # fmt: skip
    told = f"{moment_label(batch.imported_at, actor.zone)} by {batch.imported_by}."
    if is_undone and batch.undone_at is not None:
        told += f" Undone {moment_words(batch.undone_at, actor.zone)} by {batch.undone_by}."
    if batch.cleared_at is not None:
        day = moment_label(batch.cleared_at, actor.zone)
        told += f" Files and messages were removed {day}; it cannot be undone any more."
    st.caption(plain(told))
    show_outcome(UNDO)
    draw_counts(batch)
    if batch.kind == "leads" and actor.can(Permission.LEADS_VIEW):
        _draw_unlisted(batch, actor=actor)
    _draw_files(batch, actor=actor)
    _draw_rows(batch, actor=actor)


def _draw_unlisted(batch: BatchDetail, *, actor: Actor) -> None:
    """Products of the file that are not among the product lines, with how many leads want them."""
    with reading() as session:
        found = unlisted_products(session, batch_id=batch.batch_id, scope=actor.scope)
    if not found:
        return
    leads = sum(one.leads for one in found)
    with st.expander(f"Not among the product lines :gray[{plural(len(found), 'product')}]", icon=":material/category:"):
        st.caption(
            f"{plural(leads, 'lead')} came in with a product no line knows; each kept it as written and counts under "
            "“Other”. Add a line on the page Routing, or translate the word in the column mapping."
        )
        tables.show(
            table({"Product": [one.name for one in found], "Leads": [one.leads for one in found]}),
            key=f"unlisted_{batch.batch_id}", alt="Products that are not among the product lines",
            columns={"Product": tables.text("Product as written"), "Leads": tables.number("Leads", width=90)},
        )  # fmt: skip


def _draw_undo(batch: BatchDetail) -> None:
    number = plural(batch.created + batch.updated, "record")
    st.markdown(f"Take back {number}? What was created goes, what was updated gets its former facts.")
    st.caption("It is refused when somebody has worked on one of them since.")
    key = f"undo_reason_{batch.batch_id}"
    st.text_input("Reason", key=key, max_chars=400)
    problems_of(UNDO, "reason")
    stray_problems(UNDO, ["reason"])

    def undo() -> None:
        perform(
            undo_import, form=UNDO, say=lambda count: f"{plural(count, 'record')} taken back", typed={"reason": key},
            arguments={"batch_id": batch.batch_id}, after=lambda _count: close(POPUP, key),
        )  # fmt: skip

    st.button("Undo the import", key=f"undo_{batch.batch_id}", type="primary", icon=":material/undo:", on_click=undo)


def _draw_files(batch: BatchDetail, *, actor: Actor) -> None:
    may_take = actor.can(Permission.PERSONAL_DATA_VIEW)
    shown = batch.files[:20]
    with st.expander(f"Files :gray[{len(batch.files):,}]", expanded=len(batch.files) <= 3):
        for file in shown:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                size = f"{file.size / 1000:,.0f} kB" if file.size >= 1000 else f"{file.size} bytes"
                st.markdown(
                    f"{plain(file.name)}  \n:gray[:small[{size}, fingerprint {file.sha256[:12]}]]", width="stretch"
                )
                if may_take and batch.cleared_at is None:
                    guarded_download(
                        "Download", key=f"file_{file.file_id}", file_name=file.name.rpartition("/")[2] or "file",
                        command=take_file, arguments={"file_id": file.file_id}, read=lambda taken: taken.content,
                        kind="tertiary", help="The file as it arrived. Each download is noted in the timeline.",
                    )  # fmt: skip
        if len(batch.files) > len(shown):
            st.caption(f"and {len(batch.files) - len(shown):,} more")


def _draw_rows(batch: BatchDetail, *, actor: Actor) -> None:
    counts = {
        "created": batch.created, "updated": batch.updated, "duplicate": batch.duplicates, "rejected": batch.rejected,
    }  # fmt: skip
    present = {name: f"{OUTCOMES[name]} {count:,}" for name, count in counts.items() if count}
    if not present:
        empty_state("playlist_remove", "There was no row in these files.")
        return
    first = "rejected" if batch.rejected else next(iter(present))
    st.session_state.setdefault(f"rows_of_{batch.batch_id}", first)
    outcome = st.segmented_control(
        "Rows", list(present), format_func=present.__getitem__, key=f"rows_of_{batch.batch_id}", required=True
    )
    if outcome == "rejected":
        _draw_reasons(batch, actor=actor)
    key = f"rows_{batch.batch_id}_{outcome}"
    with reading() as session:
        frame = list_rows(
            session, actor=actor, batch_id=batch.batch_id, outcome=outcome, after=cursor(key, fingerprint=outcome) or 0,
            limit=PAGE + 1,
        )  # fmt: skip
    rows = frame.to_dict("records")
    following = int(rows[PAGE - 1]["id"]) if len(rows) > PAGE else None
    rows = rows[:PAGE]
    has_records = outcome in ("created", "updated", "duplicate")
    # A missing id is None, or NaN where the rest of the page has ids; neither is above zero.
    targets = [(str(row["item_type"]), int(row["item_id"]) if (row["item_id"] or 0) > 0 else None) for row in rows]
    remember_rows(key, list(range(len(rows))))

    def opened(position: int) -> None:
        found = id_at(key, position)
        kind, number = targets[found] if found is not None else ("", None)
        if number is not None:
            st.session_state["_import_to"] = catalog.open_page(kind, number)

    tables.show(
        table(
            {
                "Record": [_name(kind, number) for kind, number in targets],
                "File": [row["file"] for row in rows], "Row": [place(int(row["row"])) for row in rows],
                "Note": [row["message"] for row in rows], "Code": [row["code"] for row in rows],
            }
        ),
        key=f"{key}_table", alt="Rows of the import",
        columns={
            "Record": tables.opener("Record", key=f"{key}_open", on_open=opened, width=120) if has_records else None,
            "File": tables.text("File", width=220), "Row": tables.text("Row", width=60),
            "Note": tables.text("Note"), "Code": tables.text("Code", width=140),
        },
    )  # fmt: skip
    draw_paging(key, following=following, shown=len(rows), total=f"{counts[outcome or first]:,}")
    target = st.session_state.pop("_import_to", None)
    if target is not None:
        st.switch_page(target[0], query_params=target[1])


def _name(kind: str, number: int | None) -> str:
    if number is None:
        return "–"
    return f"L-{number:06d}" if kind == "lead" else f"{kind.replace('_', ' ').capitalize()} {number}"


def _draw_reasons(batch: BatchDetail, *, actor: Actor) -> None:
    with reading() as session:
        reasons = list_rejection_reasons(session, actor=actor, batch_id=batch.batch_id).to_dict("records")
    if len(reasons) < 2 or batch.rejected <= FEW:
        return
    tables.show(
        table({"Rows": [int(r["rows"]) for r in reasons], "For example": [r["example"] for r in reasons]}),
        key=f"reasons_{batch.batch_id}", alt="Why rows were rejected, most frequent first",
        columns={"Rows": tables.number("Rows", width=70), "For example": tables.text("For example")},
    )  # fmt: skip
