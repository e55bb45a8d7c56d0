"""The monthly pack by mail: once a month to each who wants it, as they may see it then; never to others."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text

from db.core import outbox
from db.core.area import Metric
from db.core.outbox import OutboxAttachment, OutboxMail
from db.core.permissions import GRANTED, Permission, Role
from db.core.problems import NotFound, Refused
from db.core.session import reading, run, writing
from db.core.settings import settings
from db.core.timeline import TimelineEntry
from db.people.tables import ExportLog, Notification
from db.reports.pack_tables import PackSubscription
from db.reports.snapshot_jobs import run_freeze, run_mail
from db.reports.subscription_commands import choose_files, subscribe, unsubscribe
from db.reports.subscription_queries import is_subscribed
from tests.reports import test_pack
from tests.support.at_once import at_once, works
from tests.support.metrics import only_metrics
from tests.support.users import actor_named, make_dealer, make_person

NOVEMBER = datetime(2026, 11, 3, 15, tzinfo=UTC)
FROZEN = datetime(2026, 11, 6, 15, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 6, 15, tzinfo=UTC)


@pytest.fixture
def desk(engine, monkeypatch):
    """A manager of all dealers and a sales leader of East, with facts of October and November."""
    found: tuple[Metric, ...] = (test_pack.metric("response_sla", Permission.PERFORMANCE_VIEW),)
    only_metrics(monkeypatch, *found)
    test_pack.FACTS.clear()
    for code, region in (("E1", "East"), ("W2", "West")):
        assert make_dealer(engine, code=code, name=f"Dealer {code}", region=region) == int(code[1:])
        for month, top in (("2026-10", 60), ("2026-11", 80)):
            test_pack.FACTS[code, month] = (top if code == "E1" else top - 40, 100)
    make_person(engine, "mason", Role.MANAGER)
    make_person(engine, "leah", Role.SALES_LEADER, scope_kind="regions", regions=["East"])
    return engine


def wish(
    engine, who: str, region: str = "", command: Any = subscribe, now: datetime = NOVEMBER, **more: Any
) -> None:  # fmt: skip
    run(command, bind=engine, region=region, actor=actor_named(engine, who), now=now, **more)


def mails(engine) -> list[tuple[str, str]]:
    with reading(engine) as session:
        found = session.scalars(
            select(OutboxMail).where(OutboxMail.item_type == "monthly_pack").order_by(OutboxMail.id)
        )
        return [(mail.to_address, mail.body) for mail in found]


def count(engine, table: Any) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_each_month_is_mailed_once_as_each_may_see_it(desk):
    wish(desk, "mason")
    wish(desk, "leah", "East")
    assert run_mail(desk, now=NOVEMBER) == 0  # nothing is frozen
    run_freeze(desk, now=FROZEN)
    assert (run_mail(desk, now=FROZEN), run_mail(desk, now=FROZEN)) == (2, 0)
    (to_mason, whole), (to_leah, east) = mails(desk)
    assert (to_mason, to_leah) == ("mason@example.test", "leah@example.test")
    assert "As frozen on 6 Nov 2026" in whole
    assert "Leads answered in time: 40.0% in October 2026" in whole
    assert "60.0% in October 2026" in east
    assert "W2" not in east
    run_freeze(desk, now=DECEMBER)
    assert run_mail(desk, now=DECEMBER) == 2
    assert "rose to 80.0% (+20.0 pp)" in mails(desk)[3][1]


def test_the_mail_leads_to_the_pack_of_its_month_and_region(desk, monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://desk.example.com/")
    settings.cache_clear()
    wish(desk, "leah", "East")
    run_freeze(desk, now=FROZEN)
    run_mail(desk, now=FROZEN)
    monkeypatch.delenv("PUBLIC_URL")
    settings.cache_clear()
    ((_, body),) = mails(desk)
    assert body.endswith("\n\nOpen it: https://desk.example.com/monthly_pack?mpk_month=2026-10&mpk_region=East")
    with reading(desk) as session:
        assert "https://" not in session.scalars(select(Notification.body)).one()


def files(engine) -> dict[str, list[tuple[str, bytes]]]:
    """The files of each mail that waits, by address."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    with reading(engine) as session:
        query = select(OutboxMail.to_address, OutboxAttachment.name, OutboxAttachment.content)
        for to, name, content in session.execute(
            query.join(OutboxMail, OutboxMail.id == OutboxAttachment.mail_id).order_by(OutboxAttachment.id)
        ):
            found.setdefault(to, []).append((name, content))
    return found


def test_files_go_with_the_mail_of_who_wants_them_within_their_scope(desk):
    wish(desk, "mason")
    wish(desk, "leah", "East", files="xlsx")
    wish(desk, "mason", files="both", command=choose_files)
    run_freeze(desk, now=FROZEN)
    assert run_mail(desk, now=FROZEN) == 2
    found = files(desk)
    assert [name for name, _ in found["mason@example.test"]] == [
        "pack-2026-10-all-dealers.pdf", "pack-2026-10-all-dealers.xlsx",
    ]  # fmt: skip
    assert found["mason@example.test"][0][1].startswith(b"%PDF")
    ((name, east),) = found["leah@example.test"]
    assert name == "pack-2026-10-east.xlsx"
    assert "W2" not in cells(east)
    assert "W2" in cells(found["mason@example.test"][1][1])
    with reading(desk) as session:
        logs = session.scalars(select(ExportLog).order_by(ExportLog.id)).all()
        session.expunge_all()
    assert [(x.actor, x.kind, x.file_format, x.purpose) for x in logs] == [
        ("mason", "monthly_pack", "pdf", "Sent by mail"), ("mason", "monthly_pack", "xlsx", "Sent by mail"),
        ("leah", "monthly_pack", "xlsx", "Sent by mail"),
    ]  # fmt: skip
    assert logs[2].sha256 == hashlib.sha256(east).hexdigest()
    wish(desk, "mason", files="", command=choose_files)
    run_freeze(desk, now=DECEMBER)
    assert run_mail(desk, now=DECEMBER) == 2
    assert len(files(desk)["mason@example.test"]) == 2, "the two of October"


def cells(content: bytes) -> str:
    """Everything a workbook says."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize(
    "change, words",
    [
        ("right", "Your role may not take files out of the desk, so none go with this mail."),
        ("size", "The files are too large for a mail: take them from the page."),
    ],
)
def test_why_no_file_goes_stands_in_the_mail(desk, monkeypatch, change, words):
    wish(desk, "mason", files="pdf")
    if change == "right":
        without = GRANTED[Role.MANAGER] - {Permission.EXPORT_RUN}
        monkeypatch.setitem(GRANTED, Role.MANAGER, without)
    else:
        monkeypatch.setattr(outbox, "MOST_ATTACHED", 100)
    run_freeze(desk, now=FROZEN)
    assert run_mail(desk, now=FROZEN) == 1
    assert mails(desk)[0][1].endswith(words)
    assert files(desk) == {}
    assert count(desk, ExportLog) == 0


@pytest.mark.parametrize("wrong", ["zip", "PDF", "pdf,xlsx"])
def test_there_are_no_other_files(desk, wrong):
    with pytest.raises(Refused, match="Choose which files"):
        wish(desk, "mason", files=wrong)
    wish(desk, "mason")
    with pytest.raises(Refused, match="Choose which files"):
        wish(desk, "mason", files=wrong, command=choose_files)
    with pytest.raises(NotFound):
        wish(desk, "leah", files="pdf", command=choose_files)


def test_two_processes_mail_it_once(desk):
    wish(desk, "mason")
    run_freeze(desk, now=FROZEN)
    assert sorted(at_once(desk, *works(lambda bind: run_mail(bind, now=FROZEN)))) == [0, 1]
    assert (len(mails(desk)), count(desk, Notification)) == (1, 1)


def test_a_wish_counts_from_the_next_month_and_ends(desk):
    run_freeze(desk, now=FROZEN)
    wish(desk, "mason", now=FROZEN)
    wish(desk, "mason", now=FROZEN)  # a double click
    assert (run_mail(desk, now=FROZEN), count(desk, PackSubscription)) == (0, 1)
    with reading(desk) as session:
        mason, leah = actor_named(desk, "mason"), actor_named(desk, "leah")
        assert is_subscribed(session, region="", actor=mason)
        assert not is_subscribed(session, region="East", actor=mason)
        assert not is_subscribed(session, region="", actor=leah)
    wish(desk, "leah", command=unsubscribe)  # not hers
    assert count(desk, PackSubscription) == 1
    wish(desk, "mason", command=unsubscribe)
    run_freeze(desk, now=DECEMBER)
    assert (run_mail(desk, now=DECEMBER), mails(desk)) == (0, [])


@pytest.mark.parametrize("change", [
    "UPDATE person SET role = 'dealer_staff' WHERE username = 'leah'",
    "UPDATE person_scope SET region = 'West' WHERE person_id = (SELECT id FROM person WHERE username = 'leah')",
    "UPDATE person SET is_active = :no WHERE username = 'leah'",
], ids=["lost the right", "moved to another region", "left"])  # fmt: skip
def test_who_may_not_see_it_any_more_gets_nothing(desk, change):
    wish(desk, "leah", "East")
    with writing(desk, keeps_timeline=False) as session:
        session.execute(text(change), {"no": False} if ":no" in change else {})
    run_freeze(desk, now=FROZEN)
    assert (run_mail(desk, now=FROZEN), run_mail(desk, now=FROZEN)) == (0, 0)
    assert mails(desk) == []
    with reading(desk) as session:
        last = session.scalars(select(TimelineEntry.command).order_by(TimelineEntry.seq.desc()).limit(1)).one()
    assert last == "send_pack"


def test_a_wish_is_refused(desk):
    with pytest.raises(NotFound):
        wish(desk, "leah", "West")
    make_person(desk, "dora", Role.DEALER_MANAGER, dealer_ids=[1])
    with pytest.raises(Refused):
        wish(desk, "dora")
    assert count(desk, PackSubscription) == 0
