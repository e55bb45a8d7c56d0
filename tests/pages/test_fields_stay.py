"""A box that is typed into stays where it is: the browser draws anew what moves, and drops what stands in it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from components.page_table import PAGES
from db.core.permissions import Role, may
from db.core.session import dispose, engine, reading
from db.dealers.tables import Dealer
from tests.support.demos import small_demo
from tests.support.users import app_as, make_person

pytestmark = pytest.mark.slow
BOXES = ("text_input", "text_area", "number_input")
TYPED = {"text_input": "5", "text_area": "5", "number_input": 3}
PEOPLE = {"typing.at.the.desk": Role.COORDINATOR, "typing.at.a.dealer": Role.DEALER_MANAGER}


@pytest.fixture
def demo(costly_templates, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", small_demo(costly_templates, tmp_path))
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    dispose()
    with reading(engine()) as session:
        dealer = session.execute(select(func.min(Dealer.id))).scalar()
    for username, role in PEOPLE.items():
        make_person(engine(), username, role, **({"dealer_ids": [dealer]} if role.is_dealer else {}))
    yield
    dispose()


def places(app: Any) -> dict[str, tuple[int, ...]]:
    """The containers in which each box for words or numbers stands, from the outermost, by its key."""
    found = {}

    def walk(block: Any, place: tuple[int, ...]) -> None:
        for number, child in getattr(block, "children", {}).items():
            if getattr(child, "type", "") in BOXES and child.key:
                found[child.key] = place
            walk(child, (*place, number))

    walk(app.main, ())
    return found


def type_into(app: Any, key: str) -> None:
    """What a person types, and leaving the field."""
    for kind in BOXES:
        for box in app.get(kind):
            if box.key == key and not box.disabled:
                box.set_value(TYPED[kind]).run()


@pytest.mark.parametrize("username", PEOPLE)
def test_typing_moves_no_other_box(demo, username):
    """Once in the run that typing starts, and once in the next one, when what was typed is known (a draft, say)."""
    app, moved, tried = app_as(username), [], 0
    for entry in PAGES:
        if not entry.exists or not may(PEOPLE[username], entry.permission):
            continue
        app.switch_page(entry.file).run()
        for key in list(places(app)):
            before = places(app)
            type_into(app, key)
            tried += 1
            for _ in range(2):
                assert not app.exception, (entry.file, key, app.exception)
                after = places(app)
                moved += [(entry.file, key, k) for k in before.keys() & after.keys() if before[k] != after[k]]
                before = after
                app.run()
    assert moved == []
    assert tried >= 20
