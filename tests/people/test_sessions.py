"""Sessions: found while alive, refused afterwards, and ended on the server (R29, R33)."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text

from db.core.actor import system_actor
from db.core.permissions import Role
from db.core.session import reading, run, writing
from db.people import commands, own_commands, passwords, queries, sessions, sign_in
from db.people.tables import SignInSession
from tests.support.again import begun
from tests.support.tier import figure
from tests.support.users import NOW, PASSWORD, actor_named, make_dealer, make_person

MINUTE = timedelta(minutes=1)
SEED = system_actor("seed")
OTHER_PASSWORD = "violet harbour kettle tram"


@pytest.fixture
@begun
def cora(engine: Engine) -> int:
    return make_person(engine, "cora", Role.COORDINATOR)


class Browser:
    """A browser as the server sees it: tabs with a session each, and one cookie."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cookie = ""

    def sign_in(self, person_id: int, *, at=NOW) -> int:
        with writing(self.engine, keeps_timeline=False) as session:
            opened = sessions.open_session(session, person_id=person_id, source="a test", now=at)
            token = sessions.redeem(session, ticket=opened.ticket, old_token=self.cookie, now=at)
        assert token is not None
        self.cookie = token
        return opened.session_id


def account(engine: Engine, *, at=NOW, **key) -> sessions.Account | None:
    with reading(engine) as session:
        return sessions.find_account(session, now=at, **key)


def housekeeping(engine: Engine, function, **arguments):
    with writing(engine, keeps_timeline=False) as session:
        return function(session, **arguments)


def test_a_ticket_becomes_a_cookie_once(engine: Engine, cora: int):
    opened = housekeeping(engine, sessions.open_session, person_id=cora, source="", now=NOW)
    redeem = {"ticket": opened.ticket, "old_token": "", "now": NOW + timedelta(seconds=59)}
    token = housekeeping(engine, sessions.redeem, **redeem)
    assert token
    assert housekeeping(engine, sessions.redeem, **redeem) is None
    found = account(engine, token=token)
    assert found is not None
    assert (found.session_id, found.actor.username, found.ticket_waits) == (opened.session_id, "cora", False)


def test_a_ticket_is_good_for_a_minute(engine: Engine, cora: int):
    opened = housekeeping(engine, sessions.open_session, person_id=cora, source="", now=NOW)
    late = NOW + timedelta(seconds=60)
    assert housekeeping(engine, sessions.redeem, ticket=opened.ticket, old_token="", now=late) is None
    assert account(engine, session_id=opened.session_id, at=late) is not None  # the tab itself stays signed in


def test_only_hashes_are_stored(engine: Engine, cora: int):
    browser = Browser(engine)
    browser.sign_in(cora)
    with reading(engine) as session:
        row = session.execute(text("SELECT * FROM sign_in_session")).one()
    assert browser.cookie not in [str(v) for v in row]
    assert len(browser.cookie) >= 43  # 256 bits


def test_two_tabs_of_a_browser_leave_together_whoever_signed_in_where(engine: Engine, cora: int):
    browser, phone = Browser(engine), Browser(engine)
    first, second, elsewhere = browser.sign_in(cora), browser.sign_in(cora), phone.sign_in(cora)
    housekeeping(engine, sessions.end_browser, session_id=first, person_id=cora, because="signed out", now=NOW)
    assert account(engine, session_id=first) is None
    assert account(engine, session_id=second) is None
    assert account(engine, token=browser.cookie) is None
    assert account(engine, session_id=elsewhere) is not None


def test_a_browser_that_changes_hands_signs_the_one_before_out(engine: Engine, cora: int):
    ben = make_person(engine, "ben", Role.FINANCE)
    browser = Browser(engine)
    hers = browser.sign_in(cora)
    his = browser.sign_in(ben)
    assert account(engine, session_id=hers) is None
    assert account(engine, session_id=his) is not None


def _unknown(engine, cora, browser):
    browser.cookie = secrets.token_urlsafe(32)


def _empty(engine, cora, browser):
    browser.cookie = ""


def _cut(engine, cora, browser):
    browser.cookie = browser.cookie[:-1]


def _altered(engine, cora, browser):
    browser.cookie = browser.cookie.swapcase()


def _hash_itself(engine, cora, browser):
    browser.cookie = sessions.digest(browser.cookie)


def _forged_jwt(engine, cora, browser):
    browser.cookie = "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6ImNvcmEifQ."


def _signed_out(engine, cora, browser):
    housekeeping(engine, sessions.end_token, token=browser.cookie, because="signed out", now=NOW)


def _signed_out_everywhere(engine, cora, browser):
    run(own_commands.sign_out_everywhere, bind=engine, actor=actor_named(engine, "cora"), now=NOW)


def _password_changed_elsewhere(engine, cora, browser):
    elsewhere = Browser(engine).sign_in(cora)
    run(
        own_commands.change_own_password, bind=engine, password=OTHER_PASSWORD, session_id=elsewhere, now=NOW,
        password_hash=passwords.hash_password(OTHER_PASSWORD, cost=4), actor=actor_named(engine, "cora"),
    )  # fmt: skip
    assert account(engine, session_id=elsewhere) is not None, "the browser that changed it stays signed in"


def _password_reset(engine, cora, browser):
    run(commands.set_password, bind=engine, person_id=cora, actor=SEED, now=NOW)


def _disabled(engine, cora, browser):
    run(commands.disable_person, bind=engine, person_id=cora, actor=SEED, now=NOW)


def _disabled_and_enabled_again(engine, cora, browser):
    _disabled(engine, cora, browser)
    run(commands.enable_person, bind=engine, person_id=cora, actor=SEED, now=NOW)


BAD = [
    _unknown, _empty, _cut, _altered, _hash_itself, _forged_jwt, _signed_out, _signed_out_everywhere,
    _password_changed_elsewhere, _password_reset, _disabled, _disabled_and_enabled_again,
]  # fmt: skip


@pytest.mark.parametrize("spoil", BAD, ids=lambda f: f.__name__.strip("_").replace("_", " "))
def test_bad_cookies_are_refused(engine: Engine, cora: int, spoil):
    browser = Browser(engine)
    browser.sign_in(cora)
    assert account(engine, token=browser.cookie) is not None
    spoil(engine, cora, browser)
    found = account(engine, token=browser.cookie)
    figure("R33", "bad cookies refused", int(found is None))
    figure("R33", "bad cookies taken", int(found is not None))
    assert found is None


def test_thirty_minutes_without_use_and_twelve_hours_in_all(engine: Engine, cora: int):
    browser = Browser(engine)
    session_id = browser.sign_in(cora)
    assert account(engine, token=browser.cookie, at=NOW + 29 * MINUTE) is not None
    assert account(engine, token=browser.cookie, at=NOW + 30 * MINUTE) is None
    for minutes in range(20, 12 * 60, 20):
        at = NOW + minutes * MINUTE
        assert account(engine, session_id=session_id, at=at) is not None
        housekeeping(engine, sessions.touch, session_id=session_id, now=at)
    assert account(engine, session_id=session_id, at=NOW + 12 * 60 * MINUTE) is None


def test_an_administrator_ends_the_sessions_of_one_or_of_everybody(engine: Engine, cora: int):
    ben = make_person(engine, "ben", Role.FINANCE)
    hers, his = Browser(engine), Browser(engine)
    hers.sign_in(cora), his.sign_in(ben)
    assert run(commands.end_sessions, bind=engine, person_id=cora, actor=SEED, now=NOW) == 1
    assert account(engine, token=hers.cookie) is None
    assert account(engine, token=his.cookie) is not None
    hers.sign_in(cora)
    assert run(commands.end_sessions, bind=engine, actor=SEED, now=NOW, reason="A stolen laptop") == 2
    assert account(engine, token=hers.cookie) is None
    assert account(engine, token=his.cookie) is None
    assert sign_in.verify(engine, username="cora", password=PASSWORD, source="", now=NOW) == cora, "accounts stay"


def test_a_changed_role_scope_and_zone_are_seen_at_once(engine: Engine, cora: int):
    session_id = Browser(engine).sign_in(cora)
    dealer = make_dealer(engine)
    run(
        commands.change_scope,
        bind=engine,
        person_id=cora,
        scope_kind="dealers",
        dealer_ids=[dealer],
        actor=SEED,
        now=NOW,
    )
    run(commands.change_role, bind=engine, person_id=cora, role="dealer_staff", actor=SEED, now=NOW)
    found = account(engine, session_id=session_id)
    assert found is not None
    assert (found.actor.role, found.actor.scope.dealer_ids) == (Role.DEALER_STAFF, frozenset({dealer}))
    run(commands.change_role, bind=engine, person_id=cora, role="coordinator", actor=SEED, now=NOW)
    run(
        commands.change_scope,
        bind=engine,
        person_id=cora,
        scope_kind="regions",
        regions=["East", "West"],
        actor=SEED,
        now=NOW,
    )
    found = account(engine, session_id=session_id)
    assert found is not None
    assert found.actor.scope.regions == frozenset({"East", "West"})


def test_an_unknown_scope_sees_nothing_and_an_unknown_role_is_nobody(engine: Engine, cora: int):
    session_id = Browser(engine).sign_in(cora)
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET scope_kind = 'galaxy'"))
    found = account(engine, session_id=session_id)
    assert found is not None
    assert not found.actor.scope.allows(dealer_id=1, region="East")
    with writing(engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET role = 'owner'"))
    assert account(engine, session_id=session_id) is None


def test_the_list_shows_one_line_a_browser_and_ends_only_ones_own(engine: Engine, cora: int):
    desk, phone = Browser(engine), Browser(engine)
    here, again, there = desk.sign_in(cora), desk.sign_in(cora), phone.sign_in(cora)
    ben = make_person(engine, "ben", Role.FINANCE)
    his = Browser(engine).sign_in(ben)
    with reading(engine) as session:
        lines = queries.list_browsers(session, person_id=cora, this_session_id=here, now=NOW)
    assert [(line.session_id, line.is_this_one) for line in lines] == [(there, False), (again, True)]
    assert housekeeping(engine, sessions.end_browser, session_id=his, person_id=cora, because="x", now=NOW) == 0
    assert account(engine, session_id=his) is not None
    assert housekeeping(engine, sessions.end_browser, session_id=there, person_id=cora, because="x", now=NOW) == 1


def test_a_visit_remembers_the_one_before(engine: Engine, cora: int):
    from db.people.queries import previous_visit

    Browser(engine).sign_in(cora)
    with reading(engine) as session:
        assert previous_visit(session, person_id=cora) is None
    Browser(engine).sign_in(cora, at=NOW + 60 * MINUTE)
    with reading(engine) as session:
        assert previous_visit(session, person_id=cora) == NOW


def test_old_sign_ins_are_forgotten_and_live_ones_kept(engine: Engine, cora: int):
    old, new = Browser(engine), Browser(engine)
    old.sign_in(cora, at=NOW - timedelta(days=40))
    new.sign_in(cora)
    assert sessions.tidy(engine, now=NOW) == 1
    with reading(engine) as session:
        assert len(session.scalars(select(SignInSession)).all()) == 1
    assert account(engine, token=new.cookie) is not None


def test_the_password_of_the_fixtures_keeps_the_policy():
    from db.people.rules import check_password

    assert check_password(PASSWORD) == []
