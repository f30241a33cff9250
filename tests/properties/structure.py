# SPDX-License-Identifier: GPL-3.0-or-later
"""What rendered text says to a parser of nginx's language: a tree of directives, and what a harmless model would say.

Two models that differ only in their texts have to yield the same tree: names of directives, blocks, numbers of
parameters, and each parameter itself once its text stands for the other model's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import crossplane

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax import formats

from .models import Drawn, at, changed, texts_of
from .texts import KINDS

Tree = list[tuple[str, tuple[str, ...], Any]]
"""Directives: name, parameters, and those inside a block or None."""

_DERIVED_MAPS = re.compile(r"\$edge_(?:cache_control|found|origin|path|pattern|rest)_")
"""Variables of maps whose entries are made from texts: parts of expressions, encoded paths, several texts in one."""
_DERIVED = (
    "alias",
    "map_hash_bucket_size",
    "proxy_redirect",
    "proxy_cookie_path",
    "proxy_cache_key",
    "fastcgi_split_path_info",
)
"""Directives whose parameters are made from texts."""
_DIGEST = re.compile(r"([_-])[0-9a-f]{8}(?![0-9a-f])")
"""Ends the names of zones and of files with users, and depends on the texts that they are made from."""


def parsed(files: Mapping[str, str]) -> dict[str, Tree]:
    """File -> its directives.

    :raises ValueError: a file is not in nginx's language, such as one with a brace too many.
    """
    with TemporaryDirectory() as folder:
        return {name: _parsed(text, Path(folder) / "parsed.conf") for name, text in files.items()}


def _parsed(text: str, path: Path) -> Tree:
    path.write_text(text, encoding="utf-8")
    found = crossplane.parse(str(path), single=True, check_ctx=False, check_args=False)
    if found["errors"]:
        raise ValueError(f"{found['errors'][0]['error']}\n{text}")
    return _tree(found["config"][0]["parsed"])


def _tree(directives: list[dict[str, Any]]) -> Tree:
    return [
        (one["directive"], tuple(one["args"]), _tree(one["block"]) if "block" in one else None) for one in directives
    ]


def harmless(drawn: Drawn) -> tuple[Drawn, dict[str, str]]:
    """The same model with harmless texts, and which stands for which."""
    whole = drawn.whole
    changes, stands_for = {}, {}
    for place, wanted in texts_of(whole):
        twin = KINDS[wanted].harmless
        if twin is not None:
            text = at(whole, place)
            changes[place] = twin(text)
            if wanted is not formats.MAP_KEY:  # only the number of values is compared
                stands_for[_as_parsed(text)] = changes[place]
    return drawn.with_whole(changed(whole, changes)), stands_for


def _as_parsed(text: str) -> str:
    """Crossplane leaves backslashes doubled, as they are written."""
    return text.replace("\\", "\\\\")


def translated(tree: Tree, stands_for: Mapping[str, str]) -> Tree:
    """The tree with each parameter that is a text of the model replaced, and without digests."""
    return [
        (
            _DIGEST.sub(r"\1digest", name),
            tuple(
                _DIGEST.sub(r"\1digest", _translated(parameter, stands_for))
                for parameter in (_without_derived(name, parameters))
            ),
            None if block is None else _translated_block(name, parameters, block, stands_for),
        )
        for name, parameters, block in tree
    ]


def _translated_block(name: str, parameters: tuple[str, ...], block: Tree, stands_for: Mapping[str, str]) -> Tree:
    if name == "map" and (any(map(_DERIVED_MAPS.match, parameters)) or not parameters[-1].startswith("$edge_")):
        return [("derived", ("derived",) * len(inner), None) for _source, inner, _block in block]
    return translated(block, stands_for)


def _without_derived(name: str, parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Parameters, without those that are made from several texts or from letters of one: only their number counts."""
    if name in _DERIVED or (name == "if" and parameters[:1] == ("$uri",)) or "X-Forwarded-Prefix" in parameters:
        return tuple("derived" for _parameter in parameters)
    return tuple("derived" if _is_derived(one) else one for one in parameters)


def _is_derived(parameter: str) -> bool:
    own = parameter.endswith("/$is_args$args") or parameter.startswith("/_edge_error_")
    return own or "$edge_authority" in parameter


def _translated(parameter: str, stands_for: Mapping[str, str]) -> str:
    """A whole parameter, a path without its slash at the end, or the path behind an upstream's name."""
    if parameter.startswith("/") and parameter not in stands_for and f"{parameter}/" in stands_for:
        return stands_for[f"{parameter}/"].removesuffix("/")
    upstream, slash, path = parameter.partition("://")[2].partition("/")
    if slash and upstream and f"/{path}" in stands_for and parameter not in stands_for:
        return parameter[: -len(path) - 1] + stands_for[f"/{path}"]
    return stands_for.get(parameter, parameter)


def named(tree: Tree, name: str) -> Iterator[tuple[str, ...]]:
    """Parameters of all directives of a name, in whatever block."""
    for directive, parameters, block in tree:
        if directive == name:
            yield parameters
        yield from named(block or [], name)
