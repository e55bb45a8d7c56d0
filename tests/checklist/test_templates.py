"""Versions of a checklist: drafted, changed, published, retired; published ones are frozen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from db.checklist import template_commands as commands
from db.checklist.items import specs_of
from db.checklist.queries import get_version, is_published, list_versions
from db.checklist.tables import ChecklistTemplate, ChecklistTemplateItem
from db.core.permissions import Permission, Role, may
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.onboarding.template_default import PURPOSE, STANDARD
from tests.support.core import NOW, actor, at_once

MASON = actor(Role.MANAGER, username="mason")


def do(engine, command, by=MASON, **arguments):
    return run(command, bind=engine, actor=by, now=NOW, **arguments)


def items(engine, template_id):
    with reading(engine) as session:
        return specs_of(session, template_id=template_id)


def statuses(engine):
    with reading(engine) as session:
        rows = session.execute(
            select(ChecklistTemplate.number, ChecklistTemplate.status).order_by(ChecklistTemplate.id)
        )
        return [tuple(row) for row in rows]


def test_from_the_standard_list_to_a_second_version(engine):
    first = do(engine, commands.publish_standard, purpose_name=PURPOSE)
    assert items(engine, first) == list(STANDARD)
    draft = do(engine, commands.make_draft, purpose_name=PURPOSE, from_id=first)
    changed = [replace(STANDARD[0], due_days=9), *STANDARD[1:]]
    assert do(engine, commands.save_draft, template_id=draft, seen_version=1, items=changed, note="More time") == 2
    assert items(engine, first) == list(STANDARD)
    do(engine, commands.publish, template_id=draft, seen_version=2)
    assert statuses(engine) == [(1, "retired"), (2, "published")]
    with reading(engine) as session:
        lines = list_versions(session, purpose=PURPOSE, actor=MASON)
        assert [(v.number, v.items, v.running, v.note) for v in lines] == [(2, 32, 0, "More time"), (1, 32, 0, "")]
        assert get_version(session, template_id=draft, actor=MASON).items[0].due_days == 9


def test_what_is_published_never_changes(engine):
    first = do(engine, commands.publish_standard, purpose_name=PURPOSE)
    for command, more in ((commands.save_draft, {"items": STANDARD[:1], "note": ""}), (commands.publish, {})):
        with pytest.raises(Refused, match="stays as it is") as refusal:
            do(engine, command, template_id=first, seen_version=1, **more)
        assert refusal.value.code == "frozen"
    assert items(engine, first) == list(STANDARD)


def test_one_draft_and_one_published_version_at_most(engine):
    def attempt(number):
        try:
            return do(
                engine,
                commands.make_draft,
                purpose_name=PURPOSE,
                from_id=None,
                by=actor(Role.MANAGER, username=f"m{number}"),
            )
        except Refused as refusal:
            return refusal.code

    answers = at_once(attempt, threads=3)
    assert sorted(map(str, answers)) == ["1", "slot_taken", "slot_taken"]
    assert statuses(engine) == [(1, "draft")]
    with pytest.raises(Refused, match="published already"):
        do(engine, commands.publish_standard, purpose_name=PURPOSE) and do(
            engine, commands.publish_standard, purpose_name=PURPOSE
        )


def test_a_draft_with_mistakes_is_refused_and_stays_as_it_was(sqlite_engine):
    draft = do(sqlite_engine, commands.make_draft, purpose_name=PURPOSE, from_id=None)
    wrong = [replace(STANDARD[0], depends_on=("ownership",)), *STANDARD[1:]]
    with pytest.raises(Refused, match="in a circle: Business profile waits on Owners named") as refusal:
        do(sqlite_engine, commands.save_draft, template_id=draft, seen_version=1, items=wrong, note="x" * 1001)
    assert {p.field for p in refusal.value.problems} == {"items", "note"}
    assert items(sqlite_engine, draft) == list(STANDARD)


def test_a_stale_screen_an_unknown_version_and_a_purpose_nobody_has(sqlite_engine):
    draft = do(sqlite_engine, commands.make_draft, purpose_name=PURPOSE, from_id=None)
    do(sqlite_engine, commands.save_draft, template_id=draft, seen_version=1, items=STANDARD, note="a")
    with pytest.raises(Stale, match="Mason"):
        do(sqlite_engine, commands.publish, template_id=draft, seen_version=1)
    with pytest.raises(NotFound):
        do(sqlite_engine, commands.publish, template_id=99, seen_version=1)
    with pytest.raises(Refused, match="No checklist is for"):
        do(sqlite_engine, commands.make_draft, purpose_name="tea", from_id=None)


def test_a_version_is_retired_with_a_reason_and_then_nothing_is_in_use(sqlite_engine):
    first = do(sqlite_engine, commands.publish_standard, purpose_name=PURPOSE)
    with pytest.raises(Refused, match="A reason is needed"):
        do(sqlite_engine, commands.retire, template_id=first, seen_version=1, reason=" ")
    do(sqlite_engine, commands.retire, template_id=first, seen_version=1, reason="The law changed")
    with reading(sqlite_engine) as session:
        assert not is_published(session, purpose=PURPOSE)
    with pytest.raises(Refused, match="retired already"):
        do(sqlite_engine, commands.retire, template_id=first, seen_version=2, reason="Again")
    assert do(sqlite_engine, commands.publish_standard, purpose_name=PURPOSE) != first
    assert statuses(sqlite_engine) == [(1, "retired"), (2, "published")]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_manage_checklists(sqlite_engine, role):
    if may(role, Permission.CHECKLISTS_MANAGE):
        assert do(sqlite_engine, commands.publish_standard, by=actor(role), purpose_name=PURPOSE)
        return
    with pytest.raises(Refused, match="may not do this"):
        do(sqlite_engine, commands.publish_standard, by=actor(role), purpose_name=PURPOSE)
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(ChecklistTemplateItem)) == 0
        with pytest.raises(Refused, match="may not do this"):
            list_versions(session, purpose=PURPOSE, actor=actor(role))
