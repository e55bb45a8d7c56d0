"""R16: the server does not start with settings it must not have, and says which and what to do."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit import config

from components import unsafe
from db.core.settings import Settings
from tests.support.paths import ROOT
from tests.support.serving import app_environment
from tests.support.tier import figure

SETTINGS = Settings(database_url="sqlite:////nowhere.db", var=Path("/nowhere"))
OPTIONS = {name: wanted for name, (wanted, _harm) in unsafe.SAFE.items()} | {
    "server.allowedHosts": ["desk.example"], "server.address": "127.0.0.1",
}  # fmt: skip
TLS = {"behind_https": True}
GOOD_SECRET = "9f2c41d07be6a85310fd9e72c4b6a1830"

# what is set, how it differs (options, settings, environment), and words of the refusal; None: it starts
CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, str], str | None]] = [
    ("as it comes", {}, {}, {}, None),
    ("behind a proxy", {}, TLS, {"STREAMLIT_SERVER_COOKIE_SECRET": GOOD_SECRET}, None),
    ("forms of other sites", {"server.enableXsrfProtection": False}, {}, {}, "enableXsrfProtection is false"),
    ("connections of other sites", {"server.enableCORS": False}, {}, {}, "enableCORS is false"),
    ("files without a sign-in", {"server.enableStaticServing": True}, {}, {}, "enableStaticServing is true"),
    ("programs without a cookie", {"server.enableAgentApi": True}, {}, {}, "enableAgentApi is true"),
    ("errors in full", {"client.showErrorDetails": "full"}, {}, {}, "showErrorDetails is full"),
    ("errors as Streamlit has them", {"client.showErrorDetails": True}, {}, {}, "showErrorDetails is true"),
    ("tables taken away", {"client.disableDataExport": False}, {}, {}, "disableDataExport is false"),
    ("every host", {"server.allowedHosts": ["*"]}, {}, {}, "allowedHosts"),
    ("every host of a domain", {"server.allowedHosts": ["*.example"]}, {}, {}, "allowedHosts"),
    ("no host named", {"server.allowedHosts": []}, {}, {}, "allowedHosts"),
    ("a default key", {}, {}, {"STREAMLIT_SERVER_COOKIE_SECRET": "some_key"}, "COOKIE_SECRET is weak"),
    ("a long key of one letter", {}, {}, {"STREAMLIT_SERVER_COOKIE_SECRET": "a" * 64}, "COOKIE_SECRET is weak"),
    ("an empty key", {}, {}, {"STREAMLIT_SERVER_COOKIE_SECRET": ""}, "COOKIE_SECRET is weak"),
    ("31 characters", {}, {}, {"STREAMLIT_SERVER_COOKIE_SECRET": GOOD_SECRET[:31]}, "COOKIE_SECRET is weak"),
    ("32 characters", {}, {}, {"STREAMLIT_SERVER_COOKIE_SECRET": GOOD_SECRET[:32]}, None),
    ("open without TLS", {"server.address": "0.0.0.0"}, {}, {}, "listen on 0.0.0.0 without TLS"),
    ("every address", {"server.address": ""}, {}, {}, "every address without TLS"),
    ("a name that may lead anywhere", {"server.address": "desk.example"}, {}, {}, "without TLS"),
    ("open with TLS in front", {"server.address": "10.0.0.5"}, TLS, {}, None),
    ("IPv6 of this machine", {"server.address": "::1"}, {}, {}, None),
    ("quick passwords at home", {}, {"bcrypt_cost": 4}, {}, None),
    ("quick passwords for people", {}, TLS | {"bcrypt_cost": 9}, {}, "BCRYPT_COST is 9"),
    ("passwords of the least cost", {}, TLS | {"bcrypt_cost": 10}, {}, None),
    ("a clock held still at home", {}, {}, {"ALLOW_CLOCK": "1"}, None),
    ("a clock held still for people", {}, TLS, {"ALLOW_CLOCK": "1"}, "ALLOW_CLOCK"),
]


@pytest.mark.parametrize(
    ("options", "settings", "environment", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_must_not_be_is_told(options, settings, environment, words):
    found = unsafe.found_unsafe(OPTIONS | options, settings=replace(SETTINGS, **settings), environment=environment)
    if words is not None:
        figure("R16", "bad configurations refused", sum(words in one for one in found))
        figure("R16", "bad configurations served", int(not found))
    assert len(found) == (0 if words is None else 1)
    assert words is None or words in found[0]


ACME = {
    "client_id": "desk", "client_secret": "s", "server_metadata_url": "https://id.example/.well-known/openid-configuration",
}  # fmt: skip
AUTH = {"cookie_secret": GOOD_SECRET, "redirect_uri": "https://desk.example/oauth2callback", "acme": ACME}
BY_ITSELF = {"cookie_secret": GOOD_SECRET, "redirect_uri": "https://desk.example/oauth2callback", **ACME}
AUTH_CASES: list[tuple[str, dict[str, Any], str | None]] = [
    ("one provider", AUTH, None),
    ("two providers", AUTH | {"other": ACME}, None),
    ("a provider without a name", BY_ITSELF, None),
    ("on this machine", AUTH | {"redirect_uri": "http://127.0.0.1:8501/oauth2callback"}, None),
    ("a provider on this machine", AUTH | {"acme": ACME | {"server_metadata_url": "http://localhost:9/x"}}, None),
    ("other scopes", AUTH | {"acme": ACME | {"client_kwargs": {"scope": "openid email"}}}, None),
    ("no key", {k: v for k, v in AUTH.items() if k != "cookie_secret"}, "cookie_secret in [auth] is weak or missing"),
    ("a short key", AUTH | {"cookie_secret": GOOD_SECRET[:31]}, "cookie_secret in [auth] is weak"),
    ("a key of one letter", AUTH | {"cookie_secret": "x" * 64}, "cookie_secret in [auth] is weak"),
    ("an answer in the clear", AUTH | {"redirect_uri": "http://desk.example/oauth2callback"}, "travel unprotected"),
    ("an answer nowhere", AUTH | {"redirect_uri": "https://desk.example/"}, "ends in /oauth2callback"),
    ("an address that is none", AUTH | {"redirect_uri": "http://[::1/oauth2callback"}, "travel unprotected"),
    (
        "a name like this machine's",
        AUTH | {"redirect_uri": "http://127.0.0.1.evil.example/oauth2callback"},
        "unprotected",
    ),
    ("anybody's provider", AUTH | {"acme": ACME | {"server_metadata_url": "http://id.example/x"}}, "Use https"),
    ("half a provider", AUTH | {"acme": ACME | {"client_secret": ""}}, "[auth.acme] lacks client_secret"),
    ("no provider", {k: v for k, v in AUTH.items() if k != "acme"}, "names no provider"),
    ("a name Streamlit refuses", AUTH | {"our_own": ACME}, "underscore"),
    ("who somebody is not asked", AUTH | {"acme": ACME | {"client_kwargs": {"scope": "email"}}}, "lacks openid"),
    ("tokens for the pages", AUTH | {"expose_tokens": ["id"]}, "expose_tokens"),
]


@pytest.mark.parametrize(("auth", "words"), [case[1:] for case in AUTH_CASES], ids=[case[0] for case in AUTH_CASES])
def test_single_sign_on_that_must_not_be_is_told(auth: dict[str, Any], words: str | None):
    found = unsafe.found_unsafe(OPTIONS, settings=SETTINGS, environment={}, auth=auth)
    assert len(found) == (0 if words is None else 1)
    assert words is None or words in found[0]
    assert [sentence for sentence in found if GOOD_SECRET[:31] in sentence] == []


def test_everything_wrong_is_told_at_once():
    found = unsafe.found_unsafe(
        {"server.address": ""}, settings=SETTINGS, environment={"STREAMLIT_SERVER_COOKIE_SECRET": "x"}
    )
    assert len(found) == len(unsafe.SAFE) + 3


@pytest.mark.parametrize(("mode", "is_refused"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_secrets_others_can_read_are_refused(tmp_path: Path, mode: int, is_refused: bool):
    path = tmp_path / "secrets.toml"
    path.write_text("[auth]\n")
    path.chmod(mode)
    missing = tmp_path / "none.toml"
    found = unsafe.found_unsafe(OPTIONS, settings=SETTINGS, environment={}, secret_files=[path, missing])
    if is_refused:
        figure("R16", "bad configurations refused", len(found))
        figure("R16", "bad configurations served", int(not found))
    assert bool(found) is is_refused
    assert not found or f"chmod 600 {path}" in found[0]


def test_streamlit_has_every_option_that_is_looked_at(monkeypatch: pytest.MonkeyPatch):
    """A name Streamlit no longer has would never be found unsafe; and what the file says starts."""
    monkeypatch.chdir(ROOT)
    options = config.get_config_options(force_reparse=True)
    found = {name: options[name].value for name in (*unsafe.SAFE, "server.allowedHosts", "server.address")}
    assert unsafe.found_unsafe(found, settings=SETTINGS, environment={}) == []


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--client.showErrorDetails", "full"], {}, "showErrorDetails is full"),
        ([], {"STREAMLIT_SERVER_COOKIE_SECRET": "some_key"}, "COOKIE_SECRET is weak"),
        (["--server.address", "0.0.0.0"], {}, "without TLS"),
    ],
    ids=["an option on the command line", "a variable", "an open address"],
)
def test_the_server_itself_refuses(app_database: str, arguments: list[str], environment: dict[str, str], words: str):
    """Nothing is served: the process ends by itself, and its last words are the reason."""
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", "0", *arguments], cwd=ROOT,
        env=app_environment(app_database, environment), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    figure("R16", "bad configurations refused", int(words in ended.stderr))
    figure("R16", "bad configurations served", int(ended.returncode == 0))
    assert ended.returncode != 0
    assert words in ended.stderr
    assert "unsafe settings" in ended.stderr


def test_a_new_desk_has_no_account_anybody_could_know(app_database: str):
    """Nobody can sign in before somebody is added; there is no account to be left as it came."""
    from sqlalchemy import func, select

    from db.core.session import reading
    from db.people.tables import Person

    with reading() as session:
        accounts = session.scalar(select(func.count()).select_from(Person))
    figure("R16", "default accounts", accounts or 0)
    assert accounts == 0
