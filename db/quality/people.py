"""Who may see what of response quality: staff their own, sales leaders sums only, coaching for those it concerns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import aliased

from db.core.actor import Actor
from db.core.permissions import Permission


def own_only(actor: Actor) -> bool:
    """Whether this person sees their own figures, reviews and notes only: people of a dealer who may not review."""
    return actor.role.is_dealer and not actor.can(Permission.QUALITY_REVIEW)


def sums_only(actor: Actor) -> bool:
    """Whether this person sees figures of dealers but no single person, review or note: sales leaders."""
    return not actor.can(Permission.QUALITY_REVIEW) and not own_only(actor)


def own_lead(lead: Any, activity: Any, actor: Actor) -> ColumnElement[bool]:
    """The lead's first action was this person's; where nobody acted, it is assigned to them.

    Asked by user name, which is unique, and not by the name on the stamp.
    """
    first = aliased(activity)  # a name of its own: the query around may join activities, too
    acted = (
        select(first.id)
        .where(first.lead_id == lead.id, first.is_first_action, first.by_username == actor.username)
        .correlate(lead)
        .exists()
    )
    return or_(
        and_(lead.first_action_at.is_not(None), acted),
        and_(lead.first_action_at.is_(None), lead.assignee_id == actor.user_id),
    )


def seen_reviews(review: Any, actor: Actor) -> ColumnElement[bool]:
    """The reviews this actor may open: of their dealers; staff their own that are done; sales leaders none."""
    if not actor.can(Permission.QUALITY_VIEW) or sums_only(actor):
        return false()
    within = actor.scope.where(review.dealer_id, review.region)
    if own_only(actor):
        return and_(
            within, review.person_id == actor.user_id, review.status == "reviewed", review.round == 1
        )  # fmt: skip
    return within


def seen_notes(note: Any, actor: Actor) -> ColumnElement[bool]:
    """The coaching notes this actor may open: their own, and those of their dealers for whoever coaches."""
    own = and_(note.person_id == actor.user_id, actor.scope.where(note.dealer_id, note.region))
    if not actor.can(Permission.QUALITY_VIEW):
        return false()
    if not actor.can(Permission.QUALITY_COACH):
        return own if actor.user_id is not None else false()
    return actor.scope.where(note.dealer_id, note.region)
