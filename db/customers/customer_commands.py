"""What people do to one customer: enter, change, ways to reach them, consent, household, reveal, hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.contact import email_key, email_normal, person_keys, phone_e164, split_name
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.customers import record
from db.customers.commands import CustomerBook
from db.customers.consent_rules import CHANNELS, REFUSED_WORDING, SOURCES, VERSION, WORDINGS
from db.customers.field_rules import reconcile
from db.customers.tables import Consent, Customer, CustomerKey, CustomerLink
from db.dealers.queries import get_dealer

REVEAL_REASONS: Final[dict[str, str]] = {
    "contact": "I have to reach the customer", "complaint": "The customer has complained",
    "check": "I check the record with the dealer", "recall": "Recall or safety notice",
    "request": "The customer asked what we keep",
}  # fmt: skip
LINKS: Final[dict[str, str]] = {"household": "Household", "acts_for": "Acts for this business"}


class ConflictingFields(Refused):
    """Fields two people changed; `problems` has one for each, named after the field."""


def enter_customer(
    session: Session, *, dealer_id: int | None, name: str, phone: str = "", email: str = "", is_business: bool = False,
    street: str = "", city: str = "", state: str = "", postal_code: str = "", country: str = "",
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Enter a person or business; somebody of the dealer who is recognised is not entered twice, their id is given.

    Problems belong to the arguments. At least one way to recognise the person is needed.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    name = problems.require(name, "name", "The name", longest=200)
    number, address = _phone(phone, problems), _email(email, problems)
    problems.refuse_if_any()
    dealer = get_dealer(session, dealer_id=dealer_id or 0, scope=actor.scope)
    parts = split_name(name)
    values = {
        "name": name, "is_business": is_business, "first_name": "" if is_business else parts.first[:100],
        "last_name": "" if is_business else parts.last[:100], "street": street, "city": city, "state": state,
        "postal_code": postal_code, "country": country,
    }  # fmt: skip
    values = {field: _clean(field, value, problems) for field, value in values.items()}
    keys = person_keys(
        emails=[address] if address else (), phones=[number] if number else (), name=name, postal=postal_code
    )
    if not keys:
        problems.add(
            "phone", "required", "A phone number, an e-mail address, or the postal code is needed.", rule="2.2 D"
        )
    problems.refuse_if_any()
    book = CustomerBook(session)
    customer_id, is_new = book.find_or_create(
        keys, dealer_id=dealer.dealer_id, region=dealer.facts.region, values=values, batch_id=None, now=now
    )
    book.flush()
    customer = session.get_one(Customer, customer_id, populate_existing=True)
    record.reindex(session, customer)
    record.note(
        session, "enter_customer", f"{record.number(customer_id)} {'was entered' if is_new else 'was recognised'}",
        [customer], actor=actor, now=now, after=record.masked(values) if is_new else None,
    )  # fmt: skip
    return customer_id


def change_customer(
    session: Session, *, customer_id: int, original: Mapping[str, Any], changes: Mapping[str, Any], actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Change facts; gives the record's version. `original` is what the person saw of each field.

    Fields two people changed differently are refused with code `conflict` (2.0); others are no matter.
    """
    actor.require(Permission.CUSTOMERS_EDIT)
    customer = record.held(session, customer_id, actor=actor)
    problems = Problems()
    wanted = {field: _clean(field, value, problems) for field, value in changes.items() if field in record.FIELDS}
    for field in set(changes) - set(record.FIELDS):
        problems.add(field, "unknown_field", f'There is no field "{field}".')
    if "name" in wanted and not wanted["name"]:
        problems.add("name", "required", "The name is needed.")
    problems.refuse_if_any()
    before = record.values_of(customer)
    write, conflicts = reconcile(original=original, current=before, wanted=wanted)
    if conflicts:
        who = f"{customer.updated_by} " if customer.updated_by else "Somebody "
        raise ConflictingFields(
            *(
                Problem(
                    field=c.field, code="conflict", rule="2.0",
                    message=f"{who}changed this while you were typing. Nothing was saved yet.",
                )
                for c in conflicts
            )
        )  # fmt: skip
    for field, value in write.items():
        setattr(customer, field, value)
    if write:
        record.touched(customer, actor=actor, now=now)
        record.follow(session, customer)
    labels = ", ".join(record.LABELS[field].lower() for field in write) or "nothing"
    record.note(
        session, "change_customer", f"{record.number(customer.id)} was changed: {labels}", [customer], actor=actor,
        now=now, before=record.masked({f: before[f] for f in write}), after=record.masked(write),
    )  # fmt: skip
    return customer.version


def add_contact(session: Session, *, customer_id: int, kind: str, value: str, actor: Actor, now: datetime) -> None:
    """Add a phone number or e-mail address; problems belong to value."""
    actor.require(Permission.CUSTOMERS_EDIT)
    customer = record.held(session, customer_id, actor=actor)
    problems = Problems()
    typed = problems.require(value, "value", "The number or address", longest=254)
    normal = _phone(typed, problems, "value") if kind == "phone" else _email(typed, problems, "value")
    problems.refuse_if_any()
    stored = normal if kind == "phone" else email_key(normal)
    row = {"customer_id": customer.id, "kind": "phone" if kind == "phone" else "email", "value": stored, "raw": normal}
    if not insert_or_ignore(session, CustomerKey, row):
        raise Refused(Problem(code="known", field="value", message="This is already on the record."))
    record.touched(customer, actor=actor, now=now)
    record.reindex(session, customer)
    record.note(
        session, "add_contact", f"{record.number(customer.id)}: a way to reach them was added", [customer],
        actor=actor, now=now, after={kind: record.masked_contact(kind, normal)},
    )  # fmt: skip


def remove_contact(session: Session, *, customer_id: int, key_id: int, actor: Actor, now: datetime) -> None:
    """Take a phone number or e-mail address off; the last key of a customer stays."""
    actor.require(Permission.CUSTOMERS_EDIT)
    customer = record.held(session, customer_id, actor=actor)
    keys = record.keys_stored(session, customer.id)
    key = next((k for k in keys if k.id == key_id and k.kind in ("phone", "email")), None)
    if key is None:
        raise Refused(Problem(code="not_found", message="This is no longer on the record."))
    if len(keys) == 1:
        sentence = "This is the only way to recognise the customer; add another one first."
        raise Refused(Problem(code="last_key", message=sentence, rule="2.2 D"))
    kind, shown = key.kind, record.masked_contact(key.kind, key.raw or key.value)
    record.drop_keys(session, [key.id])
    record.touched(customer, actor=actor, now=now)
    record.reindex(session, customer)
    record.note(
        session, "remove_contact", f"{record.number(customer.id)}: a way to reach them was taken off", [customer],
        actor=actor, now=now, before={kind: shown},
    )  # fmt: skip


def set_consent(
    session: Session, *, customer_id: int, channel: str, is_given: bool, source: str, actor: Actor, now: datetime
) -> None:
    """Keep what the customer said to a channel: the words they agreed to, their version, where and when (2.2 E)."""
    actor.require(Permission.CUSTOMERS_EDIT)
    customer = record.held(session, customer_id, actor=actor)
    problems = Problems()
    if channel not in CHANNELS:
        problems.add("channel", "unknown_channel", "Choose a channel.")
    if source not in SOURCES:
        problems.add("source", "required", "Choose how the customer told you.", rule="2.2 E")
    problems.refuse_if_any()
    session.add(
        Consent(
            customer_id=customer.id, channel=channel, is_given=is_given, at=now, version=VERSION, by=actor.name,
            wording=WORDINGS[channel] if is_given else REFUSED_WORDING, source=SOURCES[source],
        )
    )  # fmt: skip
    session.flush()
    word = "agreed to" if is_given else "refused"
    record.note(
        session, "set_consent", f"{record.number(customer.id)} {word} {CHANNELS[channel].lower()}", [customer],
        actor=actor, now=now, after={"channel": channel, "is_given": is_given, "version": VERSION},
        reason=SOURCES[source],
    )  # fmt: skip


def link_customers(
    session: Session, *, customer_id: int, other_id: int, kind: str, actor: Actor, now: datetime
) -> None:
    """Note that two customers of one dealer belong together; problems belong to other_id and kind."""
    actor.require(Permission.CUSTOMERS_EDIT)
    problems = Problems()
    if kind not in LINKS:
        problems.add("kind", "required", "Choose how they belong together.")
    if customer_id == other_id:
        problems.add("other_id", "same_customer", "Choose another customer.")
    problems.refuse_if_any()
    customer, other = record.two_held(session, customer_id, other_id, actor=actor)
    if customer.dealer_id != other.dealer_id:
        sentence = "Customers of two dealers stay apart."
        raise Refused(Problem(code="other_dealer", field="other_id", message=sentence, rule="2.2 D"))
    if kind == "acts_for" and not other.is_business:
        raise Refused(Problem(code="no_business", field="other_id", message="The other customer is no business."))
    first, second = sorted((customer.id, other.id)) if kind == "household" else (customer.id, other.id)
    row = {"customer_id": first, "other_id": second, "kind": kind, "created_at": now, "created_by": actor.name}
    if not insert_or_ignore(session, CustomerLink, row):
        raise Refused(Problem(code="known", field="other_id", message="They are linked already."))
    record.note(
        session, "link_customers", f"{record.number(first)} and {record.number(second)}: {LINKS[kind].lower()}",
        [customer, other], actor=actor, now=now, after={"kind": kind},
    )  # fmt: skip


def unlink_customers(session: Session, *, customer_id: int, link_id: int, actor: Actor, now: datetime) -> None:
    """Take a link away."""
    actor.require(Permission.CUSTOMERS_EDIT)
    customer = record.held(session, customer_id, actor=actor)
    link = session.scalars(
        select(CustomerLink).where(
            CustomerLink.id == link_id,
            (CustomerLink.customer_id == customer.id) | (CustomerLink.other_id == customer.id),
        )
    ).one_or_none()
    if link is None:
        raise Refused(Problem(code="not_found", message="They are no longer linked."))
    other = session.get_one(Customer, link.other_id if link.customer_id == customer.id else link.customer_id)
    kind = link.kind
    session.delete(link)
    session.flush()
    record.note(
        session, "unlink_customers", f"{record.number(customer.id)} and {record.number(other.id)} are no longer linked",
        [customer, other], actor=actor, now=now, before={"kind": kind},
    )  # fmt: skip


def reveal_customer(
    session: Session, *, customer_id: int, reason: str, note: str = "", actor: Actor, now: datetime
) -> None:
    """Let this person see the contact data of one customer for a while; who, when and why is kept (P26)."""
    actor.require(Permission.CUSTOMERS_REVEAL)
    customer = record.held(session, customer_id, actor=actor)
    if reason not in REVEAL_REASONS:
        raise Refused(Problem(code="required", field="reason", message="Choose what you need it for.", rule="P26"))
    words = REVEAL_REASONS[reason]
    record.note(
        session, "reveal_customer", f"{record.number(customer.id)}: contact data was shown to {actor.name}",
        [customer], actor=actor, now=now, reason=f"{words}. {note.strip()[:300]}".strip(),
    )  # fmt: skip


def hold_customer(session: Session, *, customer_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Keep a customer's data from being purged, with the reason (a lawsuit, an open recall); empty ends the hold."""
    actor.require(Permission.CUSTOMERS_PURGE)
    customer = record.held(session, customer_id, actor=actor)
    words = (reason or "").strip()[:200]
    if words == customer.hold_reason:
        sentence = "It is not on hold." if not words else "It is on hold for this reason already."
        raise Refused(Problem(code="no_change", field="reason", message=sentence))
    before, customer.hold_reason = customer.hold_reason, words
    record.touched(customer, actor=actor, now=now)
    said = "was put on hold" if words else "is no longer on hold"
    record.note(
        session, "hold_customer", f"{record.number(customer.id)} {said}", [customer], actor=actor, now=now,
        before={"hold": bool(before)}, after={"hold": bool(words)}, reason=words,
    )  # fmt: skip


def _clean(field: str, value: Any, problems: Problems) -> Any:
    if field == "is_business":
        return bool(value)
    text = " ".join(str(value or "").replace("\0", "").split())
    longest = record.LONGEST[field]
    if len(text) > longest:
        problems.add(field, "too_long", f"{record.LABELS[field]} has {len(text):,} characters; at most {longest} fit.")
    return text


def _phone(text: str, problems: Problems, field: str = "phone") -> str:
    if not (text or "").strip():
        return ""
    number = phone_e164(text)
    if number is None:
        problems.add(field, "bad_phone", "This number cannot be dialled as it is written.")
    return number or ""


def _email(text: str, problems: Problems, field: str = "email") -> str:
    if not (text or "").strip():
        return ""
    address = email_normal(text)
    if address is None:
        problems.add(field, "bad_email", "No mail can be sent to this address.")
    return address or ""
