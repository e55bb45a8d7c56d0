"""Old parts for tests, brought to a stage of their life through commands only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, select

from db.claim_payments.checks import CHECKS as LEDGER_CHECKS
from db.claim_payments.tables import ClaimEntry
from db.core.actor import Actor
from db.core.session import reading, run
from db.part_returns.checks import CHECKS
from db.part_returns.commands import COMMANDS
from db.part_returns.tables import PartReturn
from tests.claims.factories import NOW, PART, draft, sent
from tests.warranty.factories import add_vehicle

LATER = timedelta(days=1)
PAID = 420_00
"""What the sound claim pays for its part: 300.00 and 40%."""


def kept(engine: Engine, *, dealer_id: int, actor: Actor, key: str = "f1", now: datetime = NOW, **more: Any) -> int:
    """An old part the dealer keeps, of an approved claim; gives its id."""
    if "vin" in more:
        add_vehicle(engine, more["vin"])
    claim = sent(engine, dealer_id=dealer_id, actor=actor, key=key, now=now, **more)
    with reading(engine) as session:
        found = session.scalars(select(PartReturn).where(PartReturn.claim_id == claim)).one()
        assert found.status == "held", found.why
        return found.id


def row_of(engine: Engine, item_id: int) -> PartReturn:
    """The old part as it is stored."""
    with reading(engine) as session:
        found = session.get_one(PartReturn, item_id)
        session.expunge(found)
        return found


def step(engine: Engine, name: str, item_id: int, *, actor: Actor, now: datetime = NOW, **more: Any) -> Any:
    """Take a step with the version as it is now."""
    seen = more.pop("seen_version", None) or row_of(engine, item_id).version
    return run(COMMANDS[name], bind=engine, item_id=item_id, seen_version=seen, actor=actor, now=now, **more)


STEPS: dict[str, dict[str, Any]] = {
    "request": {"note": "The supplier wants to see it."}, "ship": {"carrier": "UPS", "tracking": "1Z 999"},
    "receive": {}, "inspect": {"finding": "defective", "then": "later", "note": "Shaft has play."},
}  # fmt: skip
UNTIL = {"held": 0, "requested": 1, "shipped": 2, "received": 3, "inspected": 4}


def at(engine: Engine, state: str, *, dealer_id: int, actor: Actor, ours: Actor, **more: Any) -> int:
    """An old part in one of the open states; `ours` takes the steps of the manufacturer."""
    item_id = kept(engine, dealer_id=dealer_id, actor=actor, **more)
    for name in list(STEPS)[: UNTIL[state]]:
        step(engine, name, item_id, actor=actor if name == "ship" else ours, **STEPS[name])
    return item_id


def charged(engine: Engine, item_id: int) -> int:
    """What the ledger charges for an old part now, in positive cents: its debits less those taken back."""
    with reading(engine) as session:
        row = session.get_one(PartReturn, item_id)
        mine = select(ClaimEntry.id).where(
            ClaimEntry.claim_id == row.claim_id, ClaimEntry.entry_key.like(f"part:{item_id}:%")
        )
        total = session.scalar(
            select(func.coalesce(func.sum(ClaimEntry.cents), 0)).where(
                ClaimEntry.id.in_(mine) | ClaimEntry.reverses_id.in_(mine)
            )
        )
        return -int(total or 0)


def problems(engine: Engine) -> list[str]:
    """What the checks of old parts and of the ledger find wrong."""
    with reading(engine) as session:
        return [said for check in (*CHECKS, *LEDGER_CHECKS) for said in check.run(session)]


__all__ = ["LATER", "NOW", "PAID", "PART", "at", "charged", "draft", "kept", "problems", "row_of", "step"]
