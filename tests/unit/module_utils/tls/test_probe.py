# SPDX-License-Identifier: GPL-3.0-or-later
"""Every site, asked through its edge: what is told, and what makes a run fail."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Folders
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls import key_pairs
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.key_pairs import Pair
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.probe import (
    Answer,
    Finding,
    LocalWeb,
    ProbedSite,
    find,
    find_all,
    module_result,
)
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made

SITE = ProbedSite("a.test", True, "a.test")
WELL = {"status": 200, "problem": ""}


@pytest.fixture(scope="module")
def pair() -> Pair:
    return made("a.test")


@pytest.fixture
def folders(tmp_path: Path, pair: Pair) -> Folders:
    found = Folders(str(tmp_path / "tls"), str(tmp_path / "letsencrypt"))
    key_pairs.point(LocalHost(), found.tls, "a.test", key_pairs.store_pair(LocalHost(), found.tls, "a.test", pair))
    return found


class FixedWeb:
    """Every site gets the same answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def request(self, _site: ProbedSite, key_type: str | None = None) -> Answer:
        return self.answer


def found(folders: Folders, answer: Answer, site: ProbedSite = SITE) -> Finding:
    return find(LocalHost(), folders, FixedWeb(answer), site)


def test_a_site_that_answers_with_its_certificate_is_well(folders: Folders, pair: Pair) -> None:
    assert found(folders, Answer(pair.certificate, 404)).as_result() == {"status": 404, "problem": ""}


def test_a_handshake_that_fails_is_the_edges_own_fault(folders: Folders) -> None:
    one = found(folders, Answer(problem="refused"))
    assert one.problem == "no TLS handshake (refused)"
    assert one.worse_than(None)


def test_another_certificate_than_the_one_on_disk_is_the_edges_own_fault(folders: Folders) -> None:
    other = made("a.test").certificate
    one = found(folders, Answer(other, 200))
    assert one.problem.startswith(f"serves serial {other.serial}, but on disk is ")
    assert one.worse_than({"status": 200, "problem": one.problem})


@pytest.mark.parametrize("answer", [Answer(status=502), Answer(problem="reset")], ids=["502", "reset"])
@pytest.mark.parametrize(
    ("before", "fails"),
    [(None, False), (WELL, True), ({"status": 502, "problem": "answers 502"}, False)],
    ids=["new", "well", "down"],
)
def test_a_backend_counts_where_it_was_well_before(
    folders: Folders, answer: Answer, before: dict[str, Any] | None, fails: bool
) -> None:
    one = found(folders, answer, ProbedSite("a.test", False, ""))
    assert one.problem == ("answers 502" if answer.status else "no answer (reset)")
    assert one.worse_than(before) == fails


@pytest.mark.parametrize(("status", "problem"), [(204, ""), (200, "answers 200"), (503, "answers 503")])
def test_a_site_may_say_what_means_that_it_is_well(folders: Folders, pair: Pair, status: int, problem: str) -> None:
    site = ProbedSite("a.test", True, "a.test", "/up", (204,))
    assert found(folders, Answer(pair.certificate, status), site).problem == problem


def test_what_got_worse_is_asked_again_and_nothing_else() -> None:
    sites = [ProbedSite(f"{name}.test", False, "") for name in "abc"]
    asked: list[str] = []
    clock = iter(range(100))

    def look(site: ProbedSite) -> Finding:
        asked.append(site.name)
        bad = site.name == "c.test" or (site.name == "b.test" and asked.count("b.test") == 1)
        return Finding(site, Answer(status=502 if bad else 200), "answers 502" if bad else "", False)

    before = {"a.test": WELL, "b.test": WELL}  # c.test is new, and has no backend yet
    seen = find_all(look, sites, before, retry_timeout=5, clock=lambda: next(clock), sleep=lambda _seconds: None)
    assert sorted(asked) == ["a.test", "b.test", "b.test", "c.test"]
    assert [one.problem for one in seen] == ["", "", "answers 502"]


def test_retries_end() -> None:
    clock = iter(range(100))
    bad = Finding(SITE, Answer(), "no TLS handshake ()", True)
    seen = find_all(lambda _: bad, [SITE], {}, retry_timeout=3, clock=lambda: next(clock), sleep=lambda _seconds: None)
    assert seen == [bad]


@pytest.mark.parametrize(
    ("answers", "live", "problem"),
    [
        ("a", "a", []),
        ("b", "a", ["generation b answers, but a is live"]),
        (None, "a", ["generation (none) answers, but a is live"]),
        (None, None, ["generation (none) answers, but none is live"]),
    ],
)
def test_the_generation_that_answers_has_to_be_the_live_one(
    pair: Pair, answers: str | None, live: str | None, problem: list[str]
) -> None:
    result, problems = module_result([Finding(SITE, Answer(pair.certificate, 200), "", False)], {}, answers, live)
    assert problems == problem
    assert result["sites"] == {"a.test": WELL}
    assert result["certificates_until"] is not None


def test_a_certificate_is_current_if_all_of_its_sites_serve_it(folders: Folders, pair: Pair) -> None:
    sites = [ProbedSite(name, True, "a.test") for name in ("a.test", "b.test")]
    plain = ProbedSite("c.test", False, "")
    well, other = Answer(pair.certificate, 502), Answer(made("a.test").certificate, 200)

    def current(*answers: Answer) -> list[str]:
        findings = [found(folders, answer, site) for answer, site in zip(answers, [*sites, plain])]
        result: list[str] = module_result(findings, {}, "a", "a")[0]["current"]
        return result

    assert current(well, well, Answer(status=200)) == ["a.test"]
    assert current(well, other, Answer(status=200)) == []
    assert current(well, Answer(problem="reset"), Answer(status=200)) == []


class Server(BaseHTTPRequestHandler):
    """Answers with the number in the path, and the host asked for as the reason; 444 hangs up."""

    def do_GET(self) -> None:
        status = int(self.path[1:])
        if status != 444:
            self.send_response(status, self.headers["Host"])
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - that is its name
        """Say nothing."""


@pytest.fixture(params=[False, True], ids=["http", "https"])
def web(request: pytest.FixtureRequest, pair: Pair, tmp_path: Path) -> Iterator[tuple[LocalWeb, bool]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    if request.param:
        (tmp_path / "pair.pem").write_text(pair.fullchain + pair.privkey, encoding="utf-8")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "pair.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    yield LocalWeb(port, port, timeout=5), request.param
    server.shutdown()
    server.server_close()


def test_over_the_network_of_this_machine(web: tuple[LocalWeb, bool], pair: Pair) -> None:
    local, https = web
    answers = [local.request(ProbedSite("a.test", https, "a.test", f"/{status}")) for status in (200, 502, 444)]
    assert [answer.status for answer in answers] == [200, 502, None]
    assert [bool(answer.problem) for answer in answers] == [False, False, True]
    assert {answer.certificate for answer in answers} == {pair.certificate if https else None}


def test_a_site_elsewhere(web: tuple[LocalWeb, bool]) -> None:
    local, https = web
    site = ProbedSite("a.test", https, "a.test", "/200", (), "127.0.0.1", local.http_port)
    assert LocalWeb(1, 1, timeout=5, address="127.0.0.2").request(site).status == 200


def test_nobody_there() -> None:
    answer = LocalWeb(1, 1, timeout=1).request(SITE)
    assert (answer.status, answer.certificate) == (None, None)
    assert "refused" in answer.problem
