# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup plugin: reads the text or the file, and calls the core to get the fingerprints of the keys."""

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_key
author: hardened.nginx_edge contributors (@hardened)
version_added: 0.1.0
short_description: Read the signing key of a package repository and verify its fingerprint
description:
  - Returns ASCII-armored public OpenPGP keys after it compared their fingerprints with the allowed fingerprints.
  - Does not require C(gpg), neither on the controller nor on the host.
options:
  _terms:
    description:
      - An ASCII-armored text, or the path of a file on the controller that contains one.
      - A relative path is searched in the parent directory of the inventory directory, then in the current directory
        (each also in C(files/)), and then in the inventory directory.
    required: true
  fingerprints:
    description: Fingerprints of the allowed keys. Spaces and case are ignored.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Trust the repository of nginx.org
  ansible.builtin.copy:
    content: "{{ lookup('hardened.nginx_edge.signing_key', 'files/nginx_signing.key', fingerprints=known) }}"
    dest: /etc/apt/keyrings/nginx.asc
    mode: '0644'
  vars:
    known: [573BFD6B3D8FBC641079A6ABABF5BD827BD9BF62]
"""

RETURN = r"""
_raw:
  description: The keys of each term, as one ASCII-armored block without text around it.
  type: list
  elements: str
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.files import find
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.controller.signing_keys import (
    NotAKeyError,
    read_keys,
)


class LookupModule(LookupBase):
    """See the documentation above."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        allowed = {"".join(one.split()).upper() for one in self.get_option("fingerprints")}
        return [_trusted(str(term), allowed, (variables or {}).get("inventory_dir")) for term in terms]


def _trusted(term: str, allowed: set[str], inventory: str | None) -> str:
    if not term.strip():
        raise AnsibleError("the repository has no key: give its file on the controller, or its text")
    text, name = _read(term, inventory)
    try:
        keys = read_keys(text)
    except NotAKeyError as error:
        raise AnsibleError(f"{name} is not the key of a repository: {error}") from error
    strangers = [one for one in keys.fingerprints if one not in allowed]
    if strangers:
        raise AnsibleError(
            f"{name} holds the key {', '.join(strangers)}, which is not a trusted signing key of the repository"
            f" ({', '.join(sorted(allowed))})"
        )
    return keys.armored


def _read(term: str, inventory: str | None) -> tuple[str, str]:
    """The text, and its name for error messages."""
    if "-----BEGIN PGP" in term:
        return term, "the text given"
    try:
        path = find(term, inventory, os.getcwd())
        with open(path, encoding="utf-8") as stream:
            return stream.read(), path
    except (OSError, UnicodeDecodeError) as error:
        raise AnsibleError(f"the key {term} cannot be read: {error}") from error
