"""Papers of co-op: their kinds, keeping new ones whole or not at all, and which a claim has (db.documents.attached)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.coop.model import PROOFS
from db.coop.paper_tables import CoopPaper
from db.coop.queue_tables import CoopClaim, CoopRequest
from db.core.actor import Actor
from db.core.problems import Problem, Problems, Refused
from db.documents.attached import MOST_PAPERS, FetchedPaper, examined, fetched, keep, picture, sha256_of
from db.documents.content import Examined

PLAN: Final[dict[str, str]] = {"quote": "Quote", "artwork": "Artwork"}
"""What goes with the plan of a request."""
KINDS: Final[dict[str, str]] = {**PROOFS, **PLAN}
__all__ = [
    "KINDS", "PLAN", "FetchedPaper", "NewPaper", "check_new", "fetched", "keep_new", "names_of", "picture", "said_of",
    "standing_of", "was_kept",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NewPaper:
    """A file somebody brings in."""

    kind: str
    file_name: str
    content: bytes | None


def standing_of(item: CoopClaim | CoopRequest) -> tuple[ColumnElement[bool], ...]:
    """The papers of a claim or request that were not taken out."""
    owner = CoopPaper.claim_id if isinstance(item, CoopClaim) else CoopPaper.request_id
    return owner == item.id, CoopPaper.removed_at.is_(None)


def check_new(
    session: Session, item: CoopClaim | CoopRequest | None, new: Sequence[NewPaper], kinds: dict[str, str],
    problems: Problems,
) -> list[Examined]:  # fmt: skip
    """What new papers are by their bytes. Problems: kind, file (`already_there` for bytes the record has)."""
    found = []
    there: dict[str, str] = {}
    if item is not None:
        rows = session.execute(select(CoopPaper.sha256, CoopPaper.file_name).where(*standing_of(item)))
        there = {one.sha256: one.file_name for one in rows}
    count = len(there)
    for one in new:
        if one.kind not in kinds:
            problems.add("kind", "unknown_kind", "Choose what the file is.")
        one_found = examined(one.file_name, one.content, problems)
        if one_found is None or one.content is None:
            continue
        sha256 = sha256_of(one.content)
        if sha256 in there:
            said = f"{one_found.file_name} is there already, as {there[sha256]}."
            problems.add("file", "already_there", said)
        there[sha256] = one_found.file_name
        found.append(one_found)
    if count + len(new) > MOST_PAPERS:
        problems.add("file", "too_many", f"At most {MOST_PAPERS} files are kept.")
    return found


def keep_new(
    session: Session, item: CoopClaim | CoopRequest, new: Sequence[NewPaper], *, form_key: str | None, actor: Actor,
    now: datetime,
) -> list[CoopPaper]:  # fmt: skip
    """Keep files with a claim or request, all or none; refused as `check_new` says. The caller has asked the state."""
    is_claim = isinstance(item, CoopClaim)
    problems = Problems()
    found = check_new(session, item, new, PROOFS if is_claim else PLAN, problems)
    problems.refuse_if_any()
    made = []
    for place, (one, seen) in enumerate(zip(new, found, strict=True)):
        assert one.content is not None
        stored = keep(session, one.content)
        made.append(
            CoopPaper(
                claim_id=item.id if is_claim else None, request_id=None if is_claim else item.id,
                dealer_id=item.dealer_id, region=item.region, kind=one.kind, file_name=seen.file_name,
                stored_name=stored.stored_name, size=stored.size, sha256=stored.sha256,
                media_type=seen.kind.media_type, uploaded_at=now, uploaded_by=actor.name,
                form_key=f"{form_key}-{place}" if form_key else None,
            )
        )  # fmt: skip
    session.add_all(made)
    session.flush()
    return made


def was_kept(session: Session, item: CoopClaim | CoopRequest, form_key: str | None) -> bool:
    """Whether this form was sent before; refused when it was for another record."""
    if not form_key:
        return False
    known = session.scalars(select(CoopPaper).where(CoopPaper.form_key == f"{form_key}-0")).one_or_none()
    if known is None:
        return False
    if (known.claim_id if isinstance(item, CoopClaim) else known.request_id) != item.id:
        message = "This form was sent before with other content; open it anew."
        raise Refused(Problem(code="other_content", message=message))
    return True


def said_of(made: Sequence[CoopPaper]) -> dict[str, list[dict[str, str]]]:
    """New papers as the timeline keeps them; nothing when there are none."""
    return {"files": [{"file": p.file_name, "kind": p.kind, "sha256": p.sha256} for p in made]} if made else {}


def names_of(session: Session, claim_id: int) -> dict[str, tuple[str, ...]]:
    """The files of a claim by the proof they are, oldest first."""
    found: dict[str, tuple[str, ...]] = {}
    rows = session.execute(
        select(CoopPaper.kind, CoopPaper.file_name)
        .where(CoopPaper.claim_id == claim_id, CoopPaper.removed_at.is_(None))
        .order_by(CoopPaper.id)
    )
    for kind, name in rows:
        found[kind] = (*found.get(kind, ()), name)
    return found
