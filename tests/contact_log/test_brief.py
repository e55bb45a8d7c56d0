"""The brief before a call: what comes first, what is cut, who sees what, and the printed page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from db import catalog
from db.briefs import brief_of, file_name, print_brief
from db.core.actor import Actor
from db.core.area import Area, DealerLine, DealerSource
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.people.tables import ExportLog
from db.reports.brief_pdf import make_pdf, printable
from db.reports.brief_queries import Brief, BriefPerson, Volume
from db.reports.brief_rules import KINDS, BriefLine, Part, fit, left_out, parts_of, ranked, rows_needed
from tests.contact_log.examples import NOW, TODAY, last_entry, log, make_network, promise, step
from tests.contact_log.printed import count_pages, text_of
from tests.support.contents import contents

DAY = timedelta(days=1)


def line(kind, title="x", *, at=0, area="Leads"):
    return BriefLine(kind=kind, area=area, title=title, at=None if at is None else NOW + at * DAY)


def one_row(_line):
    return 1


# ---- what is cut
def test_what_matters_most_comes_first():
    mixed = [
        line("changed", "old change", at=-9), line("open", "no date", at=None), line("open", "soon", at=1),
        line("overdue", "a day late", at=-1), line("changed", "new change", at=-1), line("promised", "next week", at=7),
        line("overdue", "a week late", at=-7), line("nonsense", "unknown kinds are no part of a brief"),
    ]  # fmt: skip
    assert [found.title for found in ranked(mixed)] == [
        "a week late", "a day late", "next week", "soon", "no date", "new change", "old change",
    ]  # fmt: skip


FOUR = [line(kind, f"{kind} {n}", at=n) for kind in KINDS for n in (1, 2, 3)]
CUTS = [
    # rows there are, and what is shown of each kind with how many are left out
    (99, "overdue 3+0, promised 3+0, open 3+0, changed 3+0", ""),
    (20, "overdue 3+0, promised 3+0, open 3+0, changed 3+0", ""),
    (19, "overdue 3+0, promised 3+0, open 3+0, changed 1+2", ""),
    (18, "overdue 3+0, promised 3+0, open 3+0, changed 0+3", "Not shown: 3 changed"),
    (16, "overdue 3+0, promised 3+0, open 3+0, changed 0+3", "Not shown: 3 changed"),
    (15, "overdue 3+0, promised 3+0, open 1+2, changed 0+3", "Not shown: 3 changed"),
    (6, "overdue 3+0, promised 0+3, open 0+3, changed 0+3", "Not shown: 3 promised, 3 open, 3 changed"),
    (5, "overdue 1+2, promised 0+3, open 0+3, changed 0+3", "Not shown: 3 promised, 3 open, 3 changed"),
    (1, "overdue 0+3, promised 0+3, open 0+3, changed 0+3", "Not shown: 3 overdue, 3 promised, 3 open, 3 changed"),
]


@pytest.mark.parametrize(("rows", "shown", "tail"), CUTS)
def test_what_a_full_page_leaves_out(rows, shown, tail):
    parts = fit(FOUR, rows, one_row)
    assert ", ".join(f"{p.kind} {len(p.lines)}+{p.hidden}" for p in parts) == shown
    assert left_out(parts) == tail


def test_nothing_needs_no_room():
    assert fit([], 0, one_row) == []
    assert left_out([]) == ""
    assert Part(kind="open", lines=()).label == "Open"


_LINES = st.lists(
    st.builds(line, st.sampled_from(list(KINDS)), st.text(max_size=5), at=st.none() | st.integers(-50, 50)), max_size=30
)


@given(_LINES, st.integers(0, 60), st.integers(1, 4))
def test_no_page_is_ever_overfull_and_nothing_vanishes_without_a_word(lines, rows, tall):
    parts = fit(lines, rows, lambda found: tall if found.at else 1)
    shown = [found for part in parts for found in part.lines]
    assert len(shown) + sum(part.hidden for part in parts) == len(lines)
    assert shown == ranked(lines)[: len(shown)]  # what is cut is always the least important
    if rows >= 1:
        assert rows_needed(parts, lambda found: tall if found.at else 1) <= rows


# ---- who sees what of it
def fake_source(name, label, permission, lines):
    return Area(name=name, title=label, dealer=(
        DealerSource(name=name, label=label, permission=permission, lines=lambda *_a, **_k: lines),
    ))  # fmt: skip


@pytest.fixture
def sources(monkeypatch):
    """Two more areas that know something of each dealer: documents for everybody here, an inner one for the desk."""
    documents = [DealerLine(kind="overdue", title="Insurance is missing", at=NOW, page="pages/network/dealers.py")]
    inner = [DealerLine(kind="open", title="Inner note of the desk")]
    more = (
        fake_source("documents", "Documents", Permission.DOCUMENTS_VIEW, documents),
        fake_source("inner", "Inner", Permission.CONTACTS_VIEW, inner),
    )
    own = next(area for area in catalog.AREAS if area.name == "contact_log")
    monkeypatch.setattr(catalog, "AREAS", (own, *more))


def read(engine, network, who: Actor, *, now=NOW + DAY, dealer_id=None) -> Brief:
    with reading(engine) as session:
        return brief_of(session, dealer_id=dealer_id or network.north, actor=who, now=now)


def test_the_brief_puts_every_area_together(engine, sources):
    network = make_network(engine)
    log(engine, network, with_name="Owen", now=NOW - DAY)
    promise(engine, network, due_day=TODAY)
    brief = read(engine, network, network.coordinator)
    assert (brief.name, brief.code, brief.status, brief.volume) == ("North Motors", "00101", "Active", Volume())
    assert brief.last is not None
    assert (brief.last.summary, brief.since) == ("Talked about the month.", NOW - DAY)
    assert [(found.area, found.kind, found.title) for found in brief.lines] == [
        ("Contacts", "overdue", "We promised: Send the price list"), ("Documents", "overdue", "Insurance is missing"),
        ("Inner", "open", "Inner note of the desk"),
    ]  # fmt: skip
    assert brief.reliability["us"].due == 1
    assert read(engine, network, network.coordinator) == brief  # the same facts give the same brief


def test_the_dealers_own_people_get_no_word_of_the_log(engine, sources):
    network = make_network(engine)
    log(engine, network, summary="They will never make the target", now=NOW - DAY)
    promise(engine, network)
    brief = read(engine, network, network.dealer_manager)
    assert (brief.has_log, brief.last, brief.reliability) == (False, None, {})
    assert [found.title for found in brief.lines] == ["Insurance is missing"]
    assert brief.since == NOW + DAY - 30 * DAY  # when the desk last called is no business of theirs either
    words = text_of(make_pdf(brief))
    assert "never make the target" not in words
    assert "price list" not in words
    assert "LAST CONTACT" not in words
    assert "Insurance is missing" in words
    assert words.startswith("WHAT IS OPEN")  # they do not call themselves


def test_nobody_reads_the_brief_of_another_dealer(sqlite_engine):
    network = make_network(sqlite_engine)
    for who, dealer_id in (
        (network.dealer_manager, network.south), (network.east_coordinator, network.west), (network.coordinator, 999),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            read(sqlite_engine, network, who, dealer_id=dealer_id)
        before = contents(sqlite_engine)
        with pytest.raises(NotFound):
            run(print_brief, bind=sqlite_engine, dealer_id=dealer_id, actor=who, now=NOW)
        assert contents(sqlite_engine) == before
    with pytest.raises(Refused):
        run(print_brief, bind=sqlite_engine, dealer_id=network.north, actor=network.staff, now=NOW)


# ---- the printed page
def test_a_printed_brief_is_one_page_and_stands_in_the_log(engine, sources):
    network = make_network(engine)
    log(engine, network, with_name="Owen", now=NOW - DAY)
    made = run(print_brief, bind=engine, dealer_id=network.north, actor=network.coordinator, now=NOW)
    assert made.name == "brief-00101-2026-06-29.pdf"
    words = text_of(made.content)
    for expected in ("BEFORE YOU CALL", "North Motors", "Talked about the month.", "Insurance is missing", "Owen"):
        assert expected in words
    with reading(engine) as session:
        line_ = session.execute(select(ExportLog.kind, ExportLog.file_format, ExportLog.has_personal_data)).one()
        assert tuple(line_) == ("dealer_brief", "pdf", True)
    entry = last_entry(engine)
    assert (entry.command, entry.area) == ("print_brief", "contact_log")
    assert "North Motors" in entry.summary


def test_the_same_brief_gives_the_same_bytes_on_each_paper(sqlite_engine):
    network = make_network(sqlite_engine)
    log(sqlite_engine, network)
    brief = read(sqlite_engine, network, network.coordinator)
    for paper in ("letter", "a4"):
        assert make_pdf(brief, paper=paper) == make_pdf(brief, paper=paper)
    assert make_pdf(brief) != make_pdf(brief, paper="a4")
    with pytest.raises(Refused) as refusal:
        make_pdf(brief, paper="napkin")
    assert refusal.value.problems[0].field == "paper"


NAMES = [
    ("Łódź Żółw", "Lódz Zólw"), ("Müller & Söhne", "Müller & Söhne"), ("O’Brien “Wide”", "O’Brien “Wide”"),
    ("Ångström", "Ångström"), ("Škoda Ďáblice", "Škoda Dáblice"), ("北京 Motors", "?? Motors"), ("Ωmega", "?mega"),
    ("a\tb\n\nc", "a b c"), ("soft\u00adhyphen", "softhyphen"), ("zero\u200bwidth", "zerowidth"), ("A→B", "A->B"),
    ("½ price ﬁt", "½ price fit"), ("e\u0301te\u0301", "été"), ("🚗", "?"), ("", ""), ("x\x00y", "x y"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "shown"), NAMES)
def test_what_the_fonts_do_not_have_is_written_with_what_they_have(written, shown):
    assert printable(written) == shown


@given(st.text())
@example("\ud800")
def test_any_text_can_be_printed_on_one_line(text):
    shown = printable(text)
    assert shown.encode("cp1252").decode("cp1252") == shown
    assert "\n" not in shown
    assert "\x00" not in shown
    assert printable(shown) == shown


def a_brief(**other: Any) -> Brief:
    facts: dict[str, Any] = {
        "dealer_id": 1, "code": "00101", "name": "North", "status": "Active", "region": "East", "place": "Albany, NY",
        "zone": "America/New_York", "makes": "Halden", "website": "https://x.example", "people": (), "has_log": True,
        "last": None, "reliability": {}, "volume": Volume(), "lines": (), "since": None, "as_of": NOW,
        "reader": "Cora", "reader_zone": "America/New_York",
    }  # fmt: skip
    return Brief(**(facts | other))


@settings(max_examples=40)
@given(st.text(max_size=200), st.text(max_size=400), st.integers(0, 60))
def test_whatever_people_typed_it_is_one_page(name, words, number):
    lines = tuple(
        BriefLine(kind=list(KINDS)[n % 4], area="Leads", title=words or "–", detail=words, at=NOW)
        for n in range(number)
    )
    people = (BriefPerson(name=name, role=words, reach=words),) * 3
    brief = a_brief(name=name, region=words, makes=words, reader=name, people=people, lines=lines, website=words)
    for paper in ("letter", "a4"):
        assert count_pages(make_pdf(brief, paper=paper)) == 1


def test_a_full_page_says_how_much_it_left_out():
    lines = tuple(line(kind, f"{kind} thing {n}", at=n) for kind in KINDS for n in range(40))
    words = text_of(make_pdf(a_brief(lines=lines)))
    shown = sum("thing" in row for row in words.splitlines())
    assert 10 < shown < 160
    assert "overdue thing 0" in words
    assert "changed thing 0" not in words
    assert "Not shown: 40 promised, 40 open, 40 changed" in words or "more" in words


def test_an_empty_brief_says_so():
    words = text_of(make_pdf(a_brief()))
    assert "Nothing is overdue, promised or open." in words
    assert "Nobody of ours has spoken to this dealer yet." in words.replace("\n", " ")


def test_a_dealer_code_makes_a_file_name():
    assert file_name("00 1/2.X", NOW) == "brief-00-1-2.X-2026-06-29.pdf"


def test_a_promise_that_was_kept_since_the_last_contact_is_news(sqlite_engine, only):
    only("contact_log")
    network = make_network(sqlite_engine)
    log(sqlite_engine, network)
    item = promise(sqlite_engine, network)
    step(sqlite_engine, "keep", item, by=network.manager, note="Sent", now=NOW + DAY)
    brief = read(sqlite_engine, network, network.coordinator, now=NOW + 2 * DAY)
    assert [found.title for found in brief.lines] == ["Our promise was kept: Send the price list"]
    assert parts_of(ranked(brief.lines), 1)[0].kind == "changed"
