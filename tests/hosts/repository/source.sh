#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Unpacks nginx's source below /build: source.sh SUITE. Only upstream's archive is needed, and some mirrors have nothing else.
set -eu

cd /build
mkdir -p lists/partial
# Wherever the image has its packages from, their sources are there too.
# shellcheck disable=SC2016 # apt fills this in
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $1" 'Component: main' | head -n 1)
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $1 main" >sources.list
cat >apt.conf <<'CONFIGURATION'
Dir::Etc::SourceList "/build/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "/build/lists";
CONFIGURATION
export APT_CONFIG=/build/apt.conf
apt-get update -q
# A line is: 'URI' FILE SIZE SHA256:DIGEST
apt-get source --print-uris nginx | grep -E "^'.* nginx_[0-9.]+\.orig\.tar\.[a-z0-9]+ " | tr -d "'" >archive
read -r location file _size digest <archive
/usr/lib/apt/apt-helper download-file "$location" "/build/$file" "$digest"
tar -xf "$file"
