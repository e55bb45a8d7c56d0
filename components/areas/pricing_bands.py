"""The bands of price requests: a quiet button shows them; who may set budgets may change a limit, with a reason."""

from __future__ import annotations

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now
from components.forms import cents
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.labels import moment_label
from db.core.permissions import Permission, Role, may
from db.core.session import reading
from db.pricing.commands import set_band
from db.pricing.limit_rules import BANDS, FIELDS, HEADS, limit_words, limits_of
from db.pricing.policy_queries import PolicyView, policy_view

FORM = "price_bands"
SHORT = {"percent": "Off", "amount": "In all", "margin": "Margin", "budget": "Budget"}
"""Heads that fit the popover and a phone; the whole words are their help."""


def draw_bands() -> None:
    """The limits of each level by band, the levels in words, and the form of who may change them."""
    actor = current_actor()
    with st.popover("Bands", icon=":material/stacked_bar_chart:", key="price_bands_menu"):
        with reading() as session:
            view = policy_view(session, actor=actor)
        tables.show(
            table(
                {
                    "Signed by": list(HEADS),
                    **{band: [limit_words(band, limit) for limit in limits_of(view.policy, band)] for band in BANDS},
                }
            ),
            key="price_bands_table", alt="Limits of each band by level", height="content",
            columns={
                "Signed by": tables.text("Up to", width=102),
                **{
                    band: st.column_config.TextColumn(SHORT[band], width=width, alignment="right", help=help_)
                    for (band, help_), width in zip(BANDS.items(), (50, 72, 54, 54), strict=True)
                },
            },
        )  # fmt: skip
        glue = {"all": " and ", "any": " or "}
        levels = [
            f"Level {one.level}: {plain(glue[one.mode].join(_who(p) for p in one.permissions))}"
            for one in view.policy.levels
        ]
        st.caption(
            "  \n".join(
                [
                    *levels,
                    "Margin: the least left. Legal wording is always for level 3; each level after the one before.",
                ]
            )
        )
        if view.recorded_at is not None:
            when = moment_label(view.recorded_at, actor.zone, now=now())
            st.caption(plain(f"Version {view.number} by {view.recorded_by}, {when}: {view.reason}"))
        show_outcome(FORM)
        if actor.can(Permission.PRICING_BUDGET):
            _draw_form(view)


def _who(permission: str) -> str:
    """The roles that hold a right, as people say them; administrators hold every one."""
    roles = [role.label.lower() for role in Role if role is not Role.ADMIN and may(role, Permission(permission))]
    return " or ".join(roles)


def _draw_form(view: PolicyView) -> None:
    band = st.selectbox(
        "Change", list(BANDS), format_func=BANDS.__getitem__, key="price_band", on_change=forget, args=(FORM,)
    )
    keys = {name: f"price_band_{band}_{view.number}_{name}" for name in FIELDS}
    with st.container(horizontal=True, gap="small"):
        for name, head, limit in zip(FIELDS, HEADS, limits_of(view.policy, band), strict=True):
            with st.container(gap="xxsmall"):
                st.session_state.setdefault(keys[name], f"{limit / 100:.2f}".removesuffix(".00"))
                st.text_input(head, key=keys[name])
                problems_of(FORM, name)
    st.text_input("Reason", key="price_band_reason", max_chars=400)
    problems_of(FORM, "reason")
    stray_problems(FORM, (*FIELDS, "reason"))

    def limits(_none: object) -> list[int | None]:
        return [cents(st.session_state.get(key), field=name, label="The limit") for name, key in keys.items()]

    def save() -> None:
        perform(
            set_band, form=FORM, say=lambda n: f"The bands have version {n}",
            typed={"limits": "_price_band_limits", "reason": "price_band_reason"},
            convert={"limits": limits, "reason": lambda v: v or ""},
            arguments={"band": band, "seen_number": view.number},
        )  # fmt: skip

    st.button("Change the limits", key="price_band_save", type="primary", on_click=save)
