"""Objectives and registrations from any table: one row a dealer, month and segment; the same again replaces it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, locks
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers.queries import DealerChoice, dealer_choices
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.marketing.importing import read_month
from db.objectives.tables import SalesObjective

AREA = "objectives"
ITEM = "sales_objective"
MOST = 10_000_000
MOST_ROWS = 50_000
FIELDS: tuple[TargetField, ...] = (
    TargetField(name="dealer_code", label="Dealer code", required=True, synonyms=("dealer", "dealer id", "account")),
    TargetField(name="month", label="Month", required=True, help="2026-05, May 2026, or any day of the month.",
                synonyms=("period", "date", "registration month")),
    TargetField(name="segment", label="Segment", required=True, help="Compact SUV, pickup ...",
                synonyms=("class", "body", "category", "model segment")),
    TargetField(name="registrations", label="Registrations", kind="integer", required=True,
                help="New vehicles of all brands registered in the dealer's market.",
                synonyms=("regs", "industry", "market", "industry registrations", "total registrations")),
    TargetField(name="share", label="Benchmark share", kind="decimal", required=True,
                help="The brand's share of the segment in the benchmark area, in percent: 8.5.",
                synonyms=("brand share", "share percent", "expected share", "market share", "benchmark")),
    TargetField(name="objective", label="Objective", kind="integer", help="Vehicles agreed with the dealer.",
                synonyms=("target", "quota", "planning volume")),
    TargetField(name="benchmark", label="Benchmark area", help="Where the share was measured: State of NY, 2026-Q1.",
                synonyms=("benchmark area", "benchmark name", "compared with")),
    TargetField(name="territory", label="Territory version", help="Which version of the dealer's market was counted.",
                synonyms=("territory", "aor", "pma", "market version")),
)  # fmt: skip


@dataclass(frozen=True)
class _Read:
    dealer: DealerChoice
    month: date
    segment: str
    facts: dict[str, Any]


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the rows one by one; a row that says another thing of the same segment replaces what was there."""
    locks.hold(session, "sales-objectives")
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    dealers = {d.code: d for d in dealer_choices(session, actor.scope)}
    taken: list[tuple[MappedRow, _Read]] = []
    outcomes: list[RowOutcome] = []
    seen: dict[tuple[int, date, str], MappedRow] = {}
    for row in tables.rows:
        try:
            read = _read(row, dealers)
            key = (read.dealer.dealer_id, read.month, read.segment.casefold())
            if key in seen:
                sentence = f"Row {seen[key].row} says something of the same dealer, month and segment."
                raise Refused(Problem(field="segment", code="twice", message=sentence))
            seen[key] = row
            taken.append((row, read))
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
    there = _known(session, [read for _, read in taken])
    for row, read in taken:
        outcomes.append(_store(session, row, read, there, batch_id=batch_id, actor=actor, now=now))
    if any(o.outcome in ("created", "updated") for o in outcomes):
        changes.touch(session, AREA)
        reading.tell(
            session, f"{plural(len(taken), 'segment')} of {plural(len({r.dealer.code for _, r in taken}), 'dealer')}."
        )
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _read(row: MappedRow, dealers: dict[str, DealerChoice]) -> _Read:
    values, problems = row.values, Problems()
    code = str(values["dealer_code"] or "").strip()
    if code not in dealers:
        problems.add("dealer_code", "unknown_dealer", f'There is no dealer "{code[:40]}" among those you look after.')
    segment = problems.require(" ".join(str(values["segment"] or "").split()), "segment", "The segment", longest=60)
    month = read_month(str(values["month"] or ""), problems)
    registrations, objective = values["registrations"], values.get("objective")
    for name, number in (("registrations", registrations), ("objective", objective)):
        if number is not None and not 0 <= number <= MOST:
            problems.add(name, "out_of_range", f"Write a whole number between 0 and {MOST:,}.")
    if registrations is None:
        problems.add("registrations", "required", "How many vehicles were registered?")
    share = Decimal(str(values["share"])) if values["share"] is not None else None
    if share is None or not 0 <= share <= 100:
        problems.add("share", "out_of_range", "A share is between 0 and 100 percent.")
    texts = {name: str(values.get(name) or "").strip() for name in ("benchmark", "territory")}
    for name, text in texts.items():
        if len(text) > 120:
            problems.add(name, "too_long", "At most 120 characters fit.")
    problems.refuse_if_any()
    assert month is not None
    assert share is not None
    facts = {"registrations": registrations, "share": round(share * 100), "objective": objective, **texts}
    return _Read(dealer=dealers[code], month=month.replace(day=1), segment=segment, facts=facts)


def _known(session: Session, rows: Sequence[_Read]) -> dict[tuple[int, date, str], SalesObjective]:
    """What is there of the dealers and months of a file, by dealer, month and segment in small letters."""
    if not rows:
        return {}
    months = sorted({row.month for row in rows})
    found = session.scalars(
        select(SalesObjective)
        .where(SalesObjective.month >= months[0], SalesObjective.month <= months[-1])
        .where(SalesObjective.dealer_id.in_(sorted({row.dealer.dealer_id for row in rows})))
    )
    return {(one.dealer_id, one.month, one.segment.casefold()): one for one in found}


def _store(
    session: Session, row: MappedRow, read: _Read, there: dict[tuple[int, date, str], SalesObjective], *, batch_id: int,
    actor: Actor, now: datetime,
) -> RowOutcome:  # fmt: skip
    one = there.get((read.dealer.dealer_id, read.month, read.segment.casefold()))
    label = f"{read.dealer.code}, {read.month:%b %Y}, {read.segment}"
    common: dict[str, Any] = {"file": row.file, "row": row.row, "item_type": ITEM, "dealer_id": read.dealer.dealer_id}
    if one is None:
        one = SalesObjective(
            dealer_id=read.dealer.dealer_id, region=read.dealer.region, month=read.month, segment=read.segment,
            batch_id=batch_id, entered_at=now, entered_by=actor.name, **read.facts,
        )  # fmt: skip
        session.add(one)
        session.flush()
        return RowOutcome(outcome="created", item_id=one.id, message=label, undo={"was": None}, **common)
    was = {name: getattr(one, name) for name in read.facts}
    if was == read.facts:
        return RowOutcome(
            outcome="duplicate", code="unchanged", item_id=one.id, message=f"{label}: as it was.", **common
        )
    for name, value in read.facts.items():
        setattr(one, name, value)
    one.version += 1
    one.entered_at, one.entered_by = now, actor.name
    return RowOutcome(outcome="updated", item_id=one.id, message=label, undo={"was": was}, **common)


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take what an import added away and give back what it replaced; gives how many rows there were."""
    locks.hold(session, "sales-objectives")
    number = 0
    for row in rows:
        one = session.get(SalesObjective, row.item_id) if row.item_id is not None else None
        if one is None or not actor.scope.allows(dealer_id=one.dealer_id, region=one.region):
            continue
        was = (row.undo or {}).get("was")
        if was is None:
            session.delete(one)
        else:
            for name, value in was.items():
                setattr(one, name, value)
            one.version += 1
            one.entered_at, one.entered_by = now, actor.name
        number += 1
    changes.touch(session, AREA)
    return number


KIND = ImportKind(
    name="sales_objectives", title="Sales objectives and registrations", permission=Permission.DEALERS_IMPORT,
    extensions=(".csv", ".tsv", ".txt", ".xlsx"), apply=apply, undo=undo, fields=FIELDS,
    help="One row a dealer, month and segment: registrations there, the brand's share elsewhere, what was agreed.",
)  # fmt: skip
