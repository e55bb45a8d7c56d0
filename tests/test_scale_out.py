"""Two processes behind a real nginx on one PostgreSQL, with the configuration of docs/nginx.conf (docs/scale.md)."""

from __future__ import annotations

import gzip
import re
import signal
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import psycopg
import pytest
from playwright.sync_api import expect

from db.core.permissions import Role
from db.core.session import make_engine, reading, run
from db.people import commands as people
from db.people.queries import get_person
from tests.support import balancing
from tests.support.balancing import Balancer, NoNginx
from tests.support.databases import PostgresTemplates
from tests.support.journeys import WAIT, give_file, settle, sign_in
from tests.support.paths import ROOT
from tests.support.ports import free_port
from tests.support.serving import Served, serving
from tests.support.users import actor_named, make_people

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

LANE = "desk_lane"
SECRET = "the same on every process, and long enough to be one"
DEALERS = b"code,name,region,state,city,postal_code\n05001,Pine Hill Cars,East,NY,Albany,12207\n"


# -------------------------------------------------------------------------------------------------- what the file says
def test_nginx_understands_the_file(tmp_path: Path):
    """Whole and unchanged; the addresses need not be there."""
    try:
        program = balancing.find_nginx()
    except NoNginx as error:
        pytest.skip(str(error))
    (tmp_path / "nginx.conf").write_text(
        "pid nginx.pid; error_log stderr; events {} http { access_log off; client_body_temp_path b; proxy_temp_path p;"
        f" fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; include {balancing.CONFIGURATION}; }}"
    )
    said = subprocess.run(
        [program, "-t", "-q", "-p", str(tmp_path), "-c", "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_the_file_allows_the_uploads_the_desk_allows():
    written = balancing.CONFIGURATION.read_text()
    most = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["server"]["maxUploadSize"]
    found = re.search(r"client_max_body_size (\d+)m;", written)
    assert found is not None
    assert int(found[1]) == most + 1


def test_each_lane_stands_everywhere():
    """A third process that is written into one place only would lose people's downloads."""
    written = balancing.CONFIGURATION.read_text()
    for lane, address in balancing.WRITTEN.items():
        assert f"upstream desk_{lane} {{" in written
        assert written.count(f"server {address} ") == 2, "its own lane, and the neighbour's backup"
        assert f'"~{re.escape(address)}$" {lane};' in written
        assert f'"{lane} from {lane}" "";' in written
        assert f'"~^{lane} from " "{LANE}={lane};' in written


# ------------------------------------------------------------------------------------------------------- the real thing
@dataclass(frozen=True)
class Got:
    """Headers and text of an answer."""

    headers: Message
    text: str


class Desk:
    """Two processes of the desk and the nginx before them."""

    def __init__(self, stack: ExitStack, url: str, folder: Path) -> None:
        self.url = url
        self._stack = stack
        self._environment = {
            "VAR_DIR": str(folder), "DOCUMENTS_DIR": str(folder / "documents"), "SWEEP_SECONDS": "0",
            "STREAMLIT_SERVER_COOKIE_SECRET": SECRET,
        }  # fmt: skip
        self._ports = {"a": free_port(), "b": free_port()}
        self.process: dict[str, Served] = {}
        for lane in self._ports:
            self.start(lane)
        addresses = {lane: f"127.0.0.1:{port}" for lane, port in self._ports.items()}
        self.front: Balancer = stack.enter_context(balancing.balancing(addresses))

    def start(self, lane: str) -> None:
        """Start the process of a lane on its port."""
        self.process[lane] = self._stack.enter_context(
            serving(self.url, self._environment, port=self._ports[lane])
        )  # fmt: skip

    def kill(self, lane: str) -> None:
        """End it as a machine does that loses its power."""
        self.process[lane].process.send_signal(signal.SIGKILL)
        self.process[lane].process.wait()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Rows of the database."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def get(self, path: str) -> Got:
        """An answer through nginx to a browser that takes it packed."""
        request = urllib.request.Request(f"{self.front.url}{path}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
            packed = answer.headers.get("Content-Encoding") == "gzip"
            return Got(answer.headers, (gzip.decompress(body) if packed else body).decode())

    def lane_of(self, path: str, cookie: str = "") -> tuple[str, str]:
        """(the lane whose process answered, the lane the browser is told)."""
        request = urllib.request.Request(f"{self.front.url}{path}", headers={"User-Agent": "lane", "Cookie": cookie})
        before = len(self.front.asked("lane"))
        with urllib.request.urlopen(request, timeout=30) as answer:
            given = re.search(rf"{LANE}=(\w)", " ".join(answer.headers.get_all("Set-Cookie", [])))
        wait_for(lambda: len(self.front.asked("lane")) > before)  # it is written down after it was answered
        address = self.front.asked("lane")[-1].address
        return next(k for k, v in self.front.addresses.items() if v == address), given[1] if given else ""


@pytest.fixture
def desk(postgres_templates: PostgresTemplates, tmp_path: Path) -> Iterator[Desk]:
    from tests.support.databases import migrate

    try:
        balancing.find_nginx()
    except NoNginx as error:
        pytest.skip(str(error))
    with ExitStack() as stack:
        url = stack.enter_context(postgres_templates.copy("migrated", migrate))
        engine = make_engine(url)
        make_people(engine)
        engine.dispose()
        made = Desk(stack, url, tmp_path)
        yield made
        for lane, served in made.process.items():
            print(f"--- log of {lane}\n{served.log()[-3000:]}")
        print(f"--- nginx\n{made.front.errors()[-3000:]}")
        print("\n".join(f"{a.lane} {a.address} {a.status} {a.path}" for a in made.front.asked()[-20:]))


def wait_for(is_so: Callable[[], bool], *, seconds: float = 30) -> None:
    """Return as soon as something of another program is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def sits_in(context: BrowserContext) -> str:
    """The lane a browser's cookie names."""
    return next(str(c["value"]) for c in context.cookies() if c["name"] == LANE)


def open_in(chromium: Browser, desk: Desk, lane: str) -> BrowserContext:
    """A new browser that was sent to this process at its first visit, as half of them are."""
    for _ in range(40):
        context = chromium.new_context(
            viewport={"width": 1400, "height": 900}, locale="en-US", timezone_id="America/New_York",
            accept_downloads=True,
        )  # fmt: skip
        context.request.get(f"{desk.front.url}/")
        if sits_in(context) == lane:
            return context
        context.close()
    raise AssertionError(f"nobody was sent to {lane}")


def exported(page: Page, base: str) -> str:
    """The words of the workbook of dealers, made on the click and saved by the browser."""
    page.goto(f"{base}/dealers")
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download(timeout=2 * WAIT) as saved:
        page.get_by_role("button", name="Download", exact=True).first.click()
    with ZipFile(saved.value.path()) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def look_again(page: Page) -> None:
    """Two clicks on Lead performance that end at the same figures, which the process keeps."""
    for period in ("12 months", "6 months"):
        page.get_by_test_id("stMainBlockContainer").get_by_text(period, exact=True).first.click()
        settle(page)


def has_received(page: Page, number: int) -> None:
    """Wait until the tile says so."""
    found = page.get_by_test_id("stMetric").filter(has_text="Leads received").first
    expect(found.get_by_test_id("stMetricValue")).to_have_text(str(number), timeout=WAIT)


def type_lead(page: Page, name: str, phone: str, *, postal_code: str = "12207") -> None:
    """Each field is left as soon as it is full; what is empty is not typed, and the cursor waits after the last."""
    for label, value in (("Name", name), ("Phone", phone), ("Postal code", postal_code)):
        if value:
            page.get_by_label(label, exact=True).fill(value)
            page.keyboard.press("Tab")


def change_role(desk: Desk, username: str, role: Role) -> None:
    """An administrator changes a person's role, in yet another process: this one."""
    engine = make_engine(desk.url)
    admin = actor_named(engine, "admin")
    with reading(engine) as session:
        person = get_person(session, actor=admin, username=username)
    run(
        people.change_role, bind=engine, person_id=person.person_id, role=role.value, seen_version=person.version,
        actor=admin, now=datetime.now(UTC),
    )  # fmt: skip
    engine.dispose()


def test_two_processes_are_one_desk(desk: Desk, chromium: Browser):
    base = desk.front.url

    # Newcomers are spread over both; a browser that was told its lane stays there, whatever it asks for.
    first_visits = [desk.lane_of("/") for _ in range(20)]
    assert {lane for lane, _ in first_visits} == {"a", "b"}
    assert [told for lane, told in first_visits if told != lane] == []
    for lane in ("a", "b"):
        for path in ("/", "/healthz", "/_stcore/health", "/leads"):
            assert desk.lane_of(path, f"{LANE}={lane}") == (lane, "")
    told = desk.lane_of("/", f"{LANE}=of-a-process-that-never-was")
    assert told[0] == told[1] != ""

    # The code of the pages comes packed and is kept for good; what is not there (yet) is not kept.
    script = re.search(r"static/js/[\w.-]+\.js", desk.get("/").text)
    assert script is not None
    found, missing = desk.get(f"/{script[0]}"), desk.get("/static/js/of-another-version.js")
    assert (found.headers["Content-Encoding"], "immutable" in found.headers["Cache-Control"]) == ("gzip", True)
    assert missing.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in found.headers

    # Two people, one in each process.
    at_a, at_b = open_in(chromium, desk, "a"), open_in(chromium, desk, "b")
    one, two = at_a.new_page(), at_b.new_page()
    sign_in(two, base, "manager", path="/performance")
    look_again(two)
    has_received(two, 0)
    sign_in(one, base, "coordinator", path="/imports?im_view=new")

    # An upload and a download are served by the process that has the tab.
    one.get_by_test_id("stMainBlockContainer").get_by_text("Dealers", exact=True).first.click()
    settle(one)
    give_file(one, one, name="dealers.csv", kind="text/csv", content=DEALERS)
    one.get_by_role("button", name="Import 1 record").click()
    expect(one.get_by_text("Imported as batch")).to_be_visible(timeout=WAIT)
    assert "Pine Hill Cars" in exported(one, base)

    # What is saved in one process changes the number the other one keeps, at the next click there.
    one.goto(f"{base}/new")
    type_lead(one, "Ann", "", postal_code="")
    wait_for(lambda: bool(desk.rows("SELECT id FROM draft")))  # the line comes with the run after the one that kept it
    type_lead(one, "", "518 555 0142", postal_code="")
    one.get_by_label("Postal code", exact=True).press_sequentially("122")
    expect(one.get_by_text("You had begun this lead")).to_be_visible(timeout=WAIT)
    assert one.get_by_label("Postal code", exact=True).input_value() == "122", "the line above took it away"
    type_lead(one, "Ann Otter", "518 555 0142")
    one.get_by_role("button", name="Save lead").click()
    expect(one.get_by_text("The lead is in")).to_be_visible(timeout=WAIT)
    look_again(two)
    has_received(two, 1)
    assert (sits_in(at_a), sits_in(at_b)) == ("a", "b")
    by_cookie = {(asked.lane, asked.address) for asked in desk.front.asked() if asked.lane in desk.front.addresses}
    assert by_cookie == set(desk.front.addresses.items()), "nobody was ever answered by the other process"

    # A right that is taken away is gone in the other process at the next click.
    change_role(desk, "manager", Role.FINANCE)
    two.get_by_test_id("stMainBlockContainer").get_by_text("3 months", exact=True).first.click()
    expect(two.get_by_role("heading", name="You have no access to this page")).to_be_visible(timeout=WAIT)
    at_b.close()

    # A lead is stored, and the process dies before it can say so.
    one.get_by_role("button", name="New lead").click()
    settle(one)
    type_lead(one, "Bo Adder", "518 555 0177")
    whole = [("Bo Adder", "518 555 0177", "12207")]
    typed = "SELECT content->>'nl_customer_name', content->>'nl_phone', content->>'nl_postal_code' FROM draft"
    wait_for(lambda: desk.rows(typed) == whole)
    settle(one)
    with psycopg.connect(desk.url) as connection:
        connection.execute("SELECT id FROM draft FOR UPDATE")  # it cannot forget the draft, so it does not answer
        one.get_by_role("button", name="Save lead").click()
        wait_for(lambda: len(desk.rows("SELECT id FROM lead")) == 2)
        desk.kill("a")

    # The neighbour takes over: still signed in, nothing lost, and sending the same form again has one effect.
    expect(one.get_by_text("You had begun this lead")).to_be_visible(timeout=2 * WAIT)
    wait_for(lambda: sits_in(at_a) == "b")
    # The neighbour draws the page from its top on; it hears no click on a button that it has not drawn yet.
    expect(one.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible(timeout=WAIT)
    settle(one)
    assert one.get_by_label("Name", exact=True).input_value() == "Bo Adder"
    one.get_by_role("button", name="Save lead").click()
    expect(one.get_by_text("The lead is in")).to_be_visible(timeout=WAIT)
    assert desk.rows("SELECT customer_name FROM lead ORDER BY id") == [("Ann Otter",), ("Bo Adder",)]
    assert "Pine Hill Cars" in exported(one, base)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{desk.process['a'].url}/healthz", timeout=5)
    assert {desk.lane_of("/healthz", f"{LANE}=a") for _ in range(3)} == {("b", "b")}, "the dead one is passed over"

    # When the dead one is back it gets newcomers again; who was moved stays, with uploads and downloads.
    desk.start("a")
    wait_for(lambda: desk.lane_of("/") == ("a", "a"))
    assert "Pine Hill Cars" in exported(one, base)
    assert sits_in(at_a) == "b"
    at_a.close()
    assert [line for line in desk.front.errors().splitlines() if "[emerg]" in line or "[alert]" in line] == []
