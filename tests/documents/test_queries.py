"""What is missing and what ends, for whom, in a bounded number of statements, and never beyond somebody's scope."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from db import catalog
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import reading, run, writing
from db.documents import commands, coverage_queries, expiry_queries, queries
from db.documents.coverage_queries import MatrixFilters
from db.documents.expiry_queries import ExpiryFilters
from db.documents.queries import DocumentFilters
from db.exports import run_export
from tests.documents.examples import CORA, FINN, NOW, TODAY, add, dana, do, pdf, regional, renew
from tests.support.again import begun
from tests.support.core import actor
from tests.support.users import make_dealer


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def set_dealer(engine, dealer_id: int, **values: Any) -> None:
    with writing(engine, keeps_timeline=False) as session:
        for name, value in values.items():
            session.execute(text(f"UPDATE dealer SET {name} = :v WHERE id = :i"), {"v": value, "i": dealer_id})


@pytest.fixture
@begun
def network(engine) -> dict[str, int]:
    """Four dealers: complete, with gaps, onboarding with nothing, terminated with an old contract."""
    found = {
        "full": make_dealer(engine, code="001", name="Ash"), "gaps": make_dealer(engine, code="002", name="Birch"),
        "new": make_dealer(engine, code="003", name="Cedar", region="West"),
        "gone": make_dealer(engine, code="004", name="Dogwood"),
    }  # fmt: skip
    set_dealer(engine, found["new"], status="onboarding")
    set_dealer(engine, found["gone"], status="terminated")
    for kind, ends in (("contract", on(900)), ("licence", on(61)), ("insurance", on(20)), ("tax_id", None)):
        add(engine, found["full"], document_type=kind, title=f"{kind} of Ash", expires_on=ends, effective_on=None)
    for kind, ends in (("contract", on(-1)), ("licence", on(45))):
        add(engine, found["gaps"], document_type=kind, title=f"{kind} of Birch", expires_on=ends, effective_on=None)
    add(engine, found["gone"], document_type="contract", title="Old", expires_on=on(5), effective_on=None)
    return found


@contextmanager
def counted(engine):
    """How many statements a block makes."""
    seen: list[str] = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    yield seen
    event.remove(engine, "before_cursor_execute", listener)


def rows(engine, by=CORA, now=NOW, **filters):
    with reading(engine) as session:
        found, _ = coverage_queries.matrix(session, scope=by.scope, filters=MatrixFilters(**filters), now=now)
    return {row.name: row for row in found}


def gaps(engine, by=CORA, now=NOW, **other):
    with reading(engine) as session:
        found = coverage_queries.find_gaps(session, scope=by.scope, now=now, **other)
    return [(g.dealer_name, g.document_type, g.state) for g in found]


def test_the_matrix_says_what_each_dealer_has(engine, network):
    found = rows(engine)
    assert list(found) == ["Ash", "Birch", "Cedar"]
    assert dict(found["Ash"].states) == {
        "contract": "valid",
        "licence": "valid",
        "insurance": "soon",
        "tax_id": "valid",
    }
    assert found["Ash"].gaps == ()
    assert found["Birch"].gaps == ("contract", "insurance", "tax_id")
    assert found["Cedar"].gaps == ("contract", "licence", "insurance", "tax_id")
    assert list(rows(engine, only_gaps=True)) == ["Birch", "Cedar"]
    assert list(rows(engine, region="West")) == ["Cedar"]
    assert list(rows(engine, status="active", only_gaps=True)) == ["Birch"]
    with reading(engine) as session:
        filters = MatrixFilters(only_gaps=True)
        assert coverage_queries.count_matrix(session, scope=CORA.scope, filters=filters, now=NOW) == 2
        first, after = coverage_queries.matrix(session, scope=CORA.scope, filters=MatrixFilters(), now=NOW, limit=2)
        rest, end = coverage_queries.matrix(
            session, scope=CORA.scope, filters=MatrixFilters(), now=NOW, limit=2, after=after
        )
    assert ([r.name for r in first], [r.name for r in rest], end) == (["Ash", "Birch"], ["Cedar"], None)


def test_gaps_are_expired_first_and_those_of_the_matrix(engine, network):
    assert gaps(engine) == [
        ("Birch", "contract", "expired"), ("Birch", "insurance", "missing"), ("Birch", "tax_id", "missing"),
        ("Cedar", "contract", "missing"), ("Cedar", "insurance", "missing"), ("Cedar", "licence", "missing"),
        ("Cedar", "tax_id", "missing"),
    ]  # fmt: skip
    from_matrix = {(row.name, name) for row in rows(engine).values() for name in row.gaps}
    assert {(name, kind) for name, kind, _ in gaps(engine)} == from_matrix


def test_what_is_required_may_change_and_what_starts_later_is_a_gap_until_then(engine, network):
    run(
        commands.save_requirement, bind=engine, dealer_status="active", document_types=["licence"], seen_version=0,
        actor=CORA, now=NOW,
    )  # fmt: skip
    assert ("Birch", "contract", "expired") not in gaps(engine)
    add(engine, network["new"], effective_on=on(3), expires_on=on(300), title="Ahead")
    assert ("Cedar", "licence", "later") in gaps(engine)
    assert rows(engine, only_gaps=True)["Cedar"].states["licence"] == "later"
    assert ("Cedar", "licence", "later") not in gaps(engine, now=NOW + timedelta(days=3))


def test_the_day_is_the_one_at_the_dealer(engine):
    """Midnight has passed in New York and not in Los Angeles: a licence good until yesterday is good there today."""
    east, west = make_dealer(engine, code="001", name="Ash"), make_dealer(engine, code="002", name="Birch")
    set_dealer(engine, west, zone="America/Los_Angeles")
    for dealer in (east, west):
        add(engine, dealer, expires_on=TODAY, effective_on=None)
    late = datetime(2026, 6, 30, 5, 30, tzinfo=UTC)
    states = {name: row.states["licence"] for name, row in rows(engine, now=late).items()}
    assert states == {"Ash": "expired", "Birch": "soon"}
    found = [g for g in gaps(engine, now=late) if g[1] == "licence"]
    assert found == [("Ash", "licence", "expired")]
    with reading(engine) as session:
        only = coverage_queries.matrix(session, scope=CORA.scope, filters=MatrixFilters(only_gaps=True), now=late)[0]
        assert {r.name: "licence" in r.gaps for r in only} == {"Ash": True, "Birch": False}


def test_lists_take_a_bounded_number_of_statements(sqlite_engine):
    dealers = [make_dealer(sqlite_engine, code=f"{n:03}", name=f"Dealer {n}") for n in range(60)]
    for dealer in dealers[:12]:
        add(sqlite_engine, dealer)
    with counted(sqlite_engine) as seen:
        assert len(rows(sqlite_engine, only_gaps=True)) == 50
    assert len([s for s in seen if s.startswith("SELECT")]) <= 4
    with counted(sqlite_engine) as seen, reading(sqlite_engine) as session:
        assert len(coverage_queries.signals(session, scope=CORA.scope, now=NOW)) == 60
    assert len([s for s in seen if s.startswith("SELECT")]) <= 6


# ---- what ends -------------------------------------------------------------------------------------------------------
def ending(engine, by=CORA, **filters):
    with reading(engine) as session:
        found, _ = expiry_queries.expiring(session, scope=by.scope, filters=ExpiryFilters(**filters), now=NOW)
    return [row.title for row in found]


def test_what_ends_is_sorted_by_its_day_without_terminated_dealers(engine, network):
    assert ending(engine, last=on(90)) == [
        "contract of Birch",
        "insurance of Ash",
        "licence of Birch",
        "licence of Ash",
    ]
    assert ending(engine, first=TODAY, last=on(45), types=("licence",)) == ["licence of Birch"]
    assert ending(engine, dealer_id=network["full"], last=on(30)) == ["insurance of Ash"]
    with reading(engine) as session:
        filters = ExpiryFilters(last=on(90))
        _, after = expiry_queries.expiring(session, scope=CORA.scope, filters=filters, now=NOW, limit=3)
        rest, end = expiry_queries.expiring(session, scope=CORA.scope, filters=filters, now=NOW, limit=3, after=after)
        assert ([r.title for r in rest], end) == (["licence of Ash"], None)
        assert expiry_queries.count_expiring(session, scope=CORA.scope, filters=filters) == 4
        weeks = expiry_queries.expiry_weeks(session, scope=CORA.scope, filters=ExpiryFilters(), today=TODAY)
    assert weeks[0].monday == TODAY  # a Monday
    assert len(weeks) == 53
    assert {w.monday: w.count for w in weeks if w.count} == {
        day - timedelta(days=day.weekday()): 1 for day in (on(20), on(45), on(61))
    }


# ---- scope -----------------------------------------------------------------------------------------------------------
def everything(session, by) -> set[str]:
    """Every dealer name or title that any query of this area gives this person."""
    scope, said = by.scope, set()
    listed, _ = queries.find_documents(session, scope=scope, filters=DocumentFilters(versions=True), now=NOW)
    said |= {r.dealer_name for r in listed}
    said |= {r.name for r in coverage_queries.matrix(session, scope=scope, filters=MatrixFilters(), now=NOW)[0]}
    said |= {g.dealer_name for g in coverage_queries.find_gaps(session, scope=scope, now=NOW)}
    said |= {r.dealer_name for r in expiry_queries.expiring(session, scope=scope, filters=ExpiryFilters(), now=NOW)[0]}
    said |= {w.dealer for w in coverage_queries.work_lines(session, actor=by, now=NOW, limit=50)}
    for hits in catalog.search_everything(session, "of", actor=by).values():
        said |= {hit.subtitle.split(", ")[1].rpartition(" (")[0] for hit in hits if hit.kind == "document"}
    return said


@pytest.mark.parametrize(
    "who, names",
    [("cora", {"Ash", "Birch", "Cedar", "Dogwood"}), ("west", {"Cedar"}), ("dana", {"Birch"}), ("nobody", set())],
)
def test_nobody_sees_beyond_their_scope(engine, network, who, names):
    by = {
        "cora": CORA, "west": regional("West"), "dana": dana(network["gaps"]), "nobody": dana(),
    }[who]  # fmt: skip
    with reading(engine) as session:
        assert everything(session, by) == names
        for document_id in range(1, 8):
            versions = queries.list_versions(session, series_id=document_id, scope=by.scope, now=NOW)
            assert {v.dealer_name for v in versions} <= names
            if not versions:
                with pytest.raises(NotFound, match=r"^This document was not found\.$"):
                    queries.get_document(session, document_id=document_id, scope=by.scope, now=NOW)
        for dealer_id in network.values():
            seen = queries.list_dealer_documents(session, dealer_id=dealer_id, scope=by.scope, now=NOW)
            assert {r.dealer_name for r in seen} <= names
        total = queries.count_documents(session, scope=by.scope, filters=DocumentFilters())
        assert total == {"cora": 7, "west": 0, "dana": 2, "nobody": 0}[who]
    taker = replace(by, user_id=None)  # the log refers to people, and these are nobody's accounts
    made = run(run_export, bind=engine, kind="documents", file_format="csv", actor=taker, now=NOW)
    assert ("Dogwood" in made.content.decode()) == (who == "cora")


def test_a_documents_region_follows_its_dealer(engine):
    from db.dealers.commands import change_dealer

    dealer = make_dealer(engine)
    number = add(engine, dealer)
    run(
        change_dealer, bind=engine, dealer_id=dealer, seen_version=1, changes={"region": "West"},
        actor=actor(Role.ADMIN), now=NOW,
    )  # fmt: skip
    with reading(engine) as session:
        moved = queries.get_document(session, document_id=number, scope=regional("West").scope, now=NOW)
        assert moved.region == "West"
        with pytest.raises(NotFound):
            queries.get_document(session, document_id=number, scope=regional("East").scope, now=NOW)


# ---- what the desk hears of it ---------------------------------------------------------------------------------------
def test_what_to_know_before_calling_a_dealer(engine, network):
    with reading(engine) as session:
        lines = catalog.dealer_lines(
            session, dealer_id=network["gaps"], actor=CORA, now=NOW, since=NOW - timedelta(days=1)
        )["Documents"]
        calm = catalog.dealer_lines(session, dealer_id=network["full"], actor=FINN, now=NOW, since=None)["Documents"]
    assert [(one.kind, one.title) for one in lines] == [
        ("overdue", "Contract expired on 28 Jun 2026"), ("open", "Insurance is missing"), ("open", "Tax ID is missing"),
        ("open", "Licence expires in 45 days"), ("changed", "Licence was added by Cora"),
        ("changed", "Contract was added by Cora"),
    ]  # fmt: skip
    assert lines[0].at == datetime(2026, 6, 29, 4, 0, tzinfo=UTC)  # midnight at the dealer
    assert [one.title for one in calm] == ["Insurance expires in 20 days"]


def test_signals_of_the_network(engine, network):
    with reading(engine) as session:
        found = coverage_queries.signals(session, scope=CORA.scope, now=NOW)
        own = coverage_queries.signals(session, scope=dana(network["full"]).scope, now=NOW)
    assert [(s.level, s.sentence) for s in found[network["full"]]] == [("watch", "Insurance expires in 20 days.")]
    assert [(s.level, s.sentence) for s in found[network["gaps"]]] == [
        ("risk", "Contract expired on 28 Jun 2026."), ("risk", "Insurance is missing."),
        ("watch", "Tax ID is missing."),
    ]  # fmt: skip
    assert network["gone"] not in found
    assert list(own) == [network["full"]]


def test_my_work_counts_gaps_of_active_dealers(engine, network):
    with reading(engine) as session:
        lines = coverage_queries.work_lines(session, actor=CORA, now=NOW, limit=50)
        (count,) = coverage_queries.work_counts(session, actor=CORA, now=NOW)
        named = {source.name for source in catalog.work_sources(FINN)}
    assert [(w.number, w.title, w.why) for w in lines][:2] == [
        ("D-000005", "Contract expired on 28 Jun 2026", "Renew"), ("002", "Insurance is missing", "Upload"),
    ]  # fmt: skip
    assert (count.count, count.overdue) == (3, 1)
    assert "documents" not in named  # finance reads documents, but cannot add any


def test_search_finds_by_title_number_and_issuer(engine):
    number = add(engine, number="GL-77.12", issuer="Granite Mutual")
    second = renew(engine, number, number="GL-78")
    do(engine, "void_document", second, reason="Wrong")
    with reading(engine) as session:
        for words in ("granite", "gl7712", "dealer lic", f"D-{number:06}"):
            hits = catalog.search_everything(session, words, actor=CORA)["Documents"]
            assert number in [hit.item_id for hit in hits]
        (found,) = catalog.search_everything(session, "GL-78", actor=CORA)["Documents"]
        assert found.subtitle == "Licence, Lone Pine Motors (04012), until 2027-12-31, void"
        assert catalog.search_everything(session, "granite", actor=actor(Role.DEALER_STAFF)) == {}


def test_evidence_by_record(engine):
    for item, title in ((7, "One"), (7, "Two"), (8, "Three")):
        add(engine, document_type="evidence", title=title, expires_on=None, content=pdf(title),
            item_type="checklist_item", item_id=item)  # fmt: skip
    with reading(engine) as session:
        found = queries.facts_of_items(
            session, item_type="checklist_item", item_ids=[7, 8, 9], scope=CORA.scope, now=NOW
        )
    assert {item: [f.title for f in facts] for item, facts in found.items()} == {7: ["One", "Two"], 8: ["Three"]}
