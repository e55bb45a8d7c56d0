"""Finding the customer a person already is at a dealer, or making one; part of the command that needs it (2.2 D)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import EVERYTHING
from db.core.insert import add_new, insert_many
from db.core.numbering import next_ids
from db.core.search import Word, words_of, write_words
from db.customers.duplicate_rules import match_key
from db.customers.queries import customers_with, split_key
from db.customers.tables import Consent, Customer, CustomerKey

_COLUMNS = ("is_business", "name", "first_name", "last_name", "street", "city", "state", "postal_code", "country")


class CustomerBook:
    """Customers by their keys within one command: asked once for all, new ones written together by `flush`.

    A person is one customer a dealer: the same person at another dealer is another record, never merged.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, list[tuple[int, int | None]]] = {}
        self._asked: set[str] = set()
        self._ids: deque[int] = deque()
        self._last = 0
        self._customers: list[dict[str, Any]] = []
        self._keys: list[dict[str, Any]] = []
        self._consents: list[dict[str, Any]] = []
        self._words: list[Word] = []

    def prefetch(self, keys: Iterable[str], *, expected: int = 1) -> None:
        """Read who has any of `keys`, and put by ids for as many new customers as are expected."""
        new = set(keys) - self._asked
        self._asked |= new
        for key, found in customers_with(self._session, new, scope=EVERYTHING).items():
            self._known[key] = [*found, *self._known.get(key, [])]
        if len(self._ids) < expected:
            self._reserve(expected - len(self._ids))

    def _reserve(self, count: int) -> None:
        self._ids += next_ids(self._session, Customer, item_type="customer", count=count, after=self._last)
        self._last = self._ids[-1]

    def holders(self, keys: Iterable[str]) -> set[int]:
        """Every customer, of whatever dealer, that has one of the keys."""
        listed = list(keys)
        self.prefetch(listed, expected=0)
        return {customer_id for key in listed for customer_id, _ in self._known.get(key, ())}

    def find(self, keys: Iterable[str], *, dealer_id: int | None) -> int | None:
        """The newest customer of this dealer (or of none) that has one of the keys."""
        matches = [i for key in keys for i, dealer in self._known.get(key, ()) if dealer == dealer_id]
        return max(matches, default=None)

    def find_or_create(
        self, keys: Iterable[str], *, dealer_id: int | None, region: str | None, values: Mapping[str, Any],
        batch_id: int | None, now: datetime,
    ) -> tuple[int, bool]:  # fmt: skip
        """(customer id, whether it is new); keys the customer did not have yet are added."""
        keys = set(keys)
        self.prefetch(keys)
        found = self.find(keys, dealer_id=dealer_id)
        if found is not None:
            self.add_keys(found, keys, dealer_id=dealer_id, region=region)
            return found, False
        if not self._ids:
            self._reserve(1)
        customer_id = self._ids.popleft()
        row = {column: values.get(column, False if column == "is_business" else "") for column in _COLUMNS}
        self._customers.append(
            {
                **row,
                "id": customer_id,
                "dealer_id": dealer_id,
                "region": region,
                "created_at": now,
                "batch_id": batch_id,
                "match_key": match_key(row["name"], row["postal_code"]),
            }
        )
        self._word(customer_id, [row["name"]], dealer_id=dealer_id, region=region)
        for key in sorted(keys):
            self._add(customer_id, key, dealer_id=dealer_id, region=region)
        return customer_id, True

    def add_keys(
        self, customer_id: int, keys: Iterable[str], *, dealer_id: int | None, region: str | None
    ) -> list[str]:
        """Note new ways to recognise a customer; gives the keys that were new."""
        self.prefetch(keys, expected=0)
        new = [key for key in sorted(set(keys)) if (customer_id, dealer_id) not in self._known.get(key, ())]
        for key in new:
            self._add(customer_id, key, dealer_id=dealer_id, region=region)
        return new

    def add_consent(
        self, customer_id: int, *, channel: str, is_given: bool, wording: str, source: str, at: datetime
    ) -> None:
        """Keep a permission or its withdrawal with the words it stands on (2.2 E)."""
        self._consents.append(
            {
                "customer_id": customer_id, "channel": channel[:10], "is_given": is_given, "wording": wording,
                "source": source[:120], "at": at,
            }
        )  # fmt: skip

    def _add(self, customer_id: int, key: str, *, dealer_id: int | None, region: str | None) -> None:
        kind, value = split_key(key)
        self._asked.add(key)
        self._known.setdefault(key, []).append((customer_id, dealer_id))
        self._keys.append({"customer_id": customer_id, "kind": kind, "value": value})
        if kind != "name_postal":
            self._word(customer_id, [value], dealer_id=dealer_id, region=region)

    def _word(self, customer_id: int, texts: list[str], *, dealer_id: int | None, region: str | None) -> None:
        self._words += [(word, "customer", customer_id, dealer_id, region) for word in words_of(*texts)]

    def take_words(self) -> list[Word]:
        """The words of the search box that wait, for who writes them together with others."""
        words, self._words = self._words, []
        return words

    def flush(self) -> None:
        """Write what is new."""
        written = bool(self._customers or self._keys or self._consents)
        insert_many(self._session, Customer, self._customers)
        new = {row["id"] for row in self._customers}
        insert_many(self._session, CustomerKey, [row for row in self._keys if row["customer_id"] in new])
        add_new(self._session, CustomerKey, [row for row in self._keys if row["customer_id"] not in new], key="value")
        insert_many(self._session, Consent, self._consents)
        write_words(self._session, self.take_words())
        for rows in (self._customers, self._keys, self._consents):
            rows.clear()
        if written:
            changes.touch(self._session, "customers")
