# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issuing all certificates of a host: ask where it is needed, put what came into use, and collect what went wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import certbot, pairs
from .certbot import Authority, Request
from .certificates import Folders, Wanted, collecting
from .errors import EdgeError
from .host import Host
from .pairs import Pair
from .served import Edge
from .x509 import Certificate, iso

_OK = 200


@dataclass(frozen=True)
class Outcome:
    """What became of one certificate: ``issued`` and ``kept`` say it all, ``linked`` is the link nginx follows."""

    wanted: Wanted
    state: str
    request: Request | None = None
    certificate: Certificate | None = None
    linked: bool = False

    @property
    def changed(self) -> bool:
        return self.state in {"issued", "wanted"} or self.linked

    def report(self) -> dict[str, Any]:
        own = self.certificate
        return {
            "name": self.wanted.name,
            "state": self.state,
            "changed": self.changed,
            "reasons": list(self.request.reasons) if self.request else [],
            "names": list(own.names if own else self.wanted.names),
            "serial": own.serial if own else None,
            "not_after": iso(own.not_after) if own else None,
        }


@dataclass(frozen=True)
class Issuer:
    """Everything that issuing needs: the machine, the edge as clients see it, the authority, and the places."""

    host: Host
    edge: Edge
    authority: Authority
    webroot: str
    folders: Folders
    check_mode: bool = False

    def issue_all(self, wanted: Sequence[Wanted], now: datetime) -> tuple[list[Outcome], list[str]]:
        """What became of each certificate, and the problems of those that failed: the others have had their turn."""
        outcomes: list[Outcome] = []
        problems: list[str] = []
        for one in wanted:
            with collecting(problems, one):
                outcomes.append(self.issue(one, now))
        return outcomes, problems

    def issue(self, wanted: Wanted, now: datetime) -> Outcome:
        pairs.check_name(wanted.name)
        certbot.refuse_wildcards(wanted.names)
        lineage = certbot.read_lineage(self.host, self.folders, wanted.name)
        request = certbot.needed(lineage, wanted, self.authority, self.webroot, now)
        before = lineage.pair.certificate if lineage and lineage.pair else None
        if request is None:
            pair = pairs.read_pair(self.host, self.folders.lineage(wanted.name))
            return Outcome(wanted, "kept", None, pair.certificate, linked=self._link(wanted, pair))
        if not self.authority.agree_tos:
            raise EdgeError("the authority's terms of service have to be agreed to: set agree_tos to true")
        if self.check_mode:
            return Outcome(wanted, "wanted", request, before)
        self._prove_challenge_path(wanted)
        certbot.ask(self.host, request, self.authority, self.webroot)
        pair = pairs.read_pair(self.host, self.folders.lineage(wanted.name))
        missing = pair.certificate.uncovered(wanted.names)
        if missing:
            raise EdgeError(f"the authority's certificate is not good for {', '.join(missing)}: it is not used")
        return Outcome(wanted, "issued", request, pair.certificate, linked=self._link(wanted, pair))

    def _link(self, wanted: Wanted, pair: Pair) -> bool:
        """Let nginx find a copy of the lineage's pair; whether the link had to be switched."""
        target = pairs.stored_target(wanted.name, pair, pairs.ISSUED)
        before = self.host.readlink(self.folders.link(wanted.name))
        if before == target:
            return False
        if not self.check_mode:
            pairs.store_pair(self.host, self.folders.tls, wanted.name, pair, pairs.ISSUED)
            pairs.point(self.host, self.folders.tls, wanted.name, target)
            pairs.prune(self.host, self.folders.tls, wanted.name, {before, target})
        return True

    def _prove_challenge_path(self, wanted: Wanted) -> None:
        """Fetch a token through the edge under each name, as the authority will: its failures count against limits."""
        token = f"nginx-edge-probe-{secrets.token_hex(8)}"
        folder = os.path.join(self.webroot, certbot.CHALLENGES)
        path = os.path.join(folder, token)
        self.host.mkdir(folder)
        self.host.write(path, token.encode())
        try:
            wrong = [text for text in (self._challenge_problem(name, token) for name in wanted.names) if text]
        finally:
            self.host.remove(path)
        if wrong:
            raise EdgeError("this edge does not answer the challenge, and the authority was not asked:", wrong)

    def _challenge_problem(self, name: str, token: str) -> str | None:
        url = f"http://{name}/{certbot.CHALLENGES}/{token}"
        try:
            status, body = self.edge.get(name, f"/{certbot.CHALLENGES}/{token}")
        except OSError as error:
            return f"{url} on this host: nothing answers on port 80 ({error})"
        if status != _OK:
            return f"{url} on this host: answered with status {status} instead of the file in {self.webroot}"
        if body.strip() != token.encode():
            return f"{url} on this host: answered with something else than the file in {self.webroot}"
        return None
