"""Telling people: a line in the app for each person, and a mail through the outbox for those who want one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.core.insert import insert_or_ignore
from db.core.links import record_link
from db.core.outbox import Attachment, OutboxMail, queue_mail
from db.people.tables import Notification, Person


def notify(
    session: Session, *, person_ids: Collection[int], kind: str, title: str, body: str, item_type: str,
    item_id: int | None, dedupe_key: str, now: datetime, mail: bool, mail_more: str = "",
    attachments: Sequence[Attachment] = (),
) -> int:  # fmt: skip
    """Tell each person once: the same `dedupe_key` never makes a second line or a second mail; gives how many were new.

    Runs inside the caller's command. People whose account is disabled are left out. The mail ends with the address of
    the record where PUBLIC_URL is set; `mail_more` stands in the mail only, `attachments` go with it.
    """
    told, link = 0, record_link(item_type, item_id)
    letter = "\n\n".join(part for part in (body, mail_more, f"Open it: {link}" if link else "") if part)
    addresses = dict(
        session.execute(
            select(Person.id, Person.email).where(Person.id.in_(sorted(set(person_ids))), Person.is_active.is_(True))
        ).all()
    )
    for person_id, email in sorted(addresses.items()):
        values = {
            "person_id": person_id, "kind": kind, "title": title[:300], "body": body, "item_type": item_type,
            "item_id": item_id, "dedupe_key": f"{dedupe_key[:100]}:{person_id}", "created_at": now,
        }  # fmt: skip
        if not insert_or_ignore(session, Notification, values):
            continue
        told += 1
        if mail and email:
            queue_mail(
                session, to=email, subject=title, body=letter, now=now, item_type=item_type, item_id=item_id,
                attachments=attachments,
            )  # fmt: skip
    return told


def forget(session: Session, item_type: str, item_ids: Sequence[int]) -> None:
    """Take away what was told about some records, in the app and in the outbox: their customer was removed (2.11)."""
    for told in (Notification, OutboxMail):
        session.execute(
            delete(told)
            .where(told.item_type == item_type, told.item_id.in_(item_ids))
            .execution_options(synchronize_session=False)
        )
