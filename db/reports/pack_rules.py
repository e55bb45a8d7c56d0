"""What the monthly pack says of a month: each sentence comes from one rule, names it, and is tied to its rows (P17).

Nothing is explained that the rows do not hold: a sentence says what moved, by how much, and whether that is good by
the metric's own definition; never why. Money in cents, shares of 1, days and minutes as they are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final, Literal

from db.calendar.months import add_months
from db.core.labels import change_label, days_label, minutes_label, plural, points_label

Tone = Literal["good", "bad", "neutral", "unsure"]
Way = Literal["up", "down", "flat", "unknown"]

HEADLINES: Final[Mapping[str, str]] = {
    "received": "Leads received", "response_sla": "Leads answered in time", "close_rate": "Leads closed as sold",
    "won": "Sales won", "won_value": "Value of sales", "csi": "Customer satisfaction (CSI)",
    "claims_decided": "Claims decided", "claim_first_pass": "Claims approved at first pass",
    "claim_turnaround": "Turnaround of claims", "claim_cost": "Approved for claims",
    "parts_line_fill": "Parts line fill",
    "incentive_paid": "Incentives paid", "coop_paid": "Co-op paid", "coop_utilisation": "Co-op used of accrued",
    "price_cost": "Given away in price exceptions",
}  # fmt: skip
"""The figures of the pack in its order, in words that stand alone: "Paid" does not say of what."""
RANKED: Final = ("response_sla", "close_rate", "csi", "claim_first_pass", "parts_line_fill", "coop_utilisation")
"""Dealers are ranked by these: shares and scores, which do not grow with the dealer."""
FEW: Final = 10
"""A share or a middle value of fewer says nothing of a trend; a dealer with fewer is not ranked."""
TREND: Final = 13
"""Months of a trend: this one, and back to the same of last year."""
SHOWN: Final = 5
FLAT_POINTS: Final = 0.005
FLAT_SHARE: Final = 0.01
STREAK: Final = 3
KNOWN_FOR_RECORD: Final = 6
DASH: Final = "–"
FORMATS: Final[Mapping[str, str]] = {"pdf": "PDF", "xlsx": "Excel"}
FILES: Final[Mapping[str, tuple[str, ...]]] = {"": (), "pdf": ("pdf",), "xlsx": ("xlsx",), "both": ("pdf", "xlsx")}
"""What may go with the mail, and the formats it means."""
FILE_WORDS: Final[Mapping[str, str]] = {
    "": "Mail only",
    "pdf": "Mail with PDF",
    "xlsx": "Mail with Excel",
    "both": "Mail with both",
}
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip

RULES: Final[Mapping[str, str]] = {
    "no_figure": "A month without a figure is said to have none.",
    "no_before": "A first figure is told without a comparison.",
    "few": f"Fewer than {FEW} counted, in either month: both are told, no trend is read from them.",
    "flat": "A share that moved by less than half a point, or another figure by less than 1%, stayed where it was.",
    "moved": "Anything else moved; good or bad is what the definition of the metric says.",
    "record": f"The highest or lowest of {TREND} months, of which at least {KNOWN_FOR_RECORD} are known.",
    "streak": f"Moved the same way at least {STREAK} months in a row.",
    "year": "Beside the same month of last year, by the same bounds.",
    "ranks": f"First and last of the dealers with at least {FEW} counted.",
    "restated": "A month that was counted again shows what it was first.",
    "since_frozen": "A frozen month whose figure is another one by now.",
}
"""Every rule by its name, in words for the reader of the pack."""


@dataclass(frozen=True, kw_only=True)
class What:
    """A metric as far as its words need it."""

    name: str
    title: str
    unit: str
    better: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """A month of a figure; `version` is 0 where it is counted now, else the frozen version it comes from."""

    month: date
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    version: int = 0
    first: float | None = None  # what a restated month said first


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row a sentence stands on: which month, whose, and its number in words."""

    month: date
    place: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence with what it stands on: the metric, the rule, and the rows."""

    rule: str
    metric: str
    text: str
    tone: Tone = "neutral"
    rows: tuple[Row, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A dealer in a ranking."""

    code: str
    name: str
    value: float
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The first and the last dealers by one metric, the best and the worst first; `few` were left out."""

    what: What
    top: tuple[Ranked, ...]
    bottom: tuple[Ranked, ...]
    ranked: int
    few: int


# ---- words -----------------------------------------------------------------------------------------------------------
def amount(value: float | None, unit: str) -> str:
    """A number in its unit: $1,250, 71.2%, 3.4 d, 2 h 05 min, 1,234, 88.6."""
    if value is None:
        return DASH
    if unit == "money":
        sign, whole = "-" if value < 0 else "", abs(value)
        return f"{sign}${whole / 100:,.2f}" if 0 < whole < 100_00 else f"{sign}${round(whole / 100):,}"
    if unit == "percent":
        return f"{100 * value:.1f}%"
    if unit == "minutes":
        return minutes_label(value)
    if unit == "days":
        return days_label(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def told(point: Point, what: What) -> str:
    """A figure in words; a share of few is its two numbers."""
    if what.unit == "percent" and point.value is not None and point.numerator is not None and is_few(point, what):
        return f"{point.numerator:,.0f} of {point.denominator or 0:,.0f}"
    return amount(point.value, what.unit)


def change(now: float | None, before: float | None, unit: str) -> str:
    """How a figure moved: +1.5 pp, -$250, +0.4 d, "No change" where it reads as it did; empty when it is unknown."""
    if now is None or before is None:
        return ""

    def size(by: float) -> str:
        if unit == "percent":
            return points_label(by)
        return amount(round(by, 0 if by >= FEW else 1) if unit == "count" else by, unit)

    return change_label(now - before, size) or ""


# ---- judgement -------------------------------------------------------------------------------------------------------
def way(now: float | None, before: float | None, unit: str) -> Way:
    """Whether a figure went up, down, or stayed: half a point of a share, 1% of anything else is no movement."""
    if now is None or before is None:
        return "unknown"
    moved = now - before
    bound = FLAT_POINTS if unit == "percent" else FLAT_SHARE * abs(before)
    if abs(moved) < bound or moved == 0:
        return "flat"
    return "up" if moved > 0 else "down"


def tone_of(moved: Way, better: str) -> Tone:
    """Whether a movement is good by the metric's definition."""
    if better not in ("up", "down") or moved not in ("up", "down"):
        return "neutral"
    return "good" if moved == better else "bad"


def is_few(point: Point, what: What) -> bool:
    """Whether too little was counted for a trend; of a plain sum of money nothing is known about how many."""
    if point.value is None:
        return False
    if point.denominator is not None:
        return point.denominator < FEW
    return what.unit == "count" and abs(point.value) < FEW


# ---- sentences about one figure --------------------------------------------------------------------------------------
def sentences(what: What, points: Sequence[Point], *, place: str) -> list[Sentence]:
    """What is said of a figure; `points` are months in order, the last is the pack's own."""
    found = [_against_last_month(what, points, place)]
    if found[0].rule in ("flat", "moved"):
        found += [s for s in (_record(what, points, place) or _streak(what, points, place),) if s]
        found += [s for s in (_against_last_year(what, points, place),) if s]
    found += [s for s in (_restated(what, points[-1], place),) if s]
    return found


def without_figure(missing: Sequence[What], *, month: date, place: str) -> Sentence:
    """One sentence for all figures a month does not have, in place of one each."""
    return Sentence(
        rule="no_figure", metric=", ".join(what.name for what in missing), tone="unsure",
        rows=(Row(month=month, place=place, words=DASH),),
        text=f"No figure for {_name(month)}: {', '.join(what.title for what in missing)}.",
    )  # fmt: skip


def _row(what: What, point: Point, place: str) -> Row:
    return Row(month=point.month, place=place, words=told(point, what))


def _name(month: date) -> str:
    return f"{month:%B %Y}"


def _against_last_month(what: What, points: Sequence[Point], place: str) -> Sentence:
    now = points[-1]
    before = points[-2] if len(points) > 1 else None
    own = (_row(what, now, place),)
    said = told(now, what)
    if now.value is None:
        return Sentence(
            rule="no_figure", metric=what.name, rows=own, tone="unsure",
            text=f"{what.title}: no figure for {_name(now.month)}.",
        )  # fmt: skip
    if before is None or before.value is None:
        return Sentence(
            rule="no_before", metric=what.name, rows=own,
            text=f"{what.title}: {said} in {_name(now.month)}; the month before has no figure.",
        )  # fmt: skip
    rows = (*own, _row(what, before, place))
    was = f"{told(before, what)} in {before.month:%B}"
    if is_few(now, what) or is_few(before, what):
        return Sentence(
            rule="few", metric=what.name, rows=rows, tone="unsure",
            text=f"{what.title}: {said} after {was}; fewer than {FEW}, so no trend is read from it.",
        )  # fmt: skip
    moved = way(now.value, before.value, what.unit)
    if moved == "flat":
        return Sentence(rule="flat", metric=what.name, rows=rows, text=f"{what.title} stayed at {said} ({was}).")
    verb = "rose" if moved == "up" else "fell"
    by = change(now.value, before.value, what.unit)
    tone = tone_of(moved, what.better)
    verdict = {"good": ", which is better", "bad": ", which is worse"}.get(tone, "")
    return Sentence(
        rule="moved", metric=what.name, rows=rows, tone=tone,
        text=f"{what.title} {verb} to {said} ({by}) from {was}{verdict}.",
    )  # fmt: skip


def _record(what: What, points: Sequence[Point], place: str) -> Sentence | None:
    now = points[-1]
    known = [p for p in points[-TREND:-1] if p.value is not None and not is_few(p, what)]
    if now.value is None or len(known) + 1 < KNOWN_FOR_RECORD:
        return None
    values = [p.value for p in known if p.value is not None]
    for moved, edge, word in (("up", max(values), "highest"), ("down", min(values), "lowest")):
        if (now.value > edge if moved == "up" else now.value < edge) and way(now.value, edge, what.unit) == moved:
            beaten = next(p for p in reversed(known) if p.value == edge)
            return Sentence(
                rule="record", metric=what.name, tone=tone_of("up" if moved == "up" else "down", what.better),
                rows=(_row(what, now, place), _row(what, beaten, place)),
                text=f"{what.title} is at the {word} of {len(known) + 1} known months; it was {told(beaten, what)} in "
                f"{_name(beaten.month)}.",
            )  # fmt: skip
    return None


def _streak(what: What, points: Sequence[Point], place: str) -> Sentence | None:
    steps: list[Way] = []
    for earlier, later in pairwise(points):
        few = is_few(earlier, what) or is_few(later, what)
        steps.append("unknown" if few else way(later.value, earlier.value, what.unit))
    if not steps or steps[-1] not in ("up", "down"):
        return None
    length = next((n for n, step in enumerate(reversed(steps)) if step != steps[-1]), len(steps))
    if length < STREAK:
        return None
    direction = "up" if steps[-1] == "up" else "down"
    first = points[-1 - length]
    return Sentence(
        rule="streak", metric=what.name, tone=tone_of(steps[-1], what.better),
        rows=tuple(_row(what, p, place) for p in reversed(points[-1 - length :])),
        text=f"{what.title} went {direction} {length} months in a row, from {told(first, what)} in "
        f"{_name(first.month)}.",
    )  # fmt: skip


def _against_last_year(what: What, points: Sequence[Point], place: str) -> Sentence | None:
    now = points[-1]
    year = next((p for p in points if p.month == add_months(now.month, -12)), None)
    if year is None or year.value is None or is_few(year, what) or is_few(now, what):
        return None
    moved = way(now.value, year.value, what.unit)
    if moved not in ("up", "down"):
        return None
    tone = tone_of(moved, what.better)
    verdict = {"good": "better", "bad": "worse"}.get(tone, "more" if moved == "up" else "less")
    return Sentence(
        rule="year", metric=what.name, tone=tone, rows=(_row(what, now, place), _row(what, year, place)),
        text=f"{what.title} is {verdict} than in {_name(year.month)}: {change(now.value, year.value, what.unit)} from "
        f"{told(year, what)}.",
    )  # fmt: skip


def _restated(what: What, now: Point, place: str) -> Sentence | None:
    if now.version < 2 or now.first == now.value:
        return None
    first = amount(now.first, what.unit)
    rows = (_row(what, now, place), Row(month=now.month, place=place, words=first))
    return Sentence(
        rule="restated", metric=what.name, rows=rows,
        text=f"{what.title} of {_name(now.month)} was {first} when it was first frozen; version {now.version} says "
        f"{amount(now.value, what.unit)}.",
    )  # fmt: skip


def since_frozen(what: What, *, month: date, frozen: float | None, live: float | None, place: str) -> Sentence:
    """What is said of a frozen figure that is another one now; the pack goes on to show the frozen one."""
    was, is_now = amount(frozen, what.unit), amount(live, what.unit)
    by = change(live, frozen, what.unit)
    return Sentence(
        rule="since_frozen", metric=what.name,
        rows=(Row(month=month, place=place, words=was), Row(month=month, place=place, words=is_now)),
        text=f"{what.title} of {_name(month)} was frozen at {was} and would be {is_now} now{f' ({by})' if by else ''}.",
    )  # fmt: skip


# ---- dealers ---------------------------------------------------------------------------------------------------------
def ranking(what: What, rows: Iterable[Ranked]) -> Ranking | None:
    """The five best and the five worst dealers with enough counted; None where no direction is good.

    With fewer than ten of them nobody is both, and nobody is first with the figure of the last; equal figures are in
    the order of the dealers' codes.
    """
    if what.better not in ("up", "down"):
        return None
    known = list(rows)
    enough = [r for r in known if r.denominator is not None and r.denominator >= FEW]
    enough.sort(key=lambda r: (-r.value if what.better == "up" else r.value, r.code))
    top = [r for r in enough[:SHOWN] if len(enough) == 1 or r.value != enough[-1].value]
    bottom = [r for r in enough[len(top) :][-SHOWN:][::-1] if r.value != enough[0].value]
    return Ranking(what=what, top=tuple(top), bottom=tuple(bottom), ranked=len(enough), few=len(known) - len(enough))


def ranking_sentence(found: Ranking, *, month: date) -> Sentence | None:
    """The first and the last dealer of a ranking; None with fewer than two, or when all are alike."""
    if not found.top or not found.bottom:
        return None
    first, last = found.top[0], found.bottom[0]
    rows = tuple(
        Row(month=month, place=f"{r.name} ({r.code})", words=amount(r.value, found.what.unit)) for r in (first, last)
    )
    return Sentence(
        rule="ranks", metric=found.what.name, rows=rows,
        text=f"{found.what.title}: of {plural(found.ranked, 'dealer')} with at least {FEW} counted, {rows[0].place} is "
        f"first with {rows[0].words}, {rows[1].place} last with {rows[1].words}.",
    )  # fmt: skip
