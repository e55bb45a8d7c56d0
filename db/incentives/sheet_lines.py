"""The rows of a file of sales, read and judged with the very checks of the form; nothing is stored here.

A few statements for five hundred rows, whatever they hold. A row whose vehicle is on file at its dealer is judged as it
is on file; every other as the sale it would become.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import Problems
from db.customers.vehicle_record import seen_by
from db.customers.vehicle_tables import Vehicle
from db.dealers.queries import dealer_choices, find_dealer_by_code
from db.dealers.tables import Dealer
from db.imports.mapping import MappedRow, TargetField
from db.incentives import books, claim_store, sale_store
from db.incentives.amount_rules import amount_of
from db.incentives.claim_store import Known
from db.incentives.entry_rules import SaleDraft, check_sale, sale_key, tidy
from db.incentives.facts import ClaimFacts, Verdict
from db.incentives.importing import FIELDS as SALE_FIELDS
from db.incentives.importing import draft_of_row
from db.incentives.judging import Judged, judge_under, judged
from db.incentives.model import DOCUMENTS
from db.incentives.say_rules import day as day_words
from db.incentives.sheet_rules import Answer, Result, row_result
from db.incentives.tables import IncentiveClaim, IncentiveProgram, SaleReport
from db.incentives.unit_rules import Plan

_OPTIONAL = {
    "external_number": "Names the sale in your system.",
    "dealer_code": "May be left out by people of one dealer.",
}  # fmt: skip
FIELDS: tuple[TargetField, ...] = (
    *(
        replace(f, required=False, help=_OPTIONAL[f.name]) if f.name in _OPTIONAL else f
        for f in SALE_FIELDS
        if f.name != "quantity"
    ),
    TargetField(name="programs", label="Program", synonyms=("program code", "incentive"),
                help="Codes with commas between; blank: the set that pays most."),
    TargetField(name="claimed", label="Claimed amount", kind="money", synonyms=("amount claimed",),
                help="Only with one program named; blank: what the program pays."),
    TargetField(name="checklist", label="Checklist done", kind="bool",
                help="Whether every point of the programs' checklists is done."),
)  # fmt: skip
_SAME = {
    "condition": "new or used", "sale_type": "type of sale", "stocked_on": "stock day", "contract_on": "contract day",
    "delivered_on": "delivery day",
}  # fmt: skip
"""What is compared when a sale is on file: the sale on file counts, and the row is told."""


@dataclass(kw_only=True)
class Line:
    """One row on its way: what was read, the sale it is or would be, what every program says, what it comes to."""

    row: MappedRow
    problems: Problems = field(default_factory=Problems)
    dealer: Dealer | None = None
    draft: SaleDraft | None = None
    named: tuple[str, ...] = ()
    claimed_cents: int | None = None
    ticked: bool = False
    today: date = date.min
    reported_on: date | None = None
    number: str = ""
    sale: SaleReport | None = None
    is_on_file: bool = False
    sold_before: str = ""
    judged: Judged | None = None
    verdicts: dict[str, tuple[Plan, Verdict, ClaimFacts]] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    result: Result = field(default_factory=partial(Result, result="bad"))


def judge_rows(
    session: Session, rows: Sequence[MappedRow], *, actor: Actor, now: datetime, lock: bool = False
) -> list[Line]:
    """Every row with its result, in order. `lock` keeps the sales on file until the command ends."""
    reader = _Reader(session, actor, now)
    lines = [reader.line(row) for row in rows]
    sound = [one for one in lines if not one.problems.found]
    for some in _chunks(sound):
        _fill_vehicles(session, some, actor=actor)
        _find_sales(session, some, lock=lock)
    _refuse_twins(sound)
    sound = [one for one in sound if not one.problems.found]
    _make_sales(session, sound)
    for some in _chunks(sound):
        _judge(session, some)
    for one in lines:
        if one.problems.found:
            reasons = tuple(f"{_label(p.field)}: {p.message}" for p in one.problems.found)
            one.result = Result(result="bad", programs=one.named, reasons=reasons)
        else:
            one.result = _come_to(one)
    return lines


def _chunks(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), books.AT_ONCE):
        yield lines[start : start + books.AT_ONCE]


_LABELS = {f.name: f.label for f in FIELDS} | {"price_cents": "Price", "payment_cents": "Amount of one payment"}


def _label(name: str) -> str:
    return _LABELS.get(name, name) or "Row"


class _Reader:
    """Turns mapped rows into drafts; every dealer is looked up once."""

    def __init__(self, session: Session, actor: Actor, now: datetime) -> None:
        self.session, self.actor, self.now = session, actor, now
        self.dealers: dict[str, Dealer | None] = {}
        mine = dealer_choices(session, actor.scope) if actor.scope.kind == "dealers" else []
        self.only = mine[0].code if len(mine) == 1 else ""
        self.codes = {p.program.code: p.program for plans in books.plans_of(session).values() for p in plans}

    def line(self, row: MappedRow) -> Line:
        """One row as far as its own cells go."""
        values, one = row.values, Line(row=row)
        for problem in row.problems:
            one.problems.add(problem.field, problem.code, problem.message.removeprefix(f"{_label(problem.field)}: "))
        if row.problems:
            return one
        dealer = self._dealer(str(values.get("dealer_code") or self.only).strip(), one.problems)
        one.named = tuple(
            dict.fromkeys(c.strip().upper() for c in str(values.get("programs") or "").split(",") if c.strip())
        )
        one.claimed_cents, one.ticked = values.get("claimed"), bool(values.get("checklist"))
        one.number = str(values.get("external_number") or "").strip()
        if len(one.number) > 40:
            one.problems.add("external_number", "too_long", "At most 40 characters fit.")
        self._check_programs(one)
        draft = tidy(draft_of_row(values))
        unknown = [kind for kind, _ in draft.documents if kind not in DOCUMENTS]
        if unknown:
            message = f"no such kind of paper: {', '.join(u[:40] for u in unknown)}. Known are: "
            one.problems.add("documents", "unknown", message + ", ".join(DOCUMENTS.values()) + ".")
            draft = replace(draft, documents=tuple(p for p in draft.documents if p[0] in DOCUMENTS))
        one.dealer, one.draft = dealer, draft
        one.today = local_day(self.now, dealer.zone if dealer is not None else self.actor.zone)
        check_sale(draft, one.problems, today=one.today)
        self._report_day(one, values.get("reported_on"))
        return one

    def _dealer(self, code: str, problems: Problems) -> Dealer | None:
        if not code:
            problems.add("dealer_code", "required", "Which dealer sold it is needed.")
            return None
        if code not in self.dealers:
            found = find_dealer_by_code(self.session, code=code[:40], scope=self.actor.scope)
            self.dealers[code] = self.session.get(Dealer, found.dealer_id) if found else None
        if self.dealers[code] is None:
            problems.add("dealer_code", "unknown_dealer", f"There is no dealer {code[:40]} among those you look after.")
        return self.dealers[code]

    def _check_programs(self, one: Line) -> None:
        for code in one.named:
            if code not in self.codes:
                one.problems.add("programs", "unknown", f"there is no program {code[:40]}.")
            elif self.codes[code].is_volume:
                message = f"{code} counts a volume; it is claimed by its period, not by the vehicle."
                one.problems.add("programs", "volume", message)
        if one.claimed_cents is not None and len(one.named) != 1:
            one.problems.add("claimed", "one_program", "Name the one program the amount is for.")
        if one.claimed_cents is not None and not 0 < one.claimed_cents <= 100_000_000_00:
            one.problems.add("claimed", "out_of_range", "This cannot be right.")

    def _report_day(self, one: Line, given: date | None) -> None:
        one.reported_on = one.today
        if given is None or given == one.today:
            return
        if given > one.today:
            one.problems.add("reported_on", "future", "This day is still to come.")
        elif self.actor.can(Permission.INCENTIVES_IMPORT):
            one.reported_on = given
        else:
            one.notes.append(f"A new sale is reported on the day it comes in, not on {day_words(given)}.")


def _fill_vehicles(session: Session, lines: Sequence[Line], *, actor: Actor) -> None:
    vins = {one.draft.vin for one in lines if one.draft}
    rows = session.scalars(select(Vehicle).where(Vehicle.vin.in_(vins), seen_by(actor.scope)))
    known = {v.vin: v for v in rows}
    for one in lines:
        if one.draft and one.draft.vin in known:
            one.draft = sale_store.filled(one.draft, known[one.draft.vin])


def _key(draft: SaleDraft) -> str:
    return sale_key(draft.vin, draft.condition, draft.delivered_on or draft.contract_on)


def _find_sales(session: Session, lines: Sequence[Line], *, lock: bool) -> None:
    """The sale on file of each row, by the vehicle or by the dealer's own number of the sale."""
    keys = {_key(one.draft) for one in lines if one.draft}
    numbers = {one.number for one in lines if one.number}
    dealers = {one.dealer.id for one in lines if one.dealer}
    standing = select(SaleReport).where(SaleReport.sale_key.in_(keys)).order_by(SaleReport.id)
    named = select(SaleReport).where(SaleReport.dealer_id.in_(dealers), SaleReport.external_number.in_(numbers))
    if lock:
        standing = standing.with_for_update(of=SaleReport).execution_options(populate_existing=True)
    by_key = {s.sale_key: s for s in session.scalars(standing)}
    by_number = {(s.dealer_id, s.external_number): s for s in session.scalars(named)} if numbers else {}
    for one in lines:
        assert one.draft is not None
        assert one.dealer is not None
        sale = by_key.get(_key(one.draft))
        same = by_number.get((one.dealer.id, one.number)) if one.number else None
        if same is not None and same is not sale:
            state = "was unwound" if same.unwound_on else f"is another sale, of {same.vin}"
            one.problems.add("external_number", "known", f"{same.number} with this number {state}.")
        elif sale is not None and sale.dealer_id == one.dealer.id:
            one.sale, one.is_on_file = sale, True
            _compare(one, sale)
        elif sale is not None:
            one.sold_before = "another dealer's sale"


def _compare(one: Line, sale: SaleReport) -> None:
    assert one.draft is not None
    one.notes.clear()
    other = [
        label for name, label in _SAME.items()
        if one.row.values.get(name) not in (None, "") and getattr(one.draft, name) != getattr(sale, name)
    ]  # fmt: skip
    if other:
        one.notes.append(f"{sale.number} is on file with another {', '.join(other)}; the sale on file counts.")


def _refuse_twins(lines: Sequence[Line]) -> None:
    """The same vehicle, or the same number of a dealer, twice in one file: the first row stands."""
    seen: dict[Any, int] = {}
    for one in lines:
        if one.problems.found:
            continue
        assert one.draft is not None
        assert one.dealer is not None
        keys: list[tuple[str, Any, str]] = [("vin", (one.draft.vin, one.draft.condition), "this vehicle")]
        if one.number:
            keys.append(("external_number", (one.dealer.id, one.number), "this number"))
        for name, key, what in keys:
            if key in seen:
                one.problems.add(name, "twice", f"row {seen[key]:,} has {what} already.")
        for _, key, _ in keys:
            seen.setdefault(key, one.row.row)


def _make_sales(session: Session, lines: Sequence[Line]) -> None:
    """The sale each row without one would become; what a dealer is on a day is asked once."""
    facts: dict[tuple[int, date], dict[str, str]] = {}
    for one in lines:
        if one.sale is not None:
            continue
        assert one.draft is not None
        assert one.dealer is not None
        on = one.draft.delivered_on or one.draft.contract_on
        assert on is not None
        if (one.dealer.id, on) not in facts:
            facts[one.dealer.id, on] = sale_store.dealer_facts(session, one.dealer, on)
        one.sale = SaleReport(
            **sale_store.columns_of(one.draft), **facts[one.dealer.id, on], id=0, number="", dealer_id=one.dealer.id,
            region=one.dealer.region, reported_on=one.reported_on if one.draft.delivered_on else None, earlier=[],
        )  # fmt: skip


def _judge(session: Session, lines: Sequence[Line]) -> None:
    sales = [one.sale for one in lines if one.sale is not None]
    known = Known(session, sales)
    live = _live_claims(session, [s.id for s in sales if s.id])
    for today in sorted({one.today for one in lines}):
        some = [one for one in lines if one.today == today]
        bare = books.facts_of(session, [one.sale for one in some if one.sale is not None], today=today)
        for one, found in zip(some, bare, strict=True):
            assert one.sale is not None
            assert one.draft is not None
            papers = tuple(kind for kind, _ in one.draft.documents)
            fact = found if one.is_on_file else replace(found, documents=papers, sold_before=one.sold_before)
            one.judged = judged(known, one.sale, fact)
            mine = live.get(one.sale.id, {})
            for plan in one.judged.plans:
                if not plan.program.is_volume:
                    _ask(known, one, plan, mine.get(plan.program.code))


def _ask(known: Known, one: Line, plan: Plan, mine: tuple[int, str] | None) -> None:
    assert one.judged is not None
    program = plan.program
    ticked = program.checklist if one.ticked else ()
    claimed = one.claimed_cents if one.named == (program.code,) else None
    but = mine[0] if mine else None
    verdict, facts = judge_under(known, one.judged, plan, checked=ticked, claimed_cents=claimed, but=but)
    if claimed is None and 0 < verdict.entitled_cents != amount_of(program, one.judged.fact):
        # A cap or the budget leaves less: that is what the form proposes, and what is claimed.
        verdict, facts = judge_under(
            known, one.judged, plan, checked=ticked, claimed_cents=verdict.entitled_cents, but=but
        )
    one.verdicts[program.code] = (plan, verdict, facts)
    if mine:
        one.claims[program.code] = mine[1]


def _live_claims(session: Session, sale_ids: Sequence[int]) -> dict[int, dict[str, tuple[int, str]]]:
    found: dict[int, dict[str, tuple[int, str]]] = {}
    if not sale_ids:
        return found
    rows = session.execute(
        select(IncentiveClaim.sale_id, IncentiveProgram.code, IncentiveClaim.id, IncentiveClaim.number)
        .join(IncentiveProgram, IncentiveProgram.id == IncentiveClaim.program_id)
        .where(
            IncentiveClaim.sale_id.in_(sale_ids),
            IncentiveClaim.status.in_((*claim_store.WAITING, *claim_store.APPROVED)),
        )
    )  # fmt: skip
    for sale_id, code, claim_id, number in rows:
        found.setdefault(sale_id or 0, {})[code] = (claim_id, number)
    return found


def _come_to(one: Line) -> Result:
    assert one.judged is not None
    answers = [
        Answer(
            code=code, outcome=verdict.outcome, cents=min(facts.claimed_cents or 0, verdict.entitled_cents),
            chosen=code in one.judged.stacked.chosen, checks=verdict.checks, claim=one.claims.get(code, ""),
        )
        for code, (_, verdict, facts) in sorted(one.verdicts.items())
    ]  # fmt: skip
    absent = [code for code in one.named if code not in one.verdicts]
    if absent:
        reasons = tuple(f"{code} I03: it does not run on the day of this sale." for code in absent)
        return Result(result="refused", programs=one.named, reasons=(*reasons, *one.notes))
    found = row_result(answers, named=one.named)
    return replace(found, reasons=(*found.reasons, *one.notes))
