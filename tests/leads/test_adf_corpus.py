"""The collected documents: no wrong field, a reason for each refusal, and no side door (R18, R20)."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import tracemalloc
from typing import Any

import pytest

from db.leads.adf import Document, NotReadable, bounce_text, parse
from db.leads.adf_draft import LeadDraft
from tests.leads.adf_examples import RECEIVED
from tests.support.paths import shared
from tests.support.tier import figure

DOCUMENT_OF = {
    "markLead": "tiq_mark_buy_and_trade",
    "matthewLead": "tiq_value_my_trade_all_empty",
    "camelcaseLead": "tiq_hdcom_request_quote",
    "laricussLead": "tiq_truncated_models",
    "completeParenLead": "tiq_complete_parenthetical",
    "hdfsCreditAppLead": "tiq_hdfs_credit_app",
    "tradeOnlyLead": "tiq_trade_only",
    "sellOnlyLead": "tiq_sell_only",
    "room58MirrorLead": "tiq_room58_mirror_trade",
    "room58MirrorTestRideLead": "tiq_room58_mirror_trade_testride",
    "sameModelRealTradeLead": "tiq_same_model_real_trade",
    "mirroredButSaidTradeLead": "tiq_mirror_but_said_trade",
}


def read(name: str) -> Document:
    return parse(shared("adf_documents", "docs", f"{name}.xml").read_bytes(), received_at=RECEIVED)


def as_expected(draft: LeadDraft) -> dict[str, Any]:
    return {
        "status": draft.status_raw,
        "requestdate": draft.requested_at_raw,
        "ids": [{"source": found.source, "value": found.value} for found in draft.ids],
        "vehicles": [
            {
                "interest": vehicle.interest,
                "year": vehicle.year_raw,
                "make": vehicle.make,
                "model": vehicle.model,
                "vin": vehicle.vin,
                "stock": vehicle.stock,
                "options": len(vehicle.options),
            }
            for vehicle in draft.vehicles
        ],
        "customer_name": draft.customer_name,
        "emails": [email.raw for email in draft.emails],
        "phones": [phone.raw for phone in draft.phones],
        "vendor": draft.vendor_name,
        "provider": draft.provider_name,
    }


def test_all_forty_documents_are_read_without_a_wrong_field():
    expected = json.loads(shared("adf_documents", "expected.json").read_text(encoding="utf-8"))
    accepted = {name: entry for name, entry in expected.items() if entry["expect"] == "accept"}
    assert len(accepted) == 40
    documents = {name: read(name) for name in accepted}
    wrong = [
        name
        for name, entry in accepted.items()
        if [as_expected(draft) for draft in documents[name].prospects] != entry["prospects"]
        or documents[name].repaired is not (entry["strict_wellformed"] != "yes")
    ]
    figure("R18", "documents read", len(documents))
    figure("R18", "documents with a wrong field", len(wrong))
    assert wrong == []


def meaning(draft: LeadDraft, field: str) -> str | int | None:
    wanted, trade = draft.wanted, draft.trade_in
    found: dict[str, Any] = {
        "leadRef": draft.ids[0].value,
        "year": str(wanted.year) if wanted and wanted.year else None,
        "vehicleModel": wanted.model if wanted else None,
        "vehicleCondition": wanted.status if wanted else None,
        "firstName": draft.first_name,
        "lastName": draft.last_name,
        "preferredContactMethod": draft.preferred_contact,
        "sellOption": draft.sell_option,
        "tradeVehicle": trade,
        "tradeVehicle?.year": str(trade.year) if trade and trade.year else None,
        "tradeVehicle?.make": trade.make if trade else None,
        "tradeVehicle?.model": trade.model if trade else None,
        "tradeVehicle?.mileage": trade.odometer if trade else None,
        "tradeVehicle?.condition": trade.condition if trade else None,
    }
    return found[field]


def test_all_forty_statements_about_the_meaning_hold():
    expected = json.loads(shared("adf_documents", "tiq_expected.json").read_text(encoding="utf-8"))
    checks = [(DOCUMENT_OF[lead], check) for lead, found in expected.items() for check in found]
    assert len(checks) == 40
    for name, check in checks:
        found = meaning(read(name).prospects[0], check["field"])
        wanted = None if check["expected"] == "undefined" else json.loads(check["expected"])
        if isinstance(wanted, str) and wanted.startswith("not_"):
            assert str(found) != wanted.removeprefix("not_"), check["check"]
        else:
            assert found == wanted, check["check"]


def test_what_the_manifest_says_about_single_documents_is_noticed():
    noticed = {
        "wikipedia_example": {"requestdate_odd_offset", "email_invalid"},
        "mygoaltracking_2008": {"requestdate_no_offset"},
        "activix_full": {"vin_year", "personal_data"},
        "rust_maximal": {"vin_year"},
        "rust_bad_enums": {"prospect_status", "interest_unknown", "price_type", "status_unknown"},
        "rust_bad_formats": {"requestdate_unreadable", "currency_format", "country_format"},
        "lease_with_trade_no_date": {"vin_check"},
        "sendadf_example_2": {"country_format"},
        "tiq_truncated_models": {"model_truncated"},
        "aayush_lead1_many_phones": {"personal_data"},
    }
    for name, codes in noticed.items():
        assert codes <= {issue.code for issue in read(name).prospects[0].issues}, name
    assert read("aayush_lead1_many_phones").prospects[0].sensitive == ("dob", "income", "ip")
    masked = read("aayush_lead1_many_phones").prospects[0].comments_masked or ""
    assert not [secret for secret in ("1980-11-17", "5500", "70.25.4.55") if secret in masked]
    assert "looking for SUV, new to the country..." in masked
    assert read("rust_embedded_markup").prospects[0].comments == "Jane VIP Co"
    assert read("rust_numeric_refs").prospects[0].quarantine
    first, second = read("rust_two_prospects").prospects
    assert (first.quarantine, second.status) == (None, "resend")
    assert second.quarantine


def test_all_eighteen_documents_to_refuse_are_refused_with_a_reason_the_sender_can_act_on():
    files = sorted(shared("adf_documents", "reject").glob("*.xml"))
    assert len(files) == 18
    for path in files:
        with pytest.raises(NotReadable) as refused:
            parse(path.read_bytes(), received_at=RECEIVED)
        told = bounce_text(refused.value, file_name=path.name)
        assert "Reason: " in told, path.name
        assert "What to do: " in told, path.name
        assert path.name in told
        assert refused.value.code in told
    figure("R18", "documents refused with a reason", len(files))


@pytest.mark.parametrize(
    ("name", "code", "line", "column"),
    [
        ("reject_nul_reference", "illegal_character", 1, 41),
        ("reject_control_char", "illegal_character", 1, 42),
        ("reject_undeclared_entity", "unknown_entity", 1, 120),
        ("reject_double_dash_comment", "malformed", 1, 13),
        ("reject_text_after_root", "text_around", 1, 7),
        ("reject_empty_file", "empty", None, None),
        ("reject_empty_adf", "no_prospect", None, None),
        ("rust_doctype_entity", "dtd_forbidden", 1, 1),
        ("reject_other_root", "not_adf", 1, 1),
    ],
)
def test_a_refusal_names_the_place(name: str, code: str, line: int | None, column: int | None):
    with pytest.raises(NotReadable) as refused:
        parse(shared("adf_documents", "reject", f"{name}.xml").read_bytes(), received_at=RECEIVED)
    assert (refused.value.code, refused.value.line, refused.value.column) == (code, line, column)


_WATCHED: list[str] = []
_HOOKED: list[bool] = []


def _watch(event: str, _arguments: tuple[Any, ...]) -> None:
    if _HOOKED and event.startswith(("open", "socket.", "urllib.", "subprocess.", "os.system", "os.exec", "ftplib.")):
        _WATCHED.append(event)


def test_hostile_documents_are_refused_without_touching_a_file_or_the_network():
    files = sorted(shared("adf_documents", "security").glob("*.x*"))
    assert len(files) == 11
    raws = [path.read_bytes() for path in files]
    sys.addaudithook(_watch)
    _WATCHED.clear()
    _HOOKED.append(True)
    refused, seconds = 0, []
    tracemalloc.start()
    try:
        for raw in raws:
            begun = time.monotonic()
            with contextlib.suppress(NotReadable):
                parse(raw, received_at=RECEIVED)
                refused -= 1
            refused += 1
            seconds.append(time.monotonic() - begun)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        _HOOKED.clear()
    figure("R20", "hostile documents refused", refused)
    figure("R20", "slowest refusal, seconds", round(max(seconds), 3))
    figure("R20", "most memory, MB", round(peak / 2**20, 1))
    figure("R20", "files or connections opened", len(_WATCHED))
    assert refused == 11
    assert _WATCHED == []
    assert peak < 50 * 2**20
