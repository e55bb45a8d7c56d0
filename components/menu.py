"""The list of pages as it was made before, for all who see the same.

`st.navigation` looks at every page at every click: it hashes the address of each three times and writes sixty of them
into a message, which was a tenth of the processor time of a click on a queue (decision 0096).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from streamlit.commands import navigation
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

_made: Final = navigation._navigation


@dataclass(frozen=True)
class Menu:
    """What Streamlit made of some pages: the message to the browser, the pages by hash, and what it knows of each."""

    message: Any
    pages: Mapping[str, Any]
    known: dict[str, Any]
    default: str


class Listed(dict[str, list[Any]]):
    """Pages by section, which sessions share and nobody changes, with what was made of them."""

    def __init__(self, sections: Mapping[str, Sequence[Any]]) -> None:
        super().__init__({section: list(pages) for section, pages in sections.items()})
        self.menus: Final[dict[tuple[str, bool | int], Menu]] = {}


def _again(pages: Any, *, position: Any, expanded: bool | int) -> Any:
    """The page to draw; the list goes to the browser as it was made before, or as Streamlit makes it now."""
    context = get_script_run_ctx()
    if context is None or not isinstance(pages, Listed):
        return _made(pages, position=position, expanded=expanded)
    menu = pages.menus.get((position, expanded))
    known = menu and context.pages_manager.set_pages_and_resolve(menu.known, fallback_page_hash=menu.default)
    if not menu or not known or known["page_script_hash"] not in menu.pages:
        return _first(context, pages, position=position, expanded=expanded)
    place = known["page_script_hash"]
    message = ForwardMsg()
    message.navigation.CopyFrom(menu.message)
    message.navigation.page_script_hash = place
    context.set_mpa_v2_page(place)
    context.enqueue(message)
    return _own(menu.pages[place])


def _first(context: Any, pages: Listed, *, position: Any, expanded: bool | int) -> Any:
    """As Streamlit does it, with an ear on what it sends."""
    sent: list[Any] = []
    send = context.enqueue

    def heard(message: Any) -> None:
        sent.append(message)
        send(message)

    context.enqueue = heard
    try:
        page = _made(pages, position=position, expanded=expanded)
    finally:
        del context.enqueue
    message = ForwardMsg()
    message.navigation.CopyFrom(next(one.navigation for one in sent if one.WhichOneof("type") == "navigation"))
    every = [page for section in pages.values() for page in section]
    pages.menus[position, expanded] = Menu(
        message=message.navigation,
        pages={one._script_hash: one for one in every},
        known=context.pages_manager.get_pages(),
        default=next(one._script_hash for one in every if one._default),
    )
    return _own(page)


def _own(page: Any) -> Any:
    """A page of this run alone: a run notes on it that it may be drawn, and other people's runs go on meanwhile."""
    mine = copy(page)
    mine._can_be_called = True
    return mine


def install() -> None:
    """Put it into Streamlit, for this process; doing it again changes nothing."""
    navigation._navigation = _again
