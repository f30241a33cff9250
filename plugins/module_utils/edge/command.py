# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the command ``nginx-edge`` on a host: the core as a package of its own, and a small executable.

The package stands in a folder that is named by its content, and the executable names that folder: replacing it, by
one rename, goes from one whole version to the other.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from .errors import EdgeError
from .host import Host, replace_file

EXECUTABLE = "/usr/local/sbin/nginx-edge"
LIBRARY = "/usr/local/lib/nginx-edge"

_LAUNCHER = """\
#!/usr/bin/python3 -IB
# Shows the generations of this edge, and goes back to one: nginx-edge --help
# The collection hardened.nginx_edge installed it, and replaces it.
import sys

sys.path.insert(0, "{library}/{version}")

from nginx_edge.cli import main

sys.exit(main())
"""


def sources(package: str) -> dict[str, str]:
    """Name -> text of the modules of a package as this process has it, in a folder or in Ansible's archive.

    :param package: its dotted name.
    :raises EdgeError: a text is not to be had.
    """
    found = {"__init__": ""}
    for module in pkgutil.iter_modules(import_module(package).__path__):
        name = f"{package}.{module.name}"
        spec = find_spec(name)
        get_source = getattr(spec.loader if spec else None, "get_source", None)
        text = get_source(name) if get_source else None
        if text is None:
            raise EdgeError(f"the source of {name} is not to be had")
        found[module.name] = text
    return found


def install(host: Host, modules: Mapping[str, str], *, check: bool) -> bool:
    """Put the command in place as it should be.

    :param modules: name -> text of the package's modules.
    :param check: change nothing.
    :returns: whether anything had to be changed.
    """
    version = hashlib.sha256(json.dumps(modules, sort_keys=True).encode()).hexdigest()[:16]
    package = f"{LIBRARY}/{version}/nginx_edge"
    wanted = {f"{package}/{name}.py": text.encode() for name, text in modules.items()}
    wanted[EXECUTABLE] = _LAUNCHER.format(library=LIBRARY, version=version).encode()
    wrong = [path for path, data in wanted.items() if host.read(path) != data]
    old = [name for name in host.listdir(LIBRARY) if name != version]
    if not check:
        if wrong:
            host.mkdir(package)
        for path in wrong:  # the executable comes last
            replace_file(host, path, wanted[path], 0o755 if path == EXECUTABLE else 0o644)
        for name in old:
            host.remove(f"{LIBRARY}/{name}")
    return bool(wrong or old)
