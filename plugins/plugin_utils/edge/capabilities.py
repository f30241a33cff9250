# SPDX-License-Identifier: GPL-3.0-or-later
"""What the nginx of a target can do. Versions are those of nginx's change log (https://nginx.org/en/CHANGES)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Version = tuple[int, ...]


def parse_version(text: str) -> Version:
    """The first dotted number in a text, as integers; ``()`` when there is none."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


@dataclass(frozen=True)
class Target:
    """The nginx of one host.

    :param version: such as ``(1, 26, 3)``.
    :param openssl: version of the OpenSSL nginx runs with.
    :param configure_arguments: nginx's build options, as ``nginx -V`` prints them.
    :param user: account of the workers.
    :param installed: False when this is what the host would install.
    """

    version: Version
    openssl: Version
    configure_arguments: tuple[str, ...]
    user: str = "www-data"
    installed: bool = True

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Target:
        """From what the module ``nginx_info`` returns as ``nginx``."""
        return cls(
            version=parse_version(facts["version"]),
            openssl=parse_version(facts["openssl"]),
            configure_arguments=tuple(facts["configure_arguments"]),
            user=facts["user"],
            installed=facts["installed"],
        )

    @property
    def http2_directive(self) -> bool:
        """``http2 on`` instead of ``listen … http2``."""
        return self.version >= (1, 25, 1)

    @property
    def http3(self) -> bool:
        """QUIC listeners."""
        return "--with-http_v3_module" in self.configure_arguments

    @property
    def reject_handshake(self) -> bool:
        """``ssl_reject_handshake``: refuse unknown names before any certificate is shown."""
        return self.version >= (1, 19, 4)

    @property
    def post_quantum(self) -> bool:
        """The hybrid key exchange X25519MLKEM768."""
        return self.openssl >= (3, 5)

    @property
    def version_text(self) -> str:
        """Such as ``1.26.3``."""
        return ".".join(map(str, self.version))
