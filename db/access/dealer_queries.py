"""What dealer access says of one dealer before a call, and of the health of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import false, select, true
from sqlalchemy.orm import Session

from db.access import left_queries
from db.access.flow import FLOW
from db.access.people_queries import accounts_at
from db.access.queries import PAGE_FILE, list_requests
from db.access.review_queries import reviews_of_dealer
from db.access.rules import KINDS, quarter_label
from db.access.tables import AccessRequest, AccessReview
from db.core.actor import Actor, Scope
from db.core.area import DealerLine, Signal
from db.core.labels import plural

MOST = 10


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Open requests, the review, doubtful accounts, and what was decided since the last contact."""
    lines = []
    rows, _ = list_requests(session, scope=actor.scope, dealer_id=dealer_id, limit=MOST)
    for row in rows:
        is_late = row.due_at is not None and row.due_at < now
        lines.append(
            DealerLine(
                kind="overdue" if is_late else "open", title=f"{row.kind_label} asked for {row.name}",
                detail=row.reason, at=row.due_at, page=PAGE_FILE, query={"request": str(row.id)},
            )
        )  # fmt: skip
    for review in reviews_of_dealer(session, dealer_id=dealer_id, scope=actor.scope):
        if review.is_open:
            left = review.accounts - review.decided
            lines.append(
                DealerLine(
                    kind="overdue" if review.due_at < now else "open",
                    title=f"Access review {review.quarter_label} to confirm", at=review.due_at, page=PAGE_FILE,
                    detail=f"{left} of {plural(review.accounts, 'account')} to go", query={"review": str(review.id)},
                )
            )  # fmt: skip
        elif since is not None and review.completed_at is not None and review.completed_at > since:
            lines.append(
                DealerLine(
                    kind="changed", title=f"Access review {review.quarter_label} confirmed", at=review.completed_at,
                    detail=f"by {review.updated_by}", page=PAGE_FILE, query={"review": str(review.id)},
                )
            )  # fmt: skip
    return [*lines, *_doubtful(session, dealer_id, actor, now), *_decided(session, dealer_id, actor, since)]


def _doubtful(session: Session, dealer_id: int, actor: Actor, now: datetime) -> list[DealerLine]:
    found = []
    people = {"access_view": "People"}
    rows = [row for _, row in accounts_at(session, dealer_ids=[dealer_id], scope=actor.scope, now=now)]
    for row in rows:
        if "left" in row.flags:
            title = f"{row.name} has left, but can still sign in"
            found.append(DealerLine(kind="open", title=title, detail=row.role_label, page=PAGE_FILE, query=people))
    never = [row.name for row in rows if "never" in row.flags]
    if never:
        title = f"{plural(len(never), 'person', 'people')} never signed in"
        found.append(DealerLine(kind="open", title=title, detail=", ".join(never[:5]), page=PAGE_FILE, query=people))
    return found


def _decided(session: Session, dealer_id: int, actor: Actor, since: datetime | None) -> list[DealerLine]:
    if since is None:
        return []
    r = AccessRequest
    rows = session.execute(
        select(r.id, r.kind, r.name, r.status, r.decided_at, r.decided_by, r.answer)
        .where(
            r.dealer_id == dealer_id, r.is_open == false(), r.decided_at > since,
            actor.scope.where(r.dealer_id, r.region),
        )
        .order_by(r.decided_at.desc(), r.id.desc())
        .limit(MOST)
    )  # fmt: skip
    return [
        DealerLine(
            kind="changed", title=f"{KINDS[row.kind]} for {row.name}: {FLOW.state(row.status).label.lower()}",
            detail=row.answer or f"by {row.decided_by}", at=row.decided_at, page=PAGE_FILE,
            query={"request": str(row.id)},
        )
        for row in rows
    ]  # fmt: skip


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, Sequence[Signal]]:
    """Risk: somebody who left can still sign in. Watch: the quarterly review is overdue. Three statements in all."""
    found: dict[int, list[Signal]] = {}
    gone = {dealer_id for _, dealer_id in left_queries.contacts_who_left(session, scope=scope)}
    names: dict[int, list[str]] = {}
    for dealer_id, row in accounts_at(session, dealer_ids=gone, scope=scope, now=now) if gone else ():
        if "left" in row.flags:
            names.setdefault(dealer_id, []).append(row.name)
    for dealer_id, people in names.items():
        who = people[0] if len(people) == 1 else plural(len(people), "person", "people")
        verb = "has" if len(people) == 1 else "have"
        found.setdefault(dealer_id, []).append(
            Signal(level="risk", sentence=f"{who} {verb} left, but can still sign in")
        )
    rows = session.execute(
        select(AccessReview.dealer_id, AccessReview.quarter)
        .where(
            AccessReview.is_open == true(), AccessReview.due_at < now,
            scope.where(AccessReview.dealer_id, AccessReview.region),
        )
        .order_by(AccessReview.quarter)
    )  # fmt: skip
    for dealer_id, quarter in rows:
        sentence = f"Access review {quarter_label(quarter)} is overdue"
        found.setdefault(dealer_id, []).append(Signal(level="watch", sentence=sentence))
    return found
