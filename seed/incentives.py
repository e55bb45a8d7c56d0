"""Incentives of the demo: programs of every kind, sales of a year and more, claims in all states (commands only)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading
from db.imports.commands import run_import
from db.incentives.commands import (
    COMMANDS,
    approve_many,
    claim_period,
    claim_sale,
    correct_sale,
    publish_program,
    report_sale,
    save_program,
    unwind_sale,
)
from db.incentives.entry_rules import SaleDraft
from db.incentives.sale_store import draft_of
from db.incentives.tables import IncentiveClaim, IncentiveEarning, IncentiveProgram, IncentiveVersion, SaleReport
from db.incentives.validation_queries import sale_view
from seed import incentive_papers
from seed.arrivals import made_up_vin
from seed.incentive_programs import changed, drafts, month_of, programs
from seed.places import LINES, MAKE, PLACES
from seed.story import Story

HOME = "00402"
CLAIMANTS = (HOME, "00101", HOME, "00137", HOME, "00313", "00501")
HEADER = ("Sale number", "Dealer code", "VIN", "Make", "Model", "Model year", "Type of sale", "In stock since",
          "Contract date", "Delivery date", "Report date", "Customer number", "Price", "Papers")  # fmt: skip
HISTORY, WEEKLY = 150, 7
TICKS = {"CASH": ("Signed by the customer", "Shown on the order"), "VOLUME": ("Stock counted",)}
OTHER_MAKES = ("Ostara", "Brightwell", "Corva")
OPEN = ((HOME, 5), ("00101", 3), ("00313", 2), ("00137", 1))
"""Contracted, not delivered yet: how many at which dealer."""


class Told(NamedTuple):
    """One sale that is claimed: days before the end, what the customer brings, and what becomes of its claims."""

    days: float
    brings: str
    fate: str


FATES = ("approve", "approve", "wrong_paper", "approve", "part", "approve", "deny", "corrected", "approve", "unwound",
         "send_back", "approve", "void", "own_make", "approve", "unticked")  # fmt: skip
BRINGS = ("plain", "loyal", "conquest", "plain", "graduate", "plain", "lease", "trade", "plain", "conquest")
TOLD = tuple(
    Told(5 + 3.1 * n, "own" if FATES[n % len(FATES)] == "own_make" else BRINGS[n % len(BRINGS)], FATES[n % len(FATES)])
    for n in range(35)
) + tuple(Told(0.6 + 0.7 * n, BRINGS[n % len(BRINGS)], "wait") for n in range(6))  # fmt: skip


def expect(story: Story, *, seed: int, start: datetime) -> None:
    """Let the past be brought in, programs be published, and dealers sell and claim."""
    rng, end = Random(f"{seed}:incentives"), story.until.date()
    day = start + timedelta(days=1)
    sellers = [p for p in PLACES if p.status == "active"]
    weights = [6 * p.weight if p.code == HOME else p.weight for p in sellers]
    past = [rng.randint(1, 385) for _ in range(HISTORY)]
    rows = [_row(rng, rng.choices(sellers, weights)[0].code, day.date() - timedelta(days=n), f"H{i:04}",
                 brought=day.date())
            for i, n in enumerate(sorted(past, reverse=True))]  # fmt: skip
    for n, body in enumerate(programs(end)):
        story.at(day.replace(hour=16, minute=n), partial(_publish, story, body, None, "Agreed for the half-year."))
    # After the programs: each sale is then judged once and not anew with each of them, and what is earned is the same.
    story.at(day.replace(hour=17, minute=5), partial(_bring, story, rows))
    for change in changed(end):
        story.at(_on(story, change[0], 15), partial(_change, story, change))
    for n, draft in enumerate(drafts(end)):
        story.at(_on(story, 2 - n, 16, 20), partial(_draft, story, draft))
    monday, week = day + timedelta(days=7), 0
    while monday < story.until - timedelta(hours=12):
        week += 1
        sold = [_row(rng, rng.choices(sellers, weights)[0].code, monday.date() - timedelta(days=rng.randint(1, 7)),
                     f"W{week:02}-{i:02}", brought=monday.date()) for i in range(WEEKLY)]  # fmt: skip
        story.at(monday.replace(hour=14, minute=40), partial(_bring, story, sold))
        monday += timedelta(days=7)
    for n, told in enumerate(TOLD):
        story.at(_on(story, told.days, 17, n), partial(_tell, story, told, n, f"{seed}:incentive:{n}"))
    for n, (code, number) in enumerate(OPEN):
        for one in range(number):
            at = _on(story, 1 + one * 0.8, 18, n * 7 + one)
            story.at(at, partial(_contract, story, code, f"{seed}:{code}:{one}"))
    for back in (3, 2, 1):
        over = datetime.combine(month_of(end, back - 1), datetime.min.time(), story.until.tzinfo)
        story.at(over + timedelta(days=2, hours=17), partial(_volumes, story, month_of(end, back), seed))
    incentive_papers.expect(story, seed=seed)
    story.at(_on(story, 20, 19), partial(_together, story))


def _on(story: Story, days: float, hour: int, minute: int = 0) -> datetime:
    at = (story.until - timedelta(days=days)).replace(hour=hour, minute=minute % 60, second=0, microsecond=0)
    return min(at, story.until - timedelta(hours=1))


# ---- sales -----------------------------------------------------------------------------------------------------------
def _vehicle(rng: Random, delivered: date) -> tuple[str, str, int, int]:
    """VIN, model, model year, price in dollars."""
    _, models, low, high = rng.choices(LINES, (5, 6, 6, 4, 2, 3))[0]
    year = delivered.year + (1 if delivered.month > 8 else 0)
    return made_up_vin(rng, year), rng.choice(models), year, rng.randint(low, high)


def _row(rng: Random, code: str, delivered: date, number: str, *, brought: date) -> tuple[object, ...]:
    vin, model, year, price = _vehicle(rng, delivered)
    contract = delivered - timedelta(days=rng.randint(0, 12))
    papers = "" if rng.random() < 0.1 else "registration, signed buyer's order"
    if papers and model.startswith("Atlas"):
        papers += ", stock invoice"
    kind = rng.choices(("cash", "loan", "lease", "fleet"), (3, 6, 3, 1))[0]
    return (
        number, code, vin, MAKE, model, year, kind, contract - timedelta(days=rng.randint(5, 90)), contract, delivered,
        min(brought, delivered + timedelta(days=rng.randint(0, 6))), f"C-{rng.randint(10_000, 99_999)}", price, papers,
    )  # fmt: skip


def _bring(story: Story, rows: Sequence[tuple[object, ...]], now: datetime) -> None:
    """Sales reported by the dealers' own systems, as one file."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(rows)
    file = SourceFile(name=f"sales_{now:%Y_%m_%d}.csv", content=text.getvalue().encode())
    result = story.do(
        run_import, kind="sales", files=[file], channel="page", actor=story.cast.named("cora"), now=now
    )  # fmt: skip
    assert not result.rejected, [o.message for o in result.outcomes if o.outcome == "rejected"][:3]


def _contract(story: Story, code: str, which: str, now: datetime) -> None:
    """A sale that is signed and not delivered yet."""
    rng, today = Random(f"{which}:open"), now.date()
    vin, model, year, price = _vehicle(rng, today)
    draft = SaleDraft(
        vin=vin, make=MAKE, model=model, year=year, stocked_on=today - timedelta(days=30), price_cents=price * 100,
        contract_on=today - timedelta(days=2), customer_ref=f"C-{rng.randint(10_000, 99_999)}",
    )  # fmt: skip
    dealer_id = story.cast.id_of(code)
    story.do(report_sale, dealer_id=dealer_id, draft=draft, form_key=_key(rng), actor=story.cast.manager(dealer_id),
             now=now)  # fmt: skip


def _key(rng: Random) -> str:
    return UUID(int=rng.getrandbits(128)).hex


# ---- programs --------------------------------------------------------------------------------------------------------
def _publish(story: Story, body: dict[str, Any], first: date | None, why: str, now: datetime) -> None:
    version_id = story.do(save_program, body=body, effective_from=first, reason=why, form_key=None,
                          actor=story.cast.named("leah"), now=now)  # fmt: skip
    story.do(publish_program, version_id=version_id, seen_version=1, reason=why, actor=story.cast.named("mason"),
             now=now)  # fmt: skip


def _newest(story: Story, code: str) -> dict[str, Any]:
    with reading(story.bind) as session:
        query = select(IncentiveVersion.body).join(IncentiveProgram).where(IncentiveProgram.code == code)
        return dict(session.scalars(query.order_by(IncentiveVersion.number.desc()).limit(1)).one())


def _change(story: Story, change: tuple[int, str, str, dict[str, Any], date], now: datetime) -> None:
    _, code, why, more, first = change
    _publish(story, _newest(story, code) | more, first, why, now)


def _draft(story: Story, draft: tuple[str, str, dict[str, Any], date | None], now: datetime) -> None:
    who, why, body, first = draft
    story.do(save_program, body=body, effective_from=first, reason=why, form_key=None, actor=story.cast.named(who),
             now=now)  # fmt: skip


# ---- claims ----------------------------------------------------------------------------------------------------------
def _sold(rng: Random, told: Told, today: date) -> SaleDraft:
    """What a dealer reports of a sale that is claimed."""
    vin, model, year, price = _vehicle(rng, today)
    contract = today - timedelta(days=4)
    papers = ["registration", "buyers_order"]
    more: dict[str, Any] = {}
    if told.brings in ("loyal", "own"):
        more |= {"trade_make": MAKE, "trade_year": year - 5}
    elif told.brings in ("conquest", "trade"):
        more |= {"trade_make": rng.choice(OTHER_MAKES), "trade_year": year - (6 if told.brings == "conquest" else 8)}
    elif told.brings == "graduate":
        more["affinity"] = "graduate"
        papers.append("diploma")
    elif told.brings == "lease":
        more |= {"lease_ends_on": today + timedelta(days=80), "waived_payments": 3, "payment_cents": 389_00}
        papers.append("lease_statement")
    if model.startswith("Atlas"):
        papers.append("invoice")
    if "trade_make" in more:
        papers.append("trade_title")
    if model.startswith("Nova"):
        more["certificates"] = ("EV-1",)
    if told.fate in ("wrong_paper", "corrected"):
        papers = ["odometer", *papers[1:]]
    return SaleDraft(
        vin=vin, make=MAKE, model=model, year=year, sale_type=rng.choice(("cash", "loan", "lease")),
        contract_on=contract,
        stocked_on=contract - timedelta(days=rng.randint(5, 80)), delivered_on=today - timedelta(days=1),
        customer_ref=f"C-{rng.randint(10_000, 99_999)}", price_cents=price * 100,
        documents=tuple((p, f"D-{rng.randint(1_000, 9_999)}") for p in papers), **more,
    )  # fmt: skip


def _tell(story: Story, told: Told, n: int, which: str, now: datetime) -> None:
    """Report a sale, claim what it can have, and let what becomes of it happen later."""
    rng, dealer_id = Random(which), story.cast.id_of(CLAIMANTS[n % len(CLAIMANTS)])
    actor = story.cast.manager(dealer_id)
    sale_id = story.do(report_sale, dealer_id=dealer_id, draft=_sold(rng, told, now.date()), form_key=_key(rng),
                       actor=actor, now=now)  # fmt: skip
    with reading(story.bind) as session:
        view = sale_view(session, sale_id=sale_id, actor=actor, now=now)
    offered = [p for p in view.validation.programs if not p.is_volume]
    wanted = [p for p in offered if p.chosen or (p.outcome == "returned" and told.fate in ("wrong_paper", "corrected")
              and p.code.startswith("CASH"))]  # fmt: skip
    if told.fate == "own_make":
        wanted = [p for p in offered if p.code.startswith("CONQUEST")]
    if not wanted:
        return
    ticks = {p.code: () if told.fate == "unticked" else TICKS.get(p.code.split("-")[0], ()) for p in wanted}
    story.do(claim_sale, sale_id=sale_id, programs=[p.code for p in wanted], checked=ticks, form_key=_key(rng),
             amounts={p.code: p.cents or _usual(p.words) for p in wanted}, actor=actor,
             now=now)  # fmt: skip
    for step, (days, what) in enumerate(_later(told.fate)):
        at = now + timedelta(days=days, minutes=11 * step + n % 7)
        story.at(at, partial(what, story, sale_id, rng))


def _usual(words: Sequence[str]) -> int:
    """The first amount a program's sentence names, in cents."""
    text = next((w for w in words[0].split() if w.startswith("$")), "$0").strip("$.,").replace(",", "")
    return int(float(text) * 100)


def _later(fate: str) -> list[tuple[float, Any]]:
    """What happens to the claims of a fate: days after they were sent, and what is done."""
    then: dict[str, list[tuple[float, Any]]] = {
        "approve": [(3.5, _approve)], "part": [(4.5, partial(_approve, share=0.6))], "deny": [(5.2, _deny)],
        "corrected": [(2.4, _correct), (6.1, _approve)], "unwound": [(4.0, _approve), (12.0, _unwind)],
        "send_back": [(3.1, _send_back)], "void": [(1.5, _void)],
    }  # fmt: skip
    return then.get(fate, [])


def _claims(story: Story, sale_id: int, *states: str) -> list[IncentiveClaim]:
    with reading(story.bind) as session:
        query = select(IncentiveClaim).where(IncentiveClaim.sale_id == sale_id, IncentiveClaim.status.in_(states))
        found = list(session.scalars(query.order_by(IncentiveClaim.id)))
        session.expunge_all()
        return found


def _act(story: Story, claim: IncentiveClaim, step: str, *, who: Any, now: datetime, **more: Any) -> None:
    """One step as the claim is now; what is refused, such as an amount the budget no longer has, stays as it is."""
    try:
        story.do(COMMANDS[step], item_id=claim.id, seen_version=claim.version, actor=who, now=now, **more)
    except Refused as refused:
        story.overtaken[f"incentives.{step}.{refused.code}"] += 1


def _desk(story: Story, claim: IncentiveClaim) -> Any:
    return story.cast.desk(claim.region)


def _approve(story: Story, sale_id: int, _rng: Random, now: datetime, *, share: float = 1.0) -> None:
    for claim in _claims(story, sale_id, "in_review"):
        more: dict[str, Any] = {}
        if share < 1:
            more = {
                "amount_cents": int((claim.claimed_cents or 0) * share),
                "note": "The rest was given by the dealer.",
            }
        _act(story, claim, "approve", who=_desk(story, claim), now=now, **more)


def _deny(story: Story, sale_id: int, _rng: Random, now: datetime) -> None:
    for claim in _claims(story, sale_id, "in_review"):
        _act(story, claim, "deny", who=_desk(story, claim), now=now, reason_code="not_proved",
             note="The registration names another buyer than the order.")  # fmt: skip


def _send_back(story: Story, sale_id: int, _rng: Random, now: datetime) -> None:
    for claim in _claims(story, sale_id, "in_review"):
        _act(story, claim, "send_back", who=_desk(story, claim), now=now, reason_code="data",
             note="The day on the order is after the delivery. Please send the signed page.")  # fmt: skip


def _void(story: Story, sale_id: int, _rng: Random, now: datetime) -> None:
    for claim in _claims(story, sale_id, "in_review", "returned"):
        _act(story, claim, "void", who=story.cast.manager(claim.dealer_id or 0), now=now, note="Claimed by mistake.")


def _correct(story: Story, sale_id: int, _rng: Random, now: datetime) -> None:
    """The right paper is filed too (the wrong one may have a file and stays), and what came back is sent again."""
    with reading(story.bind) as session:
        sale = session.get_one(SaleReport, sale_id)
        draft, version, dealer_id = draft_of(session, sale), sale.version, sale.dealer_id
    known = dict(draft.documents)
    papers = draft.documents
    if "odometer" in known and "registration" not in known:
        papers = (*papers, ("registration", known["odometer"]))
    actor = story.cast.manager(dealer_id)
    story.do(correct_sale, sale_id=sale_id, seen_version=version, draft=replace(draft, documents=papers), actor=actor,
             now=now)  # fmt: skip
    for claim in _claims(story, sale_id, "returned"):
        _act(story, claim, "submit", who=actor, now=now, checklist_done=True)


def _unwind(story: Story, sale_id: int, _rng: Random, now: datetime) -> None:
    with reading(story.bind) as session:
        sale = session.get_one(SaleReport, sale_id)
        version, dealer_id = sale.version, sale.dealer_id
    story.do(unwind_sale, sale_id=sale_id, seen_version=version, reason="The bank did not finance it.",
             actor=story.cast.manager(dealer_id), now=now)  # fmt: skip


# ---- volumes and many at once ----------------------------------------------------------------------------------------
def _volumes(story: Story, month: date, seed: int, now: datetime) -> None:
    """Dealers claim what a month has brought; large ones are signed by a coordinator and then by a manager."""
    with reading(story.bind) as session:
        program_id = session.scalars(select(IncentiveProgram.id).where(IncentiveProgram.code.like("VOLUME-__"))).one()
        earned = dict(
            session.execute(
                select(IncentiveEarning.dealer_id, IncentiveEarning.cents).where(
                    IncentiveEarning.program_id == program_id, IncentiveEarning.period == f"{month:%Y-%m}"
                )
            ).all()
        )
    rng = Random(f"{seed}:volume:{month}")
    for code in dict.fromkeys(CLAIMANTS):
        dealer_id = story.cast.id_of(code)
        if not earned.get(dealer_id):
            continue
        try:
            claim_id = story.do(
                claim_period, program_id=program_id, dealer_id=dealer_id, period=f"{month:%Y-%m}",
                checked=TICKS["VOLUME"], form_key=_key(rng), actor=story.cast.manager(dealer_id), now=now,
            )  # fmt: skip
        except Refused as refused:
            story.overtaken[f"incentives.claim_period.{refused.code}"] += 1
            continue
        story.at(now + timedelta(days=4), partial(_sign, story, claim_id, "cora"))
        if month < month_of(story.until.date(), 1):
            story.at(now + timedelta(days=6), partial(_sign, story, claim_id, "mason"))


def _sign(story: Story, claim_id: int, who: str, now: datetime) -> None:
    with reading(story.bind) as session:
        claim = session.get_one(IncentiveClaim, claim_id)
        session.expunge(claim)
    if claim.status == "in_review":
        _act(story, claim, "approve", who=story.cast.named(who), now=now)


def _together(story: Story, now: datetime) -> None:
    """The manager approves at once what has waited longest."""
    with reading(story.bind) as session:
        rows = session.execute(
            select(IncentiveClaim.id, IncentiveClaim.version)
            .where(IncentiveClaim.status == "in_review")
            .order_by(IncentiveClaim.due_at, IncentiveClaim.id)
            .limit(4)
        ).all()
    try:
        story.do(approve_many, items=[(i, v) for i, v in rows], note="Checked together.",
                 actor=story.cast.named("mason"), now=now)  # fmt: skip
    except Refused as refused:
        story.overtaken[f"incentives.approve_many.{refused.code}"] += 1
