"""Whom nobody spoke to for long, by volume; what the log, the lines of a dealer and the health signals say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from db import catalog
from db.contact_log import queries
from db.contact_log.commands import void_contact
from db.contact_log.dealer_queries import dealer_lines, dealer_signals
from db.contact_log.queries import LogFilters, list_reports
from db.core.actor import EVERYTHING, Scope
from db.core.session import reading, run, writing
from db.dealers.tables import Dealer
from db.exports import run_export
from db.reports.gap_queries import Volume, contact_gaps, volumes
from db.reports.history_queries import changes_since, dealer_history
from tests.contact_log.examples import NOW, TODAY, log, make_network, promise, step
from tests.leads.factories import receive
from tests.support.core import add_dealer

DAY = timedelta(days=1)


def codes(engine, **asked):
    with reading(engine) as session:
        values: dict[str, Any] = {"scope": EVERYTHING, "now": NOW, "days": 30} | asked
        return [gap.code for gap in contact_gaps(session, **values)]


def test_gaps_are_ranked_by_days_times_share_and_explained(engine):
    network = make_network(engine)
    for _ in range(3):
        receive(engine, dealer_id=network.north)
    receive(engine, dealer_id=network.south)
    log(engine, network, now=NOW - 40 * DAY)
    log(engine, network, now=NOW - 100 * DAY, dealer_id=network.south)
    with reading(engine) as session:
        found = contact_gaps(session, scope=EVERYTHING, now=NOW)
    assert [gap.code for gap in found] == ["00201", "00101", "00102"]  # never, then 40 x 75% before 100 x 25%
    assert [gap.why for gap in found] == [
        "Never contacted, 0.0% of the volume (0 leads, 0 sold)",
        "40 days × 75.0% of the volume (3 leads, 0 sold) = 3,000",
        "100 days × 25.0% of the volume (1 lead, 0 sold) = 2,500",
    ]
    assert [gap.days for gap in found] == [None, 40, 100]


def test_filters_leave_the_rank_and_the_share_alone(engine):
    network = make_network(engine)
    receive(engine, dealer_id=network.north)
    receive(engine, dealer_id=network.west)
    log(engine, network, now=NOW - 40 * DAY)
    log(engine, network, now=NOW - 10 * DAY, dealer_id=network.west)
    assert codes(engine) == ["00102", "00101"]
    assert codes(engine, days=0) == ["00102", "00101", "00201"]
    assert codes(engine, days=41) == ["00102"]
    assert codes(engine, region="West", days=5) == ["00201"]
    assert codes(engine, status="terminated") == ["00301"]
    assert codes(engine, status="prospect") == []
    with reading(engine) as session:
        (west,) = contact_gaps(session, scope=EVERYTHING, now=NOW, days=5, region="West")
        assert west.share == 0.5


@pytest.mark.parametrize(
    ("who", "expected"),
    [("east_coordinator", ["00101", "00102"]), ("dealer_manager", ["00101"]), ("coordinator", None)],
)
def test_gaps_reach_as_far_as_the_scope(sqlite_engine, who, expected):
    network = make_network(sqlite_engine)
    receive(sqlite_engine, dealer_id=network.north)
    receive(sqlite_engine, dealer_id=network.west)
    found = codes(sqlite_engine, scope=getattr(network, who).scope)
    assert sorted(found) == (expected or ["00101", "00102", "00201"])
    with reading(sqlite_engine) as session:
        assert sum(g.share for g in contact_gaps(session, scope=network.dealer_manager.scope, now=NOW)) == 1.0
        assert contact_gaps(session, scope=Scope("dealers"), now=NOW) == []


def test_volume_is_of_the_last_months_only(sqlite_engine):
    network = make_network(sqlite_engine)
    receive(sqlite_engine, dealer_id=network.north)
    receive(sqlite_engine, dealer_id=network.north, received_at=NOW - 200 * DAY)
    receive(sqlite_engine, dealer_id=network.north, received_at=NOW - 80 * DAY)
    with reading(sqlite_engine) as session:
        assert volumes(session, scope=EVERYTHING, now=NOW) == {network.north: Volume(received=2, sold=0)}
        assert volumes(session, scope=network.south_staff.scope, now=NOW) == {}


def test_two_thousand_dealers_cost_as_many_statements_as_three(sqlite_engine):
    network = make_network(sqlite_engine)
    log(sqlite_engine, network, now=NOW - 40 * DAY)

    def statements():
        asked: list[str] = []

        def listen(_c, _cur, sql, *_more):
            if sql.lstrip().upper().startswith("SELECT"):
                asked.append(sql)

        event.listen(sqlite_engine, "before_cursor_execute", listen)
        with reading(sqlite_engine) as session:
            found = contact_gaps(session, scope=EVERYTHING, now=NOW)
            dealer_signals(session, scope=EVERYTHING, now=NOW)
        event.remove(sqlite_engine, "before_cursor_execute", listen)
        return len(asked), len(found)

    few, _ = statements()
    with writing(sqlite_engine, keeps_timeline=False) as session:
        for number in range(1000, 3000):
            add_dealer(session, number)
    many, found = statements()
    assert found == 2003
    assert few == many == 8


# ---- signals
SILENCES = [
    (44, None), (45, ("watch", "No contact for 45 days")), (89, ("watch", "No contact for 89 days")),
    (90, ("risk", "No contact for 90 days")),
]  # fmt: skip


@pytest.mark.parametrize(("days", "signal"), SILENCES)
def test_silence_shows_in_the_health_of_an_active_dealer(sqlite_engine, days, signal):
    network = make_network(sqlite_engine)
    log(sqlite_engine, network)
    now = NOW + days * DAY
    with reading(sqlite_engine) as session:
        found = dealer_signals(session, scope=network.dealer_manager.scope, now=now)
    assert [(s.level, s.sentence) for s in found.get(network.north, ())] == ([signal] if signal else [])
    assert network.closed not in found
    assert network.west not in found


def test_a_dealer_nobody_ever_spoke_to_is_measured_from_its_first_day(sqlite_engine):
    network = make_network(sqlite_engine)
    with reading(sqlite_engine) as session:
        found = dealer_signals(session, scope=EVERYTHING, now=NOW + 50 * DAY)
    assert {i: [s.sentence for s in some] for i, some in found.items()} == {
        i: ["Never contacted in 50 days"] for i in (network.north, network.south, network.west)
    }


@pytest.mark.parametrize(("days", "level"), [(3, None), (4, "watch"), (17, "watch"), (18, "risk")])
def test_an_overdue_promise_of_ours_shows_in_the_health(sqlite_engine, days, level):
    network = make_network(sqlite_engine)
    log(sqlite_engine, network)
    promise(sqlite_engine, network)  # due in three days
    promise(sqlite_engine, network, made_by="dealer")  # theirs is no fault of ours
    with reading(sqlite_engine) as session:
        found = dealer_signals(session, scope=network.dealer_manager.scope, now=NOW + days * DAY)
    assert [s.level for s in found.get(network.north, ())] == ([level] if level else [])


def test_the_catalogue_has_the_signals_for_who_may_see_them(sqlite_engine, only):
    only("contact_log")
    network = make_network(sqlite_engine)
    late = NOW + 50 * DAY
    with reading(sqlite_engine) as session:
        assert set(catalog.dealer_signals(session, actor=network.east_coordinator, now=late)) == {
            network.north, network.south,
        }  # fmt: skip
        assert catalog.dealer_signals(session, actor=network.dealer_manager, now=late) == {}


# ---- lines of a dealer
def test_the_lines_of_a_dealer_are_promises_and_what_happened_since(engine, only):
    only("contact_log")
    network = make_network(engine)
    log(engine, network)
    for text_, due in (("Late one", 1), ("Coming one", 20)):
        promise(engine, network, text=text_, due_day=TODAY + due * DAY)
    kept = promise(engine, network, text="Done one", made_by="dealer")
    now = NOW + 5 * DAY
    step(engine, "keep", kept, by=network.coordinator, now=now - DAY, note="It arrived")
    log(engine, network, now=now - DAY, outcome="left_message", summary="Try again")
    with reading(engine) as session:
        asked: dict[str, Any] = {"dealer_id": network.north, "actor": network.coordinator, "now": now}
        lines = dealer_lines(session, since=NOW, **asked)
        assert [(line.kind, line.title) for line in lines] == [
            ("overdue", "We promised: Late one"), ("promised", "We promised: Coming one"),
            ("changed", "Their promise was kept: Done one"),
            ("changed", "Call, left a message: Cora Coordinator"),
        ]  # fmt: skip
        assert lines[0].detail == "Due Tue 30 Jun, 4 days late · Cora Coordinator"
        assert lines[0].query == {"promise": "1"}
        assert [line.kind for line in dealer_lines(session, since=None, **asked)] == ["overdue", "promised"]
        assert [line.kind for line in dealer_lines(session, since=now, **asked)] == ["overdue", "promised"]
        by_area = catalog.dealer_lines(session, since=NOW, **asked)
        assert list(by_area) == ["Contacts"]
        theirs = {**asked, "actor": network.dealer_manager}
        assert catalog.dealer_lines(session, since=NOW, **theirs) == {}


# ---- log and export
def test_the_log_is_newest_first_page_by_page_and_narrowed(engine):
    network = make_network(engine)
    for number in range(5):
        log(engine, network, now=NOW + number * DAY, summary=f"Talk {number} about parts")
    log(engine, network, dealer_id=network.west, channel="email", by=network.manager)
    tried = log(engine, network, outcome="no_answer", summary="")
    run(
        void_contact, bind=engine, report_id=1, seen_version=1, reason="Twice", actor=network.coordinator,
        now=NOW + 9 * DAY,
    )  # fmt: skip
    with reading(engine) as session:
        seen, after = [], None
        while True:
            rows, after = list_reports(session, scope=EVERYTHING, after=after, limit=3)
            seen += [row.id for row in rows]
            if after is None:
                break
        assert seen == [5, 4, 3, 2, tried, 6, 1]

        def ids(scope=EVERYTHING, **narrowed):
            filters = LogFilters(**narrowed)
            found = [row.id for row in list_reports(session, scope=scope, filters=filters)[0]]
            assert len(found) == queries.count_reports(session, scope=scope, filters=filters)
            return found

        assert ids(text="parts talk") == [5, 4, 3, 2]
        assert ids(dealer_id=network.west) == ids(region="West") == ids(channel="email") == [6]
        assert ids(person_id=network.manager.user_id) == [6]
        assert ids(only="tried") == [tried]
        assert ids(only="voided") == [1]
        assert ids(only="reached") == [5, 4, 3, 2, 6]
        assert ids(scope=network.east_coordinator.scope, only="reached") == [5, 4, 3, 2]
        assert queries.people_in_log(session, scope=EVERYTHING) == {3: "Cora Coordinator", 2: "Max Manager"}
        assert queries.people_in_log(session, scope=network.east_coordinator.scope) == {3: "Cora Coordinator"}
        assert queries.last_report(session, dealer_id=network.west, scope=network.east_coordinator.scope) is None
        assert queries.last_contacts(session, scope=network.east_coordinator.scope) == {network.north: NOW + 4 * DAY}
        assert queries.open_by_dealer(session, scope=EVERYTHING, now=NOW) == {}


def test_names_are_filled_in_from_earlier_contacts_of_the_same_dealer(sqlite_engine):
    network = make_network(sqlite_engine)
    for number, name in enumerate(("Owen", "Ava", "Owen")):
        log(sqlite_engine, network, with_name=name, now=NOW + number * DAY)
    log(sqlite_engine, network, with_name="Somebody", dealer_id=network.south)
    with reading(sqlite_engine) as session:
        assert queries.known_names(session, dealer_id=network.north, scope=EVERYTHING) == ["Owen", "Ava"]
        assert queries.known_names(session, dealer_id=network.south, scope=network.dealer_manager.scope) == []


def test_the_export_has_what_the_filters_leave_and_names_only_for_who_may_see_them(sqlite_engine):
    network = make_network(sqlite_engine)
    log(sqlite_engine, network, with_name="Owen", topics=["parts"])
    log(sqlite_engine, network, dealer_id=network.west, summary="In the West")

    def exported(who, **filters):
        made = run(
            run_export, bind=sqlite_engine, kind="contact_reports", file_format="csv", filters=filters, actor=who,
            purpose="Review", now=NOW,
        )  # fmt: skip
        return made.content.decode("utf-8-sig").splitlines()

    (_, newest, oldest) = exported(network.coordinator)
    assert "In the West" in newest
    assert "Owen,Parts,Talked about the month.,Cora Coordinator" in oldest
    assert len(exported(network.east_coordinator)) == 2
    assert len(exported(network.coordinator, dealer_id=str(network.west), channel="call")) == 2
    assert "Owen" not in "".join(exported(network.sales_leader))
    with pytest.raises(Exception, match="may not do this"):
        exported(network.dealer_manager)


def test_the_search_box_finds_a_contact_for_who_may_read_the_log(sqlite_engine):
    network = make_network(sqlite_engine)
    log(sqlite_engine, network, summary="The tailgate latch again", topics=["warranty"])
    with reading(sqlite_engine) as session:
        for words in ("tailgate", "warranty", "C-000001"):
            found = catalog.search_everything(session, words, actor=network.coordinator)
            assert [r.title for r in found["Dealer contacts"]] == ["C-000001 North Motors"]
        assert "Dealer contacts" not in catalog.search_everything(session, "tailgate", actor=network.dealer_manager)


# ---- history
def test_the_dealers_people_read_nothing_of_the_contact_log_in_any_history(engine):
    network = make_network(engine)
    log(engine, network)
    item = promise(engine, network)
    step(engine, "postpone", item, by=network.coordinator, due_day=TODAY + 9 * DAY, reason_text="They are slow")
    with reading(engine) as session:
        for who, expected in ((network.manager, 3), (network.dealer_manager, 0)):
            lines, following = dealer_history(session, dealer_id=network.north, actor=who)
            assert (len(lines), following) == (expected, None)
            assert len(changes_since(session, actor=who, since=NOW - DAY)) == expected


def test_the_history_of_a_dealer_is_paged_and_narrowed(engine):
    network = make_network(engine)
    for number in range(5):
        log(engine, network, now=NOW + number * DAY)
    log(engine, network, dealer_id=network.south)
    with reading(engine) as session:
        seen, after = [], None
        while True:
            lines, after = dealer_history(session, dealer_id=network.north, actor=network.manager, after=after, limit=2)
            seen += [line.seq for line in lines]
            if after is None:
                break
        assert seen == [5, 4, 3, 2, 1]
        asked: dict[str, Any] = {"dealer_id": network.north, "actor": network.manager}
        assert dealer_history(session, area="leads", **asked)[0] == []
        assert dealer_history(session, leave_out=("contact_log",), **asked)[0] == []


def test_the_check_finds_what_was_changed_past_the_app(sqlite_engine):
    from db.contact_log.checks import check_contacts

    network = make_network(sqlite_engine)
    log(sqlite_engine, network)
    promise(sqlite_engine, network)
    with sqlite_engine.begin() as connection:
        connection.execute(text("UPDATE contact_report SET counts = 0, region = 'Mars'"))
        connection.execute(text("UPDATE promise SET status = 'kept'"))
    with reading(sqlite_engine) as session:
        assert check_contacts(session) == [
            "contact C-000001 counts, or does not, against its outcome", "promise PR-000001 contradicts itself",
            "C-000001 lies in another region than its dealer",
        ]  # fmt: skip
        assert session.scalar(select(Dealer.region).where(Dealer.id == network.north)) == "East"
