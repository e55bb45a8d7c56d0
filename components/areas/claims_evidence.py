"""What stands behind a claim in its drawer: files with pictures, the same vehicle, dealer and kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from components import labels, tables
from components.access import current_actor
from components.areas.claims_words import money, right
from components.charts.base import table
from components.clock import now
from components.exports import guarded_download
from components.labels import plain
from components.navigation import may_open
from db.claims.attachment_commands import fetch_attachment
from db.claims.claim_queries import claim_words, picture_of
from db.claims.drawer_queries import ClaimDrawer, Earlier
from db.claims.flow import FLOW
from db.claims.model import ATTACHMENT_KINDS, REPAIR_ACTIONS
from db.claims.policy_queries import RULE_BOOK
from db.claims.reason_rules import REASON_CODES
from db.core.labels import local_day, moment_label, moment_words, percent_label, plural
from db.core.session import reading

VEHICLE_PAGE = "pages/crm/vehicle.py"


def draw_evidence(page: ClaimDrawer) -> None:
    """The jobs in the dealer's words, then each file with its picture and a download."""
    for job in page.jobs:
        st.markdown(f"**Job {job.position}** {plain(' · '.join(x for x in (job.operation, job.component) if x))}")
        codes = " · ".join(x for x in (job.failure_code, job.causal_part, REPAIR_ACTIONS.get(job.action, "")) if x)
        labels.facts(
            [
                ("Complaint", job.complaint), ("Cause", job.cause), ("Correction", job.correction),
                ("Failure, causal part, action", codes),
            ]
        )  # fmt: skip
    st.markdown(f"**Files** :gray[{len(page.files)}]")
    if not page.files:
        st.caption("No file is attached.")
    for file in page.files:
        _draw_file(file)
    if page.run is not None:
        with st.expander(f"{plural(len(page.run.passed), 'rule')} passed", icon=":material/check_circle:"):
            for result in page.run.passed:
                title = RULE_BOOK[result.rule].title if result.rule in RULE_BOOK else result.rule
                st.caption(f"**{plain(title)}** {plain(result.rule)}: {plain(result.sentence)}")


def _draw_file(file: Any) -> None:
    actor = current_actor()
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        if file.media_type.startswith("image/"):
            with reading() as session:
                content = picture_of(session, attachment_id=file.id, actor=actor)
            if content:
                st.image(content, width=180, caption=None)
            else:
                st.caption("The picture cannot be shown.", width=180)
        kind = ATTACHMENT_KINDS.get(file.kind, file.kind)
        invoice = f" · invoice {file.invoice_number}" if file.invoice_number else ""
        total = f", {money(file.invoice_cents)}" if file.invoice_cents is not None else ""
        said = (
            f"{size_label(file.size)} · {moment_words(file.uploaded_at, actor.zone, now=now())} by {file.uploaded_by}"
        )
        st.markdown(
            f"{labels.badge(kind, 'gray')} {plain(file.file_name)}{plain(invoice + total)}  \n:gray[{plain(said)}]",
            width="stretch",
        )
        guarded_download(
            "Download", key=f"claims_file_{file.id}", file_name=file.file_name, mime=file.media_type,
            command=fetch_attachment, arguments={"attachment_id": file.id}, read=lambda made: made.content,
        )  # fmt: skip


def size_label(size: int) -> str:
    """The size of a file: "812 B", "34 kB", "2.1 MB"."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def draw_history(page: ClaimDrawer, *, on_open: Callable[[str, int], None]) -> None:
    """Claims of this vehicle, how this dealer's claims come out, and what the same work costs elsewhere."""
    st.markdown(f"**This vehicle** :gray[{plain(page.vin)}]")
    if not page.of_vehicle:
        st.caption("No other claim of this vehicle.")
    _draw_lines(
        page.of_vehicle, key=f"claims_of_vehicle_{page.id}", alt="Other claims of this vehicle", on_open=on_open
    )
    if page.vehicle_id is not None and may_open(current_actor(), VEHICLE_PAGE):
        st.page_link(
            VEHICLE_PAGE, label="Owners, odometer and visits of this vehicle", icon=":material/directions_car:",
            query_params={"vehicle": str(page.vehicle_id)},
        )  # fmt: skip
    record = page.record
    st.markdown(f"**This dealer** :gray[{plain(page.dealer)}, 12 months]")
    if record.decided:
        share = percent_label(record.approved_cents, record.claimed_cents, 0)
        st.caption(
            f"{plural(record.decided, 'claim')} decided: {percent_label(record.denied, record.decided, 0)} denied, "
            f"{percent_label(record.returned, record.decided, 0)} returned at least once, "
            f"{share} of the money claimed was approved."
        )
    else:
        st.caption("No other claim of this dealer was decided in this time.")
    _draw_lines(page.of_dealer, key=f"claims_of_dealer_{page.id}", alt="Last claims of this dealer", on_open=on_open)
    _draw_similar(page, on_open=on_open)


def _draw_similar(page: ClaimDrawer, *, on_open: Callable[[str, int], None]) -> None:
    similar, claimed = page.similar, page.claim.claimed_cents
    what = f"{similar.operation} on {similar.model or 'this model'}" if similar.operation else "no labour operation"
    st.markdown(f"**Similar claims** :gray[{plain(what)}]")
    if not similar.count:
        st.caption("None on file." if similar.operation else "Without a labour operation there is nothing to compare.")
        return
    off = claimed - similar.median_cents
    than = f"{money(abs(off))} {'above' if off > 0 else 'below'} it" if off else "exactly it"
    st.caption(
        f"{plural(similar.count, 'claim')}, median {money(similar.median_cents)}; this one is {than}, and "
        f"{similar.above:,} of them cost less. {percent_label(similar.denied, similar.count, 0)} were denied."
    )
    _draw_lines(
        similar.rows, key=f"claims_similar_{page.id}", alt="The latest similar claims", on_open=on_open, dealer=True
    )


def _day(moment: datetime | None, zone: str) -> str:
    if moment is None:
        return "–"
    day = local_day(moment, zone)
    return f"{day.day} {day:%b %Y}"


def _draw_lines(
    rows: Sequence[Earlier], *, key: str, alt: str, on_open: Callable[[str, int], None], dealer: bool = False
) -> None:
    if not rows:
        return
    zone = current_actor().zone
    st.session_state[f"{key}_ids"] = [r.id for r in rows]
    columns: dict[str, list[object]] = {
        "Claim": [r.number for r in rows], "Sent": [_day(r.sent_at, zone) for r in rows],
        "Status": [[FLOW.state(r.status).label] for r in rows],
        "Claimed": [money(r.claimed_cents) for r in rows], "Approved": [money(r.approved_cents) for r in rows],
        "Component": [r.component or "–" for r in rows],
        "Odometer": ["–" if r.odometer is None else f"{r.odometer:,} {r.unit}" for r in rows],
        "Dealer": [r.dealer for r in rows],
    }  # fmt: skip
    columns.pop("Odometer" if dealer else "Dealer")
    shown = {
        "Claim": tables.opener("Claim", key=f"{key}_click", on_open=lambda p: on_open(key, p), width=94),
        "Sent": tables.text("Sent", width=92), "Status": tables.status(FLOW, width=120),
        "Claimed": right("Claimed", 84), "Approved": right("Approved", 84),
        "Component": tables.text("Component", width=100), "Odometer": right("Odometer", 92),
        "Dealer": tables.text("Dealer", width=140),
    }  # fmt: skip
    tables.show(table(columns), key=key, alt=alt, columns={n: shown[n] for n in columns})


def draw_decisions(page: ClaimDrawer) -> None:
    """Earlier signatures and decisions, the latest first, each with its words."""
    zone, at = current_actor().zone, now()
    if not page.decisions:
        st.caption("Nobody has signed or decided yet.")
    for one in page.decisions:
        amount = f" {money(one.approved_cents)}" if one.approved_cents is not None else ""
        level = f" at level {one.level}" if one.level else ""
        why = ": ".join(p for p in (REASON_CODES.get(one.reason_code, ""), one.note) if p)
        when = moment_label(one.decided_at, zone, now=at)
        st.markdown(
            f"**{plain(claim_words(one.kind) + amount)}**{plain(level)} :gray[{plain(one.name)}, {plain(when)}]"
            + (f"  \n{plain(why)}" if why else "")
        )
