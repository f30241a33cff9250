# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the site of the documentation: docs/, and antsibull-docs' reference of roles and plugins."""
