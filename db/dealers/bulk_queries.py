"""What changing many dealers at once would do: pasted lines, a file or one value for all, shown old to new first."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.tables import WorkCalendar
from db.core.actor import Actor
from db.core.area import SourceFile
from db.core.permissions import Permission
from db.core.problems import Problems
from db.dealers import groups, importing, record, rules
from db.dealers.bulk_commands import BulkChange
from db.dealers.record import DealerFacts
from db.dealers.tables import Dealer, DealerGroup
from db.imports import reading
from db.imports.mapping import TargetField

_CHUNK = 500
NOTHING = frozenset({"-", "–", "none"})
"""Written in a cell, these empty a field; a blank cell leaves it alone."""
_CODE = next(target for target in importing.FIELDS if target.name == "code")
TARGETS: tuple[TargetField, ...] = (
    _CODE,
    *(target for target in importing.FIELDS if target.name in rules.BULK_FIELDS),
    TargetField(name="calendar_id", label="Working hours", synonyms=("calendar", "hours"), help="A calendar's name."),
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a line asks for: a dealer by code or id, and its changed facts as typed values."""

    code: str = ""
    dealer_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class BulkLine:
    """One dealer of the preview; `problem` says why it cannot be changed. Nothing differs when old is new."""

    code: str
    name: str
    old: str
    new: str
    problem: str = ""
    change: BulkChange | None = None


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a file or pasted lines hold: wishes, lines that cannot be read, and what was left out, as sentences."""

    wanted: tuple[Wanted, ...] = ()
    unread: tuple[BulkLine, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BulkPreview:
    """The lines in their order; `changes` is what the command takes when no line has a problem."""

    lines: tuple[BulkLine, ...]

    @property
    def problems(self) -> int:
        """How many lines cannot be taken."""
        return sum(1 for line in self.lines if line.problem)

    @property
    def changes(self) -> tuple[BulkChange, ...]:
        """The dealers that would differ."""
        return tuple(line.change for line in self.lines if line.change is not None)


def pasted_file(text: str, field_name: str) -> SourceFile:
    """Lines pasted from a sheet as a file: with headings as they are, else a code and, behind a tab, ; or , a value."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = re.split(r"[\t;,]", lines[0])[0] if lines else ""
    headings = {"".join(re.findall(r"\w", word.casefold())) for word in (_CODE.name, _CODE.label, *_CODE.synonyms)}
    if "".join(re.findall(r"\w", first.casefold())) in headings:
        return SourceFile(name="pasted.txt", content="\n".join(lines).encode())
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["code", field_name])
    for line in lines:
        code, *value = re.split(r"\t|;|,", line, maxsplit=1)
        writer.writerow([code.strip(), value[0].strip() if value else ""])
    return SourceFile(name="pasted.csv", content=out.getvalue().encode())


def read_wanted(file: SourceFile, *, fallback: Mapping[str, Any] | None = None) -> Read:
    """The rows of a file as wishes, and those that cannot be read as lines with their problem.

    A row that names no new value takes `fallback`.
    """
    tables = reading.read_tables([file], mapping=None, fields=[_text_where_cleared(t) for t in TARGETS])
    unread = [
        BulkLine(code=f"Row {o.row:,}" if o.row else "File", name="", old="", new="", problem=o.message)
        for o in tables.rejected
    ]
    wanted = []
    for row in tables.rows:
        values = {name: value for name, value in row.values.items() if value is not None and name != "code"}
        problems, typed = _typed(values)
        if problems:
            unread.append(BulkLine(code=str(row.values["code"]), name="", old="", new="", problem=" ".join(problems)))
        else:
            given = typed or dict(fallback or {})
            wanted.append(Wanted(code=str(row.values["code"]).strip(), values=given, where=f"row {row.row:,}"))
    return Read(wanted=tuple(wanted), unread=tuple(unread), notes=tuple(tables.sentences))


def _text_where_cleared(target: TargetField) -> TargetField:
    """Numbers and yes/no are read by ourselves, so that one unreadable cell names its dealer."""
    return TargetField(name=target.name, label=target.label, required=target.required, synonyms=target.synonyms)


def _typed(values: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    problems: list[str] = []
    found: dict[str, Any] = {}
    for name, text in values.items():
        word = text.strip().casefold()
        is_cleared = word in NOTHING
        if name in ("lead_weight", "lead_cap", "daily_quota"):
            plain = word.replace(",", "").removesuffix(".0")
            if plain.isascii() and plain.isdigit() and len(plain) < 10:
                found[name] = int(plain)
            elif is_cleared and name != "lead_weight":
                found[name] = 0
            else:
                problems.append(f'{record.LABELS[name]}: "{text[:40]}" is no whole number.')
        elif name == "takes_leads":
            if word in ("yes", "y", "true", "1", "no", "n", "false", "0"):
                found[name] = word in ("yes", "y", "true", "1")
            else:
                problems.append(f'{record.LABELS[name]}: "{text[:40]}" is neither yes nor no.')
        elif name == "brands":
            found[name] = () if is_cleared else rules.split_list(text)
        else:
            found[name] = "" if is_cleared else text
    return problems, found


def preview(session: Session, *, wanted: Sequence[Wanted], actor: Actor) -> BulkPreview:
    """What `bulk_change` would do, a line a wish; a code that is unknown or out of scope is "not found" either way."""
    actor.require(Permission.DEALERS_MANAGE)
    by_id, by_code = _dealers(session, wanted, actor)
    facts = record.facts_of(session, by_id.values())
    look = _Look(
        actor=actor,
        groups=groups.by_key(session, {str(w.values.get("group") or "") for w in wanted}),
        calendars=dict(session.execute(select(WorkCalendar.id, WorkCalendar.name)).all()),
    )
    seen: set[int] = set()
    lines = []
    for wish in wanted:
        dealer = by_id.get(wish.dealer_id) if wish.dealer_id is not None else by_code.get(wish.code)
        if dealer is None:
            shown = wish.code or "–"
            lines.append(BulkLine(code=shown, name="", old="", new="", problem="There is no dealer with this code."))
        elif dealer.id in seen:
            sentence = "This dealer stands in the list twice."
            lines.append(BulkLine(code=dealer.code, name=dealer.name, old="", new="", problem=sentence))
        else:
            seen.add(dealer.id)
            lines.append(look.line(dealer, facts[dealer.id], wish.values))
    return BulkPreview(lines=tuple(lines))


def _dealers(session: Session, wanted: Sequence[Wanted], actor: Actor) -> tuple[dict[int, Dealer], dict[str, Dealer]]:
    ids = sorted({w.dealer_id for w in wanted if w.dealer_id is not None})
    codes = sorted({w.code for w in wanted if w.dealer_id is None})
    found: list[Dealer] = []
    seen = actor.scope.where(Dealer.id, Dealer.region)
    for start in range(0, len(ids), _CHUNK):
        found += session.scalars(select(Dealer).where(Dealer.id.in_(ids[start : start + _CHUNK]), seen))
    for start in range(0, len(codes), _CHUNK):
        found += session.scalars(select(Dealer).where(Dealer.code.in_(codes[start : start + _CHUNK]), seen))
    return {dealer.id: dealer for dealer in found}, {dealer.code: dealer for dealer in found}


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What the lines of one preview are compared with."""

    actor: Actor
    groups: dict[str, DealerGroup]
    calendars: dict[int, str]

    def line(self, dealer: Dealer, before: DealerFacts, values: Mapping[str, Any]) -> BulkLine:
        """One dealer, as it is and as it would be."""
        problems = Problems()
        values = self._with_calendar(values, problems)
        after = record.checked(record.changed_with(before, values), problems)
        if "group" in values:
            groups.known_as(self.groups, after.group, problems)
        if after.region != before.region and not self.actor.scope.allows(dealer_id=None, region=after.region):
            problems.add("region", "not_allowed", f"{after.region} is outside of what you look after.")
        if not values:
            problems.add("values", "required", "The line names no new value.")
        names = [name for name in rules.BULK_FIELDS if name in values]
        _, new = record.differences(before, after)
        known = self.groups.get(rules.name_key(after.group))
        if known is not None and known.name == before.group:
            new.pop("group", None)
        return BulkLine(
            code=dealer.code, name=dealer.name, old=self._shown(before, names), new=self._shown(after, names),
            problem=" ".join(p.message for p in problems.found),
            change=(dealer.id, dealer.version, dict(values)) if new and not problems.found else None,
        )  # fmt: skip

    def _with_calendar(self, values: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
        """Working hours are written by their name and kept by their id."""
        given = dict(values)
        name = given.get("calendar_id")
        if isinstance(name, str):
            alike = [number for number, title in self.calendars.items() if title.casefold() == name.strip().casefold()]
            given["calendar_id"] = alike[0] if alike else None
            if name and not alike:
                problems.add("calendar_id", "unknown_calendar", f'There are no working hours called "{name[:60]}".')
        return given

    def _shown(self, facts: DealerFacts, names: Sequence[str]) -> str:
        words = {name: self._words(name, getattr(facts, name)) for name in names}
        if len(words) == 1:
            return next(iter(words.values()))
        return "; ".join(f"{record.LABELS[name]}: {word}" for name, word in words.items())

    def _words(self, name: str, value: Any) -> str:
        if name == "takes_leads":
            return "Yes" if value else "No"
        if name in ("lead_cap", "daily_quota"):
            return f"{value:,}" if value else "No limit"
        if name == "brands":
            return ", ".join(value) or "Every make"
        if name == "calendar_id":
            return self.calendars.get(value, "Usual hours")
        return str(value) or "None"
