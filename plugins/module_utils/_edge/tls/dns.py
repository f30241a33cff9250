# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The challenges of the ACME server: a file that the edge serves, or a DNS record that a certbot plugin creates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..host.host import Host, replace_file
from .wanted import DnsPlugin

OWN_FOLDER = "nginx-edge"
"""Subdirectory of certbot's directory for the files of this collection, readable only by root."""


@dataclass(frozen=True)
class Challenge:
    """The method by which certbot proves control of the names.

    :param options: its options with the names of certbot's renewal files, such as ``dns_rfc2136_credentials``.
    """

    authenticator: str
    options: Mapping[str, str]

    def arguments(self) -> list[str]:
        """Arguments for the command line of certbot."""
        if self.authenticator == "webroot":
            return ["--webroot", "--webroot-path", self.options["webroot_path"]]
        argv = ["--authenticator", self.authenticator]
        for name, value in self.options.items():
            argv += [f"--{name.replace('_', '-')}", value]
        return argv

    def changes(self, renewal: Mapping[str, str]) -> list[str]:
        """The differences between certbot's renewal settings and this challenge."""
        authenticator = renewal.get("authenticator")
        if authenticator != self.authenticator:
            return [f"renewed by {authenticator or 'nothing'}, wanted {self.authenticator}"]
        if authenticator == "webroot":
            wanted = self.options["webroot_path"]
            written = {part.strip().rstrip("/") for value in renewal.values() for part in value.split(",")}
            return [] if wanted.rstrip("/") in written else [f"renewed with another folder, wanted webroot {wanted}"]
        return [
            f"renewed with {name} {renewal.get(name, 'unset')}, wanted {value}"
            for name, value in self.options.items()
            if renewal.get(name) != value
        ]


def challenge_of(dns: DnsPlugin | None, name: str, webroot: str, letsencrypt: str) -> Challenge:
    """The challenge for the names of the certificate ``name``."""
    if dns is None:
        return Challenge("webroot", {"webroot_path": webroot})
    prefix = f"dns_{dns.provider.replace('-', '_')}"
    options: dict[str, str] = {}
    if dns.credentials_content:
        options[f"{prefix}_credentials"] = credentials_file(letsencrypt, name)
    if dns.propagation_seconds is not None:
        options[f"{prefix}_propagation_seconds"] = str(dns.propagation_seconds)
    return Challenge(f"dns-{dns.provider}", options)


def credentials_file(letsencrypt: str, name: str) -> str:
    """Path of the plugin's credentials for one certificate, used by the order and by each renewal."""
    return os.path.join(letsencrypt, OWN_FOLDER, f"{name}.dns.ini")


def differs(host: Host, dns: DnsPlugin | None, path: str) -> bool:
    """Whether the credentials on the host differ from the requested ones."""
    if dns is None or not dns.credentials_content:
        return False
    return host.read(path) != dns.credentials_content.encode()


def write_credentials(host: Host, dns: DnsPlugin, path: str) -> None:
    """Write the credentials file of the plugin, readable only by root."""
    own_folder(host, os.path.dirname(path))
    replace_file(host, path, (dns.credentials_content or "").encode(), 0o600)


def own_folder(host: Host, folder: str) -> None:
    """Create the directory, which only root can access."""
    host.mkdir(os.path.dirname(folder))
    host.mkdir(folder, 0o700)
