"""The response board and the lead page: due first, page by page, only what one may see, and over an index."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Select, insert, select, text, true, update
from sqlalchemy.orm import Session

from db.core.actor import EVERYTHING, Scope
from db.core.masking import mask_email, mask_name, mask_phone, mask_vin
from db.core.problems import NotFound
from db.core.session import reading, vacuum, writing
from db.leads import board_queries, work_queries
from db.leads.board_queries import BoardFilters, board_counts, cards_by_status, conditions, list_board
from db.leads.lead_queries import get_lead
from db.leads.queries import list_sources, people_of_dealer
from db.leads.tables import Lead
from tests.leads.factories import NOW, Network, lead_at, load, make_network, minutes, receive, step
from tests.support.plans import plans

EAST = Scope("regions", regions=frozenset({"East"}))


@pytest.fixture
def network(engine: Engine) -> Network:
    return make_network(engine)


def ids(engine: Engine, *, scope: Scope = EVERYTHING, now=NOW, personal: bool = True, **filters: Any) -> list[int]:
    with reading(engine) as session:
        page = list_board(session, scope=scope, filters=BoardFilters(**filters), now=now, personal=personal)
    return [row.id for row in page.rows]


def test_the_board_is_due_first_and_then_what_promises_nothing(engine: Engine, network: Network):
    later = receive(engine, dealer_id=network.north, received_at=NOW - minutes(5))
    sooner = receive(engine, dealer_id=network.north, received_at=NOW - minutes(10))
    working = lead_at(engine, "contacted", network)
    held = receive(engine, dealer_id=network.north, status="held")
    closed = lead_at(engine, "lost", network)
    assert ids(engine) == [sooner, later, working]
    assert ids(engine, view="waiting") == [sooner, later, working, held]
    assert ids(engine, view="held") == ids(engine, status="held") == [held]
    assert ids(engine, view="closed") == [closed]
    assert sorted(ids(engine, view="all")) == sorted([sooner, later, working, held, closed])


def test_pages_follow_each_other_without_gap_or_repeat(engine: Engine, network: Network):
    for n in range(9):
        receive(engine, dealer_id=network.north, received_at=NOW - minutes(n % 3))  # due times repeat
    for _ in range(4):
        receive(engine, dealer_id=network.north, status="held")
    for view in ("waiting", "all"):
        whole = ids(engine, view=view)
        seen: list[int] = []
        cursor = None
        for _ in range(20):
            with reading(engine) as session:
                page = list_board(
                    session, scope=EVERYTHING, filters=BoardFilters(view=view), after=cursor, limit=3, now=NOW
                )
            seen += [row.id for row in page.rows]
            cursor = page.following
            if cursor is None:
                break
        assert seen == whole
        assert len(set(seen)) == 13


def test_how_a_promise_stands(engine: Engine, network: Network):
    """At 10:14 a lead of 10:00 has used 14 of 15 minutes, one of 09:40 is late by 19, a tried one owes an answer."""
    at = NOW + minutes(14)
    soon = receive(engine, dealer_id=network.north, received_at=NOW)
    late = receive(engine, dealer_id=network.north, received_at=NOW - minutes(20))
    tried = lead_at(engine, "attempted", network)
    night = receive(engine, dealer_id=network.west, received_at=NOW)  # 07:00 in Los Angeles
    with reading(engine) as session:
        page = list_board(session, scope=EVERYTHING, filters=BoardFilters(), now=at, personal=True)
    rows = {row.id: row for row in page.rows}
    assert (rows[soon].sla.status, rows[soon].sla.used_percent, rows[soon].promise) == ("at_risk", 93, "first_action")
    assert (rows[late].sla.status, rows[late].sla.failed_by_minutes) == ("breached", 19)
    assert rows[late].is_overdue
    assert rows[late].age_minutes == 34
    assert (rows[tried].promise, rows[tried].sla.status) == ("first_quality", "on_track")
    assert (rows[night].sla.status, rows[night].sla.used_percent, rows[night].age_minutes) == ("on_track", 0, 14)
    assert page.rows[0].id == late
    columns = page.columns()
    assert columns["sla"][0] == "Overdue"
    assert {len(values) for values in columns.values()} == {4}


def test_filters_narrow_the_board(engine: Engine, network: Network):
    a = receive(engine, dealer_id=network.north, source="autosite", score=80, received_at=NOW - minutes(30))
    b = receive(engine, dealer_id=network.west, source="phone", score=50, product="RAV4")
    c = receive(engine, score=10, name="Rosa Diaz")
    step(
        engine, "assign", a, actor=network.coordinator, now=NOW, dealer_id=network.north, note="x",
        assignee_id=network.staff.user_id,
    )  # fmt: skip
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"dealer_id": network.west}, [b]),
        ({"dealer_id": (network.west, network.north)}, [a, b]),
        ({"region": "East"}, [a]),
        ({"region": ("East", "West")}, [a, b]),
        ({"source": "phone"}, [b]),
        ({"product": "RAV4"}, [b]),
        ({"temperature": "hot"}, [a]),
        ({"temperature": "warm"}, [b]),
        ({"temperature": "cold"}, [c]),
        ({"temperature": "tepid"}, []),
        ({"overdue": True}, [a]),
        ({"view": "overdue"}, [a]),
        ({"view": "unassigned"}, [c]),
        ({"view": "mine", "assignee_id": network.staff.user_id}, [a]),
        ({"view": "mine"}, []),
        ({"status": "new"}, [c]),
        ({"status": ("new", "assigned"), "source": "phone"}, [b]),
        ({"text": "rosa di"}, [c]),
        ({"text": load(engine, b).number}, [b]),
        ({"text": "nobody"}, []),
    ]
    for filters, wanted in cases:
        assert sorted(ids(engine, **filters)) == sorted(wanted), filters


def test_nobody_sees_leads_out_of_scope(engine: Engine, network: Network):
    north, west = receive(engine, dealer_id=network.north), receive(engine, dealer_id=network.west)
    free = receive(engine)
    scopes = {
        network.staff.scope: [north], EAST: [north], EVERYTHING: [north, west, free], Scope(): [],
        Scope("regions"): [],
    }  # fmt: skip
    for scope, wanted in scopes.items():
        assert sorted(ids(engine, scope=scope)) == sorted(wanted)
        with reading(engine) as session:
            counts = board_counts(session, scope=scope, filters=BoardFilters(), now=NOW)
            cards = cards_by_status(session, scope=scope, filters=BoardFilters(), now=NOW)
        assert counts.open == len(wanted)
        assert sorted(row.id for rows in cards.values() for row in rows) == sorted(wanted)


def test_whoever_may_not_see_personal_data_sees_and_finds_none(engine: Engine, network: Network):
    item_id = receive(engine, dealer_id=network.north)
    with reading(engine) as session:
        (row,) = list_board(session, scope=EVERYTHING, filters=BoardFilters(), now=NOW).rows
        page = get_lead(session, item_id=item_id, actor=network.sales_leader, now=NOW)
    assert row.customer_name == "J. D."
    assert ids(engine, text="jane", personal=False) == []
    assert ids(engine, text=load(engine, item_id).number.lower(), personal=False) == [item_id]
    everything = repr(page)
    for secret in ("Jane", "Doe", "jane@", "5550143", "5SU123456"):
        assert secret not in everything
    assert page.is_masked
    with reading(engine) as session:
        full = get_lead(session, item_id=item_id, actor=network.staff, now=NOW)
    assert (full.customer_name, full.is_masked) == ("Jane Doe", False)
    assert full.wanted is not None
    assert full.wanted.vin == "4T1DAACK5SU123456"


@pytest.mark.parametrize(
    ("masked", "wanted"),
    [
        (mask_name("Jane Ann Doe"), "J. A. D."), (mask_name(""), ""), (mask_name("李 小龍"), "李. 小."),
        (mask_email("jane@mail.example.com"), "j•••@•••.com"), (mask_email("nonsense"), "•••"),
        (mask_phone("+1 212 555 0143"), "••• 43"), (mask_phone("911"), "•••"),
        (mask_vin("4T1DAACK5SU123456"), "4T1DAACK5••••••••"), (mask_vin("SHORT"), "•••••"),
    ],
)  # fmt: skip
def test_what_is_left_of_personal_data(masked, wanted):
    assert masked == wanted


def test_counts_stand_beside_the_view(engine: Engine, network: Network):
    receive(engine, dealer_id=network.north, received_at=NOW - minutes(60))
    receive(engine)
    receive(engine, dealer_id=network.north, status="held")
    lead_at(engine, "contacted", network)
    lead_at(engine, "lost", network)
    with reading(engine) as session:
        counts = board_counts(session, scope=EVERYTHING, filters=BoardFilters(view="held", overdue=True), now=NOW)
        assert (counts.open, counts.overdue, counts.unassigned, counts.held) == (3, 1, 1, 1)
        assert {k: n for k, n in counts.by_status.items() if n} == {"new": 1, "assigned": 1, "contacted": 1, "held": 1}
        cards = cards_by_status(session, scope=EVERYTHING, filters=BoardFilters(), now=NOW, most=1)
    assert {status: len(rows) for status, rows in cards.items() if rows} == {
        "new": 1, "assigned": 1, "contacted": 1, "held": 1,
    }  # fmt: skip


def many_leads(session: Session, network: Network, number: int) -> None:
    """Fill the table fast: copies of one lead with other ids and due times."""
    row = session.execute(text("SELECT * FROM lead LIMIT 1")).mappings().one()
    # fixed SQL: column names of our own table
    columns = [c.name for c in Lead.__table__.columns]
    rows = [
        {
            **{c: getattr(first, c) for c in columns},
            "id": 10_000 + n, "number": f"X-{n}", "due_at": NOW + timedelta(seconds=n), "form_key": None,
            "dealer_id": (network.north, network.south, network.west)[n % 3],
            "status": ("new", "assigned", "attempted", "contacted")[n % 4],
        }
        for first in [session.get_one(Lead, row["id"])]
        for n in range(number)
    ]  # fmt: skip
    session.execute(insert(Lead), rows)


def test_counts_are_capped(sqlite_engine: Engine):
    network = make_network(sqlite_engine)
    receive(sqlite_engine, dealer_id=network.north)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        many_leads(session, network, 4_200)
    with reading(sqlite_engine) as session:
        counts = board_counts(session, scope=EVERYTHING, filters=BoardFilters(), now=NOW)
    assert counts.open == 1001
    assert counts.by_status["contacted"] == 1001


def test_a_kept_statement_answers_as_one_made_for_the_question(engine: Engine, network: Network):
    """The same leads as `conditions` finds, however the filters and scopes of one shape follow each other."""
    chance = random.Random(89)
    receive(engine, dealer_id=network.north)
    people = [None, network.staff.user_id, network.colleague.user_id]
    with writing(engine, keeps_timeline=False) as session:
        many_leads(session, network, 300)
        session.flush()
        states = ["new", "assigned", "contacted", "held", "sold", "lost"]
        mixed = [
            {
                "id": 10_000 + n, "status": (state := chance.choice(states)), "is_open": state not in ("sold", "lost"),
                "region": chance.choice(["East", "West"]), "source": chance.choice(["Website", "Phone"]),
                "assignee_id": chance.choice(people), "score": chance.randrange(100),
                "dealer_id": chance.choice([None, network.north, network.south]),
                "due_at": None if n % 5 == 0 else NOW + timedelta(minutes=chance.randrange(-500, 500)),
            }
            for n in range(300)
        ]  # fmt: skip
        session.execute(update(Lead), mixed)
    wanted: dict[str, list[Any]] = {
        "view": ["open", "overdue", "mine", "unassigned", "held", "waiting", "closed", "all"],
        "status": ["", "contacted", "held", ("new", "held"), ("assigned",)],
        "dealer_id": [None, network.north, network.south, (network.north, network.south)],
        "region": ["", "East", "West", ("East", "West")], "source": ["", "Website", "Phone"],
        "assignee_id": people, "temperature": ["", "hot", "cold"], "text": ["", "L-000003", "nobody"],
    }  # fmt: skip
    scopes = [EVERYTHING, EAST, Scope("regions", regions=frozenset({"East", "West"})), Scope("regions")]
    scopes += [Scope("dealers", dealer_ids=frozenset({network.north})), Scope("dealers")]
    with reading(engine) as session:
        for _ in range(120):
            chosen = {name: chance.choice(values) for name, values in wanted.items() if chance.random() < 0.4}
            filters = BoardFilters(**chosen)
            asked: dict[str, Any] = {"scope": chance.choice(scopes), "now": NOW}
            where = conditions(session, filters=filters, **asked)
            page = list_board(session, filters=filters, limit=500, **asked)
            assert {r.id for r in page.rows} == set(session.scalars(select(Lead.id).where(*where))), chosen
            narrowed = replace(filters, view="all", status="", overdue=False)
            where = [*conditions(session, filters=narrowed, **asked), Lead.is_open == true()]
            found = Counter(session.scalars(select(Lead.status).where(*where)))
            counts = board_counts(session, filters=filters, **asked)
            assert {s: n for s, n in counts.by_status.items() if n} == dict(found), chosen
            assert counts.open == found.total() - found["held"]


PLANS: list[tuple[str, Scope | None, dict[str, Any], str]] = [
    ("everybody's board", EVERYTHING, {}, "ix_lead_board"),
    ("the board of a region", EAST, {}, "ix_lead_board"),
    ("the board of a dealer", None, {}, "ix_lead_board_dealer"),
    ("one state", EVERYTHING, {"status": "attempted"}, "ix_lead_status"),
    ("one person's leads", EVERYTHING, {"view": "mine", "assignee_id": 1}, "ix_lead_assignee"),
    ("leads without a dealer", EVERYTHING, {"view": "unassigned"}, "ix_lead_board_dealer"),
    ("closed leads", EVERYTHING, {"view": "closed"}, "ix_lead_received"),
]


@pytest.mark.parametrize(("why", "scope", "filters", "index"), PLANS, ids=[c[0] for c in PLANS])
def test_a_page_is_read_over_an_index_without_sorting(sqlite_engine: Engine, why, scope, filters, index, monkeypatch):
    network = make_network(sqlite_engine)
    receive(sqlite_engine, dealer_id=network.north)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        many_leads(session, network, 2_000)
    with sqlite_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    plans: list[str] = []
    with reading(sqlite_engine) as session:
        execute = session.execute

        def explained(statement: Any, *rest: Any, **more: Any) -> Any:
            if isinstance(statement, Select) and "customer_name" in statement.selected_columns:
                asked = statement.params(*rest)
                literal = str(asked.compile(sqlite_engine, compile_kwargs={"literal_binds": True}))
                found = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {literal}")
                plans.append("; ".join(str(row[3]) for row in found))
            return execute(statement, *rest, **more)

        monkeypatch.setattr(session, "execute", explained)
        list_board(session, scope=scope or network.staff.scope, filters=BoardFilters(**filters), now=NOW, limit=20)
    assert plans
    for plan in plans:
        assert re.search(rf"lead USING INDEX {index}( |;|$)", plan), plan
        assert "SCAN lead" not in plan or "ix_lead_received" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def test_counts_of_a_narrowed_board_go_to_the_leads_they_count(engine: Engine):
    """Over the index that is theirs alone, by all that is asked for; a page keeps to the index in its order."""
    network = make_network(engine)
    receive(engine, dealer_id=network.north)
    with writing(engine, keeps_timeline=False) as session:
        many_leads(session, network, 500)
    vacuum(engine)
    asked: dict[str, Any] = {
        "scope": EVERYTHING, "filters": BoardFilters(region="East", source="Website", status="attempted"), "now": NOW,
    }  # fmt: skip
    (counts,) = plans(engine, lambda session: board_counts(session, **asked))
    if engine.dialect.name == "sqlite":
        assert counts.count("ix_lead_narrow (is_open=? AND status=? AND region=? AND source=?)") == 11
        for page in plans(engine, lambda session: list_board(session, **asked)):
            assert "ix_lead_narrow" not in page
            assert "TEMP B-TREE" not in page
    else:
        by = re.findall(r"Index Only Scan using ix_lead_narrow .*\n +Index Cond: (.*)", counts)
        assert len(by) == 11
        assert all(re.match(r"\(\(is_open = \S+\) AND \(status = .* AND \(region = ", one) for one in by), by


# ---- one lead ------------------------------------------------------------------------------------------------------
def test_the_lead_page_tells_everything_once(engine: Engine, network: Network):
    item_id = lead_at(engine, "appointment_set", network)
    with reading(engine) as session:
        page = get_lead(session, item_id=item_id, actor=network.staff, now=NOW)
    assert (page.status_label, page.dealer_code) == ("Appointment set", "00101")
    assert page.suggested_step == "show_appointment"
    assert [c.shown for c in page.contacts] == ["jane@mail.example", "+12125550143"]
    assert page.appointment_at == page.due_at
    kinds = [event.kind for event in page.history]
    assert kinds == ["set_appointment", "call", "assign"]
    assert page.history[1].counted == "First action and first quality response"
    assert page.history[1].title == "Call: spoke with the customer"
    assert page.may_close_unresponsive.startswith("Close as unresponsive needs 8 attempts")
    assert page.clock.status == "stopped"
    assert page.wanted is not None
    assert page.wanted.title == "2026 Toyota Camry"
    assert page.trade_in is None


def test_a_lead_out_of_scope_does_not_exist(engine: Engine, network: Network):
    item_id = lead_at(engine, "assigned", network)
    for item, actor in ((item_id, network.south_staff), (987_654, network.admin)):
        with reading(engine) as session, pytest.raises(NotFound):
            get_lead(session, item_id=item, actor=actor, now=NOW)


def test_only_the_desk_learns_that_a_customer_shops_around(engine: Engine, network: Network):
    first = receive(engine, dealer_id=network.north)
    receive(engine, dealer_id=network.west, phone="")
    receive(engine, dealer_id=network.south, email="other@mail.example", phone="+12125550199")
    with reading(engine) as session:
        assert get_lead(session, item_id=first, actor=network.coordinator, now=NOW).shopped_by == 2
        assert get_lead(session, item_id=first, actor=network.staff, now=NOW).shopped_by == 0
        assert get_lead(session, item_id=first, actor=network.east_coordinator, now=NOW).shopped_by == 0


def test_linked_leads_are_named_with_how(engine: Engine, network: Network):
    earlier = lead_at(engine, "lost", network)
    customer_id = load(engine, earlier).customer_id
    later = receive(engine, dealer_id=network.north, customer_id=customer_id, previous_lead_id=earlier)
    with reading(engine) as session:
        (link,) = get_lead(session, item_id=later, actor=network.staff, now=NOW).linked
        (back,) = get_lead(session, item_id=earlier, actor=network.staff, now=NOW).linked
    assert (link.id, link.relation) == (earlier, "Earlier lead")
    assert (back.id, back.relation) == (later, "Later lead")


# ---- my work and search --------------------------------------------------------------------------------------------
def test_what_waits_for_whom(engine: Engine, network: Network):
    mine = receive(engine, dealer_id=network.north, assignee_id=network.staff.user_id)
    ours = receive(engine, dealer_id=network.north, received_at=NOW - minutes(60))
    free = receive(engine)
    held = receive(engine, status="held")
    theirs = receive(engine, dealer_id=network.south)
    wanted = {
        network.staff: {mine, ours}, network.dealer_manager: {mine, ours}, network.south_staff: {theirs},
        network.coordinator: {ours, free, held}, network.sales_leader: set(),
    }  # fmt: skip
    for actor, found in wanted.items():
        with reading(engine) as session:
            lines = work_queries.work_lines(session, actor=actor, now=NOW, limit=50)
            counts = {c.label: (c.count, c.overdue) for c in work_queries.work_counts(session, actor=actor, now=NOW)}
        assert {line.item_id for line in lines} == found, actor.name
        assert [line.due_at for line in lines if line.due_at] == sorted(line.due_at for line in lines if line.due_at)
        if actor is network.staff:
            assert counts == {"My leads": (1, 0), "Open leads": (2, 1)}
        if actor is network.coordinator:
            assert (counts["Without a dealer"][0], counts["Held leads"][0]) == (1, 1)


def test_search_results_keep_scope_and_order(engine: Engine, network: Network):
    north, south = receive(engine, dealer_id=network.north), receive(engine, dealer_id=network.south)
    with reading(engine) as session:
        found = work_queries.found_leads(session, ids=[south, north], actor=network.coordinator)
        assert [r.item_id for r in found] == [south, north]
        assert "Jane Doe" in found[0].title
        assert [r.item_id for r in work_queries.found_leads(session, ids=[south, north], actor=network.staff)] == [
            north
        ]
        (masked,) = work_queries.found_leads(session, ids=[north], actor=network.sales_leader)
        assert "Jane" not in masked.title


def test_choices_of_the_toolbar(engine: Engine, network: Network):
    receive(engine, dealer_id=network.north, source="autosite")
    receive(engine, dealer_id=network.west, source="zebra")
    with reading(engine) as session:
        assert list_sources(session, scope=EVERYTHING) == ["autosite", "zebra"]
        assert list_sources(session, scope=network.staff.scope) == ["autosite"]
        people = people_of_dealer(session, dealer_id=network.north, actor=network.dealer_manager)
        assert [name for _, name in people] == ["Dan Dealer", "Kim Colleague", "Sam Staff"]
        assert people_of_dealer(session, dealer_id=network.south, actor=network.dealer_manager) == []
    assert board_queries.PAGE == 50
