"""The weekly report on real rows: recounted in plain Python, within scope and role, sent once and kept as sent."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from db.appointments.tables import Appointment
from db.cadence.rules import TaskFact, result_of
from db.cadence.tables import CadenceTask
from db.claims.tables import Claim, ClaimLoss
from db.coop.tables import CoopLot
from db.core.actor import EVERYTHING, Actor
from db.core.labels import local_day
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run, writing
from db.dealers.tables import Dealer
from db.exports import run_export
from db.leads.tables import Lead
from db.parts.tables import PartsOrderLine
from db.people.tables import ExportLog
from db.reports.weekly_advice_rules import RULES
from db.reports.weekly_commands import (
    print_weekly,
)
from db.reports.weekly_queries import (
    FIGURE_RIGHTS,
    RULE_RIGHTS,
    Weekly,
    as_json,
    delivery_of,
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
from db.surveys.tables import Survey, SurveyAlert
from tests.leads.factories import NOW, Network, make_dealer, make_network, receive
from tests.reports.test_overview import counted
from tests.reports.told import WORLDS, told
from tests.reports.weekly import DAY, LAST, THIS, WEEK, built, count, stored, verdict
from tests.support.again import begun


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
@begun
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
