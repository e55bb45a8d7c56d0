"""10,000 leads through the product's own importer, all rules and one timeline entry; taken back at the end."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bench.results import Found
from bench.setting import Setting

NAME = "imports"
ROWS = 10_000
FIRST = ("Avery", "Blake", "Casey", "Devon", "Ellis", "Finley", "Gray", "Harper", "Indigo", "Jules", "Kai", "Logan")
LAST = ("Alder", "Brandt", "Castillo", "Dunn", "Eriksen", "Faulk", "Grant", "Hale", "Ibarra", "Jensen", "Kerr", "Lund")
SOURCES = ("Dealer website", "AutoMarket", "Car finder", "Campaign", "Walk-in")
AGAIN = 20
"""Every so manieth row repeats one from before, as real files do."""
COLUMNS = ("Lead number", "Source", "First name", "Last name", "E-mail", "Telephone", "State", "Postal code", "Make",
           "Model", "Year", "Comments")  # fmt: skip


def measure(setting: Setting) -> Iterator[Found]:
    """One row: leads a second, the whole import in one transaction that is rolled back at its end."""
    rows = 40 if setting.quick else ROWS
    with setting.engine() as engine:
        bring_in(engine, lead_file(engine, 20, now=setting.now, seed=2), now=setting.now)
        content = lead_file(engine, rows, now=setting.now)
        began, worked = time.perf_counter(), time.process_time()
        result = bring_in(engine, content, now=setting.now)
        seconds, busy = time.perf_counter() - began, time.process_time() - worked
    note = (
        f"{rows:,} rows in {seconds:.1f} s (processor {busy:.1f} s, {rows / busy:,.0f}/s): "
        f"{result.created:,} new, {result.updated:,} joined to a known lead, "
        f"{result.duplicates:,} duplicates, {len(result.rejections):,} rejected; all but the commit"
    )
    yield Found(key="import.rate", of=f"among {setting.leads:,} leads", value=rows / seconds, note=note)


def lead_file(engine: Engine, rows: int, *, now: datetime, seed: int = 1) -> bytes:
    """A CSV of leads for the places and makes of this network; one in twenty repeats another."""
    from db.dealers.tables import Dealer

    dice = Random(seed)
    with Session(engine) as session:
        places = session.execute(
            select(Dealer.state, Dealer.postal_code).where(Dealer.postal_code != "").order_by(Dealer.id).limit(500)
        ).all()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    made: list[list[Any]] = []
    stamp = f"{now:%H%M%S%f}"
    for number in range(rows):
        if number % AGAIN == AGAIN - 1:
            writer.writerow(dice.choice(made))
            continue
        state, postal = dice.choice(places)
        first, last = dice.choice(FIRST), dice.choice(LAST)
        row = [
            f"BENCH-{stamp}-{number}", dice.choice(SOURCES), first, last,
            f"{first}.{last}.{stamp}.{number}@bench.example".lower(),
            f"(2{dice.randrange(10, 90)}) 555-{dice.randrange(10000):04}", state, postal,
            dice.choice(("Halden", "Vega")), dice.choice(("Orion", "Vega")), dice.choice((2025, 2026)),
            "Please call me about a test drive and my trade-in.",
        ]  # fmt: skip
        made.append(row)
        writer.writerow(row)
    return out.getvalue().encode()


def bring_in(engine: Engine, content: bytes, *, now: datetime) -> Any:
    """What the importer does with the file; the database is left as it was."""
    from db import catalog
    from db.core.actor import system_actor
    from db.core.area import SourceFile
    from db.imports.commands import dry_run_import
    from db.imports.mapping import suggest

    mapping = suggest(COLUMNS, catalog.import_kind("leads").fields, kind="leads")
    return dry_run_import(
        engine, kind="leads", files=[SourceFile(name="bench.csv", content=content)], mapping=mapping, channel="file",
        actor=system_actor("cli"), now=now,
    )  # fmt: skip
