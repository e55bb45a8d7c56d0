"""What really goes over the wire: every frame the browser receives, searched for what its reader must not get (R27).

A list of rows that hides a column still sends it, and a cached answer of somebody else looks right on the screen of a
test of pages. So a real Chromium signs in through server.py, opens the pages, and each frame of its websocket and each
file it loads is kept and searched: texts of other territories, columns that no screen shows, personal data unmasked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from playwright.sync_api import expect
from sqlalchemy import Engine, select
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from components.page_table import PAGES
from db.appointments.tables import Appointment
from db.claims.tables import Claim
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.core.permissions import Role, may
from db.core.session import reading
from db.customers.tables import Customer
from db.dealers.tables import Dealer
from db.documents.tables import Document
from db.incentives.tables import IncentiveClaim
from db.leads.tables import Lead
from db.parts.tables import PartsOrder
from db.pricing.tables import PriceRequest
from db.surveys.tables import Survey
from tests.support.journeys import WAIT, settle, sign_in
from tests.support.serving import Served
from tests.support.tier import figure, is_long
from tests.trust import canaries, territories
from tests.trust.canaries import Canaries

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket

MAIN = (
    "overview", "board", "customers", "claims", "parts_orders", "incentive_claims", "price_requests", "coop_claims",
    "dealers", "claim_performance", "pipeline",
)  # fmt: skip
"""Pages of the fast tier beside the first one: queues, the board, lists, dashboards; the long tier opens every one."""
RECORDS: tuple[tuple[str, str, Any], ...] = (
    ("lead", "lead", Lead), ("claim", "claim", Claim), ("customer", "customer", Customer), ("dealer", "dealer", Dealer),
    ("coop_claims", "claim", CoopClaim), ("price_requests", "request", PriceRequest), ("claims", "claim", Claim),
    ("coop_requests", "request", CoopRequest), ("incentive_claims", "incentive_claim", IncentiveClaim),
    ("surveys", "survey", Survey), ("appointments", "appointment", Appointment), ("documents", "document", Document),
    ("parts_orders", "order", PartsOrder), ("new_claim", "draft", Claim), ("new_claim", "copy", Claim),
)  # fmt: skip
"""(page, name in the address, table): records of others are asked for by their id."""


@dataclass
class Wire:
    """Everything one tab was sent, by the page it was on."""

    frames: dict[str, list[bytes]] = field(default_factory=dict)
    at: str = "sign in"
    socket: Any = None

    def listen(self, page: Page) -> None:
        """Keep every frame from now on."""
        page.on("websocket", self._listen_to)

    def _listen_to(self, socket: WebSocket) -> None:
        self.socket = socket
        socket.on("framereceived", lambda payload: self.keep(payload.encode() if isinstance(payload, str) else payload))

    def keep(self, content: bytes) -> None:
        """One frame or file."""
        self.frames.setdefault(self.at, []).append(content)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(len(frame) for frames in self.frames.values() for frame in frames)

    def leaks(self, marks: Canaries) -> dict[str, list[str]]:
        """What each page sent that it must not."""
        found = {at: marks.found_in(b"\n".join(frames)) for at, frames in self.frames.items()}
        return {at: texts for at, texts in found.items() if texts}

    def elements(self) -> Iterator[tuple[str, Any]]:
        """(page, element) of everything drawn."""
        for at, frames in self.frames.items():
            for frame in frames:
                message = ForwardMsg()
                try:
                    message.ParseFromString(frame)
                except Exception:
                    continue
                if message.WhichOneof("type") == "delta" and message.delta.HasField("new_element"):
                    yield at, message.delta.new_element

    def unshown_columns(self) -> tuple[int, list[str]]:
        """(tables looked at, "page: column" of each that is sent but not shown)."""
        looked, unshown = 0, set()
        for at, element in self.elements():
            if element.WhichOneof("type") != "dataframe":
                continue
            looked += 1
            table = element.dataframe
            sent = pa.ipc.open_stream(table.arrow_data.data).schema
            shown = set(table.column_order) or set(sent.names)
            config = json.loads(table.columns or "{}")
            shown -= {name for name, settings in config.items() if settings and settings.get("hidden")}
            index = {name for name in sent.names if name.startswith("__index_level_")}
            unshown |= {f"{at}: {name}" for name in set(sent.names) - shown - index}
        return looked, sorted(unshown)

    def undrawn_fields(self) -> tuple[int, list[str]]:
        """(charts looked at, "page: field" of each that is sent but that its chart does not name)."""
        looked, undrawn = 0, set()
        for at, element in self.elements():
            if element.WhichOneof("type") != "vega_lite_chart":
                continue
            looked += 1
            chart = element.vega_lite_chart
            parts = [one.data.data for one in chart.datasets] or [chart.data.data]
            for part in parts:
                if part:
                    names = pa.ipc.open_stream(part).schema.names
                    undrawn |= {
                        f"{at}: {name}" for name in names if f'"{name}"' not in chart.spec and name not in chart.spec
                    }
        return looked, sorted(undrawn)


def is_end(frame: bytes | str) -> bool:
    """Whether this frame says that a run is over."""
    message = ForwardMsg()
    message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
    return message.WhichOneof("type") == "script_finished"


def visit(page: Page, wire: Wire, base: str, path: str) -> None:
    """Open a page as people do, by its name in the list; an address with a query as a link in a mail does."""
    wire.at = path
    link = page.locator(f'[data-testid="stSidebarNavLink"][href$="/{path}"]')
    if "?" not in path and link.count():
        with wire.socket.expect_event("framereceived", is_end, timeout=WAIT):
            link.first.click()
    else:
        page.goto(f"{base}/{path}")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=WAIT)
    settle(page)


def pages_of(role: Role) -> list[str]:
    """Addresses a role may open: the main ones, in the long tier all."""
    found = [e.url_path for e in PAGES if e.exists and not e.default and may(role, e.permission)]
    return found if is_long() else [path for path in found if path in MAIN]


def foreign_addresses(engine: Engine, land: territories.Land) -> list[str]:
    """Details of records of both other territories, by address."""
    found = []
    with reading(engine) as session:
        for path, name, table in RECORDS if is_long() else RECORDS[:5]:
            for place in (land.near, land.far) if is_long() else (land.far,):
                owner = table.id if table is Dealer else table.dealer_id
                number = session.scalars(select(table.id).where(owner == place.dealer_id).limit(1)).one()
                found.append(f"{path}?{name}={number}")
    return found


def take_out(page: Page, wire: Wire) -> None:
    """Take the list on the screen away as a file, which is kept like a frame."""
    page.get_by_role("button", name="Export").first.click()
    page.get_by_text("CSV", exact=True).first.click()
    settle(page)
    purpose = page.get_by_label("Purpose")
    if purpose.count():
        purpose.fill("A look at the wire")
        settle(page)
    with page.expect_download(timeout=WAIT) as file:
        page.get_by_role("button", name="Download", exact=True).click()
    wire.keep(file.value.path().read_bytes())


def test_a_dealer_manager_is_sent_nothing_of_another_territory(
    chromium: Browser, land_app: Served, land_engine: Engine
):
    """Every page, the details of foreign records by address, search and an export: no frame holds a foreign text."""
    land = territories.known(land_engine)
    marks = canaries.foreign(land_engine, land.own.manager.scope, words=(land.near.word, land.far.word))
    assert len(marks) > 100, "the territories are full of records"
    assert len(marks.places) > 40, "in many tables"
    wire = Wire()
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-US", accept_downloads=True)
    page = context.new_page()
    wire.listen(page)
    sign_in(page, land_app.url, "own_boss")
    for path in [
        *pages_of(Role.DEALER_MANAGER),
        *foreign_addresses(land_engine, land),
        "search?q=Lena",
        "search?q=Jane",
    ]:
        visit(page, wire, land_app.url, path)
    visit(page, wire, land_app.url, "claims")
    take_out(page, wire)
    context.close()

    own = Canaries({land.own.word: "own"})
    seen = [at for at, frames in wire.frames.items() if own.found_in(b"\n".join(frames))]
    assert len(seen) > len(wire.frames) // 3, "the walk sees what is the dealer's own"
    tables, unshown = wire.unshown_columns()
    charts, undrawn = wire.undrawn_fields()
    leaks = wire.leaks(marks)
    figure("R27", "addresses opened as dealer manager", len(wire.frames))
    figure("R27", "bytes received", wire.size)
    figure("R27", "canaries looked for", len(marks))
    figure("R27", "canaries of other territories in a frame", sum(map(len, leaks.values())))
    figure("R27", "columns sent and not shown", len(unshown))
    assert tables > 5
    assert charts > 1
    assert leaks == {}
    assert unshown == []
    assert undrawn == []


def test_a_role_without_need_is_sent_no_personal_data(chromium: Browser, land_app: Served, land_engine: Engine):
    """A sales leader sees every dealer, and of its customers initials and the ends of numbers only."""
    marks = canaries.personal(land_engine)
    assert not may(Role.SALES_LEADER, territories.PERSONAL)
    assert len(marks) >= 25
    wire = Wire()
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    page = context.new_page()
    wire.listen(page)
    sign_in(page, land_app.url, "leah")
    with reading(land_engine) as session:
        lead, customer = session.scalars(select(Lead.id)).first(), session.scalars(select(Customer.id)).first()
        claim = session.scalars(select(Claim.id).where(Claim.status == "in_review")).first()
    details = [f"lead?lead={lead}", f"customer?customer={customer}", f"claims?claim={claim}", "search?q=Len"]
    lists = (
        pages_of(Role.SALES_LEADER) if is_long() else ["board", "customers", "claims", "surveys", "incentive_claims"]
    )
    for path in [*lists, *details]:
        visit(page, wire, land_app.url, path)
    context.close()
    leaks = wire.leaks(marks)
    tables, unshown = wire.unshown_columns()
    figure("R27", "personal data sent to a role without need", sum(map(len, leaks.values())))
    assert tables > 5
    assert leaks == {}
    assert unshown == []
