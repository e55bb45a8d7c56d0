"""A Chromium for the tests: which one, and how it is started."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.support.paths import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # CI runs as root, where Chromium's sandbox does not start
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PICTURES = ROOT / "test-results"


class NoBrowser(Exception):  # noqa: N818 - says what is the matter
    """Why there is no browser to test in."""


def find_chromium() -> str:
    """The path of the browser: CHROMIUM, else the first of the usual names in PATH; raises `NoBrowser`."""
    if given := os.environ.get("CHROMIUM"):
        if found := shutil.which(given):
            return found
        raise NoBrowser(f"CHROMIUM names {given}, which is not a program")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoBrowser("Chromium is not installed (none of " + ", ".join(NAMES) + " in PATH); or set CHROMIUM")


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """A headless browser for the length of the block; raises `NoBrowser`."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def picture_path(test: str) -> Path:
    """Where the picture of a failed test goes."""
    PICTURES.mkdir(exist_ok=True)
    return PICTURES / (re.sub(r"[^\w.-]+", "_", test).strip("_")[-150:] + ".png")
