"""New claim: entered with the findings adjudication will have beside each field, kept on the server, sent once."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components.access import current_actor, guard
from components.areas import claim_entry as entry
from components.areas.claim_entry import FORM
from components.areas.claim_entry_fields import Slots, draw_jobs, draw_reasons, draw_repair, draw_vehicle
from components.areas.claim_entry_hints import draw_catalogue, draw_hints
from components.areas.claim_entry_lines import draw_sums, edit_lines
from components.areas.claim_entry_notes import draw_summary, fill_slots, say
from components.areas.claim_files import draw_files, draw_needed, draw_upload
from components.clock import now, today
from components.labels import badges, empty_state, plain
from components.perform import Outcome, perform, show_outcome, stray_problems
from db.claims.claim_queries import ClaimRow, claim_row, copied_draft, list_claims, list_files
from db.claims.draft_commands import save_draft
from db.claims.draft_rules import TYPE_LABELS
from db.claims.entry_queries import hints_for
from db.claims.entry_rules import Note, blocking, count_line, kept_places, notes_of
from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.price_rules import lines_of_jobs
from db.claims.submit_commands import submit
from db.core.labels import moment_label
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.CLAIMS_ENTER)


# ---- what the buttons do: they read what is typed at the click -------------------------------------------------------
def keep() -> bool:
    """Save what is typed, blank hours and prices filled; the form goes on with the saved claim."""
    one, said = entry.form(), entry.judged(current_actor())
    draft = said.draft if said is not None else entry.typed()
    arguments = {"dealer_id": entry.dealer() or 0, "draft": draft, "form_key": one.key, "claim_id": one.claim_id,
                 "seen_version": one.version}  # fmt: skip
    return perform(save_draft, form=FORM, say="The draft was saved", arguments=arguments, after=saved)


def saved(claim_id: int) -> None:
    """The form shows the saved claim from now on."""
    one = entry.form()
    with reading() as session:
        one.version = claim_row(session, claim_id=claim_id, scope=current_actor().scope).version
    one.claim_id, one.saved, one.typed, one.brought_back = claim_id, None, None, False
    entry.forget_typed(current_actor())


def save() -> None:
    """Save what is typed."""
    keep()


def saved_claim() -> int | None:
    """The claim files are added to: the stored one, or what is typed, saved now."""
    one = entry.form()
    return one.claim_id if one.claim_id is not None or keep() else None


def send(*, anyway: bool = False) -> None:
    """Save and send; with something in the way it is only saved, and everything in the way shows."""
    one = entry.form()
    if one.sent:
        return
    one.revealed = True
    said = entry.judged(current_actor())
    notes = notes_of(said.verdict.results, said.draft, revealed=True) if said is not None else ()
    if not keep():
        return
    if blocking(notes) and not anyway:
        message = f"Not sent: {count_line(notes)}. The draft was saved."
        st.session_state[f"_outcome_{FORM}"] = Outcome("", (Problem(code="blocked", message=message),))
        return
    perform(
        submit, form=FORM, say="The claim was sent", after=was_sent,
        arguments={"item_id": one.claim_id, "seen_version": one.version},
    )  # fmt: skip


def was_sent(_state: str) -> None:
    """The receipt takes the place of the form."""
    entry.form().sent = True


def take_newest() -> None:
    """Show what somebody else saved; what was typed here is given up."""
    entry.forget_typed(current_actor())
    entry.start(entry.form().claim_id)


def keep_mine(version: int) -> None:
    """What is typed here will replace what somebody else saved."""
    entry.form().version = version


# ---- what is drawn ---------------------------------------------------------------------------------------------------
def receipt(sent: ClaimRow) -> None:
    """What became of a claim that was sent, word for word."""
    state = FLOW.state(sent.status)
    with st.container(border=True):
        st.markdown(f"#### {sent.number} was sent")
        badges([(state.label, state.tone)])
        st.markdown(plain(sent.reason_note or state.help))
        if sent.approved_cents is not None:
            st.markdown(f"Approved **{sent.approved_cents / 100:,.2f}** of {sent.claimed_cents / 100:,.2f}")
        st.page_link("pages/claims/claim.py", label="Open the claim", icon=":material/description:",
                     query_params={"claim": str(sent.id)})  # fmt: skip
    if sent.status in DEALERS_TURN:
        st.button("Correct it", key="ce_correct", icon=":material/edit:", on_click=entry.start, args=(sent.id,))
    st.button("New claim", key="ce_again", icon=":material/add:", on_click=entry.start)


def draw_mine() -> None:
    """What is the dealer's turn: drafts, and what came back."""
    with reading() as session:
        rows = list_claims(session, scope=actor.scope, statuses=DEALERS_TURN)
    with st.expander(f"To go on with: {len(rows)}", icon=":material/edit_note:"):
        if not rows:
            empty_state("task_alt", "No draft, and nothing came back.")
        for one in rows:
            label = f"{one.number} · {FLOW.state(one.status).label} · {plain(one.dealer)} · {plain(one.vin)}"
            st.button(label, key=f"ce_open_{one.id}", type="tertiary", on_click=entry.start, args=(one.id,))
            if one.reason_note:
                st.caption(plain(one.reason_note))


def draw_state(one: entry.Form, stored: ClaimRow | None) -> None:
    """Which claim is on the screen, why it came back, and whether somebody else saved it meanwhile."""
    if one.brought_back:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info("What you had typed is back; it was not saved yet.", icon=":material/restore:")
            st.button("Start empty", key="ce_empty", on_click=entry.throw_away, args=(actor,))
    if stored is None:
        return
    badges([(stored.number, "blue"), (FLOW.state(stored.status).label, FLOW.state(stored.status).tone),
            (TYPE_LABELS[stored.claim_type], "gray")])  # fmt: skip
    if stored.reason_note and stored.status != "draft":
        st.warning(plain(stored.reason_note), icon=":material/undo:")
    if stored.version != one.version:
        at = moment_label(stored.updated_at, actor.zone, now=now())
        st.warning(f"Somebody saved this draft in another tab, {at}. What you typed here is still here.")
        with st.container(horizontal=True):
            st.button("Show what was saved", key="ce_newest", on_click=take_newest)
            st.button("Keep what I typed", key="ce_mine", on_click=keep_mine, args=(stored.version,))


st.title(":material/post_add: New claim")
form = entry.begin(actor)
linked, copied = st.query_params.pop("draft", ""), st.query_params.pop("copy", "")
dealers: dict[int, str] = {}
row: ClaimRow | None = None
try:
    with reading() as session:
        if copied.isdecimal():
            copy = copied_draft(session, claim_id=int(copied), actor=actor)
            source = claim_row(session, claim_id=int(copied), scope=actor.scope)
            entry.start(base=copy, dealer_id=source.dealer_id)
        elif linked.isdecimal():
            entry.start(int(linked))
        form = entry.form()
        dealers = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope)}
        row = claim_row(session, claim_id=form.claim_id, scope=actor.scope) if form.claim_id is not None else None
    if row is not None:
        entry.load(form, version=row.version, actor=actor)
        form.dealer_id = row.dealer_id
        form.revealed = form.revealed or row.status != "draft"
except NotFound as gone:
    st.error(gone.problems[0].message)
    st.button("New claim", key="ce_gone", on_click=entry.throw_away, args=(actor,))
    st.stop()
show_outcome(FORM)
if row is not None and (row.status not in DEALERS_TURN or form.sent):
    receipt(row)
    st.stop()
draw_mine()
draw_state(form, row)
holder = st.container()
slots: Slots = {}
st.subheader("Vehicle", anchor="vehicle")
draw_vehicle(slots, dealers, is_stored=row is not None)
hinted = st.container()
st.subheader("Repair order", anchor="repair")
draw_repair(slots)
st.subheader("Jobs", anchor="jobs")
slots["jobs"] = st.container()
draw_jobs(slots)
with st.container(horizontal=True):
    st.button("Add a job", key="ce_job", icon=":material/add:", on_click=entry.add_job)
    st.button(
        "Lines from the jobs", key="ce_lines", icon=":material/playlist_add:",
        on_click=lambda: entry.adopt(lines_of_jobs(entry.typed())),
        help="A line for each operation, and for each part that was replaced",
    )  # fmt: skip
st.subheader("Lines", anchor="lines")
picked = st.container()
edit_lines(form.base.charges, key=form.at("lines"), jobs=len(form.base.jobs))
summed, slots["charges"] = st.container(), st.container()
st.subheader("Files", anchor="files")
slots["attachments"] = st.container()
filed = st.container()
st.subheader("Reasons and note", anchor="reasons")
draw_reasons(slots)

typed = entry.typed()
said = entry.judged(actor)
jobs_at, lines_at = kept_places(typed.jobs), kept_places(typed.charges)
notes: tuple[Note, ...] = ()
if said is not None and (said.draft.vin or form.revealed):
    notes = tuple(
        replace(
            n, job=jobs_at[n.job - 1] if 0 < n.job <= len(jobs_at) else n.job,
            charge=lines_at[n.charge - 1] if 0 < n.charge <= len(lines_at) else n.charge,
        )
        for n in notes_of(said.verdict.results, said.draft, revealed=form.revealed)
    )  # fmt: skip
with holder:
    draw_summary(said if notes or (said and said.draft.vin) else None, notes)
if said is not None:
    with reading() as session:
        hints = hints_for(
            session, typed, dealer_id=entry.dealer() or 0, today=today(actor.zone), actor=actor,
            claim_id=form.claim_id,
        )  # fmt: skip
    with hinted:
        draw_hints(hints, said)
with picked:
    draw_catalogue(said, actor=actor, today=today(actor.zone))
with summed:
    if said is not None:
        draw_sums(said, lines_at)
left = fill_slots(slots, notes)
for note in left:
    with slots["charges"] if note.charge else slots.get(f"jobs.{note.job}.") or holder:
        say(note, where=True)
with filed:
    with reading() as session:
        files = list_files(session, claim_id=form.claim_id, actor=actor) if form.claim_id is not None else ()
    needed = said.needed if said is not None else ()
    draw_needed(needed, files)
    draw_files(files, actor=actor, zone=actor.zone, key="ce_file", may_remove=True)
    draw_upload(key=f"ce_up_{form.key}", needed=needed, files=files, claim=saved_claim)
stray_problems(FORM, list(slots))
unsaved = entry.keep_on_server(actor)
with st.container(horizontal=True, gap="small", vertical_alignment="center"):
    st.button("Save draft", key="ce_save", icon=":material/save:", on_click=save)
    st.button("Send", key="ce_send", type="primary", icon=":material/send:", on_click=send)
    if form.revealed and blocking(notes) and row is not None:
        st.button(
            "Send as it is", key="ce_anyway", type="tertiary", on_click=send, kwargs={"anyway": True},
            help="It counts as sent today and comes back at once with the same findings",
        )  # fmt: skip
    if notes:
        st.caption(count_line(notes), width="content")
    if unsaved:
        st.caption("Not saved yet; kept for you on the server.", width="content")
