"""What counts as an answer, when a lead may be closed, and what is promised next (domain-rules 2.2 A, B, E).

Pure functions over facts: no database, no clock. Every limit is a default of `Policy`, never a constant in the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from db.calendar.rules import Calendar, NeverOpen, intervals, next_opening
from db.core.labels import plural
from db.core.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The numbers of domain-rules 2.2: working minutes, attempts, days; `cadence_days` count from the first day."""

    first_action_minutes: int = 15
    hot_first_action_minutes: int = 5
    first_quality_minutes: int = 60
    wall_clock_hours: int = 24
    hot_from: int = 70
    warm_from: int = 40
    least_attempts: int = 8
    least_days: int = 10
    cadence_days: tuple[int, ...] = (1, 2, 3, 5, 7, 10, 14, 21, 30)
    idle_days: int = 90


POLICY = Policy()


# ---- what counts (2.2 A) -------------------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What one kind of contact is worth.

    `is_action` stops the first clock, `is_quality` the second (it answered or reached the customer), `is_two_way` is
    contact in the sense of the contact rate, `is_attempt` counts towards the cadence. `why_not` is the sentence shown
    where nothing was stopped.
    """

    direction: str = "out"
    is_attempt: bool = False
    is_action: bool = False
    is_quality: bool = False
    is_two_way: bool = False
    why_not: str = ""


_TRIED = Meaning(is_attempt=True, is_action=True)
_ANSWERED = Meaning(is_attempt=True, is_action=True, is_quality=True)
_SPOKE = Meaning(is_attempt=True, is_action=True, is_quality=True, is_two_way=True)
_INBOUND = Meaning(direction="in", why_not="What the customer sends is not an answer to the customer.")
_AUTOMATIC = Meaning(why_not="A template or automatic message is not an answer.")
_INTERNAL = Meaning(direction="internal", why_not="An internal note is not an answer.")
NOTHING = Meaning(direction="internal", why_not="What the system does is not an answer.")

MEANINGS: dict[tuple[str, str], Meaning] = {
    ("call", "reached"): _SPOKE,
    ("call", "voicemail"): _TRIED,
    ("call", "no_answer"): _TRIED,
    ("call", "wrong_number"): _TRIED,
    ("call", "inbound"): _INBOUND,
    ("email", "sent"): _TRIED,
    ("email", "answered"): _ANSWERED,
    ("email", "inbound"): _INBOUND,
    ("email", "template"): _AUTOMATIC,
    ("text", "sent"): _TRIED,
    ("text", "answered"): _ANSWERED,
    ("text", "inbound"): _INBOUND,
    ("text", "template"): _AUTOMATIC,
    ("chat", "reached"): _SPOKE,
    ("chat", "inbound"): _INBOUND,
    ("letter", "sent"): _TRIED,
    ("letter", "inbound"): _INBOUND,
    ("visit", "shown"): Meaning(is_action=True, is_quality=True, is_two_way=True),
    ("note", "note"): _INTERNAL,
}


def meaning_of(kind: str, outcome: str, *, acted_before: bool = False) -> Meaning:
    """What a contact is worth; anything unknown (assignment, touch, system) counts for nothing.

    An inbound message never stops a clock. When it follows an action of ours it does complete a two-way contact: the
    customer replied, which is what the contact rate counts (2.2 F).
    """
    found = MEANINGS.get((kind, outcome), NOTHING)
    if found.direction == "in" and acted_before:
        return Meaning(direction="in", is_two_way=True, why_not=found.why_not)
    return found


def check_contact(kind: str, outcome: str) -> list[Problem]:
    """Problems of a contact somebody logs: each kind has its own outcomes, and one is always needed (U20)."""
    if kind not in {k for k, _ in MEANINGS}:
        return [Problem(field="kind", code="required", message="Choose how you were in touch.", rule="2.2 A")]
    if (kind, outcome) not in MEANINGS:
        return [Problem(field="outcome", code="required", message="Choose what came of it.", rule="2.2 A")]
    return []


FORWARD = ("new", "assigned", "attempted", "contacted")


def status_after(status: str, kind: str, meaning: Meaning) -> str:
    """The state a lead is in after a contact: only ever forward, and out of nurture when the customer is back."""
    if kind == "visit" and meaning.is_two_way and status == "appointment_set":
        return "appointment_shown"
    if meaning.is_two_way and status in (*FORWARD, "nurture"):
        return "contacted"
    if meaning.is_action and status in ("new", "assigned"):
        return "attempted"
    return status


def earliest(stamp: datetime | None, at: datetime) -> datetime:
    """The earlier of a stamp and a genuine moment: the earliest wins, a later one is no news (2.2 A)."""
    return at if stamp is None else min(stamp, at)


# ---- targets and the next promise (2.2 B, E) -----------------------------------------------------------------------
def temperature(score: int, policy: Policy = POLICY) -> str:
    """hot, warm or cold, by score."""
    if score >= policy.hot_from:
        return "hot"
    return "warm" if score >= policy.warm_from else "cold"


def first_action_target(score: int, policy: Policy = POLICY) -> int:
    """Working minutes until somebody has to act; a hot lead cannot wait as long."""
    return policy.hot_first_action_minutes if score >= policy.hot_from else policy.first_action_minutes


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What is due next: `kind` is first_action, first_quality, follow_up, appointment or none."""

    kind: str
    due_at: datetime | None
    next_step: str


def next_promise(
    *, status: str, first_action_at: datetime | None, first_action_due_at: datetime | None,
    first_quality_at: datetime | None, first_quality_due_at: datetime | None, contacted_at: datetime | None,
    clock_started_at: datetime | None, appointment_at: datetime | None, calendar: Calendar, now: datetime,
    policy: Policy = POLICY,
) -> Promise:  # fmt: skip
    """The one moment a list is sorted by.

    First somebody acts, then the question is answered, then the cadence asks for another attempt until the customer was
    reached. An attempt made after the quality promise was missed moves on to the cadence; the miss stays in the stamps.
    Held, parked and closed leads promise nothing.
    """
    if status in ("held", "nurture", "lost", "bad", "duplicate", "expired", "delivered"):
        return Promise(kind="none", due_at=None, next_step="")
    if appointment_at is not None and status == "appointment_set":
        return Promise(kind="appointment", due_at=appointment_at, next_step="Appointment")
    if first_action_at is None:
        return Promise(kind="first_action", due_at=first_action_due_at, next_step="Call or write to the customer")
    is_early = status in ("assigned", "new", "attempted")
    if is_early and first_quality_at is None and first_quality_due_at is not None and first_quality_due_at > now:
        return Promise(kind="first_quality", due_at=first_quality_due_at, next_step="Answer the question asked")
    if is_early and contacted_at is None and clock_started_at is not None:
        due = cadence_due_at(calendar, started_at=clock_started_at, now=now, policy=policy)
        return Promise(kind="follow_up", due_at=due, next_step="Try again" if due else "Close, or keep for later")
    return Promise(kind="none", due_at=None, next_step=_AFTER_CONTACT.get(status, ""))


_AFTER_CONTACT = {
    "contacted": "Qualify, or set an appointment",
    "qualified": "Set an appointment",
    "appointment_set": "Confirm the appointment",
    "appointment_shown": "Make an offer",
    "negotiation": "Agree on the offer",
    "sold": "Deliver the vehicle",
}


def cadence_due_at(
    calendar: Calendar, *, started_at: datetime, now: datetime, policy: Policy = POLICY
) -> datetime | None:
    """When the next attempt is due: the end of opening hours on the next day of the cadence, None after its last day.

    A day on which the dealer is closed moves to the next opening day.
    """
    zone = ZoneInfo(calendar.zone)
    first = started_at.astimezone(zone).date()
    today = now.astimezone(zone).date()
    for days in policy.cadence_days:
        day = first + timedelta(days=days)
        if day > today:
            return _end_of_opening(calendar, day, zone)
    return None


def _end_of_opening(calendar: Calendar, day: date, zone: ZoneInfo) -> datetime | None:
    midnight = datetime.combine(day, time(), tzinfo=zone)
    try:
        opens = next_opening(calendar, midnight).astimezone(zone).date()
    except NeverOpen:
        return None
    start = datetime.combine(opens, time(), tzinfo=zone)
    end = datetime.combine(opens + timedelta(days=1), time(), tzinfo=zone)
    return intervals(calendar, start, end)[-1].end


# ---- closing (2.2 E) -----------------------------------------------------------------------------------------------
NOTE_IS_PROOF = ("test", "fake")


def check_unresponsive(attempts: Sequence[datetime], *, zone: str, policy: Policy = POLICY) -> list[Problem]:
    """Whether the cadence's minimum was kept: 8 attempts, the last at least 10 days after the first, in local days."""
    days = 0
    if attempts:
        local = ZoneInfo(zone)
        days = (max(attempts).astimezone(local).date() - min(attempts).astimezone(local).date()).days
    if len(attempts) >= policy.least_attempts and days >= policy.least_days:
        return []
    sentence = (
        f"Close as unresponsive needs {policy.least_attempts} attempts over {policy.least_days} days; "
        f"so far: {plural(len(attempts), 'attempt')} over {plural(days, 'day')}."
    )
    return [Problem(field="reason", code="too_early", message=sentence, rule="2.2 E")]


def check_bad(reason: str, *, attempts: int, note: str) -> list[Problem]:
    """Whether a lead may be called bad: it decides what a provider is paid, so it needs proof (2.2 E).

    Proof is at least one logged attempt. A test or a fake lead often has nobody to attempt, so there the note, which
    says what gave it away, is the proof; it is asked for in every case.
    """
    if not note.strip():
        return [
            Problem(field="note", code="required", message="Say how you know: the note is the proof.", rule="2.2 E")
        ]
    if attempts or reason in NOTE_IS_PROOF:
        return []
    sentence = "A bad lead needs proof: log at least one attempt first."
    return [Problem(field="reason", code="no_proof", message=sentence, rule="2.2 E")]


def is_idle(last_activity_at: datetime, now: datetime, policy: Policy = POLICY) -> bool:
    """Whether nothing has happened for so long that the lead expires: 90 days."""
    return now - last_activity_at >= timedelta(days=policy.idle_days)


# ---- what to do next -----------------------------------------------------------------------------------------------
_SUGGESTED = {
    "new": "assign",
    "held": "release",
    "assigned": "log_activity",
    "attempted": "log_activity",
    "contacted": "set_appointment",
    "qualified": "set_appointment",
    "appointment_set": "show_appointment",
    "appointment_shown": "negotiate",
    "negotiation": "sell",
    "nurture": "log_activity",
    "sold": "deliver",
    "lost": "reopen",
    "expired": "reopen",
}


def suggested_step(status: str) -> str:
    """The name of the step a lead in this state usually takes next; empty when there is none."""
    return _SUGGESTED.get(status, "")
