"""A promise as a record: its draft is checked and stored, and somebody of ours sees to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from db.contact_log import rules
from db.contact_log.flow import FLOW
from db.contact_log.tables import Promise
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Problems
from db.dealers.queries import DealerDetail
from db.people.queries import people_to_tell

LONGEST_TEXT = 500


@dataclass(frozen=True, kw_only=True)
class PromiseDraft:
    """A promise as it is given with a contact: `due_day` is a day at the dealer, `assignee_id` None means the author.

    Its problems are told at `us_text`, `us_due_day`, `dealer_text` and so on: the side, and the field.
    """

    made_by: str
    text: str
    due_day: date | None
    assignee_id: int | None = None


def checked(
    session: Session, drafts: Sequence[PromiseDraft], *, dealer: DealerDetail, now: datetime, problems: Problems
) -> list[PromiseDraft]:
    """The drafts in their stored form; every problem is noted at the field of its side."""
    today = local_day(now, dealer.facts.zone)
    found = []
    for draft in drafts:
        if draft.made_by not in rules.SIDES:
            problems.add("made_by", "unknown_side", "Say who promised: we or the dealer.")
            continue
        text = problems.require(draft.text, f"{draft.made_by}_text", "What was promised", longest=LONGEST_TEXT)
        rules.check_due_day(draft.due_day, today=today, field=f"{draft.made_by}_due_day", problems=problems)
        if draft.assignee_id is not None:
            check_assignee(
                session, draft.assignee_id, dealer=dealer, field=f"{draft.made_by}_assignee_id", problems=problems
            )
        found.append(
            PromiseDraft(made_by=draft.made_by, text=text, due_day=draft.due_day, assignee_id=draft.assignee_id)
        )
    return found


def who_may_own(session: Session, *, dealer_id: int, region: str | None) -> list[int]:
    """Ids of our people who may see to a promise at this dealer."""
    return people_to_tell(session, dealer_id=dealer_id, region=region, permission=Permission.CONTACTS_LOG)


def check_assignee(session: Session, person_id: int, *, dealer: DealerDetail, field: str, problems: Problems) -> None:
    """Note a problem when this person may not see to a promise at this dealer."""
    if person_id not in who_may_own(session, dealer_id=dealer.dealer_id, region=dealer.facts.region):
        problems.add(field, "unknown_person", "Choose somebody of ours who may log contacts with this dealer.")


def store(
    session: Session, drafts: Sequence[PromiseDraft], *, dealer: DealerDetail, report_id: int | None, actor: Actor,
    now: datetime, form_key: str | None = None,
) -> list[Promise]:  # fmt: skip
    """Write checked drafts as open promises; their ids are set."""
    if not drafts:
        return []
    ids = next_ids(session, Promise, item_type="promise", count=len(drafts))
    made = []
    for promise_id, draft in zip(ids, drafts, strict=True):
        assert draft.due_day is not None
        due_at = rules.end_of_day(draft.due_day, dealer.facts.zone)
        made.append(
            Promise(
                id=promise_id, number=f"PR-{promise_id:06}", status=FLOW.initial, is_open=True,
                dealer_id=dealer.dealer_id, region=dealer.facts.region, due_at=due_at, first_due_at=due_at,
                assignee_id=draft.assignee_id if draft.assignee_id is not None else actor.user_id,
                submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name,
                made_by=draft.made_by, text=draft.text, due_day=draft.due_day, first_due_day=draft.due_day,
                contact_report_id=report_id, form_key=form_key,
            )
        )  # fmt: skip
    session.add_all(made)
    session.flush()
    return made
