# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of the recipes for applications: what is sent, what must come back, what must reach the application.

``tests/golden/cookbook/applications/requests/README.md`` describes the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .expand import filled
from .rows import Row, named_once, read_rows


@dataclass(frozen=True)
class Requests:
    """The file of a recipe.

    :param files: path -> text of files that the edge serves.
    :param links: path -> target of symbolic links among them.
    :param answers: of the application, for paths that do not say it in their query.
    :param claims: what the rows show, in words.
    :param session: what ``tests/containers/real`` does with the application itself; empty if it is not run there.
    :param quick: whether ``make test`` sends them, too.
    """

    files: Mapping[str, str]
    links: Mapping[str, str]
    answers: Sequence[Mapping[str, Any]]
    claims: Sequence[str]
    rows: Sequence[Row]
    session: str
    quick: bool


def read_requests(path: Path, host: str) -> Requests:
    """The requests of a recipe.

    :param host: the site of rows that name none.
    """
    file: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    claims = [str(row["name"]) for row in file["rows"]]
    file["defaults"] = {"host": host, **file.get("defaults", {})}
    rows = named_once(read_rows(path.stem, file, {}))
    return Requests(
        files=file.get("files", {}),
        links=file.get("links", {}),
        answers=filled(file.get("answers", []), {}),
        claims=claims,
        rows=rows,
        session=file.get("session", ""),
        quick=bool(file.get("quick")),
    )
