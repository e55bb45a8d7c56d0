"""Mappings as TOML: read strictly, so that a misspelt key is named, and written so that reading gives the same."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from typing import Any

from db.core.problems import Problem, Problems, Refused
from db.imports.mapping_spec import ColumnRule, Join, Mapping
from db.imports.tabular_types import ReadOptions

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_TOP = {"kind", "title", "zone", "blank", "on_ambiguous_date", "reading", "constants", "columns", "joins"}
_RULE = {"column", "columns", "separator", "format", "formats", "zone", "values", "blank", "default", "decimal_mark"}
_JOIN = {"name", "file", "key", "other_key", "optional"}
_READING = {"encoding", "delimiter", "header", "sheet"}


def load_mapping(toml: str) -> Mapping:
    """The mapping written in `toml`; raises `Refused` with every problem (not_toml, unknown_key, wrong_type, required).

    Short forms: `name = "Column"` for a rule that only names its column, `column`/`format` for lists of one.
    """
    try:
        document = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(Problem(code="not_toml", message=f"The mapping is not valid TOML: {error}.")) from error
    return _Reader().mapping(document)


class _Reader:
    def __init__(self) -> None:
        self.problems = Problems()

    def mapping(self, document: dict[str, Any]) -> Mapping:
        self._known(document, _TOP, "")
        for name in ("kind", "title"):
            if not document.get(name):
                self.problems.add(name, "required", f'The mapping needs "{name}".')
        on_ambiguous = self._text(document, "on_ambiguous_date", "", "ask")
        if on_ambiguous not in ("ask", "day_first", "month_first"):
            sentence = '"on_ambiguous_date" is "ask", "day_first" or "month_first".'
            self.problems.add("on_ambiguous_date", "wrong_value", sentence)
        columns = {name: self._rule(name, rule) for name, rule in self._table(document, "columns", "").items()}
        constants = {
            name: self._scalar(value, f"constants.{name}")
            for name, value in self._table(document, "constants", "").items()
        }
        reading = self._table(document, "reading", "")
        self._known(reading, _READING, "reading.")
        mapping = Mapping(
            kind=self._text(document, "kind", ""),
            title=self._text(document, "title", ""),
            columns=columns,
            constants=constants,
            joins=self._joins(document.get("joins", [])),
            zone=self._text(document, "zone", ""),
            blank=self._texts(document, "blank", ""),
            on_ambiguous_date=on_ambiguous if on_ambiguous in ("day_first", "month_first") else "ask",  # type: ignore[arg-type]
            reading=ReadOptions(
                encoding=self._text(reading, "encoding", "reading."),
                delimiter=self._text(reading, "delimiter", "reading."),
                header=self._flag(reading, "header", "reading."),
                sheet=self._text(reading, "sheet", "reading."),
            ),
        )
        self.problems.refuse_if_any()
        return mapping

    def _rule(self, target: str, rule: Any) -> ColumnRule:
        place = f"columns.{target}"
        if isinstance(rule, str):
            return ColumnRule(columns=(rule,))
        if not isinstance(rule, dict):
            self._wrong(place, "a column name or a table")
            return ColumnRule(columns=())
        self._known(rule, _RULE, f"{place}.")
        columns = self._texts(rule, "columns", f"{place}.") or self._texts(rule, "column", f"{place}.")
        if not columns:
            self.problems.add(place, "required", f'"{place}" needs "column" or "columns".')
        values = self._table(rule, "values", f"{place}.")
        return ColumnRule(
            columns=columns,
            separator=self._text(rule, "separator", f"{place}.", " "),
            formats=self._texts(rule, "formats", f"{place}.") or self._texts(rule, "format", f"{place}."),
            zone=self._text(rule, "zone", f"{place}."),
            values={key: self._scalar(value, f"{place}.values.{key}") for key, value in values.items()},
            blank=self._texts(rule, "blank", f"{place}."),
            default=self._scalar(rule.get("default", ""), f"{place}.default"),
            decimal_mark=self._text(rule, "decimal_mark", f"{place}.", "."),
        )

    def _joins(self, joins: Any) -> tuple[Join, ...]:
        if not isinstance(joins, list) or not all(isinstance(join, dict) for join in joins):
            self._wrong("joins", "a list of tables")
            return ()
        found = []
        for index, join in enumerate(joins, start=1):
            place = f"joins {index}."
            self._known(join, _JOIN, place)
            for name in ("name", "file", "key"):
                if not join.get(name):
                    self.problems.add(f"{place}{name}", "required", f'"{place}{name}" is needed.')
            found.append(
                Join(
                    name=self._text(join, "name", place),
                    file=self._text(join, "file", place),
                    key=self._text(join, "key", place),
                    other_key=self._text(join, "other_key", place),
                    optional=self._flag(join, "optional", place),
                )
            )
        return tuple(found)

    def _known(self, table: dict[str, Any], keys: set[str], place: str) -> None:
        for key in table:
            if key not in keys:
                listed = ", ".join(sorted(keys))
                self.problems.add(f"{place}{key}", "unknown_key", f'"{place}{key}" is not known here; known: {listed}.')

    def _table(self, table: dict[str, Any], key: str, place: str) -> dict[str, Any]:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self._wrong(f"{place}{key}", "a table")
        return {}

    def _text(self, table: dict[str, Any], key: str, place: str, default: str = "") -> str:
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self._wrong(f"{place}{key}", "a text in quotation marks")
        return default

    def _flag(self, table: dict[str, Any], key: str, place: str) -> bool:
        value = table.get(key, True)
        if isinstance(value, bool):
            return value
        self._wrong(f"{place}{key}", "true or false")
        return True

    def _texts(self, table: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._wrong(f"{place}{key}", "a text or a list of texts")
        return ()

    def _scalar(self, value: Any, place: str) -> str:
        # A hand-made mapping may well say `year = 2024`; what counts is the text a cell would have held.
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        if isinstance(value, dt.date | dt.time):
            return value.isoformat()
        self._wrong(place, "one value")
        return ""

    def _wrong(self, place: str, wanted: str) -> None:
        self.problems.add(place, "wrong_type", f'"{place}" must be {wanted}.')


def dump_mapping(mapping: Mapping) -> str:
    """`mapping` as TOML; `load_mapping` gives an equal one back. Parts that say nothing are left out."""
    lines = [f"kind = {_string(mapping.kind)}", f"title = {_string(mapping.title)}"]
    if mapping.zone:
        lines.append(f"zone = {_string(mapping.zone)}")
    if mapping.blank:
        lines.append(f"blank = {_array(mapping.blank)}")
    lines.append(f"on_ambiguous_date = {_string(mapping.on_ambiguous_date)}")
    reading = mapping.reading
    if reading != ReadOptions():
        lines += ["", "[reading]"]
        lines += [
            f"{name} = {_string(getattr(reading, name))}"
            for name in ("encoding", "delimiter", "sheet")
            if getattr(reading, name)
        ]
        if not reading.header:
            lines.append("header = false")
    if mapping.constants:
        lines += ["", "[constants]"]
        lines += [f"{_key(name)} = {_string(value)}" for name, value in mapping.constants.items()]
    for name, rule in mapping.columns.items():
        lines += ["", f"[columns.{_key(name)}]", *_rule_lines(rule)]
        if rule.values:
            lines += ["", f"[columns.{_key(name)}.values]"]
            lines += [f"{_key(text)} = {_string(value)}" for text, value in rule.values.items()]
    for join in mapping.joins:
        lines += ["", "[[joins]]", f"name = {_string(join.name)}", f"file = {_string(join.file)}"]
        lines.append(f"key = {_string(join.key)}")
        if join.other_key:
            lines.append(f"other_key = {_string(join.other_key)}")
        if not join.optional:
            lines.append("optional = false")
    return "\n".join(lines) + "\n"


def _rule_lines(rule: ColumnRule) -> list[str]:
    one = len(rule.columns) == 1
    lines = [f"column = {_string(rule.columns[0])}" if one else f"columns = {_array(rule.columns)}"]
    if rule.separator != " ":
        lines.append(f"separator = {_string(rule.separator)}")
    if rule.formats:
        lines.append(f"formats = {_array(rule.formats)}")
    if rule.zone:
        lines.append(f"zone = {_string(rule.zone)}")
    if rule.blank:
        lines.append(f"blank = {_array(rule.blank)}")
    if rule.default:
        lines.append(f"default = {_string(rule.default)}")
    if rule.decimal_mark != ".":
        lines.append(f"decimal_mark = {_string(rule.decimal_mark)}")
    return lines


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else _string(text)


def _string(text: str) -> str:
    escaped = "".join(
        _ESCAPES.get(ch) or (f"\\u{ord(ch):04X}" if ord(ch) < 32 or ord(ch) == 127 else ch) for ch in text
    )
    return f'"{escaped}"'


def _array(texts: tuple[str, ...]) -> str:
    return "[" + ", ".join(_string(text) for text in texts) + "]"
