"""Claims for many sales from one file: what is claimable is reported and claimed, whole or not at all.

A kind of import like any other: the file, the fate of every row and one entry in the timeline stay with its batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes
from db.core.actor import Actor
from db.core.area import ImportKind, RowOutcome, SourceFile
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.dealers.tables import Dealer
from db.imports import reading
from db.imports.mapping import Mapping
from db.imports.safety import FileRefused
from db.incentives import claim_store, sale_store
from db.incentives.calculate import refresh
from db.incentives.claim_commands import new_claim, take_verdicts
from db.incentives.facts import ClaimFacts, SaleFacts, Verdict
from db.incentives.flow import FLOW
from db.incentives.period_store import name_of
from db.incentives.record import item_of_claim
from db.incentives.say_rules import money
from db.incentives.sheet_lines import FIELDS, Line, judge_rows
from db.incentives.sheet_reading import KIND, mapped_rows, options_of, read_sheet, seen_of
from db.incentives.sheet_rules import RESULTS, changed_rows, count_sentence
from db.incentives.tables import IncentiveClaim, SaleReport
from db.workflow.engine import move

Judged = tuple[IncentiveClaim, Verdict, SaleFacts, ClaimFacts]


def apply(
    session: Session, *, files: Sequence[SourceFile], mapping: Mapping | None, batch_id: int, channel: str,
    actor: Actor, now: datetime, seen: str | None = None,
) -> list[RowOutcome]:  # fmt: skip
    """Claim what is claimable. `seen` is what a person looked at: when it comes out otherwise, `changed` is refused."""
    outcomes = list[RowOutcome]()
    for file in files:
        try:
            sheet = read_sheet(file)
            used = mapping or options_of(sheet)
            rows = mapped_rows(sheet, used)
        except (FileRefused, Refused) as refusal:
            if seen is not None:
                raise
            outcomes.append(_rejected(file.name, 0, refusal.problems[0].code, " ".join(map(_said, refusal.problems))))
            continue
        lines = judge_rows(session, rows, actor=actor, now=now, lock=True)
        _refuse_changed(lines, seen)
        made = _claim(session, lines, batch_id=batch_id, actor=actor, now=now)
        outcomes += [_outcome(one, made.get(one.row.row, [])) for one in lines]
        reading.tell(session, count_sentence({n: sum(x.result.result == n for x in lines) for n in RESULTS}))
    changes.touch(session, "incentives")
    return outcomes


def _said(problem: Problem) -> str:
    return problem.message


def _refuse_changed(lines: Sequence[Line], seen: str | None) -> None:
    if seen is None:
        return
    other = changed_rows(seen, seen_of(lines))
    if other:
        which = ", ".join(other[:10]) + (" …" if len(other) > 10 else "")
        message = f"Since you looked, these rows come out differently: {which}. Nothing was sent; check the file again."
        raise Refused(Problem(code="changed", field="file", message=message))
    if not any(one.result.result == "claimable" for one in lines):
        raise Refused(Problem(code="nothing", field="file", message="No row of this file can be claimed."))


def _claim(
    session: Session, lines: Sequence[Line], *, batch_id: int, actor: Actor, now: datetime
) -> dict[int, list[IncentiveClaim]]:
    """Report the new sales and claim every claimable row; gives the claims by the number of the row."""
    chosen = [one for one in lines if one.result.result == "claimable"]
    sales = {one.row.row: _sale(session, one, batch_id=batch_id, actor=actor, now=now) for one in chosen}
    _refresh(session, [(one, sales[one.row.row]) for one in chosen if not one.is_on_file], actor=actor, now=now)
    wanted = [(one, code) for one in chosen for code in one.result.programs]
    ids = next_ids(session, IncentiveClaim, item_type=claim_store.KIND, count=len(wanted)) if wanted else []
    made: dict[int, list[IncentiveClaim]] = defaultdict(list)
    judged: list[Judged] = []
    for claim_id, (one, code) in zip(ids, wanted, strict=True):
        plan, verdict, facts = one.verdicts[code]
        sale = sales[one.row.row]
        assert one.judged is not None
        claim = new_claim(claim_id, dealer_id=sale.dealer_id, region=sale.region, actor=actor, now=now)
        claim.program_id, claim.version_id, claim.sale_id = plan.program_id, plan.version_id, sale.id
        claim.period, claim.claim_key = name_of(plan.program, one.judged.fact), f"p{plan.program_id}:s{sale.id}"
        claim.claimed_cents = facts.claimed_cents
        claim.checked = list(plan.program.checklist) if one.ticked else []
        session.add(claim)
        made[one.row.row].append(claim)
        judged.append((claim, verdict, replace(one.judged.fact, sale_id=sale.id, number=sale.number), facts))
    session.flush()
    take_verdicts(session, judged, actor=actor, now=now)
    for row, claims in made.items():
        for claim in claims:
            claim_store.index(session, claim, sales[row].vin)
        reading.touch(session, *map(item_of_claim, claims))
    return made


def _sale(session: Session, one: Line, *, batch_id: int, actor: Actor, now: datetime) -> SaleReport:
    assert one.draft is not None
    assert one.dealer is not None
    if one.is_on_file:
        assert one.sale is not None
        return one.sale
    return sale_store.add_sale(
        session, one.draft, one.dealer, form_key=None, reported_on=one.reported_on, customer_id=None,
        external_number=one.number or None, batch_id=batch_id, actor=actor, now=now,
    )  # fmt: skip


def _refresh(session: Session, new: Sequence[tuple[Line, SaleReport]], *, actor: Actor, now: datetime) -> None:
    by_day: dict[date, list[SaleReport]] = defaultdict(list)
    for one, sale in new:
        by_day[one.today].append(sale)
    for today, sales in sorted(by_day.items()):
        refresh(session, sales, actor=actor, now=now, today=today)


def _outcome(one: Line, claims: Sequence[IncentiveClaim]) -> RowOutcome:
    file, row, result = one.row.file, one.row.row, one.result
    if result.result != "claimable":
        word = RESULTS[result.result][0]
        if result.result == "claimed":
            assert one.sale is not None
            return RowOutcome(
                file=file, row=row, outcome="duplicate", code="claimed", message=" ".join(result.reasons),
                item_type="sale", item_id=one.sale.id, dealer_id=one.sale.dealer_id,
            )  # fmt: skip
        return _rejected(file, row, result.result, f"{word}. {' '.join(result.reasons)}")
    sale_id, dealer_id = claims[0].sale_id, claims[0].dealer_id
    named = ", ".join(f"{c.number} {code}" for c, code in zip(claims, result.programs, strict=True))
    return RowOutcome(
        file=file, row=row, outcome="updated" if one.is_on_file else "created", item_type="sale", item_id=sale_id,
        dealer_id=dealer_id, message=f"{sale_store.number_of(sale_id or 0)}: {named}, {money(result.cents)}",
        undo={"claims": [c.id for c in claims]},
    )  # fmt: skip


def _rejected(file: str, row: int, code: str, message: str) -> RowOutcome:
    return RowOutcome(file=file, row=row, outcome="rejected", code=code, message=message)


# ---- taking it back --------------------------------------------------------------------------------------------------
def undo(session: Session, *, batch_id: int, rows: Sequence[RowOutcome], actor: Actor, now: datetime) -> int:
    """Void the claims of a batch and unwind the sales it reported; refused once one of them was decided."""
    ids = sorted(i for row in rows for i in (row.undo or {}).get("claims", ()))
    for start in range(0, len(ids), 500):
        claims = session.scalars(
            select(IncentiveClaim)
            .where(IncentiveClaim.id.in_(ids[start : start + 500]))
            .order_by(IncentiveClaim.id)
            .with_for_update(of=IncentiveClaim)
            .execution_options(populate_existing=True)
        ).all()
        decided = next((c for c in claims if c.status not in claim_store.WAITING), None)
        if decided is not None:
            raise Refused(Problem(code="in_use", message=f"{decided.number} was decided since; the batch stays."))
        for claim in claims:
            values: dict[str, Any] = {"claim_key": None, "due_at": None, "reason_note": "The batch was taken back."}
            move(session, FLOW, claim, target="void", actor=actor, now=now, **values)
    _unwind(session, batch_id, actor=actor, now=now)
    changes.touch(session, "incentives")
    return len(ids)


def _unwind(session: Session, batch_id: int, *, actor: Actor, now: datetime) -> None:
    by_day: dict[date, list[SaleReport]] = defaultdict(list)
    query = (
        select(SaleReport, Dealer.zone)
        .join(Dealer, Dealer.id == SaleReport.dealer_id)
        .where(SaleReport.batch_id == batch_id, SaleReport.unwound_on.is_(None))
        .order_by(SaleReport.id)
        .with_for_update(of=SaleReport)
    )
    for sale, zone in session.execute(query):
        today = local_day(now, zone)
        sale.unwound_on, sale.unwound_reason, sale.sale_key = today, "The batch was taken back.", None
        # The dealer's own number is free again, so that the mended file can come in.
        sale.external_number, sale.version, sale.updated_at, sale.updated_by = None, sale.version + 1, now, actor.name
        by_day[today].append(sale)
    session.flush()
    for today, sales in sorted(by_day.items()):
        refresh(session, sales, actor=actor, now=now, today=today)


CHECKED_SALES = ImportKind(
    name=KIND, title="Incentive claims from a file", permission=Permission.INCENTIVES_ENTER,
    extensions=(".csv", ".xlsx"), apply=apply, undo=undo, fields=FIELDS,
    help="One row a sale: every check of its programs, and what is claimable is claimed.",
)  # fmt: skip
