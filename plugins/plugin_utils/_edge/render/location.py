# SPDX-License-Identifier: GPL-3.0-or-later
"""The locations of a site: which blocks each of them becomes."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace

from ..model.location import Location, Return
from ..policy.access_rules import has_own_rules, is_protected, regexes_below
from ..policy.scripts import SOURCES
from ..syntax.quote import quote, quoted
from ..syntax.raw import PROTOCOLS
from .backend import view_backend
from .block import Blocks, LocationView, counted, handled
from .context import SiteContext
from .parameters import application_parameters
from .php import folder, front_controller, script_blocks, view_script

MODIFIERS = {"prefix": "", "priority_prefix": "^~ ", "exact": "= ", "regex": "~ "}
HIDDEN_FILES = r"~ /\.(?!well-known(?:/|$))"


def view_locations(context: SiteContext) -> Iterator[LocationView]:
    """The locations of a site, in the order of the model.

    A regular expression takes requests away from a prefix, and so from its access rules. A prefix that has some is
    written as ``^~``, with the rules in an outer block; it and copies of the expressions are inside. Those of raw
    directives have no copies: they do not apply below such a prefix. nginx looks at the expressions inside a prefix
    first, so one that executes scripts has copies too, before its own.
    """
    for location in context.site.locations:
        rules = (*(("internal",) if location.internal else ()), *context.access.of_location(location))
        protected = is_protected(context.site, location)
        executes = location.match == "prefix" and _has_expressions(location, context)
        expressions = regexes_below(context.site, location) if protected or executes else ()
        if not expressions and not (protected and context.has_raw_expressions):
            yield view_location(location, context, rules)
            yield from _fallbacks(location, context)
            if has_own_rules(location) and (location.root or location.alias):
                yield from _without_slash(location, context)
            continue
        prefix = location if protected else None
        own = view_location(location, context, (), prefix)
        copies = tuple(_below(one, prefix, context) for one in expressions)
        inner = (replace(own, inner=()), *copies, *own.inner) if executes else (own, *copies)
        yield LocationView(
            own.place, ("^~ " if protected else "") + quote(location.path), (rules,) if rules else (), inner=inner
        )
        for one in (location, *expressions) if prefix else (location,):
            yield from _fallbacks(one, context, prefix)
        yield from _without_slash(location, context)


def _below(regex: Location, prefix: Location | None, context: SiteContext) -> LocationView:
    access = context.access
    return view_location(regex, context, access.below(prefix, regex) if prefix else access.of_location(regex), prefix)


def _has_expressions(location: Location, context: SiteContext) -> bool:
    """Whether expressions inside a prefix would take requests away from those of the site: scripts, sources, and hidden
    files that belong to the application."""
    files = bool(location.root or location.alias)
    return location.php is not None or location.files_first or (files and context.executes_scripts)


def _without_slash(location: Location, context: SiteContext) -> Iterator[LocationView]:
    """nginx redirects ``/admin`` to a proxied ``/admin/``, but not where that is inside another block."""
    path = location.path.removesuffix("/")
    taken = any(one.path == path and one.match != "regex" for one in context.site.locations)
    restricted = location.is_prefix and has_own_rules(location) and location.path.endswith("/")
    proxied = location.upstream and not location.root and location.protocol != "grpc"
    if (proxied or restricted) and path and path != location.path and not taken:
        target = urllib.parse.quote(location.path, safe="/:@!*+,;=()~")
        yield LocationView(location.place, "= " + quote(path), ((f'return 301 "{target}$is_args$args"',),))


def view_location(
    location: Location, context: SiteContext, rules: tuple[str, ...], prefix: Location | None = None
) -> LocationView:
    """Decide everything for one location.

    :param rules: directives of access control.
    :param prefix: the protected prefix that it is inside of.
    """
    blocks = Blocks(location, context, prefix)
    match = MODIFIERS[location.match] + quote(location.path)
    first = ((*rules, *counted(location), *handled(location, context.edge)),)
    if location.php and location.match == "exact":
        return view_script(blocks, match, "$uri", first)
    if location.backend and not location.root:
        return _application(blocks, match, first)
    if location.return_:
        return blocks.of_files(match, (*first, _return(location.return_, context)))
    inner = script_blocks(blocks, location.php) if location.php else _application_of_hidden_files(blocks)
    files = _files(blocks, location.alias or location.root or "")
    return blocks.of_files(match, (*first, files), (*inner, *_refused(location, context)))


def _application(blocks: Blocks, match: str, first: tuple[tuple[str, ...], ...]) -> LocationView:
    location = blocks.location
    parameters = application_parameters(location) if location.backend_protocol in PROTOCOLS else ()
    return blocks.of_backend(match, (*first, view_backend(location, blocks.context)), parameters)


def _fallbacks(location: Location, context: SiteContext, prefix: Location | None = None) -> Iterator[LocationView]:
    """Blocks for requests for which no file is in the root of a location: other roots, and the application.

    Requests have met the access rules in the location.
    """
    first = ((*context.access.opened, *handled(location, context.edge)),)
    roots = Blocks(location, context, prefix, "fallback_roots")
    for number, root in enumerate(location.fallback_roots, start=1):
        yield roots.of_files(_name_of_root(roots, number), (*first, _files(roots, root, number)))
    if not location.files_first:
        return
    blocks = replace(roots, option="php" if location.php else "upstream")
    if location.php:
        yield front_controller(blocks, location.php, blocks.fallback, first)
    else:
        yield _application(blocks, blocks.fallback, first)


def _application_of_hidden_files(blocks: Blocks) -> tuple[LocationView, ...]:
    """Paths of hidden files belong to the application, where there is one."""
    location = blocks.location
    if not location.upstream or location.hidden_files or location.match == "exact":
        return ()
    hidden = replace(blocks, option="hidden_files")
    return (_application(hidden, HIDDEN_FILES, ((*counted(location), *handled(location, blocks.context.edge)),)),)


def _refused(location: Location, context: SiteContext) -> Iterator[LocationView]:
    """Files that are not served. Written in the location itself: nginx would skip one of the server for ``^~``."""
    if location.match == "exact":
        return
    if not location.hidden_files and not location.upstream:
        yield LocationView(location.at("hidden_files"), HIDDEN_FILES, (("return 404",),))
    if context.executes_scripts:
        place = location.at("alias" if location.alias else "root")
        yield LocationView(place, f"~* {SOURCES}", (("return 404",),))


def _return(answer: Return, context: SiteContext) -> tuple[str, ...]:
    content = answer.text if answer.url is None else re.sub(r"\$host(?!\w)", context.variables.host, answer.url)
    directive = f"return {answer.status}" + ("" if content is None else f" {quoted(content)}")
    return (directive,) if answer.text is None else (f"default_type {answer.type}", directive)


def _files(blocks: Blocks, root: str, number: int = 0) -> tuple[str, ...]:
    """Directives that serve the files of a root.

    :param number: how many roots come before it.
    """
    location = blocks.location
    index = location.index or (("index.php", "index.html") if location.php else ())
    tried = _tried(blocks, number)
    return (
        *folder(location, root),
        *((f"index {' '.join(index)}",) if index else ()),
        *((f"try_files {' '.join(tried)}",) if tried else ()),
    )


def _tried(blocks: Blocks, number: int) -> tuple[str, ...]:
    location = blocks.location
    *files, last = location.try_files or ("$uri", "$uri/", "=404")
    if location.files_first:
        files, last = list(location.try_files or (("$uri", "$uri/") if location.php else ("$uri",))), blocks.fallback
    if number < len(location.fallback_roots):
        last = _name_of_root(blocks, number + 1)
    elif not (location.try_files or location.files_first or number):
        return ()
    return (*files, last)


def _name_of_root(blocks: Blocks, number: int) -> str:
    return f"{blocks.fallback}_{number}"
