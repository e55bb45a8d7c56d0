"""Template versions: drafted, changed, published, retired. A published one is frozen; a change is a new version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.checklist.items import specs_of
from db.checklist.model import ItemSpec
from db.checklist.purposes import Purpose, purpose
from db.checklist.rules import differences, template_problems
from db.checklist.tables import ChecklistTemplate, ChecklistTemplateItem
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale

STATUS_LABELS = {"draft": "Draft", "published": "Published", "retired": "Retired"}


def make_draft(session: Session, *, purpose_name: str, from_id: int | None, actor: Actor, now: datetime) -> int:
    """Begin a new version with the items of version `from_id`, or of the standard list; gives its id.

    Refused (`draft_exists`) while the purpose has another draft.
    """
    actor.require(Permission.CHECKLISTS_MANAGE)
    found = purpose(purpose_name)
    source = _get(session, from_id) if from_id is not None else None
    if source is not None and source.purpose != purpose_name:
        raise NotFound("This version")
    specs = specs_of(session, template_id=source.id) if source is not None else list(found.standard)
    template = _insert(session, found, "draft", specs, actor=actor, now=now)
    basis = f"from version {source.number}" if source is not None else "from the standard list"
    _note(
        session, "make_draft", template, f"version {template.number} was drafted {basis}", actor=actor, now=now,
        after={"items": len(specs)},
    )  # fmt: skip
    return template.id


def publish_standard(session: Session, *, purpose_name: str, actor: Actor, now: datetime) -> int:
    """Publish the standard list of a purpose that has no published version yet; gives its id."""
    actor.require(Permission.CHECKLISTS_MANAGE)
    found = purpose(purpose_name)
    if session.scalar(select(ChecklistTemplate.id).where(ChecklistTemplate.slot == f"{purpose_name}:published")):
        raise Refused(Problem(code="is_published", message=f"{found.label}: a version is published already."))
    template = _insert(session, found, "published", list(found.standard), actor=actor, now=now)
    _note(
        session, "publish_standard", template, f"the standard list was published as version {template.number}",
        actor=actor, now=now, after={"items": len(found.standard)},
    )  # fmt: skip
    return template.id


def save_draft(
    session: Session, *, template_id: int, seen_version: int, items: Sequence[ItemSpec], note: str, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Replace the items of a draft; gives its new version. Problems: `items` (each names its item) and `note`."""
    actor.require(Permission.CHECKLISTS_MANAGE)
    template = _open_draft(session, template_id, seen_version)
    problems = Problems()
    problems.found += template_problems(items, stages=purpose(template.purpose).stage_names)
    note = note.strip()
    if len(note) > 1000:
        problems.add("note", "too_long", "The note has at most 1,000 characters.")
    problems.refuse_if_any()
    changed = differences(specs_of(session, template_id=template.id), items)
    session.execute(delete(ChecklistTemplateItem).where(ChecklistTemplateItem.template_id == template.id))
    _insert_items(session, template.id, items)
    template.note = note
    _touch(template, actor=actor, now=now)
    _note(
        session, "save_draft", template, f"the draft of version {template.number} was changed", actor=actor, now=now,
        after={"changes": changed[:50]},
    )  # fmt: skip
    return template.version


def publish(session: Session, *, template_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Freeze a draft and use it for new checklists; the version used so far is retired. Running ones keep theirs."""
    actor.require(Permission.CHECKLISTS_MANAGE)
    template = _open_draft(session, template_id, seen_version)
    specs = specs_of(session, template_id=template.id)
    found = template_problems(specs, stages=purpose(template.purpose).stage_names)
    if found:
        raise Refused(*found)
    before = session.scalars(
        select(ChecklistTemplate).where(ChecklistTemplate.slot == f"{template.purpose}:published").with_for_update()
    ).one_or_none()
    changed = differences(specs_of(session, template_id=before.id), specs) if before is not None else []
    if before is not None:
        before.status, before.slot = "retired", None
        _touch(before, actor=actor, now=now)
        session.flush()  # its slot has to be free before the next one takes it
    template.status, template.slot, template.published_at = "published", f"{template.purpose}:published", now
    _touch(template, actor=actor, now=now)
    _flush(session, "Another version was published meanwhile.")
    _note(
        session, "publish", template, f"version {template.number} was published", actor=actor, now=now,
        before={"published": before.number if before is not None else None}, after={"changes": changed[:50]},
    )  # fmt: skip


def retire(
    session: Session, *, template_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Give up a draft, or use a published version for nothing new any more. Problems: reason."""
    actor.require(Permission.CHECKLISTS_MANAGE)
    template = _locked(session, template_id, seen_version)
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=1000)
    if template.status == "retired":
        problems.add("", "wrong_state", "This version is retired already.")
    problems.refuse_if_any()
    was = template.status
    template.status, template.slot = "retired", None
    _touch(template, actor=actor, now=now)
    said = f"version {template.number} was retired" if was == "published" else f"draft {template.number} was given up"
    _note(session, "retire", template, said, actor=actor, now=now, before={"status": was}, reason=reason)


# ---- the parts -------------------------------------------------------------------------------------------------------
def _get(session: Session, template_id: int) -> ChecklistTemplate:
    template = session.get(ChecklistTemplate, template_id)
    if template is None:
        raise NotFound("This version")
    return template


def _locked(session: Session, template_id: int, seen_version: int) -> ChecklistTemplate:
    template = session.scalars(
        select(ChecklistTemplate)
        .where(ChecklistTemplate.id == template_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if template is None:
        raise NotFound("This version")
    if template.version != seen_version:
        raise Stale(
            what=f"Version {template.number}", changed_by=template.updated_by, changed_at=template.updated_at,
            status=STATUS_LABELS[template.status].lower(),
        )  # fmt: skip
    return template


def _open_draft(session: Session, template_id: int, seen_version: int) -> ChecklistTemplate:
    template = _locked(session, template_id, seen_version)
    if template.status != "draft":
        sentence = f"Version {template.number} is {template.status} and stays as it is; make a new version instead."
        raise Refused(Problem(code="frozen", message=sentence, rule="domain-rules 2.8"))
    return template


def _insert(
    session: Session, found: Purpose, status: str, specs: Sequence[ItemSpec], *, actor: Actor, now: datetime
) -> ChecklistTemplate:
    last = session.scalar(select(func.max(ChecklistTemplate.number)).where(ChecklistTemplate.purpose == found.name))
    number = (last or 0) + 1
    template = ChecklistTemplate(
        purpose=found.name, number=number, title=f"{found.label} {number}", status=status,
        slot=f"{found.name}:{status}", version=1, note="", created_at=now, updated_at=now, updated_by=actor.name,
        published_at=now if status == "published" else None,
    )  # fmt: skip
    session.add(template)
    _flush(session, f"{found.label}: there is a {status} version already; go on with that one.")
    _insert_items(session, template.id, specs)
    return template


def _flush(session: Session, sentence: str) -> None:
    """Write now: the unique slot says whether somebody else was faster."""
    try:
        session.flush()
    except IntegrityError:
        raise Refused(Problem(code="slot_taken", message=sentence)) from None


def _insert_items(session: Session, template_id: int, specs: Sequence[ItemSpec]) -> None:
    rows = [
        {
            "template_id": template_id, "position": position, "code": s.code, "title": s.title.strip(),
            "section": s.section.strip(), "stage": s.stage, "owner": s.owner, "due_days": s.due_days,
            "duration_days": s.duration_days, "weight": s.weight, "depends_on": list(s.depends_on),
            "evidence": s.evidence, "is_gate": s.is_gate, "second_person": s.second_person, "help": s.help.strip(),
        }
        for position, s in enumerate(specs)
    ]  # fmt: skip
    if rows:
        session.execute(insert(ChecklistTemplateItem), rows)


def _touch(template: ChecklistTemplate, *, actor: Actor, now: datetime) -> None:
    template.version += 1
    template.updated_at, template.updated_by = now, actor.name


def _note(
    session: Session, command: str, template: ChecklistTemplate, said: str, *, actor: Actor, now: datetime,
    reason: str = "", **changed: Any,
) -> None:  # fmt: skip
    changes.touch(session, "checklist")
    timeline.record(
        session, actor=actor, now=now, area="checklist", command=command, reason=reason,
        summary=f"Checklist “{purpose(template.purpose).label}”: {said}.",
        items=[timeline.Item("checklist_template", template.id)], **changed,
    )  # fmt: skip
