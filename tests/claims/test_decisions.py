"""Deciding claims: who may, how much, in which order of signatures, and that a refusal leaves nothing behind."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from db.claims.bulk_commands import approve_many
from db.claims.commands import COMMANDS
from db.claims.decide_commands import decide_lines
from db.claims.decision_rules import LineDecision
from db.claims.tables import ClaimDecision, ClaimHold
from db.core.actor import Actor
from db.core.permissions import Role
from db.core.problems import NotFound, Refused, Stale
from db.core.session import reading, run
from db.people.tables import Notification
from tests.claims.factories import LABOUR, NOW, PART, claim_of, saved, step
from tests.claims.in_review import review
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

REASON = {"reason_code": "NOT_DEFECT", "note": "The part shows no defect."}


def sublet(cents: int) -> Any:
    return (LABOUR, PART, type(PART)(position=3, kind="sublet", job=1, unit_cents=cents - 720_00))


class Desk:
    """A dealer, its manager, and the people who decide."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dealer = make_dealer(engine)
        self.other = make_dealer(engine, code="0999", name="North Star", region="West")
        for name in ("cora", "carl"):
            make_person(engine, name, Role.COORDINATOR)
        for name in ("mason", "mia"):
            make_person(engine, name, Role.MANAGER)
        make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.dealer])
        make_person(engine, "stan", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[self.other])
        make_person(engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
        self.count = 0

    def who(self, name: str) -> Actor:
        return actor_named(self.engine, name)

    def claim(self, cents: int = 720_00, **more: Any) -> int:
        self.count += 1
        charges = (LABOUR, PART) if cents == 720_00 else sublet(cents)
        more = {"charges": charges, "ro_number": f"RO-{self.count}", **more}
        return review(self.engine, dealer_id=self.dealer, actor=self.who("dora"), key=f"k{self.count}", **more)

    def do(self, name: str, claim_id: int, by: str, **more: Any) -> Any:
        return step(self.engine, name, claim_id, actor=self.who(by), **more)

    def lines(self, claim_id: int, by: str, *cents: int, reason: str = "RATE_ADJUSTED") -> Any:
        lines = [LineDecision(position=i, cents=c, reason_code=reason) for i, c in enumerate(cents, 1)]
        return run(
            decide_lines, bind=self.engine, item_id=claim_id, seen_version=self.of(claim_id).version, lines=lines,
            actor=self.who(by), now=NOW,
        )  # fmt: skip

    def of(self, claim_id: int) -> Any:
        return claim_of(self.engine, claim_id)

    def kinds(self, claim_id: int) -> list[tuple[str, str, int]]:
        with reading(self.engine) as session:
            rows = session.execute(
                select(ClaimDecision.kind, ClaimDecision.username, ClaimDecision.level)
                .where(ClaimDecision.claim_id == claim_id)
                .order_by(ClaimDecision.id)
            )
            return [(r.kind, r.username, r.level) for r in rows]

    def refused(self, code: str, what: Any, claim_id: int) -> None:
        """A refusal with this code, after which claim and decisions are as they were."""
        before, kinds = vars(self.of(claim_id)).copy(), self.kinds(claim_id)
        with pytest.raises(Refused) as refusal:
            what()
        assert refusal.value.code == code, str(refusal.value)
        after = vars(self.of(claim_id))
        before.pop("_sa_instance_state")
        assert {k: after[k] for k in before} == before
        assert self.kinds(claim_id) == kinds


@pytest.fixture
@begun
def desk(sqlite_engine: Engine) -> Desk:
    return Desk(sqlite_engine)


def test_approved_as_suggested_is_finances_turn_and_the_dealer_reads_it(desk: Desk):
    claim_id = desk.claim()
    assert desk.do("approve", claim_id, "cora") == "approved"
    claim = desk.of(claim_id)
    assert (claim.approved_cents, claim.held_by, claim.decided_by) == (720_00, "finance", "Coordinator Cora")
    assert claim.pay_by is not None
    with reading(desk.engine) as session:
        told = session.scalars(
            select(Notification.title).where(
                Notification.person_id == desk.who("dora").user_id, Notification.kind == "claim_decided"
            )
        ).all()
    assert told == [f"{claim.number} was approved"]


def test_lines_are_reduced_and_rejected_with_reasons_and_never_above_the_claim(desk: Desk):
    claim_id = desk.claim()
    desk.refused("above_claim", lambda: desk.lines(claim_id, "cora", 300_01, 420_00), claim_id)
    desk.refused("reason", lambda: desk.lines(claim_id, "cora", 300_00, 1_00, reason=""), claim_id)
    desk.refused("incomplete", lambda: desk.lines(claim_id, "cora", 300_00), claim_id)
    desk.refused("nothing_left", lambda: desk.lines(claim_id, "cora", 0, 0), claim_id)
    assert desk.lines(claim_id, "cora", 300_00, 0) == "partially_approved"
    assert desk.of(claim_id).approved_cents == 300_00


@pytest.mark.parametrize("name", ["approve", "deny", "send_back"])
def test_every_decision_refuses_who_sent_it_its_dealer_another_scope_and_an_old_screen(desk: Desk, name: str):
    more = {} if name == "approve" else REASON
    claim_id = desk.claim()
    desk.refused("not_allowed", lambda: desk.do(name, claim_id, "dora", **more), claim_id)
    with pytest.raises(NotFound):
        desk.do(name, claim_id, "wes", **more)
    with pytest.raises(Stale):
        desk.do(name, claim_id, "cora", seen_version=1, **more)
    own = review(desk.engine, dealer_id=desk.dealer, actor=desk.who("cora"), key="own", ro_number="RO-own")
    desk.refused("own_request", lambda: desk.do(name, own, "cora", **more), own)
    draft = saved(desk.engine, dealer_id=desk.dealer, actor=desk.who("dora"), key="d", ro_number="RO-d")
    desk.refused("wrong_state", lambda: desk.do(name, draft, "cora", **more), draft)


@pytest.mark.parametrize("name", ["deny", "send_back"])
def test_a_denial_and_a_return_need_a_reason(desk: Desk, name: str):
    claim_id = desk.claim()
    desk.refused("unknown_reason", lambda: desk.do(name, claim_id, "cora", reason_code="X", note="x"), claim_id)
    desk.refused("required", lambda: desk.do(name, claim_id, "cora", reason_code="NOT_DEFECT", note=" "), claim_id)


def test_a_signature_below_the_level_goes_on_and_stays_visible(desk: Desk):
    claim_id = desk.claim(3_000_00)
    assert desk.do("approve", claim_id, "cora") == "in_review"
    claim = desk.of(claim_id)
    assert (claim.level, claim.signed_level, claim.signed_by, claim.approved_cents) == (2, 1, "cora", None)
    desk.refused("own_signature", lambda: desk.do("approve", claim_id, "cora"), claim_id)
    desk.refused("below_signature", lambda: desk.do("approve", claim_id, "carl"), claim_id)
    desk.refused("below_signature", lambda: desk.do("deny", claim_id, "carl", **REASON), claim_id)
    assert desk.do("approve", claim_id, "mason") == "approved"
    assert desk.kinds(claim_id) == [("recommend", "cora", 1), ("approve", "mason", 2)]


def test_the_last_level_is_a_second_manager(desk: Desk):
    claim_id = desk.claim(8_000_00)
    assert desk.do("approve", claim_id, "mason") == "in_review"
    desk.refused("own_signature", lambda: desk.do("approve", claim_id, "mason"), claim_id)
    desk.refused("below_signature", lambda: desk.do("send_back", claim_id, "cora", **REASON), claim_id)
    assert desk.do("approve", claim_id, "mia") == "approved"
    assert desk.kinds(claim_id) == [("recommend", "mason", 2), ("approve", "mia", 3)]


def test_the_next_level_approves_what_was_signed_not_what_was_claimed(desk: Desk):
    claim_id = desk.claim(3_000_00)
    desk.lines(claim_id, "cora", 300_00, 420_00, 1_000_00)
    assert desk.do("approve", claim_id, "mason") == "partially_approved"
    assert desk.of(claim_id).approved_cents == 1_720_00


def test_an_appeal_goes_to_another_person_only_adds_and_is_capped(desk: Desk):
    claim_id = desk.claim()
    desk.lines(claim_id, "cora", 300_00, 100_00)
    desk.do("appeal", claim_id, "dora", note="The price is that of the list.")
    claim = desk.of(claim_id)
    assert (claim.status, claim.approved_cents, claim.pay_by, claim.held_by) == ("appealed", 400_00, None, "us")
    assert claim.due_at == claim.decide_by
    desk.refused("own_signature", lambda: desk.do("approve", claim_id, "cora"), claim_id)
    desk.refused("below_least", lambda: desk.lines(claim_id, "carl", 200_00, 420_00), claim_id)
    desk.do("await_part", claim_id, "carl", note="Show us the part.")
    desk.refused("is_appeal", lambda: desk.do("send_back", claim_id, "carl", **REASON), claim_id)
    desk.do("resume", claim_id, "cora")
    assert desk.of(claim_id).status == "appealed"
    assert desk.do("deny", claim_id, "carl", **REASON) == "partially_approved"
    assert desk.of(claim_id).approved_cents == 400_00
    desk.refused("appeals_used", lambda: desk.do("appeal", claim_id, "dora", note="Again."), claim_id)


def test_a_return_voids_signatures_and_the_dealer_has_to_move(desk: Desk):
    claim_id = desk.claim(3_000_00)
    desk.do("approve", claim_id, "cora")
    desk.do("send_back", claim_id, "cora", **REASON)
    claim = desk.of(claim_id)
    assert (claim.status, claim.held_by, claim.signed_by, claim.returns) == ("returned", "dealer", "", 1)


def test_taking_and_handing_over(desk: Desk):
    claim_id = desk.claim()
    desk.do("take", claim_id, "cora")
    desk.refused("yours", lambda: desk.do("take", claim_id, "cora"), claim_id)
    finance = make_person(desk.engine, "finn", Role.FINANCE)
    desk.refused("unknown_person", lambda: desk.do("hand_over", claim_id, "cora", assignee_id=finance), claim_id)
    carl = desk.who("carl").user_id
    desk.do("hand_over", claim_id, "cora", assignee_id=carl)
    assert desk.of(claim_id).assignee_id == carl


def test_an_approved_preauthorization_is_closed_and_what_waits_for_it_goes_on(desk: Desk):
    preauth = desk.claim(claim_type="pre_authorization")
    waits = desk.claim(pre_auth_number=desk.of(preauth).number)
    assert (desk.of(waits).status, desk.of(waits).held_by) == ("pending_preauth", "dealer")
    assert desk.do("approve", preauth, "cora") == "approved"
    claim = desk.of(preauth)
    assert (claim.is_open, claim.held_by, claim.pay_by, claim.due_at) == (False, "", None, None)
    assert (desk.of(waits).status, desk.of(waits).held_by) == ("in_review", "us")
    with reading(desk.engine) as session:
        open_holds = session.scalar(
            select(func.count()).where(ClaimHold.claim_id == preauth, ClaimHold.until.is_(None))
        )
    assert open_holds == 0


def test_many_are_approved_at_once_and_the_others_named_with_the_reason(desk: Desk):
    small, large, old = desk.claim(), desk.claim(3_000_00), desk.claim()
    versions = [(i, desk.of(i).version) for i in (small, large)]
    found = run(
        approve_many, bind=desk.engine, items=[*versions, (old, 1), (99_999, 1)], actor=desk.who("cora"), now=NOW
    )
    assert (found.approved, found.cents) == ((small,), 720_00)
    why = {s.number: s.why for s in found.skipped}
    assert why[desk.of(large).number] == "Needs level 2; open it to sign."
    assert "was changed by" in why[desk.of(old).number]
    assert "not found" in why["A claim"]
    assert (desk.of(large).status, desk.kinds(large)) == ("in_review", [])
    with pytest.raises(Refused, match="At most 200"):
        run(approve_many, bind=desk.engine, items=[(i, 1) for i in range(201)], actor=desk.who("cora"), now=NOW)


def test_two_people_and_two_tabs_never_decide_twice(engine: Engine):
    """Approve and deny of one claim at the same moment, many rounds: one is carried out, the other is told."""
    desk = Desk(engine)
    cora, carl = desk.who("cora"), desk.who("carl")
    for _ in range(8):
        claim_id = desk.claim()
        seen, gate = desk.of(claim_id).version, threading.Barrier(2)
        outcomes: list[str] = []

        def decide(name: str, actor: Actor, more: dict[str, Any], *, claim_id: int = claim_id, seen: int = seen,
                   gate: threading.Barrier = gate, outcomes: list[str] = outcomes) -> None:  # fmt: skip
            gate.wait()
            try:
                run(COMMANDS[name], bind=engine, item_id=claim_id, seen_version=seen, actor=actor, now=NOW, **more)
                outcomes.append(name)
            except Stale:
                outcomes.append("stale")

        threads = [
            threading.Thread(target=decide, args=("approve", cora, {})),
            threading.Thread(target=decide, args=("deny", carl, REASON)),
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(outcomes, key=lambda o: o == "stale")[1:] == ["stale"], outcomes
        ((kind, username, _),) = desk.kinds(claim_id)
        status = desk.of(claim_id).status
        assert (kind, username, status) in (("approve", "cora", "approved"), ("deny", "carl", "denied"))
