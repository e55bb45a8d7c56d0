"""The monthly pack: its figures with 13 months of trend, dealers in order, what changed, and sentences tied to rows.

A frozen month is told as it was frozen, with its version; a month that never was is counted now and says so. What was
frozen is the network and whole regions, so people who see less get figures of their own dealers, counted now.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from db.calendar.months import add_months, months_between
from db.calendar.queries import DESK_ZONE
from db.core import changes
from db.core.actor import Actor, Scope
from db.core.area import Metric, MetricDefinition
from db.core.labels import local_day
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Problem, Refused
from db.dealers.queries import regions
from db.reports.catalogue import find
from db.reports.pack_rules import (
    HEADLINES,
    RANKED,
    TREND,
    Point,
    Ranked,
    Ranking,
    Sentence,
    What,
    ranking,
    ranking_sentence,
    sentences,
    since_frozen,
    without_figure,
)
from db.reports.snapshot_queries import Change, FrozenFigure, Version, changed_since, frozen_figures, versions
from db.reports.snapshot_rules import DEALER, NETWORK, REGION, days_of

Tell = Callable[[float, str], None]
MOST_MONTHS = 24


@dataclass(frozen=True, kw_only=True)
class Headline:
    """One figure of the pack: its trend ends with the pack's month."""

    definition: MetricDefinition
    points: tuple[Point, ...]
    sentences: tuple[Sentence, ...]

    @property
    def what(self) -> What:
        """The metric as the rules know it."""
        return what_of(self.definition)

    @property
    def now(self) -> Point:
        """The pack's own month."""
        return self.points[-1]

    @property
    def before(self) -> Point | None:
        """The month before."""
        return self.points[-2] if len(self.points) > 1 else None


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A monthly pack as one person may see it. `place` is the region, or empty for all of the person's dealers.

    `changed` is what of the pack before is another number now, `own_changed` the same of this month; `hidden` counts
    figures the person has no right to see. `token` says what the desk knew when it was made.
    """

    month: date
    region: str
    scope: Scope
    role: Role
    place: str
    made_at: datetime
    reader: str
    zone: str
    is_frozen: bool
    versions: tuple[Version, ...]
    headlines: tuple[Headline, ...]
    rankings: tuple[Ranking, ...]
    rank_sentences: tuple[Sentence, ...]
    changed: tuple[Sentence, ...]
    own_changed: tuple[Sentence, ...]
    before_is_frozen: bool
    hidden: int
    token: tuple[tuple[str, int], ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence of the summary, in the order of the figures; what has no figure comes in one at the end."""
        said = [s for h in self.headlines for s in h.sentences if s.rule != "no_figure"]
        missing = [h.what for h in self.headlines if h.now.value is None]
        if missing:
            said.append(without_figure(missing, month=self.month, place=self.place))
        return tuple(said)

    @property
    def title(self) -> str:
        """The heading: month and place."""
        return f"{self.month:%B %Y}, {self.place}"


def what_of(definition: MetricDefinition) -> What:
    """A metric as the rules know it."""
    title = HEADLINES.get(definition.name, definition.title)
    return What(name=definition.name, title=title, unit=definition.unit, better=definition.better)


def standing(pack: Pack) -> str:
    """Whether the month is frozen, in words, with its newest version."""
    if not pack.is_frozen:
        return "Not frozen: counted when this pack was made"
    newest = pack.versions[-1]
    words = f"As frozen on {newest.frozen_at:%-d %b %Y}"
    return words if newest.version == 1 else f"{words}, version {newest.version}"


def nothing_changed(pack: Pack) -> str:
    """Why there is no change since the last pack."""
    if pack.before_is_frozen:
        return "What the last pack said is still so."
    return f"{add_months(pack.month, -1):%B} was not frozen for these dealers, so there is nothing to hold against it."


def file_name(pack: Pack, file_format: str) -> str:
    """The name a pack is saved under."""
    place = re.sub(r"[^a-z0-9]+", "-", pack.place.lower()).strip("-")
    return f"pack-{pack.month:%Y-%m}-{place}.{file_format}"


def known_of(session: Session) -> tuple[tuple[str, int], ...]:
    """What the desk knows at this moment, as the counters of what a pack can hold; accounts and exports are not it."""
    return tuple((area, n) for area, n in changes.token(session) if area != "people")


def pack_months(*, now: datetime) -> list[date]:
    """The months a pack can be made of, newest first: those that are over, by the desk's day."""
    this = local_day(now, DESK_ZONE).replace(day=1)
    return [add_months(this, -n) for n in range(1, MOST_MONTHS + 1)]


def build_pack(
    session: Session, *, month: date, region: str = "", actor: Actor, now: datetime, tell: Tell | None = None
) -> Pack:
    """The pack of a month that is over, for a region or all of the actor's dealers. Needs pack.view.

    Raises `NotFound` for a region outside of the actor's scope, and Refused (`not_over`) for a month that still runs.
    `tell` hears how far it is.
    """
    actor.require(Permission.PACK_VIEW)
    if month not in pack_months(now=now):
        message = f"There is no pack of {month:%B %Y}: it is not over, or too long ago."
        raise Refused(Problem(code="not_over", field="month", message=message))
    if region and region not in regions(session, actor.scope):
        raise NotFound("The region")
    heard = tell or (lambda share, words: None)
    known = [metric for metric in map(find, HEADLINES) if metric is not None]
    metrics = [m for m in known if actor.can(m.permission)]
    ranks = [m for m in metrics if m.definition.name in RANKED]
    total = len(metrics) + len(ranks) + 2
    months = months_between(add_months(month, 1 - TREND), month)
    level, whole = (REGION, True) if region else (NETWORK, actor.scope.is_all)
    if region and not actor.scope.is_all:
        whole = actor.scope.kind == "regions" and region in actor.scope.regions
    place = region or (actor.scope.describe() if not whole else "All dealers")
    names = [m.definition.name for m in metrics]
    frozen: dict[tuple[str, date], list[FrozenFigure]] = defaultdict(list)
    if whole:
        for figure in frozen_figures(
            session, months=months, level=level, place=region, metrics=names, all_versions=True, actor=actor
        ):
            frozen[figure.metric, figure.month].append(figure)
    heads = []
    for number, metric in enumerate(metrics):
        heard(number / total, what_of(metric.definition).title)
        own = {m: frozen[metric.definition.name, m] for m in months if frozen.get((metric.definition.name, m))}
        points = _points(session, metric, months, own, region=region, actor=actor, now=now)
        said = sentences(what_of(metric.definition), points, place=place)
        heads.append(Headline(definition=metric.definition, points=points, sentences=tuple(said)))
    found = versions(session, month=month, actor=actor)
    order = []
    for number, metric in enumerate(ranks):
        heard((len(metrics) + number) / total, f"Dealers: {what_of(metric.definition).title}")
        rows = _dealers(session, metric, month, region=region, is_frozen=bool(found), actor=actor, now=now)
        one = ranking(what_of(metric.definition), rows)
        if one is not None and one.top:
            order.append(one)
    earlier = add_months(month, -1)
    moved: dict[date, tuple[Sentence, ...]] = {}
    for number, which in enumerate((earlier, month)):
        heard((len(metrics) + len(ranks) + number) / total, f"What changed since {which:%B} was frozen")
        moved[which] = ()
        if whole:
            seen = changed_since(session, month=which, metrics=names, place=region, actor=actor, now=now)
            moved[which] = tuple(_told(one, which, place) for one in seen)
    heard(1.0, "Done")
    return Pack(
        month=month, region=region, scope=actor.scope, role=actor.role, place=place, made_at=now, reader=actor.name,
        zone=actor.zone, is_frozen=whole and bool(found), versions=tuple(found) if whole else (),
        headlines=tuple(heads), rankings=tuple(order),
        rank_sentences=tuple(s for one in order if (s := ranking_sentence(one, month=month))),
        changed=moved[earlier], own_changed=moved[month], hidden=len(known) - len(metrics),
        before_is_frozen=any(month == earlier for _, month in frozen), token=known_of(session),
    )  # fmt: skip


def _told(one: Change, month: date, place: str) -> Sentence:
    what = What(name=one.metric, title=HEADLINES.get(one.metric, one.title), unit=one.unit, better=one.better)
    return since_frozen(what, month=month, frozen=one.frozen, live=one.live, place=place)


def _points(
    session: Session, metric: Metric, months: list[date], frozen: Mapping[date, list[FrozenFigure]], *, region: str,
    actor: Actor, now: datetime,
) -> tuple[Point, ...]:  # fmt: skip
    """The months in order: frozen ones as they were frozen, the others counted now in one query."""
    open_months = [m for m in months if m not in frozen]
    live: dict[date, dict[str, Any]] = {}
    if open_months:
        filters: dict[str, Any] = {"from": open_months[0], "to": days_of(open_months[-1])[1]}
        if region:
            filters["region"] = region
        rows = metric.compute(session, scope=actor.scope, by=("month",), filters=filters, now=now)
        live = {_month(row["month"]): row for row in rows if row.get("month")}
    points = []
    for month in months:
        if month in frozen:
            old = frozen[month]
            points.append(
                Point(
                    month=month, value=old[-1].value, numerator=old[-1].numerator, denominator=old[-1].denominator,
                    version=old[-1].version, first=old[0].value,
                )
            )  # fmt: skip
        else:
            row = live.get(month, {})
            points.append(
                Point(
                    month=month, value=row.get("value"), numerator=row.get("numerator"),
                    denominator=row.get("denominator"),
                )
            )  # fmt: skip
    return tuple(points)


def _month(value: Any) -> date:
    """A month as metrics give it, "2026-10", or a day of it."""
    return value.replace(day=1) if isinstance(value, date) else date.fromisoformat(f"{str(value)[:7]}-01")


def _dealers(
    session: Session, metric: Metric, month: date, *, region: str, is_frozen: bool, actor: Actor, now: datetime
) -> list[Ranked]:
    """The dealers of the actor's scope with their figure of a month, as frozen where it was."""
    if is_frozen:
        rows = frozen_figures(
            session, months=[month], level=DEALER, metrics=[metric.definition.name], dealers_in=region, actor=actor
        )
        if rows:
            return [
                Ranked(
                    code=r.place, name=r.name, value=r.value, numerator=r.numerator, denominator=r.denominator
                )
                for r in rows
                if r.value is not None
            ]  # fmt: skip
    first, last = days_of(month)
    filters: dict[str, Any] = {"from": first, "to": last} | ({"region": region} if region else {})
    return [
        Ranked(
            code=str(row["dealer"]), name=str(row.get("dealer_name") or row["dealer"]), value=float(row["value"]),
            numerator=row.get("numerator"), denominator=row.get("denominator"),
        )
        for row in metric.compute(session, scope=actor.scope, by=("dealer",), filters=filters, now=now)
        if row.get("value") is not None and row.get("dealer")
    ]  # fmt: skip
