"""Has this lead been here before? One sentence a case (domain-rules 2.2 D)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.leads.duplicates import Arrival, Known, VehicleFacts, classify, same_vehicle

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
CAMRY = VehicleFacts(year=2026, make="Toyota", model="Camry")
JANE = frozenset({"email:jane@mail.com", "phone:+12125550100"})


def arrival(**facts: Any) -> Arrival:
    given: dict[str, Any] = {
        "received_at": NOON,
        "keys": JANE,
        "name": "Jane Doe",
        "vehicle": CAMRY,
        "content_hash": "b",
    }
    return Arrival(**{**given, **facts})


def known(**facts: Any) -> Known:
    given: dict[str, Any] = {
        "lead_id": 7, "number": "L-000007", "status": "assigned", "is_open": True,
        "received_at": NOON - timedelta(days=3),
        "keys": JANE, "name": "Jane Doe", "vehicle": CAMRY, "hashes": frozenset({"a"}),
    }  # fmt: skip
    return Known(**{**given, **facts})


IDS = frozenset({("cars", "1")})
BOB = {"keys": frozenset({"email:bob@mail.com"}), "name": "Bob Roe"}
SOLD = {"status": "sold", "is_open": False}
RAV4 = VehicleFacts(year=2026, make="Toyota", model="RAV4")

# sentence, what arrives, what we have, outcome, the lead it belongs to or follows
CASES: list[tuple[str, Arrival, list[Known], str, int | None]] = [
    ("nobody we know", arrival(), [], "new", None),
    ("the same content again", arrival(content_hash="a"), [known()], "identical", 7),
    (
        "the same content long after, lead still open",
        arrival(content_hash="a", received_at=NOON + timedelta(days=90)),
        [known()],
        "identical",
        7,
    ),
    (
        "the same words without a date, after close and window",
        arrival(content_hash="a", received_at=NOON + timedelta(days=90)),
        [known(**SOLD)],
        "after_close",
        7,
    ),
    (
        "the same dated content after close",
        arrival(content_hash="a", received_at=NOON + timedelta(days=90), has_moment=True),
        [known(**SOLD)],
        "identical",
        7,
    ),
    ("the same source and number", arrival(external_ids=IDS, vehicle=RAV4), [known(external_ids=IDS)], "resend", 7),
    (
        "the same number after close is still a resend",
        arrival(external_ids=IDS),
        [known(external_ids=IDS, **SOLD)],
        "resend",
        7,
    ),
    (
        "the same number of another source",
        arrival(external_ids=IDS, **BOB),
        [known(external_ids=frozenset({("other", "1")}))],
        "new",
        None,
    ),
    (
        "an equal number of plainly different people",
        arrival(external_ids=IDS, **BOB),
        [known(external_ids=IDS)],
        "new",
        None,
    ),
    (
        "an equal number, new e-mail, same name",
        arrival(external_ids=IDS, keys=frozenset({"email:j@new.com"})),
        [known(external_ids=IDS)],
        "resend",
        7,
    ),
    (
        "an equal number without a source and without any name",
        arrival(external_ids=frozenset({("", "1")}), keys=frozenset(), name=""),
        [known(external_ids=frozenset({("", "1")}))],
        "new",
        None,
    ),
    ("marked as sent again by the same person", arrival(is_resend=True), [known()], "resend", 7),
    ("marked as sent again, but by somebody else", arrival(is_resend=True, **BOB), [known()], "new", None),
    ("same person, same vehicle", arrival(), [known()], "same_person_same_vehicle", 7),
    (
        "same person, on the last day of the window",
        arrival(),
        [known(received_at=NOON - timedelta(days=30))],
        "same_person_same_vehicle",
        7,
    ),
    (
        "same person, a moment after the window",
        arrival(),
        [known(received_at=NOON - timedelta(days=30, seconds=1))],
        "new",
        7,
    ),
    ("same person names no vehicle", arrival(vehicle=VehicleFacts()), [known()], "same_person_same_vehicle", 7),
    (
        "same person, the lead named no vehicle",
        arrival(),
        [known(vehicle=VehicleFacts())],
        "same_person_same_vehicle",
        7,
    ),
    ("same person, another vehicle", arrival(vehicle=RAV4), [known()], "same_person_new_vehicle", 7),
    ("same person after close", arrival(), [known(**SOLD)], "after_close", 7),
    (
        "an open lead counts before a closed one",
        arrival(),
        [known(lead_id=9, number="L-9", **SOLD), known()],
        "same_person_same_vehicle",
        7,
    ),
    (
        "of two open leads the one with the vehicle",
        arrival(),
        [known(lead_id=9, number="L-9", vehicle=RAV4, received_at=NOON), known()],
        "same_person_same_vehicle",
        7,
    ),
    ("another dealer is another lead", arrival(dealer_id=2), [known(dealer_ids=frozenset({1}))], "new", None),
    (
        "the dealer it named counts, not only the one that has it",
        arrival(dealer_id=2),
        [known(dealer_ids=frozenset({1, 2}))],
        "same_person_same_vehicle",
        7,
    ),
    ("no dealer named fits any", arrival(), [known(dealer_ids=frozenset({1}))], "same_person_same_vehicle", 7),
    (
        "the same number sent to another dealer is another lead",
        arrival(external_ids=IDS, dealer_id=2),
        [known(external_ids=IDS, dealer_ids=frozenset({1}))],
        "new",
        None,
    ),
    (
        "two dealers we do not know are told apart by name",
        arrival(vendor_key="a motors"),
        [known(vendor_key="b motors")],
        "new",
        None,
    ),
    (
        "only the telephone is shared",
        arrival(keys=frozenset({"phone:+12125550100"})),
        [known()],
        "same_person_same_vehicle",
        7,
    ),
]


@pytest.mark.parametrize(
    ("new", "have", "outcome", "lead_id"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_classify(new: Arrival, have: list[Known], outcome: str, lead_id: int | None):
    candidates = [
        lead
        for lead in have
        if new.keys & lead.keys or new.external_ids & lead.external_ids or new.content_hash in lead.hashes
    ]
    found = classify(new, candidates)
    assert (found.outcome, found.lead_id) == (outcome, lead_id)
    assert found.why


def test_a_collision_of_numbers_is_told():
    found = classify(arrival(external_ids=IDS, **BOB), [known(external_ids=IDS)])
    assert found.warnings == ("Number 1 of cars is also on lead L-000007, but that is another person.",)


def test_the_window_can_be_set():
    older = known(received_at=NOON - timedelta(days=40))
    assert classify(arrival(), [older], window_days=45).outcome == "same_person_same_vehicle"


VEHICLES = [
    ("the same VIN", VehicleFacts(vin="A"), VehicleFacts(vin="A", make="Ford"), True),
    ("two VINs are two vehicles whatever else agrees", replace(CAMRY, vin="A"), replace(CAMRY, vin="B"), False),
    ("the same stock number, written otherwise", VehicleFacts(stock="a-1"), VehicleFacts(stock="A 1"), True),
    ("make and model in other case", CAMRY, VehicleFacts(make="TOYOTA", model="camry"), True),
    ("another year", CAMRY, replace(CAMRY, year=2025), False),
    ("a trim in the model's name", CAMRY, replace(CAMRY, model="Camry XLE"), True),
    ("a longer name is not a trim", CAMRY, replace(CAMRY, model="Camryx"), False),
    ("the make alone does not make it the same", VehicleFacts(make="Toyota"), VehicleFacts(make="Toyota"), False),
    ("another make, same model name", CAMRY, replace(CAMRY, make="Honda"), False),
]


@pytest.mark.parametrize(("one", "other", "same"), [case[1:] for case in VEHICLES], ids=[case[0] for case in VEHICLES])
def test_same_vehicle(one: VehicleFacts, other: VehicleFacts, same: bool):
    assert same_vehicle(one, other) is same
    assert same_vehicle(other, one) is same


people = st.frozensets(st.sampled_from(["email:a@x.co", "email:b@x.co", "phone:+12125550100"]), max_size=3)
numbers = st.frozensets(st.sampled_from([("cars", "1"), ("cars", "2"), ("", "1")]), max_size=2)
dealers = st.one_of(st.none(), st.integers(1, 3))


@given(
    people,
    numbers,
    dealers,
    people,
    numbers,
    st.frozensets(st.integers(1, 3), max_size=2),
    st.booleans(),
    st.integers(0, 90),
)
def test_never_across_dealers_and_never_without_a_reason(
    keys, ids, dealer, other_keys, other_ids, theirs, is_open, days
):
    new = arrival(keys=keys, external_ids=ids, dealer_id=dealer)
    lead = known(
        keys=other_keys, external_ids=other_ids, dealer_ids=theirs, is_open=is_open,
        received_at=NOON - timedelta(days=days),
    )  # fmt: skip
    found = classify(new, [lead])
    assert found.why
    if dealer is not None and theirs and dealer not in theirs:
        assert (found.outcome, found.lead_id) == ("new", None)
    if found.joins:
        assert found.lead_id == 7
        assert keys & other_keys or ids & other_ids
