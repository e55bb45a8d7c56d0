"""The people of dealers from a file (CSV, XLSX): found by dealer code and e-mail or name, taken back by undo (U14)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.dealers import people, people_rules
from db.dealers.people import ContactFacts
from db.dealers.tables import Dealer, DealerContact
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField

_CHUNK = 500
FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="dealer", label="Dealer", required=True, help="The dealer's code; leading zeros count.",
        synonyms=("dealer code", "code", "dealer id", "dealer no", "dealer number"),
    ),
    TargetField(
        name="name", label="Name", required=True, help="First and last name.",
        synonyms=("contact", "contact name", "full name", "person"),
    ),
    TargetField(
        name="role", label="Role", help="Such as General manager; without it, a new person has the role Other.",
        synonyms=("title", "job title", "position", "function"),
    ),
    TargetField(name="email", label="E-mail", synonyms=("mail", "email address", "contact email")),
    TargetField(name="phone", label="Phone", synonyms=("telephone", "phone number", "tel", "mobile", "cell")),
    TargetField(name="is_primary", label="Primary contact", kind="bool", synonyms=("primary", "main contact")),
    TargetField(name="left_on", label="Left on", kind="date", synonyms=("left", "leaving date", "end date")),
    TargetField(name="note", label="Note", synonyms=("notes", "comment", "comments", "remark")),
)  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Enter people who are new at their dealer, update those who differ, and say of every row what became of it.

    Somebody is recognised by the e-mail address, else by the name. Blank cells leave what is there. A second primary
    contact of a dealer is refused (`primary_taken`), unless the file takes the mark from the first.
    """
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    work = _Work(session, actor=actor, now=now, batch_id=batch_id)
    work.load(str(row.values["dealer"]).strip() for row in tables.rows)
    # Who loses the primary mark or leaves comes first, so that one file can hand it on whatever the order of its rows.
    first = [row for row in tables.rows if row.values.get("is_primary") is False or row.values.get("left_on")]
    later = [row for row in tables.rows if row not in first]
    outcomes = {id(row): work.take(row) for row in (*first, *later)}
    work.finish()
    if work.did_change:
        changes.touch(session, "dealers")
    order = {file.name: number for number, file in enumerate(files)}
    told = [*(outcomes[id(row)] for row in tables.rows), *tables.rejected]
    return sorted(told, key=lambda o: (order.get(o.file, len(order)), o.row))


class _Work:
    """The people who are there, those who come, and which row each was last seen in."""

    def __init__(self, session: Session, *, actor: Actor, now: datetime, batch_id: int) -> None:
        self.session, self.actor, self.now, self.batch_id = session, actor, now, batch_id
        self.dealers: dict[str, Dealer] = {}
        self.there: dict[tuple[int, str], DealerContact] = {}
        self.primary: dict[int, str] = {}
        self.seen: dict[tuple[int, str], tuple[MappedRow, str]] = {}
        self.new: list[tuple[Dealer, ContactFacts, RowOutcome]] = []
        self.did_change = False

    def load(self, codes: Iterable[str]) -> None:
        """Read the dealers of these codes as far as the actor sees them, hold them, and read their people."""
        wanted = sorted(set(codes))
        seen = self.actor.scope.where(Dealer.id, Dealer.region)
        for start in range(0, len(wanted), _CHUNK):
            some = wanted[start : start + _CHUNK]
            dealers = self.session.scalars(
                select(Dealer).where(Dealer.code.in_(some), seen).order_by(Dealer.id).with_for_update()
            ).all()
            self.dealers.update((dealer.code, dealer) for dealer in dealers)
            ids = [dealer.id for dealer in dealers]
            people_there = self.session.scalars(
                select(DealerContact)
                .where(DealerContact.dealer_id.in_(ids))
                .order_by(DealerContact.left_on.is_(None), DealerContact.id.desc())
            )
            for contact in people_there:  # who is still there, and came first, is written last and so found
                self._remember(contact)

    def _remember(self, contact: DealerContact) -> None:
        for key in _keys(contact.email, contact.name):
            self.there[contact.dealer_id, key] = contact
        if contact.is_primary:
            self.primary[contact.dealer_id] = contact.name

    def take(self, row: MappedRow) -> RowOutcome:
        """Apply one row."""
        problems = Problems()
        dealer = self.dealers.get(str(row.values["dealer"]).strip())
        if dealer is None:
            sentence = f"There is no dealer with the code {row.values['dealer']}."
            return reading.refuse_row(row, Problem(code="unknown_dealer", message=sentence, field="dealer"))
        given = {name: value for name, value in row.values.items() if value is not None and name != "dealer"}
        if "role" in given:
            role = people_rules.role_named(str(given["role"]))
            if role is None:
                sentence = f'"{str(given["role"])[:60]}" is none of: {", ".join(people_rules.ROLES.values())}.'
                problems.add("role", "unknown_role", sentence)
            given["role"] = role or "other"
        contact = self._known(dealer, given)
        known = people.facts_of(contact) if contact is not None else None
        base = known or ContactFacts(name="", role="other")
        if given.get("left_on") and "is_primary" not in given:
            given["is_primary"] = False
        facts = people.checked(dataclasses.replace(base, **given), problems, today=self._today(dealer))
        keys = [(dealer.id, key) for key in _keys(facts.email, facts.name)]
        twice = self._seen_before(keys, facts.email)
        if twice is not None:
            where = f"row {twice.row:,} of {twice.file}"
            problems.add("name", "person_twice", f"{facts.name} of dealer {dealer.code} stands in {where} already.")
        holder = self.primary.get(dealer.id)
        if facts.is_primary and holder is not None and (known is None or not known.is_primary):
            sentence = f"{holder} is the primary contact of dealer {dealer.code}; take the mark away there first."
            problems.add("is_primary", "primary_taken", sentence)
        if problems.found:
            return reading.refuse_row(row, *dict.fromkeys(problems.found))
        self.seen.update(dict.fromkeys(keys, (row, facts.email)))
        return self._apply(row, dealer, contact, known, facts)

    def _apply(
        self, row: MappedRow, dealer: Dealer, contact: DealerContact | None, known: ContactFacts | None,
        facts: ContactFacts,
    ) -> RowOutcome:  # fmt: skip
        outcome = RowOutcome(
            file=row.file, row=row.row, outcome="duplicate", code="unchanged", item_type=people.KIND,
            dealer_id=dealer.id, message="This person is already there with the same facts.",
        )  # fmt: skip
        if contact is None or known is None:
            outcome.outcome, outcome.code, outcome.message = "created", "", ""
            outcome.undo = {"dealer": dealer.code}
            self.new.append((dealer, facts, outcome))
        else:
            outcome.item_id = contact.id
            before, after = people.differences(known, facts)
            if not after:
                return outcome
            labels = ", ".join(people.LABELS[name].lower() for name in after)
            outcome.outcome, outcome.code, outcome.message = "updated", "", f"Changed: {labels}."
            outcome.undo = {"before": _kept(before), "after": _kept(after)}
            people.write(self.session, contact, facts, by=self.actor.name, now=self.now)
            self.did_change = True
            if known.is_primary and not facts.is_primary:
                self.primary.pop(dealer.id, None)
        if facts.is_primary:
            self.primary[dealer.id] = facts.name
        return outcome

    def _seen_before(self, keys: list[tuple[int, str]], email: str) -> MappedRow | None:
        """The row this person stood in already; two of one name are two people when each has an own address."""
        for key in keys:
            row, address = self.seen.get(key, (None, ""))
            if row is not None and not (email and address and email != address):
                return row
        return None

    def _known(self, dealer: Dealer, given: Mapping[str, Any]) -> DealerContact | None:
        """Who the row means: the person of its e-mail address, else of its name, but nobody with another address."""
        email = str(given.get("email") or "").strip().lower()
        if email and (dealer.id, f"mail:{email}") in self.there:
            return self.there[dealer.id, f"mail:{email}"]
        alike = self.there.get((dealer.id, f"name:{people_rules.person_key(str(given.get('name') or ''))}"))
        return None if alike is not None and email and alike.email and alike.email != email else alike

    def _today(self, dealer: Dealer) -> date:
        return local_day(self.now, dealer.zone)

    def finish(self) -> None:
        """Store the new people, all at once."""
        made = people.create(
            self.session, [(dealer, facts) for dealer, facts, _ in self.new], by=self.actor.name, now=self.now,
            batch_id=self.batch_id,
        )  # fmt: skip
        for contact, (_, _, outcome) in zip(made, self.new, strict=True):
            outcome.item_id = contact.id
        self.did_change = self.did_change or bool(made)


def _keys(email: str, name: str) -> list[str]:
    """What a person is recognised by: with an address by that; two people of one name may both be there."""
    by_name = f"name:{people_rules.person_key(name)}"
    return [f"mail:{email}", by_name] if email else [by_name]


def _kept(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Give updated people their former facts back and remove those that were entered.

    Refused with one problem a person (`in_use`) when records of other areas refer to one that would go, and
    (`primary_taken`) when a dealer has another primary contact by now.
    """
    created = [row.item_id for row in rows if row.outcome == "created" and row.item_id is not None]
    contacts = {
        contact.id: contact
        for start in range(0, len(rows), _CHUNK)
        for contact in session.scalars(
            select(DealerContact).where(DealerContact.id.in_([row.item_id for row in rows[start : start + _CHUNK]]))
        )
    }
    used = people.references(session, created)
    if used:
        raise Refused(*(
            Problem(code="in_use", message=f"{contacts[number].name} is used: {', '.join(sorted(set(tables)))}.")
            for number, tables in sorted(used.items())[:20]
        ))  # fmt: skip
    former = {
        row.item_id: dataclasses.replace(people.facts_of(contacts[row.item_id]), **_read_back(row.undo["before"]))
        for row in rows
        if row.outcome == "updated" and row.undo and row.item_id is not None
    }
    people.remove(session, created)
    for number in former:  # first nobody has the mark, so that it can go back to whom it belonged
        contacts[number].is_primary = False
    session.flush()
    for number, facts in former.items():
        holder = people.primary_of(session, contacts[number].dealer_id) if facts.is_primary else None
        if holder is not None:
            sentence = f"{holder.name} is the primary contact now; take the mark away there first."
            raise Refused(Problem(code="primary_taken", message=sentence))
        people.write(session, contacts[number], facts, by=actor.name, now=now)
    changes.touch(session, "dealers")
    return len(rows)


def _read_back(kept: Mapping[str, Any]) -> dict[str, Any]:
    facts = dict(kept)
    if facts.get("left_on"):
        facts["left_on"] = date.fromisoformat(facts["left_on"])
    return facts


KIND = ImportKind(
    name="dealer_contacts",
    title="People of dealers",
    permission=Permission.DEALERS_IMPORT,
    extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    apply=apply,
    undo=undo,
    fields=FIELDS,
    help="One row a person, recognised by the dealer's code and the e-mail address or name. Blank cells keep what is "
    "there.",
)
