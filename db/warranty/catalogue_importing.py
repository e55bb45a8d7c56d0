"""Components, coverage plans, labour operations and parts with prices from a file; what says the same changes nothing.

The values of a day follow from what holds then, so a later first day makes the next period and ends the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import RowOutcome, SourceFile
from db.core.problems import Problem, Problems, Refused
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.warranty import rules
from db.warranty.codes import clean_code, clean_codes
from db.warranty.record import Step, hold_data, outcomes_of, put_period
from db.warranty.tables import Component, CoveragePlan, LabourOperation, Part, PartPrice

_CHUNK = 500
_FROM = TargetField(
    name="valid_from", label="Valid from", kind="date", required=True,
    synonyms=("from", "effective", "effective date", "effective from", "start date", "price date"),
)  # fmt: skip
_UNTIL = TargetField(
    name="valid_until", label="Valid until", kind="date", help="The last day; blank while it goes on.",
    synonyms=("until", "effective until", "end date", "expires"),
)  # fmt: skip
_COMPONENT = TargetField(name="component", label="Component", synonyms=("component code", "system code"))
_MODELS = TargetField(
    name="models", label="Models", synonyms=("model",), help="Several with commas; blank for every model."
)
COMPONENT_FIELDS: tuple[TargetField, ...] = (
    TargetField(name="code", label="Code", required=True, synonyms=("component", "component code")),
    TargetField(name="name", label="Name", required=True, synonyms=("description", "component name")),
    TargetField(name="system", label="System", synonyms=("group", "assembly group")),
    TargetField(name="is_wear", label="Wear item", kind="bool", synonyms=("wear",)),
    TargetField(name="is_major", label="Major assembly", kind="bool", synonyms=("major",)),
    TargetField(
        name="auth_class", label="Self-authorization", kind="choice", choices=tuple(rules.AUTH_CLASSES),
        synonyms=("auth class", "authorization class"),
    ),
    TargetField(name="is_active", label="In use", kind="bool", synonyms=("active",)),
)  # fmt: skip
PLAN_FIELDS: tuple[TargetField, ...] = (
    TargetField(name="code", label="Code", required=True, synonyms=("plan", "plan code", "coverage code")),
    TargetField(name="name", label="Name", required=True, synonyms=("plan name", "description")),
    TargetField(name="kind", label="Kind", kind="choice", choices=tuple(rules.PLAN_KINDS), required=True),
    TargetField(name="months", label="Months", kind="integer", required=True, synonyms=("duration", "term")),
    TargetField(
        name="distance", label="Distance", kind="integer", help="0 or blank is without limit.",
        synonyms=("miles", "mileage", "km", "usage"),
    ),
    TargetField(name="unit", label="Unit", kind="choice", choices=("mi", "km")),
    TargetField(name="deductible", label="Deductible", kind="money"),
    TargetField(
        name="components", label="Components", help="Several with commas; blank covers all but those excluded.",
        synonyms=("covered components",),
    ),
    TargetField(name="excluded", label="Excluded", synonyms=("excluded components", "exclusions")),
    _MODELS, _FROM, _UNTIL,
)  # fmt: skip
OPERATION_FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="code", label="Code", required=True,
        synonyms=("operation", "labour operation", "labor operation", "op code", "labor op"),
    ),
    TargetField(name="name", label="Name", required=True, synonyms=("description", "operation name")),
    TargetField(name="kind", label="Kind", kind="choice", choices=tuple(rules.OPERATION_KINDS)),
    TargetField(
        name="hours", label="Hours", kind="decimal", required=True,
        synonyms=("flat rate", "flat rate hours", "time", "labour hours", "labor hours"),
    ),
    _COMPONENT, _MODELS,
    TargetField(name="year_from", label="Model year from", kind="integer", synonyms=("year from",)),
    TargetField(name="year_until", label="Model year until", kind="integer", synonyms=("year until", "year to")),
    TargetField(name="skill", label="Skill", help="What the technician must be certified for.",
                synonyms=("certificate", "required skill")),
    TargetField(name="needs_authorization", label="Needs authorization", kind="bool", synonyms=("authorization",)),
    _FROM, _UNTIL,
)  # fmt: skip
PART_FIELDS: tuple[TargetField, ...] = (
    TargetField(name="number", label="Part number", required=True, synonyms=("part", "part no", "number", "item")),
    TargetField(name="name", label="Name", synonyms=("description", "part name")),
    _COMPONENT,
    TargetField(
        name="net", label="Net price", kind="money", synonyms=("price", "net", "dealer net", "cost"),
        help="With its first day; blank changes no price.",
    ),
    TargetField(**{**_FROM.__dict__, "required": False}),
    TargetField(name="needs_authorization", label="Needs authorization", kind="bool", synonyms=("authorization",)),
    TargetField(name="repair_allowed", label="May be repaired", kind="bool", synonyms=("repairable",)),
    TargetField(name="superseded_by", label="Superseded by", synonyms=("replaced by", "new number")),
    TargetField(name="is_active", label="In use", kind="bool", synonyms=("active",)),
)  # fmt: skip


def run_rows(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None,
    fields: Sequence[TargetField], prepare: Callable[[list[MappedRow]], Callable[[MappedRow], Step]],
    first: Callable[[MappedRow], Any] | None = None,
) -> list[RowOutcome]:  # fmt: skip
    """Read the tables, let `prepare` load what is there, take every row or refuse it with its reasons.

    Rows are taken in the order of `first` (their first days), so that the order of a file decides nothing.
    """
    hold_data(session)
    tables = reading.read_tables(files, mapping=mapping, fields=fields)
    reading.tell(session, *tables.sentences)
    take = prepare(tables.rows)
    outcomes: list[RowOutcome] = list(tables.rejected)
    steps: list[Step] = []
    for row in sorted(tables.rows, key=first) if first else tables.rows:
        try:
            steps.append(take(row))
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
    outcomes += outcomes_of(session, steps)
    if any(step.made or step.former for step in steps):
        changes.touch(session, "warranty")
    order = {file.name: number for number, file in enumerate(files)}
    return sorted(outcomes, key=lambda o: (order.get(o.file, len(order)), o.row))


def of_codes(session: Session, table: Any, column: Any, codes: Iterable[str]) -> list[Any]:
    """The rows of these codes, some hundred codes a statement."""
    wanted = sorted({code for code in codes if code})
    found: list[Any] = []
    for start in range(0, len(wanted), _CHUNK):
        found += session.scalars(select(table).where(column.in_(wanted[start : start + _CHUNK]))).all()
    return found


def given(row: MappedRow, *names: str) -> dict[str, Any]:
    """The values of a row that are not blank."""
    return {name: row.values[name] for name in names if row.values.get(name) is not None}


def _code(problems: Problems, row: MappedRow, name: str, label: str, longest: int) -> str:
    return problems.require(clean_code(row.values.get(name)), name, label, longest=longest)


def _known(problems: Problems, codes: Iterable[str], field: str, components: set[str]) -> None:
    unknown = [code for code in codes if code not in components]
    if unknown:
        listed = ", ".join(unknown[:5])
        problems.add(field, "unknown_component", f"There is no component {listed}; import the components first.")


def _text(problems: Problems, row: MappedRow, name: str, longest: int) -> str:
    text = " ".join(str(row.values.get(name) or "").split())
    if len(text) > longest:
        problems.add(name, "too_long", f"At most {longest} characters fit.")
    return text


def _between(problems: Problems, row: MappedRow, name: str, label: str, *, least: int, most: int) -> int:
    value = row.values.get(name)
    if value is None:
        return 0
    if not least <= value <= most:
        problems.add(name, "out_of_range", f"{label} must lie between {least:,} and {most:,}.")
        return least
    return int(value)


def apply_components(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Components by their code; blank cells change nothing of one that is there."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        found = of_codes(session, Component, Component.code, (clean_code(r.values.get("code")) for r in rows))
        known = {c.code: c for c in found}

        def take(row: MappedRow) -> Step:
            problems = Problems()
            code = _code(problems, row, "code", "The code", 20)
            values = given(row, "is_wear", "is_major", "auth_class", "is_active")
            values["name"] = problems.require(_text(problems, row, "name", 120), "name", "The name", longest=120)
            if row.values.get("system") is not None:
                values["system"] = _text(problems, row, "system", 40)
            problems.refuse_if_any()
            step = Step(row, "component")
            one = known.get(code)
            if one is None:
                full = {
                    "is_wear": False,
                    "is_major": False,
                    "auth_class": "",
                    "is_active": True,
                    "system": "",
                    **values,
                }
                one = known[code] = step.make(Component(code=code, batch_id=batch_id, **full))
                step.is_new = True
            else:
                step.alter(one, **values)
            step.item = one
            return step

        return take

    return run_rows(session, files=files, mapping=mapping, fields=COMPONENT_FIELDS, prepare=prepare)


def _periods(session: Session, table: Any, rows: list[MappedRow]) -> dict[str, list[Any]]:
    known: dict[str, list[Any]] = {}
    for one in of_codes(session, table, table.code, (clean_code(r.values.get("code")) for r in rows)):
        known.setdefault(one.code, []).append(one)
    return known


def _components(session: Session) -> set[str]:
    return set(session.scalars(select(Component.code)))


def _models(row: MappedRow) -> list[str]:
    text = str(row.values.get("models") or "").replace(";", ",")
    return list(dict.fromkeys(name for part in text.split(",") if (name := " ".join(part.split()))))


def apply_plans(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Coverage plans; a row describes its plan whole from its first day on."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        known, components = _periods(session, CoveragePlan, rows), _components(session)

        def take(row: MappedRow) -> Step:
            problems = Problems()
            code = _code(problems, row, "code", "The code", 20)
            first, last = row.values["valid_from"], row.values.get("valid_until")
            rules.check_days(problems, first, last, field="valid_from", last_field="valid_until")
            covered, excluded = clean_codes(row.values.get("components")), clean_codes(row.values.get("excluded"))
            _known(problems, covered, "components", components)
            _known(problems, excluded, "excluded", components)
            values = {
                "name": problems.require(_text(problems, row, "name", 120), "name", "The name", longest=120),
                "kind": row.values["kind"], "unit": row.values.get("unit") or "mi", "components": covered,
                "months": _between(problems, row, "months", "Months", least=1, most=rules.MOST_MONTHS),
                "distance": _between(problems, row, "distance", "The distance", least=0, most=2_000_000),
                "excluded": excluded,
                "deductible_cents": _between(
                    problems, row, "deductible", "The deductible", least=0, most=rules.MOST_CENTS
                ),
                "models": _models(row),
            }  # fmt: skip
            problems.refuse_if_any()
            step = Step(row, "coverage_plan")
            one, step.is_new = put_period(
                step, CoveragePlan, known.setdefault(code, []), first=first, last=last, values={**values, "code": code}
            )
            if step.is_new:
                one.created_at, one.created_by, one.batch_id = now, actor.name, batch_id
            step.item = one
            return step

        return take

    return run_rows(session, files=files, mapping=mapping, fields=PLAN_FIELDS, prepare=prepare, first=_first_day)


def _first_day(row: MappedRow) -> tuple[date, int]:
    return row.values.get("valid_from") or date.min, row.row


def apply_operations(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Labour operations with their hours; a row describes its operation whole from its first day on."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        known, components = _periods(session, LabourOperation, rows), _components(session)

        def take(row: MappedRow) -> Step:
            problems = Problems()
            code = _code(problems, row, "code", "The code", 20)
            first, last = row.values["valid_from"], row.values.get("valid_until")
            rules.check_days(problems, first, last, field="valid_from", last_field="valid_until")
            hours = row.values["hours"]
            if not isinstance(hours, Decimal) or not 0 <= hours <= rules.MOST_HOURS // 100:
                problems.add("hours", "out_of_range", "Hours must lie between 0 and 200.")
                hours = Decimal(0)
            component = clean_code(row.values.get("component"))
            _known(problems, [component] if component else [], "component", components)
            years = {name: row.values.get(name) for name in ("year_from", "year_until")}
            for name, year in years.items():
                if year is not None and not 1980 <= year <= 2100:
                    problems.add(name, "out_of_range", f"{year} is no model year.")
            if years["year_from"] and years["year_until"] and years["year_until"] < years["year_from"]:
                problems.add("year_until", "before_start", "The last model year lies before the first.")
            values = {
                "name": problems.require(_text(problems, row, "name", 160), "name", "The name", longest=160),
                "kind": row.values.get("kind") or "flat", "hours": rules.hundredths(hours), "component": component,
                "models": _models(row), **years, "skill": _text(problems, row, "skill", 40).casefold(),
                "needs_authorization": bool(row.values.get("needs_authorization")),
            }  # fmt: skip
            problems.refuse_if_any()
            step = Step(row, "labour_operation")
            periods = known.setdefault(code, [])
            one, step.is_new = put_period(
                step, LabourOperation, periods, first=first, last=last, values={**values, "code": code}
            )
            if step.is_new:
                one.batch_id = batch_id
            step.item = one
            return step

        return take

    return run_rows(session, files=files, mapping=mapping, fields=OPERATION_FIELDS, prepare=prepare, first=_first_day)


def apply_parts(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Parts and their net prices: a price holds from its day until the next one. Blank cells change nothing."""

    def prepare(rows: list[MappedRow]) -> Callable[[MappedRow], Step]:
        found = of_codes(session, Part, Part.number, (clean_code(r.values.get("number")) for r in rows))
        known = {part.number: part for part in found}
        prices = _prices(session, [part.id for part in found])
        components = _components(session)

        def take(row: MappedRow) -> Step:
            problems = Problems()
            number = _code(problems, row, "number", "The part number", 40)
            values = given(row, "needs_authorization", "repair_allowed", "is_active")
            if row.values.get("name"):
                values["name"] = _text(problems, row, "name", 160)
            if row.values.get("component"):
                values["component"] = clean_code(row.values["component"])
                _known(problems, [values["component"]], "component", components)
            if row.values.get("superseded_by"):
                values["superseded_by"] = clean_code(row.values["superseded_by"])[:40]
                if values["superseded_by"] == number:
                    problems.add("superseded_by", "itself", "A part cannot supersede itself.")
            net, first = row.values.get("net"), row.values.get("valid_from")
            if net is not None and first is None:
                problems.add("valid_from", "required", "A price needs the day from which on it holds.")
            if net is not None:
                _between(problems, row, "net", "The net price in cents", least=0, most=rules.MOST_CENTS)
            rules.check_days(problems, first, None, field="valid_from", last_field="valid_from")
            problems.refuse_if_any()
            step = Step(row, "part")
            one = known.get(number)
            if one is None:
                full = {
                    "name": "", "component": "", "needs_authorization": False, "repair_allowed": True,
                    "superseded_by": "", "is_active": True, **values,
                }  # fmt: skip
                one = known[number] = step.make(Part(number=number, batch_id=batch_id, **full))
                step.is_new = True
            else:
                step.alter(one, **values)
            step.item = one
            if net is not None and first is not None:
                _put_price(step, one, prices.setdefault(number, {}), first=first, net=net, batch_id=batch_id)
            return step

        return take

    return run_rows(session, files=files, mapping=mapping, fields=PART_FIELDS, prepare=prepare, first=_first_day)


def _prices(session: Session, part_ids: list[int]) -> dict[str, dict[date, PartPrice]]:
    found: dict[str, dict[date, PartPrice]] = {}
    for start in range(0, len(part_ids), _CHUNK):
        rows = session.execute(
            select(PartPrice, Part.number)
            .join(Part, Part.id == PartPrice.part_id)
            .where(PartPrice.part_id.in_(part_ids[start : start + _CHUNK]))
        )
        for price, number in rows:
            found.setdefault(number, {})[price.valid_from] = price
    return found


def _put_price(
    step: Step, part: Part, prices: dict[date, PartPrice], *, first: date, net: int, batch_id: int
) -> None:  # fmt: skip
    there = prices.get(first)
    if there is None:
        prices[first] = step.make(PartPrice(part=part, valid_from=first, net_cents=net, batch_id=batch_id))
        step.said.append(f"Net {net / 100:,.2f} from {first.isoformat()}.")
    else:
        was = there.net_cents
        if step.alter(there, net_cents=net):
            step.said.append(f"Net of {first.isoformat()} corrected: {was / 100:,.2f} to {net / 100:,.2f}.")


def refuse(field: str, code: str, message: str) -> Refused:
    """One problem of a row."""
    return Refused(Problem(field=field, code=code, message=message))
