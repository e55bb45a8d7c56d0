"""Entering a campaign, changing it and the requests that pay for it, closing it with what was learned, reopening."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.coop.campaign_rules import Plan, check_plan, counts_until, state_of
from db.coop.campaign_tables import CoopCampaign, CoopCampaignRequest
from db.coop.model import MEDIA
from db.coop.queue_tables import CoopRequest
from db.coop.record import CLOSED_DEALERS, LONGEST_NOTE, dealer_of, note
from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused, Stale

CAMPAIGN = "coop_campaign"
NEVER = ("withdrawn", "denied")
MOST_REQUESTS = 20


def start_campaign(
    session: Session, *, dealer_id: int | None, plan: Plan, request_ids: Collection[int] = (),
    form_key: str | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Enter a campaign of a dealer with the requests that pay for it; gives its id. The same form gives the first.

    Problems: dealer_id, the fields of the plan (`taken` for a code the dealer has used), request_ids.
    """
    actor.require(Permission.COOP_REQUEST)
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose a dealer.")
        problems.refuse_if_any()
    dealer = dealer_of(session, dealer_id, actor=actor)
    known = (
        session.scalars(select(CoopCampaign).where(CoopCampaign.form_key == form_key)).one_or_none()
        if form_key else None
    )  # fmt: skip
    sound = check_plan(plan, problems, media=MEDIA)
    problems.refuse_if_any()
    if known is not None:
        if (known.dealer_id, known.code) != (dealer.id, sound.code):
            message = "This form was sent before with other content; open it anew."
            raise Refused(Problem(code="other_content", message=message))
        timeline.repeated(session)
        return known.id
    if dealer.status in CLOSED_DEALERS:
        message = f"{dealer.name} is {dealer.status}; nothing is advertised there."
        raise Refused(Problem(field="dealer_id", code="closed", message=message))
    _free(session, dealer.id, sound.code)
    campaign = CoopCampaign(
        dealer_id=dealer.id, region=dealer.region, is_open=True, version=1, form_key=form_key, created_at=now,
        updated_at=now, updated_by=actor.name, learned="", counts_until=counts_until(_last(sound)),
        **asdict(sound),
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    named = _pay_with(session, campaign, request_ids, actor=actor, now=now)
    _note(
        session, "start_campaign", f"Campaign {campaign.code} of {dealer.name} entered.", campaign, actor=actor,
        now=now, after={**asdict(sound), "requests": named},
    )  # fmt: skip
    return campaign.id


def change_campaign(
    session: Session, *, campaign_id: int, seen_version: int, plan: Plan, request_ids: Collection[int], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Change an open campaign and the requests that pay for it. Its code stays. Problems: as entered."""
    campaign = _open(session, campaign_id, seen_version, actor=actor)
    problems = Problems()
    sound = check_plan(plan, problems, media=MEDIA)
    if sound.code != campaign.code:
        problems.add("code", "fixed", "The code stays: leads carry it. Enter another campaign for another code.")
    problems.refuse_if_any()
    before = {name: getattr(campaign, name) for name in asdict(sound)}
    held = sorted(_requests(session, campaign.id))
    for name, value in asdict(sound).items():
        setattr(campaign, name, value)
    campaign.counts_until = counts_until(_last(sound))
    gone = set(held) - set(request_ids)
    if gone:
        session.execute(
            delete(CoopCampaignRequest).where(
                CoopCampaignRequest.campaign_id == campaign.id, CoopCampaignRequest.request_id.in_(gone)
            )
        )
    named = _pay_with(session, campaign, request_ids, actor=actor, now=now)
    _touch(campaign, actor, now)
    _note(
        session, "change_campaign", f"Campaign {campaign.code} changed.", campaign, actor=actor, now=now,
        before={**before, "requests": held}, after={**asdict(sound), "requests": named},
    )  # fmt: skip


def close_campaign(
    session: Session, *, campaign_id: int, seen_version: int, learned: str, actor: Actor, now: datetime
) -> None:
    """Close a campaign with what was learned; leads that name it count as before. Problems: learned, `running`."""
    campaign = _open(session, campaign_id, seen_version, actor=actor)
    problems = Problems()
    learned = problems.require(learned, "learned", "What was learned", longest=LONGEST_NOTE)
    today = local_day(now, campaign.dealer.zone)
    if state_of(is_open=True, starts_on=campaign.starts_on, ends_on=campaign.ends_on, today=today) == "running":
        message = f"It runs until {campaign.ends_on:%-d %B %Y}; change its last day if it ended before."
        problems.add("", "running", message)
    problems.refuse_if_any()
    campaign.is_open, campaign.closed_at, campaign.learned = False, now, learned
    _touch(campaign, actor, now)
    _note(
        session, "close_campaign", f"Campaign {campaign.code} closed.", campaign, actor=actor, now=now, reason=learned,
        before={"is_open": True}, after={"is_open": False},
    )  # fmt: skip


def reopen_campaign(
    session: Session, *, campaign_id: int, seen_version: int, reason: str, actor: Actor, now: datetime
) -> None:
    """Open a closed campaign again, with a reason. Problems: reason."""
    campaign = _seen(session, campaign_id, seen_version, actor=actor)
    if campaign.is_open:
        raise Refused(Problem(code="wrong_state", message=f"Campaign {campaign.code} is open."))
    problems = Problems()
    reason = problems.require(reason, "reason", "A reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    campaign.is_open, campaign.closed_at = True, None
    _touch(campaign, actor, now)
    _note(
        session, "reopen_campaign", f"Campaign {campaign.code} opened again.", campaign, actor=actor, now=now,
        reason=reason, before={"is_open": False}, after={"is_open": True},
    )  # fmt: skip


def _last(plan: Plan) -> date:
    assert plan.ends_on is not None  # check_plan refuses a plan without it
    return plan.ends_on


def _free(session: Session, dealer_id: int, code: str) -> None:
    there = session.scalar(
        select(CoopCampaign.name).where(CoopCampaign.dealer_id == dealer_id, CoopCampaign.code == code)
    )
    if there is not None:
        message = f"The campaign “{there}” of this dealer has this code; leads could not be told apart."
        raise Refused(Problem(field="code", code="taken", message=message))


def _seen(session: Session, campaign_id: int, seen_version: int, *, actor: Actor) -> CoopCampaign:
    """The campaign, locked; `NotFound` out of scope, `Stale` when somebody changed it since."""
    actor.require(Permission.COOP_REQUEST)
    found = session.scalars(
        select(CoopCampaign)
        .where(CoopCampaign.id == campaign_id)
        .with_for_update(of=CoopCampaign)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or not actor.scope.allows(dealer_id=found.dealer_id, region=found.region):
        raise NotFound("This campaign")
    if found.version != seen_version:
        status = "" if found.is_open else "closed"
        raise Stale(
            what=f"Campaign {found.code}", changed_by=found.updated_by, changed_at=found.updated_at, status=status
        )
    return found


def _open(session: Session, campaign_id: int, seen_version: int, *, actor: Actor) -> CoopCampaign:
    found = _seen(session, campaign_id, seen_version, actor=actor)
    if not found.is_open:
        message = f"Campaign {found.code} is closed; open it again to change it."
        raise Refused(Problem(code="wrong_state", message=message))
    return found


def _requests(session: Session, campaign_id: int) -> set[int]:
    query = select(CoopCampaignRequest.request_id).where(CoopCampaignRequest.campaign_id == campaign_id)
    return set(session.scalars(query))


def _pay_with(
    session: Session, campaign: CoopCampaign, request_ids: Collection[int], *, actor: Actor, now: datetime
) -> list[int]:
    """Name the requests that pay for a campaign, one row a request; gives all their ids.

    Only of its dealer and medium; each pays for one campaign (unique key). Problems: request_ids.
    """
    wanted, problems = sorted(set(request_ids)), Problems()
    if len(wanted) > MOST_REQUESTS:
        problems.add("request_ids", "too_many", f"At most {MOST_REQUESTS} requests pay for one campaign.")
        problems.refuse_if_any()
    new = [i for i in wanted if i not in _requests(session, campaign.id)]
    # Locked in the order of their ids, so that two campaigns cannot take the same one.
    rows = session.scalars(
        select(CoopRequest).where(CoopRequest.id.in_(wanted)).order_by(CoopRequest.id).with_for_update(of=CoopRequest)
    )
    found = {row.id: row for row in rows}
    taken = set(session.scalars(
        select(CoopCampaignRequest.request_id).where(
            CoopCampaignRequest.request_id.in_(new), CoopCampaignRequest.campaign_id != campaign.id
        )
    ))  # fmt: skip
    for i in wanted:
        request = found.get(i)
        if request is None or request.dealer_id != campaign.dealer_id:
            problems.add("request_ids", "not_found", "A request of this dealer was not found.")
        elif request.medium != campaign.medium:
            said = f"{request.number} is for {MEDIA[request.medium]}, the campaign for {MEDIA[campaign.medium]}."
            problems.add("request_ids", "medium", said)
        elif i in taken:
            problems.add("request_ids", "taken", f"{request.number} pays for another campaign.")
        elif i in new and request.status in NEVER:
            problems.add("request_ids", "wrong_state", f"{request.number} was {request.status}; it pays for nothing.")
    problems.refuse_if_any()
    session.add_all(
        CoopCampaignRequest(
            campaign_id=campaign.id, request_id=i, dealer_id=campaign.dealer_id, region=campaign.region, added_at=now,
            added_by=actor.name,
        )
        for i in new
    )  # fmt: skip
    session.flush()
    return wanted


def _touch(campaign: CoopCampaign, actor: Actor, now: datetime) -> None:
    campaign.version += 1
    campaign.updated_at, campaign.updated_by = now, actor.name


def _note(session: Session, command: str, said: str, campaign: CoopCampaign, **more: Any) -> None:
    item = timeline.Item(CAMPAIGN, campaign.id, campaign.dealer_id)
    note(session, command, said, [item], **more)
