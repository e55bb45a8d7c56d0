"""Streamlit's own loggers write as ours do: each of them brings a handler of its own when it is first asked for."""

from __future__ import annotations

import logging

from streamlit import logger as streamlit_logger

from db.core import logs

SILENT = "uvicorn.access"
"""Who asked for which address is the proxy's to note: addresses hold what people filter by and search for."""


def _as_json(logger: logging.Logger) -> None:
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    if logger.name == SILENT:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logs.JsonLines())
    handler.setLevel(logging.WARNING)
    logger.addHandler(handler)
    # Streamlit removes this one when it sets up a logger anew.
    logger.streamlit_console_handler = handler  # type: ignore[attr-defined]


def set_up() -> None:
    """JSON lines from here on: the desk's events, Streamlit's, and those of the web server under it."""
    logs.set_up()
    streamlit_logger.setup_formatter = _as_json
    streamlit_logger.update_formatter()
