"""`make try-real`: the real data sets into scratch databases, what is expected beside what was found.

The sets lie in ../shared/data (or SHARED_DATA); what is expected is published with them in known_answers.json. Ends
with 1 when anything differs. `--keep FOLDER` leaves the scratch databases (SQLite) for a look with the app.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from db.cli.common import print_table
from db.core.session import make_engine
from db.migrate import upgrade
from seed.real import Desk, Fact, claims, incentives, incidents, network, parts, reference, sales

ROOT = Path(__file__).resolve().parents[1]
HELPERS = {"adf_spec": "the ADF format itself", "torture": "read by the tests"}
# Each set with its database: leads of cars go to the network of dealers, those of other trades have one of their own.
SETS = (
    ("dealers_toyota_us", "network", network.dealers),
    ("adf_documents", "network", network.adf),
    ("crm_sales", "crm_sales", sales.crm),
    ("olist_funnel", "olist_funnel", sales.olist),
    ("holidays", "network", reference.holidays),
    ("rule_vectors.json", "network", reference.clocks),
    ("us_geo", "network", reference.states),
    ("vin", "network", reference.vehicle_numbers),
    ("warranty_claims_text", "claims", claims.claims),
    ("parts_backorder", "parts", parts.stock),
    ("incident_sla", "incidents", incidents.incidents),
    ("adventureworks_dealers", "resellers", incentives.resellers),
    ("adventureworks_dealers", "sellers", incentives.sellers),
)
NAMES = tuple(dict.fromkeys(name for name, _, _ in SETS))


def main() -> int:
    """The command line of the trial; 0 when everything is as published, 2 when the sets are not there."""
    parser = argparse.ArgumentParser(prog="python -m seed.try_real", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help="only these; all when left out")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the scratch databases here")
    options = parser.parse_args()
    data = Path(os.environ.get("SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not (data / "known_answers.json").exists():
        print(f"The data sets are not here ({data}). Set SHARED_DATA to their folder.", file=sys.stderr)
        return 2
    unknown = set(options.sets) - set(NAMES)
    if unknown:
        parser.error(f"there is no set {', '.join(sorted(unknown))}; known are {', '.join(NAMES)}")
    if options.keep and options.keep.exists():
        parser.error(f"{options.keep} is there already")
    with tempfile.TemporaryDirectory(prefix="try-real-") as folder:
        facts = try_sets(data, options.keep or Path(folder), only=options.sets)
    return report(facts, data, only=options.sets)


def try_sets(data: Path, folder: Path, *, only: Iterable[str] = ()) -> list[Fact]:
    """Import the sets into new databases in `folder` and compare what came of them."""
    answers = json.loads((data / "known_answers.json").read_text(encoding="utf-8"))
    chosen = set(only)
    facts: list[Fact] = []
    for name, database, work in SETS:
        if chosen and name not in chosen:
            continue
        began = time.monotonic()
        print(f"{name} ...", end=" ", flush=True)
        url = f"sqlite:///{folder.resolve() / database}.db"
        upgrade(url)
        engine = make_engine(url)
        try:
            desk = Desk(engine=engine, data=data, now=datetime.now(UTC), answers=answers.get(name, {}), name=name)
            facts += work(desk)
        finally:
            engine.dispose()
        print(f"{time.monotonic() - began:.1f} s")
    return facts


def report(facts: list[Fact], data: Path, *, only: Iterable[str] = ()) -> int:
    """Print the table and the verdict."""
    wrong = [fact for fact in facts if not fact.is_right]
    print()
    print_table(
        ("Set", "What", "Expected", "Found", ""),
        [(f.source, f.what, f.expected, f.found, "ok" if f.is_right else "DIFFERS") for f in facts],
    )
    if not list(only):
        print()
        for path in sorted(data.iterdir()):
            if path.is_dir() and path.name not in NAMES:
                print(f"{path.name}: {HELPERS.get(path.name) or 'not tried'}")
    print(f"\n{len(facts) - len(wrong)} of {len(facts)} as expected." + ("" if not wrong else " See DIFFERS above."))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
