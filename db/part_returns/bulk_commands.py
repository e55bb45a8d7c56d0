"""Several old parts with one action: a box the dealer sends, a box we receive, and what the sweep does in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.part_returns import notices, record, rules
from db.part_returns.commands import check_carrier, received, shipped
from db.part_returns.flow import FLOW
from db.part_returns.follow import jobs_of
from db.part_returns.making import make_rows
from db.part_returns.tables import PartReturn
from db.workflow.engine import end_step


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A part that was left out, and why."""

    number: str
    why: str


@dataclass(frozen=True, kw_only=True)
class BoxOutcome:
    """What became of the parts of one box: numbers of those it held, those left out, and cents taken back."""

    done: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    cents: int = 0


def ship_many(
    session: Session, *, items: Sequence[tuple[int, int]], carrier: str, tracking: str = "", actor: Actor,
    now: datetime,
) -> BoxOutcome:  # fmt: skip
    """Hand several parts to a carrier in one box, as (id, seen version); one entry in the timeline for all.

    What cannot go is left out, each with its reason; refused as a whole only when nothing is left. At most 100.
    Problems: items, carrier, tracking.
    """
    actor.require(Permission.RETURNS_SHIP)
    _check_count(len(items))
    carrier, tracking = check_carrier(carrier, tracking)
    record.lock_claims_of(session, [i for i, _ in items])
    done: list[PartReturn] = []
    skipped: list[Skipped] = []
    for item_id, seen_version in sorted(dict(items).items()):
        try:
            row = record.begin(session, "ship", item_id=item_id, seen_version=seen_version, actor=actor)
            shipped(session, row, carrier=carrier, tracking=tracking, actor=actor, now=now)
        except Refused as refusal:
            skipped.append(Skipped(number=_number(session, item_id, actor), why=str(refusal)))
            continue
        done.append(row)
    said = f"{plural(len(done), 'old part')} handed to {carrier} in one box{', ' + tracking if tracking else ''}"
    return _box(session, "ship_many", said, done, skipped, actor=actor, now=now)


def receive_box(session: Session, *, numbers: str, actor: Actor, now: datetime) -> BoxOutcome:
    """Receive all parts of a box by their RMA numbers as scanned or typed; one entry in the timeline for all.

    Unknown numbers, and parts that cannot be received now, are left out, each with its reason; what was charged for a
    part is taken back. Refused as a whole only when nothing is left; at most 100. Problems: numbers.
    """
    actor.require(Permission.RETURNS_RECEIVE)
    wanted = rules.numbers_in(numbers or "")
    _check_count(len(wanted), field="numbers", label="Scan or type at least one RMA number.")
    known = {
        number: (item_id, version)
        for number, item_id, version in session.execute(
            select(PartReturn.number, PartReturn.id, PartReturn.version).where(
                PartReturn.number.in_(wanted), actor.scope.where(PartReturn.dealer_id, PartReturn.region)
            )
        )
    }
    record.lock_claims_of(session, [i for i, _ in known.values()])
    done: list[PartReturn] = []
    skipped = [Skipped(number=n, why="There is no such RMA number.") for n in wanted if n not in known]
    cents = 0
    for number, (item_id, _) in sorted(known.items()):
        # The number was scanned now, so what counts is the part as it is now: read it again once the claim is locked.
        version = session.scalar(select(PartReturn.version).where(PartReturn.id == item_id)) or 0
        try:
            row = record.begin(session, "receive", item_id=item_id, seen_version=version, actor=actor)
            cents += received(session, row, actor=actor, now=now)[1]
        except Refused as refusal:
            skipped.append(Skipped(number=number, why=str(refusal)))
            continue
        done.append(row)
    said = f"{plural(len(done), 'old part')} received in one box"
    return _box(session, "receive_box", said, done, skipped, actor=actor, now=now, cents=cents, field="numbers")


def _check_count(count: int, *, field: str = "items", label: str = "Choose at least one part.") -> None:
    problems = Problems()
    if not count:
        problems.add(field, "required", label)
    elif count > rules.MOST_AT_ONCE:
        problems.add(field, "too_many", f"At most {rules.MOST_AT_ONCE} parts go in one box.")
    problems.refuse_if_any()


def _box(
    session: Session, command: str, said: str, done: list[PartReturn], skipped: list[Skipped], *, actor: Actor,
    now: datetime, cents: int = 0, field: str = "items",
) -> BoxOutcome:  # fmt: skip
    if not done:
        raise Refused(
            *(Problem(code="skipped", field=field, message=f"{s.number}: {s.why}") for s in skipped[: rules.MOST_SHOWN])
        )
    changes.touch(session, record.AREA)
    # Each part shows the entry in its own history, so it names no other part: it may be another dealer's.
    timeline.record(
        session, actor=actor, now=now, area=record.AREA, command=command, summary=f"{said}.",
        items=record.items_of(done),
    )  # fmt: skip
    return BoxOutcome(done=tuple(r.number for r in done), skipped=tuple(skipped), cents=cents)


def _number(session: Session, item_id: int, actor: Actor) -> str:
    row = session.execute(
        select(PartReturn.number).where(
            PartReturn.id == item_id, actor.scope.where(PartReturn.dealer_id, PartReturn.region)
        )
    ).first()
    return str(row.number) if row is not None else "A part"


# ---- the sweep -------------------------------------------------------------------------------------------------------
def release_due(session: Session, *, item_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Let the dealers scrap what they kept long enough, unless the claim is being decided again; gives how many.

    Rows somebody else moved meanwhile are left; refused when none is left, so that nothing is written twice.
    """
    actor.require(Permission.RETURNS_RECEIVE)
    record.lock_claims_of(session, item_ids)
    rows = record.rows_kept_long_enough(session, item_ids, actor=actor, now=now)
    if not rows:
        raise Refused(Problem(code="nothing", message="Nothing is to be released."))
    for row in rows:
        end_step(session, FLOW, "release", row, actor=actor, now=now, closed_at=now, due_at=now)
    changes.touch(session, record.AREA)
    timeline.record(
        session, actor=actor, now=now, area=record.AREA, command="release_due", items=record.items_of(rows),
        summary="Kept long enough: the old part may be scrapped.",
    )  # fmt: skip
    return len(rows)


def ask_waiting(session: Session, *, claim_ids: Sequence[int], actor: Actor, now: datetime) -> int:
    """Ask for the parts that claims wait for before they are decided (2.1 C); gives how many were asked for."""
    actor.require(Permission.RETURNS_RECEIVE)
    claims = record.claims_that_wait(session, claim_ids, actor=actor)
    jobs = jobs_of(session, [c.id for c in claims])
    rows = session.execute(
        select(PartReturn.claim_id, PartReturn.job).where(PartReturn.claim_id.in_([c.id for c in claims]))
    )
    known = {(claim_id, job) for claim_id, job in rows}
    wanted = [(c, j) for c in claims for j in jobs.get(c.id, ()) if (c.id, j.position) not in known]
    if not wanted:
        raise Refused(Problem(code="nothing", message="No claim waits for a part that was not asked for."))
    why = rules.Verdict(disposition="return", why="The claim waits for this part; it is decided once it was seen.")
    made = make_rows(session, wanted, {}, actor=actor, now=now, verdict=why)
    timeline.record(
        session, actor=actor, now=now, area=record.AREA, command="ask_waiting", items=record.items_of(made),
        summary="Asked for the old part the claim waits for.",
    )  # fmt: skip
    notices.tell_asked(session, made, now=now)
    return len(made)
