"""Reads the project's source as syntax trees and says where it breaks the house rules, each with its reason.

Every check takes a `Source` and gives sentences; tests/test_architecture.py runs them over the whole tree.
"""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePosixPath

from tests.support.paths import ROOT

TOP_FOLDERS = ("bench", "components", "db", "pages", "seed", "tests")


@dataclass(frozen=True)
class Import:
    """One import: `from module import name` or `import module` (name empty)."""

    line: int
    module: str
    name: str = ""
    for_types: bool = False

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]

    @property
    def full(self) -> str:
        """The dotted name of what is brought in, `db.leads.tables` for `from db.leads import tables`."""
        return f"{self.module}.{self.name}" if self.name else self.module

    def within(self, *modules: str) -> bool:
        """Whether it brings in one of the modules, or something inside of one."""
        return any(f"{self.full}.".startswith(f"{module}.") for module in modules)


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the project's root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return parsed(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree but the contexts of names: walked through once for all checks.

        `ast.walk` makes a generator for each node, which takes three times as long.
        """
        found: list[ast.AST] = [self.tree]
        for node in found:  # which grows while it is gone through
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    found += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                    found.append(value)
        return found

    def forget_tree(self) -> None:
        """Let go of the syntax tree; the next check that asks for it reads the file again."""
        self.__dict__.pop("tree", None)
        self.__dict__.pop("nodes", None)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def package(self) -> str:
        """`leads` for db/leads/rules.py; empty for a file straight under db/ or outside of it."""
        return self.parts[1] if self.parts[0] == "db" and len(self.parts) > 2 else ""

    @cached_property
    def imports(self) -> list[Import]:
        """All imports, those inside functions too; relative ones are resolved."""
        nodes = list(_statements(self.tree.body))
        # To write a condition out takes longer than to read it, and most files have none of this name.
        conditions = [node for node in nodes if isinstance(node, ast.If)] if "TYPE_CHECKING" in self.text else []
        for_types = {
            id(inner)
            for node in conditions
            if ast.unparse(node.test).endswith("TYPE_CHECKING")
            for inner in _statements(node.body + node.orelse)
        }
        found = []
        for node in nodes:
            if isinstance(node, ast.Import):
                found += [Import(node.lineno, alias.name, "", id(node) in for_types) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                if node.level:
                    module = ".".join([*self.parts[: -node.level], *([module] if module else [])])
                found += [Import(node.lineno, module, alias.name, id(node) in for_types) for alias in node.names]
        return found

    @property
    def outside(self) -> list[Import]:
        """Imports of packages that are neither ours nor in the standard library."""
        ours = {*TOP_FOLDERS, "Home", "server"}
        return [i for i in self.imports if i.root not in ours and i.root not in sys.stdlib_module_names]

    def says(self, line: int, sentence: str) -> str:
        return f"{self.path}:{line} {sentence}"


def parsed(text: str, path: str) -> ast.Module:
    """The syntax tree of a file.

    A tree is nothing but new objects that are all kept: the collector, looking through them while they become more,
    took three quarters of the time of reading the project.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text, path)
    finally:
        if was_on:
            gc.enable()


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Every statement in these, those inside of others too; expressions, of which there are many more, are left out."""
    for statement in body:
        yield statement
        for inside in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(statement, inside, ()))


def one_by_one() -> Iterator[Source]:
    """Every file of the project, whose tree is let go of before the next is read: all trees together are 600 MB."""
    for source in sources():
        yield source
        source.forget_tree()


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the project, new ones included; what git ignores is left out. Read once a process."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = listed.stdout.split("\n")
    else:  # an unpacked archive has no history
        found = [*ROOT.glob("*.py"), *(p for top in TOP_FOLDERS for p in (ROOT / top).rglob("*.py"))]
        paths = [p.relative_to(ROOT).as_posix() for p in found]
    return tuple(
        Source(path, (ROOT / path).read_text()) for path in sorted(set(paths)) if path and (ROOT / path).exists()
    )


# --------------------------------------------------------------------------------------------------------- the clock
CLOCK_READERS = {
    "Home.py",
    "server.py",
    "db/__main__.py",
    "seed/__main__.py",
    "seed/try_real.py",
    "components/clock.py",
}
CLOCKS = re.compile(
    r"(^|\.)((datetime|date|dt|Timestamp|DateTime|pd)\.(now|utcnow|today)"
    r"|time\.(time|time_ns|localtime|gmtime)|func\.(now|current_timestamp|current_date|localtimestamp))$"
)
CLOCK_WORDS = set(re.findall(r"\w+", CLOCKS.pattern))
"""What a reading may end with; to write a name out takes longer than to look at its last word."""


def clock_reads(source: Source) -> Iterator[str]:
    """The clock is an argument: only the doors of the program read it."""
    if source.path in CLOCK_READERS or source.parts[0] == "tests":
        return
    from_time = {i.name for i in source.imports if i.module == "time"} & {"time", "time_ns", "localtime", "gmtime"}
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_WORDS and CLOCKS.search(ast.unparse(node)):
            read = ast.unparse(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in from_time:
            read = node.id
        else:
            continue
        yield source.says(
            node.lineno,
            f"reads the clock ({read}): take `now` or `today` as an argument, so that a test and a replay"
            " can say what time it is; pages ask components.clock",
        )


# --------------------------------------------------------------------------------------------------- SQL and markup
SQL_CALLS = {"text", "execute", "exec_driver_sql", "literal_column", "DDL", "scalar", "scalars", "read_sql"}
SQL_START = re.compile(
    r"\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|CREATE\s|ALTER\s|DROP\s|WITH\s+\S+\s+AS\s|PRAGMA\s)"
)
SQL_EXEMPTION = re.compile(r"# fixed SQL: \S.{9,}")  # at the start of a line: for the whole file


def _built(node: ast.expr) -> bool:
    """Whether a string is put together at run time from parts that are not all constants."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        sides = (node.left, node.right)
        textual = any(
            isinstance(s, ast.JoinedStr) or (isinstance(s, ast.Constant) and isinstance(s.value, str)) for s in sides
        )
        return textual and not all(isinstance(s, ast.Constant) for s in sides)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and isinstance(node.func.value, ast.Constant)
    )


def _starts_like_sql(node: ast.expr) -> bool:
    first: ast.expr = node
    while isinstance(first, ast.BinOp):
        first = first.left
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    if isinstance(first, ast.Call) and isinstance(first.func, ast.Attribute):
        first = first.func.value
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and bool(SQL_START.match(first.value))


def built_sql(source: Source) -> Iterator[str]:
    """No SQL is put together from strings; a comment `# fixed SQL: why` exempts identifiers from our own constants."""
    if source.parts[0] == "tests" or any(SQL_EXEMPTION.match(line) for line in source.lines):
        return
    suspects: set[ast.expr] = set()
    for node in source.nodes:
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in SQL_CALLS and _built(node.args[0]):
                suspects.add(node.args[0])
        if isinstance(node, ast.JoinedStr | ast.BinOp | ast.Call) and _built(node) and _starts_like_sql(node):
            suspects.add(node)
    for node in sorted(suspects, key=lambda n: n.lineno):
        around = source.lines[max(0, node.lineno - 3) : node.end_lineno]
        if not any(SQL_EXEMPTION.search(line) for line in around):
            yield source.says(
                node.lineno,
                "builds SQL from strings: bind values as parameters, or the text somebody types becomes a statement;"
                " for names of our own tables write `# fixed SQL: why` beside it (or on a line of its own)",
            )


BANNED_ARGUMENTS = {
    "unsafe_allow_html": "text of a customer would run as markup; use st.markdown without it, or components.labels",
    "use_container_width": "it is deprecated; write width='stretch'",
}
BANNED_NAMES = re.compile(r"(^|\.)(experimental_\w+|components\.v1|bokeh_chart|add_rows)(\.|$)")
BANNED_WORDS = re.compile(r"experimental_|\bv1\b|bokeh_chart|add_rows")
"""A file with none of these has none of the names."""


def banned_words(source: Source) -> Iterator[str]:
    """Streamlit's unsafe and outgoing parts are not used; JavaScript only in components."""
    if source.parts[0] == "tests":
        return
    has_a_word = BANNED_WORDS.search(source.text)
    for node in source.nodes:
        if isinstance(node, ast.keyword) and node.arg in BANNED_ARGUMENTS:
            yield source.says(node.value.lineno, f"uses {node.arg}: {BANNED_ARGUMENTS[node.arg]}")
        elif (
            isinstance(node, ast.keyword) and node.arg == "unsafe_allow_javascript" and source.parts[0] != "components"
        ):
            yield source.says(node.value.lineno, "runs JavaScript: only components may, with a text of their own")
        elif has_a_word and isinstance(node, ast.Attribute) and BANNED_NAMES.search(ast.unparse(node)):
            yield source.says(node.lineno, f"uses {ast.unparse(node)}, which Streamlit has deprecated")
    for found in source.imports:
        if found.within("streamlit.components.v1"):
            yield source.says(found.line, "uses streamlit.components.v1, which Streamlit has deprecated")


# ------------------------------------------------------------------------------------------------------------- pages
def _calls_guard(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.Call):
        return False
    called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return called == "guard" and bool(value.args)


def _first(body: list[ast.stmt]) -> ast.stmt | None:
    rest = body[1:] if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else body
    return rest[0] if rest else None


def unguarded_page(source: Source) -> Iterator[str]:
    """What a page does first is to call guard("permission"), at the top or as the first line of its main()."""
    why = (
        'a page must call guard("permission") before anything else: Streamlit can run a page without Home.py'
        " (streamlit.md 0.1)"
    )
    if source.parts[0] != "pages" or source.name == "__init__.py":
        return
    if len(source.parts) < 3:
        yield source.says(
            1, "lies straight under pages/: Streamlit serves such a file without Home.py, sign-in included"
        )
    functions = {n.name: n for n in source.tree.body if isinstance(n, ast.FunctionDef)}
    for statement in source.tree.body:
        if _calls_guard(statement):
            return
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
            continue
        draws = any(isinstance(n, ast.Name) and n.id == "st" for n in ast.walk(statement))
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not draws:
            continue  # a declaration, such as SCREEN = queue_page.Screen(...)
        call = statement.value if isinstance(statement, ast.Expr) else None
        function = functions.get(getattr(call.func, "id", "")) if isinstance(call, ast.Call) else None
        first = _first(function.body) if function else None
        if first is None or not _calls_guard(first):
            yield source.says(statement.lineno, why)
        return
    yield source.says(1, why)


# ------------------------------------------------------------------------------------------------------ kept answers
WHOSE = {"scope", "whose", "asked"}  # `asked` and `whose` are objects that hold the scope
KEEPS = re.compile(r"\b(cache_data|shelved)\b")


def kept_without_scope(source: Source) -> Iterator[str]:
    """What `st.cache_data` or `shelved` keeps of the database is kept for one scope and until it changes (R28).

    A name that begins with an underscore is no part of the key.
    """
    if source.parts[0] not in ("components", "pages"):
        return
    for node in source.nodes:
        if not isinstance(node, ast.FunctionDef):
            continue
        if not any(KEEPS.search(ast.unparse(d)) for d in node.decorator_list):
            continue
        if not any(isinstance(n, ast.Name) and n.id == "reading" for n in ast.walk(node)):
            continue
        names = {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
        if not names & WHOSE:
            yield source.says(
                node.lineno,
                f"keeps what {node.name} reads without the scope of who asks: the next person gets it; take"
                f" one of {', '.join(sorted(WHOSE))} without an underscore",
            )
        if not any(n == "asked" or "change" in n for n in names):
            yield source.says(node.lineno, f"keeps what {node.name} reads when it has changed: take `change` as well")


# ------------------------------------------------------------------------------------------------------------ length
def too_long(source: Source) -> Iterator[str]:
    """A file is one concept long: 220 lines for a page, 420 for others; released migrations are never edited.

    Tests may be longer: a table of cases is one concept however many rows it has.
    """
    limit = {"pages": 220, "tests": 600}.get(source.parts[0], 420)
    if source.path.startswith("db/migrations/versions/") or len(source.lines) <= limit:
        return
    yield source.says(limit + 1, f"is {len(source.lines)} lines long, {limit} are allowed: split it by concept")
