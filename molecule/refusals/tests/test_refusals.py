# SPDX-License-Identifier: GPL-3.0-or-later
"""What an edge must refuse, it refuses: real runs fail with the reason, twice alike, and the edge stays as it was."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.molecule.refusals.tests.cases import (
    API,
    CASES,
    EDGES,
    FIXED,
    TAKEN_PORT,
    Case,
    site_of,
    sites,
)
from ansible_collections.hardened.nginx_edge.molecule.shared.matrix import record, sample_step
from ansible_collections.hardened.nginx_edge.molecule.shared.runs import MODEL_ALONE, Run, State, look_at, run_site
from ansible_collections.hardened.nginx_edge.tools.reliability import Row
from ansible_collections.hardened.nginx_edge.tools.traffic import AUTHORITY, Client

CLIENT = Client("refusal-client")
LISTENING = f"import socket; socket.create_connection(('127.0.0.1', {TAKEN_PORT}), 1)"
NEW_PAIR = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=pair -addext"


@dataclass(frozen=True)
class Refused:
    """A case, the edges before it, its two runs, and the edges afterwards."""

    case: Case
    before: Mapping[str, State]
    runs: tuple[Run, Run]
    after: Mapping[str, State]
    folder: Path

    def told(self, edge: str) -> list[str]:
        """What the message has to hold on that edge."""
        return [text.replace("FOLDER", str(self.folder)).replace("NAME", site_of(edge)) for text in self.case.told]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the controller: two pairs, each good for all sites."""
    made = tmp_path_factory.mktemp("controller")
    for pair in ("one", "other"):
        names = "subjectAltName=DNS:bookworm.test,DNS:trixie.test"
        text = CLIENT.run("sh", "-c", f"{NEW_PAIR} {names} -keyout - -out - 2>/dev/null")
        key, boundary, certificate = text.partition("-----BEGIN CERTIFICATE-----")
        (made / f"{pair}.key").write_text(key, encoding="utf-8")
        (made / f"{pair}.pem").write_text(boundary + certificate, encoding="utf-8")
    return made


@pytest.fixture(scope="session", autouse=True)
def trust() -> None:
    """The client trusts the certificates that the edges have before anything bad is asked of them, and no others."""
    served = "".join(Client(edge).run("sh", "-c", "cat /etc/nginx/tls/*/fullchain.pem") for edge in EDGES)
    CLIENT.run("sh", "-c", f"cat > {AUTHORITY} <<'EOF'\n{served}\nEOF")


@pytest.fixture(scope="session")
def good() -> dict[str, State]:
    """The edges under the good model."""
    return look_at_all()


@pytest.fixture(scope="session", params=CASES[:: sample_step()], ids=lambda case: case.name)
def refused(request: pytest.FixtureRequest, folder: Path, good: dict[str, State]) -> Iterator[Refused]:
    """Both edges get the bad input in one run, and once more."""
    case: Case = request.param
    variables = json.loads(json.dumps(case.variables).replace("FOLDER", str(folder)))
    inventory = folder / f"{case.name}.yml"
    inventory.write_text(json.dumps({"edge": {"hosts": case.host_variables}}), encoding="utf-8")
    inventories = [inventory] if case.host_variables else []
    if case.port_taken:
        take_port()
    runs = (
        run_site(variables=variables, folder=folder, inventories=inventories),
        run_site(*MODEL_ALONE, variables=variables, folder=folder, inventories=inventories),
    )
    yield Refused(case, good, runs, look_at_all(), folder)
    if case.port_taken:
        for edge in EDGES:
            Client(edge).run("systemctl", "stop", "rival.service")


def take_port() -> None:
    server = ("python3", "-m", "http.server", "--bind", "0.0.0.0", str(TAKEN_PORT))  # noqa: S104 - that is the rival
    for edge in map(Client, EDGES):
        edge.run("systemd-run", "--unit=rival", "--collect", *server)
        deadline = time.monotonic() + 20
        while edge.attempt("python3", "-c", LISTENING).returncode != 0:
            assert time.monotonic() < deadline, "the rival does not listen"
            time.sleep(0.2)


def look_at_all() -> dict[str, State]:
    return {edge: look(edge) for edge in EDGES}


def look(edge: str) -> State:
    origin = f"https://{site_of(edge)}"
    return look_at(Client(edge), CLIENT, [f"{origin}/fixed", f"{origin}/api/status/418", f"{origin}/nothing"])


@pytest.mark.parametrize("edge", EDGES)
class TestRefused:
    """Every case, on each edge."""

    def test_fails_with_the_reason(self, refused: Refused, edge: str) -> None:
        run = refused.runs[0]
        assert run.code != 0, run
        assert (edge in run.failures) == (edge in refused.case.refused_by), run
        if edge in run.failures:
            assert [text for text in refused.told(edge) if text not in run.failures[edge]] == [], run

    def test_fails_again_in_the_same_way(self, refused: Refused, edge: str) -> None:
        first, second = refused.runs
        assert second.code == first.code, second
        assert second.failures.get(edge) == first.failures.get(edge)

    def test_reports_a_change_only_where_it_went_and_came_back(self, refused: Refused, edge: str) -> None:
        assert [run.changed[edge] for run in refused.runs] == [int(refused.case.at_reload)] * 2

    def test_serves_what_it_served(self, refused: Refused, edge: str) -> None:
        before, after = refused.before[edge], refused.after[edge]
        assert before.served[0] == (200, f"served by {site_of(edge)}")
        assert [status for status, _body in before.served] == [200, 418, 404]
        assert [status for status, _body in after.served] == [200, 418, 404]
        assert after.served[0] == before.served[0]
        assert after.generation == before.generation

    def test_would_start_with_what_is_on_disk(
        self, refused: Refused, edge: str, request: pytest.FixtureRequest
    ) -> None:
        assert refused.after[edge].sound
        if refused.case.fault:
            went = "goes to the new generation and back" if refused.case.at_reload else "changes nothing"
            row = Row(
                fault=refused.case.fault,
                system=edge.removeprefix("refusal-"),
                reports=f"failed: {' … '.join(refused.runs[0].failures[edge].splitlines()[:2])}",
                during=f"the old generation; the run {went}",
                after="the old generation",
                sound=refused.after[edge].sound,
                next_run="fails in the same way; with the model before, finds nothing to do",
            )
            record(request, row)

    def test_leaves_the_files_as_they_were(self, refused: Refused, edge: str) -> None:
        before, after = refused.before[edge].tree, refused.after[edge].tree
        assert before - after == set()
        new = after - before
        if refused.case.at_reload:
            # It passed its test, and is kept for inspection; nothing leads to it.
            kept = refused.runs[0].failures[edge].split("did not load generation ")[1].split()[0].rstrip(";,")
            new = frozenset(line for line in new if f"./generations/{kept}" not in line)
        assert new == set()


@pytest.mark.parametrize("edge", EDGES)
class TestGoodModelAfterwards:
    """After all refusals the good model finds nothing to do."""

    @pytest.fixture(scope="class")
    @staticmethod
    def run(folder: Path) -> Run:
        return run_site(variables={}, folder=folder)

    def test_changes_nothing(self, run: Run, edge: str) -> None:
        assert (run.code, run.changed[edge]) == (0, 0), run


@pytest.mark.parametrize("edge", EDGES)
class TestCheckMode:
    """A changed model with --check --diff."""

    @pytest.fixture(scope="class")
    @staticmethod
    def checked(folder: Path) -> tuple[dict[str, State], Run, dict[str, State]]:
        before = look_at_all()
        run = run_site("--check", "--diff", variables={"edge_sites": sites(API, FIXED)}, folder=folder)
        return before, run, look_at_all()

    @pytest.mark.case("G6")
    def test_ends_with_a_preview(self, checked: tuple[dict[str, State], Run, dict[str, State]], edge: str) -> None:
        before, run, _after = checked
        assert f"would deploy generation {run.report['hosts'][edge]['generation']['planned']}" in run.summary[edge]
        assert f"(now: {before[edge].generation}); nginx accepts it" in run.summary[edge]
        changes = run.report["hosts"][edge]["changes"]["sites"]
        assert changes == {"added": [], "changed": [site_of(edge)], "removed": []}

    def test_shows_the_change(self, checked: tuple[dict[str, State], Run, dict[str, State]], edge: str) -> None:
        _before, run, _after = checked
        name = site_of(edge)
        assert run.code == 0, run
        assert run.changed[edge] > 0, run
        assert f"= sites/{name}.conf\n" in run.diffs[edge]
        assert f'- return 200 "served by {name}";\n+ return 200 "another model";\n' in run.diffs[edge]

    def test_changes_nothing(self, checked: tuple[dict[str, State], Run, dict[str, State]], edge: str) -> None:
        before, _run, after = checked
        assert after[edge].tree == before[edge].tree
        assert (after[edge].generation, after[edge].served[0]) == (before[edge].generation, before[edge].served[0])


@pytest.mark.parametrize("edge", EDGES)
class TestDrift:
    """A file of the live generation, changed by hand while nginx is stopped: check mode tells, a run repairs both."""

    @pytest.fixture(scope="class")
    @staticmethod
    def runs(folder: Path) -> tuple[Run, Run]:
        for edge in map(Client, EDGES):
            edge.run("sh", "-c", "sed -i 's/served by/broken by hand,/' /etc/nginx/generations/running/sites/*.conf")
        told = run_site("--check", "--diff", variables={}, folder=folder)
        for edge in map(Client, EDGES):
            edge.run("systemctl", "stop", "nginx.service")
        return told, run_site(variables={}, folder=folder)

    def test_check_mode_tells(self, runs: tuple[Run, Run], edge: str) -> None:
        told, _repaired = runs
        name = site_of(edge)
        assert (told.code, told.changed[edge] > 0) == (0, True), told
        assert f'- return 200 "broken by hand, {name}";\n+ return 200 "served by {name}";\n' in told.diffs[edge]

    def test_a_run_repairs_and_starts_nginx(self, runs: tuple[Run, Run], edge: str) -> None:
        _told, repaired = runs
        assert (repaired.code, repaired.changed[edge] > 0) == (0, True), repaired
        state = look(edge)
        assert state.served[0] == (200, f"served by {site_of(edge)}")
        assert state.sound
        links = Client(edge).run("readlink", "/etc/nginx/nginx.conf", "/etc/nginx/generations/running").split()
        assert links == [f"generations/{state.generation}/nginx.conf", state.generation]
