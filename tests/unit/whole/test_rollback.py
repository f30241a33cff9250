# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an edge goes when nginx does not take a generation over, and the world around the older ones changed too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content, Facts
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.retention import proven_names
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import (
    BY_HAND,
    MANIFEST,
    ORIGINAL,
    live_name,
    manifests,
    running_name,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy, roll_back
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.paths import Layout
from ansible_collections.hardened.nginx_edge.tests.unit.certificate_hosts import made
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import MASTER, EdgeHost

GOOD, BETTER, BAD = "aaaa", "bbbb", "cccc"


@pytest.fixture
def host(tmp_path: Path) -> EdgeHost:
    """An edge on which two generations have run, the better one last."""
    made_host = EdgeHost(tmp_path)
    for name in (GOOD, BETTER):
        go(made_host, name)
    return made_host


def switch_to(host: EdgeHost, name: str, text: str = "", pairs: tuple[str, ...] = ()) -> None:
    files = {"nginx.conf": f"# @GENERATION@\n{text or name}\n"}
    deploy(
        host,
        host.layout,
        Content(files, name, 8090, "0.1.0", facts=Facts(pairs=pairs)),
        check=False,
        allow_restart=False,
    )


def go(host: EdgeHost, name: str, text: str = "", keep: int = 9) -> None:
    switch_to(host, name, text)
    reload_and_prove(host, host.layout, timeout=5, keep=keep)


def break_by_hand(host: EdgeHost, name: str) -> None:
    """As when a certificate that it names is gone: what passed its test then would not pass it today."""
    Path(host.layout.folder(name), "nginx.conf").write_text("refused at test", encoding="utf-8")


def states(host: EdgeHost) -> tuple[str | None, str | None, str | None]:
    return live_name(host, host.layout), running_name(host, host.layout), host.answers


def test_what_nginx_would_not_take_any_more_is_passed_over(host: EdgeHost) -> None:
    break_by_hand(host, BETTER)
    with pytest.raises(EdgeError, match=f"the edge was rolled back to {GOOD}") as caught:
        go(host, BAD, "refused at reload")
    assert any(f"generation {BETTER} was skipped: " in line for line in caught.value.details)
    assert states(host) == (GOOD, GOOD, GOOD)


def test_a_rejection_is_found_in_the_log_at_once(host: EdgeHost) -> None:
    """It does not take the whole time that new workers have for their answer."""
    started = host.clock
    with pytest.raises(EdgeError) as caught:
        go(host, BAD, "refused at reload")
    assert list(caught.value.details[:2]) == [
        "the master of nginx rejected the configuration",
        "nginx says: refused at reload in x.conf:1",
    ]
    assert host.clock - started < 2


def test_the_log_of_another_nginx_does_not_count(host: EdgeHost) -> None:
    """Such as a test of the configuration, which is another process."""
    host.refused_by = MASTER + 1
    started = host.clock
    with pytest.raises(EdgeError, match="after 5 s no new worker answers with generation cccc, but bbbb does"):
        go(host, BAD, "refused at reload")
    assert host.clock - started >= 5


def test_nothing_is_made_live_that_nginx_would_not_take(host: EdgeHost) -> None:
    for name in (GOOD, BETTER):
        break_by_hand(host, name)
    with pytest.raises(EdgeError, match="no earlier generation can be restored"):
        go(host, BAD, "refused at reload")
    assert states(host) == (BAD, BETTER, BETTER)
    assert host.run(["nginx", "-t", "-c", host.layout.conf]).code == 0


def test_an_original_that_nginx_would_not_take_is_not_gone_back_to(tmp_path: Path) -> None:
    host = EdgeHost(tmp_path)
    switch_to(host, BAD, "refused at reload")
    break_by_hand(host, ORIGINAL)
    with pytest.raises(EdgeError, match="no earlier generation can be restored"):
        reload_and_prove(host, host.layout, timeout=5, keep=3)
    assert live_name(host, host.layout) == BAD
    assert not Path(host.layout.root, ".nginx.conf.original").exists()


def test_a_run_is_not_green_for_what_another_run_made_live(host: EdgeHost) -> None:
    switch_to(host, BAD)
    switch_to(host, GOOD)
    with pytest.raises(EdgeError, match=f"generation {BAD} is no longer live: another run made generation {GOOD} live"):
        reload_and_prove(host, host.layout, timeout=5, keep=9, expected=BAD)
    assert host.answers == BETTER


def test_a_clock_that_was_ahead_does_not_mix_up_the_order(host: EdgeHost) -> None:
    host.set_ahead = 1e6
    go(host, "dddd")
    host.set_ahead = 0.0
    for name in ("eeee", "ffff"):
        go(host, name)
    assert [one.name for one in manifests(host, host.layout)] == ["ffff", "eeee", "dddd", BETTER, GOOD]
    assert proven_names(host, host.layout)[:3] == ["ffff", "eeee", "dddd"]
    assert roll_back(host, host.layout, None, check=True, timeout=5, keep=9).name == "eeee"


def test_a_clock_that_jumps_does_not_end_the_proof(host: EdgeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    started, jumps = host.clock, iter(range(1, 10**6))
    monkeypatch.setattr(host, "now", lambda: started + next(jumps) * 3600.0)
    go(host, "dddd")
    assert host.answers == "dddd"


def test_what_dead_runs_left_goes_and_what_is_somebodys_own_stays(host: EdgeHost) -> None:
    for name in (".check-0123456789abcdef", "0123456789abcdef-2", "backup of anna"):
        Path(host.layout.folder(name)).mkdir()
    go(host, "dddd")
    names = {path.name for path in Path(host.layout.generations).iterdir()}
    assert names == {"aaaa", "bbbb", "dddd", ORIGINAL, "running", "backup of anna"}


@pytest.mark.parametrize("original", [True, False])
def test_a_file_in_the_place_of_the_link_is_kept(host: EdgeHost, original: bool) -> None:
    if not original:
        host.remove(host.layout.folder(ORIGINAL))
    Path(host.layout.conf).unlink()
    Path(host.layout.conf).write_text("by hand", encoding="utf-8")
    go(host, BETTER)
    assert states(host) == (BETTER, BETTER, BETTER)
    assert Path(host.layout.folder(BY_HAND), "nginx.conf").read_text(encoding="utf-8") == "by hand"


@pytest.mark.parametrize("with_facts", [True, False], ids=["this version", "an earlier version"])
def test_a_pair_of_two_types_is_not_loaded(host: EdgeHost, tmp_path: Path, with_facts: bool) -> None:
    folder = tmp_path / "pair"
    folder.mkdir()
    one, other = made("a.test"), made("a.test", key_type="rsa")
    (folder / "fullchain.pem").write_text(one.fullchain, encoding="utf-8")
    (folder / "privkey.pem").write_text(one.privkey, encoding="utf-8")
    text = f"ssl_certificate {folder}/fullchain.pem;\nssl_certificate_key {folder}/privkey.pem;"
    switch_to(host, "dddd", text, pairs=(str(folder),))
    reload_and_prove(host, host.layout, timeout=5, keep=9)
    if not with_facts:
        manifest = Path(host.layout.folder("dddd"), MANIFEST)
        written = json.loads(manifest.read_text(encoding="utf-8"))
        del written["facts"]
        manifest.write_text(json.dumps(written), encoding="utf-8")
    (folder / "privkey.pem").write_text(other.privkey, encoding="utf-8")
    host.commands.clear()
    with pytest.raises(EdgeError) as caught:
        reload_and_prove(host, host.layout, timeout=5, keep=9)
    assert any("the private key does not match the certificate" in line for line in caught.value.details)
    assert not [command for command in host.commands if command[0] in ("systemctl", "kill")]


def test_the_lock_is_no_link_that_somebody_planted(tmp_path: Path) -> None:
    target, lock = tmp_path / "target", tmp_path / "lock"
    lock.symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"), LocalHost().lock(str(lock), 1.0):
        pass
    assert not target.exists()
    assert Path(Layout().lock).parent == Path("/run")  # where only root may write


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*/file'"):
        LocalHost().write(str(tmp_path / "file"), b"x")


def test_what_was_staged_before_is_tested_again(host: EdgeHost) -> None:
    host.refuses.add(GOOD)
    with pytest.raises(EdgeError, match="refused at test"):
        switch_to(host, GOOD)
    assert live_name(host, host.layout) == BETTER


def test_what_nginx_refused_drives_out_nothing_to_go_back_to(host: EdgeHost) -> None:
    for name in ("c001", "c002", "c003"):
        with pytest.raises(EdgeError, match=f"rolled back to {BETTER}"):
            go(host, name, "refused at reload")
    go(host, "dddd", keep=3)
    assert [one.name for one in manifests(host, host.layout)] == ["dddd", "c003", BETTER, GOOD]


def test_old_workers_have_to_stop_taking_connections(host: EdgeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The master starts the new ones first, so for a moment both answer."""
    titles = iter([b"nginx: worker process\0", b"nginx: worker process\0", b"nginx: worker process is shutting down\0"])
    read = host.read
    monkeypatch.setattr(host, "read", lambda path: next(titles, b"") if path.endswith("/cmdline") else read(path))
    go(host, "dddd")
    assert next(titles, None) is None
