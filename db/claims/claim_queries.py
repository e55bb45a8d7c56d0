"""Claims as they are read: one with everything of it, a dealer's own turn, and what the rules would say right now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims import files
from db.claims.adjudicate_rules import adjudicate
from db.claims.appeals import is_appeal, who_decided_before
from db.claims.facts_queries import facts_of
from db.claims.flow import FLOW
from db.claims.model import CLAIM_TYPES, ClaimDraft, ClaimFacts, Result, Verdict
from db.claims.policy_queries import policy_on
from db.claims.price_rules import fill
from db.claims.record import dealer_of, draft_of
from db.claims.snapshots import results_from_json
from db.claims.tables import (
    Claim,
    ClaimAttachment,
    ClaimCharge,
    ClaimDecision,
    ClaimHold,
    ClaimJob,
    ClaimRun,
)
from db.core.actor import Actor, Scope
from db.core.area import SearchResult
from db.core.labels import local_day
from db.core.masking import mask_vin
from db.core.permissions import Permission
from db.core.problems import NotFound, Refused
from db.customers.vehicle_queries import find_by_vin
from db.dealers.tables import Dealer

PAGE_FILE = "pages/claims/claim.py"
SETTLED = ("approved", "partially_approved", "paid", "adjusted")


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """A claim in a list: number, type, dealer, vehicle, amounts in cents, and why it stands where it stands."""

    id: int
    number: str
    status: str
    version: int
    claim_type: str
    dealer: str
    dealer_id: int | None
    vin: str
    ro_number: str
    claimed_cents: int
    approved_cents: int | None
    updated_at: datetime
    reason_note: str
    submitted_by: str
    updated_by: str


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file of a claim; `is_picture` can be shown, `is_removed` was taken out with a reason."""

    id: int
    kind: str
    file_name: str
    size: int
    media_type: str
    invoice_number: str
    invoice_cents: int | None
    uploaded_at: datetime
    uploaded_by: str
    is_picture: bool


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version of a claim's family."""

    id: int
    number: str
    claim_type: str
    status: str
    claimed_cents: int
    approved_cents: int | None


@dataclass(frozen=True, kw_only=True)
class ClaimView:
    """Everything of one claim. `results` are those of its latest run, in the order of the rules (none: never sent).

    `claim`, `jobs`, `charges`, `decisions` and `holds` are read-only rows; `vin` is masked for roles without need;
    `signed_by` is the reader's own name where another person has to take the next step; `net_cents` is what was
    approved for all settled versions together (domain-rules 2.1 E).
    """

    id: int
    number: str
    status: str
    version: int
    submitted_by: str
    signed_by: str
    dealer: str
    dealer_code: str
    zone: str
    vin: str
    vehicle_id: int | None
    claim: Claim
    draft: ClaimDraft
    jobs: tuple[ClaimJob, ...]
    charges: tuple[ClaimCharge, ...]
    results: tuple[Result, ...]
    why: tuple[str, ...]
    decisions: tuple[ClaimDecision, ...]
    holds: tuple[ClaimHold, ...]
    files: tuple[FileRow, ...]
    versions: tuple[VersionRow, ...]
    net_cents: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the rules say of a draft as it stands: `draft` has its blank prices filled, `facts` is what they asked."""

    draft: ClaimDraft
    facts: ClaimFacts
    verdict: Verdict
    needed: tuple[str, ...] = ()
    """Kinds of files this type of claim asks for (W25)."""


def claim_rows(scope: Scope) -> Any:
    """The statement behind a `ClaimRow`, of the claims of a scope; to be narrowed, ordered and limited."""
    return (
        select(
            Claim.id, Claim.number, Claim.status, Claim.version, Claim.claim_type, Dealer.name.label("dealer"),
            Claim.dealer_id, Claim.vin, Claim.ro_number, Claim.claimed_cents, Claim.approved_cents, Claim.updated_at,
            Claim.reason_note, Claim.submitted_by, Claim.updated_by,
        )
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(scope.where(Claim.dealer_id, Claim.region))
    )  # fmt: skip


def list_claims(
    session: Session, *, scope: Scope, statuses: Sequence[str], limit: int = 50, dealer_id: int | None = None
) -> list[ClaimRow]:
    """The newest claims in some states, one index walk a state; for a dealer's own drafts and what came back."""
    found: list[ClaimRow] = []
    for status in statuses:
        query = claim_rows(scope).where(Claim.status == status).order_by(Claim.id.desc()).limit(limit)
        if dealer_id is not None:
            query = query.where(Claim.dealer_id == dealer_id)
        found += [ClaimRow(**row._asdict()) for row in session.execute(query)]
    return sorted(found, key=lambda row: row.updated_at, reverse=True)[:limit]


def claim_of_form(session: Session, *, form_key: str, scope: Scope) -> ClaimRow | None:
    """The claim a form made already, so that it shows a receipt instead of itself."""
    row = session.execute(claim_rows(scope).where(Claim.form_key == form_key)).one_or_none()
    return ClaimRow(**row._asdict()) if row is not None else None


def claim_row(session: Session, *, claim_id: int, scope: Scope) -> ClaimRow:
    """One claim as a line; raises `NotFound`."""
    row = session.execute(claim_rows(scope).where(Claim.id == claim_id)).one_or_none()
    if row is None:
        raise NotFound("This claim")
    return ClaimRow(**row._asdict())


def get_claim(session: Session, *, item_id: int, actor: Actor, now: datetime) -> ClaimView:
    """One claim with everything of it; raises `NotFound`. A bounded number of statements."""
    row = session.execute(
        select(Claim, Dealer.name, Dealer.code, Dealer.zone)
        .join(Dealer, Dealer.id == Claim.dealer_id)
        .where(Claim.id == item_id, actor.scope.where(Claim.dealer_id, Claim.region))
    ).one_or_none()
    if row is None:
        raise NotFound("This claim")
    claim = row[0]
    run = session.execute(
        select(ClaimRun.results, ClaimRun.why)
        .where(ClaimRun.claim_id == claim.id)
        .order_by(ClaimRun.run.desc())
        .limit(1)
    ).first()
    versions = tuple(
        VersionRow(**one._asdict())
        for one in session.execute(
            select(
                Claim.id, Claim.number, Claim.claim_type, Claim.status, Claim.claimed_cents, Claim.approved_cents
            )
            .where(Claim.family_id == claim.family_id, actor.scope.where(Claim.dealer_id, Claim.region))
            .order_by(Claim.series_version)
        )
    )  # fmt: skip
    barred = is_appeal(claim) and who_decided_before(session, claim) == actor.username
    view = ClaimView(
        id=claim.id, number=claim.number, status=claim.status, version=claim.version,
        submitted_by=claim.submitted_by, signed_by=actor.username if barred else claim.signed_by, dealer=row.name,
        dealer_code=row.code, zone=row.zone,
        vin=claim.vin if actor.can(Permission.PERSONAL_DATA_VIEW) else mask_vin(claim.vin),
        vehicle_id=find_by_vin(session, vin=claim.vin, actor=actor) if claim.vehicle_id else None,
        claim=claim, draft=draft_of(session, claim), jobs=tuple(_children(session, ClaimJob, claim.id, "position")),
        charges=tuple(_children(session, ClaimCharge, claim.id, "position")),
        results=results_from_json(run.results) if run else (), why=tuple(run.why) if run else (),
        decisions=tuple(_children(session, ClaimDecision, claim.id, "id")),
        holds=tuple(_children(session, ClaimHold, claim.id, "position")),
        files=_files(session, claim.id), versions=versions,
        net_cents=sum(v.approved_cents or 0 for v in versions if v.status in SETTLED),
    )  # fmt: skip
    session.expunge_all()
    return view


def _children(session: Session, table: Any, claim_id: int, order: str) -> list[Any]:
    return list(
        session.scalars(select(table).where(table.claim_id == claim_id).order_by(getattr(table, order)))
    )  # fmt: skip


def _files(session: Session, claim_id: int) -> tuple[FileRow, ...]:
    rows = session.scalars(
        select(ClaimAttachment)
        .where(ClaimAttachment.claim_id == claim_id, ClaimAttachment.removed_at.is_(None))
        .order_by(ClaimAttachment.id)
    )
    return tuple(
        FileRow(
            id=a.id, kind=a.kind, file_name=a.file_name, size=a.size, media_type=a.media_type,
            invoice_number=a.invoice_number, invoice_cents=a.invoice_cents, uploaded_at=a.uploaded_at,
            uploaded_by=a.uploaded_by, is_picture=a.media_type.startswith("image/"),
        )
        for a in rows
    )  # fmt: skip


def list_files(session: Session, *, claim_id: int, actor: Actor) -> tuple[FileRow, ...]:
    """The files of a claim of the actor's scope; raises `NotFound`."""
    claim_row(session, claim_id=claim_id, scope=actor.scope)
    return _files(session, claim_id)


def picture_of(session: Session, *, attachment_id: int, actor: Actor) -> bytes | None:
    """The bytes of a picture to show on the page; None for what is no picture, is missing, or out of scope."""
    found = session.get(ClaimAttachment, attachment_id)
    if found is None or not actor.scope.allows(dealer_id=found.dealer_id, region=found.region):
        return None
    if not found.media_type.startswith("image/") or found.removed_at is not None:
        return None
    try:
        return files.verified(found)
    except Refused:
        return None


def stored_draft(session: Session, *, claim_id: int, actor: Actor) -> ClaimDraft:
    """A claim as it was entered; raises `NotFound`."""
    claim = session.get(Claim, claim_id)
    if claim is None or not actor.scope.allows(dealer_id=claim.dealer_id, region=claim.region):
        raise NotFound("This claim")
    return draft_of(session, claim)


def entry_draft(session: Session, *, claim_id: int | None, actor: Actor) -> ClaimDraft:
    """What the entry form begins with: the stored claim, or an empty one. Raises `NotFound`."""
    return stored_draft(session, claim_id=claim_id, actor=actor) if claim_id else ClaimDraft()


def copied_draft(session: Session, *, claim_id: int, actor: Actor) -> ClaimDraft:
    """A claim as the beginning of another: the work and its lines, without what belongs to that visit alone.

    Days, odometer, repair order, numbers it referred to, serials and reasons are left out, and so are amounts: the
    price list of the new day fills them. Raises `NotFound`.
    """
    draft = stored_draft(session, claim_id=claim_id, actor=actor)
    kind = draft.claim_type if draft.claim_type not in ("add_credit", "debit") else "standard"
    return ClaimDraft(
        claim_type=kind, vin=draft.vin, unit=draft.unit, technician=draft.technician, advisor=draft.advisor,
        contract_number=draft.contract_number,
        jobs=tuple(replace(j, failed_serial="", fitted_serial="") for j in draft.jobs),
        charges=tuple(
            replace(c, unit_cents=0, quantity=c.quantity if c.kind == "parts" else 0, markup=0)
            for c in draft.charges
            if c.kind in ("labour", "parts")
        ),
    )  # fmt: skip


def preview(
    session: Session, draft: ClaimDraft, *, dealer_id: int, actor: Actor, now: datetime, claim_id: int | None = None
) -> Preview:
    """What adjudication would say if this were sent now: the same facts, the same policy, the same rules.

    Days are the dealer's. Raises `NotFound` for a dealer out of scope.
    """
    dealer = dealer_of(session, dealer_id, actor=actor)
    today = local_day(now, dealer.zone)
    kinds = tuple(f.kind for f in _files(session, claim_id)) if claim_id is not None else ()
    facts = facts_of(
        session, draft, dealer_id=dealer_id, actor=actor, today=today, claim_id=claim_id, attachments=kinds
    )
    filled = fill(draft, facts)
    if filled != draft:
        facts = replace(facts, claim=filled)
    policy = policy_on(session, today)
    return Preview(
        draft=filled, facts=facts, verdict=adjudicate(facts, policy),
        needed=tuple(policy.attachments.get(filled.claim_type, ())),
    )  # fmt: skip


def found_claims(session: Session, *, ids: Sequence[int], actor: Actor) -> list[SearchResult]:
    """Search hits as lines, in the order of `ids`."""
    rows = {r.id: r for r in session.execute(claim_rows(actor.scope).where(Claim.id.in_(list(ids))))}
    return [
        SearchResult(
            kind="claim", item_id=i, title=f"{rows[i].number} {CLAIM_TYPES[rows[i].claim_type]}",
            subtitle=f"{rows[i].dealer} · {rows[i].vin} · {FLOW.state(rows[i].status).label}", page=PAGE_FILE,
            query={"claim": str(i)},
        )
        for i in ids
        if i in rows
    ]  # fmt: skip


def today_of(session: Session, *, dealer_id: int, actor: Actor, now: datetime) -> date:
    """The dealer's day; raises `NotFound`."""
    return local_day(now, dealer_of(session, dealer_id, actor=actor).zone)


_DECISIONS = {
    "recommend": "Signed and passed on", "approve": "Approved", "partial": "Partly approved", "deny": "Denied",
    "return": "Returned", "reject": "Could not be processed", "appeal": "Appealed", "deemed": "Approved by silence",
    "void": "Taken back", "charge_back": "Charged back",
}  # fmt: skip


def claim_words(kind: str) -> str:
    """A kind of decision as people say it; the same for everybody."""
    return _DECISIONS.get(kind, kind)
