# SPDX-License-Identifier: GPL-3.0-or-later
"""Version of the collection; a test compares it with galaxy.yml."""

from __future__ import annotations

VERSION = "0.1.0"
