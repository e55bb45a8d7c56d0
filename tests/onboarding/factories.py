"""Onboardings at every stage of life for tests, made by the commands people use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.checklist.items import rows_of
from db.checklist.template_commands import publish_standard
from db.core.actor import Actor, system_actor
from db.core.session import reading, run
from db.dealers.commands import add_dealer
from db.dealers.tables import Dealer
from db.onboarding import commands, item_commands
from db.onboarding.flow import STAGES
from db.onboarding.tables import ChecklistItem, ChecklistTemplate, Onboarding
from tests.support.users import actor_named

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
TARGET = TODAY + timedelta(days=95)
SEED = system_actor("seed")


def new_dealer(engine: Engine, code: str = "07001", *, status: str = "prospect", region: str = "East") -> int:
    """A dealer at the beginning of its life, unless told otherwise."""
    return run(
        add_dealer, bind=engine, code=code, name=f"Dealer {code}", state="NY", region=region, status=status, actor=SEED,
        now=NOW - timedelta(days=400),
    )  # fmt: skip


def publish(engine: Engine, *, now: datetime = NOW - timedelta(days=300)) -> None:
    """The standard checklist, unless one is published."""
    with reading(engine) as session:
        if session.scalar(select(ChecklistTemplate.id).where(ChecklistTemplate.slot == "onboarding:published")):
            return
    run(publish_standard, bind=engine, purpose_name="onboarding", actor=SEED, now=now)


def start(engine: Engine, who: Actor, *, dealer_id: int | None = None, now: datetime = NOW, **other: Any) -> int:
    """A case of a new prospect."""
    publish(engine)
    values: dict[str, Any] = {"target_on": now.date() + timedelta(days=95), "form_key": None} | other
    return run(
        commands.start_onboarding, bind=engine, dealer_id=new_dealer(engine) if dealer_id is None else dealer_id,
        actor=who, now=now, **values,
    )  # fmt: skip


def case_of(engine: Engine, case_id: int) -> Onboarding:
    """The stored case."""
    with reading(engine) as session:
        row = session.get_one(Onboarding, case_id)
        session.expunge(row)
        return row


def item(engine: Engine, case_id: int, code: str) -> ChecklistItem:
    """The stored item of a code."""
    with reading(engine) as session:
        row = session.scalars(
            select(ChecklistItem).where(
                ChecklistItem.checklist_id == session.get_one(Onboarding, case_id).checklist_id,
                ChecklistItem.code == code,
            )
        ).one()
        session.expunge(row)
        return row


def step(engine: Engine, name: str, case_id: int, who: Actor, *, now: datetime = NOW, **inputs: Any) -> None:
    """One step of the flow, on the case as it is now."""
    values = {"seen_version": case_of(engine, case_id).version} | inputs
    run(commands.COMMANDS[name], bind=engine, item_id=case_id, actor=who, now=now, **values)


PROOF: dict[str, dict[str, Any]] = {
    "none": {}, "note": {"evidence_note": "Seen"}, "number": {"evidence_number": "4711"},
    "document": {"evidence_note": "Paper in the archive"},
}  # fmt: skip


def complete(engine: Engine, case_id: int, code: str, who: Actor, *, now: datetime = NOW, **inputs: Any) -> None:
    """Do one item with evidence of its kind."""
    row = item(engine, case_id, code)
    proof = PROOF.get(row.evidence, {"evidence_on": now.date() - timedelta(days=1)})
    values = {"item_id": row.id, "seen_version": row.version} | proof | inputs
    run(item_commands.complete_item, bind=engine, actor=who, now=now, **values)


def on_item(
    engine: Engine, name: str, case_id: int, code: str, who: Actor, *, now: datetime = NOW, **inputs: Any
) -> None:
    """Open again, waive or fail one item."""
    row = item(engine, case_id, code)
    values = {"item_id": row.id, "seen_version": row.version} | inputs
    run(getattr(item_commands, name), bind=engine, actor=who, now=now, **values)


def finish_stage(engine: Engine, case_id: int, who: Actor, *, now: datetime = NOW, leave: tuple[str, ...] = ()) -> None:
    """Do every item of the stage the case is in, but for those in `leave`; waits are respected by their order."""
    case = case_of(engine, case_id)
    with reading(engine) as session:
        rows = [(r.code, r.stage, r.status) for r in rows_of(session, checklist_id=case.checklist_id or 0)]
    for code, stage, status in rows:
        if stage == case.status and status == "open" and code not in leave:
            complete(engine, case_id, code, who, now=now)


def at_stage(
    engine: Engine,
    stage: str,
    who: Actor,
    *,
    dealer_id: int | None = None,
    now: datetime = NOW,
    days: int = 0,
    **other: Any,
) -> int:
    """A case that went through the stages before `stage`, `days` days in each."""
    case_id = start(engine, who, dealer_id=dealer_id, now=now, **other)
    for position, _ in enumerate(STAGES[: STAGES.index(stage)]):
        moment = now + timedelta(days=days * (position + 1))
        finish_stage(engine, case_id, who, now=moment)
        step(engine, "advance", case_id, who, now=moment)
    return case_id


def live(engine: Engine, who: Actor, decider: Actor, *, dealer_id: int, now: datetime, days: int) -> int:
    """A case that went all the way; the review and the decision are by `decider`."""
    case_id = at_stage(engine, "golive", who, dealer_id=dealer_id, now=now, days=days)
    end = now + timedelta(days=days * len(STAGES))
    finish_stage(engine, case_id, who, now=end, leave=("golive_gate",))
    complete(engine, case_id, "golive_gate", decider, now=end)
    step(engine, "activate", case_id, decider, now=end)
    return case_id


def dealer_status(engine: Engine, dealer_id: int | None) -> str:
    """The status a dealer has now."""
    with reading(engine) as session:
        return session.get_one(Dealer, dealer_id).status


__all__ = ["actor_named"]
