"""The state of the entry form: what is on the screen as a draft, never lost by a refusal, a page or a lost connection.

`base` is what the widgets began with; every widget's key carries the form and its revision, so that another base (a
saved claim, a campaign's job, a copied claim) shows at once. Callbacks read what is typed at the click, not before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import streamlit as st

from components.areas.claim_entry_lines import charges_from
from components.clock import now
from components.perform import forget
from db.claims.claim_queries import Preview, entry_draft, preview
from db.claims.draft_rules import tidy
from db.claims.entry_rules import kept_places
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft
from db.claims.typed_commands import Typed, drop_typed, find_typed, keep_typed
from db.core.actor import Actor
from db.core.session import reading, writing

FORM = "claim_entry"
HEADER = ("claim_type", "vin", "ro_number", "ro_opened_on", "ro_closed_on", "failed_on", "reported_on", "odometer_in",
          "odometer_out", "unit", "technician", "advisor", "pre_auth_number", "campaign_number", "contract_number",
          "exclusions", "late_reason", "goodwill_reason", "note")  # fmt: skip
JOB_TEXTS = ("complaint", "cause", "correction", "component", "causal_part", "failure_code", "operation", "action",
             "failed_serial", "fitted_serial")  # fmt: skip
_STATE = "ce_form"


@dataclass(kw_only=True)
class Form:
    """One form on the screen: the claim it belongs to, the version it showed, and what its widgets began with."""

    key: str
    base: ClaimDraft
    claim_id: int | None = None
    version: int = 0
    dealer_id: int | None = None
    revision: int = 0
    saved: ClaimDraft | None = None
    typed: ClaimDraft | None = None
    revealed: bool = False
    sent: bool = False
    brought_back: bool = False

    def at(self, name: str) -> str:
        """The key of a widget."""
        return f"ce_{self.key}_{self.revision}_{name}"


def form() -> Form:
    """The form on the screen; call `begin` first."""
    found: Form = st.session_state[_STATE]
    return found


def start(claim_id: int | None = None, *, base: ClaimDraft | None = None, dealer_id: int | None = None) -> None:
    """Begin a new form, or go on with a claim (in a callback, or before anything is drawn)."""
    forget(FORM)
    st.session_state[_STATE] = Form(
        key=uuid4().hex, base=base or ClaimDraft(), claim_id=claim_id, dealer_id=dealer_id, saved=None
    )  # fmt: skip


def begin(actor: Actor) -> Form:
    """The form to draw: the one on the screen, what was typed before a lost connection, or a new one."""
    if _STATE not in st.session_state:
        with reading() as session:
            kept = find_typed(session, actor=actor, now=now())
        start()
        if kept is not None:
            st.session_state[_STATE] = Form(
                key=kept.form_key or uuid4().hex, base=kept.draft, claim_id=kept.claim_id, version=kept.version,
                dealer_id=kept.dealer_id, typed=kept.draft, brought_back=True, saved=ClaimDraft(),
            )  # fmt: skip
    one = form()
    if one.typed is not None and one.at("vin") not in st.session_state:
        adopt(one.typed)  # the page was left and entered again: its widgets are gone, what was typed is not
    return one


def load(one: Form, *, version: int, actor: Actor) -> None:
    """Show the stored claim where the form has not shown any yet."""
    if one.claim_id is not None and one.saved is None:
        with reading() as session:
            one.base = one.saved = entry_draft(session, claim_id=one.claim_id, actor=actor)
        one.version = version
        one.revision += 1


def adopt(draft: ClaimDraft) -> None:
    """Show this draft in the widgets from the next run on."""
    one = form()
    one.base = one.typed = draft
    one.revision += 1


def dealer() -> int | None:
    """The dealer chosen at this moment."""
    one = form()
    found: int | None = st.session_state.get(one.at("dealer_id"), one.dealer_id)
    return found


def typed() -> ClaimDraft:
    """What is on the screen at this moment, as it was typed."""
    one = form()
    state, base = st.session_state, one.base
    header: dict[str, Any] = {name: state.get(one.at(name), getattr(base, name)) for name in HEADER}
    header["exclusions"] = tuple(header["exclusions"])
    jobs = tuple(
        replace(job, position=place, **{name: _job_text(job, name, place) for name in JOB_TEXTS})
        for place, job in enumerate(base.jobs or (JobDraft(position=1),), 1)
    )
    return replace(base, **header, jobs=jobs, charges=charges_from(base.charges, state.get(one.at("lines"))))


def _job_text(job: JobDraft, name: str, place: int) -> str:
    """A text of a job on the screen, or that of its base while its widget is not drawn."""
    text: str = st.session_state.get(form().at(f"job{place}_{name}"), getattr(job, name))
    return text or ("repair" if name == "action" else "")


def judged(actor: Actor) -> Preview | None:
    """What the rules say of the screen at this moment; None until a dealer is chosen."""
    where = dealer()
    if where is None:
        return None
    with reading() as session:
        return preview(session, tidy(typed()), dealer_id=where, actor=actor, now=now(), claim_id=form().claim_id)


def is_changed(one: Form, draft: ClaimDraft) -> bool:
    """Whether the screen holds what is not saved."""
    return tidy(draft) != tidy(one.saved or ClaimDraft())


def keep_on_server(actor: Actor) -> bool:
    """After the widgets are drawn: keep what is not saved, once for each change. True while something is not saved."""
    one, draft = form(), typed()
    changed = is_changed(one, draft)
    if draft != one.typed:
        one.typed = draft
        with writing(keeps_timeline=False) as session:
            if changed:
                kept = Typed(draft=draft, claim_id=one.claim_id, version=one.version, dealer_id=dealer(),
                             form_key=one.key)  # fmt: skip
                keep_typed(session, typed=kept, actor=actor, now=now())
            else:
                drop_typed(session, actor=actor, now=now())
    return changed


def forget_typed(actor: Actor) -> None:
    """Drop what was kept for this person."""
    with writing(keeps_timeline=False) as session:
        drop_typed(session, actor=actor, now=now())


def throw_away(actor: Actor) -> None:
    """A new, empty form; what was typed is gone (in a callback)."""
    forget_typed(actor)
    start()


def add_job(job: JobDraft | None = None, lines: tuple[ChargeDraft, ...] = (), **header: Any) -> None:
    """Another job, with lines of its own, beside what is typed; an empty one takes its place (in a callback)."""
    draft = typed()
    jobs = draft.jobs
    if job is not None and not kept_places(jobs):
        jobs = ()
    place = len(jobs) + 1
    added = replace(job or JobDraft(position=place), position=place)
    charges = (*draft.charges, *(replace(c, job=place, position=0) for c in lines))
    adopt(replace(draft, jobs=(*jobs, added), charges=charges, **header))


def remove_job(place: int) -> None:
    """Take a job out; its lines stay and belong to the whole visit (in a callback)."""
    draft = typed()
    moved = {old.position: new for new, old in enumerate((j for j in draft.jobs if j.position != place), 1)}
    jobs = tuple(replace(j, position=moved[j.position]) for j in draft.jobs if j.position != place)
    adopt(replace(draft, jobs=jobs, charges=tuple(replace(c, job=moved.get(c.job, 0)) for c in draft.charges)))


def add_line(line: ChargeDraft) -> None:
    """Another line (in a callback)."""
    draft = typed()
    adopt(replace(draft, charges=(*draft.charges, line)))
