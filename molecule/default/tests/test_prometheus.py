# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Prometheus on another host scrapes the edges, and judges them by the alert rules."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import edges
from ansible_collections.hardened.nginx_edge.tools.quick import REPOSITORY
from ansible_collections.hardened.nginx_edge.tools.traffic import Client

CLIENT = Client("edge-client", timeout=180)
RULES = REPOSITORY / "roles" / "exporter" / "files" / "nginx-edge.rules.yml"
JUDGED = Path(__file__).parent / "alerts.yml"
FOLDER = "/srv/prometheus"
LISTENS = "127.0.0.1:9099"
PATIENCE = 30
"""Seconds until Prometheus has seen something; it looks every second."""

Variables = dict[str, dict[str, Any]]


def write(name: str, text: str) -> None:
    program = (
        f"import pathlib; p = pathlib.Path({FOLDER!r}); p.mkdir(exist_ok=True); (p / {name!r}).write_text({text!r})"
    )
    CLIENT.run("python3", "-c", program)


def asked(path: str, **parameters: str) -> Any:
    words = [word for key, value in parameters.items() for word in ("--data-urlencode", f"{key}={value}")]
    told = json.loads(CLIENT.run("curl", "-sS", "--fail", "--get", *words, f"http://{LISTENS}/api/v1/{path}"))
    return told["data"]


def sample(expression: str) -> float | None:
    """The one value of an expression; None while there is none."""
    found = asked("query", query=expression)["result"]
    assert len(found) <= 1, found
    return float(found[0]["value"][1]) if found else None


def in_time(seen: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


@pytest.fixture(scope="module")
def variables() -> Variables:
    found = [REPOSITORY / "molecule" / "default" / "host_vars" / f"{edge}.yml" for edge in edges()]
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in found}


@pytest.fixture(scope="module", autouse=True)
def prometheus(variables: Variables) -> Iterator[None]:
    addresses = [one["server_address"] for one in variables.values()]
    jobs = {"nginx": 9113, "node": 9100}
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [RULES.name],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"{address}:{port}" for address in addresses]}]}
            for job, port in jobs.items()
        ],
    }
    write("prometheus.yml", json.dumps(settings))
    for path in (RULES, JUDGED):
        write(path.name, path.read_text(encoding="utf-8"))
    where = (f"--config.file={FOLDER}/prometheus.yml", f"--storage.tsdb.path={FOLDER}/data")
    process = CLIENT.start("prometheus", *where, f"--web.listen-address={LISTENS}")
    assert in_time(lambda: CLIENT.attempt("curl", "-sS", "--fail", f"http://{LISTENS}/-/ready").returncode == 0)
    yield
    CLIENT.run("kill", process)


@pytest.mark.feature("Prometheus")
@pytest.mark.parametrize("edge", edges())
def test_it_scrapes_the_edge(edge: str, variables: Variables) -> None:
    address, name = variables[edge]["server_address"], variables[edge]["server_name"]
    nginx, node = f'instance="{address}:9113"', f'instance="{address}:9100"'
    assert in_time(lambda: sample(f"up{{{nginx}}} + nginx_up{{{nginx}}}") == 2)
    assert in_time(lambda: (sample(f"nginx_http_requests_total{{{nginx}}}") or 0) > 0)
    days = f'nginx_edge_certificate_days_left{{at="served", certificate="{name}", {node}}}'
    assert in_time(lambda: 80 < (sample(days) or 0) <= 90)


def test_it_takes_the_rules() -> None:
    def rules() -> list[Any]:
        return [rule for group in asked("rules")["groups"] for rule in group["rules"]]

    assert in_time(lambda: {rule["health"] for rule in rules()} == {"ok"})
    written = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules()] == [rule.get("alert") or rule["record"] for rule in written]


@pytest.mark.feature("Prometheus")
@pytest.mark.parametrize("edge", edges())
def test_it_sees_a_dead_nginx(edge: str, variables: Variables) -> None:
    """Pending: the alert itself waits for a minute, which ``test_alerts_fire_when_they_should`` does in no time."""
    instance = f"{variables[edge]['server_address']}:9113"
    alert = f'ALERTS{{alertname="NginxEdgeDown", alertstate="pending", instance="{instance}"}}'
    assert in_time(lambda: sample(alert) is None)  # a scrape that took too long is forgotten by the next one
    Client(edge).run("systemctl", "stop", "nginx.service")
    try:
        assert in_time(lambda: sample(alert) == 1)
    finally:
        Client(edge).run("systemctl", "start", "nginx.service")
    assert in_time(lambda: sample(alert) is None)


def alerts() -> set[str]:
    """Names of the alerts of the rules."""
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    return {rule["alert"] for rule in rules if "alert" in rule}


def minutes(moment: str) -> int:
    return int(moment.removesuffix("m"))


@pytest.mark.case("F9")
@pytest.mark.parametrize("_edge", edges())
def test_alerts_fire_when_they_should(_edge: str) -> None:
    """Prometheus' own tool judges each alert over two simulated hours: it fires until the cause is gone, not longer.

    Each alert is silent at first, fires, and is silent again until the end of the two hours.
    """
    judged = yaml.safe_load(JUDGED.read_text(encoding="utf-8"))
    complete = set()
    for test in judged["tests"]:
        for name in {one["alertname"] for one in test["alert_rule_test"]}:
            asked_at = [one for one in test["alert_rule_test"] if one["alertname"] == name]
            fires = [bool(one["exp_alerts"]) for one in sorted(asked_at, key=lambda one: minutes(one["eval_time"]))]
            ends = max(minutes(one["eval_time"]) for one in asked_at)
            if (fires[0], fires[-1], any(fires)) == (False, False, True) and ends == 120:
                complete.add(name)
    assert complete == alerts()
    done = CLIENT.attempt("promtool", "test", "rules", f"{FOLDER}/{JUDGED.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout + done.stderr
