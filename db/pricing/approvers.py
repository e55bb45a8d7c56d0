"""Who may sign a request now: authority of one's own and of people stood in for, and whom to tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import GRANTED, Permission
from db.people.queries import people_to_tell
from db.people.sessions import person_actor
from db.people.tables import Person
from db.pricing.away_rules import Away, present, signs_for
from db.pricing.band_rules import DEFAULT, Level
from db.pricing.sign_rules import Authority, Right, Signed, missing, right_to_sign
from db.pricing.tables import PriceAway, PriceRequest, PriceSignature

_PLACE = (PriceRequest.dealer_id, PriceRequest.region)


def known_away(session: Session, *, after: datetime) -> list[Away]:
    """Every absence that has not ended by a moment, those to come too."""
    rows = session.execute(
        select(PriceAway.person_id, PriceAway.stand_in_id, PriceAway.starts_at, PriceAway.until_at)
        .where(PriceAway.until_at > after, PriceAway.ended_at.is_(None))
        .order_by(PriceAway.id)
    )
    return [Away(person=p, stand_in=s, starts_at=start, until_at=until) for p, s, start, until in rows]


def signatures_of(session: Session, request: PriceRequest) -> list[Signed]:
    """The signatures that count for the terms as they are."""
    rows = session.execute(
        select(
            PriceSignature.level, PriceSignature.permission, PriceSignature.username, PriceSignature.for_username
        )
        .where(PriceSignature.request_id == request.id, PriceSignature.terms_version == request.terms_version)
        .order_by(PriceSignature.id)
    )  # fmt: skip
    return [
        Signed(level=level, permission=permission, username=username, for_username=other)
        for level, permission, username, other in rows
    ]


def level_of(request: PriceRequest) -> Level | None:
    """The level whose signatures are missing; None when none is."""
    return DEFAULT.level(request.level) if request.level else None


def stood_in_for(session: Session, *, actor: Actor, now: datetime) -> list[Actor]:
    """The active people this person may sign for at a moment, with their roles and scopes."""
    if actor.user_id is None or not actor.can(Permission.PRICING_DECIDE):
        return []
    wanted = signs_for(known_away(session, after=now), actor.user_id, now)
    active = session.scalars(select(Person.id).where(Person.id.in_(wanted), Person.is_active.is_(True))).all()
    return [person_actor(session, person_id=person_id) for person_id in sorted(active)]


def _granted(actor: Actor) -> frozenset[str]:
    return frozenset(str(p) for p in GRANTED[actor.role])


def authorities(request: PriceRequest, *, actor: Actor, others: Iterable[Actor]) -> list[Authority]:
    """What this person may sign with: what the role grants, and what those stood in for could have signed here.

    Authority of somebody else counts only where that person could see the request.
    """
    found = [Authority(username=actor.username, permissions=_granted(actor))]
    found += [
        Authority(username=other.username, permissions=_granted(other), is_own=False)
        for other in others
        if other.scope.allows(dealer_id=request.dealer_id, region=request.region)
    ]
    return found


def right_of(session: Session, request: PriceRequest, *, actor: Actor, now: datetime) -> Right:
    """Whether and how this person may sign the level the request waits at."""
    level = level_of(request)
    if level is None:
        return Right(problem="no_authority")
    return right_to_sign(
        level, signatures_of(session, request), username=actor.username,
        held=authorities(request, actor=actor, others=stood_in_for(session, actor=actor, now=now)),
        submitted_by=request.submitted_by,
    )  # fmt: skip


def waits_for_one(*, actor: Actor, others: Sequence[Actor]) -> ColumnElement[bool]:
    """The condition of requests this person may sign now, the same question as `right_of` for lists and counts."""
    alternatives: list[ColumnElement[bool]] = []
    for one in (actor, *others):
        hands = sorted({actor.username, one.username})
        for level in DEFAULT.levels:
            for permission in sorted(set(level.permissions) & _granted(one)):
                signed = exists().where(
                    PriceSignature.request_id == PriceRequest.id,
                    PriceSignature.terms_version == PriceRequest.terms_version,
                )
                alternatives.append(
                    and_(
                        PriceRequest.status == "in_review", PriceRequest.level == level.level,
                        PriceRequest.submitted_by.not_in(hands), one.scope.where(*_PLACE),
                        ~signed.where(PriceSignature.level == level.level, PriceSignature.permission == permission),
                        ~signed.where(
                            PriceSignature.level.in_((level.level, level.level - 1)),
                            or_(PriceSignature.username.in_(hands), PriceSignature.for_username.in_(hands)),
                        ),
                    )
                )  # fmt: skip
    return and_(or_(false(), *alternatives), actor.scope.where(*_PLACE))


def holders(session: Session, request: PriceRequest, permissions: Iterable[str]) -> list[int]:
    """People who hold one of these permissions and may see the request; who asked for it is none of them."""
    ids: dict[int, None] = {}
    for permission in permissions:
        found = people_to_tell(
            session, dealer_id=request.dealer_id, region=request.region, permission=Permission(permission)
        )
        ids.update(dict.fromkeys(found))
    rows = session.execute(select(Person.id, Person.username).where(Person.id.in_(sorted(ids))).order_by(Person.id))
    return [i for i, username in rows if username != request.submitted_by]


def waits_for(session: Session, request: PriceRequest, *, now: datetime) -> tuple[Sequence[int], bool]:
    """Whom the request waits for, and whether all of them are away.

    Who signed this level or the one before is left out; for people who are away their stand-ins are asked. When
    nobody is left, those who are away are named all the same: no level is skipped.
    """
    level = level_of(request)
    if level is None:
        return (), False
    signed = signatures_of(session, request)
    hands = {h for s in signed if s.level in (level.level, level.level - 1) for h in s.hands}
    known = known_away(session, after=now)
    wanted = holders(session, request, missing(level, signed))
    names = dict(session.execute(select(Person.id, Person.username).where(Person.id.in_(wanted))).all())
    free = [p for p in wanted if names[p] not in hands]
    instead = present(known, free, now)
    may = set(holders(session, request, [Permission.PRICING_DECIDE]))
    barred = set(session.scalars(select(Person.id).where(Person.username.in_(sorted(hands))))) if hands else set()
    there = [p for p in instead if p in may and p not in barred]
    return (there, False) if there else (free, bool(free))


def approver_names(session: Session) -> dict[int, str]:
    """Everybody active who takes part in approvals, by name."""
    roles = [role.value for role, granted in GRANTED.items() if Permission.PRICING_DECIDE in granted]
    rows = session.execute(
        select(Person.id, Person.name)
        .where(Person.is_active.is_(True), Person.role.in_(roles))
        .order_by(Person.name, Person.id)
    )
    return dict(rows.all())
