"""Who is told about parts: dealers of promises, slips and shipments; the manufacturer of vehicles that stand.

One line for each dealer and command, however many lines it was about: a promise for twelve lines is one notice. Mails
go out when a vehicle stands or a date slips; other promises and shipments are seen in the app (decision 0051).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.core.actor import Actor
from db.core.permissions import Permission
from db.parts.record import CLAIM, ORDER
from db.parts.tables import PartsClaim, PartsOrder, PartsOrderLine
from db.people.notifications import notify
from db.people.queries import people_to_tell
from db.people.tables import Person

MOST = 5


def dealer_people(
    session: Session, *, dealer_id: int | None, region: str | None, permission: Permission, by: Actor
) -> list[int]:
    """The people of a dealer who may use parts; whoever acts is not told."""
    ids = people_to_tell(session, dealer_id=dealer_id, region=region, permission=permission)
    own = session.scalars(select(Person.id).where(Person.id.in_(ids), Person.scope_kind == "dealers"))
    return [person for person in own if person != by.user_id]


def tell_lines(
    session: Session, lines: Sequence[tuple[PartsOrderLine, PartsOrder, str]], *, kind: str, title: str, by: Actor,
    now: datetime, mail: bool,
) -> None:  # fmt: skip
    """Tell each dealer, once, what became of its lines: `lines` are (line, order, sentence)."""
    by_dealer: dict[int, list[tuple[PartsOrderLine, PartsOrder, str]]] = {}
    for one in lines:
        by_dealer.setdefault(one[0].dealer_id, []).append(one)
    for dealer_id, some in sorted(by_dealer.items()):
        line, order, _ = some[0]
        people = dealer_people(
            session, dealer_id=dealer_id, region=line.region, permission=Permission.PARTS_ORDER, by=by
        )
        words = [sentence for _, _, sentence in some[:MOST]]
        if len(some) > MOST:
            words.append(f"and {len(some) - MOST:,} more")
        stands = any(one[0].rank == 0 for one in some)
        notify(
            session, person_ids=people, kind=kind, body="; ".join(words), item_type=ORDER, item_id=order.id, now=now,
            title=f"Vehicle down: {title[:1].lower()}{title[1:]}" if stands else title, mail=mail or stands,
            dedupe_key=f"parts:{kind}:{line.id}:{line.version}",
        )  # fmt: skip


def tell_vehicle_down(session: Session, order: PartsOrder, *, by: Actor, now: datetime) -> None:
    """Everybody who looks after a dealer's orders hears of a vehicle that stands, at once."""
    people = people_to_tell(session, dealer_id=order.dealer_id, region=order.region, permission=Permission.PARTS_MANAGE)
    notify(
        session, person_ids=[p for p in people if p != by.user_id], kind="vehicle_down", mail=True,
        title=f"{order.number}: a vehicle stands and waits for parts", body=order.note, item_type=ORDER,
        item_id=order.id, dedupe_key=f"parts:vehicle_down:{order.id}", now=now,
    )  # fmt: skip


def tell_claim(session: Session, claim: PartsClaim, said: str, *, by: Actor, note: str, now: datetime) -> None:
    """Tell the dealer what became of a parts claim."""
    people = dealer_people(
        session, dealer_id=claim.dealer_id, region=claim.region, permission=Permission.PARTS_CLAIM, by=by
    )
    notify(
        session, person_ids=people, kind="decided", title=f"{claim.number} {said}", body=note, item_type=CLAIM,
        item_id=claim.id, dedupe_key=f"parts_claim:{claim.id}:{claim.version}", now=now, mail=True,
    )  # fmt: skip
