"""Claims from a file: several rows one claim, whole or not at all, judged like any other, what is odd said, undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from db.claim_payments.tables import ClaimEntry
from db.claims.narrative_split import replaces, split
from db.claims.tables import (
    Claim,
    ClaimCharge,
    ClaimDecision,
    ClaimFinding,
    ClaimHold,
    ClaimJob,
    ClaimLoss,
    ClaimRun,
)
from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.search import SearchWord
from db.core.session import reading, run, writing
from db.imports.mapping import load_mapping
from db.investigations.tables import ClaimFingerprint, ClaimFlag, Investigation
from db.parts.tables import PartsStock  # noqa: F401 - later areas listen, too
from tests.claims.factories import step
from tests.support.again import begun
from tests.support.imports import FORMATS, bring, fates, held, table, take_back
from tests.support.paths import ROOT
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import VIN, warranty_data

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
MAPPING = load_mapping((ROOT / "seed/mappings/warranty_claims_text.toml").read_text(encoding="utf-8"))
TRUCKS = (
    "claim_id", "serial_number", "part_number", "claim_date", "mileage", "dealer_id", "customer_complaint",
    "technician_notes",
)  # fmt: skip
TRUCK_ROWS = (
    ("WC-2024-1", "S1", "TC-5000", "2024-10-29", "388397", "04012", "No boost on the hill",
     "Shaft worn. Replaced turbo assembly."),
    ("WC-2024-2", "S1", "TC-5000", "2025-01-10", "307258", "04012", "Whistles", "Replaced turbo. Actuator failed."),
    ("WC-2024-3", "S3", "TC-5000", "2024-01-10", "307258", "0404", "Whistles", "Replaced turbo. Actuator failed."),
)  # fmt: skip
HEAD = (
    "Claim number", "Dealer code", "VIN", "Repair order", "Day of the claim", "Odometer", "Technician", "Job",
    "Complaint", "Cause", "Correction", "Component", "Causal part", "Labour operation", "Labour hours", "Labour rate",
    "Labour", "Pieces of the part", "Price of the part", "Markup in percent", "Parts", "Sublet", "Rental and transport",
    "Freight", "Miscellaneous", "Tax", "Deductible", "Kind of line", "Code of the line", "Amount of the line",
)  # fmt: skip
FIRST = {
    "Claim number": "C-1", "Dealer code": "04012", "VIN": VIN, "Repair order": "RO-1", "Day of the claim": "2026-11-16",
    "Odometer": "21400", "Technician": "T-07", "Job": "1", "Complaint": "Customer hears a loud whine from the turbo.",
    "Cause": "Shaft of the turbocharger has play.", "Correction": "Replaced the turbocharger, road test is fine.",
    "Component": "ENG-TURBO", "Causal part": "TC-5000", "Labour operation": "E1205",
}  # fmt: skip
SAME = {"Claim number": "C-1", "Dealer code": "04012", "VIN": VIN}
OTHER = "1M8GDM9AXKP042788"
TABLES = (
    Claim, ClaimJob, ClaimCharge, ClaimRun, ClaimFinding, ClaimDecision, ClaimLoss, ClaimHold, ClaimFingerprint,
    ClaimFlag, Investigation, ClaimEntry, SearchWord,
)  # fmt: skip


def rows(*given: Mapping[str, object]) -> list[list[object]]:
    return [[one.get(name, "") for name in HEAD] for one in given]


def sheet(*given: Mapping[str, object], form: str = "csv"):
    return table(HEAD, rows(*given), form=form, name="claims")


@pytest.fixture
@begun
def cora(sqlite_engine):
    make_dealer(sqlite_engine)
    warranty_data(sqlite_engine)
    make_person(sqlite_engine, "cora", Role.COORDINATOR)
    return actor_named(sqlite_engine, "cora")


def lines(engine, number: str = "C-1") -> list[tuple[Any, ...]]:
    """(kind, job, code, quantity, unit, markup, cents) of the lines of a claim."""
    c = ClaimCharge
    with reading(engine) as session:
        return [
            tuple(row)
            for row in session.execute(
                select(c.kind, c.job, c.code, c.quantity, c.unit_cents, c.markup, c.claimed_cents)
                .join(Claim, Claim.id == c.claim_id)
                .where(Claim.external_number == number)
                .order_by(c.position)
            )
        ]


def only_claim(engine) -> Claim:
    with reading(engine) as session:
        found = session.scalars(select(Claim)).one()
        session.expunge(found)
        return found


# ---- odd, but taken --------------------------------------------------------------------------------------------------
def test_rows_are_taken_or_told_why(engine):
    make_dealer(engine)
    seed = system_actor("seed")
    file = table(TRUCKS, TRUCK_ROWS)
    batch = bring(engine, "claims", file, actor=seed, mapping=MAPPING)
    assert fates(batch) == [
        (2, "created", ""), (3, "created", "year_differs,serial_again"), (4, "rejected", "unknown_dealer"),
    ]  # fmt: skip
    assert "2025-01-10" in batch.outcomes[1].message
    assert "WC-2024-1" in batch.outcomes[1].message
    assert "no dealer 0404" in batch.outcomes[2].message
    words = " ".join(batch.sentences)
    assert "2 claims of 2 rows judged by the rules: 2 not processed." in words
    assert "1 claim with a number that names another year" in words
    assert "1 claim with a VIN or serial that stands in the file" in words
    again = bring(engine, "claims", file, actor=seed, mapping=MAPPING)
    assert [r.outcome for r in again.outcomes] == ["duplicate", "duplicate", "rejected"]


@pytest.mark.parametrize(
    "notes, cause, correction, is_replaced",
    [
        ("Shaft worn. Replaced turbo.", "Shaft worn.", "Replaced turbo.", True),
        ("Replaced turbo. Shaft worn. Replaced seal.", "Shaft worn. Replaced seal.", "Replaced turbo.", True),
        ("TC-5000 assembly replaced. Blade gone.", "Blade gone.", "TC-5000 assembly replaced.", True),
        ("TCM-3200 swap. Board failed.", "Board failed.", "TCM-3200 swap.", True),
        ("Removed failed TC-5000. Oil dirty.", "Oil dirty.", "Removed failed TC-5000.", False),
        ("Turbo was never replaced. Oil dirty.", "Turbo was never replaced. Oil dirty.", "", False),
        ("Needs replacement soon.", "Needs replacement soon.", "", False),
        ("Shaft worn.", "Shaft worn.", "", False),
        ("", "", "", False),
    ],
)
def test_notes_are_split(notes, cause, correction, is_replaced):
    assert split(notes) == (cause, correction)
    assert replaces(correction) is is_replaced


# ---- several rows, money by columns ----------------------------------------------------------------------------------
def test_scattered_rows_are_one_claim_with_jobs_and_every_kind_of_money(sqlite_engine, cora):
    other = FIRST | {"Claim number": "C-2", "Repair order": "RO-2", "VIN": VIN}
    file = sheet(
        FIRST | {"Labour hours": "2.5", "Labour rate": "120.00", "Labour": "300.00", "Price of the part": "300.00",
                 "Markup in percent": "40", "Parts": "420.00"},
        other,
        SAME | {"Job": "2", "Complaint": "Brakes grind when the car stops.", "Cause": "Pads are worn to the metal.",
                "Correction": "Cleaned the calipers and checked.", "Component": "ENG-CYL", "Sublet": "80.00"},
        SAME | {"Job": "0", "Rental and transport": "90.00", "Freight": "12.50", "Miscellaneous": "3.00",
                "Tax": "21.35", "Deductible": "100.00"},
        SAME | {"Job": "1", "Kind of line": "misc", "Code of the line": "shop", "Amount of the line": "9.99"},
    )  # fmt: skip
    batch = bring(sqlite_engine, "claims", file, actor=cora)
    assert [o.outcome for o in batch.outcomes] == ["created"] * 5, batch.rejections
    assert len({o.item_id for o in batch.outcomes}) == 2
    assert lines(sqlite_engine) == [
        ("labour", 1, "E1205", 250, 120_00, 0, 300_00),
        ("parts", 1, "TC-5000", 100, 300_00, 40_00, 420_00),
        ("sublet", 2, "", 100, 80_00, 0, 80_00),
        ("freight", 0, "", 100, 12_50, 0, 12_50),
        ("misc", 0, "", 100, 3_00, 0, 3_00),
        ("tax", 0, "", 100, 21_35, 0, 21_35),
        ("rental", 0, "RENTAL", 100, 90_00, 0, 90_00),
        ("deductible", 0, "", 100, -100_00, 0, -100_00),
        ("misc", 1, "SHOP", 100, 9_99, 0, 9_99),
    ]
    with reading(sqlite_engine) as session:
        jobs = session.execute(
            select(ClaimJob.position, ClaimJob.component, ClaimJob.action)
            .join(Claim, Claim.id == ClaimJob.claim_id)
            .where(Claim.external_number == "C-1")
            .order_by(ClaimJob.position)
        ).all()
        claimed = session.scalar(select(Claim.claimed_cents).where(Claim.external_number == "C-1"))
    assert [tuple(job) for job in jobs] == [(1, "ENG-TURBO", "replacement"), (2, "ENG-CYL", "repair")]
    assert claimed == 836_84


def test_rows_without_job_numbers_belong_to_the_job_they_name(sqlite_engine, cora):
    first = {k: v for k, v in FIRST.items() if k != "Job"}
    file = sheet(
        first | {"Labour hours": "2.5", "Labour rate": "120.00"},
        SAME | {"Causal part": "TC-5000", "Parts": "420.00"},  # says less of the same job
        SAME | {"Complaint": "Rattles at idle, all the time.", "Sublet": "50.00"},  # another job
        SAME | {"Tax": "5.00"},  # the whole visit
    )
    batch = bring(sqlite_engine, "claims", file, actor=cora)
    assert batch.rejected == 0, batch.rejections
    assert [(kind, job) for kind, job, *_ in lines(sqlite_engine)] == [
        ("labour", 1), ("parts", 1), ("sublet", 2), ("tax", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more, expected",
    [
        ({}, [("labour", 250, 120_00, 0, 300_00), ("parts", 100, 300_00, 40_00, 420_00)]),  # the file names no money
        ({"Labour hours": "1.5"}, [("labour", 150, 120_00, 0, 180_00)]),  # the dealer's rate
        ({"Pieces of the part": "2"}, [("parts", 200, 300_00, 40_00, 840_00)]),  # the catalogue's price
        ({"Kind of line": "labour"}, [("labour", 250, 120_00, 0, 300_00)]),  # both
        ({"Labour hours": "3", "Labour": "100.00"}, [("labour", 300, 33_33, 0, 99_99)]),  # a price is whole cents
        ({"Parts": "100.00", "Markup in percent": "25"}, [("parts", 100, 80_00, 25_00, 100_00)]),
        ({"Deductible": "-50.00"}, [("deductible", 100, -50_00, 0, -50_00)]),
    ],
    ids=["none", "hours", "pieces", "line", "amount", "markup", "deductible"],
)
def test_blank_prices_follow_from_catalogue_and_terms(more, expected, sqlite_engine, cora):
    batch = bring(sqlite_engine, "claims", sheet(FIRST | more), actor=cora)
    assert batch.rejected == 0, batch.rejections
    assert [(kind, q, unit, markup, cents) for kind, _, _, q, unit, markup, cents in lines(sqlite_engine)] == expected
    assert ("names no amounts: 2 lines" in batch.outcomes[0].message) is (not more)
    assert ("99.99, and the file says 100.00" in batch.outcomes[0].message) is (more.get("Labour") == "100.00")


def test_a_part_nobody_knows_a_price_of_makes_no_line(sqlite_engine, cora):
    bring(sqlite_engine, "claims", sheet(FIRST | {"Causal part": "NO-SUCH", "Labour operation": ""}), actor=cora)
    assert lines(sqlite_engine) == []


# ---- whole or not at all ---------------------------------------------------------------------------------------------
BAD = [
    ({"VIN": OTHER}, "contradicts", "row 2 of the same claim"),
    ({"Repair order": "RO-2"}, "contradicts", "Repair order"),
    ({"Odometer": "minus"}, "not_a_number", "Odometer"),
    ({"Odometer": "-5"}, "contradicts", "Odometer"),
    ({"Day of the claim": "16/13/2026"}, "not_a_date", "Day of the claim"),
    ({"Job": "1", "Complaint": "Something else altogether"}, "contradicts", "same job"),
    ({"Job": "1000"}, "out_of_range", "between 0 and 999"),
    ({"Job": "3", "Tax": "1.00"}, "empty", "no row of this claim"),
    ({"Labour": "300.00"}, "hours_needed", "needs its hours"),
    ({"Job": "1", "Labour hours": "2.5", "Labour rate": "120.00", "Labour": "310.00"}, "adds_up", "310.00"),
    ({"Job": "1", "Labour hours": "-1"}, "quantity", "above 0"),
    ({"Sublet": "-80.00"}, "sign", "positive"),
    ({"Sublet": "eighty"}, "not_a_number", "Sublet"),
    ({"Tax": "20000000.00"}, "amount", "at most"),
    ({"Kind of line": "gift", "Amount of the line": "1"}, "not_a_choice", "Kind of line"),
    ({"Kind of line": "misc"}, "required", "no amount"),
    ({"Amount of the line": "1.00"}, "required", "which kind"),
    ({"Job": "2", "Complaint": "x" * 4_001}, "too_long", "4,000"),
    ({"Job": "2", "Causal part": "P" * 41}, "too_long", "40"),
]


@pytest.mark.parametrize("row, code, words", BAD, ids=[f"{n}-{one[1]}" for n, one in enumerate(BAD)])
def test_one_bad_row_keeps_the_whole_claim_out(row, code, words, sqlite_engine, cora):
    before = held(sqlite_engine, *TABLES)
    batch = bring(sqlite_engine, "claims", sheet(FIRST, SAME | {"Freight": "5.00"}, SAME | row), actor=cora)
    assert fates(batch) == [(2, "rejected", "other_row"), (3, "rejected", "other_row"), (4, "rejected", code)]
    assert words in batch.outcomes[2].message
    assert "see row 4" in batch.outcomes[0].message
    assert held(sqlite_engine, *TABLES) == before


@pytest.mark.parametrize(
    "row, code",
    [
        ({"Claim number": ""}, "required"),
        ({"Dealer code": ""}, "required"),
        ({"VIN": ""}, "required"),
        ({"Dealer code": "9999"}, "unknown_dealer"),
        ({"Claim number": "C" * 41}, "too_long"),
    ],
)
def test_a_bad_claim_does_not_keep_others_out(row, code, sqlite_engine, cora):
    batch = bring(sqlite_engine, "claims", sheet(FIRST | row, FIRST | {"Claim number": "C-9"}), actor=cora)
    assert fates(batch) == [(2, "rejected", code), (3, "created", "")]


def test_an_empty_claim_is_refused(sqlite_engine, cora):
    batch = bring(sqlite_engine, "claims", sheet(SAME), actor=cora)
    assert fates(batch) == [(2, "rejected", "empty")]


def test_a_row_that_is_there_twice_is_taken_once(sqlite_engine, cora):
    money = FIRST | {"Labour hours": "2.5", "Labour rate": "120.00"}
    batch = bring(sqlite_engine, "claims", sheet(money, SAME | {"Tax": "5.00"}, money), actor=cora)
    assert fates(batch) == [(2, "created", ""), (3, "created", ""), (4, "duplicate", "repeated_row")]
    assert "row 2" in batch.outcomes[2].message
    assert [kind for kind, *_ in lines(sqlite_engine)] == ["labour", "tax"]


# ---- tried, read, again, undone --------------------------------------------------------------------------------------
def test_tried_in_every_form_taken_found_again_and_taken_back(sqlite_engine, cora):
    before = held(sqlite_engine, *TABLES)
    good = (FIRST | {"Sublet": "80.00"}, FIRST | {"Claim number": "C-2", "Repair order": "RO-2"})
    for form in FORMATS:
        tried = bring(sqlite_engine, "claims", sheet(*good, form=form), actor=cora, dry_run=True)
        assert (tried.created, tried.rejected) == (2, 0), (form, tried.rejections)
        assert held(sqlite_engine, *TABLES) == before
    batch = bring(sqlite_engine, "claims", sheet(*good), actor=cora)
    after = held(sqlite_engine, *TABLES)
    assert [len(after[name]) for name in ("claim", "claim_fingerprint", "claim_run")] == [2, 2, 2]
    again = bring(sqlite_engine, "claims", sheet(*good), actor=cora)
    assert fates(again) == [(2, "duplicate", "known"), (3, "duplicate", "known")]
    assert any("already been imported" in sentence for sentence in again.sentences)
    assert held(sqlite_engine, *TABLES) == after
    assert take_back(sqlite_engine, batch, actor=cora) == 2
    assert held(sqlite_engine, *TABLES) == before


def test_flags_nobody_looked_at_go_with_the_batch(sqlite_engine, cora):
    """The same words at two vehicles raise a flag; undoing the second file takes the flag and its case back."""
    from tests.warranty.factories import add_vehicle

    add_vehicle(sqlite_engine, OTHER)
    bring(sqlite_engine, "claims", sheet(FIRST), actor=cora)
    before = held(sqlite_engine, *TABLES)
    second = FIRST | {"Claim number": "C-2", "VIN": OTHER, "Repair order": "RO-2", "Job": ""}
    batch = bring(sqlite_engine, "claims", sheet(second), actor=cora)
    with reading(sqlite_engine) as session:
        assert session.scalars(select(ClaimFlag.kind)).all(), "this test needs a flag"
    take_back(sqlite_engine, batch, actor=cora)
    assert held(sqlite_engine, *TABLES) == before


def test_a_case_somebody_looks_into_keeps_the_batch(sqlite_engine, cora):
    from db.investigations.commands import open_investigation

    batch = bring(sqlite_engine, "claims", sheet(FIRST), actor=cora)
    claim = only_claim(sqlite_engine)
    run(
        open_investigation, bind=sqlite_engine, claim_id=claim.id, dealer_id=claim.dealer_id, actor=cora, now=NOW,
        because="Looks odd to me", form_key="look",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        take_back(sqlite_engine, batch, actor=cora)
    assert {p.code for p in refused.value.problems} <= {"investigated", "changed_since"}
    assert only_claim(sqlite_engine).id == claim.id


def test_money_that_was_posted_keeps_the_batch(sqlite_engine, cora):
    """An import the rules pay at once: the ledger forgets nothing."""
    from dataclasses import replace

    from db.claims.policy_commands import publish_policy
    from db.claims.policy_rules import DEFAULT

    policy = replace(DEFAULT, attachments={**DEFAULT.attachments, "standard": ()})
    run(
        publish_policy, bind=sqlite_engine, policy=policy, effective_from=(NOW - timedelta(days=1)).date(),
        reason="No papers", seen_version=DEFAULT.version, form_key=None, actor=system_actor("seed"), now=NOW,
    )  # fmt: skip
    batch = bring(sqlite_engine, "claims", sheet(FIRST), actor=cora)
    claim = only_claim(sqlite_engine)
    assert (claim.status, claim.approved_cents) == ("approved", 720_00), batch.outcomes[0].message
    with pytest.raises(Refused) as refused:
        take_back(sqlite_engine, batch, actor=cora)
    assert refused.value.code == "money_posted"
    assert "720.00" in str(refused.value)
    assert only_claim(sqlite_engine).status == "approved"


def test_what_the_dealer_went_on_with_keeps_the_batch(sqlite_engine, cora):
    batch = bring(sqlite_engine, "claims", sheet(FIRST), actor=cora)
    claim = only_claim(sqlite_engine)
    assert claim.status == "returned"  # no repair order is attached (W25)
    make_person(sqlite_engine, "dana", Role.DEALER_MANAGER)
    step(sqlite_engine, "void", claim.id, actor=actor_named(sqlite_engine, "dana"), note="Sent by mistake", now=NOW)
    with pytest.raises(Refused) as refused:
        take_back(sqlite_engine, batch, actor=cora)
    assert refused.value.code == "changed_since"


def test_a_later_version_keeps_the_batch(sqlite_engine, cora):
    batch = bring(sqlite_engine, "claims", sheet(FIRST), actor=cora)
    claim = only_claim(sqlite_engine)
    bring(sqlite_engine, "claims", sheet(FIRST | {"Claim number": "C-2", "Repair order": "RO-2"}), actor=cora)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        session.execute(update(Claim).where(Claim.id != claim.id).values(original_id=claim.id))
    before = held(sqlite_engine, *TABLES)
    with pytest.raises(Refused) as refused:
        take_back(sqlite_engine, batch, actor=cora)
    assert refused.value.code == "in_use"
    assert held(sqlite_engine, *TABLES) == before


# ---- who may ---------------------------------------------------------------------------------------------------------
def test_only_those_who_may_and_only_their_dealers(sqlite_engine, cora):
    make_dealer(sqlite_engine, code="0999", name="North Star", region="West")
    make_person(sqlite_engine, "emma", Role.COORDINATOR, scope_kind="regions", regions=["East"])
    file = sheet(FIRST, FIRST | {"Claim number": "C-2", "Dealer code": "0999"})
    for role in (Role.FINANCE, Role.DEALER_MANAGER, Role.DEALER_STAFF):
        make_person(sqlite_engine, role.value, role)
        with pytest.raises(Refused) as refused:
            bring(sqlite_engine, "claims", file, actor=actor_named(sqlite_engine, role.value))
        assert refused.value.code == "not_allowed"
    batch = bring(sqlite_engine, "claims", file, actor=actor_named(sqlite_engine, "emma"))
    assert fates(batch) == [(2, "created", ""), (3, "rejected", "unknown_dealer")]
    assert "North Star" not in batch.rejections[0].message
