"""Names, addresses and the ways to reach a contact in an ADF document (Q7, Q14, Q15, Q26)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from db.core.contact import email_normal, phone_e164, split_name
from db.leads import adf_values as values
from db.leads.adf_draft import AddressDraft, EmailDraft, PhoneDraft
from db.leads.adf_tree import Notes, attribute, children, first, fold, line

_PARTS: Final = {
    "first": "first", "firstname": "first", "given": "first", "givenname": "first", "forename": "first",
    "fname": "first",
    "middle": "middle", "middlename": "middle", "mi": "middle", "middleinitial": "middle", "initial": "middle",
    "last": "last", "lastname": "last", "surname": "last", "family": "last", "familyname": "last", "lname": "last",
    "suffix": "suffix", "namesuffix": "suffix",
    "prefix": "prefix", "title": "prefix", "salutation": "prefix",
    "full": "full", "fullname": "full", "name": "full", "customername": "full", "contactname": "full",
}  # fmt: skip
_COMPANY: Final = frozenset({"company", "companyname", "businessname", "organization", "organisation", "employername"})
NAME_TAGS: Final = (frozenset(_PARTS) - {"full", "title", "initial", "mi"}) | _COMPANY
PHONE_TAGS: Final = {
    "phone": "", "telephone": "", "phonenumber": "", "tel": "", "internationalphone": "",
    "cellphone": "cellphone", "mobile": "cellphone", "mobilephone": "cellphone", "cell": "cellphone",
    "homephone": "home", "workphone": "work", "fax": "fax", "pager": "pager",
    "dayphone": "day", "eveningphone": "evening",
    "phonehome": "home", "phonework": "work", "phonemobile": "cellphone", "phonecell": "cellphone",
}  # fmt: skip
_STREET: Final = re.compile(r"(?:street|address)\d?|streetaddress\d?|addressline\d?")
_YES: Final = frozenset({"1", "true", "yes", "y"})


@dataclass(frozen=True, kw_only=True)
class Names:
    """A contact's name: `full` as it reads, and its parts; `company` when a business is named."""

    full: str | None = None
    first: str | None = None
    middle: str | None = None
    last: str | None = None
    suffix: str | None = None
    company: str | None = None


def names_of(contact: Element | None, notes: Notes, path: str) -> Names:
    """The name of a contact from its `name` elements; a whole name wins over its parts, parts join in spoken order."""
    parts: dict[str, list[str]] = {}
    company: str | None = None
    for element in contact if contact is not None else ():
        if element.tag in _COMPANY:
            company = company or line(element)
        elif element.tag == "name":
            inner = [(part, child) for child in element if (part := _PARTS.get(child.tag))]
            if (attribute(element, "type") or "").lower() == "business" and not inner:
                company = company or line(element)
                continue
            written = fold((attribute(element, "part") or "full").replace(" ", ""))
            if written not in _PARTS:
                notes.add(
                    "name_part_unknown",
                    f"{path}/name",
                    written,
                    "This part of a name is not known; it was read as a whole name.",
                )
            for part, found in inner or [(_PARTS.get(written, "full"), element)]:
                if text := line(found):
                    parts.setdefault(part, []).append(text)
        elif element.tag in NAME_TAGS and (text := line(element)):
            parts.setdefault(_PARTS[element.tag], []).append(text)
    return _joined(parts, company)


def _joined(parts: dict[str, list[str]], company: str | None) -> Names:
    single = {part: " ".join(dict.fromkeys(texts)) for part, texts in parts.items()}
    wholes = list(dict.fromkeys(parts.get("full", ())))
    whole = None
    if wholes:
        whole = " ".join(wholes) if len(wholes) > 1 and all(" " not in text for text in wholes) else wholes[0]
    if whole and "last" in single and "first" not in single and single["last"].casefold() not in whole.casefold():
        # <name>John</name><name part="last">Doe</name>: the unlabelled one is the first name.
        single["first"], whole = whole, None
    if whole and not ("first" in single and "last" in single):
        split = split_name(whole)
        return Names(
            full=whole,
            first=split.first or None,
            middle=split.middle or None,
            last=split.last or None,
            suffix=split.suffix or None,
            company=company,
        )
    spoken = " ".join(single[part] for part in ("first", "middle", "last", "suffix") if part in single)
    return Names(
        full=whole or spoken or company,
        first=single.get("first"),
        middle=single.get("middle"),
        last=single.get("last"),
        suffix=single.get("suffix"),
        company=company,
    )


def is_preferred(element: Element) -> bool:
    """True when the sender marks this address or number as the preferred one."""
    return (
        attribute(element, "preferredcontact", "preferedcontact", "prefferedcontact", "preferred", "besttime") or ""
    ).lower() in _YES


def emails_of(holders: Iterable[Element], notes: Notes, path: str) -> tuple[EmailDraft, ...]:
    """Every address of these contacts as written; one that cannot be mailed is kept with a warning."""
    found: list[EmailDraft] = []
    for holder in holders:
        for element in children(holder, "email"):
            if (raw := line(element)) is None:
                continue
            normal = email_normal(raw)
            if normal is None:
                notes.add(
                    "email_invalid", f"{path}/email", raw, "No mail can be sent to this address; it is kept as written."
                )
            found.append(EmailDraft(raw=raw, normal=normal, preferred=is_preferred(element)))
    return tuple(found)


def phones_of(holders: Iterable[Element], notes: Notes, path: str, *, country: str) -> tuple[PhoneDraft, ...]:
    """Every number of these contacts as written, with its E.164 form for the dealer's `country` where there is one."""
    found: list[PhoneDraft] = []
    for holder in holders:
        for element in children(holder, *PHONE_TAGS):
            if (raw := line(element)) is None:
                continue
            said = attribute(element, "type") or PHONE_TAGS[element.tag] or "voice"
            kind = values.word_of(said, values.PHONE_KINDS)
            if kind is None:
                notes.add(
                    "phone_type_unknown",
                    f"{path}/phone",
                    said,
                    "This type of phone is not known; it was read as voice.",
                )
            e164 = phone_e164(raw, country=country)
            if e164 is None:
                notes.add(
                    "phone_invalid",
                    f"{path}/phone",
                    raw,
                    "This number cannot be dialled as written; it is kept as written.",
                )
            when = attribute(element, "time")
            time = values.word_of(when, values.PHONE_TIMES) or values.word_of(said, values.PHONE_TIMES)
            if when and time is None:
                notes.add(
                    "phone_time_unknown", f"{path}/phone", when, "This time of day is not known; it was left out."
                )
            found.append(
                PhoneDraft(
                    raw=raw,
                    e164=e164,
                    kind=kind or "voice",
                    place=values.word_of(said, values.PHONE_PLACES),
                    time=time,
                    preferred=is_preferred(element),
                )
            )
    return tuple(found)


def address_of(contact: Element | None, notes: Notes, path: str) -> AddressDraft | None:
    """The contact's postal address, also when its parts stand in the contact itself; None when it is empty."""
    element = first(contact, "address")
    holder = element if element is not None and len(element) else contact
    if holder is None:
        return None
    streets = [
        (attribute(child, "line") or child.tag[-1], text)
        for child in holder
        if _STREET.fullmatch(child.tag) and not len(child) and (text := line(child))
    ]
    streets.sort(key=lambda street: int(street[0]) if re.fullmatch("[0-9]{1,2}", street[0]) else 0)
    if not streets and element is not None and not len(element) and (text := line(element)):
        streets = [("", text)]
    country_raw = line(first(holder, "country"))
    country = values.word_of(country_raw, values.COUNTRIES)
    if country is None and country_raw and re.fullmatch(r"[A-Za-z]{2}", country_raw):
        country = country_raw.upper()
    if country_raw and country != country_raw:
        notes.add("country_format", f"{path}/address/country", country_raw, "The country is not a two-letter code.")
    address = AddressDraft(
        kind=(attribute(element, "type") or "").lower() or None,
        streets=tuple(text for _, text in streets),
        apartment=line(first(holder, "apartment")),
        city=line(first(holder, "city")),
        region=line(first(holder, "regioncode")),
        postal=line(first(holder, "postalcode")),
        country=country,
        country_raw=country_raw,
    )
    if not (address.streets or address.city or address.region or address.postal or address.country_raw):
        return None
    return address
