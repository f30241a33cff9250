#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Packs what was compiled as nginx.org does, in two releases of one version, and publishes it under a new key: publish.sh SUITE
set -eu

suite=$1
repository=/srv/repository
tree=$repository/packages/debian
architecture=$(dpkg --print-architecture)
version=$(/build/root/usr/sbin/nginx -v 2>&1 | sed 's,.*/,,')
mkdir -p "$tree/pool/nginx/n/nginx" "$tree/dists/$suite/nginx/binary-$architecture" "$repository/keys"

# pack FOLDER NAME VERSION DEPENDS: what stands in FOLDER/DEBIAN stays, the control file is written here.
pack() {
    mkdir -p "$1/DEBIAN"
    cat >"$1/DEBIAN/control" <<EOF
Package: $2
Version: $3
Architecture: $architecture
Maintainer: Test repository in the layout of nginx.org <packages@example.test>
Section: httpd
Priority: optional
Homepage: https://nginx.org
Description: $2 in the layout of nginx.org's packages
$4
EOF
    dpkg-deb --root-owner-group --build "$1" "$tree/pool/nginx/n/nginx/$2_$3_$architecture.deb"
}

install -D -m 0755 -s /build/root/usr/sbin/nginx nginx/usr/sbin/nginx
install -D -m 0644 /build/root/etc/nginx/mime.types nginx/etc/nginx/mime.types
install -D -m 0644 /build/root/etc/nginx/html/index.html nginx/usr/share/nginx/html/index.html
mkdir -p nginx/usr/lib/nginx/modules nginx/var/log/nginx nginx/var/cache/nginx
ln -s /usr/lib/nginx/modules nginx/etc/nginx/modules
chmod 0755 nginx/DEBIAN/preinst nginx/DEBIAN/postinst
(cd nginx && find etc -type f | sed 's,^,/,') >nginx/DEBIAN/conffiles
install -D -m 0644 -s /build/root/usr/lib/nginx/modules/ngx_http_geoip_module.so geoip/usr/lib/nginx/modules/ngx_http_geoip_module.so
for release in 1 2; do
    pack nginx nginx "$version-$release~$suite" "Depends: adduser, libc6, libpcre2-8-0, libssl3t64, zlib1g
Provides: httpd, nginx-r$version
Conflicts: nginx-common, nginx-core
Replaces: nginx-common, nginx-core"
    pack geoip nginx-module-geoip "$version-$release~$suite" "Depends: nginx-r$version, libgeoip1t64"
done

cd "$tree"
dpkg-scanpackages --multiversion pool >"dists/$suite/nginx/binary-$architecture/Packages" 2>/dev/null
cd "dists/$suite"
cat >Release <<EOF
Origin: nginx
Label: nginx
Suite: $suite
Codename: $suite
Architectures: $architecture
Components: nginx
Date: $(date -Ru)
SHA256:
$(for file in nginx/binary-*/Packages; do echo " $(sha256sum "$file" | cut -d' ' -f1) $(stat -c %s "$file") $file"; done)
EOF
printf '%s' "$version" >"$repository/keys/version"
export GNUPGHOME=/build/keys
mkdir -m 0700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'nginx signing key <signing-key@example.test>' rsa3072 sign never
gpg --batch --clearsign --output InRelease Release
gpg --batch --armor --export >"$repository/keys/nginx_signing.key"
gpg --batch --with-colons --list-keys | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' >"$repository/keys/fingerprint"
