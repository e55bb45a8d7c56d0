"""Papers of a record as cards: each with its small picture, a download that is proved, and a way to take it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import streamlit as st

from components.access import current_actor
from components.clock import now
from components.exports import guarded_download
from components.labels import badge, plain
from components.perform import problems_of, show_outcome
from db.core.labels import moment_words

TYPES: Final = ["pdf", "png", "jpg", "jpeg"]
MEGABYTES: Final = 10


class Paper(Protocol):
    """What a card says of a file; `kind` in words, `size` in bytes."""

    @property
    def id(self) -> int:
        """What it is fetched by."""

    @property
    def kind(self) -> str:
        """What it is."""

    @property
    def tone(self) -> str:
        """The colour of its badge."""

    @property
    def file_name(self) -> str:
        """The name it was brought in under."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def media_type(self) -> str:
        """What it is by its bytes."""

    @property
    def uploaded_at(self) -> datetime:
        """When."""

    @property
    def uploaded_by(self) -> str:
        """By whom."""

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown."""


def size_label(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000)):,} kB"


def draw_cards(
    papers: Sequence[Paper], *, key: str, form: str, picture: Callable[[int], bytes | None], fetch: Callable[..., Any],
    remove: Callable[[int, str], None] | None = None,
) -> None:  # fmt: skip
    """A card for each paper; nothing when there is none.

    `picture` gives the bytes of a small view, `fetch` is the command of a download (`paper_id`). `remove` is called
    with the paper and the session key of the reason; its outcome belongs to the form `<form>_<paper>`.
    """
    for one in papers:
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
            _draw(one, key=f"{key}_{one.id}", form=f"{form}_{one.id}", picture=picture, fetch=fetch, remove=remove)


def _draw(
    one: Paper, *, key: str, form: str, picture: Callable[[int], bytes | None], fetch: Callable[..., Any],
    remove: Callable[[int, str], None] | None,
) -> None:  # fmt: skip
    if one.is_picture:
        content = picture(one.id)
        if content:
            st.image(content, width=96)
        else:
            st.caption("The picture cannot be shown.", width=96)
    said = f"{size_label(one.size)} · {moment_words(one.uploaded_at, current_actor().zone, now=now())}"
    st.markdown(
        f"{badge(one.kind, one.tone)} {plain(one.file_name)}  \n:gray[{plain(f'{said} by {one.uploaded_by}')}]",
        width="stretch",
    )
    guarded_download(
        "Download", key=f"{key}_get", file_name=one.file_name, mime=one.media_type, command=fetch,
        arguments={"paper_id": one.id}, read=lambda made: made.content,
    )  # fmt: skip
    if remove is not None:
        with st.popover("Take out", icon=":material/delete:", type="tertiary"):
            st.text_input("Why", key=f"{key}_why", max_chars=500)
            problems_of(form, "reason")
            show_outcome(form)
            st.button("Take it out", key=f"{key}_gone", on_click=remove, args=(one.id, f"{key}_why"))
