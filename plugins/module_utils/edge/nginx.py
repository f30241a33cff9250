# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the nginx program of this host: what it is, and whether it would take a configuration."""

from __future__ import annotations

import re
import shlex
from typing import Any

from .errors import EdgeError
from .host import Host

DEFAULT_USER = "www-data"
FIRST_DISTRIBUTION_BUILD_WITH_HTTP3 = (1, 26)
"""Debian and Ubuntu build nginx with ``--with-http_v3_module`` from this version on."""

DISTRIBUTION = "distribution"
NGINX_ORG = "nginx_org"
NGINX_ORG_SOURCE = "/etc/apt/sources.list.d/nginx-edge.sources"
"""Where the role nginx tells apt of nginx.org's repository."""

NGINX_ORG_BUILD = (
    "--modules-path=/usr/lib/nginx/modules",
    "--user=nginx",
    "--with-http_auth_request_module",
    "--with-http_realip_module",
    "--with-http_v2_module",
    "--with-http_v3_module",
    "--with-stream",
    "--with-stream_realip_module",
    "--with-stream_ssl_preread_module",
)
"""What the model depends on of nginx.org's build options since 1.25.0
(https://github.com/nginx/pkg-oss/blob/master/debian/Makefile)."""

_PLACE = re.compile(r"^\s*# (edge_\S.*)$")
_QUOTED = re.compile(r'"([^"]+)"')
_FILE_AND_LINE = re.compile(r" in (/\S+):(\d+)$")
_WRONG_ROUTING = ("conflicting server name", "duplicate")


def read_nginx(host: Host, repository: str = DISTRIBUTION) -> dict[str, Any]:
    """Facts about nginx.

    :param repository: where a host that has no nginx would get it from: ``distribution`` or ``nginx_org``.
    :returns: ``installed`` (bool), ``version``, ``openssl`` (dotted text, empty when unknown),
        ``configure_arguments`` (list), ``user``. Where nginx is not installed they tell what the package manager would
        install; ``version`` is empty when it knows none.
    """
    done = host.run(["nginx", "-V"])
    if done.code != 0:
        return _candidate(host) if repository == DISTRIBUTION else _candidate_of_nginx_org(host)
    printed = done.stderr + done.stdout
    arguments = _configure_arguments(printed)
    return {
        "installed": True,
        "version": _first(r"nginx version: \S+/([0-9.]+)", printed),
        # "running with" stands there only when it differs from what nginx was built with.
        "openssl": _first(r"running with OpenSSL ([0-9.]+)", printed)
        or _first(r"built with OpenSSL ([0-9.]+)", printed),
        "configure_arguments": arguments,
        "user": next((word[len("--user=") :] for word in arguments if word.startswith("--user=")), DEFAULT_USER),
    }


def _candidate(host: Host) -> dict[str, Any]:
    version = _first(r"Candidate: (?:\d+:)?([0-9.]+)", host.run(["apt-cache", "policy", "nginx"]).stdout)
    openssl = _first(r"Candidate: (?:\d+:)?([0-9.]+)", host.run(["apt-cache", "policy", "openssl"]).stdout)
    number = tuple(int(part) for part in version.split(".") if part)
    return {
        "installed": False,
        "version": version,
        "openssl": openssl,
        "configure_arguments": ["--with-http_v3_module"] if number >= FIRST_DISTRIBUTION_BUILD_WITH_HTTP3 else [],
        "user": DEFAULT_USER,
    }


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found.group(1).strip(".") if found else ""


def _candidate_of_nginx_org(host: Host) -> dict[str, Any]:
    """Until apt knows that repository, its candidate is the distribution's, and the version not known."""
    found = {**_candidate(host), "configure_arguments": list(NGINX_ORG_BUILD), "modules": [], "user": "nginx"}
    return found if host.exists(NGINX_ORG_SOURCE) else {**found, "version": ""}


def _configure_arguments(printed: str) -> list[str]:
    return shlex.split(_first(r"configure arguments: (.*)", printed))


def test_configuration(host: Host, conf: str) -> None:
    """Let nginx read a configuration without running it.

    :param conf: path of its main file.
    :raises EdgeError: nginx refuses it, or warns of what would be routed wrongly; the message names the place in
        the model where one is known.
    """
    done = host.run(["nginx", "-t", "-c", conf])
    lines = [line for line in done.stderr.splitlines() if "[" in line]
    if done.code == 0:
        lines = [line for line in lines if "[warn]" in line and any(words in line for words in _WRONG_ROUTING)]
        if not lines:
            return
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
    short = "/".join(path.split("/")[-2:]) if "/sites/" in path else path.rsplit("/", 1)[-1]
    where = f"{short}:{number}" + (f": {source}" if source else "")
    return (f"{place}: " if place else "") + f"nginx says: {words} ({where})"


def _mentioned(host: Host, quoted: list[str], conf: str) -> tuple[str, int]:
    """File and line that hold one of the quoted texts; line 0 when none does."""
    folder = conf.rpartition("/")[0]
    names = [f"sites/{name}" for name in host.listdir(f"{folder}/sites")]
    for path in (f"{folder}/{name}" for name in (*names, "upstreams.conf", "nginx.conf")):
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
