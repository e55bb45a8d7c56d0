"""A file of sales on the incentive check: choose it, see every row's verdict, take it back with results, send it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.incentives import draw_program
from components.charts.base import table
from components.clock import now
from components.exports import guarded_download
from components.labels import empty_state, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db import exports
from db.core.area import SourceFile
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Refused
from db.core.session import reading
from db.imports.commands import BatchResult
from db.imports.mapping_spec import OnAmbiguousDate
from db.incentives.say_rules import money
from db.incentives.sheet_commands import claim_sheet
from db.incentives.sheet_queries import CheckedSheet, SheetRow, check_row, check_sheet, empty_sheet, result_sheet
from db.incentives.sheet_rules import RESULTS

FORM, AT = "incentive_sheet", "ics"
DATES: dict[OnAmbiguousDate, str] = {"day_first": "Day first", "month_first": "Month first"}
TONES = dict(RESULTS.values())


@dataclass(frozen=True)
class Seen:
    """A checked file, kept while the page is open; `fingerprint` names the file and what was said of it."""

    fingerprint: str
    checked: CheckedSheet | None
    problems: tuple[str, ...] = ()


def draw_sheet() -> None:
    """The whole way from a file to its claims."""
    receipt = st.session_state.get(f"{AT}_receipt")
    if isinstance(receipt, BatchResult):
        _draw_receipt(receipt)
        return
    turn = st.session_state.setdefault(f"{AT}_turn", 0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        upload = st.file_uploader(
            "Excel or CSV, one row a sale. Nothing is stored before you send it.", type=["xlsx", "csv"],
            key=f"{AT}_file_{turn}", max_upload_size=10,
        )  # fmt: skip
    if upload is None:
        _draw_download("Empty sheet", lambda actor: empty_sheet(actor=actor), name="sales-to-check", key=f"{AT}_empty")
        empty_state(
            "table_view", "Each row comes back with a verdict: claimable, claimed, incomplete, refused, bad cell.",
            action="Columns are found by their headings. The empty sheet has all of them.",
        )  # fmt: skip
        return
    file = SourceFile(name=upload.name, content=upload.getvalue())
    dates = cast("OnAmbiguousDate", st.session_state.get(f"{AT}_dates") or "ask")
    done = bool(st.session_state.get(f"{AT}_done"))
    seen = _seen(file, dates, done)
    for problem in seen.problems:
        st.error(plain(problem), icon=":material/error:")
    if seen.checked is None:
        return
    _draw_questions(seen.checked)
    _draw_verdicts(file, seen.checked, dates, done)


def _seen(file: SourceFile, dates: OnAmbiguousDate, done: bool) -> Seen:
    """The file as it was checked last, or checked now when file, dates or checklists are others."""
    digest = hashlib.sha256(file.content).hexdigest()
    fingerprint = f"{file.name}:{digest}:{dates}:{done}:{st.session_state.get(f'{AT}_again', 0)}"
    kept = st.session_state.get(f"{AT}_seen")
    if isinstance(kept, Seen) and kept.fingerprint == fingerprint:
        return kept
    forget(FORM)
    with st.spinner("Checking every row"):
        try:
            with reading() as session:
                found = check_sheet(
                    session, file=file, dates=dates, checklist_done=done, actor=current_actor(), now=now()
                )  # fmt: skip
            seen = Seen(fingerprint, found)
        except Refused as refusal:
            seen = Seen(fingerprint, None, tuple(p.message for p in refusal.problems))
    st.session_state[f"{AT}_seen"] = seen
    return seen


def _draw_questions(checked: CheckedSheet) -> None:
    """What the file does not say itself: the order of its dates, and whether the checklists are done."""
    if checked.doubtful or st.session_state.get(f"{AT}_dates"):
        st.segmented_control(
            f"Dates: {plain(checked.doubtful or 'which comes first')}", list(DATES), format_func=DATES.__getitem__,
            key=f"{AT}_dates",
        )  # fmt: skip
    if checked.points:
        st.checkbox(
            f"Done for every sale of this file: {plain('; '.join(checked.points))}", key=f"{AT}_done",
            help="Rows that say otherwise in a column Checklist done keep what they say.",
        )  # fmt: skip
    notes = [*checked.warnings]
    if checked.unused:
        notes.append(f"Not read: {', '.join(checked.unused)}.")
    if notes:
        st.caption(plain(" ".join(notes)))


def _draw_verdicts(file: SourceFile, checked: CheckedSheet, dates: OnAmbiguousDate, done: bool) -> None:
    words = {"all": f"All {len(checked.rows):,}"}
    words |= {name: f"{label} {checked.counts[name]:,}" for name, (label, _) in RESULTS.items() if checked.counts[name]}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.segmented_control(
            "Rows", list(words), format_func=words.__getitem__, key=f"{AT}_show", default="all",
            label_visibility="collapsed",
        )  # fmt: skip
        _draw_download(
            "Take the sheet with results",
            lambda actor: result_sheet(file, dates=dates, checklist_done=done, actor=actor),
            name=f"{file.name.rsplit('.', 1)[0][:60]}-checked", key=f"{AT}_take", file_format="csv"
            if file.name.lower().endswith(".csv") else "xlsx",
        )  # fmt: skip
        _draw_send(file, checked, dates, done)
    show_outcome(FORM)
    problems_of(FORM, "file")
    stray_problems(FORM, ("file",))
    if any(True for _ in _refused()):
        st.button("Check again", key=f"{AT}_recheck", icon=":material/refresh:", on_click=_again)
    rows = [r for r in checked.rows if chosen in (None, "all", r.result)]
    picked = _draw_rows(rows)
    if picked is not None:
        _draw_row(file, picked, dates, done)


def _refused() -> Sequence[Any]:
    outcome = st.session_state.get(f"_outcome_{FORM}")
    return outcome.problems if outcome is not None else ()


def _again() -> None:
    st.session_state[f"{AT}_again"] = st.session_state.get(f"{AT}_again", 0) + 1
    forget(FORM)


def _draw_send(file: SourceFile, checked: CheckedSheet, dates: OnAmbiguousDate, done: bool) -> None:
    number = checked.counts["claimable"]
    if not number or not current_actor().can(Permission.INCENTIVES_ENTER):
        return
    form_key = st.session_state.setdefault(f"{AT}_key", uuid4().hex)

    def send() -> None:
        perform(
            claim_sheet, form=FORM, say=lambda b: f"{plural(b.created + b.updated, 'sale')} claimed", after=_sent,
            arguments={
                "file": file, "dates": dates, "checklist_done": done, "seen": checked.seen, "form_key": form_key
            },
        )  # fmt: skip

    st.button(
        f"Claim {plural(number, 'sale')}, {plain(money(checked.cents))}", key=f"{AT}_send", type="primary",
        icon=":material/send:", on_click=send,
    )  # fmt: skip


def _sent(batch: BatchResult) -> None:
    st.session_state[f"{AT}_receipt"] = batch
    st.session_state.pop(f"{AT}_key", None)
    st.session_state.pop(f"{AT}_seen", None)


def _draw_rows(rows: Sequence[SheetRow]) -> int | None:
    """The rows with their verdicts; gives the number of the one that is chosen."""
    if not rows:
        return None
    many = len({r.dealer for r in rows if r.dealer}) > 1
    picked = tables.show(
        table(
            {
                "Row": [r.row for r in rows], "Result": [[RESULTS[r.result][0]] for r in rows],
                "Programs": [", ".join(r.programs) for r in rows],
                "Amount": [money(r.cents) if r.cents else "–" for r in rows],
                "Reasons": [" ".join(r.reasons) for r in rows], "VIN": [r.vin for r in rows],
                "Sale": [r.sale or "New" for r in rows], "Dealer": [r.dealer for r in rows],
            }
        ),
        key=f"{AT}_rows_{len(rows)}", alt="Rows of the file with their verdicts", select="one",
        height=520 if len(rows) > 14 else "content",
        columns={
            "Row": st.column_config.NumberColumn("Row", width=52, format="localized"),
            "Result": tables.pill("Result", TONES, width=124), "Programs": tables.text("Programs", width=150),
            "Amount": st.column_config.TextColumn("Amount", width=84, alignment="right"),
            "Reasons": tables.text("Reasons", width=380), "VIN": tables.text("VIN", width=168),
            "Sale": tables.text("Sale", width=84), "Dealer": tables.text("Dealer", width=150) if many else None,
        },
    )  # fmt: skip
    if picked and picked[0] < len(rows):
        return rows[picked[0]].row
    st.caption("Tick a row to see every check of every program.")
    return None


def _draw_row(file: SourceFile, row: int, dates: OnAmbiguousDate, done: bool) -> None:
    """Every check of the chosen row, as the form shows it."""
    st.markdown(f"##### Row {row:,}")
    with reading() as session:
        views = check_row(
            session, file=file, row=row, dates=dates, checklist_done=done, actor=current_actor(), now=now()
        )  # fmt: skip
    checked = st.session_state.get(f"{AT}_seen")
    if not views and isinstance(checked, Seen) and checked.checked:
        for reason in next((r.reasons for r in checked.checked.rows if r.row == row), ()):
            st.markdown(f":red[:material/error: {plain(reason)}]")
    for view in views:
        draw_program(view, opened=view.chosen or len(views) == 1)


def _draw_download(label: str, kind: Any, *, name: str, key: str, file_format: str = "xlsx") -> None:
    """Give a table away through the export log; nothing for people who may not export."""
    if not current_actor().can(Permission.EXPORT_RUN):
        return
    guarded_download(
        label, key=key, file_name=f"{name}.{file_format}", mime=exports.MEDIA_TYPES[file_format],
        command=_export, read=lambda made: made.content,
        arguments={"made": kind, "file_format": file_format, "purpose": "Result of an incentive check"},
    )  # fmt: skip


def _export(session: Any, *, made: Any, actor: Any, **rest: Any) -> Any:
    """The export is put together on the click only: the file is read and judged again then, by who clicks."""
    return exports.run_export(session, kind=made(actor), actor=actor, **rest)


def _draw_receipt(batch: BatchResult) -> None:
    show_outcome(FORM)
    st.success(plain(" ".join(batch.sentences[:1])), icon=":material/task_alt:")
    for sentence in batch.sentences[1:4]:
        st.caption(plain(sentence))
    st.caption(f"Batch {batch.batch_id}. Every row and its fate are kept with it.")
    st.button("Next file", key=f"{AT}_next", icon=":material/upload_file:", type="primary", on_click=_next)
    for title, found in (
        ("Claimed", [o for o in batch.outcomes if o.outcome in ("created", "updated")]),
        ("Not claimed", [o for o in batch.outcomes if o.outcome in ("rejected", "duplicate")]),
    ):
        if found:
            st.markdown(f"**{title}** :gray[{len(found):,}]")
            tables.show(
                table({"Row": [o.row for o in found], "What": [o.message for o in found]}),
                key=f"{AT}_{title}", alt=title, height=320 if len(found) > 8 else "content",
                columns={
                    "Row": st.column_config.NumberColumn("Row", width=60), "What": tables.text("What", width=900),
                },
            )  # fmt: skip


def _next() -> None:
    for name in ("receipt", "seen", "key", "dates", "done", "show"):
        st.session_state.pop(f"{AT}_{name}", None)
    st.session_state[f"{AT}_turn"] = st.session_state.get(f"{AT}_turn", 0) + 1
    forget(FORM)
