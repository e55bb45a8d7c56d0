"""People, moments and the least rows of other tables that the tests of the shared core need."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import EVERYTHING, Actor, Scope
from db.core.permissions import Role
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.leads.tables import Lead

NOW = datetime(2026, 6, 29, 13, 0, tzinfo=UTC)


def actor(role: Role = Role.COORDINATOR, *, username: str = "cora", scope: Scope = EVERYTHING, **other: Any) -> Actor:
    """A person who acts."""
    values: dict[str, Any] = {
        "user_id": 7,
        "username": username,
        "name": username.title(),
        "role": role,
        "scope": scope,
    }
    return Actor(**(values | other))


def note(session: Session, *, summary: str = "Did something", by: Actor | None = None, **other: Any) -> None:
    """Queue one timeline entry."""
    values: dict[str, Any] = {
        "actor": by or actor(),
        "now": NOW,
        "area": "leads",
        "command": "do_it",
        "summary": summary,
    }
    timeline.record(session, **(values | other))


def at_once(work: Callable[[int], Any], *, threads: int) -> list[Any]:
    """Run `work(0)`, `work(1)` ... in threads that start together; the first exception is raised here."""
    start = Barrier(threads)

    def go(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(go, range(threads)))


def add_dealer(session: Session, item_id: int, *, region: str = "East") -> int:
    """Insert one dealer row."""
    session.execute(
        insert(Dealer).values(
            id=item_id, code=f"{item_id:05}", name=f"Dealer {item_id}", name_key=f"dealer {item_id}", region=region,
            state="NJ", zone="America/New_York", status="active", created_at=NOW, updated_at=NOW,
        )
    )  # fmt: skip
    return item_id


def add_customer(session: Session, item_id: int = 1) -> int:
    """Insert one customer row with whatever the table demands."""
    session.execute(insert(Customer).values(id=item_id, **_needed(Customer, {"id"})))
    return item_id


def add_lead(session: Session, item_id: int, **values: Any) -> int:
    """Insert one lead row by SQL; the customer and the dealer must exist."""
    lead = {
        "number": f"L-{item_id:06}", "status": "new", "is_open": True, "submitted_by": "cora", "created_at": NOW,
        "updated_at": NOW, "updated_by": "Cora", "received_at": NOW, "received_on": NOW.date(),
        "received_month": date(2026, 6, 1), "channel": "file", "source": "website", "product": "Other",
        "customer_id": 1, "customer_name": "Ann Lee", "last_activity_at": NOW, "state": "NJ",
    } | values  # fmt: skip
    session.execute(insert(Lead).values(id=item_id, **lead, **_needed(Lead, {"id", *lead})))
    return item_id


def _needed(table: Any, given: set[str]) -> dict[str, Any]:
    """A plain value for each column that must not be empty and has no default; other areas may add some."""
    plain: dict[type, Any] = {str: "x", int: 0, datetime: NOW, date: NOW.date(), bool: False, dict: {}, list: []}
    return {
        c.name: plain[getattr(c.type, "impl", c.type).python_type]
        for c in table.__table__.columns
        if not c.nullable and c.default is None and c.server_default is None and c.name not in given
    }
