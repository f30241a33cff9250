# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's model is read from: its variables, its site files, and other files on the controller.

Apart from the core, because Ansible evaluates the expressions in them.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.cli.install import version_of
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.files import find, read_text
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.values import untagged
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.reader import PREFIX
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.roles import check_role_variables
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.site_files import Loader
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.problems import Problem

ROOT = Path(__file__).resolve().parents[2]
ROLES = ("nginx", "certbot", "share", "exporter")
LOADING: Mapping[str, Any] = (
    {"cache": "none", "trusted_as_template": True}
    if "trusted_as_template" in inspect.signature(DataLoader.load_from_file).parameters
    else {"cache": False}
)
"""How Ansible reads a file again and evaluates its expressions. Before 2.19, it evaluates them in every file."""


class Inputs:
    """The inputs of one host.

    :param task_vars: the variables of the task.
    :param templar: Ansible's, of the task.
    :param loader: Ansible's, which also decrypts vaulted files.
    """

    def __init__(self, task_vars: Mapping[str, Any], templar: Any, loader: Any) -> None:
        self._task_vars, self._templar, self._loader = task_vars, templar, loader

    def value(self, name: str, default: Any) -> Any:
        """The evaluated value of a variable."""
        return untagged(self._templar.template(self._task_vars.get(name, default)))

    def variables(self) -> dict[str, Any]:
        """The evaluated variables that begin with ``edge_``."""
        names = (name for name in self._task_vars if name.startswith(PREFIX))
        variables = {name: self.value(name, None) for name in names}
        if isinstance(variables.get("edge_batches"), (str, int)):
            variables["edge_batches"] = [variables["edge_batches"]]  # -e edge_batches=100%
        return variables

    def sites_folder(self, variables: Mapping[str, Any]) -> Path:
        """The directory of the site files.

        :param variables: those of :meth:`variables`.
        """
        named = variables.get("edge_sites_dir")
        folder = named if isinstance(named, str) else model_options()["edge_sites_dir"]["default"]
        return Path(self._task_vars.get("inventory_dir") or os.getcwd(), os.path.expanduser(folder))

    def service_options(self) -> list[str]:
        """Lines for the unit of nginx that override the sandbox; empty if the variable is no list."""
        given = self.value("nginx_service_options", [])
        return [str(one) for one in given] if isinstance(given, list) else []

    def wrong_role_variables(self) -> list[Problem]:
        """Misspelt variables of the other roles, and those with a value of a wrong type."""
        values = {name: self.value(name, None) for name in role_options() if name in self._task_vars}
        return check_role_variables(role_options(), list(self._task_vars), values)

    def read_site_file(self, path: Path) -> Any:
        """The content of a site file, with its expressions evaluated."""
        return untagged(self._templar.template(self._loader.load_from_file(str(path), **LOADING)))

    def exists(self, path: str) -> bool:
        """Whether the controller has a file in the paths that ``tls_certificates`` searches."""
        try:
            self._find(path)
        except FileNotFoundError:
            return False
        return True

    def read_file(self, path: str) -> str:
        """Read a file from the same paths; ``ValueError`` or ``OSError`` if this is not possible."""
        try:
            return read_text(self._find(path), self._loader)
        except AnsibleError as error:
            raise ValueError(str(error)) from error

    def _find(self, path: str) -> str:
        return find(path, self._task_vars.get("inventory_dir"), os.getcwd())


def model_options() -> Mapping[str, Any]:
    """The options of the model: name -> its argument specification."""
    options: Mapping[str, Any] = _specs("edge")["model"]["options"]
    return options


@functools.cache
def role_options() -> Mapping[str, Any]:
    """The options of the roles besides the model: name -> its argument specification."""
    options = ((role, name, option) for role in ROLES for name, option in _specs(role)["main"]["options"].items())
    return {name: option for role, name, option in options if name.startswith(f"{role}_")}


@functools.cache
def command_version() -> str:
    """The version of the command ``nginx-edge`` in this collection: a digest of the code of hosts."""
    core = ROOT / "plugins" / "module_utils" / "_edge"
    modules = {str(path.relative_to(core)): path.read_text(encoding="utf-8") for path in core.rglob("*.py")}
    return version_of(modules)


@functools.cache
def _specs(role: str) -> Mapping[str, Any]:
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    specs: Mapping[str, Any] = yaml.load(text, Loader=Loader)["argument_specs"]  # noqa: S506 - a safe loader
    return specs
