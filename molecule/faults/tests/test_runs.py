# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of Ansible: against what was changed by hand, killed in the middle, and two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.faults.tests.edges import (
    EDGE_ALONE,
    EDGES,
    GENERATIONS,
    NGINX_ALONE,
    Edge,
    State,
    all_watched,
    on_all,
    run,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import Run

LOCK_HOLDER = 'awk -v inode=$(stat -c %i /run/nginx-edge.lock) \'$6 ~ ":" inode "$" {print $5}\' /proc/locks'


@dataclass(frozen=True)
class Came:
    """What a fault came to: the run that met it, the edges then, the next run, the edges at last, and what fresh
    connections got all the while instead of an answer."""

    run: Run
    between: dict[str, State]
    next_run: Run
    after: dict[str, State]
    failures: dict[str, list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def states() -> dict[str, State]:
    return on_all(Edge.state)


@pytest.fixture(scope="module", autouse=True)
def model(folder: Path) -> None:
    """The edges have what the model says, and not what other tests made of it."""
    done = run(folder, "served")
    assert done.code == 0, done


@pytest.fixture
def edge(request: pytest.FixtureRequest) -> Edge:
    """No state: the runs are about all edges at once."""
    found: Edge = request.param
    return found


all_edges = pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.system, indirect=True)


@pytest.fixture(scope="module")
def drift(folder: Path) -> Came:
    """A file that the model changes too was changed by hand."""
    on_all(lambda edge: edge.sh(f"sed -i 's/served/by hand/' {GENERATIONS}/running/sites/{edge.name}.conf"))
    with all_watched() as failures:
        told = run(folder, "from the model", "--check", "--diff")
        between = states()
        next_run = run(folder, "from the model")
    return Came(told, between, next_run, states(), failures)


@all_edges
def test_drift_is_told_apart_and_repaired(drift: Came, edge: Edge, row: Callable[..., None]) -> None:
    told, between, after = drift.run, drift.between[edge.system], drift.after[edge.system]
    file = f"sites/{edge.name}.conf"
    assert (told.code, drift.next_run.code) == (0, 0), (told, drift.next_run)
    by_hand, _separator, rest = told.diffs[edge.container].partition(f"= {file}\n")
    assert f'= {file} (as it was written)\n- return 200 "by hand";\n+ return 200 "served";\n' in by_hand
    assert '- return 200 "served";\n+ return 200 "from the model";\n' in rest
    for one in (told, drift.next_run):
        assert any(f"changed by hand: {file}; a run replaces it" in line for line in one.warnings[0]), one.warnings
    assert (between.served, between.answers) == ("served", between.live)
    assert (after.served, after.settled) == ("from the model", True)
    assert "by hand" in edge.sh(f"cat {GENERATIONS}/{between.live}/{file}")
    assert drift.failures[edge.system] == []
    row(
        "a file of the live generation is changed by hand, and the model changes it too",
        reports=f"done; in check mode as well: changed by hand: {file}; its diff stands apart from that of the model",
        during="no fresh request failed",
        watched=drift.failures[edge.system],
        sound=[between.sound, after.sound],
        after="the model's generation; the changed folder is kept",
        next_run="fixes it",
    )


@pytest.fixture(scope="module")
def by_hand(folder: Path) -> Came:
    """A file in the place of the link, one pair truncated, and one of two types."""
    key = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout privkey.pem -out /dev/null 2>/dev/null"

    def spoil(edge: Edge) -> None:
        edge.sh(
            "cd /etc/nginx; cp -L nginx.conf /root/c; echo '# by hand' >> /root/c; rm nginx.conf; cp /root/c nginx.conf"
        )
        edge.sh(f"cd /etc/nginx/tls/{edge.name}; truncate --size=200 fullchain.pem")
        edge.sh(f"cd /etc/nginx/tls/other.{edge.name}; {key}")

    on_all(spoil)
    with all_watched() as failures:
        told, between = run(folder, "from the model", "--check", "--diff"), states()
        next_run = run(folder, "from the model")
    return Came(told, between, next_run, states(), failures)


@all_edges
def test_what_was_spoilt_by_hand_is_repaired(by_hand: Came, edge: Edge, row: Callable[..., None]) -> None:
    between, after = by_hand.between[edge.system], by_hand.after[edge.system]
    assert (by_hand.run.code, by_hand.next_run.code) == (0, 0), (by_hand.run, by_hand.next_run)
    assert "= /etc/nginx/nginx.conf (as it was written)\n- # by hand\n" in by_hand.run.diffs[edge.container]
    assert not between.sound
    assert between.served in ("served", "from the model")  # as before
    assert (after.served, after.settled) == ("from the model", True)
    assert edge.sh(f"tail -n 1 {GENERATIONS}/by-hand/nginx.conf") == "# by hand\n"
    assert by_hand.failures[edge.system] == []
    row(
        "nginx.conf is replaced by a file, one pair truncated, and one made of two types",
        reports="done; in check mode as well: changed by hand: /etc/nginx/nginx.conf, with its diff",
        during="no fresh request failed",
        watched=by_hand.failures[edge.system],
        sound=[between.sound, after.sound],
        after="the model's generation with new pairs; the file is kept",
        next_run="fixes it",
        injected=3,
    )


@pytest.fixture(scope="module")
def deleted(folder: Path) -> Came:
    """The folder of the generations is gone."""
    on_all(lambda edge: edge.sh(f"rm -r {GENERATIONS}"))
    between = states()
    with all_watched() as failures:
        done = run(folder, "from the model")
    return Came(done, between, run(folder, "from the model", "--check"), states(), failures)


@all_edges
def test_deleted_generations_are_written_anew(deleted: Came, edge: Edge, row: Callable[..., None]) -> None:
    assert deleted.run.code == 0, deleted.run
    assert deleted.between[edge.system].served == "from the model"
    assert deleted.after[edge.system].settled
    assert deleted.next_run.changed[edge.container] == 0, deleted.next_run
    assert deleted.failures[edge.system] == []
    row(
        "the folder of the generations is deleted",
        reports="done",
        during="no fresh request failed",
        watched=deleted.failures[edge.system],
        sound=[deleted.between[edge.system].sound, deleted.after[edge.system].sound],
        after="the model's generation",
        next_run="finds nothing to do",
    )


@pytest.fixture(scope="module")
def cut(folder: Path) -> Came:
    """The controller is gone as soon as the first edge has switched."""
    before = states()
    (folder / "cut.yml").write_text('text: "cut"\n', encoding="utf-8")
    argv = ["ansible-playbook", EDGE_ALONE, "-i", os.environ["MOLECULE_INVENTORY_FILE"], "-e", f"@{folder}/cut.yml"]
    with all_watched() as failures:
        controller = subprocess.Popen(
            argv, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        old = before[EDGES[0].system].live or ""
        while old in EDGES[0].host.run("readlink", "/etc/nginx/nginx.conf"):
            assert controller.poll() is None
            time.sleep(0.05)
        os.killpg(controller.pid, signal.SIGKILL)
        controller.wait()
        time.sleep(2)  # what goes on on the hosts ends by itself
        between = states()
        done = run(folder, "cut")
    return Came(done, between, done, states(), failures)


@all_edges
def test_the_controller_is_killed(cut: Came, edge: Edge, row: Callable[..., None]) -> None:
    between, after = cut.between[edge.system], cut.after[edge.system]
    assert between.sound
    assert between.served in ("from the model", "cut")
    assert cut.next_run.code == 0, cut.next_run
    assert (after.served, after.settled) == ("cut", True)
    assert cut.failures[edge.system] == []
    row(
        "the controller is killed behind the switch, and the connection is gone",
        reports="dies",
        during="no fresh request failed",
        watched=cut.failures[edge.system],
        sound=[between.sound, after.sound],
        after="the old or the new generation",
        next_run="makes the change whole",
    )


@pytest.fixture(scope="module")
def module_killed(folder: Path) -> Came:
    """nginx does not get to its reload; the module that waits for the proof is killed."""
    on_all(lambda edge: edge.sh("kill -STOP $(cat /run/nginx.pid)"))
    live = on_all(lambda edge: edge.host.run("readlink", "/etc/nginx/nginx.conf"))

    def kill(edge: Edge) -> None:
        while edge.host.run("readlink", "/etc/nginx/nginx.conf") == live[edge.system]:
            time.sleep(0.1)
        holders = [""]
        while not holders[-1] or holders[-1] != holders[-2]:  # who holds the lock for a second is the handler
            time.sleep(1)
            holders.append(edge.sh(LOCK_HOLDER).strip())
        edge.sh(f"kill -9 {holders[-1]}; kill -CONT $(cat /run/nginx.pid)")

    with all_watched() as failures:
        with ThreadPoolExecutor(1) as pool:
            killer = pool.submit(on_all, kill)
            done = run(folder, "killed")
            killer.result()
        between = states()
        next_run = run(folder, "killed")
    return Came(done, between, next_run, states(), failures)


@all_edges
def test_the_module_is_killed(module_killed: Came, edge: Edge, row: Callable[..., None]) -> None:
    between, after = module_killed.between[edge.system], module_killed.after[edge.system]
    assert module_killed.run.code != 0, module_killed.run
    assert edge.container in module_killed.run.failures
    assert between.sound
    assert between.served in ("cut", "killed")
    assert module_killed.next_run.code == 0, module_killed.next_run
    assert (after.served, after.settled) == ("killed", True)
    assert module_killed.failures[edge.system] == []
    row(
        "the module is killed on the host while it waits for the proof",
        reports="failed: " + module_killed.run.failures[edge.container].splitlines()[0],
        during="no fresh request failed",
        watched=module_killed.failures[edge.system],
        sound=[between.sound, after.sound],
        after="the new generation, which was tested",
        next_run="makes the change whole, and proves it",
    )


@pytest.fixture(scope="module")
def two_runs(folder: Path) -> tuple[dict[str, Run], dict[str, State], dict[str, list[str]]]:
    texts = ("one run", "another run")
    folders = [folder / text for text in texts]
    for one in folders:
        one.mkdir()
    with all_watched() as failures, ThreadPoolExecutor(2) as pool:
        done = dict(zip(texts, pool.map(run, folders, texts)))
    return done, states(), failures


@all_edges
def test_two_runs_at_once(
    two_runs: tuple[dict[str, Run], dict[str, State], dict[str, list[str]]], edge: Edge, row: Callable[..., None]
) -> None:
    done, after = two_runs[0], two_runs[1][edge.system]
    assert after.settled
    assert after.served in done
    assert edge.container not in done[after.served].failures, done[after.served]
    for one in done.values():
        failure = one.failures.get(edge.container, "")
        assert not failure or "is no longer live: another run made" in failure, one
    row(
        "two runs of Ansible at once",
        reports="done, or for the overtaken one: generation NAME is no longer live",
        during="no fresh request failed",
        watched=two_runs[2][edge.system],
        sound=[after.sound],
        after="the generation of the last one, which is green",
        next_run="makes the change",
    )


@dataclass(frozen=True)
class Outside:
    """Runs that meet an nginx which systemd does not control: each with the failures of fresh connections and the edges
    after it; then a run of a repaired edge, and the edges after it."""

    by_hand: tuple[Run, dict[str, list[str]], dict[str, State]]
    masked: tuple[Run, dict[str, list[str]], dict[str, State]]
    good: Run
    after: dict[str, State]


@pytest.fixture(scope="module")
def outside_systemd(folder: Path) -> Outside:
    """nginx started by hand; then masked; then as it should be."""
    on_all(lambda edge: edge.sh("systemctl stop nginx; nginx"))
    with all_watched() as by_hand:
        hand = run(folder, "never", playbook=NGINX_ALONE)
    after_hand = states()
    on_all(
        lambda edge: edge.sh(
            "nginx -s quit; while pgrep -x nginx >/dev/null; do sleep 0.1; done;"
            " systemctl start nginx; systemctl mask nginx"
        )
    )
    with all_watched() as while_masked:
        masked = run(folder, "never", playbook=NGINX_ALONE)
    after_masked = states()
    on_all(lambda edge: edge.sh("systemctl unmask nginx"))
    good = run(folder, "served")
    return Outside((hand, by_hand, after_hand), (masked, while_masked, after_masked), good, states())


@all_edges
def test_nginx_is_not_systemds(outside_systemd: Outside, edge: Edge, row: Callable[..., None]) -> None:
    hand, masked = outside_systemd.by_hand[0], outside_systemd.masked[0]
    good, after = outside_systemd.good, outside_systemd.after
    assert "but systemd did not start it" in hand.failures[edge.container], hand
    assert masked.failures[edge.container].startswith("nginx.service is masked, so systemd cannot start it."), masked
    assert good.code == 0, good
    assert (after[edge.system].served, after[edge.system].settled) == ("served", True)
    for fault, (one, failures, found), fixed in (
        ("nginx was started by hand, and the playbook runs", outside_systemd.by_hand, "stopped"),
        ("the unit is masked, and the playbook runs", outside_systemd.masked, "unmasked"),
    ):
        row(
            fault,
            reports="failed: " + one.failures[edge.container],
            during="no fresh request failed",
            watched=failures[edge.system],
            sound=[found[edge.system].sound],
            after="the old generation",
            next_run=f"{fixed}, makes the change",
        )
