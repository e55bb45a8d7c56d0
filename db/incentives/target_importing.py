"""Targets of dealers from any table: one row a dealer with its months or quarters, or one row a dealer and period.

They fill the draft of the program's next version, and somebody else publishes it: what was published never changes, and
nobody sets targets alone (decision 0054). Units are whole vehicles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core import changes, locks
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers.queries import dealer_choices
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.incentives.model import Growth, Program, program_from_json
from db.incentives.program_commands import ITEM, check_draft, for_all, keep_draft, versions_of
from db.incentives.record import AREA
from db.incentives.say_rules import day
from db.incentives.tables import IncentiveProgram, IncentiveVersion
from db.incentives.tier_rules import WHOLE, days_of

MOST_UNITS = 1_000_000
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
FIELDS: tuple[TargetField, ...] = (
    TargetField(name="program", label="Program", required=True, help="The code of a growth program with targets.",
                synonyms=("program code", "incentive")),
    TargetField(name="dealer_code", label="Dealer code", required=True, synonyms=("dealer", "dealer id", "account")),
    TargetField(name="year", label="Year", kind="integer", help="Where months or quarters are columns."),
    *(TargetField(name=f"month_{n}", label=f"Target of {name}", kind="integer",
                  synonyms=(name, name[:3], f"M{n:02}", f"M{n}")) for n, name in enumerate(_MONTHS, 1)),
    *(TargetField(name=f"quarter_{n}", label=f"Target of quarter {n}", kind="integer", synonyms=(f"Q{n}",))
      for n in range(1, 5)),
    TargetField(name="period", label="Period", synonyms=("month", "quarter"),
                help="Where each row is one period: 2026-11, 2026-Q4, or program for the whole of it."),
    TargetField(name="units", label="Target of the period", kind="integer", synonyms=("target", "objective", "quota")),
)  # fmt: skip


@dataclass
class _Filled:
    """The targets a program has had and gets, and the rows that gave them."""

    owner: IncentiveProgram
    program: Program
    first: date
    was: IncentiveVersion | None
    targets: dict[str, dict[str, int]]
    given: dict[tuple[str, str], int] = field(default_factory=dict)
    rows: list[RowOutcome] = field(default_factory=list)


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the rows one by one into drafts; a row that says nothing of the program's days is refused with why."""
    for_all(actor)
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    dealers = {d.code: d.dealer_id for d in dealer_choices(session, actor.scope)}
    filled: dict[str, _Filled] = {}
    outcomes = []
    for row in tables.rows:
        try:
            outcomes.append(_take(session, row, dealers, filled))
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
    for one in filled.values():
        if one.given and any(o.outcome != "duplicate" for o in one.rows):
            _store(session, one, files, actor=actor, now=now)
    changes.touch(session, AREA)
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _take(session: Session, row: MappedRow, dealers: dict[str, int], filled: dict[str, _Filled]) -> RowOutcome:
    code = str(row.values["dealer_code"]).strip()
    problems = Problems()
    if code not in dealers:
        problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code} among those you look after.")
    one = _program(session, str(row.values["program"]).strip().upper(), filled)
    if one is None:
        problems.add("program", "no_targets", f"{row.values['program']} is no growth program measured against targets.")
    problems.refuse_if_any()
    assert one is not None
    asked, said = _targets(row.values, one.program, problems)
    problems.refuse_if_any()
    for name, units in asked.items():
        known = one.given.get((name, code))
        if known not in (None, units):
            problems.add("units", "twice", f"Another row gives {code} {known:,} for {name}.")
    problems.refuse_if_any()
    before = {name: one.targets.get(name, {}).get(code) for name in asked}
    for name, units in asked.items():
        one.given[name, code] = units
        one.targets.setdefault(name, {})[code] = units
    same = all(before[name] == units for name, units in asked.items())
    is_new = all(b is None for b in before.values())
    outcome = RowOutcome(
        file=row.file, row=row.row, outcome="duplicate" if same else "created" if is_new else "updated",
        code="known" if same else "partly" if said else "", item_type=ITEM, item_id=one.owner.id,
        message=f"{code}: {plural(sum(asked.values()), 'unit')} in {plural(len(asked), 'period')}.{said}",
    )  # fmt: skip
    one.rows.append(outcome)
    return outcome


def _program(session: Session, code: str, filled: dict[str, _Filled]) -> _Filled | None:
    """The program with its draft, or with what was published last where there is none; locked until the file is in."""
    if code in filled:
        return filled[code]
    locks.hold(session, f"incentive-program:{code}")
    owner = session.scalars(select(IncentiveProgram).where(IncentiveProgram.code == code)).one_or_none()
    versions = versions_of(session, owner.id) if owner else []
    if owner is None or not versions:
        return None
    newest = versions[-1]
    program = program_from_json(newest.body)
    if not isinstance(program.rule, Growth) or program.rule.baseline != "target":
        return None
    filled[code] = _Filled(
        owner=owner, program=program, first=newest.effective_from, was=newest if newest.state == "draft" else None,
        targets={name: dict(some) for name, some in program.rule.by_period.items()},
    )  # fmt: skip
    return filled[code]


def _targets(values: dict[str, Any], program: Program, problems: Problems) -> tuple[dict[str, int], str]:
    """The targets of a row by period, and a sentence where some of its months or quarters have none."""
    found = {name: n for name, n in _named(values, program, problems).items() if n is not None}
    for name, units in found.items():
        if not 0 <= units <= MOST_UNITS:
            problems.add("units", "out_of_range", f"{name}: a target is between 0 and {MOST_UNITS:,} units.")
    inside = {name: n for name, n in found.items() if _lies_within(name, program)}
    days = f"{day(program.program.first)} to {day(program.program.last)}"
    if not problems.found and not found:
        problems.add("units", "required", "There is no target in this row.")
    elif not problems.found and not inside:
        problems.add("period", "outside", f"{', '.join(found)} is outside of the program, {days}.")
    said = ""
    if len(inside) < len(found):
        said += f" {plural(len(found) - len(inside), 'period')} outside of {days} left out."
    blank = _blank(values)
    if blank:
        said += f" {plural(blank, 'cell is', 'cells are')} blank: no target there."
    return inside, said


def _named(values: dict[str, Any], program: Program, problems: Problems) -> dict[str, int | None]:
    """The cells of a row by the program's own periods; the months of a quarterly program are added up."""
    year = values.get("year")
    months = [values.get(f"month_{n}") for n in range(1, 13)]
    quarters = [values.get(f"quarter_{n}") for n in range(1, 5)]
    has_columns = any(n is not None for n in (*months, *quarters))
    if has_columns and not (isinstance(year, int) and 1900 < year < 2200):
        problems.add("year", "required", "The year of these months or quarters is needed.")
        return {}
    if has_columns and program.period == "month":
        if any(n is not None for n in quarters):
            problems.add("quarter_1", "no_period", "The program is summed up by month; quarters cannot be divided.")
        return {f"{year}-{n:02}": units for n, units in enumerate(months, 1)}
    if has_columns and program.period == "quarter":
        found = {}
        for n in range(1, 5):
            some = [m for m in months[3 * n - 3 : 3 * n] if m is not None]
            found[f"{year}-Q{n}"] = quarters[n - 1] if quarters[n - 1] is not None else sum(some) if some else None
        return found
    if has_columns:
        problems.add("period", "no_period", "The program is summed up as a whole: one target a dealer.")
        return {}
    name = str(values.get("period") or "").strip().upper().replace(" ", "")
    if not name and values.get("units") is None:
        return {}  # there is nothing in this row at all
    if program.period == WHOLE:
        return {WHOLE: values.get("units")}
    wanted = "2026-Q4" if program.period == "quarter" else "2026-11"
    if ("Q" in name) != (program.period == "quarter") or not name:
        problems.add("period", "no_period", f"The program is summed up by {program.period}: write {wanted}.")
        return {}
    return {name: values.get("units")}


def _blank(values: dict[str, Any]) -> int:
    """How many of the mapped columns of months or quarters have nothing in a row."""
    names = [n for n in values if n.startswith(("month_", "quarter_"))]
    return sum(values[n] is None for n in names)


def _lies_within(name: str, program: Program) -> bool:
    try:
        days_of(name, program.program)
    except ValueError:
        return False
    return True


def _store(session: Session, one: _Filled, files: Sequence[SourceFile], *, actor: Actor, now: datetime) -> None:
    """Write the draft; the first row keeps what stood there before, for the undo."""
    assert isinstance(one.program.rule, Growth)
    rule = one.program.rule.model_copy(update={"by_period": one.targets})
    program = one.program.model_copy(update={"rule": rule})
    problems = Problems()
    check_draft(session, program, one.first, one.owner, problems)
    problems.refuse_if_any()
    kept: dict[str, Any] = {"body": None}
    if one.was is not None:
        kept = {"body": dict(one.was.body), "reason": one.was.reason, "username": one.was.username,
                "by": one.was.updated_by}  # fmt: skip
    reason = f"Targets from {', '.join(f.name for f in files)}."
    draft = keep_draft(session, one.owner, program, first=one.first, reason=reason, form_key=None, actor=actor, now=now)
    changed = next(o for o in one.rows if o.outcome != "duplicate")
    changed.undo = {"draft": draft.id, "version": draft.version, **kept}
    said = f"{one.owner.code}: the draft of version {draft.number} has {plural(len(one.given), 'target')} of this file;"
    reading.tell(session, f"{said} somebody else publishes it.")


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Give the draft back as it was, or take it away; refused once it was published or changed."""
    for row in rows:
        kept = row.undo or {}
        if "draft" not in kept:
            continue
        draft = session.get(IncentiveVersion, kept["draft"])
        if draft is None or draft.state != "draft" or draft.version != kept["version"]:
            raise Refused(
                Problem(code="in_use", message="The draft with these targets was published or changed since.")
            )
        if kept["body"] is None:
            session.execute(delete(IncentiveVersion).where(IncentiveVersion.id == draft.id))
            continue
        draft.body, draft.reason = kept["body"], kept["reason"]
        draft.username, draft.updated_by, draft.updated_at = kept["username"], kept["by"], now
        draft.version += 1
    session.flush()
    changes.touch(session, AREA)
    return len(rows)


TARGETS = ImportKind(
    name="incentive_targets", title="Targets of growth programs", permission=Permission.INCENTIVES_DRAFT,
    extensions=(".csv", ".xlsx"), apply=apply, undo=undo, fields=FIELDS,
    help="One row a dealer with its months or quarters; they fill a draft that somebody else publishes.",
)  # fmt: skip
