"""The claim simulator as the people who use it see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from db.claims.model import ChargeDraft
from db.claims.tables import ClaimAttachment, ClaimRun
from db.core.permissions import Role
from db.core.session import engine, writing
from tests.claims.factories import LABOUR, PART, saved, step
from tests.support.again import begun
from tests.support.users import NOW, actor_named, app_as, make_dealer, make_person
from tests.warranty.factories import warranty_data

PAGE = "pages/claims/claim_simulator.py"


@pytest.fixture
@begun
def house(app_database: object) -> int:
    """One claim of 1,200.00 that waits for a person, judged just now; gives its dealer."""
    dealer = make_dealer(engine())
    warranty_data(engine())
    make_person(engine(), "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[dealer])
    make_person(engine(), "mason", Role.MANAGER)
    make_person(engine(), "finn", Role.FINANCE)
    dora = actor_named(engine(), "dora")
    charges = (LABOUR, PART, ChargeDraft(position=3, kind="freight", job=1, unit_cents=480_00))
    claim_id = saved(engine(), dealer_id=dealer, actor=dora, charges=charges)
    with writing(engine(), keeps_timeline=False) as session:
        session.add_all(
            ClaimAttachment(
                claim_id=claim_id, dealer_id=dealer, region="", kind=kind, file_name=f"{kind}.pdf", stored_name=kind,
                size=1, sha256=kind, media_type="application/pdf", uploaded_at=NOW, uploaded_by="Test",
            )
            for kind in ("ro_copy", "receipt")
        )  # fmt: skip
    step(engine(), "submit", claim_id, actor=dora)
    with writing(engine(), keeps_timeline=False) as session:
        session.execute(update(ClaimRun).values(made_at=datetime.now(UTC)))
    return dealer


def written(app: Any) -> str:
    """Everything the page says."""
    kinds = (app.markdown, app.caption, app.error, app.title, app.info, app.subheader)
    return " ".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def frames(app: Any) -> str:
    """Every table of the page."""
    return str([frame.value.to_dict("list") for frame in app.dataframe])


def test_a_manager_tries_an_amount_and_sees_the_claim_it_would_approve(house):
    app = app_as("mason", page=PAGE)
    assert not app.exception
    assert "Nothing was tried yet" in written(app)
    app.number_input(key="csm_auto").set_value(1_300)
    app.button(key="csm_go").click().run()
    assert not app.exception
    metrics = {m.label: (m.value, m.delta) for m in app.metric}
    assert metrics["Without a person"] == ("100.0%", "+100.0 pp")
    assert metrics["Paid unseen"] == ("$1,200", "+$1,200")
    assert metrics["Against a person's decision"][0] == "0"
    assert "1,000.00 USD → 1,300.00 USD" in written(app)
    assert "Run again to try them" not in written(app)
    app.number_input(key="csm_auto").set_value(2_000).run()
    assert "Run again to try them" in written(app)
    assert "Claims that change (1)" in written(app)
    assert "WC-000001" in frames(app)
    assert "Within the amount that is paid without a person" in frames(app).replace("\\", "")


def test_finance_runs_the_policy_in_force_and_nothing_changes(house):
    app = app_as("finn", page=PAGE)
    app.button(key="csm_go").click().run()
    assert not app.exception
    assert "This is the policy in force" in written(app)
    assert "Claims that change (0)" in written(app)
    assert "Every claim is decided as it was" in written(app)


def test_a_rule_is_changed_and_everything_can_be_taken_back(house):
    app = app_as("mason", page=PAGE)
    app.multiselect(key="csm_rules").set_value(["W09", "W13"]).run()
    assert not app.exception
    assert app.number_input(key="csm_W13_default_markup").value == 40.0
    app.number_input(key="csm_W09_characters").set_value(100)
    app.button(key="csm_go").click().run()
    assert not app.exception
    assert "W09 now in the way" in frames(app)
    assert "Returned to the dealer" in frames(app)
    app.button(key="csm_reset").click().run()
    assert not app.exception
    assert "Nothing was tried yet" in written(app)
    assert app.multiselect(key="csm_rules").value == []


def test_a_dealer_does_not_get_in(house):
    app = app_as("dora", page=PAGE)
    assert not app.exception
    assert "csm_go" not in [b.key for b in app.button]
    assert not app.metric
