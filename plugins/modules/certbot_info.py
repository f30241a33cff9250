#!/usr/bin/python
# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certbot_info
short_description: Get the certbot version of a host and the profiles of an ACME server
version_added: 0.1.0
author: hardened.nginx_edge contributors (@hardened)
description:
  - Returns the version of certbot that is installed, or that the package manager would install.
  - Reads the profiles from the directory of an ACME server, from the host. This requires no account.
extends_documentation_fragment:
  - hardened.nginx_edge.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
options:
  directory_url:
    description: URL of the ACME server's directory. Without it, no ACME server is queried.
    type: str
  ca_bundle:
    description: File on the host with the CA certificates that verify the TLS certificate of a private ACME server.
    type: path
seealso:
  - module: hardened.nginx_edge.certbot_certificates
"""

EXAMPLES = r"""
- name: Get the profiles of Let's Encrypt
  hardened.nginx_edge.certbot_info:
    directory_url: https://acme-v02.api.letsencrypt.org/directory
  register: certbot
"""

RETURN = r"""
version:
  description: Version of certbot; empty if the package manager has no such package.
  returned: always
  type: str
  sample: 4.0.0
profiles:
  description: Names of the profiles of the ACME server; null if it was not queried or did not answer.
  returned: always
  type: list
  elements: str
  sample: [classic, shortlived, tlsserver]
problem:
  description: Why the ACME server did not answer; empty if it did.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.certbot import read_version
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.acme.directory import read_profiles
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={"directory_url": {"type": "str"}, "ca_bundle": {"type": "path"}}, supports_check_mode=True
    )
    directory_url, ca_bundle = module.params["directory_url"], module.params["ca_bundle"]
    profiles, problem = None, ""
    if directory_url:
        try:
            profiles = read_profiles(directory_url, ca_bundle)
        except OSError as error:
            problem = str(error)
    module.exit_json(changed=False, version=read_version(LocalHost()), profiles=profiles, problem=problem)


if __name__ == "__main__":
    main()
