# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS policies as data.

Source: Mozilla's Server Side TLS guideline 6.0 of 2026-04-06. Stapling stays off: Let's Encrypt closed its OCSP
responders in 2025.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import capabilities
from .capabilities import Target

GUIDELINE = "Mozilla guideline 6.0 (2026-04-06)"
POST_QUANTUM = "X25519MLKEM768"
CURVES = ("X25519", "prime256v1", "secp384r1")


@dataclass(frozen=True)
class TlsPolicy:
    """Values of nginx's ``ssl_*`` directives; an empty ``ciphers`` or ``session_cache`` is not written.

    :param session_timeout: how long a session can be resumed.
    """

    name: str
    guideline: str
    protocols: str
    ciphers: str
    curves: str
    session_cache: str
    session_timeout: str


POLICIES = {
    "intermediate": {
        "protocols": "TLSv1.2 TLSv1.3",
        "ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
        "session_cache": "shared:edge_tls:10m",
        "session_timeout": "1d",
    },
    "modern": {"protocols": "TLSv1.3", "ciphers": "", "session_cache": "", "session_timeout": ""},
}


def tls_policy(name: str, target: Target, *, post_quantum: bool) -> TlsPolicy:
    """The policy of that name.

    :param post_quantum: offer the post-quantum key exchange where the target's OpenSSL has it.
    """
    curves = ((POST_QUANTUM,) if post_quantum and target.can(capabilities.POST_QUANTUM) else ()) + CURVES
    return TlsPolicy(name=name, guideline=GUIDELINE, curves=":".join(curves), **POLICIES[name])
