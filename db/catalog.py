"""The one list of what the desk is made of.

My work, search, imports, exports, metrics, the sweep and the checks read it. A new area is one import and one entry in
`AREAS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.calendar.area import AREA as CALENDAR
from db.checks import CORE_CHECKS
from db.core import search
from db.core.actor import Actor
from db.core.area import (
    Area,
    Check,
    ExportKind,
    ImportKind,
    Job,
    Metric,
    SearchResult,
    SearchSource,
    WorkCount,
    WorkLine,
    WorkSource,
)
from db.core.incidents import report
from db.core.problems import Problem, Refused
from db.dealers.area import AREA as DEALERS
from db.imports.area import AREA as IMPORTS
from db.imports.kinds import register
from db.leads.area import AREA as LEADS
from db.people.area import AREA as PEOPLE
from db.workflow.spec import Flow

T = TypeVar("T")

AREAS: tuple[Area, ...] = (PEOPLE, CALENDAR, DEALERS, LEADS, IMPORTS)
FLOWS: tuple[Flow, ...] = tuple(flow for area in AREAS for flow in area.flows)
_IMPORTS = {kind.name: kind for area in AREAS for kind in area.imports}
_EXPORTS = {kind.name: kind for area in AREAS for kind in area.exports}
_METRICS = {metric.definition.name: metric for area in AREAS for metric in area.metrics}
_FLOWS = {flow.name: flow for flow in FLOWS}
register(_IMPORTS.values())


# ---- by name -------------------------------------------------------------------------------------------------------
def _get(found: dict[str, T], name: str, what: str, field: str) -> T:
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise Refused(
            Problem(code=f"unknown_{field}", message=f'There is no {what} "{name}". Known are: {known}.', field=field)
        )
    return found[name]


def import_kind(name: str) -> ImportKind:
    """The import of this name; raises `Refused` naming those there are."""
    return _get(_IMPORTS, name, "import", "kind")


def export_kind(name: str) -> ExportKind:
    """The export of this name; raises `Refused` naming those there are."""
    return _get(_EXPORTS, name, "export", "kind")


def metric(name: str) -> Metric:
    """The metric of this name; raises `Refused` naming those there are."""
    return _get(_METRICS, name, "metric", "metric")


def flow(name: str) -> Flow:
    """The flow of this name; raises `Refused` naming those there are."""
    return _get(_FLOWS, name, "flow", "flow")


def all_imports() -> tuple[ImportKind, ...]:
    """Every kind of import, in the order of the areas."""
    return tuple(_IMPORTS.values())


def all_exports() -> tuple[ExportKind, ...]:
    """Every kind of export, in the order of the areas."""
    return tuple(_EXPORTS.values())


def all_metrics() -> tuple[Metric, ...]:
    """Every metric, in the order of the areas."""
    return tuple(_METRICS.values())


# ---- my work and search --------------------------------------------------------------------------------------------
OPENED_BY: dict[str, tuple[str, str]] = {
    "lead": ("pages/leads/lead.py", "lead"),
    "dealer": ("pages/network/dealer.py", "dealer"),
    "person": ("pages/admin/people.py", "person"),
    "calendar": ("pages/admin/calendars.py", "calendar"),
    "import_batch": ("pages/admin/imports.py", "batch"),
}
"""The page that shows a kind of record, and the name its id has in the address."""


def open_page(item_type: str, item_id: int) -> tuple[str, dict[str, str]] | None:
    """Where a click on a record leads: (page, query), or None for a kind that has no page."""
    if item_type not in OPENED_BY:
        return None
    page, name = OPENED_BY[item_type]
    return page, {name: str(item_id)}


def work_sources(actor: Actor) -> tuple[WorkSource, ...]:
    """What this actor's work is put together from."""
    return tuple(source for area in AREAS for source in area.work if actor.can(source.permission))


def work_lines(session: Session, *, actor: Actor, now: datetime, limit: int = 50) -> list[WorkLine]:
    """Everything that waits for this actor across all queues, due first; what has no due time comes last."""
    lines = [
        line for source in work_sources(actor) for line in source.lines(session, actor=actor, now=now, limit=limit)
    ]
    return sorted(lines, key=lambda line: (line.due_at is None, line.due_at or now, line.number))[:limit]


def work_counts(session: Session, *, actor: Actor, now: datetime) -> list[WorkCount]:
    """How much waits for this actor, a count a queue, in the order of the areas."""
    return [count for source in work_sources(actor) for count in source.counts(session, actor=actor, now=now)]


def search_sources(actor: Actor) -> tuple[SearchSource, ...]:
    """What the search box finds for this actor."""
    return tuple(source for area in AREAS for source in area.search if actor.can(source.permission))


def search_everything(session: Session, typed: str, *, actor: Actor, limit: int = 20) -> dict[str, list[SearchResult]]:
    """What the typed words find, by kind of record, each kind at most `limit`; kinds without a hit are left out."""
    found: dict[str, list[SearchResult]] = {}
    for source in search_sources(actor):
        # Each kind is asked for by itself, so that many leads cannot crowd out the one dealer.
        hits = search.find(session, typed, kinds=(source.kind,), scope=actor.scope, limit=limit)
        if hits:
            found[source.label] = source.load(session, ids=[hit.item_id for hit in hits], actor=actor)
    return {label: results for label, results in found.items() if results}


# ---- the sweep -----------------------------------------------------------------------------------------------------
def all_jobs() -> tuple[Job, ...]:
    """What the sweep does, in the order of the areas."""
    return tuple(job for area in AREAS for job in area.jobs)


@dataclass(frozen=True)
class JobResult:
    """How one job went: how many records it worked on, or the words of what stopped it."""

    name: str
    count: int
    error: str = ""


def run_jobs(now: datetime, bind: Engine | None = None) -> list[JobResult]:
    """Run every job once. One that fails does not keep the others from running; its error is logged and told."""
    results = []
    for job in all_jobs():
        try:
            results.append(JobResult(job.name, _run(job.run, bind, now)))
        except Exception as error:
            reference = report(error, where=f"the job {job.name}")
            results.append(JobResult(job.name, 0, f"{type(error).__name__}, reference {reference}"))
    return results


def _run(job: Callable[..., int], bind: Engine | None, now: datetime) -> int:
    return job(bind, now=now)


# ---- the checks ----------------------------------------------------------------------------------------------------
def checks() -> tuple[Check, ...]:
    """What `python -m db check` verifies: the core's own promises first, then each area's."""
    return (*CORE_CHECKS, *(check for area in AREAS for check in area.checks))


def run_checks(session: Session) -> list[tuple[str, list[str]]]:
    """Every check with the sentences about what is wrong; a check that itself fails is something wrong, too."""
    results = []
    for check in checks():
        try:
            found = check.run(session)
        except Exception as error:
            reference = report(error, where=f"the check {check.name}")
            found = [f"could not be checked: {type(error).__name__}, reference {reference}"]
            session.rollback()
        results.append((check.name, found))
    return results
