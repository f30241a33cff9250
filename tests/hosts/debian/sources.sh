#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Moves apt's sources from sources.list to sources.list.d/debian.sources, as official images have them: sources.sh SUITE
set -eu

# The official image of bullseye still has a sources.list.
[ "$1" != bullseye ] || exit 0
list=/etc/apt/sources.list
keyring=/usr/share/keyrings/debian-archive-keyring.pgp
[ -e "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
awk -v keyring="$keyring" '
    # mmdebstrap names a keyring here when the machine that it runs on does not trust it.
    { sub(/\[[^]]*\] */, "") }
    $1 == "deb" { if (!($2 in suites)) order[++count] = $2; suites[$2] = suites[$2] " " $3 }
    END {
        for (i = 1; i <= count; i++)
            printf "%sTypes: deb\nURIs: %s\nSuites:%s\nComponents: main\nSigned-By: %s\n", (i > 1 ? "\n" : ""), order[i], suites[order[i]], keyring
    }' "$list" >/etc/apt/sources.list.d/debian.sources
rm "$list"
