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
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import reading
from tests.claims.factories import CLAIM, JOB, LABOUR, claim_of, sent
from tests.support.users import actor_named, make_dealer, make_person
from tests.warranty.factories import warranty_data

TODAY = date(2026, 11, 22)
FORCED = ("modified",)  # a person decides, so the claim counts


def read(engine: Engine, dealer: int, who: str, draft: ClaimDraft = CLAIM, **more: Any) -> ClaimFacts:
    with reading(engine) as session:
        return facts_of(session, draft, dealer_id=dealer, actor=actor_named(engine, who), today=TODAY, **more)


@pytest.fixture
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
    assert facts.technician is not None and facts.technician.skills == ("engine",)


def test_another_dealers_claim_is_not_found_and_its_work_is_known_without_a_name(engine: Engine, dealer: int):
    other = make_dealer(engine, code="D-2")
    make_person(engine, "dino", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    warranty_data(engine)
    with pytest.raises(NotFound):
        read(engine, other, "dora")
    # The core's submit stores a claim in review only where its files are there; the state is not what is asked here.
    claim_id = sent(engine, dealer_id=other, actor=actor_named(engine, "dino"), exclusions=FORCED)
    number = claim_of(engine, claim_id).number
    counted = claim_of(engine, claim_id).status not in ("returned", "rejected")
    facts = read(engine, dealer, "dora")
    assert [(e.own, e.same_vehicle, e.is_counted) for e in facts.earlier] == [(False, True, True)] * counted
    assert all(number not in r.sentence for r in adjudicate(facts, DEFAULT).results)


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
