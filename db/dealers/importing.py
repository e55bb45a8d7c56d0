"""Dealers from any directory (CSV, XLSX): created by code, updated where they differ, and taken back by undo (U14)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers import groups, record, rules, territory
from db.dealers.record import DealerFacts
from db.dealers.tables import Dealer
from db.dealers.whereabouts import position_warning
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField

_CHUNK = 500
FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="code", label="Code", required=True, help="The dealer's code as text; leading zeros count.",
        synonyms=("dealer code", "dealer id", "dealer no", "dealer number", "account number"),
    ),
    TargetField(
        name="name", label="Trade name", required=True, help="The name over the door.",
        synonyms=("dealer name", "dealer", "dealership", "company", "dba"),
    ),
    TargetField(
        name="legal_name", label="Legal name", help="The name in the contract.",
        synonyms=("legal entity", "entity name", "registered name", "company name"),
    ),
    TargetField(
        name="group", label="Group", help="The owner of several dealers; one that is not there yet is made.",
        synonyms=("dealer group", "owner group", "ownership", "parent", "parent company", "holding"),
    ),
    TargetField(
        name="state", label="State", required=True, help="Code or name of a US state or Canadian province.",
        synonyms=("province", "state province", "state code", "st"),
    ),
    TargetField(
        name="region", label="Region", help='A bare number becomes "Region 15".',
        synonyms=("region id", "region code", "district", "area", "sales region"),
    ),
    TargetField(name="url", label="Website", synonyms=("web", "web site", "homepage", "web address")),
    TargetField(name="email", label="E-mail", synonyms=("mail", "email address")),
    TargetField(name="phone", label="Phone", synonyms=("telephone", "phone number", "tel", "main phone")),
    TargetField(name="street", label="Street", synonyms=("address", "street address", "address line 1", "address 1")),
    TargetField(name="city", label="City", synonyms=("town",)),
    TargetField(name="postal_code", label="Postal code", synonyms=("zip", "zip code", "postcode")),
    TargetField(name="latitude", label="Latitude", kind="decimal", synonyms=("lat",)),
    TargetField(name="longitude", label="Longitude", kind="decimal", synonyms=("long", "lng", "lon")),
    TargetField(
        name="zone", label="Time zone", help="Such as America/Chicago; without it, the time of the place.",
        synonyms=("timezone", "tz"),
    ),
    TargetField(
        name="status", label="Status", kind="choice", choices=tuple(rules.STATUSES),
        help="Without it, a new dealer is active.",
    ),
    TargetField(name="lead_weight", label="Share of leads", kind="integer", synonyms=("weight", "share")),
    TargetField(
        name="lead_cap", label="Cap of open leads", kind="integer", synonyms=("cap", "capacity", "most open leads"),
    ),
    TargetField(name="daily_quota", label="Daily quota", kind="integer", synonyms=("quota", "most leads a day")),
    TargetField(name="takes_leads", label="Takes leads", kind="bool"),
    TargetField(
        name="brands", label="Makes", help="Several are divided by comma or semicolon.",
        synonyms=("brands", "brand", "make", "franchise", "franchises"),
    ),
    TargetField(
        name="territories", label="Territory", help="Postal prefixes, divided by comma or semicolon.",
        synonyms=("territory", "postal prefixes", "zip prefixes"),
    ),
)  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Create dealers whose code is new, update those that differ, and say of every row what became of it.

    A column that is not mapped and a blank cell leave the dealer's own value alone. A row whose position plainly lies
    outside of its state is imported as it is, with the warning `state_position`.
    """
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    work = _Work(session, actor=actor, now=now, batch_id=batch_id)
    work.load(row.values["code"] for row in tables.rows)
    work.load_groups(row.values.get("group") or "" for row in tables.rows)
    outcomes = [work.take(row) for row in tables.rows]
    work.finish()
    if work.did_change:
        changes.touch(session, "dealers", *(record.MOVE_ALONG if work.did_move else ()))
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


class _Work:
    """The dealers that are there, those that come, and which row each code was last seen in."""

    def __init__(self, session: Session, *, actor: Actor, now: datetime, batch_id: int) -> None:
        self.session = session
        self.actor = actor
        self.now = now
        self.batch_id = batch_id
        self.dealers: dict[str, Dealer] = {}
        self.facts: dict[str, DealerFacts] = {}
        self.seen: dict[str, tuple[MappedRow, DealerFacts]] = {}
        self.new: list[tuple[DealerFacts, RowOutcome]] = []
        self.known_groups: set[str] = set()
        self.groups: dict[str, str] = {}  # by name key, as the name is or will be stored
        self.areas = territory.Claims(session, now=now, scope=actor.scope)
        self.did_change = False
        self.did_move = False

    def load(self, codes: Iterable[Any]) -> None:
        """Read the dealers of these codes, and hold them until the import ends."""
        wanted = sorted({str(code) for code in codes})
        for start in range(0, len(wanted), _CHUNK):
            found = self.session.scalars(
                select(Dealer).where(Dealer.code.in_(wanted[start : start + _CHUNK])).order_by(Dealer.id)
                .with_for_update()
            )  # fmt: skip
            self.dealers.update((dealer.code, dealer) for dealer in found)
        by_id = record.facts_of(self.session, self.dealers.values())
        self.facts = {code: by_id[dealer.id] for code, dealer in self.dealers.items()}

    def load_groups(self, names: Iterable[str]) -> None:
        """Read the groups of these names; those that are missing are made with the first dealer that needs them."""
        known = groups.by_key(self.session, names)
        self.groups = {key: group.name for key, group in known.items()}
        self.known_groups = set(self.groups)

    def take(self, row: MappedRow) -> RowOutcome:
        """Apply one row."""
        problems = Problems()
        given = _given(row.values)
        code = rules.check_code(str(given["code"]), problems)
        known = self.facts.get(code)
        base = known or DealerFacts(code=code, name="", state="", status="active")
        if code in self.seen:
            base = self.seen[code][1]  # a repeated row that only says less is no contradiction
        # Half a position would be joined with the other half of another place.
        rules.check_position(given.get("latitude"), given.get("longitude"), problems)
        facts = record.checked(record.changed_with(base, {**given, "code": code}), problems)
        key = rules.name_key(facts.group)
        facts = dataclasses.replace(facts, group=self.groups.get(key, facts.group))
        self._check_scope(known, facts, problems)
        if known is not None:
            rules.check_status_step(known.status, facts.status, problems)
        if not problems.found:
            added = sorted(set(facts.territories) - set(known.territories if known else ()))
            problems.found += self.areas.problems(code=facts.code, name=facts.name, zone=facts.zone, prefixes=added)
        if problems.found:
            return reading.refuse_row(row, *dict.fromkeys(problems.found))
        if code in self.seen:
            return self._repeated(row, facts)
        self.seen[code] = (row, facts)
        outcome = RowOutcome(file=row.file, row=row.row, outcome="duplicate", code="unchanged", item_type="dealer")
        outcome.message = "This dealer is already there with the same facts."
        if known is None:
            outcome.outcome, outcome.undo = "created", {"code": code}
            self._need_group(facts.group)
            self.new.append((facts, outcome))
        else:
            dealer = self.dealers[code]
            outcome.item_id = outcome.dealer_id = dealer.id
            before, after = record.differences(known, facts)
            if not after:
                return outcome
            outcome.outcome, outcome.undo = "updated", {"before": before, "after": after}
            self._need_group(facts.group)
            record.write(self.session, dealer, known, facts, now=self.now, scope=self.actor.scope)
            self.did_change, self.did_move = True, self.did_move or "region" in after
        warning = position_warning(facts.state, facts.latitude, facts.longitude)
        labels = ", ".join(record.LABELS[name].lower() for name in (outcome.undo or {}).get("after", ()))
        outcome.code = "state_position" if warning else ""
        outcome.message = warning or (f"Changed: {labels}." if labels else "")
        return outcome

    def _need_group(self, name: str) -> None:
        key = rules.name_key(name)
        if name and key not in self.known_groups:
            groups.make(self.session, name, by=self.actor.name, now=self.now, batch_id=self.batch_id)
            self.known_groups.add(key)
            self.groups[key] = name
            reading.tell(self.session, f'The group "{name}" was made.')

    def finish(self) -> None:
        """Store the new dealers, all at once."""
        stored = record.create(
            self.session, [facts for facts, _ in self.new], now=self.now, batch_id=self.batch_id,
            scope=self.actor.scope,
        )  # fmt: skip
        for dealer, (_, outcome) in zip(stored, self.new, strict=True):
            outcome.item_id = outcome.dealer_id = dealer.id
        self.did_change = self.did_change or bool(stored)

    def _check_scope(self, known: DealerFacts | None, facts: DealerFacts, problems: Problems) -> None:
        if known is not None:
            dealer = self.dealers[known.code]
            if not self.actor.scope.allows(dealer_id=dealer.id, region=known.region):
                problems.add("code", "not_allowed", f"Dealer {known.code} is outside of what you look after.")
        if (known is None or known.region != facts.region) and not self.actor.scope.allows(
            dealer_id=None, region=facts.region
        ):
            problems.add("region", "not_allowed", f"{facts.region} is outside of what you look after.")

    def _repeated(self, row: MappedRow, facts: DealerFacts) -> RowOutcome:
        first, same = self.seen[facts.code]
        where = f"row {first.row:,} of {first.file}"
        if facts == same:
            return RowOutcome(
                file=row.file, row=row.row, outcome="duplicate", code="repeated", item_type="dealer",
                message=f"The same dealer stands in {where}.",
            )  # fmt: skip
        sentence = f"The code {facts.code} stands in {where} with other facts; which is right cannot be told."
        return reading.refuse_row(row, Problem(code="code_twice", message=sentence, field="code"))


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts a row gives: blanks say nothing, lists are split, positions become floats of six decimals."""
    given = {name: value for name, value in values.items() if value is not None}
    for name in ("latitude", "longitude"):
        if isinstance(given.get(name), Decimal):
            given[name] = round(float(given[name]), 6)
    for name in ("brands", "territories"):
        if name in given:
            given[name] = rules.split_list(given[name])
    return given


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Give updated dealers their former facts back and remove those that were created, with groups left empty.

    Refused with one problem a dealer (`in_use`) when records of other areas refer to one that would go.
    """
    created = [row.item_id for row in rows if row.outcome == "created" and row.item_id is not None]
    dealers = {
        dealer.id: dealer
        for start in range(0, len(rows), _CHUNK)
        for dealer in session.scalars(
            select(Dealer).where(Dealer.id.in_([row.item_id for row in rows[start : start + _CHUNK]]))
        )
    }
    used = record.references(session, created)
    if used:
        problems = [
            Problem(code="in_use", message=f"Dealer {dealers[number].code} {dealers[number].name} is used: {names}.")
            for number, tables in sorted(used.items())
            for names in [", ".join(table.replace("_", " ") for table in sorted(set(tables)))]
        ]
        raise Refused(*problems[:20])
    facts = record.facts_of(session, dealers.values())
    _check_groups(session, rows)
    record.remove(session, created)  # first: a dealer that was changed may want an area back from one that goes
    moved = False
    for row in rows:
        assert row.item_id is not None
        dealer = dealers[row.item_id]
        if row.outcome == "updated" and row.undo:
            former: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in row.undo["before"].items()}
            before: DealerFacts = dataclasses.replace(facts[dealer.id], **former)
            record.write(session, dealer, facts[dealer.id], before, now=now, scope=actor.scope)
            moved = moved or "region" in former
    groups.drop_empty(session, batch_id=batch_id)
    changes.touch(session, "dealers", *(record.MOVE_ALONG if moved else ()))
    return len(rows)


def _check_groups(session: Session, rows: Sequence[RowOutcome]) -> None:
    """Refuse (`group_gone`) when a dealer would go back into a group that has another name by now."""
    names = {row.undo["before"].get("group") or "" for row in rows if row.outcome == "updated" and row.undo}
    known = groups.by_key(session, names)
    gone = sorted(name for name in names if name and rules.name_key(name) not in known)
    if gone:
        raise Refused(*(Problem(code="group_gone", message=f'There is no group "{name}" any more.') for name in gone))


KIND = ImportKind(
    name="dealers",
    title="Dealers",
    permission=Permission.DEALERS_IMPORT,
    extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    apply=apply,
    undo=undo,
    fields=FIELDS,
    help="One row a dealer, recognised by its code. Blank cells and columns left out keep what is there.",
)
