"""Old parts of the demo's claims: most are sent in, some late, some never; ours receive, inspect and settle them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

from sqlalchemy import select

from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading
from db.part_returns import jobs
from db.part_returns.bulk_commands import receive_box, ship_many
from db.part_returns.commands import COMMANDS
from db.part_returns.rule_commands import publish_rule
from db.part_returns.tables import PartReturn
from seed.story import Story

EVERY = timedelta(days=2)
CARRIERS = ("UPS", "FedEx", "Old Dominion")
ADDRESS = "Parts return center, dock 4\n2100 Foundry Road\nToledo, OH 43611"
SEEN = (
    ("defective", "keep", "Shaft has 0.4 mm play; goes to the supplier."),
    ("defective", "scrap", "Fault confirmed on the bench."),
    ("defective", "scrap", "Seal leaks at 2 bar, as described."),
    ("defective", "keep", "Bearing seized; kept for the laboratory."),
    ("not_defect", "later", "All values within tolerance on the bench."),
    ("damaged", "scrap", "Housing broken in transport, cannot be judged."),
    ("wrong_part", "later", "A part with another number was in the box."),
)
MOST = 25


def expect(story: Story, *, start: datetime) -> None:
    """Publish the rule early, then let dealers and ours work through the old parts every other day."""
    story.at(start + timedelta(hours=9), partial(_rule, story))
    day = start + EVERY + timedelta(hours=10)
    while day < story.until:
        story.at(day, partial(work, story))
        day += EVERY
    story.at(story.until - timedelta(hours=5), partial(work, story))


def _rule(story: Story, now: datetime) -> None:
    mason = story.cast.named("mason")
    story.do(
        publish_rule, effective_from=local_day(now, mason.zone), scrap_below_cents=75_00, return_from_cents=300_00,
        return_major=True, return_unusual=True, address=ADDRESS, seen_version=1, form_key="seed-part-return-rule",
        reason="The return center in Toledo takes old parts from now on.", actor=mason, now=now,
    )  # fmt: skip


def work(story: Story, now: datetime) -> None:
    """One round: the sweep, then the dealers' boxes, then ours."""
    for job in jobs.JOBS:
        job.run(story.bind, now=now)
    with reading(story.bind) as session:
        rows = session.execute(
            select(
                PartReturn.id, PartReturn.number, PartReturn.status, PartReturn.version, PartReturn.dealer_id,
                PartReturn.requested_at, PartReturn.due_at, PartReturn.shipped_at, PartReturn.received_at,
                PartReturn.inspected_at, PartReturn.finding, PartReturn.back_owed, PartReturn.part_cents,
            )
            .where(PartReturn.status.in_(("held", "requested", "shipped", "received", "inspected", "missing")))
            .order_by(PartReturn.id)
        ).all()  # fmt: skip
    _ship(story, [r for r in rows if r.status in ("requested", "missing")], now)
    _receive(story, [r for r in rows if r.status == "shipped"], now)
    for row in [r for r in rows if r.status == "received"][:MOST]:
        if now - row.received_at >= timedelta(days=2 + _chance(row.number, "look") % 9):
            finding, then, note = SEEN[_chance(row.number, "seen") % len(SEEN)]
            then = "later" if row.back_owed else then
            _try(story, COMMANDS["inspect"], row, by="cora", now=now, finding=finding, then=then, note=note)
    for row in [r for r in rows if r.status == "inspected" and now - r.inspected_at >= timedelta(days=5)][:MOST]:
        _settle(story, row, now)
    for row in [r for r in rows if r.status == "held"][:MOST]:
        if _chance(row.number, f"ask:{now:%j}") < 1:
            _try(story, COMMANDS["request"], row, by="cora", now=now, note="The supplier asked to see this part.")


def _chance(number: str, what: str) -> int:
    """0 to 99, always the same for the same text."""
    return crc32(f"{number}:{what}".encode()) % 100


def _ship(story: Story, rows: list[Any], now: datetime) -> None:
    """Dealers send what they have put aside, one box a dealer; every ninth part is late, every ninth never comes."""
    boxes: dict[int, list[Any]] = {}
    for row in rows:
        chance = _chance(row.number, "ship")
        days = 2 + chance % 11
        if chance < 11 or (row.status == "missing" and (chance >= 22 or now - row.due_at < timedelta(days=4))):
            continue
        if row.status == "requested" and (chance < 22 or now - row.requested_at < timedelta(days=days)):
            continue
        boxes.setdefault(row.dealer_id, []).append(row)
    for dealer_id, box in sorted(boxes.items()):
        carrier = CARRIERS[dealer_id % len(CARRIERS)]
        tracking = f"1Z{crc32(box[0].number.encode()) % 10**9:09}"
        try:
            story.do(
                ship_many, items=[(r.id, r.version) for r in box], carrier=carrier, tracking=tracking,
                actor=story.cast.manager(dealer_id), now=now,
            )  # fmt: skip
        except Refused:
            story.overtaken["ship_many"] += 1


def _receive(story: Story, rows: list[Any], now: datetime) -> None:
    came = [r.number for r in rows if now - r.shipped_at >= timedelta(days=3 + _chance(r.number, "way") % 4)]
    lost = {n for n in came if _chance(n, "lost") < 4}
    came = [n for n in came if n not in lost]
    if came:
        story.do(receive_box, numbers=" ".join(came[:MOST]), actor=story.cast.named("cora"), now=now)
    for row in rows:
        if row.number in lost and now - row.shipped_at > timedelta(days=18):
            _try(story, COMMANDS["not_arrived"], row, by="cora", now=now, note="The carrier has no trace of the box.")


def _settle(story: Story, row: Any, now: datetime) -> None:
    carrier = CARRIERS[row.id % len(CARRIERS)]
    if row.finding == "wrong_part":
        note = "Please send the part with the number on the claim."
        _try(story, COMMANDS["ask_again"], row, by="cora", now=now, note=note)
    elif row.back_owed and row.id % 2:
        _try(story, COMMANDS["pay"], row, by="mason", now=now, note="The part was cut open on the bench.")
    elif row.back_owed or row.finding == "not_defect":
        _try(story, COMMANDS["send_back"], row, by="cora", now=now, carrier=carrier)


def _try(story: Story, command: Callable[..., Any], row: Any, *, by: str, now: datetime, **more: Any) -> None:
    """One step; a part somebody else moved meanwhile is left as it is."""
    try:
        story.do(command, item_id=row.id, seen_version=row.version, actor=story.cast.named(by), now=now, **more)
    except Refused:
        story.overtaken[f"part_{command.__name__}"] += 1
