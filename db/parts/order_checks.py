"""What typed or imported lines of an order are checked for, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from db.core.problems import Problems
from db.parts.record import parts_by_number, tidy
from db.parts.rules import MOST_LINES, MOST_UNITS
from db.warranty.tables import Part


def quantity_of(value: object) -> int | None:
    """A whole number of units, or None for what is none."""
    try:
        number = float(str(value).replace(",", "").strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() and 0 < number <= MOST_UNITS else None


def part_problem(number: str, part: Part | None) -> str:
    """Why a part cannot be ordered, in a sentence; empty when it can."""
    if part is None:
        return f"There is no part {number}."
    if not part.is_active:
        hint = f" Order {part.superseded_by} instead." if part.superseded_by else ""
        return f"Part {number} is no longer delivered.{hint}"
    return ""


def checked_lines(
    session: Session, lines: Sequence[Mapping[str, Any]], problems: Problems
) -> list[tuple[Part, int]]:  # fmt: skip
    """The lines that hold something as parts and units; every problem names its line, counted as typed."""
    typed = [(n, tidy(x.get("part")), x.get("quantity")) for n, x in enumerate(lines, 1)]
    typed = [one for one in typed if one[1] or one[2] not in (None, "")]
    if not typed:
        problems.add("lines", "required", "Enter at least one part.")
    if len(typed) > MOST_LINES:
        problems.add("lines", "too_many", f"An order has at most {MOST_LINES} lines; this one has {len(typed):,}.")
        return []
    found = parts_by_number(session, [number for _, number, _ in typed])
    seen: dict[str, int] = {}
    checked = []
    for n, number, value in typed:
        quantity = quantity_of(value)
        wrong = part_problem(number, found.get(number)) if number else "The part number is missing."
        if wrong:
            problems.add("lines", "unknown_part", f"Line {n}: {wrong}")
        elif number in seen:
            problems.add("lines", "twice", f"Line {n}: part {number} stands in line {seen[number]} already.")
        if quantity is None:
            problems.add("lines", "quantity", f"Line {n}: the quantity has to be a whole number from 1 on.")
        seen.setdefault(number, n)
        if not wrong and quantity is not None:
            checked.append((found[number], quantity))
    return checked
