# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks, as a table and as JSON in .cache/bench.json. They measure; they do not judge.

First the traffic (:mod:`.bench_traffic`). Then how long the way on the controller takes for many sites, each in a
separate file, from these files to the payload: by its parts, their shares, and as a ratio to the baseline of the
same run, which is libyaml reading the same model as one text.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / ".cache" / "collections"))

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import (  # noqa: E402
    PLACEHOLDER,
    Content,
    pack,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.certificates import check_certificates  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.edge import check  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.edge import Edge  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.reader import read_edge  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.site_files import read_site_files  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.edge import EdgeView, view_edge  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.facts import facts_of  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.render.files import Rendered, digest, render  # noqa: E402
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target  # noqa: E402

from . import bench_traffic  # noqa: E402

SIZES = (100, 1000)
LOCATIONS = 10
REPEATS = 3
TARGET = Target((1, 26, 3), (3, 5, 1), ("--with-http_v3_module",))


VARIABLES = {
    "edge_acme": {"email": "ops@example.com"},
    "edge_upstreams": [{"name": "app", "servers": [{"address": "10.0.0.1:80"}, {"address": "10.0.0.2:80"}]}],
    "edge_rate_limits": [{"name": "api", "rate": "60r/m"}],
}


def site(number: int) -> dict[str, Any]:
    """A site with ten locations."""
    return {
        "name": f"site{number}.example.com",
        "locations": [
            {"path": f"/part{part}/", "upstream": "app", "rate_limits": [{"name": "api", "burst": 20}]}
            for part in range(LOCATIONS)
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


def measure(sites: int, folder: Path) -> tuple[float, dict[str, float]]:
    """Seconds of the baseline, and of each part of the way, for so many sites in files of a folder."""
    spec = yaml.safe_load((REPOSITORY / "roles/edge/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = spec["argument_specs"]["model"]["options"]
    templates = REPOSITORY / "roles" / "edge" / "templates"
    for number in range(sites):
        (folder / f"site{number}.yml").write_text(yaml.safe_dump(site(number)), encoding="utf-8")
    text = yaml.safe_dump({**VARIABLES, "edge_sites": [site(number) for number in range(sites)]})
    baseline, _variables = median_seconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    parts: dict[str, float] = {}
    parts["read the files"], found = median_seconds(lambda: read_site_files(folder, lambda _path: None))
    parts["validate"], reading = median_seconds(lambda: read_edge(options, VARIABLES, found.sites))
    parts["check"], _problems = median_seconds(lambda: (check(reading), list(check_certificates(reading))))
    parts["view"], edge_view = median_seconds(
        lambda: view_edge(reading.edge, TARGET, generation=PLACEHOLDER, user_files={})
    )
    parts["render"], rendered = median_seconds(lambda: render(edge_view, templates))
    parts["facts, digest and payload"], _payload = median_seconds(
        lambda: _payload_of(reading.edge, edge_view, rendered)
    )
    return baseline, parts


def _payload_of(edge: Edge, view: EdgeView, rendered: Rendered) -> str:
    facts = facts_of(edge, view)
    content = Content(rendered.files, digest(rendered.files, facts), 8090, "0", facts=facts, places=rendered.places)
    return pack(content)


def main() -> None:
    """Entry point."""
    results: dict[str, Any] = bench_traffic.main()
    for sites in SIZES:
        with TemporaryDirectory() as folder:
            baseline, parts = measure(sites, Path(folder))
        total = sum(parts.values())
        print(f"\n{sites} sites with {LOCATIONS} locations each, a file each")
        print(f"  {'libyaml (baseline)':<24} {baseline:8.3f} s")
        for name, seconds in (*parts.items(), ("from files to payload", total)):
            share, ratio = seconds / total, seconds / baseline
            print(f"  {name:<24} {seconds:8.3f} s  {share:5.0%}  {ratio:6.2f} x baseline")
        results[f"{sites} sites"] = {"baseline": baseline, **parts, "total": total}
    path = REPOSITORY / ".cache" / "bench.json"
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nas JSON: {path.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
