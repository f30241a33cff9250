# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``nginx-edge check``: whether nginx would start again, and whether it runs what is on disk."""

from __future__ import annotations

import argparse
from typing import Any

from ..generations.next_start import problems, start_problem
from ..generations.store import live_name
from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Layout
from ..nginx.outdated import outdated_files
from ..nginx.service import master_pid
from ..rotation import metrics


def add_commands(commands: Any) -> None:
    """Add the subcommand to the parser."""
    checking = commands.add_parser(
        "check", help="check whether nginx would start again, and whether it runs the files on disk"
    )
    checking.add_argument(
        "--write", metavar="FILE", help="write the results as metrics for Prometheus to this file instead"
    )
    checking.set_defaults(do=_check)


def _check(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    start, outdated = start_problem(host, layout), outdated_files(host, master_pid(host))
    if options.write:
        replace_file(host, options.write, metrics.service_text(start, outdated).encode(), 0o644)
        return ""
    found = list(problems(start or "", outdated or ()))
    if found:
        raise EdgeError(found[0], found[1:])
    accepted = (
        "nginx.conf does not belong to a generation, and was not tested."
        if start is None
        else f"nginx would start with the live configuration, generation {live_name(host, layout)}."
    )
    runs = "It is not running." if outdated is None else "It runs the program and libraries on disk."
    return f"{accepted} {runs}\n"
