"""Warranty data for tests: the small set under which the sound claim of tests/claims/factories.py has nothing wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, select

from db.core import vin as vins
from db.core.session import writing
from db.customers.vehicle_tables import Vehicle
from db.dealers.tables import Dealer
from db.terms.tables import DealerTerm, TermChange
from db.warranty.tables import (
    Component,
    CoveragePlan,
    LabourOperation,
    Part,
    PartPrice,
    Technician,
    TechnicianSkill,
)

VIN = "1HGCM82633A004352"
IN_SERVICE = date(2025, 11, 3)
SINCE = date(2020, 1, 1)
MADE = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
MODEL = "Accord"
RATE, MARKUP = 120_00, 40_00


def add_vehicle(
    engine: Engine,
    vin: str = VIN,
    *,
    model: str = MODEL,
    year: int | None = 2025,
    in_service_on: date | None = IN_SERVICE,
) -> int:
    """A vehicle without an owner, unless this VIN is there; gives its id."""
    with writing(engine, keeps_timeline=False) as session:
        found = session.scalar(select(Vehicle.id).where(Vehicle.vin == vin))
        if found is not None:
            return found
        made = Vehicle(
            vin=vin, is_regular=vins.has_shape(vin), check_ok=vins.check_ok(vin), year=year, make="Honda", model=model,
            in_service_on=in_service_on, sources={}, created_at=MADE, updated_at=MADE, updated_by="Test",
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made.id


def warranty_data(engine: Engine, *, rate: int = RATE, markup: int = MARKUP) -> None:
    """Component, plan, operation, part with price, the vehicle, and for each dealer its terms and technician T-07.

    May be called again, for instance after another dealer was made; what is there already stays as it is.
    """
    add_vehicle(engine)
    with writing(engine, keeps_timeline=False) as session:
        if session.scalar(select(Component.id).limit(1)) is None:
            session.add_all(
                [
                    Component(code="ENG-TURBO", name="Turbocharger", system="Engine", auth_class="assembly"),
                    Component(code="ENG-CYL", name="Cylinder head", system="Engine", is_major=True),
                    Component(code="BRK-PAD", name="Brake pads", system="Brakes", is_wear=True),
                    CoveragePlan(
                        code="BASIC", name="Basic 36/36", kind="basic", months=36, distance=36_000, unit="mi",
                        components=[], excluded=[], models=[], valid_from=SINCE, created_at=MADE, created_by="Test",
                    ),
                    LabourOperation(
                        code="E1205", name="Turbocharger, replace", kind="flat", hours=2_50, component="ENG-TURBO",
                        models=[], skill="engine", valid_from=SINCE,
                    ),
                ]
            )  # fmt: skip
            part = Part(number="TC-5000", name="Turbocharger assembly", component="ENG-TURBO")
            session.add(part)
            session.flush()
            session.add(PartPrice(part_id=part.id, valid_from=SINCE, net_cents=300_00))
        for dealer in session.scalars(select(Dealer)).all():
            known = select(Technician.id).where(Technician.dealer_id == dealer.id, Technician.code == "T-07")
            if session.scalar(known) is None:
                _technician(session, dealer)
            if session.scalar(select(DealerTerm.id).where(DealerTerm.dealer_id == dealer.id).limit(1)) is None:
                _term(session, dealer, "labour_rate", rate)
                _term(session, dealer, "parts_markup", markup)


def _technician(session: Any, dealer: Dealer) -> None:
    one = Technician(
        dealer_id=dealer.id, region=dealer.region, code="T-07", name="Terry Tech", active_from=SINCE, updated_at=MADE,
        updated_by="Test",
    )  # fmt: skip
    session.add(one)
    session.flush()
    session.add(TechnicianSkill(technician_id=one.id, skill="engine", certified_on=SINCE))


def _term(session: Any, dealer: Dealer, kind: str, number: int) -> None:
    change = TermChange(
        number=f"TF-{dealer.id}-{kind}"[:20], status="in_force", is_open=False, dealer_id=dealer.id,
        region=dealer.region, submitted_by="test", submitted_name="Test", created_at=MADE, updated_at=MADE,
        updated_by="Test", kind=kind, valid_from=SINCE, number_value=number, changes_past=False,
    )  # fmt: skip
    session.add(change)
    session.flush()
    session.add(
        DealerTerm(
            dealer_id=dealer.id, region=dealer.region, kind=kind, valid_from=SINCE, number=number, change_id=change.id,
            recorded_at=MADE, recorded_by="Test",
        )
    )  # fmt: skip
