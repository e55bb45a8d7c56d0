"""Where one claim stands as its page says it: what happens next and by when, who could decide it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.clock_rules import correct_by, silence_may_approve
from db.claims.flow import REVIEW, WAITING
from db.claims.next_rules import Standing, decided_words, next_words
from db.claims.policy_queries import policy_on
from db.claims.signatures import may_decide
from db.claims.tables import Claim
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer
from db.people.queries import names_of

APPEALABLE = ("denied", "partially_approved")


@dataclass(frozen=True, kw_only=True)
class StandingLine:
    """`said` is what happens next, `decided` who decided when; `deciders` are (person, name) for handing it over.

    `needed` are the kinds of files its type asks for (W25); `assignee` is who has it on the desk.
    """

    said: str
    decided: str
    needed: tuple[str, ...]
    assignee: str = ""
    can_appeal: bool = False
    deciders: tuple[tuple[int, str], ...] = ()


def standing_of(
    session: Session, *, claim_id: int, actor: Actor, now: datetime, memos: tuple[str, ...] = ()
) -> StandingLine:
    """Where a claim of the actor's scope stands; raises `NotFound`. Days are the dealer's; `memos` paid it."""
    row = session.execute(
        select(Claim, Dealer.zone)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(Claim.id == claim_id, actor.scope.where(Claim.dealer_id, Claim.region))
    ).one_or_none()
    if row is None:
        raise NotFound("This claim")
    claim, zone = row
    today = local_day(now, zone)
    policy = policy_on(session, today)
    can_appeal = claim.status in APPEALABLE and claim.appeals < policy.appeals
    silent = silence_may_approve(deemed_on=claim.deemed_on, first_decided_at=claim.first_decided_at)
    is_open = claim.status in (*REVIEW, *WAITING)
    back = claim.status in ("returned", "rejected")
    until = correct_by(
        claim.stage_entered_at, policy.clock(claim.state), return_days=policy.return_days, zone=zone
    )  # fmt: skip
    standing = Standing(
        status=claim.status, number=claim.number, claim_type=claim.claim_type, today=today,
        decide_by=_last_day(claim.decide_by, zone) if is_open else None,
        deemed_on=claim.deemed_on if is_open and silent else None, pay_by=claim.pay_by,
        correct_by=_last_day(until, zone) if back else None, pre_auth_number=claim.pre_auth_number,
        memos=memos, can_appeal=can_appeal,
    )  # fmt: skip
    ids = may_decide(session, claim) if is_open and actor.can(Permission.CLAIMS_DECIDE) else []
    names = names_of(session, person_ids=[*ids, *([claim.assignee_id] if claim.assignee_id else [])])
    decided = claim.status in ("approved", "partially_approved", "denied", "paid", "adjusted", "charged_back")
    return StandingLine(
        said=next_words(standing), can_appeal=can_appeal, needed=tuple(policy.attachments.get(claim.claim_type, ())),
        decided=decided_words(
            kind=claim.decided_kind, by=claim.decided_by, today=today,
            on=local_day(claim.decided_at, zone) if claim.decided_at is not None and decided else None,
        ),
        assignee=names.get(claim.assignee_id or 0, ""),
        deciders=tuple((i, names[i]) for i in ids if i != claim.assignee_id and i in names),
    )  # fmt: skip


def _last_day(until: datetime | None, zone: str) -> date | None:
    """The last day before a moment at which a day ends."""
    return local_day(until - timedelta(microseconds=1), zone) if until is not None else None
