"""What the entry form and the claim's page say: findings at their place, what is next, why a line came to less."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from components.areas.claim_entry_lines import charges_from, what_is_known
from components.areas.claim_files import size_label
from db.claims.cut_rules import cuts_of
from db.claims.entry_rules import (
    BLOCKS,
    CORRECTS,
    OPEN,
    PERSON,
    WARNS,
    Note,
    blocking,
    count_line,
    kept_places,
    notes_of,
)
from db.claims.model import ChargeDraft, ClaimDraft, JobDraft, Result
from db.claims.next_rules import Standing, decided_words, next_words
from tests.claims.factories import CLAIM, LABOUR, PART
from tests.claims.rule_facts import SOUND

DAY = date(2026, 11, 22)


def failed(level: Any, **more: Any) -> Result:
    return Result(rule="W04", passed=False, level=level, sentence="Something is wrong.", **more)


PLACES = [  # finding, revealed, weight, section, place in words
    (failed("E", field="odometer_out"), False, BLOCKS, "repair", "Odometer out"),
    (failed("E", field="pre_auth_number"), False, OPEN, "repair", "Pre-authorization"),
    (failed("E", field="pre_auth_number"), True, BLOCKS, "repair", "Pre-authorization"),
    (failed("A", field="pre_auth_number"), False, PERSON, "repair", "Pre-authorization"),
    (failed("E", field="attachments"), False, OPEN, "files", "Files"),
    (failed("E", field="attachments", job=1, charge=2), True, BLOCKS, "files", "Line 2, files"),
    (failed("E", field="cause", job=1), False, BLOCKS, "jobs", "Job 1, cause"),
    (failed("E", field="failed_serial", job=1), False, OPEN, "jobs", "Job 1, serial of the old part"),
    (failed("R", field="unit_cents", job=1, charge=1), False, CORRECTS, "lines", "Line 1, each"),
    (failed("W", field="vin"), False, WARNS, "vehicle", "VIN"),
    (failed("W", field="exclusions"), False, WARNS, "reasons", "What speaks against it"),
    (failed("W"), False, WARNS, "vehicle", "Odometer makes sense"),
]


@pytest.mark.parametrize("result, revealed, weight, section, where", PLACES)
def test_a_finding_has_a_place(result, revealed, weight, section, where):
    (note,) = notes_of([result], CLAIM, revealed=revealed)
    assert (note.weight, note.section, note.where) == (weight, section, where)
    assert note.title == "Odometer makes sense"


def test_what_passed_is_no_finding_and_the_same_is_said_once():
    twice = [failed("W", field="vin"), failed("W", field="vin"), replace(failed("E", field="vin"), passed=True)]
    assert len(notes_of(twice, CLAIM, revealed=True)) == 1


def notes(**counts: int) -> list[Note]:
    return [Note(weight=w, rule="W04", title="T", sentence="S") for w, n in counts.items() for _ in range(n)]


COUNTED = [
    ({"blocks": 2, "warns": 1}, "2 things block sending, 1 warning", 2),
    ({"blocks": 1}, "1 thing blocks sending", 1),
    ({"open": 3, "corrects": 2}, "3 still to fill in, 2 amounts corrected", 3),
    ({"denies": 1, "person": 1}, "1 reason to deny, 1 for a person to decide", 0),
    ({}, "No rule finds anything", 0),
]


@pytest.mark.parametrize("counts, line, stops", COUNTED)
def test_findings_are_counted_in_one_line(counts, line, stops):
    assert count_line(notes(**counts)) == line
    assert blocking(notes(**counts)) == stops


def test_rows_nobody_filled_in_are_passed_over_in_counting():
    jobs = (JobDraft(position=1), JobDraft(position=2, complaint="Whine"))
    lines = (LABOUR, ChargeDraft(position=2, kind="parts", quantity=0), PART)
    assert kept_places(jobs) == (2,)
    assert kept_places(lines) == (1, 3)


# ---- the editor ------------------------------------------------------------------------------------------------------
EDITED: list[tuple[Any, list[tuple[str, str, int, int]]]] = [
    (None, [("labour", "E1205", 2_50, 120_00), ("parts", "TC-5000", 1_00, 300_00)]),
    ({"edited_rows": {1: {"Each": 310.005}}},
     [("labour", "E1205", 2_50, 120_00), ("parts", "TC-5000", 1_00, 310_01)]),
    ({"edited_rows": {0: {"Quantity": None, "Each": None}}},
     [("labour", "E1205", 0, 0), ("parts", "TC-5000", 1_00, 300_00)]),
    ({"deleted_rows": [0]}, [("parts", "TC-5000", 1_00, 300_00)]),
    ({"deleted_rows": [0, 1], "added_rows": [{"Kind": "Sublet", "Description": "Machining", "Each": 80}, {}]},
     [("sublet", "", 1_00, 80_00)]),
    ({"deleted_rows": [0, 1], "added_rows": [{"Kind": "Parts", "Code": "TC-5000", "Each": "x"}]},
     [("parts", "TC-5000", 0, 0)]),
]  # fmt: skip


@pytest.mark.parametrize("state, wanted", EDITED)
def test_the_editor_is_read_from_what_was_changed(state, wanted):
    found = charges_from((LABOUR, PART), state)
    assert [(c.kind, c.code, c.quantity, c.unit_cents) for c in found] == wanted
    assert [c.position for c in found] == list(range(1, len(found) + 1))


KNOWN = [
    (LABOUR, "Turbo, replace: flat rate 2.50 h, 120.00 an hour"),
    (replace(LABOUR, code="E9000"), "Diagnosis: straight time, 120.00 an hour"),
    (replace(LABOUR, code="X"), "not in the catalogue; 120.00 an hour"),
    (PART, "Turbocharger: net 300.00, up to 40% on it"),
    (replace(PART, code="NP-1"), "no price that day"),
    (replace(PART, code="X"), "not on file"),
    (replace(PART, kind="misc"), ""),
]


@pytest.mark.parametrize("line, said", KNOWN)
def test_the_price_list_is_told_beside_the_line(line, said):
    assert what_is_known(line, SOUND) == said


@pytest.mark.parametrize("size, said", [(1, "1 KB"), (1024, "1 KB"), (204_800, "200 KB"), (3_250_586, "3.1 MB")])
def test_a_size_in_words(size, said):
    assert size_label(size) == said


# ---- what is next ----------------------------------------------------------------------------------------------------
NEXT = [
    ({"status": "draft"}, "It was not sent yet: finish it and send it."),
    ({"status": "returned", "correct_by": date(2026, 12, 7)},
     "The dealer corrects it and sends it again by 7 December."),
    ({"status": "in_review", "decide_by": date(2026, 12, 20)}, "A person decides by 20 December."),
    ({"status": "in_review", "decide_by": date(2026, 12, 20), "deemed_on": date(2026, 12, 20)},
     "A person decides by 20 December. If nobody does, it is deemed approved on 20 December."),
    ({"status": "in_review", "decide_by": date(2026, 11, 20)}, "A person decides; that was due by 20 November."),
    ({"status": "in_review"}, "A person decides."),
    ({"status": "pending_preauth", "pre_auth_number": "WC-000007", "decide_by": date(2027, 1, 2)},
     "It waits for pre-authorization WC-000007 and goes on by itself when that is decided. It is still decided by"
     " 2 January 2027."),
    ({"status": "appealed", "decide_by": date(2026, 12, 20)}, "Another person decides the appeal by 20 December."),
    ({"status": "approved", "pay_by": date(2026, 12, 22)}, "It is paid by 22 December with a credit memo."),
    ({"status": "partially_approved", "pay_by": date(2026, 11, 2), "can_appeal": True},
     "It was to be paid by 2 November with a credit memo. The dealer may appeal what was reduced."),
    ({"status": "approved", "claim_type": "pre_authorization", "number": "WC-000007"},
     "The work is authorized: name WC-000007 on the claim for it."),
    ({"status": "denied", "can_appeal": True}, "Nothing is paid. The dealer may appeal."),
    ({"status": "denied"}, "Nothing is paid. It is final."),
    ({"status": "paid", "memos": ("CM-000012",)}, "It was paid with credit memo CM-000012."),
    ({"status": "void"}, "The dealer took it back; nothing follows."),
]  # fmt: skip


@pytest.mark.parametrize("more, said", NEXT)
def test_what_happens_next(more, said):
    assert next_words(Standing(today=DAY, **more)) == said


DECIDED = [
    (("person", "Cora Lee", DAY), "Decided by Cora Lee on 22 November."),
    (("auto", "System", DAY), "Decided by the rules alone on 22 November."),
    (("deemed", "System", DAY), "Decided by silence on 22 November."),
    (("", "", None), ""),
]


@pytest.mark.parametrize("given, said", DECIDED)
def test_who_decided(given, said):
    kind, by, on = given
    assert decided_words(kind=kind, by=by, on=on, today=DAY) == said


@dataclass
class Row:
    position: int
    claimed_cents: int
    suggested_cents: int | None = None
    approved_cents: int | None = None
    reason_code: str = ""
    reason_note: str = ""


def test_lines_cut_for_one_reason_are_told_together():
    rows = [
        Row(1, 300_00, 0, 0, "WEAR_ITEM", "No plan covers wear."),
        Row(2, 14_00, 0, 0, "WEAR_ITEM", "No plan covers wear."),
        Row(3, 50_00, 40_00, 30_00, "CAP_APPLIED", "30.00 is paid."),
        Row(4, 50_00, 50_00, 50_00),
        Row(5, 50_00, 45_00, None, "RATE_ADJUSTED", "Rate."),
        Row(6, 50_00, 45_00, 45_00),
    ]
    told = [(c.lines, c.word, c.claimed_cents, c.paid_cents) for c in cuts_of(rows)]
    assert told == [
        ("Lines 1 and 2", "rejected", 314_00, 0), ("Line 3", "reduced", 50_00, 30_00),
        ("Line 5", "would be reduced", 50_00, 45_00),
    ]  # fmt: skip
    assert cuts_of(rows)[0].reason == "Wear item: No plan covers wear."


def test_an_empty_draft_is_no_wall_of_errors():
    assert {n.weight for n in notes_of([failed("E", field="vin")], ClaimDraft(), revealed=False)} == {OPEN}
