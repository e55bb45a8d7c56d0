"""A monthly pack as a mail: its sentences as plain text, its files for who wants them, a line in the app; once a month.

It is made as the reader may see it before anything is written, so that nobody waits for a PDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.links import page_link
from db.core.outbox import Attachment, fits, is_address
from db.core.permissions import Permission
from db.core.problems import Refused
from db.core.settings import settings
from db.people.notifications import notify
from db.people.queries import person_actor
from db.people.tables import Person
from db.reports.pack_paper import log_print, make_file
from db.reports.pack_queries import Pack, build_pack, file_name, nothing_changed, standing
from db.reports.pack_rules import FILES, MEDIA_TYPES
from db.reports.pack_tables import PackSubscription

PAGE: Final = "pages/reports/monthly_pack.py"
NO_RIGHT: Final = "Your role may not take files out of the desk, so none go with this mail."
TOO_LARGE: Final = "The files are too large for a mail: take them from the page."


@dataclass(frozen=True, kw_only=True)
class ReadyPack:
    """A pack made for one reader, with the files they want by format; `pack` is None where they may not see it."""

    reader: Actor
    pack: Pack | None = None
    files: tuple[tuple[str, Attachment], ...] = ()
    note: str = ""


def ready_pack(session: Session, *, subscription_id: int, month: date, now: datetime) -> ReadyPack:
    """The pack of a frozen month and its files as the subscriber may see and take them now."""
    wish = session.get_one(PackSubscription, subscription_id)
    reader = person_actor(session, person_id=wish.person_id)
    try:
        pack = build_pack(session, month=month, region=wish.place, actor=reader, now=now)
    except Refused:
        return ReadyPack(reader=reader)
    wanted = FILES.get(wish.files, ())
    if not wanted or not is_address(session.get_one(Person, wish.person_id).email.strip()):
        return ReadyPack(reader=reader, pack=pack)
    if not reader.can(Permission.EXPORT_RUN):
        return ReadyPack(reader=reader, pack=pack, note=NO_RIGHT)
    house = settings().organisation
    files = tuple(
        (
            kind,
            Attachment(
                name=file_name(pack, kind), media_type=MEDIA_TYPES[kind], content=make_file(pack, kind, house=house)
            ),
        )
        for kind in wanted
    )
    if not fits([file for _, file in files]):
        return ReadyPack(reader=reader, pack=pack, note=TOO_LARGE)
    return ReadyPack(reader=reader, pack=pack, files=files)


def mail_text(pack: Pack) -> str:
    """The pack's sentences, the dealers in order, what changed, and where to read it whole."""
    parts = [standing(pack), "\n".join(f"- {s.text}" for s in pack.sentences)]
    if pack.rank_sentences:
        parts.append("Dealers\n" + "\n".join(f"- {s.text}" for s in pack.rank_sentences))
    changed = "\n".join(f"- {s.text}" for s in pack.changed) or nothing_changed(pack)
    parts.append(f"Changes since the last pack\n{changed}")
    parts.append("PDF and workbook: Reports, Monthly pack. Unsubscribe there, too.")
    return "\n\n".join(parts)


def tell_pack(session: Session, ready: ReadyPack, *, person_id: int, now: datetime) -> int:
    """Mail a pack to one person; the same month and place never twice. Each file is in the export log as theirs."""
    pack = ready.pack
    if pack is None:
        return 0
    link = page_link(PAGE, {"mpk_month": f"{pack.month:%Y-%m}", "mpk_region": pack.region})
    told = notify(
        session, person_ids=[person_id], kind="monthly_pack", item_type="monthly_pack", item_id=None, now=now,
        title=f"Monthly pack {pack.title}", body=mail_text(pack), mail=True,
        mail_more="\n\n".join(part for part in (ready.note, f"Open it: {link}" if link else "") if part),
        attachments=[file for _, file in ready.files],
        dedupe_key=f"monthly_pack:{pack.month:%Y-%m}:{pack.region}",
    )  # fmt: skip
    for kind, file in ready.files if told else ():
        log_print(session, pack, file.content, kind, actor=ready.reader, now=now, purpose="Sent by mail")
        changes.touch(session, "people")
    return told
