"""Checking a file of sales as a dealer does it: choose, see the verdicts, send, and not twice."""

from __future__ import annotations

import pytest

from db.core.session import engine as process_engine
from db.incentives.tables import IncentiveClaim, SaleReport
from tests.incentives.factories import NOW, House
from tests.incentives.test_sheets import line, text
from tests.support.again import begun
from tests.support.clock import clock_held
from tests.support.users import app_as

PAGE = "pages/incentives/validate.py"

of_that_day = clock_held(NOW)


@pytest.fixture
@begun
def house(app_database):
    return House(process_engine())


def opened(who, **state):
    app = app_as(who, page=PAGE)
    for name, value in {"ic_view": "file", **state}.items():
        app.session_state[name] = value
    return app.run()


def said(app):
    return "\n".join(str(e.value) for e in [*app.markdown, *app.caption, *app.error, *app.success])


def given(app, file):
    app.file_uploader[0].upload(file.name, file.content).run()
    assert not app.exception
    return app


def test_a_dealer_sees_every_verdict_and_claims_what_is_claimable(house):
    house.publish()
    app = given(opened("dora"), text(line(1), line(2, Papers=""), line(3, **{"Type of sale": "Fleet"})))
    rows = app.dataframe[-1].value
    assert [next(iter(r)) for r in rows["Result"]] == ["Claimable", "Incomplete", "Refused"]
    assert "Proof of the customer is missing" in rows["Reasons"][1]
    assert house.count(SaleReport) == 0
    assert "Claim 1 sale" in app.button(key="ics_send").label
    app.button(key="ics_send").click().run()
    assert not app.exception
    assert (house.count(IncentiveClaim), house.status(1)) == (1, "in_review")
    assert "1 created, 2 rejected" in said(app)
    app.button(key="ics_next").click().run()
    assert not app.exception
    assert "Each row comes back with a verdict" in said(app)


def test_the_checklist_of_all_rows_is_confirmed_once(house):
    house.publish()
    file = text(line(1, **{"Checklist done": ""}), line(2, **{"Checklist done": "no"}))
    app = given(opened("dora"), file)
    assert [b.key for b in app.button if b.key == "ics_send"] == []
    app.checkbox(key="ics_done").check().run()
    assert [next(iter(r)) for r in app.dataframe[-1].value["Result"]] == ["Claimable", "Incomplete"]


def test_a_chosen_row_shows_every_check(house):
    house.publish()
    app = given(opened("dora"), text(line(1), line(2, Papers="")))
    app.session_state["ics_rows_2"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert "Row 3" in said(app)
    assert "I08 Proof of the customer" in said(app)
    assert "I14 Checklist" in said(app)


def test_what_changed_meanwhile_is_said_and_checked_again(house):
    house.publish()
    app = given(opened("dora"), text(line(1)))
    house.claim(house.sell(vin="1HGCM826300000001"))
    app.button(key="ics_send").click().run()
    assert "come out differently" in said(app)
    app.button(key="ics_recheck").click().run()
    assert [next(iter(r)) for r in app.dataframe[-1].value["Result"]] == ["Already claimed"]
    assert house.count(IncentiveClaim) == 1


def test_who_only_reads_is_not_offered_a_file(house):
    app = opened("finn", ic_view="sales")
    assert not app.exception
    assert not app.file_uploader


def test_a_file_that_is_no_table_is_refused_in_words(house):
    app = opened("dora")
    app.file_uploader[0].upload("x.csv", b"Model,Make\nAccord,Honda\n").run()
    assert "VIN or serial is needed" in said(app)
