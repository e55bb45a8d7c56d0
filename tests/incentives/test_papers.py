"""Papers as files: what they are by their bytes, who may take them, what the checks say, and what stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.documents import storage
from db.incentives.commands import correct_sale
from db.incentives.paper_commands import add_paper, fetch_paper, remove_paper
from db.incentives.paper_queries import papers_of, picture_of
from db.incentives.sale_store import draft_of
from db.incentives.tables import IncentivePaper, SaleDocument, SaleReport
from db.incentives.validation_queries import claim_view, sale_view
from tests.documents.examples import office, pdf, png
from tests.incentives.factories import CASH, NOW, House


@pytest.fixture
def house(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return House(engine)


@pytest.fixture
def small(sqlite_engine, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return House(sqlite_engine)


def add(house, sale=None, *, who="dora", **more):
    values = {"kind": "registration", "file_name": "scan.pdf", "content": pdf(), "form_key": house.key()} | more
    return run(add_paper, bind=house.engine, sale_id=sale, actor=getattr(house, who), now=NOW, **values)


def fetch(house, paper, who="dora"):
    return run(fetch_paper, bind=house.engine, paper_id=paper, actor=getattr(house, who), now=NOW)


def remove(house, paper, who="dora", reason="Wrong scan"):
    run(remove_paper, bind=house.engine, paper_id=paper, reason=reason, actor=getattr(house, who), now=NOW)


def i08(house, sale, who="dora"):
    with reading(house.engine) as session:
        view = sale_view(session, sale_id=sale, actor=getattr(house, who), now=NOW)
    return next(c for c in view.validation.programs[0].checks if c.rule == "I08")


def kinds(house, sale):
    with reading(house.engine) as session:
        return list(session.scalars(select(SaleDocument.kind).where(SaleDocument.sale_id == sale)))


def test_a_file_proves_the_sale_and_the_check_names_it(house):
    house.publish()
    sale = house.sell(documents=())
    assert i08(house, sale).level == "missing"
    assert house.book("earned") == []
    paper = add(house, sale)
    found = i08(house, sale)
    assert (found.level, found.document) == ("pass", "Registration (scan.pdf)")
    assert "proved by Registration (scan.pdf)" in found.sentence
    assert house.book("earned") == [500_00]
    made = fetch(house, paper, who="cora")
    assert (made.name, made.media_type, made.content) == ("scan.pdf", "application/pdf", pdf())
    house.agrees()


def test_a_check_names_what_proves_it_whatever_the_rule(small):
    small.publish(CASH | {"documents": []})
    sale = small.sell(documents=())
    add(small, sale, kind="invoice", file_name="stock invoice.png", content=png())
    with reading(small.engine) as session:
        view = sale_view(session, sale_id=sale, actor=small.dora, now=NOW)
        assert [p.is_picture for p in view.papers] == [True]
        assert picture_of(session, paper_id=view.papers[0].id, actor=small.dora) == png()
        assert picture_of(session, paper_id=view.papers[0].id, actor=small.otto) is None
    stock = next(c for c in view.validation.programs[0].checks if c.rule == "I01")
    assert stock.sentence.endswith("Proof: Stock invoice (stock invoice.png).")


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"content": office(), "file_name": "x.xlsx"}, "file", "a paper is a PDF, PNG or JPEG"),
        ({"content": b"%PDF-1.4 cut", "file_name": "x.pdf"}, "file", "cut off"),
        ({"content": b"MZ\x90\0" + b"\0" * 200, "file_name": "x.pdf"}, "file", "program"),
        ({"content": png(), "file_name": "x.pdf"}, "file", "its name ends with .pdf"),
        ({"content": None}, "file", "Choose a file"),
        ({"kind": "appeal"}, "kind", "Choose what the paper is"),
        ({"kind": None}, "kind", "Choose what the paper is"),
    ],
)
def test_what_is_no_paper_is_refused_and_nothing_is_kept(small, more, field, said):
    sale = small.sell(documents=())
    with pytest.raises(Refused, match=said) as refused:
        add(small, sale, **more)
    assert [p.field for p in refused.value.problems] == [field]
    assert small.count(IncentivePaper) == 0
    assert kinds(small, sale) == []


def test_the_same_file_and_the_same_form_come_in_once(small):
    sale = small.sell()
    first = add(small, sale, form_key="one")
    assert add(small, sale, form_key="one", content=pdf("other")) == first
    with pytest.raises(Refused, match="there already"):
        add(small, sale)
    assert small.count(IncentivePaper) == 1


def test_other_dealers_and_readers(small):
    sale = small.sell()
    paper = add(small, sale)
    for act in (lambda: add(small, sale, who="otto"), lambda: fetch(small, paper, who="otto"),
                lambda: remove(small, paper, who="otto")):  # fmt: skip
        with pytest.raises(NotFound):
            act()
    with reading(small.engine) as session:
        assert papers_of(session, actor=small.otto, sale_id=sale) == ()
        assert [p.file_name for p in papers_of(session, actor=small.cora, sale_id=sale)] == ["scan.pdf"]
    with pytest.raises(Refused, match="role"):
        add(small, sale, who="finn", content=pdf("two"))
    assert fetch(small, paper, who="finn").content == pdf()


def test_bytes_that_changed_or_are_gone_are_not_handed_out(small):
    paper = add(small, small.sell())
    path = storage._path(small.row(IncentivePaper, paper).stored_name)
    path.chmod(0o600)
    path.write_bytes(pdf("forged"))
    with pytest.raises(Refused, match="not what was stored"):
        fetch(small, paper)
    path.unlink()
    with pytest.raises(Refused, match="missing in the store"):
        fetch(small, paper)


def test_a_paper_is_taken_out_with_a_reason_until_somebody_stands_on_it(house):
    house.publish()
    sale = house.sell(documents=())
    paper = add(house, sale)
    with pytest.raises(Refused, match="reason"):
        remove(house, paper, reason=" ")
    remove(house, paper)
    assert (kinds(house, sale), sum(house.book("earned"))) == ([], 0)
    again = add(house, sale)
    (claim,) = house.claim(sale)
    with pytest.raises(Refused, match="is in review; its papers stay"):
        remove(house, again)
    with reading(house.engine) as session:
        assert [p.file_name for p in claim_view(session, item_id=claim, actor=house.cora, now=NOW).papers] == [
            "scan.pdf"
        ]
    house.agrees()


def test_a_kind_with_a_file_is_not_unticked_and_a_form_of_before_is_stale(small):
    sale = small.sell(documents=())
    before = small.row(SaleReport, sale).version
    add(small, sale)
    ask = {"sale_id": sale, "actor": small.dora, "now": NOW}
    with reading(small.engine) as session:
        draft = draft_of(session, session.get_one(SaleReport, sale))
    with pytest.raises(Refused, match="changed"):
        run(correct_sale, bind=small.engine, seen_version=before, draft=draft, **ask)
    with pytest.raises(Refused, match="Registration has a file"):
        run(correct_sale, bind=small.engine, seen_version=before + 1, draft=replace(draft, documents=()), **ask)


def test_an_unwound_sale_takes_no_paper(small):
    sale = small.sell()
    small.unwind(sale)
    with pytest.raises(Refused, match="was unwound"):
        add(small, sale)
