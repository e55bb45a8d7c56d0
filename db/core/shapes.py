"""Statements that are made once for each shape of question and asked with other values (decision 0079).

Making a statement of a queue takes longer than carrying it out: it is narrowed by scope, view and filters at every
click. What may differ between two clicks of one shape is named here and given when it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, false, true

from db.core.actor import Actor, Scope

ScopeShape = Literal["all", "regions", "dealers", "none"]


def given(name: str, value: Any, *, named: bool) -> Any:
    """What a column is compared with: the value, or where the statement is kept a name it is given by when asked.

    Several values are a tuple or a list, for `in_`.
    """
    if not named:
        return value
    return bindparam(name, expanding=True) if isinstance(value, tuple | list) else bindparam(name)


def shape_of(scope: Scope) -> ScopeShape:
    """What a statement has to know of a scope: its kind, and whether there is anything in it."""
    if scope.kind == "regions":
        return "regions" if scope.regions else "none"
    if scope.kind == "dealers":
        return "dealers" if scope.dealer_ids else "none"
    return "all"


def within(shape: ScopeShape, dealer_id: Any, region: Any, *, prefix: str = "") -> ColumnElement[bool]:
    """`Scope.where` for every scope of a shape; `values_of` says which it is, under a name after `prefix`."""
    if shape == "all":
        return true()
    if shape == "none":
        return false()
    column: Any = region if shape == "regions" else dealer_id
    found: ColumnElement[bool] = column.in_(bindparam(f"{prefix}scope", expanding=True))
    return found


def values_of(scope: Scope) -> dict[str, Sequence[Any]]:
    """The values of `within` for this scope."""
    shape = shape_of(scope)
    if shape in ("all", "none"):
        return {}
    return {"scope": sorted(scope.regions) if shape == "regions" else sorted(scope.dealer_ids)}


def nobody(actor: Actor) -> Actor:
    """Somebody of the same role: who the statement of a shape is made for, whoever asks it."""
    return replace(actor, user_id=0, username="", name="", scope=Scope("all"), zone="UTC")
