"""The dealer directory and the ADF documents: real leads for a real network."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sqlalchemy import select

from db.core.session import reading
from db.dealers.tables import Dealer
from db.leads.adf import parse
from db.leads.adf_draft import LeadDraft, NotReadable
from seed.real import Desk, Fact


def dealers(desk: Desk) -> list[Fact]:
    """1,415 dealers whose codes keep their zeros; the same file again is nothing new."""
    files = desk.files("*.csv")
    first = desk.bring_in("dealers", files, mapping=desk.mapping())
    again = desk.bring_in("dealers", files, mapping=desk.mapping())
    plain = desk.bring_in("dealers", files)
    with reading(desk.engine) as session:
        rows = session.execute(select(Dealer.code, Dealer.state, Dealer.latitude, Dealer.longitude)).all()
    states = Counter(row.state for row in rows)
    nowhere = sum(not row.latitude or not row.longitude for row in rows)
    return [
        desk.known("rows", first.created, "dealers created"),
        desk.fact("rejected", 0, first.rejected),
        desk.fact("flagged: position outside of the state", 0, len(first.warnings)),
        desk.known("distinct_dealer_ids", len({row.code for row in rows}), "distinct codes"),
        desk.known("ids_with_leading_zero", sum(row.code.startswith("0") for row in rows), "codes with a leading 0"),
        desk.known("states", len(states)),
        *desk.all_of("top5_states", dict(states.most_common(5)), "dealers in"),
        desk.known("null_island_or_missing_coordinates", nowhere, "without a position"),
        desk.fact("imported again: already there", first.read, again.duplicates),
        desk.fact("without the mapping: already there", first.read, plain.duplicates),
    ]


def adf(desk: Desk) -> list[Fact]:
    """40 documents without a wrong field, 18 and 11 refused with a reason, and nothing new the second time."""
    expected = json.loads((desk.data / desk.name / "expected.json").read_text(encoding="utf-8"))
    accepted = {name: entry for name, entry in expected.items() if entry["expect"] == "accept"}
    documents = desk.files("docs/*.xml")
    read = [name for name in accepted if _prospects(desk, name) is not None]
    right = [name for name, entry in accepted.items() if _prospects(desk, name) == entry["prospects"]]
    first = desk.bring_in("adf", documents)
    again = desk.bring_in("adf", documents)
    unreadable = {outcome.file for outcome in first.rejections if outcome.row == 0}
    facts = [
        desk.fact("documents read", len(accepted), len(read)),
        desk.fact("documents without a wrong field", len(accepted), len(right)),
        desk.fact("prospects accounted for", sum(len(entry["prospects"]) for entry in accepted.values()), first.read),
        desk.fact("documents refused", 0, len(unreadable)),
        desk.fact("imported again: new leads", 0, again.created),
    ]
    for folder, number in (("reject", 18), ("security", 11)):
        files = desk.files(f"{folder}/*.x*")
        result = desk.bring_in("adf", files)
        reasons = {outcome.file for outcome in result.rejections if outcome.code and outcome.message}
        facts.append(desk.fact(f"{folder}: refused with a reason", number, len(reasons)))
        facts.append(desk.fact(f"{folder}: new leads", 0, result.created))
    return facts


def _prospects(desk: Desk, name: str) -> list[dict[str, Any]] | None:
    raw = (desk.data / desk.name / "docs" / f"{name}.xml").read_bytes()
    try:
        return [_as_published(draft) for draft in parse(raw, received_at=desk.now).prospects]
    except NotReadable:
        return None


def _as_published(draft: LeadDraft) -> dict[str, Any]:
    """A prospect in the shape of expected.json."""
    return {
        "status": draft.status_raw,
        "requestdate": draft.requested_at_raw,
        "ids": [{"source": one.source, "value": one.value} for one in draft.ids],
        "vehicles": [
            {
                "interest": vehicle.interest, "year": vehicle.year_raw, "make": vehicle.make, "model": vehicle.model,
                "vin": vehicle.vin, "stock": vehicle.stock, "options": len(vehicle.options),
            }
            for vehicle in draft.vehicles
        ],
        "customer_name": draft.customer_name,
        "emails": [one.raw for one in draft.emails],
        "phones": [one.raw for one in draft.phones],
        "vendor": draft.vendor_name,
        "provider": draft.provider_name,
    }  # fmt: skip
