# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reference/errors.md, wrong models with the errors that an operator reads, from tests/mistakes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
MISTAKES = REPOSITORY / "tests" / "mistakes"
ERRORS = REPOSITORY / "docs" / "reference" / "errors.md"
NAMES = {
    "acme": "ACME",
    "grpc": "gRPC",
    "http": "HTTP",
    "http2": "HTTP/2",
    "http3": "HTTP/3",
    "ipv6": "IPv6",
    "tls": "TLS",
}
"""Words of file names that are written otherwise."""
HEAD = """# Errors of the model

Wrong models, and what a run says of them before it changes any host. Generated from `tests/mistakes` by
`make reference`; the tests compare every word.

An error reads `file:line: place: what is wrong; what to write`. A place such as
`edge_sites[2] (www.example.com).locations[0].path` counts from 0. The sites of `sites.d` come after those of
`edge_sites`. The file and the line are missing where Ansible does not know them, for example for `-e name=value`. All
errors of a run are reported together. A record with an error takes no part in checks across records, so those report
its other problems in the next run.
"""


def errors_page() -> str:
    """The text of docs/reference/errors.md."""
    return "\n".join([HEAD, *(line for path in sorted(MISTAKES.glob("*.yml")) for line in _section(path))])


def _section(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    case = yaml.safe_load(text)
    # As it stands in the file, for its layout is part of what one reads.
    model = text.partition("\nmodel:\n")[2].partition("\nerrors:\n")[0]
    title = " ".join(NAMES.get(word, word) for word in path.stem.split("_"))
    yield from (f"## {title[0].upper()}{title[1:]}", "")
    if "target" in case:
        yield from (f"On a host with the nginx of Debian {case['target']}:", "")
    yield from ("```yaml", textwrap.dedent(model), "```", "", "```text", *case["errors"], "```", "")


if __name__ == "__main__":
    ERRORS.write_text(errors_page(), encoding="utf-8")
