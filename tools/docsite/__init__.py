# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the site of the documentation: the pages of docs/, and the reference of roles and plugins by antsibull-docs."""
