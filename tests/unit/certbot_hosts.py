# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of issuing: a certbot that does as it is told, the lineages that it keeps, and an edge that answers."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme import accounts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.directory import Authority
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.issue import Issuer
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.dns import Challenge
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.served import Handshake, Lookup
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.wanted import Wanted
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost

NOW = datetime.now(timezone.utc) + timedelta(hours=1)  # pairs are made while the tests run
CA = Authority("https://acme.test/dir", "ops@a.example", "/etc/ssl/private-ca.pem", agree_tos=True)
WEBROOT = "/var/lib/nginx-edge/acme"
BY_FILE = Challenge("webroot", {"webroot_path": WEBROOT})
WANTED = Wanted("a.example", ("a.example", "www.a.example"))
POLICY = "certbot:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n"
# What certbot 1.12, 2.1 and 4.0 alike write about a lineage.
RENEWAL = """# renew_before_expiry = 30 days
version = 4.0.0
archive_dir = {folder}/archive/a.example
fullchain = {folder}/live/a.example/fullchain.pem

# Options used in the renewal process
[renewalparams]
account = {account}
key_type = ecdsa
server = {server}
authenticator = {authenticator}
webroot_path = {webroot},
[[webroot_map]]
a.example = {webroot}
"""


def keep(
    folders: Folders, pair: Pair, server: str = CA.directory_url, authenticator: str = "webroot", webroot: str = WEBROOT
) -> None:
    """Write a lineage as certbot keeps it."""
    live = Path(folders.lineage("a.example"))
    live.mkdir(parents=True, exist_ok=True)
    (live / "fullchain.pem").write_text(pair.fullchain)
    (live / "privkey.pem").write_text(pair.privkey)
    renewal = Path(folders.letsencrypt) / "renewal"
    renewal.mkdir(exist_ok=True)
    there = Path(accounts.folder_of(folders.letsencrypt, server))
    names = [path.name for path in there.glob("*")] or [account(folders, "first", server).name]
    text = RENEWAL.format(
        folder=folders.letsencrypt, account=names[0], server=server, authenticator=authenticator, webroot=webroot
    )
    (renewal / "a.example.conf").write_text(text)


class Edge:
    """An edge that answers the challenge from a folder, but for the names in ``deaf``."""

    def __init__(self, webroot: str, deaf: Sequence[str] = (), status: int = 200) -> None:
        self.webroot, self.deaf, self.status = webroot, deaf, status
        self.answers: dict[str, Lookup] = {}

    def lookup(self, name: str) -> Lookup:
        return self.answers.get(name, Lookup(True, ("127.0.0.1",)))

    def handshake(self, name: str, key_type: str | None = None) -> Handshake:
        raise AssertionError(name)

    def get(self, name: str, path: str) -> tuple[int, bytes]:
        if name in self.deaf:
            raise ConnectionRefusedError(111, "Connection refused")
        return self.status, Path(self.webroot + path).read_bytes()


class Certbot:
    """A certbot that issues ``pair`` after it has said what it is told to say, and keeps what it was given to read."""

    def __init__(self, folders: Folders, pair: Pair, says: Sequence[str] = (), version: str = "4.0.0-2") -> None:
        self.folders, self.pair, self.says, self.version = folders, pair, list(says), version
        self.settings: list[str] = []
        self.modes: list[int] = []

    def __call__(self, argv: Sequence[str]) -> Completed | None:
        if argv[0] == "apt-cache":
            return Completed(argv, 0, POLICY.format(installed=self.version, candidate=self.version), "")
        if argv[0] != "certbot":
            return None
        if "--config" in argv:
            path = Path(argv[argv.index("--config") + 1])
            self.settings.append(path.read_text())
            self.modes.append(stat.S_IMODE(path.stat().st_mode))
        if self.says:
            # What Debian 12's prints of any problem with an account; the log has the authority's words.
            with Path(self.folders.log).open("a", encoding="utf-8") as log:
                log.write(self.says.pop(0))
            return Completed(argv, 1, "", "An unexpected error occurred:\nAttributeError: can't set attribute\n")
        if not accounts.accounts(LocalHost(), self.folders.letsencrypt, CA):
            account(self.folders, "new")
        keep(self.folders, self.pair)
        return Completed(argv, 0, "", "")


def account(folders: Folders, name: str, server: str = CA.directory_url) -> Path:
    """An account as certbot keeps it."""
    folder = Path(accounts.folder_of(folders.letsencrypt, server)) / name
    folder.mkdir(parents=True)
    (folder / "regr.json").write_text("{}")
    return folder


def issuer(folders: Folders, tmp_path: Path, program: Certbot) -> Issuer:
    webroot = str(tmp_path / "acme")
    return Issuer(ScriptedHost(answers=program), Edge(webroot), CA, webroot, folders)


def started(one: Issuer) -> list[Sequence[str]]:
    assert isinstance(one.host, ScriptedHost)
    return [argv for argv in one.host.ran if argv[0] == "certbot"]
