"""Forms that bring a file in: a new document, and the next version of one. What was typed stays when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

import streamlit as st

from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.documents import commands, rules
from db.documents.queries import DocumentRow

ENDINGS = ("pdf", "png", "jpg", "jpeg", "xlsx", "docx", "txt", "csv")
MOST_MB = 10
WITHOUT_END = ("photo", "evidence")
TEXTS = {"title": "Title", "number": "Number", "issuer": "Issuer"}
FIELDS = ("document_type", "title", "number", "issuer", "effective_on", "expires_on", "file")


def _token(key: str) -> str:
    """The key of the form as it stands: it makes a double click harmless, and a saved form is a new one.

    Streamlit's box for files keeps its file until its key changes.
    """
    return str(st.session_state.setdefault(f"{key}_form_key", uuid4().hex))


def _key(key: str, field: str) -> str:
    return f"{key}_{_token(key)[:8]}_{field}"


def start(key: str, document_type: str = "") -> None:
    """Begin a form afresh with a type chosen (call it from a callback)."""
    st.session_state.pop(f"{key}_form_key", None)
    forget(key)
    if document_type:
        st.session_state[_key(key, "document_type")] = document_type


def upload_form(
    dealer_id: int, *, key: str, item_type: str = "", item_id: int | None = None, fixed_type: str | None = None,
    usual_type: str = "", after: Callable[[int], None] | None = None,
) -> None:  # fmt: skip
    """Draw the form of a new document of a dealer, in place; `after` gets the id of what was kept.

    `item_type` and `item_id` name the record it is evidence of; with `fixed_type` nobody is asked what it is, with
    `usual_type` the likely answer is chosen already. `key` is unique on the page.
    """
    show_outcome(key)
    chosen = fixed_type
    if fixed_type is None:
        if usual_type in rules.TYPES:
            st.session_state.setdefault(_key(key, "document_type"), usual_type)
        chosen = st.selectbox(
            "What it is", list(rules.TYPES), format_func=rules.LABELS.__getitem__, index=None, placeholder="Choose",
            key=_key(key, "document_type"),
        )  # fmt: skip
        problems_of(key, "document_type")
    if chosen not in rules.TYPES:
        stray_problems(key, ("document_type",))
        return
    kind = rules.TYPES[chosen]
    if kind.help:
        st.caption(kind.help)
    _texts(key, kind)
    if chosen not in WITHOUT_END:
        _days(key, kind)
    _file(key)
    stray_problems(key, FIELDS)
    arguments = {
        "dealer_id": dealer_id, "document_type": chosen, "item_type": item_type, "item_id": item_id,
        "form_key": _token(key),
    }  # fmt: skip
    st.button(
        "Upload", key=f"{key}_save", type="primary", icon=":material/upload:", on_click=_save,
        args=(key, commands.add_document, arguments, f"{kind.label} was added", after),
    )  # fmt: skip


def renew_form(document: DocumentRow, *, key: str, after: Callable[[int], None] | None = None) -> None:
    """Draw the form of a document's next version, filled with what usually follows."""
    show_outcome(key)
    kind = rules.TYPES[document.document_type]
    for field in TEXTS:
        st.session_state.setdefault(_key(key, field), getattr(document, field))
    if document.expires_on is not None and _key(key, "effective_on") not in st.session_state:
        starts = rules.follows_on(kind.name, document.expires_on, today=document.today)
        st.session_state[_key(key, "effective_on")] = starts
        st.session_state[_key(key, "expires_on")] = rules.usual_expiry(kind.name, starts)
    if document.document_type not in WITHOUT_END:
        _days(key, kind)
    _file(key)
    with st.expander("Title, number, issuer"):
        _texts(key, kind)
    stray_problems(key, FIELDS)
    arguments = {"document_id": document.id, "seen_version": document.version, "form_key": _token(key)}
    st.button(
        "Renew", key=f"{key}_save", type="primary", icon=":material/autorenew:", on_click=_save,
        args=(key, commands.renew_document, arguments, f"{plain(document.title)} was renewed", after),
    )  # fmt: skip


def _texts(key: str, kind: rules.DocumentType) -> None:
    with st.grid(3, min_column_width=140, gap="small"):
        for field, label in TEXTS.items():
            optional = "" if field == "title" and kind.needs_title else " :gray[(optional)]"
            with st.container(gap="xxsmall"):
                st.text_input(f"{label}{optional}", key=_key(key, field), max_chars=rules.LONGEST[field])
                problems_of(key, field)


def _days(key: str, kind: rules.DocumentType) -> None:
    starts, ends = _key(key, "effective_on"), _key(key, "expires_on")

    def fill_in() -> None:
        if st.session_state.get(ends) is None:
            st.session_state[ends] = rules.usual_expiry(kind.name, st.session_state.get(starts))

    with st.grid(2, min_column_width=140, gap="small"):
        with st.container(gap="xxsmall"):
            st.date_input("Takes effect :gray[(optional)]", value=None, key=starts, on_change=fill_in)
            problems_of(key, "effective_on")
        with st.container(gap="xxsmall"):
            optional = "" if kind.needs_expiry else " :gray[(optional)]"
            st.date_input(f"Expires{optional}", value=None, key=ends, help="The last day it is good for")
            problems_of(key, "expires_on")


def _file(key: str) -> None:
    st.file_uploader(
        "File", type=list(ENDINGS), key=_key(key, "file"), max_upload_size=MOST_MB,
        help="PDF, PNG, JPEG, Excel, Word, text or CSV. What it is is found in the file itself.",
    )  # fmt: skip
    problems_of(key, "file")


def _save(
    key: str, command: Callable[..., int], arguments: Mapping[str, Any], said: str,
    after: Callable[[int], None] | None,
) -> None:  # fmt: skip
    def done(document_id: int) -> None:
        st.session_state.pop(f"{key}_form_key", None)
        if after is not None:
            after(document_id)

    asked = [*TEXTS, *(day for day in ("effective_on", "expires_on") if _key(key, day) in st.session_state)]
    typed = {field: _key(key, field) for field in asked if _key(key, field) in st.session_state}
    file = _key(key, "file")
    perform(
        command, form=key, say=said, typed={**typed, "file_name": file, "content": file}, arguments=arguments,
        convert={
            **{field: partial(_or_empty) for field in TEXTS}, "file_name": lambda f: f.name if f else "",
            "content": lambda f: f.getvalue() if f else None,
        },
        after=done,
    )  # fmt: skip


def _or_empty(value: Any) -> str:
    return value or ""
