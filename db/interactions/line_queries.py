"""The lines contacts and messages add to the one timeline of a customer, and the contacts as rows to take away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.area import CustomerLine, CustomerSource
from db.core.export_files import ExportColumn
from db.core.masking import HIDDEN, mask_name
from db.core.permissions import Permission
from db.customers.record import number
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.interactions.queries import list_messages
from db.interactions.record import KINDS, label_of, sees_texts
from db.interactions.rules import CHANNELS
from db.interactions.tables import Interaction
from db.leads.flow import CONTACT_ICONS, OUTCOMES
from db.leads.tables import Lead, LeadActivity

CHUNK = 500
AUTOMATIC = ("Automatic", "gray")


def contact_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """Contacts with the customer that belong to no lead, of this person's dealers."""
    rows = session.scalars(
        select(Interaction)
        .where(Interaction.customer_id == customer_id)
        .where(actor.scope.where(Interaction.dealer_id, Interaction.region))
        .order_by(Interaction.at.desc(), Interaction.id.desc())
        .limit(limit)
    )
    personal = sees_texts(actor)
    return [
        CustomerLine(
            at=row.at, title=label_of(row.kind, row.outcome), by=row.by,
            note=row.note if personal or not row.note else HIDDEN,
            icon=CONTACT_ICONS.get(row.kind, ":material/circle:"),
            badges=(AUTOMATIC,) if row.outcome == "template" else (),
        )
        for row in rows
    ]  # fmt: skip


def message_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """What became of each e-mail: when it went out, that it waits, or why it could not be delivered."""
    lines = []
    for one in list_messages(session, customer_id=customer_id, actor=actor, limit=limit):
        if one.delivery is None:
            continue
        title = {
            "sent": "E-mail delivered", "waiting": "E-mail waits to be sent", "failed": "E-mail could not be delivered",
        }.get(one.delivery.state)  # fmt: skip
        if title is None:
            continue
        lines.append(
            CustomerLine(
                at=one.sent_at or one.at, title=title, by=one.by,
                note=" · ".join(part for part in (one.subject, one.delivery.words) if part),
                icon=":material/outgoing_mail:", badges=((one.delivery.label, one.delivery.tone),),
                page="pages/leads/lead.py" if one.lead_id else "",
                query={"lead": str(one.lead_id)} if one.lead_id else {},
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: line.at, reverse=True)


SOURCES = (
    CustomerSource(name="interactions", label="Contacts", permission=Permission.CUSTOMERS_VIEW, lines=contact_lines),
    CustomerSource(name="messages", label="Messages", permission=Permission.CUSTOMERS_VIEW, lines=message_lines),
)

# ---- export --------------------------------------------------------------------------------------------------------
COLUMNS = (
    ExportColumn(name="at", label="When", kind="datetime"),
    ExportColumn(name="dealer_code", label="Dealer code"),
    ExportColumn(name="customer", label="Customer"),
    ExportColumn(name="name", label="Name"),
    ExportColumn(name="lead", label="Lead"),
    ExportColumn(name="kind", label="Kind"),
    ExportColumn(name="direction", label="Direction"),
    ExportColumn(name="outcome", label="Outcome"),
    ExportColumn(name="counts", label="Stopped a clock"),
    ExportColumn(name="note", label="Note"),
    ExportColumn(name="by", label="By"),
)
DIRECTIONS = {"out": "To the customer", "in": "From the customer", "internal": "Internal"}


def export_rows(
    session: Session, *, actor: Actor, scope: Scope, filters: Mapping[str, Any], now: datetime
) -> Iterator[tuple[Any, ...]]:
    """One tuple a contact in the order of `COLUMNS`: those of leads, then those of customers, each oldest first.

    Read in pieces. Without personal_data.view names are initials and texts hidden, as on the screens.
    """
    actor.require(Permission.EXPORT_RUN)
    dealer_id = int(filters["dealer_id"]) if filters.get("dealer_id") else None
    if actor.can(Permission.LEADS_VIEW):
        yield from _of_leads(session, scope, dealer_id, personal=sees_texts(actor))
    yield from _of_customers(session, scope, dealer_id, personal=sees_texts(actor))


def _of_leads(session: Session, scope: Scope, dealer_id: int | None, *, personal: bool) -> Iterator[tuple[Any, ...]]:
    query = (
        select(LeadActivity, Lead.number, Lead.customer_id, Lead.customer_name, Dealer.code)
        .join(Lead, Lead.id == LeadActivity.lead_id)
        .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
        .where(LeadActivity.kind.in_(sorted(KINDS)), scope.where(Lead.dealer_id, Lead.region))
        .order_by(LeadActivity.id)
        .limit(CHUNK)
    )
    if dealer_id is not None:
        query = query.where(Lead.dealer_id == dealer_id)
    last = 0
    while rows := session.execute(query.where(LeadActivity.id > last)).all():
        last = rows[-1][0].id
        for one, lead, customer_id, name, code in rows:
            counts = "yes" if one.is_first_action or one.is_quality else ""
            yield _row(one, code, customer_id, name, lead=lead, counts=counts, personal=personal)
        session.expunge_all()


def _of_customers(
    session: Session, scope: Scope, dealer_id: int | None, *, personal: bool
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    query = (
        select(Interaction, Customer.name, Dealer.code)
        .join(Customer, Customer.id == Interaction.customer_id)
        .outerjoin(Dealer, Dealer.id == Interaction.dealer_id)
        .where(scope.where(Interaction.dealer_id, Interaction.region))
        .order_by(Interaction.id)
        .limit(CHUNK)
    )
    if dealer_id is not None:
        query = query.where(Interaction.dealer_id == dealer_id)
    last = 0
    while rows := session.execute(query.where(Interaction.id > last)).all():
        last = rows[-1][0].id
        for one, name, code in rows:
            yield _row(one, code, one.customer_id, name, personal=personal)
        session.expunge_all()


def _row(
    one: LeadActivity | Interaction, code: str | None, customer_id: int, name: str, *, lead: str = "",
    counts: str = "", personal: bool,
) -> tuple[Any, ...]:  # fmt: skip
    words = dict(OUTCOMES.get(one.kind, ())).get(one.outcome, one.outcome)
    return (
        one.at, code or "", number(customer_id), name if personal else mask_name(name), lead,
        KINDS.get(one.kind, CHANNELS.get(one.kind, one.kind)), DIRECTIONS.get(one.direction, one.direction), words,
        counts, one.note if personal or not one.note else HIDDEN, one.by,
    )  # fmt: skip
