"""Payments as the bank or the DMS has them, from any table, CSV or XLSX: one row a payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core import changes
from db.core import vin as vins
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import storable
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers.queries import DealerChoice, dealer_choices
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.incentives.recon_tables import Reconciliation, ReconciliationLine, StatementLine
from db.incentives.tables import IncentiveProgram

FIELDS: tuple[TargetField, ...] = (
    TargetField(name="reference", label="Reference", required=True, help="The payment's own number; taken once.",
                synonyms=("transaction id", "payment number", "payment id", "check number", "trace number")),
    TargetField(name="dealer_code", label="Dealer code", required=True, synonyms=("dealer", "dealer id", "payee")),
    TargetField(name="paid_on", label="Paid on", kind="date", required=True,
                synonyms=("date", "payment date", "value date", "posting date")),
    TargetField(name="amount", label="Amount", kind="money", required=True, synonyms=("credit", "paid", "payment")),
    TargetField(name="memo", label="Credit memo", synonyms=("memo", "remittance", "memo number"),
                help="Our number, such as IM-000012; pays the whole memo where no vehicle is named."),
    TargetField(name="program", label="Program", synonyms=("program code", "incentive", "bulletin")),
    TargetField(name="period", label="Period", help="Such as 2026-11 or 2026-Q4.", synonyms=("month", "quarter")),
    TargetField(name="vin", label="VIN", synonyms=("serial number", "chassis", "vehicle")),
)  # fmt: skip
LONGEST = {"reference": 60, "dealer_code": 40, "program": 30, "period": 10, "vin": 40, "memo": 20}
MOST_CENTS = 100_000_000_00


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the rows one by one. A dealer or program we do not have is no fault of the row: it becomes an orphan."""
    if not actor.scope.is_all:
        message = "A bank's file names every dealer: only people who see the whole network take it."
        raise Refused(Problem(code="not_allowed", message=message))
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    dealers = {d.code: d for d in dealer_choices(session, actor.scope)}
    programs = {
        row.code.casefold(): row.id for row in session.execute(select(IncentiveProgram.id, IncentiveProgram.code))
    }
    outcomes, orphans = [], 0
    for row in tables.rows:
        try:
            outcome, line = _take(session, row, dealers, programs, batch_id=batch_id, now=now)
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
            continue
        outcomes.append(outcome)
        if line is None:
            continue
        session.add(line)
        session.flush()
        orphans += line.dealer_id is None
    if orphans:
        said = "1 row names a dealer we do not have: it will be an orphan."
        if orphans > 1:
            said = f"{orphans:,} rows name dealers we do not have: they will be orphans."
        reading.tell(session, said)
    changes.touch(session, "incentives")
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _take(
    session: Session, row: MappedRow, dealers: dict[str, DealerChoice], programs: dict[str, int], *, batch_id: int,
    now: datetime,
) -> tuple[RowOutcome, StatementLine | None]:  # fmt: skip
    texts = {name: storable(str(row.values.get(name) or "")).strip() for name in LONGEST}
    texts["vin"], texts["memo"] = vins.clean(texts["vin"]), texts["memo"].upper()
    texts["period"] = texts["period"].upper() if texts["period"].casefold() != "program" else "program"
    cents, paid_on = row.values["amount"], row.values["paid_on"]
    problems = Problems()
    for name, longest in LONGEST.items():
        if len(texts[name]) > longest:
            problems.add(name, "too_long", f"At most {longest} characters fit.")
    if not cents or abs(cents) > MOST_CENTS:
        problems.add("amount", "out_of_range", "The amount is not zero and at most $100,000,000.")
    problems.refuse_if_any()
    dealer = dealers.get(texts["dealer_code"])
    dealer_id, region = (dealer.dealer_id, dealer.region) if dealer else (None, None)
    there = session.scalars(select(StatementLine).where(StatementLine.reference == texts["reference"])).one_or_none()
    if there is not None:
        if (there.cents, there.paid_on, there.dealer_code) != (cents, paid_on, texts["dealer_code"]):
            message = f"{texts['reference']} is there already with another amount, day or dealer."
            raise Refused(Problem(code="other_content", field="reference", message=message))
        known = RowOutcome(
            file=row.file, row=row.row, outcome="duplicate", code="known", dealer_id=there.dealer_id,
            message=f"{texts['reference']} is there already.", item_type="statement_line", item_id=there.id,
        )  # fmt: skip
        return known, None
    (line_id,) = next_ids(session, StatementLine, item_type="statement_line", count=1)
    line = StatementLine(
        id=line_id, reference=texts["reference"], dealer_code=texts["dealer_code"], dealer_id=dealer_id,
        region=region, program_code=texts["program"], program_id=programs.get(texts["program"].casefold()),
        period=texts["period"],
        vin=texts["vin"], memo=texts["memo"], paid_on=paid_on, cents=cents, batch_id=batch_id, created_at=now,
    )  # fmt: skip
    made = RowOutcome(
        file=row.file, row=row.row, outcome="created", item_type="statement_line", item_id=line_id,
        dealer_id=dealer_id, message=f"{texts['reference']}" if dealer else f"No dealer {texts['dealer_code']}.",
        undo={"statement_line": line_id},
    )  # fmt: skip
    return made, line


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Remove the payments of a file; refused once a reconciliation has used one."""
    used = session.scalar(
        select(Reconciliation.number)
        .join(ReconciliationLine, ReconciliationLine.reconciliation_id == Reconciliation.id)
        .join(StatementLine, StatementLine.id == ReconciliationLine.statement_line_id)
        .where(StatementLine.batch_id == batch_id)
        .limit(1)
    )
    if used is not None:
        raise Refused(Problem(code="in_use", message=f"{used} has used a payment of this file; it stays."))
    ids = list(session.scalars(select(StatementLine.id).where(StatementLine.batch_id == batch_id)))
    session.execute(
        delete(StatementLine).where(StatementLine.batch_id == batch_id).execution_options(synchronize_session=False)
    )
    session.expire_all()
    changes.touch(session, "incentives")
    return len(ids)


STATEMENTS = ImportKind(
    name="incentive_statement", title="Payments of incentives (bank, DMS)",
    permission=Permission.INCENTIVES_RECONCILE, extensions=(".csv", ".xlsx"), apply=apply, undo=undo, fields=FIELDS,
    help="One row a payment of the bank or the dealers' DMS; the reconciliation compares it with what we credited.",
)  # fmt: skip
