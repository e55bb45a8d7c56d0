"""The page of co-op programmes as each side sees it: written by managers, read by dealers in plain words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from db.coop.commands import save_programme
from db.coop.model import Programme, programme_to_json
from db.coop.tables import CoopProgramme, CoopVersion
from db.core.permissions import Role
from db.core.session import engine as process_engine
from db.core.session import reading, run
from tests.support.again import begun
from tests.support.users import actor_named, app_as, make_people, make_person

PAGE = "pages/coop/coop_programmes.py"
YEAR = datetime.now(UTC).year
BODY = programme_to_json(Programme(code=f"COOP-{YEAR}", name=f"Local advertising {YEAR}", year=YEAR))


def said(app: Any) -> str:
    return "\n".join(str(e.value) for kind in ("markdown", "caption", "error", "title", "subheader")
                     for e in getattr(app, kind)).replace("\\", "")  # fmt: skip


def versions() -> list[dict[str, Any]]:
    with reading() as session:
        return list(session.scalars(select(CoopVersion.body).order_by(CoopVersion.number)))


@pytest.fixture
@begun
def house(app_database: Any) -> int:
    make_people(process_engine())
    manager = actor_named(process_engine(), "manager")
    made: int = run(
        save_programme, body=BODY, effective_from=None, reason="New year", actor=manager, now=datetime.now(UTC)
    )
    return made


def opened(who: str, programme: int) -> Any:
    app = app_as(who, page=PAGE)
    app.query_params["programme"] = str(programme)
    return app.run()


def edit_key(app: Any) -> str:
    return f"cpr_{app.session_state['_cpr_edit']['key']}_"


@pytest.mark.parametrize("who", ["coordinator", "finance", "sales_leader", "dealer_manager"])
def test_who_may_not_write_reads_it_in_plain_words(house, who):
    app = opened(who, house)
    assert not app.exception
    assert "2% of every purchase" in said(app)
    assert "Print pays 50% of eligible cost; no approval is needed before." in said(app)
    assert not [b for b in app.button if b.key in ("cpr_next", "cpr_copy", "cpr_new")]


def test_a_manager_writes_the_next_version_and_everybody_sees_what_changed(house):
    app = opened("manager", house)
    app.button(key="cpr_next").click().run()
    at = edit_key(app)
    app.number_input(key=f"{at}accrual").set_value(3.0)
    app.session_state[f"{at}media"] = {
        "edited_rows": {0: {"Rate": 60.0, "Cap": 5_000.0}, 5: {"Pays": False}}, "added_rows": [], "deleted_rows": []
    }  # fmt: skip
    app.session_state[f"{at}proofs"] = {
        "edited_rows": {6: {"Proofs": ["Photo"]}}, "added_rows": [], "deleted_rows": []
    }  # fmt: skip
    app.run()
    assert "Print pays 60% of eligible cost, at most $5,000 a year" in said(app)
    app.text_input(key=f"{at}reason").set_value("More for print")
    app.button(key="cpr_save").click().run()
    assert not app.exception
    last = versions()[-1]
    assert (last["accrual"], last["media"]["print"]["rate"], last["media"]["print"]["cap_cents"]) == (300, 6000, 500000)
    assert "wrap" not in last["media"]
    assert last["media"]["digital"]["proofs"] == ["photo"]
    assert "2% of every purchase" in said(app)  # version 1 is in force until the day the second begins
    assert "No longer" in said(app)


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(house):
    app = opened("manager", house)
    app.button(key="cpr_next").click().run()
    at = edit_key(app)
    app.text_input(key=f"{at}name").set_value("Changed name")
    app.text_input(key=f"{at}minimum_cents").set_value("plenty")
    app.button(key="cpr_save").click().run()
    assert "Give an amount between $0" in said(app)
    app.text_input(key=f"{at}minimum_cents").set_value("100.00")
    app.session_state[f"{at}media"] = {
        "edited_rows": {0: {"Cap": 50.0}}, "added_rows": [], "deleted_rows": []
    }  # fmt: skip
    app.button(key="cpr_save").click().run()
    text = said(app)
    assert "Print, cap: A claim begins at $100." in text
    assert "The reason is needed." in text
    assert app.text_input(key=f"{at}name").value == "Changed name"
    assert len(versions()) == 1


def test_a_stale_form_is_refused_and_names_who_was_faster(house):
    app = opened("manager", house)
    app.button(key="cpr_next").click().run()
    at = edit_key(app)
    make_person(process_engine(), "mira", Role.MANAGER)
    run(save_programme, body={**BODY, "accrual": 400}, effective_from=None, reason="Faster", seen_version=1,
        actor=actor_named(process_engine(), "mira"), now=datetime.now(UTC))  # fmt: skip
    app.text_input(key=f"{at}reason").set_value("Slower")
    app.number_input(key=f"{at}accrual").set_value(5.0)
    app.button(key="cpr_save").click().run()
    assert any("Mira" in e.value for e in app.error)
    assert [v["accrual"] for v in versions()] == [200, 400]
    assert app.number_input(key=f"{at}accrual").value == 5.0


def test_a_new_programme_begins_with_the_usual_terms(house):
    app = app_as("manager", page=PAGE)
    assert list(app.dataframe[0].value["Code"]) == [BODY["code"]]
    app.button(key="cpr_new").click().run()
    at = edit_key(app)
    assert "Still missing" in said(app)
    app.text_input(key=f"{at}code").set_value(f"trucks-{YEAR}")
    app.text_input(key=f"{at}name").set_value("Trucks")
    app.number_input(key=f"{at}year").set_value(YEAR)
    app.text_input(key=f"{at}reason").set_value("Trucks have their own")
    app.button(key="cpr_save").click().run()
    assert not app.exception
    assert "error" not in said(app)
    with reading() as session:
        assert sorted(session.scalars(select(CoopProgramme.code))) == [f"COOP-{YEAR}", f"TRUCKS-{YEAR}"]


def test_a_manager_insists_on_files(house):
    app = opened("manager", house)
    app.button(key="cpr_next").click().run()
    at = edit_key(app)
    app.checkbox(key=f"{at}proof_files").check().run()
    assert "Each proof has to be there as a file" in said(app)
    app.text_input(key=f"{at}reason").set_value("Scans only")
    app.button(key="cpr_save").click().run()
    assert [v["proof_files"] for v in versions()] == [False, True]
