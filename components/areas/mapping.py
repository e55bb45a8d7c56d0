"""The column mapping of an uploaded table: one line a field, suggested, checked, tried on the first rows, and kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping as Pairs
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import streamlit as st

from components import tables
from components.areas.calendar import ZONES
from components.areas.mapping_words import (
    format_text,
    read_formats,
    read_translation,
    translation_text,
)
from components.charts.base import table
from components.editing import edited
from components.labels import plain
from components.perform import perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.actor import Actor
from db.core.area import ImportKind, SourceFile
from db.core.problems import Problem, Refused
from db.core.session import reading
from db.imports import commands
from db.imports.mapping import (
    ColumnRule,
    Mapping,
    TargetField,
    apply,
    combine,
    date_findings,
    dump_mapping,
    load_mapping,
    problems_with,
    suggest,
    unused_columns,
)
from db.imports.queries import MappingDetail, list_mappings
from db.imports.tabular import FileRefused, ReadOptions, Sheet, read_table

FIELD, COLUMNS, FORMAT, EMPTY, WORDS = "Field", "From columns", "Date format", "When empty", "Translate words"
FORMAT_HELP = "Only for dates, such as DD/MM/YYYY or M/D/YYYY hh:mm AM"
EMPTY_HELP = "Stands in where the file says nothing; without a column it holds for every row"
WORDS_HELP = "What the file's words mean: Won = sold; Lost = closed"
PREVIEWED = 8
BY_HEADINGS = "Suggested by the headings"
ORDERS = {"day_first": "Day first", "month_first": "Month first"}


@dataclass(frozen=True)
class Mapped:
    """What the editor gives: the mapping as it stands, and whether nothing keeps it from being used."""

    mapping: Mapping
    is_ready: bool


def draw_mapping(kind: ImportKind, files: Sequence[SourceFile], *, key: str, actor: Actor, fingerprint: str) -> Mapped:
    """Draw the editor for these files; everything chosen stays until other files are uploaded."""
    with reading() as session:
        saved = {one.title: one for one in list_mappings(session, actor=actor, kind=kind.name)}
    base_title, options = _draw_choices(saved, key=key)
    base = _loaded(saved.get(base_title), kind)
    base = dataclasses.replace(base, reading=_merged(base.reading, options))
    sheets, refused = _sheets(files, base)
    for sentence in refused:
        st.error(plain(sentence), icon=":material/error:")
    if not sheets:
        return Mapped(base, False)
    columns = tuple(dict.fromkeys(column for sheet in sheets for column in sheet.columns))
    if base_title not in saved:
        base = dataclasses.replace(suggest(columns, kind.fields, kind=kind.name), reading=base.reading)
    rows = [_row_of(target, base) for target in kind.fields]
    grid = f"{key}_grid_{fingerprint[:12]}_{base_title}"
    _draw_grid(rows, columns, key=grid)
    typed, problems = _mapping_of(edited(rows, grid), kind.fields, base)
    typed = _draw_doubts(typed, kind.fields, sheets, key=key)
    problems += problems_with(typed, kind.fields, columns)
    _draw_problems(problems)
    left_out = unused_columns(typed, columns)
    if left_out:
        st.caption("Not imported: " + plain(", ".join(left_out[:20])) + (" …" if len(left_out) > 20 else ""))
    _draw_save(typed, kind, key=key)
    if not problems:
        _draw_preview(typed, kind.fields, sheets)
    return Mapped(typed, not problems)


def _draw_choices(saved: Pairs[str, MappingDetail], *, key: str) -> tuple[str, ReadOptions]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        title = st.selectbox(
            "Columns", ["", *saved], format_func=lambda v: v or BY_HEADINGS, key=f"{key}_saved", width=320,
            help="How the columns of the file become our fields. A mapping that was saved before can be used again.",
        )  # fmt: skip
        with st.popover("Reading the file", icon=":material/tune:"):
            header = st.checkbox("The first row holds the headings", value=True, key=f"{key}_header")
            sheet = st.text_input("Sheet of the workbook", key=f"{key}_sheet", placeholder="The first with a table")
            delimiter = st.text_input(
                "Separator of columns", key=f"{key}_delimiter", max_chars=1, placeholder="Found by itself"
            )
    return title or "", ReadOptions(header=header, sheet=sheet.strip(), delimiter=delimiter)


def _merged(base: ReadOptions, options: ReadOptions) -> ReadOptions:
    return ReadOptions(
        encoding=base.encoding, delimiter=options.delimiter or base.delimiter, header=base.header and options.header,
        sheet=options.sheet or base.sheet,
    )  # fmt: skip


def _loaded(saved: MappingDetail | None, kind: ImportKind) -> Mapping:
    return load_mapping(saved.toml) if saved else Mapping(kind=kind.name, title="")


def _sheets(files: Sequence[SourceFile], base: Mapping) -> tuple[list[Sheet], list[str]]:
    found, refused = [], []
    for file in files:
        try:
            found.append(read_table(file.content, file_name=file.name, options=base.reading))
        except FileRefused as refusal:
            refused += [f"{file.name}: {problem.message}" for problem in refusal.problems]
    try:
        return (combine(base, found) if found and base.joins else found), refused
    except Refused as refusal:
        return [], [*refused, *(problem.message for problem in refusal.problems)]


def _row_of(target: TargetField, base: Mapping) -> dict[str, Any]:
    rule = base.columns.get(target.name)
    return {
        FIELD: target.label + (" *" if target.required else ""),
        COLUMNS: list(rule.columns) if rule else [],
        FORMAT: " | ".join(format_text(one) for one in rule.formats) if rule else "",
        EMPTY: (rule.default if rule and rule.default else base.constants.get(target.name, "")),
        WORDS: translation_text(rule.values) if rule else "",
    }


def _draw_grid(rows: Sequence[Pairs[str, Any]], columns: Sequence[str], *, key: str) -> None:
    frame = pa.table(
        {
            name: pa.array([row[name] for row in rows], pa.list_(pa.string()) if name == COLUMNS else pa.string())
            for name in (FIELD, COLUMNS, FORMAT, EMPTY, WORDS)
        }
    )
    config = st.column_config
    st.data_editor(
        frame, key=key, hide_index=True, num_rows="fixed", disabled=[FIELD], height=430,
        alt="Which columns of the file fill which field",
        column_config={
            FIELD: config.TextColumn(FIELD, width=150, help="Fields with a star are needed", pinned=True),
            COLUMNS: config.MultiselectColumn(
                COLUMNS, options=list(columns), color="gray", width=270, help="Several are put together with a space"
            ),
            FORMAT: config.TextColumn(FORMAT, width=150, help=FORMAT_HELP),
            EMPTY: config.TextColumn(EMPTY, width=150, help=EMPTY_HELP),
            WORDS: config.TextColumn(WORDS, width=260, help=WORDS_HELP),
        },
    )  # fmt: skip


def _mapping_of(
    rows: Sequence[Pairs[str, Any]], fields: Sequence[TargetField], base: Mapping
) -> tuple[Mapping, list[Problem]]:
    rules: dict[str, ColumnRule] = {}
    constants: dict[str, str] = {}
    problems: list[Problem] = []
    for row, target in zip(rows, fields, strict=False):
        before = base.columns.get(target.name) or ColumnRule(columns=())
        columns = tuple(row.get(COLUMNS) or ())
        empty = str(row.get(EMPTY) or "").strip()
        try:
            formats = read_formats(str(row.get(FORMAT) or ""), field=target.name, label=target.label)
            values = read_translation(str(row.get(WORDS) or ""), field=target.name, label=target.label)
        except Refused as refusal:
            problems += refusal.problems
            continue
        if columns:
            rules[target.name] = dataclasses.replace(
                before, columns=columns, formats=formats, values=values, default=empty
            )
        elif empty:
            constants[target.name] = empty
    return dataclasses.replace(base, columns=rules, constants=constants), problems


def _draw_doubts(mapping: Mapping, fields: Sequence[TargetField], sheets: Sequence[Sheet], *, key: str) -> Mapping:
    """Ask what a file cannot say of itself: the order of day and month, the zone of its times, its decimal mark."""
    labels = {target.name: target.label for target in fields}
    kinds = {target.name: target.kind for target in fields}
    asked = [
        (name, finding)
        for sheet in sheets
        for name, finding in date_findings(mapping, fields, sheet).items()
        if finding.must_ask
    ]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if asked:
            name, finding = asked[0]
            example = f" such as {finding.example}" if finding.example else ""
            order: Any = st.segmented_control(
                f"{labels[name]}: what comes first in dates{example}?", list(ORDERS), format_func=ORDERS.__getitem__,
                key=f"{key}_order", width="content",
            )  # fmt: skip
            mapping = dataclasses.replace(mapping, on_ambiguous_date=order or mapping.on_ambiguous_date)
        if any(kinds[name] == "datetime" for name in mapping.columns):
            options = ["", *dict.fromkeys([mapping.zone, *ZONES] if mapping.zone else ZONES)]
            zone = st.selectbox(
                "Time zone of the file", options, index=options.index(mapping.zone), key=f"{key}_zone_{mapping.zone}",
                format_func=lambda v: v or "Choose", width=220, help="For times that do not say their own zone",
            )  # fmt: skip
            mapping = dataclasses.replace(mapping, zone=zone)
        if any(kinds[name] in ("money", "decimal") for name in mapping.columns):
            mark = st.segmented_control(
                "Decimal mark", [".", ","], key=f"{key}_mark", default=_mark_of(mapping), required=True
            )
            rules = {n: dataclasses.replace(r, decimal_mark=mark) for n, r in mapping.columns.items()}
            mapping = dataclasses.replace(mapping, columns=rules)
    return mapping


def _mark_of(mapping: Mapping) -> str:
    return next((rule.decimal_mark for rule in mapping.columns.values() if rule.decimal_mark != "."), ".")


def _draw_problems(problems: Sequence[Problem]) -> None:
    if problems:
        st.warning("  \n".join(dict.fromkeys(plain(p.message) for p in problems)), icon=":material/rule:")


def _draw_save(mapping: Mapping, kind: ImportKind, *, key: str) -> None:
    form = f"{key}_save"
    show_outcome(form)
    with popup("Save these columns", key=f"{form}_popup", icon=":material/bookmark_add:"):
        st.text_input("Title", key=f"{form}_title", max_chars=120, placeholder="Monthly list of the web agency")
        problems_of(form, "title")
        stray_problems(form, ["title"])
        st.caption("For the next file of the same sender. The same name replaces what was saved under it.")

        def save() -> None:
            perform(
                commands.save_mapping, form=form, say="The columns were saved", typed={"title": f"{form}_title"},
                after=lambda _id: close(f"{form}_popup", f"{form}_title"),
                # The command gives it the title that was typed; the text alone has to have one, too.
                arguments={"kind": kind.name, "toml": dump_mapping(dataclasses.replace(mapping, title="Columns"))},
            )  # fmt: skip

        st.button("Save", key=f"{form}_go", type="primary", on_click=save)


def _draw_preview(mapping: Mapping, fields: Sequence[TargetField], sheets: Sequence[Sheet]) -> None:
    rows = [row for sheet in sheets[:1] for row in islice(apply(mapping, fields, sheet), PREVIEWED)]
    shown = [t for t in fields if t.name in mapping.columns or t.name in mapping.constants]
    if not rows or not shown:
        return
    st.markdown("**First rows as they would come in**")
    columns: dict[str, list[Any]] = {
        "Row": [row.row for row in rows],
        "Problem": [" ".join(problem.message for problem in row.problems) or "–" for row in rows],
    }
    columns |= {target.label: [_shown(target, row.values.get(target.name)) for row in rows] for target in shown}
    config: dict[str, Any] = {name: tables.text(name) for name in columns}
    config["Row"] = tables.number("Row", width=55)
    has_problems = any(row.problems for row in rows)
    config["Problem"] = tables.text("Problem", width=320 if has_problems else 80)
    tables.show(table(columns), key="mapping_preview", alt="The first rows as they would come in", columns=config)


def _shown(target: TargetField, value: Any) -> str:
    if value is None:
        return ""
    if target.kind == "money":
        return f"{value / 100:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value.isoformat() if isinstance(value, date) else str(value)
