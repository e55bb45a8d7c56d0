"""A monthly pack taken out of the desk: its file, and its line in the export log (P26)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.people.tables import ExportLog
from db.reports.pack_queries import Pack

KIND: Final = "monthly_pack"
"""Under which name packs stand in the export log."""


def make_file(pack: Pack, file_format: str, *, house: str) -> bytes:
    """The pack as a file; the same pack gives the same PDF."""
    if file_format == "pdf":
        from db.reports.pack_pdf import make_pdf  # takes 0.4 s to import

        return make_pdf(pack, house=house)
    from db.reports.pack_xlsx import make_xlsx

    return make_xlsx(pack, house=house)


def log_print(
    session: Session, pack: Pack, content: bytes, file_format: str, *, actor: Actor, now: datetime, purpose: str = ""
) -> ExportLog:  # fmt: skip
    """Write the line of the export log; it has its id."""
    log = ExportLog(
        at=now, person_id=actor.user_id, actor=actor.username, kind=KIND, file_format=file_format,
        filters={"month": f"{pack.month:%Y-%m}", "region": pack.region, "dealers": pack.scope.describe()},
        columns=[h.definition.name for h in pack.headlines], row_count=len(pack.headlines), has_personal_data=False,
        sha256=hashlib.sha256(content).hexdigest(), purpose=purpose,
    )  # fmt: skip
    session.add(log)
    session.flush()
    return log
