"""The list of pages is sent as it was made before: the very message Streamlit itself would send, to each their own."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.commands import navigation as streamlits
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

from components import menu
from db.core.permissions import Role
from db.core.session import engine
from tests.support.users import app_as, make_dealer, make_person


@pytest.fixture
def desk(app_database: str) -> None:
    make_dealer(engine())
    for name, role in (("mia", Role.MANAGER), ("dan", Role.DEALER_STAFF)):
        make_person(engine(), name, role)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lists of pages that went to a browser, in their order."""
    found: list[bytes] = []
    send = ScriptRunContext.enqueue

    def enqueue(self: ScriptRunContext, message: object) -> None:
        if message.WhichOneof("type") == "navigation":  # type: ignore[attr-defined]
            found.append(message.navigation.SerializeToString(deterministic=True))  # type: ignore[attr-defined]
        send(self, message)  # type: ignore[arg-type]

    monkeypatch.setattr(ScriptRunContext, "enqueue", enqueue)
    return found


@pytest.mark.parametrize("who", ["mia", "dan"])
def test_what_is_sent_again_is_what_streamlit_sends(desk: None, sent: list[bytes], who: str, monkeypatch) -> None:
    places = ("pages/work/notifications.py", "pages/leads/board.py", "pages/work/notifications.py")

    def walked() -> list[bytes]:
        sent.clear()
        app = app_as(who, page=places[0])
        for place in places:
            app.switch_page(place).run()
            assert not app.exception
        return list(sent)

    again = walked()
    monkeypatch.setattr(streamlits, "_navigation", menu._made)
    assert again == walked()
    assert len(set(again)) > 1


def test_the_list_is_made_once_for_all_who_see_the_same(desk: None, monkeypatch) -> None:
    app_as("mia", page="pages/work/notifications.py")
    made: list[object] = []
    streamlits_own = menu._made

    def making(pages: Any, **how: Any) -> Any:
        if isinstance(pages, menu.Listed):
            made.append(pages)
        return streamlits_own(pages, **how)

    monkeypatch.setattr(menu, "_made", making)
    app = app_as("mia", page="pages/work/notifications.py")
    assert not app.exception
    assert made == []
