"""Reads what the desk knows beside a claim, so that the rules need no database. A bounded number of statements."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.claims.model import ClaimDraft, ClaimFacts, DealerTerms, VehicleFacts
from db.core import vin as vins
from db.core.actor import Actor
from db.core.problems import NotFound
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.terms.queries import terms_on


def facts_of(
    session: Session, draft: ClaimDraft, *, dealer_id: int, actor: Actor, today: date, claim_id: int | None = None,
    attachments: tuple[str, ...] = (),
) -> ClaimFacts:  # fmt: skip
    """The facts of a claim of a dealer of the actor's scope; raises `NotFound`.

    `today` is the dealer's day, `claim_id` the claim itself where it is stored, so that it is not its own duplicate.
    """
    dealer = session.get(Dealer, dealer_id)
    if dealer is None or not actor.scope.allows(dealer_id=dealer.id, region=dealer.region):
        raise NotFound("This dealer")
    on = draft.ro_opened_on or today
    terms = terms_on(session, dealer_id=dealer_id, on=on, scope=actor.scope)
    rate, markup = terms.get("labour_rate"), terms.get("parts_markup")
    vehicle = session.scalars(select(Vehicle).where(Vehicle.vin == vins.clean(draft.vin))).one_or_none()
    return ClaimFacts(
        claim=draft, today=today, attachments=attachments,
        dealer=DealerTerms(
            dealer_id=dealer_id, state=dealer.state, labour_rate_cents=rate if isinstance(rate, int) else None,
            markup=markup if isinstance(markup, int) else None,
            authority={
                k.removeprefix("auth_"): v
                for k, v in terms.items()
                if k.startswith("auth_") and isinstance(v, int)
            },
        ),
        vehicle=VehicleFacts()
        if vehicle is None
        else VehicleFacts(is_known=True, model=vehicle.model, year=vehicle.year, in_service_on=vehicle.in_service_on),
    )  # fmt: skip
