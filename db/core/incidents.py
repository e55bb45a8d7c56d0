"""Errors in the log without their messages, which may quote what people typed (ASVS 16.2.5)."""

from __future__ import annotations

import logging
import secrets

from db.core.logs import causes

log = logging.getLogger("dealerdesk.incident")


def report(error: BaseException, *, where: str) -> str:
    """Log an error without its message, which may quote what people typed; gives the reference to tell the person."""
    reference = secrets.token_hex(4).upper()
    told = list(causes(error))
    log.error(
        "incident %s in %s: %s", reference, where, " caused by ".join(one["type"] for one in told),
        extra={"incident": reference, "where": where, "causes": told},
    )  # fmt: skip
    return reference
