"""Parts of the demo: warehouses and stock, what dealers order, what is promised, slips, ships and is shared out."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import select, true

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading
from db.imports.commands import run_import
from db.parts.allocation_queries import propose
from db.parts.commands import COMMANDS, confirm_allocation, place_order, promise_lines, save_warehouse, ship_line
from db.parts.line_commands import cancel_line
from db.parts.tables import PartsOrder, PartsOrderLine, PartsStock
from db.warranty.tables import Part
from seed.places import MA, MW, NE, PLACES, SC, SE, WE
from seed.story import Story
from seed.warranty import WORTH, part_of

HOME = "00402"
WAREHOUSES = (
    ("EAST", "Allentown, Pennsylvania", (NE, MA, SE)), ("CENTRAL", "Indianapolis, Indiana", (MW, SC)),
    ("WEST", "Reno, Nevada", (WE,)),
)  # fmt: skip
SHORT = ("TC-5000", "TCM-3200", "ELE-BCM-10", "EXM-4100")
"""What the whole network waits for."""
FEW = ("HVAC-COMP-10", "BRK-ABS-10", "SGB-6500")
ORDERS, DAYS = 44, 118
KINDS = (("stock", 11), ("emergency", 6), ("vehicle_down", 3))
STANDS = (
    "Customer's car stands on our lift since yesterday, turbocharger seized.",
    "Delivery van of a courier, does not move; a rental car runs on warranty.",
    "Towed in on Sunday; will not start and blocks a bay.",
)
CAUSES = (
    ("supplier", "Supplier moved its delivery; castings failed the leak test."),
    ("carrier", "Truck broke down; rerouted over another hub."),
    ("us", "Was promised from stock that another order had taken."),
    ("customs", "Held at customs for a missing certificate of origin."),
    ("quality", "Batch blocked by incoming inspection; the next one comes with the plane."),
)


class Waiting(NamedTuple):
    """An order that still waits at the end: how many days ago, who, which kind, parts, and whether it was promised."""

    days: int
    code: str
    kind: str
    lines: tuple[tuple[str, int], ...]
    is_promised: bool = True


WAITING = (
    Waiting(52, "00501", "stock", (("TC-5000", 3), ("TCM-3200", 2))),
    Waiting(44, HOME, "emergency", (("TCM-3200", 1),)),
    Waiting(37, "00137", "vehicle_down", (("TC-5000", 1),)),
    Waiting(27, "00313", "stock", (("ELE-BCM-10", 4), ("EXM-4100", 2))),
    Waiting(22, HOME, "vehicle_down", (("TC-5000", 1),)),
    Waiting(18, "00617", "emergency", (("EXM-4100", 1),)),
    Waiting(13, "00331", "vehicle_down", (("TCM-3200", 1),)),
    Waiting(11, "00207", "stock", (("TC-5000", 2), ("ELE-BCM-10", 2))),
    Waiting(9, HOME, "stock", (("EXM-4100", 2), ("ELE-BCM-10", 3))),
    Waiting(7, "00202", "emergency", (("ELE-BCM-10", 1),)),
    Waiting(6, "00507", "vehicle_down", (("TC-5000", 1),), is_promised=False),
    Waiting(5, HOME, "emergency", (("TC-5000", 1), ("TCM-3200", 1)), is_promised=False),
    Waiting(3, "00226", "stock", (("TCM-3200", 3),), is_promised=False),
    Waiting(2, "00327", "vehicle_down", (("ELE-BCM-10", 1),), is_promised=False),
    Waiting(1, HOME, "vehicle_down", (("TCM-3200", 1),), is_promised=False),
)


def expect(story: Story, *, seed: int, start: datetime) -> None:
    """Let parts be ordered and delivered over the last four months."""
    rng, end = Random(f"{seed}:parts"), story.until
    story.at(start + timedelta(days=2), partial(_settle, story))
    for days in (DAYS + 2, 60, 31, 10, 2):
        story.at(_hour(end, days, 11), partial(_count_stock, story, seed, days))
    sellers = [p for p in PLACES if p.status == "active"]
    for number in range(ORDERS):
        ago = DAYS - number * (DAYS - 2) / ORDERS - rng.random()
        code = HOME if number % 6 == 5 else rng.choices(sellers, [p.weight for p in sellers])[0].code
        at = _hour(end, ago, 15 + number % 6)
        story.at(at, partial(_order, story, f"H{2_310 + 7 * number}", code, Random(f"{seed}:parts:{number}")))
    for number, one in enumerate(WAITING):
        story.at(_hour(end, one.days, 13), partial(_wait, story, f"B{4_105 + 3 * number}", one))
    for days in range(DAYS, 0, -2):
        story.at(_hour(end, days, 22), partial(_desk, story))
    for days in (31, 10):
        story.at(_hour(end, days, 17), partial(_share_out, story))
    story.at(_hour(end, 70, 18), partial(_call_off, story))
    for hours, code in ((4, "00101"), (3, HOME), (2, "00608")):  # nobody has confirmed these yet
        story.at(
            end - timedelta(hours=hours), partial(_order, story, f"H9{hours}41", code, Random(f"{seed}:now:{hours}"))
        )


def _hour(end: datetime, days: float, hour: int) -> datetime:
    return (end - timedelta(days=days)).replace(hour=hour % 24, minute=25, second=0, microsecond=0)


# ---- stock -----------------------------------------------------------------------------------------------------------
def _settle(story: Story, now: datetime) -> None:
    for code, name, regions in WAREHOUSES:
        story.do(
            save_warehouse, code=code, name=name, regions=regions, seen_version=0, now=now,
            actor=story.cast.named("cora"),
        )  # fmt: skip


def numbers() -> list[str]:
    """Every part number of the catalogue that is kept in stock."""
    found = [f"{part_of(component)[0]}{kind}" for component in WORTH for kind in ("", "-G", "-F")]
    return [*found, *(f"FL-{100 + n}" for n in range(5))]


STOCK_COLUMNS = (
    "Part number", "Warehouse", "On hand", "On the way", "Lead time (days)", "Forecast 3 months", "Forecast 6 months",
    "Sales 3 months", "Minimum stock", "Pieces past due", "Local backorder", "Supplier 6 months", "Supplier 12 months",
    "potential_issue", "oe_constraint",
)  # fmt: skip


def _count_stock(story: Story, seed: int, days: int, now: datetime) -> None:
    """The list of the planning system: what is there, what is coming, and what the next months ask for."""
    rng, text = Random(f"{seed}:stock:{days}"), io.StringIO()
    writer = csv.writer(text)
    writer.writerow(STOCK_COLUMNS)
    for number in numbers():
        for code, *_ in WAREHOUSES:
            writer.writerow(_stock_row(rng, number, code, days))
    file = SourceFile(name=f"stock_{now:%Y_%m_%d}.csv", content=text.getvalue().encode())
    story.do(
        run_import, kind="parts_stock", files=[file], channel="page", actor=story.cast.named("cora"), now=now
    )  # fmt: skip


def _stock_row(rng: Random, number: str, warehouse: str, days: int) -> tuple[object, ...]:
    forecast = rng.randint(6, 30)
    if number in SHORT:
        # What came in just before a sharing-out; at the end a little of two of them is there to share out.
        arrived = {31: 3, 10: 2, 2: 2}.get(days, 0) if warehouse == "CENTRAL" else 0
        if days == 2 and number not in SHORT[:2]:
            arrived = -2 if number == SHORT[2] and warehouse == "EAST" else 0
        return (number, warehouse, arrived, rng.randint(0, 4), 62, forecast, 2 * forecast, forecast - 2, 8,
                rng.randint(2, 9), rng.randint(1, 5), "0.31", "0.58", "yes" if number == SHORT[0] else "no",
                "yes" if number == SHORT[1] else "no")  # fmt: skip
    on_hand = rng.randint(3, 8) if number in FEW else rng.randint(28, 90)
    known = rng.random() > 0.06
    return (number, warehouse, on_hand, rng.randint(0, 12), rng.randint(6, 40) if known else "", forecast,
            2 * forecast, forecast + rng.randint(-3, 3), 5, 0, 0, f"0.{rng.randint(81, 99)}" if known else "-99",
            f"0.{rng.randint(84, 99)}", "no", "no")  # fmt: skip


# ---- orders ----------------------------------------------------------------------------------------------------------
def _order(story: Story, reference: str, code: str, rng: Random, now: datetime) -> None:
    kind = rng.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]
    wanted = rng.sample([n for n in numbers() if n not in SHORT], rng.randint(2, 5) if kind == "stock" else 1)
    if rng.random() < 0.2:
        wanted[0] = rng.choice(SHORT)
    lines = [(n, rng.randint(2, 8) if kind == "stock" and n not in SHORT else 1) for n in wanted]
    _place(story, now, reference=reference, code=code, kind=kind, lines=lines, note=rng.choice(STANDS))


def _wait(story: Story, reference: str, one: Waiting, now: datetime) -> None:
    note = STANDS[one.days % len(STANDS)]
    _place(story, now, reference=reference, code=one.code, kind=one.kind, lines=one.lines, note=note)


def _place(
    story: Story, now: datetime, *, reference: str, code: str, kind: str, lines: Any, note: str = ""
) -> None:  # fmt: skip
    dealer_id = story.cast.id_of(code)
    actor = story.cast.sales(dealer_id, turn=crc32(reference.encode()) % 2, assignee_id=None)
    is_contract = crc32(reference.encode()) % 9 == 0
    if is_contract:  # the desk takes orders under a supply contract itself
        actor = story.cast.named("cora")
    story.do(
        place_order, dealer_id=dealer_id, kind=kind, lines=[{"part": n, "quantity": q} for n, q in lines],
        reference=reference, note=note if kind == "vehicle_down" else "", form_key=reference, actor=actor, now=now,
        is_contract=is_contract,
    )  # fmt: skip


# ---- the parts desk --------------------------------------------------------------------------------------------------
def _open_lines(story: Story) -> list[Any]:
    line = PartsOrderLine
    with reading(story.bind) as session:
        return list(
            session.execute(
                select(
                    line.id, line.version, line.part_id, line.warehouse, line.promised_on, line.promises,
                    line.ordered_on, (line.ordered - line.shipped - line.cancelled).label("rest"), Part.number,
                    PartsOrder.reference,
                )
                .join(PartsOrder, PartsOrder.id == line.order_id)
                .join(Part, Part.id == line.part_id)
                .where(line.is_open == true())
                .order_by(line.rank, line.ordered_on, line.id)
            )
        )  # fmt: skip


def _desk(story: Story, now: datetime) -> None:
    """Ship what is there, promise the rest, move what will not be there in time."""
    rows = _open_lines(story)
    if not rows:
        return
    with reading(story.bind) as session:
        stock: dict[int, dict[str, int]] = defaultdict(dict)
        for part_id, code, units in session.execute(
            select(PartsStock.part_id, PartsStock.warehouse, PartsStock.on_hand).where(
                PartsStock.part_id.in_(sorted({r.part_id for r in rows}))
            )
        ):
            stock[part_id][code] = units
    today, promised = now.date(), defaultdict[tuple[date, str, str], dict[int, int]](dict)
    for row in rows:
        age = (today - row.ordered_on).days
        if row.number in SHORT:
            if _arrives(row.reference, row.number) <= age:
                _ship(story, row, row.rest, "", now)
            else:
                _promise(row, today, age, promised)
            continue
        there = stock[row.part_id]
        source = row.warehouse if there.get(row.warehouse, 0) >= row.rest else max(there, key=lambda c: (there[c], c))
        units = min(row.rest, there[source])
        if units:
            _ship(story, row, units, source, now)
            there[source] -= units
        elif row.promised_on is None:
            promised[today + timedelta(days=6), "first", ""][row.id] = row.version
    _confirm(story, now)
    for (day, cause, reason), lines in promised.items():
        story.do(
            promise_lines, lines=lines, promised_on=day, cause=cause, reason=reason, actor=story.cast.named("cora"),
            now=now,
        )  # fmt: skip


def _confirm(story: Story, now: datetime) -> None:
    """Take what came in before today and cannot be promised yet."""
    order, confirm = PartsOrder, COMMANDS["parts_orders"]["confirm"]
    with reading(story.bind) as session:
        rows = session.execute(
            select(order.id, order.version)
            .where(order.status == "placed", order.created_at < now - timedelta(hours=12))
            .order_by(order.id)
        ).all()
    for order_id, version in rows:
        story.do(confirm, item_id=order_id, seen_version=version, actor=story.cast.named("cora"), now=now)


def _arrives(reference: str, number: str) -> int:
    """After how many days the part comes from the supplier; never for what waits at the end."""
    return 9_999 if reference.startswith("B") else 8 + crc32(f"{reference}{number}".encode()) % 34


def _promise(row: Any, today: date, age: int, promised: Any) -> None:
    said = crc32(f"{row.reference}{row.number}{row.promises}".encode())
    waiting = {f"B{4_105 + 3 * n}": one for n, one in enumerate(WAITING)}.get(row.reference)
    if row.promised_on is None:
        if age >= 1 and (waiting is None or waiting.is_promised):
            promised[today + timedelta(days=2 + said % 2 * 2), "first", ""][row.id] = row.version
    elif row.promised_on <= today and said % 5:  # every fifth is noticed a few days late
        cause, reason = CAUSES[said % len(CAUSES)]
        promised[today + timedelta(days=5 + said % 4 * 2), cause, reason][row.id] = row.version


def _ship(story: Story, row: Any, units: int, source: str, now: datetime) -> None:
    story.do(
        ship_line, line_id=row.id, seen_version=row.version, quantity=units, warehouse=source, now=now,
        actor=story.cast.named("cora"), reference=f"1Z{crc32(f'{row.reference}{row.number}'.encode()):010}",
    )  # fmt: skip


def _share_out(story: Story, now: datetime) -> None:
    """What came in of a part that is short is shared out among who waits for it."""
    cora = story.cast.named("cora")
    with reading(story.bind) as session:
        ids = session.scalars(select(Part.id).where(Part.number.in_(SHORT[2:])).order_by(Part.number)).all()
        proposals = [propose(session, part_id=i, warehouse="CENTRAL", actor=cora, now=now) for i in ids]
    for one in proposals:
        if one.allocated:
            story.do(
                confirm_allocation, part_id=one.part_id, warehouse=one.warehouse, seen_stock=one.stock_version,
                seen_lines=one.seen_lines, actor=cora, now=now,
            )  # fmt: skip


def _call_off(story: Story, now: datetime) -> None:
    """One order is taken back by its dealer, of one the rest is cancelled, of one a line."""
    cora = story.cast.named("cora")
    for turn, code in enumerate((HOME, "00313", "00501")):
        reference = f"C{3_001 + turn}"
        lines = [("TC-5000", 2), ("ELE-ALT-10", 3)]
        _place(story, now, reference=reference, code=code, kind="stock", lines=lines)
        with reading(story.bind) as session:
            order = session.execute(
                select(PartsOrder.id, PartsOrder.version).where(PartsOrder.form_key == reference)
            ).one()
            first = session.execute(
                select(PartsOrderLine.id, PartsOrderLine.version).where(
                    PartsOrderLine.order_id == order.id, PartsOrderLine.position == 1
                )
            ).one()
        if turn == 0:
            story.do(
                COMMANDS["parts_orders"]["cancel"], item_id=order.id, seen_version=order.version, now=now,
                note="Ordered twice.", actor=story.cast.manager(story.cast.id_of(code)),
            )  # fmt: skip
        elif turn == 1:
            story.do(
                COMMANDS["parts_orders"]["confirm"], item_id=order.id, seen_version=order.version, actor=cora, now=now
            )
            story.at(now + timedelta(days=3), partial(_cancel_rest, story, order.id))
        else:
            story.do(
                cancel_line, line_id=first.id, seen_version=first.version, quantity=1, now=now, actor=cora,
                reason="The dealer found one in its own stock.",
            )  # fmt: skip


def _cancel_rest(story: Story, order_id: int, now: datetime) -> None:
    with reading(story.bind) as session:
        version = session.scalar(select(PartsOrder.version).where(PartsOrder.id == order_id))
    try:
        story.do(
            COMMANDS["parts_orders"]["cancel_open"], item_id=order_id, seen_version=version, now=now,
            note="Superseded by another number; please order that.", actor=story.cast.named("cora"),
        )  # fmt: skip
    except Refused:
        story.overtaken["cancel_open"] += 1
