"""Bringing files in, as a coordinator does it: tried first, mapped, imported once, opened again, undone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from components.areas.mapping_words import format_text, read_formats, read_translation, translation_text
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import engine, reading
from db.dealers.tables import Dealer
from db.imports.tables import ImportBatch, SavedMapping
from db.leads.tables import Lead
from tests.support.again import begun
from tests.support.users import app_as, make_dealer, make_person

IMPORTS, INTAKE = "pages/admin/imports.py", "pages/leads/intake.py"
DEALERS = b"Code,Store,State,Opened\n0999,North Star Toyota,NJ,x\n0998,,NY,y\n"
ADF = b"""<?xml version="1.0"?><adf><prospect><requestdate>2026-11-21T10:00:00-05:00</requestdate>
<vehicle interest="buy" status="new"><year>2026</year><make>Toyota</make><model>Camry</model></vehicle>
<customer><contact><name part="full">Ann Otter</name><email>ann@example.com</email></contact></customer>
<vendor><vendorname>Lone Pine Motors</vendorname></vendor></prospect></adf>"""


@pytest.fixture
@begun
def desk(app_database: str) -> None:
    make_dealer(engine())
    make_person(engine(), "omar", Role.COORDINATOR)


def count(table: Any) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def metrics(app: Any) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def written(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.error, app.code)
    return "\n".join(one.value for kind in kinds for one in kind).replace("\\", "")


def bring_dealers(content: bytes = DEALERS) -> Any:
    app = app_as("omar", page=IMPORTS)
    app.segmented_control(key="im_view").set_value("new").run()
    return app.file_uploader[0].upload("dealers.csv", content).run()


def grid_of(app: Any) -> str:
    return next(key for key in app.session_state if str(key).startswith("imports_new_dealers_grid"))


def test_a_trial_shows_what_would_happen_and_changes_nothing(desk: None):
    app = app_as("omar", page=INTAKE)
    app.file_uploader[0].upload("one.xml", ADF).upload("two.xml", b"<nothing/>").run()
    assert not app.exception
    found = metrics(app)
    assert (found["Read"], found["Created"], found["Rejected"]) == ("2", "1", "1")
    assert count(Lead) == 0
    assert count(ImportBatch) == 0


def test_an_import_comes_in_once_however_often_the_button_is_pressed(desk: None):
    app = app_as("omar", page=INTAKE)
    app.file_uploader[0].upload("one.xml", ADF).run()
    button = app.button(key="intake_import_go")
    key = app.session_state["intake_form_key"]
    button.click().run()
    assert not app.exception
    assert "Imported as batch" in written(app)
    assert (count(Lead), count(ImportBatch)) == (1, 1)
    # The second press of a double click arrives with the same key.
    again = app_as("omar", page=INTAKE)
    again.session_state["intake_form_key"] = key
    again.file_uploader[0].upload("one.xml", ADF).run()
    again.button(key="intake_import_go").click().run()
    assert (count(Lead), count(ImportBatch)) == (1, 1)


def test_the_sender_of_a_rejected_document_gets_a_text_to_act_on(desk: None):
    app = app_as("omar", page=INTAKE)
    app.file_uploader[0].upload("two.xml", b"<nothing/>").run()
    app.session_state["intake_rejected"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    assert "Send a document whose root element is <adf>" in written(app)


def test_a_table_whose_headings_do_not_say_it_all_is_mapped_in_the_grid(desk: None):
    app = bring_dealers()
    assert "Trade name is needed, so a column must be chosen for it." in written(app)
    assert not app.metric
    app.session_state[grid_of(app)] = {
        "edited_rows": {1: {"From columns": ["Store"]}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app.run()
    assert not app.exception
    found = metrics(app)
    assert (found["Read"], found["Created"], found["Rejected"]) == ("2", "1", "1")
    app.button(key="imports_new_import_go").click().run()
    with reading() as session:
        assert session.scalar(select(Dealer.name).where(Dealer.code == "0999")) == "North Star Toyota"


def test_columns_are_saved_under_a_name_and_used_again(desk: None):
    app = bring_dealers()
    app.session_state[grid_of(app)] = {
        "edited_rows": {1: {"From columns": ["Store"]}}, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    app.run()
    app.button(key="imports_new_dealers_save_go").click().run()
    assert "A title is needed" in written(app)
    app.text_input(key="imports_new_dealers_save_title").set_value("Agency").run()
    app.button(key="imports_new_dealers_save_go").click().run()
    assert count(SavedMapping) == 1
    again = bring_dealers()
    again.selectbox(key="imports_new_dealers_saved").set_value("Agency").run()
    assert metrics(again)["Created"] == "1"


def test_a_date_that_could_mean_two_days_is_asked_about(desk: None):
    rows = b"Name,E-mail,Wanted by\nAnn Otter,ann@example.com,03/04/2027\n"
    app = app_as("omar", page=INTAKE)
    app.segmented_control(key="intake_kind").set_value("leads").run()
    app.file_uploader[0].upload("leads.csv", rows).run()
    assert not app.exception
    assert metrics(app)["Rejected"] == "1"
    app.segmented_control(key="intake_leads_order").set_value("day_first").run()
    assert metrics(app)["Created"] == "1"


def test_a_batch_is_opened_row_by_row_and_undone_with_a_reason(desk: None):
    app = bring_dealers(b"Code,Name,State\n0999,North Star Toyota,NJ\n")
    app.button(key="imports_new_import_go").click().run()
    with reading() as session:
        batch = session.scalar(select(func.max(ImportBatch.id)))
    app = app_as("omar", page=IMPORTS)
    app.query_params["batch"] = str(batch)
    app.run()
    assert not app.exception
    assert metrics(app)["Created"] == "1"
    app.button(key=f"undo_{batch}").click().run()
    assert "A reason is needed" in written(app)
    app.text_input(key=f"undo_reason_{batch}").set_value("Wrong file").run()
    app.button(key=f"undo_{batch}").click().run()
    with reading() as session:
        assert session.scalar(select(Dealer.id).where(Dealer.code == "0999")) is None


def test_a_dealers_person_may_bring_nothing_in(desk: None):
    make_person(engine(), "dana", Role.DEALER_MANAGER)
    for page in (IMPORTS, INTAKE):
        assert "You have no access to this page" in written(app_as("dana", page=page))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("DD/MM/YYYY", ("%d/%m/%Y",)), ("M/D/YYYY hh:mm AM", ("%m/%d/%Y %I:%M %p",)), ("MMM D, YYYY", ("%b %d, %Y",)),
        ("YYYY-MM-DDTHH:mm:ssZ", ("%Y-%m-%dT%H:%M:%S%z",)), ("DD.MM.YY | YYYY-MM-DD", ("%d.%m.%y", "%Y-%m-%d")),
        ("%Y%m%d", ("%Y%m%d",)), ("", ()),
    ],
)  # fmt: skip
def test_date_formats_are_written_as_people_write_them(typed: str, kept: tuple[str, ...]):
    assert read_formats(typed, field="f", label="Date") == kept
    assert read_formats(" | ".join(map(format_text, kept)), field="f", label="Date") == kept


@pytest.mark.parametrize("typed", ["day/month/year", "tomorrow"])
def test_what_is_no_date_format_is_refused(typed: str):
    with pytest.raises(Refused):
        read_formats(typed, field="f", label="Date")


def test_translations_are_pairs():
    pairs = {"Won": "sold", "Lost": ""}
    assert read_translation(translation_text(pairs), field="f", label="State") == pairs
    with pytest.raises(Refused):
        read_translation("Won sold", field="f", label="State")
