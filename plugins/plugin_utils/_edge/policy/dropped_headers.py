# SPDX-License-Identifier: GPL-3.0-or-later
"""Request headers of clients that no backend gets, by the reason why.

Backends and their frameworks take these from a proxy that they trust. A client that could send them would choose its
address, its identity, or the path and method that access rules never saw. The groups are published in
docs/reference/headers.md; ``pass_request_headers`` lets single ones through. nginx itself drops names with an
underscore (``underscores_in_headers``), and of hop-by-hop headers Connection, Keep-Alive, TE and Upgrade.
"""

from __future__ import annotations

FORWARDING = (
    "Client-IP",
    "CF-Connecting-IP",
    "CF-Connecting-IPv6",
    "CF-Pseudo-IPv4",
    "CF-Visitor",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "Forwarded",
    "Forwarded-For",
    "Front-End-Https",
    "Proxy-Client-IP",
    "True-Client-IP",
    "WL-Proxy-Client-IP",
    "WL-Proxy-SSL",
    "X-Appengine-Remote-Addr",
    "X-Appengine-User-IP",
    "X-ARR-SSL",
    "X-Azure-ClientIP",
    "X-Azure-SocketIP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Custom-IP-Authorization",
    "X-Envoy-External-Address",
    "X-Envoy-Internal",
    "X-Envoy-Peer-Metadata",
    "X-Forward-For",
    "X-Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Client-IP",
    "X-Forwarded-For-Original",
    "X-Forwarded-HTTPS",
    "X-Forwarded-Prefix",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-SSL",
    "X-Forwarder-For",
    "X-Gateway-Host",
    "X-Host",
    "X-HTTP-Host-Override",
    "X-HTTPS",
    "X-Original-Forwarded-For",
    "X-Original-Host",
    "X-Original-Proto",
    "X-Original-Remote-Addr",
    "X-Originating-IP",
    "X-ProxyUser-IP",
    "X-Real-Port",
    "X-Real-Proto",
    "X-Real-Scheme",
    "X-Remote-Addr",
    "X-Remote-Host",
    "X-Remote-IP",
    "X-Remote-Port",
    "X-Scheme",
    "X-True-Client-IP",
    "X-URL-Scheme",
)
"""The address, protocol, host and port of the client, except the headers that the edge sets itself."""

IDENTITY = (
    "Cf-Access-Authenticated-User-Email",
    "Client-Cert",
    "Client-Cert-Chain",
    "Remote-Email",
    "Remote-Groups",
    "Remote-Name",
    "Remote-User",
    "SSL-Client-Cert",
    "SSL-Client-S-DN",
    "SSL-Client-Subject-DN",
    "SSL-Client-Verify",
    "Tailscale-User-Login",
    "Tailscale-User-Name",
    "X-Amzn-Mtls-Clientcert",
    "X-Amzn-Mtls-Clientcert-Subject",
    "X-Amzn-Oidc-Accesstoken",
    "X-Amzn-Oidc-Data",
    "X-Amzn-Oidc-Identity",
    "X-ARR-ClientCert",
    "X-Auth-Request-Access-Token",
    "X-Auth-Request-Email",
    "X-Auth-Request-Groups",
    "X-Auth-Request-Preferred-Username",
    "X-Auth-Request-User",
    "X-Auth-User",
    "X-Authenticated-Email",
    "X-Authenticated-Groups",
    "X-Authenticated-User",
    "X-Authenticated-Userid",
    "X-Authentik-Email",
    "X-Authentik-Entitlements",
    "X-Authentik-Groups",
    "X-Authentik-JWT",
    "X-Authentik-Name",
    "X-Authentik-UID",
    "X-Authentik-Username",
    "X-Client-Cert",
    "X-Client-CN",
    "X-Client-DN",
    "X-Client-Verify",
    "X-Consumer-ID",
    "X-Consumer-Username",
    "X-Credential-Identifier",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-TLS-Client-Cert",
    "X-Forwarded-TLS-Client-Cert-Info",
    "X-Forwarded-User",
    "X-Goog-Authenticated-User-Email",
    "X-Goog-Authenticated-User-ID",
    "X-Goog-IAP-JWT-Assertion",
    "X-MS-Client-Principal",
    "X-MS-Client-Principal-ID",
    "X-MS-Client-Principal-IDP",
    "X-MS-Client-Principal-Name",
    "X-Remote-Email",
    "X-Remote-Group",
    "X-Remote-Groups",
    "X-Remote-Name",
    "X-Remote-User",
    "X-SSL-Cert",
    "X-SSL-Client-Cert",
    "X-SSL-Client-CN",
    "X-SSL-Client-DN",
    "X-SSL-Client-Fingerprint",
    "X-SSL-Client-S-DN",
    "X-SSL-Client-Serial",
    "X-SSL-Client-Subject",
    "X-SSL-Client-Verify",
    "X-Token-Email",
    "X-Token-Subject",
    "X-Token-User-Email",
    "X-Token-User-Name",
    "X-Vouch-IdP-AccessToken",
    "X-Vouch-IdP-IdToken",
    "X-Vouch-User",
    "X-WebAuth-Email",
    "X-WebAuth-Groups",
    "X-WebAuth-Name",
    "X-WebAuth-Role",
    "X-WebAuth-User",
)
"""The identity of the client: users and client certificates that a proxy in front has verified."""

URL_OVERRIDE = (
    "X-Accel-Mapping",
    "X-Envoy-Original-Path",
    "X-Forwarded-Method",
    "X-Forwarded-Path",
    "X-Forwarded-Request-Uri",
    "X-Forwarded-Uri",
    "X-HTTP-DestinationURL",
    "X-HTTP-Path-Override",
    "X-MS-Original-URL",
    "X-Original-Method",
    "X-Original-Path",
    "X-Original-URI",
    "X-Original-URL",
    "X-Override-URL",
    "X-Proxy-URL",
    "X-Replaced-Path",
    "X-Rewrite-URL",
    "X-Script-Name",
    "X-Sendfile-Type",
    "X-WAF-Bypass",
)
"""Another path or file than the one that the edge judged."""

METHOD_OVERRIDE = ("X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override")
"""Another method than the one that the edge judged."""

HOP_BY_HOP = (
    "HTTP2-Settings",
    "Proxy",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Trailer",
)
"""Headers for the edge itself; ``Proxy`` becomes HTTP_PROXY in CGI programs (httpoxy)."""

OF_CONNECTIONS = ("Connection", "Expect", "Keep-Alive", "TE", "Transfer-Encoding", "Upgrade")
"""Headers of one connection. nginx keeps them from HTTP backends, but passes them to applications as parameters."""

GROUPS = {
    "forwarding": FORWARDING,
    "identity": IDENTITY,
    "URL override": URL_OVERRIDE,
    "method override": METHOD_OVERRIDE,
    "hop by hop": HOP_BY_HOP,
}

DROPPED = tuple(sorted((name for names in GROUPS.values() for name in names), key=str.lower))
"""All dropped headers, ordered by name."""

COMMON_FIRST = tuple(sorted(DROPPED, key=len))
"""The same, names that are more common first: they are the shorter ones."""

WIDESPREAD = (
    "CF-Connecting-IP",
    "CF-Visitor",
    "Forwarded",
    "Proxy",
    "Proxy-Authorization",
    "True-Client-IP",
    "X-Azure-ClientIP",
    "X-Azure-SocketIP",
    "X-Client-IP",
    "X-Envoy-External-Address",
    "X-Forwarded-Method",
    "X-Forwarded-Prefix",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-SSL",
    "X-Forwarded-Uri",
    "X-HTTP-Method-Override",
    "X-Original-URL",
    "X-Rewrite-URL",
)
"""Headers that proxies in front add to each request, or that clients send for good reasons: they are never refused."""

DROPPED_LOWER = frozenset(name.lower() for name in DROPPED)
