"""What the commands of pricing have in common: the budget, the versions, the clock of a level, the one entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE, calendar_for_dealer
from db.calendar.rules import due_at
from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.insert import rows_changed
from db.core.labels import local_day
from db.core.problems import Problem, Refused
from db.pricing.band_rules import Bound, Judgement, money
from db.pricing.flow import LEVEL_MINUTES
from db.pricing.policy_queries import policy_now
from db.pricing.tables import PriceBudget, PriceRequest, PriceVersion
from db.pricing.terms_rules import Sound, subject_key

AREA: Final = "pricing"
ITEM: Final = "price_request"
FIELD_OF: Final = {"percent": "percent", "amount": "units", "margin": "cost_cents", "budget": "units"}
"""The field of the form at which a bound past its maximum is shown."""


def quarter_of(now: datetime) -> str:
    """The quarter a moment lies in, by the desk's day: "2026Q4"."""
    day = local_day(now, DESK_ZONE)
    return f"{day.year}Q{(day.month + 2) // 3}"


# ---- the budget ------------------------------------------------------------------------------------------------------
def budget_of(session: Session, *, region: str | None, now: datetime) -> PriceBudget | None:
    """The budget of a region in the quarter of a moment, read now; None where none was set."""
    return session.scalars(
        select(PriceBudget)
        .where(PriceBudget.region == (region or ""), PriceBudget.quarter == quarter_of(now))
        .execution_options(populate_existing=True)
    ).one_or_none()


def budget_left(session: Session, *, region: str | None, now: datetime) -> int | None:
    """What a budget still holds, in cents; None where none was set."""
    found = budget_of(session, region=region, now=now)
    return None if found is None else found.budget_cents - found.committed_cents


def commit_budget(session: Session, *, region: str | None, cents: int, now: datetime) -> int | None:
    """Take so much of the budget of now, with its limit in the WHERE so that two approvals cannot exceed it together.

    Gives the budget's id, None where none was set. Refused (code `budget`) when too little is left.
    """
    found = budget_of(session, region=region, now=now)
    if found is None:
        return None
    held = PriceBudget.committed_cents + cents
    done = rows_changed(
        session,
        update(PriceBudget)
        .where(PriceBudget.id == found.id, held <= PriceBudget.budget_cents)
        .values(committed_cents=held)
        .execution_options(synchronize_session=False),
    )
    if done != 1:
        left = budget_left(session, region=region, now=now) or 0
        message = f"Only {money(max(0, left))} of the budget of {region} is left; raise the budget first."
        raise Refused(Problem(code="budget", message=message, rule="domain-rules 2.5"))
    return found.id


def release_budget(session: Session, request: PriceRequest) -> None:
    """Give back what an approval had taken, for it does not hold any more."""
    if request.budget_id is None or not request.approved_cents:
        return
    session.execute(
        update(PriceBudget)
        .where(PriceBudget.id == request.budget_id)
        .values(committed_cents=PriceBudget.committed_cents - request.approved_cents)
        .execution_options(synchronize_session=False)
    )


# ---- terms and levels ------------------------------------------------------------------------------------------------
def refuse_stopped(judgement: Judgement) -> None:
    """Refuse terms past a maximum, each bound at its field."""
    stopped = [b for b in judgement.bounds if b.stops]
    if stopped:
        raise Refused(
            *(
                Problem(field=FIELD_OF[b.name], code="above_maximum", message=b.sentence, rule="domain-rules 2.5")
                for b in stopped
            )
        )


def kept(bounds: tuple[Bound, ...]) -> list[dict[str, Any]]:
    """Bounds as JSON keeps them, in their order."""
    return [asdict(b) for b in bounds]


def columns_of(sound: Sound) -> dict[str, Any]:
    """The columns of a request that hold its terms."""
    return {
        "kind": sound.kind, "subject": sound.subject, "subject_key": subject_key(sound.subject),
        "list_cents": sound.list_cents, "cost_cents": sound.cost_cents, "discount_cents": sound.discount_cents,
        "units": sound.units, "total_cents": sound.total_cents, "repeats": sound.repeats,
        "valid_days": sound.valid_days, "legal_text": sound.legal_text, "reason": sound.reason,
    }  # fmt: skip


def sound_of(request: PriceRequest) -> Sound:
    """The terms of a request as they are now."""
    return Sound(
        kind=request.kind, subject=request.subject, list_cents=request.list_cents, cost_cents=request.cost_cents,
        discount_cents=request.discount_cents, units=request.units, repeats=request.repeats,
        valid_days=request.valid_days, legal_text=request.legal_text, reason=request.reason,
    )  # fmt: skip


def clock_of(session: Session, now: datetime) -> dict[str, Any]:
    """The columns that start the clock of a level: two business days of the desk and their middle."""
    calendar = calendar_for_dealer(session, None)
    return {
        "level_since": now, "due_at": due_at(calendar, now, LEVEL_MINUTES),
        "half_at": due_at(calendar, now, LEVEL_MINUTES // 2), "warned_percent": 0,
    }  # fmt: skip


NO_CLOCK: Final[Mapping[str, Any]] = {"level": 0, "level_since": None, "due_at": None, "half_at": None}


def add_version(
    session: Session, request: PriceRequest, sound: Sound, judgement: Judgement, *, actor: Actor, now: datetime
) -> PriceVersion:
    """Keep the terms as they were sent, with what the bands said."""
    version = PriceVersion(
        request_id=request.id, number=request.terms_version, dealer_id=request.dealer_id, region=request.region,
        terms=asdict(sound), bounds=kept(judgement.bounds), needed=judgement.level, sent_at=now, sent_by=actor.name,
        policy=policy_now(session)[0],
        outcome="", note="",
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version


def close_version(session: Session, request: PriceRequest, outcome: str, *, now: datetime, note: str = "") -> None:
    """Say what became of the version that counts."""
    session.execute(
        update(PriceVersion)
        .where(PriceVersion.request_id == request.id, PriceVersion.number == request.terms_version)
        .values(outcome=outcome, closed_at=now, note=note)
        .execution_options(synchronize_session=False)
    )


def index_words(session: Session, request: PriceRequest, dealer: str, *, is_new: bool) -> None:
    """What the search box finds it by."""
    search.index(
        session, kind=ITEM, item_id=request.id, texts=[request.number, request.subject, dealer],
        dealer_id=request.dealer_id, region=request.region, is_new=is_new,
    )  # fmt: skip


def entry(
    session: Session, command: str, summary: str, request: PriceRequest, *, actor: Actor, now: datetime,
    reason: str = "", before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command about a request, and the change counter of the area."""
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command=command, summary=summary, reason=reason,
        items=[timeline.Item(ITEM, request.id, request.dealer_id)], before=before, after=after,
    )  # fmt: skip
