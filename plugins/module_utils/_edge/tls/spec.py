# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module option ``certificates``, which is documented in the fragment ``certificates``."""

from __future__ import annotations

from typing import Any


def certificates_argument() -> dict[str, Any]:
    """The argument specification that the certificate modules share, so that each accepts the plan unchanged."""
    return {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "source": {"type": "str", "choices": ["acme", "provided", "received", "self_signed"], "default": "acme"},
            "names": {"type": "list", "elements": "str", "required": True},
            "key_type": {"type": "str", "choices": ["ecdsa", "rsa"], "default": "ecdsa"},
            "key_size": {"type": "int", "choices": [2048, 3072, 4096], "default": 2048},
            "path": {"type": "str"},
            "fullchain": {"type": "str"},
            "privkey": {"type": "str", "no_log": False},  # the path of a key, not the key
            "fullchain_content": {"type": "str"},
            "privkey_content": {"type": "str", "no_log": True},
            "challenge": {"type": "str", "choices": ["http-01", "dns-01"], "default": "http-01"},
            "dns": {
                "type": "dict",
                "options": {
                    "provider": {"type": "str", "required": True},
                    "package": {"type": "str"},
                    "credentials_file": {"type": "str"},
                    "credentials_content": {"type": "str", "no_log": True},
                    "propagation_seconds": {"type": "int"},
                },
            },
            "profile": {"type": "str"},
            "preferred_chain": {"type": "str"},
        },
    }
