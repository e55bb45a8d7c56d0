"""Who is away and who signs instead: delegations with dates, half-open [from, until), bounded and free of cycles.

Somebody may be away with a stand-in or without one. A stand-in who is away too passes on to the next, at most
`LONGEST` times; a circle ends where it began and gives nobody (domain-rules 2.5, U16).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.core.problems import Problems

LONGEST: Final = 3
"""How many times authority is passed on at most."""


@dataclass(frozen=True, kw_only=True)
class Away:
    """One person is away from `starts_at` on, until just before `until_at`; `stand_in` (or nobody) signs instead."""

    person: int
    stand_in: int | None
    starts_at: datetime
    until_at: datetime

    def holds(self, at: datetime) -> bool:
        """Whether it counts at a moment: the first moment does, the last does not."""
        return self.starts_at <= at < self.until_at

    def overlaps(self, other: Away) -> bool:
        """Whether there is a moment at which both count."""
        return self.starts_at < other.until_at and other.starts_at < self.until_at


def _at(known: Iterable[Away], at: datetime) -> Mapping[int, Away]:
    """Who is away at a moment, by person; of two entries of one person the one that began last."""
    found: dict[int, Away] = {}
    for one in sorted(known, key=lambda a: (a.starts_at, a.until_at)):
        if one.holds(at):
            found[one.person] = one
    return found


def chain(known: Iterable[Away], person: int, at: datetime) -> tuple[int, ...]:
    """Everybody who may sign for `person` at a moment, nearest first; never the person, never anybody twice."""
    away = _at(known, at)
    found: list[int] = []
    here = person
    while len(found) < LONGEST:
        one = away.get(here)
        if one is None or one.stand_in is None or one.stand_in == person or one.stand_in in found:
            break
        found.append(one.stand_in)
        here = one.stand_in
    return tuple(found)


def signs_for(known: Sequence[Away], stand_in: int, at: datetime) -> tuple[int, ...]:
    """Everybody this person may sign for at a moment, in the order of their ids."""
    people = sorted({one.person for one in known if one.holds(at)})
    return tuple(p for p in people if stand_in in chain(known, p, at))


def present(known: Sequence[Away], people: Iterable[int], at: datetime) -> tuple[int, ...]:
    """Whom to ask instead of these people: those who are there, and for each who is away the first stand-in present.

    Somebody away whose chain leads to nobody present is left out (out-of-office skip).
    """
    away = _at(known, at)
    found: list[int] = []
    for person in people:
        instead = [person] if person not in away else [p for p in chain(known, person, at) if p not in away][:1]
        found += [p for p in instead if p not in found]
    return tuple(found)


def check_away(new: Away, known: Sequence[Away], *, now: datetime, problems: Problems) -> None:
    """Note what speaks against an entry: its times, an overlap, a circle, or a chain that would be too long.

    Problems: until_at, starts_at, stand_in_id. A circle or a chain is looked for at every moment at which the answer
    can change: the beginnings of the entries within the new one's time.
    """
    if new.until_at <= new.starts_at:
        problems.add("until_at", "order", "The end lies after the beginning.")
        return
    if new.until_at <= now:
        problems.add("until_at", "past", "Choose an end that is still to come.")
    if any(one.person == new.person and one.overlaps(new) for one in known):
        problems.add("starts_at", "overlap", "Another absence of this person covers part of this time.")
    if new.stand_in is None:
        return
    if new.stand_in == new.person:
        problems.add("stand_in_id", "self", "Somebody else has to stand in.")
        return
    together = [*known, new]
    moments = sorted({new.starts_at, *(one.starts_at for one in known if new.holds(one.starts_at))})
    for at in moments:
        links = {p: a.stand_in for p, a in _at(together, at).items() if a.stand_in is not None}
        if _closes(links, new.person):
            problems.add("stand_in_id", "circle", "This closes a circle: the stand-in's own stand-in leads back here.")
            return
        if _length_through(links, new.person) > LONGEST:
            problems.add("stand_in_id", "too_long", f"Authority is passed on at most {LONGEST} times.")
            return


def _closes(links: Mapping[int, int], person: int) -> bool:
    here, seen = person, set()
    while here in links and here not in seen:
        seen.add(here)
        here = links[here]
        if here == person:
            return True
    return False


def _length_through(links: Mapping[int, int], person: int) -> int:
    """The longest way of stand-ins that passes through a person (free of circles)."""
    ahead, here, seen = 0, person, {person}
    while here in links and links[here] not in seen:
        here = links[here]
        seen.add(here)
        ahead += 1

    def before(at: int, left: int) -> int:
        if left == 0:
            return 0
        return max((1 + before(p, left - 1) for p, to in links.items() if to == at), default=0)

    return before(person, LONGEST + 1) + ahead
