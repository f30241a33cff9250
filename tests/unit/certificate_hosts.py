# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of certificates: a host whose programs answer as told, and a maker of real pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair, checked_pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.self_signed import make_self_signed


class ScriptedHost(LocalHost):
    """Remembers which programs ran; ``answers`` stands in for those it does not answer with None."""

    def __init__(self, answers: Callable[[Sequence[str]], Completed | None] | None = None) -> None:
        self.answers = answers
        self.ran: list[Sequence[str]] = []
        self.environments: list[Mapping[str, str]] = []

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        self.ran.append(argv)
        self.environments.append(env or {})
        answer = self.answers(argv) if self.answers else None
        return answer if answer is not None else super().run(argv, env=env, stdin=stdin, timeout=timeout)


def made(*names: str, key_type: str = "ecdsa", key_size: int = 2048, days: int = 90) -> Pair:
    """A real self-signed pair, made just now."""
    return make_self_signed(
        LocalHost(), names=names, organisation="test", key_type=key_type, key_size=key_size, days=days
    )


def without_public_half(pair: Pair) -> Pair:
    """The pair with its EC key as only openssl can compare it with the certificate."""
    done = LocalHost().run(["openssl", "ec", "-no_public"], stdin=pair.privkey)
    return checked_pair(LocalHost(), pair.fullchain, done.stdout)


def issued(folder: Path, *names: str, days: int = 90) -> Pair:
    """A real pair that an authority of the test's own signed just now.

    :param folder: where the authority keeps its files; the same folder is the same authority.
    """
    host = LocalHost()
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    authority = (str(folder / "ca.pem"), str(folder / "ca.key"))
    if not Path(authority[0]).exists():
        subject = ("-subj", "/CN=authority", "-days", "365")
        host.run(["openssl", "req", "-x509", *curve, *subject, "-out", authority[0], "-keyout", authority[1]])
    request, key, extensions = (str(folder / name) for name in ("request", "key", "extensions"))
    Path(extensions).write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names), encoding="utf-8")
    host.run(["openssl", "req", "-new", *curve, "-subj", "/", "-out", request, "-keyout", key])
    signing = ["openssl", "x509", "-req", "-in", request, "-CA", authority[0], "-CAkey", authority[1]]
    done = host.run([*signing, "-CAcreateserial", "-days", str(days), "-extfile", extensions])
    return checked_pair(host, done.stdout, Path(key).read_text(encoding="utf-8"))
