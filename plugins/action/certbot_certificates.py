# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes the secrets of certificates to the module of the same name, from files on the controller or from variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.credentials import (
    credentials_in,
    file_of,
    hmac_key_in,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.files import find, read_text


class ActionModule(ActionBase):
    """Reads only the secrets; the module on the target does the rest. No registered plan or result contains secrets."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        certificates, acme = arguments.get("certificates"), arguments.get("acme")
        problems: list[str] = []
        if isinstance(certificates, list):
            arguments["certificates"] = [self._with_credentials(item, task_vars, problems) for item in certificates]
        if isinstance(acme, Mapping) and isinstance(acme.get("eab"), Mapping) and not acme["eab"].get("hmac_key"):
            key = hmac_key_in(self._variable("edge_acme", task_vars))
            arguments["acme"] = {**acme, "eab": {**acme["eab"], "hmac_key": key}}
        if problems:
            return {**result, "failed": True, "msg": "\n".join(["credentials cannot be read", *problems])}
        done = self._execute_module(module_args=arguments, task_vars=task_vars)
        return {**result, **done}

    def _with_credentials(self, item: Any, task_vars: Mapping[str, Any], problems: list[str]) -> Any:
        """The certificate with the text of its plugin's credentials; read errors are added to ``problems``."""
        dns = item.get("dns") if isinstance(item, Mapping) else None
        if not isinstance(dns, Mapping) or dns.get("credentials_content"):
            return item
        text = None
        if dns.get("credentials_file"):
            try:
                path = find(str(dns["credentials_file"]), task_vars.get("inventory_dir"), os.getcwd())
                text = read_text(path, self._loader)
            except (AnsibleError, OSError, UnicodeDecodeError) as error:
                problems.append(f"{item.get('path') or item.get('name')}.dns.credentials_file: {error}")
        else:
            found = credentials_in(self._variable("edge_certificates", task_vars), str(item.get("name")))
            text = file_of(found) if found else None
        return {**item, "dns": {**dns, "credentials_content": text}}

    def _variable(self, name: str, task_vars: Mapping[str, Any]) -> Any:
        return self._templar.template(task_vars.get(name))
