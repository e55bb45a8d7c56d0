"""Mail waiting to be sent: written in the command's transaction, delivered afterwards (SMTP, or .eml files)."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from db.core.base import Base
from db.core.labels import storable
from db.core.problems import Problem, Refused
from db.core.types import BigId, UtcDateTime

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ONE_ADDRESS = re.compile(r"[^\s,;<>@\x00-\x1f\x7f-\x9f]+@[^\s,;<>@\x00-\x1f\x7f-\x9f]+")
LONGEST_ADDRESS = 254


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


def queue_mail(
    session: Session,
    *,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    item_type: str = "",
    item_id: int | None = None,
    calendar: str | None = None,
) -> None:
    """Put one mail into the outbox, so written that no header can be injected; `calendar` is an iCalendar text.

    Line breaks and control characters of the subject become spaces. An address with any of them, or one that names
    several people, is refused (`bad_address`).
    """
    address = to.strip()
    if len(address) > LONGEST_ADDRESS or not _ONE_ADDRESS.fullmatch(address):
        sentence = "Mail cannot be sent: this is not one e-mail address."
        raise Refused(Problem(code="bad_address", field="to", message=sentence))
    line = " ".join(_CONTROL.sub(" ", storable(subject)).split())
    session.add(
        OutboxMail(
            to_address=storable(address), subject=line[:300], body=storable(body), item_type=item_type,
            item_id=item_id, created_at=now, next_try_at=now, tries=0, error="", calendar=calendar,
        )
    )  # fmt: skip
