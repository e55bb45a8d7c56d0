"""What the desk's people do beside the leads: reports taken out, mail switched on, notifications read."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import select

from db.core.session import reading
from db.exports import run_export
from db.leads.jobs import run_breaches, run_expiry, run_warnings
from db.leads.provider_commands import note_use
from db.leads.tables import Lead, LeadProvider
from db.people.commands import edit_person
from db.people.own_commands import mark_read
from db.people.queries import get_person
from db.people.tables import Notification
from seed.network import SEED, Network
from seed.story import Story


class _Export(NamedTuple):
    """Rows somebody takes out, so many days before the end."""

    days: int
    who: str
    kind: str
    file_format: str
    purpose: str
    filters: dict[str, str]


EXPORTS = (
    _Export(128, "mason", "leads", "xlsx", "Quarterly review with the regions", {}),
    _Export(92, "cora", "dealers", "csv", "Address list for the bulletin", {}),
    _Export(61, "leah", "leads", "csv", "Campaign follow-up", {"source": "AutoMarket"}),
    _Export(33, "mason", "leads", "xlsx", "Monthly review", {}),
    _Export(12, "colin", "leads", "xlsx", "Visit preparation", {"region": "Midwest"}),
    _Export(3, "admin", "leads", "jsonl", "Hand-over to the data warehouse", {}),
)


def expect(story: Story, made: Network) -> None:
    """Let the routine happen in its time."""
    for export in EXPORTS:
        story.at(story.until - timedelta(days=export.days, hours=2), partial(_export, story, export))
    for days in range(175, 0, -7):
        story.at(story.until - timedelta(days=days), partial(_expire, story))
    story.at(story.until - timedelta(hours=20), partial(_mail_on, story, made))


def _export(story: Story, export: _Export, now: datetime) -> None:
    story.do(
        run_export, kind=export.kind, file_format=export.file_format, filters=export.filters, purpose=export.purpose,
        actor=story.cast.named(export.who), now=now,
    )  # fmt: skip


def _expire(story: Story, now: datetime) -> None:
    run_expiry(story.bind, now=now)


def _mail_on(story: Story, made: Network, now: datetime) -> None:
    """Give everybody who can sign in an address; from here on the outbox has mail for them."""
    ada = story.cast.named("admin")
    for username, *_ in made.sign_ins:
        with reading(story.bind) as session:
            person = get_person(session, actor=ada, username=username)
        story.do(
            edit_person, person_id=person.person_id, seen_version=person.version, name=person.name, zone=person.zone,
            email=f"{username}@example.com", role=person.role.value, scope_kind=person.scope.kind,
            regions=sorted(person.scope.regions), dealer_ids=sorted(person.scope.dealer_ids), actor=SEED, now=now,
        )  # fmt: skip


def close_day(story: Story, made: Network) -> None:
    """What is true at the end: the sweep has just run, senders were heard, and only the latest news is unread."""
    now = story.until
    run_breaches(story.bind, now=now)
    run_warnings(story.bind, now=now)
    run_expiry(story.bind, now=now)
    usernames = [username for username, *_ in made.sign_ins]
    with reading(story.bind) as session:
        people = [story.cast.named(username).user_id for username in usernames]
        rows = session.execute(
            select(Notification.person_id, Notification.id).where(
                Notification.person_id.in_(people), Notification.created_at < now - timedelta(hours=30)
            )
        ).all()
        heard = session.execute(
            select(LeadProvider.id, Lead.received_at)
            .join(Lead, Lead.provider == LeadProvider.name)
            .where(Lead.channel == "http")
            .order_by(Lead.received_at)
        ).all()
    old: dict[int, list[int]] = {}
    for person_id, notification_id in rows:
        old.setdefault(person_id, []).append(notification_id)
    for person_id, ids in old.items():
        story.note(mark_read, person_id=person_id, ids=ids, now=now - timedelta(hours=29))
    for provider_id, at in dict(heard).items():
        story.note(note_use, provider_id=provider_id, now=at)
