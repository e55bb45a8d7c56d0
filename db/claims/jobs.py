"""What the sweep does for claims: warns as the clock runs, approves by silence, reminds of what was never corrected.

Every job may run twice, or in two processes at once: each record is claimed by one guarded UPDATE or by its version,
and a claim that cannot be worked on never stops the others (decision 0048).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.claims.clock_notices import tell_never_corrected, tell_warning
from db.claims.clock_rules import correct_by, used_percent, warning_due
from db.claims.flow import REVIEW, WAITING
from db.claims.policy_queries import policy_on
from db.claims.policy_rules import Policy
from db.claims.settle_commands import deem_approved
from db.claims.tables import Claim
from db.core.actor import system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.dealers.tables import Dealer

BATCH: Final = 200
RUNNING: Final = (*REVIEW, *WAITING)
"""States in which the clock of the decision runs."""
TO_CORRECT: Final = ("returned", "rejected")
NEVER_CORRECTED: Final = 1_000
"""In `warned_percent` of a returned claim: the dealer was told that its days to correct it are over."""


# ---- walking in batches ----------------------------------------------------------------------------------------------
def _batches(bind: Engine | None, *conditions: Any) -> Iterator[Sequence[Any]]:
    """Claims that fulfil the conditions by id, in batches, each read in a moment of its own."""
    last = 0
    while True:
        with reading(bind) as session:
            rows = session.execute(
                select(
                    Claim.id, Claim.version, Claim.status, Claim.state, Claim.received_at, Claim.decide_by,
                    Claim.warned_percent, Claim.stage_entered_at, Dealer.zone,
                )
                .join(Dealer, Dealer.id == Claim.dealer_id)
                .where(Claim.id > last, *conditions)
                .order_by(Claim.id)
                .limit(BATCH)
            ).all()  # fmt: skip
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _each(bind: Engine | None, what: Callable[[Any], bool], *conditions: Any, where: str) -> int:
    """Do something to every claim that fulfils the conditions; a claim that fails is reported and passed over."""
    done = 0
    for rows in _batches(bind, *conditions):
        for row in rows:
            try:
                done += what(row)
            except Refused:
                continue  # somebody decided meanwhile, or another sweep was faster
            except Exception as error:
                report(error, where=f"{where}, claim {row.id}")
    return done


def _policy(bind: Engine | None, now: datetime) -> Policy:
    with reading(bind) as session:
        return policy_on(session, local_day(now, DESK_ZONE))


# ---- silence ---------------------------------------------------------------------------------------------------------
def run_deemed(bind: Engine | None, *, now: datetime) -> int:
    """Approve what nobody decided where the law says that silence approves; gives how many."""

    def approve(row: Any) -> bool:
        run(deem_approved, bind=bind, item_id=row.id, seen_version=row.version, actor=system_actor(), now=now)
        return True

    return _each(
        bind, approve, Claim.status.in_(RUNNING), Claim.deemed_on.is_not(None), Claim.first_decided_at.is_(None),
        Claim.decide_by <= now, where="approval by silence",
    )  # fmt: skip


# ---- warnings --------------------------------------------------------------------------------------------------------
def run_warnings(bind: Engine | None, *, now: datetime) -> int:
    """Warn at 50, 80 and 100% of the clock (policy.warn_at), each once; gives how many claims were warned of.

    After a pause of the sweep the highest threshold alone is told. Whoever has the claim is told, else those who may
    decide; from 100% on the managers, too: where silence approves nothing, an overdue claim only grows older.
    """
    policy = _policy(bind, now)
    if not policy.warn_at:
        return 0

    def warn(row: Any) -> bool:
        due = warning_due(used_percent(row.received_at, row.decide_by, now), row.warned_percent, policy.warn_at)
        if due is None:
            return False
        with writing(bind, keeps_timeline=False) as session:
            return _warn(session, row, due, policy=policy, now=now)

    return _each(
        bind, warn, Claim.status.in_(RUNNING), Claim.received_at.is_not(None), Claim.decide_by.is_not(None),
        Claim.warned_percent < max(policy.warn_at), where="warning of a clock",
    )  # fmt: skip


def _claim_warning(session: Session, row: Any, percent: int, *more: Any) -> Claim | None:
    """Take the warning, or None when somebody else did, or the claim moved meanwhile."""
    taken = session.scalar(
        update(Claim)
        .where(
            Claim.id == row.id, Claim.status == row.status, Claim.warned_percent == row.warned_percent,
            Claim.warned_percent < percent, *more,
        )
        .values(warned_percent=percent)
        .returning(Claim.id)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return None if taken is None else session.get(Claim, taken)


def _warn(session: Session, row: Any, percent: int, *, policy: Policy, now: datetime) -> bool:
    claim = _claim_warning(session, row, percent, Claim.decide_by == row.decide_by)
    if claim is None or claim.received_at is None or claim.decide_by is None:
        return False
    tell_warning(session, claim, percent, zone=row.zone, policy=policy, now=now)
    return True


# ---- never corrected -------------------------------------------------------------------------------------------------
def run_never_corrected(bind: Engine | None, *, now: datetime) -> int:
    """Tell dealer and desk once that a returned claim was not corrected in its days; nothing else changes."""
    policy = _policy(bind, now)

    def remind(row: Any) -> bool:
        until = correct_by(
            row.stage_entered_at, policy.clock(row.state), return_days=policy.return_days, zone=row.zone
        )  # fmt: skip
        if now < until:
            return False
        with writing(bind, keeps_timeline=False) as session:
            return _remind(session, row, until, now=now)

    return _each(
        bind, remind, Claim.status.in_(TO_CORRECT), Claim.warned_percent < NEVER_CORRECTED,
        Claim.stage_entered_at < now, where="a claim never corrected",
    )  # fmt: skip


def _remind(session: Session, row: Any, until: datetime, *, now: datetime) -> bool:
    claim = _claim_warning(session, row, NEVER_CORRECTED, Claim.stage_entered_at == row.stage_entered_at)
    if claim is None:
        return False
    tell_never_corrected(session, claim, until, zone=row.zone, now=now)
    return True


JOBS = (
    Job(name="Approve claims by silence", run=run_deemed),
    Job(name="Warn of claims that run out of time", run=run_warnings),
    Job(name="Remind of returned claims", run=run_never_corrected),
)
