"""What `python -m db check` verifies about onboardings and their checklists."""

from __future__ import annotations

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import Session

from db.checklist.items import specs_of
from db.checklist.purposes import purpose
from db.checklist.rules import template_problems
from db.core.area import Check
from db.onboarding import summary
from db.onboarding.flow import FLOW
from db.onboarding.tables import Checklist, ChecklistItem, ChecklistTemplate, Dealer, Onboarding, OnboardingStage

MOST = 20


def cases_are_possible(session: Session) -> list[str]:
    """Cases that contradict their state, their dealer, their checklist or their stages, as sentences."""
    final = tuple(s.name for s in FLOW.states if s.final)
    ask = (
        ("is open in a closed state or closed in an open one", Onboarding.is_open == Onboarding.status.in_(final)),
        ("is open and does not hold its dealer",
         Onboarding.is_open.is_(True) & func.coalesce(Onboarding.open_for != Onboarding.dealer_id, true())),
        ("is closed and still holds its dealer", Onboarding.is_open.is_(False) & Onboarding.open_for.is_not(None)),
        ("has no checklist", Onboarding.checklist_id.is_(None)),
        ("is live without a day of going live", (Onboarding.status == "active") & Onboarding.activated_at.is_(None)),
    )  # fmt: skip
    found = []
    for what, condition in ask:
        numbers = session.scalars(select(Onboarding.number).where(condition).order_by(Onboarding.id).limit(MOST)).all()
        if numbers:
            found.append(f"onboarding {', '.join(numbers)} {what}")
    strays = session.scalars(
        select(Onboarding.number)
        .join(Dealer, Dealer.id == Onboarding.dealer_id)
        .where(Onboarding.is_open == true(), or_(Dealer.status != "onboarding", Dealer.region != Onboarding.region))
        .limit(MOST)
    ).all()
    if strays:
        found.append(f"onboarding {', '.join(strays)} is open, but its dealer is not onboarding or in another region")
    here = dict(
        session.execute(
            select(OnboardingStage.onboarding_id, func.count())
            .where(OnboardingStage.left_at.is_(None))
            .group_by(OnboardingStage.onboarding_id)
        ).all()
    )
    for case_id, number, is_open in session.execute(select(Onboarding.id, Onboarding.number, Onboarding.is_open)):
        if here.get(case_id, 0) != int(is_open):
            found.append(f"onboarding {number} is in no stage, in several, or in one although it is closed")
    return found


def items_are_possible(session: Session) -> list[str]:
    """Items that are open in a closed checklist, or done while something they wait on is open, as sentences."""
    found = [
        f"checklist {number} is closed and has open items"
        for number in session.scalars(
            select(Checklist.id)
            .join(ChecklistItem, ChecklistItem.checklist_id == Checklist.id)
            .where(Checklist.outcome != "", ChecklistItem.is_open == true())
            .distinct()
            .limit(MOST)
        )
    ]
    status: dict[int, dict[str, str]] = {}
    waits: list[tuple[int, str, list[str]]] = []
    for row in session.execute(
        select(ChecklistItem.checklist_id, ChecklistItem.code, ChecklistItem.status, ChecklistItem.depends_on)
    ):
        status.setdefault(row.checklist_id, {})[row.code] = row.status
        if row.status == "done":
            waits.append((row.checklist_id, row.code, row.depends_on))
    for number, code, needed in waits:
        left = [c for c in needed if status[number].get(c, "done") in ("open", "failed")]
        if left:
            found.append(f"checklist {number}: {code} is done, but it waits on {', '.join(left)}")
    return found[:MOST]


def templates_are_sound(session: Session) -> list[str]:
    """Published versions with a circle or another problem, as sentences."""
    found = []
    for row in session.scalars(select(ChecklistTemplate).where(ChecklistTemplate.status == "published")):
        stages = purpose(row.purpose).stage_names
        found += [
            f"{row.title}: {problem.message}"
            for problem in template_problems(specs_of(session, template_id=row.id), stages=stages)
        ]
    return found


CHECKS = (
    Check(name="Onboardings are possible", run=cases_are_possible),
    Check(name="Onboarding lists agree with the checklists", run=summary.differences),
    Check(name="Items of checklists are possible", run=items_are_possible),
    Check(name="Published checklists are sound", run=templates_are_sound),
)
