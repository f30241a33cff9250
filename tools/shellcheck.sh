#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs shellcheck over the shell scripts of the repository; installs it where it is missing.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! command -v shellcheck >/dev/null; then
    install_packages shellcheck
fi
cd "$repository"
exec shellcheck --external-sources .ci/run tools/*.sh tests/hosts/*.sh tests/hosts/repository/*.sh
