"""Products an import names that are not among the product lines: listed with their leads, never dropped (issue 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.core.actor import Scope
from db.core.labels import plural
from db.leads.product_lines import OTHER
from db.leads.tables import Lead

NAMED = 12


@dataclass(frozen=True, kw_only=True)
class UnlistedProduct:
    """A product as it was written, and how many leads of an import want it."""

    name: str
    leads: int


def unlisted_products(session: Session, *, batch_id: int, scope: Scope) -> list[UnlistedProduct]:
    """Products of an import's leads that fit no product line, most leads first; their leads count under "Other"."""
    count = func.count()
    rows = session.execute(
        select(Lead.wants, count)
        .where(Lead.batch_id == batch_id, Lead.product == OTHER, scope.where(Lead.dealer_id, Lead.region))
        .group_by(Lead.wants)
        .order_by(count.desc(), Lead.wants)
    )
    return [UnlistedProduct(name=name or "Not named", leads=leads) for name, leads in rows]


def in_words(found: Sequence[UnlistedProduct]) -> str:
    """The sentence of an import about them, empty when there is none."""
    if not found:
        return ""
    total = sum(one.leads for one in found)
    listed = ", ".join(f'"{one.name}" {one.leads:,}' for one in found[:NAMED])
    rest = f" and {plural(len(found) - NAMED, 'more product')}" if len(found) > NAMED else ""
    return (
        f"Not among the product lines: {listed}{rest}. {plural(total, 'lead')} came in all the same, as “{OTHER}” with "
        "the product as written."
    )
