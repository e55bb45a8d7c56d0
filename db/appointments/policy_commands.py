"""Changing how a dealer, or the whole network, wants appointments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appointments import record
from db.appointments.policy_queries import name_of
from db.appointments.rules import check_policy
from db.appointments.tables import AppointmentPolicy
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused, Stale

COLUMNS = ("grace_minutes", "far_days", "lengths", "bays")


def set_policy(
    session: Session, *, dealer_id: int | None, seen_version: int, grace_minutes: int, far_days: int,
    lengths: Mapping[str, int], bays: Sequence[str], actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Store the settings of a dealer, or of the network (None; only for people who see everything).

    What is booked keeps its length and its confirmations; the grace holds from now on for what is still to come.
    Problems belong to grace_minutes, far_days, lengths and bays.
    """
    actor.require(Permission.APPOINTMENTS_SET_UP)
    region = None
    name = "the network"
    if dealer_id is not None:
        dealer = record.dealer_of(session, dealer_id, actor=actor)
        region, name = dealer.region, f"{dealer.code} {dealer.name}"
    elif not actor.scope.is_all:
        raise NotFound("This dealer")
    problems, tidy = check_policy(grace_minutes=grace_minutes, far_days=far_days, lengths=lengths, bays=bays)
    if problems:
        raise Refused(*problems)
    values = {
        "grace_minutes": grace_minutes, "far_days": far_days, "lengths": dict(lengths), "bays": list(tidy),
        "updated_at": now, "updated_by": actor.name,
    }  # fmt: skip
    key = name_of(dealer_id)
    created = seen_version == 0 and insert_or_ignore(
        session, AppointmentPolicy, {"name": key, "dealer_id": dealer_id, "region": region, "version": 1, **values}
    )
    before: dict[str, object] = {}
    if not created:
        row = session.scalars(
            select(AppointmentPolicy).where(AppointmentPolicy.name == key).with_for_update()
        ).one_or_none()  # fmt: skip
        if row is None:
            raise NotFound("These settings")
        if row.version != seen_version:
            raise Stale(what="The settings", changed_by=row.updated_by, changed_at=row.updated_at)
        before = {column: getattr(row, column) for column in COLUMNS}
        for column, value in values.items():
            setattr(row, column, value)
        row.version += 1
        session.flush()
    changes.touch(session, "appointments")
    timeline.record(
        session, actor=actor, now=now, area="appointments", command="set_policy",
        summary=f"Appointment settings of {name} changed", before=before,
        after={column: values[column] for column in COLUMNS},
        items=[timeline.Item("dealer", dealer_id, dealer_id)] if dealer_id is not None else [],
    )  # fmt: skip
