# SPDX-License-Identifier: GPL-3.0-or-later
"""From the finished view to the files of a generation, and the digest that names it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path

import jinja2

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Facts, Places

from ..syntax.quote import indent
from .edge import EdgeView
from .response_headers import map_lines

Files = Mapping[str, str]
"""Relative path -> text, with a placeholder for the generation's name."""
MARK = "\0"
"""Encloses places in rendered lines until they are collected; no value of the model can contain it."""
BEGIN, END, LINE = "+", "-", "="
"""What is marked: a place begins or ends with this line, or is the place of this line only."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """All files of a generation, sorted by path, and the places in the model that their lines come from."""

    files: Files
    places: Places


def render(view: EdgeView, templates: Path) -> Rendered:
    """Render a view.

    :param templates: folder with a template for each kind of file, such as ``site.conf.j2``.
    """
    files, places = {}, {}
    for path, marked in sorted(_texts(view, templates).items()):
        files[path], places[path] = _without_marks(marked)
    return Rendered(files, {path: found for path, found in places.items() if found})


def _without_marks(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text, and the numbers of the lines from which on it comes from a place, or from none (empty)."""
    if MARK not in text:
        return text, []
    lines = text.split("\n")
    places: list[tuple[int, str]] = []
    blocks: list[str] = []
    last = ""
    for index, line in enumerate(lines):
        found, ends = blocks[-1] if blocks else "", 0
        if MARK in line:
            parts = line.split(MARK)
            lines[index] = "".join(parts[::2])
            for mark in parts[1::2]:
                ends += mark[0] == END
                if mark[0] != END:
                    found = mark[1:]
                if mark[0] == BEGIN:
                    blocks.append(found)
        if found != last:
            places.append((index + 1, found))
            last = found
        if ends:
            del blocks[-ends:]
    return "\n".join(lines), places


def _texts(view: EdgeView, templates: Path) -> dict[str, str]:
    environment = _environment(templates)
    site_template = environment.get_template("site.conf.j2")
    upstreams_template = environment.get_template("upstreams.conf.j2")
    files = {
        "nginx.conf": environment.get_template("nginx.conf.j2").render(edge=view),
        "upstreams.conf": upstreams_template.render(upstreams=view.upstreams),
    }
    headers_template = environment.get_template("headers.conf.j2")
    dropped_template = environment.get_template("dropped_headers.conf.j2")
    files["headers.conf"] = headers_template.render(edge=view)
    for shared in view.parameters:
        files[shared.file] = environment.get_template("parameters.conf.j2").render(shared=shared)
    for dropped in view.dropped:
        files[dropped.file] = dropped_template.render(dropped=dropped)
    for site in view.sites:
        files[f"sites/{file_name(site.name)}"] = site_template.render(edge=view, site=site)
    if view.streams:
        stream_template = environment.get_template("stream.conf.j2")
        files["stream_upstreams.conf"] = upstreams_template.render(upstreams=view.streams.upstreams)
        for stream in view.streams.servers:
            files[f"streams/{stream.name}.conf"] = stream_template.render(stream=stream)
    return files


@functools.cache
def _environment(templates: Path) -> jinja2.Environment:
    """Kept, for reading the templates takes longer than rendering them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # what is written is nginx's language; `quote` has escaped the values  # noqa: S701
    )
    environment.globals["place"] = f"{MARK}{BEGIN}{{}}{MARK}".format
    environment.globals["end_place"] = f"{MARK}{END}{MARK}"
    environment.globals["line_place"] = f"{MARK}{LINE}{{}}{MARK}".format
    environment.filters["indented"] = indent
    environment.filters["map_lines"] = map_lines
    return environment


def file_name(site: str) -> str:
    """File of a site; a path cannot contain a wildcard's star, and no host name contains a plus."""
    return site.replace("*", "+wildcard") + ".conf"


def digest(files: Files, facts: Facts) -> str:
    """Sixteen hexadecimal digits that name the content: same files and facts, same digest."""
    state = hashlib.sha256(repr(facts).encode())
    for path, text in sorted(files.items()):
        state.update(f"{path}\0{len(text)}\0{text}\0".encode())
    return state.hexdigest()[:16]
