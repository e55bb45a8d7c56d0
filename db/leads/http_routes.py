"""Where lead intake is reached over HTTP; what answers there is loaded with the first document that comes.

A start that had to load it first would be ready half a second later (performance.md, "ready after `make run`").
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH: Final = "/intake/adf"
Clock = Callable[[], datetime]


def routes(clock: Clock, *, bind: Engine | None = None) -> list[Route]:
    """The routes of lead intake; `clock` gives the moment a request arrived, `bind` is for tests."""

    async def post_adf(request: Request) -> Response:
        intake = await run_in_threadpool(importlib.import_module, "db.leads.http_intake")
        answer: Response = await intake.post_adf(request, clock=clock, bind=bind)
        return answer

    return [Route(PATH, post_adf, methods=["POST"])]
