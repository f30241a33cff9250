# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Attributes that every module documents; each module adds ``support`` to them."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Reports what would be done, and changes nothing.
  diff_mode:
    description: Shows the difference between the current and the new state.
  idempotent:
    description: A second run with the same options changes nothing.
  platform:
    description: Operating systems that the module supports.
    platforms: debian
"""
