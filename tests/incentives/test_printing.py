"""A credit memo of incentives on paper: what it says, who takes it home, and that each print is in the export log."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from db.core.permissions import Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.incentives.memo_paper import make_pdf
from db.incentives.memo_queries import LineRow, MemoRow, get_memo
from db.incentives.pay_rules import remarks
from db.incentives.print_commands import print_memo
from db.incentives.tables import SaleReport
from db.people.tables import ExportLog
from tests.contact_log.printed import count_pages, text_of
from tests.incentives.paying import LATER, PayHouse
from tests.support.again import begun
from tests.support.contents import contents
from tests.support.users import make_person
from tests.terms.examples import last_entry

LINE = LineRow(
    claim_id=1, claim="IC-000001", program="CASH-11", period="2026-11", vin="1HGCM82633A004352", owed_cents=500_00,
    cents=500_00, memo_id=1,
)  # fmt: skip
MEMO = MemoRow(
    id=1, number="IM-000001", batch_id=1, batch="IB-000001", dealer_id=1, dealer="Łódź Motors", code="04012",
    region="East", issued_at=datetime(2026, 12, 12, 15, tzinfo=UTC), issued_on=date(2026, 12, 12), issued_by="Finn",
    currency="USD", cents=500_00, claims=1, lines=(LINE,),
)  # fmt: skip


@pytest.fixture
@begun
def house(sqlite_engine):
    found = PayHouse(sqlite_engine)
    found.program = found.publish()
    found.claims = [found.approved(), found.approved(cents=123_45), found.approved(dealer_id=found.other_dealer)]
    found.pay()
    return found


def test_the_dealer_prints_its_memo_with_every_line_and_the_total(house):
    made = run(print_memo, bind=house.engine, memo_id=1, actor=house.dora, now=LATER)
    assert (made.name, made.content[:5]) == ("IM-000001.pdf", b"%PDF-")
    words = text_of(made.content).split("\n")
    for said in ("Credit memo IM-000001", "Lone Pine Motors (04012)", "$623.45 USD for 2 claims"):
        assert said in words
    vins = [house.row(SaleReport, n).vin for n in (1, 2)]
    first, second = (words.index(f"IC-{n:06d}") for n in (1, 2))
    assert words[first : first + 6] == ["IC-000001", "CASH-11", "2026-11", vins[0], "$500", "$500"]
    assert words[second : second + 6] == ["IC-000002", "CASH-11", "2026-11", vins[1], "$123.45", "$123.45"]
    assert words[words.index("Total") :] == ["Total", "$623.45"]


def test_each_print_is_in_the_export_log_and_in_the_timeline(house):
    made = run(print_memo, bind=house.engine, memo_id=1, actor=house.dora, now=LATER)
    with reading(house.engine) as session:
        (log,) = session.execute(select(ExportLog.kind, ExportLog.file_format, ExportLog.row_count, ExportLog.filters))
        assert log == ("incentive_memo", "pdf", 2, {"credit_memo": "IM-000001"})
    entry = last_entry(house.engine)
    assert (entry.area, entry.command, entry.summary) == ("incentives", "print_memo", "IM-000001 was printed")
    again = run(print_memo, bind=house.engine, memo_id=1, actor=house.finn, now=LATER)
    assert again.content == made.content


def test_a_memo_of_another_dealer_is_as_absent_as_none(house):
    said = set()
    before = contents(house.engine)
    for memo_id in (1, 99):
        with pytest.raises(NotFound) as gone:
            run(print_memo, bind=house.engine, memo_id=memo_id, actor=house.otto, now=LATER)
        said.add(gone.value.problems[0].message)
    assert len(said) == 1
    assert contents(house.engine) == before


@pytest.mark.parametrize(("name", "role"), [("stella", Role.DEALER_STAFF), ("sal", Role.SALES_LEADER)])
def test_who_sees_no_payments_prints_none(house, name, role):
    make_person(house.engine, name, role)
    with pytest.raises(Refused) as refusal:
        run(print_memo, bind=house.engine, memo_id=1, actor=getattr(house, name), now=LATER)
    assert refusal.value.problems[0].code == "not_allowed"
    with reading(house.engine) as session:
        assert session.scalars(select(ExportLog.id)).all() == []


def test_what_was_set_off_and_what_is_paid_later_is_said():
    back = replace(LINE, claim="IC-000002", vin="", owed_cents=-154_00, cents=-154_00)
    part = replace(LINE, claim="IC-000003", owed_cents=900_00, cents=654_00)
    memo = replace(MEMO, cents=1_000_00, claims=3, lines=(LINE, back, part))
    assert remarks([(500_00, 500_00)]) == []
    assert remarks((x.owed_cents, x.cents) for x in memo.lines) == [
        "$154 of earlier payments is set off: lines with a minus.",
        "$246 of what was owed stays payable and follows with a later credit memo.",
    ]
    words = text_of(make_pdf(memo, house="Desk")).split("\n")
    assert words[words.index("IC-000002") :][:6] == [
        "IC-000002",
        "CASH-11",
        "2026-11",
        "Volume of the period",
        "-$154",
        "-$154",
    ]
    assert words[words.index("Total") + 1] == "$1,000"
    assert "Lódz Motors (04012)" in words


def test_a_long_memo_goes_on_on_further_pages_with_its_head():
    lines = tuple(replace(LINE, claim=f"IC-{n:06d}") for n in range(1, 121))
    content = make_pdf(replace(MEMO, lines=lines, claims=120, cents=60_000_00), house="Desk")
    assert count_pages(content) == 3
    assert len(re.findall(rb"%%EOF", content)) == 1


def test_the_drawer_and_the_paper_read_the_same(house):
    with reading(house.engine) as session:
        memo = get_memo(session, memo_id=1, actor=house.dora)
    assert sum(x.cents for x in memo.lines) == memo.cents
