"""A click reads what stands in the fields then: what was drawn may be older than the last word that was typed.

Streamlit gives a callback the arguments of the run that drew its button. Whoever types and clicks at once has changed a
field since, so a callback takes what was typed from `st.session_state` (`perform(typed=...)`, `editing.edited`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT

INPUTS = {
    "checkbox", "data_editor", "date_input", "datetime_input", "multiselect", "number_input", "pills", "radio",
    "segmented_control", "select_slider", "selectbox", "slider", "text_area", "text_input", "time_input", "toggle",
}  # fmt: skip
AS_SEEN = {
    (
        "components/areas/claim_payments.py",
        "draw_new_batch",
    ): "the amount on the button, which is refused if it changed",
    ("components/areas/coop_campaign_form.py", "draw_form"): "the only dealer, else it is read at the click",
    ("components/areas/coop_funds.py", "_draw_moves"): "the move whose name is on the button",
    ("components/areas/customers_purchase.py", "draw_vehicle_purchase"): "off until the customer was drawn as chosen",
    ("components/areas/documents_lists.py", "draw_requirements"): "the status whose papers were shown",
    ("components/areas/documents_upload.py", "upload_form"): "the kind whose fields were shown",
    ("components/areas/interactions.py", "_draw_log"): "the kind whose outcomes were shown",
    ("components/areas/onboarding_item.py", "_draw_others"): "the way whose name is on the button",
    ("components/areas/parts_claims.py", "_form"): "only keys of the form",
    ("components/areas/pricing_away.py", "_draw_budget_form"): "the region whose budget was shown",
    ("components/areas/pricing_bands.py", "_draw_form"): "the band whose limits were shown",
    ("components/areas/surveys_forms.py", "_entry_body"): "the questions that were shown",
    ("components/areas/terms_propose.py", "_body"): "the kind whose fields were shown",
    ("pages/coop/coop_request.py", "<page>"): "the only dealer and programme, else they are read at the click",
    ("pages/network/terms.py", "draw_in_force"): "the rows that were chosen, counted on the button",
}
"""Places where the drawn value is the right one, and why."""


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from _own(child)


def _is_input(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in INPUTS
        and isinstance(node.func.value, ast.Name) and node.func.value.id == "st"
    )  # fmt: skip


def _names(node: ast.AST) -> set[str]:
    """The names a piece of code takes from around it."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return found - {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _drawn(body: list[ast.AST]) -> set[str]:
    """Names that hold what a field gave back, or something made of it."""
    drawn = set[str]()
    while True:
        before = len(drawn)
        for node in body:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(map(_is_input, ast.walk(node.value))) or _names(node.value) & drawn:
                    drawn |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)} - {"st"}
        if len(drawn) == before:
            return drawn


def _carried(path: Path) -> Iterator[tuple[str, str]]:
    """(Function, name) of each drawn value that a click of this file takes with it."""
    tree = ast.parse(path.read_text())
    for scope in (tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))):
        body = list(_own(scope))
        drawn = _drawn(body)
        inner = {n.name: n for n in ast.walk(scope) if isinstance(n, ast.FunctionDef) and n is not scope}
        for call in (n for n in body if isinstance(n, ast.Call)):
            given = {k.arg: k.value for k in call.keywords}
            if "on_click" not in given:
                continue
            parts: list[ast.AST] = [given[name] for name in ("on_click", "args", "kwargs") if name in given]
            if isinstance(given["on_click"], ast.Name) and given["on_click"].id in inner:
                parts.append(inner[given["on_click"].id])
            for part in parts:
                yield from ((getattr(scope, "name", "<page>"), name) for name in _names(part) & drawn)


def test_a_click_takes_no_typed_value_of_an_earlier_run_with_it() -> None:
    """Each place is either mended or listed with the reason why the drawn value is the right one."""
    found = {
        (path.relative_to(ROOT).as_posix(), function): name
        for folder in ("pages", "components") for path in sorted((ROOT / folder).rglob("*.py"))
        for function, name in _carried(path)
    }  # fmt: skip
    assert {place: name for place, name in found.items() if place not in AS_SEEN} == {}
    assert set(AS_SEEN) <= set(found), "these places are mended: take them off the list"
