"""The command line: what it prints, where, and the exit code; what a scheduler needs."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from sqlalchemy import text, update

from db import catalog
from db.core.outbox import queue_mail
from db.core.session import dispose, make_engine, reading, writing
from db.imports.tables import ImportBatch
from tests.dealers.examples import NOW, facts_by_code, row
from tests.support.contents import contents
from tests.support.desk import Desk
from tests.support.paths import ROOT
from tests.support.serving import app_environment

MIXED = [row("00001"), row("00002", state="?"), row("00003")]


@pytest.fixture
def desk(database_url, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    dispose()
    yield Desk(database_url, capsys, tmp_path)
    dispose()


@pytest.fixture
def small_desk(app_database, capsys, tmp_path):
    """On SQLite only, for what has nothing to do with the kind of database."""
    return Desk(app_database, capsys, tmp_path)


# ------------------------------------------------------------------------------------------------------------- import
def test_import_prints_one_json_object(desk):
    code, out, err = desk("import", "dealers", desk.file(MIXED), "--json")
    assert (code, err) == (3, "")
    found = json.loads(out)
    assert out.count("\n") == 1
    assert list(found) == ["batch", "read", "created", "updated", "duplicates", "rejected"]
    assert (found["read"], found["created"], found["updated"], found["duplicates"]) == (3, 2, 0, 0)
    assert found["read"] == sum(found[k] for k in ("created", "updated", "duplicates")) + len(found["rejected"])
    assert found["rejected"] == [
        {"file": "dealers.csv", "row": 3, "code": "unknown_state", "message": '"?" is no state or province.'}
    ]
    engine = make_engine(desk.url)
    with reading(engine) as session:
        assert session.get_one(ImportBatch, found["batch"]).imported_by == "system:cli"
    engine.dispose()


def test_import_tells_people_the_same(small_desk):
    code, out, _ = small_desk("import", "dealers", small_desk.file(MIXED))
    assert code == 3
    assert out.splitlines() == [
        "3 rows read: 2 created, 1 rejected.",
        "Rejected:",
        '  dealers.csv, row 3: "?" is no state or province. [unknown_state]',
        "Batch 1. To take it back: python -m db undo-import 1",
    ]
    code, out, _ = small_desk("import", "dealers", small_desk.file([row("00001")]))
    assert (code, out) == (0, "1 row read: 1 already there.\n")


def test_a_dry_run_changes_nothing(desk):
    code, out, _ = desk("import", "dealers", desk.file(MIXED), "--dry-run", "--json")
    assert (code, json.loads(out)["batch"], json.loads(out)["created"]) == (3, None, 2)
    engine = make_engine(desk.url)
    assert facts_by_code(engine) == {}
    engine.dispose()
    assert desk("import", "dealers", desk.file(MIXED), "--dry-run")[1].startswith("Nothing was changed;")


def test_what_cannot_be_read_is_a_rejected_row(small_desk):
    page = small_desk.folder / "page.csv"
    page.write_bytes(b"<html></html>")
    code, out, err = small_desk("import", "dealers", page, small_desk.file([row("00001")]), "--json")
    found = json.loads(out)
    assert (code, err, found["read"], found["created"]) == (3, "", 2, 1)
    assert [(r["file"], r["row"], r["code"]) for r in found["rejected"]] == [("page.csv", 0, "not_a_table")]


def test_a_mapping_names_the_columns(small_desk):
    mapping = small_desk.folder / "map.toml"
    mapping.write_text('kind = "dealers"\ntitle = "T"\n[columns]\ncode = "Nr"\nname = "Firm"\nstate = "ST"\n')
    table = small_desk.folder / "t.csv"
    table.write_text("Nr,Firm,ST\n007,Bond,TX\n")
    assert small_desk("import", "dealers", table, "--map", mapping)[0] == 0
    assert small_desk("import", "dealers", table)[0] == 3
    mapping.write_text("kind = ")
    code, _, err = small_desk("import", "dealers", table, "--map", mapping)
    assert (code, "not valid TOML" in err) == (4, True)


MISUSED = [
    ("no command", [], "required"),
    ("a command there is not", ["fly"], "invalid choice"),
    ("no file", ["import", "dealers"], "required"),
    ("a file there is not", ["import", "dealers", "nope.csv"], "No such file"),
    ("a folder", ["import", "dealers", "."], "Is a directory"),
    ("a mapping there is not", ["import", "dealers", __file__, "--map", "nope.toml"], "No such file"),
    ("a kind there is not", ["import", "cars", __file__], 'no import "cars"'),
    ("an export there is not", ["export", "cars"], 'no export "cars"'),
    ("a format there is not", ["export", "dealers", "--format", "pdf"], "invalid choice"),
    ("a filter that is none", ["export", "dealers", "--filter", "x"], "NAME=VALUE"),
    ("a metric there is not", ["metric", "luck"], 'no metric "luck"'),
    ("a dimension there is not", ["metric", "received", "--by", "moon"], "cannot be split by moon"),
    ("a role there is not", ["user", "add", "x", "--role", "king"], "invalid choice"),
    ("a scope that is none", ["user", "add", "x", "--role", "manager", "--scope", "moon"], "A scope is"),
    ("a batch that is no number", ["undo-import", "last"], "invalid int"),
]


@pytest.mark.parametrize(("arguments", "words"), [c[1:] for c in MISUSED], ids=[c[0] for c in MISUSED])
def test_a_mistake_in_the_command_line_is_2(small_desk, arguments, words):
    code, out, err = small_desk(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_undo_takes_an_import_back_once(desk):
    batch = json.loads(desk("import", "dealers", desk.file(MIXED), "--json")[1])["batch"]
    assert desk("undo-import", batch) == (0, f"Batch {batch} was undone: 2 records taken back.\n", "")
    code, out, err = desk("undo-import", batch)
    assert (code, out, "already undone" in err) == (4, "", True)
    assert desk("undo-import", 999)[0] == 4


# ------------------------------------------------------------------------------------------------------------- export
def test_export_goes_to_the_output_or_a_file(small_desk):
    small_desk("import", "dealers", small_desk.file(MIXED))
    code, out, err = small_desk("export", "dealers", "--format", "jsonl")
    assert (code, err) == (0, "")
    assert [json.loads(line)["code"] for line in out.splitlines()] == ["00001", "00003"]
    target = small_desk.folder / "out.csv"
    assert small_desk("export", "dealers", "--out", target) == (0, "", f"{target}: 2 rows.\n")
    assert target.read_bytes().startswith(b"\xef\xbb\xbfCode,Trade name,State,")
    code, out, _ = small_desk("export", "dealers", "--format", "jsonl", "--filter", "text=00003")
    assert [json.loads(line)["code"] for line in out.splitlines()] == ["00003"]


@pytest.mark.slow
def test_every_metric_can_be_asked_for(small_desk):
    for metric in catalog.all_metrics():
        code, out, err = small_desk("metric", metric.definition.name, "--json")
        assert (code, err) == (0, ""), metric.definition.name
        assert json.loads(out)["metric"] == metric.definition.name
        dims = ["--by", metric.dims[0]] if metric.dims else []
        code, out, err = small_desk("metric", metric.definition.name, *dims)
        assert (code, err) == (0, ""), metric.definition.name
        assert out.startswith(f"{metric.definition.title} ({metric.definition.unit}): ")


@pytest.mark.slow
def test_every_export_can_be_taken_in_every_format(small_desk):
    small_desk("import", "dealers", small_desk.file(MIXED))
    for kind in catalog.all_exports():
        for file_format in ("csv", "jsonl", "xlsx"):
            target = small_desk.folder / f"out.{file_format}"
            assert small_desk("export", kind.name, "--format", file_format, "--out", target)[0] == 0


# ----------------------------------------------------------------------------------------------------- check and sweep
def test_check_is_quiet_about_what_is_right_and_loud_about_the_rest(desk):
    desk("import", "dealers", desk.file(MIXED))
    code, out, err = desk("check")
    assert (code, err) == (0, "")
    assert {line.split(maxsplit=1)[0] for line in out.splitlines()} == {"ok"}
    names = [line.split(maxsplit=1)[1] for line in out.splitlines()]
    assert {"timeline", "references", "import counts", "dealers"} <= set(names)
    engine = make_engine(desk.url)
    with engine.begin() as connection:
        connection.execute(update(ImportBatch).values(created=9))
    engine.dispose()
    code, out, _ = desk("check")
    assert code == 1
    assert "WRONG import counts" in out


def test_a_broken_chain_is_found(desk):
    desk("import", "dealers", desk.file(MIXED))
    engine = make_engine(desk.url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER timeline_entry_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE timeline_entry DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE timeline_entry SET summary = 'nothing happened' WHERE seq = 1")
    engine.dispose()
    code, out, _ = desk("check")
    assert code == 1
    assert "entry 1 was changed after it was written" in out
    assert "WRONG timeline guards" in out


def test_a_check_that_fails_itself_is_something_wrong(small_desk, monkeypatch):
    from db.core.area import Check

    def broken(session):
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(catalog, "CORE_CHECKS", (Check(name="broken", run=broken),))
    code, out, _ = small_desk("check")
    assert code == 1
    assert "could not be checked: ZeroDivisionError, reference" in out


def test_a_job_that_fails_does_not_stop_the_others(small_desk, monkeypatch):
    from db.core.area import Area, Job

    done = []

    def fails(bind, *, now):
        raise ZeroDivisionError("a mistake")

    def works(bind, *, now):
        done.append(now)
        return 3

    jobs = (Job(name="bad", run=fails), Job(name="good", run=works))
    monkeypatch.setattr(catalog, "AREAS", (Area(name="x", title="X", jobs=jobs),))
    code, out, err = small_desk("sweep")
    assert (code, out, "bad: ZeroDivisionError" in err) == (1, "good: 3\n", True)
    assert "a mistake" not in err  # the words of an error may hold a customer's data
    assert done == [NOW]


def test_the_sweep_of_an_idle_desk_is_silent(desk):
    assert desk("sweep")[0] == 0  # freezes last month, once
    assert desk("sweep") == (0, "", "")


# ---------------------------------------------------------------------------------------------------------- accounts
def test_an_account_is_made_and_its_password_printed_once(desk):
    desk("import", "dealers", desk.file([row("02036", region="East"), row("02042", region="West")]))
    code, out, err = desk("user", "add", "ann.lee", "--role", "coordinator", "--scope", "regions:East")
    assert (code, len(out.strip()) >= 15, out.count("\n"), out.strip() in err) == (0, True, 1, False)
    assert desk("user", "add", "bo", "--role", "dealer_manager", "--scope", "dealers:02036,02042")[0] == 0
    for scope, words in [("regions:North", "North"), ("dealers:1", "code 1"), ("", "Dealer staff")]:
        code, out, err = desk("user", "add", "cy", "--role", "dealer_staff", "--scope", scope)
        assert (code, out, words in err) == (4, "", True), err
    engine = make_engine(desk.url)
    everything = repr(contents(engine))
    engine.dispose()
    assert "ann.lee" in everything
    password = desk("user", "add", "dee", "--role", "manager")[1].strip()
    engine = make_engine(desk.url)
    assert password not in repr(contents(engine))
    engine.dispose()


def test_a_password_is_read_and_an_account_closed(desk, monkeypatch):
    desk("user", "add", "ann", "--role", "manager")
    desk("user", "add", "ada", "--role", "admin")
    monkeypatch.setattr(sys, "stdin", io.StringIO("winter river granite 94 lamp\n"))
    code, out, err = desk("user", "set-password", "ann")
    assert (code, out, "was set" in err) == (0, "", True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    code, _, err = desk("user", "set-password", "ann")
    assert (code, bool(err)) == (4, True)
    assert desk("user", "disable", "ann", "--reason", "Left")[0] == 0
    assert desk("user", "disable", "ann")[0] == 4
    assert desk("user", "disable", "nobody") == (4, "", "This person was not found.\n")


def test_single_sign_on_is_linked_and_unlinked(small_desk):
    for name in ("ann", "bo"):
        small_desk("user", "add", name, "--role", "admin")
    link = ("--issuer", "https://id.example", "--subject", "00u1")
    assert small_desk("user", "link", "ann", *link)[0] == 0
    code, _, err = small_desk("user", "link", "bo", *link)
    assert (code, "belongs to another account" in err) == (4, True)
    assert small_desk("user", "single-sign-on", "ann", "--only")[0] == 0
    code, _, err = small_desk("user", "single-sign-on", "bo", "--only")
    assert (code, "last administrator with a password" in err) == (4, True)
    assert small_desk("user", "single-sign-on", "ann", "--password-too")[0] == 0
    assert small_desk("user", "end-sessions", "ann") == (0, "", "0 signed out: ann.\n")
    assert small_desk("user", "end-sessions", "--everybody") == (0, "", "0 signed out: everybody.\n")
    assert small_desk("user", "unlink", "ann")[0] == 0
    assert small_desk("user", "unlink", "ann") == (4, "", "ann is not linked to single sign-on.\n")


def test_mail_that_was_given_up_is_listed_and_tried_again(desk, monkeypatch):
    assert desk("mail") == (0, "", "")
    engine = make_engine(desk.url)
    with writing(engine, keeps_timeline=False) as session:
        for _ in range(2):
            queue_mail(session, to="a@example.test", subject="Private", body="Private", now=NOW)
        session.execute(text("UPDATE outbox_mail SET tries = 10, error = 'OSError: no route' WHERE id = 1"))
    code, out, _ = desk("mail")
    first, second = out.splitlines()
    assert (code, first.split("\t")[1], first.endswith("10 tries\tOSError: no route")) == (1, "given up", True)
    assert (second.split("\t")[1], "Private" in out) == ("waits", False)
    assert desk("mail", "--again") == (0, "1 mail will be tried again with the next sweep.\n", "")
    assert desk("mail")[0] == 0
    monkeypatch.setenv("SMTP_URL", "")
    desk("sweep")
    assert desk("mail") == (0, "", "")
    engine.dispose()


# --------------------------------------------------------------------------------------------------------- the process
def command(url, *arguments, **other):
    return subprocess.run(
        [sys.executable, "-m", "db", *map(str, arguments)], cwd=ROOT, env=app_environment(url), capture_output=True,
        text=True, check=False, **other,
    )  # fmt: skip


def test_a_database_without_schema_says_what_to_do(tmp_path, monkeypatch, capsys):
    url = f"sqlite:///{tmp_path / 'new' / 'dealer.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    dispose()
    desk = Desk(url, capsys, tmp_path)
    file = desk.file(MIXED)
    done = command(url, "import", "dealers", file)
    assert (done.returncode, done.stdout, "python -m db migrate" in done.stderr) == (4, "", True)
    assert desk("migrate")[0] == 0
    assert desk("import", "dealers", file, "--json")[0] == 3
    dispose()


UNUSABLE = [
    ("a server that is not there", "postgresql://nobody@127.0.0.1:1/x"),
    ("a word", "dealers"),
    ("a file that is no database", "sqlite:///pyproject.toml"),
]


@pytest.mark.parametrize("url", [case[1] for case in UNUSABLE], ids=[case[0] for case in UNUSABLE])
@pytest.mark.slow
def test_a_database_that_cannot_be_used_is_a_sentence(url):
    done = command(url, "check")
    assert (done.returncode, done.stdout) == (4, "")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_the_command_line_loads_no_screen_and_no_frames(sqlite_url):
    """A scheduler calls it each minute: neither Streamlit nor pandas nor Altair may be read for that."""
    program = (
        "import sys; from datetime import UTC, datetime; from db.cli.main import main; "
        "main(['sweep'], now=datetime.now(UTC)); main(['check'], now=datetime.now(UTC)); "
        "print([m for m in ('streamlit', 'pandas', 'altair', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=app_environment(sqlite_url), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(sqlite_url):
    line = f"{sys.executable} -m db export dealers | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=app_environment(sqlite_url), capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_sums_that_were_damaged_are_named_and_summed_up_anew(desk):
    engine = make_engine(desk.url)
    with engine.execution_options(writer=True).begin() as connection:
        connection.execute(text("INSERT INTO incentive_month VALUES ('2026-01-01', 'East', 1, 1, 5, 0, 0, 0)"))
    engine.dispose()
    code, out, _ = desk("check")
    assert (code, "incentive_month: stored" in out) == (1, True)
    code, out, _ = desk("rebuild-rollups")
    assert (code, "counted anew: Sums of incentives agree with the ledger" in out) == (0, True)
    assert desk("check")[0] == 0


def test_help_names_every_command(small_desk):
    code, out, _ = small_desk("--help")
    assert code == 0
    for name in (
        "migrate",
        "check",
        "import",
        "undo-import",
        "export",
        "metric",
        "sweep",
        "backup",
        "restore",
        "user",
        "rebuild-rollups",
    ):
        assert f"    {name}" in {line.rstrip()[: len(name) + 4] for line in out.splitlines()}


@pytest.mark.slow
def test_the_shell_has_the_database_open(sqlite_url):
    done = command(sqlite_url, "shell", input="print(session.get_bind().dialect.name, len(tables) > 20)\n")
    assert done.returncode == 0
    assert "sqlite True" in done.stdout
