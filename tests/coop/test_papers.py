"""Proofs as files: what they are by their bytes, who may take them, what the check says, and what stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from db.coop import checks
from db.coop.claim_queries import get_claim
from db.coop.claim_rules import ClaimFacts, check_claim
from db.coop.commands import fetch_paper, set_programme
from db.coop.model import MediumRule, Programme, programme_from_json, programme_to_json
from db.coop.paper_queries import NewPaper, papers_of, picture_of
from db.coop.paper_tables import CoopPaper
from db.coop.programme_rules import changes_between, in_words
from db.coop.queue_tables import CoopClaim, CoopProof, CoopRequest
from db.coop.request_queries import get_request
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, writing
from db.core.timeline import TimelineEntry
from db.documents import storage
from db.documents.checks import check_files
from db.documents.storage import walk
from tests.coop.factories import BODY, DAY, NOW, PRINT, TODAY, House, of
from tests.documents.examples import jpeg, office, pdf, png

LATER = NOW + 15 * DAY
SPENT = of(1_000_00)


@pytest.fixture
def house(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DOCUMENTS_DIR", str(tmp_path / "documents"))
    return House(engine)


@pytest.fixture
def small(sqlite_engine, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DOCUMENTS_DIR", str(tmp_path / "documents"))
    return House(sqlite_engine)


def paper(kind="tear_sheet", name="scan.pdf", content: bytes | None = b""):
    return NewPaper(kind=kind, file_name=name, content=pdf() if content == b"" else content)


def add(house, item, *files, who="dora", **more: Any):
    more = {"form_key": None, **more}
    house.claim_step("add_papers", item, who, files=files or (paper(),), **more)


def remove(house, item, number, *, who="dora", reason="Wrong scan", **more: Any):
    house.claim_step("remove_paper", item, who, paper_id=number, reason=reason, **more)


def fetch(house, number, who="dora"):
    return house.do(fetch_paper, paper_id=number, actor=getattr(house, who), now=LATER)


def page(house, item, who="dora"):
    with reading(house.engine) as session:
        return get_claim(session, item_id=item, actor=getattr(house, who), now=LATER)


def proof_check(house, item):
    return next(c for c in page(house, item).checks if c.code == "C02")


def rows(house, table=CoopPaper):
    with reading(house.engine) as session:
        return session.scalar(select(func.count()).select_from(table))


def entries(house):
    return rows(house, TimelineEntry)


def without_file(house):
    """A claim that came back because its tear sheet is missing."""
    return house.claim(SPENT, proofs=("invoice", "payment"))


def insist(house):
    body = BODY | {"proof_files": True}
    house.do(
        set_programme, body=body, effective_from=date(2026, 1, 1), reason="Files", actor=house.mason,
        seen_version=house.version(),
    )  # fmt: skip


def test_a_file_proves_the_claim_and_the_check_names_it(house):
    item = without_file(house)
    assert house.claim_row(item).status == "returned"
    assert proof_check(house, item).sentence.startswith("Missing: full tear sheet")
    before = house.claim_row(item).version
    add(house, item, paper(), paper(name="page two.png", content=png()))
    assert house.claim_row(item).version == before + 1
    found = proof_check(house, item)
    assert found.ok
    assert found.sentence == (
        "Every proof of the medium is there: full tear sheet with date and name, no copy by scan.pdf, page two.png; "
        "by reference: invoice, proof of payment."
    )
    assert house.claim_row(item).checks[1]["sentence"] == found.sentence
    house.claim_step("submit", item, "dora")
    house.claim_step("approve", item, "cora")
    assert house.claim_row(item).approved_cents == 750_00
    assert "scan.pdf" in house.claim_row(item).checks[1]["sentence"], "what was decided on is kept"
    made = fetch(house, 1, "cora")
    assert (made.name, made.media_type, made.content) == ("scan.pdf", "application/pdf", pdf())
    with reading(house.engine) as session:
        assert [p.is_picture for p in papers_of(session, actor=house.dora, claim_id=item)] == [False, True]
        assert picture_of(session, paper_id=2, actor=house.dora) == png()
        assert picture_of(session, paper_id=1, actor=house.dora) is None
        assert check_files(session) == []
    house.sound()


def test_a_claim_comes_with_its_files_and_is_sent_at_once(house):
    files = (paper("invoice", "i.pdf", pdf("i")), paper("payment", "p.jpg", jpeg()), paper())
    item = house.claim(SPENT, proofs=(), files=files)
    assert house.claim_row(item).status == "in_review"
    assert proof_check(house, item).sentence == (
        "Every proof of the medium is there: invoice by i.pdf; proof of payment by p.jpg; "
        "full tear sheet with date and name, no copy by scan.pdf."
    )
    with reading(house.engine) as session:
        newest = session.scalars(select(TimelineEntry.detail).order_by(TimelineEntry.seq.desc()).limit(1)).one()
    assert [f["file"] for f in newest["after"]["files"]] == ["i.pdf", "p.jpg", "scan.pdf"]
    house.sound()


def test_a_programme_may_insist_on_files(small):
    first = small.claim(SPENT)
    assert small.claim_row(first).status == "in_review", "a reference counts unless the programme says otherwise"
    insist(small)
    item = small.claim(SPENT)
    assert small.claim_row(item).status == "returned"
    assert small.claim_row(item).decision_note.startswith("A file is needed, a reference is not enough: invoice, proof")
    assert [p.file_needed for p in page(small, item).proofs] == [True, True, True]
    for kind in ("invoice", "payment"):
        add(small, item, paper(kind, f"{kind}.pdf", pdf(kind)))
    found = proof_check(small, item)
    assert found.sentence == (
        "A file is needed, a reference is not enough: full tear sheet with date and name, no copy. "
        "Proved: invoice by invoice.pdf; proof of payment by payment.pdf."
    )
    small.claim_step("submit", item, "dora")
    assert small.claim_row(item).status == "returned"
    add(small, item)
    small.claim_step("submit", item, "dora")
    assert small.claim_row(item).status == "in_review"


TV = MediumRule(rate=50_00, proofs=("video",))


@pytest.mark.parametrize(
    ("insists", "proofs", "files", "outcome", "said"),
    [
        (False, {"invoice", "payment", "video"}, {}, "ok", "Every proof of the medium is there."),
        (False, {"invoice"}, {}, "return", "Missing: proof of payment, video."),
        (True, {"invoice", "payment", "video"}, {"invoice": ("a.pdf",), "payment": ("b.pdf",)}, "ok",
         "Every proof of the medium is there: invoice by a.pdf; proof of payment by b.pdf; by reference: video."),
        (True, {"invoice", "video"}, {"invoice": ("a.pdf", "b.pdf")}, "return",
         "Missing: proof of payment. Proved: invoice by a.pdf, b.pdf."),
        (True, {"invoice", "payment"}, {}, "return",
         "Missing: video. A file is needed, a reference is not enough: invoice, proof of payment."),
    ],
)  # fmt: skip
def test_the_check_of_proofs(insists, proofs, files, outcome, said):
    programme = Programme(code="XX", name="x", year=2026, media={"tv": TV}, proof_files=insists)
    facts = ClaimFacts(
        medium="tv", activity_on=TODAY, today=TODAY, proofs=proofs, approval=None, payable_cents=100_00,
        eligible_cents=200_00, files=files,
    )  # fmt: skip
    found = check_claim(programme, facts)[1]
    assert (found.code, found.outcome, found.sentence) == ("C02", outcome, said)


def test_a_version_of_before_asks_for_no_file_and_words_say_it():
    old = programme_to_json(Programme(code="XX", name="x", year=2026))
    del old["proof_files"]
    before = programme_from_json(old)
    assert not before.proof_files
    after = before.model_copy(update={"proof_files": True})
    assert changes_between(before, after) == (
        "New: Each proof has to be there as a file; a reference is enough for a video only.",
    )
    assert len(in_words(after)) == len(in_words(before)) + 1


@pytest.mark.parametrize(
    ("files", "field", "said"),
    [
        ((paper(name="x.xlsx", content=office()),), "file", "a paper is a PDF, PNG or JPEG"),
        ((paper(name="x.pdf", content=b"%PDF-1.4 cut"),), "file", "cut off"),
        ((paper(name="x.pdf", content=b"MZ\x90\0" + b"\0" * 200),), "file", "program"),
        ((paper(name="x.pdf", content=png()),), "file", "its name ends with .pdf"),
        ((paper(name="x.pdf", content=b"%PDF-1.4" + b"0" * (10 * 1024 * 1024 + 1)),), "file", "at most 10 MB"),
        ((paper(content=None),), "file", "Choose a file"),
        ((paper("quote"),), "kind", "Choose what the file is"),
        ((paper(), paper(name="again.pdf")), "file", "there already, as scan.pdf"),
        ((paper(), paper(name="x.pdf", content=png())), "file", "its name ends with .pdf"),
    ],
    ids=["workbook", "cut", "program", "other", "large", "none", "kind", "twice", "second"],
)
def test_what_is_no_proof_is_refused_and_nothing_is_kept(small, files, field, said):
    item = without_file(small)
    before, version = entries(small), small.claim_row(item).version
    with pytest.raises(Refused, match=said) as refused:
        add(small, item, *files)
    assert {p.field for p in refused.value.problems} == {field}
    with pytest.raises(Refused, match=said):
        small.claim(of(2_000_00), proofs=(), files=files)
    assert (rows(small), rows(small, CoopProof), rows(small, CoopClaim), entries(small)) == (0, 2, 1, before)
    assert small.claim_row(item).version == version
    assert list(walk()) == [], "no bytes either"


def test_no_file_at_all_is_refused(small):
    with pytest.raises(Refused, match="Choose a file"):
        small.claim_step("add_papers", without_file(small), "dora", files=())


def test_the_same_form_comes_in_once_and_the_same_bytes_once(house):
    item = without_file(house)
    version = house.claim_row(item).version
    add(house, item, form_key="one", version=version)
    before = entries(house)
    add(house, item, form_key="one", version=version)
    assert (rows(house), entries(house)) == (1, before), "the same form again is no stale screen"
    with pytest.raises(Refused, match="there already"):
        add(house, item, form_key="two")
    other = house.claim(of(2_000_00), proofs=())
    with pytest.raises(Refused, match="other content"):
        add(house, other, paper(content=pdf("other")), form_key="one")
    add(house, other, form_key="three")
    assert rows(house) == 2, "another claim may have the same file"


def test_a_stale_screen_is_refused(house):
    item = without_file(house)
    version = house.claim_row(item).version
    add(house, item)
    with pytest.raises(Stale, match="Dora"):
        add(house, item, paper(content=pdf("two")), version=version)
    with pytest.raises(Stale):
        remove(house, item, 1, version=version)
    assert rows(house) == 1


def test_what_waits_or_was_decided_is_frozen(house):
    item = without_file(house)
    add(house, item)
    house.claim_step("submit", item, "dora")

    def frozen(word):
        for act in (lambda: add(house, item, paper(content=pdf("two"))), lambda: remove(house, item, 1)):
            with pytest.raises(Refused, match=word) as refused:
                act()
            assert refused.value.code == "wrong_state"

    frozen("review")
    house.claim_step("send_back", item, "cora", note="Page two, please")
    add(house, item, paper(name="two.pdf", content=pdf("two")))
    house.claim_step("submit", item, "dora")
    house.claim_step("approve", item, "cora")
    frozen("approved")
    assert [p.file_name for p in page(house, item).papers] == ["scan.pdf", "two.pdf"]
    house.sound()


def test_a_file_is_taken_out_with_a_reason_and_stays_for_the_record(house):
    item = without_file(house)
    add(house, item)
    add(house, item, paper(name="two.pdf", content=pdf("two")))
    add(house, item, paper("invoice", "i.pdf", pdf("i")))
    with pytest.raises(Refused, match="reason"):
        remove(house, item, 1, reason=" ")
    remove(house, item, 1)
    assert "by two.pdf" in proof_check(house, item).sentence
    remove(house, item, 2)
    assert proof_check(house, item).sentence.startswith("Missing: full tear sheet"), "its last file was the proof"
    remove(house, item, 3)
    assert "invoice" not in proof_check(house, item).sentence.partition("Proved")[0], "a named proof stays named"
    with pytest.raises(NotFound):
        remove(house, item, 3)
    with reading(house.engine) as session:
        gone = list(session.scalars(select(CoopPaper).where(CoopPaper.removed_at.is_not(None))))
        assert [storage.load(p.stored_name) for p in gone] == [pdf(), pdf("two"), pdf("i")]
        assert check_files(session) == []
    add(house, item)
    assert proof_check(house, item).ok
    house.sound()


def test_other_dealers_readers_and_somebody_elses_file(small):
    item = without_file(small)
    add(small, item)
    other = small.claim(of(2_000_00), proofs=())
    with pytest.raises(NotFound):
        remove(small, other, 1)
    for act in (
        lambda: add(small, item, paper(content=pdf("two")), who="otto"), lambda: fetch(small, 1, "otto"),
        lambda: remove(small, item, 1, who="otto"), lambda: fetch(small, 1, "wes"), lambda: fetch(small, 99),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            act()
    with reading(small.engine) as session:
        assert papers_of(session, actor=small.otto, claim_id=item) == ()
        assert picture_of(session, paper_id=1, actor=small.otto) is None
        assert [p.file_name for p in papers_of(session, actor=small.cora, claim_id=item)] == ["scan.pdf"]
    with pytest.raises(Refused, match="role"):
        add(small, item, paper(content=pdf("two")), who="finn")
    before = entries(small)
    assert fetch(small, 1, "finn").content == pdf()
    assert entries(small) == before + 1, "who took it is kept"
    add(small, item, paper(name="desk.pdf", content=pdf("desk")), who="cora")
    assert rows(small) == 2


def test_bytes_that_changed_or_are_gone_are_not_handed_out(small):
    item = without_file(small)
    add(small, item, paper(name="photo.png", content=png()))
    with reading(small.engine) as session:
        path = storage._path(session.get_one(CoopPaper, 1).stored_name)
    path.chmod(0o600)
    path.write_bytes(png(colour="blue"))
    with pytest.raises(Refused, match="not what was stored"):
        fetch(small, 1)
    with reading(small.engine) as session:
        assert picture_of(session, paper_id=1, actor=small.dora) is None
        assert any("coop_paper 1" in line and "not what was stored" in line for line in check_files(session))
    path.unlink()
    with pytest.raises(Refused, match="missing in the store"):
        fetch(small, 1)


def plan_step(house, name, item, who="dora", **more):
    house.step(name, item, who, **more)


def test_a_plan_has_its_quote_until_it_waits(house):
    item = house.ask(SPENT, send=False, files=(paper("quote", "quote.pdf"),))
    plan_step(house, "add_papers", item, files=(paper("artwork", "art.png", png()),))
    plan_step(house, "remove_paper", item, paper_id=1, reason="An older one")
    with pytest.raises(Refused, match="Choose what the file is"):
        plan_step(house, "add_papers", item, files=(paper("invoice"),))
    with pytest.raises(NotFound):
        plan_step(house, "add_papers", item, "otto", files=(paper("quote"),))
    with pytest.raises(Stale):
        plan_step(house, "add_papers", item, version=1, files=(paper("quote", "q.pdf", pdf("q")),))
    plan_step(house, "submit", item)
    for name, more in (("add_papers", {"files": (paper("quote"),)}), ("remove_paper", {"paper_id": 2, "reason": "x"})):
        with pytest.raises(Refused, match="review"):
            plan_step(house, name, item, **more)
    with reading(house.engine) as session:
        found = get_request(session, item_id=item, actor=house.cora, now=NOW).papers
        assert [(p.kind, p.file_name) for p in found] == [("Artwork", "art.png")]
        assert papers_of(session, actor=house.otto, request_id=item) == ()
    assert fetch(house, 2, "cora").content == png()
    house.sound()


def test_a_request_with_a_bad_file_is_not_entered(small):
    with pytest.raises(Refused, match="cut off"):
        small.ask(SPENT, files=(paper("quote", "x.pdf", b"%PDF-1.4 cut"),))
    assert (rows(small, CoopRequest), rows(small)) == (0, 0)


def test_the_check_finds_files_that_prove_nothing(small):
    item = without_file(small)
    add(small, item)
    with writing(small.engine, keeps_timeline=False) as session:
        session.execute(delete(CoopProof).where(CoopProof.kind == "tear_sheet"))
        session.get_one(CoopPaper, 1).dealer_id = small.other_dealer
    with reading(small.engine) as session:
        assert checks.papers_are_proofs(session) == [
            "file 1 (scan.pdf) of FC-000001 is no proof of it", "file 1 is not of one claim or request of its dealer",
        ]  # fmt: skip


def test_terms_change_and_the_files_stay(small):
    item = without_file(small)
    add(small, item)
    small.claim_step("change", item, "dora", terms=replace(PRINT, invoice_number="I-9", costs=SPENT.costs))
    assert "scan.pdf" in proof_check(small, item).sentence
