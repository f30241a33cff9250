# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests whether the ACME server can get the response to its challenge, because failures count against rate limits."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ..host.errors import EdgeError
from ..host.host import Host
from ..tls.served import WORKERS, EdgeClient, Lookup

CHALLENGES = ".well-known/acme-challenge"
_OK = 200


def prove_challenge_path(host: Host, edge: EdgeClient, webroot: str, names: Sequence[str]) -> None:
    """Fetch a token through the edge under each name, like the ACME server; raise ``EdgeError`` if a request fails."""
    token = f"nginx-edge-probe-{secrets.token_hex(8)}"
    folder = os.path.join(webroot, CHALLENGES)
    path = os.path.join(folder, token)
    host.mkdir(folder)
    host.write(path, token.encode(), 0o644)
    try:
        wrong = [text for text in (_challenge_problem(edge, webroot, name, token) for name in names) if text]
    finally:
        host.remove(path)
    if wrong:
        raise EdgeError("this edge does not answer the challenge; no certificate was ordered:", wrong)


def _challenge_problem(edge: EdgeClient, webroot: str, name: str, token: str) -> str | None:
    url = f"http://{name}/{CHALLENGES}/{token}"
    try:
        status, body = edge.get(name, f"/{CHALLENGES}/{token}")
    except OSError as error:
        return f"{url} on this host: nothing answers on port 80 ({error})"
    if status != _OK:
        return f"{url} on this host: answered with status {status} instead of the file in {webroot}"
    if body.strip() != token.encode():
        return f"{url} on this host: did not answer with the file in {webroot}"
    return None


def look_up(host: Host, edge: EdgeClient, names: Sequence[str]) -> list[str]:
    """Resolve the names on this host.

    :returns: warnings about names that resolve to another host or that could not be resolved. Both may be correct, for
        example behind a load balancer, or if the internal and the public DNS differ.
    :raises EdgeError: names do not exist.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        found = dict(zip(names, pool.map(edge.lookup, names)))
    unknown = [name for name, answer in found.items() if answer.exists is False]
    if unknown:
        raise EdgeError(
            f"the DNS has no address for {', '.join(unknown)}, so no certificate was ordered; if the ACME server uses"
            " another DNS than this host, set certbot_check_names: false"
        )
    told = [_elsewhere(host, name, answer) for name, answer in found.items()]
    return [text for text in told if text]


def _elsewhere(host: Host, name: str, answer: Lookup) -> str:
    if answer.exists is None:
        return f"{name} could not be resolved ({answer.problem})"
    if any(host.try_bind(address, 0, udp=True) is None for address in answer.addresses):
        return ""
    leads = ", ".join(answer.addresses)
    return f"{name} resolves to {leads}, not to this host; the validation request must reach this host all the same"
