"""What intake reads once and writes together within one command: a thousand leads cost little more than one."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.calendar.queries import CalendarBook, calendar_book
from db.calendar.rules import Calendar
from db.core import changes, events
from db.core.actor import Actor
from db.core.insert import insert_many
from db.core.labels import plural
from db.core.numbering import next_ids
from db.core.permissions import Permission, Role
from db.core.search import Word, words_of, write_words
from db.customers.commands import CustomerBook
from db.leads.clock import promises_in_force
from db.leads.duplicates import Arrival
from db.leads.intake_known import KnownLeads
from db.leads.network import DealerNames, Turns, load_network, load_now, policy_in_force
from db.leads.product_lines import list_lines
from db.leads.routing_text import Texts
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle
from db.people.notifications import Note, notify_all
from db.people.queries import people_by_place

_SLOT: Final = "lead_intake"
_CHUNK: Final = 500
_MOST_WORDS: Final = 500_000
_LOCK: Final = 7_306_001
_CHILDREN: Final = (LeadContact, LeadVehicle, LeadKey, LeadActivity)


class IntakeBatch:
    """The network, the policy and the turn lists of this moment, leads known by their keys, and rows still to write."""

    def __init__(self, session: Session, *, actor: Actor, now: datetime, batch_id: int | None) -> None:
        if session.get_bind().dialect.name == "postgresql":
            # Two senders of one lead must see each other, and turns are taken one after the other; SQLite's write
            # lock does the same.
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        self.session, self.actor, self.now, self.batch_id = session, actor, now, batch_id
        self.version, self.policy = policy_in_force(session)
        self.promises = promises_in_force(session)
        self.network = load_network(session, self.policy, now=now)
        self.load = load_now(session, self.network, self.policy, now=now)
        self.names = DealerNames(self.network)
        self.turns = Turns(session)
        self.lines = list_lines(session)
        self.customers = CustomerBook(session)
        self.known = KnownLeads(session, self.customers)
        self.arrivals: dict[int, tuple[Arrival, dict[str, Any]]] = {}
        self.clocks: dict[tuple[int | None, datetime, datetime, int], dict[str, Any]] = {}
        self.texts: Texts = {}
        self._book: CalendarBook | None = None
        self._calendars: dict[int | None, Calendar] = {}
        self._ids: deque[int] = deque()
        self._last = 0
        self._leads: list[dict[str, Any]] = []
        self._waiting: set[int] = set()
        self._children: dict[type[Any], list[dict[str, Any]]] = {table: [] for table in _CHILDREN}
        self._words: list[Word] = []
        self._assigned: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self._unassigned: list[tuple[dict[str, Any], str]] = []

    def calendar(self, dealer_id: int | None) -> Calendar:
        """The working calendar a dealer's promises follow, read once."""
        if dealer_id not in self._calendars:
            dealer = self.network.by_id.get(dealer_id) if dealer_id is not None else None
            if self._book is None:
                self._book = calendar_book(self.session)
                self._calendars[None] = self._book.get(None, None)
            if dealer is not None:
                self._calendars[dealer_id] = self._book.get(dealer.calendar_id, dealer.zone)
        return self._calendars[dealer_id]

    def expect(self, count: int) -> None:
        """Put by ids for that many new leads."""
        if len(self._ids) < count:
            self._ids += next_ids(self.session, Lead, item_type="lead", count=count - len(self._ids), after=self._last)
            self._last = self._ids[-1]

    def new_id(self) -> int:
        """The id of the next lead."""
        self.expect(1)
        return self._ids.popleft()

    def is_waiting(self, lead_id: int) -> bool:
        """Whether a lead was made in this batch and is not written yet."""
        return lead_id in self._waiting

    def add_lead(self, values: dict[str, Any], texts: Sequence[str | None]) -> None:
        """Write a lead with the next flush; the search box finds it by `texts`."""
        self._leads.append(values)
        self._waiting.add(values["id"])
        self.add_words(values["id"], texts, dealer_id=values["dealer_id"], region=values["region"])

    def add_words(
        self, lead_id: int, texts: Sequence[str | None], *, dealer_id: int | None, region: str | None
    ) -> None:
        """Let the search box find a lead by these texts."""
        self._words += [(word, "lead", lead_id, dealer_id, region) for word in words_of(*texts)]

    def add_children(self, table: type[Any], lead_id: int, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows that hang on a lead with the next flush; they are the batch's from now on."""
        for row in rows:
            row["lead_id"] = lead_id
        self._children[table] += rows

    def tell_assigned(self, values: dict[str, Any]) -> None:
        """Tell the dealer's people of a new lead when the batch ends."""
        self._assigned[values["dealer_id"]].append(values)

    def tell_unassigned(self, values: dict[str, Any], why: str) -> None:
        """Tell the desk of a lead that found no dealer when the batch ends: never silently unassigned (2.2 C 7)."""
        self._unassigned.append((values, why))

    def flush(self, *, words: bool = True) -> None:
        """Write everything that waits, in the order the references need.

        The words of the search box may wait longer (`words`): they are cheapest all at once, and nobody looks for them
        before the batch ends, but for who moves a customer.
        """
        self._words += self.customers.take_words()
        self.customers.flush()
        insert_many(self.session, Lead, self._leads)
        for table, rows in self._children.items():
            insert_many(self.session, table, rows)
        if words or len(self._words) > _MOST_WORDS:
            write_words(self.session, self._words)
            self._words.clear()
        self.turns.flush()
        arrived = tuple(values["id"] for values in self._leads)
        event = events.Event(name="leads.arrived", item_type="lead", item_ids=arrived)
        events.tell(self.session, event, actor=self.actor, now=self.now)
        for waiting in (self._leads, *self._children.values()):
            waiting.clear()
        self._waiting.clear()

    def finish(self) -> None:
        """Write the rest and tell the people concerned: one line a dealer, however many leads it was given."""
        self.flush()
        changes.touch(self.session, "leads", "customers")
        groups = [
            _Told(
                leads=leads, role=(Role.DEALER_STAFF, Role.DEALER_MANAGER), permission=Permission.LEADS_WORK,
                kind="assigned", one="{number} was assigned to you", many="{count} were assigned to you",
                dealer_id=dealer_id,
                body=" · ".join(part for part in (leads[0]["wants"], leads[0]["source"]) if part),
            )
            for dealer_id, leads in sorted(self._assigned.items())
        ]  # fmt: skip
        if self._unassigned:
            groups.append(
                _Told(
                    leads=[values for values, _ in self._unassigned], role=(Role.COORDINATOR, Role.MANAGER),
                    permission=Permission.LEADS_ASSIGN, kind="unassigned", one="{number} has no dealer yet",
                    many="{count} have no dealer yet", dealer_id=None, body=self._unassigned[0][1],
                )
            )  # fmt: skip
        self._notify(groups)
        self._assigned.clear()
        self._unassigned.clear()

    def _notify(self, groups: Sequence[_Told]) -> None:
        first = self._places([group.leads[0]["id"] for group in groups])
        people: dict[tuple[str, int], list[int]] = {}
        for kind, same in groupby(groups, key=lambda group: group.kind):
            told = list(same)
            places = {group.leads[0]["id"]: first[group.leads[0]["id"]] for group in told}
            reached = people_by_place(
                self.session, places=set(places.values()), permission=told[0].permission, roles=told[0].role
            )
            people |= {(kind, lead_id): reached[place] for lead_id, place in places.items()}
        notes = [
            group.note([i for i in people[group.kind, group.leads[0]["id"]] if i != self.actor.user_id])
            for group in groups
        ]
        notify_all(self.session, notes, now=self.now)

    def _places(self, lead_ids: Sequence[int]) -> dict[int, tuple[int | None, str | None]]:
        """Dealer and region of leads as they are now: a document that joined one may have moved it."""
        found: dict[int, tuple[int | None, str | None]] = {}
        for start in range(0, len(lead_ids), _CHUNK):
            rows = self.session.execute(
                select(Lead.id, Lead.dealer_id, Lead.region).where(Lead.id.in_(lead_ids[start : start + _CHUNK]))
            )
            found |= {lead_id: (dealer_id, region) for lead_id, dealer_id, region in rows}
        return found


@dataclass(frozen=True, kw_only=True)
class _Told:
    """Leads that the same people are told of in one line."""

    leads: Sequence[dict[str, Any]]
    role: Sequence[Role]
    permission: Permission
    kind: str
    one: str
    many: str
    dealer_id: int | None
    body: str

    def note(self, person_ids: Sequence[int]) -> Note:
        """The line and its mail."""
        leads, number = self.leads, self.leads[0]["number"]
        title, body = self.one.format(number=number), self.body
        if len(leads) > 1:
            title = self.many.format(count=plural(len(leads), "lead"))
            body = ", ".join(values["number"] for values in leads[:10])
            body += f" and {len(leads) - 10} more" if len(leads) > 10 else ""
        return Note(
            person_ids=person_ids, kind=self.kind, title=title, body=body, item_type="lead", item_id=leads[0]["id"],
            dedupe_key=f"lead:{leads[0]['id']}:{self.kind}:arrival:{self.dealer_id or 0}", mail=True,
        )  # fmt: skip


@contextmanager
def intake_batch(
    session: Session, *, actor: Actor, now: datetime, batch_id: int | None = None
) -> Iterator[IntakeBatch]:
    """The batch of this command; within another one the outer batch goes on, and only the outermost end writes."""
    outer: IntakeBatch | None = session.info.get(_SLOT)
    if outer is not None:
        yield outer
        return
    batch = session.info[_SLOT] = IntakeBatch(session, actor=actor, now=now, batch_id=batch_id)
    try:
        yield batch
        batch.finish()
    finally:
        session.info.pop(_SLOT, None)
