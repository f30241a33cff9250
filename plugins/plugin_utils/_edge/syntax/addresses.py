# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names, IP addresses and ports: what they look like, and how they are taken apart."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

PORTS = range(1, 65536)
LONGEST_NAME = 253
"""Characters of a host name (RFC 1035, section 2.3.4, less the dots that are not written)."""

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOSTNAME = rf"{_LABEL}(?:\.{_LABEL})*"
_SERVER_NAME = re.compile(rf"(?:\*\.)?{HOSTNAME}", re.ASCII)
_WITHOUT_END = re.compile(rf"{HOSTNAME}\.\*", re.ASCII)
_HOST_PORT = re.compile(rf"(?P<host>{HOSTNAME}|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{{1,5}})", re.ASCII)
_CIDR = re.compile(r"[0-9A-Fa-f:.]+(?:/\d{1,3})?", re.ASCII)


def is_ip(value: str) -> bool:
    """Whether ``value`` is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value  # Python accepts any text after it as the name of an interface


def is_network(value: str) -> bool:
    """Whether ``value`` is an address or a network without host bits, in CIDR notation."""
    try:
        ipaddress.ip_network(value)
    except ValueError:
        return False
    return _CIDR.fullmatch(value) is not None  # Python takes 10.0.0.0/255.0.0.0 and any text after a %


def is_server_name(value: str) -> bool:
    """Whether ``value`` is a host name in lower case, or a wildcard for all names below one."""
    return len(value) <= LONGEST_NAME and _SERVER_NAME.fullmatch(value) is not None and value == value.lower()


def split_address(value: str) -> tuple[str, int] | None:
    """Host (IPv6 without brackets) and port of ``host:port``; None for anything else, a unix socket included."""
    found = _HOST_PORT.fullmatch(value)
    if found is None or int(found["port"]) not in PORTS:
        return None
    host = found["host"]
    if host.startswith("["):
        host = host[1:-1]
        return (host, int(found["port"])) if is_ip(host) else None
    if re.fullmatch(r"[0-9.]+", host) and not is_ip(host):
        return None
    return host, int(found["port"])


def split_listen(value: str) -> tuple[str, int] | None:
    """Address (empty for every address, IPv6 without brackets) and port of ``PORT`` or ``ADDRESS:PORT``."""
    if re.fullmatch(r"\d{1,5}", value, re.ASCII):
        return ("", int(value)) if int(value) in PORTS else None
    found = split_address(value)
    return found if found is not None and is_ip(found[0]) else None


def is_pattern(name: str) -> bool:
    """Whether the name of a server is a regular expression, or a name without its end such as ``mail.*``. No
    certificate can contain such a name."""
    return name.startswith("~") or name.endswith(".*")


def is_name_without_end(value: str) -> bool:
    """Whether ``value`` is a name such as ``mail.*``, in lower case."""
    return len(value) <= LONGEST_NAME and _WITHOUT_END.fullmatch(value) is not None and value == value.lower()


def in_ascii(name: str) -> str:
    """A host name as DNS and certificates have it (IDNA 2008, RFC 5891): ``xn--`` and Punycode for each label with
    other characters. A label that IDNA does not allow stays as it is, and the format of host names rejects it."""
    if name.isascii() or name.startswith("~"):
        return name
    return ".".join(
        f"xn--{label.encode('punycode').decode()}" if _is_unicode(label) else label for label in name.split(".")
    )


_LETTERS = {"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"}
"""Categories of the characters in labels (RFC 5892, section 2.1); capital letters have no place in them."""


def _is_unicode(label: str) -> bool:
    """Whether a label is one of IDNA 2008 with characters other than ASCII."""
    return (
        not label.isascii()
        and unicodedata.normalize("NFKC", label) == label
        and all(character == "-" or unicodedata.category(character) in _LETTERS for character in label)
        and not label.startswith("-")
        and not label.endswith("-")
        and label[2:4] != "--"
        and unicodedata.category(label[0]) not in ("Mn", "Mc")
    )
