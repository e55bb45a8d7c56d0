"""Claims from any table (CSV, XLSX): one row a claim with one job; each is judged like any other, none is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.claims import draft_rules
from db.claims.draft_commands import new_claim
from db.claims.flow import FLOW
from db.claims.model import ClaimDraft, JobDraft
from db.claims.narrative_split import split
from db.claims.submit_commands import send
from db.claims.tables import (
    Claim,
    ClaimAttachment,
    ClaimCharge,
    ClaimDecision,
    ClaimFinding,
    ClaimHold,
    ClaimJob,
    ClaimRun,
)
from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.permissions import Permission
from db.core.problems import Problem, Problems, Refused
from db.core.search import SearchWord
from db.dealers.queries import find_dealer_by_code
from db.imports import mapping as mappings
from db.imports import reading
from db.imports.mapping import MappedRow, TargetField

FIELDS: tuple[TargetField, ...] = (
    TargetField(name="external_number", label="Claim number", required=True, synonyms=("claim id", "claim no")),
    TargetField(name="dealer_code", label="Dealer code", required=True, synonyms=("dealer id", "dealer")),
    TargetField(name="vin", label="VIN or serial", required=True, synonyms=("serial number", "chassis")),
    TargetField(name="ro_number", label="Repair order", synonyms=("ro", "work order"),
                help="Without one the claim number stands for it."),
    TargetField(name="claim_date", label="Day of the claim", kind="date", synonyms=("date", "repair date")),
    TargetField(name="odometer_in", label="Odometer", kind="integer", synonyms=("mileage",)),
    TargetField(name="causal_part", label="Causal part", synonyms=("part number", "part")),
    TargetField(name="operation", label="Labour operation", synonyms=("labor op",)),
    TargetField(name="complaint", label="Complaint", synonyms=("customer complaint",)),
    TargetField(name="notes", label="Notes of the technician", synonyms=("technician notes",),
                help="Split into cause and correction."),
)  # fmt: skip


def _notes(values: dict[str, Any], seen: dict[str, str]) -> tuple[str, str]:
    """(code, sentence) of what is odd in a row that is taken all the same."""
    number, day = str(values["external_number"]).strip(), values.get("claim_date")
    serial, said, codes = str(values["vin"]).strip().upper(), [], []
    year = re.search(r"\b(20\d\d)\b", number)
    if year and day and int(year.group(1)) != day.year:
        codes.append("year_differs")
        said.append(f"The year in {number} differs from the day of the claim, {day:%Y-%m-%d}.")
    if serial in seen:
        codes.append("serial_again")
        said.append(f"{serial} stands in this file already, with {seen[serial]}.")
    seen.setdefault(serial, number)
    return ",".join(codes), " ".join(said)


def _draft(values: dict[str, Any]) -> ClaimDraft:
    cause, correction = split(str(values.get("notes") or ""))
    day = values.get("claim_date")
    job = JobDraft(
        position=1, complaint=str(values.get("complaint") or ""), cause=cause, correction=correction,
        causal_part=str(values.get("causal_part") or ""), operation=str(values.get("operation") or ""),
        action="replacement" if correction.lower().startswith(("replaced", "swap")) else "repair",
    )  # fmt: skip
    return ClaimDraft(
        vin=str(values["vin"]), ro_number=str(values.get("ro_number") or values["external_number"]),
        ro_opened_on=day, ro_closed_on=day, failed_on=day, reported_on=day, odometer_in=values.get("odometer_in"),
        odometer_out=values.get("odometer_in"), jobs=(job,),
    )  # fmt: skip


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: mappings.Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime,
) -> list[RowOutcome]:  # fmt: skip
    """Take the rows one by one; each claim goes through the rules at once. A refused row leaves nothing behind."""
    tables = reading.read_tables(files, mapping=mapping, fields=FIELDS)
    reading.tell(session, *tables.sentences)
    seen: dict[str, str] = {}
    outcomes = []
    for row in tables.rows:
        try:
            with session.begin_nested():
                outcomes.append(_take(session, row, seen, batch_id=batch_id, actor=actor, now=now))
        except Refused as refusal:
            outcomes.append(reading.refuse_row(row, *refusal.problems))
    changes.touch(session, "claims")
    order = {file.name: number for number, file in enumerate(files)}
    return sorted([*outcomes, *tables.rejected], key=lambda o: (order.get(o.file, len(order)), o.row))


def _take(
    session: Session, row: MappedRow, seen: dict[str, str], *, batch_id: int, actor: Actor, now: datetime
) -> RowOutcome:
    values = row.values
    number, code = str(values["external_number"]).strip(), str(values["dealer_code"]).strip()
    dealer = find_dealer_by_code(session, code=code, scope=actor.scope)
    problems = Problems()
    if dealer is None:
        problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code} among those you look after.")
    if len(number) > 40:
        problems.add("external_number", "too_long", "A claim number has at most 40 characters.")
    draft = draft_rules.tidy(_draft(values))
    draft_rules.check(draft, problems)
    problems.refuse_if_any()
    assert dealer is not None
    there = session.scalar(
        select(Claim.id).where(Claim.dealer_id == dealer.dealer_id, Claim.external_number == number)
    )  # fmt: skip
    if there is not None:
        return RowOutcome(
            file=row.file, row=row.row, outcome="duplicate", code="known", message=f"{number} is there already.",
            item_type="claim", item_id=there, dealer_id=dealer.dealer_id,
        )  # fmt: skip
    noted, said = _notes(values, seen)
    claim = new_claim(
        session, draft, dealer_id=dealer.dealer_id, form_key=None, external_number=number, source="file",
        batch_id=batch_id, actor=actor, now=now,
    )  # fmt: skip
    target, _, _ = send(session, claim, actor=actor, now=now)
    return RowOutcome(
        file=row.file, row=row.row, outcome="created", code=noted, item_type="claim", item_id=claim.id,
        message=f"{claim.number}: {FLOW.state(target).label.lower()}. {said}".strip(), dealer_id=dealer.dealer_id,
        undo={"claim": claim.id},
    )  # fmt: skip


def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Remove the claims of a batch; refused once a person decided on one of them or it was paid."""
    ids = list(session.scalars(select(Claim.id).where(Claim.batch_id == batch_id)))
    decided = session.scalar(
        select(Claim.number)
        .where(Claim.batch_id == batch_id)
        .where((Claim.decided_kind == "person") | (Claim.signed_by != "") | Claim.paid_at.is_not(None))
        .limit(1)
    )
    if decided is not None:
        raise Refused(Problem(code="in_use", message=f"{decided} was decided by a person; the batch stays."))
    for table in (ClaimJob, ClaimCharge, ClaimAttachment, ClaimRun, ClaimFinding, ClaimDecision, ClaimHold):
        column: Any = table.claim_id
        session.execute(delete(table).where(column.in_(ids)).execution_options(synchronize_session=False))
    session.execute(delete(SearchWord).where(SearchWord.kind == "claim", SearchWord.item_id.in_(ids)))
    session.execute(delete(Claim).where(Claim.id.in_(ids)).execution_options(synchronize_session=False))
    session.expire_all()
    changes.touch(session, "claims")
    return len(ids)


CLAIMS = ImportKind(
    name="claims", title="Claims", permission=Permission.CLAIMS_IMPORT, extensions=(".csv", ".xlsx"), apply=apply,
    undo=undo, fields=FIELDS, help="One row a claim; each is judged by the rules as if a dealer had sent it.",
)  # fmt: skip
