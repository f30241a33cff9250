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

_DIGESTS = "SHA256.json"
"""File next to the package: path -> SHA-256 in hexadecimal, to find changed files without the originals."""
_EXECUTABLE = 0o755


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


def version_of(modules: Mapping[str, str]) -> str:
    """The name of the directory for these modules: their digest."""
    return hashlib.sha256(json.dumps(modules, sort_keys=True).encode()).hexdigest()[:16]


def install(host: Host, modules: Mapping[str, str], *, check: bool, version: str | None = None) -> bool:
    """Install or update the command.

    :param modules: the result of :func:`sources`.
    :param check: change nothing.
    :param version: name of the directory; the default is the digest of the modules.
    :returns: whether anything had to be changed.
    """
    version = version or version_of(modules)
    folder = f"{paths.LIBRARY}/{version}"
    wanted = {f"{folder}/nginx_edge/{path}": text.encode() for path, text in modules.items()}
    digests = {path[len(folder) + 1 :]: _digest(data) for path, data in wanted.items()}
    wanted[f"{folder}/{_DIGESTS}"] = json.dumps(digests, indent=2, sort_keys=True).encode()
    wanted[paths.COMMAND] = _launcher(version)
    wrong = [path for path, data in wanted.items() if host.read(path) != data]
    old = [name for name in host.listdir(paths.LIBRARY) if name != version]
    if not check:
        for one in sorted({path.rpartition("/")[0] for path in wrong if path != paths.COMMAND}):
            host.mkdir(one)
        for path in wrong:  # the executable is written last
            replace_file(host, path, wanted[path], _EXECUTABLE if path == paths.COMMAND else 0o644)
        for name in old:
            host.remove(f"{paths.LIBRARY}/{name}")
    return bool(wrong or old)


def installed_version(host: Host) -> str | None:
    """The version of the command on a host; None if it is missing, or if a file of it was changed."""
    names = host.listdir(paths.LIBRARY)
    if len(names) != 1 or host.read(paths.COMMAND) != _launcher(names[0]):
        return None
    attributes = host.attributes(paths.COMMAND)
    folder = f"{paths.LIBRARY}/{names[0]}"
    try:
        digests: dict[str, str] = json.loads(host.read(f"{folder}/{_DIGESTS}") or b"{}")
        same = all(_digest(host.read(f"{folder}/{path}") or b"") == digest for path, digest in digests.items())
    except (ValueError, AttributeError):
        return None
    sound = digests and same and attributes is not None and attributes.mode == _EXECUTABLE
    return names[0] if sound else None


def _launcher(version: str) -> bytes:
    return _LAUNCHER.format(library=paths.LIBRARY, version=version).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
