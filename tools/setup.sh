#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the developer's set-up: .venv with the pinned tools, and the path by which Ansible finds this tree as a collection.
# Safe to run again: it does nothing when nothing changed.
# setup.sh bench also makes the environment that draws the plots of the benchmarks.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

link_collection() {
    local parent="$work_directory/collections/ansible_collections/hardened"
    mkdir -p "$parent"
    ln -sfn ../../../.. "$parent/nginx_edge"
}

# make_environment FOLDER REQUIREMENTS
make_environment() {
    local environment=$1 requirements=$2 python log="$work_directory/pip.log" wanted
    wanted=$(sha256sum <"$requirements")
    if [ -x "$environment/bin/python" ] && [ "$(cat "$environment/requirements.sha256" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    python=$("$repository/tools/python.sh")
    say "making ${environment#"$repository/"} with $("$python" --version) …"
    "$python" -m venv --clear "$environment"
    # Compiling thirty thousand files of Ansible's collections takes longer than installing them; Python compiles what it uses.
    "$environment/bin/python" -m pip install --no-compile --disable-pip-version-check --no-input \
        --requirement "$requirements" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "could not install the tools of $(basename "$requirements") (log: $log)"
    }
    printf '%s\n' "$wanted" >"$environment/requirements.sha256"
}

"$repository/tools/prerequisites.sh" setup
link_collection
make_environment "$repository/.venv" "$repository/requirements-dev.txt"
make_environment "$work_directory/analysers" "$repository/requirements-analysers.txt"
[ "${1:-}" != bench ] || make_environment "$work_directory/bench/environment" "$repository/requirements-bench.txt"
