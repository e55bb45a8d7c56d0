"""The steps of a review: scored item by item, skipped with a reason, taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import storable
from db.core.problems import Problem, Problems, Refused
from db.quality import rules
from db.quality.flow import FLOW
from db.quality.forms import active_form
from db.quality.notices import tell_reviewed
from db.quality.tables import QualityReview
from db.workflow.engine import begin_step, end_step

LONGEST_COMMENT = 1_000


def review(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, form_id: int | None,
    answers: Mapping[str, str] | None, comments: Mapping[str, str] | None = None, note: str = "",
) -> None:  # fmt: skip
    """Score a response on the version of the checklist that was seen. Problems: form_id, answers, comments, note.

    Nobody scores their own response, and a second look is somebody else's.
    """
    item = begin_step(session, FLOW, "review", item_id=item_id, seen_version=seen_version, actor=actor)
    refuse_own(session, item, actor)
    form = active_form(session)
    if form is None or form.id != form_id:
        raise Refused(
            Problem(
                field="form_id", code="stale",
                message="Another version of the checklist is in use now. Nothing was saved; look at its items.",
            )
        )  # fmt: skip
    problems = Problems()
    items = rules.items_of(form.items)
    given = rules.check_answers(items, dict(answers or {}), problems)
    said = _comments(dict(comments or {}), {i.key for i in items}, problems)
    note = storable(note or "").strip()
    if len(note) > LONGEST_COMMENT:
        problems.add("note", "too_long", f"At most {LONGEST_COMMENT:,} characters fit.")
    problems.refuse_if_any()
    score = rules.score_of(items, given)
    assert score is not None
    for one in items:
        if one.key in score.failed and not said.get(one.key):
            sentence = f"Say why this was not met, for it takes the score to 0: {one.text}."
            problems.add("comments", "required", sentence, rule="decision 0038")
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "review", item, actor=actor, now=now, form_id=form.id, answers=given, comments=said, note=note,
        score=score.value, raw_score=score.raw, answered=score.answered, counts=item.is_random and item.round == 1,
        reviewer_id=actor.user_id, reviewer_name=actor.name, reviewed_at=now,
    )  # fmt: skip
    # Comments may name the customer: the timeline keeps none of them (decision 0032).
    kept = {k: v for k, v in changed["after"].items() if k not in ("comments", "note")}
    _record(
        session, "review", item, f"scored {score.value} of 100", actor=actor, now=now,
        before={k: v for k, v in changed["before"].items() if k in kept}, after=kept,
    )  # fmt: skip
    if item.round == 1:
        tell_reviewed(session, item, by=actor.user_id, now=now)


def refuse_own(session: Session, item: QualityReview, actor: Actor) -> None:
    """Raise `Refused` where the response is the actor's own, or they already reviewed it in the other round."""
    if item.person_username == actor.username:
        raise Refused(
            Problem(
                code="own_request", rule="domain-rules 2.0",
                message="This is your own response; another person has to review it.",
            )
        )  # fmt: skip
    other = session.scalar(
        select(QualityReview.id).where(
            QualityReview.lead_id == item.lead_id, QualityReview.round != item.round,
            QualityReview.reviewer_id == actor.user_id, QualityReview.reviewer_id.is_not(None),
        )
    )  # fmt: skip
    if other is not None:
        raise Refused(
            Problem(
                code="own_request", rule="decision 0038",
                message="You reviewed this response already; the other look has to be somebody else's.",
            )
        )  # fmt: skip


def _comments(given: Mapping[str, str], known: set[str], problems: Problems) -> dict[str, str]:
    found = {key: storable(str(text or "")).strip() for key, text in given.items() if key in known}
    if any(len(text) > LONGEST_COMMENT for text in found.values()):
        problems.add("comments", "too_long", f"A comment holds at most {LONGEST_COMMENT:,} characters.")
    return {key: text for key, text in found.items() if text}


def skip(session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_text: str) -> None:
    """Close a review that cannot be scored; it is not drawn again. Problems: reason_text."""
    item = begin_step(session, FLOW, "skip", item_id=item_id, seen_version=seen_version, actor=actor)
    refuse_own(session, item, actor)
    problems = Problems()
    reason = problems.require(reason_text, "reason_text", "The reason", longest=500)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "skip", item, actor=actor, now=now, skip_reason=reason, reviewer_name=actor.name,
        reviewed_at=now,
    )  # fmt: skip
    kept = {k: v for k, v in changed["after"].items() if k != "skip_reason"}
    before = {k: v for k, v in changed["before"].items() if k in kept}
    _record(session, "skip", item, "skipped", actor=actor, now=now, before=before, after=kept)


def take_back(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, reason_text: str
) -> None:
    """Put a review that was wrong back into the queue; its score no longer counts. Problems: reason_text."""
    item = begin_step(session, FLOW, "take_back", item_id=item_id, seen_version=seen_version, actor=actor)
    if item.person_username == actor.username:
        refuse_own(session, item, actor)
    problems = Problems()
    reason = problems.require(reason_text, "reason_text", "What was wrong", longest=500)
    problems.refuse_if_any()
    changed = end_step(
        session, FLOW, "take_back", item, actor=actor, now=now, form_id=None, answers={}, comments={}, note="",
        score=None, raw_score=None, answered=None, counts=False, reviewer_id=None, reviewer_name="", reviewed_at=None,
        skip_reason="",
    )  # fmt: skip
    hidden = ("comments", "note", "skip_reason")
    _record(
        session, "take_back", item, "taken back", actor=actor, now=now, reason=reason,
        before={k: v for k, v in changed["before"].items() if k not in hidden},
        after={k: v for k, v in changed["after"].items() if k not in hidden},
    )  # fmt: skip


def _record(
    session: Session, command: str, item: Any, said: str, *, actor: Actor, now: datetime, before: Mapping[str, Any],
    after: Mapping[str, Any], reason: str = "",
) -> None:  # fmt: skip
    changes.touch(session, "quality")
    timeline.record(
        session, actor=actor, now=now, area="quality", command=command, summary=f"{item.number}: {said}",
        items=[timeline.Item("quality_review", item.id, item.dealer_id)], before=before, after=after, reason=reason,
    )  # fmt: skip


COMMANDS: dict[str, Callable[..., Any]] = {"review": review, "skip": skip, "take_back": take_back}
