"""Telling people: a line in the app for each person, and a mail through the outbox for those who want one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from db.core.insert import add_new
from db.core.links import record_link
from db.core.outbox import Attachment, OutboxMail, queue_mail
from db.people.tables import Notification, Person

_CHUNK: Final = 500


def notify(
    session: Session, *, person_ids: Collection[int], kind: str, title: str, body: str, item_type: str,
    item_id: int | None, dedupe_key: str, now: datetime, mail: bool, mail_more: str = "",
    attachments: Sequence[Attachment] = (),
) -> int:  # fmt: skip
    """Tell each person once: the same `dedupe_key` never makes a second line or a second mail; gives how many were new.

    Runs inside the caller's command. People whose account is disabled are left out. The mail ends with the address of
    the record where PUBLIC_URL is set; `mail_more` stands in the mail only, `attachments` go with it.
    """
    note = Note(
        person_ids=person_ids, kind=kind, title=title, body=body, item_type=item_type, item_id=item_id,
        dedupe_key=dedupe_key, mail=mail, mail_more=mail_more, attachments=attachments,
    )  # fmt: skip
    return notify_all(session, [note], now=now)


@dataclass(frozen=True, kw_only=True)
class Note:
    """What `notify` tells, and whom."""

    person_ids: Collection[int]
    kind: str
    title: str
    body: str
    item_type: str
    item_id: int | None
    dedupe_key: str
    mail: bool
    mail_more: str = ""
    attachments: Sequence[Attachment] = ()

    def rows(self, people: Collection[int], now: datetime) -> Iterator[dict[str, Any]]:
        """The lines of those of `people` it is meant for, by person."""
        for person_id in sorted(set(self.person_ids) & set(people)):
            yield {
                "person_id": person_id, "kind": self.kind, "title": self.title[:300], "body": self.body,
                "item_type": self.item_type, "item_id": self.item_id,
                "dedupe_key": f"{self.dedupe_key[:100]}:{person_id}", "created_at": now,
            }  # fmt: skip

    def letter(self) -> str:
        """The text of the mail, with the address of the record at its end."""
        link = record_link(self.item_type, self.item_id)
        return "\n\n".join(part for part in (self.body, self.mail_more, f"Open it: {link}" if link else "") if part)


def notify_all(session: Session, notes: Sequence[Note], *, now: datetime) -> int:
    """`notify` for each note in turn, by a handful of statements however many notes and people there are."""
    addresses = _addresses(session, {person_id for note in notes for person_id in note.person_ids})
    lines = [(note, row) for note in notes for row in note.rows(addresses, now)]
    new = add_new(session, Notification, [row for _, row in lines], key="dedupe_key")
    told = 0
    for note, row in lines:
        if row["dedupe_key"] not in new:
            continue
        new.discard(row["dedupe_key"])  # two notes of one key: the first was told
        told += 1
        email = addresses[row["person_id"]]
        if note.mail and email:
            queue_mail(
                session, to=email, subject=note.title, body=note.letter(), now=now, item_type=note.item_type,
                item_id=note.item_id, attachments=note.attachments,
            )  # fmt: skip
    return told


def _addresses(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    """The mail addresses of those whose account is active."""
    listed = sorted(person_ids)
    found: dict[int, str] = {}
    for start in range(0, len(listed), _CHUNK):
        found |= dict(session.execute(_MAILS, {"ids": listed[start : start + _CHUNK]}).all())
    return found


_MAILS = select(Person.id, Person.email).where(
    Person.id.in_(bindparam("ids", expanding=True)), Person.is_active.is_(True)
)


def forget(session: Session, item_type: str, item_ids: Sequence[int]) -> None:
    """Take away what was told about some records, in the app and in the outbox: their customer was removed (2.11)."""
    for told in (Notification, OutboxMail):
        session.execute(
            delete(told)
            .where(told.item_type == item_type, told.item_id.in_(item_ids))
            .execution_options(synchronize_session=False)
        )
