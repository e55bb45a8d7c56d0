"""What a column mapping says: which column feeds which field, in which format, with which translations (U14)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from db.imports.tabular_types import ReadOptions

FieldKind = Literal["text", "integer", "decimal", "money", "date", "datetime", "email", "phone", "choice", "bool"]
OnAmbiguousDate = Literal["ask", "day_first", "month_first"]
DATE_KINDS = frozenset({"date", "datetime"})
ANYTHING_ELSE = "*"
"""In `ColumnRule.values`: what every other cell that is not blank means."""


@dataclass(frozen=True, kw_only=True)
class TargetField:
    """One field an import can fill. `synonyms` are other headings it is known by; `choices` the values it may take.

    Mapped values by kind: `money` integer cents, `decimal` Decimal, `datetime` aware UTC, `bool` bool, `text`, `email`,
    `phone` and `choice` str.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ColumnRule:
    """How one field is filled: from `columns` (several are joined by `separator`, blank ones left out).

    `formats` are strptime formats, tried all; `zone` is the IANA zone of times without an offset; `values` translates
    whole cells ("*" stands for every other one); `blank` lists texts that mean "nothing"; `default` stands in for a
    blank; `decimal_mark` is "." or ",".
    """

    columns: tuple[str, ...]
    separator: str = " "
    formats: tuple[str, ...] = ()
    zone: str = ""
    values: dict[str, str] = field(default_factory=dict)
    blank: tuple[str, ...] = ()
    default: str = ""
    decimal_mark: str = "."


@dataclass(frozen=True, kw_only=True)
class Join:
    """A second file whose columns are put beside the rows of the first, as "`name`.column", matched by equal keys.

    `file` is a pattern of its name (`*closed_deals*`); a row without a partner gets blanks. An `optional` file may be
    left out of an import.
    """

    name: str
    file: str
    key: str
    other_key: str = ""
    optional: bool = True


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """How files of one other system are read into one kind of record; saved as TOML.

    `kind` is the import kind ("leads", "dealers" …); `constants` gives fields one value for every row; `zone` and
    `blank` hold for all columns that say nothing else; `reading` is what cannot be seen in the file itself.
    """

    kind: str
    title: str
    columns: dict[str, ColumnRule] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    zone: str = ""
    blank: tuple[str, ...] = ()
    on_ambiguous_date: OnAmbiguousDate = "ask"
    reading: ReadOptions = field(default_factory=ReadOptions)
