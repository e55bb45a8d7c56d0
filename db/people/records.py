"""Loading an account for a change, and leaving its trace: version, timeline, search index, change counter."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.problems import NotFound, Problems, Stale
from db.core.settings import settings
from db.people.queries import DEALER
from db.people.rules import squeeze, stems
from db.people.tables import Person, PersonScope


def load(session: Session, person_id: int, seen_version: int | None) -> Person:
    """The account, locked for a change; raises `NotFound`, or `Stale` when it is no longer what the person saw."""
    person = session.execute(select(Person).where(Person.id == person_id).with_for_update()).scalar_one_or_none()
    if person is None:
        raise NotFound("This person")
    if seen_version is not None and person.version != seen_version:
        last = session.execute(
            select(timeline.TimelineEntry.actor_name, timeline.TimelineEntry.at)
            .join(timeline.TimelineLink, timeline.TimelineLink.seq == timeline.TimelineEntry.seq)
            .where(timeline.TimelineLink.item_type == "person", timeline.TimelineLink.item_id == person_id)
            .order_by(timeline.TimelineEntry.seq.desc())
            .limit(1)
        ).one()
        raise Stale(what=f"The account {person.username}", changed_by=last.actor_name, changed_at=last.at)
    return person


def words_of(session: Session, person: Person) -> set[str]:
    """Names a person's password may not be built from."""
    ids = session.scalars(select(PersonScope.dealer_id).where(PersonScope.person_id == person.id)).all()
    return guessable_words(
        session, username=person.username, name=person.name, email=person.email,
        dealer_ids=[i for i in ids if i is not None],
    )  # fmt: skip


def guessable_words(
    session: Session, *, username: str, name: str, email: str, dealer_ids: Collection[int] = ()
) -> set[str]:
    """The person's own names, this desk's, the words of the person's dealers, and every dealer's full name."""
    own = [n for (n,) in session.execute(select(DEALER.c.name).where(DEALER.c.id.in_(sorted(dealer_ids))))]
    every = {squeeze(n) for (n,) in session.execute(select(DEALER.c.name))}
    return stems(username, name, email, settings().organisation, *own) | {n for n in every if len(n) >= 6}


@cache
def _zones() -> frozenset[str]:
    """Every IANA zone; the files of the machine are looked through once a process."""
    return frozenset(available_timezones())


def check_zone(problems: Problems, zone: str) -> None:
    """Note a problem when `zone` is no IANA time zone."""
    if zone not in _zones():
        problems.add("zone", "unknown_zone", "Choose a time zone such as America/Chicago.")


def tidy_email(problems: Problems, email: str) -> str:
    """The address without spaces around it; notes a problem when it is none. Empty stays empty."""
    email = email.strip()
    local, at, domain = email.rpartition("@")
    if email and (not at or not local or not domain or any(c.isspace() for c in email) or len(email) > 254):
        problems.add("email", "bad_email", "This is not an e-mail address such as name@company.com.")
    return email


def scope_facts(kind: str, regions: Collection[str], dealer_ids: Collection[int]) -> dict[str, Any]:
    """A scope as the timeline keeps it."""
    facts: dict[str, Any] = {"scope": kind}
    if kind == "regions":
        facts["regions"] = sorted(set(regions))
    elif kind == "dealers":
        facts["dealer_ids"] = sorted(set(dealer_ids))
    return facts


def facts(session: Session, person: Person) -> dict[str, Any]:
    """Everything about an account that the timeline compares before and after."""
    rows = session.execute(
        select(PersonScope.region, PersonScope.dealer_id).where(PersonScope.person_id == person.id)
    ).all()
    scope = scope_facts(person.scope_kind, [r for r, _ in rows if r], [d for _, d in rows if d is not None])
    return {"name": person.name, "email": person.email, "zone": person.zone, "role": person.role, **scope}


def record_change(
    session: Session, command: str, person: Person, *, actor: Actor, now: datetime, before: dict[str, Any], summary: str
) -> None:
    """Write the entry of a change, with the facts that differ from `before`."""
    session.flush()
    after = facts(session, person)
    changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
    record(
        session, command, person, actor=actor, now=now, summary=summary,
        before={k: before.get(k) for k in sorted(changed)}, after={k: after.get(k) for k in sorted(changed)},
    )  # fmt: skip


def keep_true(session: Session, person: Person) -> None:
    """Raise the counter, and keep the search index true to the person's names."""
    search.index(
        session, kind="person", item_id=person.id, texts=[person.name, person.username, person.email], dealer_id=None,
        region=None,
    )  # fmt: skip
    changes.touch(session, "people")


def record(
    session: Session, command: str, person: Person, *, actor: Actor, now: datetime, summary: str,
    before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Write the one entry, raise the counter, and keep the search index true to the person's names."""
    keep_true(session, person)
    timeline.record(
        session, actor=actor, now=now, area="people", command=command, summary=summary,
        items=[timeline.Item("person", person.id)], before=before, after=after, reason=reason,
    )  # fmt: skip
