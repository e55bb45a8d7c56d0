"""The figures of claims against a plain recount of the claims as they are stored, at every stage of their life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import mean, median
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from db.calendar.queries import DESK_ZONE, usual_calendar
from db.calendar.rules import elapsed_minutes
from db.claims import dealer_queries, figure_queries, metrics_queries, reason_queries, trend_queries
from db.claims.decide_commands import LineDecision, decide_lines
from db.claims.figures import differences
from db.claims.tables import Claim, ClaimHold, ClaimLoss
from db.core.actor import Actor, Scope
from db.core.labels import local_day
from db.core.permissions import Role
from db.core.problems import Refused
from db.core.session import reading, run, writing
from tests.claims.factories import NOW, claim_of, sent, step
from tests.support.again import begun
from tests.support.users import actor_named, make_dealer, make_person

EVERY = Scope("all")
TODAY = local_day(NOW, DESK_ZONE) + timedelta(days=20)
LATER = NOW + timedelta(days=20)


@dataclass(frozen=True)
class Network:
    """Two dealers with claims at various stages."""

    own: int
    other: int
    ids: tuple[int, ...]


def _review(engine: Engine, dealer: int, actor: Actor, number: int, now: datetime = NOW) -> int:
    """A claim a person has to decide, whatever the rules say of a sound one."""
    claim = sent(
        engine, dealer_id=dealer, actor=actor, key=f"k{dealer}-{number}", now=now, exclusions=("modified",),
        ro_number=f"RO-{dealer}-{number}",
    )  # fmt: skip
    if claim_of(engine, claim).status != "in_review":  # a step of its own makes it one
        with writing(engine, keeps_timeline=False) as session:
            session.execute(
                update(Claim)
                .where(Claim.id == claim)
                .values(
                    status="in_review", is_open=True, held_by="us", decided_at=None, decided_kind="",
                    approved_cents=None, first_decided_at=None, first_decided_on=None, turnaround_minutes=None,
                    business_minutes=None, returns=0,
                )
            )  # fmt: skip
    return claim


def _network(engine: Engine) -> Network:
    own = make_dealer(engine)
    other = make_dealer(engine, code="04013", name="Second Motors", region="West")
    make_person(engine, "dora", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[own])
    make_person(engine, "otto", Role.DEALER_MANAGER, scope_kind="dealers", dealer_ids=[other])
    make_person(engine, "cora", Role.COORDINATOR)
    make_person(engine, "mason", Role.MANAGER)
    dora, otto, cora, mason = (actor_named(engine, name) for name in ("dora", "otto", "cora", "mason"))
    ids = []
    for number, days in enumerate((1, 3, 4, 9)):
        claim = _review(engine, own, dora, number)
        ids.append(claim)
        at = NOW + timedelta(days=days, hours=number)
        if number == 0:
            step(engine, "approve", claim, actor=cora, now=at)
        elif number == 1:
            step(engine, "deny", claim, actor=cora, now=at, reason_code="WEAR_ITEM", note="Pads wear.")
        elif number == 2:
            step(engine, "send_back", claim, actor=cora, now=at, reason_code="DOC_MISSING", note="Photo, please.")
        else:
            _partial(engine, claim, mason, at)
            step(engine, "appeal", claim, actor=dora, now=at + timedelta(hours=2), note="All of it was needed.")
            _partial(engine, claim, cora, at + timedelta(days=1), keep=1.0)
    approved = _review(engine, other, otto, 0)
    step(engine, "deny", approved, actor=cora, now=NOW + timedelta(days=2), reason_code="LATE_SUBMISSION", note="Late.")
    ids += [approved, _review(engine, other, otto, 1)]
    return Network(own, other, tuple(ids))


def _partial(engine: Engine, claim: int, actor: Actor, at: datetime, keep: float = 0.5) -> None:
    seen = claim_of(engine, claim).version
    lines = [
        LineDecision(position=1, cents=round(300_00 * keep), reason_code="CAP_APPLIED"),
        LineDecision(position=2, cents=420_00, reason_code=""),
    ]
    run(decide_lines, bind=engine, item_id=claim, seen_version=seen, lines=lines, actor=actor, now=at)


@pytest.fixture
@begun
def network(engine: Engine) -> Network:
    return _network(engine)


def stored(engine: Engine) -> list[Any]:
    with reading(engine) as session:
        found = list(session.scalars(select(Claim).order_by(Claim.id)))
        session.expunge_all()
    return found


def value(engine: Engine, name: str, scope: Scope = EVERY, **filters: Any) -> dict[str, Any]:
    with reading(engine) as session:
        (row,) = metrics_queries.compute(session, scope=scope, name=name, filters=filters, now=LATER)
    return row


def test_every_figure_is_what_a_plain_recount_gives(engine: Engine, network: Network):
    claims = stored(engine)
    decided = [c for c in claims if c.first_decided_at is not None]
    assert len(decided) >= 4
    got = {name: value(engine, name)["value"] for name in (
           "claims_decided", "claim_first_pass", "claim_touchless",
           "claim_returns", "claim_denial", "claim_approved_ratio", "claim_appeal_rate", "claim_appeal_overturn",
           "claim_cost", "claim_deemed", "claims_sent", "claim_open", "claim_turnaround", "claim_turnaround_mean",
           "claim_business")}  # fmt: skip
    clean = [c for c in decided if c.returns == 0 and c.appeals == 0 and (c.approved_cents or 0) > 0]
    with_amount = [c for c in decided if c.approved_cents is not None]
    took = [(c.first_decided_at - c.submitted_at) / timedelta(days=1) for c in decided]
    denied = [c for c in decided if c.status == "denied"]
    assert got["claims_decided"] == len(decided)
    assert got["claim_first_pass"] == pytest.approx(len(clean) / len(decided))
    assert got["claim_touchless"] == pytest.approx(len([c for c in clean if c.decided_kind == "auto"]) / len(decided))
    assert got["claim_returns"] == pytest.approx(sum(c.returns for c in decided) / len(decided))
    assert got["claim_denial"] == pytest.approx(len(denied) / len(decided))
    assert len(denied) == 2
    assert got["claim_approved_ratio"] == pytest.approx(
        sum(c.approved_cents for c in with_amount) / sum(c.claimed_cents for c in with_amount)
    )
    assert got["claim_appeal_rate"] == pytest.approx(1 / len(decided))
    assert got["claim_appeal_overturn"] == 1
    assert got["claim_cost"] == sum(c.approved_cents or 0 for c in decided)
    assert got["claim_deemed"] == 0
    assert got["claims_sent"] == len(claims)
    assert got["claim_open"] == len([c for c in claims if c.status == "in_review"])
    assert got["claim_turnaround"] == pytest.approx(median(took), abs=0.001)
    assert got["claim_turnaround_mean"] == pytest.approx(mean(took), abs=0.001)
    hours = [
        elapsed_minutes(usual_calendar(DESK_ZONE), c.submitted_at, c.first_decided_at) / 480 for c in decided
    ]  # fmt: skip
    assert got["claim_business"] == pytest.approx(median(hours))


def test_a_dealer_manager_counts_its_own_claims_only(engine: Engine, network: Network):
    scope = actor_named(engine, "dora").scope
    own = [c for c in stored(engine) if c.dealer_id == network.own]
    assert value(engine, "claims_sent", scope)["value"] == len(own) == 4
    assert value(engine, "claims_sent", scope, dealer=network.other)["value"] == 0
    with reading(engine) as session:
        for metric in metrics_queries.METRICS:
            for dim in metric.dims:
                rows = metric.compute(session, scope=scope, by=(dim,), filters={}, now=LATER)
                if dim == "dealer":
                    assert {r["dealer_id"] for r in rows} <= {network.own}, metric.definition.name
                if dim == "region":
                    assert "West" not in {r["region"] for r in rows}, metric.definition.name
        assert [x.dealer_id for x in trend_queries.dealers(session, scope=scope, today=TODAY)] == [network.own]
        assert [x.dealer_id for x in reason_queries.coaching(session, scope=scope)] == [network.own]
        assert "LATE_SUBMISSION" not in {x.code for x in reason_queries.reasons(session, scope=scope)}
        for what in reason_queries.BEHIND:
            page = reason_queries.claims_behind(
                session, scope=scope, filters={}, behind=reason_queries.Behind(what=what), now=LATER
            )
            assert {r.id for r in page.rows} <= {c.id for c in own}, what
        assert figure_queries.peers(session, scope=scope) is None, "one other dealer would be named by an average"
        assert set(dealer_queries.signals(session, scope=scope, now=LATER)) <= {network.own}
        dora = actor_named(engine, "dora")
        assert not dealer_queries.lines(session, dealer_id=network.other, actor=dora, now=LATER, since=None)


def test_what_was_lost_is_kept_by_reason_and_replaced_by_a_later_decision(engine: Engine, network: Network):
    with reading(engine) as session:
        losses = session.execute(select(ClaimLoss.claim_id, ClaimLoss.kind)).all()
        found = {x.code: (x.cases, x.cents) for x in reason_queries.reasons(session, scope=EVERY)}
        wrong = differences(session)
    assert found["WEAR_ITEM"][0] == 1
    assert found["WEAR_ITEM"][1] == next(c.claimed_cents for c in stored(engine) if c.id == network.ids[1])
    assert found["DOC_MISSING"] == (1, 0)
    assert not [x for x in losses if x.claim_id == network.ids[3] and x.kind != "returned"], "the appeal brought it all"
    assert wrong == []


def test_the_check_finds_figures_that_are_not_those_of_the_claims(engine: Engine, network: Network):
    with writing(engine, keeps_timeline=False) as session:
        session.execute(update(Claim).where(Claim.id == network.ids[0]).values(turnaround_minutes=5))
        session.execute(update(ClaimLoss).where(ClaimLoss.claim_id == network.ids[1]).values(cents=1))
    with reading(engine) as session:
        assert len(differences(session)) == 2


def test_lines_of_a_dealer_and_pages_of_claims(engine: Engine, network: Network):
    cora = actor_named(engine, "cora")
    with reading(engine) as session:
        lines = dealer_queries.lines(session, dealer_id=network.own, actor=cora, now=LATER, since=None)
        titles = " / ".join(line.title for line in lines)
        first = reason_queries.claims_behind(
            session, scope=EVERY, filters={}, behind=reason_queries.Behind(what="sent"), now=LATER, limit=4
        )
        rest = reason_queries.claims_behind(
            session, scope=EVERY, filters={}, behind=reason_queries.Behind(what="sent"), now=LATER, limit=4,
            after=first.following,
        )  # fmt: skip
        held = trend_queries.held(session, scope=EVERY, now=LATER)
        kept = session.execute(
            select(ClaimHold.holder, ClaimHold.since, ClaimHold.until)
            .join(Claim, Claim.id == ClaimHold.claim_id)
            .where(ClaimHold.status != "draft", Claim.first_decided_at.is_not(None))
        ).all()
    assert "1 claim to be corrected by the dealer" in titles
    assert "1 claim denied" in titles
    assert sorted(r.id for r in (*first.rows, *rest.rows)) == sorted(network.ids)
    assert rest.following is None
    for holder, (minutes, _) in held.items():
        expected = sum(((k.until or LATER) - k.since) / timedelta(minutes=1) for k in kept if k.holder == holder)
        assert minutes == pytest.approx(expected, abs=len(kept))
    assert held["us"][0] > 0


def test_unknown_filters_and_dimensions_are_refused(engine: Engine):
    with reading(engine) as session:
        for asked in ({"filters": {"colour": "red"}}, {"by": ("colour",)}, {"filters": {"from": "soon"}}):
            with pytest.raises(Refused):
                figure_queries.counts(session, scope=EVERY, **asked)
        empty = figure_queries.counts(session, scope=EVERY, filters={"dealer": "99999", "from": date(2026, 1, 1)})
    assert empty[0]["decided"] == 0
