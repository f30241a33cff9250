# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reload nginx and prove that it runs the live generation, or roll back.

A reload is a signal to the master. If the master rejects the new configuration, the old workers keep running, and only
the error log has the reason. Therefore each generation returns its name on loopback, and the reload waits for this
answer. Old workers may serve their connections for hours, so the proof only waits until they accept no new ones.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Layout
from ..nginx.program import explain, test_configuration
from ..nginx.service import POLL_SECONDS, accepting_workers, control, master_pid, runs_systemd, worker_pids
from ..nginx.sockets import conflicts
from ..tls.key_pairs import read_pair
from . import user_files
from .content import Facts
from .earlier import facts_of
from .modules import module_conflicts
from .retention import remove_old_generations, rollback_targets
from .store import ORIGINAL, Manifest, live_name, read_manifest, remember_proof, running_name, switch

START_SECONDS = 10.0


@dataclass(frozen=True)
class Proof:
    """The result of a reload: the generation that answered, and the processes that serve it."""

    generation: str
    master: int
    workers: tuple[int, ...]
    pruned: tuple[str, ...] = ()


def reload_and_prove(
    host: Host,
    layout: Layout,
    *,
    timeout: float,
    keep: int,
    allow_restart: bool = False,
    expected: str | None = None,
) -> Proof:
    """Make nginx run the live generation, or roll back to the one that ran before.

    :param timeout: seconds to wait until new workers answer.
    :param allow_restart: restart nginx if its own listening sockets or modules prevent a reload.
    :param keep: number of generations to keep, see :func:`.retention.remove_old_generations`.
    :param expected: the generation that the caller made live; the default is any live generation.
    :raises EdgeError: nginx did not load the generation, and the message reports the result of the rollback; or another
        run made another generation live, and nothing was done.
    """
    name = live_name(host, layout)
    if expected is not None and name != expected:
        other = f"generation {name}" if name else "a file without a generation"
        raise EdgeError(
            f"generation {expected} is no longer live: another run made {other} live",
            ["wait for the other run, then run again"],
        )
    manifest = read_manifest(host, layout, name) if name else None
    if manifest is None:
        raise EdgeError(f"{layout.conf} does not point to a generation", ["run the role edge"])
    try:
        master = master_pid(host)
        _check(host, layout, manifest)
        restart = needs_restart(host, layout, facts_of(host, layout, manifest), master, allow_restart=allow_restart)
        proof = prove(host, layout, manifest, timeout, restart=restart)
    except EdgeError as error:
        raise _rolled_back(host, layout, manifest, error, timeout) from error
    remember_proof(host, layout, manifest.name)
    pruned = remove_old_generations(host, layout, keep)
    user_files.remove_unused_files(host, layout)
    return Proof(proof.generation, proof.master, proof.workers, pruned)


def _check(host: Host, layout: Layout, manifest: Manifest) -> None:
    """Test a generation with nginx, and check the pairs that it would load, because nginx accepts a certificate and key
    of different types without an error, and then rejects every handshake.

    :raises EdgeError: nginx rejects the generation, or a pair is damaged.
    """
    test_configuration(host, f"{layout.folder(manifest.name)}/nginx.conf")
    for pair in facts_of(host, layout, manifest).pairs:
        read_pair(host, pair)


def needs_restart(host: Host, layout: Layout, facts: Facts, master: int | None, *, allow_restart: bool) -> bool:
    """Whether the sockets and modules of a configuration require a restart.

    A restart to unload modules of the package's default configuration is always allowed, because the role nginx has
    just restarted nginx as well.

    :raises EdgeError: a socket is not available, or requires a restart that is not allowed.
    """
    modules = module_conflicts(host, layout, facts, master)
    found = [*conflicts(host, facts.listeners, master), *modules]
    allowed = found if allow_restart else modules if running_name(host, layout) is None else []
    hopeless = [one.message for one in found if not (one.needs_restart and one in allowed)]
    if not hopeless:
        return bool(found)
    remedy = (
        ["set edge_allow_restart: true to let this run restart nginx"]
        if all(one.needs_restart for one in found)
        else []
    )
    raise EdgeError(hopeless[0], [*hopeless[1:], *remedy])


def prove(host: Host, layout: Layout, manifest: Manifest | None, timeout: float, *, restart: bool = False) -> Proof:
    """Reload (or start, or restart) nginx and wait for new workers that answer.

    :param manifest: of the live generation; None for the original configuration, whose workers need not answer.
    :param timeout: seconds to wait.
    :raises EdgeError: the master rejects the configuration, no new worker answers in this time, or old workers still
        accept connections.
    """
    log_position = host.size(paths.ERROR_LOG)
    master = master_pid(host)
    before = worker_pids(host, master) if master is not None else set()
    _signal(host, layout, "start" if master is None else "restart" if restart else "reload", master)
    end = host.monotonic() + timeout
    answered: str | None = None
    while host.monotonic() < end:
        now_master = master_pid(host)
        if now_master is not None and (master is None or restart or now_master == master):
            new = worker_pids(host, now_master) - before
            answered = answering_generation(host, manifest.status_port) if manifest else None
            proven = new and (manifest is None or answered == manifest.name)
            if proven and not accepting_workers(host, before):
                return Proof(answered or ORIGINAL, now_master, tuple(sorted(new)))
            if not new and _rejected(host, now_master, log_position):
                raise EdgeError("the master of nginx rejected the configuration", _refusals(host, layout, log_position))
        host.sleep(POLL_SECONDS)
    raise EdgeError(
        f"after {timeout:g} s no new worker answers"
        + (f" with generation {manifest.name}, but {answered or 'nothing'} does" if manifest else ""),
        _refusals(host, layout, log_position),
    )


def _rejected(host: Host, master: int, log_position: int) -> bool:
    """Whether the master wrote to the error log since ``log_position`` that it rejects the configuration."""
    return f"[emerg] {master}#".encode() in host.read_from(paths.ERROR_LOG, log_position)


def answering_generation(host: Host, status_port: int) -> str | None:
    """Name of the generation that answers on a loopback port; None if none does."""
    answer = host.get(f"http://127.0.0.1:{status_port}/generation")
    return answer.strip() if answer is not None else None


def _signal(host: Host, layout: Layout, verb: str, master: int | None) -> None:
    done = control(host, verb, master)
    if done.code == 0:
        return
    if runs_systemd(host):
        raise EdgeError(f"systemctl {verb} nginx failed", _journal(host, layout, done.stderr))
    raise EdgeError(f"nginx did not {verb}", _explained(host, layout, done.stderr) or _head(done.stderr))


def _explained(host: Host, layout: Layout, printed: str) -> list[str]:
    """The errors of nginx with their paths in the model of the live generation; each error once."""
    live = live_name(host, layout)
    conf = f"{layout.folder(live)}/nginx.conf" if live else layout.conf
    return list(dict.fromkeys(explain(host, line, conf) for line in printed.splitlines() if "[emerg]" in line))


def _journal(host: Host, layout: Layout, fallback: str) -> list[str]:
    printed = host.run(["journalctl", "--unit=nginx.service", "--lines=20", "--output=cat", "--no-pager"]).stdout
    return _explained(host, layout, printed) or _head(fallback)


def _head(printed: str) -> list[str]:
    return printed.strip().splitlines()[:3]


def _refusals(host: Host, layout: Layout, log_position: int) -> list[str]:
    """The errors that nginx added to its error log since ``log_position``."""
    gained = host.read_from(paths.ERROR_LOG, log_position).decode(errors="replace")
    return _explained(host, layout, gained)


def _rolled_back(host: Host, layout: Layout, failed: Manifest, error: EdgeError, timeout: float) -> EdgeError:
    """Roll back to the generation that ran before the failed one, and return an error with the result."""
    reasons = [error.message, *error.details]
    previous, refusals = _sound_target(host, layout)
    if previous is None and running_name(host, layout) == failed.name:
        if master_pid(host) is None:
            return EdgeError(f"nginx does not run, and did not start with generation {failed.name}", reasons)
        return EdgeError(f"nginx did not reload generation {failed.name}; it keeps its configuration", reasons)
    if previous is None:
        none = "no earlier generation can be restored" if refusals else "there is no earlier generation"
        return EdgeError(f"nginx did not load generation {failed.name}, and {none}", [*reasons, *refusals])
    switch(host, layout, previous)
    manifest = read_manifest(host, layout, previous)
    try:
        prove(host, layout, manifest, max(timeout, START_SECONDS))
    except EdgeError as second:
        message = f"nginx loaded neither generation {failed.name} nor, in the rollback, {previous}"
        if manifest is not None and answering_generation(host, manifest.status_port) == previous:
            message = f"nginx did not load generation {failed.name}; {previous} is live again and answers"
        return EdgeError(message, list(dict.fromkeys([*reasons, *refusals, second.message, *second.details])))
    if manifest is not None and running_name(host, layout) != previous:
        remember_proof(host, layout, previous)
    message = f"nginx did not load generation {failed.name}; the edge was rolled back to {previous}"
    return EdgeError(message, [*reasons, *refusals])


def _sound_target(host: Host, layout: Layout) -> tuple[str | None, list[str]]:
    """The best rollback target that nginx accepts now, and why better targets were skipped.

    A target has run before, but certificates, names and programs may have changed since.
    """
    refusals: list[str] = []
    for name in rollback_targets(host, layout):
        manifest = read_manifest(host, layout, name)
        try:
            if manifest is not None:
                _check(host, layout, manifest)
            else:
                check_original(host, layout)
        except EdgeError as error:
            refusals += [f"generation {name} was skipped: {error.message}", *error.details]
        else:
            return name, refusals
    return None, refusals


def check_original(host: Host, layout: Layout) -> None:
    """Test the original configuration in its original directory, because its relative includes are read from there."""
    beside = os.path.join(layout.root, ".nginx.conf.original")
    replace_file(host, beside, host.read(f"{layout.folder(ORIGINAL)}/nginx.conf") or b"")
    try:
        test_configuration(host, beside)
    finally:
        host.remove(beside)


def status(host: Host, layout: Layout) -> dict[str, str | None]:
    """Names of the live generation, of the running one, and of the one that answers."""
    live = live_name(host, layout)
    manifest = read_manifest(host, layout, live) if live else None
    return {
        "live": live,
        "running": running_name(host, layout),
        "answered": answering_generation(host, manifest.status_port) if manifest else None,
    }
