"""The leads of one customer, and what the lead desk keeps of customers (domain-rules 2.11: retention and purge)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, true, update
from sqlalchemy.orm import Session

from db.core import search
from db.core.actor import Actor
from db.core.area import PersonalData
from db.core.permissions import Permission
from db.customers.holders import open_and_newest
from db.customers.retention_rules import REMOVED
from db.leads.flow import FLOW
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadVehicle
from db.people.notifications import forget

MOST = 100


@dataclass(frozen=True, kw_only=True)
class CustomerLead:
    """One lead of a customer as its page lists it."""

    lead_id: int
    number: str
    status: str
    tone: str
    wants: str
    source: str
    received_at: datetime
    is_open: bool


def leads_of_customer(session: Session, *, customer_id: int, actor: Actor) -> list[CustomerLead]:
    """The leads of a customer within this person's scope, newest first; nothing for who may not see leads."""
    if not actor.can(Permission.LEADS_VIEW):
        return []
    rows = session.execute(
        select(Lead.id, Lead.number, Lead.status, Lead.wants, Lead.source, Lead.received_at, Lead.is_open)
        .where(Lead.customer_id == customer_id, actor.scope.where(Lead.dealer_id, Lead.region))
        .order_by(Lead.received_at.desc(), Lead.id.desc())
        .limit(MOST)
    )
    return [
        CustomerLead(
            lead_id=row.id, number=row.number, status=FLOW.state(row.status).label, tone=FLOW.state(row.status).tone,
            wants=row.wants, source=row.source, received_at=row.received_at, is_open=row.is_open,
        )
        for row in rows
    ]  # fmt: skip


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    return open_and_newest(session, Lead, Lead.last_activity_at, customer_ids=customer_ids)


def _keeps(customer_id: Any, *, cutoff: datetime) -> ColumnElement[bool]:
    return exists().where(
        Lead.customer_id == customer_id, or_(Lead.is_open == true(), Lead.last_activity_at >= cutoff)
    )  # fmt: skip


def _anonymise(session: Session, *, customer_ids: Sequence[int], now: datetime) -> None:
    """Names, contacts, words and serial numbers go. What the rollups count stays: stamps, state, source, product."""
    quiet = {"synchronize_session": False}
    leads = session.execute(
        select(Lead.id, Lead.number, Lead.dealer_id, Lead.region, Lead.score_parts, Lead.details).where(
            Lead.customer_id.in_(customer_ids)
        )
    ).all()
    ids = [lead.id for lead in leads]
    session.execute(delete(LeadContact).where(LeadContact.lead_id.in_(ids)).execution_options(**quiet))
    session.execute(
        update(LeadActivity).where(LeadActivity.lead_id.in_(ids)).values(note="").execution_options(**quiet)
    )  # fmt: skip
    session.execute(
        update(LeadVehicle).where(LeadVehicle.lead_id.in_(ids)).values(vin=None, details={}).execution_options(**quiet)
    )
    forget(session, "lead", ids)
    for lead in leads:
        kept = {name: value for name, value in lead.details.items() if name in ("product", "merge")}
        session.execute(
            update(Lead)
            .where(Lead.id == lead.id)
            .values(
                customer_name=REMOVED, postal_code="", comments="", question="", close_note="", details=kept,
                score_parts=[{**part, "why": ""} for part in lead.score_parts], warnings=[],
                updated_at=now, version=Lead.version + 1,
            )
            .execution_options(**quiet)
        )  # fmt: skip
        search.index(
            session, kind="lead", item_id=lead.id, texts=[lead.number], dealer_id=lead.dealer_id, region=lead.region
        )


HELD = PersonalData(name="leads", facts=_facts, keeps=_keeps, anonymise=_anonymise)
