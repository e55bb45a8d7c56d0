"""POST /intake/adf: senders post ADF documents with a token of their own and hear at once what became of them.

Answers: 201 with lead ids, 200 when it was here before, 401, 413 over 2 MB, 422 with problems, 503 when busy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from db.core.actor import Actor, system_actor
from db.core.area import RowOutcome, SourceFile
from db.core.session import reading, run
from db.imports.commands import BatchResult, run_import
from db.leads import adf
from db.leads.adf_draft import MAX_BYTES, NotReadable
from db.leads.intake_kinds import ADF
from db.leads.provider_commands import Sender, authenticate, note_use
from db.leads.tables import Lead

log = logging.getLogger("dealerdesk.intake")
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="lead intake"'}
FILE_NAME: Final = "posted.xml"


async def post_adf(request: Request, *, clock: Callable[[], datetime], bind: Engine | None = None) -> Response:
    """Take in one ADF document; the whole of it, or nothing, is written before the answer is sent."""
    sender = await run_in_threadpool(_sender, _bearer(request), bind)
    if sender is None:
        return _answer(401, [_problem("not_signed_in", "Send the token you were given: Authorization: Bearer …")])
    try:
        raw = await _body(request)
    except ClientDisconnect:
        return Response(status_code=400)
    if raw is None:
        return _answer(
            413, [_problem("too_large", f"A document may have at most {MAX_BYTES:,} bytes; split the leads.")]
        )
    try:
        result = await run_in_threadpool(_take, raw, sender, clock(), bind)
    except (OperationalError, PoolTimeout):
        # The document may hold personal data, so only the fact is logged.
        log.warning("lead intake is busy; a document of %s was turned away", sender.name)
        return _answer(503, [_problem("busy", "The desk is busy. Send the same document again in a minute.")])
    return await run_in_threadpool(_told, result, raw, clock(), bind)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _sender(token: str, bind: Engine | None) -> Sender | None:
    if not token or len(token) > 200:
        return None
    with reading(bind) as session:
        return authenticate(session, token=token)


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is known to be too large: nobody can fill the memory by sending on."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def actor_of(sender: Sender) -> Actor:
    """Who acts in the timeline: the sender, under its own name."""
    return replace(system_actor("http"), username=f"provider:{sender.provider_id}", name=sender.name)


def _take(raw: bytes, sender: Sender, now: datetime, bind: Engine | None) -> BatchResult:
    def command(session: Session) -> BatchResult:
        note_use(session, provider_id=sender.provider_id, now=now)
        files = [SourceFile(name=FILE_NAME, content=raw)]
        return run_import(session, kind=ADF, files=files, channel="http", actor=actor_of(sender), now=now)

    return run(command, bind=bind)


def _told(result: BatchResult, raw: bytes, now: datetime, bind: Engine | None) -> Response:
    """The answer for what was written: lead ids and numbers in the order of the prospects."""
    taken = [o for o in result.outcomes if o.item_id is not None]
    problems = _problems(result.rejections, raw, now)
    if not taken:
        return _answer(422, problems, batch=result.batch_id, bounce=_bounce(raw, now))
    ids = list(dict.fromkeys(o.item_id for o in taken if o.item_id is not None))
    with reading(bind) as session:
        numbers = [session.get_one(Lead, lead_id).number for lead_id in ids]
    body: dict[str, Any] = {
        "lead_ids": ids, "numbers": numbers, "batch": result.batch_id, "created": result.created,
        "updated": result.updated, "duplicates": result.duplicates, "rejected": result.rejected,
    }  # fmt: skip
    if problems:
        body["problems"] = problems
    return JSONResponse(body, status_code=201 if result.created else 200)


def _problems(rejected: Sequence[RowOutcome], raw: bytes, now: datetime) -> list[dict[str, Any]]:
    try:
        adf.parse(raw, received_at=now)
    except NotReadable as refusal:
        return [_problem(one.code, one.message, one.path) for one in refusal.problems]
    return [_problem(one.code, one.message, f"prospect[{one.row}]" if one.row else "") for one in rejected]


def _bounce(raw: bytes, now: datetime) -> str:
    """What the sender can act on, in words."""
    try:
        drafts = adf.parse(raw, received_at=now).prospects
    except NotReadable as refusal:
        return adf.bounce_text(refusal, file_name="your document")
    return "\n".join(adf.bounce_text(draft, file_name="your document") for draft in drafts if draft.quarantine)


def _problem(code: str, message: str, path: str = "") -> dict[str, Any]:
    return {"code": code, "message": message, "path": path}


def _answer(status: int, problems: list[dict[str, Any]], **more: Any) -> JSONResponse:
    headers = _CHALLENGE if status == 401 else {"Retry-After": "60"} if status == 503 else None
    return JSONResponse({"problems": problems, **more}, status_code=status, headers=headers)
