"""What an operator may set, read from the environment once; every name is explained in docs/operations.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Configuration of one process. Durations are in the unit their name ends with."""

    database_url: str
    var: Path
    bcrypt_cost: int = 12
    session_idle_minutes: int = 30
    session_absolute_hours: int = 12
    sign_in_tries: int = 10
    sign_in_window_minutes: int = 5
    sign_in_locked_minutes: int = 15
    smtp_url: str = ""
    mail_from: str = "dealer-desk@localhost"
    sweep_seconds: int = 60
    behind_https: bool = False
    organisation: str = "Dealer desk"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, from environment variables of the same names in capitals."""
    var = Path(os.environ.get("VAR_DIR", ROOT / "var"))
    return Settings(
        database_url=os.environ.get("DATABASE_URL") or f"sqlite:///{var / 'dealer.db'}",
        var=var,
        bcrypt_cost=int(os.environ.get("BCRYPT_COST", "12")),
        session_idle_minutes=int(os.environ.get("SESSION_IDLE_MINUTES", "30")),
        session_absolute_hours=int(os.environ.get("SESSION_ABSOLUTE_HOURS", "12")),
        smtp_url=os.environ.get("SMTP_URL", ""),
        mail_from=os.environ.get("MAIL_FROM", "dealer-desk@localhost"),
        sweep_seconds=int(os.environ.get("SWEEP_SECONDS", "60")),
        behind_https=os.environ.get("BEHIND_HTTPS", "") == "1",
        organisation=os.environ.get("ORGANISATION", "Dealer desk"),
    )
