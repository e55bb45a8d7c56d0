"""The search index behind the search box: words by prefix, the same on both databases (performance.md 1e)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    String,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from db.core.actor import Scope
from db.core.base import Base
from db.core.insert import insert_rows
from db.core.types import BigId

Kind = str  # "dealer", "lead" ...: each area names its own in its SearchSource
LONGEST_WORD = 40
MOST_WORDS = 6
LAST_CHARACTER = "\U0010ffff"
# Prefixes are ranges of the byte order, which SQLite always has and PostgreSQL only in the collation "C".
_Word = String(LONGEST_WORD).with_variant(String(LONGEST_WORD, collation="C"), "postgresql")


class SearchWord(Base):
    """One word of one record. `dealer_id` and `region` repeat the record's, so that scope needs no join."""

    __tablename__ = "search_word"
    __table_args__ = (
        Index("ix_search_word_word", "word", "kind", "item_id"),
        Index("ix_search_word_item", "kind", "item_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    word: Mapped[str] = mapped_column(_Word, nullable=False)
    kind: Mapped[str] = mapped_column(String(20), nullable=False)
    item_id: Mapped[int] = mapped_column(BigInteger, nullable=False)
    dealer_id: Mapped[int | None] = mapped_column(BigInteger)
    region: Mapped[str | None] = mapped_column(String(40))


@dataclass(frozen=True)
class Hit:
    """A record found: its kind and its id."""

    kind: str
    item_id: int


# Letters that Unicode does not take apart into a base letter and an accent, as people type them.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)


_LONGEST_KEPT = 100
_BETWEEN = re.compile(r"[\W_]+")


def _folded(text: str) -> str:
    # Twice: what a ligature or a letter like the double-struck gamma stands for has a small letter of its own.
    folded = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_PLAIN_LETTERS)


def _chunks(text: str) -> list[tuple[str, ...]]:
    """Each typed chunk as its words: first the whole without punctuation, then its parts when it has several."""
    folded = text.lower() if text.isascii() else _folded(text)
    found = []
    for chunk in folded.split():
        parts = [chunk] if chunk.isalnum() and chunk.isascii() else [part for part in _BETWEEN.split(chunk) if part]
        if parts:
            whole = "".join(parts)
            found.append(tuple(word[:LONGEST_WORD] for word in ([whole, *parts] if len(parts) > 1 else [whole])))
    return found


def _words(text: str) -> tuple[str, ...]:
    return _short_words(text) if len(text) <= _LONGEST_KEPT else tuple(chain.from_iterable(_chunks(text)))


@lru_cache(maxsize=4_096)
def _short_words(text: str) -> tuple[str, ...]:
    # A customer is found by what finds the lead; makes, models and names come again and again.
    return tuple(chain.from_iterable(_chunks(text)))


def words_of(*texts: str | None) -> list[str]:
    """The distinct index words of some texts: case and accents removed, split at what is no letter or digit.

    A hyphenated number such as L-000123 is kept both whole (l000123) and in parts.
    """
    return list(dict.fromkeys(chain.from_iterable(_words(text) for text in texts if text)))


Word = tuple[str, str, int, int | None, str | None]
"""A row of the index: word, kind, item, dealer and region."""


def write_words(session: Session, words: list[Word]) -> None:
    """Add many words of many records at once.

    They go in by the alphabet: in an index of millions each place is then found, and its page written, once.
    """
    insert_rows(session, SearchWord, ("word", "kind", "item_id", "dealer_id", "region"), sorted(words, key=_PLACE))


_PLACE = itemgetter(0, 1, 2)


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


def _starts(column: Any, word: str) -> ColumnElement[bool]:
    """The column starts with `word`. A range instead of LIKE, which would not use the index on PostgreSQL."""
    return and_(column >= word, column < word + LAST_CHARACTER)


def _also_has(word: str) -> ColumnElement[bool]:
    """The record of the outer row has another word that starts with `word`."""
    other = aliased(SearchWord)
    return exists().where(other.kind == SearchWord.kind, other.item_id == SearchWord.item_id, _starts(other.word, word))


def find(
    session: Session, text: str, *, kinds: Iterable[Kind], scope: Scope, limit: int = 20, shared: bool = False
) -> list[Hit]:
    """Records of `kinds` in which every typed word starts some word, newest first; at most `limit` of each kind.

    `shared` also finds what belongs to no dealer and no region, whatever the scope; what has either stays in scope.
    A typed chunk with punctuation matches as a whole or in parts: O'Brien finds OBrien, and Jean-Luc finds Jean Luc.
    """
    # The longest chunk is looked up in the index, the others are asked of its hits only: "john s" reads the few johns.
    typed = sorted(_chunks(text)[:MOST_WORDS], key=lambda chunk: -len(chunk[0]))
    if not typed:
        return []
    conditions = []
    for position, (whole, *parts) in enumerate(typed):
        has = (lambda word: _starts(SearchWord.word, word)) if position == 0 else _also_has
        alternatives = [has(whole)]
        if parts:
            longest = max(parts, key=len)
            alternatives.append(and_(has(longest), *(_also_has(part) for part in parts if part != longest)))
        conditions.append(or_(*alternatives))
    visible = scope.where(SearchWord.dealer_id, SearchWord.region)
    if shared:
        visible = or_(visible, and_(SearchWord.dealer_id.is_(None), SearchWord.region.is_(None)))
    hits: list[Hit] = []
    for kind in sorted(set(kinds)):
        query = (
            select(SearchWord.item_id)
            # An expression, so that SQLite, which keeps no statistics unless told to, walks the words and not every
            # record of the kind: at a million leads 0.5 ms instead of 3 s for a word nobody has.
            .where(SearchWord.kind.concat("") == kind, visible, *conditions)
            .distinct()
            .order_by(SearchWord.item_id.desc())
            .limit(limit)
        )
        hits += [Hit(kind, item_id) for item_id in session.scalars(query)]
    return hits


def count_words(session: Session) -> int:
    """How many words the index holds (for `python -m db check`)."""
    return session.scalar(select(func.count()).select_from(SearchWord)) or 0
