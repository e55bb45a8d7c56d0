"""Asking for co-op money: entering a request, changing, sending and withdrawing it, giving a reserve back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import ledger, papers, payable_rules, standing
from db.coop.flow import FLOW
from db.coop.model import Programme
from db.coop.notices import tell_sent
from db.coop.papers import NewPaper
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.coop.record import (
    CLOSED_DEALERS,
    LONGEST_NOTE,
    REQUEST,
    dealer_of,
    fund_of,
    in_force,
    index_words,
    note,
    open_fund,
    programme_row,
    refuse_closed,
    too_long,
)
from db.coop.request_rules import Terms, check_terms, costs_to_json
from db.coop.say_rules import day, money
from db.coop.tables import CoopFund
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.workflow.engine import begin_step, end_step


def ask(
    session: Session, *, dealer_id: int | None, programme_id: int | None, terms: Terms, send: bool = True,
    files: Sequence[NewPaper] = (), form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Enter a request and, with `send`, send it at once; gives its id. The same form again gives the first.

    Nothing is reserved before it is approved. Problems: dealer_id, programme_id, the fields of the terms, file.
    """
    actor.require(Permission.COOP_REQUEST)
    known = (
        session.scalars(select(CoopRequest).where(CoopRequest.form_key == form_key)).one_or_none() if form_key else None
    )
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
    if programme_id is None:
        problems.add("programme_id", "required", "Choose a programme.")
    problems.refuse_if_any()
    dealer, row = dealer_of(session, dealer_id, actor=actor), programme_row(session, programme_id)
    if known is not None:
        return _same(session, known, terms, dealer)
    _, programme = in_force(session, row.id, terms.ends_on or local_day(now, dealer.zone))
    sound = _sound(terms, programme, dealer, now=now)
    if dealer.status in CLOSED_DEALERS:
        message = f"{dealer.name} is {dealer.status}; nothing is advertised there."
        raise Refused(Problem(field="dealer_id", code="closed", message=message))
    fund = open_fund(session, row, dealer, actor=actor, now=now)
    refuse_closed(fund)
    (request_id,) = next_ids(session, CoopRequest, item_type=REQUEST, count=1)
    request = CoopRequest(
        id=request_id, number=f"FR-{request_id:06}", status="in_review" if send else "entered", is_open=True,
        dealer_id=dealer.id, region=dealer.region, submitted_by=actor.username, submitted_name=actor.name,
        created_at=now, updated_at=now, updated_by=actor.name, form_key=form_key, fund_id=fund.id, reserved_cents=0,
        submitted_at=now if send else None, due_at=_due(programme, now) if send else None,
        **_columns(session, fund, programme, sound, now=now),
    )  # fmt: skip
    session.add(request)
    session.flush()
    made = papers.keep_new(session, request, files, form_key=form_key, actor=actor, now=now)
    index_words(session, REQUEST, request, [request.activity, dealer.code, dealer.name], is_new=True)
    said = "Asked for" if send else "Entered a request for"
    _note(
        session, "ask", f"{said} {money(request.payable_cents)}: {request.activity}.", request, actor=actor, now=now,
        after={"status": request.status, **papers.said_of(made)},
    )  # fmt: skip
    if send:
        tell_sent(session, request, by=actor, now=now)
    return request_id


def _same(session: Session, known: CoopRequest, terms: Terms, dealer: Any) -> int:
    """The request this form has made before; another content under the same key is refused (R03)."""
    sent = (known.dealer_id, known.medium, known.cost_cents, known.starts_on, known.ends_on, known.activity)
    asked = (dealer.id, terms.medium, terms.cost_cents, terms.starts_on, terms.ends_on, terms.activity.strip())
    if sent != asked:
        message = "This form was sent before with other content; open it anew."
        raise Refused(Problem(code="other_content", message=message))
    timeline.repeated(session)
    return known.id


def _sound(terms: Terms, programme: Programme, dealer: Any, *, now: datetime) -> Terms:
    problems = Problems()
    sound = check_terms(terms, programme, problems)
    rule = programme.media.get(sound.medium)  # type: ignore[call-overload]
    today = local_day(now, dealer.zone)
    if rule is not None and rule.preapproval and sound.starts_on is not None and sound.starts_on < today:
        message = "This medium has to be approved before it begins."
        problems.add("starts_on", "begun", message, rule="domain-rules 2.3")
    problems.refuse_if_any()
    return sound


def _columns(
    session: Session,
    fund: CoopFund,
    programme: Programme,
    sound: Terms,
    *,
    now: datetime,
    request_id: int | None = None,
) -> dict[str, Any]:
    found = standing.of_request(session, fund, programme, sound, now=now, request_id=request_id)
    return {
        "medium": sound.medium, "activity": sound.activity, "vendor": sound.vendor, "goal": sound.goal,
        "starts_on": sound.starts_on, "ends_on": sound.ends_on, "costs": costs_to_json(sound.costs),
        "cost_cents": sound.cost_cents, "calculation": payable_rules.kept(found), "payable_cents": found.cents,
    }  # fmt: skip


def _due(programme: Programme, now: datetime) -> datetime:
    return now + timedelta(days=programme.decide_days)


def change(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, terms: Terms) -> None:
    """Change a request that is with the dealer. Problems: the fields of the terms."""
    request: CoopRequest = begin_step(
        session, FLOW, "change", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    fund = fund_of(session, request.fund_id, actor=actor)
    last: date = terms.ends_on or request.ends_on
    _, programme = in_force(session, fund.programme_id, last)
    sound = _sound(terms, programme, fund.dealer, now=now)
    changed = end_step(
        session, FLOW, "change", request, actor=actor, now=now,
        **_columns(session, fund, programme, sound, now=now, request_id=request.id),
    )  # fmt: skip
    words = [request.activity, fund.dealer.code, fund.dealer.name]
    index_words(session, REQUEST, request, words, is_new=False)
    _note(session, "change", f"Changed {request.number}.", request, actor=actor, now=now, **changed)


def submit(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Send a request; what is payable is calculated anew. Problems: those of its fields that do not hold any more."""
    request: CoopRequest = begin_step(
        session, FLOW, "submit", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    fund = fund_of(session, request.fund_id, actor=actor)
    refuse_closed(fund)
    programme = standing.programme_of(session, fund, request)
    sound = _sound(standing.terms_of(request), programme, fund.dealer, now=now)
    changed = end_step(
        session, FLOW, "submit", request, actor=actor, now=now, due_at=_due(programme, now), submitted_at=now,
        submitted_by=actor.username, submitted_name=actor.name,
        **_columns(session, fund, programme, sound, now=now, request_id=request.id),
    )  # fmt: skip
    said = f"Sent {request.number} for {money(request.payable_cents)}."
    _note(session, "submit", said, request, actor=actor, now=now, **changed)
    tell_sent(session, request, by=actor, now=now)


def withdraw(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Take a request back before it is decided."""
    request: CoopRequest = begin_step(
        session, FLOW, "withdraw", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    note = too_long(note, "note")
    changed = end_step(session, FLOW, "withdraw", request, actor=actor, now=now, decision_note=note, due_at=None)
    _note(session, "withdraw", f"Withdrew {request.number}.", request, actor=actor, now=now, reason=note, **changed)


def release(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """Give the reserve back, for the activity does not take place. Problems: note; `in_use` while a claim waits."""
    request: CoopRequest = begin_step(
        session, FLOW, "release", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    problems = Problems()
    note = problems.require(note, "note", "A reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    _end(session, request, "release", note, actor=actor, now=now)


def lapse(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Give back the reserve of a request nobody claimed in time (by the sweep)."""
    request: CoopRequest = begin_step(
        session, FLOW, "lapse", item_id=item_id, seen_version=seen_version, actor=actor
    )  # fmt: skip
    if request.lapses_on is None or local_day(now, request.dealer.zone) <= request.lapses_on:
        message = f"{request.number} can be claimed until {day(request.lapses_on)}."
        raise Refused(Problem(code="too_early", message=message))
    _end(session, request, "lapse", f"Nobody claimed by {day(request.lapses_on)}", actor=actor, now=now)


def _end(session: Session, request: CoopRequest, step: str, why: str, *, actor: Actor, now: datetime) -> None:
    waiting = session.scalar(
        select(CoopClaim.number).where(CoopClaim.request_id == request.id, CoopClaim.is_open.is_(True)).limit(1)
    )
    if waiting is not None:
        message = f"{waiting} claims what is reserved; decide or void it first."
        raise Refused(Problem(code="in_use", message=message))
    fund = fund_of(session, request.fund_id, actor=actor)
    programme = standing.programme_of(session, fund, request)
    cents = request.reserved_cents
    changed = end_step(
        session, FLOW, step, request, actor=actor, now=now, decision_note=why, reserved_cents=0, lapses_on=None,
        due_at=None,
    )  # fmt: skip
    ledger.release(session, fund, request, cents, months=programme.lot_months, actor=actor, now=now, reason=why)
    said = f"{money(cents)} of {request.number} released."
    _note(session, step, said, request, actor=actor, now=now, reason=why, **changed)


def _note(
    session: Session, command: str, said: str, request: CoopRequest, *, actor: Actor, now: datetime, reason: str = "",
    before: Any = None, after: Any = None,
) -> None:  # fmt: skip
    note(
        session, command, said, [timeline.Item(REQUEST, request.id, request.dealer_id)], actor=actor, now=now,
        reason=reason, before=before, after=after,
    )  # fmt: skip
