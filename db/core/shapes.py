"""Statements that are made once for each shape of question and asked with other values (decision 0079).

Making a statement of a queue takes longer than carrying it out: it is narrowed by scope, view and filters at every
click. What may differ between two clicks of one shape is named here and given when it is asked.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Final, Literal, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, bindparam, false, true

from db.core.actor import Actor, Scope

ScopeShape = Literal["all", "regions", "dealers", "none"]
T = TypeVar("T")
P = ParamSpec("P")
ROOM: Final = 200
"""How many statements a process keeps, of all shapes of all questions: each holds some 200 KB with what hangs on it."""
_made: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock: Final = threading.Lock()


def made_once(make: Callable[P, T]) -> Callable[P, T]:
    """A function that makes the statement of a shape, given by its arguments, once for as long as it is asked for.

    All of them share one room: shapes are as many as filters can be combined, and a process that kept each it ever saw
    grew for days. The statement nobody asked for longest goes first.
    """

    @wraps(make)
    def ask(*args: P.args, **named: P.kwargs) -> T:
        key = (make, args, *sorted(named.items()))
        with _lock:
            if key in _made:
                _made.move_to_end(key)
                found: T = _made[key]
                return found
        made = make(*args, **named)
        with _lock:
            _made[key] = made
            while len(_made) > ROOM:
                _made.popitem(last=False)
        return made

    return ask


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
