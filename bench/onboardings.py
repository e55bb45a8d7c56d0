"""Many running onboardings for the bench, written in bulk: 200 cases of 32 items unless told otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from db.checklist.tables import Checklist, ChecklistItem, ChecklistTemplate
from db.dealers.tables import Dealer
from db.onboarding import summary
from db.onboarding.flow import STAGES
from db.onboarding.tables import Onboarding, OnboardingStage
from db.onboarding.template_default import PURPOSE, STANDARD

REGIONS = ("Northeast", "Mid-Atlantic", "Southeast", "Midwest", "South Central", "West")


def fill(engine: Engine, *, cases: int = 200, now: datetime, seed: int = 7) -> None:
    """Dealers, cases, stages and items as if they had been worked on; the columns of the lists are derived."""
    rng, today = Random(seed), now.date()
    with Session(engine.execution_options(writer=True)) as session:
        template = session.scalars(
            select(ChecklistTemplate.id).where(ChecklistTemplate.slot == f"{PURPOSE}:published")
        ).one()
        first = {
            table: (session.scalar(select(func.max(table.id))) or 0) + 1 for table in (Dealer, Checklist, Onboarding)
        }
        dealers, checklists, rows, stays = [], [], [], []
        items: list[dict[str, Any]] = []
        for number in range(cases):
            dealer_id, checklist_id, case_id = (first[t] + number for t in (Dealer, Checklist, Onboarding))
            region, began = REGIONS[number % len(REGIONS)], today - timedelta(days=rng.randrange(1, 95))
            shared = {"dealer_id": dealer_id, "region": region}
            dealers.append(
                {"id": dealer_id, "code": f"B{number:05}", "name": f"Bench Motors {number}",
                 "name_key": f"bench {number}", "url": "",
                 "region": region, "state": "NY", "city": "", "postal_code": "", "zone": "America/New_York",
                 "status": "onboarding", "lead_weight": 1, "lead_cap": 0, "daily_quota": 0, "takes_leads": True,
                 "version": 1, "created_at": now, "updated_at": now}
            )  # fmt: skip
            checklists.append(
                {"id": checklist_id, "purpose": PURPOSE, "subject_type": "onboarding", "subject_id": case_id,
                 "template_id": template, "anchor_on": began, "outcome": "", "version": 1, "created_at": now, **shared}
            )  # fmt: skip
            stage = _items(rng, items, checklist_id=checklist_id, began=began, today=today, now=now, shared=shared)
            stays.append({"onboarding_id": case_id, "stage": stage, "entered_at": now, "left_to": "", **shared})
            rows.append(
                {"id": case_id, "number": f"B-{case_id:06}", "status": stage, "version": 1, "is_open": True,
                 "due_at": now + timedelta(days=rng.randrange(5, 90)), "submitted_by": "cora", "created_at": now,
                 "updated_at": now, "updated_by": "Bench", "kind": "new", "former_status": "prospect",
                 "open_for": dealer_id, "checklist_id": checklist_id, "anchor_on": began, "note": "",
                 "target_on": today + timedelta(days=rng.randrange(5, 90)), "closing_reason": "",
                 "stage_entered_at": now - timedelta(days=rng.randrange(30)), **shared}
            )  # fmt: skip
        for table, values in ((Dealer, dealers), (Checklist, checklists), (Onboarding, rows), (OnboardingStage, stays),
                              (ChecklistItem, items)):  # fmt: skip
            session.execute(insert(table), values)
        made = session.scalars(select(Onboarding).where(Onboarding.id >= first[Onboarding])).all()
        summary.refresh_many(session, made, {case.id: today for case in made})
        session.commit()


def _items(rng: Random, items: list[dict[str, Any]], *, checklist_id: int, began: Any, today: Any, now: datetime,
           shared: dict[str, Any]) -> str:  # fmt: skip
    """The items of one case, done as far as its age allows; gives the stage it is in."""
    done: set[str] = set()
    stage = STAGES[-1]
    for position, spec in enumerate(STANDARD):
        due = began + timedelta(days=spec.due_days)
        is_ready = all(code in done for code in spec.depends_on)
        is_done = is_ready and due < today and rng.random() < 0.97
        done |= {spec.code} if is_done else set()
        if not is_done and STAGES.index(spec.stage) < STAGES.index(stage):
            stage = spec.stage
        items.append(
            {"checklist_id": checklist_id, "position": position, "code": spec.code, "title": spec.title,
             "section": spec.section, "stage": spec.stage, "owner": spec.owner, "due_on": due,
             "duration_days": spec.duration_days, "weight": spec.weight, "depends_on": list(spec.depends_on),
             "evidence": spec.evidence, "is_gate": spec.is_gate, "second_person": spec.second_person, "help": "",
             "status": "done" if is_done else "open", "is_open": not is_done, "ready_on": began if is_ready else None,
             "done_on": due if is_done else None, "done_at": now if is_done else None,
             "took_days": spec.duration_days if is_done else None, "version": 1, "updated_at": now,
             "updated_by": "Bench", **shared}
        )  # fmt: skip
    return stage


def data_layer(now: datetime) -> list[tuple[str, Any]]:
    """What the page asks for, as actions to be timed."""
    from db.core.actor import EVERYTHING
    from db.core.session import reading
    from db.onboarding.queries import CaseFilters, board, list_cases, overview

    def ask(query: Any, **arguments: Any) -> Any:
        def action() -> Any:
            with reading() as session:
                return query(session, scope=EVERYTHING, **arguments)

        return action

    return [
        ("Onboarding, board of 200 cases", ask(board, filters=CaseFilters())),
        ("Onboarding, first page of 50", ask(list_cases, filters=CaseFilters())),
        ("Onboarding, numbers above", ask(overview, now=now)),
    ]
