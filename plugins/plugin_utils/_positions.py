# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Ansible read a value of a variable. Apart from the core, because it depends on the version of Ansible."""

from __future__ import annotations

from typing import Any

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # ansible-core before 2.19
    Origin = None


def position_of(value: Any) -> tuple[str, int] | None:
    """File and line of a value or of a key; None if Ansible does not know them, as for ``-e name=value``."""
    if Origin is not None:
        origin = Origin.get_tag(value)
        known = origin is not None and origin.path and origin.line_num
        return (str(origin.path), int(origin.line_num)) if known else None
    file, line, _column = getattr(value, "ansible_pos", None) or (None, 0, 0)
    return (str(file), int(line)) if file and str(file).startswith("/") else None
