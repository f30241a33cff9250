# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads: how long one takes until it is proven, and what happens to connections that are open.

The role deploys an edge in a container with systemd. There, the library of the command ``nginx-edge`` reloads nginx and
proves it, as the role's handler does, while clients on loopback use the edge.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .edge_host import WORK, EdgeHost, build_images, edge_host, play, write_inventory
from .results import Goal, Measurement, Say, Section
from .table import number
from .traffic import HEADERS, THREADS, URL
from .traffic_agent import IMAGE, MOUNTED, PROGRAMS
from .traffic_candidates import DIRECTORIES, SMALL_BYTES, shared_files
from .traffic_parse import Outcome, parse

SITES, QUICK_SITES = (1, 1_000), (1_000,)
ROUNDS, QUICK_ROUNDS = 3, 1
SECONDS, QUICK_SECONDS = 14, 9
"""Seconds of each load; a reload must be proven before it ends."""
IDLE = "idle"
WRK = "HTTP/1.1, 64 connections"
HTTP2 = "HTTP/2, 64 connections with 10 streams"
HTTP3 = "HTTP/3, one connection, 20 requests/s"
WEBSOCKET = "WebSocket, one connection, 20 messages/s"
PROVEN, GONE, FAILED, CUT, DURING = (
    "s until proven",
    "s until the old workers ended",
    "failed requests",
    "requests on a closed connection",
    "% proven before the load ended",
)
EDGE = "edge"
ECHO_PORT = 9002
NOTES = (
    "A reload is proven when new workers answer with the live generation and the old ones accept no connections.",
    "Old workers end when their last connection ends: under WebSocket, this is the end of the load.",
    "HTTP/1.1 and HTTP/2 load keeps all cores busy. The other clients send little.",
    "Under HTTP/3, the model enables HTTP/3, which is off by default.",
    "A client has to expect that a server closes a connection between two requests, and repeats the request (RFC 9112, "
    "section 9.3.1; RFC 9113, section 6.8). wrk and h2load do not; their requests on a closed connection are counted "
    "separately. Beside them, curl sends 20 requests/s on one connection and follows the standard: failed requests are "
    "those of curl and of the WebSocket, and all answers that are errors. nginx 1.27.4 or newer keeps connections for "
    "a moment, so that wrk has none.",
)


def model(sites: int, *, http3: bool) -> dict[str, Any]:
    """Variables of an edge with so many https sites, without HTTP/3 as by default, or with it."""
    first = {
        "name": "bench.test",
        "locations": [{"path": "/", "upstream": "app"}, {"path": "/ws/", "upstream": "echo", "websocket": True}],
    }
    others = [
        {"name": f"site{count}.bench.test", "locations": [{"path": "/", "upstream": "app"}]}
        for count in range(1, sites)
    ]
    return {
        "edge_certificate_source": "self_signed",
        "edge_http3": "on" if http3 else "off",
        "edge_upstreams": [
            {"name": "app", "servers": [{"address": "127.0.0.1:9001"}]},
            {"name": "echo", "servers": [{"address": f"127.0.0.1:{ECHO_PORT}"}]},
        ],
        "edge_sites": [first, *others],
    }


def loads(seconds: int) -> dict[str, dict[str, Any]]:
    """Name -> client, as tests/bench/traffic/reloads.py expects it."""
    wrk = ("wrk", THREADS, "-c64", f"-d{seconds}", "--latency", *HEADERS, f"{URL}/1k")
    h2load = ("h2load", THREADS, "-c64", "-m10", "-n20000", *HEADERS, f"{URL}/1k")
    websocket = ("python3", f"{MOUNTED}/websocket.py", "ask", f"{URL}/ws/", str(seconds))
    return {
        IDLE: {"command": (), "seconds": 0},
        WRK: {"command": wrk, "seconds": seconds, "beside": steady("--http1.1", seconds)},
        HTTP2: {"command": h2load, "seconds": seconds, "repeat": True, "beside": steady("--http2", seconds)},
        HTTP3: {"command": steady("--http3-only", seconds), "seconds": seconds},
        WEBSOCKET: {"command": websocket, "seconds": seconds},
    }


def steady(version: str, seconds: int) -> tuple[str, ...]:
    """The command of a client that sends requests at a steady rate with curl.

    :param version: the option of curl for the version of HTTP.
    """
    return ("python3", f"{MOUNTED}/steady.py", version, f"{URL}/1k", str(seconds))


def deploy(host: EdgeHost, variables: Mapping[str, Any], folder: Path) -> float:
    """Deploy an edge; return the seconds of the playbook."""
    return play(write_inventory(folder, [host], variables), "hardened.nginx_edge.site").seconds


def start_backends(host: EdgeHost) -> None:
    """Start the backends of an edge, and wait until it answers.

    :raises RuntimeError: it gives another answer.
    """
    for path, text in shared_files().items():
        host.execute("sh", "-c", f"cat > {path}", input_text=text)
    host.execute("mkdir", "-p", *DIRECTORIES)
    unit = ("systemd-run", "--quiet", "--collect")
    host.execute(*unit, "--unit=bench-backend", "nginx", "-c", "/etc/nginx/bench-backend.conf", "-g", "daemon off;")
    host.execute(*unit, "--unit=bench-echo", "python3", f"{MOUNTED}/websocket.py", "serve", str(ECHO_PORT))
    wait = ("curl", "--silent", "--retry", "20", "--retry-connrefused", "--retry-delay", "1", "--insecure", "--fail")
    body = host.execute(*wait, f"{URL}/1k")
    if len(body) != SMALL_BYTES:
        raise RuntimeError(f"the edge answers with {len(body)} bytes: {body[:60]!r}")


def reloads(host: EdgeHost, chosen: Mapping[str, Any], rounds: int) -> Iterator[dict[str, Any]]:
    """Reload under each load, and yield each answer as it comes.

    :param chosen: some of :func:`loads`.
    :raises RuntimeError: a reload failed.
    """
    asked = json.dumps({"loads": chosen, "rounds": rounds})
    command = ("docker", "exec", "--interactive", host.name, "python3", "-B", f"{MOUNTED}/reloads.py")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the container has no pipes")
        process.stdin.write(asked)
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise RuntimeError(f"the reloads ended with exit code {process.returncode}")


def reloads_of_all(host: EdgeHost, sites: int, quick: bool, say: Say) -> Iterator[dict[str, Any]]:
    """Reload an edge with the defaults under all loads but HTTP/3; a full run also does it under HTTP/3."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    for http3 in (False,) if quick else (False, True):
        took = deploy(host, model(sites, http3=http3), WORK / "reload")
        say(f"reload: deployed {sites:,} sites {'with' if http3 else 'without'} HTTP/3 in {took:.1f} s")
        if not http3:
            start_backends(host)
        chosen = {name: load for name, load in loads(seconds).items() if (name == HTTP3) == http3}
        yield from reloads(host, chosen, rounds)


def outcome(printed: Sequence[Mapping[str, Any]], program: str) -> Outcome:
    """The sum of what a client printed.

    :raises ValueError: it had no result.
    """
    if not printed:
        raise ValueError(f"{program} printed nothing")
    found = []
    for one in printed:
        if one["code"]:
            raise ValueError(f"{program} ended with exit code {one['code']}: {one['err']}{one['out'][-300:]}")
        found.append(parse(program, one["out"]))
    return Outcome(
        sum(one.requests for one in found),
        sum(one.failed for one in found),
        sum(one.seconds for one in found),
        errors="; ".join(filter(None, (one.errors for one in found))),
        refused=sum(one.refused for one in found),
    )


def subject(sites: int, load: str) -> str:
    """What was done, for example ``reload, 1,000 sites, idle``."""
    return f"reload, {sites:,} {'site' if sites == 1 else 'sites'}, {load}"


def values(answer: Mapping[str, Any], load: str) -> tuple[dict[str, float], str]:
    """Metric -> value of a reload, and what its clients reported. A client without a result is a failed request."""
    found = {PROVEN: answer["proven"], GONE: answer["gone"]}
    asked = loads(1)[load]
    command, beside = asked["command"], asked.get("beside", ())
    if not command:
        return found, ""
    try:
        result = outcome(answer["client"], command[0])
        more = {"requests": float(result.requests), DURING: 100.0 * answer["during"]}
        if not beside:
            return found | {FAILED: float(result.failed)} | more, result.errors
        second = outcome(answer["beside"], beside[0])
    except ValueError as error:
        return found | {FAILED: 1.0}, str(error)
    errors = "; ".join(filter(None, (result.errors, second.errors)))
    failed = second.failed + result.refused
    return found | {FAILED: float(failed), CUT: float(result.failed - result.refused)} | more, errors


def goals(section: Section) -> tuple[Goal, ...]:
    """The goals of a reload with 1,000 sites."""

    def most(load: str, metric: str) -> float | None:
        found = section.of(subject(1_000, load), EDGE, metric)
        return None if found is None else found.median

    def failed(*, http3: bool) -> float | None:
        found = [one for one in section.measurements if one.metric == FAILED and (HTTP3 in one.subject) == http3]
        return sum(sum(one.values) for one in found) if found else None

    return (
        Goal("seconds until a reload with 1,000 sites is proven, idle", most(IDLE, PROVEN), 2.0, False),
        Goal(f"the same under load: {WRK}", most(WRK, PROVEN), 4.0, False),
        Goal(f"the same under load: {HTTP2}", most(HTTP2, PROVEN), 4.0, False),
        Goal("failed requests during all reloads, without HTTP/3", failed(http3=False), 0.0, False),
        Goal("failed requests over HTTP/3 (off by default)", failed(http3=True), 0.0, False),
        Goal(f"percent of the reloads that were proven before the load ended: {WRK}", most(WRK, DURING), 100.0, True),
    )


def run(quick: bool, say: Say) -> Section:
    """Measure reloads with one site and with 1,000 sites."""
    build_images(IMAGE)
    found: dict[tuple[str, str], list[float]] = {}
    notes = [*NOTES, "Not in the quick form: HTTP/3."] if quick else list(NOTES)
    for sites in QUICK_SITES if quick else SITES:
        options = (f"--volume={PROGRAMS}:{MOUNTED}:ro", "--add-host=bench.test:127.0.0.1")
        with edge_host("reload", IMAGE, options=options) as host:
            for answer in reloads_of_all(host, sites, quick, say):
                name = subject(sites, answer["load"])
                measured, errors = values(answer, answer["load"])
                say(f"{name}: {', '.join(f'{number(value)} {metric}' for metric, value in measured.items())} {errors}")
                for metric, value in measured.items():
                    found.setdefault((name, metric), []).append(value)
                if errors:
                    notes.append(f"{name}: {errors[:300]}.")
    measurements: Sequence[Measurement] = [
        Measurement(name, EDGE, metric, tuple(each)) for (name, metric), each in found.items()
    ]
    section = Section("Reloads", tuple(measurements), notes=tuple(notes))
    return Section(section.name, section.measurements, goals(section), {}, section.notes)
