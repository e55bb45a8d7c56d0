"""What the commands of co-op have in common: dealers, programmes in force, funds, the one entry in the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop.model import Programme, programme_from_json
from db.coop.tables import CoopFund, CoopProgramme, CoopVersion
from db.core import changes, search, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.labels import local_day
from db.core.problems import NotFound, Problem, Refused
from db.dealers.tables import Dealer

AREA: Final = "coop"
REQUEST: Final = "coop_request"
CLAIM: Final = "coop_claim"
FUND: Final = "coop_fund"
PROGRAMME: Final = "coop_programme"
BATCH: Final = "coop_batch"
MEMO: Final = "coop_memo"
CLOSED_DEALERS: Final = ("prospect", "terminated")
LONGEST_NOTE: Final = 1_000


def dealer_of(session: Session, dealer_id: int | None, *, actor: Actor) -> Dealer:
    """A dealer; `NotFound` when absent or out of scope."""
    dealer = session.get(Dealer, dealer_id or 0)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    return dealer


def programme_row(session: Session, programme_id: int | None) -> CoopProgramme:
    """A programme; `NotFound` when absent."""
    found = session.get(CoopProgramme, programme_id or 0)
    if found is None:
        raise NotFound("This programme")
    return found


def in_force(session: Session, programme_id: int, day: date) -> tuple[int, Programme]:
    """(number, terms) of the version that holds on a day; before the first one begins, the first."""
    rows = session.execute(
        select(CoopVersion.number, CoopVersion.effective_from, CoopVersion.body)
        .where(CoopVersion.programme_id == programme_id)
        .order_by(CoopVersion.effective_from, CoopVersion.number)
    ).all()
    if not rows:
        raise NotFound("This programme")
    found = [r for r in rows if r.effective_from <= day] or rows[:1]
    return found[-1].number, programme_from_json(found[-1].body)


def fund_of(session: Session, fund_id: int | None, *, actor: Actor) -> CoopFund:
    """A fund, locked until the command ends; `NotFound` when absent or out of scope."""
    fund = session.scalars(
        select(CoopFund)
        .where(CoopFund.id == (fund_id or 0))
        .with_for_update(of=CoopFund)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if fund is None or not actor.scope.allows(dealer_id=fund.dealer_id, region=fund.region):
        raise NotFound("This fund")
    return fund


def open_fund(session: Session, programme: CoopProgramme, dealer: Dealer, *, actor: Actor, now: datetime) -> CoopFund:
    """The fund of a dealer in a programme, locked; made when the dealer has none yet."""
    values = {
        "programme_id": programme.id, "dealer_id": dealer.id, "region": dealer.region, "period": str(programme.year),
        "currency": "USD", "created_at": now,
        **{
            f"{name}_cents": 0
            for name in (
                "available", "overdraft", "accrued", "allocated", "adjusted", "transferred", "reserved", "approved",
                "reversed", "expired", "forfeited", "paid",
            )
        },
    }  # fmt: skip
    insert_or_ignore(session, CoopFund, values)
    fund_id = session.scalar(
        select(CoopFund.id).where(
            CoopFund.programme_id == programme.id, CoopFund.dealer_id == dealer.id,
            CoopFund.period == str(programme.year),
        )
    )  # fmt: skip
    return fund_of(session, fund_id, actor=actor)


def refuse_closed(fund: CoopFund) -> None:
    """Refuse when the rest of a fund was forfeited."""
    if fund.closed_at is not None:
        message = "This fund was closed and its rest forfeited; nothing moves in it any more."
        raise Refused(Problem(code="closed", message=message, rule="domain-rules 2.3"))


def today_of(fund: CoopFund, now: datetime) -> date:
    """The day it is at the fund's dealer."""
    return local_day(now, fund.dealer.zone)


def too_long(text: str | None, field: str) -> str:
    """A note stripped; `Refused` when it is longer than fits."""
    found = (text or "").strip()
    if len(found) > LONGEST_NOTE:
        raise Refused(Problem(field=field, code="too_long", message=f"At most {LONGEST_NOTE:,} characters fit."))
    return found


def index_words(session: Session, kind: str, item: Any, words: Sequence[str], *, is_new: bool) -> None:
    """What the search box finds a record by."""
    search.index(
        session, kind=kind, item_id=item.id, texts=[item.number, *words], dealer_id=item.dealer_id,
        region=item.region, is_new=is_new,
    )  # fmt: skip


def note(
    session: Session, command: str, summary: str, items: Sequence[timeline.Item], *, actor: Actor, now: datetime,
    reason: str = "", before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The one entry of a command, and the change counter of the area."""
    changes.touch(session, AREA)
    timeline.record(
        session, actor=actor, now=now, area=AREA, command=command, summary=summary, items=list(items), before=before,
        after=after, reason=reason,
    )  # fmt: skip


def fund_item(fund: CoopFund) -> timeline.Item:
    """What an entry about a fund belongs to."""
    return timeline.Item(FUND, fund.id, fund.dealer_id)
