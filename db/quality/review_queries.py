"""Reviews as a queue and one by one, the scores they make with their interval, and how reviewers differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.core.actor import Actor, Scope
from db.core.area import CAP
from db.core.masking import HIDDEN, mask_name
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused
from db.leads.activities import contact_label
from db.quality import rules
from db.quality.people import own_only, seen_reviews, sums_only
from db.quality.tables import Dealer, Lead, LeadActivity, QualityForm, QualityReview, QualitySample

PAGE = 50
MOST_CONTACTS = 40
Cursor = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class ReviewFilters:
    """What the queue is narrowed to; `status` is drawn, reviewed or skipped."""

    status: str = "drawn"
    dealer_id: int | None = None
    person: str = ""
    sample_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReviewRow:
    """One review as lists show it."""

    id: int
    number: str
    status: str
    version: int
    submitted_by: str
    round: int
    lead_id: int
    lead_number: str
    dealer_id: int
    dealer: str
    person_id: int | None
    person: str
    person_username: str
    responded_at: datetime
    due_at: datetime
    score: int | None
    raw_score: int | None
    answered: bool | None
    counts: bool
    is_random: bool
    reviewer: str
    reviewed_at: datetime | None
    sample_id: int | None
    sample: str


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            QualityReview.id, QualityReview.number, QualityReview.status, QualityReview.version,
            QualityReview.submitted_by, QualityReview.round, QualityReview.lead_id, Lead.number.label("lead_number"),
            QualityReview.dealer_id, Dealer.name.label("dealer"), QualityReview.person_id,
            QualityReview.person_name.label("person"), QualityReview.person_username, QualityReview.responded_at,
            QualityReview.due_at, QualityReview.score, QualityReview.raw_score, QualityReview.answered,
            QualityReview.counts, QualityReview.is_random, QualityReview.reviewer_name.label("reviewer"),
            QualityReview.reviewed_at, QualityReview.sample_id,
            func.coalesce(QualitySample.number, "").label("sample"),
        )
        .join(Lead, Lead.id == QualityReview.lead_id)
        .join(Dealer, Dealer.id == QualityReview.dealer_id)
        .outerjoin(QualitySample, QualitySample.id == QualityReview.sample_id)
        .where(seen_reviews(QualityReview, actor))
    )  # fmt: skip


def _wanted(filters: ReviewFilters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        QualityReview.is_open == (true() if filters.status == "drawn" else false()),
        QualityReview.status == filters.status,
    ]
    if filters.dealer_id is not None:
        wanted.append(QualityReview.dealer_id == filters.dealer_id)
    if filters.person:
        wanted.append(QualityReview.person_name == filters.person)
    if filters.sample_id is not None:
        wanted.append(QualityReview.sample_id == filters.sample_id)
    return wanted


def list_reviews(
    session: Session, *, actor: Actor, filters: ReviewFilters | None = None, not_own: bool = False,
    after: Cursor | None = None, limit: int = PAGE,
) -> tuple[list[ReviewRow], Cursor | None]:  # fmt: skip
    """One page: those to do, due first; done ones with the latest due day first. `not_own` leaves out what the actor
    answered or already looked at.
    """
    given = filters or ReviewFilters()
    query = _rows(actor).where(*_wanted(given))
    if not_own:
        query = query.where(*_others(actor))
    forward = given.status == "drawn"
    if after is not None:
        due = QualityReview.due_at
        query = (
            query.where(due >= after[0], or_(due > after[0], QualityReview.id > after[1]))
            if forward
            else query.where(due <= after[0], or_(due < after[0], QualityReview.id < after[1]))
        )
    order = (
        (QualityReview.due_at, QualityReview.id) if forward else (QualityReview.due_at.desc(), QualityReview.id.desc())
    )
    found = [ReviewRow(**r._asdict()) for r in session.execute(query.order_by(*order).limit(limit + 1))]
    following = (found[limit - 1].due_at, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following


def _others(actor: Actor) -> list[ColumnElement[bool]]:
    looked = aliased(QualityReview)
    done = (
        select(looked.id)
        .where(looked.lead_id == QualityReview.lead_id, looked.reviewer_id == actor.user_id)
        .correlate(QualityReview)
        .exists()
    )
    return [QualityReview.person_username != actor.username, ~done]


def count_reviews(
    session: Session, *, actor: Actor, filters: ReviewFilters | None = None, due_before: datetime | None = None,
    not_own: bool = False,
) -> int:  # fmt: skip
    """How many there are, counted up to `CAP` + 1."""
    wanted = [seen_reviews(QualityReview, actor), *_wanted(filters or ReviewFilters())]
    if due_before is not None:
        wanted.append(QualityReview.due_at < due_before)
    if not_own:
        wanted += _others(actor)
    some = select(QualityReview.id).where(*wanted).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


# ---- one review with what is to be judged --------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class ContactLine:
    """One thing that happened with the customer; `is_reviewed` marks the response that is judged."""

    at: datetime
    title: str
    note: str
    by: str
    is_out: bool
    is_reviewed: bool


@dataclass(frozen=True, kw_only=True)
class ReviewPage:
    """A review with the customer's question, what was answered, and the clock; minutes are working minutes."""

    row: ReviewRow
    customer: str
    question: str
    comments: str
    wants: str
    source: str
    preferred_contact: str
    received_at: datetime
    clock_started_at: datetime | None
    first_action_minutes: int | None
    first_action_target: int
    first_quality_minutes: int | None
    contacts: tuple[ContactLine, ...]
    answers: Mapping[str, str]
    said: Mapping[str, str]
    note: str
    skip_reason: str
    form_number: int | None
    items: tuple[rules.FormItem, ...]
    second_id: int | None
    zone: str

    @property
    def id(self) -> int:
        """Of the review."""
        return self.row.id

    @property
    def version(self) -> int:
        """Of the review."""
        return self.row.version


def get_review(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ReviewPage:
    """One review; raises `NotFound` for one that is not there or not theirs to see. A handful of statements."""
    found = session.execute(_rows(actor).where(QualityReview.id == item_id)).one_or_none()
    if found is None:
        raise NotFound("This review")
    row = ReviewRow(**found._asdict())
    review, lead, zone = session.execute(
        select(QualityReview, Lead, Dealer.zone)
        .join(Lead, Lead.id == QualityReview.lead_id)
        .join(Dealer, Dealer.id == QualityReview.dealer_id)
        .where(QualityReview.id == item_id)
    ).one()
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)

    def text(value: str) -> str:
        return value if personal or not value else HIDDEN

    form = session.get(QualityForm, review.form_id) if review.form_id is not None else None
    activities = session.scalars(
        select(LeadActivity)
        .where(LeadActivity.lead_id == lead.id, LeadActivity.kind.not_in(("note", "auto")))
        .order_by(LeadActivity.at, LeadActivity.id)
        .limit(MOST_CONTACTS)
    )
    second = None
    if review.round == 1 and actor.can(Permission.QUALITY_REVIEW):
        second = session.scalar(
            select(QualityReview.id).where(QualityReview.lead_id == lead.id, QualityReview.round == 2)
        )
    return ReviewPage(
        row=row, customer=lead.customer_name if personal else mask_name(lead.customer_name),
        question=text(lead.question), comments=text(lead.comments), wants=lead.wants, source=lead.source,
        preferred_contact=lead.preferred_contact, received_at=lead.received_at, clock_started_at=lead.clock_started_at,
        first_action_minutes=lead.first_action_minutes, first_action_target=lead.first_action_target,
        first_quality_minutes=lead.first_quality_minutes,
        contacts=tuple(
            ContactLine(
                at=a.at, title=contact_label(a.kind, a.outcome), note=text(a.note), by=a.by,
                is_out=a.direction == "out",
                is_reviewed=a.id == review.activity_id,
            )
            for a in activities
        ),
        answers=dict(review.answers), said=dict(review.comments), note=review.note, skip_reason=review.skip_reason,
        form_number=form.number if form else None, items=rules.items_of(form.items) if form else (),
        second_id=second, zone=zone,
    )  # fmt: skip


# ---- scores --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class ScoreLine:
    """The sampled score of one person or dealer; `answered` of `asked` responses answered the question."""

    key: Any
    label: str
    dealer: str
    estimate: rules.Estimate
    asked: int
    answered: int
    zeroed: int


DIMS = ("person", "dealer", "region")


def scores(
    session: Session, *, actor: Actor, by: str = "", since: datetime | None = None, until: datetime | None = None,
    dealer_id: int | None = None, limit: int = 100,
) -> list[ScoreLine]:  # fmt: skip
    """Means of random first reviews of responses given in since <= moment < until; one statement.

    Staff get their own only; sales leaders dealers and regions, no single person. Names in order, never by score:
    under ten reviews nobody is ranked.
    """
    actor.require(Permission.QUALITY_VIEW)
    if by and by not in DIMS:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"Scores are not counted by “{by}”."))
    if by == "person" and sums_only(actor):
        raise Refused(Problem(code="not_allowed", field="by", message="You see dealers, not single people."))
    wanted = _counted(actor.scope, since, until, dealer_id)
    if own_only(actor):
        wanted.append(QualityReview.person_id == actor.user_id)
    keys: dict[str, tuple[Any, ...]] = {
        "": (),
        "person": (QualityReview.person_username, func.max(QualityReview.person_name), QualityReview.dealer_id),
        "dealer": (QualityReview.dealer_id,),
        "region": (QualityReview.region,),
    }
    grouped = [QualityReview.person_username, QualityReview.dealer_id] if by == "person" else list(keys[by])
    query = select(*(k.label(f"k{i}") for i, k in enumerate(keys[by])), *_SUMS).where(*wanted)
    rows = session.execute(query.group_by(*grouped) if by else query).all()
    names = _dealer_names(
        session, {r.k2 if by == "person" else r.k0 for r in rows} if by in ("person", "dealer") else ()
    )
    found = []
    for r in rows:
        label = {"": "", "person": "k1", "dealer": "", "region": "k0"}[by]
        dealer = names.get(r.k2 if by == "person" else r.k0, "") if by in ("person", "dealer") else ""
        found.append(
            ScoreLine(
                key=r.k0 if by else "", label=getattr(r, label) if label else dealer, dealer=dealer,
                estimate=rules.estimate(n=r.n, total=float(r.total or 0), squares=float(r.squares or 0)),
                asked=r.asked, answered=int(r.answered or 0), zeroed=int(r.zeroed or 0),
            )
        )  # fmt: skip
    return sorted(found, key=lambda line: (str(line.label).casefold(), str(line.key)))[:limit]


_SUMS = (
    func.count().label("n"), func.sum(QualityReview.score).label("total"),
    func.sum(QualityReview.score * QualityReview.score).label("squares"),
    func.count(QualityReview.answered).label("asked"),
    func.sum(case((QualityReview.answered == true(), 1), else_=0)).label("answered"),
    func.sum(case((and_(QualityReview.score == 0, QualityReview.raw_score > 0), 1), else_=0)).label("zeroed"),
)  # fmt: skip


def _counted(
    scope: Scope, since: datetime | None, until: datetime | None, dealer_id: int | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        QualityReview.counts == true(), scope.where(QualityReview.dealer_id, QualityReview.region)
    ]  # fmt: skip
    if since is not None:
        wanted.append(QualityReview.responded_at >= since)
    if until is not None:
        wanted.append(QualityReview.responded_at < until)
    if dealer_id is not None:
        wanted.append(QualityReview.dealer_id == dealer_id)
    return wanted


def _dealer_names(session: Session, ids: Any) -> dict[int, str]:
    some = sorted({i for i in ids if i is not None})
    return dict(session.execute(select(Dealer.id, Dealer.name).where(Dealer.id.in_(some))).all()) if some else {}


# ---- which items fall short ----------------------------------------------------------------------------------------
MOST_READ = 500


def weak_items(
    session: Session, *, actor: Actor, since: datetime | None = None, dealer_id: int | None = None
) -> list[tuple[str, int, int]]:
    """(item, met, applicable) over the newest counted reviews (at most 500), the most often missed first."""
    actor.require(Permission.QUALITY_VIEW)
    wanted = _counted(actor.scope, since, None, dealer_id)
    if own_only(actor):
        wanted.append(QualityReview.person_id == actor.user_id)
    rows = session.execute(
        select(QualityReview.answers, QualityReview.form_id)
        .where(*wanted)
        .order_by(QualityReview.responded_at.desc(), QualityReview.id.desc())
        .limit(MOST_READ)
    ).all()
    used = {r.form_id for r in rows}
    forms = session.execute(
        select(QualityForm.id, QualityForm.items).where(QualityForm.id.in_(used)).order_by(QualityForm.number)
    )
    texts = {form_id: {i.key: i.text for i in rules.items_of(items)} for form_id, items in forms}
    met: dict[str, list[int]] = {}
    for answers, form_id in rows:
        for key, value in answers.items():
            if value in (rules.YES, rules.NO) and key in texts.get(form_id, {}):
                line = met.setdefault(texts[form_id][key], [0, 0])
                line[0] += value == rules.YES
                line[1] += 1
    return sorted(((t, m, n) for t, (m, n) in met.items()), key=lambda x: (x[1] / x[2], -x[2], x[0]))
