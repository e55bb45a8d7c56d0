"""What looks odd and what does not, case by case (domain-rules 2.1 F)."""

from __future__ import annotations

from datetime import date

import pytest

from db.investigations import rules
from db.investigations.rules import OtherInvoice, OtherRepair, OtherUse

DAY = date(2026, 11, 16)
LONG = "Shaft of the turbocharger has play, compressor wheel touches the housing, oil in the intake pipe found."


def use(**more) -> OtherUse:
    facts = {
        "file": "photo.jpg", "sha256": "a" * 64, "same_bytes": True, "claim": "WC-000001", "dealer": "Lone Pine",
        "own_dealer": True, "vin": "1HGCM82633A004352", "other_file": "engine.jpg",
    }  # fmt: skip
    return OtherUse(**{**facts, **more})


def test_a_picture_of_another_claim():
    (own,) = rules.picture_reuse("WC-000009", [use()])
    assert own.sentence == (
        "photo.jpg is the same file as engine.jpg of WC-000001 (this dealer, VIN 1HGCM82633A004352)."
    )
    (other,) = rules.picture_reuse("WC-000009", [use(same_bytes=False, own_dealer=False)])
    assert "the same picture as" in other.sentence
    assert "Lone Pine" in other.sentence
    assert other.key == own.key  # the same file of the same claim is one oddity
    assert rules.picture_reuse("WC-000009", []) == []


@pytest.mark.parametrize(
    ("cents", "other", "word"),
    [
        pytest.param(120_00, 120_00, "the same total", id="same-total"),
        pytest.param(120_00, 180_00, "another total (180.00)", id="another-total"),
        pytest.param(None, 180_00, "another total (180.00)", id="total-not-given"),
    ],
)
def test_an_invoice_on_two_claims(cents, other, word):
    (flag,) = rules.invoice_reuse("WC-2", [OtherInvoice(invoice="R-77", cents=cents, claim="WC-1", other_cents=other)])
    assert word in flag.sentence


def test_words_are_compared_blind_to_case_and_punctuation():
    key = rules.narrative_key([LONG], ["Replaced. Road test, no findings."])
    assert key
    assert key == rules.narrative_key([LONG.upper()], ["replaced - road test; no findings"])
    assert key != rules.narrative_key([LONG], ["Replaced. Road test, noise remains."])
    assert rules.narrative_key(["Worn."], ["Replaced."]) == ""  # everybody writes that


def test_many_claims_of_the_same_words_are_one_flag():
    others = [(f"WC-{n}", "Lone Pine", "VIN") for n in range(7)]
    (flag,) = rules.same_words("WC-9", others)
    assert "and 2 more" in flag.sentence
    assert flag.evidence["count"] == 7
    assert rules.same_words("WC-9", []) == []


@pytest.mark.parametrize(("days", "flagged"), [(0, True), (45, True), (46, False)], ids=["same-day", "limit", "beyond"])
def test_the_same_repair_twice(days, flagged):
    other = OtherRepair(
        claim="WC-1", dealer="Far Away", own_dealer=False, operation="E1205", causal_part="", days=days
    )  # fmt: skip
    assert bool(rules.vehicle_twice("WC-2", [other])) is flagged


@pytest.mark.parametrize(
    ("odometer", "readings", "word"),
    [
        pytest.param(20_000, [(date(2026, 5, 1), 19_000, "WC-1")], "", id="grows"),
        pytest.param(20_000, [(date(2026, 5, 1), 20_000, "WC-1")], "", id="equal"),
        pytest.param(20_000, [(date(2026, 5, 1), 20_001, "WC-1")], "earlier", id="one-less"),
        pytest.param(20_000, [(date(2026, 12, 1), 19_000, "WC-1")], "later", id="above-a-later-one"),
        pytest.param(20_000, [(DAY, 25_000, "WC-1")], "", id="same-day-tells-nothing"),
        pytest.param(None, [(date(2026, 5, 1), 20_001, "WC-1")], "", id="no-reading"),
    ],
)
def test_an_odometer_that_goes_back(odometer, readings, word):
    flags = rules.usage("WC-2", odometer, DAY, readings)
    assert [word in f.sentence for f in flags] == ([True] if word else [])


@pytest.mark.parametrize(
    ("receipts", "charged", "flagged"),
    [(None, 500_00, False), (500_00, 500_00, False), (499_99, 500_00, True), (600_00, 500_00, False)],
    ids=["no-receipt", "equal", "a-cent-more", "less-claimed"],
)
def test_papers_and_the_claim(receipts, charged, flagged):
    assert bool(rules.document("WC-2", receipts, charged)) is flagged


def test_a_claim_far_above_the_usual():
    (flag,) = rules.inflated("WC-2", [("2,400.00", "at most 1,210.00", "Far more than usual."), ("x", "y", "z")])
    assert flag.sentence == "Far more than usual."
    assert rules.inflated("WC-2", []) == []


@pytest.mark.parametrize(
    ("near", "far", "flagged"),
    [
        pytest.param(3, 9, True, id="a-quarter"),
        pytest.param(3, 10, False, id="less-than-a-quarter"),
        pytest.param(5, 6, False, id="too-few-claims"),
    ],
)
def test_amounts_that_hug_a_limit(near, far, flagged):
    amounts = [990_00] * near + [200_00] * far
    assert bool(rules.hugging("04012", "2026-11", amounts, 1_000_00)) is flagged


def test_what_counts_as_just_below():
    at_the_edge = [950_00] * 12
    assert rules.hugging("04012", "2026-11", at_the_edge, 1_000_00)
    assert not rules.hugging("04012", "2026-11", [949_99] * 12, 1_000_00)
    assert not rules.hugging("04012", "2026-11", [1_000_01] * 12, 1_000_00)


@pytest.mark.parametrize(
    ("weeks", "now", "flagged"),
    [
        pytest.param([4] * 26, 10, False, id="three-deviations-exactly"),
        pytest.param([4] * 26, 11, True, id="more-than-three"),
        pytest.param([0] * 26, 4, False, id="too-few-to-speak-of"),
        pytest.param([0] * 26, 5, True, id="five-out-of-nothing"),
        pytest.param([0, 8] * 13, 16, False, id="a-dealer-that-swings"),
    ],
)
def test_a_week_far_above_the_dealers_own(weeks, now, flagged):
    assert bool(rules.spike("04012", "2026-11-09", [*weeks, now])) is flagged


def test_a_spike_needs_its_history():
    with pytest.raises(ValueError, match="26 weeks"):
        rules.spike("04012", "2026-11-09", [1, 2, 3])
