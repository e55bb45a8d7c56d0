"""Opening the quarterly review of who still has access, confirming it, and reminding of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, true, update
from sqlalchemy.orm import Session

from db.access import notices
from db.access.commands import tell_ends
from db.access.people_queries import accounts_at
from db.access.review_queries import ReviewRow, WaitingAccount, accounts_waiting, dealers_without_review, get_review
from db.access.rules import REMIND_DAYS, REVIEW_DAYS, quarter_label, quarter_of
from db.access.tables import AccessQuarter, AccessReview, AccessReviewLine
from db.calendar.queries import DESK_ZONE
from db.core import changes, timeline
from db.core.actor import EVERYTHING, Actor
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused, Stale
from db.dealers.queries import DealerDetail, dealer_choices, get_dealer
from db.people import dealer_account_commands as accounts

MOST_REMINDED = 500


# ------------------------------------------------------------------------------------------------- opening
def open_reviews(session: Session, *, dealer_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Open this quarter's review at some dealers by hand, or at all of the actor's that have none; gives how many."""
    actor.require(Permission.ACCESS_REVIEW)
    without = dealers_without_review(session, scope=actor.scope, now=now)
    for dealer_id in dealer_ids:
        get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    wanted = [dealer_id for dealer_id in without if not dealer_ids or dealer_id in set(dealer_ids)]
    opened = _open(session, wanted, actor=actor, now=now)
    if not opened:
        raise Refused(
            Problem(
                code="nothing_to_open",
                message="There is no dealer without a review in this quarter whose people can sign in.",
            )
        )
    _note_opened(session, "open_reviews", opened, actor=actor, now=now)
    return len(opened)


def open_quarter(session: Session, *, actor: Actor, now: datetime) -> int:
    """Open the quarter's review at every dealer whose people can sign in, once however often and by whom it is run."""
    actor.require(Permission.ACCESS_DECIDE)
    quarter = quarter_of(now, DESK_ZONE)
    if not insert_or_ignore(session, AccessQuarter, {"quarter": quarter, "opened_at": now}):
        timeline.repeated(session)
        return 0
    opened = _open(session, dealers_without_review(session, scope=EVERYTHING, now=now), actor=actor, now=now)
    _note_opened(session, "open_quarter", opened, actor=actor, now=now, quarter=quarter)
    return len(opened)


def _open(session: Session, dealer_ids: Sequence[int], *, actor: Actor, now: datetime) -> list[AccessReview]:
    """Open reviews with a line for everybody who can sign in; an older one that is still open was never done."""
    quarter = quarter_of(now, DESK_ZONE)
    by_dealer: dict[int, list[Any]] = {}
    for dealer_id, account in accounts_at(session, dealer_ids=dealer_ids, scope=EVERYTHING, now=now):
        by_dealer.setdefault(dealer_id, []).append(account)
    opened = []
    for dealer_id, people in sorted(by_dealer.items()):
        region = people[0].dealers[0].region
        values = {
            "dealer_id": dealer_id, "region": region, "quarter": quarter, "is_open": True, "version": 1,
            "opened_at": now, "opened_by": actor.name, "due_at": now + timedelta(days=REVIEW_DAYS), "updated_at": now,
            "updated_by": actor.name,
        }  # fmt: skip
        if not insert_or_ignore(session, AccessReview, values):
            continue  # somebody else opened it in this very moment
        which = (AccessReview.dealer_id == dealer_id, AccessReview.quarter == quarter)
        review = session.scalars(select(AccessReview).where(*which)).one()
        session.execute(
            insert(AccessReviewLine),
            [
                {
                    "review_id": review.id, "dealer_id": dealer_id, "region": region, "person_id": a.person_id,
                    "outcome": "", "seen_role": a.role, "seen_last_sign_in_at": a.last_sign_in_at,
                    "seen_flags": list(a.flags), "decided_by": "",
                }
                for a in people
            ],
        )  # fmt: skip
        opened.append(review)
        session.execute(
            update(AccessReview)
            .where(AccessReview.dealer_id == dealer_id, AccessReview.quarter < quarter, AccessReview.is_open == true())
            .values(is_open=False, version=AccessReview.version + 1, updated_at=now, updated_by=actor.name)
            .execution_options(synchronize_session=False)
        )
    return opened


def _note_opened(
    session: Session, command: str, opened: Sequence[AccessReview], *, actor: Actor, now: datetime,
    quarter: date | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "access")
    label = quarter_label(quarter or opened[0].quarter)
    timeline.record(
        session, actor=actor, now=now, area="access", command=command, summary=f"Access review {label} opened",
        items=_items(opened),
        after={"reviews": len(opened)},
    )  # fmt: skip
    names = {d.dealer_id: d.label for d in dealer_choices(session, EVERYTHING)} if opened else {}
    notices.tell_reviews_opened(session, opened, names=names, now=now)


def _items(reviews: Iterable[AccessReview]) -> list[timeline.Item]:
    return [
        timeline.Item(kind, number, review.dealer_id)
        for review in reviews
        for kind, number in (("access_review", review.id), ("dealer", review.dealer_id))
    ]


# ------------------------------------------------------------------------------------------------- confirming
@dataclass(frozen=True, kw_only=True)
class Judged:
    """One account as the screen showed it, and what was decided about it: keep or disable."""

    review_id: int
    person_id: int
    role: str
    flags: tuple[str, ...]
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What a confirmation did: accounts kept and disabled, reviews finished, and how many wait for somebody else."""

    kept: int
    disabled: int
    finished: int
    left: int


def confirm_reviews(
    session: Session, *, reviews: Sequence[tuple[int, int]], judged: Sequence[Judged], actor: Actor, now: datetime
) -> Confirmed:
    """Attest who of some dealers still works there, and end the access of those who do not; all or nothing.

    `reviews` are (id, version drawn), `judged` every account the screen showed for them but the actor's own, which
    waits for somebody else. Refused as a whole when somebody joined, left or changed since, or confirmed before.
    """
    actor.require(Permission.ACCESS_REVIEW)
    if not reviews:
        raise Refused(Problem(code="required", message="There is nothing to confirm."))
    rows = {i: get_review(session, review_id=i, scope=actor.scope) for i in sorted({i for i, _ in reviews})}
    accounts.hold_dealers(session, [row.dealer_id for row in rows.values()])
    stored = _locked(session, dict(reviews), rows, actor)
    dealers = {r.dealer_id: get_dealer(session, dealer_id=r.dealer_id, scope=actor.scope) for r in stored.values()}
    waiting = accounts_waiting(session, reviews=rows.values(), actor=actor, now=now)
    _check_seen(judged, [w for w in waiting if not w.is_own], dealers)
    outcomes = {(j.review_id, j.person_id): j.outcome for j in judged}
    ended: list[tuple[accounts.AccessEnded, DealerDetail]] = []
    for one in waiting:
        if one.is_own:
            continue
        outcome = outcomes[one.review_id, one.account.person_id]
        if outcome == "disable":
            gone = accounts.end_access(
                session, person_id=one.account.person_id, dealer_id=one.dealer_id, actor=actor, now=now
            )  # fmt: skip
            ended.append((gone, dealers[one.dealer_id]))
        _attest(session, stored[one.review_id], one, outcome, actor=actor, now=now)
    finished, left = _close(session, stored, [w for w in waiting if w.is_own], actor=actor, now=now)
    done = Confirmed(kept=len(judged) - len(ended), disabled=len(ended), finished=finished, left=left)
    _note_confirmed(session, stored, ended, done, actor=actor, now=now)
    return done


def _locked(
    session: Session, seen: dict[int, int], rows: dict[int, ReviewRow], actor: Actor
) -> dict[int, AccessReview]:
    found = {
        review.id: review
        for review in session.scalars(
            select(AccessReview)
            .where(AccessReview.id.in_(sorted(seen)))
            .order_by(AccessReview.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    for review_id, review in found.items():
        if not actor.scope.allows(dealer_id=review.dealer_id, region=review.region):
            raise NotFound("This access review")
        if review.version != seen[review_id] or not review.is_open:
            raise Stale(
                what=f"The access review of {rows[review_id].dealer_name}", changed_by=review.updated_by,
                changed_at=review.updated_at, status="open" if review.is_open else "reviewed",
            )  # fmt: skip
    return found


def _check_seen(judged: Sequence[Judged], waiting: Sequence[WaitingAccount], dealers: dict[int, DealerDetail]) -> None:
    """What was judged must be what is there: everybody, nobody twice, in the role and with the doubts seen."""
    if any(j.outcome not in ("keep", "disable") for j in judged):
        raise Refused(Problem(code="unknown_outcome", field="judged", message="Choose keep or disable."))
    seen = {(j.review_id, j.person_id): (j.role, j.flags) for j in judged}
    there = {(w.review_id, w.account.person_id): (w.account.role, w.account.flags) for w in waiting}
    if seen == there and len(seen) == len(judged):
        return
    changed = {key for key in seen.keys() | there.keys() if seen.get(key) != there.get(key)}
    # Only what the actor may see is named: the dealers among the reviews they sent.
    names = sorted({dealers[w.dealer_id].facts.name for w in waiting if (w.review_id, w.account.person_id) in changed})
    where = f" at {', '.join(names[:3])}" if names else ""
    message = f"Somebody joined, left or changed{where} since you looked. Nothing was saved; look at the list again."
    raise Refused(Problem(code="stale", message=message))


def _attest(
    session: Session, review: AccessReview, one: WaitingAccount, outcome: str, *, actor: Actor, now: datetime
) -> None:
    line = session.scalars(
        select(AccessReviewLine).where(
            AccessReviewLine.review_id == review.id, AccessReviewLine.person_id == one.account.person_id
        )
    ).one_or_none()
    if line is None:  # joined since the review was opened
        line = AccessReviewLine(
            review_id=review.id, dealer_id=review.dealer_id, region=review.region, person_id=one.account.person_id
        )
        session.add(line)
    line.outcome, line.decided_at, line.decided_by, line.decider_id = outcome, now, actor.name, actor.user_id
    line.seen_role, line.seen_flags = one.account.role, list(one.account.flags)
    line.seen_last_sign_in_at = one.account.last_sign_in_at


def _close(
    session: Session, stored: dict[int, AccessReview], own: Sequence[WaitingAccount], *, actor: Actor, now: datetime
) -> tuple[int, int]:
    """Mark who had left before as gone, and finish the reviews in which nobody waits: (finished, accounts left)."""
    session.flush()
    still = {(w.review_id, w.account.person_id) for w in own}
    finished = 0
    line = AccessReviewLine
    waits = session.scalars(select(line).where(line.review_id.in_(sorted(stored)), line.outcome == "")).all()
    for one in waits:
        if (one.review_id, one.person_id) not in still:
            one.outcome, one.decided_at, one.decided_by, one.decider_id = "gone", now, actor.name, actor.user_id
    for review in stored.values():
        review.version += 1
        review.updated_at, review.updated_by = now, actor.name
        if not any(review_id == review.id for review_id, _ in still):
            review.is_open, review.completed_at = False, now
            finished += 1
    return finished, len(still)


def _note_confirmed(
    session: Session, stored: dict[int, AccessReview], ended: Sequence[tuple[accounts.AccessEnded, DealerDetail]],
    done: Confirmed, *, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    changes.touch(session, "access")
    label = ", ".join(sorted({quarter_label(review.quarter) for review in stored.values()}))
    summary = f"Access review {label} confirmed"
    if len({review.dealer_id for review in stored.values()}) == 1:  # else the counts are of other dealers, too
        summary += f": {done.kept} kept, {done.disabled} disabled" + (f", {done.left} waiting" if done.left else "")
    items = _items(stored.values())
    items += [timeline.Item("person", gone.person_id, dealer.dealer_id) for gone, dealer in ended]
    timeline.record(
        session, actor=actor, now=now, area="access", command="confirm_reviews", summary=summary, items=items,
        after={"kept": done.kept, "disabled": done.disabled, "finished": done.finished},
    )  # fmt: skip
    tell_ends(session, ended, reason=f"Access review {label}", actor=actor, now=now)


# ------------------------------------------------------------------------------------------------- reminding
def reviews_to_remind(session: Session, *, now: datetime) -> list[tuple[int, bool]]:
    """(review, is overdue) of those whose people were not yet told; few, for each is told once."""
    r = AccessReview
    soon = now + timedelta(days=REMIND_DAYS)
    overdue = session.scalars(
        select(r.id)
        .where(r.is_open == true(), r.due_at < now, r.overdue_told_at.is_(None))
        .order_by(r.due_at, r.id)
        .limit(MOST_REMINDED)
    )
    due = session.scalars(
        select(r.id)
        .where(r.is_open == true(), r.due_at >= now, r.due_at <= soon, r.reminded_at.is_(None))
        .order_by(r.due_at, r.id)
        .limit(MOST_REMINDED)
    )
    return [(i, True) for i in overdue] + [(i, False) for i in due]


def remind(session: Session, *, found: Sequence[tuple[int, bool]], now: datetime) -> int:
    """Tell the people of these reviews, once each: whoever marks the review first does. Housekeeping, no entry."""
    overdue: list[AccessReview] = []
    due: list[AccessReview] = []
    for review_id, is_overdue in found:
        column = AccessReview.overdue_told_at if is_overdue else AccessReview.reminded_at
        claimed = session.scalar(
            update(AccessReview)
            .where(AccessReview.id == review_id, AccessReview.is_open == true(), column.is_(None))
            .values({column: now})
            .returning(AccessReview.id)
            .execution_options(synchronize_session=False)
        )
        if claimed is not None:
            review = session.get_one(AccessReview, review_id, populate_existing=True)
            (overdue if is_overdue else due).append(review)
    for review in due:
        row = get_review(session, review_id=review.id, scope=EVERYTHING)
        notices.tell_review_due(
            session, review, dealer=row.dealer_label, waits=row.accounts - row.decided, now=now
        )  # fmt: skip
    if overdue:
        notices.tell_reviews_overdue(session, overdue, now=now)
    return len(due) + len(overdue)
