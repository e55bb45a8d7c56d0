"""Who is told about access of a dealer's people; each person once. No text names another dealer or its people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.access.rules import KINDS, quarter_label
from db.access.tables import AccessRequest, AccessReview
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission, Role
from db.dealers.tables import Dealer
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person, PersonScope


def deciders(session: Session, *, dealer_id: int, region: str) -> set[int]:
    """The manufacturer's people who decide about access at a dealer."""
    return set(people_to_tell(session, dealer_id=dealer_id, region=region, permission=Permission.ACCESS_DECIDE))


def managers(session: Session, dealer_ids: Iterable[int]) -> dict[int, list[int]]:
    """The active managers of some dealers, by dealer."""
    rows = session.execute(
        select(PersonScope.dealer_id, Person.id)
        .join(Person, Person.id == PersonScope.person_id)
        .where(
            PersonScope.dealer_id.in_(sorted(set(dealer_ids))), Person.is_active.is_(True),
            Person.role == Role.DEALER_MANAGER.value, Person.scope_kind == "dealers",
        )
        .order_by(Person.id)
    )  # fmt: skip
    found: dict[int, list[int]] = {}
    for dealer_id, person_id in rows:
        if dealer_id is not None:
            found.setdefault(dealer_id, []).append(person_id)
    return found


def tell_requested(session: Session, request: AccessRequest, *, dealer: str, by: Actor, now: datetime) -> None:
    """Somebody asks for access: those who decide are told, whoever asked is not."""
    people = deciders(session, dealer_id=request.dealer_id or 0, region=request.region or "") - {by.user_id}
    notify(
        session, person_ids=people, kind="access_requested", title=f"{request.number} {_wish(request)}",
        body=f"{dealer}, asked for by {by.name}. {request.reason}".strip(), item_type="access_request",
        item_id=request.id, dedupe_key=f"access:{request.id}:requested", now=now, mail=False,
    )  # fmt: skip


def tell_decided(session: Session, request: AccessRequest, *, said: str, by: Actor, now: datetime) -> None:
    """A request was decided: whoever asked for it is told, with the answer, while the dealer is still theirs."""
    asked = session.scalars(select(Person.id).where(Person.username == request.submitted_by)).all()
    may = people_to_tell(
        session, dealer_id=request.dealer_id, region=request.region, permission=Permission.ACCESS_REQUEST
    )  # fmt: skip
    notify(
        session, person_ids=set(asked) & set(may) - {by.user_id}, kind="access_decided",
        title=f"{request.number} {_wish(request)}: {said}", body=request.answer, item_type="access_request",
        item_id=request.id, dedupe_key=f"access:{request.id}:decided", now=now, mail=True,
    )  # fmt: skip


def tell_ended(
    session: Session, *, name: str, person_id: int, version: int, dealer_id: int, region: str, dealer: str,
    reason: str, by: Actor, now: datetime,
) -> None:  # fmt: skip
    """Somebody's access was ended without a request: those who decide and the dealer's managers are told."""
    people = deciders(session, dealer_id=dealer_id, region=region)
    people |= set(managers(session, [dealer_id]).get(dealer_id, ()))
    notify(
        session, person_ids=people - {by.user_id, person_id}, kind="access_ended",
        title=f"{name} no longer has access", body=f"{dealer}, ended by {by.name}. {reason}".strip(),
        item_type="dealer", item_id=dealer_id, now=now, mail=False,
        dedupe_key=f"access:ended:{person_id}:{dealer_id}:{version}",
    )  # fmt: skip


def tell_reviews_opened(
    session: Session, reviews: Collection[AccessReview], *, names: Mapping[int, str], now: datetime
) -> None:
    """Each dealer's managers hear of their own review; nobody is mailed about more than one dealer at a time."""
    own = managers(session, [review.dealer_id for review in reviews])
    for review in reviews:
        notify(
            session, person_ids=own.get(review.dealer_id, ()), kind="access_review",
            title=f"Who still works for you? Access review {quarter_label(review.quarter)}",
            body=f"{names.get(review.dealer_id, '')}: confirm everybody who may sign in, within 30 days.".strip(": "),
            item_type="access_review", item_id=review.id, dedupe_key=f"access:review:{review.id}:opened", now=now,
            mail=True,
        )  # fmt: skip


def tell_review_due(session: Session, review: AccessReview, *, dealer: str, waits: int, now: datetime) -> None:
    """A week before the end the dealer's managers are reminded, once."""
    notify(
        session, person_ids=managers(session, [review.dealer_id]).get(review.dealer_id, ()), kind="access_review",
        title=f"Access review {quarter_label(review.quarter)} ends in a week", item_type="access_review",
        body=f"{dealer}: {plural(waits, 'account')} still to confirm.", item_id=review.id,
        dedupe_key=f"access:review:{review.id}:due", now=now, mail=True,
    )  # fmt: skip


def tell_reviews_overdue(session: Session, reviews: Collection[AccessReview], *, now: datetime) -> None:
    """When the end is past: the dealer's managers hear of theirs, and each who decides of all at once; once each."""
    own = managers(session, [review.dealer_id for review in reviews])
    rows = session.execute(select(Dealer.id, Dealer.name).where(Dealer.id.in_(sorted(r.dealer_id for r in reviews))))
    names = dict(rows.all())
    to_decide: dict[int, list[AccessReview]] = {}
    for review in reviews:
        title = f"Access review {quarter_label(review.quarter)} is overdue"
        notify(
            session, person_ids=own.get(review.dealer_id, ()), kind="access_review", item_type="access_review",
            title=title, body=f"{names[review.dealer_id]}: please confirm who still works for you.",
            item_id=review.id, dedupe_key=f"access:review:{review.id}:overdue", now=now, mail=True,
        )  # fmt: skip
        for person_id in deciders(session, dealer_id=review.dealer_id, region=review.region):
            to_decide.setdefault(person_id, []).append(review)
    for person_id, theirs in sorted(to_decide.items()):
        shown = ", ".join(names[review.dealer_id] for review in theirs[:5])
        more = f" and {len(theirs) - 5} more" if len(theirs) > 5 else ""
        notify(
            session, person_ids=[person_id], kind="access_review", item_type="access_review", item_id=theirs[0].id,
            title=f"Access review is overdue at {plural(len(theirs), 'dealer')}", body=shown + more, now=now,
            mail=False, dedupe_key=f"access:review:{theirs[0].id}:overdue:desk",
        )  # fmt: skip


def _wish(request: AccessRequest) -> str:
    return f"{KINDS[request.kind]}: {request.name}"
