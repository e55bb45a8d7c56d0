"""A dealer's draft: kept on the server as it is typed, taken back, never lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims import draft_rules, links
from db.claims.difference_rules import differences
from db.claims.flow import DEALERS_TURN, FLOW
from db.claims.model import ClaimDraft
from db.claims.record import dealer_of, draft_of, header_of, hold, note_entry, number_of, store_lines
from db.claims.tables import Claim
from db.core import timeline
from db.core.actor import Actor
from db.core.numbering import next_ids
from db.core.permissions import Permission
from db.core.problems import Differing, NotFound, Problem, Problems, Refused, Stale


def save_draft(
    session: Session, *, dealer_id: int, draft: ClaimDraft, actor: Actor, now: datetime, form_key: str,
    claim_id: int | None = None, seen_version: int = 0, external_number: str | None = None, source: str = "form",
    batch_id: int | None = None,
) -> int:  # fmt: skip
    """Keep a claim as it was entered so far; gives its id. The same form key twice makes one claim.

    A draft need not be complete. A returned or rejected claim may be changed, too; anything sent may not. Problems:
    fields of the draft, "jobs.2.complaint", "charges.3.unit_cents", dealer_id.
    """
    actor.require(Permission.CLAIMS_ENTER)
    if claim_id is not None:
        return _change(session, claim_id, draft, seen_version=seen_version, dealer_id=dealer_id, actor=actor, now=now)
    known = known_draft(session, form_key, actor=actor)
    if known is not None:
        return known
    draft = _checked(draft)
    claim = new_claim(
        session, draft, dealer_id=dealer_id, form_key=form_key, external_number=external_number, source=source,
        batch_id=batch_id, actor=actor, now=now,
    )  # fmt: skip
    note_entry(session, "save_draft", claim, "draft begun.", actor=actor, now=now)
    return claim.id


def known_draft(session: Session, form_key: str, *, actor: Actor) -> int | None:
    """The claim this form made already; another person's form key is no way to another dealer's claim."""
    known = session.execute(select(Claim.id, Claim.dealer_id, Claim.region).where(Claim.form_key == form_key)).first()
    if known is None:
        return None
    if not actor.scope.allows(dealer_id=known.dealer_id, region=known.region):
        raise NotFound("This claim")
    timeline.repeated(session)
    return int(known.id)


def _checked(draft: ClaimDraft, *, may_be: tuple[str, ...] = ()) -> ClaimDraft:
    problems = Problems()
    draft = draft_rules.tidy(draft)
    draft_rules.check(draft, problems, may_be=may_be)
    problems.refuse_if_any()
    return draft


def locked_claim(session: Session, claim_id: int, *, actor: Actor) -> Claim:
    """A claim of the actor's scope, locked until the end of the transaction; raises `NotFound`."""
    claim = session.get(Claim, claim_id, with_for_update=True, populate_existing=True)
    if claim is None or not actor.scope.allows(dealer_id=claim.dealer_id, region=claim.region):
        raise NotFound("This claim")
    return claim


def refuse_stale(claim: Claim, seen_version: int, *, differs: Callable[[], Sequence[Differing]] = tuple) -> None:
    """Refuse what was decided on an older state of the claim, naming who changed it, when, and what `differs`."""
    if claim.version != seen_version:
        raise Stale(
            what=f"Claim {claim.number}", changed_by=claim.updated_by, changed_at=claim.updated_at,
            status=FLOW.state(claim.status).label.lower(), differs=differs(),
        )  # fmt: skip


def _change(
    session: Session, claim_id: int, draft: ClaimDraft, *, seen_version: int, dealer_id: int, actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    claim = locked_claim(session, claim_id, actor=actor)
    refuse_stale(claim, seen_version, differs=lambda: differences(draft_of(session, claim), draft_rules.tidy(draft)))
    if claim.status not in DEALERS_TURN:
        raise Refused(Problem(code="wrong_state", message=f"{claim.number} was sent; it can no longer be changed."))
    if dealer_id != claim.dealer_id:
        raise Refused(
            Problem(code="other_dealer", field="dealer_id", message="A claim stays with the dealer it began at.")
        )
    draft = _checked(draft, may_be=(claim.claim_type,))
    if claim.original_id is not None and draft.claim_type != claim.claim_type:
        raise Refused(
            Problem(code="type_fixed", field="claim_type", message="The type of a further version cannot be changed.")
        )
    before = {"claimed_cents": claim.claimed_cents, "claim_type": claim.claim_type}
    for name, value in header_of(draft).items():
        setattr(claim, name, value)
    claim.claimed_cents = store_lines(session, claim, draft)
    claim.version += 1
    claim.updated_at, claim.updated_by = now, actor.name
    links.link(session, claim)
    session.flush()
    links.reindex(session, claim)
    note_entry(
        session, "save_draft", claim, "draft saved.", actor=actor, now=now, before=before,
        after={"claimed_cents": claim.claimed_cents, "claim_type": claim.claim_type},
    )  # fmt: skip
    return claim.id


def new_claim(
    session: Session, draft: ClaimDraft, *, dealer_id: int, form_key: str | None, actor: Actor, now: datetime,
    external_number: str | None = None, source: str = "form", batch_id: int | None = None, of: Claim | None = None,
    series_version: int = 1,
) -> Claim:  # fmt: skip
    """Write a new draft with its jobs and lines; `of` makes it a further version of a claim. No entry, no check."""
    dealer = dealer_of(session, dealer_id, actor=actor)
    (claim_id,) = next_ids(session, Claim, item_type="claim", count=1)
    family = of.family_id if of is not None else claim_id
    number = number_of(claim_id) if of is None else f"{number_of(family)}-{series_version}"
    claim = Claim(
        id=claim_id, number=number, status=FLOW.initial, is_open=True, dealer_id=dealer.id, region=dealer.region,
        state=dealer.state, submitted_by=actor.username, created_at=now, updated_at=now, updated_by=actor.name,
        stage_entered_at=now, family_id=family, series_version=series_version, held_by="dealer", form_key=form_key,
        original_id=family if of is not None else None, external_number=external_number, source=source,
        batch_id=batch_id, **header_of(draft),
    )  # fmt: skip
    session.add(claim)
    session.flush()
    claim.claimed_cents = store_lines(session, claim, draft)
    links.link(session, claim)
    session.flush()
    hold(session, claim, FLOW.initial, now)
    links.reindex(session, claim, is_new=True)
    return claim
