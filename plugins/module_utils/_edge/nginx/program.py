# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the nginx program of this host: what it is, and whether it would take a configuration."""

from __future__ import annotations

import re
import shlex
from typing import Any

from ..host.errors import EdgeError
from ..host.host import Host
from .package import DISTRIBUTION, MODULES_PATH, STREAM_MODULE, first, policy, read_candidate, worker_account
from .service import master_pid, open_files_limit

_PLACE = re.compile(r"^\s*# (edge_\S.*)$")
_QUOTED = re.compile(r'"([^"]+)"')
_FILE_AND_LINE = re.compile(r" in (/\S+):(\d+)$")
_WRONG_ROUTING = ("conflicting server name", "duplicate")
_LIMIT_OF_FILES = "exceed open file resource limit"
"""Not a fault of the configuration: the role nginx reports a limit that is lower than nginx_open_files."""


def read_nginx(host: Host, repository: str = DISTRIBUTION) -> dict[str, Any]:
    """Facts about nginx.

    :param repository: where a host that has no nginx would get it from: ``distribution`` or ``nginx_org``.
    :returns: ``installed`` (bool), ``version``, ``openssl`` (dotted text, empty when unknown),
        ``configure_arguments`` (list), ``modules`` (list of dynamic modules, without ``.so``), ``user``. Where nginx is
        not installed they tell what the package manager would install; ``version`` is empty when it knows none.
    """
    done = host.run(["nginx", "-V"])
    if done.code != 0:
        return read_candidate(host, repository)
    printed = done.stderr + done.stdout
    arguments = _configure_arguments(printed)
    return {
        "installed": True,
        "version": first(r"nginx version: \S+/([0-9.]+)", printed),
        # "running with" stands there only when it differs from what nginx was built with.
        "openssl": first(r"running with OpenSSL ([0-9.]+)", printed) or first(r"built with OpenSSL ([0-9.]+)", printed),
        "configure_arguments": arguments,
        "modules": _modules(host, arguments),
        "user": worker_account(arguments),
    }


def _modules(host: Host, arguments: list[str]) -> list[str]:
    """Dynamic modules on the host, and the stream module where the package manager has it."""
    folder = next((word[len(MODULES_PATH) :] for word in arguments if word.startswith(MODULES_PATH)), "")
    found = [name[: -len(".so")] for name in host.listdir(folder) if name.endswith(".so")] if folder else []
    if STREAM_MODULE not in found and first(r"Candidate: (\d\S*)", policy(host, "libnginx-mod-stream")):
        found.append(STREAM_MODULE)
    return sorted(found)


def _configure_arguments(printed: str) -> list[str]:
    return shlex.split(first(r"configure arguments: (.*)", printed))


def test_configuration(host: Host, conf: str) -> tuple[str, ...]:
    """Let nginx read a configuration without running it.

    :param conf: path of its main file.
    :returns: what nginx warns of and takes nevertheless, each with its place in the model where one is known.
    :raises EdgeError: nginx refuses it, or warns of what would be routed wrongly; the message names the place in
        the model where one is known.
    """
    # The test opens the logs, and writes to them that the limit is lower than the number of connections.
    done = host.run_nginx(["nginx", "-t", "-c", conf], open_files=open_files_limit(host, master_pid(host)))
    lines = [line for line in done.stderr.splitlines() if "[" in line]
    if done.code == 0:
        warned = [line for line in lines if "[warn]" in line and _LIMIT_OF_FILES not in line]
        lines = [line for line in warned if any(words in line for words in _WRONG_ROUTING)]
        if not lines:
            return tuple(explain(host, line, conf) for line in warned)
    if not lines:
        raise EdgeError("nginx could not test the configuration", done.stderr.strip().splitlines()[:5])
    # What stopped nginx comes first, warnings on the way there after it.
    told = [explain(host, line, conf) for line in sorted(lines, key=lambda line: "[warn]" in line)]
    raise EdgeError(told[0], told[1:])


def explain(host: Host, line: str, conf: str) -> str:
    """A line of nginx's own in terms of the model: ``place: nginx says: … (file:line: text)``.

    The rendered files say in comments which part of the model each block comes from. A line that names no file is
    looked up by the path or name that it quotes.

    :param conf: main file of the configuration that nginx speaks of.
    """
    words = re.sub(r"^(?:nginx: |[\d/]+ [\d:]+ )?\[(\w+)\] (?:\d+#\d+: )?(?:\*\d+ )?", "", line.strip())
    found = _FILE_AND_LINE.search(words)
    if found:
        words, path, number = words[: found.start()], found.group(1), int(found.group(2))
    else:
        path, number = _mentioned(host, _QUOTED.findall(words), conf)
        if not number:
            return f"nginx says: {words}"
    place, source = _place_and_source(_lines(host, path), number)
    inside = "/sites/" in path or "/streams/" in path
    short = "/".join(path.split("/")[-2:]) if inside else path.rsplit("/", 1)[-1]
    where = f"{short}:{number}" + (f": {source}" if source else "")
    return (f"{place}: " if place else "") + f"nginx says: {words} ({where})"


def _mentioned(host: Host, quoted: list[str], conf: str) -> tuple[str, int]:
    """File and line that hold one of the quoted texts; line 0 when none does."""
    folder = conf.rpartition("/")[0]
    names = [f"{inner}/{name}" for inner in ("sites", "streams") for name in host.listdir(f"{folder}/{inner}")]
    for path in (f"{folder}/{name}" for name in (*names, "upstreams.conf", "stream_upstreams.conf", "nginx.conf")):
        for number, text in enumerate(_lines(host, path), start=1):
            if any(words in text for words in quoted):
                return path, number
    return "", 0


def _lines(host: Host, path: str) -> list[str]:
    return (host.read(path) or b"").decode(errors="replace").splitlines()


def _place_and_source(text: list[str], number: int) -> tuple[str | None, str]:
    source = text[number - 1].strip() if 0 < number <= len(text) else ""
    for line in reversed(text[:number]):
        found = _PLACE.match(line)
        if found:
            return found.group(1), source
    return None, source
