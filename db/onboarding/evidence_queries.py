"""Which documents of a dealer can prove an item, and whether one is this dealer's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.documents.queries import get_document_fact, list_dealer_documents


def documents_of(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> list[tuple[int, str]]:
    """(id, label) of the current documents of a dealer; none for who may not see documents, or not this dealer."""
    if not actor.can(Permission.DOCUMENTS_VIEW):
        return []
    rows = list_dealer_documents(session, dealer_id=dealer_id, scope=actor.scope, now=now)
    return [(row.id, f"{row.type_label}: {row.title} ({row.label})") for row in rows]


def is_of_dealer(session: Session, *, document_id: int, dealer_id: int, actor: Actor, now: datetime) -> bool:
    """Whether a current document the actor may see belongs to the dealer."""
    try:
        fact = get_document_fact(session, document_id=document_id, scope=actor.scope, now=now)
    except NotFound:
        return False
    return bool(fact.dealer_id == dealer_id and fact.status == "current")
