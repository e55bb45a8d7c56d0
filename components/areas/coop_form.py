"""The fields of an activity, the same in the form of a request and in that of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from components.forms import cents
from components.perform import problems_of
from db.coop.model import COSTS, MEDIA
from db.coop.payable_rules import CostLine, Showing
from db.coop.request_rules import LONGEST, Terms
from db.core.problems import Problem, Refused

FIELDS = ("medium", "activity", "vendor", "goal", "starts_on", "ends_on", "costs", "invoice_number", "brand_share")
LINES = 4


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The fields of one form: `prefix` begins its widget keys, `form` is the name its outcome is kept under."""

    prefix: str
    form: str
    is_claim: bool = False

    def key(self, name: str) -> str:
        """The widget key of a field."""
        return f"{self.prefix}_{name}"

    @property
    def keys(self) -> list[str]:
        """Every widget key of the form."""
        names = [*FIELDS, "competitor", "mentions", "seconds"]
        names += [f"{part}_{n}" for n in range(LINES) for part in ("kind", "cost")]
        return [self.key(name) for name in names]

    # ---- filling and reading -----------------------------------------------------------------------------------------
    def fill(self, terms: Terms) -> None:
        """Put terms into the widgets (call it from a callback, or before they are drawn)."""
        values: dict[str, Any] = {
            "medium": terms.medium or None, "activity": terms.activity, "vendor": terms.vendor, "goal": terms.goal,
            "starts_on": terms.starts_on, "ends_on": terms.ends_on, "invoice_number": terms.invoice_number,
            "brand_share": terms.showing.brand_share // 100, "competitor": terms.showing.competitor,
            "mentions": terms.showing.mentions, "seconds": terms.showing.seconds,
        }  # fmt: skip
        for n in range(LINES):
            line = terms.costs[n] if n < len(terms.costs) else None
            values[f"kind_{n}"] = line.kind if line else ("space" if n == 0 else None)
            values[f"cost_{n}"] = f"{line.cents / 100:,.2f}".removesuffix(".00") if line else ""
        for name, value in values.items():
            st.session_state[self.key(name)] = value

    def clear(self, _result: object = None) -> None:
        """Forget what was typed."""
        for key in self.keys:
            st.session_state.pop(key, None)

    def typed(self) -> Terms:
        """The terms as they are in the boxes; `Refused` with the problem at `costs` for what cannot be read."""
        got = {name: st.session_state.get(self.key(name)) for name in FIELDS}
        lines, wrong = [], list[Problem]()
        for n in range(LINES):
            text = st.session_state.get(self.key(f"cost_{n}"))
            try:
                amount = cents(text, field="costs", label=f"Cost {n + 1}")
            except Refused as refusal:
                wrong += refusal.problems
                continue
            if amount is not None:
                kind = st.session_state.get(self.key(f"kind_{n}")) or ""
                lines.append(CostLine(kind=kind, cents=amount))
        if wrong:
            raise Refused(*wrong)
        share = got["brand_share"]
        showing = Showing(
            brand_share=100_00 if share is None else int(share) * 100,
            competitor=bool(st.session_state.get(self.key("competitor"))),
            mentions=st.session_state.get(self.key("mentions")), seconds=st.session_state.get(self.key("seconds")),
        )  # fmt: skip
        return Terms(
            medium=got["medium"] or "", activity=got["activity"] or "", vendor=got["vendor"] or "",
            goal=got["goal"] or "", starts_on=got["starts_on"], ends_on=got["ends_on"], costs=tuple(lines),
            invoice_number=got["invoice_number"] or "", showing=showing,
        )  # fmt: skip

    # ---- drawing -----------------------------------------------------------------------------------------------------
    def draw(self, media: Sequence[str]) -> None:
        """Every field with its problem beside it."""
        st.pills("Medium", list(media), format_func=MEDIA.__getitem__, key=self.key("medium"))
        problems_of(self.form, "medium")
        with st.grid(2, min_column_width=220, gap="small"):
            with st.container(gap="xxsmall"):
                label = "What was done" if self.is_claim else "What is planned"
                st.text_input(label, key=self.key("activity"), max_chars=LONGEST["activity"])
                problems_of(self.form, "activity")
            with st.container(gap="xxsmall"):
                st.text_input("Vendor", key=self.key("vendor"), max_chars=LONGEST["vendor"])
                problems_of(self.form, "vendor")
            with st.container(gap="xxsmall"):
                st.date_input("First day", value=None, key=self.key("starts_on"))
                problems_of(self.form, "starts_on")
            with st.container(gap="xxsmall"):
                st.date_input("Last day", value=None, key=self.key("ends_on"))
                problems_of(self.form, "ends_on")
        self._draw_costs()
        if self.is_claim:
            self._draw_claim()
        else:
            st.text_input(
                "Goal", key=self.key("goal"), max_chars=LONGEST["goal"], placeholder="40 leads, 6 sales"
            )  # fmt: skip
            problems_of(self.form, "goal")

    def _draw_costs(self) -> None:
        filled = [bool(str(st.session_state.get(self.key(f"cost_{n}")) or "").strip()) for n in range(LINES)]
        shown = min(max((n + 2 for n, has in enumerate(filled) if has), default=1), LINES)
        st.session_state.setdefault(self.key("kind_0"), "space")
        for n in range(shown):
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                st.selectbox(
                    "Cost of" if n == 0 else f"Cost {n + 1} of", list(COSTS), format_func=COSTS.__getitem__, index=None,
                    key=self.key(f"kind_{n}"), placeholder="Choose",
                )  # fmt: skip
                st.text_input("Amount" if n == 0 else f"Amount {n + 1}", key=self.key(f"cost_{n}"), placeholder="8,000")
        problems_of(self.form, "costs")

    def _draw_claim(self) -> None:
        with st.grid(2, min_column_width=220, gap="small"):
            with st.container(gap="xxsmall"):
                st.text_input("Invoice number", key=self.key("invoice_number"), max_chars=LONGEST["invoice_number"])
                problems_of(self.form, "invoice_number")
            with st.container(gap="xxsmall"):
                st.number_input("Our brand's share of the space, %", 0, 100, step=5, key=self.key("brand_share"))
                problems_of(self.form, "brand_share")
            if st.session_state.get(self.key("medium")) == "radio":
                st.number_input("Seconds of the spot", 1, 3_600, value=None, step=30, key=self.key("seconds"))
                st.number_input("Mentions of the brand", 0, 1_000, value=None, step=1, key=self.key("mentions"))
        st.checkbox("A competitor's brand is beside ours", key=self.key("competitor"))
