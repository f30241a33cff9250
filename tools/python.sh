#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the path of a Python that ansible-core 2.19 runs on.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for candidate in python3 python3.13 python3.12 python3.11; do
    # A version manager's shim may stand on the PATH and still refuse: ask the interpreter itself.
    if path=$("$candidate" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null); then
        say "$path"
        exit 0
    fi
done
die "Python 3.11 or newer is needed and none was found (python3 is $(python3 --version 2>&1 || printf 'missing'))"
