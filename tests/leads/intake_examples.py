"""A network with a place for every dealer, and ADF prospects in the shape providers send them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from db.core.actor import Actor, system_actor
from db.core.area import RowOutcome, SourceFile
from db.core.session import reading, run, writing
from db.dealers.rules import name_key
from db.dealers.tables import Dealer, DealerBrand, DealerTerritory
from db.imports.commands import BatchResult, run_import
from db.leads.intake_kinds import ADF
from db.leads.tables import Lead

# A Friday, 12:00 in New York and 11:00 in Dallas: everybody's usual hours are open.
NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
CLI = system_actor("cli")
DALLAS = {"state": "TX", "latitude": 32.8, "longitude": -96.8, "zone": "America/Chicago", "region": "South"}


def add_dealer(session: Session, code: str, name: str, **facts: Any) -> int:
    brands: Sequence[str] = facts.pop("brands", ("Toyota",))
    prefixes: Sequence[str] = facts.pop("prefixes", ())
    given = {
        "code": code, "name": name, "name_key": name_key(name), "region": "East", "state": "NY", "status": "active",
        "latitude": 40.75, "longitude": -73.99, "zone": "America/New_York", "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    dealer = Dealer(**{**given, **facts})
    session.add(dealer)
    session.flush()
    session.add_all(DealerBrand(dealer_id=dealer.id, brand=brand) for brand in brands)
    session.add_all(DealerTerritory(dealer_id=dealer.id, postal_prefix=prefix) for prefix in prefixes)
    session.flush()
    return dealer.id


def make_dealers(engine: Engine) -> dict[str, int]:
    """Two dealers in Manhattan, one in Dallas that owns 752, one suspended; by code."""
    with writing(engine, keeps_timeline=False) as session:
        return {
            "00101": add_dealer(session, "00101", "The Toyota of Midtown, Inc."),
            "00102": add_dealer(session, "00102", "Harbor Toyota"),
            "00201": add_dealer(session, "00201", "Lone Star Toyota", prefixes=("752",), **DALLAS),
            "00301": add_dealer(session, "00301", "Closed Toyota", status="suspended"),
        }


def prospect(
    *, name: str = "Jane Doe", email: str = "jane.doe@mail.com", phone: str = "212-555-0143", postal: str = "10001",
    vendor: str = "", vendor_id: str = "", number: str = "", source: str = "Cars", provider: str = "Cars.com",
    status: str = "new", vehicle: str = "2026|Toyota|Camry", vin: str = "", trade: str = "", comments: str = "",
    date: str = "2026-11-20T11:58:00-05:00", new: bool = True,
) -> str:  # fmt: skip
    """One prospect element; whatever is empty is left out."""

    def tag(label: str, value: str, attributes: str = "") -> str:
        return f"<{label}{attributes}>{escape(value)}</{label}>" if value else ""

    def car(interest: str, words: str, condition: str) -> str:
        parts = zip(("year", "make", "model"), words.split("|"), strict=False)
        told = "".join(tag(label, value) for label, value in parts) + (tag("vin", vin) if interest == "buy" else "")
        return f'<vehicle interest="{interest}" status="{condition}">{told}</vehicle>' if told else ""

    wanted, own = car("buy", vehicle, "new" if new else "used"), car("trade-in", trade, "used")
    who = tag("name", name, ' part="full"') + tag("email", email) + tag("phone", phone)
    where = f"<address>{tag('postalcode', postal)}</address>" if postal else ""
    ids = f'<id source="{source}">{number}</id>' if number else ""
    vendor_ids = f'<id source="oem">{vendor_id}</id>' if vendor_id else ""
    return (
        f'<prospect status="{status}">{ids}{tag("requestdate", date)}{wanted}{own}'
        f"<customer><contact>{who}{where}</contact>{tag('comments', comments)}</customer>"
        f"<vendor>{vendor_ids}{tag('vendorname', vendor)}</vendor>"
        f"<provider>{tag('name', provider)}</provider></prospect>"
    )


def document(*prospects: str) -> bytes:
    return ("<?xml version='1.0'?><adf>" + "".join(prospects) + "</adf>").encode()


def take(
    engine: Engine, *prospects: str, now: datetime = NOW, actor: Actor = CLI, channel: str = "file"
) -> BatchResult:
    """Import one document with these prospects."""
    files = [SourceFile(name="leads.xml", content=document(*prospects))]
    return run(run_import, bind=engine, kind=ADF, files=files, channel=channel, actor=actor, now=now)


def take_one(engine: Engine, *, now: datetime = NOW, **facts: Any) -> RowOutcome:
    """Import one prospect and give what became of it."""
    return take(engine, prospect(**facts), now=now).outcomes[0]


def lead_of(engine: Engine, outcome: RowOutcome | int) -> Lead:
    lead_id = outcome if isinstance(outcome, int) else outcome.item_id
    with reading(engine) as session:
        lead = session.get_one(Lead, lead_id)
        session.expunge(lead)
        return lead


def count(engine: Engine, table: type[Any]) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def later(**amount: float) -> datetime:
    return NOW + timedelta(**amount)
