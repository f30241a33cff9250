# SPDX-License-Identifier: GPL-3.0-or-later
"""Password hashes that nginx's ``auth_basic`` reads, made on the controller.

nginx asks crypt(3) for every request, so the hash has the 5,000 rounds that crypt takes by default: a few milliseconds.
"""

from __future__ import annotations

import functools
import subprocess


@functools.cache
def hash_password(password: str, salt: str) -> str:
    """SHA-512 crypt (``$6$``), by the openssl of the controller, which gets the password on standard input.

    :param salt: up to 16 letters and digits.
    :raises OSError: there is no openssl, or one that cannot do it (LibreSSL).
    """
    try:
        done = subprocess.run(
            ["openssl", "passwd", "-6", "-salt", salt, "-stdin"],
            input=f"{password}\n",
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise OSError("it has no openssl; give password_hash in place of password") from error
    printed = done.stdout.strip()
    if done.returncode != 0 or not printed.startswith("$6$"):
        raise OSError("its openssl has no 'passwd -6'; give password_hash in place of password")
    return printed
