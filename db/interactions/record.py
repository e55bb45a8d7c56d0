"""What a message stands on within a command: whom it goes to, what fills its placeholders, where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.outbox import is_address
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Refused
from db.customers.consent_rules import MayContact, may_contact
from db.customers.customer_queries import consents_of
from db.customers.record import held, keys_stored, number
from db.customers.tables import Customer
from db.customers.vehicle_queries import vehicles_of
from db.dealers.tables import Dealer
from db.interactions.rules import CONSENT_CHANNEL
from db.interactions.tables import Interaction, Message, MessageTemplate
from db.leads.activities import KINDS as LEAD_KINDS
from db.leads.activities import contact_label
from db.leads.flow import FLOW, OUTCOMES
from db.leads.rules import check_contact, meaning_of
from db.leads.tables import Lead, LeadActivity, LeadContact
from db.people.tables import Person
from db.workflow.engine import get_item

KINDS: Final[dict[str, str]] = {**LEAD_KINDS, "chat": "Chat", "letter": "Letter"}
LOGGED_IN: Final = FLOW.step("log_activity").sources
"""States of a lead in which a contact can be logged on it."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """An address or number a message can go to: `way_id` is "l12" (of the lead) or "k34" (of the customer)."""

    way_id: str
    kind: str  # email, phone
    value: str
    normal: str


@dataclass(frozen=True, kw_only=True)
class Sender:
    """In whose name a message comes, and whom an answer reaches."""

    from_name: str
    reply_to: str


def lead_of(session: Session, lead_id: int, *, actor: Actor, lock: bool = True) -> Lead:
    """The lead within this person's scope; raises `NotFound`."""
    if lock:
        found: Lead = get_item(session, FLOW, item_id=lead_id, actor=actor)
        return found
    lead = session.scalars(
        select(Lead).where(Lead.id == lead_id, actor.scope.where(Lead.dealer_id, Lead.region))
    ).one_or_none()
    if lead is None:
        raise NotFound("This lead")
    return lead


def customer_of(session: Session, customer_id: int, *, actor: Actor, lock: bool = True) -> Customer:
    """The customer within this person's scope, current and not removed; raises `NotFound` or `Refused`."""
    if lock:
        return held(session, customer_id, actor=actor)
    customer = session.scalars(
        select(Customer).where(
            Customer.id == customer_id, actor.scope.where(Customer.dealer_id, Customer.region)
        )
    ).one_or_none()  # fmt: skip
    if customer is None:
        raise NotFound("This customer")
    return customer


def may_use(session: Session, customer_id: int, channel: str) -> MayContact:
    """Whether the customer may be written to by a channel of messages (2.2 E); the caller may see the customer."""
    return may_contact(CONSENT_CHANNEL[channel], consents_of(session, customer_id))


def require_consent(session: Session, customer_id: int, channel: str) -> None:
    """Refuse (`no_consent`) where the customer did not agree to texts, or does not want this channel any more."""
    may = may_use(session, customer_id, channel)
    if not may.ok:
        sentence = f"{may.why} What the customer agreed to is recorded on their page."
        raise Refused(Problem(field="channel", code="no_consent", message=sentence, rule="2.2 E"))


def ways(session: Session, *, customer: Customer, lead: Lead | None, channel: str) -> list[Way]:
    """Where a message can go to, what the lead says first, preferred ones before others, each once."""
    kind = "email" if channel == "email" else "phone"
    found: dict[str, Way] = {}
    if lead is not None:
        rows = session.scalars(
            select(LeadContact)
            .where(LeadContact.lead_id == lead.id, LeadContact.kind == kind)
            .order_by(LeadContact.is_preferred.desc(), LeadContact.position)
        )
        for row in rows:
            normal = row.normal or row.raw
            found.setdefault(normal.casefold(), Way(way_id=f"l{row.id}", kind=kind, value=row.raw, normal=normal))
    for key in keys_stored(session, customer.id):
        if key.kind == kind:
            way = Way(way_id=f"k{key.id}", kind=kind, value=key.raw or key.value, normal=key.value)
            found.setdefault(key.value.casefold(), way)
    if channel == "email":
        return [way for way in found.values() if is_address(way.value.strip())]
    return list(found.values())


def chosen_way(options: Sequence[Way], way_id: str, *, channel: str) -> Way:
    """The way that was chosen, the first without a choice; a problem of `way` where there is none."""
    if not options:
        what = "e-mail address" if channel == "email" else "telephone number"
        raise Refused(Problem(field="way", code="no_way", message=f"There is no {what} of this customer."))
    if not way_id:
        return options[0]
    chosen = next((way for way in options if way.way_id == way_id), None)
    if chosen is None:
        raise Refused(Problem(field="way", code="unknown", message="This address is not there any more; choose again."))
    return chosen


def sender(session: Session, *, dealer_id: int | None, actor: Actor) -> Sender:
    """The dealer's name; answers go to the person, or to the dealer where the person has no address."""
    dealer = session.get(Dealer, dealer_id) if dealer_id else None
    own = session.scalar(select(Person.email).where(Person.id == actor.user_id)) if actor.user_id else ""
    candidates = ((own or "").strip(), dealer.email.strip() if dealer else "")
    reply_to = next((address for address in candidates if address and is_address(address)), "")
    return Sender(from_name=dealer.name if dealer else actor.name, reply_to=reply_to)


def values_for(session: Session, *, customer: Customer, lead: Lead | None, actor: Actor) -> dict[str, str]:
    """What fills the placeholders; a value nobody knows is empty."""
    dealer_id = lead.dealer_id if lead is not None else customer.dealer_id
    dealer = session.get(Dealer, dealer_id) if dealer_id else None
    first = "" if customer.is_business else customer.first_name or customer.name.partition(" ")[0]
    salesperson, vehicle, appointment = actor.name, "", ""
    if lead is not None:
        vehicle = lead.wants
        if lead.assignee_id is not None:
            salesperson = session.scalar(select(Person.name).where(Person.id == lead.assignee_id)) or actor.name
        if lead.status == "appointment_set" and lead.due_at is not None:
            local = lead.due_at.astimezone(ZoneInfo(dealer.zone if dealer else actor.zone))
            appointment = f"{local:%a} {local.day} {local:%b} at {local:%H:%M}"
    else:
        owned = [v for v in vehicles_of(session, customer_id=customer.id, actor=actor) if v.period.until is None]
        vehicle = next((v.title for v in owned if v.title != v.number), "")
    return {
        "first_name": first, "vehicle": vehicle, "dealer": dealer.name if dealer else "",
        "dealer_phone": dealer.phone if dealer else "", "salesperson": salesperson, "appointment": appointment,
    }  # fmt: skip


def texts_of(session: Session, *, channel: str, dealer_id: int | None) -> dict[int, MessageTemplate]:
    """The active templates a message of this dealer may start from, by id."""
    query = select(MessageTemplate).where(
        MessageTemplate.channel == channel, MessageTemplate.is_active.is_(True),
        MessageTemplate.dealer_id.is_(None) | (MessageTemplate.dealer_id == (dealer_id or 0)),
    )  # fmt: skip
    return {one.id: one for one in session.scalars(query.order_by(MessageTemplate.id))}


def known_message(session: Session, form_key: str) -> Message | None:
    """The message this form made already."""
    return session.scalars(select(Message).where(Message.form_key == form_key)).one_or_none()


def activity_with(session: Session, form_key: str) -> LeadActivity:
    """The contact a form has just logged on a lead."""
    return session.scalars(select(LeadActivity).where(LeadActivity.form_key == form_key)).one()


def label_of(kind: str, outcome: str) -> str:
    """A contact in words, as on leads: "Chat: chatted with the customer"."""
    words = dict(OUTCOMES.get(kind, ())).get(outcome, outcome)
    if kind in ("chat", "letter"):
        return f"{KINDS[kind]}: {words[:1].lower()}{words[1:]}"
    return contact_label(kind, outcome)


def direction_of(kind: str, outcome: str) -> str:
    """out, in or internal."""
    return meaning_of(kind, outcome).direction


def problems_of_contact(kind: str, outcome: str) -> list[Problem]:
    """What is wrong with a contact somebody logs; an outcome is always needed."""
    return check_contact(kind, outcome)


def note_customer(
    session: Session, command: str, summary: str, customer: Customer, *, actor: Actor, now: Any, after: dict[str, Any]
) -> None:
    """Raise the counter and write the one entry of a command about a customer, without any text of theirs (0032)."""
    changes.touch(session, "interactions")
    timeline.record(
        session, actor=actor, now=now, area="interactions", command=command,
        summary=f"{number(customer.id)}: {summary}", after=after,
        items=[timeline.Item("customer", customer.id, customer.dealer_id)],
    )  # fmt: skip


def add_interaction(
    session: Session, customer: Customer, *, kind: str, outcome: str, note: str, form_key: str | None, actor: Actor,
    now: Any,
) -> Interaction:  # fmt: skip
    """Store one contact with a customer."""
    row = Interaction(
        customer_id=customer.id, dealer_id=customer.dealer_id, region=customer.region, at=now, kind=kind,
        direction=direction_of(kind, outcome), outcome=outcome, note=note, by=actor.name, by_username=actor.username,
        form_key=form_key or None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def sees_texts(actor: Actor) -> bool:
    """Whether notes and texts are shown to this person."""
    return actor.can(Permission.PERSONAL_DATA_VIEW)
