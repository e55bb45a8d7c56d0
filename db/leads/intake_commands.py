"""A lead somebody types: at the counter, on the telephone, from a letter (issue 2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core import vin as vins
from db.core.actor import Actor
from db.core.contact import email_normal, phone_e164, split_name
from db.core.geo import state_code
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.leads.adf_draft import (
    AddressDraft,
    ConsentDraft,
    EmailDraft,
    ExternalId,
    LeadDraft,
    PhoneDraft,
    ProviderDraft,
    TimeframeDraft,
    VehicleDraft,
    VendorDraft,
)
from db.leads.adf_privacy import mask
from db.leads.handover import dealer_for
from db.leads.intake import receive
from db.leads.intake_batch import intake_batch
from db.leads.tables import Dealer, Lead

DEFAULT_SOURCE = "Entered by hand"
PREFERRED = ("", "phone", "email", "sms")


def enter_lead(
    session: Session, *, customer_name: str, actor: Actor, now: datetime, email: str = "", phone: str = "",
    postal_code: str = "", state: str = "", interest: str = "buy", condition: str = "", year: int | None = None,
    make: str = "", model: str = "", vin: str = "", stock: str = "", trade_in: str = "", comments: str = "",
    source: str = "", preferred_contact: str = "", wanted_by: date | None = None, test_drive: bool = False,
    finance_requested: bool = False, sms_consent: str = "", dealer_id: int | None = None, form_key: str | None = None,
) -> int:  # fmt: skip
    """Take in a lead typed by a person and give its id, or the id of the open lead it repeats (2.2 D).

    Without a dealer the routing rules find one; people of a dealer enter leads for their own. `sms_consent` are the
    words the customer agreed to. The same `form_key` again gives the first lead. Problems belong to the arguments.
    """
    actor.require(Permission.LEADS_ENTER)
    problems = Problems()
    fields = {
        "email": email, "phone": phone, "postal_code": postal_code, "state": state, "make": make, "model": model,
        "vin": vin, "stock": stock, "trade_in": trade_in, "source": source,
    }  # fmt: skip
    texts = {name: " ".join((value or "").split()) for name, value in fields.items()}
    name = problems.require(" ".join((customer_name or "").split()), "customer_name", "A name", longest=200)
    _check_texts(texts, comments, problems)
    address, number = _contact(texts, problems)
    if vin and not vins.has_shape(vins.clean(vin)):
        problems.add("vin", "malformed", "A VIN has 17 characters, without I, O and Q.")
    if year is not None and not 1900 <= year <= now.year + 2:
        problems.add("year", "out_of_range", f"A model year lies between 1900 and {now.year + 2}.")
    if interest not in ("buy", "lease", "sell", "trade-in", "test-drive"):
        problems.add("interest", "unknown_choice", "Choose what the customer wants to do.")
    if preferred_contact not in PREFERRED:
        problems.add("preferred_contact", "unknown_choice", "Choose phone, e-mail or text.")
    if wanted_by is not None and wanted_by < now.date():
        problems.add("wanted_by", "in_the_past", "This date has passed.")
    dealer = _dealer(session, dealer_id, actor=actor, problems=problems)
    problems.refuse_if_any()
    parts, vehicle = split_name(name), VehicleDraft(
        interest=interest, status=condition or None, status_raw=condition or None, year=year,
        make=texts["make"] or None, model=texts["model"] or None, vin=vins.clean(vin) or None,
        stock=texts["stock"] or None,
    )  # fmt: skip
    traded = VehicleDraft(interest="trade-in", status="used", model=texts["trade_in"]) if texts["trade_in"] else None
    masked, kinds = mask(comments.strip())
    wanted = vehicle if vehicle.is_identified and not vehicle.is_trade else None
    draft = LeadDraft(
        vehicles=tuple(one for one in (vehicle if vehicle.is_identified else None, traded) if one is not None),
        wanted=wanted, trade_in=traded or (vehicle if vehicle.is_identified and vehicle.is_trade else None),
        customer_name=name, first_name=parts.first or None, last_name=parts.last or None,
        emails=(EmailDraft(raw=texts["email"], normal=address),) if address else (),
        phones=(PhoneDraft(raw=texts["phone"], e164=number),) if number else (),
        address=AddressDraft(region=texts["state"] or None, postal=texts["postal_code"] or None),
        timeframe=TimeframeDraft(latest=wanted_by.isoformat()) if wanted_by else None,
        comments=comments.strip() or None, comments_masked=masked or None, sensitive=tuple(kinds),
        preferred_contact=preferred_contact or None,  # type: ignore[arg-type]  # checked above
        consents=(ConsentDraft(channel="sms", given=True, text=sms_consent.strip()),) if sms_consent.strip() else (),
        vendor=_vendor(dealer), provider=ProviderDraft(name=texts["source"] or DEFAULT_SOURCE),
        test_drive=test_drive or interest == "test-drive",
        finance_requested=finance_requested or interest == "lease",
    )  # fmt: skip
    return _take(session, draft, form_key=form_key, actor=actor, now=now)


def _check_texts(texts: dict[str, str], comments: str, problems: Problems) -> None:
    longest = {"email": 254, "phone": 40, "postal_code": 20, "state": 40, "make": 40, "model": 120, "stock": 40,
               "trade_in": 120, "source": 80, "vin": 40}  # fmt: skip
    for name, value in texts.items():
        if len(value) > longest[name]:
            problems.add(name, "too_long", f"At most {longest[name]} characters fit.")
    if len(comments or "") > 20_000:
        problems.add("comments", "too_long", "At most 20,000 characters fit.")
    if texts["state"] and not state_code(texts["state"]):
        problems.add("state", "unknown_state", "This is no state of the United States and no province of Canada.")


def _contact(texts: dict[str, str], problems: Problems) -> tuple[str | None, str | None]:
    address = email_normal(texts["email"]) if texts["email"] else None
    number = phone_e164(texts["phone"]) if texts["phone"] else None
    if texts["email"] and address is None:
        problems.add("email", "not_an_address", "No mail can be sent to this address.", rule="3.4")
    if texts["phone"] and number is None:
        problems.add("phone", "not_a_number", "This number cannot be dialled.", rule="3.4")
    if not texts["email"] and not texts["phone"]:
        problems.add("phone", "required", "Give a telephone number or an e-mail address.", rule="3.4")
    return address, number


def _dealer(session: Session, dealer_id: int | None, *, actor: Actor, problems: Problems) -> Dealer | None:
    """The dealer the lead is for: chosen, or the only one of a dealer's person; None lets the rules decide."""
    if dealer_id is None and actor.scope.kind == "dealers":
        if len(actor.scope.dealer_ids) != 1:
            problems.add("dealer_id", "required", "Choose the dealer this lead is for.")
            return None
        dealer_id = next(iter(actor.scope.dealer_ids))
    return dealer_for(session, dealer_id, actor=actor, problems=problems) if dealer_id is not None else None


def _vendor(dealer: Dealer | None) -> VendorDraft:
    if dealer is None:
        return VendorDraft()
    return VendorDraft(name=dealer.name, ids=(ExternalId(source="dealer", value=dealer.code),))


def _take(session: Session, draft: LeadDraft, *, form_key: str | None, actor: Actor, now: datetime) -> int:
    with intake_batch(session, actor=actor, now=now):
        before = session.scalar(select(Lead.id).where(Lead.form_key == form_key)) if form_key else None
        if before is not None:
            timeline.repeated(session)
            return before
        outcome = receive(
            session, draft, received_at=now, channel="manual", batch_id=None, actor=actor, now=now, form_key=form_key
        )
    if outcome.item_id is None:
        raise Refused(Problem(code=outcome.code, message=outcome.message))
    _note(session, outcome.item_id, outcome.message, actor=actor, now=now, dealer_id=outcome.dealer_id,
          after={"outcome": outcome.outcome, "source": draft.provider_name})  # fmt: skip
    return outcome.item_id


def _note(
    session: Session, lead_id: int, summary: str, *, actor: Actor, now: datetime, dealer_id: int | None = None,
    after: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    changes.touch(session, "leads", "customers")
    timeline.record(
        session, actor=actor, now=now, area="leads", command="enter_lead", summary=summary,
        items=[timeline.Item("lead", lead_id, dealer_id)], after=after,
    )  # fmt: skip
