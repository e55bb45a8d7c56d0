"""The weekly report of one dealer or of all of a scope: as it stands now, as it was sent, and who gets it by mail.

A report is built whole and narrowed to what its reader's role may see, so that what was sent can be shown to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import select, true
from sqlalchemy.orm import Session

from db.claims.figure_filters import remembered
from db.core.actor import Actor, Scope
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused
from db.dealers.tables import Dealer
from db.people.tables import Person, PersonScope
from db.reports.weekly_advice_rules import RULES, judged, ordered
from db.reports.weekly_facts_rules import MOST, Facts, Verdict
from db.reports.weekly_figure_queries import week_figures
from db.reports.weekly_rules import FIGURES, WEEK, Figure, Said, all_said, due_week, monday_of, told, weeks_back
from db.reports.weekly_standing_queries import standing_facts
from db.reports.weekly_tables import WeeklyMail, WeeklyReport, WeeklySwitch, WeeklyWish

P = Permission  # the tables below read better with a short name
FIGURE_RIGHTS: Final[Mapping[str, Permission]] = {
    "leads_received": P.LEADS_VIEW, "leads_in_time": P.PERFORMANCE_VIEW, "follow_up": P.CADENCE_VIEW,
    "show_rate": P.APPOINTMENTS_VIEW, "sold": P.LEADS_VIEW, "csi": P.SURVEYS_VIEW, "claims_sent": P.CLAIMS_VIEW,
    "claim_first_pass": P.CLAIMS_PERFORMANCE,
}  # fmt: skip
"""Who may see a figure: whoever may see it on its own page."""
RULE_RIGHTS: Final[Mapping[str, Permission]] = {
    "A01": P.LEADS_VIEW, "A02": P.PERFORMANCE_VIEW, "A03": P.APPOINTMENTS_VIEW, "A04": P.APPOINTMENTS_VIEW,
    "A05": P.TASKS_VIEW, "A06": P.SURVEYS_VIEW, "A07": P.PARTS_VIEW, "A08": P.PARTS_VIEW, "A09": P.CLAIMS_PERFORMANCE,
    "A10": P.CLAIMS_VIEW, "A11": P.CLAIMS_VIEW, "A12": P.CLAIMS_VIEW, "A13": P.INCENTIVES_VIEW, "A14": P.COOP_VIEW,
    "A15": P.COOP_VIEW, "A16": P.DOCUMENTS_VIEW, "A17": P.WARRANTY_VIEW, "A18": P.INCENTIVES_VIEW,
    "A19": P.PERFORMANCE_VIEW,
}  # fmt: skip
"""Who may see a recommendation, its numbers and its rows."""


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """A dealer's week: figures, sentences, and what every rule says. `hidden` counts what a role may not see.

    `made_at` is when it was counted; what waits at the dealer is told as of that moment, whatever the week.
    """

    dealer_id: int
    code: str
    name: str
    region: str
    tier: str
    zone: str
    week: date
    made_at: datetime
    figures: tuple[Figure, ...]
    verdicts: tuple[Verdict, ...]
    hidden: int = 0

    @property
    def said(self) -> tuple[Said, ...]:
        """The sentences of all figures, those without a figure left out."""
        return all_said(self.figures, week=self.week)

    @property
    def advice(self) -> tuple[Verdict, ...]:
        """The recommendations, most urgent first."""
        return tuple(ordered(self.verdicts)[:MOST])

    @property
    def further(self) -> tuple[Verdict, ...]:
        """What fired beyond the recommendations."""
        return tuple(ordered(self.verdicts)[MOST:])

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to tell: a new dealer."""
        nothing = all(not any(w.numerator or w.denominator for w in f.weeks) for f in self.figures)
        return nothing and all(v.state == "none" for v in self.verdicts)

    def figure(self, name: str) -> Figure | None:
        """A figure by its name, None where the reader may not see it."""
        return next((f for f in self.figures if f.name == name), None)


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Weekly]:
    return TypeAdapter(Weekly)


def as_json(report: Weekly) -> dict[str, Any]:
    """A whole report as it is kept."""
    found: dict[str, Any] = _adapter().dump_python(report, mode="json")
    return found


def from_json(content: Mapping[str, Any]) -> Weekly:
    """A report as it was kept; rules that are gone since are left out."""
    found = _adapter().validate_python(dict(content))
    return replace(
        found, figures=tuple(f for f in found.figures if f.name in FIGURES),
        verdicts=tuple(v for v in found.verdicts if v.rule in RULES),
    )  # fmt: skip


# ---- building --------------------------------------------------------------------------------------------------------
def build_reports(
    session: Session, *, scope: Scope, week: date, now: datetime, dealer_ids: Sequence[int] | None = None
) -> dict[int, Weekly]:
    """The whole reports of the dealers of a scope by id, or of some of them; a set number of statements for all."""
    query = select(Dealer.id, Dealer.code, Dealer.name, Dealer.region, Dealer.zone)
    query = query.where(scope.where(Dealer.id, Dealer.region), Dealer.status != "terminated")
    if dealer_ids is not None:
        query = query.where(Dealer.id.in_(sorted(dealer_ids)))
    dealers = session.execute(query.order_by(Dealer.name_key, Dealer.id)).all()
    if not dealers:
        return {}
    asked = scope if dealer_ids is None else Scope("dealers", frozenset(), frozenset(d.id for d in dealers))
    with remembered(session):
        figures, tiers = week_figures(session, scope=asked, week=week, now=now)
        standing = standing_facts(session, scope=asked, week=week, now=now)
    found = {}
    for d in dealers:
        own = figures[d.id]
        verdicts = judged(Facts(dealer_id=d.id, figures=own, standing=standing[d.id]))
        found[d.id] = Weekly(
            dealer_id=d.id, code=d.code, name=d.name, region=d.region, tier=tiers.get(d.id, ""), zone=d.zone,
            week=week, made_at=now, figures=tuple(own[name] for name in FIGURES), verdicts=verdicts,
        )  # fmt: skip
    return found


def narrowed(report: Weekly, actor: Actor) -> Weekly:
    """The part of a report this role may see, wherever else it were shown."""
    figures = tuple(f for f in report.figures if actor.can(FIGURE_RIGHTS[f.name]))
    verdicts = tuple(v for v in report.verdicts if actor.can(RULE_RIGHTS[v.rule]))
    hidden = len(report.figures) - len(figures) + len(report.verdicts) - len(verdicts)
    return replace(report, figures=figures, verdicts=verdicts, hidden=hidden)


def known_week(week: date, *, today: date) -> date:
    """A week that can be read: it begins on a Monday, is over where the dealer is, and not too long ago."""
    if week not in weeks_back(today):
        message = f"There is no report of the week of {week:%-d %b %Y}: it is not over, or too long ago."
        raise Refused(Problem(code="no_week", field="week", message=message))
    return week


def get_weekly(session: Session, *, dealer_id: int, week: date, actor: Actor, now: datetime) -> Weekly:
    """One dealer's week as it stands now and as this actor may see it. Needs weekly.view; `NotFound` out of scope."""
    actor.require(Permission.WEEKLY_VIEW)
    zone = _zone(session, dealer_id, actor)
    known_week(week, today=local_day(now, zone))
    built = build_reports(session, scope=actor.scope, week=week, now=now, dealer_ids=[dealer_id])
    if dealer_id not in built:
        raise NotFound("The dealer")
    return narrowed(built[dealer_id], actor)


def _zone(session: Session, dealer_id: int, actor: Actor) -> str:
    found = session.scalar(
        select(Dealer.zone).where(Dealer.id == dealer_id, actor.scope.where(Dealer.id, Dealer.region))
    )
    if found is None:
        raise NotFound("The dealer")
    return found


def newest_week(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> date:
    """The Monday of the last week that is over where a dealer is."""
    return weeks_back(local_day(now, _zone(session, dealer_id, actor)))[0]


def list_weekly(
    session: Session, *, week: date, actor: Actor, now: datetime, region: str = ""
) -> list[Weekly]:  # fmt: skip
    """The dealers of the actor's scope with what is recommended to each, most of it first; those with nothing last."""
    actor.require(Permission.WEEKLY_VIEW)
    scope = actor.scope
    if region:
        scope = _in_region(session, actor, region)
    built = build_reports(session, scope=scope, week=week, now=now)
    found = [narrowed(one, actor) for one in built.values()]
    return sorted(
        found,
        key=lambda r: (
            -sum(v.urgency == 1 for v in ordered(r.verdicts)),
            -len(ordered(r.verdicts)),
            r.name.casefold(),
            r.dealer_id,
        ),
    )


def _in_region(session: Session, actor: Actor, region: str) -> Scope:
    if actor.scope.is_all:
        return Scope("regions", frozenset({region}))
    if actor.scope.kind == "regions":
        return Scope("regions", actor.scope.regions & {region})
    ids = session.scalars(select(Dealer.id).where(Dealer.region == region, actor.scope.where(Dealer.id, Dealer.region)))
    return Scope("dealers", frozenset(), frozenset(ids))


# ---- as it was sent --------------------------------------------------------------------------------------------------
def sent_weekly(session: Session, *, dealer_id: int, week: date, actor: Actor) -> Weekly | None:
    """The report as it was sent, narrowed to this actor; None where none was. `NotFound` out of scope."""
    actor.require(Permission.WEEKLY_VIEW)
    _zone(session, dealer_id, actor)
    content = session.scalar(
        select(WeeklyReport.content).where(WeeklyReport.dealer_id == dealer_id, WeeklyReport.week == week)
    )
    return narrowed(from_json(content), actor) if content is not None else None


@dataclass(frozen=True, kw_only=True)
class Differs:
    """A figure or rule that says something else today than in the report as it was sent."""

    title: str
    sent: str
    today: str


def differences(sent: Weekly, now: Weekly) -> tuple[Differs, ...]:
    """What of a sent report is another number, or another answer of a rule, today."""
    found = []
    for figure in sent.figures:
        other = now.figure(figure.name)
        if other is not None and other.now != figure.now:
            found.append(
                Differs(title=figure.what.title, sent=told(figure.what, figure.now), today=told(other.what, other.now))
            )
    answers = {v.rule: v for v in now.verdicts}
    for verdict in sent.verdicts:
        today = answers.get(verdict.rule)
        if today is not None and today.because != verdict.because:
            title = f"{verdict.rule} {RULES[verdict.rule].title}"
            found.append(Differs(title=title, sent=verdict.because or NONE, today=today.because or NONE))
    return tuple(found)


NONE: Final = "Nothing of the kind"


# ---- who gets it -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a dealer's report is sent: switched on or not, and whether the reader gets it by mail."""

    is_on: bool
    version: int
    changed_by: str
    wants: bool | None
    is_mine: bool
    readers: int

    @property
    def gets_it(self) -> bool:
        """Whether the reader gets the mail: what they said themselves goes before what was switched on."""
        return self.wants if self.wants is not None else self.is_on and self.is_mine


def delivery_of(session: Session, *, dealer_id: int, actor: Actor) -> Delivery:
    """Who gets a dealer's report; `is_mine` says that the reader is one of the dealer's managers."""
    actor.require(Permission.WEEKLY_VIEW)
    _zone(session, dealer_id, actor)
    switch = session.execute(
        select(WeeklySwitch.is_on, WeeklySwitch.version, WeeklySwitch.updated_by).where(
            WeeklySwitch.dealer_id == dealer_id
        )
    ).one_or_none()
    wants = session.scalar(
        select(WeeklyWish.wants).where(WeeklyWish.dealer_id == dealer_id, WeeklyWish.person_id == actor.user_id)
    )
    people = {
        person_id
        for person_id, _, _ in recipients(session, scope=Scope("dealers", frozenset(), frozenset({dealer_id})))
    }
    is_mine = actor.role.value == MANAGING and actor.scope.kind == "dealers"
    return Delivery(
        is_on=bool(switch and switch.is_on), version=switch.version if switch else 0,
        changed_by=switch.updated_by if switch else "", wants=wants, is_mine=is_mine, readers=len(people),
    )  # fmt: skip


MANAGING: Final = "dealer_manager"
"""The role of those who get a report that is switched on for their dealer."""


def recipients(session: Session, *, scope: Scope) -> list[tuple[int, int, date]]:
    """(person, dealer, first week) of everybody who is to get reports of a scope's dealers; three statements."""
    said = {
        (person_id, dealer_id): (wants, first)
        for person_id, dealer_id, wants, first in session.execute(
            select(WeeklyWish.person_id, WeeklyWish.dealer_id, WeeklyWish.wants, WeeklyWish.from_week)
            .join(Person, Person.id == WeeklyWish.person_id)
            .where(scope.where(WeeklyWish.dealer_id, WeeklyWish.region), Person.is_active == true())
        )
    }
    found = {key: first for key, (wants, first) in said.items() if wants}
    managers = session.execute(
        select(Person.id, WeeklySwitch.dealer_id, WeeklySwitch.from_week)
        .join(PersonScope, PersonScope.person_id == Person.id)
        .join(WeeklySwitch, WeeklySwitch.dealer_id == PersonScope.dealer_id)
        .where(
            scope.where(WeeklySwitch.dealer_id, WeeklySwitch.region), WeeklySwitch.is_on == true(),
            Person.is_active == true(), Person.role == MANAGING, Person.scope_kind == "dealers",
        )
    )  # fmt: skip
    for person_id, dealer_id, first in managers:
        if (person_id, dealer_id) not in said:
            found[person_id, dealer_id] = first
    return sorted((person_id, dealer_id, first) for (person_id, dealer_id), first in found.items())


def due_mails(session: Session, *, now: datetime, scope: Scope) -> dict[tuple[int, date], list[int]]:
    """{(person, week): dealers} whose Monday 06:00 has come and who were not mailed yet.

    Somebody with dealers in several zones gets one mail, when the morning has come to the last of them.
    """
    wanted = recipients(session, scope=scope)
    zones = dict(session.execute(select(Dealer.id, Dealer.zone).where(scope.where(Dealer.id, Dealer.region))).all())
    weeks: dict[int, date] = {}
    for person_id, dealer_id, _ in wanted:
        if dealer_id in zones:
            week = due_week(now, zones[dealer_id])
            weeks[person_id] = min(week, weeks.get(person_id, week))
    if not weeks:
        return {}
    rows = session.execute(
        select(WeeklyMail.person_id, WeeklyMail.week).where(WeeklyMail.week.in_(sorted(set(weeks.values()))))
    )
    mailed = {(person_id, week) for person_id, week in rows}
    found: dict[tuple[int, date], list[int]] = {}
    for person_id, dealer_id, first in wanted:
        if person_id not in weeks or dealer_id not in zones:
            continue
        week = weeks[person_id]
        if first <= week and (person_id, week) not in mailed:
            found.setdefault((person_id, week), []).append(dealer_id)
    return found


def first_week(now: datetime, zone: str) -> date:
    """The first week somebody gets who asks now: the one that runs, whose report comes next Monday."""
    return max(monday_of(local_day(now, zone)), due_week(now, zone) + WEEK)
