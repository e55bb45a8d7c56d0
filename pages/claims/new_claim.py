"""New claim: entered with the findings adjudication will have, kept on the server, sent once."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas.claim_entry import FORM, edit_jobs, edit_lines, findings_at, findings_of_rows, summary
from components.clock import now
from components.labels import badges, empty_state, plain
from components.perform import forget, perform, show_outcome, stray_problems
from db.claims.claim_queries import ClaimRow, claim_row, entry_draft, list_claims, preview
from db.claims.draft_commands import save_draft
from db.claims.draft_rules import ACTIVE_TYPES, EXCLUSIONS, TYPE_LABELS, VERSION_TYPES, tidy
from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.submit_commands import submit
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.CLAIMS_ENTER)
DAYS = {"ro_opened_on": "Opened", "ro_closed_on": "Closed", "failed_on": "Failed", "reported_on": "Reported"}
TEXTS = {"technician": "Technician", "advisor": "Adviser", "pre_auth_number": "Pre-authorization",
         "campaign_number": "Campaign", "contract_number": "Contract"}  # fmt: skip
NOTES = {"late_reason": "Why it is late", "goodwill_reason": "Why goodwill", "note": "Note"}
SHOWN = ("dealer_id", "claim_type", "vin", "ro_number", "odometer_in", "odometer_out", *DAYS, *TEXTS, *NOTES)


def start(claim_id: int | None = None) -> None:
    """Begin a new form, or go on with a claim (in a callback)."""
    forget(FORM)
    st.session_state["ce_claim"], st.session_state["ce_form_key"] = claim_id, uuid4().hex


def receipt(sent: ClaimRow) -> None:
    """What became of a claim that was sent, word for word."""
    state = FLOW.state(sent.status)
    with st.container(border=True):
        st.markdown(f"#### {sent.number} was sent")
        badges([(state.label, state.tone)])
        st.markdown(plain(sent.reason_note or state.help))
        if sent.approved_cents is not None:
            st.markdown(f"Approved **{sent.approved_cents / 100:,.2f}** of {sent.claimed_cents / 100:,.2f}")
    if sent.status in DEALERS_TURN:
        st.button("Correct it", key="ce_correct", icon=":material/edit:", on_click=start, args=(sent.id,))
    st.button("New claim", key="ce_again", icon=":material/add:", on_click=start)


def draw_mine() -> None:
    """What is the dealer's turn: drafts, and what came back."""
    with reading() as session:
        rows = list_claims(session, scope=actor.scope, statuses=DEALERS_TURN)
    with st.expander(f"To go on with: {len(rows)}", icon=":material/edit_note:"):
        if not rows:
            empty_state("task_alt", "No draft, and nothing came back.")
        for one in rows:
            label = f"{one.number} · {FLOW.state(one.status).label} · {plain(one.dealer)} · {plain(one.vin)}"
            st.button(label, key=f"ce_open_{one.id}", type="tertiary", on_click=start, args=(one.id,))
            if one.reason_note:
                st.caption(plain(one.reason_note))


st.title(":material/post_add: New claim")
if "ce_form_key" not in st.session_state:
    start()
linked = st.query_params.pop("draft", "")
if linked.isdecimal():
    start(int(linked))
form_key, claim_id = st.session_state["ce_form_key"], st.session_state["ce_claim"]
try:
    with reading() as session:
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
        row = claim_row(session, claim_id=claim_id, scope=actor.scope) if claim_id else None
        base = entry_draft(session, claim_id=claim_id, actor=actor)
except NotFound as gone:
    st.error(gone.problems[0].message)
    st.button("New claim", key="ce_gone", on_click=start)
    st.stop()
show_outcome(FORM)
if row is not None and (row.status not in DEALERS_TURN or st.session_state.get("ce_receipt") == form_key):
    receipt(row)
    st.stop()
draw_mine()
version = row.version if row else 0
at = f"ce_{claim_id or form_key}_{version}_"
if row is not None:
    badges([(row.number, "blue"), (FLOW.state(row.status).label, FLOW.state(row.status).tone)])
    if row.reason_note:
        st.warning(plain(row.reason_note))
holder = st.container()
types = [row.claim_type] if row and row.claim_type in VERSION_TYPES else list(ACTIVE_TYPES)
known = list(dealers)
first = known.index(row.dealer_id) if row and row.dealer_id in dealers else 0 if len(known) == 1 else None
with st.grid(4, min_column_width=210, gap="small"):
    dealer_id = st.selectbox(
        "Dealer", known, format_func=lambda v: dealers.get(v, "–"), key=f"{at}dealer_id", placeholder="Choose",
        index=first, disabled=row is not None,
    )  # fmt: skip
    kind = st.selectbox(
        "Type", types, format_func=TYPE_LABELS.__getitem__, key=f"{at}type", index=types.index(base.claim_type)
    )
    vin = st.text_input("VIN", base.vin, key=f"{at}vin", max_chars=40)
    ro_number = st.text_input("Repair order", base.ro_number, key=f"{at}ro", max_chars=40)
    days = {n: st.date_input(label, getattr(base, n), key=f"{at}{n}") for n, label in DAYS.items()}
    odometer_in = st.number_input("Odometer in", 0, None, base.odometer_in, 1, key=f"{at}odometer_in")
    odometer_out = st.number_input("Odometer out", 0, None, base.odometer_out, 1, key=f"{at}odometer_out")
    texts = {n: st.text_input(label, getattr(base, n), key=f"{at}{n}") for n, label in TEXTS.items()}
beside = st.container()
excluded = st.multiselect(
    "What speaks against it", list(EXCLUSIONS), list(base.exclusions), format_func=EXCLUSIONS.__getitem__,
    key=f"{at}excluded", placeholder="Nothing",
)  # fmt: skip
with st.expander("Reasons and note", expanded=any(getattr(base, n) for n in NOTES)):
    notes = {n: st.text_area(label, getattr(base, n), key=f"{at}{n}", height=80) for n, label in NOTES.items()}
st.markdown("##### Jobs")
jobs = edit_jobs(base, key=f"{at}jobs")
below_jobs = st.container()
st.markdown("##### Lines")
lines = edit_lines(base, key=f"{at}lines")
below_lines = st.container()
typed = replace(
    base, claim_type=kind, vin=vin, ro_number=ro_number, odometer_in=odometer_in, odometer_out=odometer_out,
    exclusions=tuple(excluded), jobs=jobs, charges=lines, **days, **texts, **notes,
)  # fmt: skip
said = None
if dealer_id is not None:
    with reading() as session:
        said = preview(session, tidy(typed), dealer_id=dealer_id, actor=actor, now=now(), claim_id=claim_id)
    with holder:
        summary(said, shown=SHOWN)
with beside:
    findings_at(said, *SHOWN)
with below_jobs:
    findings_of_rows(said, "job")
with below_lines:
    findings_of_rows(said, "charge")
stray_problems(FORM, SHOWN)


def keep() -> bool:
    """Save what was typed, blank prices filled; the form goes on with the saved claim."""
    return perform(
        save_draft, form=FORM, say="The draft was saved",
        arguments={"dealer_id": dealer_id or 0, "draft": said.draft if said else typed, "form_key": form_key,
                   "claim_id": claim_id, "seen_version": version},
        after=lambda made: st.session_state.update(ce_claim=made),
    )  # fmt: skip


def save() -> None:
    """Save what was typed."""
    keep()


def send() -> None:
    """Save and send; a second click finds the receipt."""
    if st.session_state.get("ce_receipt") == form_key or not keep():
        return
    arguments = {"item_id": st.session_state["ce_claim"], "seen_version": version + 1}
    perform(
        submit, form=FORM, say="The claim was sent", arguments=arguments,
        after=lambda _state: st.session_state.update(ce_receipt=form_key),
    )  # fmt: skip


with st.container(horizontal=True, gap="small"):
    st.button("Save draft", key="ce_save", icon=":material/save:", on_click=save)
    st.button("Send", key="ce_send", type="primary", icon=":material/send:", on_click=send)
