"""Each measure runs once on a tiny network, so that the bench works when it is wanted; figures are not judged."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import clicking, served
from bench.client import Answer
from bench.measures import (
    MEASURES,
    browser,
    clicks,
    crowd,
    fragments,
    growth,
    imports,
    pack,
    queries,
    queue,
    search,
    seeding,
    start,
    writes,
)
from bench.results import Found
from bench.setting import Setting, count_leads
from bench.walks import PAGES
from components.clock import now
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.session import dispose, make_engine, run
from db.imports.commands import run_import
from db.imports.mapping import suggest
from db.leads.intake_rows import FIELDS
from tests.support.browser import NoBrowser
from tests.support.databases import SqliteTemplates, migrate
from tests.support.users import make_dealer, make_people

LEADS = 60


def fill(url: str) -> None:
    """Two dealers in two regions, a person of each role, and leads that came in from a file of the bench's own."""
    engine = make_engine(url)
    make_people(engine)
    make_dealer(engine, code="04013", name="Second Motors", region="West")
    content = imports.lead_file(engine, LEADS, now=now(), seed=3)
    run(
        run_import, bind=engine, kind="leads", files=[SourceFile(name="bench.csv", content=content)], channel="file",
        mapping=suggest(imports.COLUMNS, FIELDS, kind="leads"), actor=system_actor("cli"), now=now(),
    )  # fmt: skip
    engine.dispose()


@pytest.fixture(scope="module")
def filled(sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny network, made once."""
    path = tmp_path_factory.mktemp("bench") / "filled.db"
    fill(sqlite_templates.copy("migrated", migrate, to=path))
    return path


@pytest.fixture
def setting(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """A run of the bench on a tiny network, with itself as the smaller one."""
    shutil.copy(filled, tmp_path / "bench.db")
    url = f"sqlite:///{tmp_path / 'bench.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    dispose()
    leads = count_leads(url)
    yield Setting(url=url, leads=2 * leads, smaller=((leads, url),), quick=True)
    dispose()


def by_key(found: list[Found]) -> dict[str, list[Found]]:
    listed: dict[str, list[Found]] = {}
    for row in found:
        listed.setdefault(row.key, []).append(row)
    return listed


def test_what_needs_no_server(setting):
    found = by_key(
        [row for one in (queries, queue, search, writes, imports) for row in one.measure(setting)]
    )  # fmt: skip
    assert set(found) == {"query.ms", "query.exponent", "query.raw", "queue.deep", "search.scan", "write.one",
                          "write.many", "import.rate"}  # fmt: skip
    assert len(found["query.ms"]) == 5
    assert all(row.value for row in found["query.ms"])
    assert found["search.scan"][0].value
    assert "insert into lead" in [row.of for row in found["write.one"] if row.value]
    assert {row.note for row in found["write.one"] if not row.value} <= {"no rows to double"}
    assert found["import.rate"][0].value
    assert "0 rejected" in found["import.rate"][0].note
    assert count_leads(setting.url) == setting.leads // 2, "the importer is measured and taken back"


@pytest.mark.slow
def test_what_needs_servers(setting, monkeypatch):
    """One product and one empty page serve every measure: starting them is most of what this costs."""
    one_page = tuple(walk for walk in PAGES if walk.path == "board")
    with served.serving(setting.url) as product, served.serving(setting.url, served.EMPTY) as empty:

        @contextmanager
        def there(_url: str, script: str = served.PRODUCT, **_: object) -> Iterator[served.Served]:
            yield product if script == served.PRODUCT else empty

        for module in (clicks, crowd, fragments, growth):
            monkeypatch.setattr(module, "serving", there)
            if hasattr(module, "PAGES"):
                monkeypatch.setattr(module, "PAGES", one_page)
        monkeypatch.setattr(clicks, "USUAL_WALK", None)  # the empty page stands for the usual one
        found = by_key([row for one in (clicks, crowd, fragments, growth) for row in one.measure(setting)])
    assert [row.of for row in found["click.empty"]] == ["Response board"]
    assert all(row.value for key in ("click.empty", "click.usual", "growth.page") for row in found[key])
    assert [row.value for row in found["people.errors"]] == [0]
    assert found["people.p95"][0].value
    assert found["people.200"][0].value
    told = {row.of: row for row in found["fragment.empty"]}
    assert told[fragments.ACTIONS["log"]].value
    assert told[fragments.ACTIONS["board"]].value
    assert told[fragments.ACTIONS["decide"]].note == "nothing to act on"


def test_starting_and_seeding_tell_what_they_took(setting, monkeypatch):
    monkeypatch.setattr(start, "once", lambda _setting: (0.5, 1.5))
    monkeypatch.setattr(seeding, "fill", lambda _url, leads, _folder: (leads / 10, 400.0))
    assert [row.value for row in start.measure(setting)] == [1.5]
    assert [row.value for row in seeding.measure(setting)] == [setting.leads / 10, 400.0]
    assert seeding.options(1_000_000) == [
        "--dealers", "2000", "--leads", "1000000", "--claims", "300000", "--ledger", "500000"
    ]  # fmt: skip


def test_the_pack_is_printed_and_its_page_tells_how_far_it_is(setting, monkeypatch):
    async def asked(_setting: Setting) -> Answer:
        return Answer(seconds=2.0, progress=30)

    monkeypatch.setattr(pack, "_page", asked)
    made, page = pack.measure(setting)
    assert made.value
    assert "KiB" in made.note
    assert made.of == "2 dealers"
    assert (page.value, page.verdict) == (30, "met")


def test_without_a_browser_the_rows_say_why(setting, monkeypatch):
    def nothing() -> str:
        raise NoBrowser("there is none here")

    monkeypatch.setattr("tests.support.browser.find_chromium", nothing)
    found = list(browser.measure(setting))
    assert [row.key for row in found] == list(browser.KEYS)
    assert {row.note for row in found} == {"there is none here"}


def test_the_usual_page_runs_on_our_rollups(setting):
    """What the product is measured against: the same data, five metrics, three charts, a table, six filters."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(str(served.ROOT / served.USUAL), default_timeout=30).run()
    assert not page.exception
    assert (len(page.metric), len(page.selectbox), len(page.dataframe)) == (5, 6, 1)
    assert page.metric[0].value == f"{setting.leads // 2}"
    page.selectbox[1].set_value("West").run()
    assert not page.exception
    assert int(page.metric[0].value) < setting.leads // 2


# ---- the command line ------------------------------------------------------------------------------------------------
def test_a_measure_that_breaks_leaves_what_it_had_and_says_what_happened():
    def breaks(_setting: Setting) -> Iterator[Found]:
        yield Found(key="pack.seconds", value=3.0)
        raise RuntimeError("the paper\n  is out")

    found = command.taken("pack", breaks, Setting(url="", leads=0))
    assert [(row.key, row.value, row.note) for row in found] == [
        ("pack.seconds", 3.0, ""), ("pack.progress", None, "failed: RuntimeError: the paper is out"),
    ]  # fmt: skip


def test_a_measure_that_hangs_is_ended_and_the_next_one_runs():
    def hangs(_setting: Setting) -> Iterator[Found]:
        while True:
            try:
                time.sleep(60)
            except Exception:
                continue
        yield Found(key="start.ready")  # type: ignore[unreachable]

    found = command.taken("start", hangs, Setting(url="", leads=0), most=0.05)
    assert [row.note for row in found] == ["failed: OutOfTime: not done after 0 s"]


@pytest.mark.parametrize(
    "only, seed, names",
    [("", False, [n for n in MEASURES if n != "seed"]), ("", True, list(MEASURES)), ("clicks,queue", False, ["queue",
     "clicks"]), ("seed", False, ["seed"])],
)  # fmt: skip
def test_what_is_measured_can_be_chosen(only, seed, names):
    assert list(command.chosen(only, seed=seed)) == names


def test_a_measure_nobody_knows_is_refused(capsys):
    assert command.main(["--only", "weather"]) == 2
    assert "there is no measure weather" in capsys.readouterr().err


def test_the_command_writes_the_results(setting, tmp_path, monkeypatch, capsys):
    for name in ("DATABASE_URL", "VAR_DIR", "BCRYPT_COST", "SWEEP_SECONDS"):
        monkeypatch.setenv(name, "")  # the command sets them for itself; put back afterwards
    target = tmp_path / "results.md"
    arguments = ["--database", setting.url, "--only", "queue", "--quick", "--write", str(target), "--remark", "Tiny."]
    assert command.main(arguments) == 0
    text = target.read_text()
    assert "python -m bench --database" in text
    assert f"sqlite, {setting.leads // 2} leads" in text
    assert "**Tiny.**" in text
    assert "queue page 4,000 / page 1" in text
    assert "figures" in capsys.readouterr().out


def test_clicks_are_taken_in_turns_and_a_page_that_is_through_rests():
    import asyncio

    said: list[str] = []

    def click(name: str, times: int):
        async def once() -> Answer | None:
            if said.count(name) >= times:
                return None
            said.append(name)
            return Answer(seconds=0.002, errors=["no"] if name == "b" else [])

        return once

    spent = iter(range(0, 1000, 5))
    found = asyncio.run(
        clicking.in_turns(
            {"a": click("a", 9), "b": click("b", 1)}, times=3, seconds=60, meters={"a": lambda: float(next(spent))}
        )
    )
    assert said == ["a", "b", "a", "a"]
    assert (round(found["a"].p50, 6), found["a"].cpu_each, found["b"].errors) == (2.0, 5.0, ["no"])
