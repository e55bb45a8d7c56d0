"""The volume of a dealer in a period as it is claimed: earned, approved so far, the version it is summed up by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.dealers.tables import Dealer
from db.incentives import books
from db.incentives.facts import PeriodFacts, SaleFacts
from db.incentives.model import Program
from db.incentives.record import approved_of_period
from db.incentives.tables import IncentiveEarning
from db.incentives.tier_rules import days_of, period_of
from db.incentives.unit_rules import key_day, plan_of_period

_PERIOD = TypeAdapter(PeriodFacts)


@dataclass(frozen=True, kw_only=True)
class DealerPeriod:
    """A dealer's volume in a period; money in cents."""

    program_id: int
    version_id: int
    program: Program
    dealer_id: int
    period: str
    units: int
    earned_cents: int
    approved_cents: int
    last_day: date
    said: tuple[str, ...]


def period_of_dealer(session: Session, *, program_id: int, dealer: Dealer, period: str) -> DealerPeriod | None:
    """A period of a volume program, its calculation locked; None where nothing was counted or it is of another kind."""
    row = session.scalars(
        select(IncentiveEarning)
        .where(
            IncentiveEarning.program_id == program_id, IncentiveEarning.dealer_id == dealer.id,
            IncentiveEarning.period == period,
        )
        .with_for_update(of=IncentiveEarning)
        .execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    plans = books.plans_of(session).get(program_id)
    if row is None or not plans:
        return None
    plan = plan_of_period(plans, period)
    if not plan.program.is_volume:
        return None
    return DealerPeriod(
        program_id=program_id, version_id=plan.version_id, program=plan.program, dealer_id=dealer.id, period=period,
        units=row.units, earned_cents=row.cents, said=tuple(row.said),
        approved_cents=approved_of_period(session, program_id=program_id, dealer_id=dealer.id, period=period),
        last_day=days_of(period, plan.program.program).last,
    )  # fmt: skip


def key_of(found: DealerPeriod) -> str:
    """What keeps a second claim for a period from being opened while one waits."""
    return f"p{found.program_id}:d{found.dealer_id}:{found.period}"


def facts_of(
    found: DealerPeriod, claimed_cents: int | None, checked: Sequence[str], *, today: date, status: str
) -> PeriodFacts:
    """What the checks of a period are told."""
    return PeriodFacts(
        period=found.period, last_day=found.last_day, today=today, dealer_status=status, units=found.units,
        earned_cents=found.earned_cents, approved_cents=found.approved_cents, claimed_cents=claimed_cents,
        checked=tuple(checked), said=found.said,
    )  # fmt: skip


def kept(facts: PeriodFacts) -> dict[str, Any]:
    """The facts as they are kept with a run."""
    return {"period": _PERIOD.dump_python(facts, mode="json")}


def name_of(program: Program, fact: SaleFacts) -> str:
    """The period a sale belongs to under a program."""
    return period_of(program.period, key_day(fact) or program.program.first)
