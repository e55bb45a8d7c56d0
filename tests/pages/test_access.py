"""Every page for everybody: signed out it is the sign-in, for a role without the permission a quiet note (R29, R30)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from components import auth, navigation
from components.access import SignedOut
from components.navigation import PAGES
from db.core.actor import system_actor
from db.core.permissions import Permission, Role, may
from db.core.session import engine, run, writing
from db.people import commands
from db.people.rules import REFUSED
from tests.support.paths import ROOT
from tests.support.tier import figure
from tests.support.users import PASSWORD, app_as, make_dealer, make_people, open_tab

PRESENT = [entry for entry in PAGES if entry.exists]
NO_ACCESS = "##### You have no access to this page"
REFUSAL = ["# :gray[:material/lock:]", NO_ACCESS, "If you need it for your work, ask an administrator."]
ONLY_THE_SIGN_IN = ["Sign in", "### Dealer desk", "No account, or a lost password? Ask your administrator."]


@pytest.fixture
def people(app_database: str) -> dict[Role, int]:
    return make_people(engine())


def texts(app: Any) -> list[str]:
    """Everything written on the page, the sidebar left out."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "error",
        "info",
        "warning",
        "success",
        "metric",
        "table",
        "dataframe",
    )
    return [str(element.value) for kind in kinds for element in app.main.get(kind) if hasattr(element, "value")]


def is_sign_in(app: Any) -> bool:
    labels = [element.label for element in app.text_input]
    return labels == ["User name", "Password"] and [b.label for b in app.button] == ["Sign in"]


def fill(app: Any, username: str, password: str) -> Any:
    app.text_input[0].set_value(username)
    app.text_input[1].set_value(password)
    return app.button[0].click().run()


# -------------------------------------------------------------------------------------------------- the table
def test_the_table_and_the_files_agree():
    files = {p.relative_to(ROOT).as_posix() for p in (ROOT / "pages").rglob("*.py") if p.name != "__init__.py"}
    listed = [entry.file for entry in PAGES]
    assert len(listed) == len(set(listed))
    assert sorted(files - set(listed)) == [], "a page file that is not in components/navigation.py is never served"
    missing = [entry.file for entry in PAGES if not entry.exists and not entry.planned]
    assert missing == [], "in components/navigation.py, but there is no such file"
    arrived = [entry.file for entry in PAGES if entry.exists and entry.planned]
    assert arrived == [], "the file is there: take the mark `planned` off in components/navigation.py"


def test_addresses_are_unique_and_one_page_is_the_first():
    paths = [entry.url_path for entry in PAGES]
    assert len(paths) == len(set(paths))
    assert [entry.url_path for entry in PAGES if entry.default] == ["my_work"]
    assert all(entry.help and entry.title and entry.icon for entry in PAGES)


# ---------------------------------------------------------------------------------------------- signed out
def test_signed_out_every_page_is_the_sign_in(app_database: str):
    app = app_as(None)
    for entry in PRESENT:
        app.switch_page(entry.file).run()
        assert not app.exception, (entry.file, app.exception)
        assert is_sign_in(app), entry.file
        assert texts(app) == ONLY_THE_SIGN_IN, entry.file


def test_a_page_that_is_run_without_home_is_the_sign_in_too(app_database: str):
    from streamlit.testing.v1 import AppTest

    for entry in PRESENT:
        app = AppTest.from_file(str(ROOT / entry.file), default_timeout=30).run()
        assert not app.exception, (entry.file, app.exception)
        assert is_sign_in(app), entry.file
        assert texts(app) == ONLY_THE_SIGN_IN, entry.file


# -------------------------------------------------------------------------------------------- role x page
@pytest.mark.parametrize("role", list(Role))
def test_each_role_on_each_page(people: dict[Role, int], role: Role):
    """In one tab, from page to page: the whole navigation, and the other addresses typed."""
    app = app_as(role.value)
    wrong = {}
    for entry in PRESENT:
        app.switch_page(entry.file).run()
        assert not app.exception, (entry.file, app.exception)
        written = texts(app)
        is_right = bool(written) and NO_ACCESS not in written if may(role, entry.permission) else written == REFUSAL
        if is_sign_in(app) or not is_right:
            wrong[entry.file] = written
    assert wrong == {}


@pytest.mark.parametrize("role", list(Role))
def test_the_list_of_pages_names_what_the_role_may_see(role: Role):
    from db.core.actor import EVERYTHING, Actor

    actor = Actor(user_id=1, username="x", name="X", role=role, scope=EVERYTHING)
    listed = {e.file for e in PAGES if navigation.is_listed(e, actor)}
    assert listed == {e.file for e in PAGES if may(role, e.permission) and not e.hidden}
    assert "pages/work/account.py" in listed


def test_signed_out_no_page_is_listed():
    assert not any(navigation.is_listed(entry, None) for entry in PAGES)


# ---------------------------------------------------------------------------------------------- signing in
def test_signing_in_with_the_form_and_out_with_the_button(people: dict[Role, int]):
    app = app_as(None, page="pages/work/account.py")
    app = fill(app, "  COORDINATOR ", PASSWORD)
    assert [t.value for t in app.title] == [":material/account_circle: My account"]
    app.button(key="sign_out").click().run()
    assert is_sign_in(app)
    assert auth.PERSON not in app.session_state


WRONG = [
    ("wrong password", "coordinator", "not the right one"),
    ("unknown user", "nobody", "not the right one"),
    ("disabled", "finance", PASSWORD),
    ("both too long", "x" * 500, "y" * 500),
]


@pytest.mark.parametrize(("username", "password"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_whatever_is_wrong_the_sentence_is_the_same(people: dict[Role, int], username: str, password: str):
    run(commands.disable_person, person_id=people[Role.FINANCE], actor=system_actor("seed"), now=datetime.now(UTC))
    app = fill(app_as(None), username, password)
    assert [e.value for e in app.error] == [REFUSED]
    assert is_sign_in(app)


def test_locked_out_the_right_password_gets_the_same_sentence(people: dict[Role, int]):
    app = app_as(None)
    for _ in range(10):
        app = fill(app, "coordinator", "not the right one")
    app = fill(app, "coordinator", PASSWORD)
    assert [e.value for e in app.error] == [REFUSED]


@pytest.mark.parametrize(("username", "password"), [("", ""), ("coordinator", "  "), (" ", PASSWORD)])
def test_an_empty_box_is_no_try(people: dict[Role, int], username: str, password: str):
    app = fill(app_as(None), username, password)
    assert [e.value for e in app.error] == [auth.INCOMPLETE]
    with writing(keeps_timeline=False) as session:
        assert session.execute(text("SELECT count(*) FROM sign_in_try")).scalar() == 0


def test_a_one_time_password_opens_nothing_but_the_form_to_change_it(app_database: str):
    now = datetime.now(UTC)
    made = run(
        commands.add_person, username="ana", name="Ana Ortiz", role="admin", scope_kind="all",
        actor=system_actor("seed"), now=now,
    )  # fmt: skip
    app = fill(app_as(None, page="pages/admin/people.py"), "ana", made.one_time_password)
    labels = ["Current password", "New password", "New password again"]
    assert [t.label for t in app.text_input] == labels
    assert not app.title

    def change(current: str, new: str, again: str) -> list[str]:
        for box, value in zip(app.text_input, (current, new, again), strict=True):
            box.set_value(value)
        app.button[0].click().run()
        return [e.value for e in app.error]

    good = "violet harbour kettle tram"
    assert "not right" in change("something else", good, good)[0]
    assert "at least 15" in change(made.one_time_password, "short", "short")[0]
    assert "easily guessed" in change(made.one_time_password, "Ana Ortiz ana ortiz", "Ana Ortiz ana ortiz")[0]
    assert "do not match" in change(made.one_time_password, good, good + "x")[0]
    assert [t.label for t in app.text_input] == labels
    assert change(made.one_time_password, good, good) == []
    assert [t.value for t in app.title] == [":material/group: People and access"]


# -------------------------------------------------------------------------- a change holds at the next action
def reruns_until(app: Any, holds: Any) -> int:
    """How many reruns it takes until a change holds; 9 when it never does."""
    for rerun in range(1, 4):
        app.run()
        if holds():
            return rerun
    return 9


def noted(what: str, reruns: int) -> None:
    figure("R29", what, 1)
    figure("R29", "reruns until it holds", reruns)
    assert reruns == 1


def _disable(person: int) -> None:
    run(commands.disable_person, person_id=person, actor=system_actor("seed"), now=datetime.now(UTC))


def _reset(person: int) -> None:
    run(commands.set_password, person_id=person, actor=system_actor("seed"), now=datetime.now(UTC))


def _grow_idle(person: int) -> None:
    with writing(keeps_timeline=False) as session:
        long_ago = (datetime.now(UTC) - timedelta(minutes=31)).replace(tzinfo=None)
        session.execute(text("UPDATE sign_in_session SET seen_at = :then"), {"then": long_ago.isoformat(" ")})


def _signed_out_by_somebody(person: int) -> None:
    run(commands.end_sessions, person_id=person, actor=system_actor("seed"), now=datetime.now(UTC))


ENDINGS = {"disabled": _disable, "password reset": _reset, "idle": _grow_idle, "signed out": _signed_out_by_somebody}


@pytest.mark.parametrize("what", list(ENDINGS.values()), ids=list(ENDINGS))
def test_a_session_that_ended_is_noticed_at_the_next_action(people: dict[Role, int], what: Any):
    app = app_as("manager", page="pages/admin/people.py")
    assert app.title
    what(people[Role.MANAGER])
    noted("changes tried", reruns_until(app, lambda: is_sign_in(app)))
    assert is_sign_in(app)
    assert [i.value for i in app.info] == ["You were signed out. Sign in to go on where you were."]


def test_a_role_that_was_taken_away_is_gone_at_the_next_action(people: dict[Role, int]):
    app = app_as("manager", page="pages/admin/people.py")
    assert app.title
    run(
        commands.change_role, person_id=people[Role.MANAGER], role="finance", actor=system_actor("seed"),
        now=datetime.now(UTC),
    )  # fmt: skip
    noted("changes tried", reruns_until(app, lambda: NO_ACCESS in texts(app)))
    assert NO_ACCESS in texts(app)


def _look_after(person: int, **more: Any) -> None:
    run(commands.change_scope, person_id=person, actor=system_actor("seed"), now=datetime.now(UTC), **more)


def _shown_dealers(app: Any) -> str:
    return "\n".join(str(table.value) for table in app.main.get("arrow_data_frame")) + "\n".join(texts(app))


def test_a_territory_that_was_taken_away_is_gone_at_the_next_action(people: dict[Role, int]):
    make_dealer(engine(), code="0777", name="Harbour Light Motors", region="West")
    app = app_as("manager", page="pages/network/dealers.py")
    assert "Lone Pine Motors" in _shown_dealers(app)
    _look_after(people[Role.MANAGER], scope_kind="regions", regions=["West"])
    noted("changes tried", reruns_until(app, lambda: "Lone Pine Motors" not in _shown_dealers(app)))
    assert "Harbour Light Motors" in _shown_dealers(app)


def test_a_dealer_that_was_taken_away_is_gone_at_the_next_action(people: dict[Role, int]):
    other = make_dealer(engine(), code="0777", name="Harbour Light Motors", region="West")
    app = app_as("dealer_manager", page="pages/network/dealers.py")
    assert "Lone Pine Motors" in _shown_dealers(app)
    _look_after(people[Role.DEALER_MANAGER], scope_kind="dealers", dealer_ids=[other])
    noted("changes tried", reruns_until(app, lambda: "Lone Pine Motors" not in _shown_dealers(app)))
    assert "Harbour Light Motors" in _shown_dealers(app)


def test_signing_out_of_one_tab_ends_the_others_of_that_browser(people: dict[Role, int]):
    first, second = app_as("manager"), app_as("manager")
    second.session_state[auth.SESSION] = first.session_state[auth.SESSION]  # as a second tab finds it by the cookie
    second.run()
    first.button(key="sign_out").click().run()
    second.run()
    assert is_sign_in(second)


def test_a_click_after_the_session_ended_does_nothing(people: dict[Role, int]):
    app = app_as("admin", page="pages/work/account.py")
    _grow_idle(people[Role.ADMIN])
    app.selectbox(key="account_zone").set_value("Asia/Tokyo").run()
    assert is_sign_in(app)
    with writing(keeps_timeline=False) as session:
        assert session.execute(text("SELECT zone FROM person WHERE username = 'admin'")).scalar() == "America/New_York"


def test_the_next_person_at_the_tab_finds_nothing_of_the_one_before(people: dict[Role, int]):
    app = app_as("manager")
    app.session_state["people_text"] = "secret of the manager"
    _grow_idle(people[Role.MANAGER])
    app.run()
    app = fill(app, "finance", PASSWORD)
    assert not is_sign_in(app)
    assert "people_text" not in app.session_state


def test_forged_session_state_opens_nothing(people: dict[Role, int]):
    from streamlit.testing.v1 import AppTest

    for forged in ({"authentication_status": True, "username": "admin", "roles": ["admin"]}, {auth.SESSION: 999},
                   {auth.SESSION: "1"}, {auth.PERSON: people[Role.ADMIN], "logout": None}):  # fmt: skip
        app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=30)
        for key, value in forged.items():
            app.session_state[key] = value
        assert is_sign_in(app.run()), forged


# ------------------------------------------------------------------------------------------------- the pages
def test_an_administrator_adds_a_person_and_sees_the_password_once(people: dict[Role, int]):
    app = app_as("admin", page="pages/admin/people.py")
    next(b for b in app.button if b.label == "Add person").click().run()
    app.text_input(key="person_new_name").set_value("Ivy Lane")
    app.text_input(key="person_new_username").set_value("ivy.lane")
    app.button(key="person_new_save").click().run()
    (shown,) = [c.value for c in app.get("code")]
    assert not is_sign_in(fill(app_as(None), "ivy.lane", shown))
    app.button(key="person_secret_done").click().run()
    assert not app.get("code")


def test_what_is_missing_is_said_beside_the_field(people: dict[Role, int]):
    app = app_as("admin", page="pages/admin/people.py")
    next(b for b in app.button if b.label == "Add person").click().run()
    app.button(key="person_new_save").click().run()
    said = [m.value for m in app.markdown]
    assert ":red[:material/error: The name is needed.]" in said
    assert ":red[:material/error: The user name is needed.]" in said


def test_a_manager_reads_the_list_but_changes_nothing(people: dict[Role, int]):
    app = app_as("manager", page="pages/admin/people.py")
    assert "Add person" not in [b.label for b in app.button]
    app.query_params["person"] = str(people[Role.FINANCE])
    app.run()
    assert "An administrator can change this account." in [c.value for c in app.caption]
    assert [b.label for b in app.button] == ["Sign out"]


def test_my_account_ends_another_sign_in(people: dict[Role, int]):
    other = open_tab(engine(), "finance")
    app = app_as("finance", page="pages/work/account.py")
    app.button(key=f"end_{other}").click().run()
    assert f"end_{other}" not in [b.key for b in app.button]
    with writing(keeps_timeline=False) as session:
        why = session.execute(text("SELECT ended_because FROM sign_in_session WHERE id = :id"), {"id": other}).scalar()
    assert why == "ended by the person"


def test_sign_out_everywhere_ends_this_tab_too(people: dict[Role, int]):
    other = app_as("finance")
    app = app_as("finance", page="pages/work/account.py")
    next(b for b in app.button if b.label == "Sign out everywhere").click().run()
    assert is_sign_in(app)
    assert is_sign_in(other.run())


def test_current_actor_refuses_where_nobody_is_signed_in(app_database: str):
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit as st

        from components.access import SignedOut, current_actor

        try:
            current_actor()
        except SignedOut as refusal:
            st.write(refusal.code)

    assert [m.value for m in AppTest.from_function(script).run().markdown] == ["signed_out"]
    assert SignedOut().problems[0].message.startswith("You were signed out")


@pytest.mark.skipif(os.environ.get("DEALER_NOW") is not None, reason="the clock is held still")
def test_the_clock_is_held_still_only_where_that_is_allowed(monkeypatch: pytest.MonkeyPatch):
    from components.clock import now

    monkeypatch.setenv("DEALER_NOW", "2020-01-01T00:00:00+00:00")
    assert now().year > 2020
    monkeypatch.setenv("ALLOW_CLOCK", "1")
    assert now() == datetime(2020, 1, 1, tzinfo=UTC)


def test_every_permission_of_a_page_is_granted_to_somebody():
    for entry in PAGES:
        assert isinstance(entry.permission, Permission)
        assert any(may(role, entry.permission) for role in Role)
