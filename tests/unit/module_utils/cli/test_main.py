# SPDX-License-Identifier: GPL-3.0-or-later
"""The command on the host: what it tells, and how it goes back."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import Printed, main, parser
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import run as run_cli
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import (
    live_name,
    manifests,
    running_name,
    switch,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import WEB, EdgeHost


def content(text: str, digest: str, port: int = 8090) -> Content:
    files = {"nginx.conf": f"# @GENERATION@\nlisten 80;\n{text}\n", f"sites/{text}.conf": "listen 443 ssl;\n"}
    return Content(files, digest, port, "0.1.0", made_by="ops@controller", facts=WEB)


def make(host: EdgeHost, wanted: Content) -> None:
    deploy(host, host.layout, wanted, check=False, allow_restart=False)
    reload_and_prove(host, host.layout, timeout=5, keep=9)


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    """An edge on which ``aaaa`` ran, then ``abbb``."""
    host = EdgeHost(tmp_path)
    make(host, content("first", "aaaa"))
    make(host, content("second", "abbb"))
    return host


def edge(host: EdgeHost, *words: str) -> Printed:
    return run_cli(parser().parse_args(words), host, host.layout)


def told(host: EdgeHost, *words: str) -> Any:
    printed = edge(host, *words, "--json")
    assert printed.code == 0, printed.err
    return json.loads(printed.out)


def edit(host: EdgeHost, path: str) -> None:
    Path(host.layout.generations, path).write_text("by hand", encoding="utf-8")


@pytest.mark.parametrize("words", [(), ("list",)])
def test_the_table_says_what_serves_and_where_the_way_back_leads(host: EdgeHost, words: tuple[str, ...]) -> None:
    printed = edge(host, *words)
    assert printed.code == 0
    assert printed.out.splitlines() == [
        "GENERATION  CREATED (UTC)        PROVEN (UTC)         STATE",
        "abbb        1970-01-01 00:16:40  1970-01-01 00:16:40  live, running, answers",
        "aaaa        1970-01-01 00:16:40  1970-01-01 00:16:40",
        "",
        "Without a name, rollback goes to aaaa.",
    ]


def test_json_says_the_same_before_and_behind_the_command(host: EdgeHost) -> None:
    seen = told(host, "list")
    assert {key: seen[key] for key in ("live", "running", "answers", "back")} == {
        "live": "abbb",
        "running": "abbb",
        "answers": "abbb",
        "back": "aaaa",
    }
    assert [one["name"] for one in seen["generations"]] == ["abbb", "aaaa"]
    assert json.loads(edge(host, "--json", "list").out) == json.loads(edge(host, "--json").out) == seen


def test_drift_is_marked_and_no_way_back_leads_there(host: EdgeHost) -> None:
    edit(host, "aaaa/sites/first.conf")
    lines = edge(host, "list").out.splitlines()
    assert lines[2].endswith("CHANGED BY HAND: sites/first.conf")
    assert lines[-1] == "There is no earlier generation."
    printed = edge(host, "rollback", "aaaa")
    assert (printed.code, printed.err) == (1, "nginx-edge: generation aaaa was changed by hand: sites/first.conf\n")
    assert host.answers == "abbb"


def test_what_never_ran_is_marked(host: EdgeHost) -> None:
    deploy(host, host.layout, content("third", "cccc"), check=False, allow_restart=False)
    lines = edge(host).out.splitlines()
    assert lines[1].split() == ["cccc", "1970-01-01", "00:16:40", "never", "live"]
    assert "running, answers" in lines[2]
    assert "To reload nginx: nginx-edge rollback cccc" in lines[-2]


def test_what_runs_is_asked_at_its_own_port(host: EdgeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(host, host.layout, content("third", "cccc", port=9090), check=False, allow_restart=False)
    get = host.get
    monkeypatch.setattr(host, "get", lambda url: get(url) if ":8090/" in url else None)
    assert told(host, "list")["answers"] == "abbb"


def test_an_edge_that_is_down_is_told(host: EdgeHost) -> None:
    host.answers = None
    assert "No generation answers" in edge(host).out
    Path(host.layout.conf).unlink()
    assert "nginx.conf does not belong to a generation." in edge(host).out
    assert "give the name of a generation" in edge(host, "show").err


def test_show_tells_files_and_what_nginx_warned_of(host: EdgeHost) -> None:
    make(host, content("warned of", "cccc"))
    shown = edge(host, "show").out
    assert "generation:  cccc\n" in shown
    assert "nginx warns: nginx says: warned of" in shown
    assert f"==> {host.layout.folder('cccc')}/nginx.conf <==\n# cccc\nlisten 80;\n" in shown
    assert "made by:     ops@controller, with version 0.1.0 of the collection\n" in shown
    facts = told(host, "show", "aaaa")
    assert facts["texts"] == {"nginx.conf": "# aaaa\nlisten 80;\nfirst\n", "sites/first.conf": "listen 443 ssl;\n"}


def test_manifests_of_other_versions_are_read(host: EdgeHost) -> None:
    path = Path(host.layout.folder("aaaa"), "MANIFEST.json")
    written = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**written, "of_a_later_version": 1}), encoding="utf-8")
    assert told(host, "show", "aaaa")["made_by"] == "ops@controller"
    del written["made_by"], written["warnings"]
    path.write_text(json.dumps(written), encoding="utf-8")
    assert told(host, "show", "aaaa")["made_by"] == ""
    assert edge(host, "rollback", "aaaa").code == 0
    path.write_text("[]", encoding="utf-8")
    assert "there is no generation aaaa" in edge(host, "show", "aaaa").err


def test_diff_shows_what_changed_and_not_the_names(host: EdgeHost) -> None:
    assert edge(host, "diff", "aaaa").out.splitlines() == [
        "--- aaaa/nginx.conf",
        "+++ abbb/nginx.conf",
        "@@ -1,3 +1,3 @@",
        " # @GENERATION@",
        " listen 80;",
        "-first",
        "+second",
        "--- aaaa/sites/first.conf",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-listen 443 ssl;",
        "--- /dev/null",
        "+++ abbb/sites/second.conf",
        "@@ -0,0 +1 @@",
        "+listen 443 ssl;",
    ]
    assert edge(host, "diff", "abbb", "aaaa").out.splitlines()[5:7] == ["-second", "+first"]
    assert edge(host, "diff", "aaaa", "aaaa") == Printed(0)


def test_rollback_serves_what_ran_before_and_says_so(host: EdgeHost) -> None:
    printed = edge(host, "rollback", "--check")
    assert printed.out.startswith("nginx accepts generation aaaa. Live is abbb")
    assert host.answers == live_name(host, host.layout) == "abbb"
    printed = edge(host, "rollback")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("Generation aaaa is live, and new workers answer with it.\nLive before: abbb.\n")
    assert host.answers == live_name(host, host.layout) == running_name(host, host.layout) == "aaaa"
    assert edge(host, "rollback", "aaaa").out == "Generation aaaa is live already; nothing was changed.\n"


def test_the_beginning_of_a_name_is_enough_when_no_other_has_it(host: EdgeHost) -> None:
    assert edge(host, "rollback", "aa").out.startswith("Generation aaaa is live")
    printed = edge(host, "rollback", "a")
    assert (printed.code, printed.err) == (
        1,
        "nginx-edge: more than one generation on this host begins with a\n  kept: abbb, aaaa\n",
    )
    assert "there is no generation nope on this host" in edge(host, "rollback", "nope").err
    assert edge(host, "rollback", "").code == 1
    assert host.answers == "aaaa"


def test_a_generation_that_nginx_does_not_take_is_left_again(host: EdgeHost) -> None:
    def take_only_the_newer_one() -> None:
        host._log += b"2026/01/01 00:00:00 [emerg] 100#100: bind() to 0.0.0.0:80 failed\n"
        if live_name(host, host.layout) == "abbb":
            EdgeHost._reload(host)

    host._reload = take_only_the_newer_one  # type: ignore[method-assign]
    printed = edge(host, "rollback", "--timeout", "2")
    assert printed.code == 1
    assert printed.out == ""
    assert printed.err.startswith("nginx-edge: nginx did not load generation aaaa; the edge was rolled back to abbb\n")
    assert "bind() to 0.0.0.0:80 failed" in printed.err
    assert live_name(host, host.layout) == host.answers == "abbb"


def test_what_a_run_left_live_and_unproven_is_proven(host: EdgeHost) -> None:
    switch(host, host.layout, "aaaa")
    assert edge(host, "rollback", "aaaa").out == "Generation aaaa is live, and new workers answer with it.\n"
    assert host.answers == running_name(host, host.layout) == "aaaa"


def test_a_way_back_removes_no_generation(host: EdgeHost) -> None:
    for number in range(8):
        make(host, content(str(number), f"c{number}"))
    before = {one.name for one in manifests(host, host.layout)}
    assert len(before) > 5
    assert edge(host, "rollback").code == 0
    assert {one.name for one in manifests(host, host.layout)} == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("rollback", "--timeout", "0"), "'0' is not a whole number of seconds above 0"),
        (("rollback", "--timeout", "soon"), "'soon' is not a whole number of seconds above 0"),
        (("undo",), "invalid choice: 'undo'"),
        (("diff",), "the following arguments are required: A"),
    ],
)
def test_wrong_usage_is_told(words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parser().parse_args(words)
    assert left.value.code == 2
    assert reason in capsys.readouterr().err


def test_only_root_goes_back(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["nginx-edge", "rollback"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main() == 1
    assert capsys.readouterr() == ("", "nginx-edge: requires root; try sudo nginx-edge\n")
