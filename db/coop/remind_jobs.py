"""The desk's own reminders of co-op money that expires: on the days the programme names, each once (P19).

It is a business notice, so nobody can unsubscribe from it. Two sweeps at once write one reminder: its key is unique,
and its fund is locked meanwhile. A day the sweep did not run is made up for by the next one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, exists, select
from sqlalchemy.orm import Session

from db.coop.radar_rules import auto_days
from db.coop.record import in_force
from db.coop.remind_commands import auto_key, remind_auto
from db.coop.remind_tables import CoopReminder
from db.coop.tables import CoopFund, CoopLot
from db.core.actor import system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading, run
from db.dealers.tables import Dealer

MOST: Final = 2_000
"""So many reminders in one sweep; the rest follow with the next."""


def run_reminders(bind: Engine | None, *, now: datetime) -> int:
    """Send what is due; gives how many dealers were reminded."""
    with reading(bind) as session:
        wanted = _due(session, now)
    done = 0
    for fund_id, expires_on, days in wanted:
        try:
            done += run(
                remind_auto, bind=bind, fund_id=fund_id, expires_on=expires_on, days=days, actor=system_actor(), now=now
            ) > 0  # fmt: skip
        except Refused:
            continue  # somebody was faster
        except Exception as error:
            report(error, where=f"the reminder of co-op fund {fund_id}")
    return done


def _due(session: Session, now: datetime) -> list[tuple[int, date, int]]:
    """(fund, last day, days before) of every reminder that is due and was not sent."""
    today = now.date()
    last = today + timedelta(days=366)
    programmes = session.scalars(
        select(CoopFund.programme_id)
        .where(
            exists().where(
                CoopLot.fund_id == CoopFund.id, CoopLot.left_cents > 0, CoopLot.expires_on >= today - timedelta(days=1),
                CoopLot.expires_on <= last,
            )
        )
        .distinct()
        .order_by(CoopFund.programme_id)
    ).all()  # fmt: skip
    found: list[tuple[int, date, int]] = []
    for programme_id in programmes:
        remind_days = in_force(session, programme_id, today)[1].remind_days
        if not remind_days:
            continue
        rows = session.execute(
            select(CoopLot.fund_id, CoopLot.expires_on, Dealer.zone)
            .join(CoopFund, CoopFund.id == CoopLot.fund_id)
            .join(Dealer, Dealer.id == CoopLot.dealer_id)
            .where(
                CoopFund.programme_id == programme_id, CoopLot.left_cents > 0,
                CoopLot.expires_on >= today - timedelta(days=1),
                CoopLot.expires_on <= today + timedelta(days=max(remind_days) + 1),
            )
            .group_by(CoopLot.fund_id, CoopLot.expires_on, Dealer.zone)
            .order_by(CoopLot.expires_on, CoopLot.fund_id)
        )  # fmt: skip
        due = []
        for row in rows:
            days = auto_days((row.expires_on - local_day(now, row.zone)).days, remind_days)
            if days is not None:
                due.append((row.fund_id, row.expires_on, days))
        sent = set(
            session.scalars(
                select(CoopReminder.remind_key)
                .join(CoopFund, CoopFund.id == CoopReminder.fund_id)
                .where(
                    CoopFund.programme_id == programme_id, CoopReminder.is_auto.is_(True),
                    CoopReminder.last_on >= today - timedelta(days=1),
                )
            )
        )  # fmt: skip
        found += [d for d in due if auto_key(*d) not in sent]
    return found[:MOST]


JOBS = (Job(name="Remind of expiring co-op money", run=run_reminders),)
