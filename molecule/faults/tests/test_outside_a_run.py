# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages are upgraded on a live edge outside a run: what serves, what the next start does, and what reports it.

dpkg installs real packages, which are made on the host from the installed ones. A module or program for another version
of nginx differs from the installed one in its signature, which nginx compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import (
    EDGE_ALONE,
    EDGES,
    Edge,
    State,
    all_watched,
    on_all,
    run,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.packages import make_newer
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run, run_site

METRICS = "/var/lib/prometheus/node-exporter/nginx_edge_check.prom"
VALID, OUTDATED = "nginx_edge_configuration_valid", "nginx_edge_outdated_files"
SOUND = {VALID: 1, OUTDATED: 0}
NOTHING, ALL = "nothing while nginx starts again", "no fresh request failed"
MODULE, NGINX = "usr/lib/nginx/modules/ngx_stream_module.so", "usr/sbin/nginx"
STREAMS = [{"name": "passed", "listen": 9100, "upstream": "app"}]
OTHER_SIGNATURE = r"""python3 -c '
import re, sys
data = open(sys.argv[1], "rb").read()
signature = re.search(rb"\d,\d,\d,[01]{20,}", data)[0]
other = signature[:-1] + (b"1" if signature.endswith(b"0") else b"0")
open(sys.argv[1], "wb").write(data.replace(signature, other))
' """
"""Followed by a file: changes the last bit of the signature in it."""
NO_RESTART = "printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d"


@dataclass(frozen=True)
class Told:
    """What an edge reports about itself: the command's exit code and text, and the metrics that the timer writes."""

    code: int
    text: str
    metrics: Mapping[str, float]
    state: State

    @property
    def line(self) -> str:
        """The reported line."""
        return self.text.removeprefix("nginx-edge: ").splitlines()[0]


def told(edge: Edge) -> Told:
    checked = edge.host.attempt("nginx-edge", "check")
    edge.sh(f"rm -f {METRICS}; systemctl start nginx-edge-metrics.service nginx-edge-check.service")
    lines = [line.split() for line in edge.sh(f"cat {METRICS}").splitlines() if not line.startswith("#")]
    metrics = {name: float(value) for name, value in lines}
    return Told(checked.returncode, (checked.stderr or checked.stdout).strip(), metrics, edge.state())


def newer(package: str, suffix: str, edit: str = "true") -> dict[str, str]:
    """Make a newer version of a package on all edges; the commands that install it, by system."""
    return on_all(lambda edge: make_newer(edge.host.run, package, suffix, edit))


def install(commands: Mapping[str, str]) -> None:
    on_all(lambda edge: edge.host.attempt("bash", "-c", commands[edge.system]))


def restart(edge: Edge) -> int:
    """What needrestart runs; the exit code."""
    return edge.host.attempt("systemctl", "restart", "nginx.service").returncode


def warned(done: Run, edge: Edge, words: str) -> bool:
    hosts = (f"all {len(EDGES)} hosts", edge.container)
    lines = [line for printed in done.warnings for line in printed if words in line]
    return any(host in line.partition(": ")[0] for line in lines for host in hosts)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outside")


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> Edge:
    """No state: an upgrade is about all edges at once."""
    found: Edge = request.param
    return found


all_edges = pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.system, indirect=True)


@dataclass(frozen=True)
class Replaced:
    """Files that nginx runs were replaced: what the edge reports, then runs, then nginx is started again.

    :param failures: of fresh connections until that start; ``restarted`` during it.
    """

    before: dict[str, Told]
    between: dict[str, Told]
    runs: tuple[Run, Run]
    failures: dict[str, list[str]]
    after: dict[str, Told]
    restarted: dict[str, list[str]]


def replaced(folder: Path, replace: Callable[[Edge], object], again: Callable[[Edge], object]) -> Replaced:
    assert run(folder, "served").code == 0
    before = on_all(told)
    with all_watched() as failures:
        on_all(replace)
        between = on_all(told)
        runs = run(folder, "served", "--check"), run(folder, "served")
    with all_watched() as restarted:
        on_all(again)
        on_all(Edge.settled)
    return Replaced(before, between, runs, failures, on_all(told), restarted)


@pytest.fixture(scope="module")
def openssl(folder: Path) -> Replaced:
    """OpenSSL's libraries are upgraded, nginx is reloaded, and much later restarted."""
    owner = "dpkg-query --search '/usr/lib/*/libssl.so.3' | head -n 1 | cut -d: -f1"
    commands = on_all(lambda edge: make_newer(edge.host.run, edge.sh(owner).strip(), "outside"))

    def replace(edge: Edge) -> None:
        edge.sh(commands[edge.system])
        edge.sh("systemctl reload nginx.service")
        edge.settled()

    return replaced(folder, replace, restart)


@pytest.fixture(scope="module")
def program(folder: Path) -> Replaced:
    """nginx is upgraded, the scripts of its package may not restart it, and later it replaces its own program."""
    commands = newer("nginx", "program")

    def replace(edge: Edge) -> None:
        edge.sh(f"{NO_RESTART}; {commands[edge.system]}; rm /usr/sbin/policy-rc.d")

    return replaced(folder, replace, lambda edge: edge.sh("/etc/init.d/nginx upgrade"))


def assert_reported(came: Replaced, edge: Edge, *files: str) -> None:
    """The command, the metrics and both runs name the files; nothing else changes until nginx is started again."""
    before, between, after = (part[edge.system] for part in (came.before, came.between, came.after))
    assert (before.code, before.metrics) == (0, SOUND), before
    assert (between.code, between.metrics) == (1, {VALID: 1, OUTDATED: len(files)}), between
    for file in files:
        assert file in between.line
    for done in came.runs:
        assert done.code == 0, done
        assert done.changed[edge.container] == 0
        assert warned(done, edge, "nginx still runs old versions of files that were replaced on disk: "), done.warnings
    assert came.failures[edge.system] == []
    assert between.state == before.state == after.state
    assert after.state.settled
    assert (after.code, after.metrics) == (0, SOUND), after


@all_edges
def test_openssl_is_upgraded(openssl: Replaced, edge: Edge, row: Callable[..., None]) -> None:
    between = openssl.between[edge.system]
    assert_reported(openssl, edge, "libssl.so.3", "libcrypto.so.3")
    row(
        "OpenSSL is upgraded, and nginx is reloaded",
        reports=f"`nginx-edge check`, each run and an alert after one hour: {between.line}",
        during=ALL,
        watched=openssl.failures[edge.system],
        sound=[between.state.sound],
        after="the same generation, with the old OpenSSL from memory",
        next_run="warns, and finds nothing to do",
    )


@all_edges
def test_needrestart_restarts_nginx(openssl: Replaced, edge: Edge, row: Callable[..., None]) -> None:
    after = openssl.after[edge.system]
    assert after.state == openssl.before[edge.system].state
    row(
        "OpenSSL was upgraded, and nginx is restarted with systemctl, as needrestart does",
        reports="done; `nginx-edge check` and the metrics report no outdated file",
        during=NOTHING if openssl.restarted[edge.system] else ALL,
        watched=openssl.restarted[edge.system],
        sound=[after.state.sound],
        after="the same generation, with the new OpenSSL",
        next_run="finds nothing to do",
    )


@all_edges
def test_the_program_is_upgraded_without_a_restart(program: Replaced, edge: Edge, row: Callable[..., None]) -> None:
    between = program.between[edge.system]
    assert_reported(program, edge, "/usr/sbin/nginx")
    assert program.restarted[edge.system] == []
    row(
        "nginx is upgraded, and the scripts of its package may not restart it",
        reports=f"`nginx-edge check`, each run and an alert after one hour: {between.line}",
        during=ALL + "; nor when nginx replaces its program (`/etc/init.d/nginx upgrade`)",
        watched=[*program.failures[edge.system], *program.restarted[edge.system]],
        sound=[between.state.sound],
        after="the same generation, by the old program",
        next_run="warns, and finds nothing to do",
    )


@dataclass(frozen=True)
class Mismatch:
    """A module does not match nginx: what the edge reports, runs, then a start, and then the package is repaired."""

    before: dict[str, Told]
    between: dict[str, Told]
    reloads: dict[str, int]
    checked: Run
    kept: Run
    changed: Run
    still: dict[str, State]
    failures: dict[str, list[str]]
    down: dict[str, State]
    refused: dict[str, list[str]]
    repaired: dict[str, Told]
    next_run: Run


def with_stream(folder: Path, text: str, *options: str) -> Run:
    """A run of a model that loads a module."""
    return run_site(*options, variables={"text": text, "edge_streams": STREAMS}, folder=folder, playbook=EDGE_ALONE)


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[Mismatch]:
    assert with_stream(folder, "served").code == 0
    before = on_all(told)
    good = newer("libnginx-mod-stream", "outside.2")
    other = newer("libnginx-mod-stream", "outside.1", OTHER_SIGNATURE + MODULE)
    try:
        with all_watched() as failures:
            install(other)
            between = on_all(told)
            reloads = on_all(lambda edge: edge.host.attempt("systemctl", "reload", "nginx.service").returncode)
            checked, kept = with_stream(folder, "served", "--check"), with_stream(folder, "served")
            changed = with_stream(folder, "changed")
            still = on_all(Edge.state)
        with all_watched() as refused:
            codes = on_all(restart)
            down = on_all(Edge.state)
            assert 0 not in codes.values()
    finally:
        install(good)
    on_all(lambda edge: edge.settled(60))
    repaired = on_all(told)
    next_run = with_stream(folder, "served")
    yield Mismatch(before, between, reloads, checked, kept, changed, still, failures, down, refused, repaired, next_run)
    assert run(folder, "served").code == 0


@all_edges
def test_a_module_does_not_match(module: Mismatch, edge: Edge, row: Callable[..., None]) -> None:
    before, between, still = module.before[edge.system], module.between[edge.system], module.still[edge.system]
    words = f'nginx says: module "/{MODULE}" is not binary compatible'
    assert (before.code, before.metrics) == (0, SOUND), before
    assert between.code == 1
    assert between.line.startswith("nginx would not start again: ")
    assert words in between.line
    assert between.metrics[VALID] == 0
    assert module.reloads[edge.system] != 0
    for done in (module.checked, module.kept):
        assert (done.code, done.changed[edge.container]) == (0, 0), done
        assert warned(done, edge, words), done.warnings
    assert "is not binary compatible" in module.changed.failures[edge.container]
    assert (still.served, still.live, still.answers) == ("served", before.state.live, before.state.live)
    assert module.failures[edge.system] == []
    row(
        "the package of a module is upgraded, and the module does not match nginx",
        reports=f"`nginx-edge check`, each run and an alert after 15 minutes: {between.line}",
        during=ALL + "; the reload of the package is refused",
        watched=module.failures[edge.system],
        sound=[between.state.sound, still.sound],
        after="the same generation, from memory",
        next_run="of the same model warns, and of another one fails, and changes nothing",
    )


@all_edges
def test_nginx_is_restarted_with_a_module_that_does_not_match(
    module: Mismatch, edge: Edge, row: Callable[..., None]
) -> None:
    before, down, repaired = module.before[edge.system], module.down[edge.system], module.repaired[edge.system]
    assert down.served.startswith("failed")
    assert down.answers is None
    assert down.live == before.state.live
    assert repaired.state.settled
    assert (repaired.state.live, repaired.code, repaired.metrics) == (before.state.live, 0, SOUND), repaired
    assert (module.next_run.code, module.next_run.changed[edge.container]) == (0, 0), module.next_run
    row(
        "a module does not match nginx, and nginx is restarted",
        reports="failed: systemctl restart nginx.service; the alert NginxEdgeDown after one minute",
        during="nothing; systemd keeps trying, and nginx starts as soon as the matching module is installed",
        watched=module.refused[edge.system],
        sound=[down.sound, repaired.state.sound],
        after="the same generation",
        next_run="finds nothing to do",
    )


@dataclass(frozen=True)
class Upgraded:
    """nginx was upgraded to one that its module does not match, and then to one that it matches."""

    before: dict[str, State]
    between: dict[str, State]
    told: dict[str, str]
    after: dict[str, Told]
    failures: dict[str, list[str]]
    next_run: Run


@pytest.fixture(scope="module")
def upgraded(folder: Path, module: Mismatch) -> Upgraded:
    assert module
    assert with_stream(folder, "served").code == 0
    before = on_all(Edge.state)
    good = newer("nginx", "outside.2")
    other = newer("nginx", "outside.1", OTHER_SIGNATURE + NGINX)
    try:
        with all_watched() as failures:
            install(other)
            between = on_all(Edge.state)
            lines = on_all(lambda edge: told(edge).line)
    finally:
        install(good)
    on_all(lambda edge: edge.settled(60))
    return Upgraded(before, between, lines, on_all(told), failures, with_stream(folder, "served"))


@all_edges
def test_nginx_is_upgraded_and_a_module_is_not(upgraded: Upgraded, edge: Edge, row: Callable[..., None]) -> None:
    between, after = upgraded.between[edge.system], upgraded.after[edge.system]
    assert not between.sound
    assert between.served.startswith("failed")
    assert "is not binary compatible" in upgraded.told[edge.system]
    assert (after.code, after.metrics, after.state.live) == (0, SOUND, upgraded.before[edge.system].live)
    assert (upgraded.next_run.code, upgraded.next_run.changed[edge.container]) == (0, 0)
    row(
        "nginx is upgraded to a version that a module does not match (Debian's packages depend on matching versions)",
        reports=f"`nginx-edge check`, and the alert NginxEdgeDown after one minute: {upgraded.told[edge.system]}",
        during="nothing: the scripts of the package restart nginx, and systemd keeps trying",
        watched=upgraded.failures[edge.system],
        sound=[between.sound, after.state.sound],
        after="the same generation, as soon as the matching version is installed",
        next_run="finds nothing to do",
    )
