"""What a person at a browser waits for: a region filter until all is drawn, and the first page of a new user."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bench.figures import p50, p95, ratio
from bench.goals import SUPERSET_MS
from bench.people import sign_in
from bench.results import Found
from bench.served import EMPTY, Served, serving
from bench.setting import Setting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME = "browser"
KEYS = ("browser.filter", "browser.superset", "new.landing", "new.charts")
QUIET_MS = 250
"""Nothing has changed for so long: the page is drawn. The wait itself is not counted."""
LONGEST_MS = 60_000

# Notes the moment of the click and of every change of the page after it; a chart draws on its canvas with the frame
# after its element changed, so the frame that follows the last change is what counts. What lies inside of a canvas is
# never drawn: the grid keeps the words of its cells there for screen readers, and writes them 200 ms after it drew.
WATCH = """() => {
  window.__bench = {began: 0, changed: performance.now(), drawn: 0};
  const place = (node) => node.nodeType === 1 ? node : node.parentElement;
  const seen = (change) => !place(change.target)?.closest('canvas');
  const note = (changes) => {
    if (!changes.some(seen)) return;
    window.__bench.changed = performance.now();
    requestAnimationFrame(() => requestAnimationFrame(() => { window.__bench.drawn = performance.now(); }));
  };
  new MutationObserver(note).observe(document, {subtree: true, childList: true, characterData: true,
    attributes: true});
  document.addEventListener('pointerdown', () => { window.__bench.began = performance.now(); }, true);
}"""
STILL = """([quiet]) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const idle = app && app.getAttribute('data-test-script-state') === 'notRunning';
  const stale = document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]');
  return Boolean(idle && !stale && performance.now() - window.__bench.changed > quiet);
}"""
TAKEN = "() => Math.max(window.__bench.drawn, window.__bench.changed) - window.__bench.began"
LOADED = "() => Math.max(window.__bench.drawn, window.__bench.changed)"


def measure(setting: Setting) -> Iterator[Found]:
    """Rows for the filter and for new users; one row that says so where there is no Chromium."""
    from tests.support.browser import NoBrowser, chromium_running

    try:
        with ExitStack() as stack:
            browser = stack.enter_context(chromium_running())
            product = stack.enter_context(serving(setting.url, ports=setting.ports))
            empty = stack.enter_context(serving(setting.url, EMPTY, ports=setting.ports))
            yield from _filter(setting, browser, product)
            yield from _new_user(setting, browser, product, empty)
    except NoBrowser as why:
        for key in KEYS:
            yield Found(key=key, note=str(why))


def _open(browser: Browser, url: str, cookie: str) -> tuple[Page, Any]:
    """A page of a browser that was never here, signed in; its context is to be closed."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    if cookie:
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    page.set_default_timeout(LONGEST_MS)
    return page, context


def _settle(page: Page) -> None:
    page.wait_for_function(STILL, arg=[QUIET_MS], polling=50, timeout=LONGEST_MS)


def _filter(setting: Setting, browser: Browser, product: Served) -> Iterator[Found]:
    cookie = sign_in(setting.url)[0]
    page, context = _open(browser, product.url, cookie)
    page.goto(f"{product.url}/overview")
    page.get_by_role("heading", name="Overview").wait_for()
    _settle(page)
    fresh: list[float] = []
    known: list[float] = []
    ends = time.perf_counter() + setting.long(40)
    for turn in range(3):
        for position in range(1, setting.some(6) + 1):
            taken = _choose(page, "Region", position)
            (known if turn else fresh).append(taken)
            if time.perf_counter() > ends and known:
                break
    context.close()
    note = (
        f"p95 {p95(fresh):.0f} ms of {len(fresh)} regions chosen for the first time; chosen before "
        f"{p50(known):.0f} ms; a click on the option to the last change drawn"
    )
    yield Found(key="browser.filter", of="Overview", value=p50(fresh), note=note)
    least, most = SUPERSET_MS
    told = f"Superset {least:,} to {most:,} ms on the prototype's machine, not run here"
    yield Found(key="browser.superset", of="Overview", value=ratio(p50(fresh), least), note=told)


def _choose(page: Page, label: str, position: int) -> float:
    """Milliseconds from the click on an option of a list to all drawn."""
    page.get_by_role("combobox", name=label).first.click()
    option = page.get_by_role("option").nth(position)
    option.wait_for()
    _settle(page)
    option.click()
    page.wait_for_timeout(30)
    _settle(page)
    return float(page.evaluate(TAKEN))


def _new_user(setting: Setting, browser: Browser, product: Served, empty: Served) -> Iterator[Found]:
    cookies = iter(sign_in(setting.url, count=2 * setting.some(5) + 2))
    places = {
        "empty": (empty.url, ""), "landing": (product.url, ""), "charts": (product.url, "overview"),
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in places}
    ends = time.perf_counter() + setting.long(40)
    for turn in range(setting.some(5) + 1):
        for name, (url, path) in places.items():
            page, context = _open(browser, url, "" if name == "empty" else next(cookies))
            page.goto(f"{url}/{path}")
            page.get_by_role("heading").first.wait_for()
            _settle(page)
            if turn:  # the first round warms servers and the disk
                taken[name].append(float(page.evaluate(LOADED)))
            context.close()
        if time.perf_counter() > ends and turn:
            break
    floor, landing, charts = (p50(taken[name]) for name in ("empty", "landing", "charts"))
    note = f"My work {landing:.0f} ms, empty page {floor:.0f} ms, {len(taken['landing'])} new browsers each, in turns"
    yield Found(key="new.landing", of="My work", value=ratio(landing, floor), note=note)
    note = f"slowest {max(taken['charts']):.0f} ms; the figures were asked before by another session"
    yield Found(key="new.charts", of="Overview", value=charts / 1000, note=note)
