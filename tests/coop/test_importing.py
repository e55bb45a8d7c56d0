"""Purchases from a file: each row accounted for, each taken once, undone while nothing of them was used."""

from __future__ import annotations

import pytest

from db import catalog  # noqa: F401 - makes every kind of import known by name
from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import run
from db.imports.commands import run_import, undo_import
from db.imports.mapping import load_mapping
from tests.coop.factories import NOW, House, of

MAPPING = load_mapping(
    'kind = "coop_purchases"\ntitle = "Purchases"\n[columns]\ninvoice_number = "no"\ndealer_code = "dealer"\n'
    'invoiced_on = "day"\namount = "amount"\nmodel = "model"\n'
)
HEAD = "no,dealer,day,amount,model\n"
ROWS = (
    "W-1,04012,2026-04-13,100000,Other\nW-2,04012,2026-04-20,100000,Volt\nW-3,99999,2026-04-20,1,Volt\n"
    "W-4,04012,2025-04-20,100,Volt\nW-5,04012,2026-04-21,-5000,Other\nW-6,04012,,100,Volt\nW-7,04012,2026-06-01,1,\n"
    "W-1,04012,2026-04-13,100000,Other\nW-1,04012,2026-04-13,100001,Other\n"
)


def bring(house, content, actor=None):
    return run(
        run_import, bind=house.engine, kind="coop_purchases", channel="cli", mapping=MAPPING, now=NOW,
        files=[SourceFile(name="purchases.csv", content=content.encode())], actor=actor or house.cora,
    )  # fmt: skip


def test_each_row_is_taken_or_told_why(engine):
    house = House(engine, earned=0)
    batch = bring(house, HEAD + ROWS)
    assert [(o.row, o.outcome) for o in batch.outcomes] == [
        (2, "created"), (3, "created"), (4, "rejected"), (5, "rejected"), (6, "created"), (7, "rejected"),
        (8, "rejected"), (9, "duplicate"), (10, "rejected"),
    ]  # fmt: skip
    said = {o.row: o.message for o in batch.outcomes}
    assert "no dealer 99999" in said[4]
    assert "no co-op programme" in said[5]
    assert "still to come" in said[8]
    assert "another amount or day" in said[10]
    assert house.fund().accrued_cents == 2_000_00 + 3_000_00 - 100_00
    house.sound()


def test_a_file_is_undone_while_nothing_of_it_was_used_and_can_be_brought_again(engine):
    house = House(engine, earned=0)
    batch = bring(house, HEAD + ROWS)
    assert batch.batch_id is not None
    assert house.do(undo_import, batch_id=batch.batch_id, reason="Wrong file", actor=house.cora) == 3
    assert house.fund().available_cents == house.fund().accrued_cents == 0
    house.sound()
    again = bring(house, HEAD + ROWS.replace("W-1,04012,2026-04-13,100000,Other\n", "W-1,04012,2026-04-13,200000,\n"))
    assert again.created == 4
    house.approved(of(100_00))
    assert again.batch_id is not None
    with pytest.raises(Refused, match="was used"):
        house.do(undo_import, batch_id=again.batch_id, reason="Too late", actor=house.cora)
    house.sound()


def test_a_credit_the_fund_cannot_bear_is_rejected(sqlite_engine):
    house = House(sqlite_engine, earned=100_00)
    batch = bring(house, HEAD + "C-1,04012,2026-04-20,-5001,\n")
    assert "Only $100 is available" in batch.outcomes[0].message
    assert house.fund().available_cents == 100_00


def test_people_bring_in_purchases_of_their_own_dealers_only(sqlite_engine):
    house = House(sqlite_engine, earned=0)
    batch = bring(house, HEAD + "W-1,04012,2026-04-13,100000,\n", actor=house.wes)
    assert "among those you look after" in batch.outcomes[0].message
    with pytest.raises(Refused):
        bring(house, HEAD + "W-1,04012,2026-04-13,100000,\n", actor=house.dora)
