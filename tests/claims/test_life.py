"""A claim from draft to decision, as the core stands; each area widens its own part."""

from __future__ import annotations

from sqlalchemy import Engine, select

from db.claims.tables import ClaimDecision, ClaimHold
from db.core.permissions import Role
from db.core.session import reading
from tests.claims.factories import claim_of, sent, step
from tests.support.users import actor_named, make_dealer, make_person


def test_a_claim_is_sent_reviewed_and_approved(engine: Engine):
    dealer = make_dealer(engine)
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer])
    make_person(engine, "cora", Role.COORDINATOR)
    claim_id = sent(engine, dealer_id=dealer, actor=actor_named(engine, "dora"))
    claim = claim_of(engine, claim_id)
    assert claim.submitted_at is not None
    if claim.status == "approved":  # nothing was found wrong and the amount is small
        return
    if claim.status == "in_review":
        step(engine, "approve", claim_id, actor=actor_named(engine, "cora"))
        assert claim_of(engine, claim_id).status in ("approved", "partially_approved", "in_review")
    with reading(engine) as session:
        holds = session.scalars(select(ClaimHold).where(ClaimHold.claim_id == claim_id)).all()
        assert [h.until is None for h in holds].count(True) == 1
        assert session.scalars(select(ClaimDecision)).first() is not None
