"""A document that belongs to a lead we have: it fills blanks and is credited, and never restarts a clock (2.2 D)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update

from db.core.area import RowOutcome
from db.core.contact import phone_texts
from db.leads import intake_facts as facts
from db.leads import score
from db.leads.adf_draft import LeadDraft
from db.leads.duplicates import Arrival, Verdict
from db.leads.handover import move_to
from db.leads.intake_batch import IntakeBatch
from db.leads.intake_route import choose, clock_columns, stored_facts
from db.leads.product_lines import NOT_STATED, brand_of, product_of
from db.leads.tables import Dealer, Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle


def join(
    batch: IntakeBatch, draft: LeadDraft, arrival: Arrival, verdict: Verdict, *, source: str, file: str, row: int,
    can_be_answered: bool,
) -> RowOutcome:  # fmt: skip
    """Let a draft join `verdict.lead_id`; identical content changes nothing at all."""
    assert verdict.lead_id is not None
    known = batch.known.get(verdict.lead_id)
    outcome = RowOutcome(
        file=file, row=row, outcome="duplicate", code=verdict.outcome, message=verdict.why, item_type="lead",
        item_id=known.lead_id, dealer_id=known.dealer_id,
    )  # fmt: skip
    if verdict.outcome == "identical":
        return outcome
    if batch.is_waiting(known.lead_id):
        batch.flush(words=False)
    lead = batch.session.get_one(Lead, known.lead_id, with_for_update=True, populate_existing=True)
    undo: dict[str, Any] = {"joined": lead.id}
    filled = _filled(batch, lead, draft)
    undo["keys"] = _add_keys(batch, lead, draft, arrival)
    undo["contacts"] = _add_contacts(batch, lead, draft)
    undo["vehicles"] = _add_vehicles(batch, lead, draft)
    undo["customer_keys"] = batch.customers.add_keys(
        lead.customer_id, arrival.keys, dealer_id=known.dealer_id, region=lead.region
    )
    is_touch = verdict.outcome == "same_person_same_vehicle"
    other_source = source if source not in (lead.source, NOT_STATED) else ""
    changed = dict(filled)
    if is_touch:
        changed["touches"] = lead.touches + 1
        if other_source:
            parts = score.with_other_source(lead.score_parts, other_source)
            changed |= {"score_parts": parts, "score": score.total(parts)}
    added = bool(filled or undo["contacts"] or undo["vehicles"])
    if is_touch or added:
        changed["last_activity_at"] = max(lead.last_activity_at, arrival.received_at)
        undo["activity"] = _credit(batch, lead, draft, arrival, verdict, source=source, is_touch=is_touch)
        undo["before"] = {name: facts.plain(getattr(lead, name)) for name in changed}
        undo["after"] = {name: facts.plain(value) for name, value in changed.items()}
        _write(batch, lead, changed)
    batch.known.learn(known.lead_id, arrival)
    outcome.undo = undo
    if added and verdict.outcome == "resend":
        # What a lead is made of did change, and whoever looks at the batch should see which.
        outcome.outcome, outcome.code = "updated", ""
    if lead.status == "held" and can_be_answered:
        _release(batch, lead, undo)
        outcome.outcome, outcome.code = "updated", ""
        outcome.message += f" {lead.number} was held and can now be answered."
    return outcome


def _release(batch: IntakeBatch, lead: Lead, undo: dict[str, Any]) -> None:
    """Route a held lead that can now be answered; its clock starts only here, for nobody could have answered before."""
    decision = choose(batch, stored_facts(batch.session, lead, batch=batch))
    dealer, now = decision.dealer, batch.now
    status = "assigned" if dealer else "new"
    changed: dict[str, Any] = {
        "status": status, "routing": decision.as_stored(policy_version=batch.version), "is_open": True,
        "dealer_id": dealer.id if dealer else None, "region": dealer.region if dealer else None,
        "routed_at": now if dealer else None, "stage_entered_at": now,
    } | clock_columns(
        batch, dealer_id=dealer.id if dealer else None, score=lead.score, status=status,
        routed_at=now, received_at=lead.received_at,
    )  # fmt: skip
    if dealer:
        batch.flush()
        changed["customer_id"] = move_to(batch.session, lead, batch.session.get_one(Dealer, dealer.id))
    undo["before"] = {name: facts.plain(getattr(lead, name)) for name in changed} | undo.get("before", {})
    undo["after"] = undo.get("after", {}) | {name: facts.plain(value) for name, value in changed.items()}
    _write(batch, lead, changed)
    told = {name: getattr(lead, name) for name in ("id", "number", "dealer_id", "wants", "source")}
    if dealer:
        batch.tell_assigned(told)
    else:
        batch.tell_unassigned(told, decision.why)


def _write(batch: IntakeBatch, lead: Lead, changed: dict[str, Any]) -> None:
    batch.session.execute(
        update(Lead)
        .where(Lead.id == lead.id)
        .values(**changed, version=Lead.version + 1, updated_at=batch.now, updated_by=batch.actor.name)
        .execution_options(synchronize_session=False)
    )
    batch.session.refresh(lead)


def _filled(batch: IntakeBatch, lead: Lead, draft: LeadDraft) -> dict[str, Any]:
    """The columns that were blank and that the draft can fill; nothing that was said before is overwritten."""
    wanted = draft.wanted
    offered: dict[str, Any] = {
        "state": facts.state_of(draft), "postal_code": facts.postal_of(draft),
        "preferred_contact": draft.preferred_contact or "", "brand": brand_of(wanted.make) if wanted else "",
        "wants": facts.wants(draft), "comments": facts.clip(draft.comments_masked, 100_000),
        "question": facts.clip(draft.question, 4000), "timeframe": facts.timeframe(draft),
        "wanted_by": facts.wanted_by(draft), "vendor_name": facts.clip(draft.vendor_name, 300),
        "requested_at": draft.requested_at, "provider": facts.clip(draft.provider_name, 200),
        "value_cents": facts.named_price(draft),
    }  # fmt: skip
    filled = {name: value for name, value in offered.items() if value and not getattr(lead, name)}
    name = facts.customer_name(draft)
    if lead.customer_name == facts.NOBODY and name != facts.NOBODY:
        filled["customer_name"] = name
    if lead.product == NOT_STATED and wanted is not None:
        product = product_of(batch.lines, make=wanted.make, model=wanted.model)
        filled |= {"product": product} if product != NOT_STATED else {}
    return filled


def _add_keys(batch: IntakeBatch, lead: Lead, draft: LeadDraft, arrival: Arrival) -> list[int]:
    """Further ways to recognise the lead, so that the same document again changes nothing; ids of the new rows."""
    have = {
        (kind, value)
        for kind, value in batch.session.execute(select(LeadKey.kind, LeadKey.value).where(LeadKey.lead_id == lead.id))
    }
    rows = [row for row in facts.key_rows(draft, arrival) if (row["kind"], row["value"]) not in have]
    return _insert(batch, LeadKey, lead.id, rows)


def _add_contacts(batch: IntakeBatch, lead: Lead, draft: LeadDraft) -> list[int]:
    have = batch.session.execute(
        select(LeadContact.kind, LeadContact.raw, LeadContact.normal).where(LeadContact.lead_id == lead.id)
    ).all()
    known = {(kind, text) for kind, raw, normal in have for text in (raw, normal) if text}
    rows = [
        row
        for row in facts.contact_rows(draft)
        if (row["kind"], row["raw"]) not in known and (row["kind"], row["normal"]) not in known
    ]
    for number, row in enumerate(rows, start=len(have) + 1):
        row["position"] = number
    batch.add_words(
        lead.id,
        [text for row in rows for text in phone_texts(row["normal"] or row["raw"])],
        dealer_id=lead.dealer_id,
        region=lead.region,
    )
    return _insert(batch, LeadContact, lead.id, rows)


def _add_vehicles(batch: IntakeBatch, lead: Lead, draft: LeadDraft) -> list[int]:
    """The wanted vehicle or the trade-in, where the lead had none."""
    have = list(batch.session.scalars(select(LeadVehicle.role).where(LeadVehicle.lead_id == lead.id)))
    rows = [row for row in facts.vehicle_rows(draft) if row["role"] != "other" and row["role"] not in have]
    for number, row in enumerate(rows, start=len(have) + 1):
        row["position"] = number
    return _insert(batch, LeadVehicle, lead.id, rows)


def _credit(
    batch: IntakeBatch, lead: Lead, draft: LeadDraft, arrival: Arrival, verdict: Verdict, *, source: str, is_touch: bool
) -> int:
    """An inbound activity for the source that sent it too; it counts for no clock (2.2 A)."""
    said = facts.clip(draft.comments_masked, 4000)
    note = f"{verdict.why} {said}".strip() if said and said != lead.comments else verdict.why
    ids = _insert(
        batch, LeadActivity, lead.id,
        [
            {
                "at": arrival.received_at, "kind": "touch", "direction": "in",
                "outcome": "touch" if is_touch else "resend",
                "note": note, "is_first_action": False, "is_quality": False, "is_two_way": False, "source": source,
                "by": batch.actor.name, "by_username": batch.actor.username, "form_key": None,
            }
        ],
    )  # fmt: skip
    return ids[0]


def _insert(batch: IntakeBatch, table: type[Any], lead_id: int, rows: list[dict[str, Any]]) -> list[int]:
    if not rows:
        return []
    statement = insert(table).returning(table.id)
    return sorted(batch.session.scalars(statement, [{"lead_id": lead_id, **row} for row in rows]))
