"""Delivers the outbox: by SMTP (SMTP_URL), else as .eml files in var/outbox. Safe in several processes at once.

A mail is claimed by moving its next try ahead in a transaction of its own, so that no other process takes it; a
process that dies while sending leaves it to be tried again after the lease. A mail can therefore arrive twice, but
is never lost; its Message-ID stays the same, by which mail programs drop the second copy.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy import Engine, delete, select, update

from db.core.outbox import Attachment, OutboxAttachment, OutboxMail
from db.core.session import reading, writing
from db.core.settings import settings

log = logging.getLogger("dealerdesk.mail")
LEASE = timedelta(minutes=5)
MOST_TRIES = 10
BATCH = 50
TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class _Claimed:
    mail_id: int
    to: str
    subject: str
    body: str
    created_at: datetime
    tries: int
    reply_to: str
    from_name: str
    calendar: str | None = None
    files: tuple[Attachment, ...] = ()


def next_try(tries: int) -> timedelta:
    """How long to wait after a number of failed tries: 1, 2, 4 ... minutes, at most six hours."""
    return timedelta(minutes=min(2 ** max(0, tries - 1), 360))


def deliver_due(bind: Engine | None = None, *, now: datetime) -> int:
    """Deliver every mail whose time has come; gives how many were sent. After ten failures a mail is left alone."""
    sent = 0
    with reading(bind) as session:
        due = session.scalars(
            select(OutboxMail.id)
            .where(OutboxMail.sent_at.is_(None), OutboxMail.next_try_at <= now, OutboxMail.tries < MOST_TRIES)
            .order_by(OutboxMail.next_try_at, OutboxMail.id)
            .limit(BATCH)
        ).all()
    for mail_id in due:
        claimed = _claim(bind, mail_id, now)
        if claimed is None:
            continue
        error = _send(claimed)
        _note(bind, claimed, error=error, now=now)
        sent += not error
    return sent


@dataclass(frozen=True, kw_only=True)
class NotOut:
    """A mail that was not delivered yet: when it was written, how often it was tried, and the last failure."""

    mail_id: int
    created_at: datetime
    tries: int
    error: str

    @property
    def is_given_up(self) -> bool:
        """Whether nobody tries it any more."""
        return self.tries >= MOST_TRIES


def not_out(bind: Engine | None = None) -> list[NotOut]:
    """Mail that is not out, the oldest first."""
    with reading(bind) as session:
        rows = session.execute(
            select(OutboxMail.id, OutboxMail.created_at, OutboxMail.tries, OutboxMail.error)
            .where(OutboxMail.sent_at.is_(None))
            .order_by(OutboxMail.id)
        )
        return [NotOut(mail_id=i, created_at=at, tries=tries, error=error or "") for i, at, tries, error in rows]


def try_again(bind: Engine | None = None, *, now: datetime) -> int:
    """Give mail that was given up ten more tries, from now on (without its files, which went); how many."""
    with writing(bind, keeps_timeline=False) as session:
        done: Any = session.execute(
            update(OutboxMail)
            .where(OutboxMail.sent_at.is_(None), OutboxMail.tries >= MOST_TRIES)
            .values(tries=0, next_try_at=now)
        )
        return int(done.rowcount)


def _claim(bind: Engine | None, mail_id: int, now: datetime) -> _Claimed | None:
    with writing(bind, keeps_timeline=False) as session:
        won: Any = session.execute(
            update(OutboxMail)
            .where(OutboxMail.id == mail_id, OutboxMail.sent_at.is_(None), OutboxMail.next_try_at <= now)
            .values(next_try_at=now + LEASE, tries=OutboxMail.tries + 1)
        )
        if won.rowcount != 1:
            return None
        m = session.get_one(OutboxMail, mail_id)
        files = session.scalars(
            select(OutboxAttachment).where(OutboxAttachment.mail_id == mail_id).order_by(OutboxAttachment.id)
        )
        return _Claimed(
            m.id, m.to_address, m.subject, m.body, m.created_at, m.tries, m.reply_to, m.from_name, m.calendar,
            tuple(Attachment(name=f.name, media_type=f.media_type, content=f.content) for f in files),
        )  # fmt: skip


def _note(bind: Engine | None, mail: _Claimed, *, error: str, now: datetime) -> None:
    with writing(bind, keeps_timeline=False) as session:
        row = session.get_one(OutboxMail, mail.mail_id)
        row.error = error
        if error:
            row.next_try_at = now + next_try(mail.tries)
        else:
            row.sent_at = now
        if not error or mail.tries >= MOST_TRIES:
            session.execute(delete(OutboxAttachment).where(OutboxAttachment.mail_id == mail.mail_id))


def _send(mail: _Claimed) -> str:
    """Send one mail; an empty text when it went out, else the kind of failure (never the mail's content)."""
    message = compose(
        mail.to, mail.subject, mail.body, mail_id=mail.mail_id, at=mail.created_at, reply_to=mail.reply_to,
        from_name=mail.from_name, calendar=mail.calendar, files=mail.files,
    )  # fmt: skip
    try:
        if settings().smtp_url:
            send_by_smtp(settings().smtp_url, message)
        else:
            write_file(settings().var / "outbox", message, mail.mail_id)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        log.warning("mail %s could not be delivered (try %s): %s", mail.mail_id, mail.tries, type(error).__name__)
        return f"{type(error).__name__}: {error}"[:500]
    return ""


def compose(
    to: str, subject: str, body: str, *, mail_id: int, at: datetime, reply_to: str = "", from_name: str = "",
    calendar: str | None = None, files: Sequence[Attachment] = (),
) -> EmailMessage:  # fmt: skip
    """The mail as it is sent; plain text, with an id that stays the same over several tries.

    A mail with `from_name` was written by a person and is not marked as automatic; the address stays the desk's own.
    An invitation is attached as text/calendar with its method, so that mail programs offer to accept it (RFC 6047).
    """
    message = EmailMessage()
    sender = settings().mail_from
    if from_name:
        sender = parseaddr(sender)[1] or sender
        message["From"] = Address(from_name, addr_spec=sender)
    else:
        message["From"] = sender
    if reply_to:
        message["Reply-To"] = reply_to
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id}.{int(at.timestamp())}@{sender.rpartition('@')[2] or 'localhost'}>"
    if not from_name:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    if calendar:
        method = next((li[7:].strip() for li in calendar.splitlines() if li.startswith("METHOD:")), "PUBLISH")
        message.add_attachment(
            calendar, subtype="calendar", filename="invitation.ics", params={"method": method}
        )  # fmt: skip
    for file in files:
        kind, _, sort = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=sort, filename=file.name)
    return message


def write_file(folder: Path, message: EmailMessage, mail_id: int) -> Path:
    """Keep a mail as a file a mail program opens; written whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{mail_id:08d}.eml"
    half = path.with_suffix(".part")
    half.write_bytes(message.as_bytes())
    half.replace(path)
    return path


def send_by_smtp(url: str, message: EmailMessage) -> None:
    """Send through smtp://user:password@host:port, smtps:// for TLS from the start, ?starttls=1 for STARTTLS."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    elif parts.scheme == "smtp":
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
    else:
        raise ValueError("SMTP_URL begins with smtp:// or smtps://")
    with server:
        if parse_qs(parts.query).get("starttls") == ["1"]:
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
