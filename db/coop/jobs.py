"""What the sweep does for co-op: expires lots whose last day is over, lapses requests nobody claimed; each once.

Both may run twice, or in two processes at once: a fund is locked while its lots expire, a request by its version.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.coop import ledger
from db.coop.queue_tables import CoopRequest
from db.coop.record import fund_item, fund_of, note
from db.coop.request_commands import lapse
from db.coop.say_rules import money
from db.coop.tables import CoopLot
from db.core import timeline
from db.core.actor import Actor, system_actor
from db.core.area import Job
from db.core.incidents import report
from db.core.permissions import Permission
from db.core.problems import Refused
from db.core.session import reading, run

BATCH: Final = 500


def expire_fund(session: Session, *, fund_id: int, actor: Actor, now: datetime) -> int:
    """Post what is unspent of the lots of a fund whose last day is over; gives the sum in cents."""
    actor.require(Permission.COOP_MANAGE)
    fund = fund_of(session, fund_id, actor=actor)
    before = fund.available_cents
    cents = ledger.expire(session, fund, actor=actor, now=now)
    if not cents:
        timeline.repeated(session)
        return 0
    note(
        session, "expire_fund", f"{money(cents)} of {fund.dealer.code} expired unspent.", [fund_item(fund)],
        actor=actor, now=now, before={"available": before}, after={"available": fund.available_cents},
    )  # fmt: skip
    return cents


def run_expiry(bind: Engine | None, *, now: datetime) -> int:
    """Expire what is due; gives how many funds lost something."""
    # A day is over last in the zone furthest west; the exact day is asked again with the fund's own.
    with reading(bind) as session:
        funds = session.scalars(
            select(CoopLot.fund_id)
            .where(CoopLot.left_cents > 0, CoopLot.expires_on < now.date() + timedelta(days=1))
            .distinct()
            .order_by(CoopLot.fund_id)
        ).all()
    done = 0
    for fund_id in funds:
        try:
            done += run(expire_fund, bind=bind, fund_id=fund_id, actor=system_actor(), now=now) > 0
        except Refused:
            continue  # somebody was faster
        except Exception as error:
            report(error, where=f"the expiry of co-op fund {fund_id}")
    return done


def run_lapses(bind: Engine | None, *, now: datetime) -> int:
    """Give back reserves nobody claimed in time; gives how many. A claim that waits keeps its reserve."""
    last, done = 0, 0
    while True:
        with reading(bind) as session:
            rows = session.execute(
                select(CoopRequest.id, CoopRequest.version)
                .where(CoopRequest.lapses_on < now.date() + timedelta(days=1), CoopRequest.id > last)
                .order_by(CoopRequest.id)
                .limit(BATCH)
            ).all()
        if not rows:
            return done
        last = rows[-1].id
        for row in rows:
            try:
                run(lapse, bind=bind, item_id=row.id, seen_version=row.version, actor=system_actor(), now=now)
                done += 1
            except Refused:
                continue  # its day is not over yet where the dealer is, or a claim waits
            except Exception as error:
                report(error, where=f"the lapse of co-op request {row.id}")


JOBS = (Job(name="Expire co-op money", run=run_expiry), Job(name="Lapse co-op requests", run=run_lapses))
