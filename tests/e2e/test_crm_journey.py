"""Issue 4, Done: a day of dealer staff in Chromium - answer, book, confirm, no-show, recover, sell - and its funnel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, Row, select, update

from db.appointments.jobs import run_no_shows
from db.appointments.tables import Appointment
from db.cadence.tables import CadenceRun, CadenceTask
from db.catalog import metric
from db.core.actor import EVERYTHING, system_actor
from db.core.area import SourceFile
from db.core.permissions import Role
from db.core.session import make_engine, reading, run, writing
from db.imports.commands import run_import
from db.leads.commands import assign
from db.leads.tables import Lead
from tests.e2e.test_lead_journey import ADF
from tests.support.journeys import WAIT, drawer, settle, sign_in, tile
from tests.support.users import actor_named, make_dealer, make_people


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    """One dealer, one person of each role, and one lead that just came in for dealer staff."""
    engine = make_engine(sqlite_url)
    dealer_id = make_dealer(engine)
    people = make_people(engine)
    now = datetime.now(UTC)
    files = [SourceFile(name="fairweather.xml", content=ADF)]
    run(run_import, bind=engine, kind="adf", files=files, channel="file", actor=system_actor("cli"), now=now)
    lead = _lead(engine)
    run(
        assign, bind=engine, item_id=lead.id, seen_version=lead.version, dealer_id=dealer_id,
        assignee_id=people[Role.DEALER_STAFF], note="Yours", actor=actor_named(engine, "coordinator"), now=now,
    )  # fmt: skip
    yield engine
    engine.dispose()


def _lead(engine: Engine) -> Row[int, int, str, int | None]:
    with reading(engine) as session:
        return session.execute(select(Lead.id, Lead.version, Lead.status, Lead.value_cents)).one()


def _appointments(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(Appointment.status).order_by(Appointment.id)))


def _time_passes(engine: Engine, *, until: timedelta) -> None:
    """Bring the open appointment so near that it began `until` ago.

    The only write past the commands: a test cannot wait for tomorrow, and the app has no clock that could be set.
    """
    with writing(engine, keeps_timeline=False) as session:
        one = session.scalars(select(Appointment).where(Appointment.is_open)).one()
        start = datetime.now(UTC) - until
        values = {"starts_at": start, "ends_at": start + (one.ends_at - one.starts_at), "due_at": start}
        session.execute(update(Appointment).where(Appointment.id == one.id).values(**values))


def _take_step(page: Page, label: str) -> None:
    """Choose a step of the record that is open."""
    page.get_by_test_id("stButtonGroup").get_by_text(label, exact=True).last.click()
    settle(page)


def _fill_time(page: Page, *, days: int, hour: int) -> None:
    """Type a day and an hour where the open form asks when, also outside opening hours."""
    day = datetime.now(UTC) + timedelta(days=days)
    page.get_by_role("spinbutton").first.focus()
    page.keyboard.type(f"{day:%Y%m%d}{hour:02}00")
    page.keyboard.press("Tab")
    settle(page)
    # With the keyboard: the calendar lies over the box as long as the time has the focus.
    box = page.get_by_role("checkbox", name="Also outside opening hours").last
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked(timeout=WAIT)
    settle(page)


def test_a_day_of_dealer_staff_ends_in_the_right_funnel(engine: Engine, serve, sqlite_url: str, page: Page) -> None:
    base = serve(sqlite_url).url
    lead = _lead(engine)

    # Answer: the person lands on what to do now, chooses the outcome and logs it.
    sign_in(page, base, "dealer_staff")
    expect(page.get_by_role("heading", name="To do now")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Imogen Fairweather").first).to_be_visible(timeout=WAIT)
    page.get_by_test_id("stButtonGroup").get_by_text("Spoke with the customer").first.click()
    settle(page)
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_text("L-000001: spoke with the customer").first).to_be_visible(timeout=WAIT)
    assert _lead(engine).status == "contacted"
    with reading(engine) as session:
        assert session.scalars(select(CadenceRun.end_reason)).all() == ["reached"]
        assert session.scalars(select(CadenceTask.state).where(CadenceTask.activity_id.is_not(None))).all() == ["done"]

    # Book: the lead's own step makes an appointment.
    page.goto(f"{base}/lead?lead={lead.id}")
    _take_step(page, "Set appointment")
    _fill_time(page, days=2, hour=11)
    page.get_by_role("button", name="Set appointment").last.click()
    expect(page.get_by_text("Appointment set").first).to_be_visible(timeout=WAIT)
    assert _appointments(engine) == ["scheduled"]

    # Confirm: the customer said so on the telephone.
    with reading(engine) as session:
        number = session.scalars(select(Appointment.id)).one()
    page.goto(f"{base}/appointments?appointment={number}")
    expect(drawer(page)).to_be_visible(timeout=WAIT)
    _take_step(page, "Confirm")
    drawer(page).get_by_role("button", name="Confirm").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=WAIT)
    assert _appointments(engine) == ["confirmed"]

    # No-show: nobody came within the grace; the sweep says so and recovery begins.
    _time_passes(engine, until=timedelta(hours=2))
    assert run_no_shows(engine, now=datetime.now(UTC)) == 1
    assert _appointments(engine) == ["no_show"]
    with reading(engine) as session:
        assert session.scalars(select(CadenceRun.plan).where(CadenceRun.is_open)).all() == ["no_show"]
    page.goto(f"{base}/today")
    expect(page.get_by_text("Imogen Fairweather").first).to_be_visible(timeout=WAIT)

    # Recover: a new time from the queue of those who did not come; this time they do.
    page.goto(f"{base}/appointments?appt_view=missed")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=WAIT)
    page.goto(f"{base}/appointments?appointment={number}")
    expect(drawer(page)).to_be_visible(timeout=WAIT)
    _take_step(page, "Book again")
    _fill_time(page, days=1, hour=12)
    drawer(page).get_by_role("button", name="Book again").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=WAIT)
    assert _appointments(engine) == ["no_show", "scheduled"]
    _time_passes(engine, until=timedelta(minutes=1))
    page.goto(f"{base}/appointments?appointment={number + 1}")
    expect(drawer(page)).to_be_visible(timeout=WAIT)
    _take_step(page, "Check in")
    drawer(page).get_by_role("button", name="Check in").last.click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=WAIT)
    assert _lead(engine).status == "appointment_shown"

    # Sell: on the lead, with the price.
    page.goto(f"{base}/lead?lead={lead.id}")
    _take_step(page, "Sold")
    price = page.get_by_label("Price :gray[(optional)]", exact=True)
    expect(price).to_be_visible(timeout=WAIT)
    price.fill("31450")
    price.press("Tab")
    settle(page)
    page.get_by_role("button", name="Sold").last.click()
    expect(page.get_by_text("Waiting for delivery").or_(page.get_by_text("Deliver the vehicle")).first).to_be_visible(
        timeout=WAIT
    )
    sold = _lead(engine)
    assert (sold.status, sold.value_cents) == ("sold", 3_145_000)

    # The funnel: the dealer's manager sees every rung reached, and one of two appointments shown.
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=WAIT)
    sign_in(page, base, "dealer_manager", path="/funnel")
    expect(page.get_by_role("heading", name="Funnel")).to_be_visible(timeout=WAIT)
    for label in ("Contact rate", "Appointment-set rate", "Show rate", "Close rate", "Show to sale"):
        assert tile(page, label) == "100.0%", label
    with reading(engine) as session:
        rate = metric("appointment_show_rate").compute(
            session, scope=EVERYTHING, by=(), filters={}, now=datetime.now(UTC) + timedelta(hours=3)
        )[0]
    assert (rate["numerator"], rate["denominator"]) == (1, 2)
