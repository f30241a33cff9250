# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths that the sandbox of nginx hides: clients would get 403 or 502 although the configuration is valid.

``ProtectHome=yes`` hides /home, /root and /run/user; ``PrivateTmp=yes`` gives nginx its own /tmp and /var/tmp
(systemd.exec(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..model.edge import Edge
from ..syntax.problems import Problem
from ..syntax.raw import read_raw

HIDDEN_BY = {"ProtectHome": ("/home", "/root", "/run/user"), "PrivateTmp": ("/tmp", "/var/tmp")}  # noqa: S108
"""Option of systemd -> folders that it hides."""
_NAMES_A_PATH = re.compile(r"root|alias|include|server|\w+_(?:pass|certificate|certificate_key|file|path|log|store)")
"""Raw directives whose parameters are paths of files and sockets."""


def check_hidden_paths(edge: Edge, service_options: Sequence[str]) -> Iterator[Problem]:
    """Files and sockets that nginx cannot reach.

    :param service_options: options of systemd that the operator adds to the unit (``nginx_service_options``).
    """
    for place, path in _paths(edge):
        option = _hides(path, service_options)
        if option:
            reason = f"{path} is hidden from nginx by {option} of its service"
            remedy = "move it to another folder, such as /srv or /run"
            yield Problem(place, reason, f"{remedy}, or change {option} in nginx_service_options")


def _hides(path: str, service_options: Sequence[str]) -> str:
    for option, folders in HIDDEN_BY.items():
        hidden = any(path == folder or path.startswith(f"{folder}/") for folder in folders)
        shown_by = (f"{option}=", "BindPaths=", "BindReadOnlyPaths=")
        if hidden and not any(one.startswith(shown_by) for one in service_options):
            return option
    return ""


def _paths(edge: Edge) -> Iterator[tuple[str, str]]:
    """Place and path of everything that nginx opens."""
    for upstream in edge.upstreams:
        for server in upstream.servers:
            if server.address.startswith("unix:"):
                yield server.at("address"), server.address[len("unix:") :]
        if upstream.tls and upstream.tls.ca:
            yield upstream.tls.at("ca"), upstream.tls.ca
    for site in edge.sites:
        if site.client_certificates:
            yield site.client_certificates.at("ca"), site.client_certificates.ca
        pages = (page for part in site.parts for page in part.error_pages)
        yield from ((page.at("root"), page.root) for page in pages if page.root)
        for location in site.locations:
            given = (("root", location.root), ("alias", location.alias))
            yield from ((location.at(option), folder) for option, folder in given if folder)
            for index, folder in enumerate(location.fallback_roots):
                yield location.at(f"fallback_roots[{index}]"), folder
    for place, text in _raw_texts(edge):
        yield from _raw(place, text)


def _raw_texts(edge: Edge) -> Iterator[tuple[str, str]]:
    yield "edge_extra_directives", edge.extra_directives or ""
    yield "edge_stream_extra_directives", edge.stream_extra_directives or ""
    parts = (*edge.streams, *(part for site in edge.sites for part in site.parts))
    yield from ((part.at("extra_directives"), part.extra_directives or "") for part in parts)


def _raw(place: str, text: str) -> Iterator[tuple[str, str]]:
    for directive in read_raw(text).directives:
        if _NAMES_A_PATH.fullmatch(directive.name):
            for word in directive.words[1:]:
                path = re.sub(r"^(?:https?://)?unix:", "", word).rstrip(":")
                if path.startswith("/"):
                    yield place, path
