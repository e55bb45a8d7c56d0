"""What people do to groups of rooftops: add one, give it another name or code. Dealers move by `change_dealer`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes as counters
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.dealers import groups, record, rules
from db.dealers.tables import Dealer, DealerGroup


def add_group(session: Session, *, name: str, code: str = "", actor: Actor, now: datetime) -> int:
    """Enter a group of dealers; gives its id. Refused with `name_taken` or `code_taken` when there is one already."""
    actor.require(Permission.DEALERS_MANAGE)
    problems = Problems()
    name, short = _checked(name, code, problems)
    _check_code_is_free(session, short, problems)
    problems.refuse_if_any()
    group = groups.make(session, name, code=short, by=actor.name, now=now)
    if group is None:
        raise Refused(_taken(name))
    counters.touch(session, "dealers")
    timeline.record(
        session, actor=actor, now=now, area="dealers", command="add_group", summary=f"The group {name} was entered.",
        items=[timeline.Item("dealer_group", group.id)], after={"name": name, "code": short or ""},
    )  # fmt: skip
    return group.id


def rename_group(
    session: Session, *, group_id: int, seen_version: int, name: str, code: str = "", actor: Actor, now: datetime
) -> int:
    """Give a group another name or code; gives its version. Its dealers are found by the new name from then on.

    Only for somebody who looks after all of its dealers; a group without any of theirs is `not_found`.
    """
    actor.require(Permission.DEALERS_MANAGE)
    group = session.scalars(select(DealerGroup).where(DealerGroup.id == group_id).with_for_update()).one_or_none()
    dealers = session.scalars(
        select(Dealer).where(Dealer.group_id == group_id).order_by(Dealer.id).with_for_update()
    ).all()
    seen = [dealer for dealer in dealers if actor.scope.allows(dealer_id=dealer.id, region=dealer.region)]
    if group is None or (dealers and not seen):
        raise NotFound("This group")
    if group.version != seen_version:
        raise Stale(what=f"The group {group.name}", changed_by=group.updated_by, changed_at=group.updated_at)
    problems = Problems()
    if len(seen) < len(dealers):
        problems.add("name", "not_allowed", "Only somebody who looks after all of its dealers can change this group.")
    name, short = _checked(name, code, problems)
    if short != group.code:
        _check_code_is_free(session, short, problems)
    key = rules.name_key(name)
    if key != group.name_key and session.scalar(select(DealerGroup.id).where(DealerGroup.name_key == key)) is not None:
        problems.found.append(_taken(name))
    problems.refuse_if_any()
    before = {"name": group.name, "code": group.code or ""}
    after = {"name": name, "code": short or ""}
    changed = [field for field in after if before[field] != after[field]]
    if changed:
        group.name, group.name_key, group.code = name, key, short
        group.version += 1
        group.updated_at, group.updated_by = now, actor.name
        session.flush()
        for dealer in dealers if "name" in changed else ():
            record.index(session, dealer, group=name)
        counters.touch(session, "dealers")
    is_renamed = before["name"] != name
    summary = f"The group {before['name']} is now called {name}." if is_renamed else f"The group {name} was changed."
    timeline.record(
        session, actor=actor, now=now, area="dealers", command="rename_group", summary=summary,
        items=[
            timeline.Item("dealer_group", group.id),
            *(timeline.Item("dealer", dealer.id, dealer.id) for dealer in dealers if changed),
        ],
        before={field: before[field] for field in changed}, after={field: after[field] for field in changed},
    )  # fmt: skip
    return group.version


def _checked(name: str, code: str, problems: Problems) -> tuple[str, str | None]:
    name = problems.require(" ".join(name.split()), "name", "The name", longest=rules.LONGEST["group"])
    if name and not rules.name_key(name):
        problems.add("name", "bad_name", "The name has no letter or digit.")
    return name, rules.check_code(code, problems) if code.strip() else None


def _check_code_is_free(session: Session, code: str | None, problems: Problems) -> None:
    if code and session.scalar(select(DealerGroup.id).where(DealerGroup.code == code)) is not None:
        problems.add("code", "code_taken", f"The code {code} belongs to another group.")


def _taken(name: str) -> Problem:
    return Problem(field="name", code="name_taken", message=f"There is a group {name} already.")
