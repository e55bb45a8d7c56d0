"""Columns of any other system's export onto our fields: suggest, check, apply, and keep as TOML (U14, R19)."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from db.core.problems import Problem, Problems
from db.imports.mapping_dates import DateFinding, ambiguous_dates, date_finding, is_date_format
from db.imports.mapping_join import combine
from db.imports.mapping_spec import (
    ANYTHING_ELSE,
    DATE_KINDS,
    ColumnRule,
    FieldKind,
    Join,
    Mapping,
    TargetField,
)
from db.imports.mapping_toml import dump_mapping, load_mapping
from db.imports.mapping_values import Reading, UnreadableError, read_value, zone
from db.imports.tabular_types import RowProblem, Sheet, SourceRow

__all__ = [
    "ColumnRule",
    "DateFinding",
    "FieldKind",
    "Join",
    "MappedRow",
    "Mapping",
    "RowProblem",
    "TargetField",
    "ambiguous_dates",
    "apply",
    "combine",
    "date_findings",
    "dump_mapping",
    "load_mapping",
    "problems_with",
    "suggest",
    "unused_columns",
]


@dataclass(frozen=True, slots=True)
class MappedRow:
    """One row as field values, or the problems for which it must be rejected.

    `values` has every mapped field, None where the cell is blank; fields the mapping does not name are absent, so an
    update leaves them alone. Of a row whose cells do not fit the header nothing is mapped.
    """

    file: str
    row: int
    values: dict[str, Any]
    problems: tuple[RowProblem, ...] = ()
    notes: tuple[RowProblem, ...] = ()


def apply(mapping: Mapping, fields: Sequence[TargetField], sheet: Sheet) -> Iterator[MappedRow]:
    """Each row of `sheet` as typed values, in order and exactly once; never raises for what a cell holds.

    A date column without a format is read in the order its values prove; where they prove none, by
    `mapping.on_ambiguous_date`, and with "ask" each doubtful row has the problem `ambiguous_date`.
    """
    plans = [_Plan(mapping, target, sheet) for target in fields if _is_mapped(mapping, target.name)]
    needed = [target for target in fields if target.required and not _is_mapped(mapping, target.name)]
    missing = tuple(RowProblem(target.name, "required", f"{target.label}: no column is mapped.") for target in needed)
    for row in sheet.rows:
        if row.problems:
            yield MappedRow(row.file, row.row, {}, row.problems, row.notes)
            continue
        values: dict[str, Any] = {}
        problems = list(missing)
        for plan in plans:
            values[plan.target.name] = plan.take(row, problems)
        yield MappedRow(row.file, row.row, values, tuple(problems), row.notes)


def _is_mapped(mapping: Mapping, name: str) -> bool:
    return name in mapping.columns or name in mapping.constants


class _Plan:
    """How one field is filled from the rows of one sheet."""

    def __init__(self, mapping: Mapping, target: TargetField, sheet: Sheet) -> None:
        self.target = target
        self.rule = mapping.columns.get(target.name) or ColumnRule(columns=())
        self.constant = mapping.constants.get(target.name)
        self.blank = frozenset(text.strip() for text in (*mapping.blank, *self.rule.blank))
        self.folded = {text.strip().casefold(): value for text, value in self.rule.values.items()}
        self.where = f" (column {_quoted(self.rule.columns)})" if self.rule.columns else ""
        dates = None
        if target.kind in DATE_KINDS and self.rule.columns and not self.rule.formats:
            texts = (self.cell(row) for row in sheet.rows if not row.problems)
            dates = date_finding(self.rule.columns[0], texts)
        self.reading = Reading(
            target,
            self.rule,
            zone=self.rule.zone or mapping.zone,
            on_ambiguous_date=mapping.on_ambiguous_date,
            dates=dates,
        )

    def cell(self, row: SourceRow) -> str:
        """The cell or cells of this field as one text, translated; empty when blank."""
        parts = [row.cells.get(column, "").strip() for column in self.rule.columns]
        text = self.rule.separator.join(part for part in parts if part and part not in self.blank)
        if text and self.rule.values:
            translated = self.rule.values.get(text)
            if translated is None:
                translated = self.folded.get(text.casefold(), self.rule.values.get(ANYTHING_ELSE, text))
            text = translated
        return text

    def take(self, row: SourceRow, problems: list[RowProblem]) -> Any:
        """The value of this field, or None with a problem noted."""
        text = self.cell(row) or self.rule.default or self.constant or ""
        if not text:
            if self.target.required:
                message = f"{self.target.label} is needed{self.where}."
                problems.append(RowProblem(self.target.name, "required", message))
            return None
        try:
            return read_value(text, self.reading)
        except UnreadableError as error:
            message = f"{self.target.label}: {error.message}{self.where}."
            problems.append(RowProblem(self.target.name, error.code, message))
            return None


def _quoted(columns: Sequence[str]) -> str:
    return " + ".join(f'"{column}"' for column in columns)


def date_findings(mapping: Mapping, fields: Sequence[TargetField], sheet: Sheet) -> dict[str, DateFinding]:
    """For each mapped date field without a format: what its column proves, so a page can ask where `must_ask`."""
    found = {}
    for target in fields:
        rule = mapping.columns.get(target.name)
        if rule and target.kind in DATE_KINDS and not rule.formats and len(rule.columns) == 1:
            found[target.name] = ambiguous_dates(sheet, rule.columns[0], blank=(*mapping.blank, *rule.blank))
    return found


def problems_with(mapping: Mapping, fields: Sequence[TargetField], columns: Sequence[str]) -> list[Problem]:
    """Everything that keeps `mapping` from being used on a file with `columns`, each tied to its field; [] when fit."""
    problems = Problems()
    known = {target.name: target for target in fields}
    here = set(columns)
    for name in [*mapping.columns, *(name for name in mapping.constants if name not in mapping.columns)]:
        if name not in known:
            problems.add(name, "unknown_field", f'There is no field "{name}" to fill.')
    for target in fields:
        rule = mapping.columns.get(target.name)
        if rule is not None:
            _check_rule(mapping, target, rule, here, problems)
        elif target.name in mapping.constants:
            _check_constant(mapping, target, mapping.constants[target.name], problems)
        elif target.required:
            problems.add(target.name, "required", f"{target.label} is needed, so a column must be chosen for it.")
    if mapping.zone:
        _check_zone("zone", mapping.zone, problems)
    return problems.found


def _check_rule(mapping: Mapping, target: TargetField, rule: ColumnRule, here: set[str], problems: Problems) -> None:
    name, label = target.name, target.label
    optional = tuple(f"{join.name}." for join in mapping.joins if join.optional)
    if not rule.columns:
        problems.add(name, "required", f"{label}: no column is chosen.")
    for column in rule.columns:
        # The columns of a file that may be left out are blank without it.
        if column not in here and not (optional and column.startswith(optional)):
            problems.add(name, "unknown_column", f'{label}: the file has no column "{column}".')
    if rule.formats and target.kind not in DATE_KINDS:
        problems.add(name, "format_not_used", f"{label} is not a date, so it takes no format.")
    for template in rule.formats if target.kind in DATE_KINDS else ():
        if not is_date_format(template):
            problems.add(name, "bad_format", f'{label}: "{template}" does not tell day, month and year.')
    if rule.decimal_mark not in {".", ","}:
        problems.add(name, "bad_decimal_mark", f'{label}: the decimal mark is "." or ",".')
    if rule.zone:
        _check_zone(name, rule.zone, problems)
    elif target.kind == "datetime" and not mapping.zone and not _formats_have_zone(rule):
        problems.add(name, "zone_needed", f"{label}: say in which time zone the file's times are.")
    if target.kind == "choice":
        for text, value in rule.values.items():
            if value and value.casefold() not in {choice.casefold() for choice in target.choices}:
                problems.add(name, "not_a_choice", f'{label}: "{text}" is translated to "{value}", which is no choice.')
    if rule.default:
        _check_constant(mapping, target, rule.default, problems)


def _formats_have_zone(rule: ColumnRule) -> bool:
    return bool(rule.formats) and all("%z" in template for template in rule.formats)


def _check_zone(name: str, value: str, problems: Problems) -> None:
    try:
        zone(value)
    except UnreadableError as error:
        problems.add(name, error.code, f"{error.message}.")


def _check_constant(mapping: Mapping, target: TargetField, text: str, problems: Problems) -> None:
    rule = mapping.columns.get(target.name) or ColumnRule(columns=())
    if rule.decimal_mark not in {".", ","}:
        return
    try:
        # The zone has its own problem; here only the value is in question.
        read_value(text, Reading(target, rule, zone="UTC"))
    except UnreadableError as error:
        problems.add(target.name, error.code, f"{target.label}: {error.message}.")


def unused_columns(mapping: Mapping, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of a file that `mapping` leaves out, so a person sees what will not be imported."""
    used = {column for rule in mapping.columns.values() for column in rule.columns}
    used |= {join.key for join in mapping.joins}
    return tuple(column for column in columns if column not in used)


def suggest(columns: Sequence[str], fields: Sequence[TargetField], *, kind: str = "", title: str = "") -> Mapping:
    """A mapping of the columns whose headings name exactly one field, compared without case, accents and signs.

    A field's own name wins over its label, its label over its synonyms. Whatever could mean two fields, or two columns
    of equal rank for one field, is left for the person: nothing is guessed.
    """
    names: dict[str, dict[str, int]] = defaultdict(dict)
    for target in fields:
        for rank, heading in enumerate((target.name, target.label, *target.synonyms)):
            names[_plain(heading)].setdefault(target.name, min(rank, 2))
    candidates: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for column in columns:
        targets = names.get(_plain(column), {})
        best = min(targets.values(), default=0)
        alike = [name for name, rank in targets.items() if rank == best]
        if len(alike) == 1 and _plain(column):
            candidates[alike[0]].append((best, column))
    rules = {}
    for target in fields:
        found = sorted(candidates.get(target.name, []), key=lambda pair: pair[0])
        if found and (len(found) == 1 or found[0][0] < found[1][0]):
            rules[target.name] = ColumnRule(columns=(found[0][1],))
    return Mapping(kind=kind, title=title, columns=rules)


def _plain(heading: str) -> str:
    bare = "".join(ch for ch in unicodedata.normalize("NFKD", heading) if not unicodedata.combining(ch))
    return re.sub(r"[\W_]+", "", bare.casefold())
