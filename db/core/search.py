"""The search index behind the search box: words by prefix, the same on both databases (performance.md 1e)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BigInteger, Index, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from db.core.actor import Scope
from db.core.base import Base
from db.core.types import BigId

Kind = Literal["dealer", "lead", "customer", "person"]
LONGEST_WORD = 40


class SearchWord(Base):
    """One word of one record. `dealer_id` and `region` repeat the record's, so that scope needs no join."""

    __tablename__ = "search_word"
    __table_args__ = (
        Index("ix_search_word_word", "word", "kind", "item_id"),
        Index("ix_search_word_item", "kind", "item_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    word: Mapped[str] = mapped_column(String(LONGEST_WORD), nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    item_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(BigInteger)
    region: Mapped[str | None] = mapped_column(String(40))


@dataclass(frozen=True)
class Hit:
    """A record found: its kind, its id and how many of the typed words matched."""

    kind: str
    item_id: int


def words_of(*texts: str | None) -> list[str]:
    """The distinct index words of some texts: lower-case, accents removed, split at anything that is no letter or digit.

    A hyphenated number such as L-000123 is kept both whole (l000123) and in parts.
    """
    found: dict[str, None] = {}
    for text in texts:
        folded = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode() or (text or "")
        folded = folded.lower()
        for chunk in folded.split():
            joined = re.sub(r"[^\w]", "", chunk)
            for word in (joined, *re.split(r"[^\w]+", chunk)):
                if word:
                    found.setdefault(word[:LONGEST_WORD])
    return list(found)


def index(
    session: Session, *, kind: Kind, item_id: int, texts: Iterable[str | None], dealer_id: int | None,
    region: str | None, is_new: bool = False,
) -> None:  # fmt: skip
    """Replace the words of one record; `is_new` spares the delete when the record cannot have words yet."""
    if not is_new:
        session.execute(delete(SearchWord).where(SearchWord.kind == kind, SearchWord.item_id == item_id))
    rows = [
        {
            "word": w,
            "kind": kind,
            "item_id": item_id,
            "dealer_id": dealer_id,
            "region": region,
        }
        for w in words_of(*texts)
    ]
    if rows:
        session.execute(insert(SearchWord), rows)


def find(session: Session, text: str, *, kinds: Iterable[Kind], scope: Scope, limit: int = 20) -> list[Hit]:
    """Records of `kinds` in which every typed word starts some word, newest first; at most `limit` of them."""
    typed = words_of(text)[:6]
    if not typed:
        return []
    hits = None
    for word in typed:
        query = (
            select(SearchWord.kind, SearchWord.item_id)
            # A range instead of LIKE: it uses the index on both databases whatever the collation.
            .where(SearchWord.word >= word, SearchWord.word < word + "\U0010ffff")
            .where(
                SearchWord.kind.in_(sorted(kinds)),
                scope.where(SearchWord.dealer_id, SearchWord.region),
            )
        )
        hits = query if hits is None else hits.intersect(query)
    assert hits is not None
    rows = hits.subquery()
    newest = select(rows.c.kind, rows.c.item_id).distinct().order_by(rows.c.kind, rows.c.item_id.desc()).limit(limit)
    return [Hit(kind, item_id) for kind, item_id in session.execute(newest)]


def count_words(session: Session) -> int:
    """How many words the index holds (for `python -m db check`)."""
    return session.scalar(select(func.count()).select_from(SearchWord)) or 0
