"""Addresses of pages in mails: absolute where PUBLIC_URL says how, none without it, refused where it is no address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from components.navigation import PAGES
from db import catalog
from db.core.links import page_link, record_link
from db.core.outbox import OutboxMail
from db.core.permissions import Role
from db.core.session import reading, writing
from db.core.settings import settings
from db.people.notifications import notify
from db.people.tables import Notification
from tests.support.users import make_person

NOW = datetime(2026, 6, 1, 15, 0, tzinfo=UTC)


@pytest.fixture
def public(monkeypatch):
    def told(address: str) -> None:
        monkeypatch.setenv("PUBLIC_URL", address)
        settings.cache_clear()

    yield told
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize(
    "address, found",
    [
        ("https://desk.example.com", "https://desk.example.com"),
        ("https://desk.example.com/", "https://desk.example.com"),
        (" http://10.0.0.7:8501/desk/ ", "http://10.0.0.7:8501/desk"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_an_address_is_kept_without_its_last_slash(public, address, found):
    public(address)
    assert settings().public_url == found


@pytest.mark.parametrize(
    "address",
    [
        "desk.example.com", "ftp://desk.example.com", "javascript:alert(1)", "https://", "//desk.example.com",
        "https://desk.example.com?next=x", "https://desk.example.com/#top", "https://user@desk.example.com",
        "https://desk.example.com:port", "https://[desk", "https://desk example.com", "https://desk.example.com\nX: y",
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_web_ends_the_start(public, address):
    public(address)
    with pytest.raises(ValueError, match="PUBLIC_URL must be an address"):
        settings()


def test_a_page_and_a_record_have_an_address(public):
    public("https://desk.example.com")
    assert page_link("pages/reports/scorecard.py") == "https://desk.example.com/scorecard"
    query = {"mpk_month": "2026-05", "mpk_region": "North & South", "empty": ""}
    assert page_link("pages/reports/monthly_pack.py", query) == (
        "https://desk.example.com/monthly_pack?mpk_month=2026-05&mpk_region=North+%26+South"
    )
    assert record_link("claim", 12) == "https://desk.example.com/claim?claim=12"
    assert record_link("claim", None) == record_link("nothing_known", 3) == ""


def test_every_record_opens_a_page_by_its_address(public):
    public("https://desk.example.com")
    paths = {f"https://desk.example.com/{page.url_path}" for page in PAGES}
    for kind in catalog.OPENED_BY:
        assert record_link(kind, 7).partition("?")[0] in paths, kind


@pytest.mark.parametrize(
    "address, ending", [("https://d.example/", "\n\nOpen it: https://d.example/lead?lead=5"), ("", "")]
)
def test_a_mail_ends_with_the_address_and_the_line_in_the_app_does_not(sqlite_engine, public, address, ending):
    public(address)
    person = make_person(sqlite_engine, "cora", Role.COORDINATOR)
    with writing(sqlite_engine, keeps_timeline=False) as session:
        notify(
            session, person_ids=[person], kind="lead", title="A lead is yours", body="Call today", item_type="lead",
            item_id=5, dedupe_key="x", now=NOW, mail=True,
        )  # fmt: skip
    with reading(sqlite_engine) as session:
        assert session.scalars(select(OutboxMail.body)).one() == f"Call today{ending}"
        assert session.scalars(select(Notification.body)).one() == "Call today"
