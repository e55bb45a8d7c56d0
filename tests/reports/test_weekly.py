"""The weekly report on real rows: recounted in plain Python, within scope and role, sent once and kept as sent."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update

from db.appointments.tables import Appointment
from db.cadence.rules import TaskFact, result_of
from db.cadence.tables import CadenceTask
from db.claims.tables import Claim, ClaimLoss
from db.coop.tables import CoopLot
from db.core.actor import EVERYTHING, Actor, Scope
from db.core.labels import local_day
from db.core.outbox import OutboxMail
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.dealers.tables import Dealer
from db.exports import run_export
from db.leads.tables import Lead
from db.parts.tables import PartsOrderLine
from db.people.tables import ExportLog, Notification
from db.reports.weekly_advice_rules import RULES
from db.reports.weekly_checks import weeks_can_be_read
from db.reports.weekly_commands import (
    print_weekly,
    send_weekly,
    subscribe_weekly,
    switch_weekly,
    unsubscribe_weekly,
)
from db.reports.weekly_jobs import run_weekly
from db.reports.weekly_queries import (
    FIGURE_RIGHTS,
    RULE_RIGHTS,
    Weekly,
    as_json,
    build_reports,
    delivery_of,
    differences,
    due_mails,
    from_json,
    get_weekly,
    list_weekly,
    narrowed,
    newest_week,
    recipients,
    sent_weekly,
)
from db.reports.weekly_rules import FIGURES, WEEKS, last_week, monday_of
from db.reports.weekly_tables import WeeklyMail, WeeklyReport, WeeklySwitch, WeeklyWish
from db.surveys.tables import Survey, SurveyAlert
from tests.leads.factories import NOW, Network, make_dealer, make_network, receive, step
from tests.reports.test_overview import counted
from tests.reports.told import WORLDS, told
from tests.support.at_once import at_once, works

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MONDAY = NOW.replace(hour=14)  # 10:00 in the East, 07:00 in the West
LAST = date(2026, 6, 22)
THIS = date(2026, 6, 29)


def stored(engine: Engine, table: Any) -> list[Any]:
    with reading(engine) as session:
        found = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
    return found


def count(engine: Engine, table: Any) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def built(engine: Engine, *, scope: Scope = EVERYTHING, week: date = LAST, now: datetime = NOW) -> dict[int, Weekly]:
    with reading(engine) as session:
        return build_reports(session, scope=scope, week=week, now=now)


def verdict(report: Weekly, rule: str) -> Any:
    return next(v for v in report.verdicts if v.rule == rule)


# ---- recounted -------------------------------------------------------------------------------------------------------
def weekly_counts(rows: list[Any], day: Any, week: date, top: Any, bottom: Any = None) -> dict[int, list[Any]]:
    """(numerator, denominator) of nine weeks by dealer, row by row."""
    found: dict[int, list[Any]] = defaultdict(lambda: [[0, 0] for _ in range(WEEKS)])
    for row in rows:
        on = day(row)
        if on is None or row.dealer_id is None:
            continue
        back = (week - monday_of(on)).days // 7
        if 0 <= back < WEEKS:
            found[row.dealer_id][back][0] += top(row)
            found[row.dealer_id][back][1] += bottom(row) if bottom else 0
    return found


def hold(reports: dict[int, Weekly], name: str, expected: dict[int, list[Any]]) -> int:
    seen = 0
    for dealer_id, report in reports.items():
        figure = report.figure(name)
        assert figure is not None
        for back, part in enumerate(figure.weeks):
            top, bottom = expected.get(dealer_id, [[0, 0]] * WEEKS)[back]
            assert (part.numerator or 0) == pytest.approx(top), (name, dealer_id, back)
            if not figure.what.counts:
                assert (part.denominator or 0) == bottom, (name, dealer_id, back)
            seen += bool(top)
    return seen


NOT_VALID = ("bad", "duplicate", "held")


@pytest.mark.parametrize("weeks", [0, 1])
def test_the_figures_of_customers_are_what_the_rows_say(sqlite_templates, tmp_path, weeks):
    world = WORLDS["desk"]
    now = world.now
    with told(sqlite_templates, "desk", tmp_path) as engine:
        zones = {d.id: d.zone for d in stored(engine, Dealer)}
        week = monday_of(local_day(now, "America/New_York")) - weeks * WEEK
        reports = built(engine, week=week, now=now)
        leads = stored(engine, Lead)
        hold(
            reports, "leads_received", weekly_counts(leads, lambda r: r.received_on, week, lambda r: r.status != "held")
        )

        def clocked(row: Any) -> bool:
            over = row.first_action_at is not None or (row.first_action_due_at and row.first_action_due_at <= now)
            return bool(row.status not in NOT_VALID and row.first_action_due_at and over)

        def good(row: Any) -> bool:
            return clocked(row) and row.first_action_at is not None and row.first_action_at <= row.first_action_due_at

        seen = hold(reports, "leads_in_time", weekly_counts(leads, lambda r: r.received_on, week, good, clocked))
        sold = [r for r in leads if r.sold_at and r.status not in NOT_VALID]
        seen += hold(reports, "sold", weekly_counts(sold, lambda r: r.decided_on, week, lambda r: 1))
        steps = [t for t in stored(engine, CadenceTask) if t.required]

        def result(t: Any) -> Any:
            return result_of(TaskFact(state=t.state, required=True, due_at=t.due_at, done_at=t.done_at), now=now)

        seen += hold(reports, "follow_up", weekly_counts(
            steps, lambda t: t.due_on, week, lambda t: result(t) == "on_time",
            lambda t: result(t) in ("on_time", "late", "missed"),
        ))  # fmt: skip
        met = [a for a in stored(engine, Appointment) if a.status in ("shown", "completed", "no_show")]
        seen += hold(reports, "show_rate", weekly_counts(
            met, lambda a: local_day(a.starts_at, zones[a.dealer_id]) if a.starts_at <= now else None, week,
            lambda a: a.status != "no_show", lambda a: 1,
        ))  # fmt: skip
        csi = [s for s in stored(engine, Survey) if s.kind == "csi" and s.is_counted and s.index_hundredths is not None]
        seen += hold(reports, "csi", weekly_counts(
            csi, lambda s: s.answered_on, week, lambda s: s.index_hundredths / 100, lambda s: 1
        ))  # fmt: skip
        assert seen >= 6, "nothing to recount"


def test_what_waits_for_customers_is_what_the_rows_say(sqlite_templates, tmp_path):
    world = WORLDS["desk"]
    now = world.now
    with told(sqlite_templates, "desk", tmp_path) as engine:
        week = last_week(local_day(now, "America/New_York"))
        reports = built(engine, week=week, now=now)
        expected = {
            "A01": [
                r for r in stored(engine, Lead)
                if r.is_open and not r.first_action_at and r.first_action_due_at and r.first_action_due_at < now
                and r.status != "held"
            ],
            "A03": [a for a in stored(engine, Appointment) if a.status == "no_show" and not a.recovery_ended_at],
            "A05": [t for t in stored(engine, CadenceTask) if t.is_open and t.due_at < now],
            "A06": [s for s in stored(engine, SurveyAlert) if s.is_open and s.status == "open"],
        }  # fmt: skip
        for rule, rows in expected.items():
            number = Counter(r.dealer_id for r in rows)
            assert sum(number[d] for d in reports), f"{rule}: nothing to recount"
            for dealer_id, report in reports.items():
                found = verdict(report, rule)
                assert (found.state == "none") == (not number[dealer_id]), (rule, dealer_id)
                assert found.because.startswith(f"{number[dealer_id]} ") or not number[dealer_id]
                assert all(row.page and row.query for row in found.rows)
        assert not any(
            name and name in repr(reports) for name in {r.customer_name for r in stored(engine, Lead)}
        ), "a report names no customer"  # fmt: skip


def test_claims_parts_and_money_are_what_the_rows_say(sqlite_templates, tmp_path):
    with told(sqlite_templates, "claims", tmp_path) as engine:
        now = WORLDS["claims"].now
        losses = [r for r in stored(engine, ClaimLoss) if r.kind == "returned"]
        week = monday_of(max(r.happened_on for r in losses))
        reports = built(engine, week=week, now=now)
        back = [c for c in stored(engine, Claim) if c.status in ("returned", "rejected")]
        number = Counter(c.dealer_id for c in back)
        for dealer_id, report in reports.items():
            found = verdict(report, "A11")
            assert found.because.startswith(f"{number[dealer_id]} claim") or not number[dealer_id]
            same = Counter(
                r.reason_code for r in losses
                if r.dealer_id == dealer_id and week + 6 * DAY - 28 * DAY < r.happened_on <= week + 6 * DAY
            )  # fmt: skip
            top = max(same.values(), default=0)
            assert verdict(report, "A09").because.startswith(f"{top} claim") or not top
        sent = [c for c in stored(engine, Claim) if c.submitted_on and c.status != "void"]
        assert hold(
            reports, "claims_sent",
            weekly_counts(sent, lambda c: c.submitted_on, week, lambda c: c.claim_type != "pre_authorization"),
        )  # fmt: skip


def test_parts_and_coop_are_what_the_rows_say(sqlite_templates, tmp_path):
    with told(sqlite_templates, "parts", tmp_path) as engine:
        now = WORLDS["parts"].now
        today = local_day(now, "America/New_York")
        late = [
            r for r in stored(engine, PartsOrderLine)
            if r.is_open and (r.first_promised_on is None or r.first_promised_on < today)
        ]  # fmt: skip
        assert late
        for dealer_id, report in built(engine, week=last_week(today), now=now).items():
            number = sum(r.dealer_id == dealer_id and r.rank == 0 for r in late)
            other = sum(r.dealer_id == dealer_id and r.rank > 0 for r in late)
            assert verdict(report, "A07").because.startswith(f"{number} vehicle") or not number
            assert verdict(report, "A08").because.startswith(f"{other} line") or not other
    other = tmp_path / "coop"
    other.mkdir()
    with told(sqlite_templates, "coop", other) as engine:
        lots = [lot for lot in stored(engine, CoopLot) if lot.left_cents]
        first = min(lot.expires_on for lot in lots)
        now = datetime(first.year, first.month, first.day, 16, tzinfo=UTC) - 10 * DAY
        today = local_day(now, "America/New_York")
        reports = built(engine, week=last_week(today), now=now)
        fired = 0
        for dealer_id, report in reports.items():
            cents = sum(
                lot.left_cents for lot in lots
                if lot.dealer_id == dealer_id and today <= lot.expires_on <= today + 30 * DAY
            )  # fmt: skip
            found = verdict(report, "A14")
            assert (found.state == "fires") == (cents >= 100_00)
            assert f"${cents / 100:,.0f} of co-op money" in found.because or not cents
            fired += found.state == "fires"
        assert fired


# ---- scope and role --------------------------------------------------------------------------------------------------
@pytest.fixture
def network(sqlite_engine: Engine) -> Network:
    return filled(sqlite_engine)


def filled(engine: Engine) -> Network:
    """Twelve leads at North in the last week, ten of them late; seven other dealers in the East with all in time."""
    made = make_network(engine)
    with writing(engine, keeps_timeline=False) as session:
        others = [make_dealer(session, f"0090{n}", f"Other {n}").id for n in range(5)]
    at = datetime(2026, 6, 24, 15, 0, tzinfo=UTC)
    first = receive(engine, dealer_id=made.north, received_at=at)
    with writing(engine, keeps_timeline=False) as session:
        # One lead as intake leaves it, and copies of it that were answered; eighty commands would take a minute.
        model = session.get_one(Lead, first)
        facts = {c.key: getattr(model, c.key) for c in Lead.__table__.columns if c.key not in ("id", "number")}
        for dealer_id in (made.north, made.south, *others):
            for n in range(12):
                late = dealer_id == made.north and n >= 2
                session.add(Lead(**{
                    **facts, "number": f"C-{dealer_id}-{n}", "dealer_id": dealer_id, "status": "contacted",
                    "first_action_at": at + timedelta(hours=9 if late else 0),
                    "first_action_due_at": at + timedelta(hours=1),
                }))  # fmt: skip
    return made


def test_a_dealer_beside_its_peers_and_what_it_should_do(sqlite_engine: Engine, network: Network):
    reports = built(sqlite_engine)
    assert network.closed not in reports
    north = reports[network.north].figure("leads_in_time")
    assert north is not None
    assert (north.now.numerator, north.now.denominator, north.band, north.group) == (2, 13, "worst", "Dealers in East")
    west = reports[network.west].figure("leads_in_time")
    assert west is not None
    assert (west.band, west.peers) == ("none", None)
    late, first = verdict(reports[network.north], "A02"), verdict(reports[network.north], "A01")
    assert (late.state, first.state) == ("fires", "fires")
    assert "2 of 13 leads of the week were answered in time (15.4%); below 70%" in late.because
    assert [v.rule for v in reports[network.north].advice] == ["A01", "A02", "A16", "A19"]
    assert [s.tone for s in reports[network.north].said if s.rule == "peers"] == ["bad"]
    assert [v.rule for v in reports[network.west].advice] == ["A16"], "it has no papers yet"
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(Dealer).where(Dealer.id == network.west).values(status="prospect"))
    empty = built(sqlite_engine)
    assert empty[network.west].is_empty
    assert not empty[network.north].is_empty


def test_the_number_of_statements_does_not_grow_with_the_dealers(sqlite_engine: Engine, network: Network):
    with counted(sqlite_engine) as one:
        built(sqlite_engine, scope=network.dealer_manager.scope)
    with counted(sqlite_engine) as every:
        built(sqlite_engine)
    assert len(every) <= len(one) + 2
    assert len(every) < 60


def test_what_is_kept_comes_back_as_it_was(sqlite_engine: Engine, network: Network):
    for report in built(sqlite_engine).values():
        assert from_json(as_json(report)) == report
    content = as_json(built(sqlite_engine)[network.north])
    content["verdicts"][0]["rule"] = "A99"
    assert len(from_json(content).verdicts) == len(RULES) - 1, "a rule that is gone is left out"


def ask(engine: Engine, query: Any, actor: Actor, **more: Any) -> Any:
    with reading(engine) as session:
        return query(session, actor=actor, **more)


def test_a_dealer_manager_reads_the_own_report_and_nobody_elses(sqlite_engine: Engine, network: Network):
    dan = network.dealer_manager
    own = ask(sqlite_engine, get_weekly, dan, dealer_id=network.north, week=LAST, now=NOW)
    assert own.name == "North Motors"
    assert [r.dealer_id for r in ask(sqlite_engine, list_weekly, dan, week=LAST, now=NOW)] == [network.north]
    assert ask(sqlite_engine, list_weekly, dan, week=LAST, now=NOW, region="West") == []
    assert not any(name in repr(own) for name in ("South", "West Motors", "Other", "00102"))
    for dealer_id in (network.south, 99_999):
        with pytest.raises(NotFound, match="The dealer"):
            ask(sqlite_engine, get_weekly, dan, dealer_id=dealer_id, week=LAST, now=NOW)
        with pytest.raises(NotFound, match="The dealer"):
            ask(sqlite_engine, sent_weekly, dan, dealer_id=dealer_id, week=LAST)
        with pytest.raises(NotFound, match="The dealer"):
            ask(sqlite_engine, delivery_of, dan, dealer_id=dealer_id)
        with pytest.raises(NotFound, match="The dealer"):
            ask(sqlite_engine, newest_week, dan, dealer_id=dealer_id, now=NOW)
    assert ask(sqlite_engine, newest_week, dan, dealer_id=network.north, now=NOW) == LAST
    east = ask(sqlite_engine, list_weekly, network.east_coordinator, week=LAST, now=NOW)
    assert {r.region for r in east} == {"East"}
    assert east[0].dealer_id == network.north, "most to do first"
    (west,) = ask(sqlite_engine, list_weekly, network.coordinator, week=LAST, now=NOW, region="West")
    assert west.dealer_id == network.west
    with reading(sqlite_engine) as session:
        assert recipients(session, scope=dan.scope) == []
        assert due_mails(session, scope=dan.scope, now=NOW) == {}


def test_each_role_sees_what_it_sees_elsewhere(sqlite_engine: Engine, network: Network):
    whole = built(sqlite_engine)[network.north]
    for role in Role:
        actor = Actor(user_id=1, username="x", name="X", role=role, scope=EVERYTHING)
        seen = narrowed(whole, actor)
        assert {f.name for f in seen.figures} == {n for n, right in FIGURE_RIGHTS.items() if actor.can(right)}
        assert {v.rule for v in seen.verdicts} == {n for n, right in RULE_RIGHTS.items() if actor.can(right)}
        assert seen.hidden == len(FIGURES) + len(RULES) - len(seen.figures) - len(seen.verdicts)
    assert set(RULE_RIGHTS) == set(RULES)
    assert set(FIGURE_RIGHTS) == set(FIGURES)


@pytest.mark.parametrize("week", [THIS, date(2026, 6, 23), date(2025, 6, 23)], ids=["running", "no Monday", "too old"])
def test_only_weeks_that_are_over_and_not_too_long_ago(sqlite_engine: Engine, network: Network, week: date):
    with pytest.raises(Refused, match="There is no report"):
        ask(sqlite_engine, get_weekly, network.manager, dealer_id=network.north, week=week, now=NOW)


def test_taken_out_as_table_and_as_paper(sqlite_engine: Engine, network: Network):
    for actor, dealers in ((network.dealer_manager, {"00101"}), (network.coordinator, {"00101", "00102", "00201"})):
        table = run(
            run_export, bind=sqlite_engine, kind="weekly_report", file_format="csv", actor=actor, now=NOW,
            filters={"week": LAST.isoformat()},
        )  # fmt: skip
        rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
        found = {row["Dealer code"] for row in rows}
        assert dealers <= found
        assert ("00102" in found) == ("00102" in dealers)
        answer, name = "Beside peers, or the rule's answer", "Figure or rule"
        answers = {r[name]: r[answer] for r in rows if r["Dealer code"] == "00101" and r["Kind"] == "Rule"}
        assert answers["A02 Leads answered late"] == "Recommended"
    made = run(
        print_weekly, bind=sqlite_engine, dealer_id=network.north, week=LAST, actor=network.dealer_manager, now=NOW
    )
    again = run(
        print_weekly, bind=sqlite_engine, dealer_id=network.north, week=LAST, actor=network.dealer_manager, now=NOW
    )
    assert made.content.startswith(b"%PDF")
    assert made == again, "the same report gives the same bytes"
    assert made.name == "week-2026-06-22-00101.pdf"
    (first, _) = [log for log in stored(sqlite_engine, ExportLog) if log.file_format == "pdf"]
    assert (first.kind, first.filters["dealer"]) == ("weekly_report", "00101")
    before = count(sqlite_engine, ExportLog)
    for actor, dealer_id, as_sent in (
        (network.dealer_manager, network.south, False), (network.staff, network.north, False),
        (network.manager, network.north, True),
    ):  # fmt: skip
        with pytest.raises(Refused):
            run(print_weekly, bind=sqlite_engine, dealer_id=dealer_id, week=LAST, as_sent=as_sent, actor=actor, now=NOW)
    assert count(sqlite_engine, ExportLog) == before


# ---- commands --------------------------------------------------------------------------------------------------------
@pytest.fixture
def desk(engine: Engine) -> Network:
    made = make_network(engine)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET email = username || '@example.test'"))
    receive(engine, dealer_id=made.north, received_at=NOW - 5 * DAY)
    return made


def do(engine: Engine, command: Any, actor: Actor, *, now: datetime = NOW, **more: Any) -> Any:
    return run(command, bind=engine, actor=actor, now=now, **more)


def last_entry(engine: Engine) -> TimelineEntry:
    return stored_entries(engine)[-1]


def stored_entries(engine: Engine) -> list[TimelineEntry]:
    with reading(engine) as session:
        found = list(session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq)))
        session.expunge_all()
    return found


def test_somebody_asks_for_it_and_stops_it(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.dealer_manager, dealer_id=desk.north)
    (wish,) = stored(engine, WeeklyWish)
    assert (wish.wants, wish.from_week, wish.region) == (True, THIS, "East")
    assert last_entry(engine).command == "subscribe_weekly"
    entries = len(stored_entries(engine))
    do(engine, subscribe_weekly, desk.dealer_manager, dealer_id=desk.north)  # a double click
    assert len(stored_entries(engine)) == entries
    assert ask(engine, delivery_of, desk.dealer_manager, dealer_id=desk.north).gets_it
    do(engine, unsubscribe_weekly, desk.dealer_manager, dealer_id=desk.north)
    assert [w.wants for w in stored(engine, WeeklyWish)] == [False]
    assert not ask(engine, delivery_of, desk.dealer_manager, dealer_id=desk.north).gets_it


def test_a_wish_is_refused(engine: Engine, desk: Network):
    for command in (subscribe_weekly, unsubscribe_weekly):
        with pytest.raises(NotFound):
            do(engine, command, desk.dealer_manager, dealer_id=desk.south)
        with pytest.raises(NotFound):
            do(engine, command, desk.east_coordinator, dealer_id=desk.west)
    assert count(engine, WeeklyWish) == 0


def test_it_is_switched_on_for_a_dealer_and_off(engine: Engine, desk: Network):
    assert do(engine, switch_weekly, desk.coordinator, dealer_id=desk.north, is_on=True, seen_version=0) == 1
    assert ask(engine, delivery_of, desk.dealer_manager, dealer_id=desk.north).gets_it
    assert not ask(engine, delivery_of, desk.manager, dealer_id=desk.north).gets_it
    assert ask(engine, delivery_of, desk.manager, dealer_id=desk.north).readers == 1
    with pytest.raises(Stale, match="Cora Coordinator"):
        do(engine, switch_weekly, desk.manager, dealer_id=desk.north, is_on=True, seen_version=0)
    assert do(engine, switch_weekly, desk.manager, dealer_id=desk.north, is_on=False, seen_version=1) == 2
    with pytest.raises(Stale):
        do(engine, switch_weekly, desk.manager, dealer_id=desk.north, is_on=True, seen_version=1)
    assert [(s.is_on, s.version) for s in stored(engine, WeeklySwitch)] == [(False, 2)]


def test_a_switch_is_refused_and_nothing_is_stored(engine: Engine, desk: Network):
    entries = count(engine, TimelineEntry)
    for actor, dealer_id in (
        (desk.dealer_manager, desk.north), (desk.finance, desk.north), (desk.east_coordinator, desk.west),
    ):  # fmt: skip
        with pytest.raises(Refused):
            do(engine, switch_weekly, actor, dealer_id=dealer_id, is_on=True, seen_version=0)
    assert count(engine, WeeklySwitch) == 0
    assert count(engine, TimelineEntry) <= entries + 2, "no more than that it was denied"


def test_two_switch_at_once_and_one_is_told(engine: Engine, desk: Network):
    actor = desk.coordinator

    def work(bind: Engine) -> int:
        return do(bind, switch_weekly, actor, dealer_id=desk.north, is_on=True, seen_version=0)

    assert sorted(map(str, at_once(engine, *works(work)))) == ["1", "stale"]


# ---- the mail --------------------------------------------------------------------------------------------------------
NEXT = MONDAY + WEEK


def mails(engine: Engine) -> list[tuple[str, str, str]]:
    return [(m.to_address, m.subject, m.body) for m in stored(engine, OutboxMail) if m.item_type == "weekly_report"]


def wanted(engine: Engine, desk: Network) -> None:
    do(engine, switch_weekly, desk.coordinator, dealer_id=desk.north, is_on=True, seen_version=0)
    do(engine, subscribe_weekly, desk.coordinator, dealer_id=desk.north)
    do(engine, subscribe_weekly, desk.coordinator, dealer_id=desk.south)


def test_each_gets_one_mail_a_week_from_the_next_monday_on(engine: Engine, desk: Network):
    wanted(engine, desk)
    assert run_weekly(engine, now=NOW + DAY) == 0, "the week they asked in is not over"
    assert run_weekly(engine, now=NEXT.replace(hour=9, minute=59)) == 0, "it is not six yet"
    assert run_weekly(engine, now=NEXT.replace(hour=10, minute=0)) == 2
    assert run_weekly(engine, now=NEXT + DAY) == 0
    found = mails(engine)
    assert sorted(to for to, _, _ in found) == ["cora@example.test", "dan@example.test"]
    cora, dan = sorted(found)
    assert "North Motors (00101)" in cora[2]
    assert "South Motors (00102)" in cora[2]
    assert "South" not in dan[2]
    assert dan[1] == "Your week 29 Jun to 5 Jul 2026: 2 things to do"
    assert "Rule A01, Leads nobody has answered" in dan[2]
    assert count(engine, WeeklyReport) == 2
    assert {n.kind for n in stored(engine, Notification)} == {"weekly_report"}
    assert run_weekly(engine, now=NEXT + WEEK) == 2
    with reading(engine) as session:
        assert weeks_can_be_read(session) == []


def test_two_processes_mail_each_once(engine: Engine, desk: Network):
    wanted(engine, desk)
    assert sum(at_once(engine, *works(lambda bind: run_weekly(bind, now=NEXT), times=3))) == 2
    assert (len(mails(engine)), count(engine, WeeklyMail), count(engine, WeeklyReport)) == (2, 2, 2)


def test_with_dealers_in_two_zones_it_waits_for_the_last_morning(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.west)
    assert run_weekly(engine, now=NEXT.replace(hour=12, minute=59)) == 0
    assert run_weekly(engine, now=NEXT.replace(hour=13, minute=0)) == 1
    ((_, _, body),) = mails(engine)
    assert "North Motors" in body
    assert "West Motors" in body


@pytest.mark.parametrize("change", [
    "UPDATE person_scope SET dealer_id = (SELECT id FROM dealer WHERE code = '00102') WHERE person_id = "
    "(SELECT id FROM person WHERE username = 'dan')",
    "UPDATE person SET is_active = :no WHERE username = 'dan'",
], ids=["moved to another dealer", "left"])  # fmt: skip
def test_who_may_not_see_it_any_more_gets_nothing(engine: Engine, desk: Network, change: str):
    do(engine, subscribe_weekly, desk.dealer_manager, dealer_id=desk.north)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text(change), {"no": False} if ":no" in change else {})
    assert (run_weekly(engine, now=NEXT), mails(engine)) == (0, [])
    assert run_weekly(engine, now=NEXT) == 0


def test_a_role_that_sees_less_is_told_less(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.finance, dealer_id=desk.north)
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    assert run_weekly(engine, now=NEXT) == 2
    by_address = {to: body for to, _, body in mails(engine)}
    assert "A01" in by_address["max@example.test"]
    assert "A01" not in by_address["fay@example.test"], "finance sees no leads"


def test_without_an_address_it_is_told_in_the_app(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET email = '' WHERE username = 'max'"))
    assert run_weekly(engine, now=NEXT) == 1
    assert (mails(engine), [m.outcome for m in stored(engine, WeeklyMail)]) == ([], ["told"])


def test_what_was_sent_stays_and_today_stands_beside_it(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    run_weekly(engine, now=NEXT)
    sent = ask(engine, sent_weekly, desk.dealer_manager, dealer_id=desk.north, week=THIS)
    assert verdict(sent, "A01").state == "fires"
    late = receive(engine, dealer_id=desk.north, received_at=NOW + DAY)
    step(engine, "log_activity", late, actor=desk.coordinator, now=NOW + DAY, kind="call", outcome="voicemail")
    step(
        engine, "log_activity", stored(engine, Lead)[0].id, actor=desk.coordinator, now=NEXT, kind="call",
        outcome="voicemail",
    )  # fmt: skip
    today = ask(engine, get_weekly, desk.dealer_manager, dealer_id=desk.north, week=THIS, now=NEXT + DAY)
    assert ask(engine, sent_weekly, desk.dealer_manager, dealer_id=desk.north, week=THIS) == sent
    changed = {d.title: (d.sent, d.today) for d in differences(sent, today)}
    assert changed["Leads received"] == ("0", "1")
    assert changed["A01 Leads nobody has answered"][1] == "Nothing of the kind"
    assert differences(sent, sent) == ()
    do(engine, subscribe_weekly, desk.coordinator, dealer_id=desk.north, now=NOW)
    assert run_weekly(engine, now=NEXT + DAY) == 1, "somebody whose first week it is, too"
    assert len({body for _, _, body in mails(engine)}) == 1, "and who is mailed later reads what was sent"


def test_only_the_desk_itself_sends(engine: Engine, desk: Network):
    with pytest.raises(Refused):
        do(engine, send_weekly, desk.dealer_manager, person_id=1, week=LAST, reports=[])
    assert not desk.finance.can(Permission.WEEKLY_MANAGE)
    assert count(engine, WeeklyMail) == 0


def test_a_report_that_was_changed_past_the_app_is_found(engine: Engine, desk: Network):
    do(engine, subscribe_weekly, desk.manager, dealer_id=desk.north)
    run_weekly(engine, now=NEXT)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(WeeklyReport).values(dealer_id=desk.south))
    with reading(engine) as session:
        assert len(weeks_can_be_read(session)) == 2
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(WeeklyReport).values(content={"no": "report"}))
    with reading(engine) as session:
        assert any("cannot be read" in words for words in weeks_can_be_read(session))
