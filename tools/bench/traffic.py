# SPDX-License-Identifier: GPL-3.0-or-later
"""Traffic: requests per second, latency and CPU time of the rendered default configuration, and of baselines.

In one container, on loopback, round after round, and the candidates take turns. The load generators share the cores
with the servers, so that requests per second are ratios, not capacities.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import traffic_agent, traffic_profile
from .record import Profile
from .results import Goal, Say, Section
from .traffic_agent import MOUNTED, Load, Question
from .traffic_candidates import (
    CADDY,
    DIRECTORIES,
    EARLIER,
    EDGE,
    HAPROXY,
    SPARSE,
    STOCK,
    STREAM_BYTES,
    TEXTBOOK,
    candidates,
)

URL = "https://bench.test"
ROUNDS, QUICK_ROUNDS = 5, 2
SECONDS, QUICK_SECONDS = 4, 1
THREADS = f"-t{max(1, len(os.sched_getaffinity(0)) // 2)}"
"""Load generators use half of the cores."""
FEW, MANY, LARGE = "TLS, 1 KiB, 64 connections", "TLS, 1 KiB, 512 connections", "TLS, 100 KiB, 64 connections"
HTTP2 = "HTTP/2, 1 KiB, 64 connections with 10 streams"
FULL, RESUMED = "full handshakes, one request each", "resumed handshakes, one request each"
HTTP3 = "HTTP/3, 1 KiB, 4 connections with 10 streams"
CACHED = "cached response, 1 KiB, 64 connections"
STREAMED = "streamed response, 64 MiB"
LIKE_A_BROWSER = (
    ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
    ("accept-encoding", "gzip, br"),
    ("accept-language", "de,en;q=0.8"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
)
HEADERS = tuple(word for name, value in LIKE_A_BROWSER for word in ("-H", f"{name}: {value}"))
LIMITS = (
    # load, baseline, the smallest ratio of requests/s
    (FEW, TEXTBOOK, 2.5),
    (FEW, HAPROXY, 1.0),
    (FEW, CADDY, 2.2),
    (MANY, TEXTBOOK, 2.3),
    (MANY, HAPROXY, 1.0),
    (MANY, CADDY, 3.0),
    (LARGE, TEXTBOOK, 1.7),
    (LARGE, HAPROXY, 0.95),
    (HTTP2, TEXTBOOK, 2.5),
    (HTTP2, HAPROXY, 1.0),
    (FULL, TEXTBOOK, 1.3),
)
WITH_GOALS = frozenset(load for load, _baseline, _ratio in LIMITS)
"""The quick form has only these loads."""
LATENCIES = (FEW, LARGE)
"""Loads at which the 99th percentile must be no worse than HAProxy's."""
NOTES = (
    "All candidates terminate TLS for the same key pair (ECDSA P-256), write an access log and add the same response "
    "headers. The responses are of a type that no candidate compresses.",
    "HAProxy logs to a datagram socket, as Debian configures it; a small program writes the messages to a file. It "
    "replaces the syslog daemon, and its CPU time does not count as HAProxy's. HAProxy drops a message if the socket "
    "is full: the table has the share of the requests in the log.",
    "HTTP/2 is measured by a number of requests. A generator that measures by time stops at the limit of requests per "
    "connection.",
    "Each handshake is a new connection with one request. The client checks whether the session was resumed.",
    "No load generator of Debian speaks HTTP/3. Four processes of curl do it, and they limit the rate; compare the CPU "
    "time per request.",
    "The edge has HTTP/3, which is off by default. Its workers are bound to cores, as they are without HTTP/3.",
    "Caddy has no cache.",
)

_profiles: list[Profile] = []


def profiles() -> Sequence[Profile]:
    """What the last run profiled."""
    return tuple(_profiles)


def loads(quick: bool, names: Sequence[str]) -> dict[str, Load]:
    """Name -> load, for candidates of these names."""
    seconds = QUICK_SECONDS if quick else SECONDS
    warm_up = ("wrk", THREADS, "-c64", "-d1", *HEADERS, f"{URL}/1k")
    cached = ("wrk", THREADS, "-c64", "-d1", *HEADERS, f"{URL}/cached/1k")

    def wrk(path: str, connections: int) -> tuple[str, ...]:
        return ("wrk", THREADS, f"-c{connections}", f"-d{seconds}", "--latency", *HEADERS, f"{URL}{path}")

    def program(name: str, *arguments: str) -> tuple[str, ...]:
        return ("python3", f"{MOUNTED}/{name}.py", *arguments)

    def some(*chosen: str) -> tuple[str, ...]:
        return tuple(name for name in names if name in chosen)

    every = tuple(names)
    requests = 10_000 * seconds
    h2load = ("h2load", THREADS, "-c64", "-m10", f"-n{requests}", *HEADERS, f"{URL}/1k")
    download = program("stream", f"{URL}/stream/large", str(STREAM_BYTES), str(2 * seconds))
    return {
        FEW: Load(wrk("/1k", 64), every, warm_up),
        MANY: Load(wrk("/1k", 512), every, warm_up),
        LARGE: Load(wrk("/100k", 64), every, warm_up),
        HTTP2: Load(h2load, every, warm_up),
        FULL: Load(program("handshakes", f"{URL}/1k", str(seconds)), every, warm_up),
        RESUMED: Load(program("handshakes", f"{URL}/1k", str(seconds), "--resume"), every, warm_up),
        HTTP3: Load(program("http3", f"{URL}/1k", str(1000 * seconds)), some(EDGE, EARLIER, HAPROXY, CADDY), warm_up),
        CACHED: Load(wrk("/cached/1k", 64), some(EDGE, EARLIER, TEXTBOOK, STOCK, HAPROXY), cached),
        STREAMED: Load(download, every, warm_up),
    }


def goals(section: Section) -> tuple[Goal, ...]:
    """The goals of traffic, with what a section measured."""
    rates = [
        Goal(
            f"requests/s of the edge to those of {name}: {load}", _ratio(section, load, name, "requests/s"), least, True
        )
        for load, name, least in LIMITS
    ]
    latencies = [
        Goal(f"p99 of the edge to that of HAProxy: {load}", _ratio(section, load, HAPROXY, "p99 ms"), 1.0, False)
        for load in LATENCIES
    ]
    return (*rates, *latencies)


def _ratio(section: Section, load: str, name: str, metric: str) -> float | None:
    own, other = section.of(load, EDGE, metric), section.of(load, name, metric)
    if own is None or other is None or not other.median:
        return None
    return own.median / other.median


def to_profile(section: Section, chosen: Mapping[str, Load]) -> dict[str, Load]:
    """The loads at which a goal was missed, each with the edge and the baselines of these goals."""
    missed: dict[str, list[str]] = {}
    measured = (
        *((load, name, "requests/s", least, True) for load, name, least in LIMITS),
        *((load, HAPROXY, "p99 ms", 1.0, False) for load in LATENCIES),
    )
    for load, name, metric, limit, at_least in measured:
        if Goal("", _ratio(section, load, name, metric), limit, at_least).met is False:
            missed.setdefault(load, [EDGE]).append(name)
    return {load: replace(chosen[load], candidates=tuple(dict.fromkeys(names))) for load, names in missed.items()}


def run(quick: bool, say: Say) -> Section:
    """Measure the traffic; a full run also has loads without goals, and profiles where a goal was missed."""
    traffic_agent.build()
    found, files = candidates(every=not quick)
    chosen = loads(quick, tuple(found))
    left_out = [name for name in chosen if quick and name not in WITH_GOALS]
    chosen = {name: load for name, load in chosen.items() if name not in left_out}
    notes = (*NOTES, f"Not in the quick form: {'; '.join(left_out)}.") if left_out else NOTES
    question = Question(files, found, chosen, QUICK_ROUNDS if quick else ROUNDS, DIRECTORIES, SPARSE)
    samples = traffic_agent.samples("traffic", question, say)
    section = Section(
        "Traffic",
        traffic_agent.measurements(samples),
        versions=traffic_agent.versions(),
        notes=(*notes, *traffic_agent.failures(samples)),
    )
    _profiles[:] = [] if quick else traffic_profile.record(to_profile(section, chosen), question, say)
    return replace(section, goals=goals(section))
