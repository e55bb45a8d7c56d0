"""Small ADF documents made for the tests: every part can be replaced, what is not said is a plain good lead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from db.leads.adf import parse
from db.leads.adf_draft import LeadDraft

RECEIVED = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)

DATE = "<requestdate>2026-11-22T14:30:00-06:00</requestdate>"
VEHICLE = "<vehicle interest='buy' status='new'><year>2027</year><make>Toyota</make><model>Camry</model></vehicle>"
NAME = '<name part="first">Rosa</name><name part="last">Alvarez</name>'
REACHED = "<email>rosa@alvarez.example.com</email><phone type='cellphone'>312-555-0144</phone>"
VENDOR = "<vendor><vendorname>Lakeside Toyota</vendorname></vendor>"
PROVIDER = "<provider><name part='full'>CarFinder</name><service>New car quote</service></provider>"


def prospect(
    *,
    attributes: str = "",
    ids: str = "<id source='CarFinder'>CF-1</id>",
    date: str = DATE,
    vehicle: str = VEHICLE,
    name: str = NAME,
    reached: str = REACHED,
    address: str = "",
    customer: str | None = None,
    comments: str = "",
    after_contact: str = "",
    vendor: str = VENDOR,
    provider: str = PROVIDER,
) -> str:
    if customer is None:
        said = f"<comments>{comments}</comments>" if comments else ""
        customer = f"<customer><contact>{name}{reached}{address}</contact>{after_contact}{said}</customer>"
    return f"<prospect{attributes}>{ids}{date}{vehicle}{customer}{vendor}{provider}</prospect>"


def adf(*prospects: str, head: str = '<?xml version="1.0"?>\n<?adf version="1.0"?>\n') -> str:
    return f"{head}<adf>{''.join(prospects)}</adf>"


def read_one(xml: str | bytes, **options: Any) -> LeadDraft:
    raw = xml.encode() if isinstance(xml, str) else xml
    (draft,) = parse(raw, received_at=RECEIVED, **options).prospects
    return draft


def codes(draft: LeadDraft) -> set[str]:
    return {issue.code for issue in draft.issues}
