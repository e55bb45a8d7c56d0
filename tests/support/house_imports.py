"""Who may import whom: the table of architecture.md section 3, one function a row, each sentence with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.house import Import, Source

# Everybody in db/ may stand on these; they know no business area.
CORE = ("core", "calendar", "workflow", "imports", "checklist")
# In order: an area may import only earlier ones, so there are no cycles.
AREAS = (
    *("people", "dealers", "terms", "documents", "contact_log", "access", "customers"),
    *("leads", "appointments", "cadence", "interactions", "quality", "surveys", "marketing"),
    *(
        "warranty",
        "claims",
        "claim_payments",
        "part_returns",
        "investigations",
        "parts",
        "incentives",
        "coop",
        "pricing",
        "objectives",
        "disputes",
    ),
    *("cases", "training", "audits", "communications", "meetings", "knowledge", "launches"),
    *("onboarding", "development", "terminations"),
    "reports",
)
ORDER = (*CORE, *AREAS)
# Folders of db/ that belong to no area and may know all of them.
TOOLS = ("migrations", "cli")
# Modules straight under db/ that offer every area at once to the screens.
SHOWN = ("catalog", "exports", "briefs")
CORE_MODULES = tuple(f"db.{name}" for name in CORE)
PURE_CORE = (
    *(
        "db.core.labels",
        "db.core.types",
        "db.core.problems",
        "db.core.contact",
        "db.core.vin",
        "db.core.intervals",
        "db.calendar",
    ),
    *("db.checklist.model", "db.checklist.rules", "db.checklist.graph_rules", "db.checklist.forecast_rules"),
)


def _db_package(found: Import) -> tuple[str, str]:
    """(package, module) of an import from db: ("leads", "tables"); (module, "") for a file straight under db/."""
    parts = [*found.full.split("."), "", ""]
    return parts[1], parts[2]


def _is_kind(source: Source, kind: str) -> bool:
    """Whether a file of db/ is of a kind: queries.py, open_queries.py, queries/open.py are all queries."""
    stem = source.name.removesuffix(".py")
    return stem == kind or stem.endswith(f"_{kind}") or kind in source.parts[:-1]


def _module_is(module: str, *kinds: str) -> bool:
    return any(module == kind or module.endswith(f"_{kind}") for kind in kinds)


def _only(
    source: Source, found: list[Import], allowed: Callable[[Import], bool], reason: str, *, types_too: bool = True
) -> Iterator[str]:
    for one in found:
        if not allowed(one) and (types_too or not one.for_types):
            yield source.says(one.line, f"imports {one.full}: {reason}")


def doors(source: Source) -> Iterator[str]:
    """Home.py and server.py: sign-in, navigation and HTTP routes only."""
    if source.path not in {"Home.py", "server.py"}:
        return
    yield from _only(
        source,
        source.outside,
        lambda i: i.root in {"streamlit", "starlette", "anyio", "uvloop"},
        "the doors hold only Streamlit and HTTP; data comes from commands and components",
    )
    yield from _only(
        source,
        [i for i in source.imports if i.root in {"bench", "db", "pages", "seed", "tests"}],
        lambda i: (
            i.root == "db"
            and (
                i.within(*CORE_MODULES)
                or _db_package(i)[0] not in ORDER
                or _module_is(_db_package(i)[1] or i.name, "commands")
            )
        ),
        "the doors call an area's commands only; what they show comes from components",
    )


def pages(source: Source) -> Iterator[str]:
    """pages/**: ask a query, draw with shared components, call a command."""
    if source.parts[0] != "pages":
        return
    yield from _only(
        source,
        source.outside,
        lambda i: i.root == "streamlit",
        "a page imports only Streamlit and components; SQL lives in db queries, charts in components/charts",
        types_too=False,
    )
    yield from _only(
        source,
        [i for i in source.imports if i.root in {"bench", "db", "pages", "seed", "tests", "Home", "server"}],
        lambda i: (
            i.root == "db"
            and (
                i.within(*CORE_MODULES)
                or _db_package(i)[0] == "catalog"
                or _module_is(_db_package(i)[1], "queries", "commands", "flow", "rules", "model")
            )
        ),
        "a page uses an area's queries, commands, flow, rules and model of facts; never its tables, another page, seed"
        " or tests",
    )


def components(source: Source) -> Iterator[str]:
    """components/**: building blocks that know no business area, but for components/areas/<area>.py."""
    if source.parts[0] != "components":
        return
    yield from _only(
        source,
        source.outside,
        lambda i: i.root in {"streamlit", "streamlit_authenticator", "starlette", "pandas", "pyarrow", "altair"},
        "a component draws; SQL lives in db",
    )
    # What several pages of one area draw alike would be copied from page to page if it had no file of its own.
    is_of_an_area = source.parts[1] == "areas"
    yield from _only(
        source,
        [i for i in source.imports if i.root in {"bench", "db", "pages", "seed", "tests", "Home", "server"}],
        lambda i: (
            i.root == "db"
            and (
                i.within(*CORE_MODULES, "db.people")
                or _db_package(i)[0] in SHOWN
                or (is_of_an_area and _module_is(_db_package(i)[1], "queries", "commands", "flow", "rules", "model"))
            )
        ),
        "a component knows no business area and no page: what an area offers comes through db.catalog, what its pages"
        " draw alike stands in components/areas and asks the area's queries, commands, flow and rules",
    )


def database(source: Source) -> Iterator[str]:
    """db/**: no screen, no seed; pandas in queries only; each package stands only on earlier ones."""
    if source.parts[0] != "db":
        return
    for one in source.imports:
        if one.root in {"streamlit", "streamlit_authenticator", "altair", "components", "pages", "Home", "server"}:
            yield source.says(one.line, f"imports {one.full}: db/ works without a screen (CLI, sweep, tests)")
        elif one.root in {"bench", "seed", "tests"}:
            yield source.says(one.line, f"imports {one.full}: the product does not stand on its demo data or its tests")
        elif one.root == "pandas" and not one.for_types and not _is_kind(source, "queries"):
            yield source.says(one.line, "imports pandas: only queries make frames; a second of start-up and floats")
    if not source.package or source.package in TOOLS:
        return
    if source.package not in ORDER:
        yield source.says(1, f"belongs to db/{source.package}, which is not in the order of areas (tests/support)")
        return
    for one in source.imports:
        other = _db_package(one)[0] if one.root == "db" else ""
        if not other or other == source.package:
            continue
        if other not in ORDER:
            yield source.says(one.line, f"imports {one.full}: it stands above the areas, so this would be a cycle")
        elif ORDER.index(other) > ORDER.index(source.package):
            if one.for_types and source.package in CORE and other in CORE:
                continue  # the core's packages may name each other's types: nothing is loaded
            yield source.says(
                one.line,
                f"imports {one.full}: {source.package} comes before {other}, so {other} may use it and not the reverse",
            )


def rules(source: Source, siblings: dict[str, Source]) -> Iterator[str]:
    """area/rules.py: pure functions that read like the policy, with nothing but facts as arguments."""
    if not source.package or not _is_kind(source, "rules"):
        return
    for one in source.imports:
        if one.root in {"sqlalchemy", "pandas"}:
            yield source.says(one.line, f"imports {one.full}: a rule gets facts and needs no database")
        elif one.root == "db" and not one.within(*PURE_CORE):
            package, module = _db_package(one)
            sibling = siblings.get(f"db/{package}/{module}.py")
            pure = sibling is not None and not any(i.root in {"sqlalchemy", "pandas"} for i in sibling.imports)
            if package != source.package or not pure:
                yield source.says(
                    one.line, f"imports {one.full}: a rule stands on labels, types, problems and the calendar only"
                )


def commands(source: Source) -> Iterator[str]:
    """area/commands.py: its own modules, and earlier areas through their queries and commands."""
    if source.package not in AREAS or not _is_kind(source, "commands"):
        return
    for one in source.imports:
        if one.root == "pandas":
            yield source.says(one.line, "imports pandas: a command writes records, it does not make frames")
        elif one.root == "db" and not one.within(*CORE_MODULES):
            package, module = _db_package(one)
            if package in AREAS and package != source.package and not _module_is(module, "queries", "commands"):
                yield source.says(
                    one.line,
                    f"imports {one.full}: a command reaches another area through its queries and commands,"
                    " which check permission and scope",
                )


def reports(source: Source) -> Iterator[str]:
    """db/reports: reads only, but for what is its own (frozen months)."""
    if source.package != "reports":
        return
    for one in source.imports:
        package, module = _db_package(one)
        if one.root == "db" and package != "reports" and _module_is(module or one.name, "commands"):
            yield source.says(
                one.line, f"imports {one.full}: a report reads and never changes anything of another area"
            )


def seed(source: Source) -> Iterator[str]:
    """seed/**: makes the demo network through commands, without a screen."""
    if source.parts[0] != "seed":
        return
    for one in source.imports:
        if one.root in {"streamlit", "bench", "components", "pages", "tests", "Home", "server"}:
            yield source.says(one.line, f"imports {one.full}: the demo network is made without a screen and by no test")
