"""What must never reach somebody: every telling text of the rows that are not theirs, found fast in what was sent.

Texts are taken from the database as it stands, from every table whose rows belong to a dealer, so a new table brings
its own. A text that stands in a row this person may see, or that belongs to nobody, gives nothing away and is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, String, Text, select

from db import tables as _tables  # noqa: F401 - every table is known
from db.core.actor import Scope
from db.core.base import Base

SHORTEST = 8
"""Characters a canary has at least: shorter texts stand anywhere by chance."""
PLAIN_NUMBER = re.compile(r"C-\d{6}")
"""Numbers of contact reports read like those of customers, which are made from their ids and stand in no column."""
TELLING = re.compile(
    r"name|number|email|phone|street|note|comment|complaint|cause|correction|summary|reason|text|title|vin|reference|"
    r"activity|vendor|goal|subject|description|agreed|advisor|issuer|sentence|raw|value|body|closing|learned|answer"
)
"""Columns whose texts people wrote or are called by; the others hold words of a list."""
LISTED = ("reason_code", "match_key", "name_key", "place_key", "subject_key", "stored_name", "requested_raw")
CHILDREN = {
    "customer_key", "lead_contact", "lead_activity", "lead_key", "lead_vehicle", "vehicle", "vehicle_block",
    "vehicle_coverage", "campaign_vehicle", "ownership", "notification", "draft", "export_log", "import_row",
    "message_template_version", "saved_report", "incentive_match_line", "coop_draw",
}  # fmt: skip
"""Tables without a dealer whose rows belong to a record that has one: what they hold is nobody else's."""
PERSONAL = {
    "customer": ("name", "street"), "lead": ("customer_name",), "survey": ("customer_name", "email", "phone"),
    "sale_report": ("customer_name",), "customer_key": ("value", "raw"), "lead_contact": ("raw", "normal"),
}  # fmt: skip
"""Personal data of customers (domain-rules 2.11): what a role without `personal_data.view` is never sent."""


def plain(content: bytes) -> bytes:
    """As it is searched: without the strokes that keep Markdown from acting, in small letters."""
    return content.replace(b"\\", b"").lower()


class Canaries:
    """Texts by where they stand; `found_in` says which of them a content holds."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)
        self._by_start: dict[bytes, list[bytes]] = defaultdict(list)
        self._where: dict[bytes, str] = {}
        for text, where in texts.items():
            key = plain(text.encode())
            if len(key) >= SHORTEST:
                self._where[key] = where
                self._by_start[key[:SHORTEST]].append(key)

    def __len__(self) -> int:
        return len(self._where)

    @property
    def places(self) -> set[str]:
        """The columns they stand in."""
        return set(self._where.values())

    def found_in(self, content: bytes) -> list[str]:
        """ "claim.note: ..." for each that is there; one walk over the content whatever their number."""
        body, starts = plain(content), self._by_start
        found = set()
        for at in range(len(body) - SHORTEST + 1):
            for key in starts.get(body[at : at + SHORTEST], ()):
                if body.startswith(key, at):
                    found.add(f"{self._where[key]}: {key.decode(errors='replace')}")
        return sorted(found)


@dataclass(frozen=True)
class _Row:
    where: str
    dealer_id: int | None
    region: str | None
    text: str
    is_telling: bool


def _texts(connection: Connection) -> Iterator[_Row]:
    """Every text of every row with whose it is; rows of no dealer and no region are everybody's."""
    people = _people(connection)
    for table in Base.metadata.sorted_tables:
        if table.name.startswith(("timeline", "search_", "sign_in", "change_counter", "outbox")):
            continue
        columns = [c for c in table.columns if isinstance(c.type, String | Text)]
        owned = "dealer_id" in table.columns
        if not columns or (not owned and table.name not in ("dealer", "person")):
            if columns:
                yield from _everybodys(connection, table, columns)
            continue
        id_column = table.columns.get("id")
        for row in connection.execute(select(table)):
            values = row._mapping
            whose = values["dealer_id"] if owned else values["id"] if table.name == "dealer" else None
            region = values["region"] if "region" in table.columns else None
            if table.name == "person":
                if id_column is None or values["id"] not in people:
                    continue
                whose, region = people[values["id"]]
            for column in columns:
                text = values[column]
                if text:
                    telling = bool(TELLING.search(column.name)) and column.name not in LISTED
                    yield _Row(f"{table.name}.{column.name}", whose, region, text, telling)


def _everybodys(connection: Connection, table: object, columns: Sequence[object]) -> Iterator[_Row]:
    """Tables without a dealer: what is the desk's gives nothing away; children of records are left out."""
    if table.name in CHILDREN:  # type: ignore[attr-defined]
        return
    for row in connection.execute(select(*columns)):  # type: ignore[call-overload]
        for value in row:
            if value:
                yield _Row(table.name, None, None, value, False)  # type: ignore[attr-defined]


def _people(connection: Connection) -> dict[int, tuple[int, str]]:
    """The one dealer of each account that has exactly one, and its region; others are known beyond one dealer."""
    scope, dealer = Base.metadata.tables["person_scope"], Base.metadata.tables["dealer"]
    found: dict[int, set[tuple[int, str]]] = defaultdict(set)
    asked = select(scope.c.person_id, dealer.c.id, dealer.c.region).join(dealer, dealer.c.id == scope.c.dealer_id)
    for person, dealer_id, region in connection.execute(asked):
        found[person].add((dealer_id, region))
    return {person: next(iter(dealers)) for person, dealers in found.items() if len(dealers) == 1}


def foreign(engine: Engine, scope: Scope, *, words: Iterable[str] = ()) -> Canaries:
    """What stands only in rows outside of this scope, and the `words` every foreign record was marked with."""
    seen: list[str] = []
    theirs: dict[str, str] = {}
    with engine.connect() as connection:
        for row in _texts(connection):
            is_everybodys = row.dealer_id is None and row.region is None
            if is_everybodys or scope.allows(dealer_id=row.dealer_id, region=row.region):
                seen.append(row.text.lower())
            elif row.is_telling and len(row.text) >= SHORTEST and not PLAIN_NUMBER.fullmatch(row.text):
                theirs.setdefault(row.text, row.where)
    known = "\n".join(seen)
    theirs |= dict.fromkeys(words, "any record")
    return Canaries({text: where for text, where in theirs.items() if text.lower() not in known})


def personal(engine: Engine) -> Canaries:
    """Names, addresses and numbers of customers, of whatever dealer; those a desk contact also has are left out."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for name, columns in PERSONAL.items():
            table = Base.metadata.tables[name]
            for row in connection.execute(select(*(table.c[c] for c in columns))):
                for column, value in zip(columns, row, strict=True):
                    if value and len(value) >= SHORTEST:
                        found.setdefault(value, f"{name}.{column}")
        open_ones = "\n".join(_business(connection)).lower()
    return Canaries({text: where for text, where in found.items() if text.lower() not in open_ones})


def _business(connection: Connection) -> Iterable[str]:
    """What names a dealership or its people: shown to whoever may see the dealer."""
    for name in ("dealer", "dealer_contact", "person"):
        table = Base.metadata.tables[name]
        columns = [c for c in table.columns if isinstance(c.type, String | Text)]
        for row in connection.execute(select(*columns)):
            yield from (value for value in row if value)
