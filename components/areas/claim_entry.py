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
from db.core.session import note, reading, writing

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
    lines_revision: int = 0
    saved: ClaimDraft | None = None
    typed: ClaimDraft | None = None
    revealed: bool = False
    sent: bool = False
    is_given: bool = False
    brought_back: bool = False

    def at(self, name: str) -> str:
        """The key of a widget; the grid of lines has a revision of its own within that of the form."""
        own = f"_{self.lines_revision}" if name == "lines" else ""
        return f"ce_{self.key}_{self.revision}_{name}{own}"


def form() -> Form:
    """The form on the screen; call `begin` first."""
    found: Form = st.session_state[_STATE]
    return found


def start(claim_id: int | None = None, *, base: ClaimDraft | None = None, dealer_id: int | None = None) -> None:
    """Begin a new form, go on with a claim, or begin with `base` (in a callback, or before anything is drawn)."""
    forget(FORM)
    st.session_state[_STATE] = Form(
        key=uuid4().hex, base=base or ClaimDraft(), claim_id=claim_id, dealer_id=dealer_id, is_given=base is not None
    )  # fmt: skip


def begin() -> None:
    """Make sure that there is a form, with everything that was typed before this page was left."""
    if _STATE not in st.session_state:
        start()
    one = form()
    if one.typed is not None and one.at("vin") not in st.session_state:
        adopt(one.typed)  # the page was left and entered again: its widgets are gone, what was typed is not


def load(*, version: int, dealer_id: int | None, actor: Actor) -> None:
    """Fill a form that has shown nothing yet: the stored claim, or what this person had typed and not saved.

    `version` and `dealer_id` are those of the stored claim (0, None for a new one). Fields that show already what was
    just saved stay the fields they are: who types on before the page has answered must not type into one that goes.
    """
    one = form()
    if one.saved is not None:
        return
    shown, lines = typed() if one.at("vin") in st.session_state else None, one.base.charges
    with reading() as session:
        one.saved = entry_draft(session, claim_id=one.claim_id, actor=actor)
        kept = None if one.is_given else find_typed(session, claim_id=one.claim_id, actor=actor, now=now())
    one.version, one.dealer_id = version, dealer_id or one.dealer_id
    one.base, one.brought_back = (one.base if one.is_given else one.saved), False
    if kept is not None and tidy(kept.draft) != tidy(one.saved):
        one.base = one.typed = kept.draft
        one.version, one.dealer_id, one.brought_back = kept.version, dealer_id or kept.dealer_id, True
    if shown is None or not _shows(shown, one.base):
        one.revision += 1
    elif lines != one.base.charges:
        one.lines_revision += 1


def _shows(shown: ClaimDraft, base: ClaimDraft) -> bool:
    """Whether the fields, but for the grid of lines, say what `base` says."""
    if len(shown.jobs) != max(len(base.jobs), 1):
        return False
    return tidy(replace(shown, charges=())) == tidy(replace(base, charges=()))


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
    if draft == one.typed or (one.typed is None and not changed):
        return changed

    def work(session: Any) -> None:
        if changed:
            kept = Typed(draft=draft, claim_id=one.claim_id, version=one.version, dealer_id=dealer())
            keep_typed(session, typed=kept, actor=actor, now=now())
        else:
            drop_typed(session, claim_id=one.claim_id, actor=actor, now=now())

    if note(work):
        one.typed = draft
    return changed


def forget_typed(actor: Actor) -> None:
    """Drop what was kept of the claim on the screen."""
    with writing(keeps_timeline=False) as session:
        drop_typed(session, claim_id=form().claim_id, actor=actor, now=now())


def throw_away(actor: Actor) -> None:
    """Show the claim as it is stored, or an empty form; what was typed and not saved is gone (in a callback)."""
    forget_typed(actor)
    start(form().claim_id)


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
