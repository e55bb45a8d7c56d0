"""R24, R40: naughty strings through what people type: stored, shown, exported, searched, logged.

What comes back is what was typed, in Unicode's composed form and without spaces at its ends; what cannot be kept is
refused in words. In `make test` each twenty-fifth string goes through the database, in the long tier all of them.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from components.labels import plain
from db import catalog
from db.core import logs, timeline
from db.core.export_files import ExportAbout, ExportColumn, write_csv, write_xlsx
from db.core.problems import Refused
from db.core.session import reading, run, writing
from db.customers.customer_commands import enter_customer
from db.customers.tables import Customer
from db.dealers.commands import add_dealer
from db.dealers.tables import Dealer
from db.imports.tabular import read_table
from tests.dealers.examples import ADMIN, bring_in, csv_file, enter, row
from tests.support.core import NOW, note
from tests.support.naughty import naughty
from tests.support.tier import figure, sized

ALL = naughty()
SOME = ALL[:: sized(fast=25, long=1)]
DEALER_FIELDS = ("name", "legal_name", "group", "street", "city")
CUSTOMER_FIELDS = ("name", "street", "city")


def kept(text: str) -> str:
    """What the desk keeps of a text: composed, runs of white space as one space, no NUL and no half characters."""
    text = unicodedata.normalize("NFC", text.replace("\0", "").encode("utf-8", "replace").decode())
    return " ".join(text.split())


def same(stored: object, typed: str) -> bool:
    return kept(str(stored or "")) == kept(typed)


def test_the_list_is_whole():
    assert len(ALL) > 500
    assert any("<script>" in one for one in ALL)
    assert any("DROP TABLE" in one for one in ALL)


def test_what_people_type_is_what_is_stored_found_and_exported(sqlite_engine: Engine):
    """Eight text fields by hand, two by a file, one of the search; then the export of everything."""
    home, changed, raised, refusals = enter(sqlite_engine, "99999"), [], [], []
    for n, text in enumerate(SOME):
        typed: dict[str, Any] = dict.fromkeys(DEALER_FIELDS, text[:60])
        common: dict[str, Any] = {"bind": sqlite_engine, "actor": ADMIN, "now": NOW}
        try:
            made = run(add_dealer, code=f"{n:05}", state="TX", region="South", **typed, **common)
            with reading(sqlite_engine) as session:
                dealer = session.get_one(Dealer, made)
                found = {name: getattr(dealer, name) for name in DEALER_FIELDS if name != "group"}
            changed += [(name, text) for name, value in found.items() if not same(value, typed[name])]
        except Refused as refusal:
            refusals.append(refusal)
        except Exception as error:
            raised.append((text, repr(error)))
        try:
            typed = dict.fromkeys(CUSTOMER_FIELDS, text[:60])
            made = run(enter_customer, dealer_id=home, phone=f"212-556-{n:04}", state="NY", **typed, **common)
            with reading(sqlite_engine) as session:
                customer = session.get_one(Customer, made)
                found = {name: getattr(customer, name) for name in CUSTOMER_FIELDS}
            changed += [(name, text) for name, value in found.items() if not same(value, typed[name])]
        except Refused as refusal:
            refusals.append(refusal)
        except Exception as error:
            raised.append((text, repr(error)))
        with reading(sqlite_engine) as session:
            catalog.search_everything(session, text, actor=ADMIN)
    figure("R24", "strings", len(SOME))
    figure("R24", "text fields", len(DEALER_FIELDS) + len(CUSTOMER_FIELDS) + 3)
    figure("R24", "unhandled exceptions", len(raised))
    figure("R24", "strings changed on the way", len(changed))
    assert raised == []
    assert changed == []
    assert all(problem.message for refusal in refusals for problem in refusal.problems)
    with reading(sqlite_engine) as session:
        assert [problem for _, problems in catalog.run_checks(session) for problem in problems] == []


def test_what_a_file_says_is_what_is_stored(sqlite_engine: Engine):
    """Names and cities of a CSV; a row that cannot be used has a reason, and no row is lost."""
    rows = [row(f"{n:05}", name=f"N {text[:60]}", city=text[:60]) for n, text in enumerate(SOME)]
    result = bring_in(sqlite_engine, csv_file(rows))
    assert len(result.outcomes) == len(rows)
    assert all(one.message for one in result.outcomes if one.outcome == "rejected")
    typed = {one["code"]: one for one in rows}
    with reading(sqlite_engine) as session:
        stored = session.execute(select(Dealer.code, Dealer.name, Dealer.city)).all()
    wrong = [
        code for code, name, city in stored
        if not (same(name, typed[code]["name"]) and same(city, typed[code]["city"]))
    ]  # fmt: skip
    figure("R24", "strings changed on the way", len(wrong))
    assert wrong == []
    assert len(stored) == result.created > len(rows) // 2


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_reads_back(ending: str):
    columns = [ExportColumn(name="n", label="n", kind="integer"), ExportColumn(name="text", label="Text")]
    about = ExportAbout(title="x", filters=(), as_of=datetime(2026, 11, 22, tzinfo=UTC), by="x", row_count=len(ALL))
    texts = [text.replace("\r\n", "\n").replace("\r", "\n") for text in ALL]
    rows = list(enumerate(texts))
    raw = write_csv(columns, rows, about) if ending == "csv" else write_xlsx(columns, rows, about)
    found = [one.cells["Text"] for one in read_table(raw, file_name=f"x.{ending}").rows]
    if ending == "xlsx":  # a workbook is XML, which has no such character: Excel writes its number
        found = [text.replace("_xFFFE_", "\ufffe") for text in found]
    wrong = [(text, back) for text, back in zip(texts, found, strict=True) if kept(text) != kept(back)]
    figure("R24", "strings changed on the way", len(wrong))
    assert wrong == []


def test_what_is_shown_is_letters_and_no_markup():
    """Markdown shows the text itself: without its backslashes it is what was typed, and no bracket is left to act."""
    for text in ALL:
        shown = plain(text)
        assert re.sub(r"\\(.)", r"\1", shown) == re.sub(r"\\(.)", r"\1", text.replace("\n", " ")) or "\\" in text
        assert not re.search(r"(?<!\\)[<\[`*]", shown)


def test_one_event_is_one_line(sqlite_engine: Engine):
    """R40: in the log and in the timeline, whatever a name holds."""
    lines, changed = [], []
    for text in ALL:
        record = logging.LogRecord("dealerdesk.x", logging.INFO, "f", 1, "entered by %s", (text,), None)
        line = logs.JsonLines().format(record)
        lines.append(line)
        if json.loads(line)["message"] != f"entered by {text}":
            changed.append(text)
    long = [line for line in lines if len(line.splitlines()) != 1]
    with writing(sqlite_engine, keeps_timeline=False) as session:
        for text in SOME:
            note(session, summary=text, reason=text, before={"name": text}, after={text: [text]})
        timeline.write(session, expected=len(SOME))
    with reading(sqlite_engine) as session:
        entries: Any = session.execute(
            select(timeline.TimelineEntry.summary, timeline.TimelineEntry.detail).order_by(timeline.TimelineEntry.seq)
        ).all()
        assert timeline.verify(session).first_bad is None
    for text, (summary, detail) in zip(SOME, entries, strict=True):
        if (summary, detail["after"]) != (text, {text: [text]}):
            changed.append(text)
    figure("R40", "strings", len(ALL))
    figure("R40", "strings of more than one line", len(long))
    figure("R40", "strings changed on the way", len(changed))
    assert long == []
    assert changed == []
