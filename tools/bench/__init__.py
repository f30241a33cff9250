# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks: how much traffic an edge carries, and how long a change takes. ``make bench`` runs them."""
