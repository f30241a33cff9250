# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to ACME servers that need no account: bounded in time and size, and sent like certbot's."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

TIMEOUT = 10.0
"""Seconds for a whole answer, and for each step of the connection."""
_LARGEST = 1 << 20
_CHUNK = 1 << 16


class Answer(NamedTuple):
    """A JSON object, and the header ``Retry-After`` (empty if there is none)."""

    content: Mapping[str, Any]
    retry_after: str = ""


class WrongAnswerError(OSError):
    """The server answered, but not as expected."""


class Https(Protocol):
    """A client for ACME servers; tests answer in its place."""

    def get(self, url: str) -> Answer:
        """The JSON object at a URL; raises ``WrongAnswerError`` for any other answer, and ``OSError`` without one."""
        raise NotImplementedError


@dataclass(frozen=True)
class HttpsClient:
    """Sends requests like certbot: through the proxy of the environment, and trusting only the bundle if it is set.

    :param ca_bundle: file with the CA certificates that verify the server; None means those of the system.
    :param timeout: seconds for a whole answer.
    """

    ca_bundle: str | None = None
    timeout: float = TIMEOUT
    _contexts: list[ssl.SSLContext] = field(default_factory=list, repr=False, compare=False)

    def get(self, url: str) -> Answer:
        if not url.startswith("https://"):
            raise OSError(f"{url} is not an https URL")
        request = urllib.request.Request(url, headers={"User-Agent": "hardened.nginx_edge"})  # noqa: S310 - https
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self._context()))
        end = time.monotonic() + self.timeout
        try:
            with opener.open(request, timeout=self.timeout) as answer:
                content = json.loads(_body(answer, end))
                retry_after = str(answer.headers.get("Retry-After") or "")
        except urllib.error.HTTPError as error:
            raise WrongAnswerError(f"{url} answered with status {error.code}") from error
        except (ValueError, http.client.HTTPException) as error:
            raise WrongAnswerError(f"{url} did not answer with JSON ({error})") from error
        if not isinstance(content, dict):
            raise WrongAnswerError(f"{url} did not answer with a JSON object")
        return Answer(content, retry_after)

    def _context(self) -> ssl.SSLContext:
        """One context for all requests, because reading the CA certificates takes more than 20 ms."""
        if not self._contexts:
            self._contexts.append(ssl.create_default_context(cafile=self.ca_bundle))
        return self._contexts[0]


def _body(answer: http.client.HTTPResponse, end: float) -> bytes:
    """The body of an answer, read in parts, because the timeout of a socket applies to each part."""
    body = b""
    while part := answer.read1(_CHUNK):
        body += part
        if len(body) > _LARGEST:
            raise ValueError("the answer is too large")
        if time.monotonic() > end:
            raise TimeoutError("the answer takes too long")
    return body
