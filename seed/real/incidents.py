"""Incidents of a service desk as leads another system has answered: 495 promises kept, 395 missed, as it says."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from db import catalog
from db.core.actor import EVERYTHING
from db.core.area import SourceFile
from db.core.session import reading
from db.leads.tables import Lead
from seed.real import Desk, Fact

LOG = "incident_event_log.csv"
BLANK = "?"
MOMENT = "%d-%m-%Y %H:%M"


def incidents(desk: Desk) -> list[Fact]:
    """890 incidents: the last event of each is taken, and the verdicts are counted as the pages count answers."""
    events = _events(desk)
    last = {row["number"]: row for row in events}
    batch = desk.bring_in("leads", [_file(list(last.values()))], mapping=desk.mapping())
    again = desk.bring_in("leads", [_file(list(last.values()))], mapping=desk.mapping())
    with reading(desk.engine) as session:
        leads = session.execute(select(Lead.source, Lead.first_action_at, Lead.first_action_due_at)).all()
        (shown,) = catalog.metric("response_sla").compute(session, scope=EVERYTHING, by=(), filters={}, now=desk.now)
        parts = catalog.metric("response_sla").compute(
            session, scope=EVERYTHING, by=("source",), filters={}, now=desk.now
        )
    kept = Counter("TRUE" if acted <= due else "FALSE" for _, acted, due in leads if acted and due)
    by_priority: dict[str, Any] = {}
    for row in parts:
        met, missed = row["numerator"], row["denominator"] - row["numerator"]
        by_priority |= {f"{row['source']}|{said}": n for said, n in (("FALSE", missed), ("TRUE", met)) if n}
    return [
        desk.known("events", len(events), "events read"),
        desk.known("incidents", batch.created, "incidents created"),
        desk.fact("rejected", 0, batch.rejected),
        desk.fact("imported again: already there", batch.read, again.duplicates),
        *desk.all_of("made_sla_last_event", dict(kept), "made its SLA"),
        desk.fact("met, as the metric shows it", desk.answers["made_sla_last_event"]["TRUE"], shown["numerator"]),
        desk.fact(
            "missed, as the metric shows it", desk.answers["made_sla_last_event"]["FALSE"],
            shown["denominator"] - shown["numerator"],
        ),
        *desk.all_of("made_sla_by_priority_last_event", by_priority, "by priority"),
    ]  # fmt: skip


def _events(desk: Desk) -> list[dict[str, str]]:
    with (desk.data / desk.name / LOG).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _file(rows: list[dict[str, str]]) -> SourceFile:
    """The last events as a file; "?" is a blank cell, and who was never resolved was answered when it was closed."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0], "answered_at"])
    writer.writeheader()
    for row in rows:
        told = {name: "" if cell == BLANK else cell for name, cell in row.items()}
        writer.writerow(told | {"answered_at": told["resolved_at"] or told["closed_at"]})
    return SourceFile(name=LOG, content=text.getvalue().encode())


def until(desk: Desk) -> datetime:
    """A moment shortly after the last incident was opened, for a look at the pages as they were then."""
    opened = [datetime.strptime(row["opened_at"], MOMENT).replace(tzinfo=UTC) for row in _events(desk)]
    return max(opened) + timedelta(days=1)
