"""Every flow of the desk, walked: declared soundly, carried out by commands, one answer for buttons and commands."""

from __future__ import annotations

import importlib
import inspect

import pytest

from db import catalog
from db.core.actor import EVERYTHING, Actor
from db.core.permissions import Role
from db.core.problems import Refused
from db.workflow.checks import available_steps, problems_with, require_step
from db.workflow.spec import Flow

# An area with a queue keeps its steps' commands by name in db/<area>/commands.py (docs/adding-an-area.md).
# One with several queues keeps them by the flow's name, then by the step's.
COMMANDS = {
    flow.name: found if len(area.flows) == 1 else found[flow.name]
    for area in catalog.AREAS
    if area.flows
    for found in [importlib.import_module(f"db.{area.name}.commands").COMMANDS]
    for flow in area.flows
}
FLOWS = [pytest.param(flow, id=flow.name) for flow in catalog.FLOWS]


def test_the_walk_sees_the_flows():
    assert [flow.name for flow in catalog.FLOWS], "no area offers a flow: this file would test nothing"
    assert len(COMMANDS) == len(catalog.FLOWS), "two flows have the same name"
    assert len({flow.table for flow in catalog.FLOWS}) == len(catalog.FLOWS), "two flows move the same record"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_is_declared_soundly(flow: Flow):
    assert problems_with(flow, COMMANDS[flow.name]) == []


@pytest.mark.parametrize("flow", FLOWS)
def test_no_command_is_left_out_of_the_flow(flow: Flow):
    assert set(COMMANDS[flow.name]) == {step.name for step in flow.steps}


@pytest.mark.parametrize("flow", FLOWS)
def test_commands_take_only_keywords_and_what_may_be_left_out_has_a_default(flow: Flow):
    for step in flow.steps:
        parameters = inspect.signature(COMMANDS[flow.name][step.name]).parameters
        for asked in step.inputs:
            taken = parameters[asked.name]
            assert taken.kind is inspect.Parameter.KEYWORD_ONLY, (step.name, asked.name)
            has_default = taken.default is not inspect.Parameter.empty
            assert has_default or asked.required, f"{step.name}: {asked.name} may be left out but has no default"


@pytest.mark.parametrize("flow", FLOWS)
def test_words_for_people(flow: Flow):
    """Labels are sentences' beginnings, no code words; a closed state promises nothing and is not paused."""
    for label in (*(s.label for s in flow.states), *(s.label for s in flow.steps)):
        assert label[:1].isupper()
        assert "_" not in label
    assert not [state.name for state in flow.states if state.final and state.paused]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("flow", FLOWS)
def test_buttons_and_enforcement_give_the_same_answer(flow: Flow, role: Role):
    """Each state with each role, own record and another's: what is offered is allowed and nothing else is."""
    actor = Actor(user_id=1, username="me", name="Me", role=role, scope=EVERYTHING)
    for state in flow.states:
        for submitted_by in ("me", "somebody"):
            offered = {
                step.name for step in available_steps(flow, status=state.name, submitted_by=submitted_by, actor=actor)
            }
            for step in flow.steps:
                allowed = True
                try:
                    require_step(flow, step.name, status=state.name, submitted_by=submitted_by, actor=actor)
                except Refused:
                    allowed = False
                assert (step.name in offered) == (allowed and not step.by_job), (state.name, step.name)
