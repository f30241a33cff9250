# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directories, files and ports of an edge. Tests use temporary directories."""

from __future__ import annotations

import os
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
HTTP_PORT = 80
HTTPS_PORT = 443

PID_FILE = "/run/nginx.pid"
ERROR_LOG = "/var/log/nginx/error.log"
CACHE_FOLDER = "/var/cache/nginx-edge"
SYSTEMD = "/run/systemd/system"
"""Exists while systemd runs, see sd_booted(3)."""
NGINX_ORG_SOURCE = "/etc/apt/sources.list.d/nginx-edge.sources"
"""The role nginx writes this file for apt."""
HOST_KEYS = "/etc/ssh"

COMMAND = "/usr/local/sbin/nginx-edge"
LIBRARY = "/usr/local/lib/nginx-edge"
RENEWAL_FILE = "/var/lib/nginx-edge/renewal.json"
RENEWAL_INFO_FILE = "/var/lib/nginx-edge/renewal-info.json"
FORCED_FILE = "/var/lib/nginx-edge/forced-renewals.json"
UNUSED_FILE = "/var/lib/nginx-edge/unused.json"

SHARE_HOME = "/var/lib/nginx-edge/share"
SHARE_BUNDLE = f"{SHARE_HOME}/pairs.json"
SHARE_AUTHORIZED = f"{SHARE_HOME}/.ssh/authorized_keys"

RECEIVE_FOLDER = "/etc/nginx-edge"
RECEIVE_SETTINGS = f"{RECEIVE_FOLDER}/receive.json"
RECEIVE_KEY = f"{RECEIVE_FOLDER}/receive_key"
RECEIVE_KNOWN_HOSTS = f"{RECEIVE_FOLDER}/receive_known_hosts"


@dataclass(frozen=True)
class Layout:
    """Paths of the nginx configuration. The defaults are for a real host; tests use a temporary directory."""

    root: str = "/etc/nginx"
    lock: str = "/run/nginx-edge.lock"
    """Not in /run/lock, where any user could hold a file of that name or create a link with it."""
    sandbox: str = "/etc/systemd/system/nginx.service.d/50-hardened.conf"
    """The role nginx writes this drop-in of nginx's unit."""
    log_rotation: str = "/etc/logrotate.d/nginx"
    """Part of nginx's package; the role nginx replaces it."""

    @property
    def conf(self) -> str:
        """The main configuration file, a link into a generation."""
        return f"{self.root}/nginx.conf"

    @property
    def generations(self) -> str:
        """Directory of all generations."""
        return f"{self.root}/generations"

    @property
    def running(self) -> str:
        """Link to the generation that nginx was last proven to run."""
        return f"{self.generations}/running"

    @property
    def users(self) -> str:
        """Directory of the password files that generations refer to."""
        return f"{self.root}/users"

    def folder(self, name: str) -> str:
        """Directory of one generation."""
        return f"{self.generations}/{name}"


@dataclass(frozen=True)
class Folders:
    """Directories of nginx's certificates and of certbot."""

    tls: str = "/etc/nginx/tls"
    letsencrypt: str = "/etc/letsencrypt"
    log: str = "/var/log/letsencrypt/letsencrypt.log"

    def link(self, name: str) -> str:
        return os.path.join(self.tls, name)

    def lineage(self, name: str) -> str:
        return os.path.join(self.letsencrypt, "live", name)
