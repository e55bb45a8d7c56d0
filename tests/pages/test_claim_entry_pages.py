"""The entry form as a dealer and as nobody's business: saved, sent once, told word for word."""

from __future__ import annotations

from sqlalchemy import func, select

from db.claims.tables import Claim
from db.core.session import engine as process_engine
from db.core.session import reading
from tests.claims.factories import saved
from tests.support.users import actor_named, app_as, make_dealer, make_people

PAGE = "pages/claims/new_claim.py"


def test_a_draft_is_continued_and_sent_once(app_database):
    make_people(process_engine())
    cora = actor_named(process_engine(), "coordinator")
    claim_id = saved(process_engine(), dealer_id=make_dealer(process_engine(), code="00777"), actor=cora)
    app = app_as("coordinator", page=PAGE)
    app.button(key=f"ce_open_{claim_id}").click().run()
    assert not app.exception
    assert any("If sent now" in m.value for m in app.markdown)
    app.button(key="ce_send").click().run()
    assert not app.exception
    assert any("was sent" in m.value for m in app.markdown)
    with reading(process_engine()) as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 1
        assert session.get_one(Claim, claim_id).submitted_at is not None


def test_the_page_of_a_claim_shows_it_to_its_dealer_only(app_database):
    make_people(process_engine())
    cora = actor_named(process_engine(), "coordinator")
    claim_id = saved(process_engine(), dealer_id=make_dealer(process_engine(), code="00777"), actor=cora)
    for who, is_seen in (("coordinator", True), ("dealer_manager", False)):
        app = app_as(who)
        app.query_params["claim"] = str(claim_id)
        app.switch_page("pages/claims/claim.py").run()
        assert not app.exception
        assert any("WC-" in t.value for t in app.title) is is_seen
        assert any("not found" in e.value for e in app.error) is not is_seen


def test_nothing_typed_is_lost_when_it_is_refused(app_database):
    make_people(process_engine())
    make_dealer(process_engine(), code="00777")
    make_dealer(process_engine(), code="00778")  # two dealers: one has to be chosen, and nobody did
    app = app_as("coordinator", page=PAGE)
    vin = next(t for t in app.text_input if t.label == "VIN")
    vin.set_value("1HGCM82633A004352").run()
    app.button(key="ce_save").click().run()
    assert not app.exception
    assert next(t for t in app.text_input if t.label == "VIN").value == "1HGCM82633A004352"
    with reading(process_engine()) as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 0
