"""What Streamlit's three routes of single sign-on answer, put right on the way out (components/door.py calls this).

Streamlit ends a sign-in that failed where it began, without a word; it forgets the page a person wanted; its cookies
live 30 days and lack Secure. The answers are mended here, because its routes take no options.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.types import Message, Scope

from db.core.settings import settings

LOGIN: Final = "/auth/login"
CALLBACK: Final = "/oauth2callback"
USER_COOKIE: Final = "_streamlit_user"
BACK: Final = "dealer_back"
"""Cookie with the page somebody wanted when they went to the provider."""
BACK_SECONDS: Final = 600
LONGEST_BACK: Final = 1_000

Header = tuple[bytes, bytes]


def mend(scope: Scope, message: Message, *, https: bool) -> None:
    """Change the head of an answer in place; other paths than those of single sign-on keep theirs but for cookies."""
    headers: list[Header] = [
        (name, _mend_cookie(value, https=https)) if name.lower() == b"set-cookie" else (name, value)
        for name, value in message.get("headers", ())
    ]
    if scope["path"] == LOGIN:
        if message["status"] >= 400:
            message["status"] = 302
            headers = [*_without(headers, b"location"), (b"location", b"/?sign_in=away")]
        elif page := page_behind(scope):
            headers.append((b"set-cookie", _cookie(quote(page, safe=""), BACK_SECONDS, https=https)))
    elif scope["path"] == CALLBACK and message["status"] in (302, 303, 307):
        headers = _answer_of_callback(scope, headers, https=https)
    message["headers"] = headers


def _answer_of_callback(scope: Scope, headers: list[Header], *, https: bool) -> list[Header]:
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if not {"state", "code", "error"} & asked.keys():
        return headers  # back from the provider's own sign-out
    if any(_sets_user(value) for name, value in headers if name.lower() == b"set-cookie"):
        to = page_to_return_to(scope) or "/"
    else:
        denied = asked.get("error") == ["access_denied"]
        to = "/?sign_in=denied" if denied else "/?sign_in=failed"
    gone = (b"set-cookie", _cookie("", 0, https=https))
    return [*_without(headers, b"location"), (b"location", to.encode("ascii", "ignore")), gone]


def _without(headers: list[Header], unwanted: bytes) -> list[Header]:
    return [(name, value) for name, value in headers if name.lower() != unwanted]


def _sets_user(cookie: bytes) -> bool:
    """Whether a Set-Cookie gives the browser an identity (and does not take one away)."""
    name, _, rest = cookie.decode("latin-1").partition("=")
    return name == USER_COOKIE and rest.partition(";")[0].strip('"') != ""


def _mend_cookie(cookie: bytes, *, https: bool) -> bytes:
    """A cookie of Streamlit's, never longer than our own session and Secure with TLS; any other as it is."""
    if not cookie.startswith(b"_streamlit_"):
        return cookie
    longest = settings().session_absolute_hours * 3600
    kept = []
    for part in cookie.decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        is_age = name.lower() == "max-age" and value.isdecimal()
        kept.append(f"Max-Age={min(int(value), longest)}" if is_age else part.strip())
    if https and "secure" not in {part.lower() for part in kept}:
        kept.append("Secure")
    return "; ".join(kept).encode("latin-1")


def _cookie(value: str, seconds: int, *, https: bool) -> bytes:
    secure = "; Secure" if https else ""
    return f"{BACK}={value}; Path={CALLBACK}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}".encode("ascii")


def page_behind(scope: Scope) -> str:
    """The page of ours the browser comes from (its Referer), as path and query; empty for any other."""
    try:
        came_from = urlsplit(_header(scope, b"referer"))
    except ValueError:
        return ""
    if came_from.netloc != _header(scope, b"host"):
        return ""
    return _own_page(came_from.path + (f"?{came_from.query}" if came_from.query else ""))


def page_to_return_to(scope: Scope) -> str:
    """The page noted on the way to the provider, when it can be nothing but a page of ours."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(_header(scope, b"cookie"))
    except CookieError:
        return ""
    return _own_page(unquote(jar[BACK].value)) if BACK in jar else ""


def _own_page(text: str) -> str:
    """A path of this server: never another host, whatever a browser makes of slashes and line breaks."""
    is_own = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_own and len(text) <= LONGEST_BACK and text.isascii() and text.isprintable() else ""


def _header(scope: Scope, name: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope.get("headers", ()) if k == name), "")
