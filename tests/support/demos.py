"""Demo networks that many tests look at: each made once for the whole run, and copied."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, select

from db.claim_payments.tables import ClaimEntry
from db.claims.tables import Claim
from db.core.session import make_engine, reading
from db.core.settings import settings
from db.core.timeline import TimelineEntry
from db.dealers.tables import Dealer
from db.incentives.tables import IncentiveEntry, SaleReport
from db.investigations.tables import Investigation
from db.leads.tables import Lead
from db.parts.tables import PartsClaim, PartsOrder, PartsOrderLine
from seed.demo import build
from seed.network import Network
from tests.support.databases import SqliteTemplates, migrate

NOW: Final = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
"""A Wednesday, one o'clock in New York."""
SMALL: Final[dict[str, Any]] = {"now": NOW, "seed": 7, "leads": 60}
"""Every area of the demo, with few leads."""
MIDDLE: Final[dict[str, Any]] = {"now": NOW, "seed": 20261122, "leads": 300}
"""A third of the leads of the usual one."""


def small_demo(templates: SqliteTemplates, folder: Path) -> str:
    """The URL of a copy of the small demo in a folder of one's own."""
    return _copy(templates, "small", SMALL, folder)[0]


def middle_demo(templates: SqliteTemplates, folder: Path) -> tuple[str, Network]:
    """The URL of a copy of the demo of middle size, and what its making gave: accounts and dealers."""
    return _copy(templates, "middle", MIDDLE, folder)


def documents_of(templates: SqliteTemplates, name: str) -> Path:
    """The folder of the files uploaded in a demo; it is not copied."""
    return templates.folder / f"{name}-documents"


def _copy(templates: SqliteTemplates, name: str, size: dict[str, Any], folder: Path) -> tuple[str, Network]:
    made = templates.folder / f"{name}.network"

    def fill(url: str) -> None:
        migrate(url)
        bind = make_engine(url)
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("DOCUMENTS_DIR", str(documents_of(templates, name)))
            settings.cache_clear()
            made.write_bytes(pickle.dumps(build(bind, **size)))
        settings.cache_clear()
        bind.dispose()

    url = templates.copy(name, fill, to=folder / "dealer.db")
    network: Network = pickle.loads(made.read_bytes())
    return url, network


def figures(engine: Engine) -> tuple[list[Any], list[Any]]:
    """What two demos must have in common: leads, claims, money and parts, in which state, by which steps.

    Numbers are left out: PostgreSQL leaves some unused where an arrival turned out to be a lead we have.
    """
    with reading(engine) as session:
        leads = session.execute(
            select(
                Lead.status, Lead.source, Lead.score, Lead.received_at, Lead.first_action_at,
                Lead.closed_at, Lead.customer_name, Dealer.code,
            )
            .outerjoin(Dealer, Dealer.id == Lead.dealer_id)
            .order_by(Lead.id)
        ).all()  # fmt: skip
        commands = session.execute(select(TimelineEntry.command, TimelineEntry.at).order_by(TimelineEntry.seq)).all()
        found: list[Any] = [*leads]
        found += session.execute(
            select(Claim.ro_number, Claim.status, Claim.claimed_cents, Claim.approved_cents, Claim.held_by, Dealer.code)
            .join(Dealer, Dealer.id == Claim.dealer_id)
            .order_by(Claim.id)
        ).all()
        found += session.execute(
            select(ClaimEntry.kind, ClaimEntry.cents, ClaimEntry.at, ClaimEntry.memo_id.is_(None)).order_by(
                ClaimEntry.id
            )
        ).all()
        found += session.execute(select(Investigation.status, Investigation.outcome).order_by(Investigation.id)).all()
        found += session.execute(
            select(PartsOrder.reference, PartsOrder.status, PartsOrderLine.shipped, PartsOrderLine.promised_on)
            .join(PartsOrderLine, PartsOrderLine.order_id == PartsOrder.id)
            .order_by(PartsOrderLine.id)
        ).all()
        found += session.execute(select(PartsClaim.status, PartsClaim.credit_cents).order_by(PartsClaim.id)).all()
        found += session.execute(select(SaleReport.vin, SaleReport.unwound_on).order_by(SaleReport.id)).all()
        found += session.execute(select(IncentiveEntry.book, IncentiveEntry.cents).order_by(IncentiveEntry.id)).all()
    return [tuple(row) for row in found], [tuple(row) for row in commands]
