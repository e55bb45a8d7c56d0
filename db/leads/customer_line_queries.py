"""The contacts of all leads of a customer as lines of the customer's one timeline (domain-rules 2.2 A, C2)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.area import CustomerLine, CustomerSource
from db.core.masking import HIDDEN
from db.core.permissions import Permission
from db.leads.activities import contact_label
from db.leads.flow import CONTACT_ICONS, FLOW
from db.leads.tables import Lead, LeadActivity


def contact_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """Every contact logged on a lead of this customer within the actor's scope, newest first."""
    rows = session.execute(
        select(LeadActivity, Lead.number)
        .join(Lead, Lead.id == LeadActivity.lead_id)
        .where(Lead.customer_id == customer_id, actor.scope.where(Lead.dealer_id, Lead.region))
        .order_by(LeadActivity.at.desc(), LeadActivity.id.desc())
        .limit(limit)
    )
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    return [
        CustomerLine(
            at=a.at, title=f"{contact_label(a.kind, a.outcome)} · {number}", by=a.by,
            note=a.note if personal or not a.note else HIDDEN, icon=CONTACT_ICONS.get(a.kind, ":material/circle:"),
            badges=_badges(a), page="pages/leads/lead.py", query={"lead": str(a.lead_id)},
        )
        for a, number in rows
    ]  # fmt: skip


def lead_lines(session: Session, *, customer_id: int, actor: Actor, limit: int) -> list[CustomerLine]:
    """When each lead came in, and when it was closed."""
    rows = session.execute(
        select(Lead.id, Lead.number, Lead.status, Lead.wants, Lead.source, Lead.received_at, Lead.closed_at)
        .where(Lead.customer_id == customer_id, actor.scope.where(Lead.dealer_id, Lead.region))
        .order_by(Lead.received_at.desc(), Lead.id.desc())
        .limit(limit)
    ).all()
    lines = [
        CustomerLine(
            at=row.received_at, title=f"Lead {row.number} from {row.source}", note=row.wants,
            icon=":material/person_add:", page="pages/leads/lead.py", query={"lead": str(row.id)},
        )
        for row in rows
    ]  # fmt: skip
    lines += [
        CustomerLine(
            at=row.closed_at, title=f"Lead {row.number} closed", icon=":material/task_alt:",
            badges=((FLOW.state(row.status).label, FLOW.state(row.status).tone),), page="pages/leads/lead.py",
            query={"lead": str(row.id)},
        )
        for row in rows
        if row.closed_at is not None
    ]  # fmt: skip
    return sorted(lines, key=lambda line: line.at, reverse=True)[:limit]


def _badges(activity: LeadActivity) -> tuple[tuple[str, str], ...]:
    found = []
    if activity.is_first_action:
        found.append(("First response", "green"))
    if activity.is_quality:
        found.append(("Answers the question", "green"))
    if activity.outcome == "template":
        found.append(("Automatic", "gray"))
    return tuple(found)


SOURCES = (
    CustomerSource(name="lead_contacts", label="Contacts", permission=Permission.LEADS_VIEW, lines=contact_lines),
    CustomerSource(name="leads", label="Leads", permission=Permission.LEADS_VIEW, lines=lead_lines),
)
