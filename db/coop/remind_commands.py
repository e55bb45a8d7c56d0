"""Reminding dealers of co-op money that expires: one or several at once by a person, and by the desk itself (P19)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.coop.radar_queries import Part, desk_day, parts_of, suggestions_of
from db.coop.radar_rules import AGAIN_DAYS, WINDOWS, body_of, may_remind_again, title_of
from db.coop.record import FUND, fund_item, fund_of, note, today_of
from db.coop.remind_tables import CoopReminder
from db.coop.reminding import Dealer, dealers_of, has_address, people_of, tell_expiry
from db.coop.say_rules import day, money
from db.coop.tables import CoopLot
from db.core import locks, timeline
from db.core.actor import Actor
from db.core.insert import insert_or_ignore
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import Problem, Refused

MOST = 200


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of a reminder of some dealers: names of those reminded, (name, why) of those that were not."""

    reminded: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What the person is told."""
        said = f"{plural(len(self.reminded), 'dealer')} reminded"
        return f"{said}, {len(self.skipped)} skipped" if self.skipped else said


def remind(
    session: Session, *, dealer_ids: Sequence[int], window: int, form_key: str | None = None, actor: Actor,
    now: datetime,
) -> Sent:  # fmt: skip
    """Remind the people of dealers of what expires within a window; those that cannot be are skipped, with the reason.

    A dealer is reminded once for a window unless a week has passed. Refused when nobody is left to remind.
    Problems: dealer_ids, window. A dealer out of scope is `NotFound`.
    """
    actor.require(Permission.COOP_DECIDE)
    ids = sorted(set(dealer_ids))
    if not ids or len(ids) > MOST:
        message = "Choose at least one dealer." if not ids else f"At most {MOST} dealers at once."
        raise Refused(Problem(code="count", field="dealer_ids", message=message))
    if window not in WINDOWS:
        raise Refused(Problem(code="unknown", field="window", message="Choose 30, 60 or 90 days."))
    dealers = dealers_of(session, ids, actor=actor)
    for dealer_id in ids:
        locks.hold(session, f"coop-remind:{dealer_id}")
    keys = {f"form:{form_key}:{dealer_id}": dealer_id for dealer_id in ids} if form_key else {}
    before = session.scalars(select(CoopReminder).where(CoopReminder.remind_key.in_(sorted(keys)))).all()
    if before:
        timeline.repeated(session)
        return Sent(reminded=tuple(sorted(dealers[r.dealer_id].name for r in before)))
    today = desk_day(now)
    parts = parts_of(session, ids, scope=actor.scope, today=today, window=window)
    suggestions, _ = suggestions_of(session, parts, today=today)
    people = people_of(session, ids)
    last = dict(
        session.execute(
            select(CoopReminder.dealer_id, func.max(CoopReminder.at))
            .where(CoopReminder.dealer_id.in_(ids), CoopReminder.days == window, CoopReminder.told > 0)
            .group_by(CoopReminder.dealer_id)
        ).all()
    )
    reminded, skipped, items = list[Dealer](), list[tuple[str, str]](), list[timeline.Item]()
    total = 0
    for dealer_id in ids:
        dealer, mine = dealers[dealer_id], parts.get(dealer_id, ())
        why = _why_not(dealer, mine, people[dealer_id], last.get(dealer_id), window=window, now=now)
        if why:
            skipped.append((dealer.name, why))
            continue
        amounts = _by_day(mine)
        _tell(
            session, dealer, amounts, key=f"form:{form_key}:{dealer_id}" if form_key else _free(actor, dealer_id, now),
            window=window, people=people[dealer_id], sentence=suggestions[dealer_id].sentence, actor=actor, now=now,
        )  # fmt: skip
        reminded.append(dealer)
        total += sum(c for _, c in amounts)
        items += [timeline.Item(FUND, i, dealer_id) for i in sorted({p.fund_id for p in mine})]
    if not reminded:
        raise Refused(*(Problem(code="skipped", message=f"{name}: {why}") for name, why in skipped))
    note(
        session, "remind", f"Reminded {_names(reminded)} of {money(total)} that expires within {window} days.", items,
        actor=actor, now=now, after={"window": window, "cents": total, "skipped": dict(skipped)},
    )  # fmt: skip
    return Sent(reminded=tuple(sorted(d.name for d in reminded)), skipped=tuple(skipped))


def remind_auto(
    session: Session, *, fund_id: int, expires_on: date, days: int, actor: Actor, now: datetime
) -> int:  # fmt: skip
    """The desk's own reminder so many days before a last day, once for a fund; gives how many people were told.

    Where nobody can be told it is kept with 0, so that it is not tried for ever and the radar shows it.
    """
    actor.require(Permission.COOP_DECIDE)
    fund = fund_of(session, fund_id, actor=actor)
    today = today_of(fund, now)
    left = session.scalar(
        select(func.coalesce(func.sum(CoopLot.left_cents), 0)).where(
            CoopLot.fund_id == fund_id, CoopLot.expires_on == expires_on, CoopLot.left_cents > 0
        )
    )
    key = auto_key(fund_id, expires_on, days)
    known = session.scalar(select(CoopReminder.id).where(CoopReminder.remind_key == key))
    if known is not None or not left or not 0 <= (expires_on - today).days <= days:
        timeline.repeated(session)
        return 0
    part = Part(
        fund_id=fund_id, programme_id=fund.programme_id, period=fund.period, expires_on=expires_on, cents=int(left)
    )
    suggestions, _ = suggestions_of(session, {fund.dealer_id: (part,)}, today=today)
    told = _tell(
        session, fund.dealer, [(expires_on, int(left))], key=key, window=days, fund_id=fund_id,
        people=people_of(session, [fund.dealer_id])[fund.dealer_id], actor=actor, now=now,
        sentence=suggestions[fund.dealer_id].sentence,
    )  # fmt: skip
    if told is None:
        timeline.repeated(session)
        return 0
    said = f"Reminded {fund.dealer.code} of {money(int(left))} that expires on {day(expires_on)}."
    note(
        session, "remind_auto", said if told else f"{said} Nobody there could be told.", [fund_item(fund)],
        actor=actor, now=now, after={"days": days, "cents": int(left), "told": told},
    )  # fmt: skip
    return told


def auto_key(fund_id: int, expires_on: date, days: int) -> str:
    """What makes the desk's own reminder go out once."""
    return f"auto:{fund_id}:{expires_on:%Y-%m-%d}:{days}"


def _free(actor: Actor, dealer_id: int, now: datetime) -> str:
    return f"hand:{now.isoformat()}:{dealer_id}:{actor.username}"[:110]


def _names(dealers: Sequence[Dealer]) -> str:
    return dealers[0].name if len(dealers) == 1 else plural(len(dealers), "dealer")


def _by_day(parts: Sequence[Part]) -> list[tuple[date, int]]:
    sums: dict[date, int] = defaultdict(int)
    for p in parts:
        sums[p.expires_on] += p.cents
    return sorted(sums.items())


def _why_not(
    dealer: Dealer, parts: Sequence[Part], people: Sequence[int], last: datetime | None, *, window: int, now: datetime
) -> str:
    if not parts:
        return f"nothing expires within {window} days any more."
    if not may_remind_again(last, now):
        assert last is not None
        on = day(local_day(last, dealer.zone))
        return f"reminded of these {window} days on {on}; again after {AGAIN_DAYS} days."
    if not people and not has_address(dealer):
        return "nobody there has an account, and the dealer has no e-mail address."
    return ""


def _tell(
    session: Session, dealer: Dealer, amounts: Sequence[tuple[date, int]], *, key: str, window: int,
    people: Sequence[int], sentence: str, actor: Actor, now: datetime, fund_id: int | None = None,
) -> int | None:  # fmt: skip
    """Keep a reminder and send it, without people to the dealer's address; None when one of this key is there."""
    reached = len(people) or int(has_address(dealer))
    values = {
        "remind_key": key, "dealer_id": dealer.id, "region": dealer.region, "fund_id": fund_id, "days": window,
        "first_on": amounts[0][0], "last_on": amounts[-1][0], "cents": sum(c for _, c in amounts), "told": reached,
        "at": now, "username": actor.username, "by": actor.name, "is_auto": fund_id is not None,
    }  # fmt: skip
    if not insert_or_ignore(session, CoopReminder, values):
        return None
    title, body = title_of(amounts), body_of(amounts, sentence)
    tell_expiry(session, dealer, title=title, body=body, key=key, people=people, now=now)
    return reached
