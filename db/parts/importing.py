"""Stock of our warehouses and orders of dealers from any table (CSV, XLSX), with dry run and undo (U14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord
from db.dealers.tables import Dealer
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.parts import rules
from db.parts.order_checks import checked_lines
from db.parts.record import CHUNK, ORDER, ensure_parts, facts_of_stock, tidy, write_order
from db.parts.tables import Part, PartsClaim, PartsOrder, PartsOrderLine, PartsPromise, PartsShipment, PartsStock

USUAL_WAREHOUSE = "MAIN"


def _whole(name: str, label: str, *synonyms: str, required: bool = False, help: str = "") -> TargetField:
    return TargetField(name=name, label=label, kind="integer", required=required, synonyms=synonyms, help=help)


_NUMBER = TargetField(
    name="part", label="Part number", required=True, synonyms=("part no", "sku", "part_number", "item", "material")
)
STOCK_FIELDS: tuple[TargetField, ...] = (
    _NUMBER,
    TargetField(name="name", label="Name", synonyms=("description", "part name")),
    TargetField(name="warehouse", label="Warehouse", help=f"Without it, {USUAL_WAREHOUSE}.", synonyms=("site", "plant", "location")),  # noqa: E501
    _whole("on_hand", "On hand", "national_inv", "stock", "inventory", required=True, help="A negative count is kept as oversold."),  # noqa: E501
    _whole("in_transit", "On the way", "in_transit_qty", "in transit"),
    TargetField(name="lead_time", label="Lead time (days)", kind="decimal", help="Blank is unknown, not zero.", synonyms=("lead time", "lead_time_days")),  # noqa: E501
    *(_whole(f"forecast_{n}", f"Forecast {n} months", f"forecast_{n}_month") for n in (3, 6, 9)),
    *(_whole(f"sales_{n}", f"Sales {n} months", f"sales_{n}_month") for n in (1, 3, 6, 9)),
    _whole("min_bank", "Minimum stock", "min_bank", "safety stock"),
    _whole("past_due", "Pieces past due", "pieces_past_due"),
    _whole("local_backorder", "Local backorder", "local_bo_qty"),
    TargetField(name="perf_6", label="Supplier 6 months", kind="decimal", help="0 to 1; -99 is no data.", synonyms=("perf_6_month_avg",)),  # noqa: E501
    TargetField(name="perf_12", label="Supplier 12 months", kind="decimal", help="0 to 1; -99 is no data.", synonyms=("perf_12_month_avg",)),  # noqa: E501
    *(TargetField(name=name, label=label, kind="bool", synonyms=(name.replace("_", " "),)) for name, label in rules.FLAGS.items()),  # noqa: E501
    TargetField(name="went_on_backorder", label="Went on backorder", kind="bool"),
)  # fmt: skip
ORDER_FIELDS: tuple[TargetField, ...] = (
    TargetField(name="dealer_code", label="Dealer code", required=True, help="Leading zeros count.", synonyms=("dealer", "dealer id", "code")),  # noqa: E501
    TargetField(name="reference", label="Order reference", required=True, help="Lines of one dealer and reference are one order.", synonyms=("order", "po", "order number", "purchase order")),  # noqa: E501
    TargetField(name="kind", label="Kind", kind="choice", choices=tuple(rules.KINDS), help="Without it, stock.", synonyms=("order type", "type", "priority")),  # noqa: E501
    _NUMBER,
    _whole("quantity", "Quantity", "qty", "units", required=True),
    TargetField(name="required_by", label="Needed by", kind="date", synonyms=("required by", "need date", "due date")),
    TargetField(name="note", label="Note", synonyms=("comment", "vehicle", "remarks")),
)  # fmt: skip


# ---- stock -----------------------------------------------------------------------------------------------------------
def _percent(value: Any) -> int | None:
    """A performance of 0 to 1 in hundredths; -99 and blank are unknown."""
    if value is None or value == rules.NO_DATA:
        return None
    if not 0 <= value <= 1:
        raise Refused(Problem(code="out_of_range", message="The supplier's performance lies between 0 and 1."))
    return round(float(value) * 100)


def stock_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a stock row from a row of a file; raises `Refused` for what cannot be right."""
    on_hand, oversold = rules.split_stock(values["on_hand"])
    lead = values.get("lead_time")
    if lead is not None and (lead < 0 or lead > 1000):
        raise Refused(Problem(code="out_of_range", field="lead_time", message="The lead time cannot be right."))
    names = ("forecast_3", "forecast_6", "forecast_9", "sales_1", "sales_3", "sales_6", "sales_9", "min_bank")
    given = {name: values.get(name) for name in names}
    whole = {name: values.get(name) or 0 for name in ("in_transit", "past_due", "local_backorder")}
    wrong = [name for name, value in {**given, **whole}.items() if value is not None and not 0 <= value < 2**31]
    if wrong or max(on_hand, oversold) >= 2**31:
        raise Refused(Problem(code="out_of_range", message=f"Not a number of units: {', '.join(wrong) or 'on hand'}."))
    return {
        **given, **whole, "on_hand": on_hand, "oversold": oversold,
        "lead_time_days": None if lead is None else round(lead), "perf_6": _percent(values.get("perf_6")),
        "perf_12": _percent(values.get("perf_12")), "flags": [name for name in rules.FLAGS if values.get(name)],
        "went_on_backorder": values.get("went_on_backorder"),
    }  # fmt: skip


def _refused(row: MappedRow, refusal: Refused) -> RowOutcome:
    return reading.refuse_row(row, *refusal.problems)


def apply_stock(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """One row a part and warehouse: what is there is replaced. Parts the catalogue lacks are made, and told."""
    tables = reading.read_tables(files, mapping=mapping, fields=STOCK_FIELDS)
    reading.tell(session, *tables.sentences)
    outcomes: list[RowOutcome] = []
    taken: dict[tuple[str, str], tuple[MappedRow, dict[str, Any]]] = {}
    names: dict[str, str] = {}
    for row in tables.rows:
        key = (tidy(row.values["part"]), tidy(row.values.get("warehouse") or USUAL_WAREHOUSE))
        try:
            values = stock_values(row.values)
            if len(key[0]) > 40 or len(key[1]) > 12:
                raise Refused(
                    Problem(code="too_long", message="A part number has up to 40 characters, a warehouse 12.")
                )
            if key in taken:
                raise Refused(Problem(code="twice", message=f"Part {key[0]} stands in the file twice."))
        except Refused as refusal:
            outcomes.append(_refused(row, refusal))
            continue
        taken[key] = (row, values)
        names.setdefault(key[0], str(row.values.get("name") or "")[:160])
    parts, made = ensure_parts(session, names, batch_id=batch_id)
    there = _stock_of(session, [part.id for part in parts.values()])
    stored: list[tuple[MappedRow, PartsStock, Any, Any]] = []
    for (number, warehouse), (row, values) in taken.items():
        stock = there.get((parts[number].id, warehouse))
        if stock is None:
            stock = PartsStock(part_id=parts[number].id, warehouse=warehouse, batch_id=batch_id, version=1, **values)
            session.add(stock)
            stored.append((row, stock, "created", None))
        elif all(getattr(stock, name) == value for name, value in values.items()):
            stored.append((row, stock, "duplicate", None))
            continue
        else:
            before = {name: getattr(stock, name) for name in values}
            for name, value in values.items():
                setattr(stock, name, value)
            stock.version += 1
            stored.append((row, stock, "updated", {"before": before, "version": stock.version}))
        stock.shortfall = rules.shortfall(facts_of_stock(stock))
        stock.updated_at, stock.updated_by = now, actor.name
    session.flush()
    for row, stock, what, undo in stored:
        outcomes.append(
            RowOutcome(
                file=row.file, row=row.row, outcome=what, item_type="parts_stock", item_id=stock.id, undo=undo,
                code="unchanged" if what == "duplicate" else "oversold" if stock.oversold else "",
                message=f"{stock.oversold:,} oversold: a negative stock." if stock.oversold else "",
            )
        )  # fmt: skip
    _tell_stock(session, [values for _, values in taken.values()], made)
    changes.touch(session, "parts")
    return _in_order([*outcomes, *tables.rejected], files)


def _tell_stock(session: Session, rows: Sequence[Mapping[str, Any]], made: int) -> None:
    said = {
        "a lead time that is unknown": sum(row["lead_time_days"] is None for row in rows),
        "no figure of the supplier's performance": sum(row["perf_6"] is None for row in rows),
        "a negative stock, kept as oversold": sum(row["oversold"] > 0 for row in rows),
        "a part that was on backorder": sum(row["went_on_backorder"] is True for row in rows),
    }
    reading.tell(session, *(f"{plural(n, 'row')} with {what}." for what, n in said.items() if n))
    if made:
        reading.tell(session, f"{plural(made, 'part')} added to the catalogue, without a price.")


def _stock_of(session: Session, part_ids: Sequence[int]) -> dict[tuple[int, str], PartsStock]:
    found: dict[tuple[int, str], PartsStock] = {}
    ids = sorted(part_ids)
    for start in range(0, len(ids), CHUNK):
        some = select(PartsStock).where(PartsStock.part_id.in_(ids[start : start + CHUNK])).order_by(PartsStock.id)
        found |= {(s.part_id, s.warehouse): s for s in session.scalars(some.with_for_update())}
    return found


def _in_order(outcomes: list[RowOutcome], files: Sequence[SourceFile]) -> list[RowOutcome]:
    order = {file.name: number for number, file in enumerate(files)}
    return sorted(outcomes, key=lambda o: (order.get(o.file, len(order)), o.row))


def undo_stock(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take the stock rows back, or to what they were; refused when units were shipped from one since."""
    for row in rows:
        stock = session.get(PartsStock, row.item_id)
        if stock is None or row.outcome not in ("created", "updated"):
            continue
        if stock.version != (1 if row.outcome == "created" else (row.undo or {})["version"]):
            message = "Stock of this import was used or changed since. It cannot be taken back."
            raise Refused(Problem(code="in_use", message=message))
        if row.outcome == "created":
            session.delete(stock)
        else:
            for name, value in (row.undo or {})["before"].items():
                setattr(stock, name, value)
            stock.version += 1
            stock.shortfall = rules.shortfall(facts_of_stock(stock))
            stock.updated_at, stock.updated_by = now, actor.name
    session.flush()
    used = [
        ~select(table.id).where(table.part_id == Part.id).exists() for table in (PartsStock, PartsOrderLine)
    ]  # fmt: skip
    session.execute(delete(Part).where(Part.batch_id == batch_id, *used).execution_options(synchronize_session=False))
    changes.touch(session, "parts")
    return len(rows)


# ---- orders ----------------------------------------------------------------------------------------------------------
def apply_orders(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Orders of all groups of lines that can be taken; an order with one wrong line is not placed at all."""
    tables = reading.read_tables(files, mapping=mapping, fields=ORDER_FIELDS)
    reading.tell(session, *tables.sentences)
    groups: dict[tuple[str, str], list[MappedRow]] = {}
    for row in tables.rows:
        groups.setdefault(_order_of(row), []).append(row)
    lost = {_order_of(row): row.row for row in reversed(tables.unreadable)}
    outcomes: list[RowOutcome] = []
    for (code, reference), rows in groups.items():
        if (code, reference) in lost:
            message = f"Another line of this order cannot be read: row {lost[code, reference]:,}."
            outcomes += [reading.refuse_row(row, Problem(code="other_line", message=message)) for row in rows]
            continue
        dealer = session.scalars(select(Dealer).where(Dealer.code == code)).one_or_none()
        if dealer is not None and not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
            dealer = None
        outcomes += _take_order(session, dealer, code, reference, rows, batch_id=batch_id, actor=actor, now=now)
    changes.touch(session, "parts")
    return _in_order([*outcomes, *tables.rejected], files)


def _order_of(row: MappedRow) -> tuple[str, str]:
    """Dealer and reference of a line."""
    return str(row.values.get("dealer_code") or "").strip(), str(row.values.get("reference") or "").strip()


def _take_order(
    session: Session, dealer: Dealer | None, code: str, reference: str, rows: Sequence[MappedRow], *, batch_id: int,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    def refused(code: str, message: str) -> list[RowOutcome]:
        return [reading.refuse_row(row, Problem(code=code, message=message)) for row in rows]

    first = rows[0].values
    kind, note = first.get("kind") or "stock", str(first.get("note") or "").strip()
    if dealer is None:
        return refused("unknown_dealer", f"There is no dealer {code} among those you look after.")
    if len(reference) > 40:
        return refused("too_long", "The reference has more than 40 characters.")
    known = session.scalars(
        select(PartsOrder.number).where(PartsOrder.dealer_id == dealer.id, PartsOrder.reference == reference).limit(1)
    ).first()
    if known:
        return [
            RowOutcome(
                file=row.file, row=row.row, outcome="duplicate", code="known_order", dealer_id=dealer.id,
                message=f"Order {reference} of this dealer is there as {known}.",
            )
            for row in rows
        ]  # fmt: skip
    if kind == "vehicle_down" and not note:
        return refused("required", "Say in the note which vehicle stands.")
    required = first.get("required_by")
    if required is not None and required < local_day(now, dealer.zone):
        return refused("past", "The day it is needed has passed.")
    problems = Problems()
    lines = [{"part": row.values["part"], "quantity": row.values["quantity"]} for row in rows]
    checked = checked_lines(session, lines, problems)
    if problems.found:
        by_line: dict[int, list[Problem]] = {}
        for problem in problems.found:
            position = problem.message.partition(":")[0].removeprefix("Line ")
            by_line.setdefault(int(position) if position.isdecimal() else 1, []).append(problem)
        other = Problem(code="other_line", message="Another line of this order cannot be taken.")
        return [reading.refuse_row(row, *by_line.get(n, [other])) for n, row in enumerate(rows, 1)]
    order = write_order(
        session, dealer, kind=kind, lines=checked, reference=reference, required_by=required, note=note[:1000],
        batch_id=batch_id, actor=actor, now=now,
    )  # fmt: skip
    return [
        RowOutcome(
            file=row.file, row=row.row, outcome="created", item_type=ORDER, item_id=order.id, dealer_id=dealer.id
        )
        for row in rows
    ]  # fmt: skip


def undo_orders(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Take the orders back; refused when one was confirmed, promised, shipped or claimed meanwhile."""
    ids = list(session.scalars(select(PartsOrder.id).where(PartsOrder.batch_id == batch_id)))
    lines = select(PartsOrderLine.id).where(PartsOrderLine.order_id.in_(ids))
    in_use = [
        session.scalar(select(func.count()).select_from(table).where(table.line_id.in_(lines)))
        for table in (PartsPromise, PartsShipment, PartsClaim)
    ]
    moved = session.scalar(select(func.count()).where(PartsOrder.id.in_(ids), PartsOrder.status != "placed"))
    if any(in_use) or moved:
        raise Refused(Problem(code="in_use", message="Orders of this import are worked on. It cannot be taken back."))
    quiet = {"synchronize_session": False}
    session.execute(delete(PartsOrderLine).where(PartsOrderLine.order_id.in_(ids)).execution_options(**quiet))
    session.execute(delete(PartsOrder).where(PartsOrder.id.in_(ids)).execution_options(**quiet))
    session.execute(
        delete(SearchWord).where(SearchWord.kind == ORDER, SearchWord.item_id.in_(ids)).execution_options(**quiet)
    )
    changes.touch(session, "parts")
    return len(ids)


_TABLES = (".csv", ".tsv", ".txt", ".xlsx")
KINDS = (
    ImportKind(
        name="parts_stock", title="Parts stock", permission=Permission.PARTS_IMPORT, extensions=_TABLES,
        apply=apply_stock, undo=undo_stock, fields=STOCK_FIELDS,
        help="One row a part and warehouse. What was there is replaced; parts that are new are added.",
    ),
    ImportKind(
        name="parts_orders", title="Parts orders", permission=Permission.PARTS_IMPORT, extensions=_TABLES,
        apply=apply_orders, undo=undo_orders, fields=ORDER_FIELDS,
        help="One row a line; lines of one dealer and reference are one order, placed whole or not at all.",
    ),
)  # fmt: skip
