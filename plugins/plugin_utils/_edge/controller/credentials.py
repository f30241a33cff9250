# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of certificates on their way from the inventory to certbot: no plan holds them, they are fetched for use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def file_of(credentials: Mapping[str, Any]) -> str:
    """The text of a plugin's credentials file, as ConfigObj reads it.

    :param credentials: option -> value, of the formats ``CREDENTIAL_KEY`` and ``CREDENTIAL``.
    """
    return "".join(f"{key} = {_quoted(str(value))}\n" for key, value in credentials.items())


def _quoted(value: str) -> str:
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}"


def credentials_in(certificates: Any, name: str) -> Mapping[str, Any]:
    """The credentials of the certificate ``name`` in the variable ``edge_certificates``; empty when there are none."""
    for item in certificates if isinstance(certificates, list) else []:
        if isinstance(item, Mapping) and item.get("name") == name:
            dns = item.get("dns")
            found = dns.get("credentials") if isinstance(dns, Mapping) else None
            return found if isinstance(found, Mapping) else {}
    return {}


def hmac_key_in(acme: Any) -> str | None:
    """The key that binds the account, in the variable ``edge_acme``."""
    eab = acme.get("eab") if isinstance(acme, Mapping) else None
    key = eab.get("hmac_key") if isinstance(eab, Mapping) else None
    return key if isinstance(key, str) else None
