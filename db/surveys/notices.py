"""What people are told of alerts: a new one, one handed over, one nobody called about in time. Each once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.core.permissions import Permission
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.surveys.tables import SurveyAlert


def tell_alert(session: Session, alert: SurveyAlert, *, now: datetime) -> int:
    """An unhappy customer waits for a call: the one it was assigned to, or everybody who may call where nobody is."""
    people = [alert.assignee_id] if alert.assignee_id is not None else who_may_call(session, alert)
    return notify(
        session, person_ids=people, kind="survey_alert", item_type="survey_alert", item_id=alert.id, now=now, mail=True,
        title=f"{alert.number}: an unhappy customer, call within 24 hours", body=". ".join(alert.reasons),
        dedupe_key=f"survey_alert:{alert.id}:new",
    )  # fmt: skip


def tell_handed_over(session: Session, alert: SurveyAlert, *, by: int | None, now: datetime) -> int:
    """Somebody was made to call; whoever did it to themselves is not told."""
    if alert.assignee_id is None or alert.assignee_id == by:
        return 0
    return notify(
        session, person_ids=[alert.assignee_id], kind="survey_alert", item_type="survey_alert", item_id=alert.id,
        title=f"{alert.number} is yours: an unhappy customer", body=". ".join(alert.reasons), now=now, mail=True,
        dedupe_key=f"survey_alert:{alert.id}:given:{alert.version}",
    )  # fmt: skip


def tell_overdue(session: Session, alert: SurveyAlert, *, now: datetime) -> int:
    """Nobody called in time: everybody who may is told, the desk too."""
    people = who_may_call(session, alert)
    return notify(
        session, person_ids=people, kind="survey_alert_late", item_type="survey_alert", item_id=alert.id, now=now,
        title=f"{alert.number}: nobody called an unhappy customer within 24 hours", body=". ".join(alert.reasons),
        mail=True, dedupe_key=f"survey_alert:{alert.id}:late",
    )  # fmt: skip


def who_may_call(session: Session, alert: SurveyAlert) -> list[int]:
    """Ids of the people who may work an alert."""
    return people_to_tell(
        session, dealer_id=alert.dealer_id, region=alert.region, permission=Permission.SURVEYS_WORK
    )  # fmt: skip
