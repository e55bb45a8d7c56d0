"""ADF out: lead drafts written as a document that is valid against the cleaned DTD of ADF 1.0 (3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from db.leads.adf_draft import (
    AddressDraft,
    EmailDraft,
    ExternalId,
    LeadDraft,
    Money,
    PhoneDraft,
    ProviderDraft,
    VehicleDraft,
    VendorDraft,
)
from db.leads.adf_repair import is_legal

_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<?adf version="1.0"?>\n'
_INTERESTS: Final = ("buy", "lease", "sell", "trade-in", "test-drive")
_PRICE_TYPES: Final = ("quote", "offer", "msrp", "invoice", "call", "appraisal", "asking")
_TIMES: Final = ("morning", "afternoon", "evening", "nopreference", "day")


def write(drafts: Iterable[LeadDraft], *, masked: bool = False) -> bytes:
    """One ADF document with a prospect for each draft, in UTF-8; `adf.parse` reads the same fields back.

    With `masked` the comments leave without personal numbers. What the DTD has no room for (condition, suffix as a
    part of its own, consents, extras) is left out; elements it requires are written empty where nothing is known.
    """
    root = Element("adf")
    for draft in drafts:
        _prospect(SubElement(root, "prospect", {"status": draft.status}), draft, masked=masked)
    return _HEAD + tostring(root, encoding="unicode").encode("utf-8") + b"\n"


def _legal(text: object) -> str:
    return "".join(letter for letter in str(text) if is_legal(ord(letter)))


def _add(parent: Element, name: str, text: object = "", **attributes: str | None) -> Element:
    kept = {key: _legal(value) for key, value in attributes.items() if value}
    element = SubElement(parent, name, kept)
    element.text = _legal(text)
    return element


def _optional(parent: Element, name: str, text: object, **attributes: str | None) -> None:
    if text not in (None, ""):
        _add(parent, name, text, **attributes)


def _among(word: str | None, allowed: Sequence[str]) -> str | None:
    return word if word in allowed else None


def _ids(parent: Element, ids: Iterable[ExternalId]) -> None:
    for found in ids:
        _add(parent, "id", found.value or "", sequence=found.sequence, source=found.source)


def _prospect(element: Element, draft: LeadDraft, *, masked: bool) -> None:
    _ids(element, draft.ids)
    moment = draft.requested_at
    _add(element, "requestdate", moment.isoformat() if moment else draft.requested_at_raw or "")
    for vehicle in draft.vehicles or (VehicleDraft(),):
        _vehicle(element, vehicle)
    customer = _add(element, "customer")
    contact = _add(customer, "contact")
    _customer_names(contact, draft)
    _reached_by(contact, draft.emails, draft.phones)
    _address(contact, draft.address)
    _ids(customer, draft.customer_ids)
    if frame := draft.timeframe:
        # The DTD allows text only, where the specification describes elements (3.2 no. 6).
        days = (f"{word} {day}" for word, day in (("earliest", frame.earliest), ("latest", frame.latest)) if day)
        _add(customer, "timeframe", "; ".join((frame.description or "", *days)))
    _optional(customer, "comments", draft.comments_masked if masked else draft.comments)
    _vendor(element, draft.vendor)
    if draft.provider.name or draft.provider.service or draft.provider.contact_name:
        _provider(element, draft.provider)


def _customer_names(contact: Element, draft: LeadDraft) -> None:
    parts = (("first", draft.first_name), ("middle", draft.middle_name), ("last", draft.last_name))
    spoken = " ".join(text for _, text in parts if text)
    is_split = bool(draft.first_name and draft.last_name) and draft.customer_name == spoken
    if draft.customer_name and not is_split and draft.customer_name != draft.company:
        _add(contact, "name", draft.customer_name, part="full")
    if draft.first_name and draft.last_name:
        for part, text in parts:
            _optional(contact, "name", text, part=part)
    _optional(contact, "name", draft.company, part="full", type="business")
    if not len(contact):
        _add(contact, "name")


def _vehicle(parent: Element, vehicle: VehicleDraft) -> None:
    element = _add(parent, "vehicle", interest=_among(vehicle.interest, _INTERESTS), status=vehicle.status)
    _ids(element, vehicle.ids)
    _add(element, "year", vehicle.year_raw or vehicle.year or "")
    _add(element, "make", vehicle.make or "")
    _add(element, "model", vehicle.model or "")
    for name in ("vin", "stock", "trim", "doors", "bodystyle", "transmission"):
        _optional(element, name, getattr(vehicle, name))
    _optional(
        element,
        "odometer",
        vehicle.odometer,
        status=_among(vehicle.odometer_status, ("unknown", "rolledover", "replaced", "original")),
        units=_among(vehicle.odometer_units, ("km", "mi")),
    )
    for colour in vehicle.colours:
        holder = _add(element, "colorcombination")
        _optional(holder, "interiorcolor", colour.interior)
        _optional(holder, "exteriorcolor", colour.exterior)
        _add(holder, "preference", colour.preference or "")
    _optional(element, "imagetag", vehicle.image_url)
    if vehicle.price_cents:
        _price(element, Money(kind=vehicle.price_type or "quote", cents=vehicle.price_cents, currency=vehicle.currency))
    _optional(element, "pricecomments", vehicle.price_comments)
    for option in vehicle.options:
        holder = _add(element, "option")
        _add(holder, "optionname", option.name or "")
        _optional(holder, "manufacturercode", option.code)
        _optional(holder, "stock", option.stock)
        _optional(holder, "weighting", option.weighting)
        if option.price:
            _price(holder, option.price)
    _finance(element, vehicle)
    _optional(element, "comments", vehicle.comments)


def _amount(money: Money) -> str:
    sign = "-" if money.cents < 0 else ""
    return f"{sign}{abs(money.cents) // 100}.{abs(money.cents) % 100:02d}"


def _price(parent: Element, money: Money) -> None:
    _add(parent, "price", _amount(money), type=_among(money.kind, _PRICE_TYPES), currency=money.currency)


def _finance(parent: Element, vehicle: VehicleDraft) -> None:
    if not (vehicle.finance_method or vehicle.finance_amounts or vehicle.finance_balance):
        return
    element = _add(parent, "finance")
    _add(element, "method", vehicle.finance_method or "")
    for amount in vehicle.finance_amounts:
        kind = _among(amount.kind, ("downpayment", "monthly", "total"))
        limit = _among(amount.limit, ("maximum", "minimum", "exact"))
        _add(element, "amount", _amount(amount), type=kind, limit=limit, currency=amount.currency)
    if not vehicle.finance_amounts:
        _add(element, "amount")
    if balance := vehicle.finance_balance:
        kind = _among(balance.kind, ("finance", "residual"))
        _add(element, "balance", _amount(balance), type=kind, currency=balance.currency)


def _reached_by(contact: Element, emails: Sequence[EmailDraft], phones: Sequence[PhoneDraft]) -> None:
    for email in emails:
        _email(contact, email)
    for phone in phones:
        _phone(contact, phone)
    if not emails and not phones:
        _add(contact, "email")


def _email(parent: Element, email: EmailDraft) -> None:
    _add(parent, "email", email.raw, preferredcontact="1" if email.preferred else None)


def _phone(parent: Element, phone: PhoneDraft) -> None:
    preferred = "1" if phone.preferred else None
    _add(parent, "phone", phone.raw, type=phone.kind, time=_among(phone.time, _TIMES), preferredcontact=preferred)


def _address(contact: Element, address: AddressDraft | None) -> None:
    if address is None:
        return
    element = _add(contact, "address", type=_among(address.kind, ("work", "home", "delivery")))
    for number, street in enumerate(address.streets or ("",), start=1):
        _add(element, "street", street, line=str(number))
    _optional(element, "apartment", address.apartment)
    _optional(element, "city", address.city)
    _optional(element, "regioncode", address.region)
    _optional(element, "postalcode", address.postal)
    _optional(element, "country", address.country or address.country_raw)


def _vendor(parent: Element, vendor: VendorDraft) -> None:
    element = _add(parent, "vendor")
    _ids(element, vendor.ids)
    _add(element, "vendorname", vendor.name or "")
    _optional(element, "url", vendor.url)
    contact = _add(element, "contact")
    _add(contact, "name", vendor.contact_name or "", part="full")
    _reached_by(contact, vendor.emails, vendor.phones)
    _address(contact, vendor.address)


def _provider(parent: Element, provider: ProviderDraft) -> None:
    element = _add(parent, "provider")
    _ids(element, provider.ids)
    _add(element, "name", provider.name or "", part="full")
    _optional(element, "service", provider.service)
    _optional(element, "url", provider.url)
    for email in provider.emails[:1]:
        _email(element, email)
    for phone in provider.phones[:1]:
        _phone(element, phone)
    if provider.contact_name or provider.emails[1:] or provider.phones[1:]:
        contact = _add(element, "contact")
        _add(contact, "name", provider.contact_name or "", part="full")
        _reached_by(contact, provider.emails[1:], provider.phones[1:])
