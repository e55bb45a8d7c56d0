"""How well plans are kept: required steps done on time ÷ due, by person, dealer, plan, day or week, and the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select, true
from sqlalchemy.orm import Session

from db.cadence.rules import Adherence, TaskFact, result_of
from db.cadence.tables import CadenceRun, CadenceTask, Dealer, Lead, Person
from db.calendar.months import start_of
from db.calendar.queries import DESK_ZONE
from db.core.actor import Actor, Scope
from db.core.among import among
from db.core.area import Metric, MetricDefinition
from db.core.keyset import beyond
from db.core.masking import mask_name
from db.core.permissions import Permission
from db.core.problems import Problem, Refused

DIMS: Final = ("person", "dealer", "region", "plan", "day", "due_on", "month")
PAGE = 50
WHO = func.coalesce(CadenceTask.stand_in_id, CadenceTask.assignee_id)
"""Whose task it was: who stood in, where somebody was away, else whoever had the lead."""
_COLUMNS: dict[str, Any] = {
    "person": WHO, "dealer": CadenceTask.dealer_id, "region": CadenceTask.region, "plan": CadenceTask.plan,
    "day": CadenceTask.day, "due_on": CadenceTask.due_on,
    "month": func.substr(cast(CadenceTask.due_on, String), 1, 7),  # "2026-11", of the day at the dealer
}  # fmt: skip
OWNER: Final = "Sales operations"
LEFT_OUT = (
    "Optional steps; text messages without consent and kinds without a number or address; steps that were not due yet "
    "when the lead ended. A task cannot be ticked off: only a logged contact does it."
)
DEFINITION = MetricDefinition(
    name="cadence_adherence", title="Adherence", formula="Required steps done on time ÷ required steps due",
    numerator="Required steps done by a logged contact no later than they were due",
    denominator="Required steps that were done, or whose time is over while the lead was still followed up",
    excluded=LEFT_OUT, unit="percent", rule="domain-rules 2.2 E, U20", owner=OWNER,
)  # fmt: skip


def on_time() -> ColumnElement[bool]:
    """`rules.result_of(...) == "on_time"` in SQL (a test compares both)."""
    return and_(CadenceTask.state == "done", CadenceTask.done_at <= CadenceTask.due_at)


def late() -> ColumnElement[bool]:
    """`rules.result_of(...) == "late"` in SQL."""
    return and_(CadenceTask.state == "done", CadenceTask.done_at > CadenceTask.due_at)


def missed(now: datetime) -> ColumnElement[bool]:
    """`rules.result_of(...) == "missed"` in SQL."""
    return or_(CadenceTask.state == "missed", and_(CadenceTask.state == "open", CadenceTask.due_at < now))


RESULTS: Final = {"on_time": "On time", "late": "Late", "missed": "Missed"}


def _result(name: str, now: datetime) -> ColumnElement[bool]:
    return {"on_time": on_time(), "late": late(), "missed": missed(now)}[name]


def _wanted(
    *, scope: Scope, now: datetime, first: date | None, last: date | None, filters: Mapping[str, Any]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        scope.where(CadenceTask.dealer_id, CadenceTask.region), CadenceTask.required == true()
    ]  # fmt: skip
    if first is not None:
        found.append(CadenceTask.due_on >= first)
    if last is not None:
        found.append(CadenceTask.due_on <= last)
    for name, value in filters.items():
        if name not in _COLUMNS:
            raise Refused(Problem(code="unknown_filter", field=name, message=f"There is no filter {name}."))
        if value is None or value in ("", (), []):
            continue
        column = _COLUMNS[name]
        found.append(column.is_(None) if value == "nobody" else among(column, value))
    return found


def adherence_by(
    session: Session, *, scope: Scope, by: Sequence[str] = (), now: datetime, first: date | None = None,
    last: date | None = None, filters: Mapping[str, Any] | None = None,
) -> dict[tuple[Any, ...], Adherence]:  # fmt: skip
    """{values of the dimensions: counts} of the steps whose day lies in first..last, one statement; days at the dealer.

    Filters and dimensions are those of `DIMS`; raises `Refused` for others. Groups where nothing was due are left out.
    """
    if unknown := [name for name in by if name not in DIMS]:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"There is no dimension {unknown[0]}."))
    columns = [_COLUMNS[name] for name in by]
    counts = [func.sum(case((_result(name, now), literal(1)), else_=literal(0))).label(name) for name in RESULTS]
    query = select(*columns, *counts).where(
        *_wanted(scope=scope, now=now, first=first, last=last, filters=filters or {})
    )
    if columns:
        query = query.group_by(*columns)
    found = {}
    for row in session.execute(query):
        *key, on, tardy, gone = row
        value = Adherence(on_time=on or 0, late=tardy or 0, missed=gone or 0)
        if value.due:
            found[tuple(key)] = value
    return found


def weekly(days: Mapping[tuple[Any, ...], Adherence]) -> dict[date, Adherence]:
    """Counts by day (`adherence_by(by=("due_on",))`) put together by the Monday of their week."""
    found: dict[date, Adherence] = {}
    for (day,), value in sorted(days.items()):
        monday = day - timedelta(days=day.weekday())
        found[monday] = found.get(monday, Adherence()) + value
    return found


def names(session: Session, *, scope: Scope, dealer_ids: Sequence[int], person_ids: Sequence[int]) -> dict[str, Any]:
    """{"dealer": {id: "name (code)"}, "person": {id: name}} for keys that were read within this scope."""
    dealers = session.execute(
        select(Dealer.id, Dealer.name, Dealer.code).where(
            Dealer.id.in_(sorted(set(dealer_ids))), scope.where(Dealer.id, Dealer.region)
        )
    )
    people = session.execute(select(Person.id, Person.name).where(Person.id.in_(sorted(set(person_ids)))))
    return {"dealer": {i: f"{name} ({code})" for i, name, code in dealers}, "person": dict(people.all())}


def codes(session: Session, *, scope: Scope, dealer_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """{id: (code, name)} of dealers that were read within this scope; no statement for none."""
    if not dealer_ids:
        return {}
    rows = session.execute(
        select(Dealer.id, Dealer.code, Dealer.name).where(
            Dealer.id.in_(sorted(set(dealer_ids))), scope.where(Dealer.id, Dealer.region)
        )
    )
    return {dealer_id: (code, name) for dealer_id, code, name in rows}


@dataclass(frozen=True, kw_only=True)
class TaskRow:
    """A task behind a number; `result` is on_time, late or missed."""

    task_id: int
    lead_id: int
    number: str
    customer: str
    dealer: str
    person: str
    plan: str
    day: int
    kind: str
    due_at: datetime
    done_at: datetime | None
    done_by: str
    outcome: str
    result: str


def list_tasks(
    session: Session, *, actor: Actor, now: datetime, first: date | None = None, last: date | None = None,
    filters: Mapping[str, Any] | None = None, result: str = "", after: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> tuple[list[TaskRow], tuple[datetime, int] | None]:  # fmt: skip
    """The tasks behind a number, the newest first, in keyset pages; exactly those `adherence_by` counts."""
    wanted = _wanted(scope=actor.scope, now=now, first=first, last=last, filters=filters or {})
    wanted.append(_result(result, now) if result in RESULTS else or_(on_time(), late(), missed(now)))
    if after is not None:
        wanted.append(beyond((CadenceTask.due_at, CadenceTask.id), after, falls=True))
    rows = session.execute(
        select(
            CadenceTask.id, CadenceTask.lead_id, CadenceTask.plan, CadenceTask.day, CadenceTask.kind,
            CadenceTask.due_at, CadenceTask.done_at, CadenceTask.done_by, CadenceTask.outcome, CadenceTask.state,
            Lead.number, Lead.customer_name, Dealer.name.label("dealer"), Person.name.label("person"),
        )
        .join(Lead, Lead.id == CadenceTask.lead_id)
        .join(Dealer, Dealer.id == CadenceTask.dealer_id)
        .outerjoin(Person, Person.id == WHO)
        .where(*wanted)
        .order_by(CadenceTask.due_at.desc(), CadenceTask.id.desc())
        .limit(limit + 1)
    ).all()  # fmt: skip
    personal = actor.can(Permission.PERSONAL_DATA_VIEW)
    made = [
        TaskRow(
            task_id=r.id, lead_id=r.lead_id, number=r.number,
            customer=r.customer_name if personal else mask_name(r.customer_name), dealer=r.dealer,
            person=r.person or "", plan=r.plan, day=r.day, kind=r.kind, due_at=r.due_at, done_at=r.done_at,
            done_by=r.done_by, outcome=r.outcome,
            result=result_of(TaskFact(state=r.state, required=True, due_at=r.due_at, done_at=r.done_at), now=now),
        )
        for r in rows[:limit]
    ]  # fmt: skip
    following = (rows[limit - 1].due_at, rows[limit - 1].id) if len(rows) > limit else None
    return made, following


# ---- the catalogue of metrics --------------------------------------------------------------------------------------
def _count(name: str, title: str, numerator: str, *, better: Any = "none") -> MetricDefinition:
    return MetricDefinition(
        name=name, title=title, formula="Required steps counted", numerator=numerator, excluded=LEFT_OUT,
        rule="domain-rules 2.2 E", better=better, owner=OWNER,
    )  # fmt: skip


COUNTS: Final = {
    "due": _count("cadence_due", "Steps due", "Required steps done, or whose time is over"),
    "on_time": _count("cadence_on_time", "Steps done on time", "Done no later than they were due", better="up"),
    "late": _count("cadence_late", "Steps done late", "Done on their day, after they were due", better="down"),
    "missed": _count("cadence_missed", "Steps missed", "Not done although they were due", better="down"),
}
ATTEMPTS = MetricDefinition(
    name="cadence_attempts", title="Attempts until reached", formula="Attempts ÷ leads reached while followed up",
    numerator="Attempts on those leads up to the one that reached the customer, which is counted",
    denominator="Leads whose plan ended because the customer was reached", excluded="Leads that were never reached",
    rule="domain-rules 2.2 E", better="down", owner=OWNER,
)  # fmt: skip
DAY = MetricDefinition(
    name="cadence_contact_day", title="Day of contact", formula="Days since day 0 ÷ leads reached while followed up",
    numerator="Days at the dealer from the first day of the plan to the day the customer was reached",
    denominator="Leads whose plan ended because the customer was reached", excluded="Leads that were never reached",
    unit="days", rule="domain-rules 2.2 E", better="down", owner=OWNER,
)  # fmt: skip


def compute(
    session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None, now: datetime
) -> list[dict[str, Any]]:
    """Rows of {dims..., numerator, denominator, value} of adherence, a share of 1; None where nothing was due."""
    found = _grouped(session, scope=scope, by=by, filters=filters, now=now)
    return [{**k, "numerator": v.on_time, "denominator": v.due, "value": v.share} for k, v in found]


def _grouped(
    session: Session, *, scope: Scope, by: Sequence[str], filters: Mapping[str, Any] | None, now: datetime
) -> list[tuple[dict[str, Any], Adherence]]:
    given = dict(filters or {})
    first, last = given.pop("from", None), given.pop("to", None)
    found = adherence_by(session, scope=scope, by=by, now=now, first=first, last=last, filters=given)
    if not by and not found:
        found = {(): Adherence()}
    keys = [dict(zip(by, key, strict=True)) for key in found]
    known = {
        "dealer": codes(session, scope=scope, dealer_ids=[k["dealer"] for k in keys if k.get("dealer")]),
        "person": names(
            session, scope=scope, dealer_ids=(), person_ids=[k["person"] for k in keys if k.get("person")]
        )["person"] if "person" in by else {},
    }  # fmt: skip
    made = []
    for key, value in zip(keys, found.values(), strict=True):
        if "person" in key:
            key |= {"person_id": key["person"], "person": known["person"].get(key["person"], "Nobody")}
        made.append((_with_dealer(key, known["dealer"]), value))
    return sorted(made, key=lambda pair: tuple(str(v) for v in pair[0].values()))


def _with_dealer(key: dict[str, Any], names: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    if "dealer" not in key:
        return key
    code, name = names.get(key["dealer"], ("", ""))
    return {**key, "dealer": code, "dealer_id": key["dealer"], "dealer_name": name}


def _counting(name: str) -> Any:
    def counted(
        session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> list[dict[str, Any]]:  # fmt: skip
        found = _grouped(session, scope=scope, by=by, filters=filters, now=now)
        return [{**k, "numerator": getattr(v, name), "denominator": None, "value": getattr(v, name)} for k, v in found]

    return counted


RUN_DIMS: Final = ("dealer", "region", "plan")
_RUN_COLUMNS = {"dealer": CadenceRun.dealer_id, "region": CadenceRun.region, "plan": CadenceRun.plan}


def reached(
    session: Session, *, scope: Scope, column: Any, by: Sequence[str] = (), since: datetime | None = None,
    filters: Mapping[str, Any] | None = None,
) -> list[tuple[dict[str, Any], int, int]]:  # fmt: skip
    """(dims, sum of the column, leads) of runs that ended because the customer was reached.

    `from` and `to` of the filters are days of the desk on which the customer was reached.
    """
    given = dict(filters or {})
    first, last = given.pop("from", None), given.pop("to", None)
    if unknown := [name for name in (*by, *given) if name not in RUN_DIMS]:
        raise Refused(Problem(code="unknown_dimension", field="by", message=f"There is no dimension {unknown[0]}."))
    wanted = [scope.where(CadenceRun.dealer_id, CadenceRun.region), CadenceRun.end_reason == "reached"]
    wanted += [among(_RUN_COLUMNS[name], v) for name, v in given.items() if v is not None and v not in ("", (), [])]
    if first is not None:
        wanted.append(CadenceRun.ended_at >= start_of(first, DESK_ZONE))
    if last is not None:
        wanted.append(CadenceRun.ended_at < start_of(last + timedelta(days=1), DESK_ZONE))
    if since is not None:
        wanted.append(CadenceRun.ended_at >= since)
    columns = [_RUN_COLUMNS[name] for name in by]
    query = select(*columns, func.sum(func.coalesce(column, 0)), func.count()).where(*wanted)
    rows = session.execute(query.group_by(*columns) if columns else query)
    made = []
    for row in rows:
        *key, total, leads = row
        made.append((dict(zip(by, key, strict=True)), int(str(total or 0)), int(str(leads))))
    return made


def _averaging(column: Any) -> Any:
    def averaged(
        session: Session, *, scope: Scope, by: Sequence[str] = (), filters: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> list[dict[str, Any]]:  # fmt: skip
        rows = reached(session, scope=scope, column=column, by=by, filters=filters)
        known = codes(session, scope=scope, dealer_ids=[key["dealer"] for key, _, _ in rows if key.get("dealer")])
        return [
            {**_with_dealer(key, known), "numerator": total, "denominator": n, "value": total / n if n else None}
            for key, total, n in rows
        ]

    return averaged


METRICS = (
    Metric(definition=DEFINITION, dims=DIMS, compute=compute, permission=Permission.CADENCE_VIEW),
    *(
        Metric(definition=d, dims=DIMS, compute=_counting(n), permission=Permission.CADENCE_VIEW)
        for n, d in COUNTS.items()
    ),
    Metric(
        definition=ATTEMPTS, dims=RUN_DIMS, compute=_averaging(CadenceRun.attempts),
        permission=Permission.CADENCE_VIEW,
    ),
    Metric(
        definition=DAY, dims=RUN_DIMS, compute=_averaging(CadenceRun.contact_day), permission=Permission.CADENCE_VIEW
    ),
)  # fmt: skip
RUN_ATTEMPTS, RUN_DAY = CadenceRun.attempts, CadenceRun.contact_day
"""What `reached` can add up."""
