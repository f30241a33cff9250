#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs shellcheck over the shell scripts of the repository.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$repository/tools/prerequisites.sh" checks
cd "$repository"
exec shellcheck --external-sources .ci/run tools/*.sh tests/hosts/*.sh tests/hosts/debian/*.sh tests/hosts/repository/*.sh
