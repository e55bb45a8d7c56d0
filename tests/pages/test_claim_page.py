"""The page of a claim: one glance tells dealer and desk where it stands and why, and offers each what they may do."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from sqlalchemy import select

from db.claim_payments.paid_queries import paid_of
from db.claims.standing_queries import standing_of
from db.claims.tables import Claim
from db.core.permissions import Role
from db.core.problems import NotFound
from db.core.session import engine as process_engine
from db.core.session import reading
from tests.claim_payments.factories import House
from tests.claims.factories import CLAIM, LABOUR, NOW, PART, claim_of, sent, step
from tests.claims.in_review import review
from tests.support.users import actor_named, app_as, make_dealer, make_person

PAGE = "pages/claims/claim.py"


def people() -> int:
    """dora of the dealer and nora of another, the coordinators cora and carl; gives the dealer."""
    engine = process_engine()
    own, other = make_dealer(engine), make_dealer(engine, code="00999")
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    make_person(engine, "nora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    for name in ("cora", "carl"):
        make_person(engine, name, Role.COORDINATOR, name=name.title())
    make_person(engine, "lena", Role.SALES_LEADER)
    return own


def shown(who: str, claim_id: int) -> Any:
    app = app_as(who)
    app.query_params["claim"] = str(claim_id)
    app.switch_page(PAGE).run()
    assert not app.exception
    return app


def texts(app: Any) -> str:
    """Everything the page says, as it is read, with the cells of its plain tables."""
    kinds = ("title", "markdown", "error", "info", "warning", "caption")
    said = [str(e.value) for kind in kinds for e in getattr(app, kind)]
    said += [" ".join(map(str, t.value.to_numpy().ravel())) for t in app.table]
    return "\n".join(said).replace("\\", "")


def links(app: Any) -> list[str]:
    def walk(block: Any) -> Any:
        for child in block.children.values():
            if getattr(child, "type", "") == "page_link":
                yield child.proto.label
            if hasattr(child, "children"):
                yield from walk(child)

    return list(walk(app.main))


def test_a_dealer_reads_why_a_line_was_reduced_and_what_is_next(app_database):
    own = people()
    lines = (replace(LABOUR, unit_cents=130_00), PART)
    claim_id = sent(process_engine(), dealer_id=own, actor=actor_named(process_engine(), "dora"), charges=lines)
    app = shown("dora", claim_id)
    said = texts(app)
    assert "Partly approved: 720.00 of 745.00" in said
    assert "Decided by the rules alone on 22 November" in said
    assert "Line 1 reduced**: 325.00 → 300.00" in said
    assert "Rate or price adjusted" in said
    assert "with a credit memo. The dealer may appeal what was reduced." in said
    assert "Labour rate of the day" in said
    assert "Copy as a new claim" in links(app)
    app.button(key="claim_Supplement").click().run()
    assert not app.exception
    assert "Go on with the new version" in links(app)
    with reading(process_engine()) as session:
        assert session.scalars(select(Claim.number).order_by(Claim.id.desc())).first() == "WC-000001-2"
    widget = next(t for t in app.text_area if t.label == "Why")
    widget.set_value("The posted rate is 130.00.")
    next(b for b in app.button if b.label == "Appeal").click().run()
    assert claim_of(process_engine(), claim_id).status == "appealed"
    assert "Appealed: 720.00 of 745.00 approved so far" in texts(app)


def test_the_desk_hands_over_and_the_dealer_sees_who_has_it_until_when(app_database):
    own = people()
    dora = actor_named(process_engine(), "dora")
    claim_id = review(process_engine(), dealer_id=own, actor=dora, now=datetime.now(UTC))
    app = shown("cora", claim_id)
    app.session_state[f"claim_page_step_{claim_id}"] = "hand_over"
    app.run()
    who = next(s for s in app.selectbox if s.label == "Who decides")
    assert "Carl" in who.options
    assert not [o for o in who.options if "Dora" in o]
    who.select("Carl").run()
    next(b for b in app.button if b.label == "Hand over").click().run()
    assert not app.exception
    said = texts(shown("dora", claim_id))
    assert "Carl has it on the desk" in said
    assert "A person decides by " in said
    assert "In review: 720.00 claimed" in said


def test_a_returned_claim_offers_the_fix_and_takes_files(app_database):
    own = people()
    claim_id = sent(process_engine(), dealer_id=own, actor=actor_named(process_engine(), "dora"), odometer_out=1)
    app = shown("dora", claim_id)
    assert "Fix and send again" in links(app)
    assert "The dealer corrects it and sends it again by" in texts(app)
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "PNG")
    next(f for f in app.file_uploader if f.label == "Choose files").upload("p.png", out.getvalue(), "image/png").run()
    next(s for s in app.selectbox if s.label == "What the files are").select("photo").run()
    next(b for b in app.button if b.label == "Add files").click().run()
    assert not app.exception
    assert "p.png" in texts(app)
    assert "Fix and send again" not in links(shown("lena", claim_id))


def test_a_stranger_learns_nothing_and_a_vin_is_masked(app_database):
    own = people()
    claim_id = sent(process_engine(), dealer_id=own, actor=actor_named(process_engine(), "dora"))
    assert "not found" in texts(shown("nora", claim_id))
    assert "WC-" not in texts(shown("nora", claim_id))
    leader = texts(shown("lena", claim_id))
    assert CLAIM.vin not in leader
    assert CLAIM.vin[:9] in leader
    assert CLAIM.vin in texts(shown("dora", claim_id))
    with reading(process_engine()) as session:
        try:
            standing_of(session, claim_id=claim_id, actor=actor_named(process_engine(), "nora"), now=NOW)
        except NotFound:
            return
    raise AssertionError("another dealer's claim was found")


def test_the_memo_that_paid_is_named_in_scope(app_database):
    house = House(process_engine())
    claim_id = house.approved(cents=300_00)
    house.batch()
    with reading(process_engine()) as session:
        (one,) = paid_of(session, claim_ids=[claim_id], actor=house.dora)
        assert (one.claim_id, one.memo, one.cents) == (claim_id, "CM-000001", 300_00)
        assert paid_of(session, claim_ids=[claim_id], actor=house.otto) == ()
    said = texts(shown("dora", claim_id))
    assert "It was paid with credit memo CM-000001" in said
    assert "paid so far **300.00**" in said


def test_whoever_decided_is_not_offered_the_appeal(app_database):
    own = people()
    engine = process_engine()
    claim_id = review(engine, dealer_id=own, actor=actor_named(engine, "dora"))
    step(engine, "deny", claim_id, actor=actor_named(engine, "cora"), reason_code="NOT_DEFECT", note="Sound part.")
    step(engine, "appeal", claim_id, actor=actor_named(engine, "dora"), note="It is not.")
    key = f"claim_page_{claim_id}_approve_go"
    assert not [b for b in shown("cora", claim_id).button if b.key == key]
    assert [b for b in shown("carl", claim_id).button if b.key == key]
