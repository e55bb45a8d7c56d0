"""Tables of reference: holidays, working time, states, vehicle numbers."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

from db.calendar.holidays_us import federal_holidays, federal_holidays_between
from db.calendar.rules import Calendar, Hours, due_at, elapsed_minutes
from db.core import vin as vins
from db.core.geo import BY_FIPS
from seed.real import Desk, Fact


def holidays(desk: Desk) -> list[Fact]:
    """The US federal holidays as computed, for the published year and for all five years of the file."""
    with (desk.data / desk.name / "holidays_2024_2028.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == "US" and not row["subdiv"]]
    published = {f"{row['date']} {row['name']}" for row in rows}
    computed = federal_holidays_between(date(2024, 1, 1), date(2028, 12, 31))
    of_2025 = [f"{day} {name}" for day, name in federal_holidays(2025).items()]
    return [
        desk.fact("US federal 2025", len(desk.answers["US_federal_2025"]), len(of_2025)),
        desk.fact("US federal 2025, not as published", [], sorted(set(of_2025) ^ set(desk.answers["US_federal_2025"]))),
        desk.fact("US federal 2024 to 2028", len(published), len(computed)),
        desk.fact(
            "US federal 2024 to 2028, not as published", [],
            sorted(published ^ {f"{day} {name}" for day, name in computed.items()}),
        ),
    ]  # fmt: skip


def clocks(desk: Desk) -> list[Fact]:
    """The vectors of domain-rules 2.2 B: due times, working minutes, pauses."""
    given = json.loads((desk.data / desk.name).read_text(encoding="utf-8"))
    zone = ZoneInfo(given["zone"])
    week, saturday = ([_hours(span) for span in given["weekly"][name]] for name in ("mon-fri", "sat"))
    calendar = Calendar(
        name="Vectors", zone=given["zone"], weekly=(*(tuple(week),) * 5, tuple(saturday), ()),
        holidays={date.fromisoformat(day): "Holiday" for day in given["holidays"]},
    )  # fmt: skip

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone)

    due = [due_at(calendar, at(start), minutes) == at(end) for start, minutes, end in given["due"]]
    elapsed = [elapsed_minutes(calendar, at(low), at(high)) == minutes for low, high, minutes in given["elapsed"]]
    pauses = []
    for case in given["pause"]:
        low, high = map(at, case["paused"])
        found = due_at(calendar, at(case["open"]), case["target"], paused=[(low, high)])
        pauses.append(
            found == at(case["due"]) and elapsed_minutes(calendar, low, high) == case["paused_minutes"],
        )
    return [
        desk.fact("due times", len(due), sum(due)),
        desk.fact("working minutes", len(elapsed), sum(elapsed)),
        desk.fact("pauses", len(pauses), sum(pauses)),
    ]


def _hours(span: list[str]) -> Hours:
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in span)
    return Hours(first, last)


def states(desk: Desk) -> list[Fact]:
    """Every shape of the map has a state with the same number and name."""
    drawn = json.loads((desk.data / desk.name / "states-10m.json").read_text(encoding="utf-8"))["objects"]["states"]
    shapes = {shape["id"]: shape["properties"]["name"] for shape in drawn["geometries"]}
    return [
        desk.known("states", len(BY_FIPS), "states and territories"),
        desk.fact("shapes without a state", [], sorted(set(shapes) - set(BY_FIPS))),
        desk.fact("states without a shape", [], sorted(set(BY_FIPS) - set(shapes))),
    ]


def _rows(desk: Desk) -> list[dict[str, str]]:
    """The rows of the vehicle numbers."""
    with (desk.data / desk.name / "vin_vectors.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _counts(prefix: str, rows: list[dict[str, str]]) -> dict[str, int]:
    shaped = [row for row in rows if vins.has_shape(vins.clean(row["vin"]))]
    return {
        f"{prefix}_rows": len(rows),
        f"{prefix}_check_digit_ok": sum(vins.check_ok(vins.clean(row["vin"])) for row in shaped),
        f"{prefix}_bad_shape": len(rows) - len(shaped),
        f"{prefix}_year_differs_from_decode": sum(
            bool(row["year"]) and vins.contradicts_year(vins.clean(row["vin"]), int(row["year"])) for row in shaped
        ),
    }


def vehicle_numbers(desk: Desk) -> list[Fact]:
    """Shape, check digit and model year of 185 vehicle numbers; many of the second list carry a wrong digit."""
    rows = _rows(desk)
    first = [row for row in rows if "cardog" in row["source"]]
    second = [row for row in rows if "cardog" not in row["source"]]
    found = _counts("cardog", first) | _counts("wal33d", second)
    return [desk.known(name, number) for name, number in found.items()]
