# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module states about itself; a module adds ``support`` to each."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Says what would be done, and changes nothing.
  diff_mode:
    description: Shows the difference between what is there and what would be.
  idempotent:
    description: A second run with the same input changes nothing.
  platform:
    description: Systems the module runs on.
    platforms: debian
"""
