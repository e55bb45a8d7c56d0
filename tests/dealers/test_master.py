"""The wider dealer master: legal name, address, group; what is missing; files in and out; nothing of other dealers."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from db.core import search
from db.core.actor import EVERYTHING, Scope
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.dealers import lines_queries, queries
from db.dealers.area import check_dealers, check_people
from db.dealers.group_commands import add_group, rename_group
from db.dealers.group_queries import list_groups
from db.dealers.queries import GAPS, DealerFilters
from db.dealers.tables import DealerGroup
from db.exports import run_export
from db.imports.commands import undo_import
from tests.dealers.examples import ADMIN, NOW, batch_of, bring_in, csv_file, enter, facts_by_code, regional, row
from tests.dealers.test_commands import change, last_entry
from tests.dealers.test_people import add, leave
from tests.support.core import actor

HEADER = ("code", "name", "state", "region", "city", "Legal name", "Dealer group", "Telephone", "E-mail", "Address")


def wide(code="00042", **other):
    return row(code) | {"Legal name": f"Dealer {code} LLC", "Dealer group": "Hendrick"} | other


def bring(engine, *rows, **other):
    return bring_in(engine, csv_file(rows, header=(*HEADER, "status")), **other)


def undo(engine, result):
    return run(
        undo_import, bind=engine, batch_id=batch_of(result), reason="Wrong file", actor=ADMIN,
        now=NOW + timedelta(hours=3),
    )  # fmt: skip


def groups_of(engine):
    with reading(engine) as session:
        return sorted(session.scalars(select(DealerGroup.name)))


# ---------------------------------------------------------------------------------------------------- facts
def test_a_dealer_is_known_by_both_its_names_and_reached(engine):
    dealer_id = enter(
        engine, "1", name="Lone Pine Toyota", legal_name=" Pinewood  Holdings LLC ", phone="(419) 555-0188",
        email="Desk@Pine.example", street=" 1  Main St ",
    )  # fmt: skip
    facts = facts_by_code(engine)["1"]
    assert (facts.legal_name, facts.phone, facts.email, facts.street) == (
        "Pinewood Holdings LLC", "+14195550188", "desk@pine.example", "1 Main St",
    )  # fmt: skip
    with reading(engine) as session:
        for typed in ("pinewood", "lone pine"):
            assert search.find(session, typed, kinds=["dealer"], scope=EVERYTHING) == [search.Hit("dealer", dealer_id)]
    change(engine, dealer_id, legal_name="Oak LLC", phone="+44 20 7946 0018")
    detail = last_entry(engine).detail
    assert detail["before"] == {"legal_name": "Pinewood Holdings LLC", "phone": "+14195550188"}
    assert detail["after"] == {"legal_name": "Oak LLC", "phone": "+44 20 7946 0018"}
    with reading(engine) as session:
        assert search.find(session, "pinewood", kinds=["dealer"], scope=EVERYTHING) == []


def test_each_new_field_is_checked(sqlite_engine):
    with pytest.raises(Refused) as refusal:
        enter(
            sqlite_engine, "1", legal_name="L" * 161, phone="none", email="x@y", street="S" * 161, group="g" * 121,
        )  # fmt: skip
    assert {(p.field, p.code) for p in refusal.value.problems} == {
        ("legal_name", "too_long"), ("phone", "bad_phone"), ("email", "bad_email"), ("street", "too_long"),
        ("group", "too_long"), ("group", "unknown_group"),
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------- files
def test_a_file_makes_its_groups_and_an_undo_takes_empty_ones_away(engine):
    run(add_group, bind=engine, name="Penske", actor=ADMIN, now=NOW)
    enter(engine, "1", group="Penske")
    result = bring(
        engine, wide("1", **{"Dealer group": "hendrick inc"}), wide("2", Telephone="4195550188"), wide("3"),
        wide("4", **{"Dealer group": "PENSKE"}), wide("5", **{"Dealer group": ""}),
    )  # fmt: skip
    assert (result.created, result.updated, result.rejected) == (4, 1, 0)
    assert 'The group "hendrick inc" was made.' in result.sentences
    facts = facts_by_code(engine)
    assert {code: f.group for code, f in facts.items()} == {
        "1": "hendrick inc", "2": "hendrick inc", "3": "hendrick inc", "4": "Penske", "5": "",
    }  # fmt: skip
    assert (facts["2"].phone, facts["2"].legal_name) == ("+14195550188", "Dealer 2 LLC")
    again = bring(engine, wide("2", **{"Dealer group": "Hendrick", "Telephone": "(419) 555-0188"}))
    assert [(o.outcome, o.code) for o in again.outcomes] == [("duplicate", "unchanged")]
    undo(engine, again)
    assert undo(engine, result) == 5
    assert groups_of(engine) == ["Penske"]
    assert {code: f.group for code, f in facts_by_code(engine).items()} == {"1": "Penske"}
    with reading(engine) as session:
        assert (check_dealers(session), check_people(session)) == ([], [])


def test_a_group_that_others_have_joined_outlives_the_undo(engine):
    result = bring(engine, wide("2"))
    other = enter(engine, "9")
    change(engine, other, group="Hendrick")
    undo(engine, result)
    assert groups_of(engine) == ["Hendrick"]
    with reading(engine) as session:
        assert [(g.name, g.rooftops) for g in list_groups(session, scope=EVERYTHING)] == [("Hendrick", 1)]


def test_an_undo_into_a_group_of_another_name_is_refused(sqlite_engine):
    group_id = run(add_group, bind=sqlite_engine, name="Penske", actor=ADMIN, now=NOW)
    enter(sqlite_engine, "1", group="Penske")
    result = bring(sqlite_engine, wide("1"))
    run(rename_group, bind=sqlite_engine, group_id=group_id, seen_version=1, name="Roger", actor=ADMIN, now=NOW)
    with pytest.raises(Refused) as refusal:
        undo(sqlite_engine, result)
    assert refusal.value.code == "group_gone"
    assert facts_by_code(sqlite_engine)["1"].group == "Hendrick"


@pytest.mark.parametrize(
    ("before", "target", "outcome"),
    [
        ("suspended", "terminated", ("updated", "")), ("active", "suspended", ("updated", "")),
        ("active", "prospect", ("rejected", "not_allowed_now")),
        ("terminated", "active", ("rejected", "not_allowed_now")),
        ("prospect", "active", ("rejected", "not_allowed_now")), ("active", "active", ("updated", "")),
    ],
)  # fmt: skip
def test_a_file_takes_a_dealer_only_where_its_life_allows(sqlite_engine, before, target, outcome):
    enter(sqlite_engine, "1", status=before)
    result = bring(sqlite_engine, wide("1", status=target))
    assert [(o.outcome, o.code) for o in result.outcomes] == [outcome]
    assert facts_by_code(sqlite_engine)["1"].status == (target if outcome[0] == "updated" else before)
    assert bring(sqlite_engine, wide("2", status="active")).created == 1, "a new dealer may be anything"


# ---------------------------------------------------------------------------------------------------- gaps
def gaps_of(engine, scope=EVERYTHING):
    with reading(engine) as session:
        found = {}
        for gap in GAPS:
            filters = DealerFilters(gap=gap)
            listed = queries.list_dealers(session, scope=scope, filters=filters)["code"].tolist()
            assert queries.count_dealers(session, scope=scope, filters=filters) == len(listed)
            assert sum(queries.count_by_state(session, scope=scope, filters=filters).values()) == len(listed)
            found[gap] = listed
        return found


def test_what_is_missing_or_doubtful_can_be_found(engine):
    whole: dict[str, Any] = {"phone": "4195550188", "street": "1 Main St"}
    one = enter(engine, "1", latitude=40.7, longitude=-74.0, **whole)  # Texas, says the state
    two = enter(engine, "2", latitude=31.0, longitude=-97.0, phone="4195550188")
    three = enter(engine, "3", **whole)
    add(engine, one, is_primary=True, role="other")
    add(engine, two)
    gone = add(engine, three, is_primary=True)
    leave(engine, gone)
    assert gaps_of(engine) == {
        "position": ["1"], "primary": ["2", "3"], "principal": ["1", "3"], "reach": ["2"],
    }  # fmt: skip
    own = Scope("dealers", dealer_ids=frozenset({two}))
    assert gaps_of(engine, own) == {"position": [], "primary": ["2"], "principal": [], "reach": ["2"]}


def test_lines_and_signals_of_the_master_data(engine):
    one = enter(engine, "1", latitude=40.7, longitude=-74.0, status="suspended")
    two = enter(engine, "2", phone="4195550188", street="1 Main St")
    gone = enter(engine, "3", status="terminated")
    add(engine, two, is_primary=True)
    with reading(engine) as session:

        def titles(dealer_id):
            lines = lines_queries.dealer_lines(session, dealer_id=dealer_id, actor=ADMIN, now=NOW, since=None)
            assert {line.kind for line in lines} <= {"open"}
            return [line.title for line in lines]

        assert titles(one) == [
            "Suspended", "No primary contact", "No dealer principal", "No telephone number and no street",
            "State and position disagree",
        ]  # fmt: skip
        assert (titles(two), titles(gone)) == ([], [])
        signals = lines_queries.dealer_signals(session, scope=EVERYTHING, now=NOW)
        assert {number: [s.level for s in found] for number, found in signals.items()} == {
            one: ["risk", "watch", "watch"]
        }
        own = Scope("dealers", dealer_ids=frozenset({two}))
        assert lines_queries.dealer_signals(session, scope=own, now=NOW) == {}
        stranger = actor(Role.DEALER_MANAGER, scope=own)
        with pytest.raises(NotFound):
            lines_queries.dealer_lines(session, dealer_id=one, actor=stranger, now=NOW, since=None)


def test_signals_ask_the_same_number_of_statements_for_many(sqlite_engine):
    seen = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *a: seen.append(a[2]))

    def asked():
        seen.clear()
        with reading(sqlite_engine) as session:
            lines_queries.dealer_signals(session, scope=EVERYTHING, now=NOW)
        return len([statement for statement in seen if statement.startswith("SELECT")])

    enter(sqlite_engine, "1")
    few = asked()
    bring(sqlite_engine, *(wide(str(number)) for number in range(100, 130)))
    assert (few, asked()) == (3, 3)


# ---------------------------------------------------------------------------------------------------- nobody else's
def test_a_dealers_own_people_see_exactly_their_dealers(engine):
    run(add_group, bind=engine, name="Hendrick", actor=ADMIN, now=NOW)
    mine = enter(engine, "1", name="Mine Motors", group="Hendrick", legal_name="Shared Name LLC")
    enter(engine, "2", name="Other Motors", group="Hendrick", legal_name="Shared Name LLC", region="West", state="CA")
    own = Scope("dealers", dealer_ids=frozenset({mine}))
    with reading(engine) as session:
        for filters in (
            DealerFilters(), DealerFilters(text="shared"), DealerFilters(text="hendrick"), DealerFilters(group="1"),
            DealerFilters(ids=frozenset({1, 2, 3})),
        ):  # fmt: skip
            assert queries.list_dealers(session, scope=own, filters=filters)["code"].tolist() == ["1"]
            assert queries.count_by_state(session, scope=own, filters=filters) == {"TX": 1}
            assert queries.matching_ids(session, scope=own, filters=filters, limit=10) == [mine]
        assert queries.position_conflicts(session, scope=own) == {}
        assert [(g.rooftops, g.states) for g in list_groups(session, scope=own)] == [(1, 1)]
    file = run(
        run_export, bind=engine, kind="dealers", file_format="csv", filters={"group": "1"}, now=NOW,
        actor=actor(Role.DEALER_MANAGER, user_id=None, scope=own),
    )  # fmt: skip
    assert (file.row_count, "Other Motors" in file.content.decode()) == (1, False)


@pytest.mark.parametrize(
    ("filters", "codes"),
    [
        ({"health": "Watch", "ids": [1, 3]}, ["1", "3"]), ({"health": "Watch", "ids": []}, []),
        ({"ids": []}, ["1", "2", "3"]),
        ({"gap": "primary", "regions": ["West"]}, ["3"]), ({"tier": "Gold", "ids": (2,)}, ["2"]),
    ],
)  # fmt: skip
def test_an_export_has_what_the_list_showed(sqlite_engine, filters, codes):
    for code, region in (("1", "South"), ("2", "South"), ("3", "West")):
        enter(sqlite_engine, code, region=region)
    with reading(sqlite_engine) as session:
        rows = queries.export_rows(session, actor=ADMIN, scope=EVERYTHING, filters=filters, now=NOW)
        assert [values[0] for values in rows] == codes


def test_people_of_a_region_change_groups_of_their_own_dealers_only(sqlite_engine):
    run(add_group, bind=sqlite_engine, name="Hendrick", actor=ADMIN, now=NOW)
    far = enter(sqlite_engine, "2", region="West")
    with pytest.raises(NotFound):
        change(sqlite_engine, far, group="Hendrick", by=regional("South"))
    assert facts_by_code(sqlite_engine)["2"].group == ""


@pytest.mark.slow
def test_a_workbook_of_the_whole_network_comes_in_with_its_zeros(sqlite_engine):
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Code", "Trade name", "State", "Group", "Phone"])
        for number in range(1, 301):
            sheet.write_row(
                number, 0, [f"{number:05}", f"Store {number}", "TX", f"Owner {number % 7}", "(419) 555-0188"]
            )
    result = bring_in(sqlite_engine, SourceFile(name="network.xlsx", content=out.getvalue()))
    assert (result.created, result.rejected) == (300, 0)
    assert len(groups_of(sqlite_engine)) == 7
    assert {facts.phone for facts in facts_by_code(sqlite_engine).values()} == {"+14195550188"}
    assert "00001" in facts_by_code(sqlite_engine)
