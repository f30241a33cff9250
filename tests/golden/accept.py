# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the text of golden cases anew, after a change that was meant; read the diff before you commit it.

``python -m tests.golden.accept [CASE/TARGET …]``: without arguments all that are there; a name makes a new one.
"""

from __future__ import annotations

import shutil
import sys

from ansible_collections.hardened.nginx_edge.tests.unit.models import GOLDEN, TARGETS
from ansible_collections.hardened.nginx_edge.tests.unit.whole.test_golden import CASES, render_case


def main(arguments: list[str]) -> None:
    """Entry point."""
    named = [argument.split("/") for argument in arguments] or [[case.name, target] for case, target in CASES]
    for case, target in named:
        if target not in TARGETS:
            sys.exit(f"accept: '{target}' is not a target ({', '.join(TARGETS)})")
        folder = GOLDEN / case / target
        files = render_case(GOLDEN / case, target)
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
