"""The form of a price request: while it is typed it says every bound, who would sign and what came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import streamlit as st

from components.access import guard
from components.areas.pricing_words import draw_bounds, draw_sentences
from components.clock import now
from components.forms import cents
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.permissions import Permission
from db.core.problems import Problem, Refused
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.pricing.band_rules import DEFAULT
from db.pricing.commands import COMMANDS, send_request
from db.pricing.form_queries import Preview, preview
from db.pricing.request_commands import CLOSED
from db.pricing.terms_rules import KINDS, LONGEST_REASON, REPEATS, Terms

OPEN, FORM = "_price_form", "price_form"
FIELDS = (
    "dealer_id", "kind", "subject", "list_cents", "cost_cents", "way", "discount", "units", "repeats", "valid_days",
    "legal_text", "reason",
)  # fmt: skip
KEYS = {name: f"pf_{name}" for name in FIELDS}
SHOWN = (*FIELDS, "percent", "discount_cents")
WAYS = {"percent": "Percent", "amount": "Amount a unit"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the form is about: a new request, or other terms of one as it was seen."""

    form_key: str
    item_id: int | None = None
    version: int = 0
    number: str = ""
    dealer_id: int | None = None
    voids: bool = False


def open_form(
    *, terms: Terms | None = None, dealer_id: int | None = None, item_id: int | None = None, version: int = 0,
    number: str = "", voids: bool = False,
) -> None:  # fmt: skip
    """Open the form (call it from a callback), filled with `terms` where there are some."""
    close_form()
    st.session_state[OPEN] = Target(
        form_key=uuid4().hex, item_id=item_id, version=version, number=number, dealer_id=dealer_id, voids=voids
    )
    first = terms or Terms()
    by_amount = first.discount_cents is not None
    values: dict[str, Any] = {
        "kind": first.kind, "subject": first.subject, "list_cents": _amount(first.list_cents),
        "cost_cents": _amount(first.cost_cents), "way": "amount" if by_amount else "percent",
        "discount": _amount(first.discount_cents if by_amount else first.percent), "units": first.units or 1,
        "repeats": first.repeats, "valid_days": first.valid_days or DEFAULT.valid_days,
        "legal_text": first.legal_text, "reason": first.reason,
    }  # fmt: skip
    if dealer_id is not None:
        values["dealer_id"] = dealer_id
    for name, value in values.items():
        st.session_state[KEYS[name]] = value


def close_form() -> None:
    """Close it and forget what was typed."""
    forget(FORM)
    _clear()


def _clear(_result: object = None) -> None:
    for key in (OPEN, *KEYS.values()):
        st.session_state.pop(key, None)


def _amount(value: int | None) -> str:
    return "" if value is None else f"{value / 100:.2f}".removesuffix(".00")


def draw_form() -> None:
    """Draw the form when it is open; call it once a page."""
    target = st.session_state.get(OPEN)
    if target is None:
        show_outcome(FORM)
        return
    title = f"Change {target.number}" if target.item_id else "Ask for a discount or promotion"
    st.dialog(title, width=640, position="right", on_dismiss=close_form)(_body)()


def _body() -> None:
    target = st.session_state.get(OPEN)
    if target is None:
        st.rerun()  # sent: the page follows, and the toast is drawn there
    actor = guard(Permission.PRICING_REQUEST)
    show_outcome(FORM)
    if target.voids:
        st.warning("The approval of the terms as they are becomes void when these are sent.", icon=":material/undo:")
    dealer_id = target.dealer_id if target.item_id else _dealer(actor)
    with st.grid(2, min_column_width=200, gap="small"):
        with st.container(gap="xxsmall"):
            st.segmented_control("For", list(KINDS), format_func=KINDS.__getitem__, key=KEYS["kind"], required=True)
            problems_of(FORM, "kind")
        with st.container(gap="xxsmall"):
            st.text_input("Model or part", key=KEYS["subject"], placeholder="Roadster GT, or BR-2231")
            problems_of(FORM, "subject")
        with st.container(gap="xxsmall"):
            st.text_input("List price a unit", key=KEYS["list_cents"], placeholder="32,500")
            problems_of(FORM, "list_cents")
        with st.container(gap="xxsmall"):
            st.text_input("Cost a unit", key=KEYS["cost_cents"], placeholder="28,900")
            problems_of(FORM, "cost_cents")
        with st.container(gap="xxsmall"):
            way = st.segmented_control(
                "Discount in", list(WAYS), format_func=WAYS.__getitem__, key=KEYS["way"], required=True
            )
        with st.container(gap="xxsmall"):
            hint = "4" if way != "amount" else "1,300"
            st.text_input("Discount %" if way != "amount" else "Discount", key=KEYS["discount"], placeholder=hint)
            problems_of(FORM, "percent")
            problems_of(FORM, "discount_cents")
        with st.container(gap="xxsmall"):
            st.number_input("Units", min_value=1, step=1, key=KEYS["units"])
            problems_of(FORM, "units")
        with st.container(gap="xxsmall"):
            st.number_input(
                "Approval holds, days", min_value=1, max_value=DEFAULT.longest_valid_days, step=1,
                key=KEYS["valid_days"],
            )  # fmt: skip
            problems_of(FORM, "valid_days")
    st.segmented_control(
        "How often", list(REPEATS), format_func=REPEATS.__getitem__, key=KEYS["repeats"], required=True,
        help="A program comes back by plan; a one-time exception that repeats is shown to whoever signs.",
    )  # fmt: skip
    st.checkbox("It needs legal wording (terms, advertising, financing)", key=KEYS["legal_text"])
    st.text_area("Reason", key=KEYS["reason"], height=80, max_chars=LONGEST_REASON, placeholder="Why, and why now")
    problems_of(FORM, "reason")
    stray_problems(FORM, SHOWN)
    _draw_preview(actor, dealer_id, target.item_id)
    st.button("Send", type="primary", icon=":material/send:", key="pf_send", on_click=_send, args=(target, dealer_id))


def _dealer(actor: Any) -> int | None:
    with reading() as session:
        names = {d.dealer_id: d.label for d in dealer_choices(session, actor.scope) if d.status not in CLOSED}
    if len(names) == 1:
        return next(iter(names))
    chosen: int | None = st.selectbox(
        "Dealer", list(names), format_func=lambda i: names.get(i, "–"), index=None, placeholder="Choose",
        key=KEYS["dealer_id"],
    )  # fmt: skip
    problems_of(FORM, "dealer_id")
    return chosen


def _typed() -> Terms:
    """The terms as they are in the boxes; `Refused` with a problem at its field for what cannot be read."""
    got = {name: st.session_state.get(key) for name, key in KEYS.items()}
    by_amount = got["way"] == "amount"
    field = "discount_cents" if by_amount else "percent"
    found: list[Problem] = []

    def read(text: object, at: str, label: str) -> int | None:
        try:
            return cents(str(text or "").replace("%", ""), field=at, label=label)
        except Refused as refusal:
            found.extend(refusal.problems)
            return None

    discount = read(got["discount"], field, "The discount")
    list_cents = read(got["list_cents"], "list_cents", "The list price")
    cost_cents = read(got["cost_cents"], "cost_cents", "The cost")
    if found:
        raise Refused(*found)
    return Terms(
        kind=got["kind"] or "", subject=got["subject"] or "", list_cents=list_cents, cost_cents=cost_cents,
        percent=None if by_amount else discount, discount_cents=discount if by_amount else None, units=got["units"],
        repeats=got["repeats"] or "", valid_days=got["valid_days"], legal_text=bool(got["legal_text"]),
        reason=got["reason"] or "",
    )  # fmt: skip


def _draw_preview(actor: Any, dealer_id: int | None, item_id: int | None) -> None:
    """What would become of it: every bound, who would sign, and what came before."""
    if dealer_id is None:
        return
    try:
        terms = _typed()
    except Refused:
        return  # still typing; the refusal is shown when it is sent
    with reading() as session:
        # A reason does not move a bound, so the bounds are said before it is written.
        asked = terms if terms.reason.strip() else Terms(**{**terms.as_dict(), "reason": "–"})
        found = preview(session, dealer_id=dealer_id, terms=asked, item_id=item_id, actor=actor, now=now())
    if found.judgement is not None:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{plain(_outcome(found))}**")
            draw_bounds(found.judgement.bounds, level=found.judgement.level)
    if found.exceptions is not None:
        draw_sentences(found.exceptions.sentences(repeats=terms.repeats, subject=terms.subject))


def _outcome(found: Preview) -> str:
    assert found.judgement is not None
    assert found.sound is not None
    if found.judgement.stops:
        return "Nobody may approve this"
    if not found.path:
        return f"Approved at once: {found.sound.words()}"
    return "Signed by " + ", then ".join(one.label.lower() for one in found.path)


def _send(target: Target, dealer_id: int | None) -> None:
    typed, convert = {"terms": "_price_terms"}, {"terms": lambda _none: _typed()}
    if target.item_id is None:
        perform(
            send_request, form=FORM, say="The request was sent", typed=typed, convert=convert, after=_clear,
            arguments={"dealer_id": dealer_id, "form_key": target.form_key},
        )  # fmt: skip
    else:
        perform(
            COMMANDS["change"], form=FORM, say=f"{target.number} was changed", typed=typed, convert=convert,
            after=_clear, arguments={"item_id": target.item_id, "seen_version": target.version},
        )  # fmt: skip
