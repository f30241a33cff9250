# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The issuing edge: it provides the issued certificates to other edges and authorizes their SSH keys.

Other edges fetch the certificates over SSH, with an account that can only print one file::

    /var/lib/nginx-edge/share/pairs.json            the issued pairs that nginx serves, readable by root and the account
    /var/lib/nginx-edge/share/.ssh/authorized_keys  for each edge its key, its address, and the only allowed command
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Folders
from ..tls import key_pairs
from .renewal import issued_names

ACCOUNT = "nginx-edge-share"
FORMAT = 1
LOCK_SECONDS = 60.0
_COMMENT = "nginx-edge:"
_KEY = re.compile(r"(?P<key>[a-z0-9@.-]+ [A-Za-z0-9+/=]+)(?: .*)?\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+\Z")


@dataclass(frozen=True)
class Follower:
    """An edge that receives its certificates from this edge.

    :param name: inventory name.
    :param key: public key in the format of ``ssh-keygen``.
    :param address: source address; the key is valid only from this address.
    """

    name: str
    key: str
    address: str

    @property
    def line(self) -> str:
        """The line of this edge in ``authorized_keys``."""
        found = _KEY.match(self.key.strip())
        if not (found and _PLAIN.match(self.name) and _PLAIN.match(self.address)):
            raise EdgeError(
                f"{self.name}: its key or its address ({self.address}) cannot be written to {paths.SHARE_AUTHORIZED}"
            )
        return f'restrict,from="{self.address}",command="cat {paths.SHARE_BUNDLE}" {found["key"]} {_COMMENT}{self.name}'


def authorize(host: Host, followers: Sequence[Follower], members: Collection[str], *, check: bool) -> bool:
    """Authorize the keys of followers, and remove the keys of edges that are no longer members.

    :param followers: the edges whose keys are known in this run.
    :param members: names of all edges that may be authorized; the lines of others are removed.
    :param check: change nothing.
    :returns: whether anything had to be changed.
    """
    before = (host.read(paths.SHARE_AUTHORIZED) or b"").decode(errors="replace")
    if check:
        return _authorized(before, followers, members) != before
    with host.lock(f"{paths.SHARE_HOME}/.lock", LOCK_SECONDS):  # the followers of one batch run at the same time
        before = (host.read(paths.SHARE_AUTHORIZED) or b"").decode(errors="replace")
        after = _authorized(before, followers, members)
        if after != before:
            host.mkdir(f"{paths.SHARE_HOME}/.ssh")
            replace_file(
                host, paths.SHARE_AUTHORIZED, after.encode(), 0o644
            )  # sshd reads it as the account, which must not be able to write it
    return after != before


def _authorized(before: str, followers: Sequence[Follower], members: Collection[str]) -> str:
    lines = {line.rpartition(_COMMENT)[2]: line for line in before.splitlines()}
    lines.update({one.name: one.line for one in followers})
    return "".join(f"{line}\n" for name, line in sorted(lines.items()) if name in members)


def write_bundle(host: Host, folders: Folders, *, check: bool = False) -> bool:
    """Provide the pairs that nginx serves from lineages. They were checked and deployed on this edge before.

    :param check: change nothing.
    :returns: whether anything had to be changed.
    :raises EdgeError: a pair is damaged; the file with the pairs is not changed.
    """
    handed: dict[str, Any] = {}
    for name in issued_names(host, folders):
        pair = key_pairs.read_pair(host, folders.link(name))
        handed[name] = {"fullchain": pair.fullchain, "privkey": pair.privkey}
    data = (json.dumps({"format": FORMAT, "pairs": handed}, indent=1, sort_keys=True) + "\n").encode()
    if host.read(paths.SHARE_BUNDLE) == data:
        return False
    if not check:
        replace_file(host, paths.SHARE_BUNDLE, data, 0o640, readers=ACCOUNT)
    return True


def host_keys(host: Host) -> list[str]:
    """Type and public key of each SSH host key of this host, with which other edges verify it."""
    names = [name for name in host.listdir(paths.HOST_KEYS) if re.match(r"ssh_host_\w+_key\.pub\Z", name)]
    texts = ((host.read(f"{paths.HOST_KEYS}/{name}") or b"").decode(errors="replace") for name in names)
    return [found["key"] for text in texts if (found := _KEY.match(text.strip()))]
