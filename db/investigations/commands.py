"""Opening an investigation by hand, its steps, and the daily look at all dealers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.policy_queries import policy_on
from db.core import timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.investigations import notices
from db.investigations.evidence import scan_dealers
from db.investigations.flow import FLOW, OUTCOMES
from db.investigations.queries import claim_to_look_at, dealer_to_look_at
from db.investigations.record import new_investigation, note_entry, open_one, raise_flags, wait_for_others
from db.investigations.tables import DealerScan, Investigation
from db.people.queries import names_of
from db.workflow.engine import begin_step, end_step

LONGEST = 4_000


def open_investigation(
    session: Session, *, dealer_id: int, because: str, actor: Actor, now: datetime, form_key: str,
    claim_id: int | None = None,
) -> int:  # fmt: skip
    """Open one by hand, of a claim or of a dealer as a whole; gives its id. An open one of the same is refused."""
    actor.require(Permission.CLAIMS_INVESTIGATE)
    known = session.scalars(select(Investigation).where(Investigation.form_key == form_key)).one_or_none()
    if known is not None:
        if not actor.scope.allows(dealer_id=known.dealer_id, region=known.region):
            raise NotFound("This investigation")
        timeline.repeated(session)
        return known.id
    problems = Problems()
    because = problems.require(because, "because", "The reason", longest=LONGEST)
    problems.refuse_if_any()
    if claim_id is not None:
        dealer_id, region = claim_to_look_at(session, claim_id=claim_id, scope=actor.scope)
    else:
        region = dealer_to_look_at(session, dealer_id=dealer_id, scope=actor.scope)
    _none_is_open(session, claim_id=claim_id, dealer_id=dealer_id, field="because")
    found = new_investigation(
        session, claim_id=claim_id, dealer_id=dealer_id, region=region, actor=actor, now=now, because=because,
        form_key=form_key,
    )  # fmt: skip
    note_entry(session, "open_investigation", found, "opened by hand.", actor=actor, now=now, reason=because)
    return found.id


def _none_is_open(session: Session, *, claim_id: int | None, dealer_id: int, field: str) -> None:
    """Refuse a second open investigation of the same; two people at once wait for each other here."""
    wait_for_others(session, claim_id=claim_id, dealer_id=dealer_id)
    there = open_one(session, claim_id=claim_id, dealer_id=dealer_id)
    if there is not None:
        raise Refused(Problem(code="open_already", message=f"{there.number} is open already.", field=field))


def take(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Look into it oneself."""
    found = begin_step(session, FLOW, "take", item_id=item_id, seen_version=seen_version, actor=actor)
    changed = end_step(session, FLOW, "take", found, actor=actor, now=now, assignee_id=actor.user_id)
    note_entry(session, "take", found, "being looked into.", actor=actor, now=now, **changed)


def close(
    session: Session, *, item_id: int, seen_version: int, outcome: str, note: str, actor: Actor, now: datetime
) -> None:
    """Say what came of it. The claim stays as it is: a confirmed one is charged back or denied by its own commands."""
    found = begin_step(session, FLOW, "close", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    if outcome not in OUTCOMES:
        problems.add("outcome", "required", "Choose what came of it.")
    said = problems.require(note, "note", "What was found", longest=LONGEST)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "close", found, actor=actor, now=now, outcome=outcome, closing_note=said, closed_at=now
    )
    note_entry(session, "close", found, f"closed, {OUTCOMES[outcome].lower()}.", actor=actor, now=now, **changed)


def hand_over(
    session: Session, *, item_id: int, seen_version: int, assignee_id: int | None, actor: Actor, now: datetime
) -> None:
    """Let somebody else look into it; that person is told."""
    found = begin_step(session, FLOW, "hand_over", item_id=item_id, seen_version=seen_version, actor=actor)
    if assignee_id is None or assignee_id not in notices.who_may_look(session, found):
        message = "Choose somebody who may look into claims of this dealer."
        raise Refused(Problem(code="unknown_person", message=message, field="assignee_id"))
    changed = end_step(session, FLOW, "hand_over", found, actor=actor, now=now, assignee_id=assignee_id)
    name = names_of(session, person_ids=[assignee_id]).get(assignee_id, "somebody else")
    note_entry(session, "hand_over", found, f"handed over to {name}.", actor=actor, now=now, **changed)
    notices.tell_handed_over(session, found, by=actor.user_id, now=now)


def reopen(session: Session, *, item_id: int, seen_version: int, note: str, actor: Actor, now: datetime) -> None:
    """Look into a closed one again, unless another one of the same is open meanwhile."""
    found = begin_step(session, FLOW, "reopen", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    why = problems.require(note, "note", "The reason", longest=LONGEST)
    problems.refuse_if_any()
    _none_is_open(session, claim_id=found.claim_id, dealer_id=found.dealer_id or 0, field="note")
    changed = end_step(
        session, FLOW, "reopen", found, actor=actor, now=now, outcome="", closing_note="", closed_at=None
    )  # fmt: skip
    note_entry(session, "reopen", found, "opened again.", actor=actor, now=now, reason=why, **changed)


def scan(session: Session, *, day: date, actor: Actor, now: datetime) -> int:
    """Look at all dealers for a week far above their own and for hugged limits, once a day; gives how many."""
    actor.require(Permission.CLAIMS_INVESTIGATE)
    if not actor.scope.is_all:
        raise NotFound("The scan of all dealers")
    if not insert_or_ignore(session, DealerScan, {"day": day, "made_at": now, "claims": 0}):
        raise Refused(Problem(code="done_today", message=f"The dealers were looked at for {day:%Y-%m-%d} already."))
    found, seen = scan_dealers(session, day=day, limit_cents=policy_on(session, day).auto_approve_cents)
    opened = [
        raise_flags(session, one.flags, claim_id=None, dealer_id=one.dealer_id, region=one.region, actor=actor, now=now)
        for one in found
    ]
    new = [one for one in opened if one is not None]
    timeline.record(
        session, actor=actor, now=now, area="investigations", command="scan",
        summary=f"Looked at {plural(seen, 'claim')} of the last 27 weeks; {plural(len(new), 'dealer')} flagged.",
        items=[timeline.Item("investigation", one.id, None) for one in new], extra={"day": day},
    )  # fmt: skip
    return len(new)


COMMANDS: dict[str, Callable[..., Any]] = {"take": take, "close": close, "hand_over": hand_over, "reopen": reopen}
