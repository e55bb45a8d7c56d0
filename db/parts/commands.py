"""The steps of both flows by name; warehouses. What is done to lines and allocations stands in files of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import Problems, Stale
from db.parts.allocation_commands import confirm_allocation
from db.parts.claim_commands import answer, ask, credit, deny, file_claim, replace, withdraw
from db.parts.line_commands import cancel_line, promise_lines, ship_line
from db.parts.order_commands import cancel, cancel_open, close, confirm, place_order
from db.parts.record import note_entry
from db.parts.tables import PartsWarehouse


def save_warehouse(
    session: Session, *, code: str, name: str, regions: Sequence[str], seen_version: int, actor: Actor, now: datetime
) -> None:
    """Make or change a warehouse; `seen_version` 0 makes one. Problems: code, name, regions."""
    actor.require(Permission.PARTS_MANAGE)
    problems = Problems()
    code = problems.require(code, "code", "The code", longest=12).upper()
    name = problems.require(name, "name", "The name", longest=80)
    there = session.scalars(select(PartsWarehouse).where(PartsWarehouse.code == code).with_for_update()).one_or_none()
    others = session.scalars(select(PartsWarehouse).where(PartsWarehouse.code != code).order_by(PartsWarehouse.code))
    taken = {region: w.code for w in others for region in w.regions}
    for region in regions:
        if region in taken:
            problems.add("regions", "taken", f"{region} is served by {taken[region]} first.")
    problems.refuse_if_any()
    if (there.version if there else 0) != seen_version:
        raise Stale(
            what=f"Warehouse {code}", changed_by=there.updated_by if there else "somebody else",
            changed_at=there.updated_at if there else now,
        )  # fmt: skip
    before = {"name": there.name, "regions": there.regions} if there else None
    if there is None:
        there = PartsWarehouse(code=code, version=0)
        session.add(there)
    there.name, there.regions = name, sorted(set(regions))
    there.version += 1
    there.updated_at, there.updated_by = now, actor.name
    note_entry(
        session, "save_warehouse", f"Warehouse {code} saved", [], actor=actor, now=now, before=before,
        after={"name": name, "regions": there.regions},
    )  # fmt: skip


COMMANDS: dict[str, dict[str, Callable[..., Any]]] = {
    "parts_orders": {"confirm": confirm, "cancel": cancel, "cancel_open": cancel_open, "close": close},
    "parts_claims": {
        "credit": credit, "replace": replace, "deny": deny, "ask": ask, "answer": answer, "withdraw": withdraw,
    },
}  # fmt: skip
__all__ = [
    "COMMANDS", "cancel_line", "confirm_allocation", "file_claim", "place_order", "promise_lines", "save_warehouse",
    "ship_line",
]  # fmt: skip
