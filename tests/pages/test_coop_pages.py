"""Co-op as people use it: a dealer asks, is pre-approved, claims without the affidavit, adds it, is paid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from db.coop.paper_queries import papers_of
from db.core.session import engine as process_engine
from db.core.session import reading
from tests.coop.factories import DAY, NOW, RADIO, House, of
from tests.documents.examples import pdf, png
from tests.support.clock import hold_clock
from tests.support.users import app_as

REQUESTS, FORM = "pages/coop/coop_requests.py", "pages/coop/coop_request.py"
CLAIMS, FUNDS = "pages/coop/coop_claims.py", "pages/coop/coop_funds.py"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The screens' clock stands where the house's does; call it to move it."""

    def to(moment: datetime) -> None:
        hold_clock(monkeypatch, moment)

    to(NOW)
    return to


@pytest.fixture
def house(app_database: str, clock: Any) -> House:
    return House(process_engine())


def opened(who: str, page: str, **state: Any) -> Any:
    app = app_as(who, page=page)
    for name, value in state.items():
        app.session_state[name] = value
    return app.run() if state else app


def said(app: Any) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info, app.title)
    return "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")


def charts_of(app: Any) -> list[str]:
    """What each chart says to whoever cannot see it."""
    return [e.proto.alt for e in app.get("vega_lite_chart")]


def first(app: Any, column: str) -> list[str]:
    """The column of the first table that has it."""
    found = [t.value for t in app.dataframe if column in t.value.columns]
    return list(found[0][column]) if found else []


def test_from_the_form_to_the_credit_memo(house: House, clock: Any) -> None:
    form = opened("dora", FORM)
    assert "$10,000 available" in said(form)
    form.pills(key="cr_medium").set_value("radio").run()
    form.text_input(key="cr_activity").set_value("Spot, two weeks").run()
    form.text_input(key="cr_cost_0").set_value("8,000").run()
    form.date_input(key="cr_starts_on").set_value(date(2026, 5, 10)).run()
    text = said(form)
    assert "Will be payable: $6,000" in text
    assert "75% of $8,000 eligible cost" in text
    assert "has to be approved before" in text
    assert "notarized affidavit" in text
    form.button(key="cr_send").click().run()
    assert "Choose the last day." in said(form)
    form.date_input(key="cr_ends_on").set_value(date(2026, 5, 12)).run()
    form.button(key="cr_send").click().run()
    assert not form.exception
    assert house.request(1).status == "in_review"

    desk = opened("cora", REQUESTS)
    assert first(desk, "Request") == ["FR-000001"]
    desk = opened("cora", REQUESTS, coopreq_open=1)
    text = said(desk)
    assert "Payable: $6,000" in text
    assert "$10,000 available today; this request would reserve $6,000 and leave $4,000." in text
    assert charts_of(desk) == ["$10,000 available today; this request would reserve $6,000 and leave $4,000."]
    desk.button(key="coopreq_1_approve_go").click().run()
    assert not desk.exception
    assert house.request(1).reserved_cents == 6_000_00

    clock(NOW + 14 * DAY)
    dealer = opened("dora", REQUESTS, coopreq_open=1)
    dealer.button(key="coopreq_claim_1").click().run()
    assert not dealer.exception
    claim = opened("dora", CLAIMS, _coop_claim_for=1)
    claim.text_input(key="cc_invoice_number").set_value("I-77")
    for proof in ("invoice", "payment", "script"):
        claim.checkbox(key=f"cc_has_{proof}").check()
    claim.run()
    text = said(claim)
    assert "Will be payable: $6,000" in text
    assert "Missing: notarized affidavit." in text
    claim.button(key="cc_send").click().run()
    assert not claim.exception
    assert house.claim_row(1).status == "returned"

    again = opened("dora", CLAIMS, coopclm_view="dealer")
    assert first(again, "Why") == ["Missing: notarized affidavit."]
    again = opened("dora", CLAIMS, coopclm_open=1)
    again.text_input(key="coopclm_ref_1_affidavit").set_value("Notary 12").run()
    again.button(key="coopclm_add_1_affidavit").click().run()
    assert not again.exception
    again.button(key="coopclm_1_submit_go").click().run()
    assert house.claim_row(1).status == "in_review"

    desk = opened("cora", CLAIMS, coopclm_open=1)
    assert "this claim is paid from its reserve" in said(desk)
    assert charts_of(desk) == ["$4,000 available today; this claim is paid from its reserve and leaves $4,000."]
    desk.button(key="coopclm_1_approve_go").click().run()
    assert not desk.exception
    assert house.claim_row(1).approved_cents == 6_000_00

    finance = opened("finn", CLAIMS)
    assert first(finance, "Credit") == ["$6,000"]
    finance.button(key="coop_pay_go").click().run()
    assert not finance.exception
    assert house.fund().paid_cents == 6_000_00
    memos = opened("dora", CLAIMS, coopclm_view="memos")
    assert first(memos, "Memo") == ["FM-000001"]

    funds = opened("dora", FUNDS, coopfund_open=house.fund().id)
    assert "$4,000 available" in said(funds)
    assert first(funds, "Entry") == ["Paid", "Claim approved", "Reserved", "Accrued"]
    assert [t.value for t in funds.dataframe][-1]["Available"].tolist() == ["$4,000", "$4,000", "$4,000", "$10,000"]
    balance, months = charts_of(funds)
    assert balance == "$4,000 available today."
    assert months == (
        "May 2026: $10,000 accrued, $6,000 paid, $0 expiring; Oct 2026: $0 accrued, $0 paid, $4,000 expiring"
    )
    funds.date_input(key="coopfund_on").set_value(date(2026, 5, 3)).run()
    assert "Nothing was posted by this day." in said(funds)
    house.sound()


def test_a_link_begins_the_form_and_what_is_chosen_after_it_stays(house: House) -> None:
    form = app_as("cora", page=FORM)
    for name, value in (("dealer", house.dealer), ("programme", 1), ("medium", "radio")):
        form.query_params[name] = str(value)
    form.run()
    assert form.pills(key="cr_medium").value == "radio"
    form.pills(key="cr_medium").set_value("print").run()
    assert form.pills(key="cr_medium").value == "print"
    form.query_params["dealer"], form.query_params["medium"] = "999999", "nothing"
    form.run()
    assert not form.exception


def test_a_request_that_came_back_is_changed_and_sent_again(house: House) -> None:
    item = house.ask(RADIO)
    house.step("send_back", item, "cora", note="Which station?")
    form = opened("dora", FORM, _coop_change_request=item)
    assert "Which station?" in said(form)
    form.text_input(key="cr_vendor").set_value("WAMC").run()
    form.button(key="cr_save").click().run()
    assert not form.exception
    assert house.request(item).vendor == "WAMC"
    drawer = opened("dora", REQUESTS, coopreq_open=item)
    drawer.button(key=f"coopreq_{item}_submit_go").click().run()
    assert house.request(item).status == "in_review"


def test_denying_and_approving_less_say_why(house: House) -> None:
    item = house.ask()
    desk = opened("cora", REQUESTS, coopreq_open=item)
    desk.text_input(key=f"coopreq_{item}_approve_amount_cents").set_value("7,000").run()
    desk.button(key=f"coopreq_{item}_approve_go").click().run()
    assert "At most $6,000 can be approved" in said(desk)
    assert house.request(item).status == "in_review"
    desk.text_input(key=f"coopreq_{item}_approve_amount_cents").set_value("2,000").run()
    desk.button(key=f"coopreq_{item}_approve_go").click().run()
    assert "say why less is approved" in said(desk)


def test_a_manager_moves_money_and_reads_it_in_the_statement(house: House) -> None:
    fund = house.fund().id
    app = opened("mason", FUNDS, coopfund_open=fund)
    app.text_input(key="coopfund_cents").set_value("-250").run()
    app.text_input(key="coopfund_reason").set_value("Counted twice").run()
    app.button(key="coopfund_go").click().run()
    assert not app.exception
    assert house.fund().available_cents == 9_750_00
    assert "Move money" not in [e.label for e in opened("cora", FUNDS, coopfund_open=fund).expander]


def test_people_of_another_dealer_see_nothing_of_it(house: House) -> None:
    item = house.approved(of(1_000_00))
    claim = house.claim(of(1_000_00), request=item)
    for page, state in (
        (REQUESTS, {"coopreq_open": item}), (REQUESTS, {"coopreq_view": "holds"}), (CLAIMS, {"coopclm_open": claim}),
        (CLAIMS, {"coopclm_view": "waiting"}), (FUNDS, {"coopfund_open": house.fund().id}), (FORM, {}),
    ):  # fmt: skip
        app = opened("otto", page, **state)
        assert not app.exception
        assert "Lone Pine" not in said(app)
        assert all("Lone Pine Motors" not in t.value.to_csv() for t in app.dataframe)


def test_my_work_and_the_clock(house: House) -> None:
    house.ask()
    assert datetime(2026, 5, 14, 15, 0, tzinfo=UTC) == house.request(1).due_at
    app = opened("cora", "pages/work/my_work.py")
    assert any("FR-000001" in t.value.to_csv() for t in app.dataframe)


def names(house: House, **whose: Any) -> list[tuple[str, str]]:
    with reading(process_engine()) as session:
        return [(p.kind, p.file_name) for p in papers_of(session, actor=house.cora, **whose)]


def test_the_missing_proof_is_uploaded_and_the_check_names_it(house: House, clock: Any) -> None:
    item = house.claim(of(1_000_00), proofs=("invoice", "payment"))
    clock(NOW + 15 * DAY)
    drawer = opened("dora", CLAIMS, coopclm_open=item)
    at = f"coopclm_{item}_files"
    turn = drawer.session_state[f"{at}_turn"]
    drawer.button(key=f"{at}_add").click().run()
    assert "Choose a file" in said(drawer)
    assert drawer.selectbox(key=f"{at}_{turn}_kind").value == "tear_sheet"  # what is missing is proposed
    drawer.file_uploader(key=f"{at}_{turn}_file").upload("cut.pdf", b"%PDF-1.4").run()
    drawer.button(key=f"{at}_add").click().run()
    assert "cut off" in said(drawer)
    assert names(house, claim_id=item) == []
    drawer = opened("dora", CLAIMS, coopclm_open=item)
    turn = drawer.session_state[f"{at}_turn"]
    drawer.file_uploader(key=f"{at}_{turn}_file").upload("sheet.png", png()).run()
    drawer.button(key=f"{at}_add").click().run()
    assert not drawer.exception
    assert "by sheet.png" in said(drawer)
    drawer.button(key=f"coopclm_{item}_paper_1_gone").click().run()
    assert "The reason is needed" in said(drawer)
    drawer.text_input(key=f"coopclm_{item}_paper_1_why").set_value("Last year's").run()
    drawer.button(key=f"coopclm_{item}_paper_1_gone").click().run()
    assert "Missing: full tear sheet" in said(drawer)
    turn = drawer.session_state[f"{at}_turn"]
    drawer.selectbox(key=f"{at}_{turn}_kind").set_value("tear_sheet")
    drawer.file_uploader(key=f"{at}_{turn}_file").upload("sheet.pdf", pdf()).run()
    drawer.button(key=f"{at}_add").click().run()
    drawer.button(key=f"coopclm_{item}_submit_go").click().run()
    assert house.claim_row(item).status == "in_review"
    desk = opened("cora", CLAIMS, coopclm_open=item)
    assert "sheet.pdf" in said(desk)
    assert not [b for b in desk.button if b.key and b.key.startswith((at, f"coopclm_{item}_paper"))]
    assert "sheet.pdf" not in said(opened("otto", CLAIMS, coopclm_open=item))


def test_files_come_with_the_form_of_a_claim_and_of_a_request(house: House, clock: Any) -> None:
    form = opened("dora", FORM)
    form.pills(key="cr_medium").set_value("print").run()
    form.text_input(key="cr_activity").set_value("Full page").run()
    form.text_input(key="cr_cost_0").set_value("1,000").run()
    form.date_input(key="cr_starts_on").set_value(date(2026, 5, 10)).run()
    form.date_input(key="cr_ends_on").set_value(date(2026, 5, 12)).run()
    form.file_uploader(key=f"cr_{form.session_state['cr_form_key']}_file_quote").upload("quote.pdf", pdf()).run()
    form.button(key="cr_send").click().run()
    assert not form.exception
    assert names(house, request_id=1) == [("Quote", "quote.pdf")]
    desk = opened("cora", REQUESTS, coopreq_open=1)
    assert "quote.pdf" in said(desk)
    house.step("approve", 1, "cora")

    clock(NOW + 14 * DAY)
    claim = opened("dora", CLAIMS, _coop_claim_for=1)
    claim.text_input(key="cc_invoice_number").set_value("I-77").run()
    key = claim.session_state["_coop_claim_form"].form_key
    for kind in ("invoice", "payment", "tear_sheet"):
        claim.file_uploader(key=f"cc_{key}_file_{kind}").upload(f"{kind}.pdf", pdf(kind)).run()
    assert "Complete: a person decides on it." in said(claim)
    claim.button(key="cc_send").click().run()
    assert not claim.exception
    assert house.claim_row(1).status == "in_review"
    assert len(names(house, claim_id=1)) == 3
    house.sound()
