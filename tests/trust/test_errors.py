"""Whatever breaks on a page, its reader gets a reference and plain words, and no log line gets their data (R35).

Every page is made to fail at the first thing it reads, with an error whose message quotes seventeen personal values;
and a lead that has a value in every field is imported while everything is logged.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from components import access, incidents
from components.page_table import PAGES
from db.core import logs
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.session import engine, run
from db.imports.commands import run_import
from tests.support.tier import figure, sized
from tests.support.users import app_as
from tests.trust.territories import Land

SECRETS = {
    "first": "Quirina", "middle": "Zebulonia", "last": "Oxenfjord", "email": "quirina.ox@mailbox.example",
    "cell": "312-555-0187", "home": "312-555-0199", "street": "4711 Larkspur Terrace", "apartment": "Unit 88Q",
    "city": "Pellstown", "postal": "60699", "vin": "1HGCM82633A004352", "stock": "STK-90817", "trade_vin":
    "1FTEW1E41JFA00001", "comments": "My husband Thaddeus has cancer", "ssn": "078-05-1120",
    "card": "4111 1111 1111 1111", "finance": "Owes 18250 to Merrow Bank",
}  # fmt: skip
"""Seventeen values nobody may read in a log or on a page that broke."""
TEXT = "; ".join(SECRETS.values())
PRESENT = [entry for entry in PAGES if entry.exists]
CHECKED = PRESENT[:: sized(fast=6, long=1)]
REFERENCE = re.compile(r"\b[0-9A-F]{8}\b")
WORDS = "This page could not be shown. Try again; if it stays, give your administrator the reference"


class Broken(RuntimeError):  # noqa: N818 - its name is looked for in the log
    """What the database says in these tests."""


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Everything that is logged from DEBUG on, as the server writes it."""
    root, own, target = logging.getLogger(), logging.getLogger(logs.OWN), io.StringIO()
    handlers, levels = list(root.handlers), (root.level, own.level)
    logs.set_up(target)
    root.setLevel(logging.DEBUG)
    own.setLevel(logging.DEBUG)
    yield target
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


class Fuse:
    """Lets the guard pass, then breaks whatever the page reads; counts how often it did."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.is_armed, self.blown = False, 0
        keep = access._keep_for_this_run

        def armed(account: Any) -> None:
            keep(account)
            self.is_armed = True

        patch.setattr(access, "_keep_for_this_run", armed)
        begin = LocalScriptRunner.__init__

        def as_served(runner: Any, *args: Any, **options: Any) -> None:
            begin(runner, *args, **options)
            runner._on_script_error = incidents.show  # as server.py hands it to st.App

        patch.setattr(LocalScriptRunner, "__init__", as_served)

    def blow(self, *_: Any) -> None:
        """Before a statement."""
        if self.is_armed:
            self.blown += 1
            raise Broken(f"could not read: {TEXT}")


@pytest.fixture
def fuse(land: Land, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuse]:
    found = Fuse(monkeypatch)
    event.listen(engine(), "before_cursor_execute", found.blow)
    yield found
    event.remove(engine(), "before_cursor_execute", found.blow)


def secrets_in(text: str) -> list[str]:
    """The names of the values a text holds."""
    return [name for name, value in SECRETS.items() if value.lower() in text.lower()]


def everything(app: Any) -> str:
    """All that is sent for the page, as text."""
    from tests.trust.screens import drawn

    return drawn(app).decode(errors="replace").replace("\\", "")


def written(app: Any) -> list[str]:
    return [str(one.value) for one in app.main.get("error")]


def test_every_page_that_breaks_says_a_reference_and_no_more(land: Land, fuse: Fuse, stream: io.StringIO):
    broken, silent, told = 0, [], []
    for entry in CHECKED:
        fuse.is_armed, fuse.blown = False, 0
        stream.seek(0)
        stream.truncate()
        app = app_as("ada", page=entry.file)
        fuse.is_armed = False
        if not fuse.blown:
            silent.append(entry.url_path)  # reads nothing of the database
            continue
        broken += 1
        sent, log = everything(app), stream.getvalue()
        said = [text for text in written(app) if WORDS in text]
        assert len(said) == 1, (entry.file, written(app))
        assert not app.exception, entry.file
        reference = REFERENCE.search(said[0])
        assert reference, said[0]
        lines = [json.loads(line) for line in log.splitlines()]
        incident = [line for line in lines if line.get("incident") == reference[0]]
        assert len(incident) == 1, entry.file
        assert incident[0]["causes"][0]["type"].endswith("Broken")
        assert "Broken" not in sent
        assert "Traceback" not in sent
        assert ".py" not in sent
        told += [f"{entry.file}: {name}" for name in secrets_in(sent) + secrets_in(log)]
    figure("R35", "pages made to fail", broken)
    figure("R35", "secret values on a page or in a log, of 17", len(told))
    assert told == []
    assert broken >= len(CHECKED) * 3 // 4, silent


def test_a_lead_with_a_value_in_every_field_leaves_none_in_the_log(land: Land, stream: io.StringIO):
    """Imported while everything is logged: once well, once into an error that quotes all of it."""
    s = SECRETS
    document = f"""<?xml version="1.0"?><?adf version="1.0"?><adf><prospect><id source="Q">Q-1</id>
    <requestdate>2026-11-22T14:30:00-06:00</requestdate>
    <vehicle interest="buy" status="used"><year>2020</year><make>Honda</make><model>Accord</model><vin>{s["vin"]}</vin>
    <stock>{s["stock"]}</stock><finance><method>finance</method><comments>{s["finance"]}</comments></finance></vehicle>
    <vehicle interest="trade-in"><year>2018</year><make>Ford</make><model>F-150</model><vin>{s["trade_vin"]}</vin>
    </vehicle><customer><contact><name part="first">{s["first"]}</name><name part="middle">{s["middle"]}</name>
    <name part="last">{s["last"]}</name><email>{s["email"]}</email><phone type="cellphone">{s["cell"]}</phone>
    <phone type="home">{s["home"]}</phone><address><street line="1">{s["street"]}</street>
    <apartment>{s["apartment"]}</apartment><city>{s["city"]}</city><regioncode>IL</regioncode>
    <postalcode>{s["postal"]}</postalcode></address></contact>
    <comments>{s["comments"]}. SSN {s["ssn"]}, card {s["card"]}</comments></customer>
    <vendor><vendorname>Ownquill Motors</vendorname></vendor><provider><name part="full">Q</name></provider>
    </prospect></adf>"""
    made = run(
        run_import, kind="adf", files=[SourceFile(name="one.xml", content=document.encode())], channel="file",
        actor=system_actor("cli"), now=datetime.now(UTC),
    )  # fmt: skip
    assert made.created == 1
    logging.getLogger("somebody.else").debug("a line of another library")
    wrong = [SourceFile(name=f"{s['last']}.xml", content=document.replace("</prospect>", "").encode())]
    run(run_import, kind="adf", files=wrong, channel="file", actor=system_actor("cli"), now=datetime.now(UTC))

    def break_(*_: Any) -> None:
        raise Broken(TEXT)

    event.listen(engine(), "before_cursor_execute", break_)
    try:
        run(run_import, kind="adf", files=wrong, channel="file", actor=system_actor("cli"), now=datetime.now(UTC))
    except Broken as error:
        incidents.report(error, where="an import")
        logging.getLogger("somebody.else").exception("it failed")
    finally:
        event.remove(engine(), "before_cursor_execute", break_)
    log = stream.getvalue()
    assert log.count("\n") >= 3
    figure("R35", "secret values in the log of an import at DEBUG, of 17", len(secrets_in(log)))
    assert len(SECRETS) == 17
    assert secrets_in(log) == []
