"""Configuration and supply chain (R41, R42): what the server may do, and what it is made of."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support import house
from tests.support.paths import ROOT
from tests.support.tier import figure

CONFIG_FILE = ROOT / ".streamlit" / "config.toml"
CONFIG = tomllib.loads(CONFIG_FILE.read_text())


def flat(table: dict, prefix: str = "") -> dict[str, object]:
    """{"server.port": 1} for {"server": {"port": 1}}."""
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


# ------------------------------------------------------------------------------------------------ R41: what it may do
SAFE = {
    "server.headless": True,
    "server.address": "127.0.0.1",
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.maxUploadSize": 20,
    "server.disconnectedSessionTTL": 120,
    "server.fileWatcherType": "none",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.disableDataExport": True,
    "client.toolbarMode": "minimal",
    "browser.gatherUsageStats": False,
    "logger.enableRich": False,
    "runner.magicEnabled": False,
    "runner.fastReruns": False,
    "runner.postScriptGC": False,
}


@pytest.mark.parametrize(("option", "value"), SAFE.items(), ids=SAFE.keys())
def test_the_file_itself_says_it(option: str, value: object):
    """Under uvicorn no command line option applies, and a default may change: the file says what must hold."""
    found = flat(CONFIG).get(option)
    figure("R41", "settings as wanted", int(found == value))
    assert found == value


def test_only_known_hosts_may_connect():
    """A page of another site that resolves to this machine is refused (DNS rebinding)."""
    hosts = CONFIG["server"]["allowedHosts"]
    assert hosts
    assert not [host for host in hosts if "*" in host]


def test_streamlit_knows_every_option_and_uses_the_value(monkeypatch: pytest.MonkeyPatch):
    """A misspelt option is only logged by Streamlit, and then the unsafe default holds."""
    from streamlit import config

    monkeypatch.chdir(ROOT)
    options = config.get_config_options(force_reparse=True)
    for option, value in flat(CONFIG).items():
        assert option in options, f"Streamlit has no option {option}"
        assert options[option].value == value, option
        assert not options[option].deprecated, option


def test_the_secret_of_cookies_is_not_in_the_file():
    """Streamlit makes one for each start; an operator with several processes sets it in the environment."""
    assert not [option for option in flat(CONFIG) if "secret" in option.lower()]
    assert not (ROOT / ".streamlit" / "secrets.toml").exists() or "secrets.toml" in (ROOT / ".gitignore").read_text()


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "light.sidebar", "dark"])
def test_text_can_be_read(theme: str):
    """WCAG AA for small text, on both backgrounds of each theme."""
    colours = CONFIG["theme"]
    for part in theme.split("."):
        colours = colours[part]
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colours["textColor"], colours[background]) >= 4.5
        assert contrast(colours["primaryColor"], colours[background]) >= 3  # borders and buttons, not text


# ------------------------------------------------------------------------------------------- R42: what it is made of
def pins(file: str) -> dict[str, Requirement]:
    """The requirements of a file by canonical name; includes and comments are left out."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    names = [canonicalize_name(one.name) for one in found]
    assert len(names) == len(set(names)), f"{file} names something twice"
    return dict(zip(names, found, strict=True))


RUN, DEV, ALL = pins("requirements.txt"), pins("requirements-dev.txt"), pins("constraints.txt")


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "constraints.txt"])
def test_pins_are_exact(file: str):
    loose = [str(one) for one in pins(file).values() if not re.fullmatch(r"==[\w.!+]+", str(one.specifier))]
    assert loose == []


def test_requirements_and_constraints_agree():
    for name, one in (RUN | DEV).items():
        assert name in ALL, f"{name} is missing in constraints.txt"
        assert one.specifier == ALL[name].specifier, name


def locked() -> dict[str, Requirement]:
    """The pins of requirements.lock; fails on a line that has none, or on a pin without a hash."""
    found: dict[str, Requirement] = {}
    for entry in (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        pin, *hashes = entry.split()
        requirement = Requirement(pin)
        found[canonicalize_name(requirement.name)] = requirement
        assert hashes, f"{pin} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), pin
    return found


def test_the_lock_is_what_the_product_runs_on_with_hashes():
    """Every package of the product and what comes with it, in the pinned version; nothing of building and testing."""
    lock, reached = locked(), with_what_comes_along(RUN)
    figure("R42", "packages without a hash", len(reached - set(lock)))
    assert set(lock) == reached
    assert {name: str(one.specifier) for name, one in lock.items()} == {
        name: str(ALL[name].specifier) for name in reached
    }


@pytest.mark.acceptance
def test_the_lock_installs_in_an_empty_environment(tmp_path: Path):
    """R42: with --require-hashes pip takes no file that is not named by its hash."""
    made = tmp_path / "clean"
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True)
    python = str(made / "bin" / "python")
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes", "-r", "requirements.lock"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr[-2000:]
    asked = "import importlib.metadata as m; print(len([*m.distributions()]), m.version('streamlit'))"
    said = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    figure("R42", "packages installed by hash", len(locked()))
    assert int(said[0]) >= len(locked())
    assert said[1] == "1.67.0"


def needed_by(name: str) -> set[str]:
    """What an installed package needs here, with the extras we ask for."""
    extras = {extra for one in (RUN | DEV).values() if canonicalize_name(one.name) == name for extra in one.extras}
    wanted = [Requirement(text) for text in metadata.requires(name) or []]
    return {
        canonicalize_name(one.name)
        for one in wanted
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in {"", *extras})
    }


def with_what_comes_along(names: Iterable[str]) -> set[str]:
    """These packages, what they need, what that needs, to the end."""
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= needed_by(name) - reached
    return reached


def test_constraints_freeze_everything_that_is_installed_with_us():
    """Two machines made on different days get the same: nothing comes in unpinned, nothing is pinned in vain."""
    reached = with_what_comes_along(RUN | DEV)
    figure("R42", "packages that are not pinned", len(reached - set(ALL)))
    assert sorted(reached - set(ALL)) == []
    assert sorted(set(ALL) - reached) == []


def test_what_runs_here_is_what_is_pinned():
    wrong = {
        name: metadata.version(name) for name, one in (RUN | DEV).items() if metadata.version(name) not in one.specifier
    }
    assert wrong == {}


def test_versions_with_known_holes_are_left_behind():
    """R42: Streamlit from 1.54, Starlette from 1.1."""
    figure("R42", "streamlit", metadata.version("streamlit"))
    figure("R42", "starlette", metadata.version("starlette"))
    assert Version(metadata.version("streamlit")) >= Version("1.54")
    assert Version(metadata.version("starlette")) >= Version("1.1")


def test_every_import_is_in_the_requirements():
    """The product stands on requirements.txt alone; tests and bench may use requirements-dev.txt too."""
    owners = metadata.packages_distributions()
    missing = []
    for source in house.one_by_one():
        allowed = set(RUN | DEV) if source.parts[0] in ("tests", "bench") else set(RUN)
        for one in source.outside:
            if not {canonicalize_name(owner) for owner in owners.get(one.root, [])} & allowed:
                missing.append(
                    source.says(one.line, f"imports {one.root}, which is in no requirements file it may use")
                )
    figure("R42", "imports outside of the requirements", len(missing))
    assert not missing, "\n" + "\n".join(missing)


def licence_of(name: str) -> str:
    """What an installed package says of its licence: an SPDX expression, a classifier, or the begin of its text."""
    about: Any = metadata.metadata(name)
    found = about.get("License-Expression") or ""
    if not found:
        kinds = [one for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
        found = "; ".join(one.rpartition("::")[2].strip() for one in kinds)
    return found or (about.get("License") or "").strip().partition("\n")[0]


def test_every_package_says_what_its_licence_is():
    """The list of licences: none is missing, and none asks for the source of what is built with it over a network."""
    licences = {name: licence_of(name) for name in RUN | DEV}
    untold = sorted(name for name, licence in licences.items() if not licence)
    figure("R42", "packages without a licence", len(untold))
    figure("R42", "packages with a licence told", len(licences) - len(untold))
    assert untold == []
    assert [name for name, licence in licences.items() if "AGPL" in licence or "Affero" in licence] == []


def test_each_dependency_has_its_reason():
    """docs/decisions/0002-dependencies.md says why each package is here."""
    written = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text().lower()
    assert sorted(name for name in RUN | DEV if f"`{name}`" not in written) == []


def test_the_python_we_ask_for_is_the_one_we_run():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert wanted == ">=3.11"
    assert sys.version_info >= (3, 11)
