# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a response of a service of the host, or waits until it is as it should be."""

from __future__ import annotations

import re

from .errors import EdgeError
from .host import Host

PAUSE = 0.5
"""Seconds between two requests."""
TIMEOUT = 5.0
"""Seconds for a response."""


def has_line(host: Host, url: str, line: str) -> bool:
    """Whether the body of a response contains a line now.

    :param url: an ``http`` URL on this host.
    :param line: the whole line.
    :raises EdgeError: the URL is none of ``http``.
    """
    body = _body(host, url)
    return body is not None and line in body.splitlines()


def wait_for_line(host: Host, url: str, line: str, timeout: float) -> None:
    """Wait until the body of a response contains a line.

    :param url: an ``http`` URL on this host.
    :param line: the whole line.
    :param timeout: seconds.
    :raises EdgeError: no response within that time contained it, or the URL is none of ``http``.
    """
    end = host.monotonic() + timeout
    while True:
        body = _body(host, url)
        if body is not None and line in body.splitlines():
            return
        if host.monotonic() >= end:
            last = "the last response has no such line" if body is not None else "the last request got no response"
            raise EdgeError(f"{url} did not return the line '{line}' within {timeout:g} seconds: {last}")
        host.sleep(PAUSE)


def _body(host: Host, url: str) -> str | None:
    if not re.match(r"http://[^/]", url):
        raise EdgeError(f"'{url}' is not a URL such as http://127.0.0.1:9113/metrics")
    return host.get(url, TIMEOUT)
