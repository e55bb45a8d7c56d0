"""R01, R03 and two sweeps: many processes and threads on one fund, and what is left is exact."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from db.coop.commands import REQUESTS, allocate, ask, make_payment
from db.coop.jobs import run_expiry
from db.coop.queue_tables import CoopRequest
from db.coop.tables import CoopEntry
from db.core.problems import Refused
from db.core.session import reading, run
from tests.coop.factories import NOW, PRINT, House, of
from tests.support.at_once import at_once
from tests.support.tier import figure, sized

PROCESSES = 8
EACH = 50
"""400 decisions on 100,000."""
SEEDS = sized(fast=range(20260504, 20260505), long=range(20260504, 20260524))
FORMS = sized(fast=20, long=2_500)
"""Each form is sent four times: 10,000 submissions in the long tier."""
FUND = PROCESSES * EACH * 250_00


def _decide(engine: Any, *, items: list[tuple[int, int]], actor: Any) -> Counter[str]:
    """Approve each request; what the fund cannot pay is denied."""
    answers: Counter[str] = Counter()
    for item, version in items:
        common = {"bind": engine, "item_id": item, "seen_version": version, "actor": actor, "now": NOW}
        try:
            run(REQUESTS["approve"], **common)
            answers["approved"] += 1
        except Refused as refused:
            answers[refused.code] += 1
            run(REQUESTS["deny"], **common, reason_code="funds", note="The fund is used up")
            answers["denied"] += 1
    return answers


def _many_requests(engine: Any, house: House, count: int, *, seed: int) -> list[tuple[int, int]]:
    """(id, version) of waiting requests: one through its command, the others its copies with costs of their own."""
    first, dice = house.ask(), random.Random(seed)
    table: Any = CoopRequest.__table__
    with engine.begin() as connection:
        row = dict(connection.execute(select(table).where(table.c.id == first)).mappings().one())
        rows = []
        for number in range(count - 1):
            cents = dice.randint(100_00, 900_00) * 4 // 3
            rows.append({
                **row, "id": first + 1 + number, "number": f"FR-{first + 1 + number:06}", "form_key": f"many{number}",
                "costs": [{"kind": "space", "cents": cents}], "cost_cents": cents,
            })  # fmt: skip
        connection.execute(insert(table), rows)
    return [(first + number, 1) for number in range(count)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.slow
def test_eight_processes_on_one_fund_never_overspend(engine, seed):
    """R01: requests for twice what the fund has; each is answered, and the sum of approved lines is exact."""
    house = House(engine, earned=FUND)
    made = _many_requests(engine, house, PROCESSES * EACH, seed=seed)
    parts = [made[n::PROCESSES] for n in range(PROCESSES)]
    found = at_once(engine, *(partial(_decide, items=part, actor=house.cora) for part in parts))
    answers: Counter[str] = sum(found, Counter())
    with reading(engine) as session:
        sums = dict(
            session.execute(
                select(CoopRequest.status, func.sum(CoopRequest.approved_cents)).group_by(CoopRequest.status)
            ).all()
        )
        many = dict(session.execute(select(CoopRequest.status, func.count()).group_by(CoopRequest.status)).all())
        posted = session.scalar(select(func.sum(CoopEntry.cents)).where(CoopEntry.kind == "reserve"))
    fund = house.fund()
    approved = int(sums.get("approved") or 0) + int(sums.get("partially_approved") or 0)
    figure("R01", "seeds", len(SEEDS))
    figure("R01", "decisions a seed", len(made))
    figure("R01", "overspent cents", max(0, approved - FUND))
    figure("R01", "cents off the approved lines", abs(fund.available_cents - (FUND - approved)))
    figure("R01", "decisions not answered", len(made) - answers["approved"] - answers["denied"])
    assert fund.available_cents == FUND - approved >= 0
    assert fund.reserved_cents == posted == approved
    assert sum(many.values()) == PROCESSES * EACH
    assert set(many) <= {"approved", "partially_approved", "denied"}
    assert answers["approved"] + answers["denied"] == PROCESSES * EACH
    assert answers["denied"] == answers["available"] > 0
    house.sound()


def _sweep(engine: Any, *, now: datetime) -> int:
    return run_expiry(engine, now=now)


def test_two_sweeps_at_once_expire_each_cent_once(engine):
    house = House(engine)
    over = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
    assert sum(at_once(engine, *(partial(_sweep, now=over),) * 3)) == 1
    assert house.fund().expired_cents == 10_000_00
    house.sound()


def _pay(engine: Any, *, key: str, actor: Any) -> int:
    made: int = run(make_payment, bind=engine, form_key=key, actor=actor, now=NOW)
    return made


def test_two_payments_at_once_pay_each_claim_once(engine):
    house = House(engine)
    for _ in range(3):
        house.claim_step("approve", house.claim(of(1_000_00)), "cora")
    found = at_once(engine, *(partial(_pay, key=f"k{n}", actor=house.finn) for n in range(3)))
    assert sorted(map(str, found)) == ["1", "nothing", "nothing"]
    assert house.fund().paid_cents == 2_250_00
    house.sound()


def test_forms_sent_again_take_effect_once(engine):
    """R03: each form is sent again twice by sixteen threads, then with another amount, which is refused."""
    house = House(engine, earned=0)
    common: dict[str, Any] = {
        "programme_id": house.programme,
        "dealer_id": house.dealer,
        "reason": "R03",
        "actor": house.mason,
    }

    def send(number: int, cents: int) -> str:
        try:
            run(allocate, bind=engine, cents=cents, form_key=f"r{number}", now=NOW, **common)
        except Refused as refused:
            return refused.code
        return "done"

    for number in range(FORMS):
        assert send(number, 1_00 + number) == "done"
    jobs = [(n, 1_00 + n, False) for n in range(FORMS)] * 2 + [(n, 9_00 + n, True) for n in range(FORMS)]
    random.Random(7).shuffle(jobs)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda job: (send(*job[:2]), job[2]), jobs))
    with reading(engine) as session:
        effects = session.scalar(select(func.count()).where(CoopEntry.kind == "allocation")) or 0
    figure("R03", "submissions", FORMS + len(jobs))
    figure("R03", "effects too many", effects - FORMS)
    figure("R03", "other contents taken", FORMS - Counter(answers)["other_content", True])
    assert Counter(answers) == {("done", False): 2 * FORMS, ("other_content", True): FORMS}
    assert effects == FORMS
    assert house.fund().allocated_cents == sum(1_00 + n for n in range(FORMS))
    house.sound()


def test_a_key_is_kept_longer_than_a_day(engine):
    """The same form a month later, after every sweep in between: still one effect, and another amount is refused."""
    house = House(engine, earned=0)
    common = {"bind": engine, "programme_id": house.programme, "dealer_id": house.dealer, "reason": "R03"}
    run(allocate, **common, cents=5_00, form_key="kept", actor=house.mason, now=NOW)
    hours = 0
    for hours in (1, 24, 25, 24 * 30):
        later = NOW + timedelta(hours=hours)
        _sweep(engine, now=later)
        run(allocate, **common, cents=5_00, form_key="kept", actor=house.mason, now=later)
        with pytest.raises(Refused) as refused:
            run(allocate, **common, cents=6_00, form_key="kept", actor=house.mason, now=later)
        assert refused.value.code == "other_content"
    figure("R03", "hours a key was kept", hours)
    assert house.fund().allocated_cents == 5_00


def test_one_request_asked_by_many_at_once_is_one(engine):
    house = House(engine)
    dora = house.dora

    def send(_: int) -> int:
        made: int = run(
            ask, bind=engine, dealer_id=house.dealer, programme_id=house.programme, terms=PRINT, form_key="one",
            actor=dora, now=NOW,
        )  # fmt: skip
        return made

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, range(24)))) == 1
