"""How one lead of the bulk goes on: its stamps in the order they can be true, and what is promised next."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from db.leads.flow import LOST_REASONS
from db.leads.rules import POLICY, first_action_target, next_promise
from seed.bulk.network import House, Seller
from seed.bulk.sink import at_of, epoch, moment
from seed.sources import Source

LOST_SHARES = (22, 6, 20, 9, 7, 6, 22)
"""Of the reasons but the last, "unresponsive", which follows from the attempts."""


class Way:
    """How one lead goes on: its stamps in the order they can be true, up to the present."""

    __slots__ = (
        "acted", "action_due", "action_minutes", "answered", "attempts", "breach", "closed", "confirmed", "contacted",
        "delivered", "due", "end", "entered", "house", "is_open", "last", "negotiation", "next_step", "note",
        "qualified",
        "quality_due", "quality_minutes", "reason", "set", "shown", "sold", "started", "status", "steps", "target",
        "tries", "wall_due",
    )  # fmt: skip

    def __init__(
        self, *, at: int, end: int, source: Source, house: House, score: int, nowhere: bool, twin: bool, rng: Random
    ) -> None:
        hours, self.end, self.house = house.hours, end, house
        self.status, self.entered, self.last, self.steps = "new" if nowhere else "assigned", at, at, 0
        self.acted: int | None = None
        self.answered: int | None = None
        self.contacted: int | None = None
        self.qualified: int | None = None
        self.set: int | None = None
        self.confirmed: int | None = None
        self.shown: int | None = None
        self.negotiation: int | None = None
        self.sold: int | None = None
        self.delivered: int | None = None
        self.closed: int | None = None
        self.breach: int | None = None
        self.due: int | None = None
        self.action_minutes: int | None = None
        self.quality_minutes: int | None = None
        self.reason = self.note = self.next_step = ""
        self.attempts, self.is_open = 0, 1
        self.tries: list[int] = []
        self.target = first_action_target(score)
        self.started: int | None = at
        self.action_due: int | None = hours.after(at, self.target * 60)
        self.quality_due: int | None = hours.after(at, POLICY.first_quality_minutes * 60)
        self.wall_due: int | None = at + POLICY.wall_clock_hours * 3_600
        if nowhere:
            if rng.random() < 0.3:
                self.status, self.started, self.target = "held", None, 0
                self.action_due = self.quality_due = self.wall_due = None
                self.next_step = "Add a telephone number or an e-mail address"
            else:
                self.due, self.next_step = self.action_due, "Assign a dealer"
            return
        if twin:
            if self._move("duplicate", at + rng.randint(30, 7_200)):
                self._close("", "The same wish again")
            else:
                self._open()
            return
        self._work(at, source, rng)
        if self.action_due is not None and (self.acted or self.end) > self.action_due + 300:
            self.breach = min(self.end, self.action_due + 300)
        if self.is_open:
            self._open()

    def _move(self, status: str, at: int) -> bool:
        """Come to a state at a moment, unless that is still to come."""
        if at >= self.end:
            return False
        self.status, self.entered, self.steps = status, at, self.steps + 1
        self.last = max(self.last, at)
        return True

    def _close(self, reason: str, note: str = "") -> None:
        self.closed, self.is_open, self.reason, self.note = self.entered, 0, reason, note

    def _work(self, at: int, source: Source, rng: Random) -> None:
        hours = self.house.hours
        if rng.random() < 0.05:  # nobody ever looks at it
            if self._move("expired", at + 90 * 86_400 + rng.randint(600, 86_000)):
                self._close("expired")
                self.last = at
            return
        wait = int(rng.lognormvariate(2.35, 1.05) * self.house.quick * 60)
        first = max(hours.after(at, max(30, wait)), at + 1)
        if first >= self.end:
            return
        self.acted, self.action_minutes = first, hours.minutes(at, first)
        self.attempts, self.tries = 1, [first]
        if rng.random() < source.worthless:
            self.last = first
            if self._move("bad", first + rng.randint(300, 86_400)):
                self._close(rng.choice(("wrong_number", "fake", "out_of_market")), "The number reaches somebody else")
            return
        self._move("attempted", first)
        reached = rng.random() < min(0.93, 0.68 * source.serious**0.5 * (1.1 if wait < 1_800 else 0.9))
        tries = (1 if rng.random() < 0.55 else rng.randint(2, 5)) if reached else rng.randint(3, 11)
        at_try = first
        for _ in range(tries - 1):
            at_try = hours.after(at_try + rng.randint(20_000, 200_000), rng.randint(60, 7_200))
            if at_try >= self.end:
                return
            self.tries.append(at_try)
            self.attempts += 1
            self.last = at_try
        if rng.random() < 0.75 or reached:
            self.answered = at_try if reached else first
            self.quality_minutes = hours.minutes(at, self.answered)
        if not reached:
            self._lose_touch(rng)
            return
        self.contacted = at_try
        self._move("contacted", at_try)
        self._sell(source, at_try, rng)

    def _lose_touch(self, rng: Random) -> None:
        first, last = self.tries[0], self.tries[-1]
        if self.attempts >= 8 and last - first > 11 * 86_400:
            if self._move("lost", last + rng.randint(3_600, 400_000)):
                self._close("unresponsive")
        elif rng.random() < 0.25:
            self._move("nurture", last + rng.randint(3_600, 400_000))
        elif self._move("expired", last + 90 * 86_400 + rng.randint(600, 86_000)):
            self._close("expired")
            self.last = last

    def _sell(self, source: Source, at: int, rng: Random) -> None:
        hours, serious = self.house.hours, source.serious

        def later(since: int, low: float, high: float) -> int:
            return hours.after(since + int(rng.uniform(low, high) * 86_400), rng.randint(60, 10_000))

        if rng.random() > min(0.9, 0.58 * serious**0.5):
            self._lost(later(at, 0.1, 20), rng)
            return
        at = later(at, 0.0, 4)
        if not self._move("qualified", at):
            return
        self.qualified = at
        if rng.random() < 0.72:
            at = later(at, 0.0, 4)
            if not self._move("appointment_set", at):
                return
            self.set = at
            if rng.random() < 0.66:
                confirmed = at + rng.randint(600, 40_000)
                self.confirmed = confirmed if confirmed < self.end else None
            at = later(at, 0.6, 6)
            if rng.random() < 0.3:
                self._lost(later(at, 1, 12), rng)
                return
            if not self._move("appointment_shown", at):
                return
            self.shown = at
        elif rng.random() < 0.45:
            self._lost(later(at, 0.5, 25), rng)
            return
        if rng.random() < 0.8:
            at = later(at, 0.0, 5)
            if not self._move("negotiation", at):
                return
            self.negotiation = at
        if rng.random() > min(0.85, 0.5 * serious**0.5):
            self._lost(later(at, 0.5, 15), rng)
            return
        at = later(at, 0.1, 9)
        if not self._move("sold", at):
            return
        self.sold = at
        at = later(at, 1, 14)
        if self._move("delivered", at):
            self.delivered = at
            self._close("")

    def _lost(self, at: int, rng: Random) -> None:
        if self._move("lost", at):
            self._close(rng.choices(LOST_REASONS[:-1], LOST_SHARES)[0][0])

    def _open(self) -> None:
        """What is promised next, by the rule itself."""
        promise = next_promise(
            status=self.status, first_action_at=_at(self.acted), first_action_due_at=_at(self.action_due),
            first_quality_at=_at(self.answered), first_quality_due_at=_at(self.quality_due),
            contacted_at=_at(self.contacted), clock_started_at=_at(self.started), appointment_at=None,
            calendar=self.house.hours.calendar, now=at_of(self.last),
        )  # fmt: skip
        self.due, self.next_step = epoch(promise.due_at) if promise.due_at else None, promise.next_step

    def told(self, lead_id: int, seller: Seller) -> list[tuple[Any, ...]]:
        """Each logged contact as a row."""
        rows = []
        for turn, at in enumerate(self.tries):
            spoke = at == self.contacted
            quality = self.answered == at
            kind, outcome = (
                ("call", "reached") if spoke else ("email", "answered") if quality else ("call", "voicemail")
            )
            rows.append((lead_id, moment(at), kind, "out", outcome, "", int(turn == 0), int(quality or spoke),
                         int(spoke),
                         seller.name, seller.username))  # fmt: skip
        return rows


def _at(seconds: int | None) -> datetime | None:
    return None if seconds is None else at_of(seconds)
