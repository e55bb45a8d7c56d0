"""Three dealers with the same records in every area, made through commands, each marked with a word of its own.

`own` and `near` lie in the East, `far` in the West. Whatever a person of `own` is sent holds the words of no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from db.access.commands import submit_request
from db.appointments.booking_commands import book
from db.claims.decide_commands import LineDecision, decide_lines
from db.claims.record import charges_of
from db.claims.tables import Claim
from db.contact_log.contact_commands import log_contact
from db.contact_log.promises import PromiseDraft
from db.coop.accrual import Purchase
from db.coop.claim_commands import enter_claim
from db.coop.fund_commands import accrue
from db.coop.programme_commands import set_programme
from db.coop.request_commands import ask
from db.coop.tables import CoopProgramme
from db.core.actor import Actor
from db.core.permissions import Permission, Role
from db.core.session import make_engine, reading, run
from db.customers.customer_commands import enter_customer
from db.customers.vehicle_commands import enter_vehicle
from db.customers.visit_commands import enter_visit
from db.dealers.people_commands import add_contact
from db.documents.upload_commands import add_document
from db.incentives.claim_commands import claim_sale
from db.incentives.program_commands import publish_program, save_program
from db.incentives.sale_commands import report_sale
from db.incentives.tables import IncentiveVersion
from db.interactions.commands import log_interaction
from db.interactions.template_commands import add_template
from db.leads.activities import log_activity
from db.leads.intake_commands import enter_lead
from db.leads.tables import Lead
from db.marketing.commands import enter_spend
from db.parts.order_commands import place_order
from db.pricing.budget_commands import set_budget
from db.pricing.request_commands import send_request
from db.quality.coaching_commands import write_note
from db.surveys.survey_commands import enter_survey, publish_questionnaire
from db.terms.propose_commands import propose_change
from tests.claims.factories import JOB, saved
from tests.claims.in_review import review
from tests.coop.factories import BODY, PRINT
from tests.incentives.factories import CASH, SALE
from tests.parts.factories import part
from tests.pricing.factories import SMALL
from tests.support.users import actor_named, make_dealer, make_person
from tests.surveys.factories import BAD, QUESTIONS
from tests.warranty.factories import warranty_data

DAY = timedelta(days=1)
SPAN = 40 * DAY
"""What is asked, bought and advertised here lies within so many days of now."""
PERSONAL = Permission.PERSONAL_DATA_VIEW
PLACES = {"own": ("04012", "East"), "near": ("04013", "East"), "far": ("04021", "West")}
WORDS = {"own": "Ownquill", "near": "Nearquill", "far": "Farquill"}
VINS = {"own": "1HGCM82633A004352", "near": "5YJ3E1EA7KF317000", "far": "1FTEW1E41JFA00001"}
PHONES = {"own": "2125550143", "near": "2125550168", "far": "2135550179"}


@dataclass(frozen=True, kw_only=True)
class Territory:
    """One dealer: the word all its texts carry, and the two people who work there."""

    name: str
    dealer_id: int
    word: str
    manager: Actor
    staff: Actor


@dataclass(frozen=True, kw_only=True)
class Land:
    """All three, and the people of the desk by user name."""

    own: Territory
    near: Territory
    far: Territory
    desk: dict[str, Actor]
    now: datetime

    @property
    def all(self) -> tuple[Territory, ...]:
        """Each of them."""
        return self.own, self.near, self.far


def build(engine: Engine, *, at: datetime | None = None) -> Land:
    """Everything, in a migrated and empty database; moments lie within the last days before `at`, or before now."""
    now = (at or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    for username, role in (
        ("cora", Role.COORDINATOR), ("mason", Role.MANAGER), ("leah", Role.SALES_LEADER), ("finn", Role.FINANCE),
        ("ada", Role.ADMIN),
    ):  # fmt: skip
        make_person(engine, username, role)
    make_person(engine, "wes", Role.COORDINATOR, scope_kind="regions", regions=["West"])
    for name, (code, region) in PLACES.items():
        dealer_id = make_dealer(engine, code=code, name=f"{WORDS[name]} Motors", region=region)
        for kind, role in (("boss", Role.DEALER_MANAGER), ("staff", Role.DEALER_STAFF)):
            make_person(
                engine, f"{name}_{kind}", role, dealer_ids=[dealer_id], name=f"{WORDS[name]} {kind.title()}",
                email=f"{kind}@{WORDS[name].lower()}.test",
            )  # fmt: skip
    land = known(engine, now=now)
    _of_everybody(engine, land)
    for place in land.all:
        _of(engine, land, place)
    return land


def fill(url: str) -> None:
    """All of it as a template: migrates the database at this URL and builds the land in it."""
    from tests.support.databases import migrate

    migrate(url)
    engine = make_engine(url)
    build(engine)
    engine.dispose()


def known(engine: Engine, *, now: datetime | None = None) -> Land:
    """The land as it stands in a copy of its database."""
    places = {
        name: Territory(
            name=name, dealer_id=make_dealer(engine, code=PLACES[name][0]), word=WORDS[name],
            manager=actor_named(engine, f"{name}_boss"), staff=actor_named(engine, f"{name}_staff"),
        )
        for name in PLACES
    }  # fmt: skip
    desk = {name: actor_named(engine, name) for name in ("cora", "mason", "leah", "finn", "ada", "wes")}
    return Land(**places, desk=desk, now=now or datetime.now(UTC))


def _of_everybody(engine: Engine, land: Land) -> None:
    """What belongs to no dealer: warranty data, a part, a programme, a program, questions, budgets."""
    today = land.now.date()
    warranty_data(engine)
    part(engine)

    def do(command: Any, who: str, **more: Any) -> Any:
        return run(command, bind=engine, actor=land.desk[who], now=land.now, **more)

    for year in range((today - SPAN).year, (today + SPAN).year + 1):
        body = {**BODY, "code": f"COOP-{year}", "year": year}
        do(set_programme, "mason", body=body, effective_from=None, reason="A year")
    first = today.replace(day=1)
    last = (first + 40 * DAY).replace(day=1) - DAY
    body = {**CASH, "program": {"first": first.isoformat(), "last": last.isoformat()}}
    version = do(save_program, "leah", body=body, effective_from=first, form_key="land")
    with reading(engine) as session:
        seen = session.get_one(IncentiveVersion, version).version
    do(publish_program, "mason", version_id=version, seen_version=seen, reason="Agreed")
    do(
        publish_questionnaire, "mason", kind="csi", title="Service", from_day=date(2020, 1, 1), questions=QUESTIONS,
        alert_below=60, reason="The first", seen_number=0,
    )  # fmt: skip
    quarter = f"{today.year}Q{(today.month + 2) // 3}"
    for region in ("East", "West"):
        do(set_budget, "mason", region=region, quarter=quarter, budget_cents=500_000_00, seen_version=0)


def _of(engine: Engine, land: Land, place: Territory) -> None:
    """The records of one dealer, each text with its word."""
    word, dealer_id, now, today = place.word, place.dealer_id, land.now, land.now.date()

    def do(command: Any, who: Actor | str, **more: Any) -> Any:
        actor = land.desk[who] if isinstance(who, str) else who
        return run(command, bind=engine, actor=actor, now=now, **more)

    do(
        add_contact, "cora", dealer_id=dealer_id, name=f"{word} Porter", role="service_manager",
        email=f"porter@{word.lower()}.test", note=f"{word} likes mornings",
    )  # fmt: skip
    do(
        log_contact, "cora", dealer_id=dealer_id, summary=f"{word} asked for more stock", outcome="reached",
        with_name=f"{word} Porter",
        promises=(PromiseDraft(made_by="us", text=f"{word} gets an answer", due_day=today + 3 * DAY),),
    )  # fmt: skip
    _customers(engine, land, place, do)
    _money(engine, land, place, do)
    person = place.staff.user_id
    do(propose_change, "cora", dealer_id=dealer_id, kind="labour_rate", value=131_00, valid_from=today + 40 * DAY,
       reason=f"{word} is dearer now")  # fmt: skip
    do(
        add_document, "cora", dealer_id=dealer_id, document_type="other", title=f"{word} lease", issuer=f"{word} Land",
        number=f"{word}-77", file_name=f"{word}.pdf", content=_pdf(word), expires_on=today + 20 * DAY,
        effective_on=today - 300 * DAY,
    )  # fmt: skip
    do(
        submit_request, place.manager, dealer_id=dealer_id, kind="new", name=f"{word} Newcomer",
        email=f"new@{word.lower()}.test", role="dealer_staff", reason=f"{word} grows", form_key=f"{word}-a",
    )  # fmt: skip
    do(
        write_note, place.manager, dealer_id=dealer_id, person_id=person, note=f"{word} answers late",
        agreed=f"{word} calls sooner", follow_up_day=today + 5 * DAY,
    )  # fmt: skip
    do(
        add_template, place.manager, dealer_id=dealer_id, channel="email", name=f"{word} thanks",
        subject=f"{word} mail",
        body=f"Hi {{first_name}}, {word} thanks you.",
    )  # fmt: skip
    do(enter_spend, "cora", source=f"{word} Ads", month=today.replace(day=1), cents=1_000_00, dealer_id=dealer_id,
       note=f"{word} radio")  # fmt: skip


def _customers(engine: Engine, land: Land, place: Territory, do: Any) -> None:
    word, dealer_id, today = place.word, place.dealer_id, land.now.date()
    customer = do(
        enter_customer, place.staff, dealer_id=dealer_id, name=f"Jane {word}", phone=PHONES[place.name],
        email=f"jane@{word.lower()}.example", street=f"{word} Street 5", postal_code="12207",
    )  # fmt: skip
    vehicle = do(enter_vehicle, place.staff, vin=VINS[place.name], customer_id=customer, since=today - 300 * DAY)
    do(
        enter_visit, place.staff, vehicle_id=vehicle, dealer_id=dealer_id, ro_number=f"{word}-RO", odometer_in=20_000,
        opened_on=today - 9 * DAY, complaint=f"{word} hears a noise",
    )  # fmt: skip
    do(
        log_interaction, place.staff, customer_id=customer, kind="call", outcome="reached", note=f"{word} wants a call",
        form_key=f"{word}-i",
    )  # fmt: skip
    lead = do(
        enter_lead, place.staff, customer_name=f"Lena {word}", email=f"lena@{word.lower()}.example",
        comments=f"{word} wants the red one", make="Honda", model="Accord", dealer_id=dealer_id, form_key=f"{word}-l",
        source=f"{word} Ads",
    )  # fmt: skip
    with reading(engine) as session:
        version = session.get_one(Lead, lead).version
    do(
        log_activity, place.staff, item_id=lead, seen_version=version, kind="call", outcome="reached",
        note=f"{word} will come by",
    )  # fmt: skip
    do(
        book, place.staff, kind="service", starts_at=land.now + DAY, customer_id=customer, note=f"{word} waits here",
        outside_hours=True,
    )  # fmt: skip
    do(
        enter_survey, "cora", dealer_id=dealer_id, kind="csi", channel="phone", sent_on=today - 4 * DAY,
        answered_on=today - DAY, answers=BAD, customer_name=f"Sue {word}", email=f"sue@{word.lower()}.example",
        comment=f"{word} was not amused",
    )  # fmt: skip


def _money(engine: Engine, land: Land, place: Territory, do: Any) -> None:
    word, dealer_id, now, today = place.word, place.dealer_id, land.now, land.now.date()
    visit = {
        "vin": VINS[place.name], "ro_opened_on": today - 6 * DAY, "ro_closed_on": today - 5 * DAY,
        "failed_on": today - 7 * DAY, "reported_on": today - 6 * DAY, "advisor": f"{word} Adviser",
        "jobs": (replace(JOB, complaint=f"{word} hears a whine", cause=f"{word} shaft has play"),),
        "note": f"{word} note",
    }  # fmt: skip
    for n in (1, 2, 3):
        (saved if n == 1 else review)(
            engine, dealer_id=dealer_id, actor=place.staff, key=f"{word}-c{n}", now=now, ro_number=f"{word}-{n}",
            **visit,
        )  # fmt: skip
    do(
        place_order, place.staff, dealer_id=dealer_id, kind="stock", lines=[{"part": "BR-100", "quantity": 40}],
        reference=f"{word}-PO", note=f"{word} is out of pads",
    )  # fmt: skip
    delivered = max(today.replace(day=1), today - 2 * DAY)
    sale = do(
        report_sale, place.manager, dealer_id=dealer_id, form_key=f"{word}-s",
        draft=replace(
            SALE, vin=VINS[place.name], customer_name=f"Carl {word}", customer_ref=f"{word}-9", year=today.year,
            stocked_on=today - 40 * DAY, contract_on=delivered, delivered_on=delivered,
        ),
    )  # fmt: skip
    do(
        claim_sale, place.manager, sale_id=sale, programs=("CASH-11",),
        checked={"CASH-11": ("Signed by the customer",)},
        amounts={"CASH-11": 500_00}, form_key=f"{word}-ic",
    )  # fmt: skip
    do(
        send_request, place.manager, dealer_id=dealer_id, form_key=f"{word}-p",
        terms=replace(SMALL, subject=f"{word} GT", reason=f"{word} showroom car"),
    )  # fmt: skip
    do(accrue, "cora", dealer_id=dealer_id,
       purchase=Purchase(invoice_number=f"W-{word}", invoiced_on=today - 20 * DAY, cents=200_000_00))  # fmt: skip
    begins, began = today + 9 * DAY, today - 9 * DAY
    plan = replace(
        PRINT, activity=f"{word} spring sale", vendor=f"{word} Times", goal=f"{word} visits", starts_on=begins,
        ends_on=begins + 3 * DAY,
    )  # fmt: skip
    of_year = _programmes(engine)
    do(ask, place.manager, dealer_id=dealer_id, programme_id=of_year[begins.year], terms=plan, form_key=f"{word}-cr")
    done = replace(plan, starts_on=began, ends_on=began + 2 * DAY, invoice_number=f"{word}-INV")
    do(
        enter_claim, place.manager, dealer_id=dealer_id, programme_id=of_year[began.year], terms=done, send=True,
        form_key=f"{word}-cc", proofs=(("invoice", ""), ("payment", ""), ("tear_sheet", "")),
    )  # fmt: skip
    _decide(engine, land, place)


def _programmes(engine: Engine) -> dict[int, int]:
    """The co-op programme of each year."""
    with reading(engine) as session:
        return {row.year: row.id for row in session.execute(select(CoopProgramme.year, CoopProgramme.id))}


def _decide(engine: Engine, land: Land, place: Territory) -> None:
    """One of the claims is decided by the desk, with its reason."""
    with reading(engine) as session:
        waits = (Claim.dealer_id == place.dealer_id, Claim.status == "in_review")
        found = session.scalars(select(Claim).where(*waits).order_by(Claim.id).limit(1)).one()
        lines = [
            LineDecision(position=c.position, cents=c.claimed_cents - 1_00, reason_code="RATE_ADJUSTED",
                         note=f"{place.word} rate")
            for c in charges_of(session, found.id)
        ]  # fmt: skip
        item, version = found.id, found.version
    run(
        decide_lines, bind=engine, item_id=item, seen_version=version, lines=lines, actor=land.desk["cora"],
        now=land.now,
    )  # fmt: skip


def _pdf(word: str) -> bytes:
    from fpdf import FPDF

    paper = FPDF()
    paper.add_page()
    paper.set_font("helvetica", size=14)
    paper.cell(text=f"{word} lease")
    return bytes(paper.output())


__all__ = ["Land", "Territory", "build", "fill", "known"]
