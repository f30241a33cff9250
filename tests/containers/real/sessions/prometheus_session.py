# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks Prometheus for a metric, and follows its links."""

from __future__ import annotations

import base64
import time

from browser import LONGEST, PASSWORD, Browser, prepare, start, wait_for, write

ADDRESS, OFFICE = "10.0.0.11", "10.0.0.200"
CONFIGURATION = f"""
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: itself, static_configs: [{{targets: ["{ADDRESS}:9090"]}}]}}]
"""

prepare(ADDRESS, OFFICE)
write("/srv/prometheus/prometheus.yml", CONFIGURATION)
start(
    "prometheus",
    "--config.file=/srv/prometheus/prometheus.yml",
    "--storage.tsdb.path=/srv/prometheus/data",
    f"--web.listen-address={ADDRESS}:9090",
    "--web.external-url=https://prometheus.example.com/",
)
wait_for(f"{ADDRESS}:9090")

browser = Browser("prometheus.example.com", OFFICE)
assert browser.get("/graph").status == 401
browser.headers["Authorization"] = "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
first = browser.get("/")
assert first.status == 302, first
assert browser.get(first.headers["location"]).status == 200
deadline = time.monotonic() + LONGEST
while not (found := browser.submit("/api/v1/query", {"query": "up"}).json["data"]["result"]):
    assert time.monotonic() < deadline
    time.sleep(0.5)
assert found[0]["value"][1] in ("0", "1"), found
assert browser.ask("POST", "/-/reload").status == 403  # it is off by default
outside = Browser("prometheus.example.com")
outside.headers = browser.headers
assert outside.get("/graph").status == 403
