"""A flag with its evidence as it was, drawn alike in the drawer of a claim and on the page of investigations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components import labels
from components.areas.claims_words import money
from components.labels import plain
from components.navigation import may_open
from db.core.actor import Actor
from db.core.labels import moment_words
from db.investigations.queries import FlagLine

PAGE = "pages/claims/investigations.py"
ICONS = {
    "picture_reuse": ":material/imagesmode:", "invoice_reuse": ":material/receipt_long:",
    "same_words": ":material/content_copy:", "vehicle_twice": ":material/directions_car:",
    "usage": ":material/speed:", "document": ":material/difference:", "inflated": ":material/trending_up:",
    "hugging": ":material/align_vertical_top:", "spike": ":material/monitoring:",
}  # fmt: skip
_WORDS = {
    "claim": "Other claim", "dealer": "Its dealer", "days": "Days between", "on": "Day of this claim",
    "day": "Day of the reading", "reading": "Reading on file", "odometer": "Odometer of this claim",
    "where": "Where the reading is from", "file": "File of this claim", "other_file": "File of the other",
    "sha256": "Fingerprint of the file", "same_bytes": "The same byte for byte", "vin": "VIN of the other",
    "invoice": "Invoice", "cents": "Total here", "other_cents": "Total there", "operation": "Labour operation",
    "part": "Causal part", "charged_cents": "Charged", "receipts_cents": "On the receipts", "observed": "Found",
    "limit": "Usual at most", "near": "Amounts near the limit", "claims": "Claims", "limit_cents": "Limit",
    "weeks": "Claims a week, oldest first", "mean": "Mean", "deviation": "Standard deviation",
    "z": "Deviations above the mean", "count": "How many",
}  # fmt: skip
"""Keys of frozen evidence in words (db/investigations/rules.py); a key that is not here is shown as it is."""
_IN_CENTS = ("near",)


def draw_flag(flag: FlagLine, *, zone: str, now: Any, key: str) -> None:
    """What looked odd, in a sentence, with its evidence behind a click."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"{ICONS.get(flag.kind, ':material/flag:')} **{plain(flag.label)}**  \n{plain(flag.sentence)}")
        with st.expander(f"Evidence as of {moment_words(flag.raised_at, zone, now=now)}", key=f"{key}_{flag.id}"):
            labels.facts(evidence_rows(flag.evidence))
            st.caption("Kept as it was when it was flagged, whatever changed since.")


def say_flags(flags: Sequence[FlagLine], *, where: str = "under Evidence") -> None:
    """In one box what looks odd, each kind with its first sentence; the evidence stands elsewhere."""
    if not flags:
        return
    kinds: dict[str, list[FlagLine]] = {}
    for flag in flags:
        kinds.setdefault(flag.label, []).append(flag)
    lines = [
        f"**{plain(label)}**: {plain(own[0].sentence)}" + (f" And {len(own) - 1} more." if len(own) > 1 else "")
        for label, own in kinds.items()
    ]
    said = "  \n".join([*lines, f":small[A flag decides nothing; what it stands on is {where}.]"])
    st.warning(said, icon=":material/flag:")


def draw_flags_of_claim(flags: Sequence[FlagLine], *, actor: Actor, now: Any, key: str) -> None:
    """What looks odd about one claim, for people who may investigate, and the way to the investigation."""
    if not flags:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**Flags** :gray[{len(flags)}]", width="content")
        if may_open(actor, PAGE):
            for investigation_id, number in dict.fromkeys((f.investigation_id, f.investigation) for f in flags):
                st.page_link(
                    PAGE, label=f"Investigation {number}", icon=":material/policy:",
                    query_params={"investigation": str(investigation_id)},
                )  # fmt: skip
    for flag in flags:
        draw_flag(flag, zone=actor.zone, now=now, key=key)


def evidence_rows(evidence: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Frozen evidence as rows of label and value."""
    return [(_WORDS.get(k, k.replace("_", " ").capitalize()), evidence_value(k, v)) for k, v in evidence.items()]


def evidence_value(key: str, value: Any) -> str:
    """One value of frozen evidence for people: cents as money, lists with commas, records with their words."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        return " · ".join(evidence_value(str(k), v) for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ("; " if value and isinstance(value[0], Mapping) else ", ").join(evidence_value(key, v) for v in value)
    if isinstance(value, int) and (key.endswith("cents") or key in _IN_CENTS):
        return money(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
