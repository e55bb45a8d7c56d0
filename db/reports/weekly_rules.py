"""A dealer's week in figures and sentences: beside the week before, the mean of the four before it, and its peers.

A week runs from Monday to Sunday where the dealer is. Sentences come from rules that are named; fewer than ten counted
are told and never judged (domain-rules 2.2b, P17). Shares are shares of 1, indexes points, everything else numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from db.core.labels import plural
from db.reports.pack_rules import amount, change, tone_of, way
from db.reports.peer_rules import FEW, Quartiles

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
WEEKS: Final = 9
"""Weeks of a trend, the week itself included."""
MEAN_OF: Final = 4
"""The mean beside a week is that of so many weeks before it."""
BACK: Final = 26
"""So many weeks can be read back to."""
SENT_AT: Final = 6
"""The hour on Monday, where the dealer is, from which the week that is over is mailed."""
Tone = Literal["good", "bad", "neutral", "unsure"]

RULES: Final[Mapping[str, str]] = {
    "no_figure": "A week without a figure is said to have none.",
    "no_before": "A first figure is told without a comparison.",
    "few": f"Fewer than {FEW} counted: told as its numbers, no judgement is made.",
    "flat": "A share that moved by less than half a point, or another figure by less than 1%, stayed where it was.",
    "moved": "Anything else moved; good or bad is what the definition of the figure says.",
    "mean": f"Beside the mean of the {MEAN_OF} weeks before, of {FEW} counted or more, by the same bounds.",
    "peers": "Beside median and quarters of at least five other dealers of the same tier and region, or region.",
}
"""Every rule of a sentence by its name, in words for the reader."""


# ---- weeks -----------------------------------------------------------------------------------------------------------
def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def last_week(today: date) -> date:
    """The Monday of the last week that is over on a day."""
    return monday_of(today) - WEEK


def weeks_back(today: date) -> list[date]:
    """The Mondays of the weeks that can be read, newest first."""
    newest = last_week(today)
    return [newest - n * WEEK for n in range(BACK)]


def week_label(monday: date) -> str:
    """For people: "16 to 22 Nov 2026", "30 Nov to 6 Dec 2026"."""
    sunday = monday + 6 * DAY
    start = f"{monday.day}"
    if monday.month != sunday.month:
        start += f" {monday:%b}"
    if monday.year != sunday.year:
        start += f" {monday.year}"
    return f"{start} to {sunday.day} {sunday:%b %Y}"


def due_week(now: datetime, zone: str) -> date:
    """The Monday of the newest week whose report is due where a dealer is: its Monday after, 06:00, has passed."""
    local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - timedelta(hours=SENT_AT)
    return last_week(local.date())


def starts_at(monday: date, zone: str) -> datetime:
    """The moment a week begins where a dealer is."""
    return datetime(monday.year, monday.month, monday.day, tzinfo=ZoneInfo(zone))


# ---- figures ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class What:
    """A figure of the week with its definition; `counts` says that it is a plain count, over nothing."""

    name: str
    title: str
    unit: str
    better: str
    formula: str
    source: str
    excluded: str = ""
    counts: bool = False


FIGURES: Final[Mapping[str, What]] = {
    one.name: one
    for one in (
        What(
            name="leads_received", title="Leads received", unit="count", better="none", counts=True, source="2.2 F",
            formula="Leads by the day they came in", excluded="Held leads",
        ),
        What(
            name="leads_in_time", title="Leads answered in time", unit="percent", better="up", source="2.2 A, B",
            formula="First action within its time ÷ leads of the week whose time is over or that were answered",
            excluded="Bad, duplicate and held leads; leads without a clock",
        ),
        What(
            name="follow_up", title="Follow-up on time", unit="percent", better="up", source="2.2 E",
            formula="Required steps done on time ÷ required steps due in the week",
            excluded="Optional steps, and steps of leads that had ended",
        ),
        What(
            name="show_rate", title="Appointments kept", unit="percent", better="up", source="2.2 F, G",
            formula="Customers who came ÷ appointments due in the week",
            excluded="Cancelled ones, and those moved before their time",
        ),
        What(
            name="sold", title="Leads sold", unit="count", better="up", counts=True, source="2.2 F",
            formula="Leads by the day they were sold", excluded="Bad and duplicate leads",
        ),
        What(
            name="csi", title="Customer satisfaction (CSI)", unit="count", better="up", source="2.2b",
            formula="Mean index of the service surveys answered in the week", excluded="Surveys that do not count",
        ),
        What(
            name="claims_sent", title="Claims sent", unit="count", better="none", counts=True, source="2.1 I",
            formula="Claims by the day they were first sent", excluded="Void claims and pre-authorizations",
        ),
        What(
            name="claim_first_pass", title="Claims approved at first pass", unit="percent", better="up",
            source="2.1 I", formula="Approved without a return or an appeal ÷ claims first decided in the week",
            excluded="Void claims and pre-authorizations",
        ),
    )
}  # fmt: skip
"""The figures of a week in the order of the report."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A figure of one week with its two numbers."""

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure with its weeks, the report's own first, and its peers of that week (`group` says who they are)."""

    name: str
    weeks: tuple[Part, ...]
    peers: Quartiles | None = None
    band: str = "none"
    group: str = ""

    @property
    def what(self) -> What:
        """Its definition."""
        return FIGURES[self.name]

    @property
    def now(self) -> Part:
        """The week itself."""
        return self.weeks[0]

    @property
    def before(self) -> Part:
        """The week before."""
        return self.weeks[1]

    @property
    def mean(self) -> Part:
        """The four weeks before as one: counts by week, shares and indexes of everything counted in them."""
        return pooled(self.what, self.weeks[1 : 1 + MEAN_OF])

    @property
    def five(self) -> Part:
        """The week and the four before it as one: what a judgement stands on where a week alone has too few."""
        return pooled(self.what, self.weeks[: 1 + MEAN_OF])


def part_of(what: What, numerator: float, denominator: float | None = None) -> Part:
    """A figure from its two numbers; nothing over nothing is no figure."""
    if what.counts:
        return Part(value=numerator, numerator=numerator)
    if not denominator:
        return Part(numerator=numerator, denominator=0)
    return Part(value=numerator / denominator, numerator=numerator, denominator=denominator)


def pooled(what: What, parts: Sequence[Part]) -> Part:
    """Some weeks as one: the mean of counts, the share of everything that was counted in them."""
    top = sum(p.numerator or 0 for p in parts)
    if what.counts:
        return Part(value=top / len(parts), numerator=top) if parts else Part()
    return part_of(what, top, sum(p.denominator or 0 for p in parts))


def is_few(what: What, part: Part) -> bool:
    """Whether too little was counted for a judgement; a week that has no figure at all is not few."""
    if part.value is None:
        return False
    counted = part.numerator if what.counts else part.denominator
    return (counted or 0) < FEW


def told(what: What, part: Part) -> str:
    """A figure in words; a share of few is its two numbers."""
    if part.value is not None and what.unit == "percent" and is_few(what, part):
        return f"{part.numerator:,.0f} of {part.denominator or 0:,.0f}"
    return amount(part.value, what.unit)


def moved(what: What, now: Part, other: Part) -> str:
    """How a figure moved against another week; empty where one of them has too few for that."""
    if is_few(what, now) or is_few(what, other):
        return ""
    return change(now.value, other.value, what.unit)


# ---- sentences -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Said:
    """One sentence with the rule it comes from, the figure it speaks of, and the rows it stands on."""

    rule: str
    figure: str
    text: str
    tone: Tone = "neutral"
    rows: tuple[str, ...] = ()


def sentences(figure: Figure, *, week: date) -> tuple[Said, ...]:
    """What is said of a figure: against the week before, the mean before it, and the peers."""
    what, now = figure.what, figure.now
    own = f"{week_label(week)}: {_row(what, now)}"
    if now.value is None:
        return (Said(rule="no_figure", figure=what.name, tone="unsure", rows=(own,), text=f"{what.title}: none."),)
    before, rows = figure.before, (own, f"{week_label(week - WEEK)}: {_row(what, figure.before)}")
    if is_few(what, now):
        was = f", {told(what, before)} the week before" if before.value is not None else ""
        text = f"{what.title}: {told(what, now)}{was}."
        return (Said(rule="few", figure=what.name, tone="unsure", rows=rows, text=text),)
    said = [_against(what, now, before, rule="moved", of="the week before", rows=rows)]
    mean = figure.mean
    if mean.value is not None and not is_few(what, mean):
        of = f"the mean of {MEAN_OF} weeks before"
        rows = (own, f"{MEAN_OF} weeks before: {_row(what, mean)}")
        said.append(_against(what, now, mean, rule="mean", of=of, rows=rows))
    said += _beside(figure, own)
    return tuple(said)


def all_said(figures: Sequence[Figure], *, week: date) -> tuple[Said, ...]:
    """The sentences of a week: those that judge, then one for what has too few; what has no figure is left out."""
    found = [s for f in figures for s in sentences(f, week=week) if s.rule != "no_figure"]
    judged = [s for s in found if s.rule != "few"]
    few = [s for s in found if s.rule == "few"]
    if few:
        names = [s.figure for s in few]
        listed = "; ".join(s.text.rstrip(".") for s in few)
        judged.append(
            Said(
                rule="few", figure=", ".join(names), tone="unsure",
                rows=(week_label(week), *(f"{f.what.title} {_row(f.what, f.now)}" for f in figures if f.name in names)),
                text=f"Too few to judge (under {FEW} each). {listed}.",
            )
        )  # fmt: skip
    return tuple(judged)


def _row(what: What, part: Part) -> str:
    if part.value is None or what.counts:
        return amount(part.value, what.unit)
    if what.unit == "percent":
        return f"{part.numerator:,.0f} of {part.denominator:,.0f}"
    return f"{amount(part.value, what.unit)} of {part.denominator:,.0f} counted"


def _against(what: What, now: Part, other: Part, *, rule: str, of: str, rows: tuple[str, ...]) -> Said:
    said = told(what, now)
    if other.value is None:
        return Said(rule="no_before", figure=what.name, rows=rows, text=f"{what.title}: {said}; nothing {of}.")
    if is_few(what, other):
        text = f"{what.title}: {said}, {told(what, other)} {of}."
        return Said(rule="few", figure=what.name, tone="unsure", rows=rows, text=text)
    went, was = way(now.value, other.value, what.unit), told(what, other)
    if went == "flat":
        rule = "flat" if rule == "moved" else rule
        return Said(rule=rule, figure=what.name, rows=rows, text=f"{what.title}: {said}, as {of} ({was}).")
    by = change(now.value, other.value, what.unit)
    tone = tone_of(went, what.better)
    verdict = {"good": ", which is better", "bad": ", which is worse"}.get(tone, "")
    text = f"{what.title}: {said}, {by} on {of} ({was}){verdict}."
    return Said(rule=rule, figure=what.name, tone=tone, rows=rows, text=text)


def _beside(figure: Figure, own: str) -> list[Said]:
    peers, what = figure.peers, figure.what
    if peers is None or figure.band not in ("best", "upper", "lower", "worst"):
        return []
    words = {
        "best": "in the best quarter of", "upper": "at or better than the median of",
        "lower": "worse than the median of", "worst": "in the last quarter of",
    }  # fmt: skip
    tone: Tone = {"best": "good", "upper": "good", "worst": "bad"}.get(figure.band, "neutral")  # type: ignore[assignment]
    return [
        Said(
            rule="peers", figure=what.name, tone=tone,
            text=f"{what.title} is {words[figure.band]} {figure.group[:1].lower()}{figure.group[1:]} "
            f"(median {amount(peers.median, what.unit)}).",
            rows=(
                own,
                f"{plural(peers.n, 'dealer')}: quarters at {amount(peers.low, what.unit)} and "
                f"{amount(peers.high, what.unit)}, median {amount(peers.median, what.unit)}",
            ),
        )
    ]  # fmt: skip
