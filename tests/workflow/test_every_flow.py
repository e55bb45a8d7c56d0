"""Every queue of the catalogue: its declaration is whole, its commands fit, roles are offered what they may take."""

from __future__ import annotations

import importlib

import pytest

from db.catalog import AREAS
from db.core.permissions import GRANTED, Role
from db.workflow.checks import available_steps, problems_with
from tests.support.core import actor

FLOWS = [(area.name, flow) for area in AREAS for flow in area.flows]


def commands_of(area: str):
    """An area with a queue keeps its steps' commands by name in db/<area>/commands.py."""
    return importlib.import_module(f"db.{area}.commands").COMMANDS


@pytest.mark.parametrize("area, flow", FLOWS, ids=[flow.name for _, flow in FLOWS])
def test_each_declaration_is_whole_and_each_step_has_its_command(area, flow):
    assert problems_with(flow, commands_of(area)) == []
    assert set(commands_of(area)) == {step.name for step in flow.steps}


@pytest.mark.parametrize("area, flow", FLOWS, ids=[flow.name for _, flow in FLOWS])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_offered_the_steps_its_rights_allow(area, flow, role):
    for state in flow.states:
        steps = available_steps(flow, status=state.name, submitted_by="somebody", actor=actor(role))
        assert {s.name for s in steps} == {
            s.name
            for s in flow.steps
            if state.name in s.sources
            and s.permission in GRANTED[role]
            and not s.by_job
            and not (s.four_eyes and role.is_dealer)
        }


def test_names_are_not_shared():
    assert len({flow.name for _, flow in FLOWS}) == len(FLOWS)
    assert len({flow.table for _, flow in FLOWS}) == len(FLOWS)
