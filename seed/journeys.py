"""What becomes of a lead: who calls when, what comes of it, and how it ends (domain-rules 2.2 A, E).

A journey is a generator of moves in the order of time. The story plays each move as the command of the person who
would make it, and stops where the demo's present is reached: what is unfinished then is the work on the board.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from db.calendar.rules import Calendar, due_at, is_open, next_opening
from seed import sentences as said
from seed.arrivals import Arrival
from seed.styles import Style

By = Literal["sales", "manager", "desk"]
REASONS = {
    "price": 6, "competitor": 6, "not_interested": 6, "no_stock": 3, "long_wait": 2, "finance": 2, "co_dealer": 1,
}  # fmt: skip
CADENCE = (1, 2, 3, 5, 7, 10, 14, 21, 30)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step on a lead: `step` names the command, `by` who takes it, `inputs` what they enter."""

    at: datetime
    step: str
    by: By
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A lead as it lies on the board after its arrival; `target` in working minutes."""

    lead_id: int
    arrival: Arrival
    started_at: datetime
    target: int
    calendar: Calendar
    style: Style


def lead_price(lead: Fresh) -> int | None:
    """The price a salesperson notes when they qualify a lead: most do."""
    return lead.arrival.wish.price_cents if lead.lead_id % 4 else None


class Journey:
    """The life of one lead, told by one die: the same lead with the same `rng` lives the same life."""

    def __init__(self, lead: Fresh, rng: Random) -> None:
        self.lead, self.rng, self.style = lead, rng, lead.style
        self.reached = False
        self.answers_at = self._first_answer()

    # ---- when ----------------------------------------------------------------------------------------------------
    def _first_answer(self) -> datetime | None:
        """When somebody at the dealer first acts; None for never."""
        lead, rng = self.lead, self.rng
        if lead.arrival.is_forgotten:
            return None
        if lead.arrival.source.door == "hand":
            return lead.started_at + timedelta(minutes=rng.randint(1, 6))  # the customer is there
        if rng.random() < self.style.never:
            return None
        if rng.random() < self.style.in_time:
            minutes = max(0, int(rng.triangular(0, lead.target, lead.target * 0.45)) - (lead.target > 5))
            return due_at(lead.calendar, lead.started_at, minutes) + timedelta(seconds=rng.randint(5, 50))
        late = lead.target + rng.choice((3, 8, 20, 35, 70, 120, 240, 480, 900)) + rng.randint(0, 25)
        return due_at(lead.calendar, lead.started_at, late) + timedelta(seconds=rng.randint(0, 59))

    def _later(self, at: datetime, *, hours: float = 0.0, days: float = 0.0) -> datetime:
        """Some time after `at`, when the dealer is open."""
        moment = at + timedelta(hours=hours, days=days, seconds=self.rng.randint(1, 59))
        if is_open(self.lead.calendar, moment):
            return moment
        return next_opening(self.lead.calendar, moment) + timedelta(minutes=self.rng.randint(4, 300))

    # ---- the moves -----------------------------------------------------------------------------------------------
    def moves(self) -> Iterator[Move]:
        """Everything that happens to the lead from its arrival on."""
        rng, lead = self.rng, self.lead
        given = lead.started_at + timedelta(minutes=rng.randint(1, 4))
        if self.answers_at is not None and rng.random() < 0.14 and given < self.answers_at:
            yield Move(at=given, step="give", by="manager", inputs={"note": rng.choice(said.GIVEN)})
        if lead.arrival.kind in ("test", "fake", "abroad"):
            yield from self._worthless()
        elif self.answers_at is not None:
            yield from self._worked(self.answers_at)

    def rescued(self, missed: datetime) -> Iterator[Move]:
        """A lead nobody answered is given to the dealer's manager by the coordinator, and worked after all."""
        at = self._later(missed, hours=self.rng.uniform(0.5, 4))
        note = "Nobody has answered this customer. Please call yourself."
        yield Move(at=at, step="give_manager", by="desk", inputs={"note": note})
        yield from self._worked(self._later(at, hours=self.rng.uniform(0.1, 3)))

    def _worthless(self) -> Iterator[Move]:
        rng, at = self.rng, self.answers_at or self._later(self.lead.started_at, hours=5)
        if self.lead.arrival.kind == "test":
            yield self._close(at, "mark_bad", "test", "The comment says it is a test.")
            return
        if self.lead.arrival.kind == "abroad":
            yield self._log(at, "email", "sent", "Asked where the vehicle is to be used.")
            yield self._close(self._later(at, hours=20), "mark_bad", "out_of_market", said.ABROAD)
            return
        yield self._log(at, "call", rng.choice(("wrong_number", "no_answer")), "")
        at = self._later(at, hours=rng.uniform(0.2, 30))
        if rng.random() < 0.5:
            yield self._close(at, "mark_bad", "fake", said.FAKE)
        else:
            yield self._close(at, "mark_bad", "wrong_number", "Whoever answered never asked for a vehicle.")

    def _worked(self, first: datetime) -> Iterator[Move]:
        """Attempts until somebody is reached or the dealer gives up."""
        rng, lead = self.rng, self.lead
        chance = min(0.93, 0.67 * self.style.reaches * lead.arrival.source.serious)
        if lead.arrival.source.door == "hand":
            chance = 0.97
        willing = rng.random() < chance
        needed = rng.choices((1, 2, 3, 4, 5, 6), (46, 24, 13, 8, 5, 4))[0] if willing else 99
        attempts = 0
        at = first
        for at in self._attempts(first):
            attempts += 1
            if attempts == needed:
                yield from self._contact(at, is_first=attempts == 1)
                yield from self._after_contact(at)
                return
            yield self._attempt(at, is_first=attempts == 1)
        yield from self._given_up(at, attempts)

    def _attempts(self, first: datetime) -> Iterator[datetime]:
        """The moments somebody tries: twice on the first day, then by the cadence, as long as the dealer keeps on."""
        rng = self.rng
        yield first
        last = first
        if rng.random() < self.style.keeps_on * 0.55:
            last = self._later(first, hours=rng.uniform(1.5, 5))
            yield last
        for days in CADENCE:
            if rng.random() > self.style.keeps_on - 0.09:
                return
            at = self._later(first.replace(minute=rng.randint(0, 59)), days=days, hours=rng.uniform(-2, 3))
            if at > last:
                last = at
                yield at
            if days >= 10 and rng.random() < 0.6:
                return

    def _attempt(self, at: datetime, *, is_first: bool) -> Move:
        rng = self.rng
        ways = ["call", "call", "email"] + (["text"] if self.lead.arrival.may_text else [])
        way = rng.choice(ways)
        if way == "call" and self.lead.arrival.with_phone:
            outcome = rng.choice(("voicemail", "voicemail", "no_answer"))
            notes = said.VOICEMAILS if outcome == "voicemail" else said.NO_ANSWERS
            return self._log(at, "call", outcome, rng.choice(notes))
        kind = "text" if way == "text" else "email"
        if is_first and self.lead.arrival.has_question:
            return self._log(at, kind, "answered", rng.choice(said.ANSWERS))
        return self._log(at, kind, "sent", rng.choice(said.EMAILS))

    def _contact(self, at: datetime, *, is_first: bool) -> Iterator[Move]:
        rng = self.rng
        if is_first or rng.random() < 0.7:
            kind, outcome = ("visit", "shown") if self.lead.arrival.source.name == "Walk-in" else ("call", "reached")
            yield self._log(at, kind, outcome, rng.choice(said.REACHED))
        else:
            yield self._log(at, rng.choice(("email", "call")), "inbound", rng.choice(said.INBOUND))

    def _given_up(self, at: datetime, attempts: int) -> Iterator[Move]:
        """Closed by the rules where the cadence was kept; else often forgotten, until it expires."""
        rng = self.rng
        if attempts >= 8:
            yield self._close(self._later(at, days=rng.uniform(0.5, 3)), "lose", "unresponsive", "")
        elif rng.random() < 0.06:
            yield Move(
                at=self._later(at, days=4), step="nurture", by="sales", inputs={"note": rng.choice(said.NURTURE)}
            )
        elif rng.random() < 0.91 + 0.07 * self.style.keeps_on:
            at = self._later(at, days=rng.uniform(1, 8))
            yield self._close(at, "lose", "not_interested", said.NO_REACTION, by="manager")

    # ---- after the first conversation ------------------------------------------------------------------------------
    def _after_contact(self, at: datetime) -> Iterator[Move]:
        rng, serious = self.rng, self.lead.arrival.source.serious
        if rng.random() < 0.44:
            at = self._later(at, hours=rng.uniform(0.1, 20))
            yield Move(
                at=at, step="qualify", by="sales",
                inputs={"note": rng.choice(said.QUALIFIED), "value_cents": lead_price(self.lead)},
            )  # fmt: skip
        fate = rng.random()
        books = min(0.8, 0.34 * self.style.books * serious)
        if fate < books:
            yield from self._appointment(at)
        elif fate < books + 0.05:
            yield from self._offer(self._later(at, days=rng.uniform(0.1, 3)), chance=0.5)
        elif fate < books + 0.1:
            at = self._later(at, days=rng.uniform(0.2, 6))
            yield Move(at=at, step="nurture", by="sales", inputs={"note": rng.choice(said.NURTURE)})
            if rng.random() < 0.7:
                yield self._close(self._later(at, days=rng.uniform(10, 40)), "lose", "not_interested", "")
        elif fate < 0.95:
            at = self._later(at, days=rng.triangular(0.3, 16, 3))
            if rng.random() < 0.4:
                yield self._log(at, "call", "voicemail", rng.choice(said.VOICEMAILS))
                at = self._later(at, days=rng.uniform(1, 6))
            yield self._lost(at)

    def _appointment(self, at: datetime) -> Iterator[Move]:
        rng = self.rng
        at = self._later(at, hours=rng.uniform(0.05, 30))
        meets = self._later(at, days=rng.triangular(0.4, 7, 2)).replace(second=0, microsecond=0)
        meets -= timedelta(minutes=meets.minute % 15)
        if meets <= at:
            meets += timedelta(hours=1)
        inputs = {"appointment_at": meets, "note": rng.choice(said.APPOINTMENTS)}
        yield Move(at=at, step="set_appointment", by="sales", inputs=inputs)
        if rng.random() < 0.68:
            came = meets + timedelta(minutes=rng.randint(0, 25))
        else:
            # After the grace: the sweep has entered the no-show, and the lead waits for a call.
            missed = meets + timedelta(minutes=rng.randint(65, 95))
            yield self._log(missed, "call", rng.choice(("voicemail", "no_answer")), "Did not come to the appointment.")
            if rng.random() > 0.3:
                if rng.random() < 0.8:
                    yield self._lost(self._later(missed, days=rng.uniform(2, 9)))
                return
            again = self._later(missed, days=rng.uniform(0.2, 1.5))
            came = self._later(again, days=rng.uniform(0.8, 3)).replace(second=0, microsecond=0)
            yield Move(
                at=again, step="set_appointment", by="sales",
                inputs={"appointment_at": came, "note": "Called back, and agreed another time."},
            )  # fmt: skip
            came += timedelta(minutes=rng.randint(0, 20))
        yield Move(at=came, step="show_appointment", by="sales")
        yield from self._offer(came + timedelta(minutes=rng.randint(25, 90)), chance=0.6 * self.style.closes)

    def _offer(self, at: datetime, *, chance: float) -> Iterator[Move]:
        rng = self.rng
        if rng.random() < 0.8:
            inputs = {"note": rng.choice(said.OFFERS), "value_cents": self.lead.arrival.wish.price_cents}
            yield Move(at=at, step="negotiate", by="sales", inputs=inputs)
            at = self._later(at, hours=rng.triangular(0.5, 96, 5))
        if rng.random() > chance:
            yield self._lost(self._later(at, days=rng.uniform(0.5, 12)))
            return
        discount = 1 - rng.choice((0, 0, 0.01, 0.02, 0.03, 0.05))
        price = int(self.lead.arrival.wish.price_cents * discount) // 100 * 100
        yield Move(at=at, step="sell", by="sales", inputs={"value_cents": price})
        at = self._later(at, days=rng.triangular(1, 24, 5))
        if rng.random() < 0.05:
            yield self._close(at, "lose", "finance", rng.choice(said.LOST["finance"]))
        else:
            yield Move(at=at, step="deliver", by="sales")

    def _lost(self, at: datetime) -> Move:
        reason = self.rng.choices(list(REASONS), list(REASONS.values()))[0]
        return self._close(at, "lose", reason, self.rng.choice(said.LOST[reason]))

    @staticmethod
    def _close(at: datetime, step: str, reason: str, note: str, *, by: By = "sales") -> Move:
        return Move(at=at, step=step, by=by, inputs={"reason": reason, "note": note})

    @staticmethod
    def _log(at: datetime, kind: str, outcome: str, note: str) -> Move:
        return Move(at=at, step="log_activity", by="sales", inputs={"kind": kind, "outcome": outcome, "note": note})
