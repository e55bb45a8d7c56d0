"""What a dealer reports of a sale, and what of it cannot be stored at all; everything else is left to the checks."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from db.core import vin as vins
from db.core.labels import storable
from db.core.problems import Problems
from db.incentives.model import AFFINITIES, DOCUMENTS, SALE_TYPES

_LENGTHS = {
    "vin": 40, "make": 80, "model": 120, "trim": 80, "customer_ref": 60, "customer_name": 120, "trade_make": 80,
}  # fmt: skip
EARLIEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)


@dataclass(frozen=True, kw_only=True)
class SaleDraft:
    """A sale as it is typed. Amounts are cents, days the dealer's; `documents` are kinds with their references."""

    vin: str
    make: str = ""
    model: str = ""
    year: int | None = None
    trim: str = ""
    condition: str = "new"
    sale_type: str = "cash"
    stocked_on: date | None = None
    contract_on: date | None = None
    delivered_on: date | None = None
    customer_ref: str = ""
    customer_name: str = ""
    price_cents: int | None = None
    trade_make: str = ""
    trade_year: int | None = None
    affinity: str = ""
    certificates: tuple[str, ...] = ()
    lease_ends_on: date | None = None
    waived_payments: int | None = None
    payment_cents: int | None = None
    documents: tuple[tuple[str, str], ...] = ()


COLUMNS = tuple(f.name for f in fields(SaleDraft) if f.name not in ("documents", "certificates"))
"""Fields that are columns of the sale under the same name."""


def tidy(draft: SaleDraft) -> SaleDraft:
    """Spaces go, the VIN is written as it is stored, empty certificates are left out."""
    plain: dict[str, Any] = {
        name: " ".join(storable(getattr(draft, name) or "").split()) for name in _LENGTHS if name != "vin"
    }
    certificates = tuple(dict.fromkeys(c for raw in draft.certificates if (c := storable(raw).strip())))
    papers = {kind: storable(ref).strip() for kind, ref in draft.documents}
    return replace(
        draft, vin=vins.clean(storable(draft.vin or "")), certificates=certificates, documents=tuple(papers.items()),
        **plain,
    )  # fmt: skip


def check_sale(draft: SaleDraft, problems: Problems, *, today: date) -> None:
    """Add a problem, at its field, for everything that cannot be stored or cannot be true."""
    if not draft.vin:
        problems.add("vin", "required", "The VIN is needed.", rule="I01")
    for name, longest in _LENGTHS.items():
        if len(getattr(draft, name)) > longest:
            problems.add(name, "too_long", f"At most {longest} characters fit.")
    for name, known in (("sale_type", SALE_TYPES), ("affinity", AFFINITIES | {"": ""}), ("condition", {"new", "used"})):
        if getattr(draft, name) not in known:
            problems.add(name, "unknown", "Choose one of the list.")
    for name in ("stocked_on", "contract_on", "delivered_on", "lease_ends_on"):
        day = getattr(draft, name)
        if day is not None and not EARLIEST <= day <= LATEST:
            problems.add(name, "out_of_range", "Choose a day between 2000 and 2100.")
    for name in ("contract_on", "delivered_on", "stocked_on"):
        day = getattr(draft, name)
        if day is not None and day > today:
            problems.add(name, "future", "This day is still to come.")
    if draft.contract_on is None and draft.delivered_on is None:
        problems.add("contract_on", "required", "Give the day of the contract or of the delivery.", rule="I03")
    _check_numbers(draft, problems)


def _check_numbers(draft: SaleDraft, problems: Problems) -> None:
    for name in ("price_cents", "payment_cents", "waived_payments"):
        value = getattr(draft, name)
        if value is not None and not 0 <= value <= 100_000_000_00:
            problems.add(name, "out_of_range", "This cannot be right.")
    for name in ("year", "trade_year"):
        value = getattr(draft, name)
        if value is not None and not 1900 <= value <= 2100:
            problems.add(name, "out_of_range", "Give a year of four digits.")
    if any(kind not in DOCUMENTS or len(ref) > 120 for kind, ref in draft.documents):
        problems.add("documents", "unknown", "Choose papers of the list; a reference has at most 120 characters.")
    if len(draft.certificates) > 20 or any(len(c) > 120 for c in draft.certificates):
        problems.add("certificates", "too_long", "At most 20 certificates of 120 characters fit.")


def sale_key(vin: str, condition: str, day: date | None) -> str:
    """What may be sold once while the sale stands: a new vehicle; a used one once on a day."""
    return f"{vin}|new" if condition == "new" else f"{vin}|used|{day}"
