"""The fund expiry radar: suggestions and reminders as tables, then through commands and the job."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, func, select

from db.coop.commands import remind, save_programme
from db.coop.model import Programme, programme_to_json, read_programme
from db.coop.radar_queries import RadarFilters, dealers_with_money, export_rows, list_radar, radar_page, radar_totals
from db.coop.radar_rules import (
    AtRisk,
    Used,
    auto_days,
    body_of,
    cost_for,
    may_remind_again,
    media_in_order,
    suggest,
    title_of,
)
from db.coop.radar_work_queries import work_counts, work_lines
from db.coop.remind_commands import remind_auto
from db.coop.remind_jobs import run_reminders
from db.coop.remind_tables import CoopReminder
from db.core.actor import system_actor
from db.core.outbox import OutboxMail
from db.core.problems import NotFound, Refused
from db.core.session import reading
from db.people.tables import Notification
from tests.coop.factories import BODY, NOW, House, of
from tests.support.again import begun
from tests.support.at_once import at_once
from tests.support.users import make_dealer

PLAIN = Programme(code="COOP-2026", name="Local advertising", year=2026)
PRINT, RADIO = Used(medium="print", on=date(2026, 5, 12)), Used(medium="radio", on=date(2026, 6, 20))
LAST = date(2026, 10, 31)
SEPTEMBER = datetime(2026, 9, 4, 15, 0, tzinfo=UTC)  # 57 days before
OCTOBER = datetime(2026, 10, 5, 15, 0, tzinfo=UTC)  # 26 days before


def with_(**more: Any) -> Programme:
    found, wrong = read_programme({**programme_to_json(PLAIN), **more})
    assert found is not None, wrong
    return found


def media_with(**rules: Any) -> dict[str, Any]:
    body = programme_to_json(PLAIN)["media"]
    return {**body, **{m: {**body[m], **r} for m, r in rules.items()}}


@pytest.mark.parametrize(
    ("used", "today", "more", "medium", "pays", "cost"),
    [
        pytest.param([PRINT], date(2026, 9, 1), {}, "print", 1_240_00, 2_480_00, id="used last, asks nobody"),
        pytest.param([RADIO, PRINT], date(2026, 9, 1), {}, "radio", 1_240_00, 2_480_00, id="can still be asked for"),
        pytest.param([RADIO, PRINT], date(2026, 10, 21), {}, "radio", 1_240_00, 2_480_00, id="last day to ask"),
        pytest.param([RADIO, PRINT], date(2026, 10, 22), {}, "print", 1_240_00, 2_480_00, id="too late to ask"),
        pytest.param([RADIO], date(2026, 10, 22), {}, "digital", 1_240_00, 1_653_34, id="what pays most"),
        pytest.param([], date(2026, 9, 1), {}, "digital", 1_240_00, 1_653_34, id="nothing used yet"),
        pytest.param([PRINT], date(2026, 9, 1), {"media": media_with(print={"cap_cents": 500_00})}, "print", 500_00,
                     1_000_00, id="cap"),
        pytest.param([PRINT], date(2026, 9, 1), {"media": {"radio": {"preapproval": True}}}, "radio", 1_240_00,
                     2_480_00, id="no longer paid"),
        pytest.param([PRINT], date(2026, 10, 22), {"media": {"radio": {"preapproval": True}}}, "", 0, 0,
                     id="nothing can"),
        pytest.param([PRINT], date(2026, 9, 1), {"minimum_cents": 2_000_00}, "", 0, 0, id="below a claim"),
        pytest.param([PRINT], date(2026, 11, 1), {}, "", 0, 0, id="its last day is over"),
        pytest.param([PRINT], date(2027, 1, 5), {}, "", 0, 0, id="the year is over"),
    ],
)  # fmt: skip
def test_the_suggested_activity(used, today, more, medium, pays, cost):
    found = suggest(with_(**more), AtRisk(cents=1_240_00, expires_on=LAST), used=used, today=today)
    assert (found.medium, found.pays_cents, found.cost_cents) == (medium, pays, cost)


def test_a_cap_that_is_used_gives_way_to_the_next_medium():
    programme = with_(media=media_with(print={"cap_cents": 500_00}))
    risk = AtRisk(cents=1_240_00, expires_on=LAST, used_of={"print": 500_00})
    assert suggest(programme, risk, used=[PRINT], today=date(2026, 9, 1)).medium == "digital"


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 9, 1), "Print, used last on 12 May 2026: needs no approval before; $2,480 of eligible cost at 50% "
                           "pays $1,240. Ask by 21 Oct 2026: an approval keeps the money."),
        (date(2026, 10, 22), "Print, used last on 12 May 2026: needs no approval before; $2,480 of eligible cost at "
                             "50% pays $1,240. Claim what is done at once: $1,240 is gone unless approved by 31 Oct "
                             "2026."),
        (date(2027, 1, 5), "Its last day was 31 Oct 2026."),
        (date(2027, 7, 1), "The last money of 2026 is over: only what was done by 30 Jun 2027 can be claimed, until "
                           "29 Aug 2027."),
        (date(2027, 8, 30), "The last money of 2026 is over: only what was done by 30 Jun 2027 can be claimed, and the "
                            "last day for that is over."),
    ],
)  # fmt: skip
def test_the_suggestion_says_why_and_until_when(today, said):
    assert suggest(PLAIN, AtRisk(cents=1_240_00, expires_on=LAST), used=[PRINT], today=today).sentence == said


@pytest.mark.parametrize(("cents", "rate", "cost"), [(100_00, 50_00, 200_00), (100, 75_00, 134), (1, 100_00, 1)])
def test_the_cost_that_pays_an_amount(cents, rate, cost):
    assert cost_for(cents, rate) == cost
    assert cost * rate // 10_000 >= cents


def test_media_in_the_order_they_were_used():
    assert media_in_order(PLAIN, [PRINT, RADIO])[:3] == ["radio", "print", "digital"]


@pytest.mark.parametrize(
    ("days_left", "remind_days", "due"),
    [
        (61, (60, 30), None), (60, (60, 30), 60), (31, (60, 30), 60), (30, (60, 30), 30), (0, (60, 30), 30),
        (-1, (60, 30), None), (10, (), None), (45, (45,), 45),
    ],
)  # fmt: skip
def test_which_reminder_is_due(days_left, remind_days, due):
    assert auto_days(days_left, remind_days) == due


@pytest.mark.parametrize(
    ("days", "again"), [(None, True), (timedelta(days=7), True), (timedelta(days=6, hours=23), False)]
)
def test_again_after_a_week(days, again):
    assert may_remind_again(None if days is None else NOW - days, NOW) is again


def test_what_a_reminder_says():
    parts = [(date(2026, 11, 30), 500_00), (LAST, 1_240_00)]
    assert title_of(parts[1:]) == "$1,240 of co-op money expires on 31 Oct 2026"
    assert title_of(parts) == "$1,740 of co-op money expires, beginning on 31 Oct 2026"
    assert body_of(parts, "Print.").index("$1,240 until 31 Oct") < body_of(parts, "Print.").index("$500 until 30 Nov")


# ---- queries ---------------------------------------------------------------------------------------------------------
def reminders(house: House) -> list[Any]:
    with reading(house.engine) as session:
        names = ("dealer_id", "days", "told", "is_auto", "by")
        return list(session.execute(select(*(getattr(CoopReminder, n) for n in names)).order_by(CoopReminder.id)))


def rows(house: House, who: str, *, now: datetime = OCTOBER, **filters: Any) -> list[Any]:
    with reading(house.engine) as session:
        found, _ = list_radar(session, scope=getattr(house, who).scope, now=now, filters=RadarFilters(**filters))
    return found


@pytest.fixture
@begun
def house(sqlite_engine) -> House:
    """10,000 of Lone Pine until 31 Oct and 2,000 until 30 Nov, 5,000 of Far Away until 31 Oct."""
    made = House(sqlite_engine)
    made.earn(2_000_00, on=date(2026, 5, 2))
    made.earn(5_000_00, dealer=made.other_dealer)
    return made


def test_each_window_holds_what_expires_in_it(house):
    first, second = rows(house, "cora", window=60)
    assert (first.days, first.risk_cents, first.first_on) == ((10_000_00, 12_000_00, 12_000_00), 12_000_00, LAST)
    assert second.days == (5_000_00,) * 3
    assert [r.risk_cents for r in rows(house, "cora", window=30)] == [10_000_00, 5_000_00]
    assert rows(house, "cora", window=30, now=SEPTEMBER) == []
    assert rows(house, "cora", window=90, now=datetime(2026, 12, 2, tzinfo=UTC)) == []
    with reading(house.engine) as session:
        found = radar_totals(session, scope=house.cora.scope, now=OCTOBER)
    assert (found.days, found.dealers) == ((15_000_00, 17_000_00, 17_000_00), 2)


def test_what_is_held_or_spent_is_not_at_risk(house):
    house.approved(of(8_000_00))
    assert [r.days[0] for r in rows(house, "cora")] == [4_000_00, 5_000_00]


@pytest.mark.parametrize(
    ("who", "codes"), [("cora", ["04012", "04099"]), ("wes", ["04099"]), ("dora", ["04012"]), ("otto", ["04099"])]
)
def test_everybody_sees_their_own_dealers_only(house, who, codes):
    actor = getattr(house, who)
    assert [r.code for r in rows(house, who)] == codes
    with reading(house.engine) as session:
        exported = list(export_rows(session, actor=actor, scope=actor.scope, filters={"window": "60"}, now=OCTOBER))
        assert [r[0] for r in exported] == codes
        assert radar_totals(session, scope=actor.scope, now=OCTOBER).dealers == len(codes)
        assert len(dealers_with_money(session, scope=actor.scope, now=OCTOBER)) == len(codes)
        hidden = {house.dealer, house.other_dealer} - {r.dealer_id for r in rows(house, who)}
        for dealer_id in hidden:
            with pytest.raises(NotFound):
                radar_page(session, dealer_id=dealer_id, actor=actor, now=OCTOBER)


def test_filters_narrow_by_region_and_dealer(house):
    assert [r.code for r in rows(house, "cora", region="West")] == ["04099"]
    assert [r.code for r in rows(house, "cora", dealer_id=house.dealer)] == ["04012"]
    assert rows(house, "dora", dealer_id=house.other_dealer) == []


def test_the_last_used_medium_and_what_it_would_pay(house):
    house.claim_step("approve", house.claim(of(1_000_00)), "cora")
    row = rows(house, "cora", dealer_id=house.dealer)[0]
    assert row.used[0] == PRINT
    assert (row.suggestion.medium, row.suggestion.pays_cents) == ("print", 11_250_00)


def test_pages_follow_each_other_and_cost_the_same_statements(house):
    for n in range(4):
        dealer = make_dealer(house.engine, code=f"1000{n}", name=f"Dealer {n}", region="East")
        house.earn((n % 2 + 1) * 1_000_00, dealer=dealer)
    seen, after = [], None
    counts: list[int] = []
    with reading(house.engine) as session:

        def count(*_: Any) -> None:
            counts[-1] += 1

        event.listen(house.engine, "before_cursor_execute", count)
        for limit in (1, 2, 50):
            counts.append(0)
            some, after = list_radar(session, scope=house.cora.scope, now=OCTOBER, after=after, limit=limit)
            seen += some
        event.remove(house.engine, "before_cursor_execute", count)
    assert after is None
    assert [r.risk_cents for r in seen] == [12_000_00, 5_000_00, 2_000_00, 2_000_00, 1_000_00, 1_000_00]
    assert len({r.dealer_id for r in seen}) == 6
    assert counts[-1] <= counts[0]


# ---- reminding -------------------------------------------------------------------------------------------------------
def send(house: House, *dealers: int, by: str = "cora", now: datetime = OCTOBER, window: int = 60, **more: Any) -> Any:
    return house.do(remind, dealer_ids=dealers, window=window, actor=getattr(house, by), now=now, **more)


def told(house: House) -> list[Any]:
    with reading(house.engine) as session:
        query = select(Notification.person_id, Notification.title).where(Notification.kind == "coop_expiry")
        return list(session.execute(query.order_by(Notification.id)))


def mails(house: House) -> list[str]:
    with reading(house.engine) as session:
        query = select(OutboxMail.to_address).where(OutboxMail.item_type == "coop_expiry")
        return list(session.scalars(query.order_by(OutboxMail.id)))


def test_a_reminder_reaches_the_people_of_the_dealer_once_a_week(house):
    assert send(house, house.dealer).sentence == "1 dealer reminded"
    assert [tuple(t) for t in told(house)] == [
        (house.ids["dora"], "$12,000 of co-op money expires, beginning on 31 Oct 2026")
    ]
    assert mails(house) == ["dora@example.test"]
    with pytest.raises(Refused, match="again after 7 days"):
        send(house, house.dealer, now=OCTOBER + timedelta(days=6))
    send(house, house.dealer, window=30, now=OCTOBER + timedelta(days=6))
    send(house, house.dealer, now=OCTOBER + timedelta(days=7))
    assert [(r.days, r.told, r.by) for r in reminders(house)] == [
        (60, 1, house.cora.name), (30, 1, house.cora.name), (60, 1, house.cora.name)
    ]  # fmt: skip
    with reading(house.engine) as session:
        page = radar_page(session, dealer_id=house.dealer, actor=house.dora, now=OCTOBER + timedelta(days=7))
    assert len(page.reminders) == 3
    house.sound()


def test_many_are_reminded_and_who_is_skipped_is_said(house):
    empty = make_dealer(house.engine, code="10000", name="Nobody Home", region="East")
    none = make_dealer(house.engine, code="10001", name="No Money", region="East")
    house.earn(1_000_00, dealer=empty)
    send(house, house.dealer)
    found = send(house, house.dealer, house.other_dealer, empty, none)
    assert found.reminded == ("Far Away Cars",)
    assert {name: why.split()[0] for name, why in found.skipped} == {
        "Lone Pine Motors": "reminded", "Nobody Home": "nobody", "No Money": "nothing"
    }  # fmt: skip
    assert found.sentence == "1 dealer reminded, 3 skipped"


def test_a_form_sent_twice_reminds_once(house):
    for _ in range(2):
        assert send(house, house.dealer, house.other_dealer, form_key="k1").reminded == (
            "Far Away Cars", "Lone Pine Motors"
        )  # fmt: skip
    assert len(told(house)) == len(reminders(house)) == 2


@pytest.mark.parametrize(("by", "kind"), [("dora", Refused), ("finn", Refused), ("wes", NotFound)])
def test_who_may_not_remind_stores_nothing(house, by, kind):
    with pytest.raises(kind):
        send(house, house.other_dealer, house.dealer, by=by)
    assert reminders(house) == []
    assert told(house) == []


@pytest.mark.parametrize(("dealers", "window", "field"), [((), 60, "dealer_ids"), ((1,), 45, "window")])
def test_what_cannot_be_asked_is_refused_at_its_field(house, dealers, window, field):
    with pytest.raises(Refused) as refused:
        send(house, *dealers, window=window)
    assert refused.value.problems[0].field == field


def test_my_work_shows_money_nobody_was_reminded_of(house):
    def counts(who: str) -> list[int]:
        with reading(house.engine) as session:
            return [c.count for c in work_counts(session, actor=getattr(house, who), now=OCTOBER)]

    with reading(house.engine) as session:
        lines = work_lines(session, actor=house.cora, now=OCTOBER, limit=10)
        mine = work_lines(session, actor=house.dora, now=OCTOBER, limit=10)
    assert [(w.number, w.why) for w in lines] == [("04012", "Remind the dealer"), ("04099", "Remind the dealer")]
    assert lines[0].due_at == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)  # midnight in New York
    assert [(w.number, w.why) for w in mine] == [("04012", "Start a request")]
    assert (counts("cora"), counts("wes"), counts("dora"), counts("finn")) == ([2], [1], [1], [])
    send(house, house.dealer)
    assert (counts("cora"), counts("wes"), counts("dora")) == ([1], [1], [1])


# ---- the desk's own --------------------------------------------------------------------------------------------------
def test_the_desk_reminds_at_sixty_and_thirty_days_each_once(house):
    early = datetime(2026, 8, 30, 15, 0, tzinfo=UTC)  # 62 days before
    assert run_reminders(house.engine, now=early) == 0
    assert run_reminders(house.engine, now=SEPTEMBER) == 2
    assert run_reminders(house.engine, now=SEPTEMBER + timedelta(days=1)) == 0
    assert run_reminders(house.engine, now=OCTOBER) == 3  # both again, and the money of May for the first time
    assert run_reminders(house.engine, now=OCTOBER + timedelta(days=1)) == 0
    assert sorted((r.dealer_id, r.days, r.is_auto) for r in reminders(house)) == sorted([
        (house.dealer, 60, True), (house.other_dealer, 60, True), (house.dealer, 30, True), (house.dealer, 60, True),
        (house.other_dealer, 30, True),
    ])  # fmt: skip
    house.sound()


def test_what_is_spent_is_not_reminded_of(house):
    house.approved(of(16_000_00))
    assert run_reminders(house.engine, now=SEPTEMBER) == 1  # the other dealer's


def test_a_programme_says_when_or_never(house):
    body = {**BODY, "remind_days": []}
    house.do(save_programme, body=body, effective_from=None, reason="Quiet", seen_version=1, actor=house.mason)
    assert run_reminders(house.engine, now=SEPTEMBER) == 0
    house.do(save_programme, body={**BODY, "remind_days": [90]}, effective_from=None, reason="Early", seen_version=2,
             actor=house.mason)  # fmt: skip
    assert run_reminders(house.engine, now=datetime(2026, 8, 5, 15, 0, tzinfo=UTC)) == 2
    assert {r.days for r in reminders(house)} == {90}


def test_where_nobody_can_be_told_it_is_tried_once_and_still_counts_as_not_reminded(house):
    dealer = make_dealer(house.engine, code="10000", name="Nobody Home", region="East")
    house.earn(1_000_00, dealer=dealer)
    run_reminders(house.engine, now=OCTOBER)
    assert run_reminders(house.engine, now=OCTOBER) == 0
    assert [r.told for r in reminders(house) if r.dealer_id == dealer] == [0]
    assert [r.code for r in rows(house, "cora", window=30, unreminded=True)] == ["10000"]


def _sweep(engine: Any, *, now: datetime) -> int:
    return run_reminders(engine, now=now)


def _remind(engine: Any, *, fund: int) -> int:
    from db.core.session import run

    made: int = run(remind_auto, bind=engine, fund_id=fund, expires_on=LAST, days=60, actor=system_actor(),
                    now=SEPTEMBER)  # fmt: skip
    return made


def test_sweeps_at_once_remind_once(engine):
    """Two databases; three sweeps and three bare commands at the same time: one reminder, one notice, one mail."""
    house = House(engine)
    fund = house.fund().id
    work = (*(partial(_sweep, now=SEPTEMBER),) * 2, *(partial(_remind, fund=fund),) * 2)
    assert sum(at_once(engine, *work)) == 1
    assert len(reminders(house)) == len(told(house)) == len(mails(house)) == 1
    house.sound()


def _by_hand(engine: Any, *, key: str, dealer: int, actor: Any) -> str:
    from db.core.session import run

    try:
        run(remind, bind=engine, dealer_ids=[dealer], window=60, form_key=key, actor=actor, now=OCTOBER)
    except Refused:
        return "refused"
    return "sent"


def test_two_people_at_once_remind_a_dealer_once(engine):
    house = House(engine)
    jobs = (partial(_by_hand, key=f"k{n}", dealer=house.dealer, actor=house.cora) for n in range(3))
    assert sorted(at_once(engine, *jobs)) == ["refused", "refused", "sent"]
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(CoopReminder)) == 1
