"""The claim queue and its drawer, used by a coordinator, a manager, finance and people of a dealership."""

from __future__ import annotations

from typing import Any

import pytest

from db.core.permissions import Role
from db.core.session import engine
from tests.claims.factories import LABOUR, NOW, PART, claim_of, step
from tests.claims.in_review import review
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import actor_named, app_as, make_dealer, make_person

CLAIMS = "pages/claims/claims.py"

of_that_day = clock_held(NOW)


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    bind = engine()
    lone, star = make_dealer(bind), make_dealer(bind, code="0999", name="North Star", region="West")
    make_person(bind, "cora", Role.COORDINATOR)
    make_person(bind, "mason", Role.MANAGER)
    make_person(bind, "finn", Role.FINANCE)
    make_person(bind, "dana", Role.DEALER_MANAGER, dealer_ids=[lone], scope_kind="dealers")
    make_person(bind, "stan", Role.DEALER_MANAGER, dealer_ids=[star], scope_kind="dealers")
    return {
        "first": review(bind, dealer_id=lone, actor=actor_named(bind, "dana"), key="a", now=NOW),
        "second": review(bind, dealer_id=star, actor=actor_named(bind, "stan"), key="b", now=NOW, ro_number="RO-2"),
    }


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.warning, app.info)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def numbers(app: Any) -> list[str]:
    return list(app.dataframe[0].value["Claim"]) if app.dataframe else []


def opened(name: str, claim_id: int) -> Any:
    app = app_as(name, page=CLAIMS)
    assert not app.exception
    app.session_state["claims_open"] = claim_id
    app.run()
    assert not app.exception
    return app


def test_a_coordinator_approves_in_three_actions_and_the_next_claim_opens(desk: dict[str, int]):
    app = opened("cora", desk["first"])
    assert "Suggested 720.00" in written(app)
    app.button(key=f"claims_{desk['first']}_approve_go").click().run()
    assert not app.exception
    assert claim_of(engine(), desk["first"]).status == "approved"
    assert app.session_state["claims_open"] == desk["second"]


def box(kind: Any, label: str) -> Any:
    """The one box with a label."""
    (found,) = [one for one in kind if one.label == label]
    return found


def test_a_line_is_reduced_with_its_reason_and_a_refusal_keeps_what_was_typed(desk: dict[str, int]):
    app = opened("cora", desk["first"])
    box(app.number_input, "Approve line 2").set_value(100.0).run()
    assert "Approved in all **400.00** :gray[of 720.00]" in written(app)
    box(app.button, "Approve these lines").click().run()
    assert "Line 2: less than claimed needs a reason." in written(app)
    assert claim_of(engine(), desk["first"]).status == "in_review"
    assert box(app.number_input, "Approve line 2").value == 100.0
    box(app.selectbox, "Reason for line 2").set_value("RATE_ADJUSTED").run()
    box(app.button, "Approve these lines").click().run()
    assert not app.exception
    claim = claim_of(engine(), desk["first"])
    assert (claim.status, claim.approved_cents) == ("partially_approved", 400_00)


def test_a_denial_asks_for_its_reason(desk: dict[str, int]):
    app = opened("mason", desk["first"])
    app.pills(key=f"claims_step_{desk['first']}").set_value("deny").run()
    app.button(key=f"claims_{desk['first']}_deny_go").click().run()
    assert "Reason is needed" in written(app)
    assert claim_of(engine(), desk["first"]).status == "in_review"


def test_a_dealer_sees_only_its_own_claims_and_cannot_decide(desk: dict[str, int]):
    own, other = claim_of(engine(), desk["first"]), claim_of(engine(), desk["second"])
    app = app_as("dana", page=CLAIMS)
    app.segmented_control(key="claims_view").set_value("progress").run()
    assert numbers(app) == [own.number]
    assert other.number not in written(app)
    app = opened("dana", desk["first"])
    assert not [b for b in app.button if b.key and (b.key.endswith("_go"))]
    app = app_as("dana", page=CLAIMS)
    app.session_state["claims_open"] = desk["second"]
    app.run()
    assert "This claim was not found." in written(app)


def test_a_dealer_reads_why_its_claim_was_returned(desk: dict[str, int]):
    step(engine(), "send_back", desk["first"], actor=actor_named(engine(), "cora"), now=NOW, reason_code="DOC_MISSING",
         note="The photo of the turbo is missing.")  # fmt: skip
    app = app_as("dana", page=CLAIMS)
    assert numbers(app) == [claim_of(engine(), desk["first"]).number]
    assert "The photo of the turbo is missing." in written(opened("dana", desk["first"]))


def test_finance_reads_the_queue_with_masked_numbers_and_has_no_buttons(desk: dict[str, int]):
    app = opened("finn", desk["first"])
    assert len(numbers(app)) == 2
    assert "1HGCM82633A004352" not in list(app.dataframe[0].value["VIN"])
    assert not [b for b in app.button if b.key and b.key.endswith("_go")]


def test_many_are_approved_together_and_the_larger_one_is_named(desk: dict[str, int]):
    from components.areas.claims_queue import table_key

    dealer = claim_of(engine(), desk["first"]).dealer_id
    assert dealer is not None
    big = review(
        engine(), dealer_id=dealer, actor=actor_named(engine(), "dana"), key="c", now=NOW, ro_number="RO-3",
        charges=(LABOUR, PART, type(PART)(position=3, kind="sublet", job=1, unit_cents=2_000_00)),
    )  # fmt: skip
    app = app_as("cora", page=CLAIMS)
    ids = app.session_state["claims_list_ids"]
    app.session_state[table_key(ids)] = {"selection": {"rows": [0, 1, 2], "columns": [], "cells": []}}
    app.run()
    app.button(key="claims_bulk_go").click().run()
    assert not app.exception
    assert f"{claim_of(engine(), big).number}: Needs level 2" in written(app)
    assert [claim_of(engine(), i).status for i in (desk["first"], desk["second"], big)] == [
        "approved", "approved", "in_review",
    ]  # fmt: skip
