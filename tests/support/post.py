"""A real SMTP server that keeps what arrives, for tests that send mail."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from db.core.settings import settings
from tests.support.ports import free_port


class Post:
    """Keeps what arrives; `refuse` answers the next mails with an error of the server."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[str], EmailMessage]] = []
        self.refuse = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            self.refuse -= 1
            return "451 4.3.0 Try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append((envelope.mail_from, list(envelope.rcpt_tos), message))
        return "250 Kept"


def post_office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """The server while a test runs, with the desk's mail going to it; a fixture yields from it."""
    keeper = Post()
    server = Controller(keeper, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=False)
    server.start()
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{server.port}")
    monkeypatch.setenv("MAIL_FROM", "Dealer desk <desk@maker.example>")
    settings.cache_clear()
    yield keeper
    server.stop()
    monkeypatch.undo()
    settings.cache_clear()
