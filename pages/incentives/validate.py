"""Incentive check: a sale on file or a new one, what every program says of it, its claims, and what waits."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas.incentive_outlook import draw_nearest
from components.areas.incentive_papers import draw_papers, draw_upload
from components.areas.incentive_sheet import draw_sheet
from components.areas.incentives import SCREEN, draw_validation
from components.areas.incentives_lists import draw_claims
from components.areas.incentives_lists import draw_sales as sales_table
from components.areas.incentives_new import draw_new
from components.areas.incentives_sale import FORM, draw_corrections
from components.clock import now
from components.filters import one, words
from components.forms import cents
from components.labels import badges, empty_state, facts, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.queue_page import draw_drawer, is_open, open_drawer
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.incentives.commands import claim_sale
from db.incentives.flow import APPROVED, FLOW, REVIEW
from db.incentives.model import DOCUMENTS
from db.incentives.say_rules import day
from db.incentives.validation_queries import SaleView, Validation, list_sales, sale_view, waiting_claims

actor = guard(Permission.INCENTIVES_VIEW)
CLAIM = "incentive_claim_form"
enters = actor.can(Permission.INCENTIVES_ENTER)
VIEWS = {
    "sales": "Sales",
    **({"new": "New sale", "file": "From a file"} if enters else {}),
    "waiting": "Claims that wait",
}


def choose(sale_id: int | None) -> None:
    """Show a sale, or the list again (in a callback)."""
    forget(FORM)
    forget(CLAIM)
    st.session_state["ic_sale"] = sale_id


def reported(sale_id: int) -> None:
    """A new sale is on file: show it, and begin a new form next time."""
    st.session_state["ic_sale"] = sale_id
    st.session_state["ic_form_key"] = uuid4().hex


def draw_sales() -> None:
    """Find a sale by its number, VIN or customer number."""
    text = words("Find", key="ic_find", placeholder="Number, VIN or customer number", width=340)
    with reading() as session:
        rows = list_sales(session, actor=actor, text=text)
    if rows:
        sales_table(rows, key="ic_sales", on_open=choose)
    else:
        empty_state("sell", "No sale matches." if text else "No sale was reported yet.")


def missing_paper(found: Validation) -> str:
    """The kind of paper the first incomplete check asks for, so that it is proposed."""
    asked = [c.document for p in found.programs for c in p.checks if c.level == "missing" and c.rule == "I08"]
    return next((kind for kind, label in DOCUMENTS.items() if label in asked), "")


def draw_claiming(view: SaleView) -> None:
    """Choose programs (the best set is chosen already), tick the checklists, send."""
    offered = [p for p in view.validation.programs if p.can_claim]
    if not offered or view.row.unwound_on or not enters:
        return
    at = f"ic_{view.row.id}_{view.row.version}_{len(view.claims)}_"
    st.markdown("##### Claim")
    chosen = st.pills(
        "Programs", [p.code for p in offered], selection_mode="multi", key=f"{at}programs",
        default=[p.code for p in offered if p.chosen], label_visibility="collapsed",
    )  # fmt: skip
    problems_of(CLAIM, "programs")
    for one_program in [p for p in offered if p.code in chosen]:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input(
                f"{plain(one_program.code)}: amount", f"{one_program.cents / 100:.2f}", key=f"{at}{one_program.code}",
                width=180,
            )  # fmt: skip
            for n, point in enumerate(one_program.checklist):
                st.checkbox(plain(point), key=f"{at}{one_program.code}_{n}")
    stray_problems(CLAIM, ("programs",))
    form_key = st.session_state.setdefault(f"{at}key", uuid4().hex)

    def send() -> None:
        got = st.session_state
        sent = list(got.get(f"{at}programs") or ())
        ticked = {
            p.code: [point for n, point in enumerate(p.checklist) if got.get(f"{at}{p.code}_{n}")]
            for p in offered if p.code in sent
        }  # fmt: skip

        def amounts(_: Any) -> dict[str, int | None]:
            typed = {code: st.session_state.get(f"{at}{code}") for code in sent}
            return {code: cents(text, field="programs", label=f"The amount of {code}") for code, text in typed.items()}

        def said(states: dict[str, str]) -> str:
            return ", ".join(f"{n}: {FLOW.state(s).label.lower()}" for n, s in states.items())

        perform(
            claim_sale, form=CLAIM, say=said, typed={"amounts": f"{at}programs"}, convert={"amounts": amounts},
            arguments={
                "sale_id": view.row.id, "programs": sent, "checked": ticked, "form_key": form_key,
            },
        )  # fmt: skip

    st.button("Send the claim", key=f"{at}send", type="primary", icon=":material/send:", on_click=send)


def draw_sale(sale_id: int) -> None:
    """A sale on file: its facts, what every program says, the claim, its claims, corrections."""
    st.button("All sales", key="ic_back", icon=":material/arrow_back:", type="tertiary", on_click=choose, args=(None,))
    try:
        with reading() as session:
            view = sale_view(session, sale_id=sale_id, actor=actor, now=now())
    except NotFound as gone:
        st.error(gone.problems[0].message)
        return
    row = view.row
    show_outcome(FORM)
    show_outcome(CLAIM)
    st.markdown(f"### {row.number} · {plain(row.what or row.vin)}")
    stands = (
        ("Unwound", "red") if row.unwound_on else ("Delivered", "green") if row.delivered_on else ("Contracted", "gray")
    )
    badges([stands, (row.sale_type, "blue")])
    left, right = st.columns([3, 2], gap="large")
    with left:
        draw_validation(view.validation)
        draw_claiming(view)
    with right:
        facts(
            [
                ("Dealer", row.dealer), ("VIN", row.vin), ("Customer", row.customer),
                ("Contract", day(row.contract_on)),
                ("Delivered", day(row.delivered_on)), ("Reported", day(row.reported_on)),
                ("Unwound", f"{day(row.unwound_on)}: {row.unwound_reason}" if row.unwound_on else "–"),
            ]
        )  # fmt: skip
        if view.claims:
            st.markdown("##### Its claims")
            draw_claims(list(view.claims), key="ic_claims", whole=False)
        st.markdown(f"##### Papers :gray[{len(view.papers)}]")
        stands_on = any(c.status in (*REVIEW, *APPROVED) for c in view.claims)
        draw_papers(
            view.papers, key=f"ic_paper_{row.id}", may_remove=enters and not row.unwound_on and not stands_on
        )  # fmt: skip
        if enters and not row.unwound_on:
            with st.expander("Add a paper", icon=":material/upload_file:", expanded=not view.papers):
                draw_upload(key=f"ic_paper_{row.id}", sale_id=row.id, missing=missing_paper(view.validation))
            st.markdown("##### Correct")
            stray_problems(FORM, ("documents", "reason"))
            draw_corrections(view)


st.title(":material/fact_check: Incentive check")
linked = st.query_params.pop("sale", "")
if linked.isdecimal():
    choose(int(linked))
linked = st.query_params.pop("incentive_claim", "")
if linked.isdecimal():
    open_drawer(SCREEN, int(linked))
if is_open(SCREEN):
    show_outcome(SCREEN.form)
if (shown := st.session_state.get("ic_sale")) is not None:
    draw_sale(shown)
else:
    show_outcome(FORM)
    draw_nearest()
    chosen_view = one("Show", VIEWS, key="ic_view", default="sales")
    if chosen_view == "new":
        draw_new(reported=reported)
    elif chosen_view == "file":
        draw_sheet()
    elif chosen_view == "waiting":
        with reading() as session:
            waiting = waiting_claims(session, actor=actor)
        if waiting:
            draw_claims(waiting, key="ic_waiting", whole=True)
        else:
            empty_state("task_alt", "No incentive claim waits.")
    else:
        draw_sales()
draw_drawer(SCREEN)
