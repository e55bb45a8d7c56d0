"""What a purchase earns: the fund of its year, the rate of its model, and a lot that expires (domain-rules 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import ledger, lot_rules
from db.coop.model import Programme
from db.coop.record import CLOSED_DEALERS, in_force, open_fund, refuse_closed
from db.coop.say_rules import day, money, share_of
from db.coop.tables import CoopProgramme, CoopPurchase
from db.core.actor import Actor
from db.core.labels import local_day, storable
from db.core.problems import Problem, Problems, Refused
from db.dealers.tables import Dealer

MOST_CENTS = 1_000_000_000_00


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """One line of a dealer's wholesale invoice; a negative amount is a credit. The day is the dealer's."""

    invoice_number: str
    invoiced_on: date | None
    cents: int | None
    model: str = ""
    programme: str = ""


def known_purchase(session: Session, dealer_id: int, one: Purchase) -> CoopPurchase | None:
    """The purchase of this invoice and model, when it was taken before."""
    return session.scalars(
        select(CoopPurchase).where(
            CoopPurchase.dealer_id == dealer_id, CoopPurchase.invoice_number == one.invoice_number.strip(),
            CoopPurchase.model == one.model.strip(),
        )
    ).one_or_none()  # fmt: skip


def earn(
    session: Session, one: Purchase, dealer: Dealer, *, batch_id: int | None, actor: Actor, now: datetime
) -> CoopPurchase:
    """Take a purchase and post what it earned; nothing is posted where that rounds to nothing.

    Problems: invoice_number, invoiced_on, amount, model, programme, dealer_id.
    """
    today = local_day(now, dealer.zone)
    problems = Problems()
    number = problems.require(storable(one.invoice_number), "invoice_number", "The invoice number", longest=40)
    model = storable(one.model).strip()
    if len(model) > 120:
        problems.add("model", "too_long", "At most 120 characters fit.")
    if not one.cents or abs(one.cents) > MOST_CENTS:
        problems.add("amount", "out_of_range", "The amount is not zero and at most $1,000,000,000.")
    if one.invoiced_on is None:
        problems.add("invoiced_on", "required", "The day of the invoice is needed.")
    elif one.invoiced_on > today:
        problems.add("invoiced_on", "future", "This day is still to come.")
    if dealer.status in CLOSED_DEALERS:
        problems.add("dealer_id", "closed", f"{dealer.name} is {dealer.status} and earns no co-op money.")
    problems.refuse_if_any()
    assert one.invoiced_on is not None
    assert one.cents is not None
    row, version, programme = programme_for(session, one.invoiced_on, code=one.programme)
    rate = programme.rate_of(model)
    earned = share_of(one.cents, rate)
    fund = open_fund(session, row, dealer, actor=actor, now=now)
    refuse_closed(fund)
    last = lot_rules.expires_on(one.invoiced_on, programme.lot_months)
    if last < today and earned > 0:
        message = f"What was bought on {day(one.invoiced_on)} had to be spent by {day(last)}."
        raise Refused(Problem(code="expired", field="invoiced_on", message=message, rule="domain-rules 2.3"))
    purchase = CoopPurchase(
        fund_id=fund.id, dealer_id=dealer.id, region=dealer.region, invoice_number=number, invoiced_on=one.invoiced_on,
        model=model, cents=one.cents, rate=rate, accrued_cents=earned, version_number=version, batch_id=batch_id,
        created_at=now,
    )  # fmt: skip
    session.add(purchase)
    session.flush()
    key, reason = f"accrual:{purchase.id}:{number}"[:80], f"{number}: {rate / 100:g}% of {money(one.cents)}"
    if earned > 0:
        entry = ledger.money_in(
            session, fund, kind="accrual", cents=earned, key=key, earned_on=one.invoiced_on, expires_on=last,
            actor=actor, now=now, reason=reason,
        )  # fmt: skip
        purchase.entry_id = entry.id
    elif earned < 0:
        entry, _ = ledger.money_out(
            session, fund, kind="accrual", cents=-earned, key=key, actor=actor, now=now, reason=reason
        )
        purchase.entry_id = entry.id
    session.flush()
    return purchase


def programme_for(session: Session, day_of: date, *, code: str = "") -> tuple[CoopProgramme, int, Programme]:
    """The programme of a day with the version in force then; by its code where several cover the year."""
    query = select(CoopProgramme).where(CoopProgramme.year == day_of.year).order_by(CoopProgramme.id)
    if code.strip():
        query = query.where(CoopProgramme.code == code.strip().upper())
    found = session.scalars(query.limit(2)).all()
    if not found:
        message = f"There is no co-op programme {code.strip()} for {day_of.year}.".replace("  ", " ")
        raise Refused(Problem(code="no_programme", field="programme", message=message))
    if len(found) > 1:
        message = f"{day_of.year} has several programmes; name one."
        raise Refused(Problem(code="ambiguous", field="programme", message=message))
    number, programme = in_force(session, found[0].id, day_of)
    return found[0], number, programme
