"""Deciding proposed terms: approve (the value is in force then), reject, withdraw, and approving many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.terms import notices, rules
from db.terms.flow import FLOW
from db.terms.proposals import base_of, held_on, hold_terms, in_words, items_of, value_of
from db.terms.tables import DealerTerm, TermChange
from db.workflow.engine import begin_step, end_step

MOST_AT_ONCE = 500
LONGEST_NOTE = 1_000


def approve(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """A second person agrees: the value holds from its day on. Stale when what held has changed meanwhile."""
    hold_terms(session)
    change = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
    note = _note_text(note)
    before = _put_in_force(session, change, actor=actor, now=now, note=note)
    kind = rules.BY_NAME[change.kind]
    changes.touch(session, "terms")
    timeline.record(
        session, actor=actor, now=now, area="terms", command="approve", reason=note,
        summary=f"Approved {in_words(change, dealer=_dealer_label(change))}.", items=items_of([change]),
        before={change.kind: rules.value_label(kind, before)},
        after={change.kind: rules.value_label(kind, value_of(change))}, extra={"valid_from": change.valid_from},
    )  # fmt: skip
    notices.tell_decided(session, [change], by=actor, note=note, now=now)


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A proposal that was not approved with the others, and why."""

    item_id: int
    number: str
    why: str


@dataclass(frozen=True, kw_only=True)
class BulkOutcome:
    """What became of proposals approved together."""

    approved: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def approve_many(
    session: Session, *, items: Sequence[tuple[int, int]], note: str = "", actor: Actor, now: datetime
) -> BulkOutcome:
    """Approve many proposals, as (id, seen version); those that cannot be are skipped, each with its reason.

    One entry in the timeline for all. Refused as a whole only when every single one is skipped; at most 500 at once.
    """
    actor.require(Permission.TERMS_DECIDE)
    problems = Problems()
    if not items:
        problems.add("items", "required", "Choose at least one proposal.")
    if len(items) > MOST_AT_ONCE:
        problems.add("items", "too_many", f"At most {MOST_AT_ONCE} proposals can be approved at once.")
    problems.refuse_if_any()
    note = _note_text(note)
    hold_terms(session)
    done: list[TermChange] = []
    skipped: list[Skipped] = []
    for item_id, seen_version in sorted(dict(items).items()):
        try:
            change = begin_step(session, FLOW, "approve", item_id=item_id, seen_version=seen_version, actor=actor)
            _put_in_force(session, change, actor=actor, now=now, note=note)
        except Refused as refusal:
            skipped.append(Skipped(item_id=item_id, number=_number(session, item_id, actor), why=str(refusal)))
            continue
        done.append(change)
    if not done:
        raise Refused(*(Problem(code="skipped", field="items", message=f"{s.number}: {s.why}") for s in skipped[:20]))
    changes.touch(session, "terms")
    timeline.record(
        session, actor=actor, now=now, area="terms", command="approve_many", reason=note,
        summary=f"Approved {plural(len(done), 'proposal')} of terms.", items=items_of(done),
        after={c.number: in_words(c).partition(": ")[2] for c in done}, extra={"skipped": [s.number for s in skipped]},
    )  # fmt: skip
    notices.tell_decided(session, done, by=actor, note=note, now=now)
    return BulkOutcome(approved=tuple(c.id for c in done), skipped=tuple(skipped))


def reject(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str) -> None:
    """A second person disagrees; the reason goes to who asked. Problems: note."""
    hold_terms(session)
    change = begin_step(session, FLOW, "reject", item_id=item_id, seen_version=seen_version, actor=actor)
    problems = Problems()
    note = problems.require(note, "note", "A reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    _close(session, "reject", change, actor=actor, now=now, note=note)
    notices.tell_decided(session, [change], by=actor, note=note, now=now)


def withdraw(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, note: str = "") -> None:
    """Who asked takes it back; nobody else can."""
    hold_terms(session)
    change = begin_step(session, FLOW, "withdraw", item_id=item_id, seen_version=seen_version, actor=actor)
    _close(session, "withdraw", change, actor=actor, now=now, note=_note_text(note))


def _close(session: Session, step: str, change: Any, *, actor: Actor, now: datetime, note: str) -> None:
    said = {"reject": "Rejected", "withdraw": "Withdrew"}[step]
    end_step(
        session, FLOW, step, change, actor=actor, now=now, decision_note=note, decided_at=now, open_key=None,
        due_at=None,
    )  # fmt: skip
    changes.touch(session, "terms")
    timeline.record(
        session, actor=actor, now=now, area="terms", command=step, reason=note, items=items_of([change]),
        summary=f"{said} {in_words(change, dealer=_dealer_label(change))}.", before={"status": FLOW.initial},
        after={"status": change.status},
    )  # fmt: skip


def _put_in_force(session: Session, change: TermChange, *, actor: Actor, now: datetime, note: str) -> rules.Value:
    """Write the value down as in force and close the proposal; gives what held before on that day."""
    assert change.dealer_id is not None
    assert change.region is not None
    key = (change.dealer_id, change.kind, change.valid_from)
    held = held_on(session, [key])[key]
    base = base_of(change)
    if held.value != base:
        raise Refused(Problem(code="stale", message=_stale(change, held.value, held.by), rule="domain-rules 2.0"))
    end_step(
        session, FLOW, "approve", change, actor=actor, now=now, decision_note=note, decided_at=now, open_key=None,
        due_at=None,
    )  # fmt: skip
    session.add(
        DealerTerm(
            dealer_id=change.dealer_id, region=change.region, kind=change.kind, valid_from=change.valid_from,
            number=change.number_value, word=change.word, change_id=change.id, recorded_at=now, recorded_by=actor.name,
        )
    )  # fmt: skip
    session.flush()
    return held.value


def _stale(change: TermChange, held: rules.Value, by: str) -> str:
    """What is different from when it was asked for, and by whom."""
    kind = rules.BY_NAME[change.kind]
    return (
        f"{kind.label} from {rules.day_label(change.valid_from)} is now {rules.value_label(kind, held)}, approved by"
        f" {by}; this proposal was made against {rules.value_label(kind, base_of(change))}. Reject it or ask again."
    )


def _note_text(note: str) -> str:
    note = (note or "").strip()
    if len(note) > LONGEST_NOTE:
        raise Refused(Problem(field="note", code="too_long", message=f"At most {LONGEST_NOTE:,} characters fit."))
    return note


def _dealer_label(change: TermChange) -> str:
    dealer = change.dealer
    return f"{dealer.name} ({dealer.code})" if dealer is not None else ""


def _number(session: Session, item_id: int, actor: Actor) -> str:
    row = session.execute(
        select(TermChange.number, TermChange.dealer_id, TermChange.region).where(TermChange.id == item_id)
    ).first()
    visible = row is not None and actor.scope.allows(dealer_id=row.dealer_id, region=row.region)
    return str(row.number) if row is not None and visible else "A proposal"


COMMANDS: dict[str, Callable[..., Any]] = {"approve": approve, "reject": reject, "withdraw": withdraw}
