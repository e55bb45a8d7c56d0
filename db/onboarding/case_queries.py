"""One onboarding with its checklist: items by section, gates, the forecast with its reasons, who did what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.checklist import forecast_rules, graph_rules
from db.checklist import rules as checklist_rules
from db.checklist.forecast_rules import Forecast, Path
from db.checklist.items import as_item, observed_days, rows_of
from db.checklist.model import OWNERS
from db.checklist.rules import Gate
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.onboarding import rules
from db.onboarding.flow import STAGES
from db.onboarding.queries import CaseRow, case_rows
from db.onboarding.summary import zone_day
from db.onboarding.tables import Checklist, ChecklistTemplate, Onboarding, OnboardingStage
from db.onboarding.template_default import PURPOSE
from db.people.queries import names_of, people_to_tell


@dataclass(frozen=True, kw_only=True)
class ItemLine:
    """One item as its case shows it. `waits` is the blocked-by chain in words, `state` the due state."""

    id: int
    version: int
    code: str
    title: str
    section: str
    stage: str
    owner: str
    status: str
    state: str
    due_on: date
    late_days: int
    duration_days: int
    weight: int
    evidence: str
    is_gate: bool
    second_person: bool
    help: str
    waits: str
    ready_on: date | None
    done_at: datetime | None
    done_by_name: str
    reason: str
    evidence_note: str
    evidence_on: date | None
    evidence_number: str
    evidence_document_id: int | None

    @property
    def state_label(self) -> str:
        """The due state in words; a gate passes, it is not done."""
        return "Passed" if self.is_gate and self.status == "done" else checklist_rules.DUE_LABELS[self.state]

    @property
    def owner_label(self) -> str:
        """Who has to do it."""
        return OWNERS[self.owner]


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A stay in one stage."""

    stage: str
    entered_at: datetime
    left_at: datetime | None
    left_to: str


@dataclass(frozen=True, kw_only=True)
class CaseDetail:
    """One case; `id`, `number`, `status`, `version` and `submitted_by` are what the shared drawer asks for."""

    row: CaseRow
    today: date
    template: int
    note: str
    items: tuple[ItemLine, ...]
    gates: tuple[Gate, ...]
    critical: Path
    forecast: Forecast
    stays: tuple[Stay, ...]
    missing: tuple[str, ...]
    suggested_step: str = ""

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def number(self) -> str:
        return self.row.number

    @property
    def status(self) -> str:
        return self.row.status

    @property
    def version(self) -> int:
        return self.row.version

    @property
    def submitted_by(self) -> str:
        return self.row.submitted_by


def get_case(session: Session, *, item_id: int, actor: Actor, now: datetime) -> CaseDetail:
    """One case with everything its page shows; raises `NotFound`."""
    actor.require(Permission.ONBOARDING_VIEW)
    found = session.execute(
        case_rows(actor.scope)
        .add_columns(Onboarding.checklist_id, Onboarding.note, ChecklistTemplate.number.label("template"))
        .join(Checklist, Checklist.id == Onboarding.checklist_id)
        .join(ChecklistTemplate, ChecklistTemplate.id == Checklist.template_id)
        .where(Onboarding.id == item_id)
    ).one_or_none()
    if found is None:
        raise NotFound("This onboarding")
    values = found._asdict()
    checklist_id, note, template = (values.pop(n) for n in ("checklist_id", "note", "template"))
    row = CaseRow(**values)
    # A closed case is shown as it ended, not as if its days went on.
    today = zone_day(row.zone, row.closed_at or now)
    stored = rows_of(session, checklist_id=checklist_id)
    items = [as_item(r) for r in stored]
    by_code = {i.code: i for i in items}
    observed = observed_days(session, purpose=PURPOSE)
    lines = []
    for one, item in zip(stored, items, strict=True):
        waits = graph_rules.waits_on(item, by_code)
        lines.append(
            ItemLine(
                **{n: getattr(one, n) for n in _ITEM}, waits=waits,
                state=checklist_rules.due_state(item, today=today, is_blocked=bool(waits)),
                late_days=checklist_rules.days_late(item, today=today),
            )
        )  # fmt: skip
    missing: Sequence[Any] = ()
    if row.is_open:
        missing = (
            rules.cannot_activate(items) if row.status == "golive"
            else rules.cannot_advance(items, stage=row.status, stages=STAGES)
        )  # fmt: skip
    stays = session.execute(
        select(OnboardingStage.stage, OnboardingStage.entered_at, OnboardingStage.left_at, OnboardingStage.left_to)
        .where(OnboardingStage.onboarding_id == row.id)
        .order_by(OnboardingStage.id)
    )
    return CaseDetail(
        row=row, today=today, template=template, note=note, items=tuple(lines), gates=checklist_rules.gates(items),
        critical=forecast_rules.critical_path(items, today=today),
        forecast=forecast_rules.forecast(items, observed, today=today, noun=rules.NOUN),
        stays=tuple(Stay(**s._asdict()) for s in stays), missing=tuple(p.message for p in missing),
        suggested_step="activate" if row.status == "golive" else "advance",
    )  # fmt: skip


_ITEM = tuple(
    name for name in ItemLine.__dataclass_fields__ if name not in ("waits", "state", "late_days")
)  # fmt: skip


def people_for(session: Session, *, case: CaseRow) -> list[tuple[int, str]]:
    """(id, name) of our people who may look after a case; the caller has read the case within its scope."""
    ids = people_to_tell(session, dealer_id=case.dealer_id, region=case.region, permission=Permission.ONBOARDING_MANAGE)
    names = names_of(session, person_ids=ids)
    return sorted(names.items(), key=lambda pair: pair[1])
