"""The renewal pack of a dealer: what somebody needs in hand to renew its contract, licence or insurance (S5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db.core import timeline
from db.core.actor import Actor
from db.core.area import DealerLine
from db.core.permissions import Permission
from db.core.problems import Refused
from db.dealers.queries import get_dealer
from db.documents import content as contents
from db.documents import pack, rules
from db.documents.change_commands import verified
from db.documents.coverage_queries import find_gaps
from db.documents.pack import Pack, PackFacts
from db.documents.queries import DocumentRow, list_dealer_documents
from db.documents.records import seen_document

OpenItems = Callable[..., Mapping[str, Sequence[DealerLine]]]


def make_pack(session: Session, *, dealer_id: int, open_items: OpenItems, actor: Actor, now: datetime) -> Pack:
    """A ZIP file with a listing (dealer facts, gaps, current documents, open items of every area) and the files.

    `open_items` is `db.catalog.dealer_lines`: it stands above the areas and is handed in. The timeline keeps who took
    it. A file that is missing or changed is named in the listing instead; nothing is refused for it.
    """
    actor.require(Permission.DOCUMENTS_VIEW)
    dealer = get_dealer(session, dealer_id=dealer_id, scope=actor.scope)
    documents = list_dealer_documents(session, dealer_id=dealer_id, scope=actor.scope, now=now)
    files, left_out = _files(session, documents, actor)
    known = dealer.facts
    gaps = [
        f"{rules.LABELS[gap.document_type]}: {rules.STATE_LABELS[gap.state].lower()}"
        for gap in find_gaps(session, scope=actor.scope, now=now, dealer_id=dealer_id)
    ]
    place = ", ".join(part for part in (known.city, known.state, known.postal_code) if part)
    listing = pack.listing(
        PackFacts(
            title=f"Renewal pack: {known.name} ({known.code})",
            facts=[
                ("Status", known.status), ("Region", known.region), ("Place", place), ("Website", known.url or "-"),
                ("Makes", ", ".join(known.brands) or "every make"),
                *((("Not in this pack", "; ".join(left_out)),) if left_out else ()),
            ],
            documents=documents, gaps=gaps,
            open_items=open_items(session, dealer_id=dealer_id, actor=actor, now=now, since=None),
            by=actor.name, zone=actor.zone, now=now,
        )
    )  # fmt: skip
    content = pack.zipped(listing, files)
    timeline.record(
        session, actor=actor, now=now, area="documents", command="make_pack",
        summary=f"The renewal pack of {known.name} was taken: {len(files)} files.",
        items=[timeline.Item("dealer", dealer_id, dealer_id)],
        extra={"documents": [one.id for one in documents], "left_out": list(left_out)},
    )  # fmt: skip
    name = contents.download_name(f"Renewal pack {known.code} {now:%Y-%m-%d}", "").removesuffix(".bin") + ".zip"
    return Pack(name=name, content=content, left_out=tuple(left_out))


def _files(
    session: Session, documents: Sequence[DocumentRow], actor: Actor
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """The files that fit, by name, and the documents whose file is not there or does not fit."""
    files: list[tuple[str, bytes]] = []
    left_out: list[str] = []
    room = pack.MOST_BYTES
    for one in documents:
        if one.purged_at is not None or one.size > room:
            left_out.append(f"{one.label} {one.title}")
            continue
        try:
            content = verified(seen_document(session, document_id=one.id, actor=actor))
        except Refused:
            left_out.append(f"{one.label} {one.title}")
            continue
        room -= one.size
        files.append((f"{one.type_label} {contents.download_name(one.file_name, one.media_type)}", content))
    return files, left_out
