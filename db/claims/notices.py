"""What people are told about claims: the dealer of a decision with its reasons, the next level of a signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from db.claims.flow import FLOW
from db.claims.reason_rules import REASON_CODES
from db.claims.tables import Claim
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission, Role
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person

ITEM = "claim"
_MOST_LINES = 5


def tell_dealer(session: Session, claims: Sequence[Claim], *, by: Actor, note: str, now: datetime) -> None:
    """Tell who sent the claims and the managers of that dealership; one line a person however many were decided."""
    session.flush()
    by_dealer: dict[int | None, list[Claim]] = {}
    for claim in claims:
        by_dealer.setdefault(claim.dealer_id, []).append(claim)
    for dealer_id, some in by_dealer.items():
        people = [p for p in _dealer_people(session, dealer_id, some) if p != by.user_id]
        first = some[0]
        if len(some) == 1:
            title = f"{first.number} {_became(first)}"
        else:
            title = f"{plural(len(some), 'claim')} were decided"
        lines = [_line(c) for c in some[:_MOST_LINES]]
        if len(some) > _MOST_LINES:
            lines.append(f"and {len(some) - _MOST_LINES:,} more")
        body = " ".join(lines) + (f" {note}" if note and note not in " ".join(lines) else "")
        _tell(session, people, kind="claim_decided", title=title, body=body, claim=first, many=len(some), now=now)


def tell_next_level(
    session: Session, claim: Claim, *, permission: str, cents: int, by: Actor, note: str, now: datetime
) -> None:
    """Tell who may sign the next level that a signature was given; whoever signed or sent it is not told."""
    people = _others(session, claim, Permission(permission), by)
    title = f"{claim.number} waits for your signature"
    body = f"{by.name} would approve {cents / 100:,.2f} of {claim.claimed_cents / 100:,.2f}." + (
        f" {note}" if note else ""
    )
    _tell(session, people, kind="claim_signed", title=title, body=body, claim=claim, many=1, now=now)


def tell_appealed(session: Session, claim: Claim, *, by: Actor, now: datetime) -> None:
    """Tell who may decide that a dealer disagrees."""
    people = _others(session, claim, Permission.CLAIMS_DECIDE, by)
    _tell(session, people, kind="claim_appealed", title=f"{claim.number} was appealed", body=claim.appeal_note,
          claim=claim, many=1, now=now)  # fmt: skip


def tell_handed_over(session: Session, claim: Claim, *, person_id: int, by: Actor, now: datetime) -> None:
    """Tell a person that a claim was given to them."""
    if person_id != by.user_id:
        _tell(session, [person_id], kind="claim_given", title=f"{claim.number} was given to you",
              body=f"By {by.name}.", claim=claim, many=1, now=now)  # fmt: skip


def tell_goes_on(session: Session, claim: Claim, *, why: str, now: datetime) -> None:
    """Tell the person it is assigned to that a waiting claim goes on."""
    if claim.assignee_id is not None:
        _tell(session, [claim.assignee_id], kind="claim_goes_on", title=f"{claim.number} goes on", body=why,
              claim=claim, many=1, now=now)  # fmt: skip


def _became(claim: Claim) -> str:
    words = {"returned": "was returned to you", "pending_part": "waits for the old part"}
    return words.get(claim.status, f"was {FLOW.state(claim.status).label.lower()}")


def _line(claim: Claim) -> str:
    parts = [f"{claim.number}: {FLOW.state(claim.status).label.lower()}"]
    if claim.status in ("approved", "partially_approved", "denied") and claim.approved_cents is not None:
        parts.append(f"{claim.approved_cents / 100:,.2f} of {claim.claimed_cents / 100:,.2f}")
    if claim.reason_code:
        parts.append(REASON_CODES.get(claim.reason_code, claim.reason_code))
    said = ", ".join(parts) + "."
    return said + (f" {claim.reason_note}" if claim.reason_note else "")


def _dealer_people(session: Session, dealer_id: int | None, claims: Sequence[Claim]) -> list[int]:
    reached = people_to_tell(session, dealer_id=dealer_id, region=None, permission=Permission.CLAIMS_ENTER)
    senders = sorted({c.submitted_by for c in claims})
    return list(session.scalars(_DEALER_PEOPLE, {"reached": reached, "senders": senders}))


_DEALER_PEOPLE = (
    select(Person.id)
    .where(
        Person.id.in_(bindparam("reached", expanding=True)),
        or_(
            Person.role == Role.DEALER_MANAGER.value,
            (Person.role == Role.DEALER_STAFF.value) & Person.username.in_(bindparam("senders", expanding=True)),
        ),
    )
    .order_by(Person.id)
)


def _others(session: Session, claim: Claim, permission: Permission, by: Actor) -> list[int]:
    ids = people_to_tell(session, dealer_id=claim.dealer_id, region=claim.region, permission=permission)
    query = select(Person.id).where(Person.id.in_(ids), Person.username.not_in([by.username, claim.submitted_by]))
    return list(session.scalars(query.order_by(Person.id)))


def _tell(
    session: Session, people: Sequence[int], *, kind: str, title: str, body: str, claim: Claim, many: int, now: datetime
) -> None:
    notify(
        session, person_ids=people, kind=kind, title=title, body=body, item_type=ITEM, item_id=claim.id,
        dedupe_key=f"{ITEM}:{claim.id}:{kind}:{claim.version}:{many}", now=now, mail=True,
    )  # fmt: skip
