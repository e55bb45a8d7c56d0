"""Checklists: the versions of each template, what a draft changes, and which one new records are made from."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.checklist_editor import draw_editor, draw_items
from components.charts.base import table
from components.clock import now
from components.filters import one
from components.labels import badges, empty_state, plain
from components.perform import perform, problems_of, show_outcome
from components.popup import close, popup
from components.queue_page import id_at, remember_rows
from db.checklist.purposes import Purpose, all_purposes
from db.checklist.queries import VersionDetail, VersionLine, get_version, list_versions
from db.checklist.rules import differences
from db.checklist.template_commands import STATUS_LABELS, make_draft, publish, publish_standard, retire
from db.core.labels import moment_label, moment_words, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading

actor = guard(Permission.CHECKLISTS_MANAGE)
FORM = "checklists"
TONES = {"draft": "orange", "published": "green", "retired": "gray"}


def draw_versions(lines: list[VersionLine]) -> None:
    """Every version of the purpose, newest first; the number opens it below."""
    remember_rows("checklists", [v.id for v in lines])
    tables.show(
        table(
            {
                "Version": [f"Version {v.number}" for v in lines],
                "Status": [[STATUS_LABELS[v.status]] for v in lines],
                "Items": [v.items for v in lines],
                "Running": [v.running for v in lines],
                "Made": [v.made for v in lines],
                "Published": [moment_label(v.published_at, actor.zone) for v in lines],
                "By": [f"{v.updated_by}, {moment_words(v.updated_at, actor.zone)}" for v in lines],
                "Note": [v.note or "–" for v in lines],
            }
        ),
        key="checklists_table", alt="Versions of the checklist, newest first", height=min(260, 38 + 35 * len(lines)),
        columns={
            "Version": tables.opener("Version", key="checklists_click", on_open=opened, width=95),
            "Status": tables.pill("Status", {STATUS_LABELS[s]: t for s, t in TONES.items()}, width=100),
            "Items": tables.number("Items", width=65),
            "Running": tables.number("Running", width=80, help="Open checklists that keep this version"),
            "Made": tables.number("Made", width=65, help="Checklists made from it, open or not"),
            "Published": tables.text("Published", width=160),
            "By": tables.text("Last changed", width=270),
            "Note": tables.text("Note", width=300),
        },
    )  # fmt: skip


def opened(position: int) -> None:
    """Show the version of a row below."""
    found = id_at("checklists", position)
    if found is not None:
        st.session_state["checklist_version"] = found


def draw_nothing(purpose: Purpose) -> None:
    """No version yet: the standard list is one click away."""
    empty_state(
        "fact_check", "There is no checklist for this yet.", action="Until one is published, none can be started."
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            f"Use the standard list ({len(purpose.standard)} items)", type="primary", key="checklist_standard",
            on_click=use_standard, args=(purpose,),
        )  # fmt: skip
        st.button("Draft it first", key="checklist_draft_standard", on_click=draft, args=(purpose, None))


def use_standard(purpose: Purpose) -> None:
    """Publish the standard list (a callback)."""
    said = "The standard list was published"
    perform(publish_standard, form=FORM, say=said, arguments={"purpose_name": purpose.name})


def publish_it(version: VersionDetail) -> None:
    """Publish the draft as it was saved (a callback)."""
    perform(
        publish, form=FORM, say=f"Version {version.number} is published",
        arguments={"template_id": version.id, "seen_version": version.version},
    )  # fmt: skip


def draft(purpose: Purpose, from_id: int | None) -> None:
    """Begin a new version (a callback) and show it."""
    perform(
        make_draft, form=FORM, say="A new version was drafted",
        arguments={"purpose_name": purpose.name, "from_id": from_id},
        after=lambda made: st.session_state.update(checklist_version=made),
    )  # fmt: skip


def draw_version(version: VersionDetail, purpose: Purpose, lines: list[VersionLine]) -> None:
    """One version: its items, what it changes, and what can be done with it."""
    in_use = next((v for v in lines if v.status == "published"), None)
    has_draft = any(v.status == "draft" for v in lines)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(f"Version {version.number}", width="content")
        badges([(STATUS_LABELS[version.status], TONES[version.status])])
        if not has_draft:
            st.button("New version from this one", icon=":material/edit_note:", key="checklist_new", on_click=draft,
                      args=(purpose, version.id))  # fmt: skip
        if version.status == "draft":
            st.button(
                "Publish", icon=":material/verified:", type="primary", key="checklist_publish", on_click=publish_it,
                args=(version,), help="New checklists are made from it; running ones keep the version they have.",
            )  # fmt: skip
        if version.status != "retired":
            draw_retire(version)
    if version.status == "draft":
        if in_use is not None:
            draw_changes(version, in_use)
        draw_editor(version, purpose)
    else:
        draw_items(version, purpose)


def draw_retire(version: VersionDetail) -> None:
    """Give up a draft, or stop using a version, with a reason."""
    label = "Give up" if version.status == "draft" else "Retire"
    key = f"checklist_retire_{version.id}"
    with popup(label, key=key, icon=":material/archive:", kind="tertiary"):
        st.text_input("Reason", key=f"{key}_reason", max_chars=1000)
        problems_of(FORM, "reason")

        def clicked() -> None:
            perform(
                retire, form=FORM, say=f"Version {version.number} was retired", typed={"reason": f"{key}_reason"},
                convert={"reason": lambda v: v or ""}, after=lambda _none: close(key),
                arguments={"template_id": version.id, "seen_version": version.version},
            )  # fmt: skip

        st.button(label, key=f"{key}_go", on_click=clicked)


def draw_changes(version: VersionDetail, in_use: VersionLine) -> None:
    """What the saved draft changes against the version in use, in words."""
    with reading() as session:
        before = get_version(session, template_id=in_use.id, actor=actor)
    changed = differences(before.items, version.items)
    if not changed:
        st.caption(f"As saved, the draft is the same as version {in_use.number}.")
        return
    with st.expander(
        f"{plural(len(changed), 'change')} against version {in_use.number}", icon=":material/difference:", expanded=True
    ):
        st.markdown("\n".join(f"- {plain(line)}" for line in changed[:40]))
        if len(changed) > 40:
            st.caption(f"and {len(changed) - 40} more")


st.title(":material/fact_check: Checklists")
st.caption("A published version never changes. A change is a new version; running checklists keep the one they have.")
purposes = {p.name: p for p in all_purposes()}
chosen = purposes[
    one("For", {n: p.label for n, p in purposes.items()}, key="checklist_for", default=next(iter(purposes)))
]
linked = st.query_params.pop("version", "")
if linked.isdecimal() and len(linked) < 16:
    st.session_state["checklist_version"] = int(linked)
show_outcome(FORM)
with reading() as session:
    versions = list_versions(session, purpose=chosen.name, actor=actor)
if not versions:
    draw_nothing(chosen)
    st.stop()
draw_versions(versions)
known = {v.id for v in versions}
first = next((v.id for s in ("draft", "published", "retired") for v in versions if v.status == s), versions[0].id)
shown = st.session_state.get("checklist_version")
try:
    with reading() as session:
        detail = get_version(session, template_id=shown if shown in known else first, actor=actor)
except NotFound:
    st.stop()
if not any(v.status == "published" for v in versions):
    st.warning(
        f"No version is in use: nothing new can be started for {plain(chosen.label.lower())}.",
        icon=":material/warning:",
    )
draw_version(detail, chosen, versions)
st.caption(f"As of {moment_words(now(), actor.zone)}")
