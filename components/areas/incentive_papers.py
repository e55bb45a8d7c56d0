"""Papers of a sale and of an appeal: each with its picture and a download, and the way to bring one in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from components.access import current_actor
from components.papers import MEGABYTES, TYPES, draw_cards
from components.perform import Outcome, perform, problems_of, show_outcome
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem
from db.core.session import reading
from db.incentives.model import DOCUMENTS
from db.incentives.paper_commands import add_paper, fetch_paper, remove_paper
from db.incentives.paper_queries import APPEAL, KINDS, PaperRow, picture_of

FORM = "incentive_papers"


def draw_papers(papers: Sequence[PaperRow], *, key: str, may_remove: bool = False) -> None:
    """A card for each paper; nothing when there is none."""
    draw_cards(
        papers, key=key, form=FORM, picture=_picture, fetch=fetch_paper, remove=_remove if may_remove else None
    )  # fmt: skip


def _picture(paper_id: int) -> bytes | None:
    with reading() as session:
        return picture_of(session, paper_id=paper_id, actor=current_actor())


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
        max_upload_size=MEGABYTES, help="PDF or picture, up to 10 MB.", accept_multiple_files=True,
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
