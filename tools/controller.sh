#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a nox session in a container, with the Python that its version of ansible-core needs: controller.sh SESSION [ARGUMENT…]
# (as in: controller.sh units-2.21 tests/unit/playbooks). A report of pytest is written to .cache/test.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

session=$1
shift
case $session in
*-2.16 | *-2.17 | *-2.18 | *-2.19) suite=bookworm ;; # Python 3.11
*) suite=trixie ;;                                   # Python 3.13
esac
authorities=/etc/ssl/certs/ca-certificates.crt
nox=$(grep -x 'nox==.*' "$repository/requirements-dev.txt")
mkdir -p "$work_directory/test"
"$repository/tests/hosts/build.sh" "controller:$suite" >/dev/null

# The container gets the files that git knows, with their changes.
cd "$repository"
git ls-files --cached --others --exclude-standard -z | while IFS= read -r -d '' file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --create --null --files-from=- | docker run --rm --interactive \
    --volume "$authorities:$authorities:ro" --volume "$work_directory/test:$work_directory/test" \
    --env "AUTHORITIES=$authorities" --env PYTEST_ADDOPTS --env "NOX=$nox" --env "SESSION=$session" \
    "nginx-edge/controller:$suite" bash -c '
        set -euo pipefail
        printf "[global]\ncert = %s\n" "$AUTHORITIES" >/etc/pip.conf # ansible-test hides PIP_CERT from pip
        mkdir -p /srv/nginx_edge && cd /srv/nginx_edge && tar --extract
        git init --quiet && git add --all
        mkdir -p .cache/collections/ansible_collections/hardened
        ln -s ../../../.. .cache/collections/ansible_collections/hardened/nginx_edge
        python3 -m venv /opt/nox && /opt/nox/bin/pip install --quiet "$NOX"
        exec /opt/nox/bin/nox --session "$SESSION" -- "$@"' bash "$@"
