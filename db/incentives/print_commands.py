"""Taking a credit memo of incentives home as a PDF: each print is in the export log and the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.settings import settings
from db.incentives.memo_paper import log_print, make_pdf
from db.incentives.memo_queries import get_memo
from db.incentives.record import AREA


@dataclass(frozen=True, kw_only=True)
class MemoFile:
    """A printed credit memo."""

    name: str
    content: bytes


def print_memo(session: Session, *, memo_id: int, actor: Actor, now: datetime) -> MemoFile:
    """A credit memo with its lines. Needs incentives.payments and export.run; raises `NotFound` out of scope."""
    actor.require(Permission.EXPORT_RUN)
    memo = get_memo(session, memo_id=memo_id, actor=actor)
    content = make_pdf(memo, house=settings().organisation)
    log = log_print(session, memo, content, actor=actor, now=now)
    changes.touch(session, AREA)
    changes.touch(session, "people")
    timeline.record(
        session, actor=actor, now=now, area=AREA, command="print_memo", summary=f"{memo.number} was printed",
        items=[
            timeline.Item("incentive_memo", memo.id, memo.dealer_id), timeline.Item("export_log", log.id)
        ],
        extra={"sha256": log.sha256},
    )  # fmt: skip
    return MemoFile(name=f"{memo.number}.pdf", content=content)
