"""Mail waiting to be sent: written in the command's transaction, delivered afterwards (SMTP, or .eml files)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from db.core.base import Base
from db.core.labels import storable
from db.core.problems import Problem, Refused
from db.core.types import BigId, UtcDateTime

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ONE_ADDRESS = re.compile(r"[^\s,;<>@\x00-\x1f\x7f-\x9f]+@[^\s,;<>@\x00-\x1f\x7f-\x9f]+")
LONGEST_ADDRESS = 254
MOST_ATTACHED: Final = 5_000_000
"""Bytes of all files of one mail: in the mail they grow by a third, and many servers take no more than ten million."""


class OutboxMail(Base):
    """One mail. `sent_at` is empty until it was delivered; `error` holds the last failure's words."""

    __tablename__ = "outbox_mail"
    __table_args__ = (Index("ix_outbox_mail_waiting", "sent_at", "next_try_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    to_address: Mapped[str] = mapped_column(String(254), nullable=False)
    subject: Mapped[str] = mapped_column(String(300), nullable=False)
    body: Mapped[str] = mapped_column(Text, nullable=False)
    item_type: Mapped[str] = mapped_column(String(40), nullable=False, default="")
    item_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    tries: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, nullable=False, default="")
    # An invitation to a calendar (text/calendar), where the mail carries one.
    calendar: Mapped[str | None] = mapped_column(Text)
    # A mail a person wrote: whom an answer reaches, and in whose name it comes (the address stays the desk's own).
    reply_to: Mapped[str] = mapped_column(String(254), nullable=False, default="", server_default="")
    from_name: Mapped[str] = mapped_column(String(160), nullable=False, default="", server_default="")


class OutboxAttachment(Base):
    """A file of a mail that waits. It is taken away when the mail went out or was given up: it is a copy of figures."""

    __tablename__ = "outbox_attachment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    mail_id: Mapped[int] = mapped_column(ForeignKey("outbox_mail.id", ondelete="CASCADE"), nullable=False, index=True)
    name: Mapped[str] = mapped_column(String(160), nullable=False)
    media_type: Mapped[str] = mapped_column(String(100), nullable=False)
    content: Mapped[bytes] = mapped_column(LargeBinary, nullable=False)
    mail: Mapped[OutboxMail] = relationship()


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


def fits(files: Sequence[Attachment]) -> bool:
    """Whether these files may go with one mail."""
    return sum(len(file.content) for file in files) <= MOST_ATTACHED


def queue_mail(
    session: Session,
    *,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    item_type: str = "",
    item_id: int | None = None,
    reply_to: str = "",
    from_name: str = "",
    calendar: str | None = None,
    attachments: Sequence[Attachment] = (),
) -> OutboxMail:
    """Put one mail into the outbox, so written that no header can be injected; `calendar` is an iCalendar text.

    Line breaks and control characters of the subject and of `from_name` become spaces. An address with any of them, or
    one that names several people, is refused (`bad_address`), and so are files of more than `MOST_ATTACHED` bytes
    (`too_large`: ask `fits` first). The row has its id after the next flush.
    """
    for field, address in (("to", to.strip()), ("reply_to", reply_to.strip())):
        if (address or field == "to") and not is_address(address):
            sentence = "Mail cannot be sent: this is not one e-mail address."
            raise Refused(Problem(code="bad_address", field=field, message=sentence))
    mail = OutboxMail(
        to_address=storable(to.strip()), subject=_one_line(subject)[:300], body=storable(body), item_type=item_type,
        item_id=item_id, created_at=now, next_try_at=now, tries=0, error="", reply_to=storable(reply_to.strip()),
        from_name=_one_line(from_name)[:160], calendar=calendar,
    )  # fmt: skip
    if not fits(attachments):
        sentence = f"These files are too large for a mail: at most {MOST_ATTACHED // 1_000_000} MB go with one."
        raise Refused(Problem(code="too_large", field="attachments", message=sentence))
    session.add(mail)
    for file in attachments:
        session.add(
            OutboxAttachment(
                mail=mail, name=_one_line(file.name)[:160], media_type=file.media_type, content=file.content
            )
        )
    return mail


def is_address(text: str) -> bool:
    """Whether this is one e-mail address a mail can go to."""
    return len(text) <= LONGEST_ADDRESS and _ONE_ADDRESS.fullmatch(text) is not None


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", storable(text)).split())
