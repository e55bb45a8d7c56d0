"""The figures of co-op against a plain recount of the rows as they are stored (domain-rules 2.3, KPIs)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from db.calendar.months import days_before, months_between
from db.calendar.queries import DESK_ZONE
from db.coop import (
    figure_decided_queries,
    figure_metrics_queries,
    figure_overview_queries,
    figure_queries,
    figure_reason_queries,
)  # fmt: skip
from db.coop.campaign_commands import start_campaign
from db.coop.campaign_rules import Plan
from db.coop.commands import make_payment
from db.coop.figure_filters import checked
from db.coop.figure_metrics_queries import FIGURES, METRICS, TIMED
from db.coop.figure_rules import Moved, way_of
from db.coop.jobs import run_expiry
from db.core.actor import EVERYTHING
from db.core.labels import local_day
from db.core.problems import Refused
from db.core.session import reading
from db.exports import run_export
from tests.coop.factories import DAY, NOW, PRINT, House, of
from tests.leads.factories import receive
from tests.support.again import begun

HOUR = timedelta(hours=1)
LATER = datetime(2026, 6, 20, 15, 0, tzinfo=UTC)
SPAN = (date(2026, 1, 1), date(2026, 6, 20))
DAYS = {"from": SPAN[0], "to": SPAN[1]}


def tell(house):
    """Money that comes, is held, used, paid and lost; requests and claims that come back and are denied."""
    house.earn(300_00, on=date(2026, 1, 10), dealer=house.other_dealer)  # expires on 31 July
    first = house.approved(of(2_000_00), now=NOW)
    again = house.ask(of(1_000_00), now=NOW)
    house.step("send_back", again, "cora", now=NOW + 5 * HOUR, note="Which page?")
    house.step("submit", again, "dora", now=NOW + 29 * HOUR)
    house.step("approve", again, "cora", now=NOW + 31 * HOUR)
    no = house.ask(of(500_00), now=NOW)
    house.step("deny", no, "mason", now=NOW + 3 * DAY, reason_code="brand", note="Another brand beside it")
    house.ask(of(700_00), now=NOW)  # waits
    gone = house.approved(of(400_00), now=NOW)
    house.step("release", gone, "dora", now=NOW + 2 * DAY, note="The fair is off")
    claim = house.claim(of(1_800_00), request=first, proofs=("invoice", "payment"), now=NOW + 14 * DAY)
    house.claim_step("add_proof", claim, "dora", now=NOW + 16 * DAY, kind="tear_sheet", reference="p. 7")
    house.claim_step("submit", claim, "dora", now=NOW + 16 * DAY)
    house.claim_step("approve", claim, "cora", now=NOW + 18 * DAY)
    second = house.claim(of(1_000_00), request=again, now=NOW + 14 * DAY)
    house.claim_step("approve", second, "cora", now=NOW + 15 * DAY)
    third = house.claim(of(300_00), now=NOW + 20 * DAY)
    house.claim_step("deny", third, "cora", now=NOW + 21 * DAY, reason_code="duplicate", note="Asked before")
    house.do(make_payment, actor=house.finn, now=NOW + 25 * DAY, form_key="p1")
    fourth = house.claim(of(200_00), now=NOW + 26 * DAY)
    house.claim_step("approve", fourth, "cora", now=NOW + 27 * DAY)
    house.claim_step("reverse", fourth, "mason", now=NOW + 28 * DAY, note="Twice")
    house.ids_of = {"first": first, "again": again, "claim": claim, "second": second}


@pytest.fixture
@begun
def house(sqlite_engine):
    made = House(sqlite_engine)
    tell(made)
    return made


def ask(house, name, *, scope=EVERYTHING, by=(), now=LATER, **filters):
    with reading(house.engine) as session:
        return figure_metrics_queries.compute(
            session, scope=scope, name=f"coop_{name}", by=by, filters={**DAYS, **filters}, now=now
        )


def value(house, name, **more):
    (row,) = ask(house, name, **more)
    return row["value"]


def parts(house, name, **more):
    (row,) = ask(house, name, **more)
    return row["numerator"], row["denominator"]


def stored(house, sql):
    with house.engine.connect() as connection:
        return [dict(r._mapping) for r in connection.execute(text(sql))]


# ---- the plain recount -----------------------------------------------------------------------------------------------
def posted(house, *kinds, of="", first=SPAN[0], last=SPAN[1], **narrow):
    """The sum of entries of some kinds, row by row."""
    total = 0
    for row in stored(house, "SELECT * FROM coop_entry"):
        day = row["on_day"] if isinstance(row["on_day"], date) else date.fromisoformat(row["on_day"])
        is_own = all(row[name] == wanted for name, wanted in narrow.items())
        if row["kind"] in kinds and row["of_kind"] == of and first <= day <= last and is_own:
            total += row["cents"]
    return total


def moment(value):
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def histories(house, table, kind):
    """{id: (row, [(at, command, status)])} of what was decided, from the rows and the timeline as they are stored."""
    own = "ask" if kind == "coop_request" else "enter_claim"  # what enters it names no number
    rows = {r["id"]: r for r in stored(house, f"SELECT * FROM {table} WHERE decided_at IS NOT NULL")}
    found: dict[int, tuple[Any, list[Any]]] = {i: (r, []) for i, r in rows.items()}
    for e in stored(
        house, "SELECT l.item_id, l.item_type, e.at, e.command, e.summary, e.detail FROM timeline_entry e"
        " JOIN timeline_link l ON l.seq = e.seq ORDER BY e.seq",
    ):  # fmt: skip
        detail = e["detail"] if isinstance(e["detail"], dict) else json.loads(e["detail"])
        if e["item_type"] == kind and e["item_id"] in found:
            number = found[e["item_id"]][0]["number"]
            status = (detail.get("after") or {}).get("status")
            if status and (e["command"] == own or number in e["summary"]):
                found[e["item_id"]][1].append((moment(e["at"]), e["command"], status))
    return found


def minutes_of(row):
    return (moment(row["decided_at"]) - moment(row["submitted_at"])) // timedelta(minutes=1)


def middle(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2) / 1440


def check_all(house):
    assert value(house, "accrued") == posted(house, "accrual") == 10_300_00
    assert value(house, "reserved") == posted(house, "reserve") == 1_500_00 + 750_00 + 300_00
    assert value(house, "released") == posted(house, "release") == 300_00 + 150_00
    used = posted(house, "claim") - posted(house, "reversal", of="claim")
    assert value(house, "approved") == used == 1_350_00 + 750_00
    assert value(house, "paid") == posted(house, "payment") == 2_100_00
    assert parts(house, "utilisation") == (2_100_00, 10_300_00)
    assert value(house, "utilisation") == pytest.approx(2_100 / 10_300)
    requests, claims = histories(house, "coop_request", "coop_request"), histories(house, "coop_claim", "coop_claim")
    denied = [r for r, _ in requests.values() if r["status"] == "denied"]
    assert parts(house, "request_denial") == (len(denied), len(requests)) == (1, 4)
    again = [i for i, (_, moves) in requests.items() if any(s == "returned" for _, _, s in moves)]
    assert parts(house, "request_again") == (len(again), len(requests)) == (1, 4)
    assert parts(house, "claim_denial") == (sum(r["status"] == "denied" for r, _ in claims.values()), 4) == (1, 4)
    back = [i for i, (_, moves) in claims.items() if any(s == "returned" for _, _, s in moves)]
    assert parts(house, "claim_returned") == (len(back), len(claims)) == (1, 4)
    for what, rows in (("request", requests), ("claim", claims)):
        took = [minutes_of(r) for r, _ in rows.values() if r["decided_by"] != "rules"]
        assert value(house, f"{what}_time") == pytest.approx(middle(took))
        assert value(house, f"{what}_p90") == pytest.approx(sorted(took)[-1] / 1440)  # of four the last
    paid = {r["claim_id"]: moment(r["at"]) for r in stored(
        house, "SELECT l.claim_id, MIN(m.issued_at) AS at FROM coop_memo_line l JOIN coop_memo m ON m.id = l.memo_id"
        " WHERE l.cents > 0 GROUP BY l.claim_id",
    )}  # fmt: skip
    waits = [(at - moment(claims[i][0]["decided_at"])) // timedelta(minutes=1) for i, at in paid.items()]
    assert value(house, "pay_time") == pytest.approx(middle(waits))
    with reading(house.engine) as session:
        held = figure_decided_queries.held(session, scope=EVERYTHING, asked=checked(session, DAYS, now=LATER))
    # The first claim was with the dealer for 2 days and in review for 2, the second in review for 1; then finance.
    assert held.claims == len(paid) == 2
    assert held.minutes == {"dealer": 2 * 1440, "desk": 3 * 1440, "finance": sum(waits)}


def test_every_figure_is_what_a_plain_recount_gives(engine):
    house = House(engine)
    tell(house)
    check_all(house)
    for one in METRICS:  # grouping is what differs between the databases
        for by in one.dims:
            ask(house, one.definition.name.removeprefix("coop_"), by=(by,))
    assert [(r.code, r.cases, r.returned, r.denied) for r in why(house)] == REASONS
    house.sound()


REASONS = [("C02", 1, 1, 0), ("person", 1, 1, 0), ("brand", 1, 0, 1), ("duplicate", 1, 0, 1)]


def why(house, kind="", scope=EVERYTHING, **filters):
    with reading(house.engine) as session:
        asked = checked(session, {**DAYS, **filters}, now=LATER)
        return figure_reason_queries.reasons(session, scope=scope, asked=asked, kind=kind)


def test_reasons_have_the_newest_sentence_and_can_be_narrowed(house):
    by_code = {r.code: r.sentence for r in why(house)}
    assert by_code["person"] == "Which page?"
    assert by_code["brand"] == "Another brand beside it"
    assert by_code["C02"].startswith("Missing: full tear sheet")
    assert [r.code for r in why(house, "denied")] == ["brand", "duplicate"]
    assert why(house, medium="radio") == []
    assert why(house, scope=house.otto.scope) == []


@pytest.mark.parametrize("by", ["month", "region", "dealer", "medium", "programme"])
def test_parts_add_up_to_the_whole(house, by):
    for name, figure in FIGURES.items():
        if by in figure.dims and not name.startswith("coop_expiring"):
            (whole,) = ask(house, name.removeprefix("coop_"))
            rows = ask(house, name.removeprefix("coop_"), by=(by,))
            assert sum(r["numerator"] for r in rows) == whole["numerator"], name
            assert sum(r["denominator"] or 0 for r in rows) == (whole["denominator"] or 0), name


def test_a_dealer_a_region_and_a_month_have_their_own(house):
    assert value(house, "accrued", dealer=house.other_dealer) == posted(
        house, "accrual", dealer_id=house.other_dealer
    ) == 300_00  # fmt: skip
    assert value(house, "accrued", dealer="04099") == value(house, "accrued", region="West") == 300_00
    assert value(house, "accrued", dealer="99999") == 0
    may = {"first": date(2026, 5, 1), "last": date(2026, 5, 21)}
    got = value(house, "approved", **{"from": may["first"], "to": may["last"]})
    assert got == posted(house, "claim", **may) == 750_00
    assert value(house, "approved", medium="print") == 2_100_00
    assert value(house, "approved", medium="radio") == 0
    assert value(house, "accrued", medium="radio") == 10_300_00  # what comes in has no medium
    assert value(house, "paid", programme="COOP-2026") == value(house, "paid", programme=house.programme) == 2_100_00


def test_what_expires_is_what_is_left_in_the_lots(house):
    left: dict[date, int] = {}
    for row in stored(house, "SELECT * FROM coop_lot"):
        day = row["expires_on"] if isinstance(row["expires_on"], date) else date.fromisoformat(row["expires_on"])
        left[day] = left.get(day, 0) + row["left_cents"]
    at = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
    today = local_day(at, DESK_ZONE)
    for days in (30, 60, 90):
        wanted = sum(c for d, c in left.items() if today <= d <= today + timedelta(days=days))
        assert value(house, f"expiring_{days}", now=at) == wanted
    assert value(house, "expiring_30", now=at) == 300_00
    run_expiry(house.engine, now=datetime(2026, 8, 2, 12, 0, tzinfo=UTC))
    end = {"to": date(2026, 8, 31)}
    assert value(house, "expired", now=datetime(2026, 8, 31, 12, 0, tzinfo=UTC), **end) == 300_00
    assert value(house, "expired", **end, now=datetime(2026, 8, 31, 12, 0, tzinfo=UTC)) == posted(
        house, "expiry", last=end["to"]
    )  # fmt: skip


def test_a_scope_sees_its_own(house):
    scope = house.otto.scope
    for name in FIGURES:
        (row,) = ask(house, name.removeprefix("coop_"), scope=scope)
        own = ask(house, name.removeprefix("coop_"), dealer=house.other_dealer)[0]
        assert row == own, name
    for name in TIMED:
        assert value(house, name.removeprefix("coop_"), scope=scope) is None
    with reading(house.engine) as session:
        for what in figure_overview_queries.BEHIND:
            rows, total = figure_overview_queries.behind(session, scope=scope, filters=DAYS, what=what, now=LATER)
            assert total == len(rows) == (1 if what == "funds" else 0)
        assert figure_overview_queries.behind(
            session, scope=scope, filters=DAYS, what="claims", reason="C02", now=LATER
        ) == ([], 0)
        lines = figure_overview_queries.lines(session, scope=scope, filters=DAYS, by="dealer", now=LATER)
        assert [x.name for x in lines] == ["Far Away Cars"]
        assert figure_queries.programme_choices(session, scope=scope) != {}


def test_the_records_behind_a_number_are_as_many(house):
    numbers = {
        "requests": 4, "requests_denied": 1, "requests_again": 1, "claims": 4, "claims_denied": 1,
        "claims_returned": 1, "claims_paid": 2, "funds": 2,
    }  # fmt: skip
    with reading(house.engine) as session:
        for what, wanted in numbers.items():
            rows, total = figure_overview_queries.behind(session, scope=EVERYTHING, filters=DAYS, what=what, now=LATER)
            assert (what, total, len(rows)) == (what, wanted, wanted)
        rows, total = figure_overview_queries.behind(
            session, scope=EVERYTHING, filters=DAYS, what="claims", reason="C02", now=LATER
        )
        assert ([r.id for r in rows], total) == ([house.ids_of["claim"]], 1)


def test_a_question_asks_a_bounded_number_of_statements(house):
    def count():
        said = []

        def note(_c, _u, statement, *_):
            said.append(statement)

        event.listen(house.engine, "before_cursor_execute", note)
        with reading(house.engine) as session:
            figure_overview_queries.overview(session, scope=EVERYTHING, filters=DAYS, now=LATER)
            figure_overview_queries.lines(session, scope=EVERYTHING, filters=DAYS, by="dealer", now=LATER)
            figure_overview_queries.why(session, scope=EVERYTHING, filters=DAYS, kind="", now=LATER)
            figure_overview_queries.behind(session, scope=EVERYTHING, filters=DAYS, what="claims", now=LATER)
        event.remove(house.engine, "before_cursor_execute", note)
        return len(said)

    before = count()
    for n in range(6):
        item = house.approved(of(100_00, replace(PRINT, activity=f"More {n}")), now=NOW + 30 * DAY)
        claim = house.claim(of(100_00), request=item, now=NOW + 31 * DAY)
        house.claim_step("approve", claim, "cora", now=NOW + 32 * DAY)
    assert count() == before


def test_campaigns_have_their_figures(house):
    plan = Plan(
        code="SPRING-26", name="Spring", medium="print", goal_kind="leads", goal=2, starts_on=date(2026, 5, 10),
        ends_on=date(2026, 5, 20),
    )  # fmt: skip
    house.do(start_campaign, dealer_id=house.dealer, plan=plan, request_ids=[house.ids_of["again"]], actor=house.dora)
    house.do(start_campaign, dealer_id=house.dealer, plan=replace(plan, code="FREE", goal=9), actor=house.dora)
    for source in ("SPRING-26", "spring-26", "SPRING-26", "FREE"):
        receive(house.engine, dealer_id=house.dealer, received_at=NOW + 9 * DAY, source=source, email="", phone="")
    assert parts(house, "campaign_lead_cost") == (1_000_00, 3)  # the lead of the free one costs nothing
    assert value(house, "campaign_lead_cost") == 333_33
    assert value(house, "campaign_sale_cost") is None
    assert parts(house, "campaign_goals") == (1, 2)
    assert parts(house, "campaign_goals", programme=house.programme) == (1, 1)
    assert parts(house, "campaign_goals", region="West") == (0, 0)


@pytest.mark.parametrize("kind", ["coop_figures", "coop_reasons", "coop_campaigns"])
def test_exports_give_the_rows_of_the_page(house, kind):
    filters = {} if kind == "coop_campaigns" else DAYS
    made = house.do(run_export, kind=kind, file_format="csv", filters=filters, actor=house.dora, now=LATER)
    assert b"Far Away" not in made.content
    if kind == "coop_figures":
        assert b"Lone Pine Motors" in made.content


WRONG = [
    ({"colour": "red"}, "unknown_filter"), ({"from": "yesterday"}, "bad_day"), ({"medium": "smoke"}, "unknown_medium"),
    ({"from": date(2026, 7, 1), "to": date(2026, 6, 1)}, "reversed"), ({"from": date(2020, 1, 1)}, "too_long"),
]  # fmt: skip


@pytest.mark.parametrize("wrong, code", WRONG)
def test_an_unreadable_question_is_refused(house, wrong, code):
    with pytest.raises(Refused) as refused:
        ask(house, "paid", **wrong)
    assert refused.value.code == code


def test_what_cannot_be_split_that_way_is_refused(house):
    for name, by in (("accrued", "medium"), ("paid", "colour"), ("request_time", "week")):
        with pytest.raises(Refused):
            ask(house, name, by=(by,))
    with pytest.raises(Refused, match="no metric"):
        ask(house, "luck")


# ---- rules -----------------------------------------------------------------------------------------------------------
T = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WAYS = [
    ([(0, "ask", "in_review")], 60, (0, 60, 1, 0)),
    ([(0, "ask", "entered"), (30, "submit", "in_review")], 60, (0, 30, 1, 0)),
    ([(0, "ask", "in_review"), (10, "send_back", "returned"), (40, "submit", "in_review")], 60, (30, 30, 2, 1)),
    ([(0, "enter_claim", "returned"), (40, "add_proof", ""), (50, "submit", "in_review")], 60, (50, 10, 2, 1)),
    ([(0, "enter_claim", "denied")], 0, (0, 0, 1, 0)),
    ([(0, "ask", "in_review"), (5, "approve", "approved"), (5, "enter_claim", "returned")], 5, (0, 5, 1, 0)),
    ([(0, "ask", "in_review"), (70, "send_back", "returned")], 60, (0, 60, 1, 0)),
    ([], 60, (0, 0, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize("moves, until, found", WAYS)
def test_who_held_it_and_how_often_it_was_touched(moves, until, found):
    told = [Moved(at=T + timedelta(minutes=m), command=c, status=s) for m, c, s in moves]
    way = way_of(told, until=T + timedelta(minutes=until))
    assert (way.dealer, way.desk, way.sent, way.returned) == found
    assert way.is_touched_again == (way.sent > 1 or way.returned > 0)


def test_months_and_the_days_before():
    assert months_between(date(2025, 12, 5), date(2026, 2, 1)) == [
        date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)
    ]  # fmt: skip
    assert days_before(date(2026, 3, 1), date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert days_before(date(2026, 3, 1), date(2026, 3, 15)) == (date(2026, 2, 1), date(2026, 2, 15))
    assert days_before(date(2026, 1, 1), date(2026, 6, 20)) == (date(2025, 7, 1), date(2025, 12, 20))
