"""What a draw is made from, and the draws that were made."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.leads.flow import OUTCOMES
from db.quality import rules
from db.quality.tables import Dealer, Lead, LeadActivity, Person, QualityReview, QualitySample

MOST_RESPONSES = 5_000
"""Responses of one dealer in one draw; a longer period is refused, not cut short."""
RESPONSES = tuple(kind for kind in OUTCOMES if kind != "note")


@dataclass(frozen=True, kw_only=True)
class Response:
    """The first response to a lead: the one that answered, else the first try."""

    lead_id: int
    activity_id: int
    username: str
    name: str
    person_id: int | None
    at: datetime
    is_late: bool


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """One draw as it is shown; `repeats` says that seed and population give the same leads again."""

    id: int
    number: str
    dealer: str
    from_day: date
    to_day: date
    per_person: int
    seed: int
    focus: str
    population: int
    drawn: int
    created_at: datetime
    created_by: str
    strata: tuple[rules.Stratum, ...]
    repeats: bool

    @property
    def period(self) -> str:
        """The days in words: "October 2026" for a whole month."""
        return period_words(self.from_day, self.to_day)

    def words(self, stratum: rules.Stratum) -> str:
        """What was drawn of one person, as a sentence."""
        return rules.explain_draw(
            person=stratum.person, drawn=len(stratum.drawn), population=len(stratum.population), period=self.period,
            seed=self.seed,
        )  # fmt: skip


def period_words(first: date, last: date) -> str:
    """ "October 2026" for a whole month, else both days."""
    whole = first.day == 1 and last == date(first.year, first.month, monthrange(first.year, first.month)[1])
    if whole:
        return f"{first:%B %Y}"
    return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"


def responses(
    session: Session, *, dealer_id: int, from_day: date, to_day: date, focus: str, actor: Actor
) -> list[Response]:
    """First responses to leads a dealer received in these days (its own) that no review looked at, by lead.

    Reviews that wait count as looked at, and so do skipped ones. At most `MOST_RESPONSES` + 1 are read.
    """
    actor.require(Permission.QUALITY_REVIEW)
    rows = session.execute(
        select(
            Lead.id.label("lead_id"), LeadActivity.id.label("activity_id"), LeadActivity.by_username, LeadActivity.by,
            Person.id.label("person_id"), LeadActivity.at, LeadActivity.is_quality, Lead.first_action_at,
            Lead.first_action_due_at, Lead.first_quality_at, Lead.first_quality_due_at,
        )
        .join(LeadActivity, LeadActivity.lead_id == Lead.id)
        .outerjoin(Person, Person.username == LeadActivity.by_username)
        .where(
            Lead.dealer_id == dealer_id, actor.scope.where(Lead.dealer_id, Lead.region),
            Lead.received_month >= from_day.replace(day=1), Lead.received_month <= to_day.replace(day=1),
            Lead.received_on >= from_day, Lead.received_on <= to_day, Lead.status.not_in(("bad", "duplicate")),
            or_(LeadActivity.is_quality, LeadActivity.is_first_action), LeadActivity.kind.in_(RESPONSES),
            LeadActivity.by_username.not_like("system:%"),
            ~exists().where(QualityReview.lead_id == Lead.id),
        )
        .order_by(Lead.id, LeadActivity.is_quality.desc(), LeadActivity.at)
        .limit(2 * MOST_RESPONSES + 2)
    )  # fmt: skip
    found: dict[int, Response] = {}
    for row in rows:
        quality_late = row.first_quality_due_at is not None and (
            row.first_quality_at is None or row.first_quality_at > row.first_quality_due_at
        )
        action_late = row.first_action_due_at is not None and row.first_action_at > row.first_action_due_at
        late = quality_late or action_late
        if row.lead_id not in found and (focus == "all" or late):
            found[row.lead_id] = Response(
                lead_id=row.lead_id, activity_id=row.activity_id, username=row.by_username, name=row.by,
                person_id=row.person_id, at=row.at, is_late=late,
            )  # fmt: skip
    return list(found.values())


def strata_of(stored: Sequence[dict[str, object]]) -> tuple[rules.Stratum, ...]:
    """Who answered what and what was drawn, as a draw keeps it."""
    return tuple(
        rules.Stratum(
            person=str(s["person"]), username=str(s["username"]),
            population=tuple(s["population"]),  # type: ignore[arg-type]
            drawn=tuple(s["drawn"]),  # type: ignore[arg-type]
        )
        for s in stored
    )  # fmt: skip


def repeats(strata: Sequence[rules.Stratum], *, seed: int, per_person: int) -> bool:
    """Whether drawing again from the stored population with the stored seed gives the same leads."""
    again = rules.draw({(s.username, s.person): s.population for s in strata}, seed=seed, per_person=per_person)
    return again == tuple(sorted(strata, key=lambda s: (s.username, s.person)))


def _row(sample: QualitySample, dealer: str) -> SampleRow:
    strata = strata_of(sample.strata)
    return SampleRow(
        id=sample.id, number=sample.number, dealer=dealer, from_day=sample.from_day, to_day=sample.to_day,
        per_person=sample.per_person, seed=sample.seed, focus=sample.focus, population=sample.population,
        drawn=sample.drawn, created_at=sample.created_at, created_by=sample.created_by, strata=strata,
        repeats=repeats(strata, seed=sample.seed, per_person=sample.per_person),
    )  # fmt: skip


def list_samples(session: Session, *, actor: Actor, dealer_id: int | None = None, limit: int = 12) -> list[SampleRow]:
    """The newest draws at the actor's dealers. Needs quality.review."""
    actor.require(Permission.QUALITY_REVIEW)
    query = (
        select(QualitySample, Dealer.name)
        .join(Dealer, Dealer.id == QualitySample.dealer_id)
        .where(actor.scope.where(QualitySample.dealer_id, QualitySample.region))
    )
    if dealer_id is not None:
        query = query.where(QualitySample.dealer_id == dealer_id)
    return [_row(s, name) for s, name in session.execute(query.order_by(QualitySample.id.desc()).limit(limit))]


def get_sample(session: Session, *, sample_id: int, actor: Actor) -> SampleRow:
    """One draw; raises `NotFound`. Needs quality.review."""
    actor.require(Permission.QUALITY_REVIEW)
    found = session.execute(
        select(QualitySample, Dealer.name)
        .join(Dealer, Dealer.id == QualitySample.dealer_id)
        .where(QualitySample.id == sample_id, actor.scope.where(QualitySample.dealer_id, QualitySample.region))
    ).one_or_none()
    if found is None:
        raise NotFound("This draw")
    return _row(found[0], found[1])
