"""Which claim policy holds on a day, its versions, and what each changed. The policy is the same for every dealer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from db.claims.policy_compare_rules import changes_between
from db.claims.policy_rules import DEFAULT, Policy
from db.claims.rule_book import HUNDREDTHS, LEVELS, RULE_BOOK, UNITS, LimitInfo, RuleInfo
from db.claims.snapshots import policy_from_json
from db.claims.tables import Claim, ClaimPolicy
from db.core.actor import Actor
from db.core.area import CAP
from db.core.permissions import Permission
from db.core.problems import NotFound

__all__ = [
    "HUNDREDTHS", "LEVELS", "RULE_BOOK", "UNITS", "LimitInfo", "PolicyVersion", "RuleInfo", "decided_since",
    "list_versions", "newest_number", "policy_of", "policy_on",
]  # fmt: skip
_KEPT = "claim_policies"


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """One version; number 1 is what the desk came with. `changes` are sentences against the version before."""

    number: int
    effective_from: date
    until: date | None
    state: str  # in_force, coming, past, replaced
    reason: str
    created_at: datetime | None
    created_by: str
    policy: Policy
    changes: tuple[str, ...]


def policy_on(session: Session, day: date) -> Policy:
    """The newest version in force on a day; the default where nobody has decided. Rules are for all.

    A session asks once a day: an import judges thousands of claims of a few days in one transaction.
    """
    kept: dict[date, Policy] = session.info.setdefault(_KEPT, {})
    if day not in kept:
        body = session.execute(_BODY, {"day": day}).scalar_one_or_none()
        kept[day] = DEFAULT if body is None else policy_from_json(body)
    return kept[day]


_BODY = (
    select(ClaimPolicy.body)
    .where(ClaimPolicy.effective_from <= bindparam("day"))
    .order_by(ClaimPolicy.effective_from.desc(), ClaimPolicy.number.desc())
    .limit(1)
)


def forget_kept(session: Session) -> None:
    """What `policy_on` keeps in a session no longer holds: a version was published in it."""
    session.info.pop(_KEPT, None)


def newest_number(session: Session, *, actor: Actor) -> int:
    """The number of the newest version; 1 where only the defaults are there."""
    actor.require(Permission.WARRANTY_VIEW)
    return session.scalar(select(func.max(ClaimPolicy.number))) or DEFAULT.version


def list_versions(session: Session, *, on: date, actor: Actor) -> tuple[PolicyVersion, ...]:
    """Every version, the newest first; `on` says which one is in force."""
    actor.require(Permission.WARRANTY_VIEW)
    rows = session.scalars(select(ClaimPolicy).order_by(ClaimPolicy.number)).all()
    policies = [DEFAULT, *(policy_from_json(row.body) for row in rows)]
    days = [DEFAULT.effective_from, *(row.effective_from for row in rows)]
    current = max((day, number) for number, day in enumerate(days) if day <= on)[1]
    found = []
    for position, policy in enumerate(policies):
        row = rows[position - 1] if position else None
        later = days[position + 1 :]
        until = min(later) if later else None
        state = "in_force" if position == current else "coming" if days[position] > on else "past"
        if until is not None and until <= days[position]:
            state = "replaced"  # a later version begins on the same day
        found.append(
            PolicyVersion(
                number=row.number if row else DEFAULT.version, effective_from=days[position], until=until, state=state,
                reason=row.reason if row else "What the desk came with", created_at=row.created_at if row else None,
                created_by=row.created_by if row else "", policy=policy,
                changes=changes_between(policies[position - 1], policy) if position else (),
            )
        )  # fmt: skip
    return tuple(reversed(found))


def policy_of(session: Session, *, number: int, actor: Actor) -> Policy:
    """One version by its number; raises `NotFound`."""
    actor.require(Permission.WARRANTY_VIEW)
    row = session.scalars(select(ClaimPolicy).where(ClaimPolicy.number == number)).one_or_none()
    if row is not None:
        return policy_from_json(row.body)
    if number == DEFAULT.version:
        return replace(DEFAULT)
    raise NotFound("This version of the policy")


def decided_since(session: Session, *, moment: datetime, actor: Actor) -> int:
    """How many claims of the network were decided since a moment, capped."""
    actor.require(Permission.WARRANTY_MANAGE)
    some = select(Claim.id).where(Claim.decided_at >= moment).limit(CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
