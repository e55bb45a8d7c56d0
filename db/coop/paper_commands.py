"""Papers of co-op: proofs of a claim and the plan of a request, brought in checked, handed out in scope, taken out.

They move only while the claim or request is with the dealer; what waits or was decided on stays as it was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.coop import claim_commands, papers
from db.coop.claim_flow import FLOW as CLAIMS
from db.coop.flow import FLOW as REQUESTS
from db.coop.paper_tables import CoopPaper
from db.coop.papers import KINDS, FetchedPaper, NewPaper
from db.coop.queue_tables import CoopClaim, CoopProof, CoopRequest
from db.coop.record import CLAIM, LONGEST_NOTE, REQUEST, note
from db.core import timeline
from db.core.actor import Actor
from db.core.permissions import Permission
from db.core.problems import NotFound, Problems
from db.workflow.engine import begin_step, end_step, get_item


def add_papers(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, files: Sequence[NewPaper],
    form_key: str | None = None,
) -> None:  # fmt: skip
    """Keep files that prove a claim while it is with the dealer, all or none; each proof is there from now on.

    The same form again does nothing. Problems: kind, file (its own checks; `already_there` for bytes the claim has).
    """
    actor.require(Permission.COOP_REQUEST)
    known: CoopClaim = get_item(session, CLAIMS, item_id=item_id, actor=actor)
    if papers.was_kept(session, known, form_key):
        timeline.repeated(session)
        return
    claim: CoopClaim = begin_step(
        session, CLAIMS, "add_papers", item_id=item_id, seen_version=seen_version, actor=actor
    )
    _some(files)
    made = papers.keep_new(session, claim, files, form_key=form_key, actor=actor, now=now)
    claim_commands.prove_by(session, claim, made, actor=actor, now=now)
    end_step(session, CLAIMS, "add_papers", claim, actor=actor, now=now)
    claim_commands.judge_again(session, claim, actor=actor, now=now)
    _note(session, "add_papers", f"{claim.number}: {_kinds(made)} added as a file.", claim, made, actor=actor, now=now)


def add_plan(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, files: Sequence[NewPaper],
    form_key: str | None = None,
) -> None:  # fmt: skip
    """Keep quotes and artwork with a request while it is with the dealer, all or none. Problems as of `add_papers`."""
    actor.require(Permission.COOP_REQUEST)
    known: CoopRequest = get_item(session, REQUESTS, item_id=item_id, actor=actor)
    if papers.was_kept(session, known, form_key):
        timeline.repeated(session)
        return
    request: CoopRequest = begin_step(
        session, REQUESTS, "add_papers", item_id=item_id, seen_version=seen_version, actor=actor
    )
    _some(files)
    made = papers.keep_new(session, request, files, form_key=form_key, actor=actor, now=now)
    end_step(session, REQUESTS, "add_papers", request, actor=actor, now=now)
    said = f"{request.number}: {_kinds(made)} added."
    _note(session, "add_papers", said, request, made, actor=actor, now=now)


def _some(files: Sequence[NewPaper]) -> None:
    problems = Problems()
    if not files:
        problems.add("file", "required", "Choose a file.")
    problems.refuse_if_any()


def _kinds(made: Sequence[CoopPaper]) -> str:
    return ", ".join(dict.fromkeys(KINDS[p.kind].lower() for p in made))


def _reason(reason: str) -> str:
    problems = Problems()
    found = problems.require(reason, "reason", "The reason", longest=LONGEST_NOTE)
    problems.refuse_if_any()
    return found


def remove_paper(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, paper_id: int, reason: str
) -> None:
    """Take a file out of a claim that is with the dealer; row and bytes stay for the record. Problems: reason.

    A proof nobody named otherwise goes with its last file.
    """
    claim: CoopClaim = begin_step(
        session, CLAIMS, "remove_paper", item_id=item_id, seen_version=seen_version, actor=actor
    )
    paper = _of(session, paper_id, claim)
    said = _reason(reason)
    paper.removed_at = now
    session.flush()
    if paper.kind not in papers.names_of(session, claim.id):
        _unprove(session, claim, paper.kind)
    end_step(session, CLAIMS, "remove_paper", claim, actor=actor, now=now)
    claim_commands.judge_again(session, claim, actor=actor, now=now)
    _removed(session, claim, paper, said, actor=actor, now=now)


def remove_plan(
    session: Session, *, item_id: int, seen_version: int, actor: Actor, now: datetime, paper_id: int, reason: str
) -> None:
    """Take a file out of a request that is with the dealer; row and bytes stay for the record. Problems: reason."""
    request: CoopRequest = begin_step(
        session, REQUESTS, "remove_paper", item_id=item_id, seen_version=seen_version, actor=actor
    )
    paper = _of(session, paper_id, request)
    said = _reason(reason)
    paper.removed_at = now
    end_step(session, REQUESTS, "remove_paper", request, actor=actor, now=now)
    _removed(session, request, paper, said, actor=actor, now=now)


def _of(session: Session, paper_id: int, item: CoopClaim | CoopRequest) -> CoopPaper:
    """A paper of this very record; one of another, or one taken out, is not there."""
    found = session.scalars(select(CoopPaper).where(CoopPaper.id == paper_id, *papers.standing_of(item))).one_or_none()
    if found is None:
        raise NotFound("This paper")
    return found


def _unprove(session: Session, claim: CoopClaim, kind: str) -> None:
    proof = session.scalars(
        select(CoopProof).where(CoopProof.claim_id == claim.id, CoopProof.kind == kind)
    ).one_or_none()
    names = session.scalars(select(CoopPaper.file_name).where(CoopPaper.claim_id == claim.id, CoopPaper.kind == kind))
    if proof is not None and proof.reference in {claim_commands.reference_of(name) for name in names}:
        session.delete(proof)
        session.flush()


def fetch_paper(session: Session, *, paper_id: int, actor: Actor, now: datetime) -> FetchedPaper:
    """The file, for somebody who may see the claim or request; the timeline keeps who took it."""
    actor.require(Permission.COOP_VIEW)
    paper = session.get(CoopPaper, paper_id)
    if paper is None or not actor.scope.allows(dealer_id=paper.dealer_id, region=paper.region):
        raise NotFound("This paper")
    made = papers.fetched(paper)
    owner = paper.claim if paper.claim is not None else paper.request
    assert owner is not None
    said = f"{owner.number}: {KINDS[paper.kind].lower()} downloaded."
    note(session, "fetch_paper", said, _items(owner), actor=actor, now=now, after={"file": paper.file_name})
    return made


def _items(owner: CoopClaim | CoopRequest) -> list[timeline.Item]:
    kind = CLAIM if isinstance(owner, CoopClaim) else REQUEST
    return [timeline.Item(kind, owner.id, owner.dealer_id)]


def _note(
    session: Session, command: str, said: str, owner: CoopClaim | CoopRequest, made: Sequence[CoopPaper], *,
    actor: Actor, now: datetime,
) -> None:  # fmt: skip
    note(session, command, said, _items(owner), actor=actor, now=now, after=papers.said_of(made))


def _removed(
    session: Session, owner: CoopClaim | CoopRequest, paper: CoopPaper, reason: str, *, actor: Actor, now: datetime
) -> None:
    said = f"{owner.number}: {KINDS[paper.kind].lower()} taken out."
    before = {"file": paper.file_name, "kind": paper.kind, "sha256": paper.sha256}
    note(session, "remove_paper", said, _items(owner), actor=actor, now=now, reason=reason, before=before)
