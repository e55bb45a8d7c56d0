"""Reconciling: match, explain each difference with a reason and a name, close at zero (domain-rules 2.4, H8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.core import changes, locks, timeline
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.incentives import recon_store
from db.incentives.payment_tables import IncentiveMemoLine
from db.incentives.recon_rules import KINDS, REASONS, SETTLING
from db.incentives.recon_tables import Reconciliation, ReconciliationLine, ReconciliationMatch, StatementLine
from db.incentives.record import AREA
from db.incentives.say_rules import money

LONGEST_NOTE = 1_000
MOST_DAYS = 365


def open_reconciliation(
    session: Session, *, days: int = 30, form_key: str | None = None, actor: Actor, now: datetime
) -> int:
    """Match everything that is not settled and give the reconciliation's id; one is open at a time. Problems: days.

    Needs incentives.reconcile and sight of the whole network; today is the actor's day.
    """
    _require(actor)
    known = session.scalar(select(Reconciliation.id).where(Reconciliation.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    if not 0 <= days <= MOST_DAYS:
        problems = Problems()
        problems.add("days", "out_of_range", f"Between 0 and {MOST_DAYS} days.")
        problems.refuse_if_any()
    locks.hold(session, "incentive-reconciliation")
    other = session.scalar(select(Reconciliation.number).where(Reconciliation.open_key == "open"))
    if other is not None:
        raise Refused(Problem(code="open", message=f"{other} is open; close it first."))
    today = local_day(now, actor.zone)
    (new_id,) = next_ids(session, Reconciliation, item_type="incentive_reconciliation", count=1)
    one = Reconciliation(
        id=new_id, number=f"RC-{new_id:06}", until=today, days=days, open_key="open", figures={}, version=1,
        opened_at=now, opened_by=actor.name, username=actor.username, updated_at=now, updated_by=actor.name,
        closed_by="", form_key=form_key,
    )  # fmt: skip
    session.add(one)
    session.flush()
    recon_store.keep_matches(session, one, today=today)
    session.flush()
    _note(session, one, "open_reconciliation", f"{one.number} opened; {_left(session, one)}.", actor=actor, now=now)
    return one.id


def match_again(session: Session, *, reconciliation_id: int, seen_version: int, actor: Actor, now: datetime) -> int:
    """Match anew with what came in since; reasons stay where nothing changed. Gives how many differences are open."""
    one = _open(session, reconciliation_id, actor=actor)
    if one.version != seen_version:
        raise Stale(what=one.number, changed_by=one.updated_by, changed_at=one.updated_at)
    recon_store.keep_matches(session, one, today=local_day(now, actor.zone))
    _changed(one, actor=actor, now=now)
    session.flush()
    _note(session, one, "match_again", f"{one.number} matched again; {_left(session, one)}.", actor=actor, now=now)
    return recon_store.unexplained_of(session, one.id)[0]


def explain(
    session: Session, *, reconciliation_id: int, matches: Mapping[int, int], reason: str, note: str = "",
    actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Close differences with one reason; gives how many are open still. `matches` are ids with the versions seen.

    Writing something off needs a note. Problems: reason, note.
    """
    one = _open(session, reconciliation_id, actor=actor)
    problems = Problems()
    if reason not in REASONS:
        problems.add("reason", "required", "Choose a reason.")
    if reason == "written_off" and not note.strip():
        problems.add("note", "required", "Say why it is written off.")
    if len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE:,} characters fit.")
    if not matches:
        problems.add("matches", "required", "Choose a difference.")
    problems.refuse_if_any()
    rows = [_match_of(session, one, match_id, seen) for match_id, seen in sorted(matches.items())]
    for row in rows:
        if not row.is_open:
            if row.reason:
                raise Stale(what="This difference", changed_by=row.explained_by, changed_at=row.explained_at or now)
            raise Refused(Problem(code="wrong_state", message="This is no difference; nothing is to be explained."))
        row.is_open, row.reason, row.note = False, reason, note.strip()
        row.explained_at, row.explained_by, row.username = now, actor.name, actor.username
        row.version += 1
    _changed(one, actor=actor, now=now)
    session.flush()
    what = KINDS[rows[0].kind].lower() if len(rows) == 1 else plural(len(rows), "difference")
    said = f"{one.number}: {what}, {money(sum(abs(r.cents) for r in rows))}: {REASONS[reason]}. {_left(session, one)}."
    _note(session, one, "explain", said, actor=actor, now=now, reason=note.strip(), rows=rows)
    return recon_store.unexplained_of(session, one.id)[0]


def take_back(
    session: Session, *, reconciliation_id: int, match_id: int, seen_version: int, actor: Actor, now: datetime
) -> None:
    """Open a difference again whose reason was wrong."""
    one = _open(session, reconciliation_id, actor=actor)
    row = _match_of(session, one, match_id, seen_version)
    if row.is_open or not row.reason:
        raise Refused(Problem(code="wrong_state", message="There is no reason to take back."))
    said = f"{one.number}: the reason “{REASONS[row.reason]}” of {money(abs(row.cents))} was taken back."
    row.is_open, row.reason, row.note, row.explained_at, row.explained_by, row.username = True, "", "", None, "", ""
    row.version += 1
    _changed(one, actor=actor, now=now)
    session.flush()
    _note(session, one, "take_back", said, actor=actor, now=now, rows=[row])


def close_reconciliation(
    session: Session, *, reconciliation_id: int, seen_version: int, actor: Actor, now: datetime
) -> None:
    """Close it, when nothing is unexplained; what was matched or explained is settled and not looked at again.

    A payment missing in the file is looked for again, unless its reason settles it.
    """
    one = _open(session, reconciliation_id, actor=actor)
    if one.version != seen_version:
        raise Stale(what=one.number, changed_by=one.updated_by, changed_at=one.updated_at)
    count, cents = recon_store.unexplained_of(session, one.id)
    if count:
        message = f"{plural(count, 'difference')} of {money(cents)} have no reason yet."
        raise Refused(Problem(code="unexplained", message=message))
    match, line = ReconciliationMatch, ReconciliationLine
    has_file = exists().where(line.match_id == match.id, line.statement_line_id.is_not(None))
    settles = (match.kind == "matched") | match.reason.in_(SETTLING) | ((match.kind != "waiting") & has_file)
    mine = (line.reconciliation_id == one.id, line.match_id.in_(select(match.id).where(settles)))
    session.execute(
        update(StatementLine)
        .where(StatementLine.settled_id.is_(None), StatementLine.id.in_(select(line.statement_line_id).where(*mine)))
        .values(settled_id=one.id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(IncentiveMemoLine)
        .where(IncentiveMemoLine.settled_id.is_(None), IncentiveMemoLine.id.in_(select(line.memo_line_id).where(*mine)))
        .values(settled_id=one.id)
        .execution_options(synchronize_session=False)
    )
    one.open_key, one.closed_at, one.closed_by = None, now, actor.name
    _changed(one, actor=actor, now=now)
    session.flush()
    _note(session, one, "close_reconciliation", f"{one.number} closed; nothing unexplained.", actor=actor, now=now)


# ---- what they have in common ----------------------------------------------------------------------------------------
def _require(actor: Actor) -> None:
    actor.require(Permission.INCENTIVES_RECONCILE)
    if not actor.scope.is_all:
        message = "A reconciliation is over every dealer: only people who see the whole network make it."
        raise Refused(Problem(code="not_allowed", message=message))


def _open(session: Session, reconciliation_id: int, *, actor: Actor) -> Reconciliation:
    _require(actor)
    one = session.scalars(
        select(Reconciliation)
        .where(Reconciliation.id == reconciliation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if one is None:
        raise NotFound("This reconciliation")
    if one.open_key is None:
        raise Refused(Problem(code="wrong_state", message=f"{one.number} was closed by {one.closed_by}."))
    return one


def _match_of(session: Session, one: Reconciliation, match_id: int, seen: int) -> ReconciliationMatch:
    row = session.get(ReconciliationMatch, match_id, populate_existing=True)
    if row is None or row.reconciliation_id != one.id:
        raise NotFound("This difference")
    if row.version != seen:
        raise Stale(
            what="This difference", changed_by=row.explained_by or one.updated_by,
            changed_at=row.explained_at or one.updated_at,
        )  # fmt: skip
    return row


def _changed(one: Reconciliation, *, actor: Actor, now: datetime) -> None:
    one.version += 1
    one.updated_at, one.updated_by = now, actor.name


def _left(session: Session, one: Reconciliation) -> str:
    count, cents = recon_store.unexplained_of(session, one.id)
    return f"{money(cents)} in {plural(count, 'difference')} to explain" if count else "nothing to explain"


def _note(
    session: Session, one: Reconciliation, command: str, said: str, *, actor: Actor, now: datetime, reason: str = "",
    rows: list[ReconciliationMatch] | None = None,
) -> None:  # fmt: skip
    changes.touch(session, AREA)
    items = [timeline.Item("incentive_reconciliation", one.id)]
    items += [timeline.Item("incentive_match", r.id, r.dealer_id) for r in rows or ()]
    timeline.record(
        session, actor=actor, now=now, area=AREA, command=command, summary=said, items=items, reason=reason
    )  # fmt: skip
