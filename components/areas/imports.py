"""Bringing files in: choose, see at once what would happen, import once, and get a receipt."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import streamlit as st

from components import tables
from components.areas.mapping import draw_mapping
from components.charts.base import table
from components.clock import now
from components.labels import plain
from components.perform import outcome_of, perform, show_outcome, stray_problems
from db import catalog
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.core.session import reading
from db.imports.commands import BatchResult, dry_run_import, run_import
from db.imports.mapping import Mapping, dump_mapping

Bounce = Callable[[Sequence[SourceFile], RowOutcome], str]
LISTED = 200
LINKED = 12
TRIED_AT_ONCE = 1_500_000
"""Larger tables are tried on a click: a trial holds back other writers for as long as the import would take."""
OUTCOMES = {"created": "Created", "updated": "Updated", "duplicate": "Already there", "rejected": "Rejected"}
OUTCOME_TONES = {"Created": "green", "Updated": "blue", "Already there": "gray", "Rejected": "red"}


@dataclass(frozen=True)
class Trial:
    """What an import of these files would do: its result, or why it is refused as a whole."""

    fingerprint: str
    result: BatchResult | None
    problems: tuple[Problem, ...] = ()


def draw_upload(kinds: Sequence[ImportKind], *, key: str, actor: Actor, bounce: Bounce | None = None) -> None:
    """The whole way from a file to the receipt; `bounce` gives the text for the sender of a rejected document."""
    receipt = st.session_state.get(f"{key}_receipt")
    if isinstance(receipt, BatchResult):
        _draw_receipt(receipt, key=key, actor=actor)
        return
    kind = kinds[0]
    if len(kinds) > 1:
        titles = {one.name: one.title for one in kinds}
        name = st.segmented_control(
            "What", list(titles), format_func=titles.__getitem__, key=f"{key}_kind", default=kind.name, required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        kind = next((one for one in kinds if one.name == name), kind)
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    uploads = st.file_uploader(
        kind.help, type=[ending.lstrip(".") for ending in kind.extensions], accept_multiple_files=True,
        key=f"{key}_{kind.name}_files_{turn}",
    )  # fmt: skip
    files = tuple(SourceFile(name=one.name, content=one.getvalue()) for one in uploads or ())
    if not files:
        return
    digest = hashlib.sha256(kind.name.encode())
    for file in files:
        digest.update(hashlib.sha256(file.name.encode() + b"\0" + file.content).digest())
    mapping = None
    if kind.fields:
        mapped = draw_mapping(kind, files, key=f"{key}_{kind.name}", actor=actor, fingerprint=digest.hexdigest())
        if not mapped.is_ready:
            return
        mapping = mapped.mapping
        digest.update(dump_mapping(mapping).encode())
    fingerprint = digest.hexdigest()
    trial = _tried(kind, files, mapping, key=key, actor=actor, fingerprint=fingerprint)
    if trial is None:
        return
    for problem in trial.problems:
        st.error(problem.message, icon=":material/error:")
    if trial.result is None:
        return
    st.subheader("What would happen")
    draw_counts(trial.result)
    _draw_sentences(trial.result)
    draw_rejected(trial.result.rejections, key=key, files=files, bounce=bounce)
    _draw_warnings(trial.result, key=key)
    _draw_import(kind, files, mapping, trial.result, key=key)


def _tried(
    kind: ImportKind, files: Sequence[SourceFile], mapping: Mapping | None, *, key: str, actor: Actor, fingerprint: str
) -> Trial | None:
    """The trial of exactly these files and columns, made once; None while it waits for a click."""
    kept = st.session_state.get(f"{key}_trial")
    if isinstance(kept, Trial) and kept.fingerprint == fingerprint:
        return kept
    if sum(len(file.content) for file in files) > TRIED_AT_ONCE and not st.button(
        "See what would happen", type="primary", icon=":material/fact_check:", key=f"{key}_try"
    ):
        return None
    with st.spinner("Trying it out"):
        try:
            result = dry_run_import(
                kind=kind.name, files=files, mapping=mapping, channel="page", actor=actor, now=now()
            )
            trial = Trial(fingerprint, result)
        except Refused as refusal:
            trial = Trial(fingerprint, None, refusal.problems)
    st.session_state[f"{key}_trial"] = trial
    return trial


def draw_counts(result: Any) -> None:
    """Rows read and what becomes of them; the four always add up to the first."""
    figures = (
        ("Read", result.read, "Rows or documents in the files"), ("Created", result.created, "New records"),
        ("Updated", result.updated, "Records that are there and get something new"),
        ("Already there", result.duplicates, "Nothing new in them"),
        ("Rejected", result.rejected, "Not taken, each with its reason"),
    )  # fmt: skip
    with st.grid(5, min_column_width=120, gap="small"):
        for label, number, meaning in figures:
            st.metric(label, f"{number:,}", help=meaning, border=True)


def _draw_sentences(result: BatchResult) -> None:
    rest = [plain(sentence) for sentence in result.sentences[1:13]]
    if rest:
        st.caption("  \n".join(rest))


def place(row: int) -> str:
    """Where in a file; row 0 stands for the whole of it."""
    return f"{row:,}" if row else "All"


def draw_rejected(
    rejected: Sequence[RowOutcome], *, key: str, files: Sequence[SourceFile], bounce: Bounce | None
) -> None:
    """Each rejected row with its reason; choosing one shows the text its sender can act on."""
    if not rejected:
        return
    shown = rejected[:LISTED]
    st.markdown(f"**Rejected** :gray[{len(rejected):,}]")
    chosen = tables.show(
        table(
            {
                "File": [one.file for one in shown], "Row": [place(one.row) for one in shown],
                "Why": [one.message for one in shown], "Code": [one.code for one in shown],
            }
        ),
        key=f"{key}_rejected", alt="Rejected rows with the reason", select="one" if bounce else "none",
        columns={
            "File": tables.text("File", width=210), "Row": tables.text("Row", width=50),
            "Why": tables.text("Why"), "Code": tables.text("Code", width=130),
        },
    )  # fmt: skip
    if len(rejected) > LISTED:
        st.caption(f"The first {LISTED:,} are shown; after the import all of them stand in the batch.")
    if bounce is None:
        return
    if not chosen or chosen[0] >= len(shown):
        st.caption("Choose a row for the text you can send back.")
        return
    st.markdown("**For the sender**")
    st.code(bounce(files, shown[chosen[0]]), language=None, wrap_lines=True)


def _draw_warnings(result: BatchResult, *, key: str) -> None:
    noted = [*result.warnings, *(one for one in result.outcomes if one.outcome == "duplicate")]
    if not noted:
        return
    shown = noted[:LISTED]
    with st.expander(f"Worth a look :gray[{len(noted):,}]"):
        tables.show(
            table(
                {
                    "File": [one.file for one in shown], "Row": [place(one.row) for one in shown],
                    "Becomes": [[OUTCOMES[one.outcome]] for one in shown], "Note": [one.message for one in shown],
                }
            ),
            key=f"{key}_noted", alt="Rows that are taken but worth a look",
            columns={
                "File": tables.text("File", width=230), "Row": tables.text("Row", width=60),
                "Becomes": tables.pill("Becomes", OUTCOME_TONES, width=120), "Note": tables.text("Note", width="large"),
            },
        )  # fmt: skip


def _draw_import(
    kind: ImportKind, files: Sequence[SourceFile], mapping: Mapping | None, result: BatchResult, *, key: str
) -> None:
    form = f"{key}_import"
    form_key = st.session_state.setdefault(f"{key}_form_key", uuid4().hex)
    show_outcome(form)
    stray_problems(form, [])
    taken = result.created + result.updated
    if not taken and not outcome_of(form):
        st.caption("Nothing in these files is new. Importing them would only keep a note that they came.")

    def done(made: BatchResult) -> None:
        st.session_state[f"{key}_receipt"] = made

    def import_now() -> None:
        perform(
            run_import, form=form, say=lambda made: made.sentences[0], after=done,
            arguments={
                "kind": kind.name, "files": files, "mapping": mapping, "channel": "page", "form_key": form_key,
            },
        )  # fmt: skip

    st.button(
        f"Import {plural(taken, 'record')}" if taken else "Import", key=f"{form}_go", type="primary",
        icon=":material/upload:", on_click=import_now,
    )  # fmt: skip


def _draw_receipt(receipt: BatchResult, *, key: str, actor: Actor) -> None:
    show_outcome(f"{key}_import")
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**:material/check_circle: Imported as batch {receipt.batch_id}**", width="content")
            if actor.can(Permission.IMPORTS_VIEW) and receipt.batch_id is not None:
                st.page_link(
                    "pages/admin/imports.py", label="Open the batch", icon=":material/arrow_forward:",
                    query_params={"batch": str(receipt.batch_id)},
                )  # fmt: skip
        draw_counts(receipt)
        _draw_sentences(receipt)
        draw_rejected(receipt.rejections, key=f"{key}_kept", files=(), bounce=None)
        _draw_links(receipt, actor=actor)

    def again() -> None:
        for name in ("receipt", "trial", "form_key"):
            st.session_state.pop(f"{key}_{name}", None)
        st.session_state[f"{key}_turn"] = st.session_state.get(f"{key}_turn", 0) + 1

    st.button("Import more", key=f"{key}_again", icon=":material/add:", on_click=again)


def _draw_links(receipt: BatchResult, *, actor: Actor) -> None:
    """The way to what was created or updated."""
    touched = [one for one in receipt.outcomes if one.outcome in ("created", "updated") and one.item_id is not None]
    if not touched:
        return
    by_type: dict[str, list[int]] = {}
    for one in touched:
        assert one.item_id is not None
        by_type.setdefault(one.item_type, []).append(one.item_id)
    for source in catalog.search_sources(actor):
        ids = list(dict.fromkeys(by_type.get(source.kind, ())))
        if not ids:
            continue
        with reading() as session:
            found = source.load(session, ids=ids[:LINKED], actor=actor)
        st.markdown(f"**{source.label}** :gray[{len(ids):,}]")
        with st.grid(2, min_column_width=300, gap="xsmall"):
            for result in found:
                label = f"**{plain(result.title)}** :gray[:small[{plain(result.subtitle)}]]"
                st.page_link(result.page, label=label, query_params=dict(result.query))
        if len(ids) > LINKED:
            st.caption(f"and {len(ids) - LINKED:,} more")
