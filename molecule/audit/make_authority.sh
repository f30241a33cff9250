#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes an authority with ECDSA keys (FOLDER/ca.pem) and a pair for each NAME: FOLDER/NAME.pem, FOLDER/NAME.key.
# The guideline's modern policy wants a chain without RSA, and the ACME server for tests signs with RSA alone.
# Usage: make_authority.sh FOLDER NAME…
set -eu
cd "$1"
shift
curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
# shellcheck disable=SC2086 # words on purpose
openssl req -x509 $curve -sha256 -days 90 -subj "/CN=Authority of the audit" -keyout ca.key -out ca.pem \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
for name; do
    printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth \
        "subjectAltName=DNS:$name" subjectKeyIdentifier=hash authorityKeyIdentifier=keyid >"$name.extensions"
    # shellcheck disable=SC2086
    openssl req $curve -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
    openssl x509 -req -sha256 -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 89 \
        -extfile "$name.extensions" -out "$name.pem"
done
