# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/model.md, the reference of the model, from the argument spec of the role edge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
SPEC = REPOSITORY / "roles" / "edge" / "meta" / "argument_specs.yml"
REFERENCE = REPOSITORY / "docs" / "model.md"
HEAD = """# The model

Every option, generated from `roles/edge/meta/argument_specs.yml` by `make reference`. Lists are keyed by `name`; an
unknown key is an error. A time is one of nginx's such as `30s`, a size one such as `10m`.
"""


def reference() -> str:
    """The text of docs/model.md."""
    options = yaml.safe_load(SPEC.read_text(encoding="utf-8"))["argument_specs"]["model"]["options"]
    return "\n".join([HEAD, *_table("Variables", options), *_sections(options, "")])


def _sections(options: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, option in options.items():
        if option.get("options"):
            place = f"{path}{name}" + ("[]" if option["type"] == "list" else "")
            yield from _table(f"`{place}`", option["options"])
            yield from _sections(option["options"], f"{place}.")


def _table(title: str, options: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## {title}", "", "| Option | Type | Default | What it is |", "|---|---|---|---|")
    yield from (
        f"| `{name}` | {_type(option)} | {_default(option)} | {_text(option)} |" for name, option in options.items()
    )
    yield ""


def _type(option: Mapping[str, Any]) -> str:
    if "choices" in option:
        return " \\| ".join(f"`{choice}`" for choice in option["choices"])
    return f"list of {option['elements']}" if option["type"] == "list" else str(option["type"])


def _default(option: Mapping[str, Any]) -> str:
    if option.get("required"):
        return "**required**"
    default = option.get("default")
    if default in (None, "", [], {}):
        return "none"
    written = yaml.safe_dump(default, default_flow_style=True, width=1000).strip()
    return f"`{written.removesuffix('...').strip()}`"


def _text(option: Mapping[str, Any]) -> str:
    description = option["description"]
    text = description if isinstance(description, str) else " ".join(description)
    text = re.sub(r"\b[CV]\(([^)]*(?:\([^)]*\))?[^)]*)\)", r"`\1`", text)
    return re.sub(r"\bO\(([^)]*)\)", r"`\1`", text).replace("|", "\\|")


if __name__ == "__main__":
    REFERENCE.write_text(reference(), encoding="utf-8")
