"""Which steps are open to somebody: the one question buttons and commands both ask; and checks of a declaration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from db.core.actor import Actor
from db.core.permissions import Role, may
from db.core.problems import Problem, Refused
from db.workflow.spec import Flow, Step

FIXED_ARGUMENTS = ("session", "item_id", "seen_version", "actor", "now")


def refusal(
    flow: Flow, step: Step, *, status: str, submitted_by: str, actor: Actor, signed_by: str = ""
) -> Problem | None:
    """Why `actor` may not take `step` now, or None when nothing is in the way."""
    if status not in step.sources:
        label = flow.state(status).label.lower() if status in flow.index else status
        allowed = ", ".join(flow.state(s).label.lower() for s in step.sources)
        return Problem(
            code="wrong_state",
            message=f"{step.label} is not possible while this {flow.item_label} is {label}; it must be {allowed}.",
        )
    if not actor.can(step.permission):
        return Problem(
            code="not_allowed", message=f"Your role ({actor.role.label}) may not do this: {step.label.lower()}.",
            rule=step.permission,
        )  # fmt: skip
    if step.four_eyes and actor.role.is_dealer:
        # Dealer people see only their own dealers' records, so this one is of their own house.
        return Problem(
            code="own_request", rule="domain-rules 2.0",
            message=f"This {flow.item_label} is your own dealership's; the manufacturer has to take this step.",
        )  # fmt: skip
    if step.four_eyes and submitted_by == actor.username:
        return Problem(
            code="own_request", rule="domain-rules 2.0",
            message=f"You submitted this {flow.item_label} yourself; another person has to take this step.",
        )  # fmt: skip
    if step.other_hands and signed_by == actor.username:
        return Problem(
            code="own_signature", rule="domain-rules 2.0",
            message=f"You signed the level before on this {flow.item_label}; another person has to take the next.",
        )  # fmt: skip
    if step.own_only and submitted_by != actor.username:
        return Problem(
            code="not_yours",
            message=f"Only the person who submitted this {flow.item_label} may {step.label.lower()} it.",
        )  # fmt: skip
    return None


def available_steps(
    flow: Flow, *, status: str, submitted_by: str, actor: Actor, signed_by: str = ""
) -> tuple[Step, ...]:
    """The steps this actor may take on a record in this state, in declared order; never the steps of jobs."""
    return tuple(
        step
        for step in flow.steps
        if not step.by_job
        and refusal(flow, step, status=status, submitted_by=submitted_by, actor=actor, signed_by=signed_by) is None
    )


def require_step(flow: Flow, name: str, *, status: str, submitted_by: str, actor: Actor, signed_by: str = "") -> Step:
    """The step, or `Refused` with the reason `available_steps` would have hidden it for."""
    step = flow.step(name)
    problem = refusal(flow, step, status=status, submitted_by=submitted_by, actor=actor, signed_by=signed_by)
    if problem is not None:
        raise Refused(problem)
    return step


def _reached(flow: Flow) -> set[str]:
    """The states some way of steps leads to from the initial one."""
    reached, frontier = {flow.initial}, [flow.initial]
    while frontier:
        here = frontier.pop()
        new = {t for step in flow.steps if here in step.sources for t in step.targets} - reached
        reached |= new
        frontier += new
    return reached


def problems_with(flow: Flow, commands: Mapping[str, Callable[..., Any]]) -> list[str]:
    """Everything wrong with a declaration, in sentences; a test asks this of each flow.

    No unknown, unreachable or dead-end state, each step has a command with exactly its inputs, each step somebody may.
    """
    found: list[str] = []
    names = {s.name for s in flow.states}
    if flow.initial not in names:
        found.append(f"the initial state {flow.initial!r} is not declared")
    if len(names) != len(flow.states):
        found.append("a state is declared twice")
    if len({s.name for s in flow.steps}) != len(flow.steps):
        found.append("a step is declared twice")
    reached = _reached(flow)
    found += [f"no step leads to the state {s.name!r}" for s in flow.states if s.name not in reached]
    for state in flow.states:
        leaves = any(state.name in s.sources and set(s.targets) - {state.name} for s in flow.steps)
        if not state.final and not leaves:
            found.append(f"the open state {state.name!r} is a dead end")
    for step in flow.steps:
        found += [
            f"step {step.name!r} names the unknown state {s!r}"
            for s in (*step.sources, *step.targets)
            if s not in names
        ]
        if not step.sources:
            found.append(f"step {step.name!r} starts from no state")
        if not step.by_job and not any(may(role, step.permission) for role in Role):
            found.append(f"nobody may take step {step.name!r}")
        command = commands.get(step.name)
        if command is None:
            found.append(f"step {step.name!r} has no command of the same name")
            continue
        arguments = tuple(inspect.signature(command).parameters)
        expected = (*FIXED_ARGUMENTS, *(i.name for i in step.inputs))
        if len(set(expected)) != len(expected):
            found.append(f"step {step.name!r} has two inputs of one name, or one named like a fixed argument")
        if set(arguments) != set(expected):
            found.append(f"command {step.name!r} takes {arguments}, the step declares {expected}")
    return found
