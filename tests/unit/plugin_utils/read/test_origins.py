# SPDX-License-Identifier: GPL-3.0-or-later
"""File and line of a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.origins import (
    Origins,
    line_in_file,
    position_in_variables,
    steps,
)


class Text(str):
    """A text that knows its line, as Ansible's do."""

    line = 0


def at(line: int, text: str) -> Text:
    made = Text(text)
    made.line = line
    return made


def position(value: Any) -> tuple[str, int] | None:
    return ("/ops/prod/sites.yml", value.line) if isinstance(value, Text) else None


VARIABLES: dict[str, Any] = {
    at(99, "edge_sites"): [
        {at(3, "name"): at(3, "a.test"), at(4, "locations"): [{at(5, "path"): at(5, "/"), at(6, "websocket"): True}]},
    ],
    at(98, "edge_gzip"): False,
}


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("edge_sites[0] (a.test).locations[0].websocket", 6),
        ("edge_sites[0] (a.test).locations[0].upstream", 4),  # it is missing
        ("edge_sites[0] (a.test).name", 3),
    ],
)
def test_a_place_in_variables(place: str, line: int) -> None:
    assert position_in_variables(place, VARIABLES, position) == ("/ops/prod/sites.yml", line)


@pytest.mark.parametrize("place", ["edge_gzip", "edge_acme.email", "nginx_open_file"])
def test_a_place_that_is_not_known(place: str) -> None:
    """The key of a variable may come from another file, so it does not count."""
    assert position_in_variables(place, VARIABLES, position) is None


def test_steps() -> None:
    assert steps("edge_sites[10] (*.a.test).response_headers.set.X-A") == [
        "edge_sites",
        10,
        "response_headers",
        "set",
        "X-A",
    ]


@pytest.mark.parametrize(
    ("path", "line"), [(["name"], 2), (["locations", 1, "path"], 5), (["locations", 0, "missing"], 4), (["aliases"], 2)]
)
def test_a_place_in_a_file(path: list[str | int], line: int) -> None:
    text = "---\nname: a.test\nlocations:\n  - {path: /}\n  - path: /b\n    upstream: {{ app }}\n".replace(
        "{{ app }}", "app"
    )
    assert line_in_file(text, path) == line


def test_a_path_inside_the_current_folder_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "prod" / "sites.d"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text("name: a.test\nhttps: nonsense\n", encoding="utf-8")
    origins = Origins({}, position, {"edge_sites[0] (a.test)": "sites.d/a.yml"}, folder)
    assert origins("edge_sites[0] (a.test).https") == "prod/sites.d/a.yml:2"
    assert origins("edge_sites[1] (b.test)") == ""
