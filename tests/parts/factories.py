"""Parts, stock, orders and claims for tests; orders and claims come to a stage of their life through commands only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, select

from db.core.actor import Actor
from db.core.session import reading, run, writing
from db.parts.claim_commands import file_claim
from db.parts.commands import COMMANDS
from db.parts.line_commands import promise_lines, ship_line
from db.parts.order_commands import place_order
from db.parts.tables import PartsClaim, PartsOrder, PartsOrderLine, PartsStock
from db.warranty.tables import Part, PartPrice

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday morning in New York."""
PRICE = 125_00


def part(
    engine: Engine, number: str = "BR-100", *, on_hand: int | None = 10, warehouse: str = "EAST", **stock: Any
) -> int:
    """A part with its price and, unless `on_hand` is None, its stock at one warehouse; gives its id."""
    with writing(engine, keeps_timeline=False) as session:
        made = Part(number=number, name=f"Name of {number}")
        session.add(made)
        session.flush()
        session.add(PartPrice(part_id=made.id, valid_from=date(2026, 1, 1), net_cents=PRICE))
        if on_hand is not None:
            session.add(
                PartsStock(
                    part_id=made.id, warehouse=warehouse, on_hand=on_hand, updated_at=NOW, updated_by="A test", **stock
                )
            )  # fmt: skip
        return made.id


def placed(
    engine: Engine, *, dealer_id: int, actor: Actor, lines: Mapping[str, int] | None = None, kind: str = "stock",
    now: datetime = NOW, **more: Any,
) -> int:  # fmt: skip
    """An order of {part number: units}; gives its id."""
    wanted = [{"part": n, "quantity": q} for n, q in (lines or {"BR-100": 4}).items()]
    if kind == "vehicle_down":
        more.setdefault("note", "Brakes apart on the lift")
    return run(
        place_order, bind=engine, dealer_id=dealer_id, kind=kind, lines=wanted, actor=actor, now=now, **more
    )  # fmt: skip


def order_of(engine: Engine, order_id: int) -> PartsOrder:
    """The order as it is stored."""
    with reading(engine) as session:
        found = session.get_one(PartsOrder, order_id)
        session.expunge(found)
        return found


def line_of(engine: Engine, order_id: int, position: int = 1) -> PartsOrderLine:
    """A line as it is stored."""
    with reading(engine) as session:
        query = select(PartsOrderLine).where(PartsOrderLine.order_id == order_id, PartsOrderLine.position == position)
        found = session.scalars(query).one()
        session.expunge(found)
        return found


def claim_of(engine: Engine, claim_id: int) -> PartsClaim:
    """The parts claim as it is stored."""
    with reading(engine) as session:
        found = session.get_one(PartsClaim, claim_id)
        session.expunge(found)
        return found


def on_hand(engine: Engine, part_id: int) -> int:
    """Units of a part on hand, all warehouses."""
    with reading(engine) as session:
        return sum(session.scalars(select(PartsStock.on_hand).where(PartsStock.part_id == part_id)))


def step(engine: Engine, flow: str, name: str, item_id: int, *, actor: Actor, now: datetime = NOW, **more: Any) -> Any:
    """Take a step with the version as it is now."""
    seen = (order_of if flow == "parts_orders" else claim_of)(engine, item_id).version
    return run(
        COMMANDS[flow][name], bind=engine, item_id=item_id, seen_version=more.pop("seen_version", seen), actor=actor,
        now=now, **more,
    )  # fmt: skip


def promised(
    engine: Engine, order_id: int, day: date, *, actor: Actor, now: datetime = NOW, position: int = 1, cause: str = "",
    reason: str = "",
) -> None:  # fmt: skip
    """Promise a day for one line."""
    line = line_of(engine, order_id, position)
    run(
        promise_lines, bind=engine, lines={line.id: line.version}, promised_on=day, cause=cause, reason=reason,
        actor=actor, now=now,
    )  # fmt: skip


def shipped(
    engine: Engine, order_id: int, quantity: int, *, actor: Actor, now: datetime = NOW, position: int = 1,
    warehouse: str = "EAST",
) -> None:  # fmt: skip
    """Ship units of one line."""
    line = line_of(engine, order_id, position)
    run(
        ship_line, bind=engine, line_id=line.id, seen_version=line.version, quantity=quantity, warehouse=warehouse,
        actor=actor, now=now,
    )  # fmt: skip


def claimed(engine: Engine, order_id: int, *, actor: Actor, now: datetime = NOW, **more: Any) -> int:
    """A claim of a shipped line, by default one unit short; gives its id."""
    wanted: dict[str, Any] = {
        "kind": "shortage",
        "quantity": 1,
        "received_on": date(2026, 11, 23),
        "description": "One is missing",
    }
    return run(
        file_claim, bind=engine, line_id=line_of(engine, order_id).id, actor=actor, now=now, **(wanted | more)
    )  # fmt: skip
