"""Settings a desk must not be started with: each is told with what to do, before anybody can connect (R16)."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from components.oidc import NEEDED, providers_in
from db.core.settings import Settings

SAFE: Final[Mapping[str, tuple[Any, str]]] = {
    "server.enableXsrfProtection": (True, "another site could send forms in the name of a signed-in person"),
    "server.enableCORS": (True, "another site could open a connection in the name of a signed-in person"),
    "server.enableStaticServing": (False, "files of the project would be served without a sign-in"),
    "server.enableAgentApi": (False, "programs could drive the pages without the cookie of a sign-in"),
    "client.showErrorDetails": ("none", "an error would show people the program and other people's data"),
    "client.disableDataExport": (True, "tables could be taken away without a permission, a trace and a guard"),
}
"""What each option must be, and what happens otherwise."""
SECRET_LENGTH: Final = 32
SECRET_VARIETY: Final = 8
"""A secret of fewer different characters is one somebody typed."""
LEAST_COST: Final = 10
"""The least work of a password check where people connect from outside (OWASP)."""


def is_loopback(address: str) -> bool:
    """Whether only this machine can connect to an address; an empty one is every address."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_weak(secret: str) -> bool:
    """Whether somebody could guess a secret: too short, or of too few characters."""
    return len(secret) < SECRET_LENGTH or len(set(secret)) < SECRET_VARIETY


def found_unsafe(
    options: Mapping[str, Any],
    *,
    settings: Settings,
    environment: Mapping[str, str],
    secret_files: Sequence[Path] = (),
    auth: Mapping[str, Any] | None = None,
) -> list[str]:
    """One sentence for each setting that must not be: what is wrong, what would happen, what to set instead.

    `options` are Streamlit's by name, as they are in force; `secret_files` those of its secrets that may exist,
    `auth` what they say of single sign-on.
    """
    return [
        *_options(options), *_hosts(options), *_secret(environment), *_outside(options, settings, environment),
        *_files(secret_files), *(_single_sign_on(auth) if auth else ()),
    ]  # fmt: skip


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, (wanted, harm) in SAFE.items():
        if (found := options.get(name)) != wanted:
            shown, given = (str(value).lower() if isinstance(value, bool) else value for value in (wanted, found))
            yield f"{name} is {given}: {harm}. Set it to {shown}, as .streamlit/config.toml does."


def _hosts(options: Mapping[str, Any]) -> Iterator[str]:
    hosts = options.get("server.allowedHosts") or []
    if not hosts or any("*" in host for host in hosts):
        yield (
            "server.allowedHosts lets every name in: a page of another site that resolves to this machine could read"
            " the desk. Name the addresses people type in STREAMLIT_SERVER_ALLOWED_HOSTS."
        )


def _secret(environment: Mapping[str, str]) -> Iterator[str]:
    secret = environment.get("STREAMLIT_SERVER_COOKIE_SECRET")
    if secret is not None and is_weak(secret):
        yield (
            f"STREAMLIT_SERVER_COOKIE_SECRET is weak: who guesses it can forge cookies. Set at least {SECRET_LENGTH}"
            ' random characters: python -c "import secrets; print(secrets.token_hex(32))"'
        )


def _outside(options: Mapping[str, Any], settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    address = options.get("server.address") or ""
    is_open = not is_loopback(address)
    if is_open and not settings.behind_https:
        yield (
            f"The server would listen on {address or 'every address'} without TLS: passwords and cookies could be read"
            " on the way. Listen on 127.0.0.1 behind a proxy with TLS and set BEHIND_HTTPS=1."
        )
    if not (is_open or settings.behind_https):
        return
    if settings.bcrypt_cost < LEAST_COST:
        yield (
            f"BCRYPT_COST is {settings.bcrypt_cost}: stolen passwords would be guessed quickly. Set at least"
            f" {LEAST_COST}, or leave it away."
        )
    if environment.get("ALLOW_CLOCK") == "1":
        yield "ALLOW_CLOCK is for tests and demonstrations: sign-ins and deadlines would stand still. Leave it away."


def _files(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"{path} holds secrets and can be read by other users of this machine. Run: chmod 600 {path}"


# ------------------------------------------------------------------------------------------------ single sign-on
def _single_sign_on(auth: Mapping[str, Any]) -> Iterator[str]:
    """What must not be in the `[auth]` section of secrets.toml."""
    if is_weak(str(auth.get("cookie_secret") or "")):
        yield (
            "cookie_secret in [auth] is weak or missing: who guesses it can say to be anybody. Set at least"
            f' {SECRET_LENGTH} random characters: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    redirect = str(auth.get("redirect_uri") or "")
    if not is_private(redirect):
        yield (
            f"redirect_uri in [auth] is {redirect or 'missing'}: the provider's answer would travel unprotected. Set"
            " https://NAME/oauth2callback, with the name people type."
        )
    if not redirect.endswith("/oauth2callback"):
        yield f"redirect_uri in [auth] is {redirect or 'missing'}: nothing answers there. It ends in /oauth2callback."
    if auth.get("expose_tokens"):
        yield "expose_tokens in [auth] hands the provider's tokens to the pages, which need none. Leave it away."
    found = providers_in(auth)
    if not found:
        yield "[auth] names no provider: nobody could sign in through it. Add one, or take the section away."
    for provider in found:
        yield from _provider(provider.name, auth if provider.name == "default" else auth[provider.name])


def _provider(name: str, section: Mapping[str, Any]) -> Iterator[str]:
    where = "[auth]" if name == "default" else f"[auth.{name}]"
    missing = [key for key in NEEDED if not str(section.get(key) or "")]
    if missing:
        yield f"{where} lacks {', '.join(missing)}: the button would lead nowhere. Take them from your provider."
    if "_" in name:
        yield f"{where} has an underscore in its name, which Streamlit refuses. Choose another name."
    metadata = str(section.get("server_metadata_url") or "")
    if metadata and not is_private(metadata):
        yield (
            f"server_metadata_url in {where} is {metadata}: who sits on the way could be anybody's provider. Use https."
        )
    scopes = str((section.get("client_kwargs") or {}).get("scope") or "openid email").split()
    if "openid" not in scopes:
        yield f"scope in {where} lacks openid: the provider would not say who somebody is. Add it."


def is_private(address: str) -> bool:
    """Whether nobody can listen on the way to an address: https, or this machine itself."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
