"""Plays the demo: everything that happens, in the order of time, each thing one command of the person who did it."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.problems import Refused
from db.core.session import run
from db.leads.commands import COMMANDS
from db.leads.flow import FLOW
from db.leads.tables import Lead
from seed import appointments
from seed.cast import Cast, turn_of
from seed.journeys import Move


class Overtaken(Exception):  # noqa: N818 - what happened, in the demo's own words
    """Somebody else moved the lead on, so the step somebody had in mind is not taken."""


class Story:
    """A clock and a list of what is still to happen; nothing happens after `until`."""

    def __init__(self, bind: Engine, cast: Cast, *, until: datetime) -> None:
        self.bind, self.cast, self.until = bind, cast, until
        self.overtaken: Counter[str] = Counter()
        self._waiting: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._numbers = itertools.count()
        self._clock: datetime | None = None

    def at(self, when: datetime, what: Callable[[datetime], None]) -> None:
        """Let `what` happen at a moment; what lies before the present of the story happens now."""
        if self._clock is not None:
            when = max(when, self._clock)
        if when <= self.until:
            heapq.heappush(self._waiting, (when, next(self._numbers), what))

    def play(self) -> None:
        """Let everything happen up to the end."""
        while self._waiting:
            self._clock, _, what = heapq.heappop(self._waiting)
            what(self._clock)

    def do(self, command: Callable[..., Any], **arguments: Any) -> Any:
        """One command in a transaction of its own."""
        return run(command, bind=self.bind, **arguments)

    def note(self, command: Callable[..., Any], **arguments: Any) -> None:
        """Housekeeping that leaves no entry in the timeline."""
        run(command, bind=self.bind, keeps_timeline=False, **arguments)

    def follow(self, lead_id: int, moves: Iterator[Move]) -> None:
        """Let the moves of a lead happen one after the other, until one does not fit the lead any more."""
        move = next(moves, None)
        if move is None:
            return

        def take(now: datetime) -> None:
            try:
                self.do(take_step, lead_id=lead_id, move=move, cast=self.cast, now=now)
            except Overtaken:
                self.overtaken[move.step] += 1
                return
            if move.step == "set_appointment":
                appointments.after_booking(self, lead_id, now)
            self.follow(lead_id, moves)

        self.at(move.at, take)


def take_step(session: Session, *, lead_id: int, move: Move, cast: Cast, now: datetime) -> None:
    """Take one step as the person who sees the lead as it is now; raises `Overtaken` when it no longer fits."""
    row = session.execute(
        select(Lead.version, Lead.status, Lead.dealer_id, Lead.region, Lead.assignee_id, Lead.received_at).where(
            Lead.id == lead_id
        )
    ).one_or_none()
    name = "assign" if move.step in ("give", "give_manager") else move.step
    if row is None or row.status not in FLOW.step(name).sources:
        raise Overtaken(move.step)
    inputs = dict(move.inputs)
    actor: Actor
    if move.by == "desk" or row.dealer_id is None:
        actor = cast.desk(row.region)
    elif move.by == "manager":
        actor = cast.manager(row.dealer_id)
    else:
        actor = cast.sales(row.dealer_id, turn=turn_of(row.received_at), assignee_id=row.assignee_id)
    if move.step in ("give", "give_manager"):
        if row.dealer_id is None:
            raise Overtaken(move.step)
        seller = cast.sales(row.dealer_id, turn=turn_of(row.received_at) // 3, assignee_id=None)
        manager = cast.manager(row.dealer_id)
        taker = seller if move.step == "give" else manager
        inputs |= {"dealer_id": row.dealer_id, "assignee_id": taker.user_id}
    command = appointments.STEPS.get(name, COMMANDS[name])
    try:
        command(session, item_id=lead_id, seen_version=row.version, actor=actor, now=now, **inputs)
    except Refused as refused:
        # The customer has said no to texts meanwhile, or the appointment was moved or called off.
        if name in appointments.STEPS or refused.code == "no_consent":
            raise Overtaken(move.step) from refused
        raise
