# SPDX-License-Identifier: GPL-3.0-or-later
"""What each default costs: the rendered configuration with one change at a time, against the unchanged one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import traffic_agent
from .results import Say, Section
from .traffic import FEW, FULL, HEADERS, LARGE, MANY, RESUMED, THREADS, URL
from .traffic import loads as loads_of_traffic
from .traffic_agent import Load, Question
from .traffic_candidates import DIRECTORIES, EDGE, SPARSE, generation, rendered_now, shared_files

ROUNDS, QUICK_ROUNDS = 4, 2
STATIC = "static file, 1 KiB, 64 connections"
ACCESS_LOG = r"access_log /var/log/nginx/access\.log\b[^;]*;"
EXPORTER = "prometheus-nginx-exporter --nginx.scrape-uri=http://127.0.0.1:8090/stub_status"
SCRAPE = "while sleep 1; do curl --silent --output /dev/null http://127.0.0.1:9113/metrics; done"
NOTES = (
    "Each candidate is the rendered configuration with one change. A ratio of the edge below 1 is what the default "
    "costs compared with the change.",
    "Metrics are scraped once a second from the exporter, which reads the status page of nginx.",
)


@dataclass(frozen=True)
class Change:
    """A change of the rendered text.

    :param pattern: a regular expression; every match in the files is replaced. Empty if only ``beside`` differs.
    :param new: the replacement.
    :param loads: names of the loads that show its cost.
    :param file: the only file to change; empty for all.
    :param beside: commands that run at the same time.
    :param quick: also part of the quick form.
    """

    name: str
    pattern: str
    new: str
    loads: tuple[str, ...] = (FEW,)
    file: str = ""
    beside: tuple[tuple[str, ...], ...] = ()
    quick: bool = False


def log(options: str) -> tuple[str, str]:
    """Pattern and replacement for the access log with other options."""
    return ACCESS_LOG, f"access_log /var/log/nginx/access.log {options};"


CHANGES = (
    Change("access log off", ACCESS_LOG, "access_log off;", quick=True),
    Change("access log in the format combined", *log("combined buffer=64k flush=1s")),
    Change("access log without a buffer", *log("edge")),
    *(Change(f"access log with buffer={size}", *log(f"edge buffer={size} flush=1s")) for size in ("16k", "256k", "1m")),
    Change("response headers off", r"(?m)^[ \t]*add_header .*;\n", "", quick=True),
    Change(
        "no request headers dropped", r"(?m)^[ \t]*proxy_set_header \S+ \"\";\n", "", file="proxy_dropped_headers.conf"
    ),
    Change("no check of the Host header", r"if \(\$edge_bad_host\) \{\s*return 400;\s*\}", ""),
    Change("reuseport", r"\b443 ssl default_server;", "443 ssl default_server reuseport;", (FEW, MANY), "nginx.conf"),
    Change("multi_accept on", r"\bevents \{", "events { multi_accept on;", (FEW, MANY), "nginx.conf"),
    Change("worker_cpu_affinity off", r"\bworker_cpu_affinity auto;", "", (FEW, MANY), "nginx.conf"),
    Change("metrics scraped once a second", "", "", beside=(tuple(EXPORTER.split()), ("sh", "-c", SCRAPE)), quick=True),
    *(
        Change(f"upstream: keepalive {count}", r"\bkeepalive \d+;", f"keepalive {count};", file="upstreams.conf")
        for count in (32, 128, 512)
    ),
    *(
        Change(
            f"upstream: keepalive_requests {count}",
            r"\bkeepalive_requests \d+;",
            f"keepalive_requests {count};",
            file="upstreams.conf",
        )
        for count in (1_000, 100_000)
    ),
    *(
        Change(f"proxy_buffers {buffers}", r"\bproxy_buffers [^;]+;", f"proxy_buffers {buffers};", (LARGE,))
        for buffers in ("8 4k", "8 8k", "8 16k", "8 32k")
    ),
    Change(
        "open_file_cache on",
        r"\bsendfile on;",
        "sendfile on; open_file_cache max=10000 inactive=60s; open_file_cache_valid 60s;",
        (STATIC,),
    ),
    Change("without ML-KEM", r"\bX25519MLKEM768:", "", (FULL,), quick=True),
    Change("session tickets on", r"\bssl_session_tickets off;", "ssl_session_tickets on;", (FULL, RESUMED)),
)


class NothingToChangeError(Exception):
    """A change does not alter the rendered text; the message says why."""


def changed(texts: Mapping[str, str], change: Change) -> dict[str, str]:
    """Path -> text of a configuration with a change.

    :raises NothingToChangeError: the pattern is not in the text, or the text already is as the change makes it.
    """
    if not change.pattern:
        return dict(texts)
    found, count = {}, 0
    for path, text in texts.items():
        times = 0
        if change.file in ("", path):
            found[path], times = re.subn(change.pattern, change.new, text)
        else:
            found[path] = text
        count += times
    if not count:
        raise NothingToChangeError(f"{change.name}: the rendered configuration has no match of {change.pattern}")
    if found == dict(texts):
        raise NothingToChangeError(f"{change.name}: this is the default")
    return found


def loads(quick: bool, names: Mapping[str, tuple[str, ...]]) -> dict[str, Load]:
    """Name -> load.

    :param names: name of a load -> names of its candidates.
    """
    known = loads_of_traffic(quick, ())
    static = (*known[FEW].command[:-1], f"{URL}/files/1k")
    warm_up = ("wrk", THREADS, "-c64", "-d1", *HEADERS, f"{URL}/files/1k")
    known[STATIC] = Load(static, (), warm_up)
    return {name: Load(known[name].command, candidates, known[name].warm_up) for name, candidates in names.items()}


def question(quick: bool, texts: Mapping[str, str]) -> tuple[Question, list[str]]:
    """What to measure, and why changes are left out.

    :param texts: the rendered configuration.
    """
    command, files = generation("edge", texts)
    candidates: dict[str, Any] = {EDGE: {"command": command}}
    names: dict[str, tuple[str, ...]] = {}
    left_out = []
    for number, change in enumerate(CHANGES):
        if quick and not change.quick:
            continue
        try:
            variant = changed(texts, change)
        except NothingToChangeError as error:
            left_out.append(f"Not measured: {error}.")
            continue
        command, own = generation(f"change{number}", variant)
        files |= own
        candidates[change.name] = {"command": command, "beside": change.beside}
        for load in change.loads:
            names[load] = (*names.get(load, (EDGE,)), change.name)
    chosen = loads(quick, names)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    return Question(files | shared_files(), candidates, chosen, rounds, DIRECTORIES, SPARSE), left_out


def run(quick: bool, say: Say) -> Section:
    """Measure the cost of each default."""
    traffic_agent.build()
    asked, left_out = question(quick, rendered_now())
    for line in left_out:
        say(line)
    samples = traffic_agent.samples("traffic-costs", asked, say)
    notes = (*NOTES, *left_out, *traffic_agent.failures(samples))
    return Section("What each default costs", traffic_agent.measurements(samples), (), traffic_agent.versions(), notes)
