"""Errors in the log without their messages, which may quote what people typed (ASVS 16.2.5)."""

from __future__ import annotations

import logging
import secrets
import traceback

log = logging.getLogger("dealerdesk.incident")


def report(error: BaseException, *, where: str) -> str:
    """Log an error without its message, which may quote what people typed; gives the reference to tell the person."""
    reference = secrets.token_hex(4).upper()
    chain: list[str] = []
    at = error
    while at is not None and len(chain) < 5:
        frames = "".join(traceback.format_tb(at.__traceback__))
        chain.append(f"{type(at).__module__}.{type(at).__qualname__}\n{frames}")
        following = at.__cause__ or at.__context__
        if following is None:
            break
        at = following
    log.error("incident %s in %s: %s", reference, where, "caused by ".join(chain))
    return reference
