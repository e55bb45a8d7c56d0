"""Product lines: what leads are counted by, the form to change one, and the models that fit none."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from components import tables
from components.charts.base import table
from components.labels import empty_state, plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.actor import Actor
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.session import reading
from db.leads.model_queries import unknown_models
from db.leads.routing_commands import retire_product_line, save_product_line
from db.leads.routing_queries import ProductLineRow, list_product_lines

FORM = "product_line"


def draw_product_lines(actor: Actor, *, at: datetime) -> None:
    """The lines with the beginnings of their models, and beside them what no line counts."""
    may_change = actor.can(Permission.ROUTING_MANAGE)
    with reading() as session:
        lines = list_product_lines(session)
        unknown = unknown_models(session, scope=actor.scope, now=at)
    st.subheader("Product lines")
    show_outcome(FORM)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        if not lines:
            empty_state("category", "There is no product line: every model counts as Other.")
        for line in lines:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                brand = f" :gray[{plain(line.brand)}]" if line.brand else ""
                st.markdown(
                    f"**{plain(line.name)}**{brand}  \n:gray[:small[{plain(', '.join(line.models))}]]", width="stretch"
                )
                if may_change:
                    _draw_form(line)
        if may_change:
            _draw_form(None)
    with right, st.container(border=True):
        st.markdown("**Models no line counts** :gray[last 365 days]")
        if not unknown:
            st.caption(":material/check_circle: Every model people asked for belongs to a line.")
            return
        tables.show(
            table(
                {
                    "Make": [u.make or "–" for u in unknown], "Model": [u.model or "Not given" for u in unknown],
                    "Leads": [u.leads for u in unknown],
                    "Newest": [moment_label(u.newest, actor.zone, now=at) for u in unknown],
                }
            ),
            key="pl_unknown", alt="Models counted as Other, the most frequent first",
            height=360 if len(unknown) > 9 else "auto",
            columns={
                "Make": tables.text("Make", width=100), "Model": tables.text("Model"),
                "Leads": tables.number("Leads", width=65), "Newest": tables.text("Newest", width=120),
            },
        )  # fmt: skip
        st.caption("A line counts leads from now on; those that came before keep what they were counted as.")


def _draw_form(line: ProductLineRow | None) -> None:
    which = line.line_id if line else 0
    prefix = f"pl_{which}"
    keys = {"name": f"{prefix}_name", "brand": f"{prefix}_brand", "models": f"{prefix}_models"}
    label, icon = ("Change", ":material/edit:") if line else ("Add a line", ":material/add:")
    with popup(label, key=f"{prefix}_popup", icon=icon, kind="tertiary" if line else "secondary"):
        st.session_state.setdefault(keys["name"], line.name if line else "")
        st.session_state.setdefault(keys["brand"], line.brand if line else "")
        st.session_state.setdefault(keys["models"], "\n".join(line.models) if line else "")
        st.text_input("Name", key=keys["name"], max_chars=40)
        problems_of(FORM, "name")
        st.text_input("Make :gray[(empty: any)]", key=keys["brand"], max_chars=40)
        st.text_area("Models, one a line", key=keys["models"], height=110, help="How the name of a model begins.")
        problems_of(FORM, "models")
        stray_problems(FORM, ["name", "models"])

        def save() -> None:
            perform(
                save_product_line, form=FORM, say="The product line was saved", typed=keys,
                convert={"name": _text, "brand": _text, "models": lambda v: (v or "").splitlines()},
                arguments={"line_id": which or None}, after=lambda _r: close(f"{prefix}_popup"),
            )  # fmt: skip

        def retire() -> None:
            perform(
                retire_product_line, form=FORM, say="The product line was retired", arguments={"line_id": which},
                after=lambda _r: close(f"{prefix}_popup"),
            )  # fmt: skip

        with st.container(horizontal=True, gap="small"):
            st.button("Save line", key=f"{prefix}_save", type="primary", on_click=save)
            if line:
                st.button("Retire", key=f"{prefix}_retire", icon=":material/archive:", on_click=retire)


def _text(value: str | None) -> str:
    return value or ""
