"""Storing a reported sale: its row, its papers, the dealer as it is today, and what is known of the vehicle."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor, Scope
from db.core.insert import insert_or_ignore
from db.core.numbering import next_ids
from db.core.problems import Problem, Refused
from db.customers import record
from db.customers.tables import Customer
from db.customers.vehicle_record import seen_by
from db.customers.vehicle_tables import Ownership, Vehicle
from db.dealers.tables import Dealer
from db.incentives.entry_rules import COLUMNS, SaleDraft, sale_key
from db.incentives.say_rules import sale_number
from db.incentives.tables import SaleDocument, SaleReport
from db.terms.queries import tiers_on

KIND = "sale"
_TIERS = "incentive_tiers"
MOST_EARLIER = 20


def number_of(sale_id: int) -> str:
    """How a sale is called."""
    return sale_number(sale_id)


def tier_on(session: Session, dealer: Dealer, day: date) -> str:
    """The dealer's tier on a day; empty where it has none. Asked once a session: a file has many sales of one day."""
    kept: dict[tuple[int, date], str] = session.info.setdefault(_TIERS, {})
    if (dealer.id, day) not in kept:
        scope = Scope("dealers", dealer_ids=frozenset({dealer.id}))
        kept[dealer.id, day] = tiers_on(session, scope=scope, on=day).get(dealer.id, "")
    return kept[dealer.id, day]


def dealer_facts(session: Session, dealer: Dealer, day: date) -> dict[str, str]:
    """What a sale keeps of its dealer, so that what was earned does not change with the dealer."""
    return {
        "dealer_status": dealer.status, "dealer_region": dealer.region, "dealer_tier": tier_on(session, dealer, day),
    }  # fmt: skip


def known_vehicle(session: Session, vin: str, *, actor: Actor) -> Vehicle | None:
    """The vehicle of a VIN where this actor may see it (decision 0031)."""
    return session.scalars(select(Vehicle).where(Vehicle.vin == vin, seen_by(actor.scope))).one_or_none()


def with_vehicle(session: Session, draft: SaleDraft, *, actor: Actor) -> tuple[SaleDraft, int | None]:
    """The draft with what is known of its vehicle filled in where nothing was typed, and the vehicle's id."""
    vehicle = known_vehicle(session, draft.vin, actor=actor)
    return (draft, None) if vehicle is None else (filled(draft, vehicle), vehicle.id)


def filled(draft: SaleDraft, vehicle: Vehicle) -> SaleDraft:
    """The draft with what is known of its vehicle where nothing was typed."""
    return replace(
        draft, make=draft.make or vehicle.make, model=draft.model or vehicle.model, year=draft.year or vehicle.year,
        trim=draft.trim or vehicle.trim,
    )  # fmt: skip


def is_customer_of(session: Session, customer_id: int, dealer: Dealer) -> bool:
    """Whether a customer is one of this dealer's, and still on file."""
    standing = (Customer.merged_into_id.is_(None), Customer.purged_at.is_(None))
    return session.scalar(select(Customer.dealer_id).where(Customer.id == customer_id, *standing)) == dealer.id


def of_customer(draft: SaleDraft, customer_id: int) -> SaleDraft:
    """The draft of a sale to a customer on file: his number where none was typed; his name stands with him alone."""
    return replace(draft, customer_ref=draft.customer_ref or record.number(customer_id), customer_name="")


def earlier_of(session: Session, customer_id: int | None, *, vin: str, before: date) -> list[dict[str, Any]]:
    """What a customer had before a day besides this vehicle, the newest first; kept with the sale (decision 0054)."""
    if customer_id is None:
        return []
    rows = session.execute(
        select(Vehicle.make, Vehicle.model, Vehicle.year, Ownership.since, Ownership.until)
        .join(Vehicle, Vehicle.id == Ownership.vehicle_id)
        .where(Ownership.customer_id == customer_id, Ownership.since < before, Vehicle.vin != vin, Vehicle.make != "")
        .order_by(Ownership.since.desc(), Ownership.id.desc())
        .limit(MOST_EARLIER)
    )
    return [
        {
            "make": make, "model": model, "year": year, "since": since.isoformat(),
            "until": until.isoformat() if until is not None and until <= before else None,
        }
        for make, model, year, since, until in rows
    ]  # fmt: skip


def columns_of(draft: SaleDraft) -> dict[str, object]:
    """The columns of a draft."""
    return {name: getattr(draft, name) for name in COLUMNS} | {"certificates": list(draft.certificates)}


def add_sale(
    session: Session, draft: SaleDraft, dealer: Dealer, *, form_key: str | None, reported_on: date | None,
    customer_id: int | None, external_number: str | None, batch_id: int | None, actor: Actor, now: datetime,
) -> SaleReport:  # fmt: skip
    """Write a new sale; refused (`duplicate`) when this vehicle is sold already."""
    draft, vehicle_id = with_vehicle(session, draft, actor=actor)
    day = draft.delivered_on or draft.contract_on
    assert day is not None
    if customer_id is not None:
        draft = of_customer(draft, customer_id)
    (sale_id,) = next_ids(session, SaleReport, item_type=KIND, count=1)
    values = {
        **columns_of(draft), **dealer_facts(session, dealer, day), "id": sale_id, "number": number_of(sale_id),
        "dealer_id": dealer.id, "region": dealer.region, "sale_key": sale_key(draft.vin, draft.condition, day),
        "vehicle_id": vehicle_id, "customer_id": customer_id, "unwound_reason": "", "version": 1,
        "reported_on": reported_on if draft.delivered_on else None, "external_number": external_number,
        "username": actor.username, "created_at": now, "updated_at": now, "updated_by": actor.name,
        "form_key": form_key, "batch_id": batch_id,
        "earlier": earlier_of(session, customer_id, vin=draft.vin, before=day),
    }  # fmt: skip
    if not insert_or_ignore(session, SaleReport, values):
        refuse_duplicate(session, draft, dealer, day)
    sale = session.get_one(SaleReport, sale_id)
    _add_documents(session, sale, draft, actor=actor, now=now)
    index(session, sale, is_new=True)
    return sale


def refuse_duplicate(session: Session, draft: SaleDraft, dealer: Dealer, day: date) -> None:
    """Say which sale of this vehicle stands; another dealer's is not named."""
    other = session.scalars(
        select(SaleReport).where(SaleReport.sale_key == sale_key(draft.vin, draft.condition, day))
    ).one_or_none()
    where = f" with {other.number}" if other is not None and other.dealer_id == dealer.id else ""
    message = f"{draft.vin} is sold already{where}. Unwind that sale first."
    raise Refused(Problem(code="duplicate", field="vin", message=message, rule="I01"))


def store_documents(session: Session, sale: SaleReport, draft: SaleDraft, *, actor: Actor, now: datetime) -> None:
    """Write the papers of a sale anew."""
    session.execute(delete(SaleDocument).where(SaleDocument.sale_id == sale.id))
    _add_documents(session, sale, draft, actor=actor, now=now)


def _add_documents(session: Session, sale: SaleReport, draft: SaleDraft, *, actor: Actor, now: datetime) -> None:
    if draft.documents:
        session.execute(
            insert(SaleDocument),
            [
                {
                    "sale_id": sale.id, "dealer_id": sale.dealer_id, "region": sale.region, "kind": kind,
                    "reference": reference, "added_at": now, "added_by": actor.name,
                }
                for kind, reference in draft.documents
            ],
        )  # fmt: skip


def draft_of(session: Session, sale: SaleReport) -> SaleDraft:
    """A stored sale as what was typed."""
    papers = session.execute(
        select(SaleDocument.kind, SaleDocument.reference)
        .where(SaleDocument.sale_id == sale.id)
        .order_by(SaleDocument.id)
    )
    return SaleDraft(
        **{name: getattr(sale, name) for name in COLUMNS}, certificates=tuple(sale.certificates),
        documents=tuple((kind, reference) for kind, reference in papers),
    )  # fmt: skip


def index(session: Session, sale: SaleReport, *, is_new: bool = False) -> None:
    """Make the sale findable by its number, the VIN and its end."""
    texts = [sale.number, sale.vin, sale.vin[-8:], sale.customer_ref, sale.external_number or ""]
    search.index(
        session, kind=KIND, item_id=sale.id, texts=texts, dealer_id=sale.dealer_id, region=sale.region, is_new=is_new
    )
