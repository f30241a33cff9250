# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the files of provided certificates on the controller and passes their texts to the module of the same name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.sources.registry import source_of
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.files import find, read_text

_FILES = {"fullchain": "fullchain_content", "privkey": "privkey_content"}


class ActionModule(ActionBase):
    """Only reads the files; the module on the target does the rest."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        problems: list[str] = []
        arguments = dict(self._task.args)
        certificates = arguments.get("certificates")
        if isinstance(certificates, list):
            arguments["certificates"] = [
                self._with_contents(item, place, task_vars.get("inventory_dir"), problems)
                if isinstance(item, Mapping)
                else item
                for place, item in enumerate(certificates)
            ]
        if problems:
            return {**result, "failed": True, "msg": "\n".join(["files of certificates cannot be read", *problems])}
        done = self._execute_module(module_args=arguments, task_vars=task_vars)
        return {**result, **done}

    def _with_contents(
        self, item: Mapping[str, Any], place: int, inventory: str | None, problems: list[str]
    ) -> dict[str, Any]:
        """The certificate with the texts of its files; read errors are added to ``problems``."""
        filled = dict(item)
        if not source_of(item.get("source")).from_files:
            return filled
        for option, content in _FILES.items():
            where = f"{item.get('path') or f'certificates[{place}]'}.{option}"
            if item.get(content):
                continue
            if not item.get(option):
                problems.append(f"{where}: a provided certificate needs this file (or {content})")
                continue
            try:
                filled[content] = read_text(find(str(item[option]), inventory, os.getcwd()), self._loader)
            except (AnsibleError, OSError, UnicodeDecodeError) as error:
                problems.append(f"{where}: {error}")
        return filled
