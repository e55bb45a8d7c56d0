"""Leads as senders write them: ADF documents, neat and odd, mails, and the lists of an event."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from random import Random
from zoneinfo import ZoneInfo

from db.core.area import SourceFile
from db.leads.adf_draft import (
    AddressDraft,
    EmailDraft,
    ExternalId,
    LeadDraft,
    PhoneDraft,
    ProviderDraft,
    TimeframeDraft,
    VehicleDraft,
    VendorDraft,
)
from db.leads.adf_write import write
from seed.arrivals import Arrival
from seed.places import MAKE
from seed.sentences import QUESTIONS, REMARKS

REFUSED = (
    b'<?xml version="1.0"?><!DOCTYPE adf SYSTEM "http://feeds.automarket.zz/adf.dtd"><adf><prospect/></adf>',
    b"<adf><prospect><customer><contact><name>Cut o",
)
MAPPING = """\
kind = "leads"
title = "Event lists"
zone = "America/New_York"

[columns]
first_name = "First"
last_name = "Last"
email = "Mail"
phone = "Mobile"
postal = "ZIP"
dealer_code = "Store"
model = "Interested in"
received_at = { column = "Met on", format = "%m/%d/%Y %H:%M" }
comments = "Notes"

[constants]
source = "Event"
make = "Halden"
"""
EVENT_COLUMNS = ("First", "Last", "Mail", "Mobile", "ZIP", "Store", "Interested in", "Met on", "Notes")


def draft_of(arrival: Arrival, rng: Random) -> LeadDraft:
    """What the sender knows of a lead."""
    buyer, wish, source = arrival.buyer, arrival.wish, arrival.source
    first, last, email, phone = buyer.first, buyer.last, buyer.email, buyer.phone
    if arrival.kind == "test":
        first, last, email, phone = "Test", "Test", "test@test.test", ""
    if arrival.kind == "fake":
        last, email = rng.choice(("Mouse", "Bond", "Duck")), "asdfgh@nomail.com"
    emails = (EmailDraft(raw=email, normal=None),) if arrival.with_email else ()
    phones = (PhoneDraft(raw=phone, e164=None, kind="cellphone"),) if arrival.with_phone and phone else ()
    if arrival.kind == "nameless":
        emails, phones = (), ()
    wanted = VehicleDraft(
        interest="test-drive" if arrival.test_drive else "buy", status="new" if wish.is_new else "used", year=wish.year,
        make=MAKE, model=wish.model, vin=wish.vin or None, stock=wish.stock or None,
        price_cents=wish.price_cents if wish.stock or wish.price_cents // 10_000 % 5 < 2 else None,
        price_type="asking" if wish.stock else "msrp",
        finance_method="finance" if arrival.finance else None,
    )  # fmt: skip
    vehicles = [wanted]
    if arrival.trade_in:
        year, make, model, miles = arrival.trade_in
        vehicles.append(
            VehicleDraft(
                interest="trade-in", status="used", year=year, make=make, model=model, odometer=miles,
                odometer_units="mi",
            )
        )  # fmt: skip
    abroad = arrival.kind == "abroad"
    dealer = arrival.dealer
    return LeadDraft(
        ids=(ExternalId(source=source.name, value=f"{source.name[:2].upper()}-{100_000 + arrival.number * 7}"),),
        status="resend" if arrival.again == "resend" else "new",
        requested_at=(arrival.at - timedelta(seconds=rng.randint(20, 400))).astimezone(ZoneInfo(buyer.zone)),
        vehicles=tuple(vehicles), customer_name=f"{first} {last}", first_name=first, last_name=last,
        company=buyer.employer or None, emails=emails, phones=phones,
        address=AddressDraft(
            streets=(buyer.street,), city="Monterrey" if abroad else buyer.city, region=None if abroad else buyer.state,
            postal="64000" if abroad else buyer.postal_code, country="MX" if abroad else "US",
        ),
        timeframe=TimeframeDraft(latest=arrival.wanted_by.isoformat()) if arrival.wanted_by else None,
        comments=_comments(arrival, rng) or None,
        vendor=VendorDraft(
            name=dealer.name, ids=(ExternalId(source=MAKE, value=dealer.code),), contact_name=dealer.name
        ) if dealer else VendorDraft(),
        provider=ProviderDraft(name=source.name, service="Leads"),
    )  # fmt: skip


def _comments(arrival: Arrival, rng: Random) -> str:
    if arrival.kind == "test":
        return "THIS IS A TEST, please ignore"
    lines = [rng.choice(QUESTIONS) if arrival.has_question else rng.choice(REMARKS)]
    if arrival.may_text:
        lines.append("I agree to receive text messages about my request.")
    return "\n".join(line for line in lines if line)


def file_of(arrival: Arrival, rng: Random) -> SourceFile:
    """The document as it arrives: a mail for senders that mail, and one in seven written oddly."""
    raw = write([draft_of(arrival, rng)])
    name = f"{arrival.source.name.lower().replace(' ', '-')}-{100_000 + arrival.number * 7}"
    if rng.random() < 0.14:
        raw = rng.choice((_shouted, _bare, _other_words))(raw)
    if arrival.source.door == "mail":
        return SourceFile(name=f"{name}.eml", content=_mail(arrival, raw))
    return SourceFile(name=f"{name}.xml", content=raw)


def _shouted(raw: bytes) -> bytes:
    """A form that sends names in capitals, in one part."""
    return raw.replace(b'part="first">', b'part="FIRST">').replace(b'part="last">', b'part="LAST">')


def _bare(raw: bytes) -> bytes:
    """Without the lines before the root element, and with an empty leading line."""
    return b"\r\n" + raw[raw.index(b"<adf>") :]


def _other_words(raw: bytes) -> bytes:
    """Words of the sender's own where the format knows five."""
    return raw.replace(b'interest="buy"', b'interest="Purchase"').replace(b'status="new"', b'status="NEW"')


def _mail(arrival: Arrival, raw: bytes) -> bytes:
    message = EmailMessage()
    message["From"] = f"{arrival.source.name} <leads@automarket.zz>"
    message["To"] = "leads@desk.zz"
    message["Date"] = format_datetime(arrival.at.astimezone(UTC))
    message["Subject"] = f"New request: {arrival.wish.year} {MAKE} {arrival.wish.model}"
    message["Message-ID"] = f"<{arrival.number}@automarket.zz>"
    message.set_content(raw.decode(), cte="quoted-printable")
    return message.as_bytes()


def event_list(arrivals: Sequence[Arrival], rng: Random, *, number: int) -> SourceFile:
    """The visitors of one event as its staff typed them; one row in twelve says too little."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(EVENT_COLUMNS)
    for one in arrivals:
        met = one.at.astimezone(ZoneInfo("America/New_York"))
        buyer = one.buyer
        store = one.dealer.code if one.dealer else ""
        table.writerow(
            (buyer.first, buyer.last, buyer.email if one.with_email else "", buyer.phone if one.with_phone else "",
             buyer.postal_code, store, one.wish.model, f"{met:%m/%d/%Y %H:%M}", rng.choice(REMARKS))
        )  # fmt: skip
    if number % 3 == 0:
        last = arrivals[-1].at.astimezone(ZoneInfo("America/New_York"))
        table.writerow(("", "", "", "", "", "", arrivals[-1].wish.model, f"{last:%m/%d/%Y %H:%M}", "Took a brochure"))
    return SourceFile(name=f"event-{number:02d}.csv", content=text.getvalue().encode())
