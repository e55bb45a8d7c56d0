"""A denial is appealed once and in time, and another person than the one who denied decides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.incentives.appeal_rules import last_day, refusal
from db.incentives.commands import COMMANDS
from db.incentives.flow import FLOW
from db.incentives.paper_commands import add_paper
from db.incentives.queue_queries import Filters, count_all, first_to_decide, list_claims
from db.incentives.tables import IncentiveClaim, IncentivePaper
from db.incentives.validation_queries import claim_view
from db.incentives.work_queries import work_counts, work_lines
from db.people.tables import Notification
from db.workflow.checks import available_steps
from tests.documents.examples import pdf
from tests.incentives.cases import program
from tests.incentives.factories import CASH, NOW, House
from tests.support.again import begun

D = date
WHY = {"reason_code": "other", "note": "The proof is of another car"}
LARGE = CASH | {"rule": {"kind": "customer_cash", "cents": 9_000_00}}


@pytest.fixture
@begun
def house(engine):
    return House(engine)


@pytest.fixture
@begun
def small(sqlite_engine):
    return House(sqlite_engine)


def denied(house, base=CASH, *, by="carl", cents=500_00, **more):
    house.publish(base, **more)
    (claim,) = house.claim(house.sell(), cents=cents)
    house.step("deny", claim, who=by, **WHY)
    return claim


def appeal(house, claim, *, who="dora", note="It is of this car, see the registration", **more):
    return house.step("appeal", claim, who=who, note=note, **more)


@pytest.mark.parametrize(
    ("appeals", "today", "days", "code"),
    [
        (0, D(2026, 11, 20), 30, None), (0, D(2026, 12, 20), 30, None), (0, D(2026, 12, 21), 30, "too_late"),
        (1, D(2026, 11, 20), 30, "appeals_used"), (0, D(2026, 11, 20), 0, "no_appeals"),
        (0, D(2026, 11, 21), 1, None), (0, D(2026, 11, 22), 1, "too_late"),
    ],
)  # fmt: skip
def test_until_when_and_how_often(appeals, today, days, code):
    plan = program(appeal_days=days)
    found = refusal(number="IC-1", appeals=appeals, decided_on=D(2026, 11, 20), today=today, program=plan)
    assert (found and found[0]) == code
    assert last_day(D(2026, 11, 20), program(appeal_days=5)) == D(2026, 11, 25)


def test_an_appeal_is_decided_by_another_person_and_pays(house):
    claim = denied(house)
    appeal(house, claim)
    row = house.row(IncentiveClaim, claim)
    assert (row.status, row.appeals, row.is_open, row.due_at) == ("appealed", 1, True, NOW + timedelta(days=30))
    assert row.appeal_note == "It is of this car, see the registration"
    assert row.claim_key
    for step, more in (("approve", {}), ("deny", WHY)):
        with pytest.raises(Refused, match="another person"):
            house.step(step, claim, who="carl", **more)
    with reading(house.engine) as session:
        told = session.execute(
            select(Notification.person_id, Notification.title).where(Notification.kind == "incentive_appealed")
        ).all()
    ids = {p for p, _ in told}
    assert house.cora.user_id in ids
    assert house.carl.user_id not in ids
    assert house.step("approve", claim, who="cora") == "approved"
    assert house.book("approved") == [500_00]
    house.agrees()


def test_a_denied_appeal_stays_denied(small):
    claim = denied(small)
    appeal(small, claim)
    small.step("deny", claim, who="cora", **WHY)
    row = small.row(IncentiveClaim, claim)
    assert (row.status, row.claim_key, row.denied_by) == ("denied", None, "cora")
    with pytest.raises(Refused, match="appealed already; one appeal"):
        appeal(small, claim)


def test_a_signature_in_between_does_not_let_the_denier_in(small):
    """A manager denied, a coordinator signs the appeal: the next level is another manager."""
    claim = denied(small, LARGE, by="mason", cents=9_000_00)
    appeal(small, claim)
    assert small.step("approve", claim, who="cora") == "appealed"
    assert small.status(claim) == "appealed"
    with pytest.raises(Refused, match="You denied IC-000001; another person"):
        small.step("approve", claim, who="mason")
    with reading(small.engine) as session:
        assert first_to_decide(session, actor=small.mason, filters=Filters(), but=0) is None
        assert first_to_decide(session, actor=small.mira, filters=Filters(), but=0) == claim
    assert small.step("approve", claim, who="mira") == "approved"


def test_who_appeals_does_not_decide(small):
    claim = denied(small)
    appeal(small, claim, who="cora")
    with pytest.raises(Refused, match="You appealed IC-000001 yourself"):
        small.step("approve", claim, who="cora")
    assert small.step("approve", claim, who="mason") == "approved"


def test_an_appeal_is_in_the_queue_of_those_who_may_decide_it(small):
    claim = denied(small)
    appeal(small, claim)

    def mine(who):
        with reading(small.engine) as session:
            rows, _ = list_claims(session, actor=getattr(small, who), filters=Filters(view="mine"))
            return [r.id for r in rows]

    assert (mine("cora"), mine("carl"), mine("mason")) == ([claim], [], [claim])
    with reading(small.engine) as session:
        assert count_all(session, actor=small.cora, filters=Filters()).total == 1
        assert [line.item_id for line in work_lines(session, actor=small.cora, now=NOW, limit=5)] == [claim]
        assert work_lines(session, actor=small.carl, now=NOW, limit=5) == []
        assert work_counts(session, actor=small.carl, now=NOW)[0].count == 0
        assert list_claims(session, actor=small.otto, filters=Filters(view="all"))[0] == []


def test_only_what_was_denied_and_only_whole(small):
    small.publish()
    (claim,) = small.claim(small.sell())
    with pytest.raises(Refused, match="must be denied"):
        appeal(small, claim)
    small.step("deny", claim, who="carl", **WHY)
    with pytest.raises(Refused, match="Why is needed"):
        appeal(small, claim, note=" ")
    with pytest.raises(Refused, match="changed"):
        appeal(small, claim, seen_version=1)
    with pytest.raises(NotFound):
        appeal(small, claim, who="otto")
    with pytest.raises(Refused, match="role"):
        appeal(small, claim, who="finn")
    with pytest.raises(Refused, match="could be appealed until 22 Dec 2026"):
        appeal(small, claim, now=NOW + timedelta(days=31))
    assert small.row(IncentiveClaim, claim).appeals == 0


def test_what_was_claimed_anew_meanwhile_is_not_appealed(small):
    claim = denied(small)
    small.claim(1)
    with pytest.raises(Refused, match="IC-000002 claims the same meanwhile"):
        appeal(small, claim)


def test_an_unwound_sale_ends_its_appeal(house):
    claim = denied(house)
    appeal(house, claim)
    house.unwind(1)
    assert house.status(claim) == "void"
    house.agrees()


def test_checks_that_refused_are_asked_again_and_no_paper_is_bent(small):
    """Nobody approves against a check: what the checks denied can be appealed, and is denied by a person then."""
    small.publish()
    (claim,) = small.claim(small.sell(sale_type="fleet"))
    assert small.status(claim) == "denied"
    appeal(small, claim)
    with pytest.raises(Refused, match="Fleet is excluded"):
        small.step("approve", claim, who="cora")
    small.step("deny", claim, who="cora", **WHY)
    assert small.status(claim) == "denied"


def test_a_paper_goes_with_the_appeal_and_the_drawer_shows_until_when(small, tmp_path, monkeypatch):
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    claim = denied(small)

    def view(who="dora", now=NOW):
        with reading(small.engine) as session:
            return claim_view(session, item_id=claim, actor=getattr(small, who), now=now)

    assert view().appeal_until == D(2026, 12, 22)
    assert view(now=NOW + timedelta(days=31)).appeal_until is None
    run(
        add_paper, bind=small.engine, claim_id=claim, kind="appeal", file_name="letter.pdf", content=pdf(),
        form_key="k", actor=small.dora, now=NOW,
    )  # fmt: skip
    appeal(small, claim)
    assert view().appeal_until is None
    assert [(p.kind, p.is_appeal) for p in view("cora").papers] == [("Paper of the appeal", True)]
    small.step("approve", claim, who="cora")
    with pytest.raises(Refused, match="a paper goes with an appeal only"):
        run(add_paper, bind=small.engine, claim_id=claim, kind="appeal", file_name="more.pdf", content=pdf("2"),
            form_key="l", actor=small.dora, now=NOW)  # fmt: skip
    assert small.count(IncentivePaper) == 1


def test_the_step_is_offered_to_the_dealer_and_not_taken_twice(small):
    claim = denied(small)
    row = small.row(IncentiveClaim, claim)
    offered = [s.name for s in available_steps(FLOW, status=row.status, submitted_by="dora", actor=small.dora)]
    assert offered == ["appeal"]
    assert set(COMMANDS) == {s.name for s in FLOW.steps}
    appeal(small, claim)
    with pytest.raises(Refused, match="changed"):
        appeal(small, claim, seen_version=row.version)
