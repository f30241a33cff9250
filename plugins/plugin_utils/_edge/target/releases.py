# SPDX-License-Identifier: GPL-3.0-or-later
"""The nginx that the releases of Debian and Ubuntu have, to check a model without a host.

Versions are those of the packages ``nginx`` and ``openssl`` of a release. Security updates do not change what the model
depends on. Debian's are those of the test hosts, Ubuntu's those of https://packages.ubuntu.com.
"""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.package import (
    NGINX_ORG,
    NGINX_ORG_BUILD,
    STREAM_MODULE,
    distribution_build,
    worker_account,
)

from .capabilities import Target, Version, parse_version

RELEASES: dict[str, tuple[Version, Version]] = {
    "bullseye": ((1, 18, 0), (1, 1, 1)),
    "bookworm": ((1, 22, 1), (3, 0, 17)),
    "trixie": ((1, 26, 3), (3, 5, 1)),
    "forky": ((1, 30, 6), (3, 6, 5)),
    "jammy": ((1, 18, 0), (3, 0, 2)),
    "noble": ((1, 24, 0), (3, 0, 13)),
}
"""Code name -> versions of nginx and OpenSSL: Debian 11, 12, 13 and testing, Ubuntu 22.04 and 24.04."""
NGINX_ORG_VERSION = (1, 28, 0)
"""The version of nginx.org's packages if the inventory does not pin one."""


def target_of(release: str, repository: str, version: str = "") -> Target:
    """The nginx that a host of a release would install.

    :param release: a key of ``RELEASES``.
    :param repository: value of ``nginx_repository``: ``distribution`` or ``nginx_org``.
    :param version: value of ``nginx_package_version``, such as ``1.28.0-1~trixie``; empty if none is pinned.
    """
    number, openssl = RELEASES[release]
    if repository == NGINX_ORG:
        number = parse_version(version) or NGINX_ORG_VERSION
        return Target(number, openssl, NGINX_ORG_BUILD, user=worker_account(NGINX_ORG_BUILD), installed=False)
    return Target(number, openssl, distribution_build(number), (STREAM_MODULE,), installed=False)
