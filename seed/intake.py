"""Brings the demo's leads in through the real doors and starts what becomes of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.rules import due_at, is_open, next_opening
from db.core.actor import system_actor
from db.core.area import RowOutcome, SourceFile
from db.core.session import reading
from db.imports.commands import BatchResult, run_import, undo_import
from db.imports.mapping import load_mapping
from db.leads.flow import FLOW
from db.leads.intake_commands import enter_lead
from db.leads.jobs import run_breaches, run_warnings
from db.leads.merge import merge
from db.leads.tables import Lead
from seed import documents, sentences
from seed.arrivals import Arrival
from seed.journeys import Fresh, Journey, Move
from seed.places import MAKE
from seed.story import Story

HTTP = system_actor("http")
WARNED_DAYS = 14
"""Warnings are sent by the sweep of the last days only: older ones nobody would read."""


class _Seen(NamedTuple):
    """A lead as it lies on the board."""

    status: str
    dealer_id: int | None
    clock_started_at: datetime | None
    first_action_due_at: datetime | None
    first_action_target: int


class Intake:
    """Everything that arrives, and the first thing that happens to it."""

    def __init__(self, story: Story, *, seed: int) -> None:
        self.story, self.cast, self._seed = story, story.cast, seed
        self.leads: dict[int, int] = {}  # number of the arrival -> id of its lead
        self._known: set[int] = set()
        self._event = load_mapping(documents.MAPPING)

    def expect(self, arrivals: Sequence[Arrival]) -> None:
        """Let every lead arrive in its time; visitors of events are typed in on the Monday after."""
        visitors = [one for one in arrivals if one.source.door == "table" and not one.again]
        for position, start in enumerate(range(0, len(visitors), 7)):
            self._expect_event(visitors[start : start + 7], position)
        for one in arrivals:
            if one.source.door == "hand":
                assert one.dealer is not None
                hours = self.cast.calendar(self.dealer_id(one))
                later = next_opening(hours, one.at) + timedelta(minutes=one.at.minute + 1)
                at = one.at if is_open(hours, one.at) else later
                self.story.at(at, partial(self._by_hand, one))
            elif one.source.door != "table":
                self.story.at(one.at, partial(self._document, one))

    def dealer_id(self, arrival: Arrival) -> int | None:
        """The id of the dealer an arrival names."""
        return self.cast.id_of(arrival.dealer.code) if arrival.dealer else None

    def _rng(self, arrival: Arrival, what: str) -> Random:
        return Random(f"{self._seed}:{what}:{arrival.number}")

    # ---- the doors -------------------------------------------------------------------------------------------------
    def _document(self, arrival: Arrival, now: datetime) -> None:
        file = documents.file_of(arrival, self._rng(arrival, "document"))
        channel = "mail" if arrival.source.door == "mail" else "http"
        result = self._import("adf", file, channel=channel, actor=HTTP, now=now)
        self._taken(result.outcomes[0], arrival, now)

    def refused(self, content: bytes, now: datetime) -> None:
        """A document nobody can read."""
        file = SourceFile(name=f"automarket-{now:%Y%m%d}.xml", content=content)
        self._import("adf", file, channel="mail", actor=HTTP, now=now)

    def _by_hand(self, arrival: Arrival, now: datetime) -> None:
        buyer, wish, dealer_id = arrival.buyer, arrival.wish, self.dealer_id(arrival)
        assert dealer_id is not None
        rng = self._rng(arrival, "document")
        trade = arrival.trade_in
        lead_id = self.story.do(
            enter_lead, customer_name=buyer.name, email=buyer.email if arrival.with_email else "",
            phone=buyer.phone if arrival.with_phone else "", postal_code=buyer.postal_code, state=buyer.state,
            interest="test-drive" if arrival.test_drive else "buy", condition="new" if wish.is_new else "used",
            year=wish.year, make=MAKE, model=wish.model, stock=wish.stock, source=arrival.source.name,
            trade_in=f"{trade[0]} {trade[1]} {trade[2]}" if trade else "",
            comments=rng.choice(sentences.QUESTIONS if arrival.has_question else sentences.REMARKS),
            finance_requested=arrival.finance,
            wanted_by=max(arrival.wanted_by, now.date()) if arrival.wanted_by else None,
            sms_consent="Customer agreed to text messages in person." if arrival.may_text else "",
            actor=self.cast.sales(dealer_id, turn=arrival.number, assignee_id=None), now=now,
        )  # fmt: skip
        if lead_id not in self._known:
            self._begin(lead_id, arrival, now)

    def _expect_event(self, visitors: Sequence[Arrival], number: int) -> None:
        """An event on the Saturday before its first visitor was drawn, its list imported the Monday after."""
        cora = self.cast.named("cora")
        first = visitors[0].at
        saturday = first - timedelta(days=(first.weekday() + 2) % 7)
        visitors = [
            replace(one, at=saturday.replace(hour=14 + i, minute=one.at.minute)) for i, one in enumerate(visitors)
        ]
        at = (saturday + timedelta(days=2)).replace(hour=14, minute=20 + number)
        rng = Random(f"{self._seed}:event:{number}")
        file = documents.event_list(visitors, rng, number=number)

        def import_list(now: datetime) -> None:
            result = self._import("leads", file, channel="page", actor=cora, now=now)
            for outcome in result.outcomes:
                if 0 < outcome.row - 1 <= len(visitors):
                    self._taken(outcome, visitors[outcome.row - 2], now)

        if number == 1:
            self._expect_mistake(visitors, at)
        self.story.at(at, import_list)

    def _expect_mistake(self, visitors: Sequence[Arrival], at: datetime) -> None:
        """The list is uploaded with the stores mixed up, taken back, and uploaded again as it should be."""
        cora = self.cast.named("cora")
        stores = [one.dealer for one in visitors]
        mixed = [replace(one, dealer=dealer) for one, dealer in zip(visitors, [*stores[1:], stores[0]], strict=True)]
        rng = Random(f"{self._seed}:mistake")
        file = documents.event_list(mixed, rng, number=1)

        def import_wrong(now: datetime) -> None:
            draft = SourceFile(name="event-01-draft.csv", content=file.content)
            batch = self._import("leads", draft, channel="page", actor=cora, now=now)

            def undo(then: datetime) -> None:
                reason = "Wrong list: the stores had slipped by one row."
                self.story.do(undo_import, batch_id=batch.batch_id, reason=reason, actor=cora, now=then)

            self.story.at(now + timedelta(minutes=4), undo)

        self.story.at(at - timedelta(minutes=12), import_wrong)

    def _import(self, kind: str, file: SourceFile, *, channel: str, actor: Any, now: datetime) -> BatchResult:
        mapping = self._event if kind == "leads" else None
        done: BatchResult = self.story.do(
            run_import, kind=kind, files=[file], mapping=mapping, channel=channel, actor=actor, now=now
        )
        return done

    # ---- what becomes of it ----------------------------------------------------------------------------------------
    def _taken(self, outcome: RowOutcome, arrival: Arrival, now: datetime) -> None:
        if outcome.outcome == "created" and outcome.item_id is not None:
            self._begin(outcome.item_id, arrival, now)

    def _seen(self, lead_id: int) -> _Seen:
        with reading(self.story.bind) as session:
            row = session.execute(
                select(
                    Lead.status, Lead.dealer_id, Lead.clock_started_at, Lead.first_action_due_at,
                    Lead.first_action_target,
                ).where(Lead.id == lead_id)
            ).one()  # fmt: skip
        return _Seen(*row)

    def _begin(self, lead_id: int, arrival: Arrival, now: datetime) -> None:
        self._known.add(lead_id)
        self.leads.setdefault(arrival.number, lead_id)
        seen = self._seen(lead_id)
        rng = self._rng(arrival, "lead")
        if seen.status == "held":
            self._held(lead_id, arrival, rng, now)
        elif seen.dealer_id is None:
            self._unassigned(lead_id, arrival, rng, seen, now)
        else:
            if arrival.again == "twin" and arrival.repeats in self.leads:
                self._expect_merge(lead_id, self.leads[arrival.repeats], seen.dealer_id, rng, now)
            self._work(lead_id, arrival, rng, seen)

    def _work(self, lead_id: int, arrival: Arrival, rng: Random, seen: _Seen) -> None:
        """Let the dealer's people work a lead, and the sweep watch them."""
        assert seen.dealer_id is not None
        if seen.clock_started_at is None:
            return
        calendar = self.cast.calendar(seen.dealer_id)
        fresh = Fresh(
            lead_id=lead_id, arrival=arrival, started_at=seen.clock_started_at, target=seen.first_action_target,
            calendar=calendar, style=self.cast.style(seen.dealer_id),
        )  # fmt: skip
        journey = Journey(fresh, rng)
        due = seen.first_action_due_at
        if due is not None and (journey.answers_at is None or journey.answers_at > due):
            self._watch(journey, due, seen.first_action_target, rng)
        self.story.follow(lead_id, journey.moves())

    def _warn(self, now: datetime) -> None:
        run_warnings(self.story.bind, now=now)

    def _sweep(self, now: datetime) -> None:
        run_breaches(self.story.bind, now=now)

    def _watch(self, journey: Journey, due: datetime, target: int, rng: Random) -> None:
        """What the sweep does about a lead that is answered late or never."""
        lead = journey.lead
        if self.story.until - lead.started_at < timedelta(days=WARNED_DAYS):
            for share in (0.5, 0.8):
                at = due_at(lead.calendar, lead.started_at, int(target * share) + 1)
                self.story.at(at, self._warn)
        missed = due + timedelta(seconds=rng.randint(61, 180))
        self.story.at(missed, self._sweep)
        if journey.answers_at is None and not lead.arrival.is_forgotten and rng.random() < 0.65:
            self.story.follow(lead.lead_id, journey.rescued(missed))

    def _unassigned(self, lead_id: int, arrival: Arrival, rng: Random, seen: _Seen, now: datetime) -> None:
        """The coordinator finds somebody for a lead the rules had nobody for, or proves that nobody can serve it."""
        desk = self.cast.calendar(None)
        at = _in_hours(desk, now + timedelta(hours=rng.uniform(0.4, 7)), rng)
        if seen.first_action_due_at is not None and at > seen.first_action_due_at:
            self.story.at(seen.first_action_due_at + timedelta(minutes=2), self._sweep)
        if arrival.kind in ("abroad", "test", "fake"):
            self.story.follow(lead_id, _turned_down(arrival, at, rng))
            return
        dealer_id = self.dealer_id(arrival) or self.cast.nearest(arrival.buyer.postal_code, arrival.buyer.state)
        note = "The customer is willing to travel; nearest dealer." if not arrival.dealer else "As the sender meant it."

        def assign(then: datetime) -> None:
            move = Move(at=then, step="assign", by="desk", inputs={"dealer_id": dealer_id, "note": note})
            self.story.follow(lead_id, iter((move,)))
            # The move is played first: both wait for the same moment, in this order.
            self.story.at(then, lambda _: self._work_if_given(lead_id, arrival, rng))

        self.story.at(at, assign)

    def _work_if_given(self, lead_id: int, arrival: Arrival, rng: Random) -> None:
        seen = self._seen(lead_id)
        if seen.dealer_id is not None and seen.status == "assigned":
            self._work(lead_id, arrival, rng, seen)

    def _held(self, lead_id: int, arrival: Arrival, rng: Random, now: datetime) -> None:
        """The coordinator asks the sender for a number; some never answer."""
        at = _in_hours(self.cast.calendar(None), now + timedelta(hours=rng.uniform(3, 40)), rng)
        fate = rng.random()
        if fate < 0.3:
            inputs = {"reason": "fake", "note": "The sender has no number either; nobody of this name is known."}
            self.story.follow(lead_id, iter((Move(at=at, step="mark_bad", by="desk", inputs=inputs),)))
        elif fate < 0.85:

            def release(then: datetime) -> None:
                inputs = {"phone": arrival.buyer.phone, "note": "The sender gave us the number."}
                self.story.follow(lead_id, iter((Move(at=then, step="release", by="desk", inputs=inputs),)))
                self.story.at(then, lambda _: self._released(lead_id, arrival, rng, then))

            self.story.at(at, release)

    def _released(self, lead_id: int, arrival: Arrival, rng: Random, now: datetime) -> None:
        seen = self._seen(lead_id)
        if seen.dealer_id is not None:
            self._work_if_given(lead_id, arrival, rng)
        elif seen.status == "new":
            self._unassigned(lead_id, arrival, rng, seen, now)

    def _expect_merge(self, twin_id: int, original_id: int, dealer_id: int, rng: Random, now: datetime) -> None:
        manager = self.cast.manager(dealer_id)
        at = _in_hours(self.cast.calendar(dealer_id), now + timedelta(hours=rng.uniform(0.5, 20)), rng)

        def notice(then: datetime) -> None:
            with reading(self.story.bind) as session:
                version = _mergeable(session, twin_id, original_id)
            if version is not None:
                note = "Same person under another spelling, confirmed on the telephone."
                self.story.do(
                    merge, item_id=twin_id, seen_version=version, into_id=original_id, note=note, actor=manager,
                    now=then,
                )  # fmt: skip

        self.story.at(at, notice)


def _mergeable(session: Session, twin_id: int, original_id: int) -> int | None:
    """The version of the twin when it still can be merged into the original, else None."""
    columns = (Lead.id, Lead.status, Lead.dealer_id, Lead.version)
    rows = {row.id: row for row in session.execute(select(*columns).where(Lead.id.in_((twin_id, original_id))))}
    if len(rows) != 2:
        return None
    twin, original = rows[twin_id], rows[original_id]
    fits = twin.status in FLOW.step("merge").sources and original.status not in ("bad", "duplicate")
    return int(twin.version) if fits and twin.dealer_id == original.dealer_id else None


def _turned_down(arrival: Arrival, at: datetime, rng: Random) -> Iterator[Move]:
    if arrival.kind == "test":
        inputs = {"reason": "test", "note": "The comment says it is a test."}
        yield Move(at=at, step="mark_bad", by="desk", inputs=inputs)
        return
    inputs = {"kind": "email", "outcome": "sent", "note": "Asked where the vehicle is to be used."}
    yield Move(at=at, step="log_activity", by="desk", inputs=inputs)
    at += timedelta(hours=rng.uniform(0.3, 1.5))
    reason = "out_of_market" if arrival.kind == "abroad" else "fake"
    note = sentences.ABROAD if arrival.kind == "abroad" else sentences.FAKE
    yield Move(at=at, step="mark_bad", by="desk", inputs={"reason": reason, "note": note})


def _in_hours(calendar: Any, at: datetime, rng: Random) -> datetime:
    """The moment itself when somebody is there, else some minutes after the next opening."""
    if is_open(calendar, at):
        return at
    opened: datetime = next_opening(calendar, at)
    return opened + timedelta(minutes=rng.randint(3, 90))
