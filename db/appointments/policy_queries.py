"""How dealers want appointments: the settings in force, by dealer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.appointments.rules import Policy, lengths_of
from db.appointments.tables import AppointmentPolicy
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.dealers.tables import Dealer

NETWORK = "network"


@dataclass(frozen=True, kw_only=True)
class PolicyRecord:
    """The settings a form shows; `version` is 0 while the dealer follows the network and has none of its own."""

    policy: Policy
    version: int
    is_own: bool
    updated_at: datetime | None
    updated_by: str


def name_of(dealer_id: int | None) -> str:
    """The key of a row of settings."""
    return NETWORK if dealer_id is None else f"dealer:{dealer_id}"


def _policy(row: AppointmentPolicy) -> Policy:
    return Policy(
        grace_minutes=row.grace_minutes, far_days=row.far_days, lengths=lengths_of(row.lengths), bays=tuple(row.bays)
    )


def policies(session: Session) -> dict[int | None, Policy]:
    """The settings of every dealer that has its own, and of the network under None."""
    found: dict[int | None, Policy] = {None: Policy()}
    found |= {row.dealer_id: _policy(row) for row in session.scalars(select(AppointmentPolicy))}
    return found


def policy_of(session: Session, dealer_id: int | None) -> Policy:
    """The settings in force at a dealer: its own, else the network's, else the usual ones."""
    rows = session.scalars(
        select(AppointmentPolicy)
        .where(or_(AppointmentPolicy.name == name_of(dealer_id), AppointmentPolicy.name == NETWORK))
        .order_by(AppointmentPolicy.dealer_id.is_(None))
    ).all()
    return _policy(rows[0]) if rows else Policy()


def get_policy(session: Session, *, dealer_id: int | None, actor: Actor) -> PolicyRecord:
    """The settings as their form shows them; `NotFound` for a dealer out of scope. Needs appointments.view."""
    actor.require(Permission.APPOINTMENTS_VIEW)
    if dealer_id is not None:
        dealer = session.get(Dealer, dealer_id)
        if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
            raise NotFound("This dealer")
    row = session.scalars(
        select(AppointmentPolicy).where(AppointmentPolicy.name == name_of(dealer_id))
    ).one_or_none()  # fmt: skip
    if row is None:
        return PolicyRecord(
            policy=policy_of(session, dealer_id), version=0, is_own=False, updated_at=None, updated_by=""
        )
    return PolicyRecord(
        policy=_policy(row), version=row.version, is_own=True, updated_at=row.updated_at, updated_by=row.updated_by
    )
