"""What the drawer of a claim and the filters of the queue show and refuse, as the people who use them see it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from db.claims.attachment_commands import add_attachment
from db.claims.tables import Claim
from db.core.permissions import Role
from db.core.session import engine, run, writing
from tests.claims.factories import LABOUR, NOW, PART, claim_of, saved, step
from tests.claims.in_review import review
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import actor_named, app_as, make_dealer, make_person

CLAIMS = "pages/claims/claims.py"
OTHER_VIN = "1M8GDM9AXKP042788"

of_that_day = clock_held(NOW)


@pytest.fixture
@begun
def desk(app_database: str) -> dict[str, int]:
    """Two dealers; one claim of each in review, the second with the words of the first, so that it is flagged."""
    bind = engine()
    lone, star = make_dealer(bind), make_dealer(bind, code="0999", name="North Star", region="West")
    make_person(bind, "cora", Role.COORDINATOR)
    make_person(bind, "carl", Role.COORDINATOR)
    make_person(bind, "mason", Role.MANAGER)
    make_person(bind, "dana", Role.DEALER_MANAGER, dealer_ids=[lone], scope_kind="dealers")
    make_person(bind, "stan", Role.DEALER_MANAGER, dealer_ids=[star], scope_kind="dealers")
    return {
        "lone": lone, "star": star,
        "first": review(bind, dealer_id=lone, actor=actor_named(bind, "dana"), key="a", now=NOW - timedelta(days=20)),
        "second": review(
            bind, dealer_id=star, actor=actor_named(bind, "stan"), key="b", now=NOW, ro_number="RO-2", vin=OTHER_VIN,
            exclusions=("modified",),
        ),
    }  # fmt: skip


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.title, app.warning, app.info)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def box(kind: Any, label: str) -> Any:
    """The one box with a label."""
    (found,) = [one for one in kind if one.label == label]
    return found


def column(app: Any, name: str) -> list[Any]:
    return list(app.dataframe[0].value[name]) if app.dataframe else []


def opened(name: str, claim_id: int) -> Any:
    app = app_as(name, page=CLAIMS)
    app.session_state["claims_open"] = claim_id
    app.run()
    assert not app.exception
    return app


def at_tab(app: Any, claim_id: int, name: str) -> Any:
    """The drawer with another of its tabs open."""
    app.session_state[f"claims_tabs_{claim_id}"] = name
    app.run()
    assert not app.exception
    return app


# ---- what it shows ---------------------------------------------------------------------------------------------------
def test_findings_have_their_titles_sentences_numbers_and_the_version_of_the_policy(desk: dict[str, int]):
    said = written(opened("cora", desk["second"]))
    assert "**Nothing excluded** :gray[W08" in said
    assert "Claim policy version 1" in said
    assert "passed; see Evidence" in said


def test_the_clock_tells_colour_last_day_and_what_silence_means(desk: dict[str, int]):
    with writing(engine(), keeps_timeline=False) as session:
        claim = session.get_one(Claim, desk["first"])
        assert claim.decide_by is not None
        claim.deemed_on = (claim.decide_by - timedelta(hours=12)).date()
    app = opened("cora", desk["first"])
    said = written(app)
    assert ":blue-badge[66% used]" in said or ":blue-badge[64% used]" in said or ":blue-badge[65% used]" in said
    assert "silence approves it" in said
    assert f"Silence approves on {claim.deemed_on.day} {claim.deemed_on:%b}" in said
    assert "Us 20 d of 20 d in all." in written(at_tab(app, desk["first"], "Who held it"))


def test_flags_stand_in_the_queue_and_their_evidence_in_the_drawer_for_who_may_investigate(desk: dict[str, int]):
    app = opened("cora", desk["second"])
    flags = dict(zip(column(app, "Claim"), column(app, "Flags"), strict=True))
    assert [list(f) for f in flags.values()] == [[], ["1 flag"]]
    assert "**Same words as another claim**" in written(app)
    facts = at_tab(app, desk["second"], "Evidence").table
    number = claim_of(engine(), desk["first"]).number
    assert any(number in str(t.value.to_dict("list")).replace("\\", "") for t in facts)
    app = opened("stan", desk["second"])
    assert "Flags" not in app.dataframe[0].value
    said = written(at_tab(app, desk["second"], "Evidence"))
    assert "Same words" not in said
    assert number not in said


def test_a_picture_is_shown_with_its_file_and_every_file_is_downloaded(desk: dict[str, int], tmp_path: Any):
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(made, "PNG")
    claim_id = saved(engine(), dealer_id=desk["lone"], actor=actor_named(engine(), "dana"), key="p", ro_number="RO-7")
    run(
        add_attachment, bind=engine(), claim_id=claim_id, kind="photo", file_name="turbo.png",
        content=made.getvalue(), form_key=None, actor=actor_named(engine(), "dana"), now=NOW,
    )  # fmt: skip
    app = opened("dana", claim_id)
    before = len(app.get("image"))
    app = at_tab(app, claim_id, "Evidence")
    assert "turbo.png" in written(app)
    assert "cannot be shown" not in written(app)
    assert len(app.get("image")) == before + 1
    assert [b.label for b in app.get("download_button")].count("Download") >= 2


def test_history_of_vehicle_and_dealer_and_similar_claims_open_each_other(desk: dict[str, int]):
    lone = actor_named(engine(), "dana")
    step(engine(), "deny", desk["first"], actor=actor_named(engine(), "mason"), now=NOW, reason_code="NOT_DEFECT",
         note="The turbo is sound.")  # fmt: skip
    again = review(engine(), dealer_id=desk["lone"], actor=lone, key="c", now=NOW, ro_number="RO-3")
    app = at_tab(opened("cora", again), again, "History")
    said = written(app)
    assert "1 claim decided: 100% denied" in said
    assert "0% of the money claimed was approved" in said
    assert "E1205" in said
    number = claim_of(engine(), desk["first"]).number
    assert [list(d.value["Claim"]) for d in app.dataframe[1:]].count([number]) >= 2


# ---- deciding --------------------------------------------------------------------------------------------------------
def test_a_denial_is_proposed_with_the_reason_and_the_words_of_the_finding(desk: dict[str, int]):
    app = opened("cora", desk["second"])  # the first action
    app.pills(key=f"claims_step_{desk['second']}").set_value("deny").run()  # the second
    reason = box(app.selectbox, "Reason")
    assert reason.value == "MODIFIED"
    assert "modified" in box(app.text_area, "Why").value.lower()
    app.button(key=f"claims_{desk['second']}_deny_go").click().run()  # the third
    claim = claim_of(engine(), desk["second"])
    assert (claim.status, claim.reason_code) == ("denied", "MODIFIED")


def test_a_return_asks_why_and_keeps_what_was_typed(desk: dict[str, int]):
    app = opened("cora", desk["first"])
    app.pills(key=f"claims_step_{desk['first']}").set_value("send_back").run()
    box(app.selectbox, "Reason").set_value(None).run()
    box(app.text_area, "Why").set_value("Send the photo.").run()
    box(app.button, "Return to dealer").click().run()
    assert "Reason is needed" in written(app)
    assert box(app.text_area, "Why").value == "Send the photo."
    box(app.selectbox, "Reason").set_value("DOC_MISSING").run()
    box(app.button, "Return to dealer").click().run()
    assert claim_of(engine(), desk["first"]).status == "returned"


def test_two_tabs_the_second_decision_is_refused_with_who_and_when(desk: dict[str, int]):
    cora, carl = opened("cora", desk["first"]), opened("carl", desk["first"])
    box(cora.number_input, "Approve line 2").set_value(100.0).run()
    box(cora.selectbox, "Reason for line 2").set_value("RATE_ADJUSTED").run()
    carl.button(key=f"claims_{desk['first']}_approve_go").click().run()
    assert claim_of(engine(), desk["first"]).status == "approved"
    box(cora.button, "Approve these lines").click().run()  # drawn before, so it carries the version it showed
    assert not cora.exception
    said = written(cora)
    assert "was changed by Coordinator Carl at" in said
    assert "UTC and is now approved" in said
    assert "Approved 720.00" in said
    assert claim_of(engine(), desk["first"]).approved_cents == 720_00


def test_what_was_typed_for_a_denial_that_came_too_late_can_still_be_copied(desk: dict[str, int]):
    app = opened("cora", desk["first"])
    app.pills(key=f"claims_step_{desk['first']}").set_value("deny").run()
    box(app.selectbox, "Reason").set_value("NOT_DEFECT").run()
    box(app.text_area, "Why").set_value("The bearing is sound.").run()
    step(engine(), "approve", desk["first"], actor=actor_named(engine(), "carl"), now=NOW)
    app.button(key=f"claims_{desk['first']}_deny_go").click().run()
    assert not app.exception
    assert "was changed by Coordinator Carl at" in written(app)
    assert [c.value for c in app.code] == ["The bearing is sound."]


def test_a_claim_taken_meanwhile_is_refused_in_words_and_what_was_typed_stays(desk: dict[str, int]):
    app = opened("cora", desk["first"])
    box(app.number_input, "Approve line 2").set_value(100.0).run()
    box(app.selectbox, "Reason for line 2").set_value("RATE_ADJUSTED").run()
    go = box(app.button, "Approve these lines")
    take_with_a_stale_click(app, go, claim_id=desk["first"])
    said = written(app)
    assert "was changed by Coordinator Carl at" in said
    assert claim_of(engine(), desk["first"]).status == "in_review"
    assert box(app.number_input, "Approve line 2").value == 100.0
    box(app.button, "Approve these lines").click().run()
    assert claim_of(engine(), desk["first"]).approved_cents == 400_00


def take_with_a_stale_click(app: Any, button: Any, *, claim_id: int) -> None:
    """Carl takes the claim, then Cora clicks a button that was drawn before."""
    step(engine(), "take", claim_id, actor=actor_named(engine(), "carl"), now=NOW)
    button.click().run()
    assert not app.exception


def test_own_requests_and_own_signatures_are_named(desk: dict[str, int]):
    own = review(
        engine(), dealer_id=desk["lone"], actor=actor_named(engine(), "cora"), key="o", now=NOW, ro_number="RO-5"
    )
    said = written(opened("cora", own))
    assert "You submitted this claim yourself; another person has to take this step." in said
    big = review(
        engine(), dealer_id=desk["lone"], actor=actor_named(engine(), "dana"), key="g", now=NOW, ro_number="RO-6",
        charges=(LABOUR, PART, type(PART)(position=3, kind="sublet", job=1, unit_cents=2_000_00)),
    )  # fmt: skip
    app = opened("cora", big)
    assert "Above your authority: approving signs it, then level 2 (Manager) decides." in written(app)
    app.button(key=f"claims_{big}_approve_go").click().run()
    assert (claim_of(engine(), big).status, claim_of(engine(), big).signed_by) == ("in_review", "cora")
    assert "You signed the level before" in written(opened("cora", big))
    app = opened("mason", big)
    app.button(key=f"claims_{big}_approve_go").click().run()
    assert claim_of(engine(), big).approved_cents == 2_720_00


def test_hand_over_offers_who_may_decide_and_gives_it_to_them(desk: dict[str, int]):
    app = opened("cora", desk["first"])
    app.pills(key=f"claims_step_{desk['first']}").set_value("hand_over").run()
    who = box(app.selectbox, "Who decides")
    assert who.options == ["Coordinator Carl", "Coordinator Cora", "Manager Mason"]
    who.select("Coordinator Carl").run()
    box(app.button, "Hand over").click().run()
    assert claim_of(engine(), desk["first"]).assignee_id == actor_named(engine(), "carl").user_id


# ---- the queue -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "key, value, kept",
    [
        ("claims_text", "RO-2", ["second"]),
        ("claims_text", OTHER_VIN, ["second"]),
        ("claims_rule", "W08", ["second"]),
        ("claims_due", "14", ["first"]),
        ("claims_due", "over", []),
        ("claims_region", "West", ["second"]),
        ("claims_amount", "small", ["first", "second"]),
        ("claims_amount", "large", []),
        ("claims_person", "nobody", ["first", "second"]),
        ("claims_person", "me", []),
        ("claims_flagged", "yes", ["second"]),
        ("claims_type", "goodwill", []),
        ("claims_status", "appealed", []),
    ],
)
def test_a_filter_in_the_address_keeps_its_claims(desk: dict[str, int], key: str, value: str, kept: list[str]):
    app = app_as("cora")
    app.switch_page(CLAIMS)
    app.query_params[key] = value
    app.run()
    assert not app.exception
    assert column(app, "Claim") == [claim_of(engine(), desk[name]).number for name in kept]


def test_the_counts_are_those_of_ones_own_dealers_and_lead_to_them(desk: dict[str, int]):
    step(engine(), "send_back", desk["first"], actor=actor_named(engine(), "cora"), now=NOW, reason_code="DOC_MISSING",
         note="Photo.")  # fmt: skip
    labels = {b.key: b.label for b in app_as("cora", page=CLAIMS).button if b.key and b.key.startswith("claims_count")}
    assert "**1**" in labels["claims_count_in_review"]
    assert "**1**" in labels["claims_count_returned"]
    app = app_as("dana", page=CLAIMS)
    assert "claims_count_in_review" not in [b.key for b in app.button]
    app.button(key="claims_count_returned").click().run()
    assert column(app, "Claim") == [claim_of(engine(), desk["first"]).number]


def test_after_a_decision_the_next_claim_of_the_same_filters_opens(desk: dict[str, int]):
    lone = actor_named(engine(), "dana")
    third = review(engine(), dealer_id=desk["lone"], actor=lone, key="t", now=NOW, ro_number="RO-8")
    app = app_as("cora")
    app.switch_page(CLAIMS)
    app.query_params["claims_dealer"] = str(desk["lone"])
    app.run()
    app.session_state["claims_open"] = desk["first"]
    app.run()
    app.button(key=f"claims_{desk['first']}_approve_go").click().run()
    assert app.session_state["claims_open"] == third
