"""The seam to the documents area: which documents of a dealer can prove an item, and whether one is this dealer's.

`db.documents.queries` is asked for two functions, `evidence_choices(session, *, dealer_id, actor)` -> [(id, label)]
and `belongs_to(session, *, document_id, dealer_id)` -> bool; until they are there, no document can be chosen and the
items are proven by where the paper is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission


def _offered(name: str) -> Callable[..., Any] | None:
    try:
        found = getattr(import_module("db.documents.queries"), name, None)
    except ImportError:
        return None
    return found if callable(found) else None


def documents_of(session: Session, *, dealer_id: int, actor: Actor) -> list[tuple[int, str]]:
    """(id, label) of the documents of a dealer this actor may choose from; none for who may not see documents."""
    ask = _offered("evidence_choices")
    if ask is None or not actor.can(Permission.DOCUMENTS_VIEW):
        return []
    return list(ask(session, dealer_id=dealer_id, actor=actor))


def is_of_dealer(session: Session, *, document_id: int, dealer_id: int) -> bool:
    """Whether a document exists and belongs to the dealer; False while there are no documents."""
    ask = _offered("belongs_to")
    return ask is not None and bool(ask(session, document_id=document_id, dealer_id=dealer_id))
