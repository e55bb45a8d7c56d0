"""The monthly pack: frozen months as frozen, the rest counted now; within right and scope; files are logged."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from db.core import changes
from db.core.actor import EVERYTHING, Actor, Scope, system_actor
from db.core.area import Metric, MetricDefinition
from db.core.permissions import Permission, Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run, writing
from db.core.timeline import TimelineEntry
from db.people.tables import ExportLog
from db.reports import pack_commands
from db.reports.pack_commands import print_pack
from db.reports.pack_queries import Pack, build_pack, file_name, nothing_changed, pack_months, standing
from db.reports.snapshot_commands import restate_month
from db.reports.snapshot_jobs import freeze
from tests.support.metrics import only_metrics
from tests.support.users import make_dealer

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
NOW = datetime(2026, 11, 6, 15, tzinfo=UTC)
DESK = system_actor()
FACTS: dict[tuple[str, str], tuple[float, float]] = {}


def compute(session: Any, *, scope: Scope, by: Any, filters: Any, now: datetime) -> list[dict[str, Any]]:
    """Facts of a test: {(dealer code, month): (numerator, denominator)}; E dealers lie in East, W dealers in West."""
    region = {"E": "East", "W": "West"}
    kept: dict[str, list[float]] = {}
    for (code, month), (top, bottom) in FACTS.items():
        if not f"{filters['from']:%Y-%m}" <= month <= f"{filters['to']:%Y-%m}":
            continue
        if filters.get("region") not in (None, region[code[0]]) or not scope.allows(
            dealer_id=int(code[1:]), region=region[code[0]]
        ):
            continue
        key = {"month": month, "region": region[code[0]], "dealer": code}[by[0]] if by else ""
        sums = kept.setdefault(key, [0, 0])
        sums[0] += top
        sums[1] += bottom
    return [
        {**({by[0]: key} if by else {}), "numerator": a, "denominator": b, "value": a / b if b else None}
        for key, (a, b) in sorted(kept.items())
    ]


def metric(name: str, permission: Permission) -> Metric:
    what = MetricDefinition(name=name, title=name, formula="a / b", numerator="a", denominator="b", unit="percent")
    return Metric(definition=what, dims=("month", "region", "dealer"), compute=compute, permission=permission)


@pytest.fixture
def facts(monkeypatch, sqlite_engine):
    """Two figures, two dealers of East and one of West, two months."""
    found = (metric("response_sla", Permission.PERFORMANCE_VIEW), metric("parts_line_fill", Permission.PARTS_VIEW))
    only_metrics(monkeypatch, *found)
    FACTS.clear()
    for code, region in (("E1", "East"), ("E2", "East"), ("W3", "West")):
        assert make_dealer(sqlite_engine, code=code, name=f"Dealer {code}", region=region) == int(code[1:])
    FACTS.update({
        ("E1", "2026-09"): (60, 100), ("E2", "2026-09"): (50, 100), ("W3", "2026-09"): (40, 100),
        ("E1", "2026-10"): (90, 100), ("E2", "2026-10"): (60, 100), ("W3", "2026-10"): (30, 100),
    })  # fmt: skip
    return sqlite_engine


def person(role: Role = Role.MANAGER, **scope: Any) -> Actor:
    return Actor(user_id=None, username="p", name="Pat", role=role, scope=Scope(**scope) if scope else EVERYTHING)


EAST = person(kind="regions", regions=frozenset({"East"}))
ONE = person(kind="dealers", dealer_ids=frozenset({1}))


def pack(engine, actor=None, month=OCTOBER, region="", **more) -> Pack:
    with reading(engine) as session:
        return build_pack(session, month=month, region=region, actor=actor or person(), now=NOW, **more)


def trend(found: Pack, months: int = 2):
    return [(p.value, p.version) for p in found.headlines[0].points[-months:]]


def test_figures_are_counted_where_no_month_is_frozen(facts):
    found = pack(facts)
    assert trend(found) == [(0.5, 0), (0.6, 0)]
    assert (found.is_frozen, found.place, found.hidden) == (False, "All dealers", 0)
    assert standing(found).startswith("Not frozen")
    assert nothing_changed(found).startswith("September was not frozen")
    assert len(found.headlines[0].points) == 13
    assert [s.rule for s in found.headlines[0].sentences] == ["moved"]


def test_a_frozen_month_is_told_as_it_was(facts):
    freeze(facts, month=SEPTEMBER, actor=DESK, now=NOW)
    freeze(facts, month=OCTOBER, actor=DESK, now=NOW)
    FACTS["E1", "2026-10"] = (0, 100)
    FACTS["W3", "2026-09"] = (70, 100)
    found = pack(facts)
    assert trend(found) == [(0.5, 1), (0.6, 1)]
    assert (found.is_frozen, standing(found)) == (True, "As frozen on 6 Nov 2026")
    assert [s.text for s in found.changed if s.metric == "response_sla"] == [
        "Leads answered in time of September 2026 was frozen at 50.0% and would be 60.0% now (+10.0 pp)."
    ]
    assert [s.rows[1].words for s in found.own_changed] == ["30.0%", "30.0%"]
    assert [r.code for r in found.rankings[0].top] == ["E1", "E2"]  # as frozen, though E1 would be last now


def test_a_restated_month_shows_both(facts):
    freeze(facts, month=OCTOBER, actor=DESK, now=NOW)
    FACTS["E1", "2026-10"] = (0, 100)
    run(
        restate_month, bind=facts, month=OCTOBER, seen_version=1, reason="Late", form_key=None, actor=person(), now=NOW
    )  # fmt: skip
    found = pack(facts)
    assert trend(found) == [(0.5, 0), (0.3, 2)]
    assert found.headlines[0].now.first == 0.6
    assert [v.reason for v in found.versions] == ["", "Late"]
    assert standing(found).endswith("version 2")
    assert "restated" in {s.rule for s in found.sentences}
    assert found.own_changed == ()


SEEN = [
    ("a region of the network", person(), "West", [(0.4, 1), (0.3, 1)], True, "West"),
    ("their own region", EAST, "East", [(0.55, 1), (0.75, 1)], True, "East"),
    ("all of a region's people", EAST, "", [(0.55, 0), (0.75, 0)], False, "East"),
    ("one dealer's people", ONE, "", [(0.6, 0), (0.9, 0)], False, "1 dealer"),
    ("one dealer's people, region", ONE, "East", [(0.6, 0), (0.9, 0)], False, "East"),
]


@pytest.mark.parametrize("why, actor, region, wanted, is_frozen, place", SEEN, ids=[c[0] for c in SEEN])
def test_a_pack_is_within_scope(facts, why, actor, region, wanted, is_frozen, place):
    """What was frozen holds more than people of one dealer see, so theirs is counted within their scope."""
    freeze(facts, month=SEPTEMBER, actor=DESK, now=NOW)
    freeze(facts, month=OCTOBER, actor=DESK, now=NOW)
    found = pack(facts, actor, region=region)
    assert [(pytest.approx(value), version) for value, version in wanted] == trend(found)
    assert (found.is_frozen, found.place) == (is_frozen, place)
    codes = {r.code for one in found.rankings for r in (*one.top, *one.bottom)}
    allowed = {"W3"} if region == "West" else {"E1"} if actor is ONE else {"E1", "E2"}
    assert codes <= allowed
    assert found.rankings


def test_what_a_role_may_not_see_is_counted_as_hidden(facts):
    found = pack(facts, person(Role.FINANCE))
    assert [h.definition.name for h in found.headlines] == ["parts_line_fill"]
    assert found.hidden == 1


def test_a_pack_is_refused(facts):
    with pytest.raises(NotFound):
        pack(facts, EAST, region="West")
    with pytest.raises(NotFound):
        pack(facts, region="Nowhere")
    for month in (date(2026, 11, 1), date(2027, 1, 1), date(2020, 1, 1)):
        with pytest.raises(Refused, match="There is no pack"):
            pack(facts, month=month)
    for role in (Role.DEALER_MANAGER, Role.DEALER_STAFF):
        with pytest.raises(Refused):
            pack(facts, person(role))
    assert pack_months(now=datetime(2026, 11, 1, 3, tzinfo=UTC))[0] == SEPTEMBER  # still October in New York
    assert pack_months(now=NOW)[0] == OCTOBER


def test_its_progress_is_told(facts):
    heard: list[float] = []
    pack(facts, tell=lambda share, words: heard.append(share))
    assert heard == sorted(heard)
    assert (heard[0], heard[-1], len(heard) > 4) == (0.0, 1.0, True)


# ---- files ---------------------------------------------------------------------------------------------------------
def take(engine, **more):
    asked = {"month": OCTOBER, "file_format": "pdf", "actor": person()}
    return run(print_pack, bind=engine, now=NOW, **{**asked, **more})


def texts_of(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read("xl/sharedStrings.xml").decode()


def test_the_files_are_made_and_logged(facts):
    pdf, book = take(facts), take(facts, file_format="xlsx", region="East")
    assert pdf.content.startswith(b"%PDF")
    assert (pdf.name, book.name) == ("pack-2026-10-all-dealers.pdf", "pack-2026-10-east.xlsx")
    assert take(facts).content == pdf.content  # the same pack gives the same bytes
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        names = parts.namelist()
    assert len([n for n in names if n.startswith("xl/charts/chart")]) == 4  # two trends, two rankings
    assert "Leads answered in time rose to 75.0%" in texts_of(book.content)
    with reading(facts) as session:
        logs = session.scalars(select(ExportLog).order_by(ExportLog.id)).all()
        assert [(log.kind, log.file_format, log.filters["region"]) for log in logs[:2]] == [
            ("monthly_pack", "pdf", ""), ("monthly_pack", "xlsx", "East"),
        ]  # fmt: skip
        assert session.scalars(select(TimelineEntry.command)).all() == ["print_pack"] * 3


def test_names_cannot_become_formulas_or_break_the_print(facts):
    with writing(facts, keeps_timeline=False) as session:
        session.execute(text("UPDATE dealer SET name = '=1+1 日本 <b>' WHERE code = 'E1'"))
    freeze(facts, month=OCTOBER, actor=DESK, now=NOW)
    assert take(facts).content.startswith(b"%PDF")
    content = take(facts, file_format="xlsx").content
    assert "=1+1 日本 &lt;b&gt;" in texts_of(content)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert not any(b"<f>" in book.read(n) for n in book.namelist() if n.startswith("xl/worksheets"))


def test_a_file_is_refused(facts):
    with pytest.raises(Refused, match="no format"):
        take(facts, file_format="docx")
    with pytest.raises(Refused):
        take(facts, actor=person(Role.DEALER_MANAGER))
    with pytest.raises(NotFound):
        take(facts, actor=EAST, region="West")
    with reading(facts) as session:
        assert session.scalars(select(ExportLog)).all() == []


def test_what_is_on_the_screen_is_printed_while_it_still_holds(facts, monkeypatch):
    """The pack on the screen is not made a second time, unless the desk changed or somebody else asks."""
    made = pack(facts)
    built: list[str] = []

    def counting(*args, **more):
        built.append(more["actor"].name)
        return build_pack(*args, **more)

    monkeypatch.setattr(pack_commands, "build_pack", counting)
    take(facts, made=made)
    take(facts, made=made)  # the export log of the first is no change
    assert built == []
    take(facts, made=made, region="East")
    take(facts, made=made, actor=EAST)
    take(facts, made=made, actor=replace(person(), role=Role.FINANCE))
    assert len(built) == 3
    with writing(facts, keeps_timeline=False) as session:
        changes.touch(session, "leads")
    take(facts, made=made)
    assert len(built) == 4


def test_the_name_of_a_file_is_plain(facts):
    found = replace(pack(facts), place="Mid-Atlantic / 北 & West")
    assert file_name(found, "pdf") == "pack-2026-10-mid-atlantic-west.pdf"
