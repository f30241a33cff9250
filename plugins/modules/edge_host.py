#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: edge_host
short_description: Write a table of files, and read the state of packages and units
version_added: 0.1.0
description:
  - Creates directories, writes files, creates links and removes files, all in one call. Everything belongs to root.
  - Paths below C(/etc/systemd) are skipped on a host without systemd.
  - After that, reads which packages are installed, and which systemd units run, so that a role runs the tasks for
    packages and units only where they have something to do. It can also read a response of a service, or wait for it.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  write:
    description: Change the host. With V(false), the module only compares, and RV(written) is what it would change.
    type: bool
    default: true
  requires_systemd:
    description: Change nothing on a host without systemd.
    type: bool
    default: false
  directories:
    description: Directories that should exist.
    type: list
    elements: dict
    default: []
    suboptions:
      path: &path
        description: Absolute path.
        type: path
        required: true
      mode:
        description: Permissions as an octal number.
        type: str
        default: "0755"
      keep_owner:
        description: Keep the owner and the group of a directory that exists.
        type: bool
        default: false
  files:
    description: Files that should exist, or not.
    type: list
    elements: dict
    default: []
    suboptions:
      path: *path
      content:
        description: Content of the file.
        type: str
        default: ""
      state:
        description: V(absent) removes the file.
        type: str
        choices: [present, absent]
        default: present
      mode:
        description: Permissions as an octal number.
        type: str
        default: "0644"
      with_packages:
        description: The file should exist only if one of these packages is installed.
        type: list
        elements: str
        default: []
  links:
    description: Symbolic links that should exist. Their targets need not exist.
    type: list
    elements: dict
    default: []
    suboptions:
      path: *path
      target:
        description: Target of the link.
        type: str
        required: true
  packages:
    description: Packages to look up; V(name=version) also compares the version, which may contain C(*).
    type: list
    elements: str
    default: []
  units:
    description: systemd units to look up. Without systemd, none is returned.
    type: list
    elements: str
    default: []
  responses:
    description: Responses of services of this host. Check mode does not read them.
    type: list
    elements: dict
    default: []
    suboptions:
      url:
        description: URL with the scheme C(http).
        type: str
        required: true
      line:
        description: A line that the body of the response must contain.
        type: str
        required: true
      timeout:
        description: Seconds to wait.
        type: int
        default: 30
  wait:
    description: Wait for O(responses), and fail without them. With V(false), each is read once, for RV(responded).
    type: bool
    default: true
author:
  - hardened.nginx_edge contributors (@hardened)
"""

EXAMPLES = r"""
- name: Write the settings of the exporter
  hardened.nginx_edge.edge_host:
    files:
      - path: /etc/default/prometheus-nginx-exporter
        content: "{{ lookup('ansible.builtin.template', 'default.j2') }}"
    packages: [prometheus-nginx-exporter]
    units: [prometheus-nginx-exporter.service]
  register: __exporter_host

- name: Install the exporter
  ansible.builtin.apt:
    name: prometheus-nginx-exporter
  when: __exporter_host.missing | length > 0
"""

RETURN = r"""
written:
  description: The paths that were changed, or that would be changed in check mode or with
    O(write=false).
  returned: success
  type: list
  elements: str
  sample: [/etc/default/prometheus-nginx-exporter]
packages:
  description: Those of O(packages) that dpkg knows, with their C(version) and C(status), such as V(installed).
  returned: success
  type: dict
missing:
  description: Those of O(packages) that are not installed, or not in their version.
  returned: success
  type: list
  elements: str
units:
  description:
    - For each of O(units), whether it C(exists), whether it is C(masked), C(enabled), C(active) and C(outdated)
      (systemd has not read its current files), whether it must C(restart) (it was started before one of O(files) that
      it reads was changed), whether it C(runs) (it is enabled and active, and neither of the last two), and the C(pid)
      of its main process or null.
  returned: success
  type: dict
responded:
  description: Whether each of O(responses) had its line. False in check mode.
  returned: success
  type: bool
systemd:
  description: Whether systemd manages the services of the host.
  returned: success
  type: bool
distribution:
  description: The C(id) and the C(codename) of the distribution.
  returned: success
  type: dict
  sample: {id: debian, codename: trixie}
nginx:
  description:
    - Process ID of the nginx C(master), or null if none runs.
    - Its limit of C(open_files), or null if none runs or there is no limit.
  returned: success
  type: dict
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import system
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Host
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.responses import has_line, wait_for_line
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.settings import Table, apply, differences
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.service import (
    master_pid,
    open_files_limit,
    runs_systemd,
)

SYSTEMD_FOLDER = "/etc/systemd/"


def main() -> None:
    """Entry point."""
    path: dict[str, Any] = {"type": "path", "required": True}

    def entries(**options: dict[str, Any]) -> dict[str, Any]:
        return {"type": "list", "elements": "dict", "default": [], "options": {"path": path, **options}}

    response: dict[str, Any] = {
        "url": {"type": "str", "required": True},
        "line": {"type": "str", "required": True},
        "timeout": {"type": "int", "default": 30},
    }
    module = AnsibleModule(
        argument_spec={
            "write": {"type": "bool", "default": True},
            "requires_systemd": {"type": "bool", "default": False},
            "directories": entries(
                mode={"type": "str", "default": "0755"}, keep_owner={"type": "bool", "default": False}
            ),
            "files": entries(
                content={"type": "str", "default": ""},
                state={"type": "str", "choices": ["present", "absent"], "default": "present"},
                mode={"type": "str", "default": "0644"},
                with_packages={"type": "list", "elements": "str", "default": []},
            ),
            "links": entries(target={"type": "str", "required": True}),
            "packages": {"type": "list", "elements": "str", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "responses": {"type": "list", "elements": "dict", "default": [], "options": response},
            "wait": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    host = LocalHost()
    try:
        writes = module.params["write"]
        found = differences(
            host, table_of(module.params, systemd=runs_systemd(host), installed=packages_of_files(host, module.params))
        )
        if writes and not module.check_mode:
            apply(found)
        module.exit_json(
            changed=writes and bool(found),
            written=[one.path for one in found],
            responded=not module.check_mode and responded(host, module.params),
            diff=[one.as_diff() for one in found],
            **state(host, module.params),
        )
    except (EdgeError, OSError) as error:
        module.fail_json(msg=str(error))


def responded(host: Host, given: Mapping[str, Any]) -> bool:
    """Whether each response had its line.

    :raises EdgeError: one had not, and the module waits for them.
    """
    asked = given["responses"]
    if not given["wait"]:
        return all(has_line(host, one["url"], one["line"]) for one in asked)
    for one in asked:
        wait_for_line(host, one["url"], one["line"], one["timeout"])
    return True


def packages_of_files(host: Host, given: Mapping[str, Any]) -> Set[str]:
    """The packages that are installed, of those for which files should exist."""
    names = [name for one in given["files"] for name in one["with_packages"]]
    return {*names}.difference(system.missing(names, system.packages(host, names)))


def table_of(given: Mapping[str, Any], *, systemd: bool, installed: Set[str] = frozenset()) -> Table:
    """The table of the arguments.

    :param systemd: whether the host has it.
    :param installed: result of :func:`packages_of_files`.
    """

    def entries(name: str) -> Iterator[Mapping[str, Any]]:
        return (one for one in given[name] if systemd or not (requires or one["path"].startswith(SYSTEMD_FOLDER)))

    def present(one: Mapping[str, Any]) -> bool:
        return one["state"] == "present" and (
            not one["with_packages"] or not installed.isdisjoint(one["with_packages"])
        )

    requires = given["requires_systemd"]
    return Table(
        {one["path"]: (_mode(one), one["keep_owner"]) for one in entries("directories")},
        {one["path"]: (one["content"], _mode(one)) for one in entries("files") if present(one)},
        {one["path"]: one["target"] for one in entries("links")},
        [one["path"] for one in entries("files") if not present(one)],
    )


def _mode(entry: Mapping[str, Any]) -> int:
    try:
        return int(entry["mode"], 8)
    except ValueError:
        raise EdgeError(f"{entry['path']}: the mode '{entry['mode']}' is not an octal number such as 0644") from None


def state(host: Host, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the module returns about the host."""
    known = system.packages(host, given["packages"])
    master = master_pid(host)
    systemd = runs_systemd(host)
    return {
        "packages": {name: asdict(package) for name, package in known.items()},
        "missing": system.missing(given["packages"], known),
        "units": system.units(host, given["units"], [one["path"] for one in given["files"]]) if systemd else {},
        "systemd": systemd,
        "distribution": system.distribution(host),
        "nginx": {"master": master, "open_files": open_files_limit(host, master)},
    }


if __name__ == "__main__":
    main()
