#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes sure that a Docker engine answers: the one that runs, or one installed and started here.
set -euo pipefail
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

pid_file=/var/run/docker.pid
engine_log="$work_directory/dockerd.log"

engine_answers() {
    command -v docker >/dev/null && timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# An engine that was killed leaves its process id behind, and the next one refuses to start because of it.
remove_stale_pid_file() {
    local pid
    [ -f "$pid_file" ] || return 0
    pid=$(cat "$pid_file")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
        rm -f "$pid_file"
    fi
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        systemctl start docker
        return
    fi
    remove_stale_pid_file
    # Detached, with no pipe of the caller held: the engine outlives this script.
    (cd / && setsid --fork dockerd >"$engine_log" 2>&1 </dev/null)
}

wait_for_engine() {
    local attempt
    for attempt in $(seq 60); do
        if engine_answers; then
            say "the Docker engine answers (attempt $attempt)"
            return
        fi
        sleep 0.5
    done
    if [ -f "$engine_log" ]; then
        tail -n 20 "$engine_log" >&2
    fi
    die "the Docker engine was started and does not answer after 30 s"
}

# Every systemd uses several inotify instances, and the kernel counts those of all containers together.
allow_inotify_instances() {
    local setting=/proc/sys/fs/inotify/max_user_instances wanted=1024 current
    current=$(cat "$setting" 2>/dev/null) || return 0
    [ "$current" -lt "$wanted" ] || return 0
    if [ "$(id -u)" -eq 0 ] && { echo "$wanted" >"$setting"; } 2>/dev/null; then
        say "raised fs.inotify.max_user_instances from $current to $wanted, until the next boot: each test host uses several"
    else
        say "fs.inotify.max_user_instances is $current, too low for many test hosts: sudo sysctl fs.inotify.max_user_instances=$wanted"
    fi
}

if ! engine_answers; then
    "$repository/tools/prerequisites.sh" containers
    if ! command -v docker >/dev/null; then
        # From Debian 13 on the client is a separate package.
        install_packages docker-cli
    fi
    start_engine
    wait_for_engine
fi
allow_inotify_instances
