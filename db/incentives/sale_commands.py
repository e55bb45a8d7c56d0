"""Reporting a sale (RDR), correcting it, and unwinding it: what was earned and approved with it follows at once."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused, Stale
from db.incentives import claim_store, sale_store
from db.incentives.calculate import refresh
from db.incentives.entry_rules import COLUMNS, SaleDraft, check_sale, sale_key, tidy
from db.incentives.model import DOCUMENTS
from db.incentives.papers import names_of
from db.incentives.record import day_words, dealer_of, item_of_claim, item_of_sale, note, sale_of
from db.incentives.tables import SaleReport

_FREE = ("documents", "customer_ref", "customer_name")
"""What may be corrected while a claim of the sale is approved: nothing an amount depends on."""


def report_sale(
    session: Session, *, dealer_id: int | None, draft: SaleDraft, customer_id: int | None = None,
    form_key: str | None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Report a sale and give its id; the same `form_key` again gives the first. Problems: the fields of SaleDraft.

    The day of the report is the dealer's day today, from the moment a delivery is in it.
    """
    actor.require(Permission.INCENTIVES_ENTER)
    known = session.scalar(select(SaleReport.id).where(SaleReport.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    if dealer_id is None:
        raise Refused(Problem(code="required", field="dealer_id", message="Choose a dealer."))
    dealer = dealer_of(session, dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    draft = tidy(draft)
    problems = Problems()
    check_sale(draft, problems, today=today)
    if customer_id is not None and not sale_store.is_customer_of(session, customer_id, dealer):
        problems.add("customer_id", "unknown", "Choose a customer of this dealer.")
    problems.refuse_if_any()
    sale = sale_store.add_sale(
        session, draft, dealer, form_key=form_key, reported_on=today, customer_id=customer_id, external_number=None,
        batch_id=None, actor=actor, now=now,
    )  # fmt: skip
    posted = refresh(session, [sale], actor=actor, now=now, today=today)
    after = {"vin": sale.vin, "delivered_on": sale.delivered_on, "sale_type": sale.sale_type, "entries": posted}
    said = f"{sale.number} reported, delivered {day_words(sale.delivered_on)}."
    note(session, "report_sale", said, [item_of_sale(sale)], actor=actor, now=now, after=after)
    return sale.id


def correct_sale(
    session: Session, *, sale_id: int, seen_version: int, draft: SaleDraft, customer_id: int | None = None,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Change what was reported. While a claim of it is approved only papers and the customer's number may change.

    `customer_id` chooses another customer of the dealer; None leaves it as it is. Problems: the fields of SaleDraft.
    """
    actor.require(Permission.INCENTIVES_ENTER)
    sale = _held(session, sale_id, seen_version, actor=actor)
    dealer = dealer_of(session, sale.dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    before = sale_store.draft_of(session, sale)
    draft, vehicle_id = sale_store.with_vehicle(session, tidy(draft), actor=actor)
    problems = Problems()
    other_customer = customer_id is not None and customer_id != sale.customer_id
    if customer_id is not None and other_customer:
        draft = sale_store.of_customer(replace(draft, customer_ref=""), customer_id)
        if not sale_store.is_customer_of(session, customer_id, dealer):
            problems.add("customer_id", "unknown", "Choose a customer of this dealer.")
    check_sale(draft, problems, today=today)
    changed = [f.name for f in fields(SaleDraft) if getattr(before, f.name) != getattr(draft, f.name)]
    approved = [c for c in claim_store.claims_of_sale(session, sale.id) if c.status in claim_store.APPROVED]
    changed += ["customer_id"] if other_customer else []
    bound = [name for name in changed if name not in _FREE]
    gone = [kind for kind, _ in before.documents if kind not in dict(draft.documents)]
    held = next((kind for kind in gone if kind in names_of(session, [sale.id]).get(sale.id, {})), None)
    if held is not None:
        problems.add("documents", "has_file", f"{DOCUMENTS[held]} has a file; take the file out with a reason.")
    if approved and bound:
        sentence = f"{approved[0].number} was approved for this sale; unwind the sale to change this."
        problems.add(bound[0], "approved", sentence)
    if not changed:
        problems.add("", "no_change", "Nothing was changed.")
    problems.refuse_if_any()
    day = draft.delivered_on or draft.contract_on
    assert day is not None
    key = sale_key(draft.vin, draft.condition, day)
    taken = session.scalar(select(SaleReport.id).where(SaleReport.sale_key == key, SaleReport.id != sale.id))
    if taken is not None:
        sale_store.refuse_duplicate(session, draft, dealer, day)
    reported = (sale.reported_on or today) if draft.delivered_on else None
    values = {
        **sale_store.columns_of(draft), **sale_store.dealer_facts(session, dealer, day), "sale_key": key,
        "vehicle_id": vehicle_id, "reported_on": reported, "customer_id": customer_id or sale.customer_id,
        "earlier": sale_store.earlier_of(session, customer_id or sale.customer_id, vin=draft.vin, before=day),
    }  # fmt: skip
    if not bound:  # what the dealer was on the day of the report stays
        values = {"customer_ref": draft.customer_ref, "customer_name": draft.customer_name}
    write_sale(session, sale, values, actor=actor, now=now)
    sale_store.store_documents(session, sale, draft, actor=actor, now=now)
    sale_store.index(session, sale)
    refresh(session, [sale], actor=actor, now=now, today=today)
    note(
        session, "correct_sale", f"{sale.number} corrected.", [item_of_sale(sale)], actor=actor, now=now,
        before={name: getattr(before, name) for name in changed if name in COLUMNS and name not in _FREE},
        after={name: getattr(draft, name) for name in changed if name in COLUMNS and name not in _FREE}
        | {"changed": changed},
    )  # fmt: skip


def unwind_sale(session: Session, *, sale_id: int, seen_version: int, reason: str, actor: Actor, now: datetime) -> None:
    """Take a sale back: its open claims are void, approved ones reversed, volumes calculated anew. Problems: reason."""
    actor.require(Permission.INCENTIVES_ENTER)
    sale = _held(session, sale_id, seen_version, actor=actor)
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=1000)
    problems.refuse_if_any()
    dealer = dealer_of(session, sale.dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    before = {"sale_key": sale.sale_key}
    write_sale(
        session, sale, {"unwound_on": today, "unwound_reason": reason, "sale_key": None}, actor=actor, now=now
    )  # fmt: skip
    closed = claim_store.reverse_all(session, sale, dealer, reason=reason, actor=actor, now=now)
    posted = refresh(session, [sale], actor=actor, now=now, today=today)
    note(
        session, "unwind_sale", f"{sale.number} unwound.", [item_of_sale(sale), *map(item_of_claim, closed)],
        actor=actor, now=now, reason=reason, before=before,
        after={"unwound_on": today, "claims": [c.number for c in closed], "entries": posted},
    )  # fmt: skip


def _held(session: Session, sale_id: int, seen_version: int, *, actor: Actor) -> SaleReport:
    sale = sale_of(session, sale_id, actor=actor)
    if sale.version != seen_version:
        raise Stale(what=f"Sale {sale.number}", changed_by=sale.updated_by, changed_at=sale.updated_at)
    if sale.unwound_on is not None:
        raise Refused(Problem(code="wrong_state", message=f"{sale.number} is unwound already.", rule="I13"))
    return sale


def write_sale(session: Session, sale: SaleReport, values: dict[str, object], *, actor: Actor, now: datetime) -> None:
    """Write with the version in the WHERE, so that of two at once one is told."""
    done = rows_changed(
        session,
        update(SaleReport)
        .where(SaleReport.id == sale.id, SaleReport.version == sale.version)
        .values(**values, version=sale.version + 1, updated_at=now, updated_by=actor.name)
        .execution_options(synchronize_session=False),
    )
    if done != 1:
        raise Stale(what=f"Sale {sale.number}", changed_by="somebody else", changed_at=now)
    session.refresh(sale)
