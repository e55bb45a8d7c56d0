"""The files of a claim: what is still missing, several at once, each with its picture, taken out with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

import streamlit as st

from components.exports import guarded_download
from components.forms import cents
from components.labels import badge, plain
from components.perform import Outcome, perform, problems_of, show_outcome
from db.claims.attachment_commands import WITH_INVOICE, add_attachment, fetch_attachment, remove_attachment
from db.claims.claim_queries import FileRow, picture_of
from db.claims.model import ATTACHMENT_KINDS
from db.core.actor import Actor
from db.core.labels import moment_label, plural
from db.core.problems import Problem
from db.core.session import reading

FORM = "claim_files"
TYPES = ["pdf", "png", "jpg", "jpeg", "xlsx", "docx", "txt", "csv"]


def size_label(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024)):,} KB"


def missing_kinds(needed: Sequence[str], files: Sequence[FileRow]) -> list[str]:
    """The kinds a type of claim asks for that are not there yet (W25)."""
    there = {one.kind for one in files}
    return [kind for kind in needed if kind not in there]


def draw_needed(needed: Sequence[str], files: Sequence[FileRow]) -> None:
    """Each kind this type of claim asks for: there, or still missing."""
    lacking = missing_kinds(needed, files)
    marks = [
        badge(f"{ATTACHMENT_KINDS[kind]}: {'missing' if kind in lacking else 'there'}",
              "red" if kind in lacking else "green")
        for kind in needed
    ]  # fmt: skip
    if marks:
        st.markdown(f":small[Needed:] {' '.join(marks)}")


def draw_files(files: Sequence[FileRow], *, actor: Actor, zone: str, key: str, may_remove: bool) -> None:
    """A card for each file."""
    if not files:
        st.caption("No file is attached yet.")
        return
    with st.grid(3, min_column_width=260, gap="small"):
        for one in files:
            with st.container(border=True, gap="xsmall"):
                _draw_file(one, actor=actor, zone=zone, key=f"{key}_{one.id}", may_remove=may_remove)


def _draw_file(one: FileRow, *, actor: Actor, zone: str, key: str, may_remove: bool) -> None:
    st.markdown(f"{badge(ATTACHMENT_KINDS.get(one.kind, one.kind), 'gray')} **{plain(one.file_name)}**")
    details = [size_label(one.size), one.media_type.split("/")[-1].upper(), moment_label(one.uploaded_at, zone),
               one.uploaded_by]  # fmt: skip
    if one.invoice_number:
        total = f" over {one.invoice_cents / 100:,.2f}" if one.invoice_cents is not None else ""
        details.append(f"invoice {one.invoice_number}{total}")
    st.caption(plain(" · ".join(details)))
    if one.is_picture:
        with reading() as session:
            content = picture_of(session, attachment_id=one.id, actor=actor)
        if content:
            st.image(content, width=180, alt=f"{ATTACHMENT_KINDS.get(one.kind, one.kind)} {one.file_name}")
        else:
            st.caption("The picture cannot be shown.")
    with st.container(horizontal=True, gap="small"):
        guarded_download(
            "Download", key=f"{key}_get", file_name=one.file_name, mime=one.media_type, command=fetch_attachment,
            arguments={"attachment_id": one.id}, read=lambda made: made.content,
        )  # fmt: skip
        if may_remove:
            with st.popover("Remove", icon=":material/delete:", type="tertiary"):
                st.text_input("Why", key=f"{key}_why", max_chars=500)
                problems_of(f"{FORM}_{one.id}", "reason")
                st.button("Remove it", key=f"{key}_gone", on_click=_remove, args=(one.id, f"{key}_why"))


def _remove(attachment_id: int, why: str) -> None:
    perform(
        remove_attachment, form=f"{FORM}_{attachment_id}", say="The file was taken out", typed={"reason": why},
        convert={"reason": lambda v: v or ""}, arguments={"attachment_id": attachment_id},
    )  # fmt: skip


def draw_upload(*, key: str, needed: Sequence[str], files: Sequence[FileRow], claim: Callable[[], int | None]) -> None:
    """Choose what they are and several files; `claim` gives the claim they belong to (saving it first), or None."""
    show_outcome(FORM)
    lacking = missing_kinds(needed, files)
    kinds = list(ATTACHMENT_KINDS)
    # A kind that was attached makes room for the next one that is missing; the key makes the widget begin there.
    tag = f"{key}_{lacking[0] if lacking else 'none'}"
    turn = st.session_state.setdefault(f"{key}_turn", uuid4().hex)
    with st.grid(2, min_column_width=260, gap="small"):
        with st.container(gap="xxsmall"):
            kind = st.selectbox(
                "What the files are", kinds, index=kinds.index(lacking[0]) if lacking else 0,
                format_func=ATTACHMENT_KINDS.__getitem__, key=f"{tag}_kind",
            )  # fmt: skip
            if kind in WITH_INVOICE:
                st.text_input("Invoice number", key=f"{key}_invoice", max_chars=40)
                st.text_input("Invoice total", key=f"{key}_total", placeholder="0.00")
                problems_of(FORM, "invoice_cents")
        with st.container(gap="xxsmall"):
            st.file_uploader(
                "Choose files", type=TYPES, accept_multiple_files=True, key=f"{key}_{turn}_files", max_upload_size=10,
                help="PDF, pictures, Excel, Word or text, up to 10 MB each.",
            )  # fmt: skip
            problems_of(FORM, "file")
            st.button(
                "Add files", key=f"{key}_add", icon=":material/upload_file:", on_click=_add,
                args=(key, turn, f"{tag}_kind", claim),
            )  # fmt: skip


def _add(key: str, turn: str, kind_key: str, claim: Callable[[], int | None]) -> None:
    state = st.session_state
    chosen = state.get(f"{key}_{turn}_files") or []
    kind = state.get(kind_key)
    if not chosen:
        missing = Problem(field="file", code="required", message="Choose a file.")
        state[f"_outcome_{FORM}"] = Outcome("", (missing,))
        return
    claim_id = claim()
    if claim_id is None:
        return  # what was typed could not be saved; the form says why, and the files stay chosen
    arguments = {
        "claim_id": claim_id, "kind": kind, "invoice_number": state.get(f"{key}_invoice") or "",
    }  # fmt: skip
    total = state.get(f"{key}_total") if kind in WITH_INVOICE else None
    done = 0
    for place, upload in enumerate(chosen):
        content = upload.getvalue()
        done += perform(
            add_attachment, form=FORM, say=f"{plural(done + 1, 'file')} added",
            arguments=arguments | {"file_name": upload.name, "content": content, "form_key": f"{turn}-{place}"},
            typed={"invoice_cents": f"{key}_total"} if total else None,
            convert={"invoice_cents": lambda v: cents(v, field="invoice_cents", label="The total")},
        )  # fmt: skip
        if done <= place:
            return  # the refusal says why; what was chosen stays chosen, and what is in is not added twice
    for name in (f"{key}_turn", f"{key}_invoice", f"{key}_total"):
        state.pop(name, None)
