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

from db.access.area import AREA as ACCESS
from db.appointments.area import AREA as APPOINTMENTS
from db.cadence.area import AREA as CADENCE
from db.calendar.area import AREA as CALENDAR
from db.checks import CORE_CHECKS
from db.claim_payments.area import AREA as CLAIM_PAYMENTS
from db.claims.area import AREA as CLAIMS
from db.contact_log.area import AREA as CONTACT_LOG
from db.coop.area import AREA as COOP
from db.core import changes, events, links, search
from db.core.actor import Actor
from db.core.area import (
    Area,
    Check,
    CustomerLine,
    DealerLine,
    DealerSource,
    ExportKind,
    ImportKind,
    Job,
    Metric,
    Milestone,
    SearchResult,
    SearchSource,
    Signal,
    WorkCount,
    WorkLine,
    WorkSource,
)
from db.core.incidents import report
from db.core.problems import Problem, Refused
from db.core.session import run
from db.customers.area import AREA as CUSTOMERS
from db.customers.holders import register as register_holders
from db.dealers.area import AREA as DEALERS
from db.documents.area import AREA as DOCUMENTS
from db.imports.area import AREA as IMPORTS
from db.imports.kinds import register
from db.incentives.area import AREA as INCENTIVES
from db.interactions.area import AREA as INTERACTIONS
from db.investigations.area import AREA as INVESTIGATIONS
from db.leads.area import AREA as LEADS
from db.marketing.area import AREA as MARKETING
from db.objectives.area import AREA as OBJECTIVES
from db.onboarding.area import AREA as ONBOARDING
from db.part_returns.area import AREA as PART_RETURNS
from db.parts.area import AREA as PARTS
from db.people.area import AREA as PEOPLE
from db.pricing.area import AREA as PRICING
from db.quality.area import AREA as QUALITY
from db.reports.area import AREA as REPORTS
from db.reports.catalogue import register as register_catalogue
from db.surveys.area import AREA as SURVEYS
from db.terms.area import AREA as TERMS
from db.warranty.area import AREA as WARRANTY
from db.workflow.spec import Flow

T = TypeVar("T")

AREAS: tuple[Area, ...] = (
    PEOPLE, CALENDAR, DEALERS, TERMS, DOCUMENTS, CONTACT_LOG, ACCESS, CUSTOMERS, LEADS,
    APPOINTMENTS, CADENCE, INTERACTIONS, QUALITY, SURVEYS, MARKETING,
    WARRANTY, CLAIMS, CLAIM_PAYMENTS, PART_RETURNS, INVESTIGATIONS, PARTS, INCENTIVES, COOP, PRICING,
    OBJECTIVES,
    ONBOARDING, IMPORTS, REPORTS,
)  # fmt: skip
FLOWS: tuple[Flow, ...] = tuple(flow for area in AREAS for flow in area.flows)
_IMPORTS = {kind.name: kind for area in AREAS for kind in area.imports}
_EXPORTS = {kind.name: kind for area in AREAS for kind in area.exports}
_METRICS = register_catalogue(AREAS)
_FLOWS = {flow.name: flow for flow in FLOWS}
register(_IMPORTS.values())
register_holders(holder for area in AREAS for holder in area.personal_data)
events.register(follower for area in AREAS for follower in area.followers)


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
    """Every metric, in the order of the areas; each obeys the filters of decision 0064."""
    return tuple(_METRICS.values())


# ---- my work and search --------------------------------------------------------------------------------------------
OPENED_BY: dict[str, tuple[str, str]] = {
    "lead": ("pages/leads/lead.py", "lead"),
    "dealer": ("pages/network/dealer.py", "dealer"),
    "customer": ("pages/crm/customer.py", "customer"),
    "vehicle": ("pages/crm/vehicle.py", "vehicle"),
    "claim": ("pages/claims/claim.py", "claim"),
    "credit_memo": ("pages/claims/claim_payments.py", "memo"),
    "payment_batch": ("pages/claims/claim_payments.py", "batch"),
    "appointment": ("pages/crm/appointments.py", "appointment"),
    "dealer_contact": ("pages/network/dealers.py", "dealer_contact"),
    "dealer_group": ("pages/network/dealers.py", "dealer_group"),
    "person": ("pages/admin/people.py", "person"),
    "calendar": ("pages/admin/calendars.py", "calendar"),
    "access_request": ("pages/network/access.py", "request"),
    "access_review": ("pages/network/access.py", "review"),
    "import_batch": ("pages/admin/imports.py", "batch"),
    "document": ("pages/network/documents.py", "document"),
    "term_change": ("pages/network/terms.py", "change"),
    "contact_report": ("pages/network/contacts.py", "contact"),
    "message_template": ("pages/crm/templates.py", "template"),
    "promise": ("pages/network/contacts.py", "promise"),
    "marketing_spend": ("pages/crm/funnel.py", "spend"),
    "onboarding": ("pages/network/onboarding_case.py", "onboarding"),
    "survey": ("pages/crm/surveys.py", "survey"),
    "survey_alert": ("pages/crm/surveys.py", "alert"),
    "questionnaire": ("pages/crm/surveys.py", "questionnaire"),
    "cadence_plan": ("pages/crm/follow_up.py", "plan"),
    "checklist_template": ("pages/admin/checklists.py", "version"),
    "quality_review": ("pages/crm/quality.py", "review"),
    "coaching_note": ("pages/crm/quality.py", "note"),
    "quality_sample": ("pages/crm/quality.py", "draw"),
    "investigation": ("pages/claims/investigations.py", "investigation"),
    "part_return": ("pages/claims/parts_returns.py", "rma"),
    "quality_form": ("pages/crm/quality.py", "version"),
    "parts_order": ("pages/parts/parts_orders.py", "order"),
    "parts_claim": ("pages/parts/parts_claims.py", "claim"),
    "sale": ("pages/incentives/validate.py", "sale"),
    "incentive_claim": ("pages/incentives/validate.py", "incentive_claim"),
    "incentive_program": ("pages/incentives/programs.py", "program"),
    "coop_request": ("pages/coop/coop_requests.py", "request"),
    "coop_claim": ("pages/coop/coop_claims.py", "claim"),
    "coop_memo": ("pages/coop/coop_claims.py", "memo"),
    "coop_fund": ("pages/coop/coop_funds.py", "fund"),
    "coop_programme": ("pages/coop/coop_programmes.py", "programme"),
    "coop_expiry": ("pages/coop/coop_radar.py", "crd_dealer"),
    "coop_campaign": ("pages/coop/coop_campaigns.py", "campaign"),
    "incentive_memo": ("pages/incentives/payments.py", "memo"),
    "incentive_batch": ("pages/incentives/payments.py", "batch"),
    "incentive_reconciliation": ("pages/incentives/reconciliation.py", "reconciliation"),
    "incentive_match": ("pages/incentives/reconciliation.py", "difference"),
    "price_request": ("pages/incentives/price_requests.py", "request"),
    "saved_report": ("pages/reports/report_builder.py", "report"),
}
"""The page that shows a kind of record, and the name its id has in the address."""


links.register(OPENED_BY)


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
        hits = search.find(
            session, typed, kinds=(source.kind,), scope=actor.scope, limit=limit, shared=source.is_shared
        )  # fmt: skip
        if hits:
            found[source.label] = source.load(session, ids=[hit.item_id for hit in hits], actor=actor)
    return {label: results for label, results in found.items() if results}


# ---- one dealer, put together from every area ------------------------------------------------------------------------
def dealer_sources(actor: Actor) -> tuple[DealerSource, ...]:
    """Which areas this actor may hear of a dealer from."""
    return tuple(source for area in AREAS for source in area.dealer if actor.can(source.permission))


def dealer_lines(
    session: Session, *, dealer_id: int, actor: Actor, now: datetime, since: datetime | None
) -> dict[str, list[DealerLine]]:
    """What is overdue, promised, open and changed at one dealer, by the label of the area; empty areas are left out.

    The caller has already decided that the actor may see the dealer; each source asks for its own permission.
    """
    found: dict[str, list[DealerLine]] = {}
    for source in dealer_sources(actor):
        if source.lines is not None:
            lines = source.lines(session, dealer_id=dealer_id, actor=actor, now=now, since=since)
            if lines:
                found.setdefault(source.label, []).extend(lines)
    return found


def customer_kinds(actor: Actor) -> list[str]:
    """The kinds of lines this actor finds on the timeline of a customer, in the order of the areas."""
    return list(dict.fromkeys(s.label for area in AREAS for s in area.customer if actor.can(s.permission)))


def customer_lines(
    session: Session, *, customer_id: int, actor: Actor, limit: int = 50, kind: str = ""
) -> list[CustomerLine]:
    """Everything that happened between a customer and the dealer, from every area, newest first; of one kind or all.

    The caller has already decided that the actor may see the customer; each source asks for its own permission.
    """
    found = [
        line
        for area in AREAS
        for source in area.customer
        if actor.can(source.permission) and kind in ("", source.label)
        for line in source.lines(session, customer_id=customer_id, actor=actor, limit=limit)
    ]
    return sorted(found, key=lambda line: line.at, reverse=True)[:limit]


def dealer_signals(session: Session, *, actor: Actor, now: datetime) -> dict[int, list[Signal]]:
    """Why dealers of the actor's scope need looking after, by dealer; a dealer without a signal is in good health."""
    found: dict[int, list[Signal]] = {}
    for source in dealer_sources(actor):
        if source.signals is not None:
            for dealer_id, signals in source.signals(session, scope=actor.scope, now=now).items():
                found.setdefault(dealer_id, []).extend(signals)
    return found


def milestones() -> tuple[Milestone, ...]:
    """The first times that show a new dealer has come alive, in the order of the areas."""
    return tuple(milestone for area in AREAS for milestone in area.milestones)


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


def rebuild_rollups(bind: Engine | None = None) -> list[str]:
    """Count every rollup anew from its records, each in its own transaction; gives the names of their checks."""
    done = []
    for check in checks():
        if check.rebuild is not None:
            run(_rebuild, bind=bind, keeps_timeline=False, check=check)
            done.append(check.name)
    return done


def _rebuild(session: Session, *, check: Check) -> None:
    assert check.rebuild is not None
    check.rebuild(session)
    changes.touch(session, *(area.name for area in AREAS if check in area.checks))


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
