# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every site of an edge, asked as a client asks: the certificate that it shows, and the status that it answers.

What makes a run fail is what the run can have broken. A handshake that fails, a certificate that is not the one on
disk, a generation that is not the live one: always. No answer, or one that means that the site is not well: only where
the same site was well before, for backends that were down already are no fault of the run.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Protocol

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Folders
from .key_pairs import FULLCHAIN
from .served import WORKERS, server_name
from .x509 import X509Certificate, iso, parse_chain, parse_der

SERVER_ERROR = 500
AGENT = "nginx-edge-probe"
_PAUSE = 1.0


@dataclass(frozen=True)
class ProbedSite:
    """What is asked.

    :param name: server name; one below a wildcard is asked for.
    :param certificate: name of the certificate behind the site's TLS.
    :param status: statuses that mean that it is well; none stands for all below 500.
    """

    name: str
    https: bool
    certificate: str
    path: str = "/"
    status: tuple[int, ...] = ()

    @classmethod
    def from_plan(cls, item: Mapping[str, Any]) -> ProbedSite:
        """From the arguments of the module."""
        return cls(item["name"], item["https"], item["certificate"], item["path"], tuple(item["status"] or ()))


@dataclass(frozen=True)
class Answer:
    """What came of asking.

    :param certificate: what was shown over TLS.
    :param status: None when no answer came.
    :param problem: why none came, in one line.
    """

    certificate: X509Certificate | None = None
    status: int | None = None
    problem: str = ""


class Web(Protocol):
    """The sites as their clients see them."""

    def request(self, site: ProbedSite) -> Answer:
        """Ask one site; never raises."""
        raise NotImplementedError


class LocalWeb:
    """The nginx of this machine, on loopback; the certificates that it shows are compared, not trusted."""

    def __init__(self, http_port: int, https_port: int, timeout: float, address: str = "127.0.0.1") -> None:
        self.http_port = http_port
        self.https_port = https_port
        self.timeout = timeout
        self.address = address

    def request(self, site: ProbedSite) -> Answer:
        """See :class:`Web`."""
        certificate: X509Certificate | None = None
        name = server_name(site.name) or site.name
        try:
            port = self.https_port if site.https else self.http_port
            with socket.create_connection((self.address, port), timeout=self.timeout) as plain:
                if not site.https:
                    return Answer(status=_status(plain, name, site.path))
                with _client().wrap_socket(plain, server_hostname=server_name(site.name)) as secured:
                    shown = secured.getpeercert(binary_form=True)
                    certificate = parse_der(shown) if shown else None
                    return Answer(certificate, _status(secured, name, site.path))
        except (OSError, http.client.HTTPException, EdgeError) as error:
            return Answer(certificate, problem=str(error) or type(error).__name__)


def _client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _status(connected: socket.socket, name: str, path: str) -> int:
    """The status alone: a body may be long, and nobody reads it."""
    connection = http.client.HTTPConnection(name)
    connection.sock = connected
    connection.request("GET", path, headers={"User-Agent": AGENT, "Connection": "close"})
    return connection.getresponse().status


@dataclass(frozen=True)
class Finding:
    """A site as it was found.

    :param problem: why it is not well, in one line; empty when it is.
    :param broken: whether the edge itself is what is wrong: what it shows over TLS.
    """

    site: ProbedSite
    answer: Answer
    problem: str
    broken: bool

    def worse_than(self, before: Mapping[str, Any] | None) -> bool:
        """Whether the run is to fail for it.

        :param before: what :meth:`as_result` said before the run; None for a site that was not there.
        """
        return self.broken or bool(self.problem and before and not before["problem"])

    def as_result(self) -> dict[str, Any]:
        """What a module returns for one site."""
        return {"status": self.answer.status, "problem": self.problem}


def find(host: Host, folders: Folders, web: Web, site: ProbedSite) -> Finding:
    """Ask one site, and judge what came."""
    answer = web.request(site)
    if site.https:
        if answer.certificate is None:
            return Finding(site, answer, f"no TLS handshake ({answer.problem or 'no certificate was served'})", True)
        on_disk = _on_disk(host, os.path.join(folders.link(site.certificate), FULLCHAIN))
        if answer.certificate != on_disk:
            serial = on_disk.serial if on_disk else "unreadable"
            return Finding(site, answer, f"serves serial {answer.certificate.serial}, but on disk is {serial}", True)
    if answer.status is None:
        return Finding(site, answer, f"no answer ({answer.problem})", False)
    well = answer.status in site.status if site.status else answer.status < SERVER_ERROR
    return Finding(site, answer, "" if well else f"answers {answer.status}", False)


def _on_disk(host: Host, path: str) -> X509Certificate | None:
    try:
        return parse_chain((host.read(path) or b"").decode(errors="replace"))[0]
    except EdgeError:
        return None


def find_all(
    look: Callable[[ProbedSite], Finding],
    sites: Sequence[ProbedSite],
    before: Mapping[str, Mapping[str, Any]],
    *,
    retry_timeout: float = 0.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Finding]:
    """Ask every site, a few at a time; ask those that became worse again for ``retry_timeout`` seconds."""
    end = clock() + retry_timeout
    with ThreadPoolExecutor(WORKERS) as pool:
        found = dict(zip(sites, pool.map(look, sites)))
        while clock() < end:
            worse = [site for site, finding in found.items() if finding.worse_than(before.get(site.name))]
            if not worse:
                break
            sleep(_PAUSE)
            found.update(zip(worse, pool.map(look, worse)))
    return list(found.values())


def module_result(
    findings: Sequence[Finding], before: Mapping[str, Mapping[str, Any]], answers: str | None, live: str | None
) -> tuple[dict[str, Any], list[str]]:
    """What a module returns, and what makes a run fail.

    :param answers: the generation that answers; None when none does.
    :param live: the one that it has to be; None before the first.
    """
    until: datetime | None = min(
        (one.answer.certificate.not_after for one in findings if one.answer.certificate), default=None
    )
    problems = [f"{one.site.name}: {one.problem}" for one in findings if one.worse_than(before.get(one.site.name))]
    if answers != live or live is None:
        problems.insert(0, f"generation {answers or '(none)'} answers, but {live or 'none'} is live")
    result = {
        "answers": answers,
        "live": live,
        "sites": {one.site.name: one.as_result() for one in findings},
        "certificates_until": iso(until) if until else None,
        "problems": problems,
    }
    return result, problems
