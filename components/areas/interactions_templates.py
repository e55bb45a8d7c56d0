"""Templates of messages on their page: a new one, and the drawer with preview, change, versions and retirement."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.labels import badges, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.interactions.queries import TemplateLine, get_template, template_versions
from db.interactions.rules import CHANNELS, PLACEHOLDERS, SAMPLE, placeholders_in, render
from db.interactions.template_commands import add_template, edit_template, set_template_active

OPEN, VIEW, NEW, EDIT = "tpl_open", "tpl_view_outcome", "tpl_new", "tpl_edit"
POPUP = "tpl_new_popup"
HELP = "  \n".join(f"`{{{name}}}` {label}" for name, label in PLACEHOLDERS.items())


def draw_new(actor: Any) -> None:
    """Write a template: of a dealer, or of the whole network for people who see all of it."""
    with reading() as session:
        dealers: dict[int, str] = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
    whose = ({0: "The whole network"} if actor.scope.is_all else {}) | dealers
    keys = {name: f"tpl_new_{name}" for name in ("dealer_id", "channel", "name", "subject", "body")}
    with popup("New template", key=POPUP, icon=":material/add:"):
        show_outcome(NEW)
        st.selectbox("Of", list(whose), format_func=whose.__getitem__, key=keys["dealer_id"])
        problems_of(NEW, "dealer_id")
        channel = st.segmented_control(
            "Channel", list(CHANNELS), format_func=CHANNELS.__getitem__, key=keys["channel"], default="email",
            required=True,
        )  # fmt: skip
        problems_of(NEW, "channel")
        st.text_input("Name", key=keys["name"], max_chars=80)
        problems_of(NEW, "name")
        if channel == "email":
            st.text_input("Subject", key=keys["subject"], max_chars=200)
            problems_of(NEW, "subject")
        st.text_area("Text", key=keys["body"], height=170, help=HELP)
        problems_of(NEW, "body")
        _draw_preview(st.session_state.get(keys["subject"]) or "", st.session_state.get(keys["body"]) or "")
        form_key = st.session_state.setdefault("tpl_new_form_key", uuid4().hex)

        def after(_result: Any) -> None:
            st.session_state.pop("tpl_new_form_key", None)
            close(POPUP, keys["name"], keys["subject"], keys["body"])

        def save() -> None:
            perform(
                add_template, form=NEW, say="The template was written", typed=keys, after=after,
                arguments={"form_key": form_key},
                convert={
                    "dealer_id": lambda v: v or None, "channel": lambda v: v or "", "name": lambda v: v or "",
                    "subject": lambda v: v or "", "body": lambda v: v or "",
                },
            )  # fmt: skip

        st.button("Save template", key="tpl_new_go", type="primary", on_click=save)


def open_template(template_id: int) -> None:
    """Open the drawer of a template at the next run."""
    forget(EDIT)
    _forget_typed()
    st.session_state[OPEN] = template_id


def _forget_typed() -> None:
    for name in ("name", "subject", "body"):
        st.session_state.pop(f"tpl_edit_{name}", None)


def _close() -> None:
    st.session_state.pop(OPEN, None)
    _forget_typed()
    forget(EDIT)


def draw_drawer(actor: Any, *, at: datetime) -> None:
    """Draw the drawer when it is open; call it once a page."""
    which = st.session_state.get(OPEN)
    if which is None:
        return
    try:
        with reading() as session:
            template = get_template(session, template_id=which, actor=actor)
    except NotFound as gone:
        _close()
        st.error(gone.problems[0].message)
        return
    st.dialog(plain(template.name), width=560, position="right", on_dismiss=_close)(_body)(which, at)


def _body(which: int, at: datetime) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = guard(Permission.TEMPLATES_EDIT)
    with reading() as session:
        template = get_template(session, template_id=which, actor=actor)
        versions = template_versions(session, template_id=which, actor=actor)
    badges(
        [
            (CHANNELS[template.channel], "blue"), (template.dealer or "The whole network", "gray"),
            (f"Version {template.version}", "gray"), ("" if template.is_active else "Retired", "orange"),
        ]
    )  # fmt: skip
    show_outcome(EDIT)
    if template.may_edit and template.is_active:
        _draw_edit(template)
    else:
        _draw_preview(template.subject, template.body)
        if not template.may_edit:
            st.caption("A template of the whole network. Write one of your dealer to say it differently.")
    if template.may_edit:
        _draw_retire(template)
    with st.expander(f"All versions ({len(versions)})"):
        for version in versions:
            when = moment_label(version.at, actor.zone, now=at)
            st.markdown(f"**Version {version.version}** :gray[:small[{plain(when)} · {plain(version.by)}]]")
            st.code("\n\n".join(p for p in (version.subject, version.body) if p), language=None, wrap_lines=True)


def _draw_edit(template: TemplateLine) -> None:
    keys = {name: f"tpl_edit_{name}" for name in ("name", "subject", "body")}
    for name, key in keys.items():
        st.session_state.setdefault(key, getattr(template, name))
    st.text_input("Name", key=keys["name"], max_chars=80)
    problems_of(EDIT, "name")
    if template.channel == "email":
        st.text_input("Subject", key=keys["subject"], max_chars=200)
        problems_of(EDIT, "subject")
    st.text_area("Text", key=keys["body"], height=190, help=HELP)
    problems_of(EDIT, "body")
    stray_problems(EDIT, list(keys))
    _draw_preview(st.session_state.get(keys["subject"]) or "", st.session_state.get(keys["body"]) or "")

    def save() -> None:
        perform(
            edit_template, form=EDIT, say="The template was changed", typed=keys, after=lambda _r: _close_after(),
            convert={name: lambda v: v or "" for name in keys},
            arguments={"template_id": template.template_id, "seen_version": template.version},
        )  # fmt: skip

    st.button("Save a new version", key="tpl_edit_go", type="primary", on_click=save)


def _close_after() -> None:
    st.session_state.pop(OPEN, None)
    _forget_typed()


def _draw_retire(template: TemplateLine) -> None:
    def save() -> None:
        said = "The template was retired" if template.is_active else "The template can be used again"
        perform(
            set_template_active, form=EDIT, say=said, after=lambda _r: _close_after(),
            arguments={
                "template_id": template.template_id, "seen_version": template.version,
                "is_active": not template.is_active,
            },
        )  # fmt: skip

    label, icon = ("Retire", "archive") if template.is_active else ("Take back into use", "unarchive")
    st.button(label, key="tpl_retire_go", icon=f":material/{icon}:", on_click=save)


def _draw_preview(subject: str, body: str) -> None:
    """The text as a sample customer would get it, and placeholders that do not exist."""
    if not (subject or body):
        return
    unknown = [one for one in placeholders_in(f"{subject}\n{body}") if one not in PLACEHOLDERS]
    if unknown:
        words = ", ".join("{" + one + "}" for one in unknown)
        st.warning(f"{plain(words)} is no placeholder.", icon=":material/data_object:")
    st.caption("As a sample lead would get it")
    shown = [render(part, SAMPLE).text for part in (subject, body) if part]
    st.code("\n\n".join(shown), language=None, wrap_lines=True)
