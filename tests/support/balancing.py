"""A real nginx with the configuration of docs/nginx.conf in front of processes of the desk, for a test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.ports import NeverReady, free_port, wait_until_ready

CONFIGURATION = ROOT / "docs" / "nginx.conf"
WRITTEN = {"a": "127.0.0.1:8501", "b": "127.0.0.1:8502"}
LISTENS = "127.0.0.1:8080"
# What surrounds the file on a server; the log says who answered what for which browser.
AROUND = """
{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    log_format who '$cookie_desk_lane|$upstream_addr|$status|$http_user_agent|$uri';
    access_log access.log who;
    client_body_temp_path bodies; proxy_temp_path proxied; fastcgi_temp_path unused1; uwsgi_temp_path unused2;
    scgi_temp_path unused3;
    include {types};
    include desk.conf;
}}
"""
TYPES = "types { text/html html; application/javascript js; text/css css; }"


class NoNginx(Exception):  # noqa: N818 - says what is the matter
    """Why there is no nginx to test with."""


@dataclass(frozen=True)
class Asked:
    """One line of the log: whose lane the request named, who answered (the last one), with what."""

    lane: str
    address: str
    status: int
    agent: str
    path: str


@dataclass(frozen=True)
class Balancer:
    """A running nginx; `addresses` are those of its processes by lane."""

    url: str
    folder: Path
    addresses: dict[str, str]

    def asked(self, agent: str = "") -> list[Asked]:
        """What was asked so far, by everybody or by one kind of browser. A websocket is noted when it ends."""
        found = []
        for line in (self.folder / "access.log").read_text().splitlines():
            lane, address, status, who, path = line.split("|", 4)
            if agent in ("", who):
                found.append(Asked(lane, address.rpartition(", ")[2], int(status), who, path))
        return found

    def errors(self) -> str:
        """What nginx complained of."""
        return (self.folder / "errors.log").read_text(errors="replace")


def find_nginx() -> str:
    """The path of nginx; raises `NoNginx`."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise NoNginx("nginx is not installed (on Debian: apt install nginx-light)")
    return found


def written_for(addresses: dict[str, str], listens: str) -> str:
    """docs/nginx.conf with other addresses, and nothing else changed."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    swaps = {LISTENS: listens} | {WRITTEN[lane]: address for lane, address in addresses.items()}
    for old, new in swaps.items():
        assert old in text, f"docs/nginx.conf has no {old}"
        text = text.replace(old, new).replace(re.escape(old), re.escape(new))
    return text


@contextmanager
def balancing(addresses: dict[str, str]) -> Iterator[Balancer]:
    """nginx before the processes at `addresses` ({"a": "127.0.0.1:1234", ...}); raises `NoNginx`."""
    program = find_nginx()
    folder = Path(tempfile.mkdtemp(prefix="nginx-"))
    listens = f"127.0.0.1:{free_port()}"
    (folder / "desk.conf").write_text(written_for(addresses, listens), encoding="utf-8")
    types = Path("/etc/nginx/mime.types")
    if not types.exists():
        (folder / "mime.types").write_text(TYPES)
    user = "user root;" if os.geteuid() == 0 else ""  # the folder is the test's own; another user could not write in it
    around = AROUND.format(user=user, types=types if types.exists() else "mime.types")
    (folder / "nginx.conf").write_text(around, encoding="utf-8")
    (folder / "access.log").touch()
    balancer = Balancer(f"http://{listens}", folder, dict(addresses))
    with (folder / "errors.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-p", str(folder), "-c", "nginx.conf"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        wait_until_ready(process, lambda: _answers(f"{balancer.url}/metrics"), seconds=30)
        yield balancer
    except NeverReady as error:
        raise RuntimeError(f"nginx did not start: {error}\n{balancer.errors()}") from None
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    """Whether nginx itself answers: the path is one it refuses without asking anybody."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as answer:
        return answer.code == 404
    except OSError:
        return False
    return False
