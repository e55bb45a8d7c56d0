"""The clock of a lead: when it starts, what is promised, and why each deadline is when it is (2.2 A, B; U4)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import calendar_for_dealer
from db.calendar.rules import Calendar, Explanation, NeverOpen, due_at, elapsed_minutes, explain, is_open, next_opening
from db.core.actor import Actor
from db.core.labels import minutes_label, moment_label, moment_words
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.leads.network import policy_in_force
from db.leads.rules import POLICY, Policy, first_action_target
from db.leads.tables import Lead
from db.workflow.sla import SlaState, sla_state


def promises_in_force(session: Session) -> Policy:
    """The targets that hold for clocks started now: those of the routing policy in force, else the defaults (2.2 B)."""
    _, routing = policy_in_force(session)
    return Policy(
        first_action_minutes=routing.first_action_minutes,
        hot_first_action_minutes=routing.hot_first_action_minutes,
        first_quality_minutes=routing.first_quality_minutes,
        wall_clock_hours=routing.wall_clock_hours,
    )


def start_clock(
    session: Session, *, dealer_id: int | None, score: int, started_at: datetime, received_at: datetime,
    policy: Policy | None = None, calendar: Calendar | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The columns of a lead whose clock starts at `started_at` (routed, else received) on its dealer's calendar.

    Working minutes run from the next opening when the dealer is closed; the wall-clock day runs from the arrival, for
    it is the customer who waits. A calendar without opening hours leaves the working-time promises empty.
    """
    policy = policy or promises_in_force(session)
    calendar = calendar or calendar_for_dealer(session, dealer_id)
    target = first_action_target(score, policy)
    return {
        "clock_started_at": started_at,
        "first_action_target": target,
        "first_action_due_at": _due(calendar, started_at, target),
        "first_quality_due_at": _due(calendar, started_at, policy.first_quality_minutes),
        "wall_due_at": received_at + timedelta(hours=policy.wall_clock_hours),
        "breach_handled_at": None,
        "breach_outcome": "",
    }


def _due(calendar: Calendar, start: datetime, minutes: int) -> datetime | None:
    try:
        return due_at(calendar, start, minutes)
    except NeverOpen:
        return None


def worked_minutes(calendar: Calendar, started_at: datetime | None, at: datetime) -> int | None:
    """Working minutes from the start of a clock to `at`; None where no clock was started."""
    return None if started_at is None else elapsed_minutes(calendar, started_at, at)


@dataclass(frozen=True, kw_only=True)
class PromiseLine:
    """One promise of a lead: `used_minutes` counts as the promise counts, up to when it was met or to now.

    `why` are the sentences that add up to the deadline, `spans` the stretches behind them.
    """

    name: str
    label: str
    target_minutes: int
    used_minutes: int
    due_at: datetime | None
    met_at: datetime | None
    met_by: str
    state: SlaState
    why: tuple[str, ...]
    explanation: Explanation | None


@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """The whole clock of a lead at one moment, each target with its own state (2.10, U7).

    `wall_minutes` is the age on the wall clock, which runs at night too; `status` is running, closed, stopped or not
    started, and `resumes_at` is the next opening of a closed one.
    """

    status: str
    status_label: str
    started_at: datetime | None
    calendar_name: str
    zone: str
    promises: tuple[PromiseLine, ...]
    wall_minutes: int
    worked_minutes: int | None
    resumes_at: datetime | None
    sentences: tuple[str, ...]


def get_clock(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClockLine:
    """How the promises of a lead stand; `NotFound` when it is absent or out of scope. Needs leads.view."""
    actor.require(Permission.LEADS_VIEW)
    query = select(Lead).where(Lead.id == item_id, actor.scope.where(Lead.dealer_id, Lead.region))
    lead = session.scalars(query).one_or_none()
    if lead is None:
        raise NotFound("This lead")
    return explain_clock(session, lead, now=now, zone=actor.zone)


def explain_clock(
    session: Session, lead: Lead, *, now: datetime, zone: str, calendar: Calendar | None = None
) -> ClockLine:
    """Why the deadlines of this lead are when they are; `zone` is the viewer's and used for the moments beside.

    The counted stretches are in the dealer's own local time, as the hours on its door are.
    """
    calendar = calendar or calendar_for_dealer(session, lead.dealer_id)
    started = lead.clock_started_at
    closed = lead.closed_at or now
    wall = max(0, int((min(now, closed) - lead.received_at) / timedelta(minutes=1)))
    status, label, resumes = _status(lead, calendar, now, zone)
    sentences = [
        f"Received {moment_words(lead.received_at, zone, now=now)}, {minutes_label(wall)} ago on the wall clock."
    ]
    if lead.requested_at is not None and abs(lead.requested_at - lead.received_at) > timedelta(minutes=1):
        sentences.append(
            f"The customer asked {moment_words(lead.requested_at, zone, now=now)}; that time starts no clock."
        )
    promises: tuple[PromiseLine, ...] = ()
    worked = worked_minutes(calendar, started, lead.first_action_at or now)
    if started is None:
        sentences.append("No clock runs yet.")
    else:
        since = "routed to the dealer" if lead.routed_at == started else "received"
        sentences.append(f"The clock started {moment_words(started, zone, now=now)}, when the lead was {since}.")
        if not is_open(calendar, started):
            with suppress(NeverOpen):
                opening = moment_label(next_opening(calendar, started), calendar.zone, now=now)
                sentences.append(f"The dealer was closed then, so minutes count from {opening} at the dealer.")
        promises = tuple(_promises(lead, calendar, started, now))
    return ClockLine(
        status=status, status_label=label, started_at=started, calendar_name=calendar.name, zone=calendar.zone,
        promises=promises, wall_minutes=wall, worked_minutes=worked, resumes_at=resumes, sentences=tuple(sentences),
    )  # fmt: skip


def _status(lead: Lead, calendar: Calendar, now: datetime, zone: str) -> tuple[str, str, datetime | None]:
    if lead.first_action_at is not None:
        return "stopped", f"Stopped {moment_words(lead.first_action_at, zone, now=now)}", None
    if lead.clock_started_at is None:
        return "not_started", "Not started", None
    if not lead.is_open:
        return "stopped", "Closed without an answer", None
    if is_open(calendar, now):
        return "running", "Running", None
    with suppress(NeverOpen):
        opens = next_opening(calendar, now)
        return "closed", f"Dealer closed until {moment_words(opens, zone, now=now)}", opens
    return "closed", "Dealer closed", None


def _promises(lead: Lead, calendar: Calendar, started: datetime, now: datetime) -> list[PromiseLine]:
    def worked(until: datetime) -> int:
        return elapsed_minutes(calendar, started, until)

    def why(minutes: int, due: datetime | None) -> Explanation | None:
        # The deadline that was promised is explained, also where the calendar was changed since.
        if due is None:
            return None
        with suppress(NeverOpen):
            found = explain(calendar, started, minutes)
            return found if found.end == due else explain(calendar, started, due)
        return explain(calendar, started, due)

    def wall(until: datetime) -> int:
        return max(0, int((until - lead.received_at) / timedelta(minutes=1)))

    target = lead.first_action_target or POLICY.first_action_minutes
    # What was promised is told by the due time: the policy may have changed since.
    quality = worked(lead.first_quality_due_at) if lead.first_quality_due_at else POLICY.first_quality_minutes
    day = wall(lead.wall_due_at) if lead.wall_due_at else POLICY.wall_clock_hours * 60
    acted, answered = lead.first_action_at, lead.first_quality_at
    return [
        _line(
            lead, _Target("first_action", "First action", target, lead.first_action_due_at, acted), counted=worked,
            now=now,
            explanation=why(target, lead.first_action_due_at),
        ),
        _line(
            lead, _Target("first_quality", "Quality response", quality, lead.first_quality_due_at, answered),
            counted=worked, now=now, explanation=why(quality, lead.first_quality_due_at),
        ),
        _line(
            lead, _Target("wall_clock", "Answer within a day", day, lead.wall_due_at, acted),
            counted=wall, now=now, explanation=None,
        ),
    ]  # fmt: skip


class _Target(NamedTuple):
    """One target of a lead as stored."""

    name: str
    label: str
    target: int
    due: datetime | None
    met: datetime | None


def _line(
    lead: Lead, sla: _Target, *, counted: Callable[[datetime], int], now: datetime, explanation: Explanation | None
) -> PromiseLine:
    name, label, target, due, met = sla
    end = met or (lead.closed_at if not lead.is_open and lead.closed_at else now)
    used = counted(end)
    state = sla_state(target_minutes=target, elapsed_minutes=used, due_at=due, met_at=met, now=end)
    sentences = tuple(explanation.sentences(most=30)) if explanation else ()
    if name == "wall_clock":
        sentences = (f"{target // 60} hours on the wall clock from the arrival, nights and holidays included.",)
    return PromiseLine(
        name=name, label=label, target_minutes=target, used_minutes=used, due_at=due, met_at=met,
        met_by=lead.first_action_by if met and name != "first_quality" else "", state=state, why=sentences,
        explanation=explanation,
    )  # fmt: skip
