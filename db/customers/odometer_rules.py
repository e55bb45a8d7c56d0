"""Whether a series of odometer readings can be true (C2): falling, implausibly fast, in mixed units, or a new clock.

The findings feed the claim rules: an odometer that is not monotonic sends a claim to a person (domain-rules 2.1 F
usage mismatch, W04, W08).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

Unit = Literal["mi", "km"]
Level = Literal["note", "warning", "review"]
KM_A_MILE: Final = 1.609344
UNITS: Final[dict[str, str]] = {"mi": "mi", "km": "km"}
MOST: Final = 9_999_999
_CLOCKS: Final = (99_999, 999_999)
"""Where a mechanical clock starts again at zero."""


@dataclass(frozen=True, kw_only=True)
class OdometerPolicy:
    """Limits. `most_a_day` in miles; `tolerance` in miles is what a reading may be lower (a tenth cut off, a tow);
    `stay_days` and `test_drive` say which readings belong to one visit."""

    most_a_day: int = 300
    tolerance: int = 5
    test_drive: int = 50
    stay_days: int = 7
    near_the_end: int = 5_000


POLICY: Final = OdometerPolicy()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One reading on a day. `value` counts in `unit`; `starts_anew` marks the first reading of a replaced odometer.

    `place` says where it was read, `ref` names the record it comes from. Readings of one day keep the order given.
    """

    on: date
    value: int
    unit: Unit = "mi"
    place: str = ""
    ref: str = ""
    starts_anew: bool = False

    @property
    def miles(self) -> float:
        """The value in miles."""
        return self.value / KM_A_MILE if self.unit == "km" else float(self.value)

    @property
    def label(self) -> str:
        """ "41,200 mi on 2026-03-04"."""
        return f"{self.value:,} {self.unit} on {self.on.isoformat()}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with a reading: the rule, what was observed, its limit, and a sentence.

    A finding of the level `review` needs a person; `ref` and `reading` name the reading it is about.
    """

    rule: str
    level: Level
    observed: str
    limit: str
    sentence: str
    on: date
    ref: str = ""
    reading: str = ""


def findings(readings: Sequence[Reading], policy: OdometerPolicy = POLICY) -> list[Finding]:
    """Everything that cannot be right in a series, oldest first.

    A single reading that is wrong is named itself (`odometer_outlier`) and the later ones are compared with the one
    before it, so that one slip of the hand makes one finding. After a replaced or turned-over odometer the count
    starts anew.
    """
    ordered = [r for _, r in sorted(enumerate(readings), key=lambda pair: (pair[1].on, pair[0]))]
    found = _mixed_units(ordered)
    last: Reading | None = None
    slip: Reading | None = None
    for position, reading in enumerate(ordered):
        if slip is not None and _is_same_visit(slip, reading, policy):
            continue  # the odometer out of the visit whose odometer in was mistyped
        slip = None
        following = next((r for r in ordered[position + 1 :] if not _is_same_visit(reading, r, policy)), None)
        if last is None:
            last = reading
            continue
        if reading.starts_anew:
            found.append(_replaced(last, reading))
            last = reading
            continue
        one = _compare(last, reading, policy)
        if one is None:
            last = reading
            continue
        if one.rule in ("odometer_falling", "odometer_rate") and _is_slip(last, reading, following, policy):
            found.append(_outlier(last, reading, following, policy))
            slip = reading
            continue
        found.append(one)
        last = reading
    return sorted(found, key=lambda f: f.on)


def _compare(last: Reading, reading: Reading, policy: OdometerPolicy) -> Finding | None:
    driven = reading.miles - last.miles
    if driven < -policy.tolerance:
        return _turned_over(last, reading, policy) or _falling(last, reading, policy)
    days = max((reading.on - last.on).days, 1)
    if driven / days > policy.most_a_day:
        return _too_fast(last, reading, days, policy)
    return None


def _is_same_visit(one: Reading, other: Reading, policy: OdometerPolicy) -> bool:
    """Two readings of one stay in the workshop: few days and few miles apart, so they are right or wrong together."""
    return (other.on - one.on).days <= policy.stay_days and abs(other.miles - one.miles) <= policy.test_drive


def _is_slip(last: Reading, reading: Reading, following: Reading | None, policy: OdometerPolicy) -> bool:
    """The reading after it fits the one before it, and does not fit the reading itself: only this one is wrong."""
    if following is None or following.starts_anew:
        return False
    return _compare(last, following, policy) is None and _compare(reading, following, policy) is not None


def _outlier(last: Reading, reading: Reading, following: Reading | None, policy: OdometerPolicy) -> Finding:
    assert following is not None
    way = "lower" if reading.miles < last.miles else "higher"
    hint = _other_unit(last, reading, policy)
    return Finding(
        rule="odometer_outlier", level="warning", observed=reading.label, limit=f"{last.label} and {following.label}",
        sentence=f"{reading.label} is {way} than the readings around it allow ({last.value:,} {last.unit} before,"
        f" {following.value:,} {following.unit} after); it was probably mistyped.{hint}",
        on=reading.on, ref=reading.ref, reading=reading.label,
    )  # fmt: skip


def _falling(last: Reading, reading: Reading, policy: OdometerPolicy) -> Finding:
    gone = round(last.miles - reading.miles)
    hint = _other_unit(last, reading, policy)
    return Finding(
        rule="odometer_falling", level="review", observed=reading.label, limit=last.label,
        sentence=f"The odometer fell by {gone:,} miles: {reading.label} after {last.label}.{hint}",
        on=reading.on, ref=reading.ref, reading=reading.label,
    )  # fmt: skip


def _other_unit(last: Reading, reading: Reading, policy: OdometerPolicy) -> str:
    other: Unit = "km" if reading.unit == "mi" else "mi"
    if _fits(last, replace(reading, unit=other), policy):
        return f" It would fit if it was read in {other}."
    return ""


def _fits(last: Reading, reading: Reading, policy: OdometerPolicy) -> bool:
    driven = reading.miles - last.miles
    days = max((reading.on - last.on).days, 1)
    return -policy.tolerance <= driven <= policy.most_a_day * days


def _turned_over(last: Reading, reading: Reading, policy: OdometerPolicy) -> Finding | None:
    for end in _CLOCKS:
        if last.unit == reading.unit and 0 <= end - last.value <= policy.near_the_end and reading.value < end // 2:
            driven = replace(reading, value=reading.value + end + 1)
            if _fits(last, driven, policy):
                return Finding(
                    rule="odometer_rollover", level="warning", observed=reading.label, limit=last.label,
                    sentence=f"The odometer probably turned over at {end:,} {reading.unit}: {reading.label} after"
                    f" {last.label}. True use is about {driven.value:,} {reading.unit}.",
                    on=reading.on, ref=reading.ref, reading=reading.label,
                )  # fmt: skip
    return None


def _too_fast(last: Reading, reading: Reading, days: int, policy: OdometerPolicy) -> Finding:
    rate = round((reading.miles - last.miles) / days)
    return Finding(
        rule="odometer_rate", level="review", observed=f"{rate:,} miles a day",
        limit=f"{policy.most_a_day:,} miles a day",
        sentence=f"{rate:,} miles a day between {last.label} and {reading.label}; up to {policy.most_a_day:,} are"
        f" plausible.{_other_unit(last, reading, policy)}",
        on=reading.on, ref=reading.ref, reading=reading.label,
    )  # fmt: skip


def _replaced(last: Reading, reading: Reading) -> Finding:
    return Finding(
        rule="odometer_replaced", level="note", observed=reading.label, limit=last.label,
        sentence=f"The odometer was replaced: it counts from {reading.label}, after {last.label} on the old one.",
        on=reading.on, ref=reading.ref, reading=reading.label,
    )  # fmt: skip


def _mixed_units(ordered: Sequence[Reading]) -> list[Finding]:
    used = {r.unit for r in ordered}
    if len(used) < 2:
        return []
    main = ordered[0].unit
    first = next(r for r in ordered if r.unit != main)
    return [
        Finding(
            rule="odometer_unit", level="note", observed=first.label, limit=f"other readings in {main}",
            sentence=f"Readings are in miles and in kilometres ({first.label}); they are compared in miles.",
            on=first.on, ref=first.ref, reading=first.label,
        )
    ]  # fmt: skip


def driven_miles(readings: Sequence[Reading]) -> list[tuple[date, int]]:
    """The series in whole miles for a chart, oldest first, as it was read."""
    ordered = sorted(enumerate(readings), key=lambda pair: (pair[1].on, pair[0]))
    return [(r.on, round(r.miles)) for _, r in ordered]
