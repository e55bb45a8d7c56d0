"""Claims from a file: none lost, judged like any other, what is odd said, taken back; and the real set of 500."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from db import catalog  # noqa: F401 - makes the kinds of import known
from db.claims.narrative_split import split
from db.core.actor import system_actor
from db.core.area import SourceFile
from db.core.session import run
from db.imports.commands import run_import
from db.imports.mapping import load_mapping
from tests.support.users import make_dealer

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "warranty_claims_text" / "warranty_claims.csv"
MAPPING = load_mapping((ROOT / "seed/mappings/warranty_claims_text.toml").read_text(encoding="utf-8"))
HEAD = "claim_id,serial_number,part_number,claim_date,mileage,dealer_id,customer_complaint,technician_notes\n"
ROWS = (
    "WC-2024-1,S1,TC-5000,2024-10-29,388397,DLR-0001,No boost on the hill,Shaft worn. Replaced turbo assembly.\n"
    "WC-2024-2,S1,TC-5000,2025-01-10,307258,DLR-0001,Whistles,Replaced turbo. Actuator failed.\n"
    "WC-2024-3,S3,TC-5000,2024-01-10,307258,DLR-0404,Whistles,Replaced turbo. Actuator failed.\n"
)


def bring(engine, content: bytes):
    file = SourceFile(name="warranty_claims.csv", content=content)
    return run(
        run_import,
        bind=engine,
        kind="claims",
        channel="cli",
        files=[file],
        mapping=MAPPING,
        actor=system_actor("seed"),
        now=NOW,
    )


def test_rows_are_taken_or_told_why(engine):
    make_dealer(engine, code="DLR-0001")
    batch = bring(engine, (HEAD + ROWS).encode())
    assert [r.outcome for r in batch.outcomes] == ["created", "created", "rejected"]
    assert batch.outcomes[1].code == "year_differs,serial_again"
    assert "no dealer DLR-0404" in batch.outcomes[2].message
    assert [r.outcome for r in bring(engine, (HEAD + ROWS).encode()).outcomes] == ["duplicate", "duplicate", "rejected"]


@pytest.mark.parametrize(
    "notes, cause, correction",
    [
        ("Shaft worn. Replaced turbo.", "Shaft worn.", "Replaced turbo."),
        ("Replaced turbo. Shaft worn. Replaced seal.", "Shaft worn. Replaced seal.", "Replaced turbo."),
        ("Shaft worn.", "Shaft worn.", ""),
        ("", "", ""),
    ],
)
def test_notes_are_split(notes, cause, correction):
    assert split(notes) == (cause, correction)
