"""What the rules are told, read from the tables: versions, sales as facts, baselines. Who asks decides who sees it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from db.core import vin as vins
from db.core.actor import Scope
from db.dealers.tables import Dealer
from db.incentives.facts import Earlier, SaleFacts
from db.incentives.model import Growth, Program, Window, program_from_json
from db.incentives.papers import names_of
from db.incentives.tables import IncentiveVersion, SaleDocument, SaleReport
from db.incentives.tier_rules import days_of, target_of, year_before
from db.incentives.unit_rules import Plan

AT_ONCE = 500
_KEPT = "incentive_plans"
_EARLIER = TypeAdapter(tuple[Earlier, ...])


def plans_of(session: Session) -> dict[int, list[Plan]]:
    """Every published version by program, oldest first. Read once a session: an import judges thousands of sales."""
    kept: dict[int, list[Plan]] | None = session.info.get(_KEPT)
    if kept is None:
        kept = {}
        for program_id, *said in session.execute(_PUBLISHED):
            kept.setdefault(program_id, []).append(_plan_of(program_id, *said))
        session.info[_KEPT] = kept
    return kept


@lru_cache(maxsize=1_000)
def _plan_of(program_id: int, version_id: int, number: int, effective_from: date, body: str) -> Plan:
    """A version by its very text: reading the same text again gives the same program, which nobody can change."""
    return Plan(
        program_id=program_id, version_id=version_id, number=number, effective_from=effective_from,
        program=program_from_json(json.loads(body)),
    )  # fmt: skip


# Made once: every look at incentives asks it.
_PUBLISHED: Final = (
    select(
        IncentiveVersion.program_id, IncentiveVersion.id, IncentiveVersion.number, IncentiveVersion.effective_from,
        cast(IncentiveVersion.body, Text),
    )
    .where(IncentiveVersion.state == "published")
    .order_by(IncentiveVersion.program_id, IncentiveVersion.number)
)  # fmt: skip


def plan_of_row(row: IncentiveVersion) -> Plan:
    """A stored version as the rules know it."""
    return Plan(
        program_id=row.program_id, version_id=row.id, number=row.number, effective_from=row.effective_from,
        program=program_from_json(row.body),
    )  # fmt: skip


def forget_plans(session: Session) -> None:
    """What `plans_of` keeps no longer holds: a version was published in this session."""
    session.info.pop(_KEPT, None)


def facts_of(session: Session, sales: Sequence[SaleReport], *, today: date) -> list[SaleFacts]:
    """Sales as the rules know them, in the order given, with a bounded number of statements."""
    papers: dict[int, dict[str, str]] = {}
    names: dict[int, tuple[str, str]] = {}
    for start in range(0, len(sales), AT_ONCE):
        some = sales[start : start + AT_ONCE]
        known = [s.id for s in some if s.id]
        for sale_id, kind, reference in session.execute(
            select(SaleDocument.sale_id, SaleDocument.kind, SaleDocument.reference)
            .where(SaleDocument.sale_id.in_(known))
            .order_by(SaleDocument.id)
        ):
            papers.setdefault(sale_id, {})[kind] = reference
        for sale_id, files in names_of(session, known).items():
            papers[sale_id] = papers.get(sale_id, {}) | {k: v for k, v in files.items() if k in papers.get(sale_id, {})}
        ids = sorted({s.dealer_id for s in some} - set(names))
        rows = session.execute(select(Dealer.id, Dealer.code, Dealer.name).where(Dealer.id.in_(ids)))
        names |= {dealer_id: (code, name) for dealer_id, code, name in rows}
    return [_fact(s, *names[s.dealer_id], papers.get(s.id, {}), today) for s in sales]


def _fact(sale: SaleReport, code: str, name: str, papers: dict[str, str], today: date) -> SaleFacts:
    return SaleFacts(
        vin=sale.vin, vin_ok=vins.has_shape(sale.vin), make=sale.make, model=sale.model, year=sale.year,
        trim=sale.trim, condition=sale.condition, sale_type=sale.sale_type, dealer_code=code, dealer_name=name,
        dealer_status=sale.dealer_status, region=sale.dealer_region, tier=sale.dealer_tier, stocked_on=sale.stocked_on,
        contract_on=sale.contract_on, delivered_on=sale.delivered_on, reported_on=sale.reported_on,
        unwound_on=sale.unwound_on, customer_ref=sale.customer_ref, documents=tuple(papers),
        proofs=tuple((k, v) for k, v in papers.items() if v), earlier=_EARLIER.validate_python(sale.earlier or []),
        trade_make=sale.trade_make,
        trade_year=sale.trade_year, affinity=sale.affinity, certificates=tuple(sale.certificates),
        lease_ends_on=sale.lease_ends_on, waived_payments=sale.waived_payments, payment_cents=sale.payment_cents,
        number=sale.number, sale_id=sale.id, today=today,
    )  # fmt: skip


def baseline_of(session: Session, program: Program, *, dealer_id: int, dealer_code: str, period: str) -> int:
    """The units a growth program is measured against; 0 for every other kind.

    Of the year before, every sale of the same makes, models, condition and type that stands; its year, its papers and
    when it was reported are not asked.
    """
    rule = program.rule
    if not isinstance(rule, Growth):
        return 0
    if rule.baseline == "target":
        return target_of(rule, dealer_code, period)
    return count_like(session, program, dealer_id=dealer_id, days=year_before(days_of(period, program.program)))


def count_like(session: Session, program: Program, *, dealer_id: int, days: Window) -> int:
    """How many standing sales of the program's vehicles and sale types a dealer delivered in these days."""
    mine = [SaleReport.dealer_id == dealer_id, *like(program, days)]
    return session.scalar(select(func.count()).select_from(SaleReport).where(*mine)) or 0


def counts_like(session: Session, program: Program, *, scope: Scope, days: Window) -> dict[int, int]:
    """The same of every dealer of a scope at once, by the dealer's id."""
    query = (
        select(SaleReport.dealer_id, func.count())
        .where(scope.where(SaleReport.dealer_id, SaleReport.region), *like(program, days))
        .group_by(SaleReport.dealer_id)
    )
    return {dealer_id: n for dealer_id, n in session.execute(query)}  # noqa: C416 - rows are no pairs to the checker


def like(program: Program, days: Window) -> list[Any]:
    """What makes a standing sale of these days one of the program's vehicles and sale types, as conditions."""
    wanted = program.eligible
    conditions: list[Any] = [
        SaleReport.delivered_on >= days.first, SaleReport.delivered_on <= days.last,
        SaleReport.unwound_on.is_(None), SaleReport.condition.in_(wanted.conditions),
        SaleReport.sale_type.in_(wanted.sale_types),
    ]  # fmt: skip
    if wanted.makes:
        conditions.append(func.lower(SaleReport.make).in_([m.lower() for m in wanted.makes]))
    if wanted.models:
        conditions.append(func.lower(SaleReport.model).in_([m.lower() for m in wanted.models]))
    return conditions
