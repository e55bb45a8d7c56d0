"""What waits at dealers now, as the rules of the weekly report look at it: one statement a kind for all of a scope.

Each kind gives how many there are, the worst of them, and at most five rows a dealer. Days are the dealer's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import Session

from db.appointments.tables import Appointment
from db.cadence.tables import CadenceTask
from db.core.actor import Scope
from db.core.labels import local_day, minutes_label, plural
from db.dealers.tables import Dealer
from db.leads.tables import Lead
from db.parts.tables import PartsOrder, PartsOrderLine
from db.reports import weekly_money_queries
from db.reports.weekly_asked import MINUTE, Asked, Found, standing_of
from db.reports.weekly_facts_rules import (
    CONFIRM_HOURS,
    Row,
    Standing,
)
from db.reports.weekly_rules import DAY
from db.surveys.tables import SurveyAlert
from db.warranty.tables import Part as CatalogPart

LEAD: Final = "pages/leads/lead.py"


def standing_facts(session: Session, *, scope: Scope, week: date, now: datetime) -> dict[int, dict[str, Standing]]:
    """By dealer and kind, for the dealers of a scope; a set number of statements, however many dealers there are."""
    zones = dict(session.execute(select(Dealer.id, Dealer.zone).where(scope.where(Dealer.id, Dealer.region))).all())
    today = {dealer_id: local_day(now, zone) for dealer_id, zone in zones.items()}
    asked = Asked(session, scope=scope, now=now, week=week, today=today)
    found: dict[int, dict[str, Standing]] = {dealer_id: {} for dealer_id in zones}
    for name, read in KINDS.items():
        for dealer_id, one in read(asked).items():
            if dealer_id in found:
                found[dealer_id][name] = one
    return found


# ---- customers -------------------------------------------------------------------------------------------------------
def _lead(row: Any, words: str) -> Row:
    return Row(label=row.number, words=words, page=LEAD, query=(("lead", str(row.id)),))


def _unanswered(a: Asked) -> Found:
    lead = Lead
    rows = a.ranked(
        lead, [lead.id, lead.number, lead.source, lead.first_action_due_at.label("at")],
        [
            lead.is_open == true(), lead.first_action_at.is_(None), lead.first_action_due_at < a.now,
            lead.status != "held",
        ],
        order=(lead.first_action_due_at, lead.id),
    )  # fmt: skip

    def told(row: Any) -> Row:
        return _lead(row, f"{minutes_label((a.now - row.at) / MINUTE)} past its time, from {row.source or 'no source'}")

    return {d: standing_of(some, int((a.now - some[0].at) / MINUTE), told) for d, some in rows.items()}


def _late(a: Asked) -> Found:
    lead = Lead
    late = or_(
        lead.first_action_at > lead.first_action_due_at,
        and_(lead.first_action_at.is_(None), lead.first_action_due_at <= a.now),
    )
    rows = a.ranked(
        lead, [lead.id, lead.number, lead.first_action_at.label("at"), lead.first_action_due_at.label("due")],
        [
            lead.received_month.in_(sorted({a.week.replace(day=1), (a.week + 6 * DAY).replace(day=1)})),
            lead.received_on.between(a.week, a.week + 6 * DAY), lead.status.not_in(("bad", "duplicate", "held")), late,
        ],
        order=(lead.first_action_due_at, lead.id),
    )  # fmt: skip

    def told(row: Any) -> Row:
        behind = minutes_label(((row.at or a.now) - row.due) / MINUTE)
        return _lead(row, f"answered {behind} late" if row.at else f"not answered, {behind} past its time")

    return {d: standing_of(some, 0, told) for d, some in rows.items()}


def _appointment(row: Any, words: str) -> Row:
    page = "pages/crm/appointments.py"
    return Row(label=row.number, words=words, page=page, query=(("appointment", str(row.id)),))


def _no_shows(a: Asked) -> Found:
    item = Appointment
    rows = a.ranked(
        item,
        [item.id, item.number, func.coalesce(item.missed_at, item.starts_at).label("at")],
        [item.status == "no_show", item.recovery_ended_at.is_(None)],
        order=(item.missed_at, item.id),
    )

    def told(row: Any) -> Row:
        return _appointment(row, f"missed {minutes_label((a.now - row.at) / MINUTE)} ago")

    return {d: standing_of(some, a.ago(some[0].at), told) for d, some in rows.items()}


def _unconfirmed(a: Asked) -> Found:
    item = Appointment
    rows = a.ranked(
        item, [item.id, item.number, item.starts_at.label("at")],
        [
            item.status == "scheduled", item.starts_at >= a.now,
            item.starts_at <= a.now + timedelta(hours=CONFIRM_HOURS),
        ],
        order=(item.starts_at, item.id),
    )  # fmt: skip
    return {
        d: standing_of(
            some, int((some[0].at - a.now) / MINUTE),
            lambda r: _appointment(r, f"in {minutes_label((r.at - a.now) / MINUTE)}"),
        )
        for d, some in rows.items()
    }  # fmt: skip


def _tasks(a: Asked) -> Found:
    task = CadenceTask
    rows = a.ranked(
        task, [Lead.id, Lead.number, task.kind, task.due_at.label("at")],
        [task.is_open == true(), task.due_at < a.now], order=(task.due_at, task.id),
        joins=[(Lead, Lead.id == task.lead_id)],
    )  # fmt: skip
    kinds = {"call": "call", "email": "e-mail", "text": "text message", "any": "contact"}

    def told(row: Any) -> Row:
        behind = minutes_label((a.now - row.at) / MINUTE)
        return _lead(row, f"{kinds.get(row.kind, row.kind)} {behind} past its time")

    return {d: standing_of(some, a.ago(some[0].at), told) for d, some in rows.items()}


def _alerts(a: Asked) -> Found:
    item = SurveyAlert
    rows = a.ranked(
        item,
        [item.id, item.number, item.reasons, item.created_at.label("at")],
        [item.is_open == true(), item.status == "open"],
        order=(item.created_at, item.id),
    )

    def told(row: Any) -> Row:
        why = "; ".join(row.reasons[:2])
        return Row(label=row.number, words=why, page="pages/crm/surveys.py", query=(("alert", str(row.id)),))

    return {d: standing_of(some, int((a.now - some[0].at) / MINUTE), told) for d, some in rows.items()}


# ---- parts -----------------------------------------------------------------------------------------------------------
def _lines(a: Asked, *where: Any) -> Found:
    line = PartsOrderLine
    rows = a.ranked(
        line, [PartsOrder.id, PartsOrder.number, CatalogPart.number.label("part"), line.ordered_on.label("on")],
        [
            line.is_open == true(), or_(line.first_promised_on.is_(None), line.first_promised_on < a.last_day), *where,
        ],
        order=(line.ordered_on, line.id),
        joins=[(PartsOrder, PartsOrder.id == line.order_id), (CatalogPart, CatalogPart.id == line.part_id)],
    )  # fmt: skip

    def told(row: Any) -> Row:
        waits = plural(max(0, -a.left(row.dealer, row.on)), "day")
        page = "pages/parts/parts_orders.py"
        return Row(label=row.number, words=f"{row.part}, {waits}", page=page, query=(("order", str(row.id)),))

    return {d: standing_of(some, max(0, -a.left(d, some[0].on)), told) for d, some in rows.items()}


def _vehicles_down(a: Asked) -> Found:
    return _lines(a, PartsOrderLine.rank == 0)


def _backorders(a: Asked) -> Found:
    return _lines(a, PartsOrderLine.rank > 0)


KINDS: Final[Mapping[str, Callable[[Asked], Found]]] = {
    "unanswered": _unanswered, "late": _late, "no_shows": _no_shows, "unconfirmed": _unconfirmed, "tasks": _tasks,
    "alerts": _alerts, "vehicles_down": _vehicles_down, "backorders": _backorders, **weekly_money_queries.KINDS,
}  # fmt: skip
