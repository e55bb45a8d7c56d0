"""An upload killed anywhere is whole or not there: never a row without its file (R07, R09)."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from db.core.permissions import Role
from db.core.session import reading
from db.documents import storage
from db.documents.checks import check_files, check_series
from db.documents.tables import Document
from tests.documents.examples import NOW, add, pdf
from tests.support.paths import ROOT
from tests.support.serving import app_environment
from tests.support.users import make_dealer, make_person

PROGRAM = """
import os, signal, sys
from sqlalchemy import Engine, event
from db import tables
from db.core.session import engine, run
from db.documents.commands import add_document
from tests.documents.examples import CORA, NOW, pdf

left = [int(sys.argv[1])]

def count(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", count)
event.listen(Engine, "commit", count)
run(add_document, dealer_id=1, document_type="tax_id", file_name="w9.pdf", content=pdf("crash"), form_key="k",
    actor=CORA, now=NOW)
print(int(sys.argv[1]) - left[0])
"""


def start(url: str, at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(at)], cwd=ROOT, env=app_environment(url), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_an_upload_killed_anywhere_is_whole_or_not_there(sqlite_engine, sqlite_url):
    make_dealer(sqlite_engine)
    make_person(sqlite_engine, "cora", Role.COORDINATOR)
    add(sqlite_engine, 1)
    lost = 0
    for at in (4, 9, 13, 17, 20):
        done = start(sqlite_url, at)
        assert done.returncode in (-signal.SIGKILL, 0), done.stderr
        with reading(sqlite_engine) as session:
            rows = session.scalar(select(func.count()).select_from(Document)) or 0
            assert check_files(session) == check_series(session) == []
        lost = len(list(storage.walk())) - rows
        if rows == 2:
            break
        assert rows == 1
    assert lost > 0  # at least one kill came between the file and its row
    assert add(sqlite_engine, 1, document_type="tax_id", content=pdf("crash"), expires_on=None, form_key="k", now=NOW)
    with reading(sqlite_engine) as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 2
