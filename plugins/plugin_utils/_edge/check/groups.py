# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the names of groups in regular expressions: nginx makes a variable of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..syntax.problems import Problem

_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>", re.ASCII)
_PREFIXES = ("arg_", "cookie_", "edge_", "http_", "jwt_", "proxy_", "sent_http_", "sent_trailer_", "ssl_", "upstream_")
# fmt: off
_VARIABLES = frozenset({
    "args", "binary_remote_addr", "body_bytes_sent", "bytes_sent", "connection", "connection_requests",
    "content_length", "content_type", "document_root", "document_uri", "fastcgi_path_info",
    "fastcgi_script_name", "gzip_ratio", "host", "hostname", "http2", "http3", "https", "is_args", "limit_conn_status",
    "limit_rate", "limit_req_status", "msec", "nginx_version", "pid", "pipe", "query_string",
    "realip_remote_addr", "realip_remote_port", "realpath_root", "remote_addr", "remote_port", "remote_user",
    "request", "request_body", "request_body_file", "request_completion", "request_filename", "request_id",
    "request_length", "request_method", "request_time", "request_uri", "scheme", "server_addr", "server_name",
    "server_port", "server_protocol", "status", "tcpinfo_rtt", "time_iso8601", "time_local", "uid_got",
    "uid_set", "uri"
})
# fmt: on
"""Variables of nginx (nginx.org/en/docs/varindex.html)."""


def groups_of(expression: str) -> list[str]:
    """The names of the groups of a regular expression."""
    return _NAMED.findall(expression)


def is_taken(name: str) -> bool:
    """Whether a variable of nginx or of the edge has a name; nginx ignores its case."""
    return name.lower() in _VARIABLES or name.lower().startswith(_PREFIXES)


_SAFE_BODY = re.compile(
    r"(?:(?:\[(?!\^)[A-Za-z0-9_.-]+\]|\\[dw]|[A-Za-z0-9_-])(?:[+*?]|\{\d+(?:,\d*)?\})?|\|)+", re.ASCII
)
"""The body of a group that holds letters, digits and ``_ . -`` only."""


def unsafe_groups(expression: str) -> tuple[str, ...]:
    """Named groups that may hold other characters than letters, digits and ``_ . -``, such as a line break."""
    return tuple(
        found[1]
        for found in _NAMED.finditer(expression)
        if _SAFE_BODY.fullmatch(expression[found.end() :].partition(")")[0]) is None
    )


def check_groups(place: str, expression: str) -> Iterator[Problem]:
    """Names of groups that would replace a variable of nginx or of the edge, or that occur twice."""
    seen: set[str] = set()
    for name in groups_of(expression):
        if is_taken(name):
            yield Problem(
                place, f"has the group '{name}', which is a variable of nginx or the edge", "rename the group"
            )
        elif name in seen:
            yield Problem(place, f"has the group '{name}' twice", "rename one of them")
        seen.add(name)
