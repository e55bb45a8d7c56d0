"""Entering what a source cost in a month, and correcting it with a reason; what was said before stays (H12)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.calendar.queries import DESK_ZONE
from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale
from db.dealers.queries import get_dealer, regions
from db.marketing.ledger import Place, Said, amount, current_by_key, hold, items_of, known_sources, write
from db.marketing.rules import check_amount, check_month
from db.marketing.tables import MarketingSpend

LONGEST_NOTE = 400


def enter_spend(
    session: Session, *, source: str, month: date | None, cents: int | None, dealer_id: int | None = None,
    region: str = "", note: str = "", form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Write down what a source cost in a month (any day of it), in cents; gives the line's id.

    The place is a dealer, else a region, else the whole network. Where a line is there already it is refused
    (`there_already`): it has to be corrected with a reason. Problems: source, month, cents, region, note.
    """
    actor.require(Permission.SPEND_MANAGE)
    hold(session)
    if form_key is not None:
        known = session.scalar(select(MarketingSpend.id).where(MarketingSpend.form_key == form_key))
        if known is not None:
            timeline.repeated(session)
            return known
    problems = Problems()
    source = problems.require(source, "source", "The source", longest=80)
    first = check_month(month, problems, today=local_day(now, DESK_ZONE))
    sum_ = check_amount(cents, problems)
    note = _note(problems, note)
    place = place_for(session, dealer_id=dealer_id, region=region, actor=actor, problems=problems)
    problems.refuse_if_any()
    said = Said(
        source=known_sources(session, [source])[source], month=first, place=place, cents=sum_, note=note,
        form_key=form_key,
    )  # fmt: skip
    there = current_by_key(session, [said.key]).get(said.key)
    if there is not None:
        raise Refused(there_already(there))
    (line,) = write(session, [said], actor=actor, now=now)
    changes.touch(session, "marketing")
    timeline.record(
        session, actor=actor, now=now, area="marketing", command="enter_spend", reason=note, items=items_of([line]),
        summary=f"{line.number}: {amount(line.cents)} for {line.source} in {first:%B %Y}.",
        after={"source": line.source, "month": first, "cents": line.cents, "region": line.region},
    )  # fmt: skip
    return line.id


def correct_spend(
    session: Session, *, spend_id: int, seen_version: int, cents: int | None, reason: str, actor: Actor, now: datetime
) -> int:
    """Replace the amount of a line by a new line, with the reason; gives the new line's id. Problems: cents, reason."""
    actor.require(Permission.SPEND_MANAGE)
    hold(session)
    line = session.get(MarketingSpend, spend_id, with_for_update=True)
    if line is None or not actor.scope.allows(dealer_id=line.dealer_id, region=line.region):
        raise NotFound("This line of spend")
    if not line.is_current or line.version != seen_version:
        newer = session.scalar(select(MarketingSpend).where(MarketingSpend.replaces_id == line.id)) or line
        raise Stale(what=f"Spend {line.number}", changed_by=newer.entered_by, changed_at=newer.entered_at)
    problems = Problems()
    sum_ = check_amount(cents, problems)
    reason = problems.require(reason, "reason", "A reason", longest=LONGEST_NOTE)
    if not problems.found and sum_ == line.cents:
        problems.add("cents", "no_change", f"It says {amount(line.cents)} already.")
    problems.refuse_if_any()
    before = line.cents
    said = Said(
        source=line.source, month=line.month, place=Place(dealer_id=line.dealer_id, region=line.region), cents=sum_,
        note=reason, replaces=line,
    )  # fmt: skip
    (made,) = write(session, [said], actor=actor, now=now)
    changes.touch(session, "marketing")
    timeline.record(
        session, actor=actor, now=now, area="marketing", command="correct_spend", reason=reason,
        items=items_of([line, made]), before={"cents": before}, after={"cents": made.cents},
        summary=(
            f"{made.number} replaces {line.number}: {amount(made.cents)} instead of {amount(before)} for "
            f"{line.source} in {line.month:%B %Y}."
        ),
    )  # fmt: skip
    return made.id


def place_for(
    session: Session, *, dealer_id: int | None, region: str | None, actor: Actor, problems: Problems
) -> Place:
    """The place as stored; what is out of the actor's scope answers like what does not exist."""
    if dealer_id is not None:
        dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
        return Place(dealer_id=dealer_id, region=dealer.facts.region)
    region = (region or "").strip()
    if region and region not in regions(session, actor.scope):
        problems.add("region", "not_found", "Choose a region you look after.")
    if not region and not actor.scope.is_all:
        problems.add("region", "required", "Choose one of your regions or dealers.")
    return Place(region=region or None)


def there_already(line: MarketingSpend) -> Problem:
    """The refusal that names the line which says something for the same source, month and place."""
    sentence = (
        f"{line.number} says {amount(line.cents)} for {line.source} in {line.month:%B %Y} already; correct it with a "
        "reason instead."
    )
    return Problem(field="cents", code="there_already", message=sentence)


def _note(problems: Problems, note: str | None) -> str:
    written = (note or "").strip()
    if len(written) > LONGEST_NOTE:
        problems.add("note", "too_long", f"At most {LONGEST_NOTE} characters fit.")
    return written
