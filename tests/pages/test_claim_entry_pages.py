"""The entry form as dealer staff: findings beside their field, nothing lost, sent once; and whose claim it is."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

from PIL import Image
from sqlalchemy import func, select

from db.claims.draft_commands import save_draft
from db.claims.tables import Claim, ClaimAttachment, ClaimRun
from db.core.session import engine as process_engine
from db.core.session import reading, run, writing
from db.warranty.tables import Campaign, CampaignVehicle
from tests.claims.factories import CLAIM, JOB, claim_of, draft, saved
from tests.support.users import actor_named, app_as, make_dealer, make_people
from tests.warranty.factories import VIN, warranty_data

PAGE = "pages/claims/new_claim.py"
TODAY = datetime.now(UTC).date()


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def widget(app: Any, kind: str, label: str) -> Any:
    return next(w for w in getattr(app, kind) if w.label == label)


def texts(app: Any) -> str:
    """Everything the page says, as it is read: without the signs that keep Markdown from formatting it."""
    kinds = ("markdown", "error", "info", "warning", "caption")
    return "\n".join(str(e.value) for kind in kinds for e in getattr(app, kind)).replace("\\", "")


def beside(app: Any, kind: str, label: str) -> str:
    """Everything that is said in the innermost block around a widget: what stands beside its field."""

    def walk(block: Any) -> Any:
        for child in block.children.values():
            if getattr(child, "type", "") == kind and getattr(child, "label", "") == label:
                return block
            if hasattr(child, "children") and (found := walk(child)) is not None:
                return found
        return None

    return "\n".join(str(m.value) for m in walk(app.main).markdown)


def people() -> None:
    make_people(process_engine())
    warranty_data(process_engine())


def sums(app: Any) -> list[str]:
    """What the price list says of each line."""
    return list(next(d.value for d in app.dataframe if "By the rules" in d.value)["Price list of the day"])


def typed_claim(app: Any, *, odometer_out: int = 21_404) -> None:
    """Type the sound claim, but for its lines and its file."""
    for label, value in {
        "VIN": VIN, "Repair order": "RO-4711", "Technician": "T-07", "Component": "ENG-TURBO",
        "Causal part": "TC-5000", "Failure code": "P0299", "Operation": "E1205",
    }.items():  # fmt: skip
        widget(app, "text_input", label).set_value(value)
    for label, days in {"Opened": 6, "Closed": 4, "Failed": 7, "Reported": 6}.items():
        widget(app, "date_input", label).set_value(ago(days))
    widget(app, "number_input", "Odometer in").set_value(21_400)
    widget(app, "number_input", "Odometer out").set_value(odometer_out)
    for label, value in {"Complaint": JOB.complaint, "Cause": JOB.cause, "Correction": JOB.correction}.items():
        widget(app, "text_area", label).set_value(value)
    widget(app, "selectbox", "What was done").set_value("replacement")
    app.run()
    assert not app.exception


def test_a_mistake_is_found_beside_its_field_mended_and_sent_once(app_database):
    people()
    app = app_as("dealer_staff", page=PAGE)
    typed_claim(app, odometer_out=21_000)
    assert "Odometer makes sense" in beside(app, "number_input", "Odometer out")
    assert "W04" in beside(app, "number_input", "Odometer out")
    assert "Odometer" not in beside(app, "text_input", "VIN")
    assert "1 thing blocks sending" in texts(app)
    app.button(key="ce_lines").click().run()
    assert "Turbocharger, replace: flat rate 2.50 h, 120.00 an hour" in set(sums(app))
    app.button(key="ce_send").click().run()
    assert not app.exception
    assert "Not sent: 2 things block sending" in texts(app)  # the odometer, and the repair order as a file
    assert widget(app, "text_area", "Complaint").value == JOB.complaint
    with reading(process_engine()) as session:
        claim = session.scalars(select(Claim)).one()
        number = claim.number
        assert (claim.status, claim.submitted_at, claim.claimed_cents) == ("draft", None, 720_00)
    widget(app, "number_input", "Odometer out").set_value(21_404).run()
    assert "Odometer makes sense" not in texts(app)
    _attach(app)
    app.button(key="ce_send").click().run()
    assert not app.exception
    assert f"{number} was sent" in texts(app)
    assert not [b for b in app.button if b.key == "ce_send"]
    with reading(process_engine()) as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 1
        assert session.scalar(select(func.count()).select_from(ClaimRun)) == 1
        sent = session.scalars(select(Claim)).one()
        assert sent.status not in ("draft", "returned", "rejected")
        assert session.scalars(select(ClaimAttachment.kind)).all() == ["ro_copy"]


def picture() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "PNG")
    return out.getvalue()


def _attach(app: Any, *, key: str = "ce_up_") -> None:
    widget(app, "file_uploader", "Choose files").upload("order.png", picture(), "image/png").run()
    next(b for b in app.button if b.label == "Add files").click().run()
    assert not app.exception


def test_a_file_is_named_missing_added_and_taken_out_with_a_reason(app_database):
    people()
    app = app_as("dealer_staff", page=PAGE)
    widget(app, "text_input", "VIN").set_value(VIN).run()
    assert "Repair order: missing" in texts(app)
    next(b for b in app.button if b.label == "Add files").click().run()
    assert "Choose a file." in texts(app)
    _attach(app)  # what is typed is saved first: a file belongs to a claim
    assert "Repair order: there" in texts(app)
    with reading(process_engine()) as session:
        made = session.scalars(select(ClaimAttachment)).one()
        file_id = made.id
        assert (made.kind, session.get_one(Claim, made.claim_id).vin) == ("ro_copy", VIN)
    app.button(key=f"ce_file_{file_id}_gone").click().run()
    assert "The reason" in texts(app)  # nothing is taken out without one
    app.text_input(key=f"ce_file_{file_id}_why").set_value("Another car")
    app.button(key=f"ce_file_{file_id}_gone").click().run()
    assert "Repair order: missing" in texts(app)


def test_what_is_typed_survives_a_sign_out(app_database):
    people()
    app = app_as("dealer_staff", page=PAGE)
    widget(app, "text_input", "VIN").set_value(VIN)
    widget(app, "text_area", "Complaint").set_value("Half a sent")
    app.run()
    again = app_as("dealer_staff", page=PAGE)  # another browser, another sign-in
    assert "What you had typed is back" in texts(again)
    assert widget(again, "text_area", "Complaint").value == "Half a sent"
    other = app_as("dealer_manager", page=PAGE)
    assert widget(other, "text_input", "VIN").value == ""
    again.button(key="ce_empty").click().run()
    assert widget(again, "text_input", "VIN").value == ""
    assert "What you had typed is back" not in texts(app_as("dealer_staff", page=PAGE))


def test_opening_another_claim_or_page_loses_nothing_typed(app_database):
    people()
    staff = actor_named(process_engine(), "dealer_staff")
    claim_id = saved(process_engine(), dealer_id=make_dealer(process_engine()), actor=staff)
    app = app_as("dealer_staff", page=PAGE)
    widget(app, "text_input", "VIN").set_value("1HGCM82633A00").run()
    app.button(key=f"ce_open_{claim_id}").click().run()
    widget(app, "text_area", "Note").set_value("of the other one").run()
    app.switch_page("pages/claims/claims.py").run()
    app.switch_page(PAGE).run()
    assert widget(app, "text_area", "Note").value == "of the other one"
    fresh = app_as("dealer_staff", page=PAGE)
    assert widget(fresh, "text_input", "VIN").value == "1HGCM82633A00"
    fresh.button(key=f"ce_open_{claim_id}").click().run()
    assert widget(fresh, "text_area", "Note").value == "of the other one"
    fresh.button(key="ce_empty").click().run()
    assert widget(fresh, "text_area", "Note").value == ""
    assert claim_of(process_engine(), claim_id).note == ""


def test_two_tabs_lose_nothing_and_send_once(app_database):
    people()
    staff = actor_named(process_engine(), "dealer_staff")
    dealer_id = make_dealer(process_engine())
    claim_id = saved(process_engine(), dealer_id=dealer_id, actor=staff, ro_opened_on=ago(6), ro_closed_on=ago(4),
                     failed_on=ago(7), reported_on=ago(6))  # fmt: skip
    one, two = app_as("dealer_staff", page=PAGE), app_as("dealer_staff", page=PAGE)
    for tab in (one, two):
        tab.button(key=f"ce_open_{claim_id}").click().run()
    widget(one, "text_area", "Note").set_value("first tab").run()
    one.button(key="ce_save").click().run()
    widget(two, "text_area", "Note").set_value("second tab").run()
    two.button(key="ce_save").click().run()
    assert claim_of(process_engine(), claim_id).note == "first tab"
    assert widget(two, "text_area", "Note").value == "second tab"
    two.button(key="ce_mine").click().run()
    two.button(key="ce_save").click().run()
    assert claim_of(process_engine(), claim_id).note == "second tab"
    one.run()
    one.button(key="ce_newest").click().run()
    assert widget(one, "text_area", "Note").value == "second tab"
    one.button(key="ce_send").click().run()
    two.button(key="ce_send").click().run()
    assert not one.exception
    assert not two.exception
    assert "was sent" in texts(one)
    assert "was sent" in texts(two)
    with reading(process_engine()) as session:
        assert session.scalar(select(func.count()).select_from(ClaimRun)) == 1


def test_another_dealers_claim_is_neither_opened_nor_copied(app_database):
    people()
    cora = actor_named(process_engine(), "coordinator")
    claim_id = saved(process_engine(), dealer_id=make_dealer(process_engine(), code="00777"), actor=cora)
    for name in ("draft", "copy"):
        app = app_as("dealer_staff")
        app.query_params[name] = str(claim_id)
        app.switch_page(PAGE).run()
        assert not app.exception
        assert "not found" in texts(app)
        assert CLAIM.vin not in texts(app)


def test_a_copy_begins_with_the_work_and_not_with_the_visit(app_database):
    people()
    staff = actor_named(process_engine(), "dealer_staff")
    claim_id = saved(process_engine(), dealer_id=make_dealer(process_engine()), actor=staff)
    app = app_as("dealer_staff")
    app.query_params["copy"] = str(claim_id)
    app.switch_page(PAGE).run()
    assert widget(app, "text_area", "Complaint").value == JOB.complaint
    assert widget(app, "text_input", "Repair order").value == ""
    assert widget(app, "date_input", "Opened").value is None
    app.button(key="ce_save").click().run()
    with reading(process_engine()) as session:
        assert session.scalars(select(Claim.claimed_cents).order_by(Claim.id.desc())).first() == 720_00


def test_the_vin_tells_cover_and_campaign_and_adds_its_job(app_database):
    people()
    with writing(process_engine(), keeps_timeline=False) as session:
        campaign = Campaign(
            number="R26-99", title="Turbo may leak", kind="recall", starts_on=date(2020, 1, 1), operations=["E1205"],
            parts=["TC-5000"], created_at=datetime(2026, 1, 5, tzinfo=UTC), created_by="Test",
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        session.add(CampaignVehicle(campaign_id=campaign.id, vin=VIN))
    app = app_as("dealer_staff", page=PAGE)
    assert "Cover" not in texts(app)
    widget(app, "text_input", "VIN").set_value(VIN).run()
    said = texts(app)
    assert "Basic 36/36" in said
    assert "36,000 mi" in said
    assert "Your labour rate that day: 120.00" in said
    app.button(key="ce_campaign_R26-99").click().run()
    assert not app.exception
    assert widget(app, "text_input", "Campaign").value == "R26-99"
    assert widget(app, "selectbox", "Type").value == "recall"
    assert widget(app, "text_input", "Operation").value == "E1205"
    assert "720.00" in texts(app)


def test_a_word_finds_an_operation_and_makes_it_a_line(app_database):
    people()
    app = app_as("dealer_staff", page=PAGE)
    widget(app, "text_input", "VIN").set_value(VIN).run()
    widget(app, "text_input", "Find an operation or a part").set_value("turbo").run()
    app.button(key="ce_add_TC-5000").click().run()
    assert "claimed **420.00**" in texts(app)
    app.button(key="ce_save").click().run()
    with reading(process_engine()) as session:
        assert session.scalars(select(Claim.claimed_cents)).one() == 420_00


def test_nothing_typed_is_lost_when_it_is_refused(app_database):
    make_people(process_engine())
    make_dealer(process_engine(), code="00777")
    make_dealer(process_engine(), code="00778")  # two dealers: one has to be chosen, and nobody did
    app = app_as("coordinator", page=PAGE)
    widget(app, "text_input", "VIN").set_value("1HGCM82633A004352").run()
    app.button(key="ce_save").click().run()
    assert not app.exception
    assert widget(app, "text_input", "VIN").value == "1HGCM82633A004352"
    with reading(process_engine()) as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 0


def test_a_claim_that_came_back_says_why_and_goes_on(app_database):
    people()
    staff = actor_named(process_engine(), "dealer_staff")
    claim_id: int = run(
        save_draft, bind=process_engine(), dealer_id=make_dealer(process_engine()), draft=draft(odometer_out=1),
        actor=staff, now=datetime.now(UTC), form_key="x",
    )  # fmt: skip
    app = app_as("dealer_staff", page=PAGE)
    app.button(key=f"ce_open_{claim_id}").click().run()
    assert not [b for b in app.button if b.key == "ce_anyway"]
    app.button(key="ce_send").click().run()
    app.button(key="ce_anyway").click().run()  # it counts as sent, and comes back
    assert not app.exception
    assert claim_of(process_engine(), claim_id).status == "returned"
    assert "was sent" in texts(app)
    app.button(key="ce_correct").click().run()
    assert "Odometer makes sense" in beside(app, "number_input", "Odometer out")


def test_who_types_on_while_a_draft_is_saved_types_into_fields_that_stay(app_database):
    """A field that got another key with the answer took what was typed meanwhile with it."""
    people()
    app = app_as("dealer_staff", page=PAGE)
    typed_claim(app)
    app.run()
    before = widget(app, "number_input", "Odometer out").key
    app.button(key="ce_save").click().run()
    with reading(process_engine()) as session:
        assert session.scalars(select(Claim.odometer_out)).one() == 21_404
    assert widget(app, "number_input", "Odometer out").key == before
    widget(app, "number_input", "Odometer out").set_value(21_410)
    app.button(key="ce_save").click().run()
    with reading(process_engine()) as session:
        assert session.scalars(select(Claim.odometer_out)).one() == 21_410
