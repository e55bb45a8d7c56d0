"""Papers of a sale and of an appeal: each with its picture and a download, and the way to bring one in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from components.access import current_actor
from components.clock import now
from components.exports import guarded_download
from components.labels import badge, plain
from components.perform import Outcome, perform, problems_of, show_outcome
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.problems import Problem
from db.core.session import reading
from db.incentives.model import DOCUMENTS
from db.incentives.paper_commands import add_paper, fetch_paper, remove_paper
from db.incentives.paper_queries import APPEAL, KINDS, PaperRow, picture_of

FORM = "incentive_papers"
TYPES = ["pdf", "png", "jpg", "jpeg"]


def size_label(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000)):,} kB"


def draw_papers(papers: Sequence[PaperRow], *, key: str, may_remove: bool = False) -> None:
    """A card for each paper; nothing when there is none."""
    for one in papers:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            _draw_paper(one, key=f"{key}_{one.id}", may_remove=may_remove)


def _draw_paper(one: PaperRow, *, key: str, may_remove: bool) -> None:
    actor = current_actor()
    if one.is_picture:
        with reading() as session:
            content = picture_of(session, paper_id=one.id, actor=actor)
        if content:
            st.image(content, width=96)
        else:
            st.caption("The picture cannot be shown.", width=96)
    said = f"{size_label(one.size)} · {moment_label(one.uploaded_at, actor.zone, now=now())} by {one.uploaded_by}"
    tone = "violet" if one.is_appeal else "gray"
    st.markdown(
        f"{badge(one.kind, tone)} {plain(one.file_name)}  \n:gray[{plain(said)}]", width="stretch"
    )  # fmt: skip
    guarded_download(
        "Download", key=f"{key}_get", file_name=one.file_name, mime=one.media_type, command=fetch_paper,
        arguments={"paper_id": one.id}, read=lambda made: made.content,
    )  # fmt: skip
    if may_remove:
        with st.popover("Take out", icon=":material/delete:", type="tertiary"):
            st.text_input("Why", key=f"{key}_why", max_chars=500)
            problems_of(f"{FORM}_{one.id}", "reason")
            show_outcome(f"{FORM}_{one.id}")
            st.button("Take it out", key=f"{key}_gone", on_click=_remove, args=(one.id, f"{key}_why"))


def _remove(paper_id: int, why: str) -> None:
    perform(
        remove_paper, form=f"{FORM}_{paper_id}", say="The paper was taken out", typed={"reason": why},
        convert={"reason": lambda v: v or ""}, arguments={"paper_id": paper_id},
    )  # fmt: skip


def draw_upload(*, key: str, sale_id: int | None = None, claim_id: int | None = None, missing: str = "") -> None:
    """Choose what the paper is, and the file; `missing` is the kind a check asks for. With a claim: of its appeal."""
    if not current_actor().can(Permission.INCENTIVES_ENTER):
        return
    form = f"{FORM}_{key}"
    show_outcome(form)
    turn = st.session_state.setdefault(f"{key}_turn", uuid4().hex)
    kinds = list(DOCUMENTS)
    if claim_id is None:
        st.selectbox(
            "What the paper is", kinds, index=kinds.index(missing) if missing in kinds else None,
            format_func=KINDS.__getitem__, key=f"{key}_{turn}_kind", placeholder="Choose",
        )  # fmt: skip
        problems_of(form, "kind")
    st.file_uploader(
        "Paper of the appeal" if claim_id is not None else "File", type=TYPES, key=f"{key}_{turn}_file",
        max_upload_size=10, help="PDF or picture, up to 10 MB.", accept_multiple_files=True,
    )  # fmt: skip
    problems_of(form, "file")
    st.button(
        "Add", key=f"{key}_add", icon=":material/upload_file:", on_click=_add, args=(form, key, turn, sale_id, claim_id)
    )


def _add(form: str, key: str, turn: str, sale_id: int | None, claim_id: int | None) -> None:
    state = st.session_state
    chosen = state.get(f"{key}_{turn}_file") or []
    if not chosen:
        missing = Problem(field="file", code="required", message="Choose a file.")
        state[f"_outcome_{form}"] = Outcome("", (missing,))
        return
    kind = APPEAL if claim_id is not None else state.get(f"{key}_{turn}_kind")
    for place, upload in enumerate(chosen):
        done = perform(
            add_paper, form=form, say=f"{plural(place + 1, 'paper')} added",
            arguments={
                "sale_id": sale_id, "claim_id": claim_id, "kind": kind, "file_name": upload.name,
                "content": upload.getvalue(), "form_key": f"{turn}-{place}",
            },
        )  # fmt: skip
        if not done:
            return  # the refusal says why; what was chosen stays chosen, and what is in is not added twice
    state.pop(f"{key}_turn", None)
