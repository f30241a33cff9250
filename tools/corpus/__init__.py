# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of requests of ``molecule/guarantees``: reading it, sending it, judging what came of it."""
