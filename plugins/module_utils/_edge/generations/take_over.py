# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first run on a host whose nginx serves sites that this collection did not write.

The first generation replaces the complete configuration. Without permission, the run stops and lists the sites. With
it, the configuration is copied first (:mod:`.original`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ..host.errors import EdgeError
from ..host.host import Host
from ..host.paths import Layout
from ..nginx.configuration import HTTP, UNREADABLE, Server, default_sites, read_configuration, read_files, servers
from .original import keep_original
from .store import live_name, running_name
from .transaction import locked

_ANY_NAME = ("", "_")
_SHOWN_PARAMETERS = ("ssl", "quic", "udp")
"""Parameters of ``listen`` that a client notices."""


@dataclass(frozen=True)
class ForeignSite:
    """A site that this collection did not write: the server blocks of a file that have the same names.

    :param place: file and line of the first block.
    :param names: its server names.
    :param ports: such as ``80/tcp``.
    :param text: a line that describes it.
    """

    place: str
    names: tuple[str, ...]
    ports: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Taken:
    """The result of :func:`take_over`.

    :param changed: whether the configuration was copied, or would be.
    :param warnings: the number of sites that are replaced, and what the model does not serve; default none.
    """

    changed: bool
    warnings: Sequence[str] = ()


class RefusedError(EdgeError):
    """The host serves sites that this collection did not write, and the takeover is not allowed.

    :param reason: the first line of the message.
    """

    def __init__(self, reason: str, details: Iterable[str]) -> None:
        super().__init__(f"{reason}; nothing was changed:", tuple(details))
        self.reason = reason


def take_over(
    host: Host,
    layout: Layout,
    *,
    names: Collection[str],
    ports: Collection[str],
    allowed: bool,
    check: bool,
    inventory_name: str,
) -> Taken:
    """Check for sites that the first generation would replace, and copy the configuration if it may be replaced.

    :param names: the server names of the model.
    :param ports: the ports of the model, such as ``80/tcp``.
    :param allowed: replace sites that this collection did not write.
    :param check: change nothing.
    :param inventory_name: name of the host in the inventory, which the message contains.
    :raises RefusedError: there are such sites, and this is not allowed.
    :raises EdgeError: nginx rejects the configuration that the host has.
    """
    if live_name(host, layout) or running_name(host, layout) or host.read(layout.conf) is None:
        return Taken(changed=False)
    if host.run(["nginx", "-V"]).code != 0:
        return Taken(changed=False)  # nginx was removed, and its configuration was left
    present = _read(host, layout)
    sites = present.sites
    lost = _lost(sites, names, ports)
    number = "1 site" if len(sites) == 1 else f"{len(sites)} sites"
    if sites and not allowed:
        reason = f"this host already serves {number} that this run would replace"
        raise RefusedError(reason, [*(f"  {site.text}" for site in sites), *lost, *_remedy(layout, inventory_name)])
    if not check:
        with locked(host, layout):
            keep_original(host, layout, present.files)
            for path in present.rejected:
                host.remove(path)
    if not sites:
        return Taken(changed=True)
    taken = f"takes over {number} that this collection did not write; the copy is in {layout.generations}/original"
    return Taken(True, [taken, *lost])


@dataclass(frozen=True)
class _Present:
    """The configuration that a host has.

    :param files: the files that nginx reads.
    :param sites: the sites in them that are not the default site of nginx's package.
    :param rejected: the files of the default site if nginx rejects the configuration. nginx could not start with them
        before the first generation replaces them.
    """

    files: Collection[str]
    sites: list[ForeignSite]
    rejected: Collection[str]


def _read(host: Host, layout: Layout) -> _Present:
    """Read the configuration.

    :raises EdgeError: nginx rejects the configuration, and it has sites. Without sites, it may be replaced: nginx
        rejects the default site of Debian's package on a host without IPv6.
    """
    refused: EdgeError | None = None
    try:
        files = read_configuration(host, layout.conf)
    except EdgeError as error:
        files, refused = read_files(host, layout.conf), error
    stock = default_sites(host, files)
    sites = _sites(server for server in servers(files, layout.conf) if server.path not in stock)
    if refused is not None and sites:
        remedy = "fix this configuration, or remove the files of sites that are no longer needed, and run again"
        raise EdgeError(f"{refused.message}, so its sites cannot be taken over", [*refused.details, remedy])
    return _Present(files, sites, sorted(stock) if refused is not None else ())


def _sites(found: Iterable[Server]) -> list[ForeignSite]:
    grouped: dict[tuple[str, str, tuple[str, ...]], list[Server]] = {}
    for one in found:
        grouped.setdefault((one.path, one.kind, tuple(one.names)), []).append(one)
    return [_site(blocks) for blocks in grouped.values()]


def _site(blocks: list[Server]) -> ForeignSite:
    first = blocks[0]
    names = tuple(dict.fromkeys(name for name in first.names if name not in _ANY_NAME))
    listens = dict.fromkeys(
        " ".join((words[0], *(word for word in words[1:] if word in _SHOWN_PARAMETERS)))
        for block in blocks
        for words in block.listens
    )
    place = f"{first.path}:{first.line}"
    shown = ", ".join(names) or ("any name" if first.kind == HTTP else first.kind)
    text = f"{place}: {shown}" + (f" on {', '.join(listens)}" if listens else "")
    if first.kind == UNREADABLE:
        place, text = first.path, f"{first.path}: this file cannot be read here; check it yourself"
    return ForeignSite(place, names, tuple(dict.fromkeys(port for block in blocks for port in block.ports)), text)


def _lost(sites: Iterable[ForeignSite], names: Collection[str], ports: Collection[str]) -> list[str]:
    """The names and ports that the model does not have, one line for each kind."""
    sites = list(sites)
    lost_names = dict.fromkeys(name for site in sites for name in site.names if not _is_served(name, names))
    lost_ports = dict.fromkeys(port for site in sites for port in site.ports if port not in ports)
    return [
        *([f"names that the model does not serve: {', '.join(lost_names)}"] if lost_names else []),
        *([f"ports that the model does not listen on: {', '.join(lost_ports)}"] if lost_ports else []),
    ]


def _is_served(name: str, names: Collection[str]) -> bool:
    """Whether the model has a name, or a wildcard for it, which matches any number of labels in nginx."""
    labels = name.lower().split(".")
    wildcards = {f"*.{'.'.join(labels[number:])}" for number in range(1, len(labels))}
    return not wildcards.isdisjoint(names) or name.lower() in names


def _remedy(layout: Layout, inventory_name: str) -> list[str]:
    return [
        "Add the sites that you need to the model. Then allow this run to replace these sites:",
        f"write edge_take_over: true into host_vars/{inventory_name}.yml of the inventory.",
        f"The run first copies this configuration to {layout.generations}/original.",
        "`nginx-edge rollback original` on the host restores it.",
    ]
