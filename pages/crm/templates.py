"""Message templates: the texts of the network and of each dealer, previewed, changed version by version, retired."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import guard
from components.areas.interactions_templates import VIEW, draw_drawer, draw_new, open_template
from components.charts.base import table
from components.clock import now
from components.filters import one, pick
from components.labels import empty_state
from components.perform import show_outcome
from components.queue_page import id_at, remember_rows
from db.core.labels import moment_label, percent_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.interactions.queries import TemplateFilters, list_templates
from db.interactions.rules import CHANNELS

actor = guard(Permission.TEMPLATES_EDIT)
at = now()
NETWORK = "network"


def opened(position: int) -> None:
    """Open the drawer of a row."""
    template_id = id_at("tpl", position)
    if template_id is not None:
        open_template(template_id)


with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/stylus_note: Message templates")
    draw_new(actor)
linked = st.query_params.pop("template", "")
if linked.isdecimal() and len(linked) < 16:
    open_template(int(linked))
with reading() as session:
    dealers = {str(d.dealer_id): d.label for d in dealer_choices(session, actor.scope)}
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    view = one("Show", {"active": "In use", "retired": "Retired"}, key="tpl_view", default="active")
    channel = pick("Channel", CHANNELS, key="tpl_channel", all_label="All channels", width=170)
    whose = pick(
        "Of", {NETWORK: "The whole network", **dealers}, key="tpl_dealer", all_label="Everybody", width=260
    )  # fmt: skip
st.caption("A template nobody edits is logged as automatic: it never counts as an answer to the customer.")
filters = TemplateFilters(
    channel=channel, is_active=view == "active",
    dealer_id=0 if whose == NETWORK else int(whose) if whose.isdecimal() else None,
)  # fmt: skip
with reading() as session:
    rows = list_templates(session, actor=actor, filters=filters)
show_outcome(VIEW)
if not rows:
    empty_state("stylus_note", "No template here.", action="Write one with “New template”, or take a filter away.")
else:
    remember_rows("tpl", [row.template_id for row in rows])
    tables.show(
        table(
            {
                "Template": [row.name for row in rows], "Channel": [[CHANNELS[row.channel]] for row in rows],
                "Of": [row.dealer or "The whole network" for row in rows],
                "Subject": [row.subject or "–" for row in rows],
                "Used": [row.used for row in rows],
                "Edited first": [percent_label(row.used - row.used_unedited, row.used, 0) for row in rows],
                "Version": [row.version for row in rows],
                "Changed": [
                    f"{moment_label(row.updated_at, actor.zone, now=at)} · {row.updated_by}" for row in rows
                ],
            }
        ),
        key="tpl_table", alt="Message templates, those of the whole network first",
        height=560 if len(rows) > 13 else "auto",
        columns={
            "Template": tables.opener("Template", key="tpl_click", on_open=opened, width=180),
            "Channel": tables.pill("Channel", {"E-mail": "blue", "Text message": "violet"}, width=110),
            "Of": tables.text("Of", width=150), "Subject": tables.text("Subject"),
            "Used": tables.number("Used", width=60, help="Messages that began with it"),
            "Edited first": tables.text(
                "Edited first", width=90, help="Share of them that a person changed before sending"
            ),
            "Version": tables.number("Version", width=65), "Changed": tables.text("Changed", width=190),
        },
    )  # fmt: skip
draw_drawer(actor, at=at)
