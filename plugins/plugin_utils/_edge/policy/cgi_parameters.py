# SPDX-License-Identifier: GPL-3.0-or-later
"""CGI parameters (RFC 3875) that applications get from the edge, and that a model does not set."""

from __future__ import annotations

from .effective import ITS_OWN, Effective

OF_PROTOCOL = {
    # PHP built with force-cgi-redirect runs only with REDIRECT_STATUS.
    "fastcgi": (("GATEWAY_INTERFACE", "CGI/1.1"), ("SERVER_SOFTWARE", "nginx"), ("REDIRECT_STATUS", "200")),
    "uwsgi": (),
    "scgi": (("SCGI", "1"),),
}
OF_SCRIPTS = ("SCRIPT_NAME", "PATH_INFO", "DOCUMENT_URI", "SCRIPT_FILENAME", "DOCUMENT_ROOT")
"""Parameters that depend on the location and the script; the last two only for PHP."""


def shared_parameters(protocol: str, variables: Effective) -> tuple[tuple[str, str], ...]:
    """Parameters that are the same for all locations: name and value.

    :param protocol: ``fastcgi``, ``uwsgi`` or ``scgi``.
    """
    return (
        ("REQUEST_METHOD", "$request_method"),
        ("REQUEST_URI", "$request_uri"),
        ("QUERY_STRING", "$query_string"),
        ("CONTENT_TYPE", "$content_type"),
        *((("CONTENT_LENGTH", "$content_length"),) if protocol != "scgi" else ()),  # nginx itself sends it first
        ("REQUEST_SCHEME", variables.scheme),
        ("HTTPS", variables.https),
        ("SERVER_PROTOCOL", "$server_protocol"),
        ("SERVER_NAME", variables.host),
        ("SERVER_PORT", variables.port),
        ("SERVER_ADDR", "$server_addr"),
        ("REMOTE_ADDR", "$remote_addr"),
        ("REMOTE_PORT", "$remote_port"),
        *OF_PROTOCOL[protocol],
    )


SET_BY_EDGE = frozenset(
    {
        "CONTENT_LENGTH",
        "PATH_TRANSLATED",
        *OF_SCRIPTS,
        *(name for protocol in OF_PROTOCOL for name, _value in shared_parameters(protocol, ITS_OWN)),
    }
)
"""Parameters that a model does not set."""
