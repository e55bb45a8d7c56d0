"""What people do to the dealer network: add a dealer, change one (its status, its share of leads, its territory)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.tables import WorkCalendar
from db.core import changes as counters
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Differing, NotFound, Problem, Problems, Refused, Stale, differing
from db.dealers import groups, record, rules
from db.dealers.record import DealerFacts
from db.dealers.tables import Dealer, DealerGroup


def add_dealer(
    session: Session,
    *,
    code: str,
    name: str,
    state: str,
    region: str = "",
    legal_name: str = "",
    group: str = "",
    url: str = "",
    email: str = "",
    phone: str = "",
    street: str = "",
    city: str = "",
    postal_code: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    zone: str = "",
    status: str = "prospect",
    calendar_id: int | None = None,
    lead_weight: int = 1,
    lead_cap: int = 0,
    daily_quota: int = 0,
    takes_leads: bool = True,
    brands: tuple[str, ...] = (),
    territories: tuple[str, ...] = (),
    actor: Actor,
    now: datetime,
) -> int:
    """Enter a dealer; gives its id. Without `zone` it keeps the time of its place, without calendar the usual hours.

    Refused with a problem at each field that is wrong, `code_taken` for a code that is in use.
    """
    actor.require(Permission.DEALERS_MANAGE)
    problems = Problems()
    facts = record.checked(
        DealerFacts(
            code=code, name=name, state=state, region=region, legal_name=legal_name, group=group, url=url,
            email=email, phone=phone, street=street, city=city, postal_code=postal_code, latitude=latitude,
            longitude=longitude, zone=zone, status=status, calendar_id=calendar_id, lead_weight=lead_weight,
            lead_cap=lead_cap, daily_quota=daily_quota, takes_leads=takes_leads, brands=tuple(brands),
            territories=tuple(territories),
        ),
        problems,
    )  # fmt: skip
    facts = in_known_group(facts, groups.by_key(session, [facts.group]), problems)
    check_calendar(session, facts, problems)
    _check_code_is_free(session, facts.code, problems)
    check_region(actor, facts, problems)
    problems.refuse_if_any()
    dealer = record.create(session, [facts], now=now, scope=actor.scope)[0]
    counters.touch(session, "dealers")
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="dealers",
        command="add_dealer",
        summary=f"Dealer {dealer.code} {dealer.name} was entered.",
        items=[timeline.Item("dealer", dealer.id, dealer.id)],
        after={name: getattr(facts, name) for name in record.FIELDS},
    )
    return dealer.id


def change_dealer(
    session: Session,
    *,
    dealer_id: int,
    seen_version: int,
    changes: Mapping[str, Any],
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> int:
    """Change facts of a dealer (the names of `DealerFacts`); gives its new version, the old one when nothing differs.

    Refused as stale when somebody changed the dealer since `seen_version`; a status may only go where the life of a
    dealer allows, and suspending or terminating needs a reason.
    """
    actor.require(Permission.DEALERS_MANAGE)
    unknown = sorted(set(changes) - set(record.FIELDS))
    if unknown:
        raise Refused(*(Problem(code="unknown_field", message=f'There is no field "{n}".', field=n) for n in unknown))
    dealer = session.scalars(select(Dealer).where(Dealer.id == dealer_id).with_for_update()).one_or_none()
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    if dealer.version != seen_version:
        stored = dataclasses.asdict(record.facts_of(session, [dealer])[dealer.id])
        raise stale(session, dealer, differs=differing(record.LABELS, stored, changes))
    before = record.facts_of(session, [dealer])[dealer.id]
    problems = Problems()
    after = record.checked(record.changed_with(before, changes), problems)
    after = in_known_group(after, groups.by_key(session, [after.group]), problems)
    old, new = record.differences(before, after)
    if "calendar_id" in new:
        check_calendar(session, after, problems)
    if "code" in new:
        _check_code_is_free(session, after.code, problems)
    if "region" in new:
        check_region(actor, after, problems)
    if "status" in new:
        _check_status_step(before.status, after.status, reason, problems)
    problems.refuse_if_any()
    if new:
        record.write(session, dealer, before, after, now=now, scope=actor.scope)
        counters.touch(session, "dealers", *(record.MOVE_ALONG if "region" in new else ()))
    labels = ", ".join(record.LABELS[name].lower() for name in new) or "nothing"
    timeline.record(
        session,
        actor=actor,
        now=now,
        area="dealers",
        command="change_dealer",
        summary=f"Dealer {dealer.code} {dealer.name} was changed: {labels}.",
        items=[timeline.Item("dealer", dealer.id, dealer.id)],
        before=old,
        after=new,
        reason=reason.strip(),
    )
    return dealer.version


def in_known_group(facts: DealerFacts, known: dict[str, DealerGroup], problems: Problems) -> DealerFacts:
    """The facts with their group as it is stored; a problem at `group` for one that is not there."""
    return dataclasses.replace(facts, group=groups.known_as(known, facts.group, problems))


def check_calendar(session: Session, facts: DealerFacts, problems: Problems) -> None:
    """A problem at `calendar_id` when these working hours are gone."""
    if facts.calendar_id is not None and session.get(WorkCalendar, facts.calendar_id) is None:
        problems.add("calendar_id", "unknown_calendar", "These working hours do not exist any more.")


def _check_code_is_free(session: Session, code: str, problems: Problems) -> None:
    if code and session.scalar(select(Dealer.id).where(Dealer.code == code)) is not None:
        problems.add("code", "code_taken", f"The code {code} belongs to another dealer.")


def check_region(actor: Actor, facts: DealerFacts, problems: Problems) -> None:
    """A problem at `region` when the actor would lose sight of the dealer by the change."""
    if not actor.scope.allows(dealer_id=None, region=facts.region):
        problems.add("region", "not_allowed", f"{facts.region} is outside of what you look after.")


def _check_status_step(status: str, target: str, reason: str, problems: Problems) -> None:
    rules.check_status_step(status, target, problems)
    if target in ("suspended", "terminated") and not reason.strip():
        problems.add("reason", "required", "A reason is needed.")


ABOUT_PEOPLE = ("add_contact", "change_contact", "mark_left", "mark_returned")
"""Commands that stand in a dealer's history and leave its own record as it was."""


def stale(session: Session, dealer: Dealer, *, differs: Sequence[Differing] = ()) -> Stale:
    """The refusal of a decision made on an older version of this dealer, with who changed it, when, and what."""
    last = session.execute(
        select(timeline.TimelineEntry.actor_name, timeline.TimelineEntry.at)
        .join(timeline.TimelineLink, timeline.TimelineLink.seq == timeline.TimelineEntry.seq)
        .where(timeline.TimelineLink.item_type == "dealer", timeline.TimelineLink.item_id == dealer.id)
        .where(timeline.TimelineEntry.area.in_(("dealers", "imports", "onboarding")))
        .where(timeline.TimelineEntry.command.not_in(ABOUT_PEOPLE))
        .order_by(timeline.TimelineEntry.seq.desc())
        .limit(1)
    ).first()
    who, when = (last.actor_name, last.at) if last else ("somebody", dealer.updated_at)
    return Stale(what=f"Dealer {dealer.code}", changed_by=who, changed_at=when, differs=differs)
