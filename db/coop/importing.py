"""Purchases of dealers from any table, CSV or XLSX: one row a line of a wholesale invoice, each earns its lot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.coop import ledger, lot_rules
from db.coop.accrual import Purchase, earn, known_purchase
from db.coop.record import AREA, dealer_of, fund_of, in_force
from db.coop.say_rules import money
from db.coop.tables import CoopEntry, CoopPurchase
from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.permissions import Permission
from db.core.problems import Problems, Refused
from db.dealers.queries import DealerChoice, dealer_choices
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField

FIELDS: tuple[TargetField, ...] = (
    TargetField(name="invoice_number", label="Invoice number", required=True, help="Taken once for each model.",
                synonyms=("invoice", "invoice no", "document number", "sales order number")),
    TargetField(name="dealer_code", label="Dealer code", required=True, synonyms=("dealer", "dealer id", "account")),
    TargetField(name="invoiced_on", label="Day of the invoice", kind="date", required=True,
                synonyms=("invoice date", "date", "order date")),
    TargetField(name="amount", label="Amount", kind="money", required=True, help="A credit has a minus.",
                synonyms=("net amount", "wholesale", "sub total", "total")),
    TargetField(name="model", label="Model", synonyms=("product", "model name")),
    TargetField(name="programme", label="Programme", synonyms=("program", "program code"),
                help="Only needed where a year has several."),
)  # fmt: skip


def _purchase(values: dict[str, Any]) -> Purchase:
    return Purchase(
        invoice_number=str(values["invoice_number"]).strip(), invoiced_on=values["invoiced_on"],
        cents=values["amount"], model=str(values.get("model") or "").strip(),
        programme=str(values.get("programme") or ""),
    )  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the rows one by one, purchases before credits; a refused row leaves nothing behind and says why."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    dealers = {d.code: d for d in dealer_choices(session, actor.scope)}
    outcomes = []
    for row in sorted(tables.rows, key=lambda r: (r.values["amount"] or 0) < 0):
        try:
            with session.begin_nested():
                outcomes.append(_take(session, row, dealers, batch_id=batch_id, actor=actor, now=now))
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
    changes.touch(session, AREA)
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _take(
    session: Session, row: MappedRow, dealers: dict[str, DealerChoice], *, batch_id: int, actor: Actor, now: datetime
) -> RowOutcome:
    one = _purchase(row.values)
    code = str(row.values["dealer_code"]).strip()
    problems = Problems()
    if code not in dealers:
        problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code} among those you look after.")
    problems.refuse_if_any()
    dealer = dealer_of(session, dealers[code].dealer_id, actor=actor)
    there = known_purchase(session, dealer.id, one)
    if there is not None:
        if (there.cents, there.invoiced_on) != (one.cents, one.invoiced_on):
            said = f"{one.invoice_number} is there already with another amount or day."
            problems.add("invoice_number", "other_content", said)
            problems.refuse_if_any()
        return RowOutcome(
            file=row.file, row=row.row, outcome="duplicate", code="known", item_type="coop_purchase",
            item_id=there.id, dealer_id=dealer.id, message=f"{one.invoice_number} is there already.",
        )  # fmt: skip
    made = earn(session, one, dealer, batch_id=batch_id, actor=actor, now=now)
    return RowOutcome(
        file=row.file, row=row.row, outcome="created", item_type="coop_purchase", item_id=made.id,
        dealer_id=dealer.id, message=f"{made.invoice_number}: {money(made.accrued_cents)} earned",
        undo={"purchase": made.id},
    )  # fmt: skip


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take back what a file earned, by reversals in the ledger; refused once something of it was used.

    The purchases go, so that the file can be brought in again.
    """
    found = session.scalars(
        select(CoopPurchase).where(CoopPurchase.batch_id == batch_id).order_by(CoopPurchase.fund_id, CoopPurchase.id)
    ).all()
    # Credits first: what they had taken of a lot of this very file is back before that lot is looked at.
    for fund_id in sorted({p.fund_id for p in found}):
        fund = fund_of(session, fund_id, actor=actor)
        ledger.expire(session, fund, actor=actor, now=now)
        for one in sorted((p for p in found if p.fund_id == fund_id), key=lambda p: (p.cents > 0, p.id)):
            if one.entry_id is None:
                continue
            _, programme = in_force(session, fund.programme_id, one.invoiced_on)
            ledger.reverse_accrual(
                session, fund, session.get_one(CoopEntry, one.entry_id), earned_on=one.invoiced_on,
                expires_on=lot_rules.expires_on(one.invoiced_on, programme.lot_months), actor=actor, now=now,
                reason=f"Import undone: {one.invoice_number}",
            )  # fmt: skip
    session.execute(
        delete(CoopPurchase).where(CoopPurchase.batch_id == batch_id).execution_options(synchronize_session=False)
    )
    session.expire_all()
    changes.touch(session, AREA)
    return len(found)


PURCHASES = ImportKind(
    name="coop_purchases", title="Purchases for co-op", permission=Permission.COOP_IMPORT,
    extensions=(".csv", ".xlsx"), apply=apply, undo=undo, fields=FIELDS,
    help="One row a line of a dealer's wholesale invoice; each earns its share as money that expires.",
)  # fmt: skip
