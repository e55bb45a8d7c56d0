"""Leads as rows of a table: the fields a CSV or XLSX of another system can fill, and a row as a lead draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from db.core import vin as vins
from db.core.contact import email_normal, phone_e164, split_name
from db.imports.mapping import TargetField
from db.leads.adf_draft import (
    AddressDraft,
    EmailDraft,
    ExternalId,
    Issue,
    LeadDraft,
    PhoneDraft,
    ProviderDraft,
    TimeframeDraft,
    VehicleDraft,
    VendorDraft,
)
from db.leads.adf_privacy import mask
from db.leads.flow import FLOW
from db.leads.intake_history import History

KEPT: Final = ("yes", "no")
STATUSES: Final = tuple(state.name for state in FLOW.states if state.name not in ("held", "duplicate"))
INTERESTS: Final = ("buy", "lease", "sell", "trade-in", "test-drive")


def _field(name: str, label: str, kind: str = "text", *, synonyms: str = "", **more: Any) -> TargetField:
    listed = tuple(one.strip() for one in synonyms.split(",") if one.strip())
    return TargetField(name=name, label=label, kind=kind, synonyms=listed, **more)  # type: ignore[arg-type]


FIELDS: Final = (
    _field("external_id", "Lead number",
           synonyms="id, lead id, leadid, opportunity id, opportunity_id, mql_id, reference",
           help="The other system's own number; the same number again is the same lead."),
    _field("source", "Source", synonyms="lead source, origin, provider, channel, campaign, utm_source",
           help="Where the lead came from, as reports count it."),
    _field("received_at", "Received", "datetime",
           synonyms="created, created at, created date, date, lead date, first_contact_date, engage_date, timestamp",
           help="Without it the time of the import counts."),
    _field("first_name", "First name", synonyms="firstname, given name, first"),
    _field("last_name", "Last name", synonyms="lastname, surname, family name, last"),
    _field("full_name", "Name", synonyms="name, customer, customer name, contact, contact name, full name"),
    _field("company", "Company", synonyms="account, account name, business, organisation, organization"),
    _field("email", "E-mail", synonyms="mail, email address, e mail"),
    _field("phone", "Telephone", synonyms="phone number, telephone, mobile, cell, cell phone, tel, home phone"),
    _field("phone_2", "Second telephone", synonyms="phone 2, work phone, alternate phone, other phone"),
    _field("street", "Street", synonyms="address, address 1, street address"),
    _field("city", "City", synonyms="town"),
    _field("state", "State", synonyms="region code, province, state code"),
    _field("postal", "Postal code", synonyms="zip, zip code, zipcode, postcode, postal code"),
    _field("country", "Country"),
    _field("interest", "Interest", "choice", choices=INTERESTS, synonyms="lead type, type of interest"),
    _field("condition", "New or used", "choice", choices=("new", "used"), synonyms="vehicle status, new/used"),
    _field("year", "Year", "integer", synonyms="model year, vehicle year"),
    _field("make", "Make", synonyms="brand, vehicle make"),
    _field("model", "Model", synonyms="vehicle, vehicle model"),
    _field("trim", "Trim"),
    _field("vin", "VIN", synonyms="vehicle identification number"),
    _field("stock", "Stock number", synonyms="stock no, stock #, stocknumber, stock"),
    _field("trade_in", "Trade-in", synonyms="trade, trade in, trade vehicle",
           help="The customer's own vehicle, in words."),
    _field("product", "Product", synonyms="product line, model line, series"),
    _field("comments", "Comments", synonyms="comment, notes, message, remarks, description"),
    _field("wanted_by", "Wanted by", "date", synonyms="purchase date, expected date, timeframe date"),
    _field("dealer_code", "Dealer code", synonyms="dealer, dealer id, dealerid, store code, rooftop code, vendor id"),
    _field("dealer_name", "Dealer name", synonyms="store, rooftop, vendor, vendor name, dealership"),
    _field("region", "Region", synonyms="regional office, regional_office, area",
           help="For leads of the past that belong to no dealer."),
    _field("agent", "Sales person", synonyms="sales_agent, sales agent, salesperson, owner, rep, sr_id"),
    _field("status", "State of the lead", "choice", choices=STATUSES,
           synonyms="stage, deal_stage, lead status, outcome",
           help="Only for leads another system has worked; translate its words in the mapping."),
    _field("contacted_at", "First contact", "datetime", synonyms="contacted, contact date, first response"),
    _field("answer_due", "Answer due", "datetime", synonyms="response due, sla due, due date",
           help="Until when the other system promised an answer; only for leads it has worked."),
    _field("answer_kept", "Answered in time", "choice", choices=KEPT, synonyms="made_sla, sla met, in time",
           help="What the other system says of its promise where it tells no due time."),
    _field("closed_at", "Closed", "datetime", synonyms="close_date, close date, won_date, sold date, closed date"),
    _field("close_reason", "Reason", synonyms="lost reason, close reason"),
    _field("value", "Value", "money", synonyms="close_value, amount, price, sale price, deal value"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RowLead:
    """A row as intake takes it; `status` is None for a lead that is to be worked here."""

    draft: LeadDraft
    received_at: datetime
    status: str | None
    history: History


def lead_of(values: Mapping[str, Any], *, position: int, now: datetime) -> RowLead:
    """A mapped row as a lead draft; nothing is refused: what does not work is kept as written, with a warning."""
    row = _Row(values)
    issues: list[Issue] = []
    received_at = values.get("received_at") or now
    status = row.text("status") or None
    first, last, full = row.text("first_name"), row.text("last_name"), row.text("full_name")
    full = full or " ".join(part for part in (first, last) if part)
    if full and not (first or last):
        name = split_name(full)
        first, last = name.first, name.last
    comments = row.text("comments")
    masked, kinds = mask(comments)
    wanted = _wanted(row, issues)
    trade = row.text("trade_in")
    trade_in = VehicleDraft(interest="trade-in", status="used", model=trade[:120]) if trade else None
    day: date | None = values.get("wanted_by")
    draft = LeadDraft(
        position=position, ids=_ids(row), vehicles=tuple(v for v in (wanted, trade_in) if v is not None),
        wanted=None if wanted is not None and wanted.is_trade else wanted,
        trade_in=wanted if wanted is not None and wanted.is_trade else trade_in,
        customer_name=full or None, first_name=first or None, last_name=last or None,
        company=row.text("company") or None, emails=_emails(row, issues), phones=_phones(row, issues),
        address=_address(row), timeframe=TimeframeDraft(latest=day.isoformat()) if day else None,
        comments=comments or None, comments_masked=masked or None, sensitive=tuple(kinds),
        vendor=_vendor(row),
        provider=ProviderDraft(name=row.text("source") or None),
        test_drive=row.text("interest") == "test-drive", issues=tuple(issues),
    )  # fmt: skip
    return RowLead(draft=draft, received_at=received_at, status=status, history=_history(row, values))


_NO_HISTORY: Final = History()
_NO_VENDOR: Final = VendorDraft()
_OF_HISTORY: Final = (
    "contacted_at", "closed_at", "value", "close_reason", "agent", "product", "region", "answer_due", "answer_kept",
)  # fmt: skip


def _history(row: _Row, values: Mapping[str, Any]) -> History:
    if all(values.get(name) is None for name in _OF_HISTORY):
        return _NO_HISTORY
    return History(
        contacted_at=values.get("contacted_at"), closed_at=values.get("closed_at"), value_cents=values.get("value"),
        close_reason=row.text("close_reason"), agent=row.text("agent"), product=row.text("product"),
        region=row.text("region"), answer_due=values.get("answer_due"),
        answer_kept={"yes": True, "no": False}.get(row.text("answer_kept")),
    )  # fmt: skip


def _vendor(row: _Row) -> VendorDraft:
    name, code = row.text("dealer_name"), row.text("dealer_code")
    if not name and not code:
        return _NO_VENDOR
    return VendorDraft(name=name or None, ids=(ExternalId(source="dealer", value=code),) if code else ())


class _Row:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._texts = {
            name: " ".join(str(value).split()) if name != "comments" else str(value).strip()
            for name, value in values.items()
            if value is not None
        }

    def text(self, name: str) -> str:
        return self._texts.get(name, "")


def _ids(row: _Row) -> tuple[ExternalId, ...]:
    number = row.text("external_id")
    return (ExternalId(source=row.text("source") or None, value=number),) if number else ()


def _emails(row: _Row, issues: list[Issue]) -> tuple[EmailDraft, ...]:
    raw = row.text("email")
    if not raw:
        return ()
    normal = email_normal(raw)
    if normal is None:
        issues.append(_issue("email_unusable", "email", raw, "No mail can be sent to this address."))
    return (EmailDraft(raw=raw, normal=normal),)


def _phones(row: _Row, issues: list[Issue]) -> tuple[PhoneDraft, ...]:
    found = []
    for name in ("phone", "phone_2"):
        if raw := row.text(name):
            number = phone_e164(raw)
            if number is None:
                issues.append(_issue("phone_unusable", name, raw, "This number cannot be dialled as written."))
            found.append(PhoneDraft(raw=raw, e164=number))
    return tuple(found)


def _address(row: _Row) -> AddressDraft | None:
    parts = {name: row.text(name) for name in ("street", "city", "state", "postal", "country")}
    if not any(parts.values()):
        return None
    country = parts["country"]
    return AddressDraft(
        streets=(parts["street"],) if parts["street"] else (), city=parts["city"] or None,
        region=parts["state"] or None, postal=parts["postal"] or None,
        country=country.upper() if len(country) == 2 else None, country_raw=country or None,
    )  # fmt: skip


_OF_VEHICLE: Final = ("interest", "condition", "year", "make", "model", "trim", "stock")


def _wanted(row: _Row, issues: list[Issue]) -> VehicleDraft | None:
    vin = vins.clean(row.text("vin"))
    if vin and not vins.has_shape(vin):
        issues.append(_issue("vin_malformed", "vin", vin, "A VIN has 17 characters and no I, O or Q."))
    return _vehicle((vin, *(row.text(name) for name in _OF_VEHICLE)))


@lru_cache(maxsize=1_024)
def _vehicle(words: tuple[str, ...]) -> VehicleDraft | None:
    """The vehicle its VIN and the words of `_OF_VEHICLE` name, one and the same for the many rows that wish for it."""
    vin, interest, condition, year, make, model, trim, stock = words
    vehicle = VehicleDraft(
        interest=interest or "buy", status=condition or None, status_raw=condition or None,
        year=int(year) if year.isdigit() and 1900 <= int(year) <= 2100 else None,
        year_raw=year or None, make=make or None, model=model or None, trim=trim or None, vin=vin or None,
        stock=stock or None,
    )  # fmt: skip
    return vehicle if vehicle.is_identified or year else None


def _issue(code: str, path: str, value: str, message: str) -> Issue:
    return Issue(code=code, severity="warning", path=path, value=value[:80], message=message)
