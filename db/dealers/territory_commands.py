"""Postal areas given, ended and handed over on a day that somebody names; as of today the dealer's form does it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.dealers import rules, territory
from db.dealers.commands import stale
from db.dealers.tables import Dealer
from db.dealers.territory_rules import CORRECTION_REASON, Period, day_label, days_label, prefix_list

FIRST_DAY = date(2000, 1, 1)
FURTHEST = timedelta(days=3 * 366)
LONGEST_REASON = 1_000


def assign_territory(
    session: Session, *, dealer_id: int, seen_version: int, prefixes: Sequence[str], valid_from: date | None,
    valid_to: date | None = None, reason: str = "", actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Give a dealer areas from a day on, up to (not with) `valid_to`; gives the dealer's new version.

    Days are the dealer's own; one before its today needs a reason. Refused when another dealer owns one of the areas on
    one of the days. Problems: prefixes, valid_from, valid_to, reason.
    """
    actor.require(Permission.DEALERS_MANAGE)
    dealer = _locked(session, {dealer_id: seen_version}, actor=actor)[dealer_id]
    problems = Problems()
    wanted = _prefixes(prefixes, problems)
    _check_day(valid_from, dealer, reason, problems, now=now)
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        problems.add("valid_to", "too_early", "The last day lies before the first.")
    if dealer.status == "terminated":
        problems.add("", "terminated", f"{dealer.name} is terminated and owns no areas.")
    problems.refuse_if_any()
    assert valid_from is not None
    period = Period(valid_from, valid_to)
    before = _kept(session, dealer_id, wanted)
    territory.give(session, [(dealer, wanted, period)], scope=actor.scope, field="prefixes")
    summary = f"Area {prefix_list(wanted)} belongs to dealer {dealer.code} {dealer.name} {days_label(period)}."
    _note(
        session,
        "assign_territory",
        before={dealer_id: (dealer, before)},
        prefixes=wanted,
        summary=summary,
        reason=reason,
        actor=actor,
        now=now,
    )
    return dealer.version


def end_territory(
    session: Session, *, dealer_id: int, seen_version: int, prefixes: Sequence[str], valid_to: date | None,
    reason: str = "", actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Let areas no longer be a dealer's from `valid_to` on; gives the dealer's new version.

    Problems: prefixes, valid_to, reason.
    """
    actor.require(Permission.DEALERS_MANAGE)
    dealer = _locked(session, {dealer_id: seen_version}, actor=actor)[dealer_id]
    problems = Problems()
    wanted = _prefixes(prefixes, problems)
    _check_day(valid_to, dealer, reason, problems, now=now, field="valid_to")
    problems.refuse_if_any()
    assert valid_to is not None
    before = _kept(session, dealer_id, wanted)
    _check_owned(before, wanted, dealer, valid_to)
    territory.take(session, dealer_id, wanted, Period(valid_to))
    summary = f"Area {prefix_list(wanted)} of dealer {dealer.code} {dealer.name} ends on {day_label(valid_to)}."
    _note(
        session,
        "end_territory",
        before={dealer_id: (dealer, before)},
        prefixes=wanted,
        summary=summary,
        reason=reason,
        actor=actor,
        now=now,
    )
    return dealer.version


def transfer_territory(
    session: Session, *, from_dealer_id: int, seen_version: int, to_dealer_id: int | None, to_seen_version: int | None,
    prefixes: Sequence[str], valid_from: date | None, reason: str = "", actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Hand areas from one dealer to another on a day: what the one has left of them from then on, the other gets.

    One command with the history of both. Days are those of the dealer that gives. Problems: to_dealer_id, prefixes,
    valid_from, reason.
    """
    actor.require(Permission.DEALERS_MANAGE)
    problems = Problems()
    if to_dealer_id is None:
        problems.add("to_dealer_id", "required", "Choose the dealer that gets the areas.")
    elif to_dealer_id == from_dealer_id:
        problems.add("to_dealer_id", "same_dealer", "Choose another dealer than the one that has them.")
    problems.refuse_if_any()
    assert to_dealer_id is not None
    dealers = _locked(session, {from_dealer_id: seen_version, to_dealer_id: to_seen_version}, actor=actor)
    giver, taker = dealers[from_dealer_id], dealers[to_dealer_id]
    wanted = _prefixes(prefixes, problems)
    _check_day(valid_from, giver, reason, problems, now=now)
    if taker.status == "terminated":
        problems.add("to_dealer_id", "terminated", f"{taker.name} is terminated and owns no areas.")
    problems.refuse_if_any()
    assert valid_from is not None
    before = {i: (d, _kept(session, i, wanted)) for i, d in dealers.items()}
    had = _check_owned(before[from_dealer_id][1], wanted, giver, valid_from)
    territory.take(session, from_dealer_id, wanted, Period(valid_from))
    territory.give(
        session, [(taker, [p], Period(valid_from, end)) for p, end in had.items()], scope=actor.scope, field="prefixes"
    )
    summary = (
        f"Area {prefix_list(wanted)} goes from dealer {giver.code} {giver.name} to {taker.code} {taker.name} on"
        f" {day_label(valid_from)}."
    )
    _note(
        session,
        "transfer_territory",
        before=before,
        prefixes=wanted,
        summary=summary,
        reason=reason,
        actor=actor,
        now=now,
    )


def _locked(session: Session, seen: Mapping[int, int | None], *, actor: Actor) -> dict[int, Dealer]:
    """The dealers' rows, held in the order of their ids; refused when out of scope or changed since they were seen."""
    found = {
        d.id: d
        for d in session.scalars(select(Dealer).where(Dealer.id.in_(list(seen))).order_by(Dealer.id).with_for_update())
    }
    for dealer_id, version in seen.items():
        dealer = found.get(dealer_id)
        if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
            raise NotFound("This dealer")
        if version is not None and dealer.version != version:
            raise stale(session, dealer)
    return found


def _prefixes(prefixes: Sequence[str], problems: Problems) -> list[str]:
    own = Problems()
    wanted = list(rules.check_territories(prefixes, own))
    problems.found += [Problem(field="prefixes", code=p.code, message=p.message) for p in own.found]
    if not wanted and not own.found:
        problems.add("prefixes", "required", "Name at least one area, such as 070.")
    return wanted


def _check_day(
    day: date | None, dealer: Dealer, reason: str, problems: Problems, *, now: datetime, field: str = "valid_from"
) -> None:
    if len(reason) > LONGEST_REASON:
        problems.add("reason", "too_long", f"A reason has at most {LONGEST_REASON:,} characters.")
    if day is None:
        problems.add(field, "required", "The day is needed.")
        return
    today = local_day(now, dealer.zone)
    if not FIRST_DAY <= day <= today + FURTHEST:
        problems.add(field, "out_of_range", f"The day lies between {day_label(FIRST_DAY)} and three years from now.")
    if day < today and len(reason.strip()) < CORRECTION_REASON:
        sentence = f"A change of the past needs a reason of at least {CORRECTION_REASON} characters."
        problems.add("reason", "too_short", sentence, rule="domain-rules P3")


def _kept(session: Session, dealer_id: int, prefixes: Sequence[str]) -> dict[str, list[Period]]:
    return territory.periods_of(session, dealer_id, prefixes)


def _check_owned(
    had: Mapping[str, Sequence[Period]], wanted: Sequence[str], dealer: Dealer, day: date
) -> dict[str, date | None]:
    """The end of each area that is the dealer's on a day; refused for areas that are not."""
    ends = {p: period.end for p in wanted for period in had.get(p, ()) if period.has(day)}
    missing = [p for p in wanted if p not in ends]
    if missing:
        raise Refused(
            Problem(
                field="prefixes", code="not_owned",
                message=f"{dealer.name} ({dealer.code}) does not own {prefix_list(missing)} on {day_label(day)}.",
            )
        )  # fmt: skip
    return ends


def _note(
    session: Session, command: str, *, before: Mapping[int, tuple[Dealer, Mapping[str, Sequence[Period]]]],
    prefixes: Sequence[str], summary: str, reason: str, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    """Raise the dealers' versions and write the one entry of the command, with the areas' days before and after."""
    for dealer, _ in before.values():
        dealer.version += 1
        dealer.updated_at = now
    session.flush()
    changes.touch(session, "dealers")
    timeline.record(
        session, actor=actor, now=now, area="dealers", command=command, summary=summary, reason=reason.strip(),
        items=[timeline.Item("dealer", i, i) for i in before],
        before={dealer.code: territory.as_text(kept) for dealer, kept in before.values()},
        after={d.code: territory.as_text(_kept(session, i, prefixes)) for i, (d, _) in before.items()},
    )  # fmt: skip
