"""The HTTP side of the app: the session cookie, health, figures, and the headers and checks on every answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from components import oidc_door
from components.clock import now
from components.cookie import cookie_name
from db.core.session import reading, standby, writing
from db.core.settings import settings
from db.people import sessions
from db.people.queries import desk_figures

log = logging.getLogger("dealerdesk.door")
LONGEST_BODY = 1_000
LOOPBACK = {"127.0.0.1", "::1"}

# Streamlit's own bundle needs inline styles and scripts, and Vega compiles expressions; nothing comes from elsewhere.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
NOT_KEPT = (b"cache-control", b"no-store")
# What Streamlit serves to whoever knows the address: only a signed-in browser gets it from us.
NEEDS_SESSION = ("/media/", "/_stcore/upload_file/")
NOT_SERVED = ("/_stcore/agent",)
OWN_MACHINE_ONLY = ("/_stcore/metrics", "/metrics")


def is_https(scope: Scope) -> bool:
    """Whether the browser speaks https: by configuration, by the connection, or by what the proxy says."""
    forwarded = _header(scope, b"x-forwarded-proto")
    return settings().behind_https or scope.get("scheme") in ("https", "wss") or forwarded == "https"


def _header(scope: Scope, name: bytes) -> str:
    return next((v.decode("latin-1") for k, v in scope.get("headers", ()) if k == name), "")


def cookie_of(scope: Scope) -> str:
    """The session cookie of a request, empty without one."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(_header(scope, b"cookie"))
    except CookieError:
        return ""
    morsel = jar.get(cookie_name())
    return morsel.value if morsel else ""


def is_signed_in(token: str) -> bool:
    """Whether a cookie belongs to a session that is alive."""
    if not token:
        return False
    with reading(primary=True) as session:
        return sessions.find_account(session, now=now(), token=token) is not None


def has_own_origin(request: Request) -> bool:
    """Whether a request was made by a page of this app; browsers always say where a POST comes from."""
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")


class Guard:
    """Pure ASGI middleware: headers on every answer, and no stored file for a browser that is not signed in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        https = is_https(scope)
        headers = [*HEADERS, STRICT_TRANSPORT] if https else list(HEADERS)
        # Exports and documents on their way out: no copy stays in the browser or between (ASVS 14.3.2).
        headers += [NOT_KEPT] if scope["path"].startswith(NEEDS_SESSION) else []

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                oidc_door.mend(scope, message, https=https)
                given = {name.lower() for name, _ in message.get("headers", ())}
                said = [h for h in message.get("headers", ()) if NOT_KEPT not in headers or h[0].lower() != NOT_KEPT[0]]
                given.discard(NOT_KEPT[0])
                message["headers"] = [*said, *(h for h in headers if h[0] not in given)]
            await send(message)

        refusal = await self._refusal(scope)
        await (refusal or self.app)(scope, receive, send_with_headers)

    async def _refusal(self, scope: Scope) -> Response | None:
        path = scope["path"]
        if path.startswith(NOT_SERVED):
            return PlainTextResponse("Not found", 404)
        if path.startswith(OWN_MACHINE_ONLY) and not is_own_machine(scope):
            return PlainTextResponse("Not found", 404)
        if path.startswith(NEEDS_SESSION) and not await run_in_threadpool(is_signed_in, cookie_of(scope)):
            return PlainTextResponse("Sign in first", 401)
        return None


def is_own_machine(scope: Scope) -> bool:
    """Whether a request comes from this machine itself and not through a proxy on it."""
    client = scope.get("client")
    return client is not None and client[0] in LOOPBACK and not _header(scope, b"x-forwarded-for")


# ------------------------------------------------------------------------------------------------------ routes
async def open_session(request: Request) -> Response:
    """POST /auth/session: swaps the one-time ticket of a sign-in for the session cookie."""
    if not has_own_origin(request):
        return JSONResponse({"error": "wrong origin"}, 403)
    body = await _small_body(request)
    ticket = body.get("ticket") if isinstance(body, dict) else None
    if not isinstance(ticket, str):
        return JSONResponse({"error": "no ticket"}, 400)
    token = await run_in_threadpool(_redeem, ticket, cookie_of(request.scope))
    if token is None:
        return JSONResponse({"error": "unknown ticket"}, 401)
    answer = Response(status_code=204, headers={"cache-control": "no-store"})
    answer.set_cookie(
        cookie_name(), token, max_age=settings().session_absolute_hours * 3600, path="/", httponly=True,
        samesite="lax", secure=is_https(request.scope),
    )  # fmt: skip
    return answer


async def close_session(request: Request) -> Response:
    """POST /auth/logout: ends the browser's sessions on the server and drops the cookie."""
    if not has_own_origin(request):
        return JSONResponse({"error": "wrong origin"}, 403)
    await run_in_threadpool(_end, cookie_of(request.scope))
    answer = Response(status_code=204, headers={"cache-control": "no-store"})
    answer.delete_cookie(cookie_name(), path="/", httponly=True, samesite="lax", secure=is_https(request.scope))
    return answer


def routes(schema_is_ours: Callable[[], bool]) -> list[Route]:
    """The routes of the door; `schema_is_ours` asks the database whether it is there and has our schema."""

    def is_well() -> bool:
        try:
            return schema_is_ours()
        except Exception as error:  # whatever is wrong with the database, the answer is the same
            log.warning("the database does not answer: %s", type(error).__name__)
            return False

    async def health(_request: Request) -> Response:
        """GET /healthz: 200 when the database answers and has our schema, else 503; says no more than that."""
        well = await run_in_threadpool(is_well)
        return JSONResponse({"status": "ok" if well else "unavailable"}, 200 if well else 503)

    async def metrics(_request: Request) -> Response:
        """GET /metrics, from this machine only: a few figures for a monitor, in the OpenMetrics text format."""
        well = await run_in_threadpool(is_well)
        figures = {"up": int(well)} | (await run_in_threadpool(_figures) if well else {})
        lines = [f"# TYPE dealerdesk_{name} gauge\ndealerdesk_{name} {value}" for name, value in figures.items()]
        return PlainTextResponse("\n".join([*lines, "# EOF", ""]), media_type="text/plain; version=0.0.4")

    return [
        Route("/auth/session", open_session, methods=["POST"]),
        Route("/auth/logout", close_session, methods=["POST"]),
        Route("/healthz", health, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


async def _small_body(request: Request) -> Any:
    raw = b""
    async for piece in request.stream():
        raw += piece
        if len(raw) > LONGEST_BODY:
            return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _redeem(ticket: str, old_token: str) -> str | None:
    with writing(keeps_timeline=False) as session:
        return sessions.redeem(session, ticket=ticket, old_token=old_token, now=now())


def _end(token: str) -> None:
    with writing(keeps_timeline=False) as session:
        sessions.end_token(session, token=token, because="signed out", now=now())


def _figures() -> dict[str, int]:
    with reading() as session:
        figures = desk_figures(session, now=now())
    copy = standby()
    asked = copy.asked if copy is not None else {}
    return figures | {f"reads_{who}": asked[who] for who in sorted(asked)}
