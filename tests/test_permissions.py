"""Who may take which step of a lead in which state: a table written by hand, asked of the real commands (R25)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.core.actor import Actor
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading
from db.leads.commands import COMMANDS
from db.leads.flow import FLOW
from db.leads.tables import Lead
from tests.leads.factories import INPUTS, NOW, PATHS, Network, lead_at, make_network, receive
from tests.support.tier import figure

A, M, C, D, S = Role.ADMIN, Role.MANAGER, Role.COORDINATOR, Role.DEALER_MANAGER, Role.DEALER_STAFF
WORKS = {A, M, C, D, S}
DESK = {A, M, C}
LEADS_THEM = {A, M, C, D}

OPEN = {"new", "assigned", "attempted", "contacted", "qualified", "appointment_set", "appointment_shown", "negotiation"}
TALKED = {"contacted", "qualified", "appointment_set", "appointment_shown", "negotiation"}

# Step: (roles that may, states it is possible in). Sales leaders and finance only read; nobody else is written down.
EXPECTED: dict[str, tuple[set[Role], set[str]]] = {
    "log_activity": (WORKS, OPEN | {"sold", "nurture"}),
    "assign": (LEADS_THEM, OPEN | {"nurture"}),
    "release": (LEADS_THEM, {"held"}),
    "qualify": (WORKS, {"attempted", "contacted"}),
    "set_appointment": (WORKS, {"contacted", "qualified", "negotiation"}),
    "show_appointment": (WORKS, {"appointment_set"}),
    "negotiate": (WORKS, TALKED - {"negotiation"}),
    "sell": (WORKS, TALKED),
    "deliver": (WORKS, {"sold"}),
    "nurture": (WORKS, OPEN),
    "lose": (WORKS, OPEN | {"nurture", "sold"}),
    "mark_bad": (WORKS, OPEN | {"held", "nurture"}),
    "reopen": (WORKS, {"lost", "bad", "expired", "nurture"}),
    "merge": (LEADS_THEM, OPEN | {"held", "nurture"}),
    "unmerge": (LEADS_THEM, {"duplicate"}),
    "hold": (DESK, {"new"}),
    "expire": (WORKS, OPEN | {"nurture"}),
}
STAGES = [*PATHS, "duplicate"]


def merged(engine: Engine, network: Network) -> int:
    """A lead of the dealer north that was merged into another one."""
    from db.core.session import run

    item_id, into_id = receive(engine, dealer_id=network.north), receive(engine, dealer_id=network.north)
    run(
        COMMANDS["merge"], bind=engine, item_id=item_id, seen_version=1, into_id=into_id, note="Same person",
        actor=network.coordinator, now=NOW,
    )  # fmt: skip
    return item_id


def build(engine: Engine, stage: str, network: Network) -> int:
    return merged(engine, network) if stage == "duplicate" else lead_at(engine, stage, network)


def inputs_of(name: str, network: Network, other: int) -> dict[str, Any]:
    if name == "merge":
        return {"into_id": other, "note": "Same person"}
    if name == "unmerge":
        return {"note": "Two people"}
    return INPUTS[name](network, NOW)


def attempt(engine: Engine, name: str, item_id: int, actor: Actor, inputs: dict[str, Any]) -> str:
    """ok, or the code of the refusal; always rolled back, so that each cell of the table meets the same record."""
    from sqlalchemy.orm import Session

    with Session(engine.execution_options(writer=True), expire_on_commit=False) as session:
        lead = session.get_one(Lead, item_id)
        # Nothing happens on an idle lead for long enough that it may expire.
        at = max(lead.last_activity_at, NOW) + timedelta(days=91) if name == "expire" else NOW
        try:
            COMMANDS[name](session, item_id=item_id, seen_version=lead.version, actor=actor, now=at, **inputs)
            session.flush()
        except NotFound:
            return "not_found"
        except Refused as refusal:
            return refusal.code
        finally:
            session.rollback()
    return "ok"


def test_the_table_names_every_step_and_state():
    assert set(EXPECTED) == set(COMMANDS)
    assert set(STAGES) == {state.name for state in FLOW.states}


@pytest.mark.parametrize("stage", STAGES)
def test_who_may_take_which_step(engine: Engine, stage: str):
    """Each of 17 steps by each of 7 roles on a lead in this state: exactly what the table says, on both databases."""
    network = make_network(engine)
    item_id = build(engine, stage, network)
    other = receive(engine, dealer_id=None if stage == "new" else network.north)
    wrong: list[str] = []
    for name, (roles, states) in EXPECTED.items():
        for role in Role:
            actor = network.as_role(role)
            if stage == "new" and role.is_dealer:
                expected = "not_found"  # a lead without a dealer is nobody's of a dealer
            elif role not in roles:
                expected = "not_allowed"
            elif stage not in states:
                expected = "wrong_state"
            else:
                expected = "ok"
            found = attempt(engine, name, item_id, actor, inputs_of(name, network, other))
            if found != expected:
                wrong.append(f"{role.label} takes {name} on a lead that is {stage}: {found}, expected {expected}")
    figure("R25", "cells carried out", len(EXPECTED) * len(Role))
    figure("R25", "cells with another answer", len(wrong))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", EXPECTED)
def test_nobody_reaches_into_another_dealer(sqlite_engine: Engine, name: str):
    """The same answer for a lead of another dealer as for one that does not exist."""
    network = make_network(sqlite_engine)
    stage = sorted(EXPECTED[name][1])[0]
    item_id = build(sqlite_engine, stage, network)
    other = receive(sqlite_engine, dealer_id=network.north)
    inputs = inputs_of(name, network, other)
    assert attempt(sqlite_engine, name, item_id, network.south_staff, inputs) == "not_found"
    with reading(sqlite_engine) as session:
        assert session.get_one(Lead, item_id).status == stage
