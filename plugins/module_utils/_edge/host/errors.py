# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exception type that the core raises for errors that an operator must read."""

from __future__ import annotations

from collections.abc import Sequence

from .redaction import redacted


class EdgeError(Exception):
    """An error that an operator must fix; a module reports it with ``fail_json``. What looks like a secret is hidden.

    :param message: one line with the error and its remedy.
    :param details: additional lines, such as the output of a program, most important first; default none.
    """

    def __init__(self, message: str, details: Sequence[str] = ()) -> None:
        self.message = redacted(message)
        self.details = tuple(map(redacted, details))
        super().__init__(self.message)

    def __str__(self) -> str:
        return "\n".join((self.message, *self.details))
