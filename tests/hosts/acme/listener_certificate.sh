#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the certificate of Pebble's own HTTPS listener, and the authority that clients are told to trust (ca.pem).
set -eu
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj "/CN=ACME listener authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout ca.key -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=acme.test" -keyout listener.key -out listener.csr
cat > listener.ext <<'EXTENSIONS'
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:acme.test,DNS:localhost,IP:127.0.0.1
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
EXTENSIONS
openssl x509 -req -in listener.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile listener.ext -out listener.pem
rm -f ca.key ca.srl listener.csr listener.ext
chown acme listener.key
chmod 0600 listener.key
