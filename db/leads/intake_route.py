"""Routing a lead in the database: the facts for the pure rules, the turn taken, and the clock started (2.2 A-C)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.contact import name_key
from db.core.geo import place_of
from db.leads import intake_facts as facts
from db.leads.adf_draft import LeadDraft
from db.leads.clock import start_clock
from db.leads.intake_batch import IntakeBatch
from db.leads.intake_known import KnownLead
from db.leads.network import NamedDealer
from db.leads.product_lines import brand_of
from db.leads.routing import Decision, LeadFacts, decide
from db.leads.routing_policy import Policy
from db.leads.rules import first_action_target
from db.leads.tables import Lead, LeadVehicle


def lead_facts(draft: LeadDraft, named: NamedDealer, *, policy: Policy, follows: KnownLead | None = None) -> LeadFacts:
    """What routing has to know of a draft. Without a dealer named, a person we know stays with the dealer they have."""
    wanted = draft.wanted
    brand = brand_of(wanted.make) if wanted else ""
    is_used = wanted is not None and wanted.status == "used"
    dealer_id, by = named.dealer_id, named.by
    if dealer_id is None and not named.text and follows is not None and policy.stay_with_dealer:
        dealer_id, by = follows.dealer_id, f"the customer's earlier lead {follows.number}"
    return LeadFacts(
        named_dealer_id=dealer_id, named_by=by, named_text=named.text if named.dealer_id is None else "",
        brand="" if is_used and not policy.used_cars_need_brand else name_key(brand), brand_label=brand,
        is_new=wanted is not None and wanted.status == "new" and wanted.status_raw is not None,
        postal=facts.postal_of(draft), place=facts.place(draft),
    )  # fmt: skip


def choose(batch: IntakeBatch, lead: LeadFacts) -> Decision:
    """Decide, and take the turn: the next lead of this batch sees it."""
    decision = decide(lead, batch.network, batch.policy, load=batch.load, credits=batch.turns)
    if decision.pool:
        batch.turns.set(decision.pool, decision.credits)
    if decision.dealer is not None:
        batch.load.add(decision.dealer.id)
    return decision


def clock_columns(
    batch: IntakeBatch, *, dealer_id: int | None, score: int, status: str, routed_at: datetime | None,
    received_at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Clock, due time and next step of a lead that starts to be worked: from routing on, else from its arrival."""
    started_at = routed_at or received_at
    # Leads of one file mostly start together, so each dealer's due times are worked out once for each target.
    key = (dealer_id, started_at, received_at, first_action_target(score, batch.promises))
    values = batch.clocks.get(key)
    if values is None:
        values = batch.clocks[key] = start_clock(
            batch.session, dealer_id=dealer_id, score=score, started_at=started_at, received_at=received_at,
            policy=batch.promises, calendar=batch.calendar(dealer_id),
        )  # fmt: skip
    # A calendar that is never open promises nothing in working time; the wall clock still does.
    due = values["first_action_due_at"] or values["wall_due_at"]
    step = "Call or write to the customer" if status != "new" else "Assign a dealer"
    return {**values, "due_at": due, "next_step": step}


def stored_facts(session: Session, lead: Lead, *, batch: IntakeBatch, exclude: Collection[int] = ()) -> LeadFacts:
    """What routing has to know of a lead as it is stored."""
    wanted = session.execute(
        select(LeadVehicle.condition, LeadVehicle.details)
        .where(LeadVehicle.lead_id == lead.id, LeadVehicle.role == "wanted")
        .order_by(LeadVehicle.position)
        .limit(1)
    ).first()
    return facts_of_row(lead, wanted, policy=batch.policy, exclude=frozenset(exclude))


def facts_of_row(row: Any, wanted: Any, *, policy: Policy, exclude: frozenset[int] = frozenset()) -> LeadFacts:
    """The same from columns already read: `row` has brand, postal_code, state, vendor_name, details."""
    is_used = wanted is not None and wanted.condition == "used"
    named = row.details.get("named_dealer_id")
    address = row.details.get("address", {})
    country = address.get("country") or address.get("country_raw") or ""
    return LeadFacts(
        named_dealer_id=named, named_by=row.details.get("named_by", ""),
        named_text="" if named else row.vendor_name,
        brand="" if is_used and not policy.used_cars_need_brand else name_key(row.brand), brand_label=row.brand,
        is_new=wanted is not None and wanted.condition == "new" and bool(wanted.details.get("status_raw")),
        postal=row.postal_code, place=place_of(row.postal_code, row.state, country), excluded=exclude,
    )  # fmt: skip
