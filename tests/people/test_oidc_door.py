"""Streamlit's answers to single sign-on on their way out: cookies, words for failures, the page one wanted."""

from __future__ import annotations

from typing import Any

import pytest

from components import oidc_door
from db.core.settings import settings

ORIGIN = {"host": "desk.example"}
USER = "_streamlit_user=2|1:0|x; Path=/; HttpOnly; SameSite=lax; Max-Age=2592000"
GONE = '_streamlit_user=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=lax'


def mend(path: str, *cookies: str, status: int = 302, query: str = "", https: bool = False, **sent: str) -> Any:
    """(status, location, cookies) of an answer after it was mended."""
    headers = [(k.encode(), v.encode("latin-1")) for k, v in (ORIGIN | sent).items()]
    scope = {"path": path, "query_string": query.encode(), "headers": headers}
    given = [(b"location", b"/"), *((b"set-cookie", c.encode()) for c in cookies)]
    message: dict[str, Any] = {"status": status, "headers": given}
    oidc_door.mend(scope, message, https=https)
    places = [v.decode() for k, v in message["headers"] if k == b"location"]
    assert len(places) == 1
    return message["status"], places[0], [v.decode() for k, v in message["headers"] if k == b"set-cookie"]


@pytest.fixture(autouse=True)
def fresh_settings():
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_cookies_of_streamlits_live_as_long_as_ours_and_are_secure_with_tls():
    _, _, (mended,) = mend("/anything", USER, status=200, https=True)
    assert mended == "_streamlit_user=2|1:0|x; Path=/; HttpOnly; SameSite=lax; Max-Age=43200; Secure"
    _, _, (mended,) = mend("/anything", USER, status=200)
    assert mended.endswith("Max-Age=43200")
    ours = "dealer_session=x; Max-Age=2592000"
    assert mend("/anything", ours, status=200, https=True)[2] == [ours]
    already = "_streamlit_session=x; path=/; secure"
    assert mend("/anything", already, status=200, https=True)[2] == [already]


# query, cookies of the answer, the page noted before, where it leads
BACK: list[tuple[str, str, list[str], str, str]] = [
    ("signed in", "code=c&state=s", [USER], "%2Fclaims%3Fcase%3D9", "/claims?case=9"),
    ("signed in, nothing noted", "code=c&state=s", [USER], "", "/"),
    ("another host", "code=c&state=s", [USER], "%2F%2Fevil.example%2F", "/"),
    ("another host, with a backslash", "code=c&state=s", [USER], "%2F%5Cevil.example", "/"),
    ("an address of another site", "code=c&state=s", [USER], "https%3A%2F%2Fevil.example", "/"),
    ("a header in the address", "code=c&state=s", [USER], "%2Fa%0d%0aSet-Cookie%3Ax", "/"),
    ("letters that are none", "code=c&state=s", [USER], "%2Fa%E2%80%AE", "/"),
    ("too long", "code=c&state=s", [USER], "%2F" + "a" * 1_000, "/"),
    ("refused there", "error=access_denied&state=s", [], "%2Fclaims", "/?sign_in=denied"),
    ("broken there", "error=server_error&state=s", [], "%2Fclaims", "/?sign_in=failed"),
    ("not valid", "code=c&state=s", [GONE], "%2Fclaims", "/?sign_in=failed"),
    ("back from signing out", "", [], "", "/"),
]


@pytest.mark.parametrize(
    ("query", "cookies", "noted", "leads_to"), [case[1:] for case in BACK], ids=[case[0] for case in BACK]
)
def test_where_the_callback_leads(query: str, cookies: list[str], noted: str, leads_to: str):
    sent = f"other=1; dealer_back={noted}" if noted else ""
    status, location, given = mend("/oauth2callback", *cookies, query=query, cookie=sent)
    assert (status, location) == (302, leads_to)
    assert ("dealer_back=; Path=/oauth2callback; Max-Age=0; HttpOnly; SameSite=Lax" in given) is bool(query)


FROM = [
    ("a page of ours", "https://desk.example/claims?case=9", "%2Fclaims%3Fcase%3D9"),
    ("another site", "https://evil.example/claims", None),
    ("an address that is none", "http://[::1", None),
    ("nowhere", "", None),
]


@pytest.mark.parametrize(("referer", "noted"), [case[1:] for case in FROM], ids=[case[0] for case in FROM])
def test_the_page_one_wanted_is_noted(referer: str, noted: str | None):
    _, _, given = mend("/auth/login", referer=referer, https=True)
    wanted = f"dealer_back={noted}; Path=/oauth2callback; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
    assert given == ([wanted] if noted else [])


@pytest.mark.parametrize("status", [400, 500])
def test_a_provider_that_does_not_answer_is_told_on_the_sign_in_page(status: int):
    assert mend("/auth/login", status=status)[:2] == (302, "/?sign_in=away")


def test_other_answers_stay_as_they_are():
    assert mend("/claims", status=404, query="code=c&state=s") == (404, "/", [])
