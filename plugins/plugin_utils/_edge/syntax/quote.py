# SPDX-License-Identifier: GPL-3.0-or-later
"""Write values into nginx's language so that each stays one parameter.

nginx reads a parameter up to white space, ``;`` or ``{`` unless it is in quotes; within double quotes a
backslash escapes a quote and itself (``ngx_conf_read_token`` in nginx's ``src/core/ngx_conf_file.c``).
"""

from __future__ import annotations

import re

LONGEST_PARAMETER = 3600
_BARE = re.compile(r"[A-Za-z0-9_./:=@%+,$*?&|^()\[\]~!<>-]+", re.ASCII)


def quote(value: str) -> str:
    """``value`` as one nginx parameter: bare where that is safe, in double quotes otherwise."""
    if _BARE.fullmatch(value) and "${" not in value:
        return value
    return quoted(value)


def is_too_long(value: str) -> bool:
    """Whether nginx could not read the value: no parameter and no comment, which names the value's place, may fill its
    buffer of 4096 bytes (``NGX_CONF_BUFFER``)."""
    return len(quoted(value).encode(errors="replace")) > LONGEST_PARAMETER


def quoted(value: str) -> str:
    """``value`` in double quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def indent(text: str, spaces: int) -> str:
    """Raw directives with the indentation of their block; blank lines stay, surrounding white space is removed."""
    lines = text.strip().splitlines()
    return "\n".join(" " * spaces + line.rstrip() if line.strip() else "" for line in lines)
