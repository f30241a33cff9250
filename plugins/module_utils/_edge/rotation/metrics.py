# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics of certificates, their renewal, and the next start of nginx in Prometheus' text format 0.0.4, as read by the
textfile collector.

Names, units and base types follow the naming practices of prometheus.io; times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from ..tls.served import Observation
from ..tls.x509 import X509Certificate
from .renewals import Renewal

_DAY = 86400


def as_text(certificates: Sequence[Observation], renewal: Renewal | None, now: datetime) -> str:
    """All metrics as text; the metrics of renewals are missing before the first renewal."""
    seen = [
        (one.name, at, certificate)
        for one in certificates
        for at, certificate in (("disk", one.on_disk), ("served", one.handshake.certificate))
        if certificate is not None
    ]
    lines = [
        *_metric(
            "certificate_not_after_timestamp_seconds",
            "End of validity of a certificate, on disk and as served.",
            (({"certificate": name, "at": at}, own.not_after.timestamp()) for name, at, own in seen),
        ),
        *_metric(
            "certificate_not_before_timestamp_seconds",
            "Start of validity of a certificate, on disk and as served.",
            (({"certificate": name, "at": at}, own.not_before.timestamp()) for name, at, own in seen),
        ),
        *_metric(
            "certificate_days_left",
            "Days until the end of validity, when this was written.",
            (({"certificate": name, "at": at}, own.left(now).total_seconds() / _DAY) for name, at, own in seen),
        ),
        *_metric(
            "certificate_served",
            "Whether nginx serves the certificate on disk.",
            (({"certificate": one.name}, one.current) for one in certificates if not one.handshake.refused),
        ),
        *_metric(
            "certificate_info",
            "Issuer and serial number of a certificate on disk.",
            ((_info(one.name, one.on_disk), 1) for one in certificates if one.on_disk is not None),
        ),
    ]
    if renewal is not None:
        lines += _metric("renewal_ended_timestamp_seconds", "When the last renewal ended.", [({}, renewal.ended)])
        lines += _metric("renewal_succeeded", "Whether the last renewal succeeded.", [({}, renewal.succeeded)])
        if renewal.last_success is not None:
            lines += _metric(
                "renewal_last_success_timestamp_seconds",
                "When the last successful renewal ended.",
                [({}, renewal.last_success)],
            )
    return "\n".join((*lines, ""))


def service_text(start: str | None, outdated: Sequence[str] | None) -> str:
    """The metrics of :func:`..generations.next_start.start_problem` and :func:`..nginx.outdated.outdated_files`.

    :param start: None means not tested, and no metric; likewise ``outdated``.
    """
    lines: list[str] = []
    if start is not None:
        lines += _metric(
            "configuration_valid", "Whether nginx would start with the live configuration.", [({}, not start)]
        )
    if outdated is not None:
        help_text = "Program files and libraries that nginx runs and that were replaced on disk."
        lines += _metric("outdated_files", help_text, [({}, len(outdated))])
    return "\n".join((*lines, ""))


def _info(name: str, own: X509Certificate) -> dict[str, str]:
    self_signed = "true" if own.is_self_signed else "false"
    return {"certificate": name, "issuer": own.issuer, "serial": own.serial, "self_signed": self_signed}


def _metric(name: str, help_text: str, samples: Iterable[tuple[dict[str, str], float]]) -> Iterator[str]:
    """The lines of a gauge with its samples; no lines without samples."""
    full = f"nginx_edge_{name}"
    lines = [f"{full}{_labels(labels)} {_number(value)}" for labels, value in samples]
    if lines:
        yield f"# HELP {full} {help_text}"
        yield f"# TYPE {full} gauge"
        yield from lines


def _labels(labels: dict[str, str]) -> str:
    pairs = ",".join(f'{key}="{label(value)}"' for key, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def label(value: str) -> str:
    """The value of a label with special characters escaped."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
