# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the nginx package that a host would install, from apt and from the known build options of packages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..host import paths
from ..host.host import Host

DEFAULT_USER = "www-data"
MODULES_PATH = "--modules-path="
STREAM_MODULE = "ngx_stream_module"
"""The distributions build the stream block as a module of this name, which includes ``ssl_preread``. The build options
of nginx in Debian 11 do not contain it."""

DISTRIBUTION = "distribution"
NGINX_ORG = "nginx_org"

_COMMON_BUILD = (
    "--modules-path=/usr/lib/nginx/modules",
    "--with-http_auth_request_module",
    "--with-http_gzip_static_module",
    "--with-http_realip_module",
    "--with-http_v2_module",
)
DISTRIBUTION_BUILD = _COMMON_BUILD
"""Build options of nginx in Debian and Ubuntu since 1.18, as far as the model depends on them."""

ADDED_TO_DISTRIBUTION_BUILD = (("--with-stream_realip_module", (1, 22)), ("--with-http_v3_module", (1, 26)))
"""Build options that Debian added to nginx, with the first version."""

NGINX_ORG_BUILD = (
    *_COMMON_BUILD,
    "--user=nginx",
    "--with-http_v3_module",
    "--with-stream",
    "--with-stream_realip_module",
    "--with-stream_ssl_preread_module",
)
"""Build options of the nginx.org packages since 1.25.0, as far as the model depends on them
(https://github.com/nginx/pkg-oss/blob/master/debian/Makefile)."""


def read_candidate(host: Host, repository: str) -> dict[str, Any]:
    """Facts about the nginx that the package manager would install, in the format of :func:`.program.read_nginx`.

    :param repository: ``distribution`` or ``nginx_org``.
    """
    version = first(r"Candidate: (?:\d+:)?([0-9.]+)", policy(host, "nginx"))
    openssl = first(r"Candidate: (?:\d+:)?([0-9.]+)", policy(host, "openssl"))
    number = tuple(int(part) for part in version.split(".") if part)
    arguments, modules = list(distribution_build(number)), [STREAM_MODULE]
    if repository == NGINX_ORG:
        arguments, modules = list(NGINX_ORG_BUILD), []
        if not host.exists(paths.NGINX_ORG_SOURCE):
            version = ""  # apt reports the version of the distribution until it knows the other repository
    return {
        "installed": False,
        "version": version,
        "openssl": openssl,
        "configure_arguments": arguments,
        "modules": modules,
        "user": worker_account(arguments),
    }


def distribution_build(version: Sequence[int]) -> tuple[str, ...]:
    """Build options of a version of nginx in Debian and Ubuntu, as far as the model depends on them."""
    added = (option for option, since in ADDED_TO_DISTRIBUTION_BUILD if tuple(version) >= since)
    return (*DISTRIBUTION_BUILD, *added)


def worker_account(arguments: Sequence[str]) -> str:
    """Account of nginx's workers, from its build options."""
    return next((word[len("--user=") :] for word in arguments if word.startswith("--user=")), DEFAULT_USER)


def policy(host: Host, package: str) -> str:
    """The output of ``apt-cache policy`` for a package."""
    return host.run(["apt-cache", "policy", package]).stdout


def first(pattern: str, text: str) -> str:
    """The first group of the first match, without surrounding dots; empty if nothing matches."""
    found = re.search(pattern, text)
    return found.group(1).strip(".") if found else ""
