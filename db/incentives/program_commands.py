"""Drafting a version of a program and publishing it. What is published is never changed, only followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core import locks, search, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.incentives import books
from db.incentives.calculate import refresh
from db.incentives.model import Program, program_from_json, program_to_json, read_program
from db.incentives.program_rules import check_program, check_successor
from db.incentives.record import note
from db.incentives.tables import IncentiveProgram, IncentiveUnit, IncentiveVersion, SaleReport
from db.incentives.words_rules import changes_between, in_words

ITEM = "incentive_program"


def save_program(
    session: Session, *, body: Mapping[str, Any], effective_from: date | None, reason: str = "",
    seen_version: int = 0, form_key: str | None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Keep a draft of the next version of a program (of a new one when its code is new) and give the draft's id.

    `body` holds the fields of model.Program; `seen_version` is that of the draft that is changed, 0 for a new one.
    Problems: its fields, dotted ("rule.cents"), effective_from.
    """
    actor.require(Permission.INCENTIVES_DRAFT)
    for_all(actor)
    known = (
        session.scalar(select(IncentiveVersion.id).where(IncentiveVersion.form_key == form_key)) if form_key else None
    )
    if known is not None:
        timeline.repeated(session)
        return known
    program, wrong = read_program(dict(body))
    if program is None:
        raise Refused(*(Problem(code="invalid", field=field, message=said) for field, said in wrong))
    first = effective_from or program.program.first
    locks.hold(session, f"incentive-program:{program.code}")
    owner = session.scalars(select(IncentiveProgram).where(IncentiveProgram.code == program.code)).one_or_none()
    problems = Problems()
    check_draft(session, program, first, owner, problems)
    problems.refuse_if_any()
    if owner is None:
        values = {
            "code": program.code, "name": program.name, "kind": program.rule.kind, "committed_cents": 0, "version": 1,
            "created_at": now, "created_by": actor.name, "updated_at": now, "updated_by": actor.name,
        }  # fmt: skip
        insert_or_ignore(session, IncentiveProgram, values)
        owner = session.scalars(select(IncentiveProgram).where(IncentiveProgram.code == program.code)).one()
    held = next((v for v in versions_of(session, owner.id) if v.state == "draft"), None)
    if held is not None and seen_version != held.version:
        raise Stale(what=f"The draft of {owner.code}", changed_by=held.updated_by, changed_at=held.updated_at)
    before = program_from_json(held.body) if held else None
    draft = keep_draft(session, owner, program, first=first, reason=reason, form_key=form_key, actor=actor, now=now)
    said = list(changes_between(before, program)) if before else list(in_words(program))
    note(
        session, "save_program", f"{owner.code}: draft of version {draft.number}.", [timeline.Item(ITEM, owner.id)],
        actor=actor, now=now, after={"says": said}, reason=draft.reason,
    )  # fmt: skip
    return draft.id


def keep_draft(
    session: Session, owner: IncentiveProgram, program: Program, *, first: date, reason: str, form_key: str | None,
    actor: Actor, now: datetime,
) -> IncentiveVersion:  # fmt: skip
    """Write the draft of a program's next version, over the one there is; checked and noted by who calls it."""
    versions = versions_of(session, owner.id)
    draft = next((v for v in versions if v.state == "draft"), None)
    if draft is None:
        draft = IncentiveVersion(program_id=owner.id, number=len(versions) + 1, state="draft", version=0)
        session.add(draft)
    draft.body = program_to_json(program.model_copy(update={"version": draft.number}))
    draft.effective_from, draft.last_day, draft.reason = first, program.program.last, reason.strip()
    draft.version += 1
    draft.username, draft.updated_at, draft.updated_by = actor.username, now, actor.name
    draft.form_key = form_key or draft.form_key
    session.flush()
    _index(session, owner, program)
    return draft


def _index(session: Session, owner: IncentiveProgram, program: Program) -> None:
    """Make the program findable by its code, its name and its bulletin; who may see it is asked when it is found."""
    texts = [owner.code, owner.name, program.name, program.bulletin]
    search.index(session, kind=ITEM, item_id=owner.id, texts=texts, dealer_id=None, region=None)


def publish_program(
    session: Session, *, version_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> int:
    """Publish a draft: it holds from its first day on, and what was earned is calculated anew at once.

    Gives how many entries that made. Approved claims keep the version they were approved under. Problems: reason, the
    fields of the draft, budget_cents.
    """
    actor.require(Permission.INCENTIVES_PUBLISH)
    for_all(actor)
    draft = session.get(IncentiveVersion, version_id)
    if draft is None:
        raise NotFound("This version")
    program = program_from_json(draft.body)
    locks.hold(session, f"incentive-program:{program.code}")
    session.refresh(draft)
    if draft.state != "draft" or draft.version != seen_version:
        raise Stale(
            what=f"The draft of {program.code}", changed_by=draft.updated_by, changed_at=draft.updated_at,
            status=draft.state,
        )  # fmt: skip
    owner = session.scalars(
        select(IncentiveProgram)
        .where(IncentiveProgram.id == draft.program_id)
        .with_for_update(of=IncentiveProgram)
        .execution_options(populate_existing=True)
    ).one()
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=1000)
    if draft.username == actor.username:
        sentence = "You drafted this version; somebody else publishes it."
        problems.add("", "four_eyes", sentence, rule="domain-rules 2.0")
    check_draft(session, program, draft.effective_from, owner, problems)
    problems.refuse_if_any()
    before = books.plans_of(session).get(owner.id, [])
    owner.name, owner.kind, owner.budget_cents = program.name, program.rule.kind, program.budget_cents
    owner.version += 1
    owner.updated_at, owner.updated_by = now, actor.name
    draft.state, draft.reason, draft.published_at, draft.published_by = "published", reason, now, actor.name
    draft.updated_at, draft.updated_by = now, actor.name
    session.flush()
    _index(session, owner, program)
    books.forget_plans(session)
    posted = refresh(
        session, _concerned(session, owner.id, program), actor=actor, now=now, today=now.date(), published=owner.id
    )
    said = changes_between(before[-1].program, program) if before else in_words(program)
    note(
        session, "publish_program", f"{owner.code}: version {draft.number} published, from {draft.effective_from} on.",
        [timeline.Item(ITEM, owner.id)], actor=actor, now=now, reason=reason, before={"versions": len(before)},
        after={"version": draft.number, "says": list(said), "entries": posted},
    )  # fmt: skip
    return posted


def discard_draft(session: Session, *, version_id: int, seen_version: int, actor: Actor, now: datetime) -> None:
    """Throw a draft away; a program without any version goes with it."""
    actor.require(Permission.INCENTIVES_DRAFT)
    for_all(actor)
    draft = session.get(IncentiveVersion, version_id)
    if draft is None:
        raise NotFound("This version")
    if draft.state != "draft" or draft.version != seen_version:
        raise Stale(
            what="This draft", changed_by=draft.updated_by, changed_at=draft.updated_at, status=draft.state
        )  # fmt: skip
    code, program_id, number = draft.program.code, draft.program_id, draft.number
    session.execute(delete(IncentiveVersion).where(IncentiveVersion.id == version_id))
    if number == 1:
        session.execute(delete(IncentiveProgram).where(IncentiveProgram.id == program_id))
        search.index(session, kind=ITEM, item_id=program_id, texts=[], dealer_id=None, region=None)
    note(
        session, "discard_draft", f"{code}: draft of version {number} thrown away.",
        [timeline.Item(ITEM, program_id)], actor=actor, now=now, before={"version": number},
    )  # fmt: skip


def recalculate_program(session: Session, *, program_id: int, actor: Actor, now: datetime) -> int:
    """Calculate a whole program anew; gives how many entries that made, 0 when nothing was off (it never should)."""
    actor.require(Permission.INCENTIVES_PUBLISH)
    for_all(actor)
    owner = session.get(IncentiveProgram, program_id)
    plans = books.plans_of(session).get(program_id, [])
    if owner is None or not plans:
        raise NotFound("This program")
    sales = {s.id: s for plan in plans for s in _concerned(session, program_id, plan.program)}
    posted = refresh(session, [sales[i] for i in sorted(sales)], actor=actor, now=now, today=now.date())
    note(
        session, "recalculate_program", f"{owner.code} calculated anew.", [timeline.Item(ITEM, owner.id)], actor=actor,
        now=now, after={"entries": posted},
    )  # fmt: skip
    return posted


def for_all(actor: Actor) -> None:
    """Refuse (`not_allowed`) who does not look after every dealer."""
    if not actor.scope.is_all:
        sentence = "A program holds for every dealer: only somebody who looks after all of them may change it."
        raise Refused(Problem(code="not_allowed", message=sentence))


def versions_of(session: Session, program_id: int) -> list[IncentiveVersion]:
    """Every version of a program, the oldest first."""
    query = select(IncentiveVersion).where(IncentiveVersion.program_id == program_id).order_by(IncentiveVersion.number)
    return list(session.scalars(query))


def check_draft(
    session: Session, program: Program, first: date, owner: IncentiveProgram | None, problems: Problems
) -> None:
    """Add a problem for everything that keeps a draft from following what was published."""
    check_program(program, problems, committed_cents=owner.committed_cents if owner else 0)
    published = [v for v in versions_of(session, owner.id) if v.state == "published"] if owner else []
    newest = published[-1] if published else None
    check_successor(
        program, first, problems, before=program_from_json(newest.body) if newest else None,
        began=newest.effective_from if newest else None,
    )  # fmt: skip


def _concerned(session: Session, program_id: int, program: Program) -> list[SaleReport]:
    """Sales a version may count: delivered or contracted while it runs, and those the program has counted before."""
    days, ids = program.program, set[int]()
    for column in (SaleReport.delivered_on, SaleReport.contract_on):
        ids |= set(session.scalars(select(SaleReport.id).where(column >= days.first, column <= days.last)))
    ids |= set(session.scalars(select(IncentiveUnit.sale_id).where(IncentiveUnit.program_id == program_id)))
    found: list[SaleReport] = []
    ordered = sorted(ids)
    for start in range(0, len(ordered), books.AT_ONCE):
        some = ordered[start : start + books.AT_ONCE]
        found += session.scalars(select(SaleReport).where(SaleReport.id.in_(some)).order_by(SaleReport.id))
    return found
