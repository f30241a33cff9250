# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP: which files are scripts, and the blocks that pass them to PHP-FPM.

The expression of the block divides a path into script and PATH_INFO: ``/index.php/a/b`` is the script ``/index.php``
with PATH_INFO ``/a/b``. nginx looks whether the script exists before it passes the request on, so that PHP-FPM never
searches for another one (``cgi.fix_pathinfo``).
"""

from __future__ import annotations

import re
from dataclasses import replace

from ..model.location import Location, Php
from ..model.site import Site
from ..syntax.quote import quoted
from .backend import view_backend
from .block import Blocks, Groups, LocationView, counted, handled
from .parameters import PATH_INFO_VARIABLE, SCRIPT_VARIABLE, script_parameters


def folder(location: Location, path: str) -> tuple[str, ...]:
    """A folder with files of a location, and the check of symbolic links below it."""
    symlinks = {"if_not_owner": f"if_not_owner from={path}", "on": f"on from={path}", "off": "off"}
    return (
        f"{'alias' if location.alias else 'root'} {path}",
        f"disable_symlinks {symlinks[location.disable_symlinks]}",
    )


def script_blocks(blocks: Blocks, php: Php) -> tuple[LocationView, ...]:
    """The block inside a location that executes its scripts."""
    location = blocks.location
    match = "~ " + quoted(_expression(php, location, blocks.context.site))
    first = ((*counted(location), *handled(location, blocks.context.edge)),)
    return (view_script(replace(blocks, option="php"), match, SCRIPT_VARIABLE, first, PATH_INFO_VARIABLE),)


def view_script(blocks: Blocks, match: str, script: str, first: Groups, path_info: str = "") -> LocationView:
    """A block that executes a script if it exists.

    :param script: a variable with its path below the root.
    """
    location = blocks.location
    files = (*folder(location, location.root or ""), f"try_files {script} =404")
    passed = view_backend(location, blocks.context)
    return blocks.of_backend(match, (*first, files, passed), script_parameters(location, script, path_info))


def front_controller(blocks: Blocks, php: Php, match: str, first: Groups) -> LocationView:
    """The block that passes requests to the front controller; it keeps their arguments."""
    location = blocks.location
    script = php.front_controller or ""
    passed = (f"root {location.root}", *view_backend(location, blocks.context))
    return blocks.of_backend(match, (*first, passed), script_parameters(location, script))


def _expression(php: Php, location: Location, site: Site) -> str:
    """Paths that begin with a script.

    A script that has its own location is executed only there: with a PATH_INFO it would evade the rules of that
    location.
    """
    excluded = [*(() if location.hidden_files else (r"\.",)), *(f"{re.escape(one)}/" for one in php.no_scripts)]
    scripts = rf"(?:(?!/(?:{'|'.join(excluded)})).)+?\.php" if excluded else r".+?\.php"
    if php.scripts:
        scripts = "|".join(map(re.escape, php.scripts))
    own = [re.escape(one.path) for one in site.locations if one.match == "exact" and one.path.endswith(".php")]
    elsewhere = rf"(?!(?:{'|'.join(own)})/)" if own else ""
    return rf"^{elsewhere}(?<{SCRIPT_VARIABLE[1:]}>{scripts})(?<{PATH_INFO_VARIABLE[1:]}>/.*)?\z"
