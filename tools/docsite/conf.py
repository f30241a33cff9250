# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration of the site."""

from __future__ import annotations

project = "hardened.nginx_edge"
author = "hardened.nginx_edge contributors"
copyright = author  # noqa: A001 - Sphinx's name
html_title = "hardened.nginx_edge"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
default_role = "any"
nitpicky = True

# Anchors as in the repository's view of a page: links such as model.md#edge_sites work in both.
myst_heading_anchors = 4
myst_links_external_new_tab = False

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_use_index = False
pygments_style = "friendly"
