"""What is read of old parts: pages, counts, my work, search, export, labels; each within the reader's dealers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from db import catalog
from db.core.actor import EVERYTHING
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.exports import run_export
from db.part_returns import offers, queries
from db.part_returns.print_commands import print_labels
from db.part_returns.queries import ReturnFilters
from tests.claim_payments.factories import House
from tests.claims.factories import NOW
from tests.part_returns.factories import row_of, step
from tests.part_returns.test_follow import parts
from tests.support.again import begun

LATE = NOW + timedelta(days=20)


@pytest.fixture
@begun
def house(sqlite_engine):
    """Three parts of dora's dealer (kept, asked for, to inspect) and one asked for of otto's."""
    found: Any = House(sqlite_engine)
    found.parts = []
    for number in range(4):
        more: dict[str, Any] = {"dealer_id": found.other_dealer} if number == 3 else {}
        claim = found.approved(cents=720_00, **more)
        (part,) = parts(sqlite_engine, claim)
        found.parts.append(part)
        if number:
            step(sqlite_engine, "request", part, actor=found.cora, note="We want to see it.")
        if number == 2:
            step(sqlite_engine, "receive", part, actor=found.cora)
    return found


def seen(house, who, **more):
    with reading(house.engine) as session:
        filters = ReturnFilters(**more)
        rows, _ = queries.list_returns(session, actor=getattr(house, who), filters=filters, now=LATE)
        count = queries.count_returns(session, actor=getattr(house, who), filters=filters, now=LATE)
    assert count == len(rows)
    return [r.id for r in rows]


VIEWS: list[tuple[str, dict[str, Any], tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = [
    ("open", {}, (2, 1, 3, 0), (2, 1, 0), (3,)), ("requested", {}, (1, 3), (1,), (3,)), ("held", {}, (0,), (0,), ()),
    ("way", {}, (2,), (2,), ()), ("received", {}, (2,), (2,), ()), ("closed", {}, (), (), ()),
    ("open", {"late": True}, (2, 1, 3), (2, 1), (3,)), ("open", {"region": "West"}, (3,), (), (3,)),
]  # fmt: skip


@pytest.mark.parametrize("view, more, ours, doras, ottos", VIEWS, ids=[f"{v[0]}-{list(v[1])}" for v in VIEWS])
def test_each_sees_their_own_due_first(house, view, more, ours, doras, ottos):
    for who, expected in (("cora", ours), ("dora", doras), ("otto", ottos)):
        assert seen(house, who, view=view, **more) == [house.parts[i] for i in expected]


def test_counts_of_the_tiles(house):
    with reading(house.engine) as session:
        counts = [queries.count_states(session, actor=getattr(house, w), now=LATE) for w in ("cora", "dora", "otto")]
    assert counts[0] == {"held": (1, 0), "requested": (2, 2), "received": (1, 1)}
    assert counts[1] == {"held": (1, 0), "requested": (1, 1), "received": (1, 1)}
    assert counts[2] == {"requested": (1, 1)}


def test_pages_follow_each_other_without_gap(house):
    with reading(house.engine) as session:
        found: list[int] = []
        after: Any = None
        while True:
            rows, after = queries.list_returns(
                session, actor=house.cora, filters=ReturnFilters(), now=LATE, after=after, limit=1
            )
            found += [r.id for r in rows]
            if after is None:
                break
    assert found == [house.parts[i] for i in (2, 1, 3, 0)]


def test_a_page_takes_two_statements_whatever_it_holds(house):
    ran = []
    event.listen(house.engine, "before_cursor_execute", lambda *a: ran.append(a[2]))
    with reading(house.engine) as session:
        queries.list_returns(session, actor=house.cora, filters=ReturnFilters(), now=LATE)
        queries.count_returns(session, actor=house.cora, filters=ReturnFilters(), now=LATE)
    assert len([s for s in ran if s.startswith("SELECT")]) == 2


def test_parts_of_claims(house):
    rows = [row_of(house.engine, i) for i in house.parts]
    ids = [r.claim_id for r in rows]
    with reading(house.engine) as session:
        ours = queries.returns_of_claims(session, claim_ids=ids, actor=house.cora)
        doras = queries.returns_of_claims(session, claim_ids=ids, actor=house.dora)
        byid = queries.returns_by_id(session, ids=house.parts, actor=house.otto)
    assert [ours[c][0].number for c in ids] == [r.number for r in rows]
    assert set(doras) == set(ids[:3])
    assert [r.id for r in byid] == [house.parts[3]]


def test_my_work_search_and_the_dealers_page(house):
    with reading(house.engine) as session:
        ours = offers.work_lines(session, actor=house.cora, now=LATE, limit=10)
        doras = offers.work_lines(session, actor=house.dora, now=LATE, limit=10)
        assert [(w.number, w.status, w.why) for w in ours] == [("RMA-000003", "Overdue", "Inspect it")]
        assert [(w.number, w.why) for w in doras] == [("RMA-000002", "Send it in with its label")]
        counts = offers.work_counts(session, actor=house.dora, now=LATE)
        assert [(c.count, c.overdue) for c in counts] == [(1, 1)]
        assert offers.work_counts(session, actor=house.otto, now=NOW)[0].overdue == 0
        hits = catalog.search_everything(session, "RMA-000004", actor=house.cora)
        assert [r.title for r in hits["Parts returns"]] == ["RMA-000004 Turbocharger assembly"]
        assert "Parts returns" not in catalog.search_everything(session, "RMA-000004", actor=house.dora)
        lines = offers.dealer_lines(session, dealer_id=house.dealer, actor=house.cora, now=LATE, since=None)
        assert [(x.kind, x.query) for x in lines] == [("overdue", {"rma": str(house.parts[1])})]
        assert offers.dealer_lines(session, dealer_id=house.dealer, actor=house.otto, now=LATE, since=None) == []


def test_the_export_holds_the_readers_parts_only(house):
    made = run(run_export, bind=house.engine, kind="part_returns", file_format="csv", actor=house.dora, now=NOW)
    text = made.content.decode("utf-8-sig")
    assert [n in text for n in ("RMA-000001", "RMA-000002", "RMA-000003", "RMA-000004")] == [True, True, True, False]
    with reading(house.engine) as session:
        rows = list(offers.export_rows(session, actor=house.cora, scope=EVERYTHING, filters={"view": "held"}, now=NOW))
    assert [(r[0], r[1]) for r in rows] == [("RMA-000001", "To keep")]
    assert len(rows[0]) == len(offers.COLUMNS)


def test_labels_are_printed_for_what_is_to_come(house):
    asked, kept, ottos = house.parts[1], house.parts[0], house.parts[3]
    made = run(print_labels, bind=house.engine, item_ids=[asked], actor=house.dora, now=NOW)
    again = run(print_labels, bind=house.engine, item_ids=[asked], actor=house.dora, now=NOW)
    assert made.name == "RMA-000002.pdf"
    assert made.content[:5] == b"%PDF-"
    assert made.content == again.content
    with pytest.raises(Refused) as refused:
        run(print_labels, bind=house.engine, item_ids=[kept], actor=house.dora, now=NOW)
    assert refused.value.code == "no_label"
    with pytest.raises(NotFound):
        run(print_labels, bind=house.engine, item_ids=[asked, ottos], actor=house.dora, now=NOW)
    with pytest.raises(Refused):
        run(print_labels, bind=house.engine, item_ids=[asked], actor=house.finn, now=NOW)


def test_what_a_label_says(house):
    from db.part_returns.print_commands import make_pdf

    with reading(house.engine) as session:
        row = queries.get_return(session, item_id=house.parts[1], actor=house.dora, now=NOW)
    import zlib

    content = make_pdf([row], address="Dock 4\nToledo, OH", made_at=NOW)
    start = content.index(b"stream\n") + 7
    words = zlib.decompress(content[start : content.index(b"\nendstream")]).decode("latin-1")
    for said in ("RMA-000002", "TC-5000", "WC-000002, job 1", "Dock 4", "Toledo, OH", "7 December 2026", "(04012)"):
        assert said.replace("(", "\\(").replace(")", "\\)") in words


def test_the_rule_is_read_with_its_versions(house):
    with reading(house.engine) as session:
        rule = queries.rule_in_force(session, on=NOW.date(), actor=house.dora)
        assert (rule.number, queries.newest_rule(session, actor=house.dora)) == (1, 1)
        assert queries.rule_versions(session, actor=house.dora) == []


def test_each_read_needs_the_right_to_see_claims(house):
    from dataclasses import replace

    from db.core import permissions

    nobody = replace(house.dora, role=permissions.Role.SALES_LEADER)
    assert nobody.can(permissions.Permission.CLAIMS_VIEW)
    assert not nobody.can(permissions.Permission.RETURNS_SHIP)
    assert [s.name for s in catalog.work_sources(nobody) if s.name == "part_returns"] == []
