# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol, host, port and id of a request as the client sees them.

Proxies in front name them in X-Forwarded-Proto, -Host, -Port and X-Request-ID. They are taken from
``edge_trusted_proxies`` only; without such proxies nginx's own variables are the effective ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.edge import Edge


@dataclass(frozen=True)
class Effective:
    """The variables to use in headers, redirects and cache keys.

    :param https: ``on`` if the scheme is https, otherwise empty.
    :param believed: whether proxies in front may name them; then templates define the variables.
    """

    scheme: str
    https: str
    host: str
    port: str
    request_id: str
    believed: bool


ITS_OWN = Effective("$scheme", "$https", "$host", "$server_port", "$request_id", believed=False)
OF_PROXIES = Effective("$edge_scheme", "$edge_https", "$edge_host", "$edge_port", "$edge_request_id", believed=True)


def effective(edge: Edge) -> Effective:
    """The variables of an edge. A load balancer that speaks the PROXY protocol passes headers of clients on unread,
    so it names nothing by them."""
    return OF_PROXIES if edge.trusted_proxies and not edge.listen_proxy_protocol else ITS_OWN


def forwarded(variables: Effective) -> tuple[tuple[str, str], ...]:
    """Headers of every proxied request: name and value."""
    return (
        ("Host", "$host"),
        ("X-Real-IP", "$remote_addr"),
        # Set, not appended to: a value that the client forged ends here. Behind trusted proxies it is the real address.
        ("X-Forwarded-For", "$remote_addr"),
        ("X-Forwarded-Proto", variables.scheme),
        ("X-Forwarded-Host", variables.host),
        ("X-Forwarded-Port", variables.port),
        ("X-Request-ID", variables.request_id),
    )


FORWARDED_NAMES = frozenset(name.lower() for name, _value in forwarded(ITS_OWN))
_OF_CLIENTS = re.compile(
    r"\$\{?(?:http_(?!host\b)|arg_|cookie_|args\b|query_string\b|request_uri\b|request\b|proxy_add_x_forwarded_for\b)",
    re.ASCII,
)
"""Variables whose value a client chooses."""


def chosen_by_clients(value: str) -> bool:
    """Whether a value contains a variable that a client chooses."""
    return _OF_CLIENTS.search(value) is not None
