"""What every command on old parts has in common: the record with its claim locked, the charge, the entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claim_payments.entry_commands import post_part_debit, post_reversal
from db.claim_payments.record import family_sums, is_reversed, lock_family
from db.claim_payments.tables import ClaimEntry
from db.claims.policy_queries import policy_on
from db.claims.tables import Claim, ClaimCharge
from db.core import changes, timeline
from db.core.actor import Actor
from db.dealers.tables import Dealer
from db.part_returns import rules
from db.part_returns.flow import FLOW
from db.part_returns.rules import ReturnRules
from db.part_returns.tables import PartReturn, PartReturnRule
from db.workflow.engine import begin_step

AREA = "part_returns"
ITEM = "part_return"
_KEPT = "part_return_rules"


# ---- what holds ------------------------------------------------------------------------------------------------------
def rules_on(session: Session, day: date) -> ReturnRules:
    """The rule for old parts in force on a day; the default where nobody has decided. Asked once a day and session."""
    kept: dict[date, ReturnRules] = session.info.setdefault(_KEPT, {})
    if day not in kept:
        row = session.scalars(
            select(PartReturnRule)
            .where(PartReturnRule.effective_from <= day)
            .order_by(PartReturnRule.effective_from.desc(), PartReturnRule.number.desc())
            .limit(1)
        ).one_or_none()
        kept[day] = ReturnRules() if row is None else as_rules(row)
    return kept[day]


def forget_rules(session: Session) -> None:
    """What `rules_on` keeps in a session no longer holds: a version was published in it."""
    session.info.pop(_KEPT, None)


def as_rules(row: PartReturnRule) -> ReturnRules:
    """A stored version of the rule."""
    return ReturnRules(
        number=row.number, effective_from=row.effective_from, scrap_below_cents=row.scrap_below_cents,
        return_from_cents=row.return_from_cents, return_major=row.return_major, return_unusual=row.return_unusual,
        address=row.address,
    )  # fmt: skip


def zone_of(session: Session, row: PartReturn) -> str:
    """The zone whose days count."""
    zone = session.scalar(select(Dealer.zone).where(Dealer.id == row.dealer_id))
    assert zone is not None
    return zone


def asked(session: Session, *, zone: str, now: datetime, due_on: date | None = None) -> dict[str, Any]:
    """The columns of a part that has to be sent in: its last day (the policy's, or one chosen) and a new clock."""
    last = due_on or rules.last_day(now, policy_on(session, rules.day_of(now, zone)).return_days, zone)
    return {
        "due_on": last, "due_at": rules.end_of_day(last, zone), "requested_at": now, "warned_percent": 0,
        "carrier": "", "tracking": "", "shipped_at": None, "closed_at": None,
    }  # fmt: skip


def to_settle(now: datetime) -> datetime:
    """By when what we owe is to be sent back or paid."""
    return now + timedelta(days=rules.SETTLE_DAYS)


# ---- the record ------------------------------------------------------------------------------------------------------
def lock_claims_of(session: Session, item_ids: Iterable[int]) -> None:
    """Lock the claims of some old parts in the order of their ids, before the parts: decisions lock in that order."""
    ids = sorted(set(item_ids))
    if ids:
        session.execute(
            select(Claim.id)
            .where(Claim.id.in_(select(PartReturn.claim_id).where(PartReturn.id.in_(ids))))
            .order_by(Claim.id)
            .with_for_update()
        ).all()


def begin(session: Session, step: str, *, item_id: int, seen_version: int, actor: Actor) -> PartReturn:
    """The record for a step, its claim locked first so that nothing is decided or paid meanwhile."""
    lock_claims_of(session, [item_id])
    row: PartReturn = begin_step(session, FLOW, step, item_id=item_id, seen_version=seen_version, actor=actor)
    return row


def rows_kept_long_enough(
    session: Session, item_ids: Sequence[int], *, actor: Actor, now: datetime
) -> Sequence[PartReturn]:  # fmt: skip
    """Those of some parts whose days to be kept are over and whose claim is not being decided again; locked."""
    return session.scalars(
        select(PartReturn)
        .join(Claim, Claim.id == PartReturn.claim_id)
        .where(
            PartReturn.id.in_(item_ids), PartReturn.status == "held", PartReturn.due_at <= now,
            Claim.status.in_(rules.SETTLED), actor.scope.where(PartReturn.dealer_id, PartReturn.region),
        )
        .order_by(PartReturn.id)
        .with_for_update(of=PartReturn)
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip


def claims_that_wait(session: Session, claim_ids: Sequence[int], *, actor: Actor) -> Sequence[Claim]:
    """Those of some claims that wait for their old part before they are decided; locked in the order of their ids."""
    return session.scalars(
        select(Claim)
        .where(
            Claim.id.in_(claim_ids), Claim.status == rules.WAITS_FOR_PART,
            actor.scope.where(Claim.dealer_id, Claim.region),
        )
        .order_by(Claim.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip


def claim_of(session: Session, row: PartReturn) -> Claim:
    """The claim of an old part as it is now."""
    return session.get_one(Claim, row.claim_id, populate_existing=True)


def claimed_for_part(session: Session, row: PartReturn) -> int:
    """What was claimed for the part of this job, in cents."""
    cents = session.scalars(
        select(ClaimCharge.claimed_cents).where(
            ClaimCharge.claim_id == row.claim_id, ClaimCharge.job == row.job, ClaimCharge.kind == "parts",
            ClaimCharge.code == row.part_number,
        )
    )  # fmt: skip
    return sum(c for c in cents if c > 0)


# ---- the charge ------------------------------------------------------------------------------------------------------
def standing(session: Session, row: PartReturn) -> ClaimEntry | None:
    """The ledger entry that charges this part now; None where it is not charged, or somebody took it back by hand."""
    if row.debit_entry_id is None or is_reversed(session, row.debit_entry_id):
        return None
    return session.get(ClaimEntry, row.debit_entry_id)


def take_back(session: Session, row: PartReturn, *, reason: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """Take back what is charged, once; gives the columns to set (none where nothing was charged)."""
    if row.debit_entry_id is None:
        return {}
    entry = standing(session, row)
    if entry is not None:
        post_reversal(session, entry_id=entry.id, reason=reason, actor=actor, now=now)
    return {"debit_entry_id": None}


def correct_charge(
    session: Session, row: PartReturn, claim: Claim, *, status: str, part_cents: int, reason: str, actor: Actor,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Make what is charged what should be (`rules.wanted_charge`); gives the columns to set. A second time is nothing.

    A charge that somebody took back by hand in the ledger is not posted again.
    """
    entry = standing(session, row)
    if row.debit_entry_id is not None and entry is None:
        return {}
    lock_family(session, claim.family_id)
    charged = 0 if entry is None else -entry.cents
    net, _ = family_sums(session, claim.family_id)
    wanted = rules.wanted_charge(
        status=status, part_cents=part_cents, claim_status=claim.status, worth_cents=net + charged
    )
    if wanted == charged:
        return {}
    values = take_back(session, row, reason=reason, actor=actor, now=now)
    if wanted > 0:
        values["debits"] = row.debits + 1
        values["debit_entry_id"] = post_part_debit(
            session, claim_id=claim.id, key=f"part:{row.id}:{row.debits + 1}", cents=wanted, reason=reason,
            actor=actor, now=now,
        )  # fmt: skip
    return values


def charged_cents(session: Session, row: PartReturn) -> int:
    """What is charged for a part now, in cents."""
    entry = standing(session, row)
    return 0 if entry is None else -entry.cents


# ---- the entry -------------------------------------------------------------------------------------------------------
def items_of(rows: Sequence[PartReturn]) -> list[timeline.Item]:
    """What the entry of a command belongs to: the parts, and the claims they come from."""
    found = [timeline.Item(ITEM, r.id, r.dealer_id) for r in rows]
    return found + [timeline.Item("claim", c, d) for c, d in dict.fromkeys((r.claim_id, r.dealer_id) for r in rows)]


def note_entry(
    session: Session, command: str, row: PartReturn, said: str, *, actor: Actor, now: datetime, reason: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command on one old part."""
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command=command, summary=f"{row.number}: {said}",
        items=items_of([row]), before=before, after=after, reason=reason,
    )  # fmt: skip
