"""Claims from any table (CSV, XLSX): one row or several a claim, applied whole or not at all, judged like any other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.claims.draft_commands import new_claim
from db.claims.facts_queries import price_facts
from db.claims.flow import FLOW
from db.claims.importing_rows import FIELDS, Built, build
from db.claims.model import ClaimDraft
from db.claims.price_rules import fill, lines_of_jobs, priced_only
from db.claims.submit_commands import send
from db.claims.tables import (
    Claim,
    ClaimAttachment,
    ClaimCharge,
    ClaimDecision,
    ClaimFinding,
    ClaimHold,
    ClaimJob,
    ClaimLoss,
    ClaimRun,
)
from db.core import changes, events
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord
from db.dealers.queries import find_dealer_by_code
from db.dealers.tables import Dealer
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow

_OWN = (ClaimJob, ClaimCharge, ClaimAttachment, ClaimRun, ClaimFinding, ClaimDecision, ClaimLoss, ClaimHold)
_CHUNK = 500


@dataclass
class _Seen:
    """What the claims of one import have in common: serials with their claim, and what is told in the end."""

    serials: dict[str, str] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    rows: int = 0


def _notes(number: str, draft: ClaimDraft, seen: _Seen) -> tuple[list[str], list[str]]:
    """(codes, sentences) of what is odd about a claim that is taken all the same."""
    said, codes = [], []
    day = draft.ro_closed_on or draft.failed_on
    year = re.search(r"\b(20\d\d)\b", number)
    if year and day and int(year.group(1)) != day.year:
        codes.append("year_differs")
        said.append(f"The year in {number} differs from the day of the claim, {day:%Y-%m-%d}.")
    if draft.vin in seen.serials:
        codes.append("serial_again")
        said.append(f"{draft.vin} stands in this file already, with {seen.serials[draft.vin]}.")
    return codes, said


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the claims one by one; each goes through the rules at once. A refused claim leaves nothing behind."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    order = {file.name: number for number, file in enumerate(files)}
    unreadable = {(row.file, row.row) for row in tables.unreadable}
    groups: dict[tuple[str, str], list[MappedRow]] = {}
    for row in sorted([*tables.rows, *tables.unreadable], key=lambda r: (order.get(r.file, len(order)), r.row)):
        code, number = (str(row.values.get(name) or "").strip() for name in ("dealer_code", "external_number"))
        if code and number:
            groups.setdefault((code, number), []).append(row)
    seen, outcomes = _Seen(), list(tables.rejected)
    for (code, number), rows in groups.items():
        lost = [row for row in rows if (row.file, row.row) in unreadable]
        if lost:
            outcomes += _others(rows, but=lost)
            continue
        try:
            with session.begin_nested():
                outcomes += _take(session, code, number, rows, seen, batch_id=batch_id, actor=actor, now=now)
        except Refused as refusal:
            outcomes += [reading.refuse_row(row, *refusal.problems) for row in rows]
    _tell(session, seen)
    changes.touch(session, "claims")
    return sorted(outcomes, key=lambda o: (order.get(o.file, len(order)), o.row))


def _others(rows: Sequence[MappedRow], *, but: Sequence[MappedRow]) -> list[RowOutcome]:
    """The sound rows of a claim that is not taken because of others; those have their own reasons."""
    named = ", ".join(f"{row.row:,}" for row in but[:5])
    word = "row" if len(but) == 1 else "rows"
    problem = Problem(code="other_row", message=f"The claim is taken whole or not at all: see {word} {named}.")
    wrong = {(row.file, row.row) for row in but}
    return [reading.refuse_row(row, problem) for row in rows if (row.file, row.row) not in wrong]


def _take(
    session: Session, code: str, number: str, rows: Sequence[MappedRow], seen: _Seen, *, batch_id: int, actor: Actor,
    now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    problems = Problems()
    dealer = find_dealer_by_code(session, code=code, scope=actor.scope)
    if dealer is None:
        problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code[:40]} among those you look after.")
    if len(number) > 40:
        problems.add("external_number", "too_long", "A claim number has at most 40 characters.")
    problems.refuse_if_any()
    assert dealer is not None
    there = session.scalar(
        select(Claim.id).where(Claim.dealer_id == dealer.dealer_id, Claim.external_number == number)
    )  # fmt: skip
    if there is not None:
        return [
            _outcome(row, "duplicate", "known", f"{number} is there already.", claim_id=there,
                     dealer_id=dealer.dealer_id)
            for row in rows
        ]  # fmt: skip
    single, again = _once(rows)
    built = build(single)
    if built.problems:
        wrong = [single[n] for n in sorted(built.problems)]
        own = [reading.refuse_row(single[n], *found) for n, found in sorted(built.problems.items())]
        return own + _others(rows, but=wrong)
    return [
        *_enter(session, number, single, built, seen, dealer_id=dealer.dealer_id, batch_id=batch_id, actor=actor,
                now=now),
        *(
            RowOutcome(file=row.file, row=row.row, outcome="duplicate", code="repeated_row",
                       message=f"The same as row {first.row:,} of this claim, so it is taken once.")
            for row, first in again
        ),
    ]  # fmt: skip


def _once(rows: Sequence[MappedRow]) -> tuple[list[MappedRow], list[tuple[MappedRow, MappedRow]]]:
    """The rows that differ, and those that repeat one of them word for word: no line is claimed twice by a slip."""
    single: list[MappedRow] = []
    again: list[tuple[MappedRow, MappedRow]] = []
    for row in rows:
        first = next((one for one in single if one.values == row.values), None)
        if first is None:
            single.append(row)
        else:
            again.append((row, first))
    return single, again


def _enter(
    session: Session, number: str, rows: Sequence[MappedRow], built: Built, seen: _Seen, *, dealer_id: int,
    batch_id: int, actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Write the claim, let the rules judge it, and tell of each of its rows."""
    codes, said = _notes(number, built.draft, seen)
    draft, note = _priced(session, built.draft, dealer_id=dealer_id, actor=actor, now=now)
    claim = new_claim(
        session, draft, dealer_id=dealer_id, form_key=None, external_number=number, source="file", batch_id=batch_id,
        actor=actor, now=now,
    )  # fmt: skip
    target, _, _ = send(session, claim, actor=actor, now=now)
    seen.states[target] += 1
    seen.odd.update(codes)
    seen.rows += len(rows)
    seen.serials.setdefault(draft.vin, number)
    words = " ".join([f"{claim.number}: {FLOW.state(target).label.lower()}.", note, *said, *built.said]).strip()
    first, *more = rows
    made = [_outcome(first, "created", ",".join(codes), words, claim_id=claim.id, dealer_id=dealer_id)]
    made += [
        _outcome(row, "created", "", f"{claim.number}, with row {first.row:,}.", claim_id=claim.id, dealer_id=dealer_id)
        for row in more
    ]
    for outcome in made:
        outcome.undo = {"claim": claim.id}
    return made


def _priced(
    session: Session, draft: ClaimDraft, *, dealer_id: int, actor: Actor, now: datetime
) -> tuple[ClaimDraft, str]:
    """The draft with its blank prices filled; with no line at all, those of its operations and replaced parts."""
    bare = not draft.charges
    wanted = lines_of_jobs(draft) if bare else draft
    if all(c.unit_cents for c in wanted.charges):
        return draft, ""
    zone = session.get_one(Dealer, dealer_id).zone
    filled = fill(
        wanted, price_facts(session, wanted, dealer_id=dealer_id, actor=actor, today=local_day(now, zone))
    )  # fmt: skip
    if not bare:
        return filled, ""
    filled = priced_only(filled)
    lines = len(filled.charges)
    return filled, f"The file names no amounts: {plural(lines, 'line')} at catalogue prices." if lines else ""


def _outcome(
    row: MappedRow, what: Any, code: str, message: str, *, claim_id: int, dealer_id: int
) -> RowOutcome:  # fmt: skip
    return RowOutcome(
        file=row.file, row=row.row, outcome=what, code=code, message=message, item_type="claim", item_id=claim_id,
        dealer_id=dealer_id,
    )  # fmt: skip


def _tell(session: Session, seen: _Seen) -> None:
    """How the claims were judged, and how many are odd in which way."""
    total = sum(seen.states.values())
    if not total:
        return
    judged = ", ".join(f"{n:,} {FLOW.state(name).label.lower()}" for name, n in seen.states.most_common())
    reading.tell(session, f"{plural(total, 'claim')} of {plural(seen.rows, 'row')} judged by the rules: {judged}.")
    for code, words in (
        ("year_differs", "a number that names another year than the day of the claim"),
        ("serial_again", "a VIN or serial that stands in the file with another claim"),
    ):
        if seen.odd[code]:
            reading.tell(session, f"{plural(seen.odd[code], 'claim')} with {words}.")


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Remove the claims of a batch with what the desk itself made of them (fingerprints, flags nobody looked at).

    Refused once a person decided on one of them, money was posted for one, or anything else refers to one.
    """
    ids = list(session.scalars(select(Claim.id).where(Claim.batch_id == batch_id).order_by(Claim.id)))
    decided = session.scalar(
        select(Claim.number)
        .where(Claim.batch_id == batch_id)
        .where((Claim.decided_kind == "person") | (Claim.signed_by != "") | Claim.paid_at.is_not(None))
        .order_by(Claim.id)
        .limit(1)
    )
    if decided is not None:
        raise Refused(Problem(code="in_use", message=f"{decided} was decided by a person; the batch stays."))
    told = events.Event(name="claims.removed", item_type="claim", item_ids=tuple(ids))
    events.tell(session, told, actor=actor, now=now)
    try:
        with session.begin_nested():
            _remove(session, ids)
    except IntegrityError:
        text = "Something else refers to claims of this batch (a later version, an old part); it stays."
        raise Refused(Problem(code="in_use", message=text)) from None
    session.expire_all()
    changes.touch(session, "claims")
    return len(ids)


def _remove(session: Session, ids: Sequence[int]) -> None:
    quiet = {"synchronize_session": False}
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        for table in _OWN:
            column: Any = table.claim_id
            session.execute(delete(table).where(column.in_(some)).execution_options(**quiet))
        session.execute(
            delete(SearchWord)
            .where(SearchWord.kind == "claim", SearchWord.item_id.in_(some))
            .execution_options(**quiet)
        )
        session.execute(delete(Claim).where(Claim.id.in_(some)).execution_options(**quiet))


CLAIMS = ImportKind(
    name="claims", title="Claims", permission=Permission.CLAIMS_IMPORT, extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    apply=apply, undo=undo, fields=FIELDS,
    help="One row a claim, or several with the same claim number; each claim is judged as if a dealer had sent it.",
)  # fmt: skip
