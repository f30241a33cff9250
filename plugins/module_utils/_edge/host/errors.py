# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception type that the core raises for what an operator has to read."""

from __future__ import annotations

from collections.abc import Sequence


class EdgeError(Exception):
    """Something an operator has to mend; a shell turns it into ``fail_json``.

    :param message: one line that says what is wrong and what to do about it.
    :param details: further lines (a program's own words), most telling first; default none.
    """

    def __init__(self, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n".join((self.message, *self.details))
