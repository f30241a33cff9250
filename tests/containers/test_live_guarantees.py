# SPDX-License-Identifier: GPL-3.0-or-later
"""Guarantees of the configuration, with drawn models that the real nginx of each target serves.

- A client that the site refuses is served by no location: no answer of a file, a backend or a fixed text.
- Every response carries the full set of security headers.

Models are drawn from the whole grammar. What would keep them from being served here is taken out: other ports, the
PROXY protocol, certificates of clients, limits that delay requests, a timeout that no client can keep; backends are a
port on which nothing listens, so that a request which passes the access rules gets 502.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import given

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.addresses import is_ip

from ..properties.fixing import fixed
from ..properties.models import Drawn, sound
from ..properties.nginx import FIXED_FOR
from ..properties.properties import rendered
from ..properties.settings import bounded
from ..unit.models import TARGETS
from .edges import EdgeContainer

MODELS = 30
CLIENT = Path(__file__).with_name("live_client.py").read_text(encoding="utf-8")
NOT_SERVED_HERE = (
    "edge_http_port",
    "edge_https_port",
    "edge_status_port",
    "edge_listen_proxy_protocol",
    "edge_trusted_proxies",
    "edge_streams",
    "edge_stream_extra_directives",
    "edge_resolver",
    "edge_modules",
    "edge_security_headers",
    "edge_ipv6",
    "edge_client_header_timeout",
)
OF_SITES = ("client_certificates", "deny_if", "listen", "security_headers", "maintenance")
OF_LOCATIONS = ("client_certificate", "deny_if", "https", "rate_limits", "security_headers")
REFUSED = {400, 401, 403, 404, 405, 429}
"""What a client gets that is not served: 404 from hidden files and paths without location."""
SECURITY_HEADERS = {
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "content-security-policy",
}
PATHS_OF_EXPRESSIONS = ("/x.php", "/api/v1/", "/part/1", "/a.css", "/.git/config", "/none;x/../y", "/")


def served_here(drawn: Drawn, **of_sites: Any) -> Drawn:
    """The model as it can be served in a container.

    :param of_sites: options that every site gets.
    """
    whole = {key: value for key, value in drawn.whole.items() if key not in NOT_SERVED_HERE}
    for upstream in whole.get("edge_upstreams", []):
        upstream.pop("resolve", None)
        for server in upstream.get("servers", []):
            server["address"] = "127.0.0.1:9"
    sites = [*whole.get("edge_sites", []), *(value for key, value in whole.items() if not str(key).startswith("edge_"))]
    for site in sites:
        for option in OF_SITES:
            site.pop(option, None)
        site.update(of_sites)
        for location in site.get("locations") or []:
            for option in (*OF_LOCATIONS, *(("public", "satisfy") if of_sites else ())):
                location.pop(option, None)
        if of_sites:
            site.pop("satisfy", None)
            site.pop("redirects", None)  # with public: true, which the checker asks for, they are for all clients
    return drawn.with_whole(whole)


def requests(drawn: Drawn) -> Iterator[dict[str, Any]]:
    """Requests for each location of each site, and for paths that expressions match.

    TLS clients send no server name for an address (RFC 6066, section 3), so nginx rejects their handshake.
    """
    for site in drawn.planned(TARGETS[FIXED_FOR]).edge.sites:
        if site.https and is_ip(site.name):
            continue
        name = site.name.replace("*", "any")
        paths = [location.path for location in site.locations if location.match != "regex"]
        below = [path.rstrip("/") + end for path in paths for end in ("/x.php", "/a.css", "/.env")]
        for path in dict.fromkeys([*paths, *below, *PATHS_OF_EXPRESSIONS]):
            if path.isascii():
                yield {"name": name, "tls": site.https, "path": path.replace(" ", "%20")}


def answers(edges: Mapping[str, EdgeContainer], drawn: Drawn) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the nginx of each suite answers, all at once; nothing where the checker refuses the model for a target."""
    if not drawn.planned(TARGETS[FIXED_FOR]).edge.sites:
        return
    command = ["python3", "-c", CLIENT, json.dumps(list(requests(drawn)))]
    texts = {suite: files for suite in edges if (files := rendered(drawn, suite)) is not None}
    for suite, files in texts.items():
        edges[suite].ask(files, command)
    for suite, verdict in [(suite, edges[suite].answer()) for suite in texts]:
        assert verdict.code == 0, (suite, verdict.printed)
        for answer in json.loads(verdict.printed.splitlines()[-1]):
            yield suite, answer


def test_a_client_that_the_site_refuses_is_served_by_no_location(
    edges: Mapping[str, EdgeContainer], record_testsuite_property: Callable[[str, object], None]
) -> None:
    counted: Counter[int] = Counter()

    @bounded(MODELS, shrinks=False)
    @given(drawn=sound())
    def refuses(drawn: Drawn) -> None:
        model = fixed(served_here(drawn, deny=["127.0.0.1"]), TARGETS[FIXED_FOR])
        for suite, answer in answers(edges, model):
            assert answer["status"] in REFUSED or _is_redirect(answer), (suite, answer)
            counted[answer["status"]] += 1

    refuses()
    record_testsuite_property("note", f"refused clients: {dict(sorted(counted.items()))}")
    assert counted[403] > MODELS


def _is_redirect(answer: Mapping[str, Any]) -> bool:
    """nginx adds the slash of a folder or a proxied prefix before it looks at access rules."""
    location = str(answer["headers"].get("location", ""))
    return answer["status"] == 301 and location.endswith("/")


def test_every_response_has_the_security_headers(
    edges: Mapping[str, EdgeContainer], record_testsuite_property: Callable[[str, object], None]
) -> None:
    counted: Counter[int] = Counter()

    @bounded(MODELS, shrinks=False)
    @given(drawn=sound())
    def carries(drawn: Drawn) -> None:
        model = fixed(served_here(drawn), TARGETS[FIXED_FOR])
        for suite, answer in answers(edges, model):
            wanted = SECURITY_HEADERS | ({"strict-transport-security"} if answer["tls"] else set())
            assert wanted <= set(answer["headers"]), (suite, answer)
            counted[answer["status"]] += 1

    carries()
    record_testsuite_property("note", f"responses with all security headers: {dict(sorted(counted.items()))}")
    assert {404, 502} <= set(counted)
