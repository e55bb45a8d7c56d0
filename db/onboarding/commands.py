"""Starting an onboarding, and every step of its life. The items of its checklist are moved by item_commands.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.checklist.items import close_checklist, create_checklist, items_of, published_template
from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers.lifecycle_commands import hold_dealer, set_lifecycle
from db.onboarding import notices, rules, summary
from db.onboarding.flow import FLOW, STAGE_LABELS, STAGES
from db.onboarding.tables import Onboarding, OnboardingStage
from db.onboarding.template_default import PURPOSE
from db.people.queries import people_to_tell
from db.workflow.engine import begin_step, end_step

NO_TEMPLATE = (
    "There is no published checklist for onboardings yet. A manager publishes one on the page Checklists, "
    "for example the standard list."
)


def start_onboarding(
    session: Session, *, dealer_id: int | None, target_on: date | None, prerequisites: Sequence[str] = (),
    note: str = "", form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Begin the onboarding of a prospect, or of a terminated dealer that comes back under its old id; gives the case.

    The same `form_key` again gives the first case. Problems: dealer_id, target_on, prerequisites (restart only), note.
    """
    actor.require(Permission.ONBOARDING_MANAGE)
    known = session.scalar(select(Onboarding.id).where(Onboarding.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
        problems.refuse_if_any()
    assert dealer_id is not None
    dealer = hold_dealer(session, dealer_id=dealer_id, actor=actor)
    today = summary.zone_day(dealer.zone or "UTC", now)
    if sentence := rules.may_start(dealer.status):
        problems.add("dealer_id", "wrong_status", sentence)
    elif session.scalar(select(Onboarding.id).where(Onboarding.open_for == dealer_id)):
        problems.add("dealer_id", "is_running", "An onboarding of this dealer is running already.")
    rules.check_target(target_on, today=today, problems=problems)
    kind = rules.kind_of(dealer.status)
    rules.check_prerequisites(prerequisites, rules.RESTART, kind=kind, problems=problems)
    if len(note.strip()) > 2000:
        problems.add("note", "too_long", "The note has at most 2,000 characters.")
    template = published_template(session, purpose=PURPOSE)
    if template is None:
        problems.add("", "no_template", NO_TEMPLATE)
    problems.refuse_if_any()
    assert template is not None
    assert target_on is not None
    former = set_lifecycle(session, dealer_id=dealer_id, status="onboarding", actor=actor, now=now)
    (case_id,) = next_ids(session, Onboarding, item_type="onboarding", count=1)
    case = Onboarding(
        id=case_id, number=f"O-{case_id:06}", status=FLOW.initial, is_open=True, version=1, dealer_id=dealer_id,
        region=dealer.region, assignee_id=None if actor.role.is_dealer else actor.user_id,
        due_at=_end_of(target_on, dealer.zone), submitted_by=actor.username, created_at=now, updated_at=now,
        updated_by=actor.name, kind=kind, former_status="prospect" if former == "onboarding" else former,
        open_for=dealer_id, anchor_on=today, target_on=target_on, note=note.strip(), stage_entered_at=now,
        form_key=form_key,
    )  # fmt: skip
    session.add(case)
    session.flush()
    checklist = create_checklist(
        session, template=template, subject_type="onboarding", subject_id=case_id, dealer_id=dealer_id,
        region=dealer.region, anchor_on=today, actor=actor, now=now,
    )  # fmt: skip
    case.checklist_id = checklist.id
    _enter(session, case, FLOW.initial, now=now)
    session.flush()
    summary.refresh(session, case, today=today)
    search.index(
        session, kind="onboarding", item_id=case_id, texts=[case.number, dealer.name, dealer.code],
        dealer_id=dealer_id, region=dealer.region, is_new=True,
    )  # fmt: skip
    said = "starts again" if kind == "restart" else "was started"
    after: dict[str, Any] = {"target_on": target_on, "template": template.number, "dealer_status": "onboarding"}
    if kind == "restart":
        after["prerequisites"] = [label for name, label in rules.RESTART if name in prerequisites]
    note_step(
        session, "start_onboarding", case, said, actor=actor, now=now, reason=note.strip(),
        before={"dealer_status": former}, after=after,
    )  # fmt: skip
    return case_id


def advance(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """To the next stage; refused with every open or failed item of this stage named. The last stage is the review.

    Whoever puts a case into the review has submitted it: they cannot activate it themselves.
    """
    case = begin_step(session, FLOW, "advance", item_id=item_id, seen_version=seen_version, actor=actor)
    found = rules.cannot_advance(items_of(session, checklist_id=case.checklist_id), stage=case.status, stages=STAGES)
    if found:
        raise Refused(*found)
    target = rules.next_stage(case.status, STAGES)
    more: dict[str, Any] = {"submitted_by": actor.username} if target == "golive" else {}
    _leave(session, case, target, now=now)
    changed = end_step(
        session, FLOW, "advance", case, actor=actor, now=now, target=target, stage_entered_at=now, **more
    )
    _enter(session, case, target, now=now)
    if target == "golive":
        notices.tell_submitted(session, case, by=actor.user_id, now=now)
    note_step(session, "advance", case, f"now in {STAGE_LABELS[target]}", actor=actor, now=now, reason=note, **changed)


def send_back(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """To the stage before, with what is missing. Problems: note."""
    case = begin_step(session, FLOW, "send_back", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _required(note, "What is missing")
    target = rules.stage_before(case.status, STAGES)
    _leave(session, case, target, now=now)
    changed = end_step(session, FLOW, "send_back", case, actor=actor, now=now, target=target, stage_entered_at=now)
    _enter(session, case, target, now=now)
    note_step(
        session, "send_back", case, f"sent back to {STAGE_LABELS[target]}", actor=actor, now=now, reason=note, **changed
    )


def change_target(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, target_on: date | None, note: str
) -> None:
    """Move the day the dealer is to go live on. Problems: target_on, note."""
    case = begin_step(session, FLOW, "change_target", item_id=item_id, seen_version=seen_version, actor=actor)
    dealer = hold_dealer(session, dealer_id=case.dealer_id, actor=actor)
    today = summary.zone_day(dealer.zone or "UTC", now)
    problems = Problems()
    rules.check_target(target_on, today=today, problems=problems)
    note = problems.require(note, "note", "Why")
    problems.refuse_if_any()
    assert target_on is not None
    changed = end_step(
        session, FLOW, "change_target", case, actor=actor, now=now, target_on=target_on,
        due_at=_end_of(target_on, dealer.zone),
    )  # fmt: skip
    summary.refresh(session, case, today=today)
    note_step(
        session, "change_target", case, f"target moved to {target_on}", actor=actor, now=now, reason=note, **changed
    )


def assign(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, assignee_id: int | None,
    note: str = "",
) -> None:  # fmt: skip
    """Say who looks after the case: somebody who may manage onboardings of this dealer. Problems: assignee_id."""
    case = begin_step(session, FLOW, "assign", item_id=item_id, seen_version=seen_version, actor=actor)
    may = people_to_tell(session, dealer_id=case.dealer_id, region=case.region, permission=Permission.ONBOARDING_MANAGE)
    if assignee_id not in may:
        raise Refused(Problem(code="not_possible", field="assignee_id", message="Choose somebody who may manage it."))
    changed = end_step(session, FLOW, "assign", case, actor=actor, now=now, assignee_id=assignee_id)
    notices.tell_assigned(session, case, by=actor.user_id, now=now)
    note_step(session, "assign", case, "handed over", actor=actor, now=now, reason=note, **changed)


def activate(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Let the dealer go live. Refused by whoever put the case forward, and while anything is open or failed: each gate
    is named with why."""
    case = begin_step(session, FLOW, "activate", item_id=item_id, seen_version=seen_version, actor=actor)
    found = rules.cannot_activate(items_of(session, checklist_id=case.checklist_id))
    if found:
        raise Refused(*found)
    dealer_id = case.dealer_id
    set_lifecycle(session, dealer_id=dealer_id, status="active", actor=actor, now=now)
    _close(session, case, "active", actor=actor, now=now)
    changed = end_step(
        session, FLOW, "activate", case, actor=actor, now=now, activated_at=now, closed_at=now, open_for=None,
        activated_on=summary.day_at(session, dealer_id, now), closing_reason=note,
    )  # fmt: skip
    notices.tell_activated(session, case, by=actor.user_id, now=now)
    note_step(session, "activate", case, "the dealer is live", actor=actor, now=now, reason=note, **changed)


def withdraw(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """The dealer steps back; it gets the status it had before. Problems: note."""
    _end(session, "withdraw", item_id=item_id, seen_version=seen_version, note=note, actor=actor, now=now)


def decline(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """We say no; the dealer gets the status it had before. Problems: note."""
    _end(session, "decline", item_id=item_id, seen_version=seen_version, note=note, actor=actor, now=now)


def _end(
    session: Session, step: str, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    case = begin_step(session, FLOW, step, item_id=item_id, seen_version=seen_version, actor=actor)
    note = _required(note, "Why")
    set_lifecycle(session, dealer_id=case.dealer_id, status=case.former_status, actor=actor, now=now)
    target = FLOW.step(step).targets[0]
    _close(session, case, target, actor=actor, now=now)
    changed = end_step(
        session, FLOW, step, case, actor=actor, now=now, closed_at=now, open_for=None, closing_reason=note
    )
    said = f"{FLOW.state(target).label.lower()}; the dealer is {case.former_status} again"
    note_step(session, step, case, said, actor=actor, now=now, reason=note, **changed)


# ---- the parts -------------------------------------------------------------------------------------------------------
def _required(text: str, label: str) -> str:
    problems = Problems()
    text = problems.require(text, "note", label)
    problems.refuse_if_any()
    return text


def _end_of(day: date, zone: str) -> datetime:
    """The last moment of a day where the dealer is."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone or "UTC")) - timedelta(seconds=1)


def _enter(session: Session, case: Onboarding, stage: str, *, now: datetime) -> None:
    session.add(
        OnboardingStage(
            onboarding_id=case.id, dealer_id=case.dealer_id, region=case.region, stage=stage, entered_at=now, left_to=""
        )
    )


def _leave(session: Session, case: Onboarding, target: str, *, now: datetime) -> None:
    session.execute(
        update(OnboardingStage)
        .where(OnboardingStage.onboarding_id == case.id, OnboardingStage.left_at.is_(None))
        .values(left_at=now, left_to=target)
        .execution_options(synchronize_session=False)
    )


def _close(session: Session, case: Onboarding, target: str, *, actor: Actor, now: datetime) -> None:
    """Nothing of the case is due any more; its columns show how it stood in the end."""
    _leave(session, case, target, now=now)
    assert case.checklist_id is not None
    summary.refresh(session, case, today=summary.day_at(session, case.dealer_id, now))
    close_checklist(session, checklist_id=case.checklist_id, completed=target == "active", now=now)


def note_step(
    session: Session, command: str, case: Onboarding, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one timeline entry of a command, about the case and its dealer."""
    changes.touch(session, "onboarding")
    assert case.dealer_id is not None
    timeline.record(
        session, actor=actor, now=now, area="onboarding", command=command, summary=f"{case.number}: {said}",
        items=[
            timeline.Item("onboarding", case.id, case.dealer_id),
            timeline.Item("dealer", case.dealer_id, case.dealer_id),
        ],
        before=before, after=after, reason=reason, extra=extra,
    )  # fmt: skip


COMMANDS: dict[str, Callable[..., Any]] = {
    "advance": advance, "activate": activate, "change_target": change_target, "assign": assign, "send_back": send_back,
    "withdraw": withdraw, "decline": decline,
}  # fmt: skip
