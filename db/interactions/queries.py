"""What is shown of templates and messages: lists, a draft with its values, how each mail stands. Always in a scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, Scope
from db.core.mailer import MOST_TRIES
from db.core.masking import mask_email, mask_phone
from db.core.outbox import OutboxMail
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.customers.customer_queries import sees_contacts
from db.dealers.tables import Dealer
from db.interactions import record, rules
from db.interactions.rules import Delivery, Rendered, delivery_of
from db.interactions.tables import Message, MessageTemplate, MessageTemplateVersion
from db.leads.flow import OUTCOMES
from db.leads.tables import Lead

KINDS = record.KINDS
MOST_TEMPLATES = 300
MOST_MESSAGES = 20


@dataclass(frozen=True, kw_only=True)
class TemplateLine:
    """A template as lists and its page show it; `used` counts messages of this person's dealers."""

    template_id: int
    dealer_id: int | None
    dealer: str
    channel: str
    name: str
    subject: str
    body: str
    is_active: bool
    version: int
    updated_at: datetime
    updated_by: str
    used: int
    used_unedited: int
    may_edit: bool


@dataclass(frozen=True, kw_only=True)
class TemplateFilters:
    """What the list is narrowed to; empty means everything."""

    channel: str = ""
    dealer_id: int | None = None
    is_active: bool = True


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """A text a template once had."""

    version: int
    name: str
    subject: str
    body: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class WayLine:
    """An address or number as this person may see it; `dial` is the number for a telephone, empty where masked."""

    way_id: str
    shown: str
    dial: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Everything needed to write to a customer by one channel; `why_not` says why nothing may be sent."""

    channel: str
    ways: tuple[WayLine, ...]
    why_not: str
    templates: tuple[tuple[int, str], ...]
    values: Mapping[str, str]
    texts: Mapping[int, tuple[str, str]]
    reply_to: str

    def start(self, template_id: int) -> tuple[Rendered, Rendered]:
        """Subject and text of a template with the values filled in."""
        subject, body = self.texts[template_id]
        return rules.render(subject, self.values), rules.render(body, self.values)

    def outcome(self, body: str, *, answers: bool) -> str:
        """What the text as it stands would be logged as."""
        return rules.outcome_of(body, templates=[text for _, text in self.texts.values()], answers=answers)


@dataclass(frozen=True, kw_only=True)
class MessageLine:
    """A message with the state of its mail."""

    message_id: int
    at: datetime
    by: str
    channel: str
    outcome: str
    subject: str
    template: str
    delivery: Delivery | None
    lead_id: int | None
    sent_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OpenLead:
    """A lead of a customer on which a contact can be logged."""

    lead_id: int
    version: int
    label: str


# ---- templates -----------------------------------------------------------------------------------------------------
def _seen(scope: Scope) -> ColumnElement[bool]:
    return or_(MessageTemplate.dealer_id.is_(None), scope.where(MessageTemplate.dealer_id, MessageTemplate.region))


def _templates(scope: Scope) -> Select[MessageTemplate, str | None]:
    return (
        select(MessageTemplate, Dealer.name)
        .outerjoin(Dealer, Dealer.id == MessageTemplate.dealer_id)
        .where(_seen(scope))
        .order_by(MessageTemplate.dealer_id.is_not(None), Dealer.name, MessageTemplate.channel, MessageTemplate.name)
        .limit(MOST_TEMPLATES)
    )


def list_templates(session: Session, *, actor: Actor, filters: TemplateFilters) -> list[TemplateLine]:
    """Templates of the network and of this person's dealers, those of the network first."""
    actor.require(Permission.TEMPLATES_EDIT)
    query = _templates(actor.scope).where(MessageTemplate.is_active.is_(filters.is_active))
    if filters.channel:
        query = query.where(MessageTemplate.channel == filters.channel)
    if filters.dealer_id is not None:
        query = query.where(MessageTemplate.dealer_id == (filters.dealer_id or None))
    rows = session.execute(query).all()
    used = _used(session, [row[0].id for row in rows], scope=actor.scope)
    return [_line(template, dealer, used.get(template.id, {}), actor=actor) for template, dealer in rows]


def get_template(session: Session, *, template_id: int, actor: Actor) -> TemplateLine:
    """One template; raises `NotFound` for one of a dealer out of scope."""
    actor.require(Permission.TEMPLATES_EDIT)
    row = session.execute(_templates(actor.scope).where(MessageTemplate.id == template_id)).one_or_none()
    if row is None:
        raise NotFound("This template")
    used = _used(session, [template_id], scope=actor.scope)
    return _line(row[0], row[1], used.get(template_id, {}), actor=actor)


def template_versions(session: Session, *, template_id: int, actor: Actor) -> list[VersionLine]:
    """Every text a template had, the newest first; raises `NotFound`."""
    get_template(session, template_id=template_id, actor=actor)
    rows = session.scalars(
        select(MessageTemplateVersion)
        .where(MessageTemplateVersion.template_id == template_id)
        .order_by(MessageTemplateVersion.version.desc())
        .limit(50)
    )
    return [
        VersionLine(version=v.version, name=v.name, subject=v.subject, body=v.body, at=v.at, by=v.by) for v in rows
    ]  # fmt: skip


def _used(session: Session, ids: list[int], *, scope: Scope) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    rows = session.execute(
        select(Message.template_id, Message.outcome, func.count())
        .where(Message.template_id.in_(ids), scope.where(Message.dealer_id, Message.region))
        .group_by(Message.template_id, Message.outcome)
    )
    for template_id, outcome, count in rows:
        found.setdefault(template_id or 0, {})[outcome] = count
    return found


def _line(template: MessageTemplate, dealer: str | None, used: Mapping[str, int], *, actor: Actor) -> TemplateLine:
    return TemplateLine(
        template_id=template.id, dealer_id=template.dealer_id, dealer=dealer or "", channel=template.channel,
        name=template.name, subject=template.subject, body=template.body, is_active=template.is_active,
        version=template.version, updated_at=template.updated_at, updated_by=template.updated_by,
        used=sum(used.values()), used_unedited=used.get("template", 0),
        may_edit=template.dealer_id is not None or actor.scope.is_all,
    )  # fmt: skip


# ---- writing -------------------------------------------------------------------------------------------------------
def get_draft(
    session: Session, *, channel: str, customer_id: int | None = None, lead_id: int | None = None, actor: Actor,
    now: datetime,
) -> Draft:  # fmt: skip
    """What somebody needs who writes to a customer, of a lead where one is named; raises `NotFound`."""
    actor.require(Permission.MESSAGES_SEND)
    lead = record.lead_of(session, lead_id, actor=actor, lock=False) if lead_id is not None else None
    target = lead.customer_id if lead is not None else customer_id
    customer = record.customer_of(session, target or 0, actor=actor, lock=False)
    # People who work the lead see its addresses there (decision 0033); on the customer's page they may be masked.
    shown = actor.can(Permission.PERSONAL_DATA_VIEW) and (
        lead is not None or sees_contacts(session, customer_id=customer.id, actor=actor, now=now)
    )
    dealer_id = lead.dealer_id if lead is not None else customer.dealer_id
    templates = record.texts_of(session, channel=channel, dealer_id=dealer_id)
    may = record.may_use(session, customer.id, channel)
    options = record.ways(session, customer=customer, lead=lead, channel=channel)
    return Draft(
        channel=channel, ways=tuple(_way(one, shown=shown) for one in options), why_not="" if may.ok else may.why,
        templates=tuple((one.id, one.name) for one in sorted(templates.values(), key=lambda t: (t.name, t.id))),
        values=record.values_for(session, customer=customer, lead=lead, actor=actor),
        texts={one.id: (one.subject, one.body) for one in templates.values()},
        reply_to=record.sender(session, dealer_id=dealer_id, actor=actor).reply_to,
    )  # fmt: skip


def _way(way: record.Way, *, shown: bool) -> WayLine:
    if shown:
        return WayLine(way_id=way.way_id, shown=way.value, dial=way.normal if way.kind == "phone" else "")
    return WayLine(way_id=way.way_id, shown=mask_email(way.value) if way.kind == "email" else mask_phone(way.value))


def outcome_choices(kind: str) -> tuple[tuple[str, str], ...]:
    """How a contact of a kind can end, as (value, label); texts and e-mails written here are not logged by hand."""
    return tuple(OUTCOMES.get(kind, ()))


def open_leads(session: Session, *, customer_id: int, actor: Actor) -> list[OpenLead]:
    """Leads of a customer on which this person may log a contact, the newest first."""
    if not actor.can(Permission.LEADS_WORK):
        return []
    rows = session.execute(
        select(Lead.id, Lead.version, Lead.number, Lead.wants)
        .where(Lead.customer_id == customer_id, actor.scope.where(Lead.dealer_id, Lead.region))
        .where(Lead.status.in_(record.LOGGED_IN))
        .order_by(Lead.received_at.desc(), Lead.id.desc())
        .limit(20)
    )
    return [
        OpenLead(lead_id=row.id, version=row.version, label=" · ".join(p for p in (row.number, row.wants) if p))
        for row in rows
    ]


# ---- messages ------------------------------------------------------------------------------------------------------
def list_messages(
    session: Session, *, actor: Actor, lead_id: int | None = None, customer_id: int | None = None,
    limit: int = MOST_MESSAGES,
) -> list[MessageLine]:  # fmt: skip
    """Messages of one lead or one customer within this person's scope, newest first, with the state of their mail."""
    query = (
        select(Message, MessageTemplate.name, OutboxMail)
        .outerjoin(MessageTemplate, MessageTemplate.id == Message.template_id)
        .outerjoin(OutboxMail, OutboxMail.id == Message.mail_id)
        .where(actor.scope.where(Message.dealer_id, Message.region))
    )
    if lead_id is not None:
        query = query.where(Message.lead_id == lead_id)
    if customer_id is not None:
        query = query.where(Message.customer_id == customer_id)
    personal = record.sees_texts(actor)
    lines = []
    for message, template, found in session.execute(query.order_by(Message.at.desc(), Message.id.desc()).limit(limit)):
        mail: OutboxMail | None = found
        delivery = None
        if message.channel == "email":
            delivery = delivery_of(
                is_kept=mail is not None, is_sent=mail is not None and mail.sent_at is not None,
                tries=mail.tries if mail else 0, error=mail.error if mail else "", most_tries=MOST_TRIES,
            )  # fmt: skip
        lines.append(
            MessageLine(
                message_id=message.id, at=message.at, by=message.by, channel=message.channel, outcome=message.outcome,
                subject=mail.subject if mail and personal else "", template=template or "", delivery=delivery,
                lead_id=message.lead_id, sent_at=mail.sent_at if mail else None,
            )
        )  # fmt: skip
    return lines
