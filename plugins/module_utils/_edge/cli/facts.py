# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about nginx and the generations of a host, which modules return."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..generations.changes import names_in
from ..generations.differences import drifted_paths
from ..generations.next_start import start_problem
from ..generations.reload import status
from ..generations.store import last_proof, manifests, read_manifest
from ..generations.user_files import present
from ..host.host import Host
from ..host.paths import Layout
from ..nginx.outdated import outdated_files
from ..nginx.package import DISTRIBUTION, NGINX_ORG
from ..nginx.program import read_nginx
from ..nginx.service import leaving_workers, master_pid, open_files_limit
from .install import installed_version


def facts_options() -> dict[str, Any]:
    """The options of a module that reads the facts."""
    return {
        "repository": {"type": "str", "choices": [DISTRIBUTION, NGINX_ORG], "default": DISTRIBUTION},
        "streams": {"type": "bool", "default": True},
        "test": {"type": "bool", "default": False},
    }


def read_facts(host: Host, layout: Layout, *, repository: str, streams: bool, test: bool) -> dict[str, Any]:
    """The facts, as the documentation of the module ``nginx_info`` describes them and the options.

    :param repository: where the package would come from, on a host without nginx.
    :param streams: ask the package manager for the stream module.
    :param test: test the live generation with nginx.
    """
    names = status(host, layout)
    live, running = names["live"], names["running"]
    manifest = read_manifest(host, layout, live) if live else None
    proof = last_proof(host, layout, running) if running else None
    master = master_pid(host)
    return {
        "nginx": read_nginx(host, repository, streams=streams),
        "generations": {
            **names,
            "digest": manifest.digest if manifest else None,
            "drift": drifted_paths(host, layout),
            "edge_warnings": list(manifest.warnings) if manifest else [],
            "problem": start_problem(host, layout) if test else None,
            "sites": sorted(names_in(manifest.files, "sites")) if manifest else [],
            "kept": [one.name for one in manifests(host, layout)],
        },
        "processes": {
            "master": master,
            "open_files": open_files_limit(host, master),
            "outdated": outdated_files(host, master) or [],
            "since_proof": max(0, int(host.now() - proof.at)) if proof else None,
            "leaving": [asdict(one) for one in leaving_workers(host, master)],
        },
        "command": installed_version(host),
        "user_files": present(host, layout),
    }
