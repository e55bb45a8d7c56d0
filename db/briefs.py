"""The brief of a dealer, put together from every area, on the screen and as a printed page that is logged (P1, P26)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db import catalog
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.dealers.queries import get_dealer
from db.people.tables import ExportLog
from db.reports.brief_queries import Brief, build_brief, changed_since, find_last

KIND = "dealer_brief"
"""Under which name printed briefs stand in the export log."""


@dataclass(frozen=True, kw_only=True)
class BriefFile:
    """A printed brief: one page."""

    name: str
    content: bytes


def brief_of(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> Brief:
    """What to know before calling a dealer; raises `NotFound` outside of the actor's scope."""
    actor.require(Permission.DEALERS_VIEW)
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    last = find_last(session, dealer_id=dealer_id, actor=actor)
    since = changed_since(last, actor=actor, now=now)
    lines = catalog.dealer_lines(session, dealer_id=dealer_id, actor=actor, now=now, since=since)
    return build_brief(session, dealer=dealer, last=last, lines=lines, actor=actor, now=now)


def file_name(brief_code: str, now: datetime) -> str:
    """The name a printed brief is saved under; a dealer code may hold signs no file name may."""
    return f"brief-{re.sub(r'[^A-Za-z0-9._-]+', '-', brief_code)}-{now:%Y-%m-%d}.pdf"


def print_brief(session: Session, *, dealer_id: int, paper: str = "letter", actor: Actor, now: datetime) -> BriefFile:
    """The brief as one PDF page, written into the export log and the timeline. Needs dealers.view and export.run."""
    from db.reports.brief_pdf import make_pdf  # takes 0.4 s to import

    actor.require(Permission.EXPORT_RUN)
    brief = brief_of(session, dealer_id=dealer_id, actor=actor, now=now)
    content = make_pdf(brief, paper=paper)
    log = ExportLog(
        at=now, person_id=actor.user_id, actor=actor.username, kind=KIND, file_format="pdf",
        filters={"dealer": brief.code}, columns=["brief"], row_count=1,
        has_personal_data=bool(brief.people or (brief.last and brief.last.with_name)),
        sha256=hashlib.sha256(content).hexdigest(), purpose="",
    )  # fmt: skip
    session.add(log)
    session.flush()
    changes.touch(session, "people")
    timeline.record(
        session, actor=actor, now=now, area="contact_log", command="print_brief",
        summary=f"The brief of {brief.name} ({brief.code}) was printed",
        items=[timeline.Item("dealer", dealer_id, dealer_id), timeline.Item("export_log", log.id)],
        extra={"sha256": log.sha256},
    )  # fmt: skip
    return BriefFile(name=file_name(brief.code, now), content=content)
