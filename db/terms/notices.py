"""What people are told about proposed terms: that one waits for them, and what became of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person
from db.terms.flow import FLOW
from db.terms.proposals import ITEM, in_words
from db.terms.tables import TermChange


def tell_proposed(session: Session, changes: Sequence[TermChange], *, by: Actor, now: datetime) -> None:
    """Tell who may decide, one line a person however many were asked for together; whoever asked is not told."""
    waiting: dict[int, list[TermChange]] = {}
    reached: dict[str | None, list[int]] = {}
    for change in changes:
        if change.region not in reached:
            # Those who decide belong to the manufacturer, whose scopes are all or regions.
            reached[change.region] = people_to_tell(
                session, dealer_id=change.dealer_id, region=change.region, permission=Permission.TERMS_DECIDE
            )
        for person_id in reached[change.region]:
            if person_id != by.user_id:
                waiting.setdefault(person_id, []).append(change)
    for some, people in _grouped(waiting):
        title = (
            f"{some[0].number} waits for your decision" if len(some) == 1 else _count(some, "wait for your decision")
        )
        _tell(session, people, kind="proposed", title=title, changes=some, note=some[0].reason, now=now)


def tell_decided(session: Session, changes: Sequence[TermChange], *, by: Actor, note: str, now: datetime) -> None:
    """Tell each person who asked what became of it, one line however many were decided together."""
    usernames = sorted({c.submitted_by for c in changes})
    ids = dict(session.execute(select(Person.username, Person.id).where(Person.username.in_(usernames))).all())
    mine: dict[int, list[TermChange]] = {}
    for change in changes:
        person_id = ids.get(change.submitted_by)
        if person_id is not None and person_id != by.user_id:
            mine.setdefault(person_id, []).append(change)
    for some, people in _grouped(mine):
        word = {"in_force": "approved"}.get(some[0].status, FLOW.state(some[0].status).label.lower())
        was = "was" if len(some) == 1 else "were"
        title = f"{some[0].number if len(some) == 1 else plural(len(some), 'proposal')} {was} {word} by {by.name}"
        _tell(session, people, kind="decided", title=title, changes=some, note=note, now=now)


def _grouped(by_person: dict[int, list[TermChange]]) -> list[tuple[list[TermChange], list[int]]]:
    """People who are to read the same, together: one statement for all of them."""
    groups: dict[tuple[int, ...], tuple[list[TermChange], list[int]]] = {}
    for person_id, changes in sorted(by_person.items()):
        groups.setdefault(tuple(c.id for c in changes), (changes, []))[1].append(person_id)
    return list(groups.values())


def _count(changes: Sequence[TermChange], words: str) -> str:
    return f"{plural(len(changes), 'proposal')} {words}"


def _tell(
    session: Session, people: Sequence[int], *, kind: str, title: str, changes: Sequence[TermChange], note: str,
    now: datetime,
) -> None:  # fmt: skip
    lines = [in_words(c) for c in changes[:5]]
    if len(changes) > 5:
        lines.append(f"and {len(changes) - 5:,} more")
    body = "; ".join(lines) + (f". {note}" if note else "")
    first = changes[0]
    notify(
        session, person_ids=people, kind=kind, title=title, body=body, item_type=ITEM, item_id=first.id,
        dedupe_key=f"{ITEM}:{first.id}:{kind}:{first.version}:{len(changes)}", now=now, mail=True,
    )  # fmt: skip
