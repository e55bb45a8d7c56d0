"""Groups of rooftops within a scope: a group is known by those of its dealers one may see, and counted by them only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.permissions import Permission
from db.dealers.tables import Dealer, DealerGroup


@dataclass(frozen=True, kw_only=True)
class GroupLine:
    """A group; `rooftops` and `states` count its dealers within the scope it was asked for."""

    group_id: int
    name: str
    code: str
    version: int
    rooftops: int
    states: int


def list_groups(session: Session, *, scope: Scope) -> list[GroupLine]:
    """The groups that have dealers in a scope, by name."""
    return _lines(session, scope, Dealer.id.is_not(None))


def groups_to_choose(session: Session, *, actor: Actor) -> list[GroupLine]:
    """The groups a dealer can be moved into, by name: those one sees, and for who manages dealers the empty ones."""
    if not actor.can(Permission.DEALERS_MANAGE):
        return list_groups(session, scope=actor.scope)
    has_rooftops = exists().where(Dealer.group_id == DealerGroup.id).correlate(DealerGroup)
    return _lines(session, actor.scope, or_(Dealer.id.is_not(None), ~has_rooftops))


def _lines(session: Session, scope: Scope, condition: ColumnElement[bool]) -> list[GroupLine]:
    rows = session.execute(
        select(
            DealerGroup.id.label("group_id"), DealerGroup.name, func.coalesce(DealerGroup.code, "").label("code"),
            DealerGroup.version, func.count(Dealer.id).label("rooftops"),
            func.count(Dealer.state.distinct()).label("states"),
        )
        .outerjoin(Dealer, (Dealer.group_id == DealerGroup.id) & scope.where(Dealer.id, Dealer.region))
        .where(condition)
        .group_by(DealerGroup.id, DealerGroup.name, DealerGroup.code, DealerGroup.version, DealerGroup.name_key)
        .order_by(DealerGroup.name_key)
    )  # fmt: skip
    return [GroupLine(**row._asdict()) for row in rows]
