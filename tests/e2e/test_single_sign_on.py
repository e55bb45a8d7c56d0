"""Single sign-on against a provider of our own: the protocol's faults over HTTP, and whole days in a browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import Engine, text

from db.core.permissions import Role
from db.core.session import make_engine, reading, writing
from tests.support.databases import SqliteTemplates, migrate
from tests.support.ports import free_port
from tests.support.provider import CLIENT_SECRET, COOKIE_SECRET, NAME, Provider, provider_running
from tests.support.serving import Served, serving
from tests.support.users import make_person

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

USER_COOKIE = "_streamlit_user"
BUTTON = "Sign in with Acme"


@dataclass
class House:
    """A desk, its database, and the provider its people sign in with."""

    app: Served
    engine: Engine
    provider: Provider
    asked: int = 0

    def newcomer(self, role: Role = Role.MANAGER, **more: Any) -> str:
        """The user name of a new account, whom the provider now knows under the same name."""
        self.asked += 1
        name = f"{role.value.replace('_', '-')}-{self.asked}"
        make_person(self.engine, name, role, **more)
        self.provider.is_now(f"subject of {name}", f"{name}@example.test")
        return name

    def sessions(self, way: str = NAME) -> int:
        with reading(self.engine) as session:
            return session.execute(
                text("SELECT count(*) FROM sign_in_session WHERE way = :way"), {"way": way}
            ).scalar_one()


@pytest.fixture(scope="module")
def house(sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("single-sign-on")
    url = sqlite_templates.copy("migrated", migrate, to=folder / "dealer.db")
    engine = make_engine(url)
    port = free_port()
    with provider_running() as provider:
        secrets = folder / "secrets.toml"
        secrets.write_text(provider.secrets_toml(port))
        secrets.chmod(0o600)
        environment = {"STREAMLIT_SECRETS_FILES": str(secrets), "DOCUMENTS_DIR": str(folder / "documents")}
        with serving(url, environment, port=port) as app:
            yield House(app, engine, provider)
            print(f"--- log of {app.url}\n{app.log()[-6000:]}")
    engine.dispose()


# ------------------------------------------------------------------------------------------- the protocol, over HTTP
def provider_token() -> str:
    """What Streamlit puts into the link to its /auth/login."""
    claims = {"provider": NAME, "exp": int(time.time()) + 120}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(COOKIE_SECRET))


def begin(client: httpx.Client, house: House, page: str = "/account?from=a-mail") -> httpx.Response:
    return client.get(
        f"{house.app.url}/auth/login?provider={provider_token()}", headers={"referer": f"{house.app.url}{page}"}
    )


def come_back(client: httpx.Client, house: House) -> httpx.Response:
    """From the button to the answer of the desk's callback, as a browser goes; the last redirect is not followed."""
    at_provider = client.get(begin(client, house).headers["location"]).text
    found = re.search(r'href="([^"]+)"', at_provider)
    assert found
    return client.get(found[1].replace("&amp;", "&"))


def user_cookies(answer: httpx.Response) -> list[str]:
    """The Set-Cookies that give an identity (and do not take it away)."""
    return [c for c in answer.headers.get_list("set-cookie") if re.match(USER_COOKIE + r'(_tokens)?="?[^";]', c)]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as opened:
        yield opened


def test_a_good_answer_leads_back_to_the_page_one_came_from(house: House, client: httpx.Client):
    house.newcomer()
    answer = come_back(client, house)
    assert (answer.status_code, answer.headers["location"]) == (302, "/account?from=a-mail")
    given = user_cookies(answer)
    assert given
    for cookie in given:
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "max-age=43200"} <= flags
    assert "dealer_back" not in client.cookies


OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
Fault = Callable[[Provider], None]


def changed(**claims: Any) -> Fault:
    """The token says something else; None leaves the claim out."""

    def spoil(provider: Provider) -> None:
        provider.change = lambda good: {k: v for k, v in (good | claims).items() if v is not None}

    return spoil


def set_to(name: str, value: Callable[[Provider], Any]) -> Fault:
    return lambda provider: setattr(provider, name, value(provider))


FAULTS: list[tuple[str, Fault]] = [
    ("for another program", changed(aud="another program")),
    ("for another program, through us", changed(aud="another program", azp="another program")),
    ("of another issuer", changed(iss="https://elsewhere.example")),
    ("expired an hour ago", changed(exp=int(time.time()) - 3600)),
    ("without an end", changed(exp=None)),
    ("with the nonce of another try", changed(nonce="of another try")),
    ("without a nonce", changed(nonce=None)),
    ("without a subject", changed(sub=None)),
    ("signed by a stranger", set_to("sign", lambda provider: lambda claims: provider.signed(claims, OTHER_KEY))),
    ("not signed", set_to("sign", lambda provider: provider.unsigned)),
    ("signed with the public key", set_to("sign", lambda provider: provider.signed_with_the_public_key)),
    ("no identity token at all", set_to("leaves_out_token", lambda _: True)),
]


@pytest.mark.parametrize("spoil", [case[1] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_an_answer_that_is_not_valid_gives_nobody(house: House, client: httpx.Client, spoil: Fault):
    house.newcomer()
    spoil(house.provider)
    answer = come_back(client, house)
    assert (answer.status_code, answer.headers["location"]) == (302, "/?sign_in=failed")
    assert user_cookies(answer) == []


def test_a_forged_state_gives_nobody(house: House, client: httpx.Client):
    """Another site cannot sign somebody in as somebody else: the answer must be to a question of this browser."""
    house.newcomer()
    with httpx.Client(timeout=30) as of_an_attacker:
        page = of_an_attacker.get(begin(of_an_attacker, house).headers["location"]).text
        link = re.search(r'href="([^"]+)"', page)
        assert link
        stolen = link[1].replace("&amp;", "&")
    begin(client, house)  # the victim has a question of their own open
    for address in (stolen, re.sub(r"state=\w+", "state=forged", stolen), re.sub(r"&?state=\w+", "", stolen)):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["location"]) == (302, "/?sign_in=failed")
        assert user_cookies(answer) == []


def test_a_code_is_good_once(house: House, client: httpx.Client):
    house.newcomer()
    page = client.get(begin(client, house).headers["location"]).text
    link = re.search(r'href="([^"]+)"', page)
    assert link
    address = link[1].replace("&amp;", "&")
    assert user_cookies(client.get(address))
    again = client.get(address)
    assert (again.headers["location"], user_cookies(again)) == ("/?sign_in=failed", [])


def test_a_provider_that_is_down_or_says_no(house: House, client: httpx.Client):
    house.newcomer()
    house.provider.denies = True
    answer = come_back(client, house)
    assert (answer.headers["location"], user_cookies(answer)) == ("/?sign_in=denied", [])
    house.provider.is_down = True
    answer = begin(client, house)
    assert (answer.status_code, answer.headers["location"]) == (302, "/?sign_in=away")


# ---------------------------------------------------------------------------------------------------- in a browser
@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    yield context
    context.close()


def through_the_provider(page: Page) -> None:
    page.get_by_role("button", name=BUTTON, exact=True).click()
    page.get_by_role("link", name=re.compile("Continue as")).click()


def signed_in(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).wait_for()


def signed_out(page: Page) -> None:
    page.get_by_label("Password", exact=True).wait_for()
    assert page.get_by_role("button", name="Sign out").count() == 0


def test_one_day_through_the_provider(house: House, browser: BrowserContext):
    """From the button to the page one wanted, a reload, a sign-out that ends both; the old answer opens nothing."""
    name = house.newcomer()
    page = browser.new_page()
    page.goto(f"{house.app.url}/account?from=a-mail")
    signed_out(page)
    with page.expect_response(lambda r: r.url.endswith("/auth/session")) as swapped:
        through_the_provider(page)
        signed_in(page)
    assert swapped.value.status == 204
    page.get_by_role("heading", name="My account").wait_for()
    assert page.url == f"{house.app.url}/account?from=a-mail"
    page.get_by_text("through Acme, last active").wait_for()
    page.reload()
    signed_in(page)
    assert house.sessions() == 1, "a reload is the same session, through our own cookie"

    kept = {c["name"]: c["value"] for c in browser.cookies()}
    left = house.provider.left
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(f"{house.app.url}/")
    signed_out(page)
    assert house.provider.left == left + 1
    assert USER_COOKIE not in {c["name"] for c in browser.cookies()}

    # Both cookies, taken before the sign-out and put back, open nothing: the answer was used.
    for cookie in (USER_COOKIE, "dealer_session"):
        browser.add_cookies([{"name": cookie, "value": kept[cookie], "url": house.app.url}])
    again = browser.new_page()
    again.goto(f"{house.app.url}/account")
    signed_out(again)
    assert house.sessions() == 1

    with reading(house.engine) as session:
        said = session.execute(
            text("SELECT summary FROM timeline_entry WHERE command = 'link_by_email' ORDER BY seq DESC LIMIT 1")
        ).scalar_one()
    assert said == f"Account {name} linked to single sign-on (verified e-mail)"


def test_disabled_while_signed_in(house: House, browser: BrowserContext):
    name = house.newcomer()
    page = browser.new_page()
    page.goto(f"{house.app.url}/account")
    through_the_provider(page)
    signed_in(page)
    with writing(house.engine, keeps_timeline=False) as session:
        session.execute(text("UPDATE person SET is_active = :no WHERE username = :name"), {"no": False, "name": name})
    page.get_by_role("link", name="Notifications").click()
    signed_out(page)
    through_the_provider(page)
    page.get_by_text("No desk account belongs to this sign-in").wait_for()
    signed_out(page)


def test_an_unknown_person_and_a_provider_that_is_away_are_told_in_words(house: House, browser: BrowserContext):
    house.newcomer()
    house.provider.is_now("a stranger", "stranger@example.test")
    page = browser.new_page()
    page.goto(house.app.url)
    through_the_provider(page)
    page.get_by_text("No desk account belongs to this sign-in; ask your administrator").wait_for()
    house.provider.change = lambda claims: claims | {"aud": "another program"}
    through_the_provider(page)
    page.get_by_text("The answer of the sign-in service was not valid").wait_for()
    page.wait_for_url(f"{house.app.url}/")  # the mark is taken off the address
    house.provider.is_down = True
    page.get_by_role("button", name=BUTTON, exact=True).click()
    page.get_by_text("The sign-in service does not answer").wait_for()
    log = house.app.log()
    assert "nobody_has_this_email" in log
    assert [secret for secret in ("stranger@example.test", "a stranger", CLIENT_SECRET) if secret in log] == []
