# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a whole edge on this machine, with its own backend and certificate authority."""
