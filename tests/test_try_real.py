"""`make try-real`: the real sets come in as published, and a difference is told and fails the command."""

from __future__ import annotations

import pytest

from seed import try_real
from seed.real import Fact
from tests.support.paths import ROOT, SHARED_DATA, shared


@pytest.mark.slow
def test_what_needs_no_minute_is_as_published(capsys, monkeypatch, tmp_path):
    """The three large sets take most of the time and run in `make try-real` itself."""
    shared("known_answers.json")
    quick = [name for name in try_real.NAMES if name not in ("crm_sales", "olist_funnel", "adventureworks_dealers")]
    monkeypatch.setenv("SHARED_DATA", str(SHARED_DATA))
    monkeypatch.setattr("sys.argv", ["try_real", "--keep", str(tmp_path / "kept"), *quick])
    assert try_real.main() == 0, capsys.readouterr().out
    out = capsys.readouterr().out
    assert "DIFFERS" not in out
    assert (tmp_path / "kept" / "network.db").exists()


def test_a_difference_is_told_and_fails(capsys, tmp_path):
    facts = [Fact("a", "rows", 1, 1), Fact("a", "rows", 1, 2), Fact("a", "rows", 1, None)]
    assert try_real.report(facts, tmp_path) == 1
    out = capsys.readouterr().out
    assert out.count("DIFFERS") == 3  # two lines and the verdict
    assert "1 of 3 as expected." in out
    assert try_real.report(facts[:1], tmp_path) == 0


def test_absent_sets_are_said_plainly(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SHARED_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["try_real"])
    assert try_real.main() == 2
    assert str(tmp_path) in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted((ROOT / "seed" / "mappings").glob("*.toml")), ids=lambda path: path.stem)
def test_every_mapping_that_is_kept_can_be_used(path):
    """Its fields exist, its formats are formats, and the columns it names are in the files of its set."""
    from db import catalog
    from db.imports.mapping import combine, load_mapping, problems_with
    from db.imports.tabular import read_table

    mapping = load_mapping(path.read_text(encoding="utf-8"))
    kind = catalog.import_kind(mapping.kind)
    chosen = {
        "crm_sales": ("sales_pipeline.csv", "sales_teams.csv"), "warranty_claims_text": ("warranty_claims.csv",),
        "adventureworks_sales": ("FactResellerSales.csv", "Product.csv"),
        "adventureworks_seller_sales": ("FactResellerSales.csv", "Product.csv"),
        "adventureworks_targets": ("ResellerSalesTargets.csv",), "adventureworks_resellers": ("Resellers.csv",),
    }  # fmt: skip
    added = {"incident_sla": ("answered_at",)}  # columns a trial puts beside those of the file
    patterns = chosen.get(path.stem, ("*.csv",))
    folder = "adventureworks_dealers" if path.stem.startswith("adventureworks") else path.stem
    files = [file for pattern in patterns for file in sorted(shared(folder).glob(pattern))]
    assert files
    sheets = combine(mapping, [read_table(file.read_bytes(), file_name=file.name) for file in files])
    assert [problems_with(mapping, kind.fields, [*sheet.columns, *added.get(path.stem, ())]) for sheet in sheets] == [
        []
    ]
