# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For the tests of certificates: a host whose programs answer as told, and a maker of real pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable

from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.host import Completed, LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.pairs import Pair, make_self_signed


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
    """A real pair that openssl made just now."""
    return make_self_signed(
        LocalHost(), names=names, organisation="test", key_type=key_type, key_size=key_size, days=days
    )
