"""Making a checklist from a template and moving its items; parts of the commands of the areas that own checklists.

An area's command checks permission and scope, locks its own record first, then calls these; they lock the checklist,
hold the versions, keep `ready_on` and `took_days`, and leave the timeline entry to the command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.checklist import graph_rules
from db.checklist.model import SATISFIED, Item, ItemSpec
from db.checklist.tables import Checklist, ChecklistItem, ChecklistTemplate, ChecklistTemplateItem
from db.core.actor import Actor
from db.core.problems import NotFound, Problem, Problems, Refused, Stale

_SPEC = (
    "code", "title", "section", "stage", "owner", "duration_days", "weight", "depends_on", "evidence", "is_gate",
    "second_person", "help",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What proves that an item is done; which field counts is the item's kind of evidence."""

    note: str = ""
    day: date | None = None
    number: str = ""
    document_id: int | None = None


def published_template(session: Session, *, purpose: str) -> ChecklistTemplate | None:
    """The version new checklists of a purpose are made from, locked against being retired meanwhile."""
    return session.scalars(
        select(ChecklistTemplate).where(ChecklistTemplate.slot == f"{purpose}:published").with_for_update()
    ).one_or_none()


def specs_of(session: Session, *, template_id: int) -> list[ItemSpec]:
    """The items of a template version in their order."""
    rows = session.scalars(
        select(ChecklistTemplateItem)
        .where(ChecklistTemplateItem.template_id == template_id)
        .order_by(ChecklistTemplateItem.position)
    )
    return [
        ItemSpec(
            **{name: getattr(row, name) for name in _SPEC if name != "depends_on"}, due_days=row.due_days,
            depends_on=tuple(row.depends_on),
        )
        for row in rows
    ]  # fmt: skip


def create_checklist(
    session: Session, *, template: ChecklistTemplate, subject_type: str, subject_id: int, dealer_id: int, region: str,
    anchor_on: date, actor: Actor, now: datetime,
) -> Checklist:  # fmt: skip
    """Make the checklist of a subject; due days count from `anchor_on`, a day of the dealer's zone."""
    checklist = Checklist(
        purpose=template.purpose, subject_type=subject_type, subject_id=subject_id, dealer_id=dealer_id, region=region,
        template_id=template.id, anchor_on=anchor_on, outcome="", version=1, created_at=now,
    )  # fmt: skip
    session.add(checklist)
    session.flush()
    rows = [
        {
            **{name: getattr(spec, name) for name in _SPEC}, "depends_on": list(spec.depends_on),
            "checklist_id": checklist.id, "dealer_id": dealer_id, "region": region, "position": position,
            "due_on": anchor_on + timedelta(days=spec.due_days), "status": "open", "is_open": True,
            "ready_on": None if spec.depends_on else anchor_on, "version": 1, "updated_at": now,
            "updated_by": actor.name,
        }
        for position, spec in enumerate(specs_of(session, template_id=template.id))
    ]  # fmt: skip
    session.execute(insert(ChecklistItem), rows)
    return checklist


def lock(session: Session, *, checklist_id: int) -> Checklist:
    """The checklist, held until the command ends: two people cannot move its items past each other."""
    return session.scalars(
        select(Checklist)
        .where(Checklist.id == checklist_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def rows_of(session: Session, *, checklist_id: int) -> list[ChecklistItem]:
    """The items of a checklist in their order, as they are stored now."""
    return list(
        session.scalars(
            select(ChecklistItem)
            .where(ChecklistItem.checklist_id == checklist_id)
            .order_by(ChecklistItem.position)
            .execution_options(populate_existing=True)
        )
    )


def as_item(row: Any) -> Item:
    """A stored item as the rules take it."""
    return Item(
        code=row.code, title=row.title, status=row.status, weight=row.weight, duration_days=row.duration_days,
        depends_on=tuple(row.depends_on), is_gate=row.is_gate, stage=row.stage, owner=row.owner, due_on=row.due_on,
        ready_on=row.ready_on, done_on=row.done_on, reason=row.reason,
    )  # fmt: skip


class Moving:
    """One item about to be moved, with its whole checklist locked; raises `Stale` when the item changed meanwhile."""

    def __init__(self, session: Session, *, item_id: int, seen_version: int) -> None:
        found = session.scalar(select(ChecklistItem.checklist_id).where(ChecklistItem.id == item_id))
        if found is None:
            raise NotFound("This item")
        self.session = session
        self.checklist = lock(session, checklist_id=found)
        self.rows = rows_of(session, checklist_id=found)
        self.row = next(r for r in self.rows if r.id == item_id)
        if self.checklist.outcome:
            raise Refused(Problem(code="wrong_state", message="This checklist is closed; its items stay as they are."))
        if self.row.version != seen_version:
            raise Stale(
                what=f"“{self.row.title}”", changed_by=self.row.updated_by, changed_at=self.row.updated_at,
                status=self.row.status,
            )  # fmt: skip

    @property
    def by_code(self) -> dict[str, Item]:
        """All items by code, as they are now."""
        return {r.code: as_item(r) for r in self.rows}

    def complete(self, evidence: Evidence, *, today: date, actor: Actor, now: datetime) -> dict[str, Any]:
        """Mark it done; refused while blocked (the chain named), without its evidence, or for want of a second person.

        Problems: `evidence_note`, `evidence_on`, `evidence_number`, `evidence_document_id`, or the whole.
        """
        self._require("open", verb="be completed")
        item = as_item(self.row)
        if waits := graph_rules.waits_on(item, self.by_code):
            raise Refused(Problem(code="blocked", message=f"{waits}.", rule="domain-rules 2.7"))
        self._require_second_person(actor)
        values = checked_evidence(self.row.evidence, evidence)
        ready = self.row.ready_on or today
        return self._write(
            today=today, actor=actor, now=now, status="done", is_open=False, done_on=today, done_at=now,
            done_by=actor.username, done_by_name=actor.name, took_days=max(0, (today - ready).days), reason="",
            **values,
        )  # fmt: skip

    def waive(self, reason: str, *, today: date, actor: Actor, now: datetime) -> dict[str, Any]:
        """Say that this dealer does not need it, with a reason; what waits on it may go on. Problems: reason."""
        self._require("open", "failed", verb="be waived")
        reason = _reason(reason)
        return self._write(
            today=today, actor=actor, now=now, status="waived", is_open=False, reason=reason, done_at=now,
            done_by=actor.username, done_by_name=actor.name,
        )  # fmt: skip

    def fail(self, reason: str, *, today: date, actor: Actor, now: datetime) -> dict[str, Any]:
        """A gate did not pass, with the reason; what waits on it stays blocked until it is opened again and passed.

        A gate may fail before everything it waits on is done: bad news need not wait. Problems: reason.
        """
        if not self.row.is_gate:
            raise Refused(Problem(code="not_a_gate", message=f"“{self.row.title}” is no gate, so it cannot fail."))
        self._require("open", verb="fail")
        self._require_second_person(actor)
        reason = _reason(reason)
        return self._write(
            today=today, actor=actor, now=now, status="failed", is_open=True, reason=reason, done_at=now,
            done_by=actor.username, done_by_name=actor.name,
        )  # fmt: skip

    def reopen(self, reason: str, *, today: date, actor: Actor, now: datetime) -> dict[str, Any]:
        """Open it again, with a reason. Refused while items that wait on it are done: they are named. Problems: reason.

        The evidence stays where it was written, so that nothing is lost; completing it again writes it anew.
        """
        self._require("done", "waived", "failed", verb="be opened again")
        reason = _reason(reason)
        after = [r for r in self.rows if self.row.code in r.depends_on and r.status == "done"]
        if after and self.row.status != "failed":
            names = ", ".join(f"“{r.title}”" for r in after)
            raise Refused(
                Problem(code="has_dependants", message=f"{names} stood on it and is done; open that again first.")
            )
        ready = today if self.row.ready_on is not None else None
        return self._write(
            today=today, actor=actor, now=now, status="open", is_open=True, reason="", done_on=None, done_at=None,
            done_by="", done_by_name="", took_days=None, ready_on=ready, reminded_on=None,
        ) | {"reason": reason}  # fmt: skip

    def _require(self, *statuses: str, verb: str) -> None:
        if self.row.status not in statuses:
            sentence = f"“{self.row.title}” is {self.row.status}, so it cannot {verb}."
            raise Refused(Problem(code="wrong_state", message=sentence))

    def _require_second_person(self, actor: Actor) -> None:
        if not self.row.second_person:
            return
        # Having reviewed an earlier gate is no work of one's own.
        own = [
            r.title
            for r in self.rows
            if r.code in self.row.depends_on and r.done_by == actor.username and not r.is_gate
        ]
        if own:
            sentence = f"You did {', '.join(f'“{t}”' for t in own)} yourself; another person has to review it."
            raise Refused(Problem(code="own_request", message=sentence, rule="domain-rules 2.0"))

    def _write(self, *, today: date, actor: Actor, now: datetime, **values: Any) -> dict[str, Any]:
        """Write the item and the readiness of those that wait on it; gives {"before", "after"} for the timeline."""
        row = self.row
        changed = {k: v for k, v in values.items() if getattr(row, k) != v}
        before = {k: getattr(row, k) for k in changed}
        self.session.execute(
            update(ChecklistItem)
            .where(ChecklistItem.id == row.id)
            .values(**changed, version=row.version + 1, updated_at=now, updated_by=actor.name)
            .execution_options(synchronize_session=False)
        )
        self.session.execute(
            update(Checklist)
            .where(Checklist.id == self.checklist.id)
            .values(version=self.checklist.version + 1)
            .execution_options(synchronize_session=False)
        )
        self.rows = rows_of(self.session, checklist_id=self.checklist.id)
        self.row = next(r for r in self.rows if r.id == row.id)
        self._move_ready_days(today)
        return {"before": before, "after": changed}

    def _move_ready_days(self, today: date) -> None:
        """An item can be worked on from the day its last blocker went; it loses that day when one comes back."""
        status = {r.code: r.status for r in self.rows}
        for row in self.rows:
            if row.status not in ("open", "failed") or self.row.code not in row.depends_on:
                continue
            is_ready = all(status.get(d, "done") in SATISFIED for d in row.depends_on)
            if is_ready != (row.ready_on is not None):
                row.ready_on = today if is_ready else None
        self.session.flush()


def close_checklist(session: Session, *, checklist_id: int, completed: bool, now: datetime) -> None:
    """End it: nothing of it is due any more. Only completed checklists teach forecasts."""
    outcome = "completed" if completed else "abandoned"
    row = lock(session, checklist_id=checklist_id)
    row.outcome, row.closed_at, row.version = outcome, now, row.version + 1
    session.execute(
        update(ChecklistItem)
        .where(ChecklistItem.checklist_id == checklist_id)
        .values(is_open=False)
        .execution_options(synchronize_session=False)
    )
    session.flush()


def checked_evidence(kind: str, given: Evidence) -> Mapping[str, Any]:
    """The columns that keep the evidence; refused when the kind the item asks for is missing.

    A document is one of the dealer's documents, or a note that says where the paper is kept (decision 0026).
    """
    problems = Problems()
    note = given.note.strip()
    if kind == "note":
        note = problems.require(note, "evidence_note", "A note", longest=2000)
    elif note:
        note = problems.require(note, "evidence_note", "The note", longest=2000)
    if kind == "date" and given.day is None:
        problems.add("evidence_on", "required", "The day is needed.")
    number = given.number.strip()
    if kind == "number":
        number = problems.require(number, "evidence_number", "The number", longest=40)
        if number and not any(c.isdigit() for c in number):
            problems.add("evidence_number", "not_a_number", "The number has no digit.")
    if kind == "document" and given.document_id is None and not note:
        sentence = "Choose one of the dealer's documents, or write where the paper is kept."
        problems.add("evidence_document_id", "required", sentence)
    problems.refuse_if_any()
    return {
        "evidence_note": note, "evidence_on": given.day if kind == "date" else None,
        "evidence_number": number if kind == "number" else "",
        "evidence_document_id": given.document_id if kind == "document" else None,
    }  # fmt: skip


def _reason(text: str) -> str:
    problems = Problems()
    reason = problems.require(text, "reason", "A reason", longest=1000)
    problems.refuse_if_any()
    return reason


def observed_days(session: Session, *, purpose: str, most_runs: int = 60) -> dict[str, list[int]]:
    """How many days each item took in the latest completed checklists of a purpose, by code.

    Durations of the whole network: days alone tell nothing of a dealer, so they are learned from without scope.
    """
    latest = (
        select(Checklist.id)
        .where(Checklist.purpose == purpose, Checklist.outcome == "completed")
        .order_by(Checklist.closed_at.desc())
        .limit(most_runs)
        .subquery()
    )
    found: dict[str, list[int]] = {}
    for code, days in session.execute(
        select(ChecklistItem.code, ChecklistItem.took_days)
        .join(latest, latest.c.id == ChecklistItem.checklist_id)
        .where(ChecklistItem.took_days.is_not(None))
    ):
        found.setdefault(code, []).append(days or 0)
    return found


def items_of(session: Session, *, checklist_id: int) -> Sequence[Item]:
    """The items of a checklist as the rules take them."""
    return [as_item(r) for r in rows_of(session, checklist_id=checklist_id)]
