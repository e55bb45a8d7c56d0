"""The demo's terms: given when the network began, raised on the way, some waiting; and areas that change hands."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from db.core.actor import EVERYTHING
from db.core.session import reading
from db.dealers.queries import get_dealer
from db.dealers.territory_commands import assign_territory, end_territory, transfer_territory
from db.terms.change_queries import get_change
from db.terms.commands import COMMANDS, approve_many
from db.terms.propose_commands import propose_change, propose_many
from db.terms.queries import values_of
from db.terms.rules import KINDS, Value, raised
from seed.places import PLACES, Place
from seed.story import Story

TIER = {4: "Platinum", 3: "Gold", 2: "Silver", 1: "Bronze"}
# What some dealers still lack, so that their health says so.
LACKING = {"00519": ("credit_limit",), "00118": ("parts_markup",), "00446": ("labour_rate", "credit_limit")}


class _Ask(NamedTuple):
    """One proposal, so many days before the end: who asks for what, from how many days after asking."""

    days: float
    who: str
    code: str
    kind: str
    value: Value
    ahead: int
    reason: str


class _Decision(NamedTuple):
    """What becomes of a proposal some hours later, and who says so."""

    ask: _Ask
    who: str
    step: str = "approve"
    note: str = ""


DECIDED = (
    _Decision(_Ask(70, "cora", "00305", "tier", "Gold", 5, "Best survey results of the Southeast in spring"), "mason"),
    _Decision(_Ask(69, "cora", "00623", "tier", "Silver", 6, "Second year above target"), "mason"),
    _Decision(
        _Ask(66, "colin", "00512", "tier", "Bronze", 9, "No certified technician since March"), "mason",
        note="Agreed by phone",
    ),
    _Decision(_Ask(41, "cora", "00501", "credit_limit", 2_600_000_00, 3, "Second showroom opened"), "finn"),
    _Decision(_Ask(24, "finn", "00226", "payment_terms", 45, 8, "Invoices were late by our own fault"), "mason"),
    _Decision(
        _Ask(21, "cora", "00331", "parts_markup", 60_00, 10, "Asked for by the dealer"), "finn", "reject",
        "No dealer of the region is above 45%; ask again with the invoices of a quarter.",
    ),
    _Decision(
        _Ask(16, "colin", "00530", "labour_rate", 139_00, 14, "Before the licence lapsed"), "colin", "withdraw",
        "Suspended meanwhile",
    ),
    _Decision(
        _Ask(2.2, "cora", "00617", "labour_rate", 158_00, 1, "Posted retail rate of the last six months"), "finn"
    ),
)  # fmt: skip
WAITING = (
    _Ask(5.1, "cora", "00617", "labour_rate", 161_00, 30, "New posted rate from next month on"),
    _Ask(4.3, "cora", "00402", "labour_rate", 166_50, 21, "Retail rate survey of the city"),
    _Ask(2.1, "colin", "00512", "labour_rate", 131_00, -45, "The rate of the new price list was entered a month late"),
    _Ask(1.4, "finn", "00313", "credit_limit", 2_400_000_00, 12, "Paid on the day for four quarters"),
    _Ask(0.9, "mason", "00415", "auth_assembly", 3_500_00, 15, "No wrong claim in twelve months"),
    _Ask(0.2, "cora", "00614", "tier", "Platinum", 20, "Third best of the country in October"),
)


def settle(story: Story, *, start: datetime) -> None:
    """Give every dealer its terms when the network begins, and let the rest happen in its time."""
    _begin(story, start)
    until = story.until
    story.at(until - timedelta(days=93), partial(_raise_rates, story))
    for decision in DECIDED:
        story.at(until - timedelta(days=decision.ask.days), partial(_ask_and_decide, story, decision))
    for ask in WAITING:
        story.at(until - timedelta(days=ask.days), partial(_ask_only, story, ask))
    story.at(until - timedelta(days=100), partial(_carve_out, story))
    story.at(until - timedelta(days=58), partial(_hand_over, story))
    story.at(until - timedelta(days=6), partial(_plan_areas, story))


def _first(place: Place, position: int) -> dict[str, Value]:
    """What a dealer began with."""
    step = position * 37 % 9
    return {
        "tier": TIER[place.weight], "labour_rate": 118_00 + place.weight * 6_50 + step * 1_25,
        "parts_markup": 40_00 if step % 3 else 37_50, "credit_limit": place.weight * 450_000_00 + step * 25_000_00,
        "payment_terms": 30 if step else 21, "auth_assembly": 2_500_00, "auth_paint": 500_00, "auth_corrosion": 500_00,
        "auth_trim": 500_00, "auth_goodwill": 500_00 if place.weight > 1 else 250_00, "auth_tires": 2,
        "auth_other_labour": 1_00,
    }  # fmt: skip


def _begin(story: Story, now: datetime) -> None:
    cora, mason = story.cast.named("cora"), story.cast.named("mason")
    signed = [(n, place) for n, place in enumerate(PLACES) if place.status not in ("prospect", "terminated")]
    for kind in KINDS:
        items = [
            (story.cast.id_of(place.code), _first(place, n)[kind.name])
            for n, place in signed
            if kind.name not in LACKING.get(place.code, ())
        ]
        made = story.do(
            propose_many, items=items, kind=kind.name, valid_from=now.date(), reason="Terms of the agreement",
            actor=cora, now=now,
        )  # fmt: skip
        approved = story.do(
            approve_many, items=[(i, 1) for i in made], note="As signed", actor=mason, now=now + timedelta(hours=2)
        )
        assert not approved.skipped, approved.skipped


def _raise_rates(story: Story, now: datetime) -> None:
    """Labour rates follow the posted retail rates: four percent more from the first of next month on."""
    finn, mason = story.cast.named("finn"), story.cast.named("mason")
    ids = [story.cast.id_of(p.code) for p in PLACES if p.status == "active"]
    with reading(story.bind) as session:
        held = values_of(session, dealer_ids=ids, on=now.date(), scope=EVERYTHING)
    items = [(i, raised(rate, 4_00)) for i, terms in held.items() if isinstance(rate := terms.get("labour_rate"), int)]
    first = (now.date().replace(day=1) + timedelta(days=32)).replace(day=1)
    made = story.do(
        propose_many, items=items, kind="labour_rate", valid_from=first, actor=finn, now=now,
        reason="Posted retail rates rose by 4% on average",
    )  # fmt: skip

    def decide(at: datetime) -> None:
        story.do(approve_many, items=[(i, 1) for i in made], note="Budgeted", actor=mason, now=at)

    story.at(now + timedelta(hours=26), decide)


def _ask_only(story: Story, ask: _Ask, now: datetime) -> None:
    _ask(story, ask, now)


def _ask(story: Story, ask: _Ask, now: datetime) -> int:
    made: int = story.do(
        propose_change, dealer_id=story.cast.id_of(ask.code), kind=ask.kind, value=ask.value,
        valid_from=now.date() + timedelta(days=ask.ahead), reason=ask.reason, actor=story.cast.named(ask.who), now=now,
    )  # fmt: skip
    return made


def _ask_and_decide(story: Story, decision: _Decision, now: datetime) -> None:
    change = _ask(story, decision.ask, now)

    def decide(at: datetime) -> None:
        actor = story.cast.named(decision.who)
        with reading(story.bind) as session:
            version = get_change(session, item_id=change, actor=actor, now=at).version
        story.do(COMMANDS[decision.step], item_id=change, seen_version=version, note=decision.note, actor=actor, now=at)

    story.at(now + timedelta(hours=19), decide)


# ---- territory -------------------------------------------------------------------------------------------------------
def _version(story: Story, code: str) -> tuple[int, int]:
    dealer_id = story.cast.id_of(code)
    with reading(story.bind) as session:
        return dealer_id, get_dealer(session, dealer_id=dealer_id, scope=EVERYTHING).version


def _give(story: Story, code: str, area: str, *, first: date, reason: str, now: datetime) -> None:
    dealer_id, version = _version(story, code)
    story.do(
        assign_territory, dealer_id=dealer_id, seen_version=version, prefixes=[area], valid_from=first, reason=reason,
        actor=story.cast.named("cora"), now=now,
    )  # fmt: skip


def _carve_out(story: Story, now: datetime) -> None:
    reason = "The western suburbs are nearer to Naperville"
    _give(story, "00409", "6063", first=now.date() + timedelta(days=1), reason=reason, now=now)


def _hand_over(story: Story, now: datetime) -> None:
    giver, seen = _version(story, "00327")
    taker, to_seen = _version(story, "00338")
    story.do(
        transfer_territory, from_dealer_id=giver, seen_version=seen, to_dealer_id=taker, to_seen_version=to_seen,
        prefixes=["347"], valid_from=now.date() + timedelta(days=2), actor=story.cast.named("cora"), now=now,
        reason="Most customers of the area drive to Tampa",
    )  # fmt: skip


def _plan_areas(story: Story, now: datetime) -> None:
    """What is still to come: an area that will be given, and one that ends."""
    reason = "Agreed at the yearly review"
    _give(story, "00409", "609", first=now.date() + timedelta(days=28), reason=reason, now=now)
    dealer_id, version = _version(story, "00617")
    story.do(
        end_territory, dealer_id=dealer_id, seen_version=version, prefixes=["905"],
        valid_to=now.date() + timedelta(days=24), reason=reason, actor=story.cast.named("mason"), now=now,
    )  # fmt: skip
