"""Marketing spend from a file (CSV, XLSX): one row a source and month; a file is taken whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day, plural
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField
from db.imports.mapping_dates import date_finding
from db.marketing.commands import LONGEST_NOTE, place_for
from db.marketing.ledger import ITEM, Place, Said, amount, current_by_key, hold, known_sources, write
from db.marketing.rules import check_amount, check_month, is_planned
from db.marketing.tables import Dealer, MarketingSpend

FIELDS: tuple[TargetField, ...] = (
    TargetField(
        name="source", label="Source", required=True, help="As leads are counted under it.",
        synonyms=("lead source", "channel", "campaign", "origin", "provider", "utm_source", "vendor"),
    ),
    TargetField(
        name="month", label="Month", required=True, help="2026-05, May 2026, or any day of the month.",
        synonyms=("period", "date", "invoice month", "spend month"),
    ),
    TargetField(
        name="amount", label="Amount", kind="money", required=True,
        synonyms=("spend", "cost", "total", "amount usd", "media cost", "invoice amount"),
    ),
    TargetField(
        name="dealer_code", label="Dealer code", help="For spend of one dealer.",
        synonyms=("dealer", "dealer id", "code", "store code"),
    ),
    TargetField(name="region", label="Region", help="For spend of one region.", synonyms=("area", "market")),
    TargetField(
        name="note", label="Note", help="Needed where another amount is there already: then it is a correction.",
        synonyms=("reason", "comment", "description", "why"),
    ),
)  # fmt: skip


@dataclass
class _Read:
    row: MappedRow
    said: Said
    unchanged: bool = False


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Write a line for each row. One row that cannot be taken keeps its whole file out, and each row says so."""
    hold(session)
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    outcomes: list[RowOutcome] = list(tables.rejected)
    today = local_day(now, DESK_ZONE)
    codes = {str(row.values.get("dealer_code") or "").strip() for row in tables.rows} - {""}
    dealers = dict(session.execute(select(Dealer.code, Dealer.id).where(Dealer.code.in_(sorted(codes)))).all())
    sources = known_sources(session, {" ".join(str(row.values["source"]).split()) for row in tables.rows})
    read: list[_Read] = []
    seen: dict[str, MappedRow] = {}
    for row in tables.rows:
        said, problems = _read(session, row, dealers=dealers, sources=sources, today=today, actor=actor)
        if said is not None and said.key in seen:
            first = seen[said.key]
            sentence = f"Row {first.row} says something for the same source, month and place."
            problems.add("source", "twice", sentence)
        if said is None or problems.found:
            outcomes.append(reading.refuse_row(row, *problems.found))
            continue
        seen[said.key] = row
        read.append(_Read(row, said))
    there = current_by_key(session, [one.said.key for one in read])
    good: list[_Read] = []
    for one in read:
        line = there.get(one.said.key)
        if line is None:
            good.append(one)
        elif line.cents == one.said.cents:
            one.unchanged = True
            good.append(one)
        elif not one.said.note:
            sentence = (
                f"{line.number} says {amount(line.cents)}, this row {amount(one.said.cents)}; a correction needs a "
                "note that says why."
            )
            outcomes.append(reading.refuse_row(one.row, Problem(field="note", code="reason_needed", message=sentence)))
        else:
            one.said = _replacing(one.said, line)
            good.append(one)
    refused = {outcome.file for outcome in outcomes if outcome.outcome == "rejected"}
    for one in [g for g in good if g.row.file in refused]:
        sentence = "Left out because another row of this file cannot be taken: spend comes whole or not at all."
        outcomes.append(reading.refuse_row(one.row, Problem(code="file_refused", message=sentence)))
    good = [one for one in good if one.row.file not in refused]
    outcomes += _store(session, good, there=there, actor=actor, now=now, batch_id=batch_id, today=today)
    order = {file.name: number for number, file in enumerate(files)}
    return sorted(outcomes, key=lambda o: (order.get(o.file, len(order)), o.row))


def _replacing(said: Said, line: MarketingSpend) -> Said:
    return Said(
        source=line.source, month=said.month, place=said.place, cents=said.cents, note=said.note, replaces=line
    )  # fmt: skip


def _read(
    session: Session, row: MappedRow, *, dealers: dict[str, int], sources: dict[str, str], today: date, actor: Actor
) -> tuple[Said | None, Problems]:
    problems = Problems()
    source = problems.require(" ".join(str(row.values["source"]).split()), "source", "The source", longest=80)
    day = read_month(str(row.values["month"]), problems)
    month = check_month(day, problems, today=today) if day is not None else today
    cents = check_amount(row.values["amount"], problems, field="amount")
    note = _note(problems, str(row.values.get("note") or "").strip())
    code, region = str(row.values.get("dealer_code") or "").strip(), str(row.values.get("region") or "").strip()
    place = Place()
    if code and code not in dealers:
        problems.add("dealer_code", "unknown_dealer", f'There is no dealer "{code[:40]}" among those you look after.')
    else:
        try:
            place = place_for(session, dealer_id=dealers.get(code), region=region, actor=actor, problems=problems)
        except NotFound:
            sentence = f'There is no dealer "{code[:40]}" among those you look after.'
            problems.add("dealer_code", "unknown_dealer", sentence)
    if problems.found:
        return None, problems
    return Said(source=sources.get(source, source), month=month, place=place, cents=cents, note=note), problems


def _note(problems: Problems, note: str) -> str:
    """The note, a problem where it is too long."""
    if len(note) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE} characters fit.")
    return note


def read_month(text: str, problems: Problems) -> date | None:
    """A month as people write it: 2026-05, 2026-05-17, May 2026, 05/2026; a day that reads both ways is a problem."""
    written = " ".join(text.split())
    for template in ("%Y-%m", "%Y-%m-%d", "%B %Y", "%b %Y", "%m/%Y", "%Y/%m", "%d %b %Y", "%d %B %Y"):
        try:
            return datetime.strptime(written, template).date()  # noqa: DTZ007 - a month has no zone
        except ValueError:
            continue
    finding = date_finding("month", [written])
    if finding.ambiguous and not finding.same_either_way:
        sentence = f'"{written[:40]}" reads as two different months; write it as 2026-05.'
        problems.add("month", "ambiguous_date", sentence)
    elif finding.day_first_formats:
        for template in (*finding.day_first_formats, *finding.month_first_formats):
            try:
                return datetime.strptime(written, template).date()  # noqa: DTZ007
            except ValueError:
                continue
    else:
        problems.add("month", "not_a_month", f'"{written[:40]}" is no month; write it as 2026-05.')
    return None


def _store(
    session: Session, good: Sequence[_Read], *, there: dict[str, MarketingSpend], actor: Actor, now: datetime,
    batch_id: int, today: date,
) -> list[RowOutcome]:  # fmt: skip
    outcomes = []
    new = [one for one in good if not one.unchanged]
    lines = write(session, [one.said for one in new], actor=actor, now=now, batch_id=batch_id) if new else []
    for one, line in zip(new, lines, strict=True):
        replaced = one.said.replaces
        outcomes.append(
            RowOutcome(
                file=one.row.file, row=one.row.row, outcome="updated" if replaced else "created", item_type=ITEM,
                item_id=line.id, dealer_id=line.dealer_id, message=f"Replaces {replaced.number}." if replaced else "",
                undo={"number": line.number, "replaces": replaced.id if replaced else None},
            )
        )  # fmt: skip
    outcomes += [
        RowOutcome(
            file=one.row.file, row=one.row.row, outcome="duplicate", code="unchanged", item_type=ITEM,
            item_id=there[one.said.key].id, message=f"{there[one.said.key].number} says the same.",
        )
        for one in good
        if one.unchanged
    ]  # fmt: skip
    if lines:
        changes.touch(session, "marketing")
        planned = sum(is_planned(line.month, today=today) for line in lines)
        total = sum(line.cents for line in lines)
        sentence = f"{amount(total)} in {plural(len(lines), 'line')}"
        planned_words = f", {plural(planned, 'line')} of months to come: planned, not counted yet" if planned else ""
        reading.tell(session, f"{sentence}{planned_words}.")
    return outcomes


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Let the lines of an import count no more, and those they replaced count again; gives how many there were.

    The lines stay, as everything that was once said about spend. The engine has refused already when one of them was
    corrected since.
    """
    hold(session)
    taken = session.scalars(
        select(MarketingSpend).where(MarketingSpend.batch_id == batch_id).order_by(MarketingSpend.id)
    ).all()
    corrected = [line for line in taken if not line.is_current]
    if corrected:
        listed = ", ".join(line.number for line in corrected[:10])
        sentence = f"{listed} of this import counts no more: it was corrected since."
        raise Refused(Problem(code="changed_since", message=sentence))
    keys: dict[int, str] = {}
    for line in taken:
        if line.replaces_id is not None:
            keys[line.replaces_id] = line.place_key or ""
        line.is_current, line.place_key, line.version = False, None, line.version + 1
        line.replaces_id = None  # the former line may be corrected anew; `undo` of the import's row names it
        line.note = f"{line.note} (import {batch_id} was undone)".strip()
    session.flush()
    for former in session.scalars(select(MarketingSpend).where(MarketingSpend.id.in_(sorted(keys)))):
        former.is_current, former.place_key, former.version = True, keys[former.id], former.version + 1
    changes.touch(session, "marketing")
    return len(taken)


KIND = ImportKind(
    name="marketing_spend",
    title="Marketing spend",
    permission=Permission.SPEND_MANAGE,
    extensions=(".csv", ".tsv", ".txt", ".xlsx"),
    apply=apply,
    undo=undo,
    fields=FIELDS,
    help="One row a source and month. A file is taken whole or not at all; another amount needs a note.",
)
