"""Appointments of the demo: real bookings behind the journeys of leads; some confirmed, moved, called off, missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appointments.booking_commands import book_for_lead
from db.appointments.commands import book, cancel, check_in, check_in_lead, complete, miss, reschedule, set_in_error
from db.appointments.policy_commands import set_policy
from db.appointments.rules import LENGTHS
from db.appointments.tables import Appointment
from db.appointments.touch_commands import confirm_next
from db.core.actor import Actor, system_actor
from db.core.problems import Refused
from db.core.session import reading
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from seed.cast import turn_of

if TYPE_CHECKING:
    from seed.story import Story

BAYS = ("Lift 1", "Lift 2", "Delivery bay")
SHOPS = ("00101", "00202", "00402")
GRACE = timedelta(minutes=61)
STEPS: dict[str, Callable[..., Any]] = {}
KINDS = ("sales", "sales", "test_drive", "test_drive", "test_drive", "other")


def _set(session: Session, *, item_id: int, appointment_at: datetime, now: datetime, **more: Any) -> int:
    """A time agreed on a lead: with the lead's person, half an hour later where that person is taken."""
    kind = KINDS[Random(appointment_at.isoformat()).randrange(len(KINDS))]
    host: int | None = more["actor"].user_id
    for later in range(8):
        try:
            at = max(appointment_at, now + timedelta(minutes=15)) + timedelta(minutes=30 * later)
            return book_for_lead(
                session,
                item_id=item_id,
                appointment_at=at,
                kind=kind,
                host_id=host,
                outside_hours=True,
                now=now,
                **more,
            )
        except Refused as refusal:
            if refusal.code == "unknown":
                host = None  # the desk books for a dealer it does not work at
            elif refusal.code != "double_booked":
                raise
    raise AssertionError("a whole afternoon cannot be taken")


STEPS |= {"set_appointment": _set, "show_appointment": check_in_lead}


def after_booking(story: Story, lead_id: int, now: datetime) -> None:
    """What happens to the time just agreed: confirmed, moved or called off by chance, missed after its grace."""
    with reading(story.bind) as session:
        found = session.scalar(
            select(Appointment.id)
            .where(Appointment.lead_id == lead_id, Appointment.status == "scheduled")
            .order_by(Appointment.id.desc())
            .limit(1)
        )
    if found is not None:
        _expect(story, _load(story, found), now)


def _load(story: Story, item_id: int) -> Appointment:
    with reading(story.bind) as session:
        item = session.get_one(Appointment, item_id)
        session.expunge(item)
        return item


def _expect(story: Story, item: Appointment, now: datetime) -> None:
    rng = Random(f"{item.starts_at.isoformat()}:{now.isoformat()}")
    chance = rng.random()
    before = item.starts_at - now
    if chance < 0.6:
        story.at(
            max(now, item.starts_at - before * rng.uniform(0.1, 0.6)), partial(_step, story, confirm_next, item.id)
        )
    if 0.86 < chance < 0.93 and before > timedelta(days=1):
        later = item.starts_at + timedelta(hours=rng.choice((1, 2)))
        story.at(item.starts_at - before * 0.5, partial(_move, story, item.id, later))
    elif chance > 0.97:
        story.at(item.starts_at - before * 0.4, partial(_step, story, set_in_error, item.id, reason="Entered twice"))
    elif chance > 0.93:
        story.at(item.starts_at - before * 0.3, partial(_step, story, cancel, item.id, reason="plans"))
    story.at(item.starts_at + GRACE, partial(_step, story, miss, item.id))
    story.at(item.ends_at + timedelta(minutes=20), partial(_step, story, complete, item.id))


def _actor(story: Story, item: Appointment) -> Actor:
    assert item.dealer_id is not None
    return story.cast.sales(item.dealer_id, turn=turn_of(item.created_at), assignee_id=item.assignee_id)


def _step(story: Story, command: Callable[..., Any], item_id: int, now: datetime, **inputs: Any) -> None:
    """One step of the person who hosts, where it still fits; the sweep enters who did not come."""
    item = _load(story, item_id)
    actor = system_actor() if command is miss else _actor(story, item)
    try:
        story.do(command, item_id=item_id, seen_version=item.version, actor=actor, now=now, **inputs)
    except Refused:
        story.overtaken[command.__name__] += 1


def _move(story: Story, item_id: int, later: datetime, now: datetime) -> None:
    item = _load(story, item_id)
    try:
        child = story.do(
            reschedule, item_id=item_id, seen_version=item.version, starts_at=later, outside_hours=True,
            actor=_actor(story, item), now=now,
        )  # fmt: skip
    except Refused:
        story.overtaken["reschedule"] += 1
        return
    story.at(later + GRACE, partial(_step, story, miss, child))
    story.at(later + timedelta(minutes=80), partial(_step, story, complete, child))


def expect(story: Story, *, seed: int, start: datetime) -> None:
    """Settings of some dealers, and a workshop with times for customers without a lead."""
    rng = Random(f"{seed}:appointments")
    story.at(start + timedelta(days=2), partial(_settings, story))
    for days in range(12, 0, -1):
        story.at(story.until - timedelta(days=days, hours=3), partial(_service, story, rng))
    story.at(story.until - timedelta(hours=4), partial(_service, story, rng))


def _shops(story: Story) -> list[tuple[int, str]]:
    with reading(story.bind) as session:
        rows = session.execute(select(Dealer.id, Dealer.code).where(Dealer.status == "active").order_by(Dealer.code))
        return [(dealer_id, code) for dealer_id, code in rows if code in SHOPS]


def _settings(story: Story, now: datetime) -> None:
    for position, (dealer_id, _) in enumerate(_shops(story)):
        story.do(
            set_policy, dealer_id=dealer_id, seen_version=0, grace_minutes=(60, 45, 30)[position % 3], far_days=15,
            lengths={**LENGTHS, "service": (60, 90, 60)[position % 3]}, bays=BAYS,
            actor=story.cast.manager(dealer_id), now=now,
        )  # fmt: skip


def _service(story: Story, rng: Random, now: datetime) -> None:
    """A few service times for tomorrow and later, in the lifts, and one delivery."""
    for dealer_id, _ in _shops(story):
        with reading(story.bind) as session:
            people = session.scalars(
                select(Customer.id)
                .where(Customer.dealer_id == dealer_id, Customer.merged_into_id.is_(None), Customer.purged_at.is_(None))
                .order_by(Customer.id.desc())
                .limit(40)
            ).all()
        for bay in BAYS:
            if not people or rng.random() < 0.3:
                continue
            day = (now + timedelta(days=rng.choice((1, 1, 2, 3, 18)))).replace(minute=0, second=0, microsecond=0)
            at = day.replace(hour=rng.choice((15, 16, 17, 18, 19, 20)))
            kind = "delivery" if bay == "Delivery bay" else "service"
            customer = rng.choice(people)
            try:
                item_id = story.do(
                    book, kind=kind, starts_at=at, customer_id=customer, bay=bay, outside_hours=True,
                    host_id=story.cast.sales(dealer_id, turn=rng.randrange(9), assignee_id=None).user_id,
                    form_key=f"demo:{dealer_id}:{bay}:{at:%y%m%d%H}", actor=story.cast.manager(dealer_id), now=now,
                )  # fmt: skip
            except Refused:
                story.overtaken["service"] += 1
                continue
            item = _load(story, item_id)
            came = item.starts_at + timedelta(minutes=rng.randint(-10, 15))
            if rng.random() < 0.8:
                story.at(came, partial(_arrive, story, item_id))
            _expect(story, item, now)


def _arrive(story: Story, item_id: int, now: datetime) -> None:
    _step(story, check_in, item_id, now)


__all__ = ["STEPS", "after_booking", "expect"]
