# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations that are compared: the rendered one, the one that an earlier commit rendered, and baselines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered

from .edge_host import REPOSITORY, WORK
from .traffic_agent import MOUNTED, PROGRAMS

BEFORE = "544e7c4"
"""The last commit whose configuration had none of the guarantees of headers, access rules and caches."""
SUITE = "trixie"
OLD_TREE = WORK / BEFORE
SMALL_BYTES = 1024
LARGE_BYTES = 100 * 1024
STREAM_BYTES = 64 * 1024 * 1024
EDGE = "edge"
EARLIER = f"edge at {BEFORE}"
TEXTBOOK = "textbook nginx"
STOCK = "Debian's nginx.conf"
HAPROXY = "HAProxy"
HAPROXY_WITHOUT_LOG = "HAProxy without a log"
CADDY = "Caddy"
HAPROXY_LOG = "/var/log/bench/haproxy.log"
MODEL: dict[str, Any] = {
    "edge_certificate_source": "self_signed",
    "edge_http3": "on",
    "edge_worker_cpu_affinity": "on",  # as without HTTP/3
    "edge_ipv6": False,
    "edge_upstreams": [{"name": "app", "servers": [{"address": "127.0.0.1:9001"}]}],
    "edge_caches": [{"name": "responses"}],
    "edge_sites": [
        {
            "name": "bench.test",
            "locations": [
                {"path": "/", "upstream": "app"},
                {"path": "/cached/", "upstream": "app", "cache": {"name": "responses"}},
                {"path": "/stream/", "upstream": "app", "proxy_buffering": False},
                {"path": "/files/", "root": "/srv/bench"},
            ],
        }
    ],
}
RENDER = (
    "import json, sys; from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered;"
    f" json.dump(rendered(json.load(sys.stdin), TARGETS['{SUITE}']), sys.stdout)"
)


def rendered_now() -> dict[str, str]:
    """Path -> text of the configuration that this tree renders."""
    return rendered(MODEL, TARGETS[SUITE])


def rendered_before() -> dict[str, str]:
    """The same of the commit :data:`BEFORE`, by its own code."""
    tree = OLD_TREE / "ansible_collections" / "hardened" / "nginx_edge"
    if not tree.exists():
        archive = subprocess.run(("git", "archive", BEFORE), cwd=REPOSITORY, check=True, capture_output=True)
        tree.mkdir(parents=True)
        subprocess.run(("tar", "-x", "-C", str(tree)), input=archive.stdout, check=True)
    environment = {**os.environ, "PYTHONPATH": str(OLD_TREE)}
    done = subprocess.run(
        (sys.executable, "-c", RENDER),
        input=json.dumps(MODEL),
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        cwd=tree,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def generation(name: str, texts: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """A rendered configuration as the generation of a name.

    :returns: the command that starts nginx with it, and its files by their absolute paths.
    """
    folder = f"/etc/nginx/generations/{name}"
    files = {
        f"{folder}/{path}": text.replace("generations/golden", f"generations/{name}") for path, text in texts.items()
    }
    return nginx(f"{folder}/nginx.conf"), files


def nginx(path: str) -> list[str]:
    """The command that starts nginx with a configuration."""
    return ["nginx", "-c", path, "-g", "daemon off;"]


def shared_files() -> dict[str, str]:
    """The configuration of the backend."""
    return {"/etc/nginx/bench-backend.conf": _text("backend.conf").replace("@BODY@", "x" * SMALL_BYTES)}


DIRECTORIES = ("/srv/backend/stream", "/srv/bench/files", "/var/cache/nginx", "/var/cache/nginx-edge")
SPARSE = {
    "/srv/backend/100k": LARGE_BYTES,
    "/srv/backend/stream/large": STREAM_BYTES,
    "/srv/bench/files/1k": SMALL_BYTES,
}


def candidates(every: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """Name -> what the agent needs to start a candidate; and path -> text of all files.

    :param every: with those that only give additional information.
    """
    own, files = generation("edge", rendered_now())
    found: dict[str, Any] = {EDGE: {"command": own}}
    if every:
        command, before = generation("before", rendered_before())
        found[EARLIER], files = {"command": command}, {**files, **before}
    files |= shared_files() | {
        "/etc/nginx/bench-headers.conf": _text("headers.conf"),
        "/etc/nginx/bench-textbook.conf": _text("textbook.conf"),
        "/etc/nginx/sites-enabled/bench": _text("stock_site.conf"),
        "/etc/haproxy/bench.cfg": _text("haproxy.cfg"),
        "/etc/haproxy/bench-without-log.cfg": without_log(_text("haproxy.cfg")),
        "/etc/caddy/bench.Caddyfile": _text("Caddyfile"),
    }
    reader = ["python3", f"{MOUNTED}/log_reader.py", HAPROXY_LOG]
    found[TEXTBOOK] = {"command": nginx("/etc/nginx/bench-textbook.conf")}
    found[STOCK] = {"command": nginx("/etc/nginx/nginx.conf")}
    found[HAPROXY] = {"command": haproxy("bench.cfg"), "beside": [reader], "log": HAPROXY_LOG}
    found[HAPROXY_WITHOUT_LOG] = {"command": haproxy("bench-without-log.cfg")}
    found[CADDY] = {"command": ["caddy", "run", "--config", "/etc/caddy/bench.Caddyfile", "--adapter", "caddyfile"]}
    if not every:
        found = {name: found[name] for name in (EDGE, TEXTBOOK, HAPROXY, CADDY)}
    return found, files


def haproxy(name: str) -> list[str]:
    """The command that starts HAProxy with a configuration."""
    return ["haproxy", "-W", "-f", f"/etc/haproxy/{name}"]


def without_log(text: str) -> str:
    """HAProxy's configuration without its log."""
    lines = text.splitlines(keepends=True)
    kept = [line for line in lines if not line.strip().startswith(("log ", "option httplog"))]
    if len(lines) - len(kept) != len(("log /dev/log", "log global", "option httplog")):
        raise ValueError("haproxy.cfg has other directives for its log than expected")
    return "".join(kept)


def _text(name: str) -> str:
    return (PROGRAMS / name).read_text(encoding="utf-8")
