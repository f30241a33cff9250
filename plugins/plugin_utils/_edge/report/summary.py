# SPDX-License-Identifier: GPL-3.0-or-later
"""Many edges in one run: the sites to probe, when a run stops, and the summary with one line for each host."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.redaction import redacted

from ..model.edge import Edge
from ..model.site import Site
from ..plan.sockets import address_to_probe

STARTED, DONE, FAILED, UNTOUCHED = "started", "done", "failed", "untouched"
"""States of a host in a run. A host that is still :data:`STARTED` after its batch was lost."""
UNAVAILABLE = 503
MOST_TOLD = 5
"""Sites that a line lists; it counts the others."""


def probes(edge: Edge) -> list[dict[str, Any]]:
    """The sites for ``edge_probe``: name, path, and the statuses of a healthy site."""
    return [
        {
            "name": site.name,
            "https": site.https,
            "certificate": site.certificate_name,
            "path": site.probe.path if site.probe else "/",
            "status": _expected(site),
            "address": socket.address,
            "port": socket.port,
        }
        for site in edge.sites
        for socket in (address_to_probe(site, edge),)
    ]


def _expected(site: Site) -> list[int]:
    if site.maintenance:
        return [UNAVAILABLE]
    return list(site.probe.status) if site.probe else []


def stop_reason(runs: Mapping[str, Mapping[str, Any]], batch: Collection[str], most_percent: int) -> str:
    """Why the hosts of a batch are skipped; empty when they are not.

    :param runs: host -> its part of the run so far (``state`` and ``batch``); it is empty before a host's turn.
    :param batch: the hosts that are to be changed now.
    :param most_percent: of a batch, that may fail.
    """
    for earlier in dict.fromkeys(tuple(run["batch"]) for run in runs.values() if run.get("batch")):
        if set(earlier) == set(batch):
            continue
        failed = [host for host in earlier if runs.get(host, {}).get("state") != DONE]
        if 100 * len(failed) > most_percent * len(earlier):
            return f"{', '.join(failed)} failed in an earlier batch"
    return ""


def summary(runs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """One line for each host.

    :param runs: host -> ``state``, ``reason``, and the probes ``before`` and ``after`` (results of ``edge_probe``).
    """
    return [f"{host}: {state_of(run)}" for host, run in runs.items()]


def state_of(run: Mapping[str, Any]) -> str:
    """The state of one host after a run, in one line."""
    state = run.get("state")
    if state == UNTOUCHED:
        return f"skipped: {run['reason']}"
    seen = _seen(run.get("before") or {}, run.get("after") or {})
    if state == DONE:
        return seen
    if state == FAILED:
        return f"FAILED: {_first_line(run['reason'])}; {seen}"
    if state == STARTED:
        return "LOST: unreachable, or the run ended early; the next run completes the change"
    return "not reached"


def _seen(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if not after or after.get("unreachable"):
        return "the state of its sites is unknown"
    old, new = before.get("answers"), after.get("answers")
    sites: Mapping[str, Mapping[str, Any]] = after.get("sites") or {}
    unwell = [f"{name}: {site['problem']}" for name, site in sites.items() if site["problem"]]
    parts = [
        f"generation {new} answers" if new else "no generation answers",
        *((f"before: {old or 'none'}",) if old != new else ("unchanged",)),
        f"{len(sites) - len(unwell)}/{len(sites)} sites healthy",
    ]
    if after.get("certificates_until"):
        parts.append(f"certificates until {after['certificates_until'][:10]}")
    return "; ".join((", ".join(parts), *_some(unwell)))


def _some(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_TOLD
    return (*lines[:MOST_TOLD], *((f"{more} more",) if more > 0 else ()))


def _first_line(text: str) -> str:
    """The reason in one line: the first line and, if it only introduces a list, the first item."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if not lines:
        return "no reason reported"
    first = lines[0].rstrip(":;")
    if len(lines) == 1 or first == lines[0]:
        return first
    more = len(lines) - 2
    return f"{first}: {lines[1]}" + (f" and {more} more" if more > 0 else "")


def failure_reason(result: Mapping[str, Any], task: str) -> str:
    """Why a task failed: the message of its first item that failed, and what a program printed.

    :param result: the result of the task (``ansible_failed_result``); its ``reason`` is a short form of its ``msg``.
    :param task: name of the task; used if the result has no message.
    """
    items = result.get("results") or []
    failed = next((one for one in items if isinstance(one, Mapping) and one.get("failed")), result)
    message = str(failed.get("reason") or failed.get("msg") or "")
    printed = str(failed.get("stderr") or failed.get("stdout") or failed.get("module_stderr") or "").strip()
    if printed and (not message or message.startswith(("non-zero return code", "MODULE FAILURE"))):
        return redacted(f"{task}: {printed.splitlines()[-1]}")
    return redacted(message) or f"{task} failed"
