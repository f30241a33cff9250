# SPDX-License-Identifier: GPL-3.0-or-later
"""Hidden files and symbolic links of others are not served, from whichever location."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.plugin_utils.policy.test_access_rules import site

HIDDEN = r"location ~ /\.(?!well-known(?:/|$)) {"
ROOT: dict[str, Any] = {"path": "/", "root": "/srv/www"}


@pytest.mark.parametrize(
    "location",
    [ROOT, {"path": "/files/", "alias": "/srv/files/"}, {"path": r"\.css$", "match": "regex", "root": "/srv/www"}],
)
def test_hidden_files_are_refused_inside_the_location(location: dict[str, Any]) -> None:
    text = site(location)
    assert text.count(HIDDEN) == 1
    assert "        " + HIDDEN in text
    assert HIDDEN not in site({**location, "hidden_files": True})


def test_links_are_followed_by_their_owner() -> None:
    assert "disable_symlinks if_not_owner from=/srv/www;" in site(ROOT)
    assert "disable_symlinks if_not_owner from=/srv/files/;" in site({"path": "/files/", "alias": "/srv/files/"})
    assert "disable_symlinks off;" in site({**ROOT, "disable_symlinks": "off"})
    assert "disable_symlinks on from=/srv/www;" in site({**ROOT, "disable_symlinks": "on"})


def test_a_proxied_location_has_no_files() -> None:
    text = site({"path": "/", "upstream": "app"})
    assert HIDDEN not in text
    assert "disable_symlinks" not in text
