"""The rules of appointments as tables of cases (domain-rules 2.2 F, G)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from db.appointments.invitation import Invitation, write_invitation
from db.appointments.rules import (
    Policy,
    check_policy,
    check_time,
    counts_as_due,
    end_by_lead,
    is_missed,
    may_check_in,
    overlaps,
    planned_touches,
)
from db.core.outbox import OutboxMail

NOW = datetime(2026, 6, 29, 14, 0, tzinfo=UTC)
H, D = timedelta(hours=1), timedelta(days=1)

TIMES = [
    (None, ["required"]),
    (NOW.replace(tzinfo=None), ["required"]),
    (NOW, ["past"]),
    (NOW - H, ["past"]),
    (NOW + timedelta(minutes=1), []),
    (NOW + 365 * D, []),
    (NOW + 365 * D + H, ["too_far"]),
]


@pytest.mark.parametrize("starts_at, codes", TIMES, ids=[str(i) for i in range(len(TIMES))])
def test_when_can_be_booked(starts_at, codes):
    assert [p.code for p in check_time(starts_at, now=NOW)] == codes


TOUCHES = [
    (H, ["immediate"]),
    (2 * H, ["immediate"]),
    (3 * H, ["immediate", "hours"]),
    (24 * H, ["immediate", "hours"]),
    (25 * H, ["immediate", "day", "hours"]),
    (15 * D, ["immediate", "day", "hours"]),
    (16 * D, ["immediate", "far", "day", "hours"]),
]


@pytest.mark.parametrize("ahead, kinds", TOUCHES, ids=[str(a) for a, _ in TOUCHES])
def test_which_confirmations_are_planned(ahead, kinds):
    found = planned_touches(NOW + ahead, now=NOW, policy=Policy())
    assert [t.kind for t in found] == kinds
    assert all(NOW <= t.due_at < NOW + ahead for t in found)


OVERLAPS = [
    (0, 60, 60, 120, False),
    (0, 60, 59, 120, True),
    (0, 60, 10, 20, True),
    (30, 40, 0, 60, True),
    (0, 1, 2, 3, False),
]


@pytest.mark.parametrize("a, b, c, d, answer", OVERLAPS)
def test_when_two_times_overlap(a, b, c, d, answer):
    minute = timedelta(minutes=1)
    first, second = (NOW + a * minute, NOW + b * minute), (NOW + c * minute, NOW + d * minute)
    assert overlaps(*first, *second) is answer
    assert overlaps(*second, *first) is answer


@pytest.mark.parametrize("grace, after, answer", [(60, 59, False), (60, 60, True), (0, 0, True), (30, 31, True)])
def test_when_somebody_has_missed_it(grace, after, answer):
    assert is_missed(NOW, grace_minutes=grace, now=NOW + timedelta(minutes=after)) is answer


DUE = [
    ("shown", -H, None, True),
    ("completed", -H, None, True),
    ("no_show", -H, None, True),
    ("cancelled", -H, None, True),
    ("cancelled_in_error", -H, None, False),
    ("scheduled", -H, None, False),
    ("confirmed", -H, None, False),
    ("shown", H, None, False),
    ("cancelled", H, None, False),
    ("rescheduled", -H, -2 * H, False),
    ("rescheduled", -H, -H, True),
    ("rescheduled", -2 * H, -H, True),
]


@pytest.mark.parametrize("status, start, moved, answer", DUE, ids=[f"{s}-{i}" for i, (s, *_) in enumerate(DUE)])
def test_what_counts_as_due(status, start, moved, answer):
    moved_at = NOW + moved if moved is not None else None
    assert counts_as_due(status, starts_at=NOW + start, rescheduled_at=moved_at, now=NOW) is answer


@pytest.mark.parametrize(
    "lead, start, answer",
    [("lost", H, "cancelled"), ("lost", -H, "no_show"), ("bad", H, "cancelled_in_error"),
     ("bad", -H, "cancelled_in_error"), ("expired", H, "cancelled"), ("moved", -H, "no_show")],
)  # fmt: skip
def test_how_a_lead_that_ends_ends_its_appointment(lead, start, answer):
    assert end_by_lead(lead, starts_at=NOW + start, now=NOW) == answer


CHECK_INS = [(H, True), (5 * H, True), (-30 * H, True), (11 * H, False), (24 * H, False)]


@pytest.mark.parametrize("start, answer", CHECK_INS)
def test_when_somebody_can_have_come(start, answer):
    late = NOW + 5 * H  # 19:00 UTC is 15:00 in New York
    assert may_check_in(late + start, now=late, zone="America/New_York") is answer


GOOD = {"sales": 60, "test_drive": 45, "delivery": 90, "service": 60, "other": 30}


@pytest.mark.parametrize(
    "wrong, field",
    [({"grace_minutes": -1}, "grace_minutes"), ({"far_days": 1}, "far_days"),
     ({"lengths": {**GOOD, "other": 0}}, "lengths"),
     ({"bays": ["x" * 41]}, "bays"), ({"bays": [str(i) for i in range(61)]}, "bays")],
)  # fmt: skip
def test_settings_that_cannot_be(wrong, field):
    values: dict[str, Any] = {"grace_minutes": 60, "far_days": 15, "lengths": GOOD, "bays": ["Lift 1"]}
    assert check_policy(**values) == ([], ("Lift 1",))
    problems, _ = check_policy(**(values | wrong))
    assert [p.field for p in problems] == [field]


def test_bays_are_tidied():
    assert check_policy(grace_minutes=0, far_days=2, lengths=GOOD, bays=[" Lift  1", "", "Lift 1"])[1] == ("Lift 1",)


# --------------------------------------------------------------------------------------------------------- invitations
def invitation(**other) -> Invitation:
    values: dict[str, Any] = {
        "uid": "A-1@desk", "sequence": 0, "kind": "test_drive", "starts_at": NOW + D, "ends_at": NOW + D + H,
        "zone": "America/Chicago", "dealer_name": "Lone Pine, Motors; North", "place": "Lone Pine, 1 Main St",
    }  # fmt: skip
    return Invitation(**(values | other))


@pytest.mark.parametrize("method, status", [("REQUEST", "TENTATIVE"), ("CANCEL", "CANCELLED")])
def test_an_invitation_reads_back_as_it_was_meant(method, status):
    made = Calendar.from_ical(write_invitation(invitation(sequence=3), method=method, now=NOW))
    (event,) = made.walk("VEVENT")
    assert (str(made["METHOD"]), str(event["STATUS"]), str(event["UID"]), event.decoded("SEQUENCE")) == (
        method, status, "A-1@desk", 3,
    )  # fmt: skip
    assert event.decoded("DTSTART") == NOW + D
    assert event["DTSTART"].params["TZID"] == "America/Chicago"
    assert str(event["SUMMARY"]) == "Test drive at Lone Pine, Motors; North"
    assert not {"ATTENDEE", "ORGANIZER", "CONTACT"} & set(event)


def test_a_mail_carries_its_invitation():
    from db.core.mailer import compose

    text = write_invitation(invitation(), method="REQUEST", now=NOW)
    message = compose("jane@mail.example", "Hello", "Body", mail_id=1, at=NOW, calendar=text)
    (part,) = list(message.iter_attachments())
    assert (part.get_content_type(), part.get_param("method")) == ("text/calendar", "REQUEST")
    assert "UID:A-1@desk" in part.get_content()
    assert not list(compose("jane@mail.example", "Hello", "Body", mail_id=1, at=NOW).iter_attachments())
    assert OutboxMail.__table__.c.calendar.nullable
