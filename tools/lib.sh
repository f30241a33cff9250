# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by the shell scripts; sourced, never run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work_directory="$repository/.cache"
mkdir -p "$work_directory"

say() {
    printf '%s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Installs Debian packages on this machine. One installation at a time: scripts run side by side.
install_packages() {
    local log="$work_directory/packages.log"
    if ! command -v apt-get >/dev/null; then
        die "missing packages: $*  (this machine has no apt-get; install what they are called here)"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        die "missing packages; install them with: sudo apt-get install $*"
    fi
    say "missing packages; installing them: apt-get install $*"
    (
        flock 9
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -q &&
            apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
    ) 9>"$work_directory/packages.lock" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "could not install: $*"
    }
}
