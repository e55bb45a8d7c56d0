"""The seam to the documents area: which documents of a dealer can prove an item, and whether one is this dealer's.

It asks `db.documents.queries` for `list_dealer_documents` and `get_document_fact`, by name: a desk without them still
works, and its items are proven by where the paper is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound


def _offered(name: str) -> Callable[..., Any] | None:
    try:
        found = getattr(import_module("db.documents.queries"), name, None)
    except ImportError:
        return None
    return found if callable(found) else None


def documents_of(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> list[tuple[int, str]]:
    """(id, label) of the current documents of a dealer; none for who may not see documents, or not this dealer."""
    ask = _offered("list_dealer_documents")
    if ask is None or not actor.can(Permission.DOCUMENTS_VIEW):
        return []
    rows = ask(session, dealer_id=dealer_id, scope=actor.scope, now=now)
    return [(row.id, f"{row.type_label}: {row.title} ({row.label})") for row in rows]


def is_of_dealer(session: Session, *, document_id: int, dealer_id: int, actor: Actor, now: datetime) -> bool:
    """Whether a current document the actor may see belongs to the dealer; False while there are no documents."""
    ask = _offered("get_document_fact")
    if ask is None:
        return False
    try:
        fact = ask(session, document_id=document_id, scope=actor.scope, now=now)
    except NotFound:
        return False
    return bool(fact.dealer_id == dealer_id and fact.status == "current")
