"""The session cookie's name, and whether this process can set one; apart, so that the server loads no screens."""

from __future__ import annotations

from db.core.settings import settings


class _Door:
    is_open = False


def open_door() -> None:
    """server.py says that its routes are there; `streamlit run Home.py` alone cannot set a cookie."""
    _Door.is_open = True


def door_is_open() -> bool:
    """Whether a sign-in can outlive its tab."""
    return _Door.is_open


def cookie_name() -> str:
    """The session cookie; behind https the prefix makes browsers refuse one that another host has set."""
    return "__Host-dealer_session" if settings().behind_https else "dealer_session"
