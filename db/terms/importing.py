"""Terms from a file (CSV, XLSX): one row a dealer, term and day. It makes proposals, never values in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.permissions import Permission
from db.core.problems import Problems
from db.dealers.tables import Dealer
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.terms import notices, rules
from db.terms.flow import FLOW
from db.terms.proposals import ITEM, Asked, held_on, hold_terms, parties, refusals, store
from db.terms.tables import TermChange
from db.workflow.engine import move

_CHUNK = 500
FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="code", label="Dealer code", required=True, help="The dealer's code as text; leading zeros count.",
        synonyms=("code", "dealer", "dealer id", "dealer no", "dealer number", "account number"),
    ),
    TargetField(
        name="term", label="Term", required=True, help=f"One of: {', '.join(k.label for k in rules.KINDS)}.",
        synonyms=("kind", "name", "attribute", "terms"),
    ),
    TargetField(
        name="value", label="Value", required=True, help="145.00, 40, Gold; none ends the value.",
        synonyms=("new value", "amount", "rate"),
    ),
    TargetField(
        name="valid_from", label="Valid from", kind="date", required=True,
        synonyms=("from", "effective", "effective date", "effective from", "start", "start date"),
    ),
    TargetField(
        name="reason", label="Reason", help="Needed for a day in the past.", synonyms=("why", "comment", "note"),
    ),
)  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Make a proposal of each row that asks for something new, and say of every row what became of it."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    hold_terms(session)
    known = _dealers(session, {str(row.values["code"]).strip() for row in tables.rows}, actor=actor, now=now)
    outcomes: list[RowOutcome] = []
    read: list[tuple[MappedRow, Asked]] = []
    for row in tables.rows:
        asked, problems = _read(row, known)
        if asked is None or problems.found:
            outcomes.append(reading.refuse_row(row, *problems.found))
        else:
            read.append((row, asked))
    wanted = [asked for _, asked in read]
    who = {party.dealer_id: party for party in known.values()}
    held = held_on(session, [(a.dealer_id, a.kind.name, a.valid_from) for a in wanted])
    good: list[tuple[MappedRow, Asked]] = []
    for (row, asked), problems in zip(read, refusals(session, wanted, known=who, held=held), strict=True):
        if [p.code for p in problems.found] == ["no_change"]:
            outcomes.append(
                RowOutcome(
                    file=row.file, row=row.row, outcome="duplicate", code="unchanged", item_type=ITEM,
                    message=problems.found[0].message,
                )
            )  # fmt: skip
        elif problems.found:
            outcomes.append(reading.refuse_row(row, *problems.found))
        else:
            good.append((row, asked))
    if good:
        made = store(
            session, [a for _, a in good], known=who, held=held, actor=actor, now=now, batch_id=batch_id
        )  # fmt: skip
        outcomes += [
            RowOutcome(
                file=row.file, row=row.row, outcome="created", item_type=ITEM, item_id=change.id,
                dealer_id=change.dealer_id, undo={"number": change.number},
            )
            for (row, _), change in zip(good, made, strict=True)
        ]  # fmt: skip
        changes.touch(session, "terms")
        notices.tell_proposed(session, made, by=actor, now=now)
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _dealers(session: Session, codes: set[str], *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The dealers of these codes that the actor may see; others are as if they did not exist."""
    ids: dict[str, int] = {}
    wanted = sorted(codes)
    for start in range(0, len(wanted), _CHUNK):
        rows = session.execute(
            select(Dealer.code, Dealer.id).where(
                Dealer.code.in_(wanted[start : start + _CHUNK]), actor.scope.where(Dealer.id, Dealer.region)
            )
        )
        ids.update(rows.all())
    found = parties(session, ids.values(), scope=actor.scope, now=now)
    return {code: found[dealer_id] for code, dealer_id in ids.items()}


def _read(row: MappedRow, known: dict[str, Any]) -> tuple[Asked | None, Problems]:
    problems = Problems()
    code, valid_from = str(row.values["code"]).strip(), row.values["valid_from"]
    party, kind = known.get(code), rules.find_kind(str(row.values["term"]))
    if party is None:
        problems.add("code", "unknown_dealer", f'There is no dealer "{code[:40]}" among those you look after.')
    if kind is None:
        sentence = f'"{str(row.values["term"])[:40]}" is no term; there are {", ".join(k.label for k in rules.KINDS)}.'
        problems.add("term", "unknown_term", sentence)
        return None, problems
    value = rules.read_value(kind, str(row.values["value"]), problems)
    if party is None or problems.found:
        return None, problems
    assert isinstance(valid_from, date)
    reason = str(row.values.get("reason") or "")
    return Asked(dealer_id=party.dealer_id, kind=kind, value=value, valid_from=valid_from, reason=reason), problems


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Withdraw the proposals of an import that are still open; gives how many there were.

    The engine has refused already when somebody decided one of them since.
    """
    hold_terms(session)
    taken = 0
    for change in session.scalars(
        select(TermChange)
        .where(TermChange.batch_id == batch_id, TermChange.status == FLOW.initial)
        .order_by(TermChange.id)
        .with_for_update()
    ).all():
        move(
            session, FLOW, change, target="withdrawn", actor=actor, now=now, decided_at=now, open_key=None, due_at=None,
            decision_note=f"Import {batch_id} was undone",
        )  # fmt: skip
        taken += 1
    changes.touch(session, "terms")
    return taken


KIND = ImportKind(
    name="terms",
    title="Terms",
    permission=Permission.TERMS_PROPOSE,
    extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    apply=apply,
    undo=undo,
    fields=FIELDS,
    help="One row a dealer and term. Each row becomes a proposal that a second person decides.",
)
