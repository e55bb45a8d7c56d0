"""Asking for a discount or promotion, changing its terms (which voids every signature), taking it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers.queries import get_dealer
from db.pricing import record
from db.pricing.band_rules import Judgement, judge, money
from db.pricing.flow import FLOW
from db.pricing.notices import tell_waiting
from db.pricing.policy_queries import policy_now
from db.pricing.tables import PriceRequest
from db.pricing.terms_rules import Sound, Terms, check_terms
from db.workflow.engine import begin_step, end_step

LONGEST_NOTE = 1_000
CLOSED = ("prospect", "terminated")


def send_request(
    session: Session, *, dealer_id: int | None, terms: Terms, form_key: str | None = None, actor: Actor, now: datetime
) -> int:
    """Send a request; the bands say which levels sign, or that nobody has to. Gives its id; a form is sent once.

    Problems: dealer_id and the fields of the terms; past a maximum the field of each bound (domain-rules 2.5).
    """
    actor.require(Permission.PRICING_REQUEST)
    known = session.scalar(select(PriceRequest.id).where(PriceRequest.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    sound = check_terms(terms, problems)
    problems.refuse_if_any()
    assert dealer_id is not None
    assert sound is not None
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope).facts
    if dealer.status in CLOSED:
        message = f"{dealer.name} is {dealer.status}; nothing is sold there."
        raise Refused(Problem(field="dealer_id", code="closed", message=message))
    judgement = _judged(session, sound, region=dealer.region, now=now)
    (request_id,) = next_ids(session, PriceRequest, item_type=record.ITEM, count=1)
    request = PriceRequest(
        id=request_id, number=f"PR-{request_id:06}", dealer_id=dealer_id,
        region=dealer.region, submitted_by=actor.username, submitted_name=actor.name, created_at=now, updated_at=now,
        updated_by=actor.name, form_key=form_key, terms_version=1, **record.columns_of(sound),
        **_outcome(session, sound, judgement, region=dealer.region, now=now),
    )  # fmt: skip
    session.add(request)
    session.flush()
    record.add_version(session, request, sound, judgement, actor=actor, now=now)
    if request.status == "approved":
        record.close_version(session, request, "approved", now=now)
    record.index_words(session, request, f"{dealer.code} {dealer.name}", is_new=True)
    record.entry(
        session, "send_request", f"Asked for {sound.words()}, for {dealer.name}: {_said(request)}.", request,
        actor=actor, now=now, reason=sound.reason, after=_facts(sound, judgement),
    )  # fmt: skip
    tell_waiting(session, request, by=actor, now=now)
    return request_id


def change(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, terms: Terms) -> None:
    """Send other terms: a new version. Every signature and an approval are void, and the levels begin again.

    Problems: the fields of the terms; `same` when nothing is different.
    """
    request: PriceRequest = begin_step(
        session, FLOW, "change", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    problems = Problems()
    sound = check_terms(terms, problems)
    problems.refuse_if_any()
    assert sound is not None
    earlier = record.sound_of(request)
    if sound == earlier and request.status != "rejected":
        raise Refused(Problem(code="same", message="These are the terms as they are; nothing would change."))
    was = request.status
    record.release_budget(session, request)
    judgement = _judged(session, sound, region=request.region, now=now)
    if was != "rejected":
        record.close_version(session, request, "changed", now=now)
    values = {
        **record.columns_of(sound), **_outcome(session, sound, judgement, region=request.region, now=now),
        "terms_version": request.terms_version + 1, "signed_by": "", "decision_note": "",
    }  # fmt: skip
    target = values.pop("status")
    values.pop("is_open")
    end_step(session, FLOW, "change", request, actor=actor, now=now, target=target, **values)
    record.add_version(session, request, sound, judgement, actor=actor, now=now)
    if target == "approved":
        record.close_version(session, request, "approved", now=now)
    void = " The approval is void." if was == "approved" else ""
    record.index_words(session, request, _dealer_words(request), is_new=False)
    record.entry(
        session, "change", f"Changed {request.number} to {sound.words()}: {_said(request)}.{void}", request,
        actor=actor, now=now, reason=sound.reason, before={"status": was, **_facts(earlier)},
        after={"status": target, **_facts(sound, judgement)},
    )  # fmt: skip
    tell_waiting(session, request, by=actor, now=now)


def withdraw(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Who asked takes it back; what an approval had taken of the budget is given back."""
    request: PriceRequest = begin_step(
        session, FLOW, "withdraw", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        raise Refused(Problem(field="note", code="too_long", message=f"At most {LONGEST_NOTE:,} characters fit."))
    was = request.status
    record.release_budget(session, request)
    end_step(
        session, FLOW, "withdraw", request, actor=actor, now=now, decision_note=note, approved_at=None,
        approved_cents=0, budget_id=None, expires_at=None, **record.NO_CLOCK,
    )  # fmt: skip
    record.close_version(session, request, "withdrawn", now=now, note=note)
    record.entry(
        session, "withdraw", f"Withdrew {request.number}.", request, actor=actor, now=now, reason=note,
        before={"status": was}, after={"status": request.status},
    )  # fmt: skip


def _judged(session: Session, sound: Sound, *, region: str | None, now: datetime) -> Judgement:
    """What the bands say with what the budget holds now; refused past a maximum."""
    _, policy = policy_now(session)
    judgement = judge(sound.asked(record.budget_left(session, region=region, now=now)), policy)
    record.refuse_stopped(judgement)
    return judgement


def _outcome(
    session: Session, sound: Sound, judgement: Judgement, *, region: str | None, now: datetime
) -> dict[str, Any]:
    """The columns of a request just sent: approved at once when no level has to sign, else waiting for the first."""
    common = {"bounds": record.kept(judgement.bounds), "needed": judgement.level, "warned_percent": 0}
    if judgement.level:
        clock = record.clock_of(session, now)
        return {
            **common, **clock, "status": "in_review", "is_open": True, "level": 1, "approved_at": None,
            "approved_cents": 0, "budget_id": None, "expires_at": None,
        }  # fmt: skip
    budget_id = record.commit_budget(session, region=region, cents=sound.total_cents, now=now)
    return {
        **common, **record.NO_CLOCK, "status": "approved", "is_open": True, "approved_at": now,
        "approved_cents": sound.total_cents, "budget_id": budget_id,
        "expires_at": now + timedelta(days=sound.valid_days),
    }  # fmt: skip


def _said(request: PriceRequest) -> str:
    return "approved by the bands" if request.status == "approved" else f"level {request.needed} has the last word"


def _facts(sound: Sound, judgement: Judgement | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "discount": money(sound.discount_cents), "list": money(sound.list_cents), "units": sound.units,
        "total": money(sound.total_cents), "valid_days": sound.valid_days, "repeats": sound.repeats,
    }  # fmt: skip
    if judgement is not None:
        found["level"] = judgement.level
    return found


def _dealer_words(request: PriceRequest) -> str:
    return f"{request.dealer.code} {request.dealer.name}" if request.dealer is not None else ""
