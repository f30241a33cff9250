# SPDX-License-Identifier: GPL-3.0-or-later
"""The first run on a host that serves sites of others, and the restoration of these sites."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import parser
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.main import run as run_cli
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.original import LIST
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.reload import reload_and_prove
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.restoration import restore_original
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.store import (
    BY_HAND,
    ORIGINAL,
    live_name,
    running_name,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.take_over import (
    RefusedError,
    Taken,
    take_over,
)
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.transaction import deploy
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.tests.unit.edge_hosts import WEB, EdgeHost
from ansible_collections.hardened.nginx_edge.tests.unit.faults import Fault, FaultyHost, die, refuse, survived

MAIN = "http {\n  include sites-enabled/*;\n}\nstream { include streams.d/*; }\n"
BLOG = "server {\n  listen 80;\n  listen 443 ssl;\n  server_name blog.test www.blog.test;\n}\n"
SHOP = "server { listen 80; server_name shop.test; }\nserver { listen 8443 ssl; server_name shop.test; }\n"
DATABASE = "server { listen 5432; proxy_pass 10.0.0.1:5432; }\n"
DEFAULT = "server { listen 80 default_server; server_name _; }\n"
SANDBOX = "[Service]\nProtectHome=yes\n"


class HostWithSites(EdgeHost):
    """An edge whose original ``nginx.conf`` includes the files ``included``; the package contains :data:`DEFAULT`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.included: list[str] = []

    def conf_text(self, conf: str) -> str:
        text = super().conf_text(conf)
        if (live_name(self, self.layout) is not None and conf == self.layout.conf) or "/generations/" in conf:
            return text
        return text + "".join(Path(path).read_text(encoding="utf-8") for path in self.included if os.path.exists(path))

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        if argv[0] == "dpkg-query":
            digest = hashlib.md5(DEFAULT.encode(), usedforsecurity=False).hexdigest()
            return Completed(argv, 0, f" /etc/nginx/sites-available/default {digest}\n", "")
        if list(argv) == ["systemctl", "daemon-reload"]:
            return Completed(argv, 0, "", "")
        if list(argv[:2]) != ["nginx", "-T"]:
            return super().run(argv, env=env, stdin=stdin, timeout=timeout)
        if "refused at test" in self.conf_text(argv[3]):
            return Completed(argv, 1, "", f"nginx: [emerg] refused at test in {argv[3]}:1\n")
        read = [(path, Path(path).read_text(encoding="utf-8")) for path in (argv[3], *self.included)]
        return Completed(argv, 0, "".join(f"# configuration file {path}:\n{text}\n" for path, text in read), "")


@pytest.fixture
def host(tmp_path: Path) -> HostWithSites:
    return serving(tmp_path)


def serving(root_folder: Path) -> HostWithSites:
    """A host with the default site, a site that a link enables, one that is a file, and a stream."""
    made = HostWithSites(root_folder)
    root = Path(made.layout.root)
    (root / "nginx.conf").write_text(MAIN, encoding="utf-8")
    for folder in ("sites-available", "sites-enabled", "streams.d"):
        (root / folder).mkdir()
    for name, text in (("sites-available/blog", BLOG), ("sites-available/default", DEFAULT)):
        (root / name).write_text(text, encoding="utf-8")
        (root / "sites-enabled" / Path(name).name).symlink_to(f"../{name}")
    (root / "sites-enabled/shop").write_text(SHOP, encoding="utf-8")
    (root / "streams.d/database").write_text(DATABASE, encoding="utf-8")
    Path(made.layout.log_rotation).write_text("rotate 7", encoding="utf-8")
    names = ("sites-enabled/blog", "sites-enabled/default", "sites-enabled/shop", "streams.d/database")
    made.included = [str(root / name) for name in names]
    made.memory = made.conf_text(made.layout.conf)
    return made


def take(host: HostWithSites, *, allowed: bool = True, check: bool = False, names: tuple[str, ...] = ()) -> Taken:
    return take_over(
        host,
        host.layout,
        names=names,
        ports=["80/tcp", "443/tcp"],
        allowed=allowed,
        check=check,
        inventory_name="web-1",
    )


def run_edge(host: HostWithSites, digest: str = "aaaa", text: str = "") -> None:
    """The rest of a run: a generation, and the files that the role nginx writes."""
    content = Content({"nginx.conf": f"# @GENERATION@\n{text}\n"}, digest, 8090, "0.1.0", facts=WEB)
    deploy(host, host.layout, content, check=False, allow_restart=False)
    reload_and_prove(host, host.layout, timeout=5, keep=5)
    Path(host.layout.sandbox).write_text(SANDBOX, encoding="utf-8")
    Path(host.layout.log_rotation).write_text("rotate 14", encoding="utf-8")


def tree(host: HostWithSites) -> dict[str, str]:
    """The files and links outside of the generations."""
    root = Path(host.layout.root)
    found = [path for path in sorted(root.rglob("*")) if not path.is_relative_to(host.layout.generations)]
    texts = {
        str(path): os.readlink(path) if path.is_symlink() else path.read_text() for path in found if path.is_file()
    }
    return {**texts, "log rotation": Path(host.layout.log_rotation).read_text(encoding="utf-8")}


@pytest.mark.parametrize("check", [True, False], ids=["check mode", "a run"])
def test_sites_of_others_are_listed_and_nothing_is_changed(host: HostWithSites, check: bool) -> None:
    before = tree(host)
    with pytest.raises(RefusedError) as caught:
        take(host, allowed=False, check=check, names=("blog.test", "*.example.com"))
    assert caught.value.reason == "this host already serves 3 sites that this run would replace"
    root = host.layout.root
    assert str(caught.value).splitlines() == [
        "this host already serves 3 sites that this run would replace; nothing was changed:",
        f"  {root}/sites-enabled/blog:1: blog.test, www.blog.test on 80, 443 ssl",
        f"  {root}/sites-enabled/shop:1: shop.test on 80, 8443 ssl",
        f"  {root}/streams.d/database:1: stream on 5432",
        "names that the model does not serve: www.blog.test, shop.test",
        "ports that the model does not listen on: 8443/tcp, 5432/tcp",
        "Add the sites that you need to the model. Then allow this run to replace these sites:",
        "write edge_take_over: true into host_vars/web-1.yml of the inventory.",
        f"The run first copies this configuration to {root}/generations/original.",
        "`nginx-edge rollback original` on the host restores it.",
    ]
    assert tree(host) == before
    assert not Path(host.layout.generations).exists()


def test_names_below_a_wildcard_of_the_model_are_served(host: HostWithSites) -> None:
    (first, *lost) = take(host, names=("*.blog.test", "blog.test", "*.test")).warnings
    assert first.startswith("takes over 3 sites that this collection did not write; the copy is in ")
    assert lost == ["ports that the model does not listen on: 8443/tcp, 5432/tcp"]


def test_the_default_site_alone_stops_no_run(host: HostWithSites) -> None:
    host.included = [path for path in host.included if path.endswith("/default")]
    assert take(host, allowed=False) == Taken(changed=True)
    Path(host.layout.root, "sites-available/default").write_text(DEFAULT + "# edited\n", encoding="utf-8")
    with pytest.raises(RefusedError, match="already serves 1 site that"):
        take(host, allowed=False)


def test_a_host_without_nginx_and_an_edge_have_nothing_to_take_over(host: HostWithSites) -> None:
    take(host)
    run_edge(host)
    assert take(host, allowed=False) == Taken(changed=False)
    Path(host.layout.conf).unlink()
    host.remove(host.layout.running)
    assert take(host, allowed=False) == Taken(changed=False)


@pytest.mark.parametrize("check", [True, False], ids=["check mode", "a run"])
def test_a_default_site_that_nginx_rejects_does_not_keep_nginx_from_starting(host: HostWithSites, check: bool) -> None:
    root = Path(host.layout.root)
    for name in ("sites-enabled/blog", "sites-enabled/shop", "streams.d/database"):
        (root / name).unlink()
    host.included = [str(root / "sites-enabled/default")]
    (root / "nginx.conf").write_text(f"# refused at test\n{MAIN}", encoding="utf-8")
    assert take(host, allowed=False, check=check) == Taken(changed=True)
    assert (root / "sites-enabled/default").exists() == check
    assert (root / "sites-available/default").read_text(encoding="utf-8") == DEFAULT
    copied = root / f"generations/original/files{root}/sites-available/default"
    assert copied.exists() != check


@pytest.mark.parametrize("allowed", [True, False])
def test_a_configuration_that_nginx_rejects_stops_the_run(host: HostWithSites, allowed: bool) -> None:
    Path(host.layout.root, "sites-enabled/shop").write_text("refused at test", encoding="utf-8")
    with pytest.raises(EdgeError, match="nginx rejects the configuration that this host has now") as caught:
        take(host, allowed=allowed)
    assert caught.value.details[0].startswith("nginx says: refused at test (nginx.conf:1")
    assert not Path(host.layout.generations).exists()


def test_a_rejected_configuration_without_sites_stops_no_run(host: HostWithSites) -> None:
    root = Path(host.layout.root)
    for name in ("sites-enabled/blog", "sites-enabled/shop", "streams.d/database"):
        (root / name).unlink()
    (root / "streams.d/no-server").write_text("refused at test;", encoding="utf-8")
    host.included = [str(root / "streams.d/no-server")]
    assert take(host, allowed=False) == Taken(changed=True)
    copied = f"{host.layout.folder(ORIGINAL)}/files{root}/sites-available/default"
    assert Path(copied).read_text(encoding="utf-8") == DEFAULT


def test_a_link_of_the_user_is_no_generation(host: HostWithSites, tmp_path: Path) -> None:
    own = tmp_path / "own" / "nginx.conf"
    own.parent.mkdir()
    Path(host.layout.conf).rename(own)
    Path(host.layout.conf).symlink_to(own)
    assert live_name(host, host.layout) is None
    with pytest.raises(RefusedError):
        take(host, allowed=False)
    take(host)
    run_edge(host)
    own.unlink()
    restore_original(host, host.layout, check=False, timeout=5)
    assert os.readlink(host.layout.conf) == str(own)
    assert own.read_text(encoding="utf-8") == MAIN


def damage(host: HostWithSites) -> None:
    """What may happen to the files below /etc/nginx until the original configuration is restored."""
    root = Path(host.layout.root)
    (root / "sites-enabled/blog").unlink()
    (root / "sites-available/blog").unlink()
    (root / "sites-enabled/shop").write_text("edited", encoding="utf-8")
    host.remove(str(root / "streams.d"))


def test_the_sites_are_restored_even_if_their_files_are_gone(host: HostWithSites) -> None:
    shop = Path(host.layout.root, "sites-enabled/shop")
    shop.chmod(0o604)
    before, memory = tree(host), host.memory
    take(host)
    run_edge(host)
    damage(host)
    result = restore_original(host, host.layout, check=False, timeout=5)
    assert (result.changed, result.previous) == (True, "aaaa")
    assert tree(host) == before
    assert shop.stat().st_mode & 0o777 == 0o604
    assert host.memory == memory
    assert (live_name(host, host.layout), running_name(host, host.layout)) == (None, None)
    assert not Path(host.layout.sandbox).exists()
    assert ["systemctl", "restart", "nginx.service"] in host.commands
    kept = Path(f"{host.layout.folder(BY_HAND)}/files{shop}")
    assert kept.read_text(encoding="utf-8") == "edited"
    assert restore_original(host, host.layout, check=False, timeout=5).changed is False


def test_check_mode_restores_nothing(host: HostWithSites) -> None:
    take(host)
    run_edge(host)
    damage(host)
    before = tree(host)
    result = restore_original(host, host.layout, check=True, timeout=5)
    assert result.changed
    assert f"{host.layout.root}/streams.d/database: would be restored" in result.warnings
    assert tree(host) == before
    assert host.answers == "aaaa"


def test_an_original_that_nginx_rejects_changes_nothing(host: HostWithSites) -> None:
    take(host)
    run_edge(host)
    host.included.append(f"{host.layout.root}/added")
    Path(host.layout.root, "added").write_text("refused at test", encoding="utf-8")
    damage(host)
    before = tree(host)
    with pytest.raises(EdgeError, match="refused at test"):
        restore_original(host, host.layout, check=False, timeout=5)
    assert tree(host) == before
    assert Path(host.layout.sandbox).exists()
    assert host.answers == "aaaa"


def test_an_original_that_nginx_does_not_load_is_undone(host: HostWithSites) -> None:
    Path(host.layout.root, "sites-enabled/shop").write_text(f"{SHOP}# refused at reload\n", encoding="utf-8")
    take(host)
    run_edge(host)
    with pytest.raises(EdgeError, match="nginx did not load the original configuration; generation aaaa is live again"):
        restore_original(host, host.layout, check=False, timeout=5)
    assert live_name(host, host.layout) == host.answers == "aaaa"
    assert Path(host.layout.sandbox).read_text(encoding="utf-8") == SANDBOX


def test_a_damaged_copy_is_reported(host: HostWithSites) -> None:
    take(host)
    run_edge(host)
    damage(host)
    Path(f"{host.layout.folder(ORIGINAL)}/files{host.layout.root}/streams.d/database").unlink()
    with pytest.raises(EdgeError, match=r"streams\.d/database is missing or was changed"):
        restore_original(host, host.layout, check=False, timeout=5)
    assert host.answers == "aaaa"


def test_a_copy_of_an_earlier_version_has_only_the_main_file(host: HostWithSites) -> None:
    run_edge(host)
    assert not Path(host.layout.folder(ORIGINAL), LIST).exists()
    restore_original(host, host.layout, check=False, timeout=5)
    assert Path(host.layout.conf).read_text(encoding="utf-8") == MAIN
    assert host.memory == MAIN + BLOG + DEFAULT + SHOP + DATABASE


def test_the_next_takeover_copies_the_sites_as_they_are_then(host: HostWithSites) -> None:
    take(host)
    run_edge(host)
    restore_original(host, host.layout, check=False, timeout=5)
    shop = Path(host.layout.root, "sites-enabled/shop")
    shop.write_text(f"{SHOP}# new\n", encoding="utf-8")
    with pytest.raises(RefusedError):
        take(host, allowed=False)
    take(host)
    run_edge(host)
    shop.unlink()
    restore_original(host, host.layout, check=False, timeout=5)
    assert shop.read_text(encoding="utf-8").endswith("# new\n")


def test_the_first_reload_that_fails_goes_back_to_the_sites(host: HostWithSites) -> None:
    memory = host.memory
    take(host)
    with pytest.raises(EdgeError, match="the edge was rolled back to original"):
        run_edge(host, text="refused at reload")
    assert host.memory == memory
    assert live_name(host, host.layout) is None


def test_the_command_restores_the_original(host: HostWithSites) -> None:
    def edge(*words: str) -> str:
        printed = run_cli(parser().parse_args(words), host, host.layout)
        assert printed.code == 0, printed.err
        return printed.out

    take(host)
    run_edge(host)
    assert edge("list").splitlines()[-1].endswith("before the first run: nginx-edge rollback original")
    assert "\nnginx accepts the original configuration\n" in edge("rollback", "original", "--check")
    Path(host.layout.root, "sites-enabled/shop").unlink()
    assert "after these files are restored" in edge("rollback", "original", "--check")
    assert host.answers == "aaaa"
    assert "The original configuration is live, and nginx runs it without the sandbox." in edge("rollback", "original")
    assert "live already" in edge("rollback", "original")


def copies(host: HostWithSites) -> Callable[[FaultyHost], None]:
    def change(faulty: FaultyHost) -> None:
        take_over(faulty, host.layout, names=(), ports=(), allowed=True, check=False, inventory_name="web-1")

    return change


def restores(host: HostWithSites) -> Callable[[FaultyHost], None]:
    take(host)
    run_edge(host)
    damage(host)

    def change(faulty: FaultyHost) -> None:
        restore_original(faulty, host.layout, check=False, timeout=5)

    return change


@pytest.mark.parametrize("fault", [die, refuse], ids=["killed", "disk full"])
@pytest.mark.parametrize("way", [copies, restores])
def test_no_fault_at_any_effect_loses_the_sites(
    tmp_path: Path, fault: Fault, way: Callable[[HostWithSites], Callable[[FaultyHost], None]]
) -> None:
    counted = serving(tmp_path / "counted")
    counting = FaultyHost(counted, -1, die)
    way(counted)(counting)
    assert counting.count > 5
    for at in range(counting.count):
        host = serving(tmp_path / str(at))
        memory, before = host.memory, tree(host)
        change = way(host)
        with survived():
            change(FaultyHost(host, at, fault))
        assert "refused" not in host.conf_text(host.layout.conf)
        take(host)
        if live_name(host, host.layout) is None and running_name(host, host.layout) is None:
            run_edge(host)
        restore_original(host, host.layout, check=False, timeout=5)
        assert (tree(host), host.memory) == (before, memory), at
