"""Draws what a step asks for, and turns what was typed into what its command takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from components.perform import problems_of
from db.core.problems import Problem, Refused
from db.workflow.spec import Input

Choices = Sequence[tuple[Any, str]]
FEW = 6


def draw_input(asked: Input, *, key: str, form: str, choices: Choices | None = None, zone: str = "UTC") -> None:
    """Draw one input under `key`, with the problems its last refusal had below it."""
    label = asked.label if asked.required else f"{asked.label} :gray[(optional)]"
    options = list(choices if choices is not None else asked.choices)
    if asked.kind == "choice" and len(options) <= FEW:
        words = dict(options)
        st.pills(label, list(words), format_func=lambda v: words[v], key=key, help=asked.help or None)
    elif asked.kind in ("choice", "dealer", "person"):
        st.selectbox(
            label, [v for v, _ in options], index=None, format_func=lambda v: dict(options).get(v, str(v)), key=key,
            placeholder="Choose", help=asked.help or None,
        )  # fmt: skip
    elif asked.kind == "moment":
        st.datetime_input(label, value=None, key=key, help=asked.help or f"Time in {zone}")
    elif asked.kind == "date":
        st.date_input(label, value=None, key=key, help=asked.help or None)
    elif asked.kind == "bool":
        st.checkbox(label, key=key, help=asked.help or None)
    elif asked.kind == "money":
        st.text_input(label, key=key, placeholder="0.00", help=asked.help or None)
    elif asked.name in ("note", "reason_text", "comments"):
        st.text_area(label, key=key, height=80, help=asked.help or None)
    else:
        st.text_input(label, key=key, help=asked.help or None)
    problems_of(form, asked.name)


def cents(text: object, *, field: str = "value_cents", label: str = "The amount") -> int | None:
    """An amount a person typed ("12,345.50", "$ 900") in cents, rounded half up; empty is None.

    A number that cannot be read is refused with the problem at `field`.
    """
    written = re.sub(r"[\s$€£,]", "", str(text or ""))
    if not written:
        return None
    try:
        amount = Decimal(written)
        if not amount.is_finite() or abs(amount) > Decimal("1e12"):
            raise InvalidOperation
    except InvalidOperation:
        raise Refused(
            Problem(field=field, code="not_a_number", message=f"{label} is not a number such as 12,345.50.")
        ) from None
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def moment_in(zone: str) -> Callable[[Any], datetime | None]:
    """A converter: what a date-time widget gives, read in `zone`."""

    def convert(value: Any) -> datetime | None:
        return value.replace(tzinfo=ZoneInfo(zone)) if isinstance(value, datetime) else None

    return convert


def converters(inputs: Sequence[Input], *, zone: str) -> Mapping[str, Callable[[Any], Any]]:
    """How the values of these inputs' widgets become the command's arguments."""
    found: dict[str, Callable[[Any], Any]] = {}
    for asked in inputs:
        if asked.kind == "money":
            found[asked.name] = partial(cents, field=asked.name, label=asked.label)
        elif asked.kind == "moment":
            found[asked.name] = moment_in(zone)
        elif asked.kind == "text":
            found[asked.name] = lambda v: (v or "").strip()
        elif asked.kind == "bool":
            found[asked.name] = bool
    return found
