"""Changing how leads are routed, and by which product lines they are counted (domain-rules 2.2 C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.contact import name_key
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.leads.product_lines import NOT_STATED, OTHER, brand_of
from db.leads.routing_policy import from_content, problems_with
from db.leads.tables import ProductLine, RoutingPolicy


def save_policy(
    session: Session, *, content: Mapping[str, Any], reason: str, seen_version: int, actor: Actor, now: datetime
) -> int:
    """Put a new version of the routing rules in force for leads that arrive from now on; gives its number.

    `content` holds settings as `routing_policy.Policy` names them; those left out take their defaults. `seen_version`
    is the version the actor changed (0 before the first). Problems belong to the settings and to reason.
    """
    actor.require(Permission.ROUTING_MANAGE)
    problems = Problems(found=problems_with(content))
    reason = problems.require(reason, "reason", "A reason")
    problems.refuse_if_any()
    current = session.execute(
        select(RoutingPolicy).order_by(RoutingPolicy.version.desc()).limit(1).with_for_update()
    ).scalar_one_or_none()
    version = current.version if current else 0
    if version != seen_version:
        raise _stale(current, now)
    stored = from_content(content).as_content()
    before = from_content(current.content if current else {}).as_content()
    changed = {name: value for name, value in stored.items() if before[name] != value}
    if current is not None and not changed:
        raise Refused(Problem(code="unchanged", message="These are the rules in force; there is nothing to save."))
    values = {
        "version": version + 1, "is_active": True, "content": stored, "reason": reason, "created_at": now,
        "created_by": actor.name,
    }  # fmt: skip
    if not insert_or_ignore(session, RoutingPolicy, values):
        raise _stale(current, now)
    session.execute(
        update(RoutingPolicy)
        .where(RoutingPolicy.version <= version, RoutingPolicy.is_active.is_(True))
        .values(is_active=False)
        .execution_options(synchronize_session=False)
    )
    new_id = session.scalars(select(RoutingPolicy.id).where(RoutingPolicy.version == version + 1)).one()
    _record(
        session, "save_policy", f"Routing rules, version {version + 1}", reason=reason, actor=actor, now=now,
        item=timeline.Item("routing_policy", new_id), before={name: before[name] for name in changed}, after=changed,
    )  # fmt: skip
    return version + 1


def _stale(current: RoutingPolicy | None, now: datetime) -> Stale:
    return Stale(
        what="The routing rules",
        changed_by=current.created_by if current else "somebody else",
        changed_at=current.created_at if current else now,
    )


def save_product_line(
    session: Session, *, name: str, brand: str, models: Sequence[str], line_id: int | None = None, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Add a product line, or change the one with `line_id`; new leads are counted by it. Problems: name, models."""
    actor.require(Permission.ROUTING_MANAGE)
    problems = Problems()
    name = problems.require(" ".join((name or "").split()), "name", "A name", longest=40)
    if name in (OTHER, NOT_STATED):
        problems.add("name", "reserved", f"“{name}” is what is counted when no line fits; choose another name.")
    words = list(dict.fromkeys(" ".join(word.split()) for word in models if name_key(word)))
    if not words:
        problems.add("models", "required", "Name at least one model, as senders write it.")
    same = select(ProductLine.id).where(ProductLine.name == name, ProductLine.id != (line_id or 0))
    if name and session.scalar(same) is not None:
        problems.add("name", "taken", f"There is already a product line “{name}”.")
    problems.refuse_if_any()
    line = session.get(ProductLine, line_id) if line_id else ProductLine(name=name, brand="", models=[])
    if line is None:
        raise NotFound("This product line")
    before = {"name": line.name, "brand": line.brand, "models": list(line.models)} if line_id else None
    line.name, line.brand, line.models = name, brand_of(brand), words
    session.add(line)
    session.flush()
    _record(
        session, "save_product_line", f"Product line {name}", actor=actor, now=now, before=before,
        item=timeline.Item("product_line", line.id), after={"name": name, "brand": line.brand, "models": words},
    )  # fmt: skip
    return line.id


def retire_product_line(session: Session, *, line_id: int, actor: Actor, now: datetime) -> None:
    """Take a product line away; leads that were counted by it keep its name, new ones are counted as `Other`."""
    actor.require(Permission.ROUTING_MANAGE)
    line = session.get(ProductLine, line_id)
    if line is None:
        raise NotFound("This product line")
    before = {"name": line.name, "brand": line.brand, "models": list(line.models)}
    session.delete(line)
    session.flush()
    _record(
        session, "retire_product_line", f"Product line {before['name']} was retired", actor=actor, now=now,
        before=before, item=timeline.Item("product_line", line_id), after={},
    )  # fmt: skip


def _record(
    session: Session, command: str, summary: str, *, item: timeline.Item, actor: Actor, now: datetime,
    before: Mapping[str, Any] | None, after: Mapping[str, Any], reason: str = "",
) -> None:  # fmt: skip
    changes.touch(session, "leads")
    timeline.record(
        session, actor=actor, now=now, area="leads", command=command, summary=summary, reason=reason, items=[item],
        before=before, after=after,
    )  # fmt: skip
