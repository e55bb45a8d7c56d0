"""Groups of rooftops as records: found by their name however it is written, made, and taken away when empty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from db.core.insert import insert_or_ignore
from db.core.problems import Problems
from db.dealers import rules
from db.dealers.tables import Dealer, DealerGroup

_CHUNK = 500


def names_of(session: Session, group_ids: Iterable[int]) -> dict[int, str]:
    """The names of groups, by id."""
    ids = sorted(set(group_ids))
    found: dict[int, str] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(DealerGroup.id, DealerGroup.name).where(DealerGroup.id.in_(ids[start : start + _CHUNK]))
        found.update((number, name) for number, name in session.execute(query))
    return found


def by_key(session: Session, names: Iterable[str]) -> dict[str, DealerGroup]:
    """The groups of these names, by name key; those that are not there are left out."""
    keys = sorted({key for name in names if (key := rules.name_key(name))})
    found: dict[str, DealerGroup] = {}
    for start in range(0, len(keys), _CHUNK):
        query = select(DealerGroup).where(DealerGroup.name_key.in_(keys[start : start + _CHUNK]))
        found.update((group.name_key, group) for group in session.scalars(query))
    return found


def known_as(known: dict[str, DealerGroup], name: str, problems: Problems) -> str:
    """The name of a group as it is stored; a problem at `group` for one that is not there. Empty stays empty."""
    if not name:
        return ""
    found = known.get(rules.name_key(name))
    if found is None:
        problems.add("group", "unknown_group", f'There is no group "{name}". Add it first, under Groups.')
        return name
    return found.name


def ids_of(session: Session, names: Iterable[str]) -> dict[str, int]:
    """The ids of groups that are there, by the name as it was given."""
    wanted = list(names)
    if not wanted:
        return {}
    known = by_key(session, wanted)
    return {name: known[rules.name_key(name)].id for name in wanted}


def make(
    session: Session, name: str, *, code: str | None = None, by: str, now: datetime, batch_id: int | None = None
) -> DealerGroup | None:
    """A new group, or None when one of this name is there already; somebody who makes it at the same time waits."""
    key = rules.name_key(name)
    values = {
        "name": name, "name_key": key, "code": code, "version": 1, "created_at": now, "updated_at": now,
        "updated_by": by, "batch_id": batch_id,
    }  # fmt: skip
    if not insert_or_ignore(session, DealerGroup, values):
        return None
    return session.scalars(select(DealerGroup).where(DealerGroup.name_key == key)).one()


def drop_empty(session: Session, *, batch_id: int) -> None:
    """Take the groups an import made away again, but those that have rooftops."""
    session.flush()
    has_rooftops = exists().where(Dealer.group_id == DealerGroup.id)
    session.execute(delete(DealerGroup).where(DealerGroup.batch_id == batch_id, ~has_rooftops))
