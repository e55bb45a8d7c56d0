"""A declaration says what is wrong with itself; buttons and commands ask one function what is open to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from db.core.actor import Scope
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import Refused
from db.leads.flow import FLOW as LEADS
from db.leads.tables import Lead
from db.workflow import checks
from db.workflow.checks import available_steps, problems_with, refusal, require_step
from db.workflow.spec import Flow, Input, State, Step
from tests.support.core import actor

P = Permission


def step(name: str, sources: tuple[str, ...], targets: tuple[str, ...] = (), **other: Any) -> Step:
    values: dict[str, Any] = {"label": name.title(), "permission": P.LEADS_WORK, "sources": sources, "targets": targets}
    return Step(name=name, **(values | other))


NOTE = Input(name="note", label="Note")
GOOD = Flow(
    name="requests", title="Requests", item_label="request", table=Lead, initial="asked",
    states=(State(name="asked", label="Asked"), State(name="approved", label="Approved", final=True)),
    steps=(
        step("approve", ("asked",), ("approved",), four_eyes=True, permission=P.LEADS_ASSIGN),
        step("comment", ("asked", "approved"), inputs=(NOTE,)),
        step("expire", ("asked",), ("approved",), by_job=True),
    ),
)  # fmt: skip


def approve(session: Any, *, item_id: int, seen_version: int, actor: Any, now: Any) -> None: ...
def comment(session: Any, *, item_id: int, seen_version: int, actor: Any, now: Any, note: str) -> None: ...


COMMANDS: dict[str, Callable[..., Any]] = {"approve": approve, "comment": comment, "expire": approve}


def other(**changes: Any) -> Flow:
    return replace(GOOD, index={}, **changes)


def test_a_whole_declaration_has_no_problems() -> None:
    assert problems_with(GOOD, COMMANDS) == []


LIMBO = State(name="limbo", label="Limbo")
DEFECTS: list[tuple[str, Flow, dict[str, Callable[..., Any]], str]] = [
    ("the start is unknown", other(initial="born"), COMMANDS, "the initial state 'born' is not declared"),
    ("a state twice", other(states=(*GOOD.states, GOOD.states[0])), COMMANDS, "a state is declared twice"),
    ("a step twice", other(steps=(*GOOD.steps, GOOD.steps[1])), COMMANDS, "a step is declared twice"),
    ("nothing leads there", other(states=(*GOOD.states, LIMBO)), COMMANDS, "no step leads to the state 'limbo'"),
    (
        "nothing leads away",
        other(states=(*GOOD.states, LIMBO), steps=(*GOOD.steps, step("lose", ("asked",), ("limbo",)))),
        COMMANDS | {"lose": approve}, "the open state 'limbo' is a dead end",
    ),
    (
        "a step that only stays is no way out",
        other(
            states=(*GOOD.states, LIMBO),
            steps=(*GOOD.steps, step("lose", ("asked",), ("limbo",)), step("stay", ("limbo",), ("limbo",))),
        ),
        COMMANDS | {"lose": approve, "stay": approve}, "the open state 'limbo' is a dead end",
    ),
    (
        "an unknown source", other(steps=(*GOOD.steps, step("lose", ("nowhere",), ("approved",)))),
        COMMANDS | {"lose": approve}, "step 'lose' names the unknown state 'nowhere'",
    ),
    (
        "an unknown target", other(steps=(*GOOD.steps, step("lose", ("asked",), ("gone",)))),
        COMMANDS | {"lose": approve}, "step 'lose' names the unknown state 'gone'",
    ),
    (
        "a step from no state", other(steps=(*GOOD.steps, step("lose", ()))), COMMANDS | {"lose": approve},
        "step 'lose' starts from no state",
    ),
    ("no command", GOOD, {"approve": approve, "comment": comment}, "step 'expire' has no command of the same name"),
    ("an input the command lacks", GOOD, COMMANDS | {"comment": approve}, "command 'comment' takes"),
    ("an argument the step does not declare", GOOD, COMMANDS | {"approve": comment}, "command 'approve' takes"),
    (
        "an input named like a fixed argument",
        other(steps=(replace(GOOD.steps[0], inputs=(Input(name="actor", label="Who"),)), *GOOD.steps[1:])), COMMANDS,
        "step 'approve' has two inputs of one name, or one named like a fixed argument",
    ),
    (
        "an input twice", other(steps=(GOOD.steps[0], replace(GOOD.steps[1], inputs=(NOTE, NOTE)), GOOD.steps[2])),
        COMMANDS, "step 'comment' has two inputs of one name",
    ),
]  # fmt: skip


@pytest.mark.parametrize("what, flow, commands, sentence", DEFECTS, ids=[d[0] for d in DEFECTS])
def test_each_kind_of_defect_is_found(
    what: str, flow: Flow, commands: dict[str, Callable[..., Any]], sentence: str
) -> None:
    found = problems_with(flow, commands)
    assert any(s.startswith(sentence) for s in found), found


def test_a_step_nobody_may_take_is_found_unless_a_job_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "may", lambda role, permission: False)
    assert problems_with(GOOD, COMMANDS) == ["nobody may take step 'approve'", "nobody may take step 'comment'"]


def test_the_life_of_a_lead_has_no_problem_of_its_own() -> None:
    """Whether each step has its command is asked where the commands are."""
    nothing_said_of_commands = [s for s in problems_with(LEADS, {}) if "has no command" not in s]
    assert nothing_said_of_commands == []


# ------------------------------------------------------------------------------------------------------ what is open
CORA, SAM = actor(username="cora"), actor(username="sam")
DORA = actor(Role.DEALER_MANAGER, username="dora", scope=Scope("dealers", dealer_ids=frozenset({1})))
FAY = actor(Role.FINANCE, username="fay")
OPEN = [
    ("another person may approve and comment", CORA, "asked", "sam", ["approve", "comment"]),
    ("nobody approves what they submitted", SAM, "asked", "sam", ["comment"]),
    ("nor does anybody of the dealership it belongs to", DORA, "asked", "dirk", ["comment"]),
    ("after the decision only comments are left", CORA, "approved", "sam", ["comment"]),
    ("a role without the right sees no button", FAY, "asked", "sam", []),
    ("an unknown state offers nothing", CORA, "melted", "sam", []),
]


@pytest.mark.parametrize("what, who, status, submitted_by, names", OPEN, ids=[o[0] for o in OPEN])
def test_buttons_and_commands_agree(what: str, who: Any, status: str, submitted_by: str, names: list[str]) -> None:
    open_steps = available_steps(GOOD, status=status, submitted_by=submitted_by, actor=who)
    assert [s.name for s in open_steps] == names
    for declared in (s for s in GOOD.steps if not s.by_job):
        arguments: dict[str, Any] = {"status": status, "submitted_by": submitted_by, "actor": who}
        if declared.name in names:
            assert require_step(GOOD, declared.name, **arguments) == declared
        else:
            with pytest.raises(Refused):
                require_step(GOOD, declared.name, **arguments)


WORDS = {
    "wrong_state": "Approve is not possible while this request is {status}; it must be asked.",
    "not_allowed": "Your role (Finance) may not do this: approve.",
    "own_request": "You submitted this request yourself; another person has to take this step.",
    "own_house": "This request is your own dealership's; the manufacturer has to take this step.",
}


@pytest.mark.parametrize(
    "who, status, code, words",
    [
        (CORA, "approved", "wrong_state", "wrong_state"),
        (CORA, "melted", "wrong_state", "wrong_state"),
        (FAY, "asked", "not_allowed", "not_allowed"),
        (SAM, "asked", "own_request", "own_request"),
        (DORA, "asked", "own_request", "own_house"),
    ],
)
def test_a_refusal_says_why(who: Any, status: str, code: str, words: str) -> None:
    problem = refusal(GOOD, GOOD.step("approve"), status=status, submitted_by="sam", actor=who)
    assert problem is not None
    assert (problem.code, problem.message) == (code, WORDS[words].format(status=status))


def test_a_step_of_ones_own_is_closed_to_everybody_else() -> None:
    flow = other(steps=(*GOOD.steps, step("withdraw", ("asked",), ("approved",), own_only=True)))
    offered = {
        who.username: [s.name for s in available_steps(flow, status="asked", submitted_by="sam", actor=who)]
        for who in (CORA, SAM)
    }
    assert offered == {"cora": ["approve", "comment"], "sam": ["comment", "withdraw"]}
    problem = refusal(flow, flow.step("withdraw"), status="asked", submitted_by="sam", actor=CORA)
    assert problem is not None
    assert (problem.code, problem.message) == (
        "not_yours", "Only the person who submitted this request may withdraw it.",
    )  # fmt: skip


def test_a_step_or_state_the_flow_does_not_have_is_a_programming_error() -> None:
    with pytest.raises(KeyError, match="no step 'vanish'"):
        GOOD.step("vanish")
    with pytest.raises(KeyError):
        GOOD.state("melted")
    assert GOOD.open_states == ("asked",)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("status", [s.name for s in LEADS.states])
def test_each_role_is_offered_the_steps_of_a_lead_its_rights_allow(role: Role, status: str) -> None:
    found = {s.name for s in available_steps(LEADS, status=status, submitted_by="sam", actor=actor(role))}
    assert found == {
        s.name for s in LEADS.steps if status in s.sources and s.permission in GRANTED[role] and not s.by_job
    }
