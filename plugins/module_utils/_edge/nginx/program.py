# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the nginx program of this host to read its build options and to test configurations."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.redaction import redacted
from .package import DISTRIBUTION, MODULES_PATH, STREAM_MODULE, first, policy, read_candidate, worker_account
from .service import master_pid, open_files_limit

_QUOTED = re.compile(r'"([^"]+)"')
_FILE_AND_LINE = re.compile(r" in (/\S+):(\d+)$")
_WRONG_ROUTING = ("conflicting server name", "duplicate")
PLACES = ".places.json"
"""File next to a configuration: its texts' places in the model, as in :data:`.generations.content.Places`."""
_LIMIT_OF_FILES = "exceed open file resource limit"
"""Not an error of the configuration; the role nginx reports a limit that is lower than nginx_open_files."""


def read_nginx(host: Host, repository: str = DISTRIBUTION, *, streams: bool = True) -> dict[str, Any]:
    """Facts about nginx.

    :param repository: package source of a host that has no nginx: ``distribution`` or ``nginx_org``.
    :param streams: if the stream module is not installed, ask the package manager whether it has it, which takes longer
        than all other facts.
    :returns: ``installed`` (bool), ``version``, ``openssl`` (dotted text, empty if unknown),
        ``configure_arguments`` (list), ``modules`` (list of dynamic modules, without ``.so``), ``user``. If nginx is
        not installed, they describe the package that would be installed; ``version`` is empty if there is none.
    """
    done = host.run(["nginx", "-V"])
    if done.code != 0:
        return read_candidate(host, repository)
    printed = done.stderr + done.stdout
    arguments = _configure_arguments(printed)
    return {
        "installed": True,
        "version": first(r"nginx version: \S+/([0-9.]+)", printed),
        # nginx prints "running with" only if the library differs from the one that it was built with.
        "openssl": first(r"running with OpenSSL ([0-9.]+)", printed) or first(r"built with OpenSSL ([0-9.]+)", printed),
        "configure_arguments": arguments,
        "modules": _modules(host, arguments, streams=streams),
        "user": worker_account(arguments),
    }


def _modules(host: Host, arguments: list[str], *, streams: bool) -> list[str]:
    """Dynamic modules on the host, and with ``streams`` the stream module if the package manager has it."""
    folder = next((word[len(MODULES_PATH) :] for word in arguments if word.startswith(MODULES_PATH)), "")
    found = [name[: -len(".so")] for name in host.listdir(folder) if name.endswith(".so")] if folder else []
    asks = streams and STREAM_MODULE not in found
    if asks and first(r"Candidate: (\d\S*)", policy(host, "libnginx-mod-stream")):
        found.append(STREAM_MODULE)
    return sorted(found)


def _configure_arguments(printed: str) -> list[str]:
    return shlex.split(first(r"configure arguments: (.*)", printed))


def test_configuration(host: Host, conf: str) -> tuple[str, ...]:
    """Test a configuration with nginx, without running it.

    :param conf: path of the main file.
    :returns: warnings about an accepted configuration, each with its path in the model if it is known.
    :raises EdgeError: nginx rejects the configuration, or a warning means wrong routing; the message contains the path
        in the model if it is known.
    """
    # The test opens the logs and logs a warning if the limit is lower than the number of connections.
    done = host.run_nginx(["nginx", "-t", "-c", conf], open_files=open_files_limit(host, master_pid(host)))
    lines = [line for line in done.stderr.splitlines() if "[" in line]
    if done.code == 0:
        warned = [line for line in lines if "[warn]" in line and _LIMIT_OF_FILES not in line]
        lines = [line for line in warned if any(words in line for words in _WRONG_ROUTING)]
        if not lines:
            return tuple(explain(host, line, conf) for line in warned)
    if not lines:
        raise EdgeError("nginx could not test the configuration", done.stderr.strip().splitlines()[:5])
    # The error that stopped nginx comes first, followed by the warnings.
    told = [explain(host, line, conf) for line in sorted(lines, key=lambda line: "[warn]" in line)]
    raise EdgeError(told[0], told[1:])


def explain(host: Host, line: str, conf: str) -> str:
    """A message of nginx with its path in the model: ``place: nginx says: … (file:line: text)``.

    If a message contains no file name, the path or name that it quotes is searched in the files.

    :param conf: main file of the configuration that the message is about.
    """
    words = re.sub(r"^(?:nginx: |[\d/]+ [\d:]+ )?\[(\w+)\] (?:\d+#\d+: )?(?:\*\d+ )?", "", line.strip())
    found = _FILE_AND_LINE.search(words)
    if found:
        words, path, number = words[: found.start()], found.group(1), int(found.group(2))
    else:
        path, number = _mentioned(host, _QUOTED.findall(words), conf)
        if not number:
            return redacted(f"nginx says: {words}")
    text = _lines(host, path)
    source = text[number - 1].strip() if 0 < number <= len(text) else ""
    place = _place(host, conf.rpartition("/")[0], path, number)
    inside = "/sites/" in path or "/streams/" in path
    short = "/".join(path.split("/")[-2:]) if inside else path.rsplit("/", 1)[-1]
    where = f"{short}:{number}" + (f": {source}" if source else "")
    return redacted((f"{place}: " if place else "") + f"nginx says: {words} ({where})")


def _mentioned(host: Host, quoted: list[str], conf: str) -> tuple[str, int]:
    """File and line that contain one of the quoted texts; line 0 if none does."""
    folder = conf.rpartition("/")[0]
    names = [f"{inner}/{name}" for inner in ("sites", "streams") for name in host.listdir(f"{folder}/{inner}")]
    for path in (f"{folder}/{name}" for name in (*names, "upstreams.conf", "stream_upstreams.conf", "nginx.conf")):
        for number, text in enumerate(_lines(host, path), start=1):
            if any(words in text for words in quoted):
                return path, number
    return "", 0


def _lines(host: Host, path: str) -> list[str]:
    return (host.read(path) or b"").decode(errors="replace").splitlines()


def _place(host: Host, folder: str, path: str, number: int) -> str:
    """The place in the model that a line comes from; empty if it is not known.

    :param folder: directory of the configuration.
    :param path: file in this directory, or the link ``nginx.conf`` to its main file.
    """
    relative = path[len(folder) + 1 :] if path.startswith(f"{folder}/") else path.rpartition("/")[2]
    try:
        places = json.loads(host.read(f"{folder}/{PLACES}") or b"{}").get(relative, [])
    except ValueError:
        return ""
    return next((place for first, place in reversed(places) if first <= number), "")
