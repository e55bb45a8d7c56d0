"""The leads an arrival may be a duplicate of, looked up by every key at once (domain-rules 2.2 D)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING
from db.customers.commands import CustomerBook
from db.customers.queries import keys_of
from db.leads.duplicates import Arrival, Known, VehicleFacts
from db.leads.intake_facts import external_key, vendor_key
from db.leads.tables import Lead, LeadKey, LeadVehicle

_CHUNK: Final = 500
_MOST_LEADS_A_PERSON: Final = 50


@dataclass(frozen=True, kw_only=True)
class KnownLead(Known):
    """A known lead with what intake needs beside the comparison."""

    customer_id: int
    dealer_id: int | None
    is_sold: bool = False


class KnownLeads:
    """Leads by external number, content hash and personal key; new ones of this batch are added as they come."""

    def __init__(self, session: Session, customers: CustomerBook) -> None:
        self._session, self._customers = session, customers
        self._leads: dict[int, KnownLead] = {}
        self._by_key: dict[str, set[int]] = {}
        self._asked: set[str] = set()
        self._keys_of: dict[int, tuple[Arrival, set[str]]] = {}

    @staticmethod
    def _keys(arrival: Arrival) -> set[str]:
        return {
            *(f"external:{external_key(source, number)}" for source, number in arrival.external_ids),
            f"content:{arrival.content_hash}",
            *arrival.keys,
        }

    def prefetch(self, arrivals: Iterable[Arrival]) -> None:
        """Read every lead that shares a key with any of these, in a few queries."""
        for arrival in arrivals:
            self._keys_of[id(arrival)] = arrival, self._keys(arrival)
        self._read({key for _, keys in self._keys_of.values() for key in keys})

    def _read(self, keys: set[str]) -> None:
        if keys <= self._asked:
            return
        new = keys - self._asked
        self._asked |= new
        ids = self._leads_with(new) - self._leads.keys()
        if ids:
            self._load(ids)

    def find(self, arrival: Arrival) -> list[KnownLead]:
        """The leads that share a key, a number or the content with this arrival."""
        known = self._keys_of.pop(id(arrival), None)
        keys = known[1] if known is not None else self._keys(arrival)
        self._read(keys)
        ids = {lead_id for key in keys if key in self._by_key for lead_id in self._by_key[key]}
        return [self._leads[lead_id] for lead_id in sorted(ids)]

    def get(self, lead_id: int) -> KnownLead:
        """A lead found before."""
        return self._leads[lead_id]

    def add(self, lead: KnownLead) -> None:
        """Note a lead, or what has become known about it."""
        self._leads[lead.lead_id] = lead
        for source, number in lead.external_ids:
            self._by_key.setdefault(f"external:{external_key(source, number)}", set()).add(lead.lead_id)
        for content in lead.hashes:
            self._by_key.setdefault(f"content:{content}", set()).add(lead.lead_id)
        for key in lead.keys:
            self._by_key.setdefault(key, set()).add(lead.lead_id)

    def learn(self, lead_id: int, arrival: Arrival, **changes: Any) -> None:
        """Note that a document joined a lead: its numbers, content and keys recognise the lead from now on."""
        lead = self._leads[lead_id]
        self.add(
            dataclasses.replace(
                lead, external_ids=lead.external_ids | arrival.external_ids,
                hashes=lead.hashes | {arrival.content_hash}, keys=lead.keys | arrival.keys, **changes,
            )
        )  # fmt: skip

    def _leads_with(self, keys: set[str]) -> set[int]:
        found: set[int] = set()
        for kind in ("external", "content"):
            values = sorted(key.partition(":")[2] for key in keys if key.startswith(f"{kind}:"))
            for start in range(0, len(values), _CHUNK):
                found.update(
                    self._session.scalars(
                        select(LeadKey.lead_id).where(
                            LeadKey.kind == kind, LeadKey.value.in_(values[start : start + _CHUNK])
                        )
                    )
                )
        personal = [key for key in keys if not key.startswith(("external:", "content:"))]
        customers = sorted(self._customers.holders(personal))
        for start in range(0, len(customers), _CHUNK):
            rows = self._session.execute(
                select(Lead.customer_id, Lead.id)
                .where(Lead.customer_id.in_(customers[start : start + _CHUNK]))
                .order_by(Lead.id.desc())
            )
            counted: dict[int, int] = {}
            for customer_id, lead_id in rows:
                # A switchboard or a tester may have thousands of leads; the newest decide.
                counted[customer_id] = counted.get(customer_id, 0) + 1
                if counted[customer_id] <= _MOST_LEADS_A_PERSON:
                    found.add(lead_id)
        return found

    def _load(self, ids: set[int]) -> None:
        rows: dict[int, Any] = {}
        wanted = set(ids)
        while wanted:
            more = self._rows(wanted)
            rows.update(more)
            # A merged lead speaks for the one it was merged into.
            wanted = {row.duplicate_of_id for row in more.values() if row.duplicate_of_id} - rows.keys()
        keys = keys_of(self._session, {row.customer_id for row in rows.values()}, scope=EVERYTHING)
        numbers, hashes = self._lead_keys(rows)
        vehicles = self._vehicles(rows)
        for lead_id, row in rows.items():
            survivor = row
            while survivor.duplicate_of_id:
                survivor = rows[survivor.duplicate_of_id]
            merged = self._leads.get(survivor.id)
            lead = KnownLead(
                lead_id=survivor.id, number=survivor.number, status=survivor.status, is_open=survivor.is_open,
                received_at=survivor.received_at, external_ids=frozenset(numbers.get(lead_id, ())),
                hashes=frozenset(hashes.get(lead_id, ())), keys=frozenset(keys.get(row.customer_id, ())),
                name=survivor.customer_name, vehicle=vehicles.get(survivor.id, VehicleFacts()),
                dealer_ids=frozenset(i for i in (survivor.dealer_id, survivor.details.get("named_dealer_id")) if i),
                vendor_key=vendor_key(survivor.vendor_name),
                customer_id=survivor.customer_id, dealer_id=survivor.dealer_id, is_sold=survivor.sold_at is not None,
            )  # fmt: skip
            if merged is not None:
                lead = dataclasses.replace(
                    lead, external_ids=lead.external_ids | merged.external_ids, hashes=lead.hashes | merged.hashes,
                    keys=lead.keys | merged.keys,
                )  # fmt: skip
            self.add(lead)

    def _rows(self, ids: set[int]) -> dict[int, Any]:
        columns = (
            Lead.id, Lead.number, Lead.status, Lead.is_open, Lead.received_at, Lead.customer_name, Lead.customer_id,
            Lead.dealer_id, Lead.vendor_name, Lead.details, Lead.sold_at, Lead.duplicate_of_id,
        )  # fmt: skip
        listed, found = sorted(ids), {}
        for start in range(0, len(listed), _CHUNK):
            for row in self._session.execute(select(*columns).where(Lead.id.in_(listed[start : start + _CHUNK]))):
                found[row.id] = row
        return found

    def _lead_keys(self, ids: Iterable[int]) -> tuple[dict[int, set[tuple[str, str]]], dict[int, set[str]]]:
        numbers: dict[int, set[tuple[str, str]]] = {}
        hashes: dict[int, set[str]] = {}
        listed = sorted(ids)
        for start in range(0, len(listed), _CHUNK):
            rows = self._session.execute(
                select(LeadKey.lead_id, LeadKey.kind, LeadKey.value).where(
                    LeadKey.lead_id.in_(listed[start : start + _CHUNK])
                )
            )
            for lead_id, kind, value in rows:
                if kind == "content":
                    hashes.setdefault(lead_id, set()).add(value)
                elif kind == "external":
                    source, _, number = value.partition("|")
                    numbers.setdefault(lead_id, set()).add((source, number))
        return numbers, hashes

    def _vehicles(self, ids: Iterable[int]) -> dict[int, VehicleFacts]:
        found: dict[int, VehicleFacts] = {}
        listed = sorted(ids)
        for start in range(0, len(listed), _CHUNK):
            rows = self._session.execute(
                select(
                    LeadVehicle.lead_id, LeadVehicle.vin, LeadVehicle.stock, LeadVehicle.year, LeadVehicle.make,
                    LeadVehicle.model,
                )
                .where(and_(LeadVehicle.lead_id.in_(listed[start : start + _CHUNK]), LeadVehicle.role == "wanted"))
                .order_by(LeadVehicle.lead_id, LeadVehicle.position.desc())
            )  # fmt: skip
            for row in rows:
                year = int(row.year) if row.year and row.year.isdigit() and len(row.year) == 4 else None
                found[row.lead_id] = VehicleFacts(
                    vin=row.vin or "", stock=row.stock or "", year=year, make=row.make or "", model=row.model or ""
                )
        return found
