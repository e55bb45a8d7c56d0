"""Papers of a sale and of an appeal: brought in checked, handed out in scope, taken out with a reason (I08, U22).

Bytes are stored before their row: what fails in between leaves a file nobody names, which the sweep removes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.labels import local_day
from db.core.permissions import Permission
from db.core.problems import NotFound, Problem, Problems, Refused
from db.incentives import claim_store, papers
from db.incentives.calculate import refresh
from db.incentives.flow import FLOW
from db.incentives.papers import APPEAL, KINDS, MOST_PAPERS, FetchedPaper
from db.incentives.record import dealer_of, item_of_claim, item_of_sale, note, sale_of
from db.incentives.sale_commands import write_sale
from db.incentives.tables import IncentiveClaim, IncentivePaper, SaleDocument, SaleReport
from db.workflow.engine import get_item

_BEFORE_APPEAL = ("denied", "appealed")


def add_paper(
    session: Session, *, sale_id: int | None = None, claim_id: int | None = None, kind: str | None, file_name: str,
    content: bytes | None, form_key: str | None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Keep a file that proves something of a sale, or goes with an appeal (`claim_id`); gives its id.

    The sale has the kind of paper from now on, and its programs are asked again. The same form key again gives the
    first. Problems: kind, file (its own checks; `already_there` for bytes this sale or claim has).
    """
    actor.require(Permission.INCENTIVES_ENTER)
    claim: IncentiveClaim | None = None
    if claim_id is not None:
        claim = get_item(session, FLOW, item_id=claim_id, actor=actor)
    sale = None if claim is not None else sale_of(session, sale_id, actor=actor)
    known = session.scalar(select(IncentivePaper.id).where(IncentivePaper.form_key == form_key)) if form_key else None
    if known is not None:
        timeline.repeated(session)
        return known
    _refuse_state(sale, claim)
    problems = Problems()
    if kind not in KINDS or (kind == APPEAL) != (claim is not None):
        problems.add("kind", "unknown_kind", "Choose what the paper is.")
    examined = papers.examined(file_name, content, problems)
    problems.refuse_if_any()
    assert examined is not None
    assert content is not None
    assert kind is not None
    owner = sale if sale is not None else claim
    assert owner is not None
    _refuse_known(session, sale, claim, hashlib.sha256(content).hexdigest())
    kept = papers.keep(session, content)
    paper = IncentivePaper(
        sale_id=sale.id if sale is not None else None, claim_id=claim.id if claim is not None else None,
        dealer_id=owner.dealer_id, region=owner.region, kind=kind, file_name=examined.file_name,
        stored_name=kept.stored_name, size=kept.size, sha256=kept.sha256, media_type=examined.kind.media_type,
        uploaded_at=now, uploaded_by=actor.name, form_key=form_key,
    )  # fmt: skip
    session.add(paper)
    session.flush()
    if sale is not None:
        _add_kind(session, sale, kind, examined.file_name, actor=actor, now=now)
    note(
        session, "add_paper", f"{owner.number}: {KINDS[kind].lower()} added.", [_item(sale, claim)], actor=actor,
        now=now, after={"file": examined.file_name, "sha256": kept.sha256},
    )  # fmt: skip
    return paper.id


def _item(sale: SaleReport | None, claim: IncentiveClaim | None) -> timeline.Item:
    if sale is not None:
        return item_of_sale(sale)
    assert claim is not None
    return item_of_claim(claim)


def _refuse_state(sale: SaleReport | None, claim: IncentiveClaim | None) -> None:
    if sale is not None and sale.unwound_on is not None:
        raise Refused(Problem(code="wrong_state", message=f"{sale.number} was unwound.", rule="I13"))
    if claim is not None and claim.status not in _BEFORE_APPEAL:
        message = f"{claim.number} is {FLOW.state(claim.status).label.lower()}; a paper goes with an appeal only."
        raise Refused(Problem(code="wrong_state", message=message))


def _refuse_known(session: Session, sale: SaleReport | None, claim: IncentiveClaim | None, sha256: str) -> None:
    there: list[ColumnElement[bool]] = [IncentivePaper.removed_at.is_(None)]
    there.append(
        IncentivePaper.sale_id == sale.id if sale is not None else IncentivePaper.claim_id == (claim and claim.id)
    )
    if session.scalar(select(IncentivePaper.id).where(*there, IncentivePaper.sha256 == sha256)) is not None:
        raise Refused(Problem(code="already_there", field="file", message="This very file is there already."))
    if (session.scalar(select(func.count()).select_from(IncentivePaper).where(*there)) or 0) >= MOST_PAPERS:
        raise Refused(Problem(code="too_many", field="file", message=f"At most {MOST_PAPERS} files are kept."))


def _add_kind(session: Session, sale: SaleReport, kind: str, name: str, *, actor: Actor, now: datetime) -> None:
    known = session.scalar(select(SaleDocument.id).where(SaleDocument.sale_id == sale.id, SaleDocument.kind == kind))
    if known is None:
        row = {
            "sale_id": sale.id, "dealer_id": sale.dealer_id, "region": sale.region, "kind": kind,
            "reference": name[:120], "added_at": now, "added_by": actor.name,
        }  # fmt: skip
        session.execute(insert(SaleDocument), [row])
    _asked_again(session, sale, actor=actor, now=now)


def _asked_again(session: Session, sale: SaleReport, *, actor: Actor, now: datetime) -> None:
    """The version rises, so that a form opened before does not write the papers back; programs are asked anew."""
    write_sale(session, sale, {}, actor=actor, now=now)
    dealer = dealer_of(session, sale.dealer_id, actor=actor)
    refresh(session, [sale], actor=actor, now=now, today=local_day(now, dealer.zone))


def _paper(session: Session, paper_id: int, *, actor: Actor) -> IncentivePaper:
    found = session.get(IncentivePaper, paper_id)
    if found is None or not actor.scope.allows(dealer_id=found.dealer_id, region=found.region):
        raise NotFound("This paper")
    return found


def remove_paper(session: Session, *, paper_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Take a paper out while nobody waits for it or decided on it; row and bytes stay for the record.

    The last file of a kind takes the kind with it. Problems: reason.
    """
    actor.require(Permission.INCENTIVES_ENTER)
    paper = _paper(session, paper_id, actor=actor)
    sale = sale_of(session, paper.sale_id, actor=actor) if paper.sale_id is not None else None
    claim: IncentiveClaim | None = None
    if paper.claim_id is not None:
        claim = get_item(session, FLOW, item_id=paper.claim_id, actor=actor)
    if paper.removed_at is not None:
        timeline.repeated(session)
        return
    bound = [c for c in claim_store.claims_of_sale(session, sale.id) if c.status in _BOUND] if sale is not None else []
    if claim is not None and claim.status != "denied":
        bound.append(claim)
    if bound:
        state = FLOW.state(bound[0].status).label.lower()
        raise Refused(
            Problem(code="wrong_state", message=f"{bound[0].number} is {state}; its papers stay as they are.")
        )
    problems = Problems()
    reason = problems.require(reason, "reason", "The reason", longest=500)
    problems.refuse_if_any()
    paper.removed_at = now
    session.flush()
    if sale is not None:
        if paper.kind not in papers.names_of(session, [sale.id]).get(sale.id, {}):
            gone = (SaleDocument.sale_id == sale.id, SaleDocument.kind == paper.kind)
            session.execute(delete(SaleDocument).where(*gone).execution_options(synchronize_session=False))
        _asked_again(session, sale, actor=actor, now=now)
    owner = sale if sale is not None else claim
    assert owner is not None
    note(
        session, "remove_paper", f"{owner.number}: {KINDS[paper.kind].lower()} taken out.", [_item(sale, claim)],
        actor=actor, now=now, reason=reason, before={"file": paper.file_name, "sha256": paper.sha256},
    )  # fmt: skip


_BOUND = ("in_review", "appealed", *claim_store.APPROVED)


def fetch_paper(session: Session, *, paper_id: int, actor: Actor, now: datetime) -> FetchedPaper:
    """The file, for somebody who may see the sale; the timeline keeps who took it."""
    actor.require(Permission.INCENTIVES_VIEW)
    paper = _paper(session, paper_id, actor=actor)
    made = papers.fetched(paper)
    sale = session.get(SaleReport, paper.sale_id) if paper.sale_id is not None else None
    claim = session.get(IncentiveClaim, paper.claim_id) if paper.claim_id is not None else None
    owner = sale if sale is not None else claim
    assert owner is not None
    note(
        session, "fetch_paper", f"{owner.number}: {KINDS[paper.kind].lower()} downloaded.", [_item(sale, claim)],
        actor=actor, now=now,
    )  # fmt: skip
    return made
