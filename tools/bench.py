# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks, as a table and as JSON in .cache/bench.json. They measure; they do not judge.

How long the way on the controller takes for many sites, by its parts, and as a ratio to the baseline of the same run:
libyaml reading the same model.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / ".cache" / "collections"))

from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.generation import (  # noqa: E402
    PLACEHOLDER,
    Content,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils.edge.transaction import pack  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils.edge import (  # noqa: E402
    capabilities,
    certificates,
    check,
    read,
    render,
    view,
)

SIZES = (100, 1000)
LOCATIONS = 10
REPEATS = 3
TARGET = capabilities.Target((1, 26, 3), (3, 5, 1), ("--with-http_v3_module",))


def model(sites: int) -> dict[str, Any]:
    """An inventory's variables with so many sites, of ten locations each."""
    return {
        "edge_acme": {"email": "ops@example.com"},
        "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}, {"address": "10.0.0.2:80"}]}],
        "edge_rate_limits": [{"name": "api", "rate": "60r/m"}],
        "edge_sites": [
            {
                "name": f"site{site}.example.com",
                "locations": [
                    {"path": f"/part{part}/", "upstream": "app", "rate_limit": {"name": "api", "burst": 20}}
                    for part in range(LOCATIONS)
                ],
            }
            for site in range(sites)
        ],
    }


def median_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Median of a few runs in seconds, and what the last one returned."""
    seconds, result = [], None
    for _repeat in range(REPEATS):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def measure(sites: int) -> dict[str, float]:
    """Seconds of each part of the way, for so many sites."""
    options = yaml.safe_load((REPOSITORY / "roles/edge/meta/argument_specs.yml").read_text(encoding="utf-8"))
    spec = options["argument_specs"]["model"]["options"]
    templates = REPOSITORY / "roles" / "edge" / "templates"
    text = yaml.safe_dump(model(sites))
    parts: dict[str, float] = {}
    parts["libyaml (baseline)"], variables = median_seconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    parts["read"], reading = median_seconds(lambda: read.read_edge(spec, variables))
    parts["check"], _problems = median_seconds(
        lambda: (check.check(reading), list(certificates.check_certificates(reading)))
    )
    parts["view"], edge_view = median_seconds(
        lambda: view.view_edge(reading.edge, TARGET, generation=PLACEHOLDER, user_files={})
    )
    parts["render"], files = median_seconds(lambda: render.render(edge_view, templates))
    parts["digest and payload"], _payload = median_seconds(
        lambda: pack(Content(files, render.digest(files), 8090, "0"))
    )
    return parts


def main() -> None:
    """Entry point."""
    results = {sites: measure(sites) for sites in SIZES}
    for sites, parts in results.items():
        baseline = parts["libyaml (baseline)"]
        total = sum(parts.values()) - baseline
        print(f"\n{sites} sites with {LOCATIONS} locations each")
        for name, seconds in parts.items():
            print(f"  {name:<20} {seconds:8.3f} s  {seconds / baseline:6.2f} x baseline")
        print(f"  {'from data to payload':<20} {total:8.3f} s  {total / baseline:6.2f} x baseline")
    path = REPOSITORY / ".cache" / "bench.json"
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nas JSON: {path.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
