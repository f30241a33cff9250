# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.tls.spec import certificates_documentation


class ModuleDocFragment:
    """The option with the certificates of the plan, which the certificate modules share."""

    # The annotation is necessary: ansible-test expects a literal in an assignment without one.
    DOCUMENTATION: str = certificates_documentation()
