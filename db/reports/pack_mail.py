"""A monthly pack as a mail: its sentences as plain text, a line in the app beside it; each month once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from db.core.links import page_link
from db.people.notifications import notify
from db.reports.pack_queries import Pack, nothing_changed, standing

PAGE: Final = "pages/reports/monthly_pack.py"


def mail_text(pack: Pack) -> str:
    """The pack's sentences, the dealers in order, what changed, and where to read it whole."""
    parts = [standing(pack), "\n".join(f"- {s.text}" for s in pack.sentences)]
    if pack.rank_sentences:
        parts.append("Dealers\n" + "\n".join(f"- {s.text}" for s in pack.rank_sentences))
    changed = "\n".join(f"- {s.text}" for s in pack.changed) or nothing_changed(pack)
    parts.append(f"Changes since the last pack\n{changed}")
    parts.append("PDF and workbook: Reports, Monthly pack. Unsubscribe there, too.")
    return "\n\n".join(parts)


def tell_pack(session: Session, pack: Pack, *, person_id: int, now: datetime) -> int:
    """Mail a pack to one person; the same month and place never twice."""
    link = page_link(PAGE, {"mpk_month": f"{pack.month:%Y-%m}", "mpk_region": pack.region})
    return notify(
        session, person_ids=[person_id], kind="monthly_pack", item_type="monthly_pack", item_id=None, now=now,
        title=f"Monthly pack {pack.title}", body=mail_text(pack), mail=True,
        mail_more=f"Open it: {link}" if link else "",
        dedupe_key=f"monthly_pack:{pack.month:%Y-%m}:{pack.region}",
    )  # fmt: skip
