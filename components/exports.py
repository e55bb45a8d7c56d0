"""Files people take away: made only on the click, for who is signed in at that moment, and always logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from components.access import SignedOut, current_actor, current_session_id
from components.clock import now
from db import catalog, exports
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.session import reading, run
from db.people import sessions

FORMATS = {"xlsx": "Excel", "csv": "CSV"}


def export_button(kind: str, filters: Mapping[str, Any], label: str = "Export", *, key: str = "") -> None:
    """A button that opens format and purpose and gives the rows of `kind` that the filters leave, within scope.

    Nothing is drawn for people who may not export. A purpose is asked for where the rows hold personal data (P26).
    """
    actor, chosen = current_actor(), catalog.export_kind(kind)
    if not (actor.can(Permission.EXPORT_RUN) and actor.can(chosen.permission)):
        return
    key = key or f"export_{kind}"
    must_say_why = chosen.shows_personal_data(actor)
    with st.popover(label, icon=":material/download:", key=f"{key}_menu"):
        file_format = st.segmented_control(
            "Format", list(FORMATS), format_func=FORMATS.__getitem__, key=f"{key}_format", default="xlsx", required=True
        )
        purpose = ""
        if must_say_why:
            purpose = st.text_input(
                "Purpose", key=f"{key}_purpose", live=True, max_chars=200, placeholder="What the list is for",
                help="The rows hold names and ways to reach people. The purpose is kept in the export log.",
            ).strip()  # fmt: skip
        guarded_download(
            "Download", key=f"{key}_go", file_name=f"{kind}-{now():%Y-%m-%d}.{file_format}",
            mime=exports.MEDIA_TYPES[file_format], command=exports.run_export, read=lambda made: made.content,
            arguments={"kind": kind, "file_format": file_format, "filters": dict(filters), "purpose": purpose},
            disabled=must_say_why and not purpose, kind="primary",
        )  # fmt: skip
        st.caption("What you see with these filters. Each export is logged.")


def guarded_download(
    label: str,
    *,
    key: str,
    file_name: str,
    command: Callable[..., Any],
    arguments: Mapping[str, Any],
    read: Callable[[Any], bytes],
    mime: str = "application/octet-stream",
    disabled: bool = False,
    kind: Any = "secondary",
    help: str | None = None,
) -> None:
    """A button that runs `command` on the click and saves what `read` takes from its result.

    The click is served in a thread that knows no page, so the session of this tab is looked up again then: somebody
    who was signed out or lost a right meanwhile gets nothing.
    """
    session_id = current_session_id()

    def made() -> bytes:
        return read(run(command, actor=_actor_of(session_id), now=now(), **arguments))

    st.download_button(
        label, data=made, file_name=file_name, mime=mime, key=key, disabled=disabled, type=kind, help=help,
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _actor_of(session_id: int | None) -> Actor:
    with reading(primary=True) as session:
        account = sessions.find_account(session, now=now(), session_id=session_id, token="")
    if account is None or account.must_change_password:
        raise SignedOut()
    return account.actor
