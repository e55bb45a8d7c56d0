"""The HTTP side: the cookie's exchange, headers on every answer, files for signed-in browsers only (R33)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from components import door
from db.core.permissions import Role
from db.core.session import engine, writing
from db.core.settings import settings
from db.migrate import current, newest
from db.people import sessions
from tests.support.again import begun
from tests.support.users import make_person

OWN = {"host": "desk.test", "origin": "http://desk.test"}


@dataclass
class Answer:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str:
        return "\n".join(v for k, v in self.headers if k == name)


async def _file(_request):
    return PlainTextResponse("a file", headers={"cache-control": "max-age=60"})


APP = Starlette(
    routes=[
        *door.routes(lambda: current(engine()) == newest()),
        Route("/media/{name}", _file),
        Route("/_stcore/upload_file/{a}/{b}", _file, methods=["PUT"]),
        Route("/_stcore/agent/interact", _file),
        Route("/_stcore/metrics", _file),
        Route("/", _file),
    ],
    middleware=[Middleware(door.Guard)],
)


def ask(
    method: str, path: str, *, headers=None, body: bytes = b"", client: str = "127.0.0.1", scheme: str = "http"
) -> Answer:
    answer = Answer()
    given = [(k.encode(), v.encode("latin-1")) for k, v in (headers if headers is not None else OWN).items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "headers": given, "client": (client, 40000),
        "server": ("desk.test", 80), "scheme": scheme, "root_path": "",
    }  # fmt: skip
    pieces = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(k.decode().lower(), v.decode()) for k, v in message["headers"]]
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    asyncio.run(APP(scope, receive, send))
    return answer


@pytest.fixture
@begun
def ticket(app_database: str) -> str:
    person = make_person(engine(), "cora", Role.COORDINATOR)
    with writing(keeps_timeline=False) as session:
        return sessions.open_session(session, person_id=person, source="", now=datetime.now(UTC)).ticket


def redeem(ticket: object, **more) -> Answer:
    return ask("POST", "/auth/session", body=json.dumps({"ticket": ticket}).encode(), **more)


def cookie_from(answer: Answer) -> str:
    return answer.header("set-cookie").partition("=")[2].partition(";")[0]


def test_a_ticket_is_swapped_for_a_cookie_that_scripts_cannot_read(ticket: str):
    answer = redeem(ticket)
    assert answer.status == 204
    flags = {part.strip().lower() for part in answer.header("set-cookie").split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= flags
    assert "secure" not in flags
    assert redeem(ticket).status == 401


def test_behind_https_the_cookie_is_secure_and_named_for_its_host(ticket: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BEHIND_HTTPS", "1")
    settings.cache_clear()
    answer = redeem(ticket, headers={"host": "desk.test", "origin": "https://desk.test"})
    assert answer.header("set-cookie").startswith("__Host-dealer_session=")
    assert "Secure" in answer.header("set-cookie")
    assert answer.header("strict-transport-security")


def test_a_proxy_that_says_https_makes_the_cookie_secure(ticket: str):
    assert "Secure" in redeem(ticket, headers=OWN | {"x-forwarded-proto": "https"}).header("set-cookie")


BODIES = [
    ("not JSON", b"{", 400),
    ("a list", b"[]", 400),
    ("no ticket", b"{}", 400),
    ("a number", b'{"ticket": 1}', 400),
    ("an unknown ticket", b'{"ticket": "x"}', 401),
    ("two kilobytes", b'{"ticket": "' + b"x" * 2_000 + b'"}', 400),
]


@pytest.mark.parametrize(("body", "status"), [c[1:] for c in BODIES], ids=[c[0] for c in BODIES])
def test_odd_bodies(app_database: str, body: bytes, status: int):
    answer = ask("POST", "/auth/session", body=body)
    assert (answer.status, answer.header("set-cookie")) == (status, "")


@pytest.mark.parametrize("path", ["/auth/session", "/auth/logout"])
@pytest.mark.parametrize(
    "origin", [None, "http://evil.test", "null", "http://desk.test.evil.test", "http://desk.test:81"]
)
def test_another_sites_page_cannot_post_here(ticket: str, path: str, origin: str | None):
    headers = {"host": "desk.test"} | ({"origin": origin} if origin else {})
    assert ask("POST", path, headers=headers, body=json.dumps({"ticket": ticket}).encode()).status == 403
    assert redeem(ticket).status == 204, "the ticket was not used up"


def test_the_routes_take_posts_only(app_database: str):
    assert ask("GET", "/auth/session").status == 405
    assert ask("GET", "/auth/logout").status == 405


@pytest.mark.parametrize(("method", "path"), [("GET", "/media/report.xlsx"), ("PUT", "/_stcore/upload_file/a/b")])
def test_files_need_a_session_that_is_alive(ticket: str, method: str, path: str):
    token = cookie_from(redeem(ticket))
    mine = OWN | {"cookie": f"other=1; dealer_session={token}"}
    assert ask(method, path).status == 401
    assert ask(method, path, headers=OWN | {"cookie": "dealer_session=forged"}).status == 401
    assert ask(method, path, headers=OWN | {"cookie": 'dealer_session="\x01;;,,'}).status == 401
    assert ask(method, path, headers=mine).status == 200
    logout = ask("POST", "/auth/logout", headers=mine)
    assert logout.status == 204
    assert "Max-Age=0" in logout.header("set-cookie")
    assert ask(method, path, headers=mine).status == 401


def test_no_copy_of_a_file_is_kept_on_the_way(ticket: str):
    mine = OWN | {"cookie": f"dealer_session={cookie_from(redeem(ticket))}"}
    assert ask("GET", "/media/report.xlsx", headers=mine).header("cache-control") == "no-store"
    assert ask("GET", "/media/report.xlsx").header("cache-control") == "no-store"
    assert ask("GET", "/", headers=mine).header("cache-control") == "max-age=60", "other answers say it themselves"


@pytest.mark.parametrize("path", ["/", "/media/x", "/healthz", "/nowhere", "/auth/session"])
def test_every_answer_carries_the_headers(app_database: str, path: str):
    answer = ask("GET", path)
    assert "frame-ancestors 'none'" in answer.header("content-security-policy")
    assert "http" not in answer.header("content-security-policy")
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("referrer-policy") == "same-origin"


def test_programs_cannot_drive_the_app(app_database: str):
    assert ask("GET", "/_stcore/agent/interact").status == 404


MACHINES = [
    ("this machine", "127.0.0.1", {}, 200),
    ("this machine, IPv6", "::1", {}, 200),
    ("another", "203.0.113.7", {}, 404),
    ("through the proxy on this machine", "127.0.0.1", {"x-forwarded-for": "203.0.113.7"}, 404),
]


@pytest.mark.parametrize("path", ["/metrics", "/_stcore/metrics"])
@pytest.mark.parametrize(("client", "headers", "status"), [c[1:] for c in MACHINES], ids=[c[0] for c in MACHINES])
def test_figures_stay_on_this_machine(app_database: str, path: str, client: str, headers: dict[str, str], status: int):
    assert ask("GET", path, client=client, headers=OWN | headers).status == status


def test_the_figures(ticket: str):
    lines = dict(line.split() for line in ask("GET", "/metrics").body.decode().splitlines() if line[0] != "#")
    assert lines == {
        "dealerdesk_up": "1", "dealerdesk_people": "1", "dealerdesk_signed_in_browsers": "1",
        "dealerdesk_mail_waiting": "0", "dealerdesk_mail_given_up": "0",
    }  # fmt: skip


def test_health_says_whether_the_database_is_ours(app_database: str):
    assert ask("GET", "/healthz").status == 200
    from sqlalchemy import text

    with writing(keeps_timeline=False) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = ask("GET", "/healthz")
    assert (answer.status, json.loads(answer.body)) == (503, {"status": "unavailable"})
    assert ask("GET", "/metrics").body.startswith(b"# TYPE dealerdesk_up gauge\ndealerdesk_up 0")
