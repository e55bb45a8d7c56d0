"""What the commands of incentives have in common: the ledger, the budget, the entry in the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.labels import local_day
from db.core.problems import NotFound, Problem, Refused
from db.dealers.tables import Dealer
from db.incentives.say_rules import money
from db.incentives.tables import IncentiveClaim, IncentiveEntry, IncentiveProgram, SaleReport

AREA = "incentives"


def dealer_of(session: Session, dealer_id: int | None, *, actor: Actor) -> Dealer:
    """The dealer of a sale; `NotFound` when absent or out of scope."""
    dealer = session.get(Dealer, dealer_id or 0)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer


def sale_of(session: Session, sale_id: int | None, *, actor: Actor) -> SaleReport:
    """A sale, locked until the command ends; `NotFound` when absent or out of scope."""
    sale = session.scalars(
        select(SaleReport)
        .where(SaleReport.id == (sale_id or 0))
        .with_for_update(of=SaleReport)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if sale is None or not actor.scope.allows(dealer_id=sale.dealer_id, region=sale.region):
        raise NotFound("This sale")
    return sale


def post(
    session: Session, *, key: str, book: str, kind: str, program_id: int, dealer: Dealer, period: str, cents: int,
    actor: Actor, now: datetime, sale_id: int | None = None, claim_id: int | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Add one entry to the ledger; the unique `key` refuses it a second time."""
    session.add(
        IncentiveEntry(
            entry_key=key, book=book, kind=kind, program_id=program_id, dealer_id=dealer.id, region=dealer.region,
            period=period, sale_id=sale_id, claim_id=claim_id, cents=cents, at=now,
            on_day=local_day(now, DESK_ZONE), username=actor.username, by=actor.name, reason=reason,
        )
    )  # fmt: skip
    session.flush()
    if claim_id is not None:
        owe(session, {claim_id: cents})
    changes.touch(session, AREA)


def owe(session: Session, cents: Mapping[int, int]) -> None:
    """Add what was posted to what is owed for claims, by their ids (negative: paid or taken back)."""
    claims: Any = IncentiveClaim.__table__
    session.execute(
        update(claims)
        .where(claims.c.id == bindparam("of_claim"))
        .values(owed_cents=claims.c.owed_cents + bindparam("posted")),
        [{"of_claim": claim_id, "posted": posted} for claim_id, posted in sorted(cents.items())],
    )


def approved_of_period(session: Session, *, program_id: int, dealer_id: int, period: str) -> int:
    """What of a period was approved for its volume less what was taken back, in cents."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(IncentiveEntry.cents), 0)).where(
                IncentiveEntry.program_id == program_id, IncentiveEntry.dealer_id == dealer_id,
                IncentiveEntry.period == period, IncentiveEntry.book == "approved", IncentiveEntry.sale_id.is_(None),
            )
        )
        or 0
    )  # fmt: skip


def commit_budget(session: Session, program_id: int, cents: int) -> None:
    """Take so much of the budget, or give it back: one UPDATE that holds the limit, so that two cannot exceed it."""
    held = IncentiveProgram.committed_cents + cents
    statement = update(IncentiveProgram).where(IncentiveProgram.id == program_id)
    if cents > 0:
        statement = statement.where(or_(IncentiveProgram.budget_cents.is_(None), held <= IncentiveProgram.budget_cents))
    done = rows_changed(session, statement.values(committed_cents=held).execution_options(synchronize_session=False))
    if done != 1:
        left = session.scalar(
            select(IncentiveProgram.budget_cents - IncentiveProgram.committed_cents).where(
                IncentiveProgram.id == program_id
            )
        )
        message = f"Only {money(max(0, left or 0))} of the program's budget is left."
        raise Refused(Problem(code="budget", field="amount_cents", message=message, rule="I11"))


def note(
    session: Session, command: str, summary: str, items: Sequence[timeline.Item], *, actor: Actor, now: datetime,
    reason: str = "", before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command, and the change counter of the area."""
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command=command, summary=summary, items=list(items), before=before,
        after=after, reason=reason,
    )  # fmt: skip


def item_of_sale(sale: SaleReport) -> timeline.Item:
    """What an entry about a sale belongs to."""
    return timeline.Item("sale", sale.id, sale.dealer_id)


def item_of_claim(claim: IncentiveClaim) -> timeline.Item:
    """What an entry about a claim belongs to."""
    return timeline.Item("incentive_claim", claim.id, claim.dealer_id)


def day_words(day: date | None) -> str:
    """A day for a summary."""
    return "no day" if day is None else f"{day:%-d %b %Y}"
