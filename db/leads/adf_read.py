"""One prospect element of an ADF document, read and understood into a lead draft (3.1, 3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element

from db.leads import adf_comments as wishes
from db.leads import adf_privacy, adf_vehicle
from db.leads import adf_values as values
from db.leads.adf_draft import (
    EmailDraft,
    LeadDraft,
    PhoneDraft,
    ProviderDraft,
    TimeframeDraft,
    VehicleDraft,
    VendorDraft,
)
from db.leads.adf_meaning import trade_in_of, wanted_of
from db.leads.adf_person import NAME_TAGS, PHONE_TAGS, address_of, emails_of, names_of, phones_of
from db.leads.adf_tree import Notes, attribute, block, children, first, ids_of, line, unknown_leaves, wrapped

NO_CONTACT_POINT: Final = "There is neither a phone number nor an e-mail address, so nobody could answer this customer."
_MOST_EXTRAS: Final = 40
_CONTACT_TAGS: Final = (
    frozenset(
        {"id", "name", "email", "address", "comments", "url", "postalcode", "city", "regioncode", "country", "street"}
    )
    | NAME_TAGS
    | frozenset(PHONE_TAGS)
)
_KNOWN: Final = {
    "prospect": frozenset(
        {"id", "requestdate", "vehicle", "vehicles", "customer", "vendor", "provider", "contact", "comments"}
    ),
    "vehicle": adf_vehicle.KNOWN,
    "customer": _CONTACT_TAGS | {"contact", "timeframe"},
    "contact": _CONTACT_TAGS,
    "provider": _CONTACT_TAGS | {"service", "contact", "providername"},
    "vendor": _CONTACT_TAGS | {"vendorname", "contact", "service"},
}
_DOUBTS: Final = {
    "unreadable": "This request date cannot be read; the time of receipt counts.",
    "no_offset": "The request date names no time zone; it was read as UTC.",
    "no_time": "The request date names no time of day.",
    "bad_offset": "The time zone of the request date cannot be read; it was read as UTC.",
    "odd_offset": "The time zone of the request date is written oddly.",
    "swapped": "Day and month of the request date seem to be swapped; they were read the other way round.",
    "ambiguous": "Day and month of the request date could be swapped; it was read as month/day.",
    "far": "The request date is more than 7 days from the time of receipt; the time of receipt counts for the clock.",
}
_UNTRUSTED: Final = frozenset({"unreadable", "no_offset", "no_time", "bad_offset", "ambiguous", "far"})


def prospect_of(element: Element, *, position: int, received_at: datetime, country: str) -> LeadDraft:
    """Read one prospect; `country` is the dealer's, for phone numbers without a calling code."""
    notes = Notes(f"prospect[{position}]")
    status_raw = attribute(element, "status")
    status = (status_raw or "new").lower()
    if status not in ("new", "resend"):
        notes.add("prospect_status", "@status", status_raw, "A prospect is either new or resend; it was taken as new.")
    date = first(element, "requestdate")
    requested_raw = line(date)
    moment = values.moment_of(requested_raw, received_at=received_at) if requested_raw else values.Moment(at=None)
    for doubt in moment.doubts:
        notes.add(f"requestdate_{doubt}", "requestdate", requested_raw, _DOUBTS[doubt])
    vehicles = tuple(
        adf_vehicle.vehicle_of(found, notes, f"vehicle[{number}]", received_at=received_at)
        for number, found in enumerate(wrapped(element, "vehicle", "vehicles"), start=1)
    )
    customer = _customer(element, notes)
    contacts = _contacts(customer, element)
    main = next((c for c in contacts if attribute(c, "primarycontact") == "1"), contacts[0] if contacts else None)
    names = names_of(main, notes, "customer/contact")
    holders = [*([customer] if customer is not None and customer not in contacts else []), *contacts]
    emails = emails_of(holders, notes, "customer/contact")
    phones = phones_of(holders, notes, "customer/contact", country=country)
    comments = _joined([*_comments(customer, contacts), *_comments(element, [])])
    vendor = _vendor(element, notes, country=country)
    provider = _provider(element, notes, country=country)
    ids = ids_of(element)
    extras, tagged = _extras(element, customer, contacts)
    text = comments or ""
    masked, kinds = adf_privacy.mask(text)
    for kind in sorted({*kinds, *tagged}):
        notes.add(
            "personal_data",
            "customer",
            kind,
            "Personal data came with the lead; it is hidden on screens and in exports.",
        )
    heading = "\n".join(
        part
        for part in (provider.name, provider.service, *(found.source for found in ids), *(value for _, value in extras))
        if part
    )
    wanted = wanted_of(vehicles, notes)
    trade_in = trade_in_of(vehicles, wanted, comments=text, heading=heading, notes=notes, received_at=received_at)
    said = "\n".join((text, *(vehicle.comments or "" for vehicle in vehicles if not vehicle.is_trade)))
    quarantine = None if emails or phones else NO_CONTACT_POINT
    if quarantine:
        notes.add("no_contact_point", "customer/contact", names.full, quarantine, severity="error")
    return LeadDraft(
        position=position,
        status="resend" if status == "resend" else "new",
        status_raw=status_raw,
        ids=ids,
        requested_at=moment.at,
        requested_at_raw=requested_raw,
        requested_at_trusted=moment.at is not None and not _UNTRUSTED.intersection(moment.doubts),
        vehicles=vehicles,
        wanted=wanted,
        trade_in=trade_in,
        customer_name=names.full,
        first_name=names.first,
        middle_name=names.middle,
        last_name=names.last,
        suffix=names.suffix,
        company=names.company,
        customer_ids=(
            *(ids_of(customer) if customer is not None else ()),
            *(i for c in contacts if c is not customer for i in ids_of(c)),
        ),
        emails=emails,
        phones=phones,
        address=next(
            (found for holder in holders[::-1] if (found := address_of(holder, notes, "customer/contact"))), None
        ),
        timeframe=_timeframe(customer, received_at),
        comments=comments,
        comments_masked=masked or None,
        sensitive=tuple(sorted({*kinds, *tagged})),
        preferred_contact=wishes.preferred_contact(text) or _marked(emails, phones),
        sell_option=wishes.sell_option(text) if trade_in else None,
        consents=wishes.consents(text),
        vendor=vendor,
        provider=provider,
        extras=extras,
        finance_requested=_finances(vehicles) or wishes.wants_finance(f"{said}\n{heading}"),
        test_drive=any(v.interest == "test-drive" for v in vehicles) or wishes.wants_test_drive(f"{said}\n{heading}"),
        question=wishes.question(masked),
        quarantine=quarantine,
        issues=tuple(notes.found),
    )


def _customer(element: Element, notes: Notes) -> Element | None:
    found = list(children(element, "customer"))
    if len(found) > 1:
        notes.add(
            "several_customers",
            "customer",
            str(len(found)),
            "There is more than one customer; the first with a way to answer counts.",
        )
    return next(
        (c for c in found if any(line(e) for e in c.iter() if e.tag == "email" or e.tag in PHONE_TAGS)),
        found[0] if found else None,
    )


def _contacts(customer: Element | None, prospect: Element) -> list[Element]:
    if customer is None:
        return list(children(prospect, "contact"))
    return list(children(customer, "contact")) or [customer]


def _comments(holder: Element | None, inside: Iterable[Element]) -> Iterable[str | None]:
    for element in (holder, *inside):
        yield from (block(found) for found in children(element, "comments"))


def _joined(texts: Iterable[str | None]) -> str | None:
    return "\n".join(dict.fromkeys(text for text in texts if text)) or None


def _timeframe(customer: Element | None, received_at: datetime) -> TimeframeDraft | None:
    element = first(customer, "timeframe")
    if element is None:
        return None
    earliest, latest = line(first(element, "earliestdate")), line(first(element, "latestdate"))
    description = line(first(element, "description"))
    if not len(element) and (text := line(element)):
        # Text alone is what the DTD allows; our own writer adds the dates to it in these words.
        description, *days = text.split("; ") if "; earliest 2" in text or "; latest 2" in text else [text]
        earliest = next((day[9:] for day in days if day.startswith("earliest ")), earliest)
        latest = next((day[7:] for day in days if day.startswith("latest ")), latest)
    frame = TimeframeDraft(
        description=description or None,
        earliest=values.day_of(earliest, received_at=received_at) if earliest else None,
        latest=values.day_of(latest, received_at=received_at) if latest else None,
    )
    return frame if frame.description or frame.earliest or frame.latest else None


def _vendor(prospect: Element, notes: Notes, *, country: str) -> VendorDraft:
    found = list(children(prospect, "vendor"))
    if len(found) > 1:
        notes.add(
            "several_vendors", "vendor", str(len(found)), "There is more than one vendor; the first with a name counts."
        )
    drafts = [_one_vendor(element, notes, country=country) for element in found]
    return next((draft for draft in drafts if draft.name), drafts[0] if drafts else VendorDraft())


def _one_vendor(element: Element, notes: Notes, *, country: str) -> VendorDraft:
    holders = list(children(element, "contact"))
    contact = names_of(holders[0] if holders else None, notes, "vendor/contact").full
    own = names_of(element, notes, "vendor").full
    bare = line(element) if not len(element) else None
    return VendorDraft(
        name=line(first(element, "vendorname")) or own or contact or bare,
        ids=(*ids_of(element), *(found for holder in holders for found in ids_of(holder))),
        url=line(first(element, "url")) or next((url for h in holders if (url := line(first(h, "url")))), None),
        contact_name=contact,
        emails=emails_of([element, *holders], notes, "vendor/contact"),
        phones=phones_of([element, *holders], notes, "vendor/contact", country=country),
        address=next(
            (found for holder in (*holders, element) if (found := address_of(holder, notes, "vendor/contact"))), None
        ),
    )


def _provider(prospect: Element, notes: Notes, *, country: str) -> ProviderDraft:
    element = first(prospect, "provider")
    vendor_service = line(first(first(prospect, "vendor"), "service"))
    if element is None:
        return ProviderDraft(service=vendor_service)
    holders = list(children(element, "contact"))
    named = names_of(element, notes, "provider").full
    bare = line(element) if not len(element) else None
    return ProviderDraft(
        name=named or line(first(element, "providername")) or bare,
        service=line(first(element, "service")) or vendor_service,
        ids=ids_of(element),
        url=line(first(element, "url")),
        emails=emails_of([element, *holders], notes, "provider"),
        phones=phones_of([element, *holders], notes, "provider", country=country),
        contact_name=names_of(holders[0] if holders else None, notes, "provider/contact").full,
    )


def _extras(
    prospect: Element, customer: Element | None, contacts: list[Element]
) -> tuple[tuple[tuple[str, str], ...], set[str]]:
    """What is said beyond the standard, by path, personal values masked; and the kinds of those (Q13, Q14)."""
    places: list[tuple[str, Element | None, frozenset[str]]] = [("prospect", prospect, _KNOWN["prospect"])]
    places += [("vehicle", found, _KNOWN["vehicle"]) for found in wrapped(prospect, "vehicle", "vehicles")]
    places += [("customer", customer, _KNOWN["customer"])]
    places += [("contact", found, _KNOWN["contact"]) for found in contacts if found is not customer]
    places += [
        ("provider", first(prospect, "provider"), _KNOWN["provider"]),
        ("vendor", first(prospect, "vendor"), _KNOWN["vendor"]),
    ]
    found: list[tuple[str, str]] = []
    kinds: set[str] = set()
    for place, holder, known in places:
        for name, element in unknown_leaves(holder, known):
            if (text := line(element)) is None:
                continue
            if (kind := adf_privacy.sensitive_tag(name)) is not None:
                kinds.add(kind)
                text = adf_privacy.MASK
            found.append((f"{place}/{name}", adf_privacy.mask(text)[0][:500]))
    return tuple(found[:_MOST_EXTRAS]), kinds


def _marked(emails: tuple[EmailDraft, ...], phones: tuple[PhoneDraft, ...]) -> wishes.Preference | None:
    """The channel the sender marked as preferred, when it is one only."""
    by_mail, by_phone = any(email.preferred for email in emails), any(phone.preferred for phone in phones)
    if by_mail == by_phone:
        return None
    return "email" if by_mail else "phone"


def _finances(vehicles: Iterable[VehicleDraft]) -> bool:
    wanted = [vehicle for vehicle in vehicles if not vehicle.is_trade]
    return any(
        v.interest == "lease"
        or v.finance_method in ("finance", "lease")
        or (v.finance_method is None and v.finance_amounts)
        for v in wanted
    )
