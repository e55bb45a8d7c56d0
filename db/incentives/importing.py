"""Sales (RDR) from any table, CSV or XLSX: one row a sale; what dealers have earned is calculated once at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord
from db.dealers.queries import find_dealer_by_code
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.incentives import books, sale_store
from db.incentives.calculate import later_periods, recalculate, refresh
from db.incentives.entry_rules import SaleDraft, check_sale, tidy
from db.incentives.model import AFFINITIES, DOCUMENTS, SALE_TYPES
from db.incentives.record import dealer_of
from db.incentives.tables import IncentiveClaim, IncentiveUnit, SaleDocument, SaleReport

MOST_UNITS = 500
FIELDS: tuple[TargetField, ...] = (
    TargetField(name="external_number", label="Sale number", required=True,
                synonyms=("rdr", "deal number", "order number", "contract number")),
    TargetField(name="dealer_code", label="Dealer code", required=True, synonyms=("dealer id", "dealer", "reseller")),
    TargetField(name="vin", label="VIN or serial", required=True, synonyms=("serial number", "chassis")),
    TargetField(name="make", label="Make", synonyms=("brand",)),
    TargetField(name="model", label="Model", synonyms=("product",)),
    TargetField(name="year", label="Model year", kind="integer"),
    TargetField(name="trim", label="Trim"),
    TargetField(name="condition", label="New or used", help="New where the cell is blank."),
    TargetField(name="sale_type", label="Type of sale", help="Cash where the cell is blank.",
                synonyms=("finance type",)),
    TargetField(name="stocked_on", label="In stock since", kind="date", synonyms=("stock date",)),
    TargetField(name="contract_on", label="Day of the contract", kind="date", synonyms=("contract date", "order date")),
    TargetField(name="delivered_on", label="Day of the delivery", kind="date", synonyms=("delivery date",)),
    TargetField(name="reported_on", label="Day of the report", kind="date", synonyms=("report date", "rdr date"),
                help="Today where the cell is blank."),
    TargetField(name="quantity", label="Units", kind="integer", synonyms=("order quantity",),
                help="A row of several units makes as many sales; their numbers end with /2, /3 and so on."),
    TargetField(name="customer_ref", label="Customer number", synonyms=("customer id",)),
    TargetField(name="customer_name", label="Customer", synonyms=("customer name", "buyer")),
    TargetField(name="price", label="Price", kind="money", synonyms=("sales amount",)),
    TargetField(name="trade_make", label="Make of the trade-in"),
    TargetField(name="trade_year", label="Model year of the trade-in", kind="integer"),
    TargetField(name="affinity", label="Group of the customer", synonyms=("group", "affinity")),
    TargetField(name="certificates", label="Certificates", help="Of whoever sold it; commas between."),
    TargetField(name="lease_ends_on", label="Previous lease ends", kind="date", synonyms=("lease end",)),
    TargetField(name="waived_payments", label="Payments waived", kind="integer"),
    TargetField(name="payment", label="Amount of one payment", kind="money"),
    TargetField(name="documents", label="Papers", help="Kinds with commas between, such as registration, title."),
)  # fmt: skip
_BY_LABEL = {
    label.casefold(): name for name, label in (*SALE_TYPES.items(), *DOCUMENTS.items(), *AFFINITIES.items())
} | {
    "retail": "cash", "finance": "loan", "financed": "loan", "wholesale": "resale", "dealer trade": "resale",
}  # fmt: skip


def _word(value: Any, default: str = "") -> str:
    text = str(value or "").strip().casefold()
    return _BY_LABEL.get(text, text) or default


def draft_of_row(values: dict[str, Any]) -> SaleDraft:
    """A row as what the form would hold; words of people ("Retail", "Registration") become our names."""
    papers = [_word(p) for p in str(values.get("documents") or "").replace(";", ",").split(",") if p.strip()]
    return SaleDraft(
        vin=str(values["vin"]), make=str(values.get("make") or ""), model=str(values.get("model") or ""),
        year=values.get("year"), trim=str(values.get("trim") or ""), condition=_word(values.get("condition"), "new"),
        sale_type=_word(values.get("sale_type"), "cash"), stocked_on=values.get("stocked_on"),
        contract_on=values.get("contract_on"), delivered_on=values.get("delivered_on"),
        customer_ref=str(values.get("customer_ref") or ""), customer_name=str(values.get("customer_name") or ""),
        price_cents=values.get("price"),
        trade_make=str(values.get("trade_make") or ""), trade_year=values.get("trade_year"),
        affinity=_word(values.get("affinity")), lease_ends_on=values.get("lease_ends_on"),
        certificates=tuple(c.strip() for c in str(values.get("certificates") or "").split(",") if c.strip()),
        waived_payments=values.get("waived_payments"), payment_cents=values.get("payment"),
        documents=tuple((p, "") for p in papers),
    )  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the rows one by one; a refused row leaves nothing behind, the others count for every program at once."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    outcomes, sales = [], list[SaleReport]()
    for row in tables.rows:
        try:
            with session.begin_nested():
                outcome, made = _take(session, row, batch_id=batch_id, actor=actor, now=now)
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
            continue
        outcomes.append(outcome)
        sales += made
    refresh(session, sales, actor=actor, now=now, today=now.date())
    changes.touch(session, "incentives")
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _take(
    session: Session, row: MappedRow, *, batch_id: int, actor: Actor, now: datetime
) -> tuple[RowOutcome, list[SaleReport]]:
    values = row.values
    number, code = str(values["external_number"]).strip(), str(values["dealer_code"]).strip()
    found = find_dealer_by_code(session, code=code, scope=actor.scope)
    problems = Problems()
    if found is None:
        problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code} among those you look after.")
    if len(number) > 40:
        problems.add("external_number", "too_long", "A sale number has at most 40 characters.")
    problems.refuse_if_any()
    assert found is not None
    there = session.scalar(
        select(SaleReport.id).where(
            SaleReport.dealer_id == found.dealer_id, SaleReport.external_number == number
        )
    )  # fmt: skip
    if there is not None:
        known = RowOutcome(
            file=row.file, row=row.row, outcome="duplicate", code="known", message=f"{number} is there already.",
            item_type="sale", item_id=there, dealer_id=found.dealer_id,
        )  # fmt: skip
        return known, []
    dealer = dealer_of(session, found.dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    draft = tidy(draft_of_row(values))
    check_sale(draft, problems, today=today)
    reported: date | None = values.get("reported_on")
    if reported is not None and reported > today:
        problems.add("reported_on", "future", "This day is still to come.")
    problems.refuse_if_any()
    quantity = values.get("quantity") or 1
    if not 0 < quantity <= MOST_UNITS:
        problems.add("quantity", "out_of_range", f"A row has between 1 and {MOST_UNITS} units.")
    problems.refuse_if_any()
    sales = []
    for n in range(1, quantity + 1):
        unit = draft if n == 1 else replace(draft, vin=f"{draft.vin}/{n}")
        sales.append(
            sale_store.add_sale(
                session, unit, dealer, form_key=None, reported_on=reported or today, customer_id=None,
                external_number=number if n == 1 else f"{number}/{n}", batch_id=batch_id, actor=actor, now=now,
            )
        )  # fmt: skip
    said = sales[0].number if quantity == 1 else f"{sales[0].number} to {sales[-1].number}"
    made = RowOutcome(
        file=row.file, row=row.row, outcome="created", item_type="sale", item_id=sales[0].id, dealer_id=dealer.id,
        message=said, undo={"sale": sales[0].id},
    )  # fmt: skip
    return made, sales


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Remove the sales of a batch, and what was earned with them is calculated anew; refused once one was claimed."""
    ids = list(session.scalars(select(SaleReport.id).where(SaleReport.batch_id == batch_id)))
    keys: set[tuple[int, int, str]] = set()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        claimed = session.scalar(
            select(IncentiveClaim.number).where(IncentiveClaim.sale_id.in_(some)).limit(1)
        )  # fmt: skip
        if claimed is not None:
            raise Refused(Problem(code="in_use", message=f"{claimed} claims one of these sales; the batch stays."))
        plans = books.plans_of(session).values()
        sales = session.scalars(select(SaleReport).where(SaleReport.id.in_(some))).all()
        for sale, fact in zip(sales, books.facts_of(session, sales, today=now.date()), strict=True):
            keys |= {(p, sale.dealer_id, period) for p, period in later_periods(fact, plans)}
        units = select(IncentiveUnit.program_id, IncentiveUnit.dealer_id, IncentiveUnit.period)
        keys |= {(p, d, n) for p, d, n in session.execute(units.where(IncentiveUnit.sale_id.in_(some)))}
        for table in (IncentiveUnit, SaleDocument):
            column: Any = table.sale_id
            session.execute(delete(table).where(column.in_(some)).execution_options(synchronize_session=False))
        session.execute(delete(SearchWord).where(SearchWord.kind == "sale", SearchWord.item_id.in_(some)))
        session.execute(delete(SaleReport).where(SaleReport.id.in_(some)).execution_options(synchronize_session=False))
    session.expire_all()
    for key in sorted(keys):
        recalculate(session, key, actor=actor, now=now)
    changes.touch(session, "incentives")
    return len(ids)


SALES = ImportKind(
    name="sales", title="Sales (RDR)", permission=Permission.INCENTIVES_IMPORT, extensions=(".csv", ".xlsx"),
    apply=apply, undo=undo, fields=FIELDS,
    help="One row a delivered or contracted vehicle; it counts for every program of its day at once.",
)  # fmt: skip
