"""Leads as rows of a table: new ones are worked, those of another system keep their state; and undo takes all back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from db import catalog
from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.search import SearchWord
from db.core.session import reading, run
from db.customers.tables import Customer, CustomerKey
from db.imports.commands import BatchResult, run_import, undo_import
from db.imports.mapping import Mapping, load_mapping
from db.leads.commands import COMMANDS
from db.leads.intake_kinds import TABLE
from db.leads.rollup import differences
from db.leads.tables import Lead, LeadActivity, LeadContact, LeadKey, LeadVehicle
from db.people.tables import Notification
from tests.leads.intake_examples import CLI, NOW, count, later, lead_of, make_dealers, prospect, take
from tests.support.paths import shared


def take_rows(engine: Engine, heading: list[str], *rows: list[str], mapping: Mapping | None = None) -> BatchResult:
    content = "\n".join(",".join(row) for row in (heading, *rows)).encode()
    return take_files(engine, [SourceFile(name="leads.csv", content=content)], mapping=mapping)


def take_files(engine: Engine, files: list[SourceFile], *, mapping: Mapping | None) -> BatchResult:
    return run(run_import, bind=engine, kind=TABLE, files=files, mapping=mapping, channel="file", actor=CLI, now=NOW)


def test_a_row_is_a_lead_like_any_other(engine: Engine):
    dealers = make_dealers(engine)
    lines = """
First name,Last name,E-mail,Phone,Zip,Year,Make,Model,Lead source,Dealer code,Trade-in,Notes
Jane,Doe,jane@mail.com,(212) 555-0143,10001,2026,Toyota,Camry,Cars.com,00201,2015 Honda Civic,Hi
,,,,10001,,,,,,,nobody
Bob,Roe,,,10001,,,,,,,
"""
    result = take_rows(engine, *(line.split(",") for line in lines.strip().splitlines()))
    assert [(o.outcome, o.code) for o in result.outcomes] == [
        ("created", ""),
        ("rejected", "no_contact"),
        ("created", "held"),
    ]
    lead = lead_of(engine, result.outcomes[0])
    assert (lead.dealer_id, lead.status, lead.source, lead.wants) == (
        dealers["00201"], "assigned", "Cars.com", "2026 Toyota Camry",
    )  # fmt: skip
    assert lead.comments == "Hi"
    with reading(engine) as session:
        vehicles = [(v.role, v.model) for v in session.scalars(select(LeadVehicle).order_by(LeadVehicle.position))]
        assert vehicles == [("wanted", "Camry"), ("trade_in", "2015 Honda Civic")]


WON = """
kind = "leads"
title = "Deals"
[columns.full_name]
columns = ["name"]
[columns.external_id]
columns = ["id"]
[columns.received_at]
columns = ["opened"]
formats = ["%m/%d/%Y"]
zone = "America/New_York"
[columns.closed_at]
columns = ["closed"]
formats = ["%m/%d/%Y"]
zone = "America/New_York"
[columns.value]
columns = ["value"]
[columns.status]
columns = ["stage"]
values = { Won = "delivered", Lost = "lost", Engaging = "contacted", Prospecting = "new" }
"""


def test_leads_of_the_past_keep_their_state_and_promise_nothing(engine: Engine):
    make_dealers(engine)
    rows = [
        ["1", "Acme", "10/20/2016", "03/01/2017", "1054", "Won"],
        ["2", "Isdom", "10/25/2016", "03/11/2017", "0", "Lost"],
        ["3", "Acme", "11/01/2016", "", "", "Engaging"], ["4", "Early", "11/01/2016", "10/01/2016", "7", "Won"],
    ]  # fmt: skip
    result = take_rows(engine, ["id", "name", "opened", "closed", "value", "stage"], *rows, mapping=load_mapping(WON))
    assert [o.outcome for o in result.outcomes] == ["created"] * 4, result.outcomes
    won, lost, open_one, early = (lead_of(engine, o) for o in result.outcomes)
    assert (won.status, won.is_open, won.value_cents) == ("delivered", False, 105400)
    assert won.sold_at == won.closed_at == datetime(2017, 3, 1, 5, tzinfo=UTC)
    assert won.contacted_at is not None
    assert (lost.status, lost.sold_at, lost.contacted_at) == ("lost", None, None)
    assert (open_one.status, open_one.is_open) == ("contacted", True)
    assert "closed_before_received" in {w["code"] for w in early.warnings}
    for lead in (won, lost, open_one, early):
        assert (lead.clock_started_at, lead.due_at, lead.dealer_id) == (None, None, None)
    assert count(engine, Notification) == 0
    again = take_rows(engine, ["id", "name", "opened", "closed", "value", "stage"], *rows, mapping=load_mapping(WON))
    assert (again.created, again.duplicates) == (0, 4)
    with reading(engine) as session:
        assert differences(session) == []


def test_a_day_that_has_not_come_is_a_wrong_date(sqlite_engine: Engine):
    result = take_rows(
        sqlite_engine, ["name", "phone", "received"], ["Jane Doe", "212-555-0143", "2027-01-31T00:00:00+00:00"]
    )
    assert [o.code for o in result.outcomes] == ["in_the_future"]


def test_a_pipeline_of_another_maker_comes_in_with_its_known_answers(sqlite_engine: Engine):
    """The first 500 of 8,800 real deals: as many are won, and for as much, as the file itself says."""
    path = shared("crm_sales/sales_pipeline.csv")
    mapping = load_mapping(
        """
        kind = "leads"
        title = "Pipeline"
        [constants]
        source = "CRM"
        [columns.full_name]
        columns = ["account"]
        default = "No account"
        [columns.external_id]
        columns = ["opportunity_id"]
        [columns.received_at]
        columns = ["engage_date"]
        formats = ["%m/%d/%Y"]
        zone = "America/New_York"
        default = "1/1/2016"
        [columns.closed_at]
        columns = ["close_date"]
        formats = ["%m/%d/%Y"]
        zone = "America/New_York"
        [columns.value]
        columns = ["close_value"]
        [columns.agent]
        columns = ["sales_agent"]
        [columns.status]
        columns = ["deal_stage"]
        values = { Won = "delivered", Lost = "lost", Engaging = "contacted", Prospecting = "new" }
        """
    )
    lines = path.read_text().splitlines()[:501]
    files = [SourceFile(name="pipeline.csv", content="\n".join(lines).encode())]
    result = take_files(sqlite_engine, files, mapping=mapping)
    assert (result.read, result.created) == (500, 500), result.rejections[:3]
    cells = [line.split(",") for line in lines[1:]]
    won = [row for row in cells if row[4] == "Won"]
    with reading(sqlite_engine) as session:
        found = session.execute(
            text("SELECT count(*), sum(value_cents) FROM lead WHERE status = 'delivered' AND sold_at IS NOT NULL")
        ).one()
        assert tuple(found) == (len(won), sum(int(row[7]) for row in won) * 100)


# ---- undo ----------------------------------------------------------------------------------------------------------
LEFT: tuple[type[Any], ...] = (Lead, LeadContact, LeadVehicle, LeadKey, LeadActivity, Customer, CustomerKey)


def _contents(engine: Engine) -> dict[str, list[str]]:
    """Everything leads and customers consist of, but for who changed a lead last and how often."""
    found = {}
    with reading(engine) as session:
        for table in LEFT:
            columns = [c for c in table.__table__.c if c.name not in ("version", "updated_at", "updated_by")]
            found[table.__tablename__] = sorted(map(repr, session.execute(select(*columns)).all()))
        words = (
            select(SearchWord.kind, SearchWord.item_id, SearchWord.word).where(SearchWord.kind != "dealer").distinct()
        )
        found["search_word"] = sorted(map(repr, session.execute(words).all()))
    return found


def _undo(engine: Engine, result: BatchResult, now: datetime | None = None) -> int:
    at = now or later(hours=1)
    return run(undo_import, bind=engine, batch_id=result.batch_id, reason="Wrong file", actor=CLI, now=at)


def test_undo_removes_what_was_created(engine: Engine):
    make_dealers(engine)
    empty = _contents(engine)
    result = take(engine, prospect(), prospect(name="Bob Roe", email="bob@mail.com", phone=""))
    assert _undo(engine, result) == 2
    assert _contents(engine) == empty
    with reading(engine) as session:
        assert differences(session) == []


def test_undo_reverts_what_was_added_to_other_leads(engine: Engine):
    make_dealers(engine)
    take(engine, prospect(number="1", phone="", vehicle=""))
    before = _contents(engine)
    second = take(
        engine, prospect(number="1", trade="2015|Honda|Civic"), prospect(provider="Edmunds", comments="Again"),
        now=later(minutes=30),
    )  # fmt: skip
    assert _contents(engine) != before
    _undo(engine, second)
    after = _contents(engine)
    for table in ("lead", "lead_contact", "lead_vehicle", "lead_key", "lead_activity"):
        assert after[table] == before[table], table


def test_a_number_is_never_given_out_again(engine: Engine):
    make_dealers(engine)
    first = take(engine, prospect())
    _undo(engine, first)
    again = take(engine, prospect(), now=later(hours=2))
    assert again.outcomes[0].item_id != first.outcomes[0].item_id


def test_undo_is_refused_when_somebody_worked_on_a_lead(engine: Engine):
    make_dealers(engine)
    result = take(engine, prospect())
    lead = lead_of(engine, result.outcomes[0])
    run(
        COMMANDS["log_activity"], bind=engine, item_id=lead.id, seen_version=lead.version, kind="call",
        outcome="reached", actor=CLI, now=later(minutes=5),
    )  # fmt: skip
    with pytest.raises(Refused):
        _undo(engine, result)
    assert count(engine, Lead) == 1


def test_undo_is_refused_when_a_later_document_joined(engine: Engine):
    make_dealers(engine)
    result = take(engine, prospect())
    take(engine, prospect(provider="Edmunds"), now=later(minutes=5))
    with pytest.raises(Refused) as refused:
        _undo(engine, result)
    assert "a later document joined it" in str(refused.value)


def test_undo_works_after_the_later_one_was_undone(engine: Engine):
    make_dealers(engine)
    empty = _contents(engine)
    result = take(engine, prospect())
    later_one = take(engine, prospect(provider="Edmunds", comments="Me again"), now=later(minutes=5))
    _undo(engine, later_one)
    _undo(engine, result, now=NOW + timedelta(hours=2))
    assert _contents(engine) == empty


@pytest.mark.parametrize(
    "contact, due, kept, stored",
    [
        ("2017-03-01 10:00", "2017-03-01 11:00", "", ("2017-03-01 11:00", "2017-03-01 10:00", (1, 1, 0))),
        ("2017-03-01 12:00", "2017-03-01 11:00", "", ("2017-03-01 11:00", "2017-03-01 12:00", (1, 0, 1))),
        ("2017-03-01 12:00", "2017-03-01 11:00", "yes", ("2017-03-01 11:00", "2017-03-01 12:00", (1, 0, 1))),
        ("2017-03-01 10:00", "", "yes", ("2017-03-01 10:00", "2017-03-01 10:00", (1, 1, 0))),
        ("2017-03-01 10:00", "", "no", ("2017-03-01 09:00", "2017-03-01 10:00", (1, 0, 1))),
        ("2017-03-01 09:00", "", "no", (None, None, (0, 0, 0))),
        ("2017-03-01 10:00", "", "", (None, None, (0, 0, 0))),
        ("", "", "no", ("2017-03-01 09:00", None, (1, 0, 0))),
        ("", "", "yes", (None, None, (0, 0, 0))),
    ],
)
def test_the_promise_of_another_system_counts_as_it_was_kept_there(sqlite_engine, contact, due, kept, stored):
    """A verdict without a due time is stored at its bound: due at the answer when kept, at the arrival when missed."""
    make_dealers(sqlite_engine)
    heading = ["Lead number", "Company", "Received", "State of the lead", "First contact", "Answer due",
               "Answered in time", "Closed"]  # fmt: skip
    row = ["Q-1", "Mill & Sons", "2017-03-01 09:00", "lost", contact, due, kept, "2017-03-02 09:00"]
    result = take_rows(sqlite_engine, heading, row)
    lead = lead_of(sqlite_engine, result.outcomes[0])
    zone = lead.received_at - datetime(2017, 3, 1, 9, tzinfo=UTC)

    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + zone if text else None

    assert (lead.first_action_due_at, lead.first_action_at) == (moment(stored[0]), moment(stored[1]))
    with reading(sqlite_engine) as session:
        assert differences(session) == []
        counted = session.execute(text("SELECT sum(promised), sum(in_target), sum(late) FROM lead_month")).one()
        assert tuple(counted) == stored[2]
        found = {name: sentences for name, sentences in catalog.run_checks(session) if sentences}
        assert set(found) <= {"dealers"}, "these examples are no dealers the search knows"
