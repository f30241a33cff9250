# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ansible-test downloads, on machines that cannot reach it.

ansible-test runs it inside an empty virtual environment with pip's options and the packages it wants. Python's own
ensurepip brings a pip, and that pip installs the packages from wherever this machine gets its packages.
"""

from __future__ import annotations

import subprocess
import sys

# Options of get-pip that pip itself does not know.
GET_PIP_ONLY = frozenset({"--no-setuptools", "--no-wheel"})


def main() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument not in GET_PIP_ONLY]
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
    return subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
