"""What the desk knows beside a claim: whose it is, whom it names, and how many statements it takes to read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, event

from db.claims.adjudicate_rules import adjudicate
from db.claims.facts_queries import facts_of
from db.claims.model import ClaimDraft, ClaimFacts
from db.claims.policy_rules import DEFAULT
from db.claims.tables import ClaimAttachment
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import reading, writing
from tests.claims.factories import CLAIM, JOB, LABOUR, NOW, claim_of, saved, step
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import warranty_data

TODAY = date(2026, 11, 22)
FORCED = ("modified",)  # a person decides, so the claim counts


def read(engine: Engine, dealer: int, who: str, draft: ClaimDraft = CLAIM, **more: Any) -> ClaimFacts:
    with reading(engine) as session:
        return facts_of(session, draft, dealer_id=dealer, actor=actor_named(engine, who), today=TODAY, **more)


@pytest.fixture
@begun
def dealer(engine: Engine) -> int:
    made = make_dealer(engine)
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[made])
    warranty_data(engine)
    return made


def test_nothing_is_wrong_with_the_sound_claim(engine: Engine, dealer: int):
    facts = read(engine, dealer, "dora", attachments=("ro_copy",))
    verdict = adjudicate(facts, DEFAULT)
    assert verdict.outcome == "pay", verdict.why
    assert verdict.suggested_cents == 720_00
    assert facts.vehicle.in_service_on == date(2025, 11, 3)
    assert facts.technician is not None
    assert facts.technician.skills == ("engine",)


def test_another_dealers_claim_is_not_found_and_its_work_is_known_without_a_name(engine: Engine, dealer: int):
    other = make_dealer(engine, code="D-2")
    make_person(engine, "dino", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    warranty_data(engine)
    with pytest.raises(NotFound):
        read(engine, other, "dora")
    dino = actor_named(engine, "dino")
    claim_id = saved(engine, dealer_id=other, actor=dino, exclusions=FORCED)
    with writing(engine, keeps_timeline=False) as session:
        session.add(
            ClaimAttachment(
                claim_id=claim_id, dealer_id=other, kind="ro_copy", file_name="ro.pdf", stored_name="ro", size=1,
                sha256="0" * 64, media_type="application/pdf", uploaded_at=NOW, uploaded_by="Test",
            )
        )  # fmt: skip
    step(engine, "submit", claim_id, actor=dino)
    number = claim_of(engine, claim_id).number
    assert claim_of(engine, claim_id).status == "in_review"
    facts = read(engine, dealer, "dora")
    assert [(e.own, e.same_vehicle, e.is_counted) for e in facts.earlier] == [(False, True, True)]
    verdict = adjudicate(facts, DEFAULT)
    assert "W17" in {r.rule for r in verdict.failed}
    assert all(number not in r.sentence for r in verdict.results)


def test_twenty_jobs_take_as_many_statements_as_one(engine: Engine, dealer: int):
    def count(jobs: int) -> int:
        draft = replace(
            CLAIM, jobs=tuple(replace(JOB, position=n) for n in range(1, jobs + 1)),
            charges=tuple(replace(LABOUR, position=n, job=n) for n in range(1, jobs + 1)),
        )  # fmt: skip
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            read(engine, dealer, "dora", draft)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    assert count(1) == count(20) <= 30
