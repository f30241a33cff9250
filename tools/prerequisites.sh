#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Finds out which packages of this machine are missing, and installs them as root: prerequisites.sh PURPOSE…
# Purposes: setup (make setup), checks (make check), containers (an engine, and what makes the images of the test hosts),
# bootstrap (what makes an image without a registry). Whoever is not root gets all missing packages and one command.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

missing=()
unsuitable=

# need COMMAND PACKAGE…: the packages are missing when there is no such command.
need() {
    local command=$1
    shift
    PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || missing+=("$@")
}

for_setup() {
    local python name
    need ssh openssh-client
    if ! python=$("$repository/tools/python.sh" 2>/dev/null); then
        if command -v python3 >/dev/null; then
            # Only its distribution knows what the package of a newer one is called.
            unsuitable="Python 3.11 or newer is needed, and $(python3 --version) is too old"
        else
            missing+=(python3 python3-venv)
        fi
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        name=$(basename "$python")
        [ "$(readlink -f "$(command -v python3)")" != "$(readlink -f "$python")" ] || name=python3
        missing+=("$name-venv")
    fi
}

for_checks() {
    need git git
    need shellcheck shellcheck
}

engine_answers() {
    command -v docker >/dev/null && timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

for_containers() {
    local suite=trixie
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates) # test hosts get a copy, for pip
    if ! engine_answers; then
        need dockerd docker.io iptables
        # Without an engine no registry can be asked.
        for_bootstrap
    elif ! command -v mmdebstrap >/dev/null &&
        ! docker image inspect "nginx-edge/debian:$suite" >/dev/null 2>&1 &&
        ! "$repository/tests/hosts/pull.sh" "debian:$suite-slim" "$work_directory/pull.log" 2>/dev/null; then
        for_bootstrap
    fi
}

for_bootstrap() {
    need mmdebstrap mmdebstrap
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
    # mmdebstrap works without root in a user namespace.
    [ "$(id -u)" -eq 0 ] || need newuidmap uidmap
}

check_user_namespaces() {
    [ "$(id -u)" -ne 0 ] || return 0
    if ! grep -q "^$(id -un):" /etc/subuid 2>/dev/null || ! unshare --user true 2>/dev/null; then
        die "no registry answers, and $(id -un) cannot make images with mmdebstrap: that takes user namespaces and a line in" \
            "/etc/subuid and /etc/subgid. Run as root once: tests/hosts/build.sh $(images_of_scenarios)"
    fi
}

# All images that make test uses.
images_of_scenarios() {
    sed -n 's,^ *image: nginx-edge/,,p' "$repository"/molecule/*/molecule.yml | sort -u | paste -sd' '
}

for purpose in "$@"; do
    case $purpose in
    setup) for_setup ;;
    checks) for_checks ;;
    containers) for_containers ;;
    bootstrap) for_bootstrap ;;
    *) die "no purpose '$purpose' (setup, checks, containers, bootstrap)" ;;
    esac
done
[ -z "$unsuitable" ] || die "$unsuitable${missing[*]:+; missing packages: ${missing[*]}}"
if [ ${#missing[@]} -gt 0 ]; then
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
    install_packages "${missing[@]}"
fi
for purpose in "$@"; do
    if [ "$purpose" = containers ] && [ "$(id -u)" -ne 0 ] && ! engine_answers; then
        die "no Docker engine answers to $(id -un); start it and join the group docker, or run this as root"
    fi
    [ "$purpose" != bootstrap ] || check_user_namespaces
done
