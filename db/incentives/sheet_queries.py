"""A file of sales checked before anything is stored: each row's verdict, and the same sheet with the results added."""

from __future__ import annotations

from collections.abc import Mapping as Pairs
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import ExportKind, SourceFile
from db.core.export_files import ExportColumn
from db.core.permissions import Permission
from db.imports import mapping as mappings
from db.imports.mapping import Mapping
from db.imports.mapping_dates import both_readings
from db.imports.mapping_spec import OnAmbiguousDate
from db.imports.tabular import Sheet
from db.incentives.judging import ProgramView, view_of
from db.incentives.model import DOCUMENTS, SALE_TYPES
from db.incentives.sheet_lines import FIELDS, Line, judge_rows
from db.incentives.sheet_reading import KIND, mapped_rows, options_of, read_sheet, seen_of
from db.incentives.sheet_rules import ADDED, RESULTS


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One row of the file and what it comes to; `result` is one of `RESULTS`, `sale` the number of a sale on file."""

    row: int
    result: str
    vin: str
    dealer: str
    sale: str
    programs: tuple[str, ...]
    cents: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CheckedSheet:
    """A checked file. `seen` names what is claimable, so that sending it claims just that.

    `doubtful` is a date that reads both ways, of a column nothing proves; `points` are the programs' checklists.
    """

    rows: tuple[SheetRow, ...]
    counts: dict[str, int]
    cents: int
    seen: str
    unused: tuple[str, ...]
    warnings: tuple[str, ...]
    doubtful: str
    points: tuple[str, ...]


def _checked(
    session: Session, *, file: SourceFile, mapping: Mapping, actor: Actor, now: datetime
) -> tuple[Sheet, list[Line]]:
    actor.require(Permission.INCENTIVES_VIEW)
    sheet = read_sheet(file)
    return sheet, judge_rows(session, mapped_rows(sheet, mapping), actor=actor, now=now)


def check_sheet(
    session: Session, *, file: SourceFile, dates: OnAmbiguousDate = "ask", checklist_done: bool = False, actor: Actor,
    now: datetime,
) -> CheckedSheet:  # fmt: skip
    """Every row of a file with its verdict, in the order of the file; nothing is stored.

    Refused as a whole only when it is no table or has no column of VINs.
    """
    sheet = read_sheet(file)
    mapping = options_of(sheet, dates=dates, checklist_done=checklist_done)
    sheet, lines = _checked(session, file=file, mapping=mapping, actor=actor, now=now)
    rows = tuple(_row(one) for one in lines)
    counts = {name: sum(r.result == name for r in rows) for name in RESULTS}
    findings = mappings.date_findings(mapping, FIELDS, sheet).values()
    points = {p for one in lines for plan, _, _ in one.verdicts.values() for p in plan.program.checklist}
    unused = [c for c in mappings.unused_columns(mapping, sheet.columns) if c not in ADDED]
    return CheckedSheet(
        rows=rows, counts=counts, cents=sum(r.cents for r in rows if r.result == "claimable"), seen=seen_of(lines),
        unused=tuple(unused), warnings=tuple(sheet.warnings), points=tuple(sorted(points)),
        doubtful=next((_both(f.example) for f in findings if f.must_ask), ""),
    )  # fmt: skip


def _both(example: str) -> str:
    found = both_readings(example)
    if found is None or not found.day_first or not found.month_first:
        return f'"{example}" reads both ways.'
    one, other = (f"{m.day} {m:%B %Y}" for m in (found.day_first, found.month_first))
    return f'"{example}" could be {one} or {other}.'


def _row(one: Line) -> SheetRow:
    vin = one.draft.vin if one.draft else str(one.row.values.get("vin") or "")
    return SheetRow(
        row=one.row.row, result=one.result.result, vin=vin[:40], dealer=one.dealer.name if one.dealer else "",
        sale=one.sale.number if one.sale is not None and one.is_on_file else "", programs=one.result.programs,
        cents=one.result.cents, reasons=one.result.reasons,
    )  # fmt: skip


def check_row(
    session: Session, *, file: SourceFile, row: int, dates: OnAmbiguousDate = "ask", checklist_done: bool = False,
    actor: Actor, now: datetime,
) -> tuple[ProgramView, ...]:  # fmt: skip
    """What every program says of one row of a file, check by check, as the form shows it; empty for a bad cell."""
    actor.require(Permission.INCENTIVES_VIEW)
    sheet = read_sheet(file)
    mapping = options_of(sheet, dates=dates, checklist_done=checklist_done)
    wanted = [r for r in mapped_rows(sheet, mapping) if r.row == row]
    for one in judge_rows(session, wanted, actor=actor, now=now):
        if one.judged is not None:
            return tuple(
                view_of(one.judged, plan, verdict, claim=one.claims.get(code, ""))
                for code, (plan, verdict, _) in sorted(one.verdicts.items())
            )
    return ()


# ---- the same sheet, with results ------------------------------------------------------------------------------------
def result_sheet(
    file: SourceFile, *, dates: OnAmbiguousDate = "ask", checklist_done: bool = False, actor: Actor
) -> ExportKind:
    """The file as an export: its own columns as they came, then what each row comes to now.

    Days are written as days, everything else as the text that stood there; the export takes formulas their force.
    """
    actor.require(Permission.INCENTIVES_VIEW)
    sheet = read_sheet(file)
    mapping = options_of(sheet, dates=dates, checklist_done=checklist_done)
    own = [c for c in sheet.columns if c not in ADDED]
    days = {
        rule.columns[0]: name for name, rule in mapping.columns.items()
        if len(rule.columns) == 1 and any(f.name == name and f.kind == "date" for f in FIELDS)
    }  # fmt: skip

    def rows(session: Session, *, actor: Actor, scope: Any, filters: Pairs[str, Any], now: datetime) -> Any:
        read, lines = _checked(session, file=file, mapping=mapping, actor=actor, now=now)
        for source, one in zip(read.rows, lines, strict=True):
            cells = [_cell(source.cells[c], one.row.values.get(days.get(c, ""))) for c in own]
            result = one.result
            amount = result.cents if result.result == "claimable" else None
            yield (
                *cells, RESULTS[result.result][0], ", ".join(result.programs), amount, " ".join(result.reasons)
            )  # fmt: skip

    columns = tuple(
        ExportColumn(name=f"c{n}", label=c, kind="date" if c in days else "text") for n, c in enumerate(own)
    )
    added = tuple(
        ExportColumn(name=name.lower(), label=name, kind="money" if name == "Amount" else "text") for name in ADDED
    )
    return ExportKind(
        name=KIND, title="Checked sales", permission=Permission.INCENTIVES_VIEW, rows=rows, columns=(*columns, *added),
        has_personal_data=True, is_masked=False,
    )  # fmt: skip


def _cell(text: str, value: Any) -> Any:
    return value if isinstance(value, date) else text


def empty_sheet(*, actor: Actor) -> ExportKind:
    """A file to fill in: every column that is read, with a line that shows how."""
    actor.require(Permission.INCENTIVES_VIEW)
    labels = [f.label for f in FIELDS]
    example = {
        "VIN or serial": "1HGCM82633A004352", "Make": "Honda", "Model": "Accord", "Model year": "2026",
        "New or used": "New", "Type of sale": SALE_TYPES["cash"], "In stock since": "2026-10-01",
        "Day of the contract": "2026-11-16", "Day of the delivery": "2026-11-18", "Papers": DOCUMENTS["registration"],
        "Checklist done": "yes",
    }  # fmt: skip

    def rows(session: Session, *, actor: Actor, scope: Any, filters: Pairs[str, Any], now: datetime) -> Any:
        yield tuple(example.get(label, "") for label in labels)

    return ExportKind(
        name=KIND, title="Sales to check", permission=Permission.INCENTIVES_VIEW, rows=rows,
        columns=tuple(ExportColumn(name=f.name, label=f.label) for f in FIELDS),
    )  # fmt: skip
