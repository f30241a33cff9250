# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of renewals: an edge with certbot's lineages, and generations that refer to certificates."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Callable

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import WEB, EdgeHost

SERVER = "https://acme.test/dir"


class Machine(EdgeHost):
    """An edge whose other programs answer as told."""

    programs: Callable[[Sequence[str]], Completed | None] = staticmethod(lambda _argv: None)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.folders = Folders(str(root / "nginx" / "tls"), str(root / "letsencrypt"), str(root / "letsencrypt.log"))
        self.numbers = itertools.count()
        self.set_ahead = 1_800_000_000.0  # 2027-01-15

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        answer = self.programs(argv)
        return answer if answer is not None else super().run(argv, env=env, stdin=stdin, timeout=timeout)

    def renew(self, pair: Pair, name: str) -> None:
        """As certbot does: the lineage's files change, nginx's do not."""
        for kind in ("live", "archive", "renewal"):
            Path(self.folders.letsencrypt, kind).mkdir(parents=True, exist_ok=True)
        folder = Path(self.folders.lineage(name))
        folder.mkdir(exist_ok=True)
        (folder / "fullchain.pem").write_text(pair.fullchain)
        (folder / "privkey.pem").write_text(pair.privkey)
        Path(self.folders.letsencrypt, "renewal", f"{name}.conf").write_text(f"[renewalparams]\nserver = {SERVER}\n")

    def issue(self, pair: Pair, name: str) -> None:
        """As a run does: certbot gets a certificate, and nginx a copy of it."""
        self.renew(pair, name)
        target = key_pairs.store_pair(self, self.folders.tls, name, pair, key_pairs.ISSUED)
        key_pairs.point(self, self.folders.tls, name, target)

    def deploy(self, *names: str, keep: int = 9) -> str:
        """Make a generation live that refers to these certificates, and return its name."""
        digest = f"{next(self.numbers):04x}"
        pairs = tuple(self.folders.link(name) for name in names)
        text = "# @GENERATION@\nlisten 443 ssl;\n" + "".join(f"# {pair}\n" for pair in pairs)
        content = Content({"nginx.conf": text}, digest, 8090, "0.1.0", facts=replace(WEB, pairs=pairs))
        deploy(self, self.layout, content, check=False, allow_restart=False)
        reload_and_prove(self, self.layout, timeout=5, keep=keep)
        return digest

    def delete_lineage(self, argv: Sequence[str]) -> Completed:
        """What ``certbot delete`` does."""
        name = argv[-1]
        shutil.rmtree(self.folders.lineage(name))
        Path(self.folders.letsencrypt, "renewal", f"{name}.conf").unlink()
        return Completed(argv, 0, "", "")
