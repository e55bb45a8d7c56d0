"""The form that builds a program: its fields by the kind of rule, and beside them what it says and pays by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components import tables
from components.areas.incentive_fields import (
    FORM,
    HEAD,
    RULES,
    SECTIONS,
    Field,
    draw,
    draw_problems,
    put,
    read,
    value_at,
)
from components.charts.base import table
from components.labels import plain
from components.perform import outcome_of
from db.incentives.model import KINDS, Program, read_program
from db.incentives.say_rules import money
from db.incentives.words_rules import changes_between, in_words
from db.incentives.worked_rules import Case, budget_units, sides, worked

DEFAULTS: Mapping[str, Any] = {
    "rule": {"kind": "customer_cash"}, "report_days": 10, "claim_days": 60, "appeal_days": 30, "period": "month",
    "eligible": {"conditions": ["new"], "sale_types": ["cash", "loan", "lease"]},
}  # fmt: skip
_FIELDS = {
    f.path: f for f in (*HEAD, *(f for s in SECTIONS.values() for f in s), *(f for r in RULES.values() for f in r))
}


def kind_of(at: str, base: Mapping[str, Any]) -> str:
    """The kind of rule that is chosen in the form."""
    return str(st.session_state.get(f"{at}rule.kind") or value_at(base, "rule.kind") or "customer_cash")


def _rule_base(base: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The stored values of a rule; those of another kind mean nothing here."""
    return base if value_at(base, "rule.kind") == kind else {**base, "rule": {"kind": kind}}


def draw_fields(
    base: Mapping[str, Any], *, at: str, options: Mapping[str, Sequence[str]], is_known: bool, keeps_kind: bool
) -> None:
    """All fields. `is_known`: the program has a code that stays; `keeps_kind`: it was published, so its kind stays."""
    with st.grid(2, min_column_width=230, gap="small"):
        for field in HEAD:
            with st.container(gap="xsmall"):
                draw(field, value_at(base, field.path), at=at, locked=is_known and field.path == "code")
    st.selectbox(
        "Kind of rule", list(KINDS), format_func=KINDS.__getitem__, key=f"{at}rule.kind", disabled=keeps_kind,
        index=list(KINDS).index(kind_of(at, base)), help="What was earned is summed up by it; once published it stays",
    )  # fmt: skip
    kind = kind_of(at, base)
    own = f"{at}{kind}."
    rule = _rule_base(base, kind)
    with st.container(border=True):
        _draw_some(RULES[kind], rule, own, options)
        draw_problems("rule") if not _within("rule.") else None
    for title, fields in SECTIONS.items():
        wrong = any(_within(f.path) for f in fields)
        with st.expander(title, expanded=wrong):
            _draw_some(fields, base, at, options)


def _within(path: str) -> bool:
    outcome = outcome_of(FORM)
    return any(p.field.startswith(path) for p in (outcome.problems if outcome else ()) if p.field)


def _draw_some(fields: Sequence[Field], base: Mapping[str, Any], at: str, options: Mapping[str, Sequence[str]]) -> None:
    with st.grid(2, min_column_width=230, gap="small"):
        for field in [f for f in fields if not f.wide]:
            with st.container(gap="xsmall"):
                draw(field, value_at(base, field.path), at=at, options=options.get(field.path, ()))
    for field in [f for f in fields if f.wide]:
        draw(field, value_at(base, field.path), at=at, options=options.get(field.path, ()))


def body_of(base: Mapping[str, Any], *, at: str) -> dict[str, Any]:
    """What the form says now, for the model; read in the click itself."""
    kind = kind_of(at, base)
    body: dict[str, Any] = {}
    for field in (*HEAD, *(f for some in SECTIONS.values() for f in some)):
        put(body, field.path, read(field, value_at(base, field.path), at=at))
    put(body, "rule.kind", kind)
    rule = _rule_base(base, kind)
    for field in RULES[kind]:
        put(body, field.path, read(field, value_at(rule, field.path), at=f"{at}{kind}."))
    return body


def label_of(path: str) -> str:
    """The field a problem belongs to, in the words of the form."""
    parts = path.split(".")
    while parts:
        found = _FIELDS.get(".".join(parts))
        if found is not None:
            return found.label
        parts.pop()
    return "First day" if path == "effective_from" else "The program"


# ---- what it comes to ------------------------------------------------------------------------------------------------
def draw_preview(body: dict[str, Any], before: Program | None) -> None:
    """The program as it stands in words and numbers, or what is still missing; against the published version."""
    program, wrong = read_program(body)
    if program is None:
        st.markdown("**Still missing**")
        for label, sentence in dict.fromkeys((label_of(path), said) for path, said in wrong):
            st.markdown(f":orange[:material/pending:] **{plain(label)}**: {plain(sentence)}")
        return
    if before is not None:
        st.markdown("**What changes**")
        draw_changes(changes_between(before, program))
    st.markdown("**In words**")
    draw_words(in_words(program))
    draw_worked(program, before, key="inp_preview", narrow=True)


def draw_words(sentences: Sequence[str]) -> None:
    """A program in sentences, the first one, what it pays, set off."""
    st.markdown(f"**{plain(sentences[0])}**")
    st.markdown("\n".join(f"- {plain(s)}" for s in sentences[1:]))


def draw_changes(sentences: Sequence[str]) -> None:
    """What a version says differently: gone in red, new in green."""
    if not sentences:
        st.caption("Nothing is said differently.")
    for one in sentences:
        tone, icon = ("red", "remove") if one.startswith("No longer") else ("green", "add")
        st.markdown(f":{tone}[:material/{icon}:] {plain(one.partition(': ')[2] or one)}")


def draw_worked(program: Program, before: Program | None, *, key: str, narrow: bool = False) -> None:
    """A program in worked numbers, beside those of the version before; `narrow` leaves the difference to the reader."""
    cases = worked(program, before)
    compared = sides(cases)
    st.markdown("**In numbers**")
    columns: dict[str, list[Any]] = {
        "Case": [c.what for c in cases],
        "Before": ["–" if c.before_cents is None else money(c.before_cents) for c in cases],
        "Pays": [money(c.cents) for c in cases], "Change": [_change(c) for c in cases],
    }  # fmt: skip
    right = st.column_config.TextColumn
    tables.show(
        table(columns), key=key, alt="What the program pays in examples", height="content",
        columns={
            "Case": tables.text("Case", width=176 if narrow else 236),
            "Before": right("Published", width=78, alignment="right") if compared else None,
            "Pays": right("Pays", width=76, alignment="right"),
            "Change": right("Change", width=76, alignment="right") if compared and not narrow else None,
        },
    )  # fmt: skip
    units = budget_units(program)
    if units is not None:
        st.caption(f"The budget of {plain(money(program.budget_cents or 0))} pays {units:,} such vehicles.")


def _change(case: Case) -> str:
    if case.before_cents is None or case.before_cents == case.cents:
        return "–"
    difference = case.cents - case.before_cents
    return f"{'+' if difference > 0 else ''}{money(difference)}"
