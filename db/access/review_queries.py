"""The quarterly review: how far it is, the accounts that still wait on one screen, and what was attested; in scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from db.access.people_queries import AccountRow, accounts_at
from db.access.queries import PAGE_FILE
from db.access.rules import REVIEW_STATES, preset, quarter_label, quarter_of, review_state
from db.access.tables import AccessReview, AccessReviewLine
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import CAP, WorkCount, WorkLine
from db.core.keyset import beyond
from db.core.labels import plural
from db.core.permissions import Permission, Role
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.tables import Person, PersonScope

DEALERS_A_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class ReviewRow:
    """The review of one dealer; `version` goes back with the confirmation."""

    id: int
    dealer_id: int
    dealer_code: str
    dealer_name: str
    quarter: date
    version: int
    is_open: bool
    opened_at: datetime
    due_at: datetime
    completed_at: datetime | None
    updated_by: str
    accounts: int = 0
    decided: int = 0
    disabled: int = 0
    sort_key: str = ""

    @property
    def dealer_label(self) -> str:
        """The dealer with its code."""
        return f"{self.dealer_name} ({self.dealer_code})"

    @property
    def quarter_label(self) -> str:
        """The quarter as people say it."""
        return quarter_label(self.quarter)

    def state(self, now: datetime) -> tuple[str, str]:
        """(label, tone) of how it stands."""
        name = review_state(
            is_open=self.is_open, completed_at=self.completed_at, decided=self.decided, due_at=self.due_at, now=now
        )
        return REVIEW_STATES[name]


@dataclass(frozen=True, kw_only=True)
class WaitingAccount:
    """One account to judge; `has_joined` since the review was opened; `is_own` waits for somebody else."""

    review_id: int
    dealer_id: int
    account: AccountRow
    has_joined: bool
    is_own: bool

    @property
    def preset(self) -> str:
        """What the screen proposes."""
        return preset(self.account.flags)


@dataclass(frozen=True, kw_only=True)
class ReviewPage:
    """The one screen: some dealers' open reviews, every account that waits in them, and the cursor of the next."""

    reviews: tuple[ReviewRow, ...]
    accounts: tuple[WaitingAccount, ...]
    following: tuple[str, int] | None

    @property
    def to_judge(self) -> tuple[WaitingAccount, ...]:
        """The accounts this person may judge."""
        return tuple(a for a in self.accounts if not a.is_own)


@dataclass(frozen=True, kw_only=True)
class ReviewProgress:
    """A quarter in figures: `dealers` with a review, how many are done or late, and accounts by outcome."""

    dealers: int
    reviewed: int
    overdue: int
    waiting: int
    kept: int
    disabled: int
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class AttestedLine:
    """One account in a review: what was decided, by whom, and what they saw."""

    name: str
    role: str
    outcome: str
    seen_last_sign_in_at: datetime | None
    seen_flags: tuple[str, ...]
    decided_at: datetime | None
    decided_by: str


def _rows(session: Session, *conditions: ColumnElement[bool], limit: int) -> list[ReviewRow]:
    r = AccessReview
    query = (
        select(
            r.id, r.dealer_id, Dealer.code.label("dealer_code"), Dealer.name.label("dealer_name"), r.quarter,
            r.version, r.is_open, r.opened_at, r.due_at, r.completed_at, r.updated_by,
            Dealer.name_key.label("sort_key"),
        )
        .join(Dealer, Dealer.id == r.dealer_id)
        .where(*conditions)
        .order_by(Dealer.name_key, r.id)
        .limit(limit)
    )  # fmt: skip
    found: list[dict[str, Any]] = [dict(row._mapping) for row in session.execute(query)]
    counts = _line_counts(session, [row["id"] for row in found])
    return [ReviewRow(**(row | counts.get(row["id"], {}))) for row in found]


def _line_counts(session: Session, review_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    line = AccessReviewLine
    rows = session.execute(
        select(line.review_id, line.outcome, func.count())
        .where(line.review_id.in_(list(review_ids)))
        .group_by(line.review_id, line.outcome)
    )
    found: dict[int, dict[str, int]] = {}
    for review_id, outcome, n in rows:
        counts = found.setdefault(review_id, {"accounts": 0, "decided": 0, "disabled": 0})
        counts["accounts"] += n
        counts["decided"] += n if outcome else 0
        counts["disabled"] += n if outcome == "disable" else 0
    return found


def _in(scope: Scope) -> ColumnElement[bool]:
    return scope.where(AccessReview.dealer_id, AccessReview.region)


def list_reviews(
    session: Session, *, scope: Scope, quarter: date, after: tuple[str, int] | None = None, limit: int = 50
) -> tuple[list[ReviewRow], tuple[str, int] | None]:
    """One page of a quarter's reviews by dealer, and the cursor of the next page or None."""
    conditions = [_in(scope), AccessReview.quarter == quarter, *_after(after)]
    rows = _rows(session, *conditions, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.sort_key, last.id) if last else None


def _after(after: tuple[str, int] | None) -> list[ColumnElement[bool]]:
    return [] if after is None else [beyond((Dealer.name_key, AccessReview.id), after)]


def get_review(session: Session, *, review_id: int, scope: Scope) -> ReviewRow:
    """One review; raises `NotFound` for one that does not exist or lies outside of the scope."""
    rows = _rows(session, _in(scope), AccessReview.id == review_id, limit=1)
    if not rows:
        raise NotFound("This access review")
    return rows[0]


def reviews_of_dealer(session: Session, *, dealer_id: int, scope: Scope) -> list[ReviewRow]:
    """Every review of one dealer, the newest first."""
    rows = _rows(session, _in(scope), AccessReview.dealer_id == dealer_id, limit=100)
    return sorted(rows, key=lambda row: row.quarter, reverse=True)


def list_quarters(session: Session, *, scope: Scope) -> list[date]:
    """The quarters that have reviews in a scope, the newest first."""
    query = select(AccessReview.quarter).where(_in(scope)).distinct().order_by(AccessReview.quarter.desc())
    return list(session.scalars(query))


def get_progress(session: Session, *, scope: Scope, quarter: date, now: datetime) -> ReviewProgress:
    """How far a quarter's review is, in two statements."""
    r, line = AccessReview, AccessReviewLine
    wanted = (_in(scope), r.quarter == quarter)
    is_done, is_late = r.completed_at.is_not(None), r.due_at < now
    by_state = session.execute(
        select(r.is_open, is_done, is_late, func.count(), func.min(r.due_at))
        .where(*wanted)
        .group_by(r.is_open, is_done, is_late)
    ).all()
    outcomes: dict[str, int] = dict(
        session.execute(
            select(line.outcome, func.count())
            .join(r, r.id == line.review_id)
            .where(*wanted)
            .group_by(line.outcome)
        ).all()
    )  # fmt: skip
    return ReviewProgress(
        dealers=sum(n for *_, n, _ in by_state), reviewed=sum(n for _, done, _, n, _ in by_state if done),
        overdue=sum(n for is_open, _, late, n, _ in by_state if is_open and late),
        waiting=outcomes.get("", 0), kept=outcomes.get("keep", 0), disabled=outcomes.get("disable", 0),
        due_at=min((due for is_open, _, _, _, due in by_state if is_open), default=None),
    )  # fmt: skip


def waiting_page(
    session: Session, *, actor: Actor, now: datetime, dealer_id: int | None = None,
    after: tuple[str, int] | None = None, limit: int = DEALERS_A_PAGE,
) -> ReviewPage:  # fmt: skip
    """Every account that waits in the open reviews of the actor's scope, grouped by dealer, some dealers a page."""
    conditions = [_in(actor.scope), AccessReview.is_open == true(), *_after(after)]
    if dealer_id is not None:
        conditions.append(AccessReview.dealer_id == dealer_id)
    rows = _rows(session, *conditions, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    reviews = tuple(rows[:limit])
    return ReviewPage(
        reviews=reviews, accounts=tuple(accounts_waiting(session, reviews=reviews, actor=actor, now=now)),
        following=(last.sort_key, last.id) if last else None,
    )  # fmt: skip


def count_open(
    session: Session, *, scope: Scope, dealer_id: int | None = None, due_before: datetime | None = None
) -> int:
    """How many reviews are open, counted up to `CAP` + 1."""
    wanted = [_in(scope), AccessReview.is_open == true()]
    if dealer_id is not None:
        wanted.append(AccessReview.dealer_id == dealer_id)
    if due_before is not None:
        wanted.append(AccessReview.due_at < due_before)
    some = select(AccessReview.id).where(*wanted).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def accounts_waiting(
    session: Session, *, reviews: Iterable[ReviewRow], actor: Actor, now: datetime
) -> list[WaitingAccount]:
    """Who can sign in at the dealers of these reviews and was not judged in them; the confirmation asks the same.

    Whoever joined since the opening is among them; whoever left is not.
    """
    asked = {review.id: review for review in reviews}
    by_dealer: dict[int, list[int]] = {}
    for review in asked.values():
        by_dealer.setdefault(review.dealer_id, []).append(review.id)
    line = AccessReviewLine
    lines = {
        (review_id, person_id): outcome
        for review_id, person_id, outcome in session.execute(
            select(line.review_id, line.person_id, line.outcome).where(line.review_id.in_(list(asked)))
        )
    }
    return [
        WaitingAccount(
            review_id=review_id, dealer_id=dealer_id, account=account, is_own=account.person_id == actor.user_id,
            has_joined=(review_id, account.person_id) not in lines,
        )
        for dealer_id, account in accounts_at(session, dealer_ids=by_dealer, scope=actor.scope, now=now)
        for review_id in by_dealer[dealer_id]
        if not lines.get((review_id, account.person_id))
    ]  # fmt: skip


def attested_lines(session: Session, *, review_id: int, scope: Scope) -> list[AttestedLine]:
    """What was decided in one review, by name; nothing for a review outside of the scope."""
    line = AccessReviewLine
    rows = session.execute(
        select(
            Person.name, line.seen_role, line.outcome, line.seen_last_sign_in_at, line.seen_flags, line.decided_at,
            line.decided_by,
        )
        .join(Person, Person.id == line.person_id)
        .where(line.review_id == review_id, scope.where(line.dealer_id, line.region))
        .order_by(func.lower(Person.name), line.id)
    )  # fmt: skip
    return [
        AttestedLine(
            name=row.name, role=Role(row.seen_role).label, outcome=row.outcome, decided_at=row.decided_at,
            seen_last_sign_in_at=row.seen_last_sign_in_at, seen_flags=tuple(row.seen_flags), decided_by=row.decided_by,
        )
        for row in rows
    ]  # fmt: skip


def dealers_without_review(session: Session, *, scope: Scope, now: datetime) -> list[int]:
    """The dealers whose people can sign in and that have no review in this quarter (the desk's calendar day)."""
    has_one = select(AccessReview.dealer_id).where(AccessReview.quarter == quarter_of(now, DESK_ZONE))
    return list(
        session.scalars(
            select(Dealer.id)
            .join(PersonScope, PersonScope.dealer_id == Dealer.id)
            .join(Person, Person.id == PersonScope.person_id)
            .where(
                scope.where(Dealer.id, Dealer.region), Person.is_active.is_(True),
                Person.role.in_([role.value for role in Role if role.is_dealer]), Dealer.id.not_in(has_one),
            )
            .distinct()
            .order_by(Dealer.id)
        )
    )  # fmt: skip


# ---- my work -------------------------------------------------------------------------------------------------------
def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """Reviews that wait for this actor: a dealer's own; for the manufacturer what is overdue or waits for it alone.

    Several are one line, for one screen confirms them all.
    """
    if not actor.can(Permission.ACCESS_REVIEW):
        return []
    rows = _rows(session, _in(actor.scope), *_waits_for(actor, now), limit=limit)
    if not rows:
        return []
    first = min(rows, key=lambda row: (row.due_at, row.sort_key))
    label, tone = first.state(now)
    left = sum(row.accounts - row.decided for row in rows)
    more = "+" if len(rows) == limit else ""
    title, dealer, query = f"Who still works there? {plural(left, 'account')} to confirm", first.dealer_name, {}
    if len(rows) > 1:
        title += f" at {len(rows)}{more} dealers"
        dealer, query = "", {"access_view": "Review"}
    return [
        WorkLine(
            item_type="access_review", item_id=first.id, number=f"Review {first.quarter_label}", title=title,
            status=label, tone=tone, due_at=first.due_at, why="Confirm review", page=PAGE_FILE, dealer=dealer,
            query=query or {"review": str(first.id)},
        )
    ]  # fmt: skip


def _waits_for(actor: Actor, now: datetime) -> list[ColumnElement[Any]]:
    line = AccessReviewLine
    lines_of = select(line.id).where(line.review_id == AccessReview.id)
    still = lines_of.where(line.outcome == "")
    if actor.role.is_dealer:
        return [AccessReview.is_open == true(), still.where(line.person_id != actor.user_id).exists()]
    others_done = lines_of.where(line.outcome != "").exists()
    return [AccessReview.is_open == true(), or_(AccessReview.due_at < now, others_done)]


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How many reviews of this actor's dealers are open."""
    if not actor.can(Permission.ACCESS_REVIEW):
        return []
    every = count_open(session, scope=actor.scope)
    overdue = count_open(session, scope=actor.scope, due_before=now)
    return [
        WorkCount(label="Access reviews", count=every, overdue=overdue, page=PAGE_FILE, query={"access_view": "Review"})
    ]
