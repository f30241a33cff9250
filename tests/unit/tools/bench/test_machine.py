# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the machine, and profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench.machine import cpu_model, memory_gibibytes
from ansible_collections.hardened.nginx_edge.tools.bench.traffic_profile import (
    WITHOUT_SYMBOL,
    ProfileError,
    lengthened,
    rows_of,
    servers,
)

TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts" / "bench"


def test_the_model_of_the_cpu_is_in_cpuinfo() -> None:
    text = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu vme\nprocessor\t: 1\nmodel name\t: AMD EPYC\n"
    assert cpu_model(text) == "AMD EPYC"
    assert cpu_model(text.replace("vme", "vme hypervisor avx2")) == "AMD EPYC (virtual machine)"
    assert cpu_model("processor : 0\n") == "unknown"


def test_the_size_of_the_memory_is_in_meminfo() -> None:
    assert memory_gibibytes("MemTotal:       24629552 kB\nMemFree: 1 kB\n") == pytest.approx(23.488, abs=1e-3)
    with pytest.raises(ValueError, match="MemTotal"):
        memory_gibibytes("MemFree: 1 kB\n")


def test_a_load_lasts_as_long_as_its_profile() -> None:
    assert lengthened(("wrk", "-t1", "-c64", "-d4", "https://a/-d4")) == ("wrk", "-t1", "-c64", "-d10", "https://a/-d4")
    counted = ("h2load", "-t1", "-c64", "-m10", "-n40000")
    assert lengthened(counted) == ("timeout", "10", "sh", "-c", 'while "$@"; do :; done', "sh", *counted)
    assert lengthened(("python3", "/bench/handshakes.py", "https://a", "4", "--resume"))[3:] == ("10", "--resume")


def test_a_profile_is_of_the_server_that_was_started_with_a_file() -> None:
    processes = [
        (10, 1, "python3 /bench/agent.py"),
        (11, 10, "nginx: master process nginx -c /etc/nginx/bench-backend.conf -g daemon off;"),
        (12, 11, "nginx: worker process"),
        (20, 10, "nginx: master process nginx -c /etc/nginx/generations/edge/nginx.conf -g daemon off;"),
        (21, 20, "nginx: worker process"),
        (22, 20, "nginx: worker process"),
        (30, 10, "wrk -t1"),
    ]
    assert list(servers(processes, "/etc/nginx/generations/edge/nginx.conf")) == [20, 21, 22]
    assert list(servers(processes, "/etc/haproxy/bench.cfg")) == []


def test_a_report_of_perf_has_functions() -> None:
    printed = (
        "# Overhead|Symbol|Shared Object\n"
        "     3.10|[k] tcp_sendmsg_locked   |[kernel.kallsyms]\n"
        "     8.91%|[.] ngx_http_script_run  |nginx\n"
        "     1.02|[.] 0x00000000001a2b3c   |/usr/lib/x86_64-linux-gnu/libcrypto.so.3|-      -\n"
        "     1.03|[.] 0x00000000001a2b4c   |/usr/lib/x86_64-linux-gnu/libcrypto.so.3|-      -\n"
    )
    assert rows_of(printed) == (
        (8.91, "ngx_http_script_run", "nginx"),
        (3.10, "tcp_sendmsg_locked", "kernel"),
        (1.02 + 1.03, WITHOUT_SYMBOL, "libcrypto.so.3"),
    )
    with pytest.raises(ProfileError, match="no function"):
        rows_of("# nothing\n")


def test_a_real_report_is_read() -> None:
    ((share, name, file),) = rows_of((TRANSCRIPTS / "perf-report.txt").read_text(encoding="utf-8"))
    assert (name, file) == (WITHOUT_SYMBOL, "libcrypto.so.3")
    assert 50 < share < 60
