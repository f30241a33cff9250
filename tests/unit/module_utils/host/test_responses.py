# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a response of a service, and waiting for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.responses import has_line, wait_for_line

URL = "http://127.0.0.1:9113/metrics"


class Answering(LocalHost):
    """A host whose service gives these responses, one after the other, and then the last one."""

    def __init__(self, *bodies: str | None) -> None:
        self.bodies: Iterator[str | None] = iter(bodies)
        self.last: str | None = None
        self.clock = 0.0

    def get(self, url: str, timeout: float = 1.0) -> str | None:
        assert url == URL
        self.last = next(self.bodies, self.last)
        return self.last

    def monotonic(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds


def test_the_wait_ends_with_the_line() -> None:
    host = Answering(None, "nginx_up 0\n", "# HELP\nnginx_up 1\n")
    wait_for_line(host, URL, "nginx_up 1", 30)
    assert host.clock == 1.0


@pytest.mark.parametrize(
    ("body", "reason"),
    [(None, "the last request got no response"), ("nginx_up 10\n", "the last response has no such line")],
)
def test_an_error_says_what_was_missing(body: str | None, reason: str) -> None:
    host = Answering(body)
    with pytest.raises(EdgeError) as caught:
        wait_for_line(host, URL, "nginx_up 1", 3)
    assert str(caught.value) == f"{URL} did not return the line 'nginx_up 1' within 3 seconds: {reason}"
    assert host.clock == 3.0


@pytest.mark.parametrize(("body", "found"), [(None, False), ("nginx_up 10\n", False), ("# HELP\nnginx_up 1\n", True)])
def test_a_response_is_read_once(body: str | None, found: bool) -> None:
    host = Answering(body, "nginx_up 1\n")
    assert has_line(host, URL, "nginx_up 1") is found
    assert host.clock == 0.0


@pytest.mark.parametrize("url", ["https://127.0.0.1/metrics", "127.0.0.1:9113/metrics", "http:///metrics"])
def test_only_urls_of_http_are_requested(url: str) -> None:
    with pytest.raises(EdgeError, match=r"is not a URL such as http://127\.0\.0\.1:9113/metrics$"):
        wait_for_line(Answering(None), url, "nginx_up 1", 3)
    with pytest.raises(EdgeError, match="is not a URL"):
        has_line(Answering(None), url, "nginx_up 1")


def test_a_wrong_port_is_no_response() -> None:
    assert LocalHost().get("http://127.0.0.1:abc/metrics") is None
