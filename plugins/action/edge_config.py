# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin ``edge_config``: reads the variables, calls the core, and runs the modules on the target."""

from __future__ import annotations

import dataclasses
import functools
import getpass
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible import constants as C  # noqa: N812 - Ansible's own convention
from ansible.plugins.action import ActionBase

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import pack
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.user_files import digest_of
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.package import DISTRIBUTION
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.profiles import (
    check_profiles,
    profiles_of,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.check.removals import check_removals
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.checked import (
    CheckedModel,
    checked_once,
    fingerprint,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.passwords import hash_password
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import (
    Inventory,
    Plan,
    build,
    differs_by_host,
    plain,
    plan,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.origins import Origins
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.site_files import (
    digest_of_site_files,
    read_site_files,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.errors import (
    error_message,
    located,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.warnings import warnings_on_state
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.problems import Problem
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.releases import RELEASES, target_of
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._inputs import (
    ROOT,
    Inputs,
    command_version,
    model_options,
)
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._positions import position_of

TEMPLATES = ROOT / "roles" / "edge" / "templates"
USERS_OF_STREAMS = ("edge_streams", "edge_stream_extra_directives", "edge_modules")
"""Variables that may need the stream module."""


class _FailedError(Exception):
    """The task fails with this result, which has a ``msg``.

    For an ``AnsibleActionFail``, ansible-core before 2.19 also prints "An exception occurred during task execution".
    """

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__(result["msg"])
        self.result = result


class ActionModule(ActionBase):
    """See the documentation of the module."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Check the model; with ``state: present``, also deploy it."""
        super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(
            argument_spec={
                "state": {"type": "str", "choices": ["checked", "present"], "default": "present"},
                "target": {"type": "str", "choices": list(RELEASES)},
                "facts": {"type": "dict"},
            }
        )
        try:
            if arguments["target"] is not None:
                return self._without_host(arguments["state"], arguments["target"], task_vars or {})
            if arguments["state"] == "checked":
                return self._check(task_vars or {})
            return self._run(arguments["facts"], task_vars or {})
        except _FailedError as error:
            return {"changed": False, **error.result, "failed": True}

    def _without_host(self, state: str, release: str, task_vars: dict[str, Any]) -> dict[str, Any]:
        if state != "checked":
            raise _FailedError({"msg": f"target: {release} selects a check without the host; it needs state: checked"})
        inputs = self._inputs(task_vars)
        repository, version = inputs.value("nginx_repository", DISTRIBUTION), inputs.value("nginx_package_version", "")
        checked = self._checked(target_of(release, str(repository), str(version)), task_vars, ask_host=False)
        return {"changed": False, **checked.plan}

    def _check(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        facts = self._facts(task_vars, test=False)
        checked = self._checked(Target.from_facts(facts["nginx"]), task_vars, live=facts["generations"]["sites"])
        configured = facts["generations"]["live"] or facts["generations"]["running"]
        takes_over = facts["nginx"]["installed"] and not configured
        version = command_version()
        same = facts["generations"]["digest"] == checked.content.digest  # deploying tests another configuration
        return {
            "changed": False,
            **checked.plan,
            "takes_over": takes_over,
            "command": {"version": version, "current": facts["command"] == version},
            "facts_options": self._facts_options(task_vars, test=same),
        }

    def _run(self, known: dict[str, Any] | None, task_vars: dict[str, Any]) -> dict[str, Any]:
        facts = known or self._facts(task_vars, test=True)
        checked = self._checked(Target.from_facts(facts["nginx"]), task_vars, live=facts["generations"]["sites"])
        same = facts["generations"]["digest"] == checked.content.digest
        if same and facts["generations"]["problem"] is None:  # it was not the same when the model was checked
            facts = self._facts(task_vars, test=True)
        deployed = self._deploy(checked, facts, task_vars)
        # A packages' upgrade since the last run may keep nginx from starting with the same configuration.
        found = warnings_on_state(facts["generations"], facts["processes"], unchanged=not deployed["sent"])
        warnings = [*checked.plan["edge_warnings"], *found, *deployed["edge_warnings"]]
        return {**checked.plan, **deployed, "drift": facts["generations"]["drift"], "edge_warnings": warnings}

    def _facts(self, task_vars: dict[str, Any], *, test: bool) -> dict[str, Any]:
        """The facts of the host; ``test`` also tests its live generation with nginx."""
        return self._module("hardened.nginx_edge.nginx_info", self._facts_options(task_vars, test=test), task_vars)

    def _facts_options(self, task_vars: dict[str, Any], *, test: bool) -> dict[str, Any]:
        inputs = self._inputs(task_vars)
        repository = inputs.value("nginx_repository", DISTRIBUTION)
        streams = any(inputs.value(name, None) for name in USERS_OF_STREAMS)
        return {"repository": repository, "streams": streams, "test": test}

    def _checked(
        self, target: Target, task_vars: dict[str, Any], *, live: Sequence[str] = (), ask_host: bool = True
    ) -> CheckedModel:
        """The checked model of this host. A run reads and checks it once, and again if something has changed.

        :param live: names of the sites of the live generation.
        :param ask_host: ask the host's certbot for the profiles of the authority, if the model has one.
        """
        host, hosts = task_vars["inventory_hostname"], sorted(task_vars["groups"]["all"])
        inputs = self._inputs(task_vars)
        variables = inputs.variables()
        folder = inputs.sites_folder(variables)
        model = {name: value for name, value in variables.items() if name in model_options()}
        places = {name: position_of(task_vars.get(name)) for name in model}  # warnings contain them
        read_sites = functools.cache(lambda: read_site_files(folder, inputs.read_site_file))
        # The bytes of files with expressions do not determine their content, so these files have to be read again.
        contents = digest_of_site_files(folder) or [[file.name, file.content] for file in read_sites().sites]
        service_options = inputs.service_options()
        own = host if differs_by_host(model) else ""
        inventory = (own, hosts, task_vars.get("inventory_dir"))
        key = fingerprint(target, model, places, contents, inventory, service_options, list(live), ask_host)

        def check() -> CheckedModel:
            read = read_sites()
            planned = plan(
                model_options(),
                variables,
                target,
                inputs.exists,
                read.sites,
                read_file=inputs.read_file,
                inventory=Inventory(host, frozenset(hosts)),
                service_options=service_options,
            )
            locate = Origins(task_vars, position_of, planned.files, folder)
            problems = (*inputs.wrong_role_variables(), *read.problems, *planned.problems)
            problems = problems or tuple(check_removals(planned.edge, live))
            if not problems and ask_host:
                problems = self._refused_profiles(planned, task_vars)
            if problems:
                raise _FailedError({"msg": error_message(problems, locate)})
            try:
                built = build(planned.edge, target, TEMPLATES, hash_password)
            except OSError as error:
                raise _FailedError({"msg": f"the controller cannot hash passwords: {error}"}) from error
            warnings = [located(one, locate) for one in (*read.warnings, *planned.warnings)]
            return CheckedModel(plain(planned, built.content, warnings), built.content, built.user_files)

        return checked_once(Path(C.DEFAULT_LOCAL_TMP), key, check)

    def _deploy(self, checked: CheckedModel, facts: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        content, generations = checked.content, facts["generations"]
        live, running = generations["live"], generations["running"]
        users_there = all(
            facts["user_files"].get(name) == digest_of(text.encode()) for name, text in checked.user_files.items()
        )
        unchanged = generations["digest"] == content.digest and not generations["drift"] and users_there
        if facts["nginx"]["installed"] and unchanged:
            # If an earlier run was interrupted between switch and reload, this run completes it.
            proven = live == running == generations["answered"]
            kept = {"generation": live, "previous": live, "edge_warnings": generations["edge_warnings"]}
            return {"changed": not proven, **kept, "changes": {}, "tested": True, "sent": 0}
        payload = pack(dataclasses.replace(content, made_by=_operator()))
        outcome = self._module(
            "hardened.nginx_edge.nginx_generation",
            {
                "payload": payload,
                "allow_restart": checked.plan["settings"]["allow_restart"],
                "user_files": checked.user_files,
            },
            task_vars,
        )
        names = ("changed", "generation", "previous", "diff", "edge_warnings", "changes", "tested")
        result: dict[str, Any] = {name: outcome[name] for name in names if name in outcome}
        if not outcome["tested"]:
            result["edge_warnings"] = ["nginx: is not installed yet; the configuration was rendered, but not tested"]
        return {**result, "sent": len(payload)}

    def _inputs(self, task_vars: Mapping[str, Any]) -> Inputs:
        return Inputs(task_vars, self._templar, self._loader)

    def _refused_profiles(self, planned: Plan, task_vars: dict[str, Any]) -> tuple[Problem, ...]:
        """Profiles that certbot or the ACME server does not support; the host is queried only if the model has one."""
        if planned.authority is None or not profiles_of(planned.edge):
            return ()
        asked = {name: planned.authority[name] for name in ("directory_url", "ca_bundle")}
        facts = self._module("hardened.nginx_edge.certbot_info", asked, task_vars)
        return tuple(check_profiles(planned.edge, facts["version"], facts["profiles"]))

    def _module(self, name: str, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(module_name=name, module_args=arguments, task_vars=task_vars)
        if result.get("failed"):
            raise _FailedError({"msg": f"{name} failed", **_without_traceback(result)})
        return result


def _operator() -> str:
    """User and host name of the controller, which are stored in the generation to identify the run."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return f"?@{socket.gethostname()}"  # the account of a container may have no name


def _without_traceback(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in ("exception", "invocation")}
