"""Claims and warranty data taken out: no cell runs, nobody gets another dealer's rows, every file is in the log."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from python_calamine import CalamineWorkbook

from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import reading, run
from db.exports import run_export
from db.people.tables import ExportLog
from tests.claims.factories import LABOUR, PART, saved, sent
from tests.support.again import begun
from tests.support.imports import NOW, bring, table
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import VIN, warranty_data

FORMULA = '=HYPERLINK("http://x.example","y")'
CLAIMS = ("claims", "claim_lines", "claim_findings")
LISTS = (
    "warranty_components", "warranty_plans", "warranty_operations", "warranty_parts", "warranty_campaigns",
    "technicians",
)  # fmt: skip


class Desk:
    """Two dealers with a claim each (the first one's has a formula wherever a dealer types), and a draft."""

    def __init__(self, engine):
        self.engine = engine
        self.lone = make_dealer(engine)
        self.star = make_dealer(engine, code="0999", name="North Star", region="West")
        warranty_data(engine)
        make_person(engine, "cora", Role.COORDINATOR)
        make_person(engine, "finn", Role.FINANCE)
        make_person(engine, "dana", Role.DEALER_MANAGER)
        make_person(engine, "stella", Role.DEALER_MANAGER, dealer_ids=[self.star])
        self.actors = {name: actor_named(engine, name) for name in ("cora", "finn", "dana", "stella")}
        typed = (LABOUR, PART.__class__(**{**PART.__dict__, "code": FORMULA[:40], "description": "@SUM(1)"}))
        sent(engine, dealer_id=self.lone, actor=self.actors["dana"], ro_number=FORMULA, charges=typed)
        sent(engine, dealer_id=self.star, actor=self.actors["stella"], key="f2", ro_number="RO-STAR")
        saved(engine, dealer_id=self.lone, actor=self.actors["dana"], key="f3", ro_number="RO-DRAFT")

    def out(self, kind: str, who: str = "cora", file_format: str = "csv"):
        return run(
            run_export, bind=self.engine, kind=kind, file_format=file_format, actor=self.actors[who], now=NOW,
            purpose="A test",
        )  # fmt: skip


@pytest.fixture
@begun
def desk(sqlite_engine):
    return Desk(sqlite_engine)


def lists(desk: Desk) -> None:
    """A row with a formula in each warranty list."""
    for kind, header, row in (
        ("warranty_components", ("Code", "Name"), ("Z-1", FORMULA)),
        (
            "warranty_plans",
            ("Code", "Name", "Kind", "Months", "Valid from"),
            ("Z-1", FORMULA, "basic", 12, "2024-01-01"),
        ),
        ("warranty_operations", ("Code", "Name", "Hours", "Valid from"), ("Z-1", FORMULA, "1", "2024-01-01")),
        ("warranty_parts", ("Part number", "Name"), ("Z-1", FORMULA)),
        ("warranty_campaigns", ("Campaign", "Title", "Starts", "VIN"), ("Z-1", FORMULA, "2026-01-01", VIN)),
        ("technicians", ("Dealer code", "Technician", "Name", "Works since"), ("04012", "Z-1", FORMULA, "2024-01-01")),
    ):
        assert bring(desk.engine, kind, table(header, [row]), actor=desk.actors["cora"]).rejected == 0


def cells(content: bytes) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row]


def test_no_cell_runs_in_a_spreadsheet(desk):
    lists(desk)
    for kind in (*CLAIMS, *LISTS):
        found = cells(desk.out(kind).content)
        assert any("HYPERLINK" in cell for cell in found) or kind == "claim_findings", kind
        assert [cell for cell in found if cell.lstrip()[:1] in ("=", "@")] == [], kind
        book = CalamineWorkbook.from_filelike(io.BytesIO(desk.out(kind, file_format="xlsx").content))
        for name in book.sheet_names:
            texts = [c for row in book.get_sheet_by_name(name).to_python() for c in row if isinstance(c, str)]
            assert [text for text in texts if text.lstrip()[:1] in ("=", "@")] == [], (kind, name)


@pytest.mark.parametrize("kind", CLAIMS)
def test_everybody_gets_their_own_dealers_and_we_get_no_drafts(kind, desk):
    own = {who: desk.out(kind, who) for who in ("cora", "dana", "stella")}
    text = {who: file.content.decode("utf-8-sig") for who, file in own.items()}
    assert "04012" in text["cora"]
    assert "0999" in text["cora"]
    assert "0999" not in text["dana"]
    assert "04012" not in text["stella"]
    assert "Lone Pine" not in text["stella"]
    assert own["stella"].row_count + own["dana"].row_count >= own["cora"].row_count > own["stella"].row_count > 0
    if kind == "claims":
        assert ("RO-DRAFT" in text["cora"], "RO-DRAFT" in text["dana"]) == (False, True)


@pytest.mark.parametrize("kind", CLAIMS)
def test_the_end_of_a_vin_is_for_roles_with_personal_data(kind, desk):
    sent(
        desk.engine, dealer_id=desk.star, actor=desk.actors["stella"], key="f4", vin="1M8GDM9AXKP042788", ro_number="R4"
    )
    shown, hidden = desk.out(kind).content.decode(), desk.out(kind, "finn").content.decode()
    for vin in (VIN, "1M8GDM9AXKP042788"):
        assert vin not in hidden
        assert kind != "claims" or vin in shown
    if kind == "claims":
        assert VIN[:9] + "•" * 8 in hidden


def test_technicians_of_other_dealers_stay_theirs(desk):
    lists(desk)
    assert desk.out("technicians", "stella").row_count == 1
    assert "Lone Pine" not in desk.out("technicians", "stella").content.decode()
    assert desk.out("technicians").row_count == 3


def test_every_file_is_in_the_log_and_staff_gets_none(desk):
    make_person(desk.engine, "staff", Role.DEALER_STAFF)
    desk.actors["staff"] = actor_named(desk.engine, "staff")
    for kind in (*CLAIMS, *LISTS):
        file = desk.out(kind)
        with reading(desk.engine) as session:
            log = session.get_one(ExportLog, file.log_id)
            assert (log.kind, log.actor, log.row_count, log.purpose) == (kind, "cora", file.row_count, "A test")
            assert log.sha256 == hashlib.sha256(file.content).hexdigest()
        with pytest.raises(Refused) as refused:
            desk.out(kind, "staff")
        assert refused.value.code == "not_allowed"
