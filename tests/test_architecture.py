"""The house rules, kept: every file of the project is read and each break of a rule is reported with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.support import house, house_imports
from tests.support.house import Source
from tests.support.paths import ROOT

Check = Callable[[Source], Iterator[str]]

SOURCES = house.sources()
BY_PATH = {source.path: source for source in SOURCES}


def rules(source: Source) -> Iterator[str]:
    return house_imports.rules(source, BY_PATH)


CHECKS: dict[str, Check] = {
    "the doors hold only sign-in, navigation and routes": house_imports.doors,
    "pages ask queries, draw with components and call commands": house_imports.pages,
    "components know no business area": house_imports.components,
    "db works without a screen, and areas stand only on earlier ones": house_imports.database,
    "rules are pure": rules,
    "commands reach other areas through queries and commands": house_imports.commands,
    "reports only read": house_imports.reports,
    "the seed needs no screen": house_imports.seed,
    "the clock is an argument": house.clock_reads,
    "SQL is never built from strings": house.built_sql,
    "unsafe and outgoing parts of Streamlit are not used": house.banned_words,
    "every page asks for its permission first": house.unguarded_page,
    "what is kept is kept for the scope_of_who_asks": house.kept_without_scope,
    "a file is one concept long": house.too_long,
}


@cache
def found_in_the_tree() -> dict[str, list[str]]:
    """What each check says of the whole tree: every file is read once, for all of them."""
    found: dict[str, list[str]] = {name: [] for name in CHECKS}
    for source in house.one_by_one():
        for name, check in CHECKS.items():
            found[name] += check(source)
    return found


@pytest.mark.parametrize("name", CHECKS)
def test_the_whole_tree(name: str):
    found = found_in_the_tree()[name]
    assert not found, "\n" + "\n".join(found)


def test_the_walk_sees_the_product():
    walked = {source.parts[0] for source in SOURCES}
    assert {"db", "tests"} <= walked
    assert any(source.path == "db/core/session.py" for source in SOURCES)


def test_no_page_lies_straight_under_pages():
    """Streamlit serves pages/x.py without running Home.py, sign-in included (streamlit.md 0.1)."""
    assert sorted(path.name for path in (ROOT / "pages").glob("*.py")) == []


LONG = "\n" * 221
SHELVED = "@shelved(room=1, seconds=1)\ndef f({}):\n  with reading() as session:\n    return 1"
KEPT = "@st.cache_data(ttl=1)\ndef f({}):\n  with reading() as session:\n    return 1"
TYPES_ONLY = "if TYPE_CHECKING:\n  from db.workflow.spec import Flow"

# One sentence each: what is written where, and which word the complaint must have (None: it is allowed).
CASES = [
    ("the door may not query", house_imports.doors, "Home.py", "import sqlalchemy", "imports sqlalchemy"),
    (
        "the door may not read tables",
        house_imports.doors,
        "server.py",
        "from db.leads.tables import Lead",
        "doors call",
    ),
    ("the door calls commands", house_imports.doors, "server.py", "from db.leads import commands", None),
    ("the door uses the core", house_imports.doors, "server.py", "from db.core.session import writing", None),
    ("a page has no SQL", house_imports.pages, "pages/a/b.py", "from sqlalchemy import text", "imports sqlalchemy"),
    ("a page has no charts of its own", house_imports.pages, "pages/a/b.py", "import altair as alt", "imports altair"),
    ("a page knows no tables", house_imports.pages, "pages/a/b.py", "from db.leads import tables", "never its tables"),
    ("a page measures nothing", house_imports.pages, "pages/a/b.py", "from bench import client", "seed"),
    ("db is not measured by itself", house_imports.database, "db/x/y.py", "import bench.figures", "does not stand on"),
    ("a page knows no page", house_imports.pages, "pages/a/b.py", "import pages.a.c", "another page"),
    ("a page uses an area's rooms", house_imports.pages, "pages/a/b.py", "from db.leads import flow, queries", None),
    ("an import in a function counts", house_imports.pages, "pages/a/b.py", "def f():\n  import seed", "imports seed"),
    (
        "a component knows no area",
        house_imports.components,
        "components/t.py",
        "import db.leads.queries",
        "no business",
    ),
    ("a component knows people", house_imports.components, "components/t.py", "import db.people.queries", None),
    ("a component asks the catalogue", house_imports.components, "components/t.py", "from db import catalog", None),
    ("a component asks for an export", house_imports.components, "components/t.py", "from db import exports", None),
    ("an area's own drawing", house_imports.components, "components/areas/leads.py", "import db.leads.queries", None),
    (
        "an area's drawing asks no tables",
        house_imports.components,
        "components/areas/leads.py",
        "from db.leads.tables import Lead",
        "components/areas",
    ),
    (
        "no area outside of components/areas",
        house_imports.components,
        "components/t.py",
        "import db.leads.queries",
        "no b",
    ),
    ("db knows no screen", house_imports.database, "db/leads/queries.py", "import streamlit as st", "without a screen"),
    ("db knows no component", house_imports.database, "db/cli/run.py", "from components import x", "without a screen"),
    ("pandas outside of queries", house_imports.database, "db/leads/commands.py", "import pandas", "only queries"),
    ("pandas in queries", house_imports.database, "db/leads/queries.py", "import pandas as pd", None),
    ("a later area", house_imports.database, "db/dealers/tables.py", "import db.leads.tables", "dealers comes before"),
    ("an earlier area", house_imports.database, "db/leads/tables.py", "import db.dealers.tables", None),
    ("the core knows no area", house_imports.database, "db/core/x.py", "from db.people import y", "core comes before"),
    ("a relative import counts", house_imports.database, "db/core/x.py", "from ..leads import y", "core comes before"),
    ("the core names types", house_imports.database, "db/core/x.py", TYPES_ONLY, None),
    ("an area below the catalogue", house_imports.database, "db/leads/x.py", "from db import catalog", "a cycle"),
    ("an area nobody placed", house_imports.database, "db/surprise/x.py", "import json", "not in the order"),
    ("the migrations know all", house_imports.database, "db/migrations/env.py", "from db.tables import x", None),
    ("a rule without database", rules, "db/leads/rules.py", "from sqlalchemy import select", "needs no database"),
    ("a rule without the actor", rules, "db/leads/rules.py", "from db.core.actor import Actor", "labels, types"),
    ("a rule with the calendar", rules, "db/leads/rules.py", "from db.calendar.rules import span", None),
    (
        "commands ask",
        house_imports.commands,
        "db/leads/commands.py",
        "import db.dealers.tables",
        "queries and commands",
    ),
    ("commands may ask", house_imports.commands, "db/leads/commands.py", "from db.dealers import queries", None),
    (
        "a report that writes",
        house_imports.reports,
        "db/reports/x.py",
        "from db.leads import commands",
        "never changes",
    ),
    ("the seed has no screen", house_imports.seed, "seed/x.py", "import streamlit", "without a screen"),
    ("the clock is read", house.clock_reads, "db/x.py", "datetime.now(UTC)", "reads the clock"),
    (
        "the clock as a default",
        house.clock_reads,
        "db/x.py",
        "field(default_factory=dt.datetime.now)",
        "reads the clock",
    ),
    ("today is read", house.clock_reads, "pages/a/b.py", "date.today()", "reads the clock"),
    ("the clock of the database", house.clock_reads, "db/x.py", "func.now()", "reads the clock"),
    ("seconds since 1970", house.clock_reads, "db/x.py", "from time import time\ntime()", "reads the clock"),
    ("the door reads the clock", house.clock_reads, "server.py", "datetime.now(UTC)", None),
    ("a stop-watch is no clock", house.clock_reads, "db/x.py", "time.monotonic()", None),
    ("an f-string", house.built_sql, "db/x.py", 'session.execute(text(f"x {name}"))', "builds SQL"),
    ("a percent sign", house.built_sql, "db/x.py", 'text("where a = %s" % name)', "builds SQL"),
    ("a plus", house.built_sql, "db/x.py", 'q = "SELECT * FROM " + table', "builds SQL"),
    ("a format", house.built_sql, "db/x.py", 'q = "DELETE FROM {}".format(table)', "builds SQL"),
    ("a reason", house.built_sql, "db/x.py", 'q = f"DROP TABLE {t}"  # fixed SQL: our own table names', None),
    ("an empty reason", house.built_sql, "db/x.py", 'q = f"DROP TABLE {t}"  # fixed SQL: yes', "builds SQL"),
    (
        "a reason for a file",
        house.built_sql,
        "db/x.py",
        '# fixed SQL: our own names\n\n\n\nq = f"DROP TABLE {t}"',
        None,
    ),
    ("a sentence", house.built_sql, "db/x.py", 's = f"Select {n} rows, then drop them."', None),
    ("a bound value", house.built_sql, "db/x.py", 'session.execute(text("SELECT :a"), {"a": name})', None),
    ("markup", house.banned_words, "pages/a/b.py", "st.markdown(x, unsafe_allow_html=True)", "unsafe_allow_html"),
    ("script", house.banned_words, "pages/a/b.py", "st.html(x, unsafe_allow_javascript=True)", "JavaScript"),
    ("old width", house.banned_words, "components/t.py", "st.button('x', use_container_width=True)", "deprecated"),
    ("an experiment", house.banned_words, "components/t.py", "st.experimental_rerun()", "deprecated"),
    ("old components", house.banned_words, "components/t.py", "import streamlit.components.v1 as c", "deprecated"),
    ("no guard", house.unguarded_page, "pages/a/b.py", "import streamlit as st\nst.title('x')", "must call guard"),
    ("nothing at all", house.unguarded_page, "pages/a/b.py", '"""Doc."""', "must call guard"),
    ("drawn first", house.unguarded_page, "pages/a/b.py", "x = st.button('x')\nguard('p')", "must call guard"),
    ("an empty guard", house.unguarded_page, "pages/a/b.py", "guard()", "must call guard"),
    ("main without", house.unguarded_page, "pages/a/b.py", "def main():\n  st.title('x')\nmain()", "must call guard"),
    ("guarded", house.unguarded_page, "pages/a/b.py", 'X = 1\nactor = guard("leads.view")\nst.title("x")', None),
    ("main with", house.unguarded_page, "pages/a/b.py", 'def main():\n  """."""\n  a = guard("p")\nmain()', None),
    ("served open", house.unguarded_page, "pages/b.py", 'guard("p")', "straight under pages"),
    (
        "kept for nobody",
        house.kept_without_scope,
        "components/areas/a.py",
        KEPT.format("day, change"),
        "without the scope",
    ),
    (
        "not in the key",
        house.kept_without_scope,
        "components/areas/a.py",
        KEPT.format("_scope, change"),
        "without the s",
    ),
    ("kept for ever", house.kept_without_scope, "pages/a/b.py", KEPT.format("scope"), "when it has changed"),
    ("shelved for nobody", house.kept_without_scope, "components/a.py", SHELVED.format("day, change"), "without the s"),
    ("kept for one", house.kept_without_scope, "components/areas/a.py", KEPT.format("scope, change"), None),
    ("nothing read", house.kept_without_scope, "components/a.py", "@st.cache_data\ndef f(day):\n  return 1", None),
    ("a long page", house.too_long, "pages/a/b.py", LONG, "split it"),
    ("a longer module", house.too_long, "db/leads/adf.py", LONG, None),
    ("too long a module", house.too_long, "db/leads/adf.py", LONG * 2, "split it"),
    ("a first schema", house.too_long, "db/migrations/versions/0001_x.py", LONG * 4, None),
]


@pytest.mark.parametrize(
    ("check", "path", "text", "complaint"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_each_rule_finds_what_it_forbids(check: Check, path: str, text: str, complaint: str | None):
    found = list(check(Source(path, text)))
    if complaint is None:
        assert found == []
    else:
        assert any(complaint in sentence for sentence in found), found
        assert all(sentence.startswith(f"{path}:") for sentence in found)
