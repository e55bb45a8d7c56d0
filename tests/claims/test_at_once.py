"""Several processes at the same moment, on both databases: silence, warnings, duplicates, money, each once.

A guard that only reads before it writes passes every test of one process; these let two of them read first.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from db.claim_payments.batch_commands import make_batch
from db.claim_payments.tables import ClaimEntry, CreditMemo
from db.claims import jobs
from db.claims.commands import COMMANDS
from db.claims.tables import ClaimDecision, ClaimJob
from db.claims.version_commands import begin_debit
from db.core.session import reading, run
from db.investigations.commands import open_investigation
from db.investigations.tables import Investigation
from db.people.tables import Notification
from tests.claim_payments.factories import House
from tests.claim_payments.test_ledger import agrees
from tests.claims.factories import NOW, claim_of, step
from tests.support.at_once import at_once, works

WHY: dict[str, Any] = {"reason_code": "NOT_DEFECT", "note": "The part shows no defect."}
EARLY, SWEPT = NOW - timedelta(days=20), NOW + timedelta(days=16)


def count(engine: Engine, *conditions: Any) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).where(*conditions)) or 0


def sweep(engine: Engine) -> tuple[int, int, int]:
    """What one sweep does for claims, in the order of the catalogue."""
    deemed, warned, returned = (job.run(engine, now=SWEPT) for job in jobs.JOBS)
    return deemed, warned, returned


def threaded(engine: Engine, work: Callable[[Engine], Any]) -> list[Any]:
    """The same work in two threads of this process."""
    found: list[Any] = []
    gate = threading.Barrier(2)

    def go() -> None:
        gate.wait()
        found.append(work(engine))

    threads = [threading.Thread(target=go) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def test_two_sweeps_approve_by_silence_and_warn_exactly_once(engine: Engine):
    house = House(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE dealer SET state = 'WA'"))
    silent, warned, forgotten = [], [], []
    for race in (lambda: threaded(engine, sweep), lambda: at_once(engine, *works(sweep))):
        silent += [house.sent(now=EARLY) for _ in range(2)]
        warned += [house.sent() for _ in range(2)]
        forgotten += [house.sent(now=EARLY) for _ in range(2)]
        for claim_id in forgotten[-2:]:
            house.step("send_back", claim_id, who="cora", now=EARLY, **WHY)
        assert [sum(one) for one in zip(*race(), strict=True)] == [2, 2, 2]
        assert sweep(engine) == (0, 0, 0)
    for claim_id in silent:
        claim = claim_of(engine, claim_id)
        assert (claim.status, claim.decided_kind, claim.approved_cents) == ("approved", "deemed", claim.claimed_cents)
        assert house.ledger(claim_id) == [("approval", 300_00)]
    assert count(engine, ClaimDecision.kind == "deemed") == 4
    assert [claim_of(engine, i).status for i in (*warned, *forgotten)] == ["in_review"] * 4 + ["returned"] * 4
    with reading(engine) as session:
        told = Counter(
            (item_id, kind, person_id)
            for item_id, kind, person_id in session.execute(
                select(Notification.item_id, Notification.kind, Notification.person_id).where(
                    Notification.kind.in_(("claim_clock", "claim_returned")), Notification.created_at == SWEPT
                )
            )
        )
    assert set(told.values()) == {1}
    assert {i for i, kind, _ in told if kind == "claim_clock"} == {*silent, *warned}
    assert {i for i, kind, _ in told if kind == "claim_returned"} == set(forgotten)
    assert house.dora.user_id in {p for _, kind, p in told if kind == "claim_returned"}
    agrees(engine)


def test_a_returned_claim_is_reminded_of_again_after_it_was_sent_and_returned_again(sqlite_engine: Engine):
    house = House(sqlite_engine)
    claim_id = house.sent(now=EARLY)
    days = timedelta(days=16)  # 15 of our policy, to the end of the last one
    for again, now in enumerate((EARLY, EARLY + 2 * days)):
        if again:
            house.step("submit", claim_id, who="dora", now=now)
        house.step("send_back", claim_id, who="cora", now=now, **WHY)
        told = [
            jobs.run_never_corrected(sqlite_engine, now=now + d) for d in (days - timedelta(days=2), days, 2 * days)
        ]
        assert told == [0, 1, 0]
    assert (
        count(sqlite_engine, Notification.kind == "claim_returned", Notification.person_id == house.dora.user_id) == 2
    )
    assert claim_of(sqlite_engine, claim_id).status == "returned"


ORDERS = [("RO-9", "RO-9"), ("ro  9", " RO 9 ")]


@pytest.mark.parametrize("orders", ORDERS, ids=["same", "typed otherwise"])
def test_one_repair_order_is_claimed_once_however_it_is_typed(engine: Engine, orders: tuple[str, str]):
    """W16 without its rule: the same dealer, repair order and job from two processes at the same moment."""
    house = House(engine)
    drafts = [house.draft(ro_number=order) for order in orders]
    assert len({claim_of(engine, i).ro_number for i in drafts}) == 1

    def send(claim_id: int) -> Callable[[Engine], Any]:
        def go(own: Engine) -> Any:
            return step(own, "submit", claim_id, actor=house.dora)

        return go

    found = at_once(engine, *(send(i) for i in drafts))
    assert sorted(map(str, found)) == ["duplicate", "in_review"]
    assert sorted(house.status(i) for i in drafts) == ["draft", "in_review"]
    assert count(engine, ClaimJob.ro_key.is_not(None)) == 1


def test_what_went_back_frees_its_repair_order(sqlite_engine: Engine):
    house = House(sqlite_engine)
    first = house.sent(ro_number="RO-9")
    house.step("send_back", first, who="cora", **WHY)
    second = house.sent(ro_number="RO-9")
    assert (house.status(first), house.status(second)) == ("returned", "in_review")
    assert at_once(sqlite_engine, lambda own: step(own, "submit", first, actor=house.dora)) == ["duplicate"]
    assert house.status(first) == "returned"


def test_two_people_and_two_tabs_decide_once(engine: Engine):
    """Each pair of steps on one claim from two processes: one is carried out, the other is told; all holds after."""
    house = House(engine)
    pairs: list[tuple[tuple[str, str, dict[str, Any]], ...]] = [
        (("approve", "cora", {}), ("approve", "cora", {})),
        (("approve", "cora", {}), ("deny", "carl", WHY)),
        (("approve", "mason", {}), ("send_back", "carl", WHY)),
        (("deny", "cora", WHY), ("hand_over", "carl", {"assignee_id": house.mira.user_id})),
    ]
    actors = {who: getattr(house, who) for pair in pairs for _, who, _ in pair}
    claims = [house.sent() for _ in pairs]
    seen = [claim_of(engine, i).version for i in claims]

    def side(n: int) -> Callable[[Engine], Any]:
        def go(own: Engine) -> list[str]:
            said = []
            for pair, claim_id, version in zip(pairs, claims, seen, strict=True):
                name, who, more = pair[n]
                try:
                    run(
                        COMMANDS[name], bind=own, item_id=claim_id, seen_version=version, actor=actors[who], now=NOW,
                        **more,
                    )  # fmt: skip
                    said.append(name)
                except Exception as refusal:
                    said.append(getattr(refusal, "code", repr(refusal)))
            return said

        return go

    for pair, claim_id, *said in zip(pairs, claims, *at_once(engine, side(0), side(1)), strict=True):
        assert sum(word == "stale" for word in said) == 1, said
        assert set(said) - {"stale"} <= {name for name, _, _ in pair}
        assert claim_of(engine, claim_id).version == seen[claims.index(claim_id)] + 1
        assert count(engine, ClaimDecision.claim_id == claim_id) == (0 if "hand_over" in said else 1)
    agrees(engine)


def test_what_was_paid_is_taken_back_once(engine: Engine):
    """A debit is approved and the claim charged back at the same moment, each for all of it: one of them holds."""
    house = House(engine)
    claims = [house.approved(cents=300_00) for _ in range(3)]
    house.batch()
    debits = [run(begin_debit, bind=engine, claim_id=i, form_key=f"d{i}", actor=house.dora, now=NOW) for i in claims]
    for made in debits:
        house.step("submit", made, who="dora")
    carl, mason = house.carl, house.mason

    def each(name: str, ids: list[int], actor: Any, more: dict[str, Any]) -> Callable[[Engine], Any]:
        def go(own: Engine) -> list[str]:
            said = []
            for claim_id in ids:
                try:
                    said.append(step(own, name, claim_id, actor=actor, now=NOW + timedelta(days=3), **more) or name)
                except Exception as refusal:
                    said.append(getattr(refusal, "code", repr(refusal)))
            return said

        return go

    back = {"amount_cents": 300_00, **WHY}
    approving, charging = at_once(engine, each("approve", debits, carl, {}), each("charge_back", claims, mason, back))
    for claim_id, approved, charged in zip(claims, approving, charging, strict=True):
        assert (approved, charged) in (("approved", "above_paid"), ("above_worth", "charge_back"))
        with reading(engine) as session:
            assert session.scalar(select(func.sum(ClaimEntry.cents)).where(ClaimEntry.family_id == claim_id)) == 0
    agrees(engine)


def test_two_batches_from_two_processes_pay_once(engine: Engine):
    house = House(engine)
    claims = [house.approved(cents=100_00 + i) for i in range(2)]
    finn, fred, later = house.finn, house.fred, NOW + timedelta(days=2)
    found = at_once(
        engine, lambda own: run(make_batch, bind=own, actor=finn, now=later, form_key="a"),
        lambda own: run(make_batch, bind=own, actor=fred, now=later, form_key="b"),
    )  # fmt: skip
    assert sorted(map(str, found)) == ["1", "nothing"]
    with reading(engine) as session:
        assert session.scalars(select(CreditMemo.cents)).all() == [200_01]
    assert [house.status(i) for i in claims] == ["paid"] * 2
    agrees(engine)


def test_two_people_open_one_investigation(engine: Engine):
    house = House(engine)
    claim_id = house.sent()
    cora, carl = house.cora, house.carl

    def look(actor: Any) -> Callable[[Engine], Any]:
        return lambda own: run(
            open_investigation, bind=own, dealer_id=house.dealer, claim_id=claim_id, because="Odd", actor=actor,
            now=NOW, form_key=actor.username,
        )  # fmt: skip

    found = at_once(engine, look(cora), look(carl))
    assert sorted(map(str, found)) == ["1", "open_already"]
    assert count(engine, Investigation.claim_id == claim_id) == 1
