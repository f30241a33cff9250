# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hides what looks like a secret in texts for people: messages, and differences of configurations."""

from __future__ import annotations

import re

HIDDEN = "(hidden)"

_SECRETS = (
    # A URL with a password
    re.compile(r"(?P<before>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'\"]*:)[^\s/@'\"]+(?=@)"),
    re.compile(r"(?P<before>-----BEGIN [A-Z ]*PRIVATE KEY-----).*", re.DOTALL),
    # Credentials of an Authorization header
    re.compile(
        r"(?P<before>\b(?i:basic|bearer|digest|negotiate|token)\s+)(?=\S*[0-9A-Z=+/])[A-Za-z0-9+/=._~-]{6,}",
    ),
    re.compile(r"(?P<before>\b\w*(?:password|passwd|secret|token|api_?key)\s*=\s*)[^\s\"',;)}]+", re.IGNORECASE),
    # The hash of a password, and a JSON Web Token
    re.compile(r"(?P<before>)\$(?:2[aby]|5|6|y|apr1|argon2\w*)\$[A-Za-z0-9./$=,+]{8,}"),
    re.compile(r"(?P<before>)\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9._-]+"),
    # A header or a parameter with a constant value
    re.compile(
        r"(?P<before>\b(?:\w+_set_header|\w+_param|add_header|set)\s+"
        r"\S*(?:authorization|cookie|token|secret|password|api[-_]?key|access[-_]?key)\S*\s+)"
        r"(?![\"']?[$;]|\"\"|'')(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s;]+)",
        re.IGNORECASE,
    ),
)
"""The group ``before`` stays."""


def redacted(text: str) -> str:
    """A text without the secrets that it may contain: passwords in URLs, keys, tokens, hashes of passwords."""
    for secret in _SECRETS:
        text = secret.sub(lambda found: f"{found['before']}{HIDDEN}", text)
    return text
