"""Sampled scores with n and interval, the items that fall short, how reviewers differ, and the checklist itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from components import tables
from components.areas import quality as shared
from components.charts import bars
from components.charts.base import draw, table
from components.editing import edited
from components.filters import one
from components.labels import badge, empty_state, plain
from components.perform import perform, problems_of, show_outcome
from components.tiles import Tile, draw_tiles
from db.core.actor import Actor
from db.core.labels import moment_words, percent_label, plural
from db.core.permissions import Permission
from db.core.session import reading
from db.quality import rules
from db.quality.form_commands import activate_form, draft_form, drop_form, save_form
from db.quality.queries import DEFINITIONS, FormRow, drift, list_forms, own_only, sums_only, weak_items

FORM = "quality_form"
BY = {"person": "Person", "dealer": "Dealer", "region": "Region"}


def draw_scores(actor: Actor, filters: Mapping[str, Any], at: datetime) -> None:
    """The score of the period, by person and dealer, with how sure it is."""
    (whole, *_) = shared.scores(actor, filters, "") or (None,)
    if whole is None or not whole.estimate.n:
        empty_state(
            "reviews", "No response of this period was reviewed.", action="Scores come from reviews drawn at random."
        )
        return
    found = whole.estimate
    sure = "95% interval" if found.low is not None else "One review tells no interval"
    draw_tiles(
        [
            Tile(
                definition=DEFINITIONS["response_quality"], value=found.words, icon=":material/star:",
                note=f"{sure}, n = {found.n}",
            ),
            Tile(
                definition=DEFINITIONS["question_answered"], value=percent_label(whole.answered, whole.asked),
                icon=":material/question_answer:", note=f"{whole.answered:,} of {whole.asked:,} asked",
            ),
            Tile(
                definition=DEFINITIONS["reviews_done"], value=f"{found.n:,}", icon=":material/task_alt:",
                note=f"In the score; {plural(whole.zeroed, 'review')} at 0 for a critical item",
            ),
        ],
        key="quality_scores", as_of=at, zone=actor.zone, columns=3,
    )  # fmt: skip
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _draw_lines(actor, filters)
    with right, st.container(border=True, height="stretch"):
        st.markdown("**What falls short most often**")
        _draw_weak(actor, filters)
    if actor.can(Permission.QUALITY_MANAGE):
        _draw_drift(actor)


def _draw_lines(actor: Actor, filters: Mapping[str, Any]) -> None:
    options = dict(BY)
    if own_only(actor):
        options = {"person": "Person"}
    elif sums_only(actor):
        options.pop("person")
    by = one("By", options, key="quality_score_by", default=next(iter(options)))
    lines = shared.scores(actor, filters, by)
    tables.show(
        table(
            {
                options[by]: [line.label or "–" for line in lines], "Dealer ": [line.dealer for line in lines],
                "Score": [line.estimate.words for line in lines], "n": [line.estimate.n for line in lines],
                "Answered": [percent_label(line.answered, line.asked, 0) for line in lines],
                "Compare": [
                    "" if line.estimate.can_rank else f"fewer than {rules.LEAST_TO_RANK}" for line in lines
                ],
            }
        ),
        key=f"quality_scores_{by}", alt=f"Scores by {options[by].lower()}",
        columns={
            options[by]: tables.text(options[by], width=180),
            "Dealer ": tables.text("Dealer", width=170) if by == "person" else None,
            "Score": tables.text("Score (95% interval)", width=140), "n": tables.number("Reviews", width=70),
            "Answered": tables.text("Answered", width=90), "Compare": tables.text("Not to compare", width=120),
        },
        height=min(38 + 36 * max(len(lines), 1), 420),
    )  # fmt: skip
    st.caption(
        f"By name, never by score: under {rules.LEAST_TO_RANK} reviews a difference is likely chance,"
        " and nobody is ranked."
    )


def _draw_weak(actor: Actor, filters: Mapping[str, Any]) -> None:
    with reading() as session:
        rows = weak_items(session, actor=actor, since=shared.since(filters), dealer_id=filters.get("dealer"))
    shown = rows[:8]
    draw(
        bars.stages(height=280),
        table(
            {
                "stage": [t for t, _, _ in shown], "order": list(range(len(shown))),
                "count": [m / n for _, m, n in shown],
                "label": [f"{percent_label(m, n, 0)} of {n}" for _, m, n in shown],
            }
        ),
        alt_text="Share of responses that met an item, the weakest first",
    )  # fmt: skip


def _draw_drift(actor: Actor) -> None:
    with reading() as session:
        rows = drift(session, actor=actor)
    if not rows:
        return
    st.subheader("How reviewers differ")
    tables.show(
        table(
            {
                "Reviewer": [r.reviewer for r in rows], "Pairs": [r.pairs for r in rows],
                "Mean": ["–" if r.mean is None else f"{r.mean:.0f}" for r in rows],
                "Others": ["–" if r.by_others is None else f"{r.by_others:.0f}" for r in rows],
                "Difference": ["too few" if r.difference is None else f"{r.difference:+.0f}" for r in rows],
            }
        ),
        key="quality_drift", alt="Reviewers compared on the same responses",
        columns={
            "Reviewer": tables.text("Reviewer", width=200), "Pairs": tables.number("Same responses", width=110),
            "Mean": tables.text("Their mean", width=100), "Others": tables.text("The others' mean", width=130),
            "Difference": tables.text("Difference", width=110),
        },
    )  # fmt: skip
    st.caption("Only responses that two people scored on the same version; figures from five pairs on.")


# ---- the checklist ---------------------------------------------------------------------------------------------------
def draw_form(actor: Actor, at: datetime) -> None:
    """The version in use, the draft for whoever may change it, and the versions before."""
    show_outcome(FORM)
    with reading() as session:
        forms = list_forms(session, actor=actor)
    manages = actor.can(Permission.QUALITY_MANAGE)
    draft = next((f for f in forms if f.status == "draft"), None)
    if manages and draft is not None:
        _draw_draft(draft)
    for form in forms:
        if form.status == "draft":
            continue
        head = f"Version {form.number}" + (", in use" if form.status == "active" else "")
        when = f", {moment_words(form.activated_at, actor.zone, now=at)}" if form.activated_at else ""
        with st.expander(head, expanded=form.status == "active"):
            st.caption(f"{plain(form.reason)}{when}")
            _draw_items(form)
    if manages and draft is None:
        st.button(
            "Begin a new version", key="quality_form_new", icon=":material/edit_note:",
            on_click=_click(draft_form, "A draft stands; change it and put it into use"),
        )  # fmt: skip


def _click(
    command: Callable[..., Any],
    said: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    reason: bool = False,
    items: Callable[[], object] | None = None,
) -> Callable[[], None]:
    """What a button of the checklist does, with what was seen when it was drawn and the `items` as they are now."""

    def run() -> None:
        perform(
            command, form=FORM, say=said, arguments={**(arguments or {}), **({"items": items()} if items else {})},
            typed={"reason_text": "quality_form_reason"} if reason else None,
            convert={"reason_text": lambda v: v or ""} if reason else None,
        )  # fmt: skip

    return run


def _draw_items(form: FormRow) -> None:
    total = sum(i.weight for i in form.items)
    for item in form.items:
        marks = (
            badge("critical", "red")
            if item.is_critical
            else badge("the question asked", "blue")
            if item.is_answer
            else ""
        )
        st.markdown(f"**{item.weight}** {plain(item.text)} {marks}")
    st.caption(
        f"{plural(len(form.items), 'item')}, {total} points. Score = points met ÷ points that apply × 100,"
        " rounded half up; a critical item not met makes it 0."
    )


def _draw_draft(draft: FormRow) -> None:
    st.subheader(f"Draft of version {draft.number}")
    st.caption("Reviews go on with the version in use until the draft is put into use. Empty rows are left out.")
    key = f"quality_draft_{draft.id}_{draft.version}"
    names = ("key", "text", "weight", "is_critical", "is_answer")
    rows = [{name: getattr(i, name) for name in names} for i in draft.items]
    st.data_editor(
        table({name: [row[name] for row in rows] for name in names}),
        key=key, num_rows="dynamic", hide_index=True, column_order=["text", "weight", "is_critical", "is_answer"],
        column_config={
            "text": st.column_config.TextColumn("Item", width="large", max_chars=200),
            "weight": st.column_config.NumberColumn("Weight", min_value=1, max_value=100, step=1, width="small"),
            "is_critical": st.column_config.CheckboxColumn("Critical", width="small"),
            "is_answer": st.column_config.CheckboxColumn("The question asked", width="small"),
        },
    )  # fmt: skip
    problems_of(FORM, "items")
    seen = {"form_id": draft.id, "seen_version": draft.version}
    st.text_input("What is new", key="quality_form_reason", max_chars=500)
    problems_of(FORM, "reason_text")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Save the draft", key="quality_form_save", icon=":material/save:",
            on_click=_click(save_form, "The draft was saved", seen, items=lambda: edited(rows, key)),
        )  # fmt: skip
        st.button(
            "Put into use", key="quality_form_use", type="primary", icon=":material/published_with_changes:",
            on_click=_click(activate_form, f"Version {draft.number} is in use", seen, reason=True),
            help="Uses the draft as it was saved",
        )  # fmt: skip
        st.button(
            "Throw away", key="quality_form_drop", type="tertiary", icon=":material/delete:",
            on_click=_click(drop_form, "The draft was thrown away", seen),
        )  # fmt: skip
