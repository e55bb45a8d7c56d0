"""What the sweep does for old parts: asks, reminds, charges what did not come, lets go what was kept long enough.

Every job may run twice, or in two processes at once: each part moves by its version or by one guarded UPDATE, and one
that cannot be worked on never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, exists, select, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import Policy
from db.claims.tables import Claim, ClaimJob
from db.core import changes
from db.core.actor import system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.part_returns import notices, rules
from db.part_returns.bulk_commands import ask_waiting, release_due
from db.part_returns.commands import miss
from db.part_returns.record import AREA
from db.part_returns.tables import PartReturn

BATCH: Final = 200
LATE: Final = 100


def _batches(bind: Engine | None, *conditions: Any) -> Iterator[Sequence[Any]]:
    """Old parts with their claim's state that fulfil the conditions, by id, each batch read in a moment of its own."""
    last = 0
    while True:
        with reading(bind) as session:
            rows = session.execute(
                select(
                    PartReturn.id, PartReturn.version, PartReturn.status, PartReturn.requested_at, PartReturn.due_at,
                    PartReturn.warned_percent, Claim.status.label("claim_status"),
                )
                .join(Claim, Claim.id == PartReturn.claim_id)
                .where(PartReturn.id > last, *conditions)
                .order_by(PartReturn.id)
                .limit(BATCH)
            ).all()  # fmt: skip
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _each(bind: Engine | None, what: Callable[[Any], bool], *conditions: Any, where: str) -> int:
    done = 0
    for rows in _batches(bind, *conditions):
        for row in rows:
            try:
                done += what(row)
            except Refused:
                continue  # somebody moved it meanwhile, or another sweep was faster
            except Exception as error:
                report(error, where=f"{where}, part return {row.id}")
    return done


def _policy(bind: Engine | None, now: datetime) -> Policy:
    with reading(bind) as session:
        return policy_on(session, local_day(now, DESK_ZONE))


# ---- asking ----------------------------------------------------------------------------------------------------------
def run_ask(bind: Engine | None, *, now: datetime) -> int:
    """Ask for the parts that claims wait for before they are decided; gives how many were asked for."""
    asked_already = exists().where(PartReturn.claim_id == Claim.id)
    has_part = exists().where(ClaimJob.claim_id == Claim.id, ClaimJob.causal_part != "")
    with reading(bind) as session:
        ids = session.scalars(
            select(Claim.id)
            .where(
                Claim.status == rules.WAITS_FOR_PART, has_part, ~asked_already, Claim.claim_type.not_in(rules.NO_PART)
            )
            .order_by(Claim.id)
            .limit(BATCH)
        ).all()
    done = 0
    for claim_id in ids:
        try:
            done += run(ask_waiting, bind=bind, claim_ids=[claim_id], actor=system_actor(), now=now)
        except Refused:
            continue
        except Exception as error:
            report(error, where=f"asking for an old part, claim {claim_id}")
    return done


# ---- reminding -------------------------------------------------------------------------------------------------------
def run_reminders(bind: Engine | None, *, now: datetime) -> int:
    """Remind dealers at 50 and 80% of the time to send a part in (policy.warn_at), each once; gives how many.

    After a pause of the sweep the highest threshold alone is told. Not while the claim is being decided again. Where a
    claim waits for the part, whoever decides it is told once that it did not come.
    """
    warn_at = _policy(bind, now).warn_at

    def remind(row: Any) -> bool:
        used = rules.used_percent(row.requested_at, row.due_at, now)
        percent = rules.reminder(used, row.warned_percent, warn_at)
        absent = used >= LATE and row.claim_status == rules.WAITS_FOR_PART and row.warned_percent < LATE
        if absent:
            percent = LATE
        if percent is None:
            return False
        with writing(bind, keeps_timeline=False) as session:
            return _remind(session, row, percent, now=now)

    return _each(
        bind, remind, PartReturn.status == "requested", PartReturn.warned_percent < LATE,
        Claim.status.in_((*rules.STANDS, rules.WAITS_FOR_PART)), where="reminding of an old part",
    )  # fmt: skip


def _remind(session: Session, row: Any, percent: int, *, now: datetime) -> bool:
    taken = session.scalar(
        update(PartReturn)
        .where(
            PartReturn.id == row.id, PartReturn.status == "requested", PartReturn.due_at == row.due_at,
            PartReturn.warned_percent < percent,
        )
        .values(warned_percent=percent)
        .returning(PartReturn.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if taken is None:
        return False
    part = session.get_one(PartReturn, taken)
    if percent >= LATE:
        notices.tell_did_not_come(session, part, session.get_one(Claim, part.claim_id), now=now)
    else:
        notices.tell_reminder(session, part, percent, now=now)
    changes.touch(session, AREA)
    return True


# ---- charging and letting go -----------------------------------------------------------------------------------------
def run_charges(bind: Engine | None, *, now: datetime) -> int:
    """Charge what was not sent in by its day, each part once; gives how many."""

    def charge(row: Any) -> bool:
        run(miss, bind=bind, item_id=row.id, seen_version=row.version, actor=system_actor(), now=now)
        return True

    return _each(
        bind, charge, PartReturn.status == "requested", PartReturn.due_at <= now, Claim.status.in_(rules.STANDS),
        where="charging a part that was not returned",
    )  # fmt: skip


def run_releases(bind: Engine | None, *, now: datetime) -> int:
    """Let dealers scrap what they kept long enough; gives how many."""
    done = 0
    conditions = (PartReturn.status == "held", PartReturn.due_at <= now, Claim.status.in_(rules.SETTLED))
    for rows in _batches(bind, *conditions):
        try:
            done += run(release_due, bind=bind, item_ids=[r.id for r in rows], actor=system_actor(), now=now)
        except Refused:
            continue
        except Exception as error:
            report(error, where="letting go of old parts")
    return done


JOBS = (
    Job(name="Ask for old parts claims wait for", run=run_ask),
    Job(name="Remind of old parts to send in", run=run_reminders),
    Job(name="Charge old parts not returned", run=run_charges),
    Job(name="Let go of old parts kept long enough", run=run_releases),
)
