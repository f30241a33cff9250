# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx prints, as it was recorded per version, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import NGINX_ORG_SOURCE
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.program import (
    PLACES,
    explain,
    read_nginx,
    test_configuration,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import HTTP3, STREAM, Target
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import ScriptedHost

test_configuration.__test__ = False  # type: ignore[attr-defined]  # nginx's test, not one of pytest's
TRANSCRIPTS = Path(__file__).resolve().parents[2] / "transcripts"
SITE = """# edge_sites['a.test']
server {
    server_name a.test;
    # edge_sites['a.test'].locations['/']
    location / {
        proxy_passs http://x;
    }
}
"""
SITE_PLACES = json.dumps(
    {"sites/a.test.conf": [[1, "edge_sites['a.test']"], [4, "edge_sites['a.test'].locations['/']"], [8, ""]]}
)


def printing(stderr: str = "", stdout: str = "", code: int = 0) -> Callable[[Sequence[str]], Completed]:
    return lambda argv: Completed(argv, code, stdout, stderr)


@pytest.mark.parametrize(
    ("suite", "version", "openssl", "http3"),
    [
        ("bullseye", "1.18.0", "1.1.1", False),
        ("bookworm", "1.22.1", "3.0.22", False),
        ("trixie", "1.26.3", "3.5.7", True),
    ],
)
def test_build_is_read(suite: str, version: str, openssl: str, http3: bool) -> None:
    recorded = (TRANSCRIPTS / f"nginx-V.{suite}.txt").read_text(encoding="utf-8")
    facts = read_nginx(ScriptedHost(printing(recorded)))
    assert (facts["installed"], facts["version"], facts["openssl"]) == (True, version, openssl)
    assert facts["user"] == "www-data"
    assert Target.from_facts(facts).can(HTTP3) is http3


def test_a_host_without_nginx_tells_what_it_would_install() -> None:
    policies = {
        "nginx": "nginx:\n  Installed: (none)\n  Candidate: 1.26.3-3+deb13u1\n",
        "openssl": "openssl:\n  Candidate: 3.5.1-1\n",
    }

    def answers(argv: Sequence[str]) -> Completed:
        if argv[0] == "nginx":
            return Completed(argv, 127, "", "nginx: command not found")
        return Completed(argv, 0, policies[argv[2]], "")

    facts = read_nginx(ScriptedHost(answers))
    assert (facts["installed"], facts["version"], facts["openssl"]) == (False, "1.26.3", "3.5.1")
    assert Target.from_facts(facts).can(HTTP3)


@pytest.mark.parametrize(("candidate", "there"), [("1.18.0-6.1+deb11u8", True), ("(none)", False)])
def test_the_stream_module_may_be_a_package_away(candidate: str, there: bool) -> None:
    """The build options of Debian 11's nginx do not tell of it."""
    recorded = (TRANSCRIPTS / "nginx-V.bullseye.txt").read_text(encoding="utf-8")

    def answers(argv: Sequence[str]) -> Completed:
        if argv[0] == "nginx":
            return Completed(argv, 0, "", recorded)
        return Completed(argv, 0, f"libnginx-mod-stream:\n  Candidate: {candidate}\n", "")

    target = Target.from_facts(read_nginx(ScriptedHost(answers)))
    assert target.can(STREAM) is there
    assert target.module_file("ngx_stream_module") == "/usr/lib/nginx/modules/ngx_stream_module.so"


@pytest.mark.parametrize(("streams", "asked"), [(True, ["nginx", "apt-cache"]), (False, ["nginx"])])
def test_the_package_manager_is_asked_for_streams_only(streams: bool, asked: list[str]) -> None:
    host = ScriptedHost(printing((TRANSCRIPTS / "nginx-V.bullseye.txt").read_text(encoding="utf-8")))
    read_nginx(host, streams=streams)
    assert [argv[0] for argv in host.ran] == asked


@pytest.mark.parametrize(("known", "version"), [(False, ""), (True, "1.28.0")])
def test_a_host_that_would_get_nginx_from_nginx_org(known: bool, version: str) -> None:
    """Until apt knows that repository, its candidate is the distribution's, which says nothing."""

    class Host(ScriptedHost):
        def exists(self, path: str) -> bool:
            return known and path == NGINX_ORG_SOURCE

    printed = "nginx:\n  Candidate: 1.28.0-1~trixie\n"
    host = Host(lambda argv: Completed(argv, 127 if argv[0] == "nginx" else 0, printed, ""))
    facts = read_nginx(host, "nginx_org")
    assert (facts["version"], facts["user"]) == (version, "nginx")
    assert Target.from_facts(facts).can(HTTP3)


def test_a_host_that_knows_no_packages_tells_nothing() -> None:
    facts = read_nginx(ScriptedHost(printing("command not found", code=127)))
    assert (facts["installed"], facts["version"]) == (False, "")


@pytest.mark.parametrize("prefix", ["nginx: [emerg] ", "2026/11/22 07:54:07 [emerg] 10#10: "])
def test_an_error_names_the_place_in_the_model(tmp_path: Path, prefix: str) -> None:
    file = tmp_path / "sites" / "a.test.conf"
    file.parent.mkdir()
    file.write_text(SITE, encoding="utf-8")
    (tmp_path / PLACES).write_text(SITE_PLACES, encoding="utf-8")
    line = f'{prefix}unknown directive "proxy_passs" in {file}:6'
    assert explain(ScriptedHost(), line, str(tmp_path / "nginx.conf")) == (
        "edge_sites['a.test'].locations['/']: nginx says: unknown directive \"proxy_passs\""
        " (sites/a.test.conf:6: proxy_passs http://x;)"
    )


@pytest.mark.parametrize("places", ["", "broken", "{}", SITE_PLACES])
def test_without_a_known_place_nginx_is_quoted(tmp_path: Path, places: str) -> None:
    """An earlier version of the collection did not write places, and some lines come from no part of the model."""
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "a.test.conf").write_text(SITE, encoding="utf-8")
    (tmp_path / PLACES).write_text(places, encoding="utf-8")
    line = f"nginx: [emerg] unexpected }} in {tmp_path}/sites/a.test.conf:8"
    assert explain(ScriptedHost(), line, str(tmp_path / "nginx.conf")) == (
        "nginx says: unexpected } (sites/a.test.conf:8: })"
    )


def test_the_link_to_the_live_configuration_has_the_places_of_its_generation(tmp_path: Path) -> None:
    (tmp_path / PLACES).write_text(json.dumps({"nginx.conf": [[1, "edge_caches"]]}), encoding="utf-8")
    line = "nginx: [emerg] mkdir() failed in /etc/nginx/nginx.conf:7"
    assert explain(ScriptedHost(), line, str(tmp_path / "nginx.conf")).startswith("edge_caches: nginx says: mkdir()")


def test_an_error_without_a_file_is_found_by_what_it_quotes(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "a.test.conf").write_text(SITE, encoding="utf-8")
    (tmp_path / PLACES).write_text(SITE_PLACES, encoding="utf-8")
    line = 'nginx: [emerg] cannot find "http://x" in this test'
    assert explain(ScriptedHost(), line, str(tmp_path / "nginx.conf")) == (
        "edge_sites['a.test'].locations['/']: nginx says: cannot find \"http://x\" in this test"
        " (sites/a.test.conf:6: proxy_passs http://x;)"
    )


def test_an_error_that_stands_nowhere_is_nginx_own_words(tmp_path: Path) -> None:
    line = 'nginx: [emerg] cannot load certificate "/etc/nginx/tls/a/fullchain.pem": BIO_new_file() failed'
    assert explain(ScriptedHost(), line, str(tmp_path / "nginx.conf")) == (
        'nginx says: cannot load certificate "/etc/nginx/tls/a/fullchain.pem": BIO_new_file() failed'
    )


def test_what_stopped_nginx_comes_before_warnings() -> None:
    printed = "nginx: [warn] 8192 worker_connections exceed open file resource limit: 1024\nnginx: [emerg] broken\n"
    with pytest.raises(EdgeError, match="nginx says: broken") as caught:
        test_configuration(ScriptedHost(printing(printed, code=1)), "/nowhere/nginx.conf")
    assert caught.value.message == "nginx says: broken"


def test_a_warning_of_wrong_routing_is_an_error() -> None:
    warned = 'nginx: [warn] conflicting server name "a.test" on 0.0.0.0:80, ignored\nnginx: … test is successful\n'
    with pytest.raises(EdgeError, match=r'conflicting server name "a\.test"'):
        test_configuration(ScriptedHost(printing(warned)), "/nowhere/nginx.conf")


def test_other_warnings_do_not_stop_a_run_and_are_told(tmp_path: Path) -> None:
    conf = tmp_path / "nginx.conf"
    conf.write_text("# edge_extra_directives\nssl_stapling on;\n", encoding="utf-8")
    (tmp_path / PLACES).write_text(json.dumps({"nginx.conf": [[1, "edge_extra_directives"]]}), encoding="utf-8")
    warned = f'nginx: [warn] "ssl_stapling" ignored in {conf}:2\nnginx: … test is successful\n'
    assert test_configuration(ScriptedHost(printing(warned)), str(conf)) == (
        'edge_extra_directives: nginx says: "ssl_stapling" ignored (nginx.conf:2: ssl_stapling on;)',
    )


def test_a_warning_of_the_test_alone_is_not_told() -> None:
    warned = "nginx: [warn] 8192 worker_connections exceed open file resource limit: 1024\n"
    assert test_configuration(ScriptedHost(printing(warned)), "/nowhere/nginx.conf") == ()


def test_a_failure_without_words_is_still_a_failure() -> None:
    with pytest.raises(EdgeError, match="could not test"):
        test_configuration(ScriptedHost(printing("", code=137)), "/nowhere/nginx.conf")
