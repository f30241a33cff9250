# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration that nginx would load now: its files, and the server blocks in them.

``nginx -T`` tests the configuration and prints every file that it read, each after the line ``# configuration file
PATH:`` (https://nginx.org/en/docs/switches.html). nginx reads relative includes from the directory of the main file,
whichever file contains them (``ngx_conf_full_name`` in ``src/core/ngx_conf_file.c``).
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..host.errors import EdgeError
from ..host.host import Host
from .program import explain
from .service import master_pid, open_files_limit
from .syntax import Directive, Raw, read_raw

PACKAGES = ("nginx", "nginx-common")
"""The packages of Debian, Ubuntu and nginx.org that contain nginx's configuration files."""

HTTP, STREAM, MAIL = "http", "stream", "mail"
UNREADABLE = "unreadable"
"""Kind of a server in a file that this module cannot read."""

_HEADER = re.compile(r"^# configuration file (/.*):\n", re.MULTILINE)
_WILDCARD = re.compile(r"[*?[]")
_DEFAULT_SITE = re.compile(r"^ (/\S+/(?:sites-available/default|conf\.d/default\.conf)) ([0-9a-f]{32})\b", re.MULTILINE)


@dataclass
class Server:
    """A server block.

    :param kind: ``http``, ``stream`` or ``mail``; :data:`UNREADABLE` represents a file that cannot be read.
    :param path: the file that it is in, as nginx names it.
    :param line: the line that it begins on.
    :param names: its ``server_name``.
    :param listens: the parameters of each ``listen``; nginx's default is added where a block has none.
    """

    kind: str
    path: str
    line: int
    names: list[str] = field(default_factory=list)
    listens: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def ports(self) -> list[str]:
        """Such as ``80/tcp``, ``8000-8010/tcp`` or ``unix:/run/x.sock``; sorted, without addresses."""
        return sorted({_port(words) for words in self.listens})


def read_configuration(host: Host, conf: str) -> dict[str, str]:
    """The files that nginx reads, by the path that nginx names, in the order in which it reads them.

    :param conf: the main file.
    :raises EdgeError: nginx rejects the configuration.
    """
    done = host.run_nginx(["nginx", "-T", "-c", conf], open_files=open_files_limit(host, master_pid(host)))
    if done.code == 0:
        return _split(host, done.stdout)
    errors = [line for line in done.stderr.splitlines() if "[emerg]" in line or "[alert]" in line]
    raise EdgeError(
        "nginx rejects the configuration that this host has now",
        [explain(host, line, conf) for line in errors] or done.stderr.strip().splitlines()[:5],
    )


def _split(host: Host, printed: str) -> dict[str, str]:
    """The files of a dump. A file may contain a line that looks like a header, so the text of each file is compared
    with the file on disk."""
    found: dict[str, str] = {}
    header = _HEADER.search(printed)
    while header is not None:
        path, start = header.group(1), header.end()
        text = (host.read(path) or b"").decode(errors="replace")
        if not printed.startswith(text, start):  # the file has changed since nginx read it
            following = _HEADER.search(printed, start)
            text = printed[start : following.start() if following else len(printed)]
        found.setdefault(path, text)
        header = _HEADER.search(printed, start + len(text))
    return found


def read_files(host: Host, conf: str) -> dict[str, str]:
    """The files that ``conf`` includes, without nginx, which prints nothing for a configuration that it rejects.

    :param conf: the main file.
    :returns: path -> text; files that do not exist or cannot be read are left out.
    """
    found: dict[str, str] = {}
    waiting = [conf]
    while waiting:
        path = waiting.pop(0)
        text = None if path in found else _text(host, path)
        if text is not None:
            found[path] = text
            included = (one.words[1:] for one in read_raw(text).directives if one.name == "include")
            waiting += [one for words in included if len(words) == 1 for one in _on_disk(host, conf, words[0])]
    return found


def _text(host: Host, path: str) -> str | None:
    try:
        data = host.read(path)
    except OSError:
        return None  # such as a directory
    return data.decode(errors="replace") if data is not None else None


def _on_disk(host: Host, conf: str, pattern: str) -> list[str]:
    paths = [""]
    for part in _absolute(conf, pattern).split("/")[1:]:
        if not _WILDCARD.search(part):
            paths = [f"{path}/{part}" for path in paths]
            continue
        paths = [f"{path}/{name}" for path in paths for name in host.listdir(path or "/") if _matches([name], [part])]
    return paths


def servers(files: Mapping[str, str], conf: str) -> list[Server]:
    """The server blocks of a configuration, in the order in which nginx reads them.

    :param files: the result of :func:`read_configuration`.
    :param conf: the main file.
    """
    texts = {path: read_raw(text) for path, text in files.items()}
    found: list[Server] = []
    for path, directive, context in _directives(texts, conf, (conf,), ()):
        if directive.words == ("server",) and context and context[-1] in (HTTP, STREAM, MAIL):
            found.append(Server(context[-1], path, directive.line))
        elif found and context[-2:] == (found[-1].kind, "server"):
            if directive.name == "listen" and len(directive.words) > 1:
                found[-1].listens.append(directive.words[1:])
            elif directive.name == "server_name":
                found[-1].names += directive.words[1:]
    for server in found:
        if not server.listens and server.kind == HTTP:
            server.listens.append(("80",))
    return [*found, *(Server(UNREADABLE, path, 1) for path, raw in texts.items() if raw.problem)]


def _directives(
    texts: Mapping[str, Raw], conf: str, chain: tuple[str, ...], outer: tuple[str, ...]
) -> Iterator[tuple[str, Directive, tuple[str, ...]]]:
    """The directives of a file and of all files that it includes, each with its file and the names of its blocks.

    :param chain: the files that led here; the last one is read.
    :param outer: the names of the blocks that the file is included in.
    """
    for directive in texts[chain[-1]].directives:
        context = (*outer, *(block[0] for block in directive.within))
        if directive.name == "include" and len(directive.words) == 2:  # noqa: PLR2004 - the name and the pattern
            for included in _included(texts, _absolute(conf, directive.words[1])):
                if included not in chain:
                    yield from _directives(texts, conf, (*chain, included), context)
        else:
            yield chain[-1], directive, context


def _absolute(conf: str, pattern: str) -> str:
    return pattern if pattern.startswith("/") else f"{conf.rpartition('/')[0]}/{pattern}"


def _included(files: Mapping[str, Raw], pattern: str) -> list[str]:
    """The files that a pattern selects, in the order of glob(3). Wildcards match neither ``/`` nor a leading dot."""
    if not _WILDCARD.search(pattern):
        return [pattern] if pattern in files else []
    parts = pattern.split("/")
    return sorted(path for path in files if _matches(path.split("/"), parts))


def _matches(path: list[str], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(
        name == part or (fnmatch.fnmatchcase(name, part) and (name[:1] != "." or part[:1] == "."))
        for name, part in zip(path, pattern)
    )


def default_sites(host: Host, files: Iterable[str]) -> set[str]:
    """The files among ``files`` that are the unchanged default site of nginx's package.

    dpkg knows the MD5 digest of every configuration file that a package contains, see dpkg-query(1).
    """
    shown = host.run(["dpkg-query", "--show", "--showformat", "${Conffiles}\n", *PACKAGES]).stdout
    known = {digest for _path, digest in _DEFAULT_SITE.findall(shown)}
    if not known:
        return set()
    return {path for path in files if hashlib.md5(host.read(path) or b"", usedforsecurity=False).hexdigest() in known}


def _port(words: tuple[str, ...]) -> str:
    place = words[0]
    if place.startswith("unix:"):
        return place
    # The last colon of an IPv6 address without a port is inside the brackets.
    port = place.rpartition(":")[2] if ":" in place.rpartition("]")[2] else place
    if not port.replace("-", "").isdigit():
        port = "80"
    return f"{port}/{'udp' if 'udp' in words or 'quic' in words else 'tcp'}"
