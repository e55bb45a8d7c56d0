"""What the entry form knows beside the draft: the vehicle and its cover, earlier claims and orders, a catalogue.

Everything is of the dealer the claim is for, but for what a whole VIN tells every dealer (decision 0044).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from db.claims.claim_queries import ClaimRow, claim_rows
from db.claims.lookup_rules import in_unit
from db.claims.model import ClaimDraft
from db.claims.tables import Claim
from db.core import vin as vins
from db.core.actor import Actor
from db.customers.vehicle_queries import VisitLine, list_visits
from db.warranty.facts import OperationRow, PartRow
from db.warranty.list_queries import list_operations, list_parts
from db.warranty.queries import components_by_code, fits_model
from db.warranty.vehicle_queries import VehicleCover, vehicle_cover

MOST = 6


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What is known of a VIN on the day of the failure; `components` names the codes of its plans."""

    cover: VehicleCover
    on: date
    earlier: tuple[ClaimRow, ...] = ()
    visits: tuple[VisitLine, ...] = ()
    components: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What was found for a word: operations and parts as of a day, those that fit the model first."""

    operations: tuple[OperationRow, ...]
    parts: tuple[PartRow, ...]


def hints_for(
    session: Session, draft: ClaimDraft, *, dealer_id: int, today: date, actor: Actor, claim_id: int | None = None
) -> Hints | None:
    """What is known of the vehicle of a draft; None while its VIN has no form and is not on file."""
    vin = vins.clean(draft.vin)
    if not vin:
        return None
    on = draft.failed_on or draft.ro_opened_on or today
    odometer = in_unit(draft.odometer_in, draft.unit, "mi") if draft.odometer_in is not None else None
    cover = vehicle_cover(session, vin=vin, on=on, odometer=odometer, actor=actor)
    if cover is None:
        return None
    earlier = session.execute(
        claim_rows(actor.scope)
        .where(Claim.vin == vin, Claim.dealer_id == dealer_id, Claim.id != (claim_id or 0))
        .order_by(Claim.id.desc())
        .limit(MOST)
    )
    visits = list_visits(session, actor=actor, vehicle_id=cover.id) if cover.id is not None and cover.is_own else []
    codes = {code for one in cover.plans for code in (*one.plan.components, *one.plan.excluded)}
    return Hints(
        cover=cover, on=on, earlier=tuple(ClaimRow(**row._asdict()) for row in earlier),
        visits=tuple(v for v in visits if v.dealer_id == dealer_id)[:MOST],
        components={code: c.name for code, c in components_by_code(session, codes).items()},
    )  # fmt: skip


def find_in_catalogue(session: Session, *, text: str, on: date, model: str, actor: Actor) -> Catalogue:
    """Labour operations and parts by the beginning of their code or a word of their name, a few of each."""
    operations = list_operations(session, on=on, text=text, actor=actor).rows
    parts = list_parts(session, on=on, text=text, actor=actor).rows
    fitting = sorted(operations, key=lambda o: not fits_model(o.models, model))
    return Catalogue(operations=tuple(fitting[:MOST]), parts=tuple(p for p in parts if p.is_active)[:MOST])
