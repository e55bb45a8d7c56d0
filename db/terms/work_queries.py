"""Proposed terms in My work, in the search box, and at one dealer; and active dealers that lack a needed term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.area import DealerLine, SearchResult, Signal, WorkCount, WorkLine
from db.core.permissions import Permission
from db.dealers.tables import Dealer
from db.dealers.territory_queries import areas_of
from db.terms import rules
from db.terms.change_queries import ChangeRow, count_changes, list_changes, open_of_dealer
from db.terms.flow import FLOW
from db.terms.proposals import ITEM
from db.terms.queries import held_rows, terms_on, today_of
from db.terms.tables import DealerTerm, TermChange
from db.workflow.checks import available_steps

PAGE_FILE = "pages/network/terms.py"
LOOK_BACK = timedelta(days=90)
LOOK_AHEAD = timedelta(days=60)
_MOST = 12


def _title(row: ChangeRow) -> str:
    return f"{row.of.label} {row.value_label} from {row.day} ({row.difference})"


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int) -> list[WorkLine]:
    """The open proposals this actor may decide, due first; those who cannot decide have none waiting for them."""
    if not actor.can(Permission.TERMS_DECIDE):
        return []
    # Somebody's own proposals do not wait for them, so a few more are read than shown.
    rows, _ = list_changes(session, scope=actor.scope, limit=2 * limit)
    lines = []
    for row in rows:
        steps = available_steps(FLOW, status=row.status, submitted_by=row.submitted_by, actor=actor)
        if any(step.four_eyes for step in steps):
            state = FLOW.state(row.status)
            lines.append(
                WorkLine(
                    item_type=ITEM, item_id=row.id, number=row.number, title=_title(row), status=state.label,
                    tone=state.tone, due_at=row.due_at, why=steps[0].label, page=PAGE_FILE,
                    query={"change": str(row.id)}, dealer=row.dealer,
                )
            )  # fmt: skip
    return lines[:limit]


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """The open proposals of others, for who may decide."""
    if not actor.can(Permission.TERMS_DECIDE):
        return []
    count = count_changes(session, scope=actor.scope, not_by=actor.username)
    overdue = count_changes(session, scope=actor.scope, not_by=actor.username, due_before=now)
    return [WorkCount(label="Terms to decide", count=count, overdue=overdue, page=PAGE_FILE)]


def found_changes(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`."""
    rows = session.execute(
        select(
            TermChange.id, TermChange.number, TermChange.kind, TermChange.valid_from, TermChange.status, Dealer.name
        )
        .join(Dealer, Dealer.id == TermChange.dealer_id)
        .where(TermChange.id.in_(list(ids)), actor.scope.where(TermChange.dealer_id, TermChange.region))
    )  # fmt: skip
    found = {row.id: row for row in rows}
    return [
        SearchResult(
            kind=ITEM, item_id=i, page=PAGE_FILE, query={"change": str(i)},
            title=f"{found[i].number} {rules.BY_NAME[found[i].kind].label}",
            subtitle=f"{found[i].name}, from {rules.day_label(found[i].valid_from)},"
            f" {FLOW.state(found[i].status).label.lower()}",
        )
        for i in ids
        if i in found
    ]  # fmt: skip


# ---- one dealer ------------------------------------------------------------------------------------------------------
def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> list[DealerLine]:
    """Proposals that wait, terms and areas that changed since the last contact, and needed terms without a value.

    Without a contact the last 90 days count; areas that change hands in the next 60 days are told ahead.
    """
    today = today_of(session, dealer_id=dealer_id, scope=actor.scope, now=now)
    back = since or now - LOOK_BACK
    query = {"dealer": str(dealer_id)}
    page = "pages/network/dealer.py"
    lines = [
        DealerLine(
            kind="overdue" if row.due_at is not None and row.due_at < now else "open",
            title=f"{row.of.label} {row.value_label} from {row.day} waits for approval",
            detail=f"{row.difference}, asked for by {row.submitted_name}", at=row.due_at, page=PAGE_FILE,
            query={"change": str(row.id)},
        )
        for row in open_of_dealer(session, dealer_id=dealer_id, scope=actor.scope, limit=_MOST)
    ]  # fmt: skip
    status = session.scalar(select(Dealer.status).where(Dealer.id == dealer_id))
    if status == "active":
        values = terms_on(session, dealer_id=dealer_id, on=today, scope=actor.scope)
        lines += [
            DealerLine(kind="open", title=f"No {rules.BY_NAME[name].label.lower()}", page=page, query=query)
            for name in rules.NEEDED
            if values[name] is None
        ]
    recorded = session.execute(
        select(DealerTerm, TermChange)
        .join(TermChange, TermChange.id == DealerTerm.change_id)
        .where(DealerTerm.dealer_id == dealer_id, DealerTerm.recorded_at > back)
        .order_by(DealerTerm.id.desc())
        .limit(_MOST)
    )
    for term, change in recorded:
        kind = rules.BY_NAME[term.kind]
        value = term.number if term.word is None else term.word
        base = change.base_number if change.base_word is None else change.base_word
        lines.append(
            DealerLine(
                kind="changed", at=term.recorded_at, page=PAGE_FILE, query={"change": str(change.id)},
                title=f"{kind.label} {rules.value_label(kind, value)} from {rules.day_label(term.valid_from)}",
                detail=f"{rules.difference_label(kind, base, value)}, approved by {term.recorded_by}",
            )
        )  # fmt: skip
    zone = ZoneInfo(session.scalars(select(Dealer.zone).where(Dealer.id == dealer_id)).one())
    first = back.astimezone(zone).date()
    for area in areas_of(session, dealer_id=dealer_id, scope=actor.scope):
        for day, what in ((area.period.start, "is this dealer's"), (area.period.end, "is no longer this dealer's")):
            if day is None or not first < day <= today + LOOK_AHEAD:
                continue
            # Where two periods of one area meet, nothing changes; territory keeps them as one.
            at = datetime(day.year, day.month, day.day, tzinfo=zone)
            sentence = f"Area {area.prefix} {what} from {rules.day_label(day)}"
            lines.append(
                DealerLine(kind="changed" if day <= today else "open", title=sentence, at=at, page=page, query=query)
            )
    return lines


def dealer_signals(session: Session, *, scope: Scope, now: datetime) -> Mapping[int, list[Signal]]:
    """Active dealers of a scope without labour rate, parts markup or credit limit today (the desk's day)."""
    today = now.astimezone(ZoneInfo(DESK_ZONE)).date()
    active = session.scalars(
        select(Dealer.id).where(Dealer.status == "active", scope.where(Dealer.id, Dealer.region))
    ).all()
    rows = session.execute(
        held_rows(today, DealerTerm.kind.in_(rules.NEEDED), scope.where(DealerTerm.dealer_id, DealerTerm.region))
    )
    has = {(dealer_id, kind) for dealer_id, kind, number, *_ in rows if number is not None}
    found: dict[int, list[Signal]] = {}
    for dealer_id in active:
        missing = [rules.BY_NAME[name].label.lower() for name in rules.NEEDED if (dealer_id, name) not in has]
        if missing:
            found[dealer_id] = [Signal(level="watch", sentence=f"No {', no '.join(missing)}")]
    return found
