# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``nginx-edge`` commands for certificates: list them, deploy renewed ones, and write metrics for Prometheus."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..acme.https import HttpsClient
from ..generations.client import local_client
from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Folders, Layout
from ..rotation import metrics, renewals, unused
from ..rotation.renewal import observe_all, take_over
from ..rotation.renewing import Renewing
from ..tls.served import LoopbackClient, Observation


def add_commands(commands: Any) -> None:
    """Add the subcommands to the parser."""
    listing = commands.add_parser("certificates", help="list the certificates, their expiry, and what nginx serves")
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    listing.set_defaults(do=_certificates)

    taking = commands.add_parser("take-over", help="deploy renewed certificates and verify them")
    taking.add_argument("lineage", metavar="FOLDER", nargs="?", help="directory of a lineage; default: all of them")
    taking.add_argument("--timeout", type=float, default=30.0, metavar="N", help="seconds to verify (default: 30)")
    taking.set_defaults(do=_take_over)

    telling = commands.add_parser("metrics", help="print metrics of certificates and renewal for Prometheus")
    telling.add_argument("--write", metavar="FILE", help="write to this file instead")
    telling.set_defaults(do=_metrics)

    renewing = commands.add_parser(
        "renew", help="renew certificates that are due, or that the ACME server asks to renew"
    )
    renewing.add_argument(
        "--keep-unused-days",
        type=int,
        default=unused.KEEP_DAYS,
        metavar="N",
        help="days to renew a certificate that is no longer in use (default: 30)",
    )
    renewing.set_defaults(do=_renew)

    recording = commands.add_parser("renewal-ended", help="record the result of a renewal (for its unit)")
    recording.add_argument("result", metavar="RESULT", help="systemd's $SERVICE_RESULT")
    recording.set_defaults(do=_renewal_ended)


@dataclass(frozen=True)
class _Seen:
    """All certificates of the host at one time."""

    now: datetime
    certificates: list[Observation]


def _look(host: Host, layout: Layout) -> _Seen:
    folders = Folders()
    names = [name for name in host.listdir(folders.tls) if host.readlink(folders.link(name)) is not None]
    now = datetime.fromtimestamp(host.now(), timezone.utc)
    return _Seen(now, observe_all(host, local_edge(host, layout), layout, folders, names))


def local_edge(host: Host, layout: Layout) -> LoopbackClient:
    """A client for the nginx of this host."""
    return local_client(host, layout)


def _certificates(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    seen, renewal, record = _look(host, layout), renewals.read_renewal(host), unused.read_record(host)
    failed = {name: renewal.describe(one) for name, one in renewal.errors.items()} if renewal else {}
    remarks = renewal.lines() if renewal else []
    not_in_use = unused.not_in_use(host, Folders(), record)
    if options.json:
        listed = [
            {**one.as_result(seen.now), "renewal_problem": failed.get(one.name, ""), "unused": one.name in not_in_use}
            for one in seen.certificates
        ]
        return json.dumps({"certificates": listed, "renewal_problems": remarks}, indent=2) + "\n"
    rows = [("CERTIFICATE", "EXPIRES (UTC)", "DAYS", "ISSUER", "SERVED")]
    rows += [_row(one, seen.now) for one in seen.certificates]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = ["  ".join((*(cell.ljust(width) for cell, width in zip(row, widths)), row[4])).rstrip() for row in rows]
    remarks += [
        f"{name}: not in use since {unused.date(since)}" for name, since in record.since.items() if name in not_in_use
    ]
    return "\n".join((*table, *(["", *remarks] if remarks else []), ""))


def _row(one: Observation, now: datetime) -> tuple[str, str, str, str, str]:
    served = "yes" if one.current else one.problem
    if one.on_disk is None:
        return one.name, "-", "-", "-", served
    issuer = "itself" if one.on_disk.is_self_signed else one.on_disk.issuer
    return one.name, f"{one.on_disk.not_after:%Y-%m-%d %H:%M:%S}", str(one.on_disk.left(now).days), issuer, served


def _take_over(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    now = datetime.fromtimestamp(host.now(), timezone.utc)
    edge = local_edge(host, layout)
    taken = take_over(host, edge, layout, Folders(), now, only=options.lineage, timeout=options.timeout)
    return f"Deployed: {', '.join(taken)}.\n" if taken else "nginx serves the certificates on disk.\n"


def _metrics(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    seen, left_out = _look(host, layout), unused.not_in_use(host, Folders(), unused.read_record(host))
    in_use = [one for one in seen.certificates if one.name not in left_out]
    text = metrics.as_text(in_use, renewals.read_renewal(host), seen.now)
    if not options.write:
        return text
    replace_file(host, options.write, text.encode(), 0o644)  # one rename: no reader sees a partial file
    return ""


def _renewal_ended(options: argparse.Namespace, host: Host, _layout: Layout) -> str:
    renewals.record_renewal(host, options.result)
    return ""


def _renew(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    client = HttpsClient(os.environ.get("REQUESTS_CA_BUNDLE") or None)
    renewing = Renewing(host, client, layout, Folders(), options.keep_unused_days)
    try:
        renewing.renew()
    except EdgeError as error:
        raise EdgeError(error.message, (*error.details, *renewing.lines)) from error
    if not host.exists(paths.SYSTEMD):  # otherwise the unit records its result when it ends
        renewals.record_renewal(host, renewals.SUCCESS)
    return "".join(f"{line}\n" for line in renewing.lines)
