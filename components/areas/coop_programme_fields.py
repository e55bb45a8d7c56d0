"""The form that builds a version of a co-op programme: fields, the matrices of media and proofs, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from components import tables
from components.charts.base import table
from components.editing import edited
from components.forms import cents
from components.labels import plain
from components.perform import outcome_of
from db.coop.model import ALWAYS, COSTS, MEDIA, PROOFS, Programme, programme_to_json, read_programme
from db.coop.programme_rules import changes_between, effect_of, in_words, sentences_of, worked
from db.core.problems import Refused

FORM: Final = "coop_programme"
REMINDERS: Final = (120, 90, 60, 45, 30, 15, 7)
LABELS: Final[dict[str, str]] = {
    "code": "Code", "name": "Name", "year": "Year", "accrual": "Accrual", "models": "Named models",
    "lot_months": "Months until money expires", "media": "Media", "approval_days": "An approval holds for",
    "claim_days": "A claim is taken for", "decide_days": "Decided within", "remind_days": "Reminders",
    "brand_share": "Share of our brand", "mentions_per_30s": "Mentions in 30 s of radio", "ineligible": "Not eligible",
    "minimum_cents": "Minimum claim", "proof_files": "Files of proofs",
    "effective_from": "First day", "reason": "Reason",
}  # fmt: skip
_OF_MEDIUM: Final = {
    "rate": "rate", "cap_cents": "cap", "cap_of_accrual": "cap of accrual", "preapproval": "approval",
    "proofs": "proofs",
}  # fmt: skip
_PROOF_LABELS: Final = {PROOFS[p]: p for p in PROOFS if p not in ALWAYS}


def blank(year: int) -> dict[str, Any]:
    """What the form of a new programme begins with."""
    made = programme_to_json(Programme(code="NEW", name="New", year=year))
    return {**made, "code": "", "name": ""}


# ---- the grids -------------------------------------------------------------------------------------------------------
def model_rows(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The models with a rate of their own."""
    return [{"Model": name, "Rate": r / 100} for name, r in sorted((base.get("models") or {}).items())]


def media_rows(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a medium, those that are not paid too."""
    found = []
    for medium, label in MEDIA.items():
        rule = (base.get("media") or {}).get(medium)
        cap, share = (rule or {}).get("cap_cents"), (rule or {}).get("cap_of_accrual")
        found.append({
            "Medium": label, "Pays": rule is not None, "Rate": (rule or {"rate": 50_00})["rate"] / 100,
            "Cap": None if cap is None else cap / 100, "Share": None if share is None else share / 100,
            "Before": bool((rule or {}).get("preapproval")),
        })  # fmt: skip
    return found


def proof_rows(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a medium with what proves it beyond invoice and payment."""
    media = base.get("media") or {}
    return [
        {"Medium": label, "Proofs": [PROOFS[p] for p in (media.get(m) or {}).get("proofs", ()) if p not in ALWAYS]}
        for m, label in MEDIA.items()
    ]


def _grid(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Any], config: Mapping[str, Any], *, key: str,
          alt: str, grows: bool = False) -> None:  # fmt: skip
    shown = pa.table({name: pa.array([r[name] for r in rows], kind) for name, kind in kinds.items()})
    st.data_editor(
        shown, key=key, hide_index=True, num_rows="dynamic" if grows else "fixed", column_config=dict(config), alt=alt,
        disabled=() if grows else ["Medium"], height="content",
    )  # fmt: skip


def draw_media(base: Mapping[str, Any], *, at: str) -> None:
    """Rates, caps and pre-approval by medium, then what proves each."""
    column = st.column_config
    st.markdown("**What each medium pays** :gray[Caps hold for a dealer's year; where both are set the lower counts]")
    _grid(
        media_rows(base),
        {"Medium": pa.string(), "Pays": pa.bool_(), "Rate": pa.float64(), "Cap": pa.float64(), "Share": pa.float64(),
         "Before": pa.bool_()},
        {
            "Medium": column.TextColumn("Medium", width=124), "Pays": column.CheckboxColumn("Paid", width=60),
            "Rate": column.NumberColumn("Rate %", min_value=0, max_value=100, step=0.5, width=80),
            "Cap": column.NumberColumn("Cap", min_value=0, step=0.01, format="dollar", width=96),
            "Share": column.NumberColumn("Cap %", min_value=0, max_value=100, step=1, width=76, help="Of accrual"),
            "Before": column.CheckboxColumn("Ask first", width=88, help="Has to be approved before"),
        },
        key=f"{at}media", alt="Rate, caps and pre-approval of each medium",
    )  # fmt: skip
    draw_problems("media")
    always = " and ".join(PROOFS[p].lower() for p in ALWAYS)
    st.markdown(f"**What proves it** :gray[Every claim needs {always}]")
    _grid(
        proof_rows(base), {"Medium": pa.string(), "Proofs": pa.list_(pa.string())},
        {
            "Medium": column.TextColumn("Medium", width=140),
            "Proofs": column.MultiselectColumn("Proofs", options=list(_PROOF_LABELS), color="gray", width=480),
        },
        key=f"{at}proofs", alt="Proof of performance of each medium",
    )  # fmt: skip


# ---- fields ----------------------------------------------------------------------------------------------------------
def _count(name: str, base: Mapping[str, Any], at: str, most: int, *, label: str = "", help: str | None = None,
           least: int = 0) -> None:  # fmt: skip
    st.number_input(label or LABELS[name], least, most, base.get(name), 1, key=f"{at}{name}", help=help)
    draw_problems(name)


def _percent(name: str, base: Mapping[str, Any], at: str, *, label: str) -> None:
    st.number_input(label, 0.0, 100.0, (base.get(name) or 0) / 100, 0.25, key=f"{at}{name}", format="%g")
    draw_problems(name)


def draw_fields(base: Mapping[str, Any], *, at: str, is_known: bool) -> None:
    """All fields. `is_known`: the programme is there, so that its code and year stay."""
    with st.grid(2, min_column_width=220, gap="small"):
        with st.container(gap="xsmall"):
            st.text_input(
                "Code", base.get("code") or "", key=f"{at}code", max_chars=30, disabled=is_known,
                help="Letters, digits and hyphens; it stays",
            )  # fmt: skip
            draw_problems("code")
        with st.container(gap="xsmall"):
            st.text_input("Name", base.get("name") or "", key=f"{at}name", max_chars=120)
            draw_problems("name")
        with st.container(gap="xsmall"):
            st.number_input("Year", 2000, 2100, base.get("year"), 1, key=f"{at}year", disabled=is_known, format="%d")
            draw_problems("year")
        with st.container(gap="xsmall"):
            _percent("accrual", base, at, label="Accrual (% of purchases)")
        with st.container(gap="xsmall"):
            _count("lot_months", base, at, 36, least=1, help="Counted from the month it was earned in, to its last day")
        with st.container(gap="xsmall"):
            shown = "" if base.get("minimum_cents") is None else f"{base['minimum_cents'] / 100:,.2f}"
            st.text_input("Minimum claim", shown, key=f"{at}minimum_cents", placeholder="0.00")
            draw_problems("minimum_cents")
    with st.expander("Named models", expanded=bool(base.get("models")) or _wrong("models")):
        st.caption("Models that earn another rate than the others.")
        column = st.column_config
        _grid(
            model_rows(base), {"Model": pa.string(), "Rate": pa.float64()},
            {"Model": column.TextColumn("Model", required=True, width=220),
             "Rate": column.NumberColumn("Rate %", min_value=0, max_value=100, step=0.25, width=90)},
            key=f"{at}models", alt="Models with a rate of their own", grows=True,
        )  # fmt: skip
        draw_problems("models")
    draw_media(base, at=at)
    st.checkbox(
        "A proof counts only as a file", bool(base.get("proof_files")), key=f"{at}proof_files",
        help="PDF or picture, uploaded with the claim; without it a name or number where the dealer keeps it is enough",
    )  # fmt: skip
    with st.expander("Deadlines and reminders", expanded=any(map(_wrong, ("approval_days", "claim_days")))):
        with st.grid(3, min_column_width=160, gap="small"):
            for name, label in (
                ("approval_days", "An approval holds (days)"), ("claim_days", "Claimed within (days)"),
                ("decide_days", "We decide within (days)"),
            ):  # fmt: skip
                with st.container(gap="xsmall"):
                    _count(name, base, at, 730, label=label)
        chosen = list(base.get("remind_days") or ())
        st.multiselect(
            "Remind the dealer so many days before money expires", sorted({*REMINDERS, *chosen}, reverse=True), chosen,
            key=f"{at}remind_days", placeholder="Never by itself", help="Each reminder goes out once",
        )  # fmt: skip
        draw_problems("remind_days")
    with st.expander("Brand and costs", expanded=any(map(_wrong, ("brand_share", "ineligible")))):
        with st.grid(2, min_column_width=200, gap="small"):
            with st.container(gap="xsmall"):
                _percent("brand_share", base, at, label="Share of our brand, at least (%)")
            with st.container(gap="xsmall"):
                _count("mentions_per_30s", base, at, 30, help="A radio spot names the brand so often in 30 seconds")
        st.pills(
            "Costs that are not eligible", list(COSTS), format_func=COSTS.__getitem__, selection_mode="multi",
            default=list(base.get("ineligible") or ()), key=f"{at}ineligible",
        )  # fmt: skip
        draw_problems("ineligible")


def _amount(found: object) -> object:
    try:
        return cents(found)
    except Refused:
        return found  # stays as it was typed, and is refused at its field


def body_of(base: Mapping[str, Any], *, at: str) -> dict[str, Any]:
    """What the form says now, for the model; read in the click itself."""
    state = st.session_state

    def typed(name: str) -> Any:
        return state.get(f"{at}{name}", base.get(name))

    def rate_typed(name: str) -> Any:
        found = state.get(f"{at}{name}")
        return base.get(name) if f"{at}{name}" not in state else None if found is None else round(found * 100)

    media: dict[str, Any] = {}
    of = {label: medium for medium, label in MEDIA.items()}
    proofs = {of[r["Medium"]]: r["Proofs"] for r in edited(proof_rows(base), f"{at}proofs")}
    for row in edited(media_rows(base), f"{at}media"):
        if row["Pays"]:
            media[of[row["Medium"]]] = {
                "rate": _hundredths(row["Rate"]), "cap_cents": _hundredths(row["Cap"]),
                "cap_of_accrual": _hundredths(row["Share"]), "preapproval": bool(row["Before"]),
                "proofs": [_PROOF_LABELS.get(p, p) for p in proofs[of[row["Medium"]]] or ()],
            }  # fmt: skip
    models = [r for r in edited(model_rows(base), f"{at}models") if r.get("Model") or r.get("Rate") is not None]
    minimum = state.get(f"{at}minimum_cents")
    return {
        "code": (typed("code") or "").strip().upper(), "name": typed("name") or "", "year": typed("year"),
        "accrual": rate_typed("accrual"), "media": media,
        "models": {(r.get("Model") or ""): _hundredths(r.get("Rate")) for r in models},
        "brand_share": rate_typed("brand_share"),
        "minimum_cents": base.get("minimum_cents") if minimum is None else _amount(minimum) or 0,
        "ineligible": list(typed("ineligible") or ()), "remind_days": list(typed("remind_days") or ()),
        "proof_files": bool(typed("proof_files")),
        **{n: typed(n) for n in ("lot_months", "mentions_per_30s", "approval_days", "claim_days", "decide_days")},
    }  # fmt: skip


def _hundredths(value: Any) -> Any:
    return None if value is None else round(float(value) * 100)


# ---- problems --------------------------------------------------------------------------------------------------------
def _found() -> list[tuple[str, str]]:
    outcome = outcome_of(FORM)
    return [(p.field, p.message) for p in (outcome.problems if outcome else ()) if p.field]


def _wrong(name: str) -> bool:
    return any(field == name or field.startswith(f"{name}.") for field, _ in _found())


def label_of(field: str) -> str:
    """A field in the words of the form: "Print, cap"."""
    parts = field.split(".")
    if parts[0] == "media" and len(parts) > 1:
        which = _OF_MEDIUM.get(parts[2], "") if len(parts) > 2 else ""
        return f"{MEDIA.get(parts[1], parts[1])}, {which}".rstrip(", ")
    return LABELS.get(parts[0], "The programme")


def draw_problems(name: str) -> None:
    """The problems of a field; those of a matrix name the row and column."""
    for field, said in _found():
        if field == name or field.startswith(f"{name}."):
            where = f"{label_of(field)}: " if "." in field else ""
            st.markdown(f":red[:material/error: {plain(where + said)}]")


def drawn_fields() -> list[str]:
    """The problems that stand beside a field of the form."""
    return [field for field, _ in _found() if field.split(".")[0] in LABELS]


# ---- what it comes to ------------------------------------------------------------------------------------------------
def draw_preview(body: dict[str, Any], before: Programme | None, *, first: date | None, today: date) -> None:
    """The version as it stands in words and numbers, or what is still missing; against the one it follows."""
    programme, wrong = read_programme(body)
    if programme is None:
        st.markdown("**Still missing**")
        for label, said in dict.fromkeys((label_of(field), said) for field, said in sentences_of(wrong)):
            st.markdown(f":orange[:material/pending:] **{plain(label)}**: {plain(said)}")
        return
    if before is not None:
        st.markdown("**What changes**")
        draw_changes(changes_between(before, programme))
        if first is not None:
            st.caption(plain(effect_of(first, today)))
    st.markdown("**In words**")
    draw_words(in_words(programme))
    draw_worked(programme, key="cpr_preview")


def draw_words(sentences: Sequence[str]) -> None:
    """A programme in sentences; what is earned is set off."""
    st.markdown(f"**{plain(sentences[0])}**")
    st.markdown("\n".join(f"- {plain(s)}" for s in sentences[1:]))


def draw_changes(sentences: Sequence[str]) -> None:
    """What a version says differently: gone in red, new in green."""
    if not sentences:
        st.caption("Nothing is said differently.")
    for one in sentences:
        tone, icon, word = ("red", "remove", "No longer") if one.startswith("No longer") else ("green", "add", "New")
        st.markdown(f":{tone}[:material/{icon}: {word}:] {plain(one.partition(': ')[2])}")


def draw_worked(programme: Programme, *, key: str) -> None:
    """A programme in numbers."""
    st.markdown("**In numbers**")
    rows = worked(programme)
    tables.show(
        table({"Case": [c for c, _ in rows], "Result": [r for _, r in rows]}), key=key, height="content",
        alt="What the programme earns and pays in examples",
        columns={"Case": tables.text("Case", width=204), "Result": tables.text("Comes to", width=196)},
    )  # fmt: skip
