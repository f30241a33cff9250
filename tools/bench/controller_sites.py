# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that the benchmarks deploy: sites that answer without a backend, and proxy a path to one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .controller_runs import measured, settings_of_users

VARIABLES: dict[str, Any] = {
    "edge_certificate_source": "self_signed",
    "edge_upstreams": [{"name": "app", "servers": [{"address": "127.0.0.1:3001"}, {"address": "127.0.0.1:3002"}]}],
    "edge_rate_limits": [{"name": "api", "rate": "60r/m"}],
    "edge_remove_sites": True,
}
"""Of the group ``edge``. The location ``/`` of a site needs no backend, so that every site is healthy."""
VALID_DAYS = 825


def site(number: int, *, https: bool = True, prefix: str = "site", text: str = "one") -> dict[str, Any]:
    """A site with two locations.

    :param prefix: beginning of its name.
    :param text: what it answers at ``/``; another text is a change.
    """
    found: dict[str, Any] = {
        "name": f"{prefix}{number}.example.com",
        "locations": [
            {"path": "/", "return": {"status": 200, "text": text}},
            {"path": "/api/", "upstream": "app", "rate_limits": [{"name": "api", "burst": 20}]},
        ],
    }
    return found if https else {**found, "https": False}


def sites(number: int, *, https: bool = True, prefix: str = "site") -> Iterator[dict[str, Any]]:
    """So many sites."""
    return (site(index, https=https, prefix=prefix) for index in range(number))


def create_pairs(folder: Path, number: int) -> None:
    """Create a key and a self-signed certificate for each of the first sites, if they do not exist yet.

    :param folder: gets a directory with the name of the site, with ``fullchain.pem`` and ``privkey.pem``.
    """
    for index in range(number):
        name = site(index)["name"]
        pair = folder / name
        if (pair / "fullchain.pem").exists():
            continue
        pair.mkdir(parents=True, exist_ok=True)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "privkey.pem")
        subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", str(VALID_DAYS))
        measured(("openssl", "req", "-x509", *key, *subject, "-out", "fullchain.pem"), pair, settings_of_users())


def provided(folder: Path, number: int) -> list[dict[str, Any]]:
    """The entries of ``edge_certificates`` for the pairs of :func:`create_pairs`."""
    names = [site(index)["name"] for index in range(number)]
    return [
        {
            "name": name,
            "source": "provided",
            "fullchain": str(folder / name / "fullchain.pem"),
            "privkey": str(folder / name / "privkey.pem"),
        }
        for name in names
    ]
