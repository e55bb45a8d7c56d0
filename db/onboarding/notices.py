"""Who is told about onboardings; each person once for each thing."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.permissions import Permission
from db.onboarding.tables import Onboarding, Person
from db.people.notifications import notify
from db.people.queries import people_to_tell


def _people(session: Session, case: Onboarding, permission: Permission, *, dealer: bool | None = None) -> list[int]:
    """Ids of people who hold a permission for the case's dealer; `dealer` says whose people, None for all."""
    ids = people_to_tell(session, dealer_id=case.dealer_id, region=case.region, permission=permission)
    if dealer is None:
        return ids
    roles = session.execute(select(Person.id, Person.role).where(Person.id.in_(ids)))
    return [i for i, role in roles if role.startswith("dealer_") == dealer]


def tell_submitted(session: Session, case: Onboarding, *, by: int | None, now: datetime) -> None:
    """A case was put forward: whoever may decide is told, but for who did it."""
    people = [p for p in _people(session, case, Permission.ONBOARDING_DECIDE) if p != by]
    notify(
        session, person_ids=people, kind="onboarding", title=f"{case.number} waits for the go-live decision", body="",
        item_type="onboarding", item_id=case.id, dedupe_key=f"onboarding:{case.id}:submitted:{case.version}", now=now,
        mail=True,
    )  # fmt: skip


def tell_failed_gate(
    session: Session, case: Onboarding, *, title: str, reason: str, by: int | None, now: datetime
) -> None:
    """A gate failed: who looks after the case, who decides, and the dealer's manager are told."""
    people = {
        *_people(session, case, Permission.ONBOARDING_DECIDE),
        *_people(session, case, Permission.ONBOARDING_WORK, dealer=True),
    }
    if case.assignee_id is not None:
        people.add(case.assignee_id)
    notify(
        session, person_ids=people - {by or 0}, kind="onboarding", title=f"{case.number}: {title} failed", body=reason,
        item_type="onboarding", item_id=case.id, dedupe_key=f"onboarding:{case.id}:failed:{title}:{now:%Y%m%d%H%M}",
        now=now, mail=True,
    )  # fmt: skip


def tell_assigned(session: Session, case: Onboarding, *, by: int | None, now: datetime) -> None:
    """Somebody else looks after the case from now on; whoever did it themselves is not told."""
    people = [case.assignee_id] if case.assignee_id is not None and case.assignee_id != by else []
    notify(
        session, person_ids=people, kind="onboarding", title=f"{case.number} was handed to you", body="",
        item_type="onboarding", item_id=case.id, dedupe_key=f"onboarding:{case.id}:assigned:{case.version}", now=now,
        mail=True,
    )  # fmt: skip


def tell_activated(session: Session, case: Onboarding, *, by: int | None, now: datetime) -> None:
    """The dealer is live: its people, and who looked after the case."""
    people = set(_people(session, case, Permission.ONBOARDING_WORK, dealer=True))
    if case.assignee_id is not None:
        people.add(case.assignee_id)
    notify(
        session, person_ids=people - {by or 0}, kind="onboarding", title=f"{case.number}: the dealer is live", body="",
        item_type="onboarding", item_id=case.id, dedupe_key=f"onboarding:{case.id}:active", now=now, mail=True,
    )  # fmt: skip


def tell_due(session: Session, case: Onboarding, *, owner: str, titles: list[str], day: date, now: datetime) -> int:
    """Items are due within days: the dealer's people about theirs, who looks after the case about ours."""
    if owner == "dealer":
        people = set(_people(session, case, Permission.ONBOARDING_WORK, dealer=True))
    else:
        people = (
            {case.assignee_id}
            if case.assignee_id
            else set(_people(session, case, Permission.ONBOARDING_MANAGE, dealer=False))
        )
    side = "dealer" if owner == "dealer" else "us"
    what = "an item is" if len(titles) == 1 else f"{len(titles)} items are"
    return notify(
        session, person_ids=people, kind="onboarding", item_type="onboarding", item_id=case.id, now=now, mail=True,
        title=f"{case.number}: {what} due",
        body="\n".join(titles), dedupe_key=f"onboarding:{case.id}:due:{side}:{day:%Y%m%d}",
    )  # fmt: skip
