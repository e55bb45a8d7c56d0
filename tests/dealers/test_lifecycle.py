"""A dealer's way to active leads through its onboarding only: by hand, by file, and by the onboarding's own steps."""

from __future__ import annotations

import pytest

from db.core import changes, timeline
from db.core.problems import NotFound, Refused
from db.core.session import reading, run
from db.dealers.commands import change_dealer
from db.dealers.lifecycle_commands import hold_dealer, set_lifecycle
from tests.dealers.examples import ADMIN, NOW, bring_in, csv_file, enter, facts_by_code, regional, row

HEADER = ("code", "name", "state", "region", "city", "status")


def move(session, *, dealer_id, status, actor, now):
    """A command of an onboarding, as far as the dealer is concerned."""
    former = set_lifecycle(session, dealer_id=dealer_id, status=status, actor=actor, now=now)
    timeline.record(session, actor=actor, now=now, area="onboarding", command="x", summary="x")
    return former


STEPS = [
    ("prospect", "onboarding", True), ("terminated", "onboarding", True), ("onboarding", "active", True),
    ("onboarding", "prospect", True), ("onboarding", "terminated", True), ("onboarding", "onboarding", True),
    ("prospect", "active", False), ("active", "onboarding", False), ("suspended", "onboarding", False),
    ("terminated", "active", False), ("onboarding", "suspended", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "target", "may"), STEPS)
def test_the_steps_of_an_onboarding(sqlite_engine, status, target, may):
    dealer_id = enter(sqlite_engine, "00001", status=status)
    if may:
        assert run(move, bind=sqlite_engine, dealer_id=dealer_id, status=target, actor=ADMIN, now=NOW) == status
        assert facts_by_code(sqlite_engine)["00001"].status == target
    else:
        with pytest.raises(Refused, match="cannot become"):
            run(move, bind=sqlite_engine, dealer_id=dealer_id, status=target, actor=ADMIN, now=NOW)
        assert facts_by_code(sqlite_engine)["00001"].status == status


def test_a_step_raises_the_version_and_is_out_of_reach_outside_of_the_scope(engine):
    dealer_id = enter(engine, "00001", region="South", status="prospect")
    with pytest.raises(NotFound):
        run(move, bind=engine, dealer_id=dealer_id, status="onboarding", actor=regional("North"), now=NOW)
    with pytest.raises(NotFound), reading(engine) as session:
        hold_dealer(session, dealer_id=dealer_id, actor=regional("North"))
    run(move, bind=engine, dealer_id=dealer_id, status="onboarding", actor=regional("South"), now=NOW)
    with reading(engine) as session:
        assert dict(changes.token(session))["dealers"] == 2
    with pytest.raises(Refused, match="when its onboarding is passed"):
        run(
            change_dealer, bind=engine, dealer_id=dealer_id, seen_version=2, changes={"status": "active"}, reason="Now",
            actor=ADMIN, now=NOW,
        )  # fmt: skip


FILES = [
    ("prospect", "onboarding", "Start its onboarding"), ("prospect", "active", "Start its onboarding"),
    ("terminated", "active", "Start its onboarding"), ("onboarding", "active", "when its onboarding is passed"),
    ("active", "suspended", None), ("active", "active", None), ("prospect", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "word"), FILES)
def test_a_file_cannot_do_what_a_person_may_not(sqlite_engine, status, said, word):
    enter(sqlite_engine, "00042", status=status, state="TX", region="South", city="Waco")
    result = bring_in(sqlite_engine, csv_file([row("00042", status=said)], header=HEADER))
    facts = facts_by_code(sqlite_engine)["00042"]
    if word is None:
        assert (facts.status, facts.city) == (said or status, "Austin")
    else:
        assert (facts.status, facts.city) == (status, "Waco")
        assert [word in message for message in messages(sqlite_engine, result)] == [True]


def messages(engine, result):
    from sqlalchemy import select

    from db.imports.tables import ImportRow

    with reading(engine) as session:
        return session.scalars(select(ImportRow.message).where(ImportRow.batch_id == result.batch_id)).all()


def test_a_file_still_brings_in_dealers_that_trade_already(sqlite_engine):
    bring_in(sqlite_engine, csv_file([row("00042", status="active"), row("00043", status=None)], header=HEADER))
    assert [f.status for f in facts_by_code(sqlite_engine).values()] == ["active", "active"]
