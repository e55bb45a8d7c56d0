"""A small identity provider for tests: authorization code with PKCE, RS256 keys made here, and faults on demand."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "desk", "a secret only the desk and the provider know"
COOKIE_SECRET = "5b0a9e2f7c41d8360be19f7a2d64c853"
NAME = "acme"


@dataclass
class Provider:
    """What the provider knows and how it behaves; `claims` of the person who is signed in there."""

    port: int = 0
    claims: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False
    denies: bool = False
    # Changes an identity token just before it is signed, or signs it itself: the faults.
    change: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    sign: Callable[[dict[str, Any]], str] | None = None
    leaves_out_token: bool = False
    grants: dict[str, dict[str, str]] = field(default_factory=dict)
    left: int = 0
    """How often somebody signed out here."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_now(self, subject: str, email: str, **more: Any) -> None:
        """Somebody else is signed in there, and nothing is wrong any more."""
        self.claims = {"sub": subject, "email": email, "email_verified": True, "name": subject.title()} | more
        self.is_down = self.denies = self.leaves_out_token = False
        self.change = self.sign = None

    def secrets_toml(self, app_port: int) -> str:
        """What the desk is told of this provider."""
        return (
            f'[auth]\nredirect_uri = "http://127.0.0.1:{app_port}/oauth2callback"\n'
            f'cookie_secret = "{COOKIE_SECRET}"\n\n[auth.{NAME}]\nlabel = "Acme"\nclient_id = "{CLIENT_ID}"\n'
            f'client_secret = "{CLIENT_SECRET}"\n'
            f'server_metadata_url = "{self.issuer}/.well-known/openid-configuration"\n'
        )

    # ------------------------------------------------------------------------------------------------- protocol
    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/leave", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }  # fmt: skip

    def grant(self, asked: dict[str, str]) -> str:
        """Where the browser goes with its code; a request without PKCE, state or nonce is a fault of the desk."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert len(asked["state"]) >= 20
        assert len(asked["nonce"]) >= 20
        assert "openid" in asked["scope"].split()
        if self.denies:
            return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.grants[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A code for an identity token, once, to who knows the secret and the verifier."""
        user, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote(user), unquote(password.replace("+", " "))) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.grants.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(hashed).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        claims = self.change(claims) if self.change else claims
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300}
        if not self.leaves_out_token:
            answer["id_token"] = self.sign(claims) if self.sign else self.signed(claims)
        return 200, answer

    def signed(self, claims: dict[str, Any], key: RSAKey | None = None) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key or self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        """The token of somebody who hopes that nobody looks at the signature."""
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none", "kid": "one"}, claims)
        )
        return f"{head}.{body}."

    def signed_with_the_public_key(self, claims: dict[str, Any]) -> str:
        """HS256 with what everybody may read: works where a library lets the token choose the algorithm."""
        from joserfc.jwk import OctKey

        public = OctKey.import_key(self.key.as_pem(private=False))
        return jws.serialize_compact({"alg": "HS256", "kid": "one"}, json.dumps(claims), public)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing: the test says what it saw."""

        def _say(self, status: int, body: bytes, kind: str, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _json(self, status: int, what: dict[str, Any]) -> None:
            self._say(status, json.dumps(what).encode(), "application/json")

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            if provider.is_down:
                self._say(503, b"closed for repairs", "text/plain")
            elif asked.path == "/.well-known/openid-configuration":
                self._json(200, provider.metadata())
            elif asked.path == "/jwks":
                self._json(200, {"keys": [provider.key.as_dict(private=False)]})
            elif asked.path == "/authorize":
                to = html.escape(provider.grant(query))
                who = html.escape(str(provider.claims.get("name", "somebody")))
                page = f'<!doctype html><title>Acme sign-in</title><h1>Acme</h1><a href="{to}">Continue as {who}</a>'
                self._say(200, page.encode(), "text/html")
            elif asked.path == "/leave":
                provider.left += 1
                self._say(302, b"", "text/plain", Location=query["post_logout_redirect_uri"])
            else:
                self._say(404, b"", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._json(*provider.token(self.headers.get("Authorization", ""), form))

    return Handler


@contextmanager
def provider_running() -> Iterator[Provider]:
    """The provider on a free port of this machine, for the length of the block."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
