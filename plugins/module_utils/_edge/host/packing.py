# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs data into a compressed text, to send it to the host or to store it next to the files."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any


def packed(data: Any) -> str:
    """JSON data as compressed text."""
    return base64.b64encode(zlib.compress(json.dumps(data).encode(), 9)).decode()


def unpacked(text: str | bytes) -> Any:
    """The data from a text of :func:`packed`.

    :raises ValueError: the text is incomplete.
    """
    try:
        return json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except zlib.error as error:
        raise ValueError(str(error)) from error
