# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ACME server, the account settings, and the profiles in the directory of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .https import HttpsClient

PROFILES_SINCE = (4, 0)
"""First certbot version with ``--preferred-profile`` (certbot's changelog, 4.0.0)."""
STAGING = "staging"
"""certbot treats a server with this text in its URL as a test server (``certbot._internal.cli.cli_utils``)."""


@dataclass(frozen=True)
class Authority:
    """The ACME server and the account.

    :param ca_bundle: file on the host with the CA certificates that verify a private ACME server.
    :param eab_kid: key identifier of the external account binding; the key is ``eab_hmac_key``.
    """

    directory_url: str
    email: str | None = None
    ca_bundle: str | None = None
    agree_tos: bool = False
    eab_kid: str | None = None
    eab_hmac_key: str | None = field(default=None, repr=False)

    @classmethod
    def from_plan(cls, item: Mapping[str, Any]) -> Authority:
        eab = item.get("eab") or {}
        return cls(
            item["directory_url"],
            item.get("email") or None,
            item.get("ca_bundle") or None,
            item["agree_tos"],
            eab.get("kid"),
            eab.get("hmac_key"),
        )

    @property
    def tests(self) -> bool:
        """Whether it is a test server, whose certificates clients do not trust."""
        return STAGING in self.directory_url

    def environment(self) -> dict[str, str]:
        """Environment variables that make certbot trust the server."""
        return {"REQUESTS_CA_BUNDLE": self.ca_bundle} if self.ca_bundle else {}


def read_profiles(directory_url: str, ca_bundle: str | None) -> list[str]:
    """The profiles that an ACME server lists in its directory; an empty list if it lists none.

    :raises OSError: the server does not answer with an ACME directory.
    """
    meta = HttpsClient(ca_bundle).get(directory_url).content.get("meta")
    profiles = meta.get("profiles") if isinstance(meta, dict) else None
    return sorted(profiles) if isinstance(profiles, dict) else []
