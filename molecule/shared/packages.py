# SPDX-License-Identifier: GPL-3.0-or-later
"""Newer versions of packages, made on a test host from what is installed there and installed by dpkg."""

from __future__ import annotations

from collections.abc import Callable

_REPACK = r"""
package=$1 suffix=$2 edit=$3
old=$(dpkg-query --show --showformat '${Version}' "$package")
folder=/root/repack/$package
rm -rf "$folder"; mkdir -p "$folder/DEBIAN"
dpkg-query --status "$package" | sed -e '/^Status:/d' -e '/^Conffiles:/d' -e '/^ \//d' -e "s/^Version: .*/&+$suffix/" \
    > "$folder/DEBIAN/control"
for part in preinst postinst prerm postrm conffiles triggers templates config; do
    script=$(dpkg-query --control-path "$package" $part 2>/dev/null || true)
    [ -z "$script" ] || cp -p "$script" "$folder/DEBIAN/$part"
done
dpkg -L "$package" | while read -r path; do
    # Not /lib, which packages name as a directory, and which is a link where /usr is merged.
    if [ -f "$path" ] || { [ -L "$path" ] && [ ! -d "$path" ]; }; then
        mkdir -p "$folder$(dirname "$path")"; cp -a "$path" "$folder$path"
    fi
done
(cd "$folder" && eval "$edit")
dpkg-deb --build "$folder" "/root/repack/$package-$suffix.deb" >/dev/null
"""
Shell = Callable[..., str]
"""Runs a program with arguments on a test host, and returns what it prints."""


def make_newer(run: Shell, package: str, suffix: str, edit: str = "true") -> str:
    """Make a newer version of an installed package.

    :param suffix: is added to the version.
    :param edit: shell command in the folder of the new package's files.
    :returns: the command that installs it, as ``unattended-upgrades`` does: without questions, with all scripts.
    """
    run("bash", "-ec", _REPACK, "bash", package, suffix, edit)
    return f"DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /root/repack/{package}-{suffix}.deb 2>&1"
