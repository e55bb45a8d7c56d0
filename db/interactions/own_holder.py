"""What contacts and messages keep of a customer: when, and the texts that go with a purge (2.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from db.core.area import PersonalData
from db.core.outbox import OutboxMail
from db.interactions.tables import Interaction, Message


def _facts(session: Session, *, customer_ids: Sequence[int]) -> Mapping[int, tuple[int, datetime | None]]:
    """A mail that waits to be sent is something open."""
    found: dict[int, tuple[int, datetime | None]] = {}
    for table in (Interaction, Message):
        rows = session.execute(
            select(table.customer_id, func.max(table.at))
            .where(table.customer_id.in_(list(customer_ids)))
            .group_by(table.customer_id)
        )
        for customer_id, last in rows:
            before = found.get(customer_id, (0, None))[1]
            found[customer_id] = (0, max((at for at in (before, last) if at is not None), default=None))
    return found


def _keeps(customer_id: Any, *, cutoff: datetime) -> ColumnElement[bool]:
    return or_(
        exists().where(Interaction.customer_id == customer_id, Interaction.at >= cutoff),
        exists().where(Message.customer_id == customer_id, Message.at >= cutoff),
    )


def _anonymise(session: Session, *, customer_ids: Sequence[int], now: datetime) -> None:
    """Notes and mails go; that there was a contact, of which kind and when, stays."""
    quiet = {"synchronize_session": False}
    ids = list(customer_ids)
    session.execute(
        update(Interaction).where(Interaction.customer_id.in_(ids)).values(note="").execution_options(**quiet)
    )  # fmt: skip
    mails = list(
        session.scalars(select(Message.mail_id).where(Message.customer_id.in_(ids), Message.mail_id.is_not(None)))
    )
    session.execute(delete(OutboxMail).where(OutboxMail.id.in_(mails)).execution_options(**quiet))
    session.execute(
        update(Message).where(Message.customer_id.in_(ids)).values(mail_id=None).execution_options(**quiet)
    )  # fmt: skip


OWN = PersonalData(name="interactions", facts=_facts, keeps=_keeps, anonymise=_anonymise)
