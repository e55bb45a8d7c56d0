"""What the queue of claims reads: how many statements, in which order, and for whom."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy import inspect as sa_inspect

from db.claims.board_queries import (
    DEALERS,
    OURS,
    ClaimFilters,
    conditions,
    count_all,
    count_views,
    first_waiting,
    levels_of,
    list_claims,
    with_hits,
)
from db.claims.drawer_queries import get_claim
from db.claims.export_queries import CLAIM_COLUMNS, claim_rows, finding_rows, line_rows
from db.claims.hold_queries import clocks_of, held_minutes
from db.claims.tables import Claim, ClaimFinding, ClaimHold
from db.claims.work_queries import work_counts, work_lines
from db.core.actor import Actor
from db.core.masking import mask_vin
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import reading, writing
from db.investigations.queries import FlagLine, flagged, flagged_only
from tests.claims.factories import NOW, claim_of, step
from tests.claims.in_review import review
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

OTHER_VIN = "1M8GDM9AXKP042788"


class Desk:
    """Two dealers in two regions with people, and claims in review made by them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lone = make_dealer(engine)
        self.star = make_dealer(engine, code="0999", name="North Star", region="West")
        make_person(engine, "cora", Role.COORDINATOR)
        make_person(engine, "mason", Role.MANAGER)
        make_person(engine, "finn", Role.FINANCE)
        make_person(engine, "wanda", Role.COORDINATOR, scope_kind="regions", regions=["West"])
        make_person(engine, "dana", Role.DEALER_MANAGER, dealer_ids=[self.lone], scope_kind="dealers")
        make_person(engine, "stan", Role.DEALER_MANAGER, dealer_ids=[self.star], scope_kind="dealers")
        self.made = 0

    def actor(self, name: str) -> Actor:
        """The actor an account is."""
        return actor_named(self.engine, name)

    def claim(self, who: str, *, now: datetime = NOW, **more: Any) -> int:
        """A claim in review of the dealer of `who`."""
        self.made += 1
        dealer_id = self.lone if who == "dana" else self.star
        values = {"key": f"q{self.made}", "ro_number": f"RO-{self.made}", **more}
        return review(self.engine, dealer_id=dealer_id, actor=self.actor(who), now=now, **values)


@pytest.fixture
@begun
def desk(sqlite_engine: Engine) -> Desk:
    return Desk(sqlite_engine)


@pytest.fixture
@begun
def everywhere(engine: Engine) -> Desk:
    """The same on both databases, for what their SQL might tell apart."""
    return Desk(engine)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements sent while the block runs."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def page(engine: Engine, actor: Actor, filters: ClaimFilters) -> tuple[list[Any], int]:
    """The rows of the queue's page with everything beside them, and how many statements that took."""
    with counted(engine) as sent, reading(engine) as session:
        found = with_hits(session, filters, scope=actor.scope)
        rows, _ = list_claims(session, actor=actor, filters=found)
        ids = [r.id for r in rows]
        clocks_of(session, claim_ids=ids, scope=actor.scope, now=NOW)
        held_minutes(session, claim_ids=ids, scope=actor.scope, now=NOW)
        flagged(session, claim_ids=ids, actor=actor)
        count_views(session, actor=actor, filters=found)
        count_all(session, actor=actor, filters=found, turn="waiting")
    return rows, len(sent)


def copies(engine: Engine, claim_id: int, count: int) -> None:
    """Further claims like one, with its findings and who held it; rows are enough where only reading is looked at."""
    with writing(engine, keeps_timeline=False) as session:
        for n in range(count):
            claim = session.get_one(Claim, claim_id)
            again = copy(claim, number=f"WC-9{n:05}", form_key=None, due_at=(claim.due_at or NOW) + timedelta(hours=n))
            session.add(again)
            session.flush()
            for table in (ClaimFinding, ClaimHold):
                for row in session.scalars(select(table).where(table.claim_id == claim_id)):
                    session.add(copy(row, claim_id=again.id))


def copy(row: Any, **changed: Any) -> Any:
    """A row with some values changed and no id yet."""
    names = [c.key for c in sa_inspect(type(row)).column_attrs if c.key != "id"]
    return type(row)(**{**{name: getattr(row, name) for name in names}, **changed})


def test_a_page_takes_the_same_statements_with_one_claim_and_with_fifty(desk: Desk):
    first = desk.claim("dana", exclusions=("modified",))
    cora = desk.actor("cora")
    one, few = page(desk.engine, cora, ClaimFilters())
    copies(desk.engine, first, 60)
    many, same = page(desk.engine, cora, ClaimFilters())
    assert (len(one), len(many)) == (1, 50)
    assert {r.findings for r in many} == {one[0].findings}
    assert same <= few <= 20


def test_a_drawer_takes_the_same_statements_whatever_its_history(desk: Desk):
    first = desk.claim("dana")

    actor = desk.actor("cora")

    def statements(claim_id: int) -> list[str]:
        with counted(desk.engine) as sent, reading(desk.engine) as session:
            get_claim(session, item_id=claim_id, actor=actor, now=NOW)
        return sent

    alone = statements(first)
    for n in range(12):
        desk.claim("dana", now=NOW + timedelta(minutes=n))
    assert len(statements(first)) <= len(alone) <= 35


def test_pages_follow_each_other_due_first_without_a_gap_though_many_are_due_at_once(desk: Desk):
    made = [desk.claim("dana", now=NOW - timedelta(days=n % 3)) for n in range(11)]
    seen: list[int] = []
    due: list[datetime] = []
    after = None
    with reading(desk.engine) as session:
        while True:
            rows, after = list_claims(
                session, actor=desk.actor("cora"), filters=ClaimFilters(), after=after, limit=4
            )  # fmt: skip
            seen += [r.id for r in rows]
            due += [r.due_at for r in rows if r.due_at]
            if after is None:
                break
    assert sorted(seen) == sorted(made)
    assert due == sorted(due)


def test_counts_agree_with_the_lists_of_every_view_and_state(everywhere: Desk):
    desk = everywhere
    mine = desk.claim("dana")
    step(desk.engine, "take", mine, actor=desk.actor("cora"))
    step(
        desk.engine,
        "send_back",
        desk.claim("dana"),
        actor=desk.actor("cora"),
        reason_code="DOC_MISSING",
        note="Photo.",
    )
    step(desk.engine, "approve", desk.claim("stan"), actor=desk.actor("cora"))
    step(
        desk.engine,
        "ask_engineering",
        desk.claim("stan"),
        actor=desk.actor("cora"),
        note="Is this a known fault?",
    )
    for name in ("cora", "wanda", "dana", "stan", "finn"):
        actor = desk.actor(name)
        with reading(desk.engine) as session:
            filters = ClaimFilters(levels=levels_of(session, actor=actor, now=NOW))
            counts = count_views(session, actor=actor, filters=filters)
            for view in DEALERS if actor.role.is_dealer else OURS:
                rows, _ = list_claims(session, actor=actor, filters=replace(filters, view=view))
                assert counts[view] == len(rows), (name, view)
            turn = "progress" if actor.role.is_dealer else "waiting"
            for view in DEALERS if actor.role.is_dealer else OURS:
                seen = replace(filters, view=view, now=NOW + timedelta(days=400))
                told = count_all(session, actor=actor, filters=seen, turn=turn)
                over, _ = list_claims(session, actor=actor, filters=replace(seen, view=turn, due="over"))
                soon, _ = list_claims(session, actor=actor, filters=replace(seen, view=turn, due="3"))
                assert (told.total, told.late, told.soon) == (counts[view], len(over), len(soon)), (name, view)
            for status, count in count_all(session, actor=actor, filters=filters, turn=turn).statuses.items():
                rows, _ = list_claims(session, actor=actor, filters=replace(filters, view="all", status=status))
                assert count == len(rows) > 0, (name, status)


def test_a_kept_statement_answers_as_one_made_for_the_question(everywhere: Desk):
    """The claims `conditions` finds, in pages without a gap, however filters and people of one shape follow."""
    desk, chance = everywhere, random.Random(89)
    copies(desk.engine, desk.claim("dana"), 60)
    with writing(desk.engine, keeps_timeline=False) as session:
        cora = desk.actor("cora").user_id
        for claim in session.scalars(select(Claim)):
            claim.status = chance.choice(["in_review", "appealed", "returned", "paid", "denied", "pending_part"])
            claim.dealer_id, claim.region = chance.choice([(desk.star, "West"), (desk.lone, "East")])
            claim.held_by = chance.choice(["us", "us", "dealer"])
            claim.assignee_id = chance.choice([None, cora])
            claim.level, claim.claim_type = chance.randrange(3), chance.choice(["basic", "parts"])
            claim.claimed_cents = chance.randrange(1, 2_000_00)
            claim.due_at = NOW + timedelta(days=chance.randrange(-9, 20))
            claim.stage_entered_at = claim.decided_at = NOW - timedelta(hours=chance.randrange(99))
    wanted: dict[str, list[Any]] = {
        "status": ["in_review", "paid", "returned"], "dealer_id": [desk.lone, desk.star], "region": ["West", "East"],
        "claim_type": ["basic", "parts"], "rule": ["W101", "none"], "least_cents": [500_00, 900_00],
        "below_cents": [1_000_00, 1_500_00], "levels": [(1,), (1, 2)], "due": ["over", "3", "14"],
        "person": ["me", "nobody"], "ids": [(), (1, 2, 3, 4, 5), tuple(range(70))], "now": [NOW, None],
    }  # fmt: skip
    with reading(desk.engine) as session:
        for _ in range(100):
            actor = desk.actor(chance.choice(["cora", "wanda", "mason", "dana", "stan"]))
            views = tuple(DEALERS if actor.role.is_dealer else OURS)
            chosen = {name: chance.choice(values) for name, values in wanted.items() if chance.random() < 0.35}
            filters = ClaimFilters(**{"now": NOW, "view": chance.choice(views), **chosen})
            ids = set(session.scalars(select(Claim.id).where(*conditions(filters, actor))))
            found: list[int] = []
            rows, after = list_claims(session, actor=actor, filters=filters, limit=15)
            found += [r.id for r in rows]
            while after is not None:
                rows, after = list_claims(session, actor=actor, filters=filters, after=after, limit=15)
                found += [r.id for r in rows]
            assert len(found) == len(ids), chosen
            assert set(found) == ids, chosen
            told = count_all(session, actor=actor, filters=filters, turn=views[0])
            assert told.total == len(ids)
            every = replace(filters, view="all", status="")
            states = Counter(session.scalars(select(Claim.status).where(*conditions(every, actor))))
            assert told.statuses == dict(states), chosen


@pytest.mark.parametrize("name", ["stan", "wanda"])
def test_nobody_reads_beyond_their_own_dealers(desk: Desk, name: str):
    foreign, own = desk.claim("dana"), desk.claim("stan", vin=OTHER_VIN)
    actor = desk.actor(name)
    view = "all"
    with reading(desk.engine) as session:
        rows, _ = list_claims(session, actor=actor, filters=ClaimFilters(view=view))
        assert [r.id for r in rows] == [own]
        number = claim_of(desk.engine, foreign).number
        asked = with_hits(session, ClaimFilters(view=view, text=number), scope=actor.scope)
        assert asked.ids == ()
        assert list_claims(session, actor=actor, filters=asked) == ([], None)
        assert list_claims(session, actor=actor, filters=replace(asked, ids=(foreign,))) == ([], None)
        assert count_views(session, actor=actor, filters=ClaimFilters(dealer_id=desk.lone))["all"] == 0
        assert sum(count_all(session, actor=actor, filters=ClaimFilters(), turn="progress").statuses.values()) == 1
        assert first_waiting(session, actor=actor, filters=ClaimFilters(), but=own) is None
        both = [foreign, own]
        assert set(clocks_of(session, claim_ids=both, scope=actor.scope, now=NOW)) == {own}
        assert set(held_minutes(session, claim_ids=both, scope=actor.scope, now=NOW)) == {own}
        assert foreign not in flagged(session, claim_ids=both, actor=actor)
        with pytest.raises(NotFound):
            get_claim(session, item_id=foreign, actor=actor, now=NOW)
        drawer = get_claim(session, item_id=own, actor=actor, now=NOW)
        assert [*drawer.of_vehicle, *drawer.of_dealer, *drawer.similar.rows] == []
        assert {line.item_id for line in work_lines(session, actor=actor, now=NOW, limit=50)} <= {own}
        assert sum(c.count for c in work_counts(session, actor=actor, now=NOW)) <= 1


def test_flags_are_kept_from_dealers_and_found_by_the_filter(desk: Desk):
    desk.claim("dana")
    second = desk.claim("stan", vin=OTHER_VIN)  # the words of the first
    with reading(desk.engine) as session:
        cora, stan = desk.actor("cora"), desk.actor("stan")
        (flag,) = flagged(session, claim_ids=[second], actor=cora)[second]
        assert isinstance(flag, FlagLine)
        assert (flag.kind, flag.investigation) == ("same_words", "IN-000001")
        only = ClaimFilters(flagged=True, only=flagged_only(actor=cora))
        rows, _ = list_claims(session, actor=cora, filters=only)
        assert [r.id for r in rows] == [second]
        assert flagged(session, claim_ids=[second], actor=stan) == {}
        hidden = ClaimFilters(view="all", flagged=True, only=flagged_only(actor=stan))
        assert list_claims(session, actor=stan, filters=hidden) == ([], None)


def test_my_level_leaves_out_what_one_signed_or_sent(desk: Desk):
    own = review(desk.engine, dealer_id=desk.lone, actor=desk.actor("cora"), key="own", ro_number="RO-own")
    other = desk.claim("dana")
    actor = desk.actor("cora")
    with reading(desk.engine) as session:
        filters = ClaimFilters(view="level", levels=levels_of(session, actor=actor, now=NOW))
        rows, _ = list_claims(session, actor=actor, filters=filters)
        assert [r.id for r in rows] == [other]
        assert first_waiting(session, actor=actor, filters=filters, but=own) == other
        assert first_waiting(session, actor=actor, filters=replace(filters, dealer_id=desk.star), but=own) is None


@pytest.mark.parametrize(
    "filters, kept",
    [
        (ClaimFilters(due="3"), 0), (ClaimFilters(due="14"), 1), (ClaimFilters(due="over"), 0), (ClaimFilters(), 2),
        (ClaimFilters(person="nobody"), 1), (ClaimFilters(person="me"), 1), (ClaimFilters(region="West"), 1),
        (ClaimFilters(least_cents=720_00, below_cents=720_01), 2), (ClaimFilters(below_cents=720_00), 0),
        (ClaimFilters(rule="W08"), 1), (ClaimFilters(claim_type="goodwill"), 0), (ClaimFilters(status="appealed"), 0),
    ],
)  # fmt: skip
def test_filters(desk: Desk, filters: ClaimFilters, kept: int):
    desk.claim("dana", now=NOW - timedelta(days=20), exclusions=("modified",))
    step(desk.engine, "take", desk.claim("stan", vin=OTHER_VIN), actor=desk.actor("cora"))
    with reading(desk.engine) as session:
        rows, _ = list_claims(session, actor=desk.actor("cora"), filters=replace(filters, now=NOW))
    assert len(rows) == kept


def test_an_export_holds_the_rows_of_the_queue_and_masks_what_the_queue_masks(desk: Desk):
    desk.claim("dana")
    wanted = desk.claim("stan", vin=OTHER_VIN)
    number = claim_of(desk.engine, wanted).number
    filters = {"view": "waiting", "region": "West", "text": "RO-2"}
    place = [c.name for c in CLAIM_COLUMNS].index("vin")
    for name, seen in (("cora", OTHER_VIN), ("finn", mask_vin(OTHER_VIN))):
        actor = desk.actor(name)
        with reading(desk.engine) as session:
            (row,) = claim_rows(session, actor=actor, scope=actor.scope, filters=filters, now=NOW)
            assert row[0] == number
            assert row[place] == seen != ""
            readers: tuple[Callable[..., Any], ...] = (line_rows, finding_rows)
            for read in readers:
                found = list(read(session, actor=actor, scope=actor.scope, filters=filters, now=NOW))
                assert {r[0] for r in found} <= {number}


def test_the_drawer_knows_dealer_vehicle_and_the_likes_of_a_claim(everywhere: Desk):
    desk = everywhere
    denied = desk.claim("dana")
    step(
        desk.engine,
        "deny",
        denied,
        actor=desk.actor("mason"),
        reason_code="NOT_DEFECT",
        note="It is sound.",
    )
    elsewhere = desk.claim("stan")  # the same vehicle and work at another dealer
    again = desk.claim("dana")
    with reading(desk.engine) as session:
        drawer = get_claim(session, item_id=again, actor=desk.actor("cora"), now=NOW + timedelta(days=1))
        assert {x.id for x in drawer.of_vehicle} == {denied, elsewhere}
        assert [x.id for x in drawer.of_dealer] == [denied]
        assert (drawer.record.decided, drawer.record.denied, drawer.record.approved_cents) == (1, 1, 0)
        assert (drawer.similar.count, drawer.similar.median_cents, drawer.similar.denied) == (2, 720_00, 1)
        assert drawer.similar.operation == "E1205"
        assert drawer.run is not None
        assert drawer.run.policy_version == 1
        assert {r.rule for r in drawer.run.passed} >= {"W01", "W05"}
        late = get_claim(session, item_id=again, actor=desk.actor("cora"), now=NOW + timedelta(days=400))
        assert late.record.decided == 0


def test_whoever_decided_before_the_appeal_is_offered_to_nobody(desk: Desk):
    claim_id = desk.claim("dana")
    step(desk.engine, "deny", claim_id, actor=desk.actor("mason"), reason_code="NOT_DEFECT", note="It is sound.")
    step(desk.engine, "appeal", claim_id, actor=desk.actor("dana"), note="It is not.")
    with reading(desk.engine) as session:
        drawer = get_claim(session, item_id=claim_id, actor=desk.actor("mason"), now=NOW)
        names = {name for _, name in drawer.deciders}
    assert drawer.is_own_decision
    assert drawer.signed_by == "mason"
    assert "Manager Mason" not in names
    assert "Coordinator Cora" in names
