#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the images of the test hosts: build.sh STAGE:SUITE…   (as in: build.sh host:bookworm edge:trixie)
# An image is built again only when its files, or those of the image below it, changed. Images of one call are built side by side.
set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"

stages="$repository/tests/hosts"
state="$work_directory/images"
label=nginx-edge.inputs
machine_authorities=/etc/ssl/certs/ca-certificates.crt
mkdir -p "$state"

parent_of() {
    case $1 in
    debian) ;;
    base) say debian ;;
    host | client | repository) say base ;;
    acme | backend | controller | edge) say host ;;
    applications | bench) say edge ;;
    *) die "no stage '$1' (debian, base, host, edge, backend, acme, applications, bench, client, controller, repository)" ;;
    esac
}

# The digest of everything that the image is made from.
inputs_of() {
    local stage=$1 suite=$2 parent
    parent=$(parent_of "$stage")
    {
        say "$suite"
        [ -z "$parent" ] || inputs_of "$parent" "$suite"
        cd "$stages/$stage"
        find . -type f -not -path '*/node_modules/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d' ' -f1
}

image_inputs() {
    docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null || say none
}

run_logged() {
    local log=$1
    shift
    "$@" >>"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        die "this failed: $*  (log: $log)"
    }
}

# official_image SUITE: the one that everything else is built on.
official_image() {
    case $1 in
    jammy) say ubuntu:22.04 ;;
    noble) say ubuntu:24.04 ;;
    *) say "debian:$1-slim" ;;
    esac
}

# Prints the Dockerfile of that image. From 24.04 on, Ubuntu starts sshd at the first connection (ssh.socket); on the test hosts it
# runs from the start, as on Debian.
from_official() {
    say "FROM $1"
    if [[ $1 == ubuntu:* ]]; then
        say "RUN mkdir -p /etc/systemd/system && ln -s /dev/null /etc/systemd/system/ssh.socket"
    fi
}

# The official image, or one like it where no registry has it for this machine; Ubuntu's is only pulled.
obtain_debian() {
    local suite=$1 inputs=$2 log=$3 official started=$SECONDS way
    official=$(official_image "$suite")
    if docker image inspect "$official" >/dev/null 2>&1; then
        way="is here already"
    elif "$repository/tests/hosts/pull.sh" "$official" "$log" 2>"$log.reason"; then
        way="pulled in $((SECONDS - started)) s"
    elif [[ $official == ubuntu:* ]]; then
        die "cannot pull $official: $(cat "$log.reason")"
    else
        bootstrap "$suite" "$inputs" "$log"
        say "image $official … made with mmdebstrap in $((SECONDS - started)) s, because it cannot be pulled: $(cat "$log.reason")"
        return
    fi
    from_official "$official" |
        run_logged "$log" docker build --label "$label=$inputs" --tag "nginx-edge/debian:$suite" -
    say "image $official … $way"
}

bootstrap() {
    local suite=$1 inputs=$2 log=$3 archive="$state/bootstrap-$1.tar" options=()
    "$repository/tools/prerequisites.sh" bootstrap
    # Testing's Release file expires within days, and mirrors keep older ones.
    if [ "$suite" = forky ]; then
        options=(--aptopt='Acquire::Check-Valid-Until "false"')
    fi
    # A user's PATH may lack the folders of mmdebstrap's tools.
    PATH=$PATH:/usr/sbin:/sbin run_logged "$log" mmdebstrap --variant=minbase \
        --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' "${options[@]}" \
        "$suite" "$archive"
    run_logged "$log" docker import "$archive" "nginx-edge/bootstrap:$suite"
    rm -f "$archive"
    build_stage debian "$suite" "$inputs" "$log"
    run_logged "$log" docker rmi "nginx-edge/bootstrap:$suite"
}

# build_stage STAGE SUITE INPUTS LOG [TARGET]: with a target, only that stage of the Dockerfile, which the whole build then finds in the cache.
build_stage() (
    stage=$1 suite=$2 inputs=$3 log=$4 target=${5:-}
    arguments=(--build-arg "SUITE=$suite")
    context=$(mktemp -d "$state/context.XXXXXX")
    trap 'rm -rf "$context"' EXIT
    cp -R "$stages/$stage/." "$context"
    if [[ $stage == backend || $stage == applications ]]; then
        : >"$context/ca.crt"
        [ ! -r "$machine_authorities" ] || cp "$machine_authorities" "$context/ca.crt"
    fi
    if [ -n "$target" ]; then
        arguments+=(--target "$target")
    else
        arguments+=(--label "$label=$inputs" --tag "nginx-edge/$stage:$suite")
    fi
    run_logged "$log" docker build "${arguments[@]}" "$context"
)

build() {
    local stage=$1 suite=$2 inputs=$3 log="$state/$1-$2.log" parent modules
    : >"$log"
    parent=$(parent_of "$stage")
    case $stage in
    debian) obtain_debian "$suite" "$inputs" "$log" ;;
    backend)
        # Node's modules need the base only: they are fetched while the host is built.
        ensure base "$suite"
        build_stage backend "$suite" "$inputs" "$log" modules &
        modules=$!
        ensure "$parent" "$suite"
        wait "$modules"
        build_stage backend "$suite" "$inputs" "$log"
        ;;
    *)
        ensure "$parent" "$suite"
        build_stage "$stage" "$suite" "$inputs" "$log"
        ;;
    esac
}

# One process at a time makes an image; whoever else needs it waits and finds it made.
ensure() {
    local stage=$1 suite=$2 asked=${3:-} inputs started=$SECONDS
    inputs=$(inputs_of "$stage" "$suite")
    (
        flock 9
        if [ "$(image_inputs "nginx-edge/$stage:$suite")" != "$inputs" ]; then
            build "$stage" "$suite" "$inputs"
            [ "$stage" = debian ] || say "image $stage:$suite … built in $((SECONDS - started)) s"
        elif [ -n "$asked" ]; then
            say "image $stage:$suite … reused"
        fi
    ) 9>"$state/$stage-$suite.lock"
}

[ $# -gt 0 ] || die "usage: build.sh STAGE:SUITE…  (stages: debian, base, host, edge, backend, acme, applications, client, controller, repository)"
"$repository/tools/engine.sh"
jobs=()
for image in "$@"; do
    [[ $image == *:* ]] || die "'$image' is not of the form STAGE:SUITE"
    parent_of "${image%%:*}" >/dev/null
    ensure "${image%%:*}" "${image##*:}" asked &
    jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do
    wait "$job" || failed=1
done
exit "$failed"
