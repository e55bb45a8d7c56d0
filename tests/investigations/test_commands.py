"""Claims that look odd are flagged once and go their own way; an investigation's life; the daily look at dealers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from db import catalog
from db.claims.submit_commands import TARGETS
from db.claims.tables import Claim, ClaimAttachment
from db.core.actor import Actor
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.investigations.checks import CHECKS
from db.investigations.commands import COMMANDS, open_investigation, scan
from db.investigations.jobs import run_scan
from db.investigations.queries import (
    InvestigationFilters,
    count_investigations,
    flagged,
    get_investigation,
    list_investigations,
    work_lines,
)
from db.investigations.tables import ClaimFlag, DealerScan, Investigation
from tests.claims.factories import CLAIM, JOB, LABOUR, PART, claim_of, saved, sent, step
from tests.support.again import begun
from tests.support.users import NOW, actor_named, make_dealer, make_person


@pytest.fixture
@begun
def house(sqlite_engine: Engine) -> dict[str, Any]:
    return people(sqlite_engine)


def people(engine: Engine) -> dict[str, Any]:
    here = make_dealer(engine)
    there = make_dealer(engine, code="05500", name="Far Away Motors", region="West")
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[here])
    make_person(engine, "drew", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[there])
    make_person(engine, "cora", Role.COORDINATOR)
    make_person(engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    found = {name: actor_named(engine, name) for name in ("dora", "drew", "cora", "wes")}
    return {"here": here, "there": there, **found}


def flags(engine: Engine) -> list[tuple[str, int | None]]:
    with reading(engine) as session:
        return [(k, c) for k, c in session.execute(select(ClaimFlag.kind, ClaimFlag.claim_id).order_by(ClaimFlag.id))]


def only(engine: Engine) -> Investigation:
    with reading(engine) as session:
        found = session.scalars(select(Investigation)).one()
        session.expunge(found)
        return found


def attach(engine: Engine, claim_id: int, *, name: str, sha: str, **more: Any) -> None:
    """A file as the upload leaves it; the bytes do not matter here."""
    claim = claim_of(engine, claim_id)
    values = {
        "claim_id": claim_id, "dealer_id": claim.dealer_id, "region": claim.region, "kind": "photo", "file_name": name,
        "stored_name": f"{claim_id}-{name}", "size": 10, "sha256": sha, "media_type": "image/jpeg", "uploaded_at": NOW,
        "uploaded_by": "Dora", **more,
    }  # fmt: skip
    with writing(engine, keeps_timeline=False) as session:
        session.execute(insert(ClaimAttachment), [values])


def other(**more: Any) -> dict[str, Any]:
    """Another vehicle and repair order with other words, so that nothing is alike but what a test makes alike."""
    words: dict[str, Any] = {
        "complaint": "Steering pulls to the left on the motorway at any speed.",
        "cause": "Gearbox of the steering has play at the sector shaft beyond the limit in the manual, measured twice.",
        "correction": "Steering gearbox exchanged, wheel alignment set, test drive of ten miles without any finding.",
    }
    job = replace(JOB, operation="S2210", causal_part="SGB-6500", component="STR-GEAR", **words)
    return {"vin": "1M8GDM9AXKP042788", "ro_number": "RO-9", "jobs": (job,), **more}


def test_a_claim_like_no_other_raises_nothing(sqlite_engine, house):
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2", **other())
    assert flags(sqlite_engine) == []


def test_the_same_repair_at_another_dealer_opens_one_investigation(engine: Engine):
    house = people(engine)
    sent(engine, dealer_id=house["here"], actor=house["dora"])
    job = replace(JOB, cause="Wheel of the turbo touches its housing, play of the shaft is over the limit of the book.")
    twin = sent(engine, dealer_id=house["there"], actor=house["drew"], key="f2", ro_number="RO-1", jobs=(job,))
    assert flags(engine) == [("vehicle_twice", twin)]
    found = only(engine)
    assert (found.claim_id, found.dealer_id, found.status, found.flags) == (twin, house["there"], "flagged", 1)
    with reading(engine) as session:
        row = get_investigation(session, item_id=found.id, actor=house["cora"], now=NOW)
        assert "Lone Pine Motors" in row.flag_lines[0].sentence
        # The claim's own entry is the only one: the flag adds none, and the dealer's history does not show it.
        last = session.scalars(select(TimelineEntry).order_by(TimelineEntry.seq.desc())).first()
        assert last is not None
        assert last.area == "claims"


def test_a_flag_does_not_touch_the_claim(sqlite_engine, house):
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    copy = sent(
        sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2", vin="1M8GDM9AXKP042788", ro_number="RO-9"
    )
    assert flags(sqlite_engine) == [("same_words", copy)]
    claim = claim_of(sqlite_engine, copy)
    # The claim is where the rules alone bring it; the flag takes no step and changes no column.
    assert (claim.status, claim.version) == (TARGETS[claim.outcome], 2)


def test_words_copied_to_another_vehicle(sqlite_engine, house):
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    copy = sent(
        sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2", vin="1M8GDM9AXKP042788", ro_number="RO-9"
    )
    assert flags(sqlite_engine) == [("same_words", copy)]


def test_a_picture_and_an_invoice_used_before(sqlite_engine, house):
    first = saved(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    attach(sqlite_engine, first, name="a.jpg", sha="a" * 64, picture_hash="0f" * 8)
    attach(sqlite_engine, first, name="r.pdf", sha="b" * 64, invoice_number="R-77", invoice_cents=120_00)
    step(sqlite_engine, "submit", first, actor=house["dora"])
    second = saved(sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2", **other())
    attach(sqlite_engine, second, name="c.jpg", sha="c" * 64, picture_hash="0f" * 8)
    attach(sqlite_engine, second, name="s.pdf", sha="d" * 64, invoice_number="R-77", invoice_cents=180_00)
    step(sqlite_engine, "submit", second, actor=house["dora"])
    assert flags(sqlite_engine) == [("picture_reuse", second), ("invoice_reuse", second)]
    assert only(sqlite_engine).flags == 2


def test_an_odometer_that_goes_back(sqlite_engine, house):
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    later = sent(
        sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2",
        **other(vin=CLAIM.vin, odometer_in=20_000, odometer_out=20_001, ro_opened_on=date(2026, 11, 19),
                ro_closed_on=date(2026, 11, 19), failed_on=date(2026, 11, 19), reported_on=date(2026, 11, 19)),
    )  # fmt: skip
    assert flags(sqlite_engine) == [("usage", later)]


def test_a_claim_sent_again_is_flagged_once(sqlite_engine, house):
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    twin = sent(
        sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2", vin="1M8GDM9AXKP042788",
        ro_number="RO-9", charges=(LABOUR, replace(PART, unit_cents=900_00)), exclusions=("modified",),
    )  # fmt: skip
    assert claim_of(sqlite_engine, twin).status in ("in_review", "returned", "rejected")
    if claim_of(sqlite_engine, twin).status == "in_review":
        step(sqlite_engine, "send_back", twin, actor=house["cora"], reason_code="DOC_MISSING", note="The print-out.")
    before = flags(sqlite_engine)
    step(sqlite_engine, "submit", twin, actor=house["dora"])
    assert flags(sqlite_engine) == before == [("same_words", twin)]


# ---- by hand ---------------------------------------------------------------------------------------------------------
def by_hand(engine: Engine, actor: Actor, dealer_id: int, key: str = "i1", **more: Any) -> int:
    because = more.pop("because", "Customers say the repair was never made.")
    return run(
        open_investigation,
        bind=engine,
        dealer_id=dealer_id,
        because=because,
        actor=actor,
        now=NOW,
        form_key=key,
        **more,
    )


def take_step(engine: Engine, name: str, item_id: int, actor: Actor, **more: Any) -> None:
    seen = more.pop("seen_version", None) or only(engine).version
    run(COMMANDS[name], bind=engine, item_id=item_id, seen_version=seen, actor=actor, now=NOW, **more)


def test_the_life_of_one_opened_by_hand(engine: Engine):
    house = people(engine)
    found = by_hand(engine, house["cora"], house["here"])
    assert by_hand(engine, house["cora"], house["here"]) == found  # the same form twice
    with pytest.raises(Refused, match="open already"):
        by_hand(engine, house["cora"], house["here"], key="i2")
    take_step(engine, "take", found, house["cora"])
    with reading(engine) as session:
        assert [line.item_id for line in work_lines(session, actor=house["cora"], now=NOW, limit=5)] == [found]
    with pytest.raises(Stale):
        take_step(engine, "close", found, house["cora"], seen_version=1, outcome="confirmed", note="Yes.")
    with pytest.raises(Refused) as refusal:
        take_step(engine, "close", found, house["cora"], outcome="perhaps", note=" ")
    assert {p.field for p in refusal.value.problems} == {"outcome", "note"}
    take_step(engine, "close", found, house["cora"], outcome="unfounded", note="Three invoices checked.")
    assert (only(engine).status, only(engine).is_open, only(engine).outcome) == ("closed", False, "unfounded")
    take_step(engine, "reopen", found, house["cora"], note="A fourth customer called.")
    assert (only(engine).status, only(engine).outcome) == ("looking", "")
    with reading(engine) as session:
        assert [sentence for check in CHECKS for sentence in check.run(session)] == []


def test_who_may_not(sqlite_engine, house):
    found = by_hand(sqlite_engine, house["cora"], house["here"])
    for name in ("dora", "drew"):
        assert not house[name].can(Permission.CLAIMS_INVESTIGATE)
        with pytest.raises(Refused):
            by_hand(sqlite_engine, house[name], house["here"], key=f"i-{name}")
        with reading(sqlite_engine) as session, pytest.raises(Refused):
            list_investigations(session, actor=house[name], filters=InvestigationFilters())
    with pytest.raises(NotFound):
        take_step(sqlite_engine, "take", found, house["wes"])  # West sees nothing of the East
    with pytest.raises(NotFound):
        by_hand(sqlite_engine, house["wes"], house["here"], key="i3")
    with reading(sqlite_engine) as session:
        assert list_investigations(session, actor=house["wes"], filters=InvestigationFilters()) == ([], None)
        assert count_investigations(session, actor=house["wes"], filters=InvestigationFilters()) == 0
    with pytest.raises(Refused):
        take_step(sqlite_engine, "hand_over", found, house["cora"], assignee_id=house["dora"].user_id)


def test_flags_are_shown_to_who_may_investigate_only(sqlite_engine, house):
    sent(sqlite_engine, dealer_id=house["here"], actor=house["dora"])
    copy = sent(
        sqlite_engine, dealer_id=house["here"], actor=house["dora"], key="f2", vin="1M8GDM9AXKP042788", ro_number="RO-9"
    )
    with reading(sqlite_engine) as session:
        assert [f.kind for f in flagged(session, claim_ids=[copy], actor=house["cora"])[copy]] == ["same_words"]
        assert flagged(session, claim_ids=[copy], actor=house["dora"]) == {}
        assert flagged(session, claim_ids=[copy], actor=house["wes"]) == {}


# ---- all dealers, once a day -----------------------------------------------------------------------------------------
def many(engine: Engine, dealer_id: int, *, weeks_ago: int, count: int, cents: int, region: str = "East") -> None:
    """Claims of the past as they are stored: only dealer, day and amount count here."""
    at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC) - timedelta(weeks=weeks_ago)
    with writing(engine, keeps_timeline=False) as session:
        start = (session.scalar(select(func.max(Claim.id))) or 0) + 1
        session.execute(
            insert(Claim),
            [
                {
                    "id": n, "number": f"WC-{n:06}", "status": "paid", "version": 1, "is_open": False, "held_by": "",
                    "dealer_id": dealer_id, "region": region, "claim_type": "standard", "family_id": n,
                    "submitted_by": "x", "created_at": at, "updated_at": at, "updated_by": "x", "stage_entered_at": at,
                    "submitted_at": at, "claimed_cents": cents,
                }
                for n in range(start, start + count)
            ],
        )  # fmt: skip


def test_a_spike_and_a_hugged_limit_are_found_once_a_day(engine: Engine):
    house = people(engine)
    for week in range(2, 28):
        many(engine, house["here"], weeks_ago=week, count=1, cents=300_00)
    many(engine, house["here"], weeks_ago=1, count=9, cents=300_00)
    many(engine, house["there"], weeks_ago=5, count=14, cents=990_00, region="West")
    at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    assert run_scan(engine, now=at) == 2
    assert run_scan(engine, now=at + timedelta(hours=1)) == 0
    assert sorted(flags(engine)) == [("hugging", None), ("spike", None)]
    with pytest.raises(Refused, match="already"):
        run(scan, bind=engine, day=date(2026, 11, 25), actor=catalog_actor(engine), now=at)
    assert run_scan(engine, now=at + timedelta(days=1)) == 0  # the next day finds the same and raises it no more
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(DealerScan)) == 2
        rows, _ = list_investigations(session, actor=house["cora"], filters=InvestigationFilters(kind="spike"))
        assert [(r.dealer_id, r.claim_id) for r in rows] == [(house["here"], None)]
        assert [sentence for check in CHECKS for sentence in check.run(session)] == []
    assert "Look for odd claims by dealer" in {job.name for job in catalog.all_jobs()}


def catalog_actor(engine: Engine) -> Actor:
    return actor_named(engine, "cora")
