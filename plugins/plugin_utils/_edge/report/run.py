# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: what it changed on each host, and the state of each edge, as data and as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .summary import STARTED, state_of
from .warnings import warning_lines

LISTED = 10
"""Names that a line lists; it counts the others."""
_ORDERED = "issued", "wanted"
"""States of certificates that are ordered: by this run, or by a run that is not in check mode."""


def report(
    runs: Mapping[str, Mapping[str, Any]], warnings: Mapping[str, Sequence[str]], *, check_mode: bool
) -> dict[str, Any]:
    """The report of a run as plain data, for pipelines.

    :param runs: host -> its part of the run: ``state``, ``reason``, the probes ``before`` and ``after`` (results of
        ``edge_probe``), ``configured`` (result of ``edge_config``) and ``certificates`` (of ``certbot_certificates``).
    :param warnings: host -> its warnings.
    """
    return {
        "check_mode": check_mode,
        "hosts": {host: _host(run) for host, run in runs.items()},
        "warnings": warning_lines(warnings),
    }


def _host(run: Mapping[str, Any]) -> dict[str, Any]:
    configured, after = run.get("configured") or {}, run.get("after") or {}
    sites: Mapping[str, Mapping[str, Any]] = after.get("sites") or {}
    ordered = [one["name"] for one in run.get("certificates") or [] if one["state"] in _ORDERED]
    changes = configured.get("changes") or {}
    return {
        "state": run.get("state") or "not reached",
        "reason": run.get("reason") or "",
        "generation": {
            "before": (run.get("before") or {}).get("answers"),
            "after": after.get("answers"),
            "planned": configured.get("generation"),
            "tested": configured.get("tested"),
        },
        "changes": {kind: changes.get(kind) or {} for kind in ("sites", "streams")},
        "shared_changed": bool(changes.get("shared")),
        "certificates_ordered": ordered,
        "certificates_until": after.get("certificates_until"),
        "sites": {name: dict(site) for name, site in sites.items()},
    }


def lines(
    runs: Mapping[str, Mapping[str, Any]], warnings: Mapping[str, Sequence[str]], *, check_mode: bool
) -> list[str]:
    """The report as lines: warnings, then what changes on each host and its state; parameters as for :func:`report`."""
    found = report(runs, warnings, check_mode=check_mode)
    text = [f"WARNING: {line}" for line in found["warnings"]]
    for host, run in runs.items():
        own = found["hosts"][host]
        preview = check_mode and run.get("configured") is not None and not run.get("reason")
        text.append(f"{host}: {_preview(run, own) if preview else state_of(run)}")
        if run.get("state") not in (None, STARTED):
            text += [f"  {line}" for line in _changed(own, check_mode=check_mode)]
    return text


def _preview(run: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    planned, now = own["generation"]["planned"], own["generation"]["before"]
    if not run["configured"].get("changes"):
        return f"would keep generation {now or 'none'}; {state_of(run)}"
    verdict = "nginx accepts it" if own["generation"]["tested"] else "not tested, because nginx is not installed yet"
    return f"would deploy generation {planned or 'new'} (now: {now or 'none'}); {verdict}"


def _changed(own: Mapping[str, Any], *, check_mode: bool) -> Iterator[str]:
    would = "would be " if check_mode else ""
    for kind, changes in own["changes"].items():
        listed = [
            f"{would}{what}: {_some(changes[what])}" for what in ("added", "changed", "removed") if changes.get(what)
        ]
        if listed:
            yield f"{kind} {'; '.join(listed)}"
    if own["shared_changed"]:
        yield f"shared configuration {would}changed"
    if own["certificates_ordered"]:
        yield f"certificates {would}ordered: {_some(own['certificates_ordered'])}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")
