# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of Ansible's variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def untagged(value: Any) -> Any:
    """An Ansible value as plain Python types, without the tags and the lazy templating of Ansible's containers."""
    if isinstance(value, Mapping):
        return {str(key): untagged(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [untagged(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if getattr(value, "__ENCRYPTED__", False):
        return str(value)  # a vaulted value before ansible-core 2.19, which is no str
    for plain in (str, int, float):
        if isinstance(value, plain):
            return plain(value)
    return value
