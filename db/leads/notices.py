"""What people are told about leads: assigned, about to breach, breached; each once (issue 2, notifications)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.labels import plural
from db.core.permissions import Permission, Role
from db.leads.tables import Lead, Person
from db.people.notifications import notify
from db.people.queries import people_to_tell


def in_charge(session: Session, lead: Lead, *roles: Role, permission: Permission = Permission.LEADS_WORK) -> list[int]:
    """Ids of the active people with one of these roles whose scope reaches the lead."""
    ids = people_to_tell(session, dealer_id=lead.dealer_id, region=lead.region, permission=permission)
    wanted = [role.value for role in roles]
    return list(session.scalars(select(Person.id).where(Person.id.in_(ids), Person.role.in_(wanted))))


def workers_of(session: Session, lead: Lead) -> list[int]:
    """Whom a lead is waiting for: the person it is assigned to, else everybody who works leads at its dealer."""
    if lead.assignee_id is not None:
        return [lead.assignee_id]
    return in_charge(session, lead, Role.DEALER_STAFF, Role.DEALER_MANAGER)


def tell_assigned(session: Session, lead: Lead, *, by: int | None, now: datetime) -> None:
    """A lead was given to somebody, or to a dealer's people; whoever did it is not told."""
    people = [p for p in workers_of(session, lead) if p != by]
    notify(
        session, person_ids=people, kind="assigned", title=f"{lead.number} was assigned to you", body=_wish(lead),
        item_type="lead", item_id=lead.id, dedupe_key=f"lead:{lead.id}:assigned:{lead.version}", now=now, mail=True,
    )  # fmt: skip


def tell_assigned_many(session: Session, leads: Collection[Lead], *, by: int | None, key: str, now: datetime) -> None:
    """The same for leads assigned together: one line a person instead of one a lead."""
    if len(leads) == 1:
        tell_assigned(session, next(iter(leads)), by=by, now=now)
        return
    first = next(iter(leads))
    people = [p for p in workers_of(session, first) if p != by]
    numbers = ", ".join(lead.number for lead in list(leads)[:10])
    more = f" and {len(leads) - 10} more" if len(leads) > 10 else ""
    notify(
        session, person_ids=people, kind="assigned", title=f"{plural(len(leads), 'lead')} were assigned to you",
        body=numbers + more, item_type="lead", item_id=first.id, dedupe_key=f"leads:assigned:{key}", now=now, mail=True,
    )  # fmt: skip


def tell_warning(session: Session, lead: Lead, *, percent: int, minutes_left: int, now: datetime) -> int:
    """Half, and then four fifths, of the promise are used up (2.2 B); gives back how many people were told now."""
    people = workers_of(session, lead)
    if percent >= 80:
        people = [*people, *in_charge(session, lead, Role.DEALER_MANAGER)]
    return notify(
        session, person_ids=people, kind="about_to_breach", item_type="lead", item_id=lead.id, now=now,
        mail=percent >= 80,
        title=f"{lead.number} waits for an answer, {plural(minutes_left, 'working minute')} left", body=_wish(lead),
        dedupe_key=f"lead:{lead.id}:warn{percent}",
    )  # fmt: skip


def tell_breach(session: Session, lead: Lead, *, body: str, now: datetime) -> None:
    """The first promise was missed: the dealer's manager and the coordinator are told, and who has the lead."""
    people = {
        *workers_of(session, lead),
        *in_charge(session, lead, Role.DEALER_MANAGER, Role.COORDINATOR, permission=Permission.LEADS_ASSIGN),
    }
    notify(
        session, person_ids=people, kind="breached", title=f"{lead.number} was not answered in time", body=body,
        item_type="lead", item_id=lead.id, dedupe_key=f"lead:{lead.id}:breached", now=now, mail=True,
    )  # fmt: skip


def tell_unassigned(session: Session, lead: Lead, *, why: str, now: datetime) -> None:
    """A lead without a dealer: never silently unassigned (2.2 C 7)."""
    people = in_charge(session, lead, Role.COORDINATOR, Role.MANAGER, permission=Permission.LEADS_ASSIGN)
    notify(
        session, person_ids=people, kind="unassigned", title=f"{lead.number} has no dealer yet", body=why,
        item_type="lead", item_id=lead.id, dedupe_key=f"lead:{lead.id}:unassigned:{lead.version}", now=now, mail=True,
    )  # fmt: skip


def _wish(lead: Lead) -> str:
    """What the lead is about, without personal data: notifications and mails travel further than records do."""
    return " · ".join(part for part in (lead.wants, lead.source) if part)
