# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks with the ansible-core of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .models import ROOT

PROGRAMS = Path(sys.executable).parent
"""Directory of ``ansible-playbook`` and ``ansible-vault``."""
LOCAL = f"edge-1 ansible_connection=local ansible_python_interpreter={sys.executable}\n"
"""An inventory file whose only host is this machine."""


def run(
    folder: Path, *arguments: str | Path, settings: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``ansible-playbook``.

    :param folder: directory in which it runs; it also contains its home.
    :param settings: environment variables besides those of this process, for example ``ANSIBLE_JINJA2_NATIVE``.
    :returns: exit code and output, not checked.
    """
    return subprocess.run(
        [PROGRAMS / "ansible-playbook", *arguments],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "NO_COLOR": "1",
            **(settings or {}),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
