"""What one row of a file or one form changes, and how it is taken back: made records and former values, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.core import changes, search
from db.core.actor import Actor
from db.core.area import RowOutcome
from db.core.locks import hold
from db.core.problems import Problem, Refused
from db.core.search import SearchWord
from db.imports.mapping import MappedRow
from db.warranty.rules import DAY, place
from db.warranty.tables import (
    Campaign,
    CampaignVehicle,
    Component,
    CoveragePlan,
    LabourOperation,
    Part,
    PartPrice,
    Technician,
    TechnicianSkill,
    VehicleCoverage,
)

LOCK = "warranty data"
TABLES: dict[str, Any] = {
    table.__tablename__: table
    for table in (
        Component, CoveragePlan, LabourOperation, Part, PartPrice, Campaign, CampaignVehicle, Technician,
        TechnicianSkill, VehicleCoverage,
    )
}  # fmt: skip
SEARCHED: dict[str, Any] = {
    "part": lambda p: (p.number, p.name),
    "labour_operation": lambda o: (o.code, o.name),
    "campaign": lambda c: (c.number, c.title),
    "coverage_plan": lambda p: (p.code, p.name),
}
VERSIONED = (Campaign, Technician)


@dataclass
class Step:
    """What one row did: `item` is the record it is about; `made` new rows, `former` what others were before."""

    row: MappedRow
    item_type: str = ""
    item: Any = None
    is_new: bool = False
    made: list[Any] = field(default_factory=list)
    former: list[tuple[Any, dict[str, Any]]] = field(default_factory=list)
    dealer_id: int | None = None
    said: list[str] = field(default_factory=list)

    def make(self, thing: Any) -> Any:
        """A new row."""
        self.made.append(thing)
        return thing

    def alter(self, thing: Any, **values: Any) -> bool:
        """Change what differs; whether anything did."""
        old = {name: getattr(thing, name) for name, value in values.items() if getattr(thing, name) != value}
        for name in old:
            setattr(thing, name, values[name])
        if old:
            self.former.append((thing, old))
        return bool(old)


def hold_data(session: Session) -> None:
    """Let nobody else change dated lists until this transaction ends: their periods must not overlap."""
    hold(session, LOCK)


def put_period(
    step: Step, table: Any, known: list[Any], *, first: date, last: date | None, values: dict[str, Any]
) -> tuple[Any, bool]:
    """The period of a code from `first` on: changed where it is there, else placed among `known`, which grows.

    Gives the row and whether it is new. Without `last` the end of a known period stays.
    """
    known.sort(key=lambda r: r.valid_from)
    same = next((r for r in known if r.valid_from == first), None)
    if same is not None:
        if last is not None:
            following = next((r.valid_from for r in known if r.valid_from > first), None)
            values = {**values, "valid_until": min(last, following - DAY) if following else last}
        if step.alter(same, **values):
            step.said.append(f"What holds from {first.isoformat()} was corrected.")
        return same, False
    where = place([(r.valid_from, r.valid_until) for r in known], first, last)
    if where.ends is not None:
        before = [r for r in known if r.valid_from < first][-1]
        step.alter(before, valid_until=where.ends)
        step.said.append(f"What held from {before.valid_from.isoformat()} ends on {where.ends.isoformat()}.")
    made = step.make(table(valid_from=first, valid_until=where.until, **values))
    known.append(made)
    return made, True


def outcomes_of(session: Session, steps: Sequence[Step]) -> list[RowOutcome]:
    """Store the steps and say of each row what became of it."""
    session.add_all([thing for step in steps for thing in step.made])
    session.flush()
    found = []
    indexed: dict[tuple[str, int], bool] = {}
    for order, step in enumerate(steps):
        touched = bool(step.made or step.former)
        if touched and step.item_type in SEARCHED:
            key = (step.item_type, step.item.id)
            indexed[key] = step.is_new or indexed.get(key, False)
        found.append(
            RowOutcome(
                file=step.row.file, row=step.row.row,
                outcome="created" if step.is_new else "updated" if touched else "duplicate",
                code="" if touched else "unchanged", message=" ".join(step.said) if touched else "It says the same.",
                item_type=step.item_type, item_id=step.item.id, dealer_id=step.dealer_id,
                undo=_undo_of(step, order) if touched else None,
            )
        )  # fmt: skip
    items = {(step.item_type, step.item.id): step.item for step in steps if step.item_type in SEARCHED}
    for (kind, item_id), is_new in indexed.items():
        index(session, kind, items[kind, item_id], is_new=is_new)
    return found


def index(session: Session, kind: str, item: Any, *, is_new: bool = False) -> None:
    """The words of a record for the search box."""
    search.index(
        session, kind=kind, item_id=item.id, texts=SEARCHED[kind](item), dealer_id=None, region=None, is_new=is_new
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _undo_of(step: Step, order: int) -> dict[str, Any]:
    return {
        "order": order,
        "made": [[thing.__tablename__, thing.id] for thing in step.made],
        "former": [
            [thing.__tablename__, thing.id, {name: _plain(value) for name, value in old.items()}]
            for thing, old in step.former
        ],
    }


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take back what an import of warranty data made and changed; gives how many rows there were.

    Refused with `in_use` where something stands on a record meanwhile (an order of the part, a remedied vehicle).
    """
    hold_data(session)
    done = {(row.item_type, row.item_id) for row in rows}
    try:
        for row in sorted(rows, key=lambda r: -int((r.undo or {}).get("order", 0))):  # what came last, first
            undone = row.undo or {}
            for table, item_id, old in reversed(undone.get("former", [])):
                _restore(session, TABLES[table], item_id, old, actor=actor, now=now)
            session.flush()
            for table, item_id in reversed(undone.get("made", [])):
                _remove(session, TABLES[table], item_id)
    except IntegrityError:
        raise Refused(_in_use()) from None
    for kind, item_id in sorted((k, i) for k, i in done if k in SEARCHED and i is not None):
        item = session.get(TABLES[kind], item_id)
        if item is None:
            session.execute(delete(SearchWord).where(SearchWord.kind == kind, SearchWord.item_id == item_id))
        else:
            index(session, kind, item)
    changes.touch(session, "warranty")
    return len(rows)


def _in_use() -> Problem:
    return Problem(code="in_use", message="Something stands on records of this import by now; it cannot be taken back.")


def _restore(session: Session, table: Any, item_id: int, old: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    thing = session.get(table, item_id)
    if thing is None:
        return
    for name, value in old.items():
        is_day = isinstance(value, str) and table.__table__.c[name].type.python_type is date
        setattr(thing, name, date.fromisoformat(value) if is_day else value)
    if isinstance(thing, VERSIONED):
        thing.version += 1
    if isinstance(thing, Technician):
        thing.updated_at, thing.updated_by = now, actor.name


def _remove(session: Session, table: Any, item_id: int) -> None:
    thing = session.get(table, item_id)
    if thing is None:
        return
    if isinstance(thing, CampaignVehicle) and thing.done_claim:
        raise Refused(_in_use())
    if isinstance(thing, Technician):  # certificates somebody added by hand go with an import's technician only
        session.execute(delete(TechnicianSkill).where(TechnicianSkill.technician_id == item_id))
    if isinstance(thing, Campaign):
        listed = session.scalar(select(CampaignVehicle.id).where(CampaignVehicle.campaign_id == item_id).limit(1))
        if listed is not None:
            raise Refused(_in_use())
    session.delete(thing)
    session.flush()
