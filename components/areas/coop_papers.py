"""Papers of co-op: the files of a claim or a request as cards, and the ways to bring them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import streamlit as st

from components.access import current_actor
from components.papers import MEGABYTES, TYPES, draw_cards
from components.perform import Outcome, perform, problems_of, show_outcome
from db.coop.commands import fetch_paper
from db.coop.paper_queries import NewPaper, PaperRow, picture_of
from db.core.labels import plural
from db.core.problems import Problem
from db.core.session import reading

HELP: Final = f"PDF or picture, up to {MEGABYTES} MB each."


def _picture(paper_id: int) -> bytes | None:
    with reading() as session:
        return picture_of(session, paper_id=paper_id, actor=current_actor())


def draw_files(
    papers: Sequence[PaperRow], *, key: str, item_id: int, version: int, commands: Mapping[str, Callable[..., Any]],
    kinds: Mapping[str, str], may_change: bool, missing: str = "", label: str = "What the file is",
) -> None:  # fmt: skip
    """The files of a claim or request, each to be taken out, and a way to add more, while it is with the dealer.

    `commands` are those of its flow, `kinds` what a file may be, `missing` the kind that is suggested.
    """
    form, item = f"{key}_files", (item_id, version)

    def remove(paper_id: int, why: str) -> None:
        perform(
            commands["remove_paper"], form=f"{form}_{paper_id}", say="The file was taken out", typed={"reason": why},
            convert={"reason": lambda v: v or ""},
            arguments={"item_id": item_id, "seen_version": version, "paper_id": paper_id},
        )  # fmt: skip

    draw_cards(
        papers, key=f"{key}_paper", form=form, picture=_picture, fetch=fetch_paper,
        remove=remove if may_change else None,
    )  # fmt: skip
    if not may_change:
        return
    show_outcome(form)
    turn = st.session_state.setdefault(f"{form}_turn", uuid4().hex)
    at = f"{form}_{turn}"
    names = list(kinds)
    st.selectbox(
        label, names, index=names.index(missing) if missing in names else None, format_func=kinds.__getitem__,
        key=f"{at}_kind", placeholder="Choose",
    )  # fmt: skip
    problems_of(form, "kind")
    st.file_uploader(
        "Files", type=TYPES, key=f"{at}_file", max_upload_size=MEGABYTES, help=HELP, accept_multiple_files=True
    )
    problems_of(form, "file")
    st.button(
        "Add the files", key=f"{form}_add", icon=":material/upload_file:", on_click=_add,
        args=(form, turn, item, commands["add_papers"]),
    )  # fmt: skip


def _add(form: str, turn: str, item: tuple[int, int], command: Callable[..., Any]) -> None:
    at = f"{form}_{turn}"
    chosen = st.session_state.get(f"{at}_file") or []
    kind = st.session_state.get(f"{at}_kind")
    if not chosen or kind is None:
        missing = [] if kind else [Problem(field="kind", code="required", message="Choose what the file is.")]
        missing += [] if chosen else [Problem(field="file", code="required", message="Choose a file.")]
        st.session_state[f"_outcome_{form}"] = Outcome("", tuple(missing))
        return
    files = tuple(NewPaper(kind=kind, file_name=f.name, content=f.getvalue()) for f in chosen)
    perform(
        command, form=form, say=f"{plural(len(files), 'file')} added",
        after=lambda _none: st.session_state.pop(f"{form}_turn", None),
        arguments={"item_id": item[0], "seen_version": item[1], "files": files, "form_key": turn},
    )  # fmt: skip


# ---- in a form that makes the record ---------------------------------------------------------------------------------
def draw_choice(label: str, *, key: str) -> None:
    """A field that takes the files of one kind."""
    st.file_uploader(label, type=TYPES, key=key, max_upload_size=MEGABYTES, help=HELP, accept_multiple_files=True)


def names_chosen(key_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The names of what was chosen, by kind; `key_of` are the keys of the fields. Reads no file."""
    found = {kind: tuple(f.name for f in st.session_state.get(key) or ()) for kind, key in key_of.items()}
    return {kind: names for kind, names in found.items() if names}


def chosen_files(key_of: Mapping[str, str]) -> tuple[NewPaper, ...]:
    """What was chosen, to be sent with the form."""
    return tuple(
        NewPaper(kind=kind, file_name=f.name, content=f.getvalue())
        for kind, key in key_of.items()
        for f in st.session_state.get(key) or ()
    )
