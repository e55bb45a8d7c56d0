"""Drawing responses to review: at random, the same number of each person's, with everything kept to repeat it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core import changes, timeline
from db.core.actor import Actor
from db.core.labels import local_day, plural
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.dealers.queries import get_dealer
from db.quality import rules
from db.quality.flow import FLOW, REVIEW_DAYS
from db.quality.forms import ensure_form
from db.quality.sample_queries import MOST_RESPONSES, Response, responses
from db.quality.tables import Dealer, QualityReview, QualitySample

LONGEST_PERIOD = 366


def draw_sample(
    session: Session, *, dealer_id: int | None, from_day: date | None, to_day: date | None, seed: int | None,
    actor: Actor, now: datetime, per_person: int = rules.DEFAULT_PER_PERSON, focus: str = "all",
    form_key: str | None = None,
) -> int:  # fmt: skip
    """Draw responses of a dealer for review and give the draw's id; days are the dealer's.

    The same `form_key` again gives the first. Problems: dealer_id, from_day, to_day, seed, per_person, focus.
    """
    actor.require(Permission.QUALITY_REVIEW)
    if form_key:
        known = session.execute(
            select(QualitySample.id, QualitySample.dealer_id, QualitySample.region).where(
                QualitySample.form_key == form_key
            )
        ).first()
        if known is not None and actor.scope.allows(dealer_id=known.dealer_id, region=known.region):
            timeline.repeated(session)
            return int(known.id)
    problems = Problems()
    if dealer_id is None:
        problems.add("dealer_id", "required", "Choose the dealer.")
        problems.refuse_if_any()
    assert dealer_id is not None
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    _check_draw(from_day, to_day, seed, per_person, focus, today=local_day(now, dealer.facts.zone), problems=problems)
    problems.refuse_if_any()
    assert from_day is not None
    assert to_day is not None
    assert seed is not None
    # Two draws at one dealer take turns, so that no response is drawn twice.
    session.execute(select(Dealer.id).where(Dealer.id == dealer_id).with_for_update())
    found = responses(session, dealer_id=dealer_id, from_day=from_day, to_day=to_day, focus=focus, actor=actor)
    if len(found) > MOST_RESPONSES:
        problems.add("to_day", "too_many", f"More than {MOST_RESPONSES:,} responses; choose a shorter period.")
    elif not found:
        problems.add("to_day", "nothing_to_draw", "No response in these days is left to review.")
    problems.refuse_if_any()
    ensure_form(session, now=now)
    by_person: dict[tuple[str, str], list[int]] = {}
    names = {r.username: r.name for r in found}  # one stratum a person, even where the name was changed
    for one in found:
        by_person.setdefault((one.username, names[one.username]), []).append(one.lead_id)
    strata = rules.draw(by_person, seed=seed, per_person=per_person)
    chosen = {lead_id for s in strata for lead_id in s.drawn}
    (sample_id,) = next_ids(session, QualitySample, item_type="quality_sample", count=1)
    sample = QualitySample(
        id=sample_id, number=f"QD-{sample_id:06}", dealer_id=dealer_id, region=dealer.facts.region, from_day=from_day,
        to_day=to_day, per_person=per_person, seed=seed, focus=focus, population=len(found), drawn=len(chosen),
        strata=[
            {"person": s.person, "username": s.username, "population": list(s.population), "drawn": list(s.drawn)}
            for s in strata
        ],
        created_at=now, created_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(sample)
    session.flush()
    _add_reviews(
        session, [r for r in found if r.lead_id in chosen], dealer_id=dealer_id, region=dealer.facts.region,
        sample_id=sample_id, is_random=focus == "all", actor=actor, now=now,
    )  # fmt: skip
    changes.touch(session, "quality")
    timeline.record(
        session, actor=actor, now=now, area="quality", command="draw_sample",
        summary=f"{sample.number}: drew {plural(len(chosen), 'response')} of {len(found):,} for review",
        items=[timeline.Item("quality_sample", sample_id, dealer_id)],
        after={
            "seed": seed, "per_person": per_person, "from_day": from_day, "to_day": to_day, "focus": focus,
            "population": len(found), "drawn": len(chosen),
        },
    )  # fmt: skip
    return sample_id


def _check_draw(
    from_day: date | None, to_day: date | None, seed: int | None, per_person: int, focus: str, *, today: date,
    problems: Problems,
) -> None:  # fmt: skip
    if from_day is None:
        problems.add("from_day", "required", "Choose the first day.")
    if to_day is None:
        problems.add("to_day", "required", "Choose the last day.")
    if from_day is not None and to_day is not None:
        if to_day < from_day:
            problems.add("to_day", "before", "The last day lies before the first.")
        elif (to_day - from_day).days > LONGEST_PERIOD:
            problems.add("to_day", "too_long", "At most a year at once.")
        if from_day > today:
            problems.add("from_day", "future", "These days are still to come.")
    if seed is None or isinstance(seed, bool) or not 1 <= seed <= 999_999_999:
        problems.add("seed", "out_of_range", "The seed is a whole number from 1 to 999,999,999.")
    if not 1 <= per_person <= rules.MOST_PER_PERSON:
        problems.add("per_person", "out_of_range", f"Draw 1 to {rules.MOST_PER_PERSON} responses a person.")
    if focus not in rules.FOCUS:
        problems.add("focus", "unknown", "Choose what is drawn from.")


def _add_reviews(
    session: Session, chosen: Sequence[Response], *, dealer_id: int, region: str | None, sample_id: int | None,
    is_random: bool, actor: Actor, now: datetime,
) -> None:  # fmt: skip
    ids = next_ids(session, QualityReview, item_type="quality_review", count=len(chosen))
    session.add_all(
        QualityReview(
            id=review_id, number=f"QR-{review_id:06}", status=FLOW.initial, is_open=True, dealer_id=dealer_id,
            region=region, assignee_id=None, due_at=now + timedelta(days=REVIEW_DAYS), submitted_by=actor.username,
            created_at=now, updated_at=now, updated_by=actor.name, lead_id=one.lead_id, round=1,
            activity_id=one.activity_id, sample_id=sample_id, is_random=is_random, person_id=one.person_id,
            person_username=one.username, person_name=one.name, responded_at=one.at,
        )
        for review_id, one in zip(ids, chosen, strict=True)
    )  # fmt: skip
    session.flush()


def second_look(session: Session, *, review_id: int, actor: Actor, now: datetime) -> int:
    """Ask for a second review of the same response by somebody else, to compare reviewers; gives its id.

    It never changes a person's score. Asked for again, the first one is given back.
    """
    actor.require(Permission.QUALITY_REVIEW)
    first = session.execute(
        select(QualityReview).where(QualityReview.id == review_id).with_for_update()
    ).scalar_one_or_none()  # fmt: skip
    if first is None or not actor.scope.allows(dealer_id=first.dealer_id, region=first.region):
        raise NotFound("This review")
    if first.round != 1 or first.status != "reviewed":
        raise Refused(Problem(code="wrong_state", message="Only a first review that is done can get a second look."))
    known = session.scalar(
        select(QualityReview.id).where(QualityReview.lead_id == first.lead_id, QualityReview.round == 2)
    )
    if known is not None:
        timeline.repeated(session)
        return known
    (new_id,) = next_ids(session, QualityReview, item_type="quality_review", count=1)
    session.add(
        QualityReview(
            id=new_id, number=f"QR-{new_id:06}", status=FLOW.initial, is_open=True, dealer_id=first.dealer_id,
            region=first.region, assignee_id=None, due_at=now + timedelta(days=REVIEW_DAYS),
            submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name, lead_id=first.lead_id,
            round=2, activity_id=first.activity_id, sample_id=first.sample_id, is_random=False,
            person_id=first.person_id, person_username=first.person_username, person_name=first.person_name,
            responded_at=first.responded_at,
        )
    )  # fmt: skip
    session.flush()
    changes.touch(session, "quality")
    timeline.record(
        session, actor=actor, now=now, area="quality", command="second_look",
        summary=f"{first.number}: a second look was asked for",
        items=[timeline.Item("quality_review", i, first.dealer_id) for i in (review_id, new_id)],
        after={"second": new_id},
    )  # fmt: skip
    return new_id
