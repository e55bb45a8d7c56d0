"""A report told from real rows: each number is its metric's, rows stay within scope and role, files hold all of it."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import pytest

from db import catalog
from db.core.actor import EVERYTHING
from db.core.problems import Problem, Refused
from db.core.session import reading, run
from db.exports import run_export
from db.people.tables import ExportLog
from db.reports import builder_queries
from db.reports.builder_export_queries import report_export, report_filters
from db.reports.builder_figures import metric_of
from db.reports.builder_queries import NOTHING, figures_for, run_report
from db.reports.builder_rules import Spec
from tests.leads.factories import NOW, lead_at, make_network, receive
from tests.support.again import begun
from tests.support.metrics import other_metric

SPEC = Spec(metrics=("received", "contact_rate"), by=("region", "month"), period="3")


@pytest.fixture
@begun
def network(sqlite_engine):
    made = make_network(sqlite_engine)
    for stage in ("contacted", "sold"):
        lead_at(sqlite_engine, stage, made)
    receive(sqlite_engine, dealer_id=made.north, received_at=NOW - timedelta(days=40))
    receive(sqlite_engine, dealer_id=made.south)
    receive(sqlite_engine, dealer_id=made.west, source="=cmd")
    return made


def told(engine, actor, spec=SPEC, **other):
    with reading(engine) as session:
        return run_report(session, spec, actor=actor, now=NOW, **other)


def test_every_number_is_the_one_its_metric_gives(sqlite_engine, network):
    report = told(sqlite_engine, network.manager)
    assert report.untold == ()
    for place, name in enumerate(SPEC.metrics):
        for dims in (SPEC.by, ("region",), ("month",), ()):
            with reading(sqlite_engine) as session:
                rows = catalog.metric(name).compute(
                    session, scope=EVERYTHING, by=list(dims), now=NOW,
                    filters={"from": date(2026, 4, 1), "to": date(2026, 6, 29)},
                )  # fmt: skip
            for row in rows:
                keys = tuple(f"{row[d]:%Y-%m}" if isinstance(row[d], date) else str(row[d]) for d in dims)
                parts = (
                    next(r.parts for r in report.rows if r.keys == keys)
                    if dims == SPEC.by
                    else report.totals[dims, keys]
                )
                assert (parts[place].numerator, parts[place].denominator, parts[place].value) == pytest.approx(
                    (row["numerator"], row["denominator"], row["value"])
                )
    assert report.totals[NOTHING, NOTHING][0].value == 5
    assert (report.first, report.last) == (date(2026, 4, 1), date(2026, 6, 29))


@pytest.mark.parametrize(
    "spec, received",
    [
        (Spec(metrics=("received",)), 5),
        (Spec(metrics=("received",), period="1"), 4),
        (Spec(metrics=("received",), regions=("West",)), 1),
        (Spec(metrics=("received",), regions=("East", "West")), 5),
        (Spec(metrics=("received",), as_of=date(2026, 5, 31)), 1),
        (Spec(metrics=("received",), period="own", since="2026-05", until="2026-05"), 1),
    ],
)
def test_what_a_report_is_narrowed_to(sqlite_engine, network, spec, received):
    parts = told(sqlite_engine, network.manager, spec).rows
    assert (parts[0].parts[0].value if parts else 0) == received


def test_metrics_are_asked_by_the_contract_of_filters(sqlite_engine, network, monkeypatch):
    asked = []

    def records(_session, *, scope, by, filters, now):
        asked.append((scope, by, filters, now))
        return []

    other_metric(monkeypatch, replace(metric_of("valid"), compute=records))
    spec = Spec(
        metrics=("valid",), by=("dealer",), period="own", since="2026-02", until="2026-03", regions=("East",),
        dealers=("00101", "00102"),
    )  # fmt: skip
    told(sqlite_engine, network.east_coordinator, spec, totals=False)
    days = {"from": date(2026, 2, 1), "to": date(2026, 3, 31)}
    filters = {**days, "region": "East", "dealer": ["00101", "00102"]}
    assert asked == [(network.east_coordinator.scope, ["dealer"], filters, NOW)]
    told(sqlite_engine, network.manager, Spec(metrics=("valid",), period="own", since="2026-02", until="2026-03"))
    told(sqlite_engine, network.manager, replace(spec, by=(), regions=("West",), dealers=("00201",)))
    one = {**days, "region": "West", "dealer": "00201"}
    assert asked[1:] == [(EVERYTHING, [], days, NOW), (EVERYTHING, [], one, NOW)]


def test_each_reader_sees_their_own_dealers(sqlite_engine, network):
    spec = Spec(metrics=("received",), by=("dealer",))
    seen = {
        who.username: {r.labels[0] for r in told(sqlite_engine, who, spec).rows}
        for who in (network.manager, network.east_coordinator, network.dealer_manager)
    }
    assert seen == {
        "max": {"North Motors (00101)", "South Motors (00102)", "West Motors (00201)"},
        "eve": {"North Motors (00101)", "South Motors (00102)"}, "dan": {"North Motors (00101)"},
    }  # fmt: skip
    assert told(sqlite_engine, network.dealer_manager, Spec(metrics=("received",))).rows[0].parts[0].value == 3


def test_figures_of_other_roles_are_left_out(sqlite_engine, network):
    assert "received" not in figures_for(network.finance)
    assert "claim_cost" in figures_for(network.finance)
    spec = Spec(metrics=("received", "claim_cost"), by=("region",))
    found = told(sqlite_engine, network.finance, spec)
    assert ([f.name for f in found.figures], found.left_out) == (["claim_cost"], 1)
    with pytest.raises(Refused) as refusal:
        told(sqlite_engine, network.finance, Spec(metrics=("received",)))
    assert refusal.value.code == "not_allowed"


@pytest.mark.parametrize(
    "spec, code",
    [
        (Spec(), "required"),
        (Spec(metrics=("nothing",)), "unknown"),
        (Spec(metrics=("received", "claim_cost"), by=("source",)), "not_shared"),
    ],
)
def test_what_is_refused(sqlite_engine, network, spec, code):
    with pytest.raises(Refused) as refusal:
        told(sqlite_engine, network.manager, spec)
    assert refusal.value.code == code


def test_more_cells_than_anybody_reads_are_refused_before_anything_is_asked(sqlite_engine, network, monkeypatch):
    monkeypatch.setattr(builder_queries, "MOST_CELLS", 100)
    spec = Spec(metrics=("received", "contact_rate", "valid"), by=("dealer", "month"), period="12")
    with pytest.raises(Refused, match="4 dealers would make about 144 cells") as refusal:
        told(sqlite_engine, network.manager, spec)
    assert refusal.value.problems[0].field == "dealers"
    narrow = replace(spec, regions=("West",))
    assert told(sqlite_engine, network.manager, narrow).rows
    assert told(sqlite_engine, network.dealer_manager, spec).rows, "a dealer's own report is short"


def test_a_metric_that_refuses_does_not_hide_the_others(sqlite_engine, network, monkeypatch):
    def refuses(*_args, **_more):
        raise Refused(Problem(code="no", message="Not this way."))

    other_metric(monkeypatch, replace(metric_of("valid"), compute=refuses))
    found = told(sqlite_engine, network.manager, Spec(metrics=("received", "valid")))
    assert found.rows[0].parts[0].value == 5
    assert found.rows[0].parts[1] is None
    assert [s.endswith("Not this way.") for s in found.untold] == [True]


def test_every_figure_can_be_told_with_every_dimension(sqlite_engine, network):
    """No figure the builder offers breaks it, whatever it is split by."""
    broken = []
    with reading(sqlite_engine) as session:
        for name, figure in figures_for(network.admin).items():
            for dim in ("", *figure.dims):
                spec = Spec(metrics=(name,), by=(dim,) if dim else (), period="3", regions=("East",))
                try:
                    run_report(session, spec, actor=network.admin, now=NOW, totals=False)
                except Refused as refusal:
                    broken.append((name, dim, str(refusal)))
    assert broken == []


# ---- files ----------------------------------------------------------------------------------------------------------
def taken(engine, actor, spec, file_format):
    return run(
        run_export, bind=engine, kind=report_export(spec, actor=actor), file_format=file_format,
        filters=report_filters(spec), actor=actor, now=NOW,
    )  # fmt: skip


def test_a_csv_has_each_number_with_what_it_is_made_of(engine):
    network = make_network(engine)
    receive(engine, dealer_id=network.north)
    receive(engine, dealer_id=network.west, source="=cmd")
    spec = Spec(metrics=("received", "valid_share"), by=("source",), period="3")
    made = taken(engine, network.manager, spec, "csv")
    rows = list(csv.DictReader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert {(r["Source"], r["Source (words)"]) for r in rows} == {("autosite", "autosite"), ("'=cmd", "'=cmd")}
    assert {k for k in rows[0] if "denominator" in k} == {
        f"{figures_for(network.manager)[m].title}: denominator" for m in spec.metrics
    }
    with reading(engine) as session:
        log = session.get_one(ExportLog, made.log_id)
        assert (log.kind, log.row_count, log.actor) == ("report", 2, "max")
        assert log.filters["by"] == ["Source"]
    own = taken(engine, network.dealer_manager, spec, "csv").content.decode()
    assert "autosite" in own
    assert "cmd" not in own


@pytest.mark.parametrize(
    "spec, charts",
    [
        (Spec(metrics=("received", "contact_rate"), by=("region", "month"), shape="line"), 2),
        (Spec(metrics=("received",), by=("source",), shape="bars"), 1),
        (Spec(metrics=("received",), by=("region", "source"), shape="pivot"), 1),
        (Spec(metrics=("received",), by=("region", "month"), shape="heat"), 0),
        (Spec(metrics=("received", "contact_rate")), 0),
    ],
)
def test_a_workbook_has_the_report_with_native_charts_and_flat_rows(sqlite_engine, network, spec, charts):
    made = taken(sqlite_engine, network.manager, spec, "xlsx")
    book = zipfile.ZipFile(io.BytesIO(made.content))
    assert re.findall(r'<sheet name="(\w+)"', book.read("xl/workbook.xml").decode()) == ["Report", "Data", "About"]
    drawn = [n for n in book.namelist() if n.startswith("xl/charts/chart")]
    assert len(drawn) == charts
    for name in drawn:
        assert "Report!" in book.read(name).decode()
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet, "nothing of other people's text becomes a formula"
    assert ("colorScale" in sheet) == (spec.shape == "heat")
    words = "".join(book.read(n).decode() for n in book.namelist() if "sharedStrings" in n or "sheet1" in n)
    assert "PivotTable" in words


def test_who_may_not_export_gets_no_file(sqlite_engine, network):
    with pytest.raises(Refused) as refusal:
        taken(sqlite_engine, network.staff, SPEC, "csv")
    assert refusal.value.code == "not_allowed"
