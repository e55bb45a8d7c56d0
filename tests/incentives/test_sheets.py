"""A file of sales with traps: each row's verdict is that of the form, and what is claimable is claimed whole or not."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pytest
import xlsxwriter
from sqlalchemy import event, select

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading, run
from db.core.timeline import TimelineEntry, TimelineLink
from db.exports import run_export
from db.imports.commands import undo_import
from db.imports.tables import ImportBatch, ImportRow
from db.incentives.commands import claim_sale
from db.incentives.facts import Check
from db.incentives.sheet_commands import claim_sheet
from db.incentives.sheet_queries import check_row, check_sheet, empty_sheet, result_sheet
from db.incentives.sheet_rules import Answer, changed_rows, row_result
from db.incentives.tables import IncentiveCheck, IncentiveClaim, SaleReport
from db.incentives.validation_queries import preview_sale
from db.people.tables import ExportLog
from tests.incentives.factories import CASH, NOW, SALE, STEPS, House
from tests.support.again import begun

HEAD = ("VIN", "Dealer code", "Make", "Model", "Model year", "Type of sale", "In stock since", "Contract date",
        "Delivery date", "Customer", "Papers", "Program", "Checklist done", "Remark")  # fmt: skip
D = date


@pytest.fixture
@begun
def house(engine):
    return House(engine)


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


def vin(n):
    return f"1HGCM8263{n:08}"


def line(n, **more):
    values = {
        "VIN": vin(n), "Dealer code": "04012", "Make": "Honda", "Model": "Accord", "Model year": "2026",
        "Type of sale": "Cash", "In stock since": D(2026, 10, 1), "Contract date": D(2026, 11, 16),
        "Delivery date": D(2026, 11, 18), "Customer": f"C-{n}", "Papers": "Registration", "Checklist done": "yes",
    } | more  # fmt: skip
    return [values.get(name, "") for name in HEAD]


def book(*rows, name="sales.xlsx", head=HEAD):
    raw = io.BytesIO()
    with xlsxwriter.Workbook(raw, {"in_memory": True, "strings_to_formulas": False}) as made:
        sheet, day = made.add_worksheet("Sales"), made.add_format({"num_format": "yyyy-mm-dd"})
        for r, row in enumerate([list(head), *rows]):
            for c, value in enumerate(row or ()):
                if isinstance(value, date):
                    sheet.write_datetime(r, c, value, day)
                elif isinstance(value, tuple):
                    sheet.write_formula(r, c, value[0], None, value[1])
                elif value != "":
                    sheet.write(r, c, value)
    return SourceFile(name=name, content=raw.getvalue())


def text(*rows, name="sales.csv"):
    lines = [",".join(f'"{cell}"' for cell in row) for row in (HEAD, *rows)]
    return SourceFile(name=name, content="\n".join(lines).encode())


def checked(house, file, who="dora", **more):
    with reading(house.engine) as session:
        return check_sheet(session, file=file, actor=getattr(house, who), now=NOW, **more)


def send(house, file, who="dora", *, seen=None, key="k", **more):
    seen = seen if seen is not None else checked(house, file, who, **more).seen
    return run(
        claim_sheet, bind=house.engine, file=file, seen=seen, form_key=key, actor=getattr(house, who), now=NOW, **more
    )  # fmt: skip


def results(found):
    return [(r.row, r.result) for r in found.rows]


def reasons(found, row):
    return " ".join(next(r.reasons for r in found.rows if r.row == row))


# ---- the rule --------------------------------------------------------------------------------------------------------
def check(level, rule="I08", sentence="Proof is missing."):
    return Check(rule=rule, version=1, level=level, sentence=sentence)


def answer(code, outcome, cents=500_00, *, chosen=True, claim="", level="pass"):
    level = {"returned": "missing", "not_eligible": "fail"}.get(outcome, level)
    return Answer(code=code, outcome=outcome, cents=cents, chosen=chosen, claim=claim, checks=(check(level),))


A, B = answer("A", "valid"), answer("B", "valid", 300_00)
RETURNED, FAILED = answer("R", "returned"), answer("F", "not_eligible")
DONE, LOSES = answer("D", "valid", claim="IC-1"), answer("L", "not_eligible", chosen=False)


@pytest.mark.parametrize(
    ("answers", "named", "result", "programs", "cents", "said"),
    [
        ((A, B), (), "claimable", ("A", "B"), 800_00, ""),
        ((A, RETURNED, FAILED), (), "claimable", ("A",), 500_00, ""),
        ((A, DONE), (), "claimable", ("A",), 500_00, ""),
        ((DONE, RETURNED), (), "claimed", ("D",), 0, "D is claimed already: IC-1."),
        ((RETURNED, FAILED), (), "incomplete", ("R",), 0, "R I08: Proof is missing."),
        ((answer("R", "returned", 1), answer("Q", "returned", 2)), (), "incomplete", ("Q", "R"), 0, "Q, R I08"),
        ((FAILED, LOSES), (), "refused", ("F", "L"), 0, "F, L I08"),
        (tuple(answer(c, "not_eligible") for c in "FGHI"), (), "refused", ("F", "G", "H", "I"), 0, "4 programs I08: P"),
        ((), (), "refused", (), 0, "no program that pays a vehicle"),
        ((A, B), ("B",), "claimable", ("B",), 300_00, ""),
        ((A, RETURNED), ("A", "R"), "incomplete", ("A", "R"), 0, "R I08"),
        ((A, RETURNED, FAILED), ("A", "R", "F"), "refused", ("A", "R", "F"), 0, "F I08"),
        ((A, DONE), ("D",), "claimed", ("D",), 0, "IC-1"),
        ((A, DONE), ("A", "D"), "claimable", ("A",), 500_00, "D is claimed already: IC-1."),
        ((answer("W", "valid", level="warn"),), (), "claimable", ("W",), 500_00, "W I08: Proof is missing."),
    ],
)
def test_what_a_row_comes_to(answers, named, result, programs, cents, said):
    found = row_result(answers, named=named)
    assert (found.result, found.programs, found.cents) == (result, programs, cents)
    assert said in " ".join(found.reasons)
    assert bool(said) == bool(found.reasons)


@pytest.mark.parametrize(
    ("seen", "now", "rows"),
    [("2:A:5|3:B:6", "2:A:5|3:B:6", ()), ("2:A:5|3:B:6", "2:A:5", ("3",)), ("2:A:5", "2:A+B:5|4:C:1", ("2", "4")),
     ("", "", ()), ("", "7:A:1", ("7",))],
)  # fmt: skip
def test_which_rows_come_out_otherwise(seen, now, rows):
    assert changed_rows(seen, now) == rows


# ---- the traps -------------------------------------------------------------------------------------------------------
def traps():
    return book(
        line(1), line(2, Papers=""), line(3, **{"Type of sale": "Fleet"}), [],
        line(4, **{"Delivery date": "18/11/2026", "Contract date": "16/11/2026"}), line(1),
        line(5, VIN="X" * 400), line(6, Program="NONE-99"), line(7, **{"Dealer code": "04099"}),
        line(8, Remark=("=1+1", 2), Model="=cmd|'/c calc'!A1"), [], line(9, Papers="Library card"),
        line(10, **{"Delivery date": "soon"}), line(11, Program="STEP-11"), line(12, Papers="diploma"),
        line(13, **{"Checklist done": ""}),
        line(14, **{"Delivery date": D(2026, 9, 1), "Contract date": D(2026, 9, 1)}),
        line(15, **{"Delivery date": D(2026, 12, 24)}),
    )  # fmt: skip


TRAPS = [
    (2, "claimable", ""), (3, "incomplete", "CASH-11 I08: Proof of the customer is missing"),
    (4, "refused", "CASH-11 I05: Fleet is excluded"), (6, "claimable", ""),
    (7, "bad", "row 2 has this vehicle already"),
    (8, "bad", "At most 40 characters fit"), (9, "bad", "Program: there is no program NONE-99"),
    (10, "bad", "There is no dealer 04099 among those you look after"), (11, "claimable", ""),
    (13, "bad", "Papers: no such kind of paper: library card"), (14, "bad", "Day of the delivery:"),
    (15, "bad", "STEP-11 counts a volume"), (16, "incomplete", "Diploma or student ID is not accepted"),
    (17, "incomplete", "CASH-11 I14: Not ticked yet"), (18, "refused", "no program that pays a vehicle runs"),
    (19, "bad", "This day is still to come"),
]  # fmt: skip


def test_every_trap_has_its_verdict_and_nothing_is_stored(small):
    small.publish()
    small.publish(STEPS)
    found = checked(small, traps())
    assert results(found) == [(row, result) for row, result, _ in TRAPS]
    for row, _, said in TRAPS:
        assert said in reasons(found, row), row
    assert found.counts == {"claimable": 3, "incomplete": 3, "refused": 2, "bad": 8, "claimed": 0}
    assert found.cents == 3 * 500_00
    assert found.points == ("Signed by the customer",)
    assert (small.count(SaleReport), small.count(IncentiveClaim), small.count(ImportBatch)) == (0, 0, 0)


def test_dates_that_read_both_ways_are_asked_and_then_taken(small):
    small.publish()
    file = text(line(1, **{"Delivery date": "11/12/2026", "Contract date": "11/12/2026"}))
    found = checked(small, file)
    assert results(found) == [(2, "bad")]
    assert "could be 11 December 2026 or 12 November 2026" in reasons(found, 2)
    assert found.doubtful == '"11/12/2026" could be 11 December 2026 or 12 November 2026.'
    assert results(checked(small, file, dates="month_first")) == [(2, "claimable")]


def test_the_checks_are_those_of_the_form(small):
    """Every outcome, amount and sentence of a program is what the form says of the same sale."""
    small.publish(stack_group="cash")
    small.publish(CASH | {"code": "BIG-11", "rule": {"kind": "dealer_cash", "cents": 800_00}}, stack_group="cash")
    small.publish(CASH | {"code": "LOYAL-11", "rule": {"kind": "loyalty", "cents": 100_00, "makes": ["Mazda"]}})
    small.publish(CASH | {"code": "OLD-11", "eligible": {"models": ["Civic"]}})
    file = book(line(1), line(2, Papers=""), line(3, **{"Type of sale": "Fleet"}))
    for n, differs in ((1, {}), (2, {"documents": ()}), (3, {"sale_type": "fleet"})):
        draft = replace(SALE, **{"vin": vin(n), "documents": (("registration", ""),), "customer_ref": "", **differs})
        with reading(small.engine) as session:
            form = preview_sale(session, draft, dealer_id=small.dealer, actor=small.dora, now=NOW)
            views = check_row(session, file=file, row=n + 1, actor=small.dora, now=NOW)
        of_form = {p.code: (p.outcome, p.cents, p.chosen, p.checks) for p in form.programs}
        of_file = {p.code: (p.outcome, p.cents, p.chosen, tuple(c for c in p.checks if c.rule != "I14")) for p in views}
        assert of_file == of_form
        assert len(of_form) == 4


def test_another_dealers_vehicle_is_refused_and_not_named(small):
    small.publish()
    theirs = small.sell(dealer_id=small.other_dealer, vin=vin(1))
    found = checked(small, book(line(1)))
    assert results(found) == [(2, "refused")]
    assert "sold already with another dealer's sale" in reasons(found, 2)
    assert small.row(SaleReport, theirs).number not in reasons(found, 2)
    assert found.rows[0].sale == ""
    assert checked(small, book(line(1)), who="otto").rows[0].result == "bad"  # 04012 is not among otto's dealers


def test_a_sale_on_file_counts_as_it_is_on_file(small):
    small.publish()
    sale = small.sell(vin=vin(1))
    other = small.sell(vin=vin(2), documents=())
    small.claim(small.sell(vin=vin(3)))
    number = small.row(SaleReport, sale).number
    file = book(line(1, **{"Delivery date": D(2026, 11, 17)}), line(2), line(3))
    found = checked(small, file)
    assert results(found) == [(2, "claimable"), (3, "incomplete"), (4, "claimed")]
    assert found.rows[0].sale == number
    assert f"{number} is on file with another delivery day" in reasons(found, 2)
    assert "CASH-11 is claimed already: IC-000001." in reasons(found, 4)
    batch = send(small, file)
    assert (batch.created, batch.updated, batch.duplicates, batch.rejected) == (0, 1, 1, 1)
    assert small.row(SaleReport, sale).delivered_on == D(2026, 11, 18)
    assert small.count(SaleReport) == 3
    assert other


def test_what_a_program_leaves_is_what_is_claimed(small):
    small.publish(budget_cents=600_00, caps={"dealer_cents": 450_00})
    found = checked(small, book(line(1)))
    assert (found.rows[0].result, found.rows[0].cents) == ("claimable", 450_00)
    send(small, book(line(1)))
    claim = small.row(IncentiveClaim, 1)
    assert (claim.claimed_cents, claim.entitled_cents, claim.status) == (450_00, 450_00, "in_review")


def test_an_amount_needs_its_program(small):
    small.publish()
    head = (*HEAD, "Claimed amount")
    file = book([*line(1), "200"], [*line(2, Program="CASH-11"), "200"], head=head)
    found = checked(small, file)
    assert results(found) == [(2, "bad"), (3, "claimable")]
    assert (found.rows[1].cents, "Name the one program" in reasons(found, 2)) == (200_00, True)


def test_a_dealer_does_not_choose_the_day_of_the_report(small):
    small.publish()
    head = (*HEAD, "Report date")
    late = [*line(1, **{"Delivery date": D(2026, 11, 10), "Contract date": D(2026, 11, 10)}), D(2026, 11, 12)]
    dealers = checked(small, book(late, head=head))
    assert results(dealers) == [(2, "refused")]
    assert "not on 12 Nov 2026" in reasons(dealers, 2)
    assert results(checked(small, book(late, head=head), who="cora")) == [(2, "claimable")]


# ---- sending ---------------------------------------------------------------------------------------------------------
def test_what_is_claimable_is_claimed_and_every_other_row_has_its_reason(house):
    house.publish()
    file = traps()
    batch = send(house, file)
    assert (batch.read, batch.created, batch.rejected) == (16, 3, 13)
    rejected = {o.row: o.message for o in batch.rejections}
    assert set(rejected) == {row for row, result, _ in TRAPS if result != "claimable"}
    assert "Fleet is excluded" in rejected[4]
    assert [house.status(n) for n in (1, 2, 3)] == ["in_review"] * 3
    with reading(house.engine) as session:
        rules = session.scalars(select(IncentiveCheck.rule).where(IncentiveCheck.claim_id == 1)).all()
        rows = session.scalars(select(ImportRow.outcome).where(ImportRow.batch_id == batch.batch_id)).all()
        entry = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc()).limit(1)).one()
        command = entry.command
        items = session.execute(
            select(TimelineLink.item_type, TimelineLink.item_id).where(TimelineLink.seq == entry.seq)
        ).all()
    assert sorted(rules) == [f"I{n:02}" for n in range(1, 15)]
    assert len(rows) == 16
    assert command == "run_import"
    assert {("sale", 1), ("incentive_claim", 3), ("import_batch", batch.batch_id)} <= {tuple(i) for i in items}
    assert house.step("approve", 1, who="cora") == "approved"
    house.agrees()


def test_the_same_form_twice_claims_once_and_a_new_one_finds_it_claimed(house):
    house.publish()
    file = book(line(1), line(2))
    first = send(house, file, key="same")
    again = send(house, file, key="same", seen="")
    assert again.is_replay
    assert again.batch_id == first.batch_id
    assert house.count(IncentiveClaim) == 2
    assert [r.result for r in checked(house, file).rows] == ["claimed", "claimed"]
    with pytest.raises(Refused, match="No row of this file can be claimed"):
        send(house, file, key="other")


def test_what_changed_since_it_was_seen_stops_everything(house):
    program = house.publish(budget_cents=50_000_00)
    file = book(line(1), line(2))
    seen = checked(house, file).seen
    house.claim(house.sell(vin=vin(2)))
    with pytest.raises(Refused, match=r"come out differently: 3\. Nothing was sent"):
        send(house, file, seen=seen)
    assert (house.count(IncentiveClaim), house.count(SaleReport), house.count(ImportBatch)) == (1, 1, 0)
    assert program


def test_a_batch_is_taken_back_whole_until_one_claim_is_decided(house):
    house.publish()
    first = send(house, book(line(1), line(2)))
    ask = {"reason": "Wrong file", "actor": house.cora, "now": NOW}
    run(undo_import, bind=house.engine, batch_id=first.batch_id, **ask)
    assert [house.status(n) for n in (1, 2)] == ["void", "void"]
    assert house.row(SaleReport, 1).unwound_on is not None
    assert sum(house.book("earned")) == 0
    second = send(house, book(line(1), line(2)), key="again")
    assert second.created == 2
    house.step("approve", 3, who="cora")
    with pytest.raises(Refused, match="IC-000003 was decided since"):
        run(undo_import, bind=house.engine, batch_id=second.batch_id, **ask)
    assert house.status(4) == "in_review"
    house.agrees()


def test_who_may_not_enter_may_not_send_and_a_file_without_vins_is_refused(small):
    small.publish()
    with pytest.raises(Refused, match="role"):
        send(small, book(line(1)), who="finn")
    with pytest.raises(Refused, match="VIN or serial is needed"):
        checked(small, SourceFile(name="x.csv", content=b"Model,Make\nAccord,Honda\n"))
    with pytest.raises(Refused):
        checked(small, SourceFile(name="x.pdf", content=b"%PDF-1.4"))


# ---- the same sheet with results -------------------------------------------------------------------------------------
def exported(house, kind, who="dora", file_format="csv"):
    return run(
        run_export, bind=house.engine, kind=kind, file_format=file_format, purpose="Check", now=NOW,
        actor=getattr(house, who),
    )  # fmt: skip


def test_the_sheet_comes_back_with_results_and_no_formula_runs(small):
    small.publish()
    file = traps()
    made = exported(small, result_sheet(file, actor=small.dora))
    lines = made.content.decode("utf-8-sig").split("\r\n")
    assert lines[0] == ",".join([*HEAD, "Result", "Programs", "Amount", "Reasons"])
    assert ",Claimable,CASH-11,500.00," in lines[1]
    assert "2026-11-18" in lines[1]
    assert ",Bad cell," in lines[5]
    assert "'=cmd|'/c calc'!A1" in lines[9]
    again = SourceFile(name="back.csv", content=made.content)
    assert (
        exported(small, result_sheet(again, actor=small.dora)).content.decode("utf-8-sig").split("\r\n")[0] == lines[0]
    )
    with reading(small.engine) as session:
        log = session.scalars(select(ExportLog).order_by(ExportLog.id).limit(1)).one()
        found = (log.kind, log.row_count, log.has_personal_data, log.actor)
    assert found == ("incentive_check", 16, True, "dora")
    back = exported(small, result_sheet(file, actor=small.dora), file_format="xlsx")
    assert back.content[:2] == b"PK"


def test_an_empty_sheet_can_be_filled_in_and_checked(small):
    made = exported(small, empty_sheet(actor=small.dora), file_format="xlsx")
    found = checked(small, SourceFile(name="empty.xlsx", content=made.content))
    assert [r.result for r in found.rows] == ["refused"]
    assert found.unused == ()


# ---- size ------------------------------------------------------------------------------------------------------------
def test_five_hundred_rows_ask_no_more_than_fifty(small):
    small.publish()
    small.publish(STEPS)

    def count(number):
        asked = []

        def hear(*args):
            asked.append(args[2])

        event.listen(small.engine, "before_cursor_execute", hear)
        try:
            found = checked(small, book(*(line(n) for n in range(number))))
        finally:
            event.remove(small.engine, "before_cursor_execute", hear)
        assert found.counts["claimable"] == number
        return len(asked)

    few, many = count(50), count(500)
    assert many <= few < 40


def test_claims_of_a_file_and_of_the_form_do_not_meet_twice(small):
    small.publish()
    send(small, book(line(1)))
    with pytest.raises(Refused, match="claims this program for this sale already"):
        run(claim_sale, bind=small.engine, sale_id=1, programs=["CASH-11"], checked={}, amounts={"CASH-11": 500_00},
            form_key="z", actor=small.dora, now=NOW)  # fmt: skip
