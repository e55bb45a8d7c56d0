"""What the writer sends out is valid against the cleaned DTD and comes back with the same fields."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from db.leads.adf import parse
from db.leads.adf_draft import EmailDraft, ExternalId, LeadDraft, PhoneDraft, VehicleDraft, VendorDraft
from db.leads.adf_write import write
from tests.leads.adf_examples import RECEIVED, adf, prospect, read_one
from tests.support.paths import shared

# The DTD has no room for these, or they say how a field was spelt.
NOT_KEPT = {"issues", "extras", "status_raw", "requested_at_raw", "requested_at_trusted", "sensitive"}
SPELLING = {"interest_raw", "status_raw", "condition", "condition_raw", "price_raw", "year_raw"}


class Dtd:
    """The element order and the attribute lists of a DTD, for checking a document against them."""

    def __init__(self, text: str) -> None:
        self.models: dict[str, re.Pattern[str]] = {}
        self.attributes: dict[tuple[str, str], str] = {}
        text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
        for name, model in re.findall(r"<!ELEMENT\s+(\w+)\s+(.*?)>", text, flags=re.DOTALL):
            if "#PCDATA" not in model:
                named = re.sub(r"\w+", lambda word: f"(?:{word[0]};)", model)
                pattern = re.sub(r"[\s,]+", "", named)
                self.models[name] = re.compile(pattern)
            else:
                self.models[name] = re.compile("")
        for name, body in re.findall(r"<!ATTLIST\s+(\w+)\s+(.*?)>", text, flags=re.DOTALL):
            for attribute, kind in re.findall(r"([\w-]+)\s+(CDATA|\([^)]*\))", body):
                self.attributes[name, attribute] = kind

    def faults(self, element: Any) -> list[str]:
        found = []
        order = "".join(f"{child.tag};" for child in element)
        if self.models[element.tag].fullmatch(order) is None:
            found.append(f"<{element.tag}> holds {order or 'nothing'}")
        for name, value in element.attrib.items():
            kind = self.attributes.get((element.tag, name), "")
            if kind != "CDATA" and value not in re.findall(r"[\w-]+", kind):
                found.append(f"<{element.tag} {name}={value!r}>")
        return found + [fault for child in element for fault in self.faults(child)]


def dtd() -> Dtd:
    return Dtd(shared("adf_spec", "adf_1_0.dtd").read_text(encoding="utf-8"))


def compared(draft: LeadDraft) -> dict[str, Any]:
    def plain(vehicle: VehicleDraft | None) -> VehicleDraft | None:
        if vehicle is None:
            return None
        kept: dict[str, Any] = dict.fromkeys(SPELLING)
        kind = vehicle.price_type if vehicle.price_cents else None
        interest = vehicle.interest if vehicle.interest in ("buy", "lease", "sell", "trade-in", "test-drive") else "buy"
        currency = vehicle.currency if vehicle.price_cents else None
        if kind not in (None, "quote", "offer", "msrp", "invoice", "call", "appraisal", "asking"):
            kind = "quote"
        return replace(vehicle, **kept, interest=interest, price_type=kind, currency=currency)

    values = {field.name: getattr(draft, field.name) for field in fields(draft) if field.name not in NOT_KEPT}
    values["vehicles"] = [plain(vehicle) for vehicle in draft.vehicles] or [plain(VehicleDraft())]
    values["wanted"], values["trade_in"] = plain(draft.wanted), plain(draft.trade_in)
    values["phones"] = [replace(phone, place=None) for phone in draft.phones]
    address = draft.address
    values["address"] = replace(address, country_raw=address.country or address.country_raw) if address else None
    vendor = draft.vendor
    place = vendor.address
    if place is not None:
        kind = place.kind if place.kind in ("work", "home", "delivery") else None
        place = replace(place, country_raw=place.country or place.country_raw, kind=kind)
    values["vendor"] = replace(vendor, phones=tuple(replace(p, place=None) for p in vendor.phones), address=place)
    values.pop("provider")
    values["provider_name"], values["provider_service"] = draft.provider_name, draft.provider_service
    return values


def collected() -> list[LeadDraft]:
    files = sorted(shared("adf_documents", "docs").glob("*.xml"))
    return [draft for path in files for draft in parse(path.read_bytes(), received_at=RECEIVED).prospects]


def test_the_checker_itself_finds_what_is_wrong():
    rules = dtd()
    assert rules.faults(fromstring("<adf/>")) == ["<adf> holds nothing"]
    wrong = "<adf><prospect status='weird'><requestdate/><customer/><vendor/></prospect></adf>"
    assert len(rules.faults(fromstring(wrong))) == 4


def test_everything_collected_is_written_valid_and_comes_back_the_same():
    rules, drafts = dtd(), collected()
    assert len(drafts) == 41
    raw = write(drafts)
    assert rules.faults(fromstring(raw)) == []
    again = parse(raw, received_at=RECEIVED)
    assert not again.repaired
    for before, after in zip(drafts, again.prospects, strict=True):
        assert compared(replace(after, position=before.position)) == compared(before), before.customer_name


def test_a_lead_about_which_almost_nothing_is_known_is_valid_too():
    raw = write([LeadDraft()])
    assert dtd().faults(fromstring(raw)) == []
    (draft,) = parse(raw, received_at=RECEIVED).prospects
    assert (draft.wanted, draft.customer_name, draft.requested_at) == (None, None, None)


def test_personal_numbers_stay_behind_when_asked():
    draft = read_one(adf(prospect(comments="SSN: 123-45-6789, call me")))
    assert b"123-45-6789" in write([draft])
    assert b"123-45-6789" not in write([draft], masked=True)
    assert b"call me" in write([draft], masked=True)


def test_markup_and_control_characters_cannot_break_the_document():
    nasty = LeadDraft(
        customer_name="]]></name><adf>\x00\x0b & \ud800",
        emails=(EmailDraft(raw='"><x', normal=None),),
        ids=(ExternalId(source='a"<b', value="1", sequence="2"),),
    )
    (draft,) = parse(write([nasty]), received_at=RECEIVED).prospects
    assert draft.customer_name == "]]></name><adf> &"
    assert draft.ids[0].source == 'a"<b'


WORDS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=100)
@given(
    make=WORDS,
    model=WORDS,
    vendor=WORDS,
    name=WORDS,
    year=st.integers(1900, 2028),
    email=st.emails(),
    digits=st.from_regex(r"[2-9]\d\d[2-9]\d{6}", fullmatch=True),
    status=st.sampled_from(["new", "resend"]),
)
@pytest.mark.filterwarnings("ignore")
def test_any_words_survive_the_way_out_and_back(make, model, vendor, name, year, email, digits, status):
    before = LeadDraft(
        status=status,
        vehicles=(VehicleDraft(year=year, make=make or None, model=model or None),),
        customer_name=name,
        emails=(EmailDraft(raw=email, normal=None),),
        phones=(PhoneDraft(raw=digits, e164=None),),
        vendor=VendorDraft(name=vendor or None),
    )
    (after,) = parse(write([before]), received_at=RECEIVED).prospects
    placeholders = {"n/a", "none", "null", "unknown", "undefined", "-", "--", "---", "."}
    for wanted, found in (
        (make, after.vehicles[0].make),
        (model, after.vehicles[0].model),
        (vendor, after.vendor_name),
        (name, after.customer_name),
    ):
        if wanted.casefold() not in placeholders and not set(wanted) & {"\ufffe", "\uffff"}:
            assert found == (wanted or None)
    assert (after.status, after.vehicles[0].year) == (status, year)
    assert [phone.raw for phone in after.phones] == [digits]
    assert [found.raw for found in after.emails] == [email]
