"""What an operator may set, read from the environment once; every name is explained in docs/operations.md."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

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
    public_url: str = ""
    sweep_seconds: int = 60
    import_files_days: int = 180
    behind_https: bool = False
    organisation: str = "Dealer desk"
    documents_dir: Path | None = None
    database_read_url: str = ""

    @property
    def documents(self) -> Path:
        """The folder of uploaded files; several processes on one PostgreSQL share it (DOCUMENTS_DIR)."""
        return self.documents_dir or self.var / "documents"


def _standby(primary: str) -> str:
    """The standby's URL; ValueError where there can be none."""
    url = os.environ.get("DATABASE_READ_URL", "").strip()
    if url and not (url.startswith("postgresql") and primary.startswith("postgresql")):
        raise ValueError("DATABASE_READ_URL names a standby: it and DATABASE_URL must both be postgresql://")
    return url


def _number(name: str, default: int, *, least: int = 1) -> int:
    """A whole number from `least` on; ValueError with the variable's name, for the person who set it."""
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdecimal() or int(value) < least:
        raise ValueError(f"{name} must be a whole number from {least} on, not {value!r}")
    return int(value)


def _address(name: str) -> str:
    """An address people open, without its last slash; ValueError with the variable's name where it is none."""
    value = os.environ.get(name, "").strip().rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "@" in value or "?" in value or "#" in value or not value.isprintable() or " " in value:
        raise ValueError(f"{name} must be an address such as https://desk.example.com, not {value!r}")
    return value


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, from environment variables of the same names in capitals (`var` is VAR_DIR)."""
    var = Path(os.environ.get("VAR_DIR") or ROOT / "var")
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{var / 'dealer.db'}"
    return Settings(
        database_url=url,
        var=var,
        bcrypt_cost=_number("BCRYPT_COST", Settings.bcrypt_cost),
        session_idle_minutes=_number("SESSION_IDLE_MINUTES", Settings.session_idle_minutes),
        session_absolute_hours=_number("SESSION_ABSOLUTE_HOURS", Settings.session_absolute_hours),
        sign_in_tries=_number("SIGN_IN_TRIES", Settings.sign_in_tries),
        sign_in_window_minutes=_number("SIGN_IN_WINDOW_MINUTES", Settings.sign_in_window_minutes),
        sign_in_locked_minutes=_number("SIGN_IN_LOCKED_MINUTES", Settings.sign_in_locked_minutes),
        smtp_url=os.environ.get("SMTP_URL", ""),
        mail_from=os.environ.get("MAIL_FROM") or Settings.mail_from,
        public_url=_address("PUBLIC_URL"),
        sweep_seconds=_number("SWEEP_SECONDS", Settings.sweep_seconds, least=0),
        import_files_days=_number("IMPORT_FILES_DAYS", Settings.import_files_days, least=30),
        behind_https=os.environ.get("BEHIND_HTTPS", "").strip().lower() in {"1", "true", "yes", "on"},
        organisation=os.environ.get("ORGANISATION") or Settings.organisation,
        documents_dir=Path(os.environ["DOCUMENTS_DIR"]) if os.environ.get("DOCUMENTS_DIR") else None,
        database_read_url=_standby(url),
    )
