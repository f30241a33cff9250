# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs the command ``nginx-edge`` on a host: the core as a separate package, and a small executable.

The directory of the package is named after the digest of its content, and the executable contains the path of this
directory. Replacing the executable by one rename therefore switches from one complete version to another.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn

from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host, replace_file

_LAUNCHER = """\
#!/usr/bin/python3 -IB
# Shows the generations of this edge and rolls back to one of them: nginx-edge --help
# Installed by the collection hardened.nginx_edge; changes here are lost.
import sys

sys.path.insert(0, "{library}/{version}")

from nginx_edge.cli.main import main

sys.exit(main())
"""


def sources(package: str) -> dict[str, str]:
    """Path -> source text of the modules of a package and its sub-packages, as loaded by this process.

    They are read from a directory, or from the archive in which Ansible sends a module to a host.

    :param package: dotted name of the package.
    :returns: paths relative to the package, such as ``host/errors.py``.
    :raises EdgeError: the source of a module is not available.
    """
    names = {package: True}  # dotted name -> whether it is a package
    for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}.", onerror=_not_available):
        names[found.name] = found.ispkg
    return {_path(name[len(package) + 1 :], is_package): _source(name) for name, is_package in names.items()}


def _path(name: str, is_package: bool) -> str:
    parts = [part for part in name.split(".") if part]
    return "/".join((*parts, "__init__.py")) if is_package else "/".join(parts) + ".py"


def _source(name: str) -> str:
    spec = find_spec(name)
    get_source = getattr(spec.loader if spec else None, "get_source", None)
    text: str | None = get_source(name) if get_source else None
    if text is None:
        _not_available(name)
    return text


def _not_available(name: str) -> NoReturn:
    raise EdgeError(f"the source of {name} is not available")


def install(host: Host, modules: Mapping[str, str], *, check: bool) -> bool:
    """Install or update the command.

    :param modules: the result of :func:`sources`.
    :param check: change nothing.
    :returns: whether anything had to be changed.
    """
    version = hashlib.sha256(json.dumps(modules, sort_keys=True).encode()).hexdigest()[:16]
    package = f"{paths.LIBRARY}/{version}/nginx_edge"
    wanted = {f"{package}/{path}": text.encode() for path, text in modules.items()}
    wanted[paths.COMMAND] = _LAUNCHER.format(library=paths.LIBRARY, version=version).encode()
    wrong = [path for path, data in wanted.items() if host.read(path) != data]
    old = [name for name in host.listdir(paths.LIBRARY) if name != version]
    if not check:
        for folder in sorted({path.rpartition("/")[0] for path in wrong if path != paths.COMMAND}):
            host.mkdir(folder)
        for path in wrong:  # the executable is written last
            replace_file(host, path, wanted[path], 0o755 if path == paths.COMMAND else 0o644)
        for name in old:
            host.remove(f"{paths.LIBRARY}/{name}")
    return bool(wrong or old)
