"""The documents say what is there: links, commands, settings, words, permissions and pages as they are in the code."""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from components.navigation import PAGES
from db import catalog
from db.cli.main import build_parser
from db.core.permissions import Permission, Role, may
from db.core.session import reading
from db.core.settings import Settings
from db.dealers.rules import STATUSES
from db.people.queries import desk_figures
from db.workflow.sla import LABELS
from tests.support.paths import ROOT

DOCS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
PATHS = [path.relative_to(ROOT).as_posix() for path in DOCS if path.exists()]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ROLES = (
    Role.ADMIN, Role.MANAGER, Role.COORDINATOR, Role.SALES_LEADER, Role.FINANCE, Role.DEALER_MANAGER,
    Role.DEALER_STAFF,
)  # fmt: skip


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(read(path) for path in PATHS)


def anchors(path: str) -> set[str]:
    """The anchors of a page's headings, as Git hosts make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", read(path), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_documents_of_the_house_are_there():
    wanted = {"architecture", "adding-an-area", "glossary", "operations", "security"}
    assert wanted <= {path.removeprefix("docs/").removesuffix(".md") for path in PATHS}
    assert "README.md" in PATHS


@pytest.mark.parametrize("path", PATHS)
def test_every_link_leads_somewhere(path: str):
    broken = []
    for link in LINK.findall(read(path)):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / path).parent / file if file else ROOT / path
        if not target.exists():
            broken.append(f"{link}: there is no such file")
        elif anchor and anchor not in anchors(target.resolve().relative_to(ROOT).as_posix()):
            broken.append(f"{link}: there is no such heading")
    assert broken == []


# ------------------------------------------------------------------------------------------------------------ commands
def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))


def test_every_make_command_exists_and_is_in_the_documents():
    # In running text "make" is a verb, so only code counts.
    code = re.findall(r"`([^`\n]+)`", everything()) + re.findall(r"^(?:\S+=\S+ )?(make .*)$", everything(), re.M)
    named = {found for text in code for found in re.findall(r"\bmake ([a-z-]+)", text)}
    assert sorted(named - make_targets()) == []
    assert {"run", "test", "sure"} <= named


def commands(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of the command line: ("migrate",), ("user", "add") ..."""
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield before
    for action in below:
        for name, child in action.choices.items():
            yield from commands(child, (*before, name))


def test_every_command_line_can_be_understood():
    """Each `python -m db ...` in the documents is a command, with options it has."""
    known = set(commands(build_parser()))
    wrong, named = [], set()
    for line in re.findall(r"(?:python|bin/python) -m db +([^`\n#|]+)", everything()):
        words = line.split()
        if words == ["..."]:
            continue
        command = tuple(words[:2]) if tuple(words[:2]) in known else tuple(words[:1])
        if command not in known:
            wrong.append(f"python -m db {line.strip()}: there is no such command")
            continue
        named.add(command)
        parser = build_parser()
        for name in command:
            (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
            parser = action.choices[name]
        options = {option for a in parser._actions for option in a.option_strings}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        wrong += [f"python -m db {' '.join(command)}: there is no {option}" for option in sorted(given - options)]
    assert wrong == []
    assert sorted(known - named) == [("shell",)], "explain it in docs/operations.md (`make shell` stands for shell)"


def test_every_other_module_that_is_to_be_run_exists():
    for module in set(re.findall(r"python -m ([\w.]+)", everything())) - {"db"}:
        assert importlib.util.find_spec(module) is not None, module


# ------------------------------------------------------------------------------------------------------------ settings
def environment_names() -> set[str]:
    """Names the program reads from the environment: settings, the server, the clock of the pages, the Makefile."""
    found = {name.upper() for name in Settings.__dataclass_fields__} - {"VAR"} | {"VAR_DIR", "PORT"}
    for path in ("db/core/settings.py", "server.py", "Home.py", "components/clock.py"):
        found |= set(re.findall(r"""environ(?:\.get\(|\[)["']([A-Z_]+)""", read(path)))
    found |= set(re.findall(r"STREAMLIT_[A-Z_]+", read(".streamlit/config.toml")))
    return found


def test_every_setting_is_explained():
    text = read("docs/operations.md")
    assert sorted(name for name in environment_names() if not re.search(rf"`{name}\b", text)) == []


def test_every_setting_that_is_explained_is_read():
    table = read("docs/operations.md").partition("## Settings")[2].partition("\n## ")[0]
    rows = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"^\| `(\w+)`", line)}
    unknown = {name for name in rows - environment_names() if not name.startswith("STREAMLIT_SERVER_")}
    assert unknown == set()


def test_the_defaults_are_the_ones_in_the_code():
    for line in read("docs/operations.md").splitlines():
        found = re.match(r"\| `(\w+)` \| (\d+) \|", line)
        if found and found[1].lower() in Settings.__dataclass_fields__:
            assert Settings.__dataclass_fields__[found[1].lower()].default == int(found[2]), line


# --------------------------------------------------------------------------------------------------------------- words
def test_the_glossary_has_every_metric_and_every_state():
    text = read("docs/glossary.md")
    for metric in catalog.all_metrics():
        assert f"| `{metric.definition.name}` | {metric.definition.title} |" in text
    for flow in catalog.FLOWS:
        assert [s.label for s in flow.states if f"| {s.label} |" not in text] == [], flow.name
    assert [label for label in STATUSES.values() if f"| {label} |" not in text] == []
    said = text.lower()
    assert [label for name, label in LABELS.items() if name != "none" and label.lower() not in said] == []


def test_every_line_for_a_monitor_says_what_it_means(sqlite_engine: Engine):
    table = read("docs/operations.md").partition("## Logs, incidents, health")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `dealerdesk_(\w+)` \|", table, re.M)
    with reading(sqlite_engine) as session:
        figures = list(desk_figures(session, now=datetime(2026, 11, 27, tzinfo=UTC)))
    assert told == ["up", *figures, "reads_standby", "reads_behind", "reads_lost"]


def test_every_check_has_its_advice():
    table = read("docs/operations.md").partition("## Check")[2].partition("\n## ")[0]
    assert [check.name for check in catalog.checks() if f"`{check.name}`" not in table] == []


# -------------------------------------------------------------------------------------------------------- who sees what
def test_the_permissions_are_those_of_the_code():
    lines = [f"| permission | {' | '.join(role.label for role in ROLES)} |", "|---|" + ":-:|" * len(ROLES)]
    lines += [
        f"| `{permission.value}` | {' | '.join('●' if may(role, permission) else ' ' for role in ROLES)} |"
        for permission in Permission
    ]
    begin, end = "<!-- permissions: begin -->\n", "\n<!-- permissions: end -->"
    written = read("docs/security.md").partition(begin)[2].partition(end)[0]
    assert written == "\n".join(lines), "put this table between the marks of docs/security.md"


SHORT = {
    "admin": Role.ADMIN, "manager": Role.MANAGER, "coordinator": Role.COORDINATOR, "sales leader": Role.SALES_LEADER,
    "finance": Role.FINANCE, "dealer manager": Role.DEALER_MANAGER, "dealer staff": Role.DEALER_STAFF,
}  # fmt: skip


def roles_in(sentence: str) -> set[Role]:
    """The roles a cell of "Who sees what" names."""
    if sentence.startswith("everybody but "):
        return set(Role) - roles_in(sentence.removeprefix("everybody but "))
    if sentence == "everybody":
        return set(Role)
    text = sentence.replace("dealer people", "dealer manager, dealer staff")
    found = set()
    for word, role in sorted(SHORT.items(), key=lambda pair: -len(pair[0])):
        if word in text:
            found.add(role)
            text = text.replace(word, "")
    return found


def test_every_page_stands_in_who_sees_what_with_its_roles():
    table = read("docs/operations.md").partition("## Who sees what")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    said, before = {}, ""
    for title, who, _ in rows[2:]:
        before = before if who == "the same" else who
        said[title] = before
    assert list(said) == [entry.title for entry in PAGES]
    for entry in PAGES:
        allowed = {role for role in Role if may(role, entry.permission)}
        assert roles_in(said[entry.title]) == allowed, f"{entry.title}: {said[entry.title]}"


def test_the_readme_names_every_page_and_role():
    text = " ".join(read("README.md").split())  # a title may be broken over two lines
    assert [entry.title for entry in PAGES if entry.title not in text] == []
    assert [role.label for role in Role if f"| {role.label} |" not in text] == []


# ------------------------------------------------------------------------------------------------------------- ASVS 5.0
# reliability.md, "ASVS 5.0 level 1-2 items that bite here", with its ranges written out, and its two accepted gaps.
ASVS = """
1.2.4 1.2.10 1.3.5 1.5.1
2.2.2 2.2.3 2.3.1 2.3.3 2.3.4 2.4.1
3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6
5.1.1 5.2.1 5.2.2 5.2.3 5.3.2 5.4.1 5.4.2 5.4.3
6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.2.9 6.2.12 6.3.1 6.3.2 6.3.3 6.3.8 6.4.1
7.2.1 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.5
8.2.1 8.2.2 8.2.3 8.3.1 8.3.2 8.4.1
9.1.1 9.1.2 9.1.3 9.2.1
11.4.2 11.5.1
13.3.1 13.4.2
14.2.1 14.2.2 14.2.3 14.2.4 14.3.1 14.3.2 14.3.3
15.3.1 15.3.3 15.4.2
16.2.1 16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.4.1 16.4.2 16.5.1 16.5.2 16.5.3
""".split()  # noqa: SIM905 - numbers read better in the lines of their chapters


def asvs_rows() -> dict[str, str]:
    """What stands in the last column for each item of ASVS 5.0."""
    table = read("docs/security.md").partition("## OWASP ASVS 5.0")[2].partition("\n## ")[0]
    found = [re.match(r"\| \*?([\d.]+)\*? \| (.+) \| (.+) \|$", line) for line in table.splitlines()]
    return {row[1]: row[3] for row in found if row}


def test_every_item_of_asvs_has_its_row():
    assert list(asvs_rows()) == ASVS


def test_what_meets_the_items_of_asvs_exists():
    """Each file, and each test in it; where there is none the gap is called accepted."""
    wrong = []
    for item, met_by in asvs_rows().items():
        named = re.findall(r"`((?:[\w.]+/)+[\w.-]+\.(?:py|md|conf|toml))(?:::(\w+))?`", met_by)
        if not named and "the same test" not in met_by and "accepted gap" not in met_by:
            wrong.append(f"{item} names nothing")
        for file, test in named:
            if not (ROOT / file).is_file():
                wrong.append(f"{item}: there is no {file}")
            elif test and f"\ndef {test}(" not in read(file):
                wrong.append(f"{item}: {file} has no {test}")
    assert wrong == []


# ----------------------------------------------------------------------------------------------------------- decisions
def test_decisions_are_numbered_without_gaps_and_say_why():
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in files] == list(range(1, len(files) + 1))
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert 0 < text.find("\n**Decision.** ") < text.find("\n**Why.** "), path.name
        assert len(text.splitlines()) <= 60, f"{path.name}: one page at most"


def test_every_decision_that_is_named_exists():
    known = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert set(re.findall(r"decision (\d{4})", everything())) <= known


# ------------------------------------------------------------------------------------------------------ adding an area
def blocks() -> list[tuple[str, str]]:
    """(path, code) of the example's files, as somebody who follows the document would write them."""
    found = re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```", read("docs/adding-an-area.md"), re.M | re.S)
    return [(path, code) for path, code in found if "visits" in path]


def test_the_example_is_whole():
    folder = "db/visits/"
    wanted = {"tables", "flow", "commands", "notices", "queries", "area"}
    assert {path.removeprefix(folder).removesuffix(".py") for path, _ in blocks() if path.startswith(folder)} == wanted
    assert {"pages/network/visits.py", "tests/visits/test_visits.py"} <= {path for path, _ in blocks()}


@pytest.mark.parametrize("path, code", blocks(), ids=[path for path, _ in blocks()])
def test_the_example_uses_names_that_are_there(path: str, code: str):
    tree = ast.parse(code, path)
    missing = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").startswith("db.visits"):
            continue
        module = importlib.import_module(node.module or "")
        for name in node.names:
            is_module = importlib.util.find_spec(f"{node.module}.{name.name}") if hasattr(module, "__path__") else None
            if name.name != "visits" and not hasattr(module, name.name) and is_module is None:
                missing.append(f"{node.module}.{name.name}")
    assert missing == []
    assert max(len(line) for line in code.splitlines()) <= 120


def test_the_files_an_area_is_written_into_exist():
    named = set(re.findall(r"`((?:db|tests|components|pages|docs|seed)/[\w/.-]+\.(?:py|md))`", everything()))
    example = {path for path in named if "visits" in path}
    assert sorted(path for path in named - example if not (ROOT / path).exists()) == []
