"""Takes one step of a flow: checks, guards the version, moves the state. Never commits and never reads the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.problems import Differing, NotFound, Stale
from db.workflow.checks import require_step
from db.workflow.spec import Flow
from db.workflow.tables import QueueItem

Q = TypeVar("Q", bound=QueueItem)


@lru_cache(maxsize=64)
def _locked(table: type[QueueItem]) -> Select[Any]:
    """The statement that reads and locks one record, made once a queue: every step begins with it."""
    statement = select(table).where(table.id == bindparam("item_id")).with_for_update()
    return statement.execution_options(populate_existing=True)


def get_item(session: Session, flow: Flow, *, item_id: int, actor: Actor) -> Any:
    """The record as it is now (locked on PostgreSQL), or `NotFound` when it is absent or out of the actor's scope."""
    item = session.execute(_locked(flow.table), {"item_id": item_id}).scalar_one_or_none()
    if item is None or not actor.scope.allows(dealer_id=item.dealer_id, region=item.region):
        raise NotFound(f"This {flow.item_label}")
    return item


def begin_step(
    session: Session,
    flow: Flow,
    name: str,
    *,
    item_id: int,
    seen_version: int,
    actor: Actor,
    differs: Callable[[Any], Sequence[Differing]] | None = None,
) -> Any:
    """Read the record for a step: refuse when gone, not theirs, changed since `seen_version`, or in another state.

    `differs` names what of a changed record is stored otherwise than this person typed it.
    """
    item = get_item(session, flow, item_id=item_id, actor=actor)
    step = flow.step(name)
    actor.require(step.permission)
    if item.version != seen_version:
        raise Stale(
            what=f"{flow.item_label.capitalize()} {item.number}", changed_by=item.updated_by,
            changed_at=item.updated_at, status=flow.state(item.status).label.lower(),
            differs=differs(item) if differs is not None else (),
        )  # fmt: skip
    # Only queues with several levels of authority keep who signed last.
    signed_by = getattr(item, "signed_by", "")
    require_step(flow, name, status=item.status, submitted_by=item.submitted_by, actor=actor, signed_by=signed_by)
    return item


def end_step(
    session: Session,
    flow: Flow,
    name: str,
    item: Any,
    *,
    actor: Actor,
    now: datetime,
    target: str = "",
    **values: Any,
) -> dict[str, Any]:
    """Write the step with the version in the WHERE; gives back {"before", "after"} of what changed for the timeline.

    `target` is needed only where the step declares several; `values` are further columns to set.
    """
    step = flow.step(name)
    if not target:
        if len(step.targets) > 1:
            raise ValueError(f"step {name!r} leads to one of {step.targets}; say which")
        target = step.targets[0] if step.targets else item.status
    elif target != item.status and target not in step.targets:
        raise ValueError(f"step {name!r} does not lead to {target!r}")
    return move(session, flow, item, target=target, actor=actor, now=now, **values)


def move(
    session: Session,
    flow: Flow,
    item: Any,
    *,
    target: str,
    actor: Actor,
    now: datetime,
    **values: Any,
) -> dict[str, Any]:
    """Set state and columns of a record already read and checked; raises `Stale` when somebody else was faster.

    A table with a column `stage_entered_at` has it set whenever the state changes.
    """
    table = flow.table.metadata.tables[flow.table.__tablename__]
    new = {"status": target, "is_open": not flow.state(target).final}
    if target != item.status and "stage_entered_at" in table.c:
        new["stage_entered_at"] = now
    new |= values
    changed = {k: v for k, v in new.items() if getattr(item, k) != v}
    before = {k: getattr(item, k) for k in changed}
    done = rows_changed(
        session,
        update(table)
        .where(table.c.id == item.id, table.c.version == item.version, table.c.status == item.status)
        .values(**changed, version=item.version + 1, updated_at=now, updated_by=actor.name),
    )
    if done != 1:
        raise Stale(
            what=f"{flow.item_label.capitalize()} {item.number}",
            changed_by="somebody else",
            changed_at=now,
        )
    session.execute(_locked(flow.table), {"item_id": item.id}).scalar_one()  # the record in hand is as it is stored now
    return {"before": before, "after": changed}
