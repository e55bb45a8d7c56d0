"""A second file put beside the first by equal keys, with every row that finds no partner counted (U14)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fnmatch import fnmatch

from db.core.problems import Problem, Refused
from db.imports.mapping_spec import Join, Mapping
from db.imports.tabular_types import RowProblem, Sheet, SourceRow


def combine(mapping: Mapping, sheets: Sequence[Sheet]) -> list[Sheet]:
    """The main sheets among `sheets`, each with the columns of the mapping's joins beside its own.

    Which sheet is which is told by the file pattern of each join. Raises `Refused`: no_main_file, join_file_missing,
    join_file_twice, join_key_missing.
    """
    joined: dict[str, Sheet] = {}
    main = []
    for sheet in sheets:
        join = next((j for j in mapping.joins if fnmatch(sheet.file.casefold(), j.file.casefold())), None)
        if join is None:
            main.append(sheet)
        elif join.name in joined:
            sentence = f'Both "{joined[join.name].file}" and "{sheet.file}" match "{join.file}"; give one of them.'
            raise Refused(Problem(code="join_file_twice", message=sentence, field="file"))
        else:
            joined[join.name] = sheet
    if not main:
        raise Refused(
            Problem(code="no_main_file", message="Only joined files were given, not the main one.", field="file")
        )
    for join in mapping.joins:
        if join.name in joined:
            main = [join_sheets(sheet, joined[join.name], join) for sheet in main]
        elif not join.optional:
            raise Refused(
                Problem(code="join_file_missing", message=f'A file like "{join.file}" is needed too.', field="file")
            )
    return main


def join_sheets(left: Sheet, right: Sheet, join: Join) -> Sheet:
    """`left` with the columns of `right` as "name.column"; keys are compared without white space around them.

    A row whose partner is itself unreadable, or that has several partners, gets a problem: choosing one would be a
    guess. Rows of `right` without a partner are counted in the warnings.
    """
    other_key = join.other_key or join.key
    for sheet, key in ((left, join.key), (right, other_key)):
        if key not in sheet.columns:
            sentence = f'"{sheet.file}" has no column "{key}", which joins the two files.'
            raise Refused(Problem(code="join_key_missing", message=sentence, field="file"))
    partners: dict[str, list[SourceRow]] = {}
    for row in right.rows:
        partners.setdefault(row.cells[other_key].strip(), []).append(row)
    names = {column: f"{join.name}.{column}" for column in right.columns}
    used: set[str] = set()
    rows = []
    for row in left.rows:
        key = row.cells[join.key].strip()
        found = partners.get(key, []) if key else []
        if found:
            used.add(key)
        rows.append(_beside(row, found, names, right.file))
    alone = [row for key, found in partners.items() if key not in used for row in found]
    warnings = left.warnings + right.warnings
    if alone:
        first = min(row.row for row in alone)
        warnings += (f'{len(alone):,} rows of "{right.file}" match no row of "{left.file}" (first: {first:,}).',)
    return dataclasses.replace(left, columns=left.columns + tuple(names.values()), rows=rows, warnings=warnings)


def _beside(row: SourceRow, found: list[SourceRow], names: dict[str, str], file: str) -> SourceRow:
    problems = row.problems
    if len(found) > 1:
        lines = ", ".join(f"{partner.row:,}" for partner in found[:5])
        sentence = f'Several rows of "{file}" have the same key (rows {lines}).'
        problems += (RowProblem("", "several_partners", sentence),)
    elif found and found[0].problems:
        sentence = f'Row {found[0].row:,} of "{file}" cannot be read: {found[0].problems[0].message}'
        problems += (RowProblem("", "partner_unreadable", sentence),)
    values = found[0].cells if len(found) == 1 else {}
    cells = row.cells | {name: values.get(column, "") for column, name in names.items()}
    return dataclasses.replace(row, cells=cells, problems=problems)
