#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pulls an image: pull.sh IMAGE LOG. Exit code 1, with the reason on standard error, when no registry has it for this machine.
# A registry that answers may take its time; one that does not answer is given up after a moment.
set -euo pipefail

image=$1 log=$2
first_answer_seconds=${PULL_FIRST_ANSWER_SECONDS:-20}
longest_seconds=${PULL_LONGEST_SECONDS:-1800}
progress_seconds=${PULL_PROGRESS_SECONDS:-15}

: >"$log"
docker pull "$image" >"$log" 2>&1 </dev/null &
pull=$!
trap 'kill "$pull" 2>/dev/null && wait "$pull" 2>/dev/null || true' EXIT

give_up() {
    printf '%s\n' "$*" >&2
    exit 1
}

started=$SECONDS next_progress=$progress_seconds
while kill -0 "$pull" 2>/dev/null; do
    sleep 0.2
    elapsed=$((SECONDS - started))
    if ! grep -q 'Pulling from' "$log"; then
        [ "$elapsed" -lt "$first_answer_seconds" ] || give_up "no answer from the registry within $first_answer_seconds s"
    elif [ "$elapsed" -ge "$longest_seconds" ]; then
        give_up "the pull did not end within $longest_seconds s"
    elif [ "$elapsed" -ge "$next_progress" ]; then
        printf 'image %s … pulling, %s s so far\n' "$image" "$elapsed"
        next_progress=$((elapsed + progress_seconds))
    fi
done
trap - EXIT
wait "$pull" || give_up "$(tail -n 1 "$log" | sed 's/^Error response from daemon: //')"
