# ruff: noqa: E501 - one activity a line reads best
"""The demo's co-op: purchases of each month, requests and claims of every state, payments, and money that expires."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from db.coop.claim_queries import get_claim
from db.coop.commands import CLAIMS, REQUESTS, adjust, allocate, ask, enter_claim, make_payment, set_programme, transfer
from db.coop.fund_queries import FundFilters, list_funds
from db.coop.jobs import run_expiry, run_lapses
from db.coop.model import PROOFS, UNFILED, Programme
from db.coop.paper_queries import NewPaper
from db.coop.payable_rules import CostLine, Showing
from db.coop.request_queries import get_request, programme_choices
from db.coop.request_rules import Terms
from db.core.actor import EVERYTHING
from db.core.area import SourceFile
from db.core.problems import Refused
from db.core.session import reading
from db.imports.commands import run_import
from db.imports.mapping import load_mapping
from seed.claims import paper
from seed.story import Story

CODES = (
    "00402",
    "00501",
    "00617",
    "00305",
    "00331",
    "00226",
    "00313",
    "00512",
    "00415",
    "00614",
    "00623",
    "00137",
    "00519",
)
HOME, NEXT = CODES[0], CODES[1]
MAPPING = load_mapping(
    'kind = "coop_purchases"\ntitle = "Wholesale invoices"\n[columns]\ninvoice_number = "Invoice"\n'
    'dealer_code = "Dealer"\ninvoiced_on = "Date"\namount = "Net"\nmodel = "Model"\n'
)
GT, VAN = "Roadster GT", "Cargo Van L2"


class _Plan(NamedTuple):
    """One activity: days before the end it is asked for, by whom, and what becomes of it, a word a step.

    A word without a dot is a step of the request, after the dot one of its claim; "claim" enters one with all proofs,
    "claim-" without the last proof. `days` later the activity begins.
    """

    ago: float
    code: str
    medium: str
    activity: str
    vendor: str
    cost: int
    days: int
    fate: tuple[str, ...]
    goal: str = ""


PLANS = (
    _Plan(171, HOME, "radio", "Spring spots, two weeks", "WHUD 100.7", 6_200, 9, ("approve", "claim-", ".add", ".submit", ".approve"), "25 calls a week"),
    _Plan(165, NEXT, "digital", "Search ads, June", "Bright Search", 5_400, 5, ("approve", "claim", ".approve"), "60 leads"),
    _Plan(158, CODES[2], "print", "Full page, Sunday paper", "The Courier", 4_800, 7, ("approve", "claim", ".less")),
    _Plan(150, CODES[3], "event", "Regional car show", "Expo Center", 8_900, 14, ("approve",), "120 visitors at the stand"),
    _Plan(141, CODES[4], "direct_mail", "Letter to lease customers", "PrintWorks", 3_900, 8, ("less", "claim", ".approve")),
    _Plan(133, HOME, "digital", "Social campaign for the Roadster", "Bright Search", 6_800, 6, ("approve", "claim", ".approve"), "80 leads, 6 sales"),
    _Plan(124, CODES[5], "outdoor", "Billboard at the bypass", "Sky Boards", 7_200, 10, ("approve", "claim", ".approve", ".reverse")),
    _Plan(117, CODES[6], "items", "Key rings and caps", "Promo House", 4_100, 6, ("approve", "claim", ".approve")),
    _Plan(108, CODES[7], "tv", "Local TV spot", "Channel 9", 14_500, 12, ("deny",)),
    _Plan(96, NEXT, "wrap", "Service van wrapped", "Wrap Brothers", 3_300, 9, ("approve", "claim-")),
    _Plan(88, CODES[8], "radio", "Truck month spots", "KTRK", 5_900, 8, ("approve", "release")),
    _Plan(79, CODES[9], "digital", "Video ads", "Bright Search", 4_700, 5, ("approve", "claim", ".deny")),
    _Plan(66, HOME, "print", "Double page, auto weekend", "Hudson Times", 5_600, 9, ("approve", "claim", ".approve")),
    _Plan(58, CODES[10], "direct_mail", "Winter check coupon", "PrintWorks", 2_900, 6, ("withdraw",)),
    _Plan(49, CODES[11], "digital", "Search ads, autumn", "Bright Search", 3_800, 4, ("approve", "claim", ".void")),
    _Plan(37, CODES[2], "radio", "Anniversary spots", "WFCR", 6_600, 8, ("approve", "claim")),
    _Plan(33, NEXT, "digital", "Lead ads for the van", "Bright Search", 5_100, 5, ("approve", "claim"), "45 leads"),
    _Plan(29, CODES[12], "outdoor", "Bus shelter posters", "City Media", 4_400, 8, ("approve", "keep")),
    _Plan(22, CODES[4], "event", "Home show stand", "Expo Center", 7_700, 25, ("approve",), "80 visitors"),
    _Plan(15, HOME, "radio", "Year-end spots", "WHUD 100.7", 6_900, 20, ("less",), "30 calls a week"),
    _Plan(12, CODES[6], "tv", "Morning show sponsor", "Channel 4", 11_800, 21, ()),
    _Plan(8, CODES[3], "print", "Inlay, Saturday paper", "The Courier", 3_600, 10, ("return",)),
    _Plan(5.5, NEXT, "radio", "Winter tires spots", "KTRK", 4_900, 12, ()),
    _Plan(3.2, HOME, "direct_mail", "Letter to owners of cars over 8 years", "PrintWorks", 5_200, 9, (), "20 trade-ins"),
    _Plan(1.4, CODES[7], "digital", "Search ads, December", "Bright Search", 6_400, 4, ()),
    _Plan(0.6, CODES[8], "items", "Ice scrapers", "Promo House", 2_700, 6, ("draft",)),
)  # fmt: skip
NOTES = {
    "less": "Half of the plan, as last year.", "deny": "The spot shows two other brands.", "return": "Which issues, and which size?",
    "withdraw": "Postponed to spring", "release": "The station has closed.", ".less": "The page was smaller than ordered.",
    ".deny": "The report shows another dealer's campaign.", ".void": "Invoice was corrected", ".reverse": "The agency has refunded the dealer.",
}  # fmt: skip


def expect(story: Story, *, seed: int) -> None:
    """Let programmes be written, purchases come in each month, activities be asked for and claimed, finance pay."""
    first = story.until - timedelta(days=182)
    story.at(first, partial(_programmes, story))
    for month in range(182, 0, -30):
        back = 4 if month == 182 else 1
        at = (story.until - timedelta(days=month) + timedelta(hours=1)).replace(minute=20)
        story.at(at, partial(_purchases, story, seed, back))
    for plan in PLANS:
        at = (story.until - timedelta(days=plan.ago)).replace(hour=14 + int(plan.ago) % 5, minute=12)
        story.at(min(at, story.until - timedelta(hours=2)), partial(_ask, story, plan))
    for turn in range(10, 0, -1):
        at = (story.until - timedelta(days=16 * turn - 3)).replace(hour=16, minute=25)
        story.at(at, partial(_pay, story, f"demo-coop-{turn}"))
    for days in range(176, 0, -8):
        story.at(story.until - timedelta(days=days), partial(_sweep, story))
    story.at(story.until - timedelta(days=74), partial(_by_hand, story))


def close_day(story: Story) -> None:
    """The sweep has just run."""
    _sweep(story, story.until)


def _programmes(story: Story, now: datetime) -> None:
    """A programme for each year the story touches, and a later version that pays more for digital."""
    mason = story.cast.named("mason")
    for year in range((now - timedelta(days=150)).year, (story.until + timedelta(days=60)).year + 1):
        terms = Programme(
            code=f"COOP-{year}", name=f"Local advertising {year}", year=year, models={GT: 3_00}, accrual=2_00
        )
        story.do(
            set_programme, body=terms.model_dump(mode="json"), effective_from=None, reason="The new year", actor=mason,
            now=now,
        )  # fmt: skip


def _purchases(story: Story, seed: int, back: int, now: datetime) -> None:
    """What dealers bought in the months before, as the wholesale system hands it over."""
    rows = ["Invoice,Dealer,Date,Net,Model"]
    for months in range(back, 0, -1):
        ordinal = now.year * 12 + now.month - 1 - months
        day = date(ordinal // 12, ordinal % 12 + 1, 14)
        for code in CODES:
            dice = random.Random(f"{seed}:{code}:{day}")
            for model in (GT, VAN) if code in (HOME, NEXT) else (VAN,):
                cents = dice.randint(55_000_00, 140_000_00)
                rows.append(f"W{day:%y%m}-{code}-{model[0]},{code},{day},{cents / 100:.2f},{model}")
    story.do(
        run_import, kind="coop_purchases", channel="cli", mapping=MAPPING, actor=story.cast.named("cora"), now=now,
        files=[SourceFile(name=f"wholesale-{now:%Y-%m-%d}.csv", content="\n".join(rows).encode())],
    )  # fmt: skip


def _take(story: Story, what: str, command: Any, **arguments: Any) -> Any:
    """One command; what the rules refuse in this telling of the story is left out and counted."""
    try:
        return story.do(command, **arguments)
    except Refused:
        story.overtaken[f"coop_{what}"] += 1
        return None


def _terms(plan: _Plan, asked: date) -> Terms:
    begins = asked + timedelta(days=plan.days)
    costs = [
        CostLine(
            kind="goods" if plan.medium == "items" else "fee" if plan.medium == "event" else "space",
            cents=plan.cost * 100,
        )
    ]
    if plan.cost > 6_500:
        costs = [replace(costs[0], cents=plan.cost * 85), CostLine(kind="production", cents=plan.cost * 15)]
    return Terms(
        medium=plan.medium, activity=plan.activity, vendor=plan.vendor, goal=plan.goal, starts_on=begins,
        ends_on=begins + timedelta(days=3 if plan.days < 20 else 6), costs=tuple(costs),
        showing=Showing(brand_share=80_00, mentions=4 if plan.medium == "radio" else None, seconds=30 if plan.medium == "radio" else None),
    )  # fmt: skip


def _quote(plan: _Plan) -> tuple[NewPaper, ...]:
    """What the vendor offered, with the larger plans."""
    if plan.cost < 5_000:
        return ()
    text = f"Quote {plan.vendor} {plan.cost:,}"
    return (NewPaper(kind="quote", file_name=f"{plan.vendor.lower().replace(' ', '-')}.pdf", content=paper(text)),)


def _ask(story: Story, plan: _Plan, now: datetime) -> None:
    dealer_id = story.cast.id_of(plan.code)
    actor = story.cast.manager(dealer_id)
    terms = _terms(plan, now.date())
    assert terms.ends_on is not None
    with reading(story.bind) as session:
        programmes = {p.year: p.id for p in programme_choices(session, actor=actor, today=terms.ends_on)}
    item = _take(
        story, "ask", ask, dealer_id=dealer_id, programme_id=programmes.get(terms.ends_on.year), terms=terms,
        send=plan.fate != ("draft",), form_key=None, files=_quote(plan), actor=actor, now=now,
    )  # fmt: skip
    if item is None:
        return
    for word in plan.fate[:1]:
        if word != "draft":
            story.at(now + timedelta(days=1.2), partial(_decide, story, plan, item, word))


def _decide(story: Story, plan: _Plan, item: int, word: str, now: datetime) -> None:
    """What the desk says to a request, and what the dealer does then."""
    actor = story.cast.named("cora")
    with reading(story.bind) as session:
        page = get_request(session, item_id=item, actor=actor, now=now)
    common = {"item_id": item, "seen_version": page.version, "now": now}
    manager = story.cast.manager(page.row.dealer_id)
    if word == "approve":
        _take(story, word, REQUESTS["approve"], actor=actor, **common)
    elif word == "less":
        half = page.found.cents // 200 * 100
        _take(story, word, REQUESTS["approve"], actor=actor, amount_cents=half, note=NOTES[word], **common)
    elif word == "deny":
        _take(story, word, REQUESTS["deny"], actor=actor, reason_code="brand", note=NOTES[word], **common)
    elif word == "return":
        _take(story, word, REQUESTS["send_back"], actor=actor, note=NOTES[word], **common)
    elif word in ("withdraw", "release"):
        _take(story, word, REQUESTS[word], actor=manager, note=NOTES[word], **common)
    rest = plan.fate[1:]
    if rest and rest[0] == "release":
        story.at(now + timedelta(days=4), partial(_decide, story, plan._replace(fate=("release",)), item, "release"))
    elif rest:
        story.at(now + timedelta(days=plan.days + 9), partial(_claim, story, plan, item))


def _claim(story: Story, plan: _Plan, item: int, now: datetime) -> None:
    """The dealer claims what was done; whoever forgets a proof gets the claim back."""
    actor = story.cast.manager(story.cast.id_of(plan.code))
    with reading(story.bind) as session:
        page = get_request(session, item_id=item, actor=actor, now=now)
    word = plan.fate[1]
    needs = Programme(code="XX", name="x", year=2026).media[plan.medium].needs  # type: ignore[index]
    given = needs[:-1] if word == "claim-" else needs
    terms = replace(
        page.terms, invoice_number=f"{plan.vendor[:2].upper()}-{item:04}", showing=_terms(plan, now.date()).showing
    )
    # Some dealers scan their proofs, others say where they keep them.
    scans = tuple(_scan(kind, item) for kind in given if kind not in UNFILED) if item % 2 else ()
    claim = _take(
        story, "claim", enter_claim, files=scans, terms=terms, request_id=item, send=word != "keep", form_key=None, actor=actor,
        proofs=tuple((kind, f"{kind.replace('_', '-')}-{item}.pdf") for kind in given), now=now,
    )  # fmt: skip
    if claim is None:
        return
    for position, step in enumerate(plan.fate[2:], start=1):
        story.at(now + timedelta(days=2.3 * position), partial(_follow, story, claim, needs[-1], step))


def _scan(kind: str, item: int) -> NewPaper:
    return NewPaper(
        kind=kind, file_name=f"{kind.replace('_', '-')}-{item}.pdf", content=paper(f"{PROOFS[kind]} {item}")
    )


def _follow(story: Story, claim: int, proof: str, word: str, now: datetime) -> None:
    cora, mason = story.cast.named("cora"), story.cast.named("mason")
    with reading(story.bind) as session:
        page = get_claim(session, item_id=claim, actor=cora, now=now)
    dealer = story.cast.manager(page.row.dealer_id)
    common = {"item_id": claim, "seen_version": page.version, "now": now}
    note = NOTES.get(word, "")
    if word == ".add":
        _take(story, word, CLAIMS["add_papers"], actor=dealer, files=(_scan(proof, claim),), **common)
    elif word == ".submit":
        _take(story, word, CLAIMS["submit"], actor=dealer, **common)
    elif word == ".approve":
        _take(story, word, CLAIMS["approve"], actor=cora, **common)
    elif word == ".less":
        _take(
            story,
            word,
            CLAIMS["approve"],
            actor=cora,
            amount_cents=page.found.cents * 3 // 400 * 100,
            note=note,
            **common,
        )
    elif word == ".deny":
        _take(story, word, CLAIMS["deny"], actor=cora, reason_code="proof", note=note, **common)
    elif word == ".void":
        _take(story, word, CLAIMS["void"], actor=dealer, note=note, **common)
    elif word == ".reverse":
        _take(story, word, CLAIMS["reverse"], actor=mason, note=note, **common)


def _pay(story: Story, key: str, now: datetime) -> None:
    _take(story, "pay", make_payment, form_key=key, actor=story.cast.named("finn"), now=now)


def _sweep(story: Story, now: datetime) -> None:
    run_expiry(story.bind, now=now)
    run_lapses(story.bind, now=now)


def _by_hand(story: Story, now: datetime) -> None:
    """An allocation for an opening, a correction, and money two houses of one owner share."""
    mason = story.cast.named("mason")
    with reading(story.bind) as session:
        funds, _ = list_funds(session, scope=EVERYTHING, filters=FundFilters(period=str(now.year)), limit=200)
    mine = {f.dealer_code: f for f in funds}
    if HOME not in mine or NEXT not in mine or CODES[2] not in mine:
        return
    common = {"actor": mason, "now": now}
    _take(
        story, "allocate", allocate, programme_id=mine[HOME].programme_id, dealer_id=mine[HOME].dealer_id,
        cents=2_500_00, reason="Opening of the new showroom", form_key="demo-coop-a", **common,
    )  # fmt: skip
    _take(
        story, "adjust", adjust, fund_id=mine[NEXT].id, cents=-180_00, reason="Invoice W-0714 was counted twice",
        form_key="demo-coop-b", **common,
    )  # fmt: skip
    _take(
        story, "transfer", transfer, fund_id=mine[CODES[2]].id, to_dealer_id=mine[NEXT].dealer_id, cents=600_00,
        reason="One campaign of both houses", form_key="demo-coop-c", **common,
    )  # fmt: skip
