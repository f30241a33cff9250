# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes every site of an edge like a client: the served certificate and the status of the response.

A run fails only for problems that it may have caused. A failed handshake, a certificate that differs from the one on
disk, and a generation that is not the live one are always failures. A missing response or an unhealthy status is a
failure only if the same site was healthy before the run, because a backend may have been down already.
"""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Protocol

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import LOOPBACK, Folders
from .connections import connect_tls, server_name
from .decisions import PLACEHOLDER_ORGANISATION
from .key_pairs import FULLCHAIN
from .served import WORKERS
from .x509 import X509Certificate, iso, parse_chain, parse_der

SERVER_ERROR = 500
AGENT = "nginx-edge-probe"
_PAUSE = 1.0


@dataclass(frozen=True)
class ProbedSite:
    """A site to probe.

    :param name: server name; for a wildcard, a name below it is requested.
    :param certificate: name of the certificate of the site.
    :param status: statuses of a healthy site; if empty, every status below 500.
    :param address: where the site is served; if empty, where the client connects to all sites, as without ``port``.
    """

    name: str
    https: bool
    certificate: str
    path: str = "/"
    status: tuple[int, ...] = ()
    address: str = ""
    port: int | None = None

    @classmethod
    def from_plan(cls, item: Mapping[str, Any]) -> ProbedSite:
        """Create it from the arguments of the module."""
        return cls(
            item["name"],
            item["https"],
            item["certificate"],
            item["path"],
            tuple(item["status"] or ()),
            item.get("address") or "",
            item.get("port"),
        )


@dataclass(frozen=True)
class Answer:
    """The response to a probe.

    :param certificate: the certificate that was served over TLS.
    :param status: status of the response; None without a response.
    :param problem: why there was no response, in one line.
    """

    certificate: X509Certificate | None = None
    status: int | None = None
    problem: str = ""


class Web(Protocol):
    """A client of the sites."""

    def request(self, site: ProbedSite, key_type: str | None = None) -> Answer:
        """Send a request to one site; never raises.

        :param key_type: as for :meth:`.served.TlsClient.handshake`.
        """
        raise NotImplementedError


class LocalWeb:
    """The nginx of this host, on loopback; the served certificates are compared, but not verified."""

    def __init__(self, http_port: int, https_port: int, timeout: float, address: str = LOOPBACK) -> None:
        self.http_port = http_port
        self.https_port = https_port
        self.timeout = timeout
        self.address = address

    def request(self, site: ProbedSite, key_type: str | None = None) -> Answer:
        """See :class:`Web`."""
        certificate: X509Certificate | None = None
        name = server_name(site.name) or site.name
        try:
            address = site.address or self.address, site.port or (self.https_port if site.https else self.http_port)
            if not site.https:
                with socket.create_connection(address, timeout=self.timeout) as plain:
                    return Answer(status=_status(plain, name, site.path))
            with connect_tls(address, server_name(site.name), self.timeout, key_type) as secured:
                shown = secured.getpeercert(binary_form=True)
                certificate = parse_der(shown) if shown else None
                return Answer(certificate, _status(secured, name, site.path))
        except (OSError, http.client.HTTPException, EdgeError) as error:
            return Answer(certificate, problem=str(error) or type(error).__name__)


def _status(connected: socket.socket, name: str, path: str) -> int:
    """The status of the response; the body is not read, because it may be long."""
    connection = http.client.HTTPConnection(name)
    connection.sock = connected
    connection.request("GET", path, headers={"User-Agent": AGENT, "Connection": "close"})
    return connection.getresponse().status


@dataclass(frozen=True)
class Finding:
    """The result of probing a site.

    :param problem: why the site is not healthy, in one line; empty if it is healthy.
    :param broken: whether the edge itself is the cause, because of the certificate or the TLS handshake.
    :param current: whether the certificate on disk was served.
    """

    site: ProbedSite
    answer: Answer
    problem: str
    broken: bool
    current: bool = False

    def worse_than(self, before: Mapping[str, Any] | None) -> bool:
        """Whether the site regressed, so that the run must fail.

        :param before: the result of :meth:`as_result` from before the run; None for a new site.
        """
        return self.broken or bool(self.problem and before and not before["problem"])

    def as_result(self) -> dict[str, Any]:
        """The module result for one site."""
        return {"status": self.answer.status, "problem": self.problem}


def find(host: Host, folders: Folders, web: Web, site: ProbedSite) -> Finding:
    """Probe one site and evaluate the response."""
    answer = web.request(site)
    if site.https:
        served = answer.certificate
        if served is None:
            return Finding(site, answer, f"no TLS handshake ({answer.problem or 'no certificate was served'})", True)
        on_disk = _on_disk(host, os.path.join(folders.link(site.certificate), FULLCHAIN))
        if on_disk and on_disk.key_type != served.key_type:
            served = web.request(site, on_disk.key_type).certificate or served  # the site may have both types
        if served != on_disk:
            serial = on_disk.serial if on_disk else "unreadable"
            return Finding(site, answer, f"serves serial {served.serial}, but on disk is {serial}", True)
        if _is_placeholder(served):
            return Finding(site, answer, "serves a placeholder, because its certificate was not issued", False, True)
    if answer.status is None:
        return Finding(site, answer, f"no answer ({answer.problem})", False, site.https)
    well = answer.status in site.status if site.status else answer.status < SERVER_ERROR
    return Finding(site, answer, "" if well else f"answers {answer.status}", False, site.https)


def _is_placeholder(certificate: X509Certificate) -> bool:
    return certificate.is_self_signed and PLACEHOLDER_ORGANISATION in certificate.subject


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
    """Probe all sites, several in parallel, and retry sites that regressed for ``retry_timeout`` seconds."""
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


def _current(findings: Sequence[Finding]) -> list[str]:
    """The certificates that all of their sites serve as they are on disk."""
    others = {one.site.certificate for one in findings if not one.current}
    return sorted({one.site.certificate for one in findings if one.current} - others)


def module_result(
    findings: Sequence[Finding], before: Mapping[str, Mapping[str, Any]], answers: str | None, live: str | None
) -> tuple[dict[str, Any], list[str]]:
    """The module result, and the regressions that make a run fail.

    :param answers: the generation that answers; None if none does.
    :param live: the live generation, which is expected to answer; None before the first one.
    """
    served = [one.answer.certificate for one in findings if one.answer.certificate]
    until: datetime | None = min((one.not_after for one in served if not _is_placeholder(one)), default=None)
    problems = [f"{one.site.name}: {one.problem}" for one in findings if one.worse_than(before.get(one.site.name))]
    if answers != live or live is None:
        problems.insert(0, f"generation {answers or '(none)'} answers, but {live or 'none'} is live")
    result = {
        "answers": answers,
        "live": live,
        "sites": {one.site.name: one.as_result() for one in findings},
        "certificates_until": iso(until) if until else None,
        "current": _current(findings),
        "problems": problems,
    }
    return result, problems
