"""New claim: entered with the findings adjudication will have beside each field, kept on the server, sent once."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from components.access import guard
from components.areas import claim_entry as entry
from components.areas.claim_entry import FORM
from components.areas.claim_entry_fields import Slots, draw_jobs, draw_reasons, draw_repair, draw_vehicle
from components.areas.claim_entry_hints import draw_catalogue, draw_hints
from components.areas.claim_entry_lines import draw_sums, edit_lines
from components.areas.claim_entry_notes import draw_summary, fill_slots, say
from components.areas.claim_entry_send import draw_mine, draw_state, receipt, save, saved_claim, send
from components.areas.claim_files import draw_files, draw_needed, draw_upload
from components.clock import today
from components.perform import show_outcome, stray_problems
from db.claims.claim_queries import ClaimRow, claim_row, copied_draft, list_files
from db.claims.entry_queries import hints_for
from db.claims.entry_rules import Note, blocking, count_line, kept_places, notes_of
from db.claims.flow import DEALERS_TURN
from db.claims.price_rules import lines_of_jobs
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.dealers.queries import dealer_choices

actor = guard(Permission.CLAIMS_ENTER)


st.title(":material/post_add: New claim")
entry.begin()
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
    entry.load(version=row.version if row else 0, dealer_id=row.dealer_id if row else None, actor=actor)
    form.revealed = form.revealed or (row is not None and row.status != "draft")
except NotFound as gone:
    st.error(gone.problems[0].message)
    st.button("New claim", key="ce_gone", on_click=entry.start)
    st.stop()
show_outcome(FORM)
if row is not None and (row.status not in DEALERS_TURN or form.sent):
    receipt(row)
    st.stop()
draw_mine(actor)
draw_state(form, row, actor)
holder = st.container()
slots: Slots = {}
st.subheader("Vehicle", anchor="vehicle")
draw_vehicle(slots, dealers, is_stored=row is not None)
hinted = st.container()
st.subheader("Visit", anchor="repair")
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
