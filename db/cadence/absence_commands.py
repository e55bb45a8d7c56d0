"""Away from a day to a day with a stand-in, and handing everything of one person to a colleague for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from db.cadence.rules import check_absence
from db.cadence.tables import CadenceAbsence, Dealer, Person
from db.calendar.queries import calendar_for_dealer
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.leads.handover_commands import MOST_AT_ONCE, hand_over_leads
from db.leads.queries import people_of_dealer

LONGEST_NOTE = 200


def add_absence(
    session: Session, *, dealer_id: int | None, person_id: int | None, stand_in_id: int | None,
    first_day: date | None, last_day: date | None, actor: Actor, now: datetime, note: str = "", form_key: str = "",
) -> int:  # fmt: skip
    """Say that somebody of a dealer is away and who stands in; gives the id. Days are days at the dealer.

    One's own absence, or anybody's at one's dealers with the right to hand over. Problems: dealer_id, person_id,
    stand_in_id, first_day, last_day, note.
    """
    actor.require(Permission.TASKS_WORK)
    if person_id != actor.user_id:
        actor.require(Permission.TASKS_HAND_OVER)
    if form_key:
        known = session.scalar(select(CadenceAbsence.id).where(CadenceAbsence.form_key == form_key))
        if known is not None:
            timeline.repeated(session)
            return known
    problems = Problems()
    dealer, people = _dealer_and_people(session, dealer_id, actor=actor, problems=problems)
    if dealer is not None and person_id not in people:
        problems.add("person_id", "not_theirs", f"Choose somebody who works the leads of {dealer.name}.")
    if dealer is not None and (stand_in_id not in people or stand_in_id == person_id):
        problems.add("stand_in_id", "not_theirs", f"Choose somebody else of {dealer.name} to stand in.")
    zone = calendar_for_dealer(session, dealer_id).zone
    problems.found += check_absence(first_day, last_day, today=local_day(now, zone))
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE} characters fit.")
    problems.refuse_if_any()
    assert dealer is not None
    assert person_id is not None
    assert stand_in_id is not None
    assert first_day is not None
    assert last_day is not None
    _refuse_overlaps(session, person_id=person_id, stand_in_id=stand_in_id, first=first_day, last=last_day)
    made = CadenceAbsence(
        person_id=person_id, stand_in_id=stand_in_id, dealer_id=dealer.id, region=dealer.region, first_day=first_day,
        last_day=last_day, note=note, is_active=True, created_at=now, updated_at=now, updated_by=actor.name,
        form_key=form_key or None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    changes.touch(session, "cadence")
    timeline.record(
        session, actor=actor, now=now, area="cadence", command="add_absence", reason=note,
        summary=f"{people[person_id]} is away from {first_day:%-d %b} to {last_day:%-d %b}; "
        f"{people[stand_in_id]} stands in",
        items=[timeline.Item("dealer", dealer.id, dealer.id)],
        after={"person_id": person_id, "stand_in_id": stand_in_id, "first_day": first_day, "last_day": last_day},
    )  # fmt: skip
    return made.id


def _refuse_overlaps(session: Session, *, person_id: int, stand_in_id: int, first: date, last: date) -> None:
    """Neither may be away in these days already, and nobody away may have to stand in.

    Both people's rows are locked first, in order: two absences at once wait for each other on PostgreSQL, too.
    """
    session.execute(
        select(Person.id).where(Person.id.in_([person_id, stand_in_id])).order_by(Person.id).with_for_update()
    ).all()
    rows = session.execute(
        select(CadenceAbsence.person_id, CadenceAbsence.first_day, CadenceAbsence.last_day).where(
            CadenceAbsence.is_active == true(), CadenceAbsence.first_day <= last, CadenceAbsence.last_day >= first,
            or_(
                CadenceAbsence.person_id.in_([person_id, stand_in_id]), CadenceAbsence.stand_in_id == person_id
            ),
        )
    ).all()  # fmt: skip
    problems = Problems()
    for away_id, other_first, other_last in rows:
        days = f"{other_first:%-d %b} to {other_last:%-d %b}"
        if away_id == person_id:
            problems.add("first_day", "overlaps", f"An absence from {days} is entered already.")
        elif away_id == stand_in_id:
            problems.add("stand_in_id", "away_too", f"The stand-in is away from {days}.")
        else:
            problems.add(
                "person_id", "stands_in", f"This person stands in for somebody from {days}; change that first."
            )
    problems.refuse_if_any()


def end_absence(
    session: Session, *, absence_id: int, seen_version: int, last_day: date | None, actor: Actor, now: datetime
) -> None:
    """Let an absence end earlier; without a day it is taken back as a whole. Problems: last_day."""
    actor.require(Permission.TASKS_WORK)
    row = session.scalars(select(CadenceAbsence).where(CadenceAbsence.id == absence_id).with_for_update()).one_or_none()
    if row is None or not actor.scope.allows(dealer_id=row.dealer_id, region=row.region):
        raise NotFound("This absence")
    if row.person_id != actor.user_id:
        actor.require(Permission.TASKS_HAND_OVER)
    if row.version != seen_version:
        raise Stale(what="This absence", changed_by=row.updated_by, changed_at=row.updated_at)
    today = local_day(now, calendar_for_dealer(session, row.dealer_id).zone)
    if not row.is_active or row.last_day < today:
        raise Refused(Problem(code="wrong_state", message="This absence is over."))
    problems = Problems()
    if last_day is None and row.first_day < today:
        problems.add("last_day", "began", "It has begun; say its last day instead.")
    if last_day is not None and not row.first_day <= last_day < row.last_day:
        problems.add("last_day", "out_of_range", "Choose a day from its first day on and before its last.")
    problems.refuse_if_any()
    before = {"last_day": row.last_day, "is_active": row.is_active}
    if last_day is None:
        row.is_active = False
    else:
        row.last_day = last_day
    row.version += 1
    row.updated_at, row.updated_by = now, actor.name
    session.flush()
    changes.touch(session, "cadence")
    timeline.record(
        session, actor=actor, now=now, area="cadence", command="end_absence",
        summary="An absence ends earlier" if last_day else "An absence was taken back",
        items=[timeline.Item("dealer", row.dealer_id, row.dealer_id)], before=before,
        after={"last_day": row.last_day, "is_active": row.is_active},
    )  # fmt: skip


def hand_over(
    session: Session, *, dealer_id: int | None, from_id: int | None, to_id: int | None, note: str, actor: Actor,
    now: datetime, lead_ids: Sequence[int] | None = None,
) -> int:  # fmt: skip
    """Give a person's open leads with their tasks to a colleague of the same dealer; all, or those named.

    One command, one timeline entry for all; promises stay as they were given. At most 500 at once; gives how many.
    Problems: dealer_id, from_id, to_id, lead_ids, note.
    """
    actor.require(Permission.TASKS_HAND_OVER)
    problems = Problems()
    note = problems.require(note, "note", "A note", longest=LONGEST_NOTE)
    dealer, people = _dealer_and_people(session, dealer_id, actor=actor, problems=problems)
    if from_id is None:
        problems.add("from_id", "required", "Choose whose leads are handed over.")
    if dealer is not None and (to_id not in people or to_id == from_id):
        problems.add("to_id", "not_theirs", f"Choose somebody else who works the leads of {dealer.name}.")
    if lead_ids is not None and len(lead_ids) > MOST_AT_ONCE:
        problems.add("lead_ids", "too_many", f"At most {MOST_AT_ONCE} leads can be handed over at once.")
    problems.refuse_if_any()
    assert dealer is not None
    assert from_id is not None
    assert to_id is not None
    moves = hand_over_leads(
        session, dealer_id=dealer.id, from_id=from_id, to_id=to_id, lead_ids=lead_ids, actor=actor, now=now
    )
    if not moves:
        raise Refused(Problem(field="lead_ids", code="nothing", message="There is no open lead to hand over."))
    changes.touch(session, "cadence")
    timeline.record(
        session, actor=actor, now=now, area="cadence", command="hand_over", reason=note,
        summary=f"{plural(len(moves), 'open lead')} handed over to {people[to_id]}",
        items=[move.item for move in moves], before={"assignee_id": from_id}, after={"assignee_id": to_id},
        extra={"leads": [move.number for move in moves]},
    )  # fmt: skip
    return len(moves)


def _dealer_and_people(
    session: Session, dealer_id: int | None, *, actor: Actor, problems: Problems
) -> tuple[Dealer | None, dict[int, str]]:
    """A dealer of the actor's scope and its people; one out of scope answers like one that is not there."""
    dealer = session.get(Dealer, dealer_id) if dealer_id else None
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        problems.add("dealer_id", "not_found", "Choose a dealer.")
        return None, {}
    people = dict(people_of_dealer(session, dealer_id=dealer.id, actor=actor))
    if not actor.role.is_dealer and actor.user_id is not None:
        people.pop(actor.user_id, None)  # somebody of the desk is nobody of the dealer
    return dealer, people
