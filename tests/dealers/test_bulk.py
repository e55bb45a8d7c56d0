"""Many dealers changed together: shown old to new first, then all of them or none, as one entry."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.calendar.commands import save_calendar
from db.core.area import SourceFile
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import Refused
from db.core.session import reading, run
from db.core.timeline import TimelineEntry, TimelineLink
from db.dealers.bulk_commands import bulk_change
from db.dealers.bulk_queries import TARGETS, Wanted, pasted_file, preview, read_wanted
from db.dealers.group_commands import add_group
from db.dealers.rules import BULK_FIELDS, MOST_BULK
from db.reports.history_queries import changes_since, find_entries, item_history
from tests.dealers.examples import ADMIN, NOW, enter, facts_by_code, regional
from tests.dealers.test_commands import change, last_entry
from tests.support.contents import contents
from tests.support.core import actor


def bulk(engine, changes, *, by=ADMIN, reason="New regions"):
    return run(bulk_change, bind=engine, changes=changes, reason=reason, actor=by, now=NOW + timedelta(hours=1))


def seen(engine, wanted, *, by=ADMIN):
    with reading(engine) as session:
        return preview(session, wanted=wanted, actor=by)


def test_what_was_shown_is_what_is_done_in_one_entry(engine):
    run(add_group, bind=engine, name="Penske", actor=ADMIN, now=NOW)
    first, second = enter(engine, "007"), enter(engine, "2", region="West")
    made = seen(engine, [Wanted(code=c, values={"region": "West", "group": "penske"}) for c in ("007", "2")])
    assert made.problems == 0
    assert [(line.old, line.new) for line in made.lines] == [
        ("Region: South; Group: None", "Region: West; Group: penske"),
        ("Region: West; Group: None", "Region: West; Group: penske"),
    ]
    assert bulk(engine, made.changes) == 2
    facts = facts_by_code(engine)
    assert {(f.region, f.group) for f in facts.values()} == {("West", "Penske")}
    entry = last_entry(engine)
    assert (entry.command, entry.summary, entry.reason) == (
        "bulk_change", "2 dealers were changed together: region, group.", "New regions",
    )  # fmt: skip
    assert entry.detail["before"]["007"] == {"region": "South", "group": ""}
    assert entry.detail["after"]["2"] == {"group": "Penske"}
    with reading(engine) as session:
        links = session.execute(select(TimelineLink.item_id).where(TimelineLink.seq == entry.seq)).scalars()
        assert sorted(links) == [first, second]
    assert seen(engine, [Wanted(code="007", values={"group": "PENSKE"})]).changes == ()


def test_one_that_is_refused_stops_all_and_is_named(engine):
    first, second = enter(engine, "1"), enter(engine, "2", name="Second Motors")
    third = enter(engine, "3", region="West", name="Far Motors")
    change(engine, second, city="Waco", by=actor(Role.MANAGER, username="max"))
    before = contents(engine)
    south = regional("South", "North")
    with pytest.raises(Refused) as refusal:
        bulk(
            engine,
            [(first, 1, {"lead_weight": 0}), (second, 1, {"lead_cap": 5}), (third, 1, {"lead_cap": 5}),
             (9_999, 1, {"lead_cap": 5})],
            by=south,
        )  # fmt: skip
    problems = refusal.value.problems
    assert [p.code for p in problems] == ["out_of_range", "stale", "not_found"]
    assert problems[0].message.startswith("Dealer 1 (1): ")
    assert "Dealer 2 was changed by Max" in problems[1].message
    assert "Far" not in str(refusal.value)
    assert {p.field for p in problems} == {"changes"}
    assert contents(engine) == before


LISTS = [
    ([], "Why", ["required"]), ([(1, 1, {"region": "West"})], " ", ["required"]),
    ([(1, 1, {"status": "active"})], "Why", ["unknown_field"]), ([(1, 1, {"name": "X"})], "Why", ["unknown_field"]),
    ([(1, 1, {"lead_cap": 1}), (1, 1, {"lead_cap": 2})], "Why", ["twice"]),
    ([(n, 1, {"lead_cap": 1}) for n in range(MOST_BULK + 1)], "Why", ["too_many"]),
    ([(1, 1, {"group": "Nobody"})], "Why", ["unknown_group"]),
    ([(1, 1, {"calendar_id": 99})], "Why", ["unknown_calendar"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "reason", "codes"), LISTS)
def test_lists_that_are_refused(sqlite_engine, changes, reason, codes):
    enter(sqlite_engine, "1")
    with pytest.raises(Refused) as refusal:
        bulk(sqlite_engine, changes, reason=reason)
    assert [p.code for p in refusal.value.problems] == codes
    assert facts_by_code(sqlite_engine)["1"].lead_cap == 0


@pytest.mark.parametrize("role", list(Role))
def test_who_may_change_many(sqlite_engine, role):
    dealer_id = enter(sqlite_engine, "1")
    by = actor(role)
    may = Permission.DEALERS_MANAGE in GRANTED[role]
    for attempt in (
        lambda: bulk(sqlite_engine, [(dealer_id, 1, {"lead_cap": 5})], by=by),
        lambda: seen(sqlite_engine, [Wanted(code="1", values={"lead_cap": 6})], by=by),
    ):
        if may:
            attempt()
        else:
            with pytest.raises(Refused, match="may not do this"):
                attempt()
    assert facts_by_code(sqlite_engine)["1"].lead_cap == (5 if may else 0)


def test_sending_the_same_list_twice_is_noticed(engine):
    dealer_id = enter(engine, "1")
    changes = [(dealer_id, 1, {"lead_cap": 5})]
    assert bulk(engine, changes) == 1
    with pytest.raises(Refused) as refusal:
        bulk(engine, changes)
    assert refusal.value.code == "stale"
    with reading(engine) as session:
        assert session.scalar(select(func.count()).where(TimelineEntry.command == "bulk_change")) == 1


def test_a_preview_shows_no_dealer_out_of_scope(sqlite_engine):
    enter(sqlite_engine, "1", region="West", name="Far Motors")
    hidden = seen(sqlite_engine, [Wanted(code="1", values={"lead_cap": 5})], by=regional("South"))
    absent = seen(sqlite_engine, [Wanted(code="77", values={"lead_cap": 5})], by=regional("South"))
    assert [(line.name, line.old, line.problem) for line in hidden.lines] == [
        (line.name, line.old, line.problem) for line in absent.lines
    ]
    assert hidden.changes == ()


def test_a_region_one_does_not_look_after_is_refused_in_preview_and_command(sqlite_engine):
    dealer_id = enter(sqlite_engine, "1")
    made = seen(sqlite_engine, [Wanted(code="1", values={"region": "West"})], by=regional("South"))
    assert made.lines[0].problem == "West is outside of what you look after."
    with pytest.raises(Refused) as refusal:
        bulk(sqlite_engine, [(dealer_id, 1, {"region": "West"})], by=regional("South"))
    assert refusal.value.code == "not_allowed"


PASTED = [
    ("codes only take the value below", "1\n002\n", [("1", {"lead_cap": 9}), ("002", {"lead_cap": 9})]),
    ("a tab divides", "1\t5\n002\t1,000", [("1", {"lead_cap": 5}), ("002", {"lead_cap": 1000})]),
    ("a comma divides", "1, 5", [("1", {"lead_cap": 5})]),
    ("a dash empties", "1;-", [("1", {"lead_cap": 0})]),
    (
        "headings say what is which", "Dealer Code\tRegion\tTakes leads\n1\tWest\tno\n",
        [("1", {"region": "West", "takes_leads": False})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [case[1:] for case in PASTED], ids=[case[0] for case in PASTED])
def test_what_pasted_lines_mean(text, found):
    read = read_wanted(pasted_file(text, "lead_cap"), fallback={"lead_cap": 9})
    assert read.unread == ()
    assert [(one.code, one.values) for one in read.wanted] == found


def test_cells_that_cannot_be_read_name_their_dealer():
    text = "code\tShare\tTakes leads\tMakes\n1\tmany\t\t\n2\t\tperhaps\t\n3\t4\tyes\tFord, Kia\n"
    read = read_wanted(pasted_file(text, "lead_cap"))
    assert [(line.code, line.problem) for line in read.unread] == [
        ("1", 'Share of leads: "many" is no whole number.'), ("2", 'Takes leads: "perhaps" is neither yes nor no.'),
    ]  # fmt: skip
    assert [one.values for one in read.wanted] == [{"lead_weight": 4, "takes_leads": True, "brands": ("Ford", "Kia")}]


def test_a_column_nobody_knows_is_told():
    read = read_wanted(pasted_file("code\tColour\tCap\n1\tred\t5\n", "lead_cap"))
    assert [one.values for one in read.wanted] == [{"lead_cap": 5}]
    assert read.notes == ('pasted.txt: not imported: "Colour".',)


def test_a_workbook_and_working_hours_by_name(engine):
    import xlsxwriter

    weekly = [*[[[540, 1080]]] * 5, [], []]
    number = run(
        save_calendar, bind=engine, calendar_id=None, seen_version=0, zone="America/Chicago", weekly=weekly,
        name="Long days", holiday_list_id=None, actor=ADMIN, now=NOW,
    )  # fmt: skip
    enter(engine, "0042")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Code", "Working hours", "Most leads a day"])
        sheet.write_row(1, 0, ["0042", "long days", ""])
        sheet.write_row(2, 0, ["0043", "Long days", ""])
    read = read_wanted(SourceFile(name="new hours.xlsx", content=out.getvalue()))
    assert read.unread == ()
    made = seen(engine, read.wanted)
    assert [line.problem for line in made.lines] == ["", "There is no dealer with this code."]
    assert (made.lines[0].old, made.lines[0].new) == ("Usual hours", "Long days")
    bulk(engine, made.changes)
    assert facts_by_code(engine)["0042"].calendar_id == number


def test_lines_that_say_nothing_or_twice_are_problems(sqlite_engine):
    enter(sqlite_engine, "1")
    enter(sqlite_engine, "2")
    made = seen(
        sqlite_engine,
        [Wanted(code="1", values={"lead_cap": 4}), Wanted(code="1", values={"lead_cap": 5}), Wanted(code="2")],
    )
    assert [line.problem for line in made.lines] == [
        "", "This dealer stands in the list twice.", "The line names no new value.",
    ]  # fmt: skip


def test_every_bulk_field_can_stand_in_a_file():
    assert {target.name for target in TARGETS} == {"code", *BULK_FIELDS}
    assert "status" not in BULK_FIELDS


def test_the_history_of_one_dealer_tells_nothing_of_the_others(engine):
    first, second = enter(engine, "1", name="First"), enter(engine, "2", name="Second", region="West")
    bulk(engine, [(first, 1, {"lead_cap": 5}), (second, 1, {"lead_cap": 7})])

    def facts(line):
        assert line.command == "bulk_change"
        return (line.detail or {})["before"], (line.detail or {})["after"]

    with reading(engine) as session:
        own = item_history(session, item_type="dealer", item_id=first)[0]
        assert facts(own) == ({"lead_cap": 0}, {"lead_cap": 5})
        other = item_history(session, item_type="dealer", item_id=second)[0]
        assert facts(other) == ({"lead_cap": 0}, {"lead_cap": 7})
        west = regional("West", role=Role.MANAGER)
        seen_there = find_entries(session, actor=west)[0]
        assert facts(seen_there)[1] == {"2": {"lead_cap": 7}}
        assert (seen_there.item_id, seen_there.items) == (second, 1), "a click leads to a dealer one may see"
        assert (changes_since(session, actor=west, since=NOW)[0].item_id) == second
        whole = find_entries(session, actor=ADMIN)[0]
        assert (set(facts(whole)[1]), whole.items) == ({"1", "2"}, 2)
