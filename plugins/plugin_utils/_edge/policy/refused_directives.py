# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw directives that would undo a promise of the model: where, why, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable

from ..syntax.raw import Directive
from .dropped_headers import DROPPED_LOWER
from .response_headers import ALWAYS_HIDDEN

ENTRIES = frozenset({"map", "geo", "split_clients", "types", "charset_map", "geoip2", "match", "keyval"})
"""Blocks that hold entries instead of directives."""
EVERYWHERE = frozenset({"edge", "site", "location", "stream"})
IN_SITES = frozenset({"site", "location"})
PROTOCOLS = ("proxy", "grpc", "fastcgi", "uwsgi", "scgi")
SECURITY_HEADERS = frozenset(
    {
        "content-security-policy",
        "permissions-policy",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
    }
)


def always(_directive: Directive) -> bool:
    """With any parameters."""
    return True


@dataclass(frozen=True)
class Refusal:
    """Why a directive is refused.

    :param reason: follows the directive in the error.
    :param remedy: what to write instead; ``{prefix}`` is ``edge_`` at the level of the edge.
    :param levels: where it is refused.
    :param when: for which directives.
    """

    reason: str
    remedy: str
    levels: frozenset[str] = field(default=EVERYWHERE)
    when: Callable[[Directive], bool] = always

    def applies(self, level: str, directive: Directive) -> bool:
        """Whether this directive is refused at this level."""
        return level in self.levels and self.when(directive)

    def shown(self, directive: Directive) -> str:
        """The directive as the error names it: without values, which may be secret."""
        return " ".join((directive.name, *(word for word in directive.words[1:2] if word in ("on", "off"))))


def _first(*values: str) -> Callable[[Directive], bool]:
    return lambda directive: directive.words[1:2] != () and directive.words[1].lower() in values


def _not_first(*values: str) -> Callable[[Directive], bool]:
    return lambda directive: directive.words[1:2] == () or directive.words[1].lower() not in values


def _names(*names: str) -> Callable[[Directive], bool]:
    wanted = {name.lower() for name in names}
    return lambda directive: any(
        "*" in word or word.split(":")[0].strip().lower() in wanted for word in directive.words[1:]
    )


def _ignores_too_much(directive: Directive) -> bool:
    ignored = {word.lower() for word in directive.words[1:]}
    return bool(ignored & {"set-cookie", "cache-control", "vary"})


def _obeys(directive: Directive) -> bool:
    return "x-accel-redirect" not in {word.lower() for word in directive.words[1:]}


def _in_if(directive: Directive) -> bool:
    return any(block[0] == "if" for block in directive.within)


def _undoes_access(directive: Directive) -> bool:
    """``limit_except`` may deny all other methods; any other rule inside it would replace those of the site."""
    inside = any(block[0] == "limit_except" for block in directive.within)
    return not (inside and directive.words == ("deny", "all"))


ACCESS = "replaces access rules of the site or of the location around it"
TABLE: Mapping[tuple[str, ...], tuple[Refusal, ...]] = {
    ("proxy_set_header", "grpc_set_header"): (
        Refusal(
            "replaces all headers that the backend gets from the edge",
            "write {prefix}request_headers: {NAME: value}; an empty value removes a header",
        ),
    ),
    ("proxy_pass_request_headers",): (
        Refusal("keeps the headers of the edge's own from the backend", "write request_headers", when=_first("off")),
    ),
    ("add_header", "add_header_inherit", "add_trailer_inherit"): (
        Refusal(
            "replaces all security headers there",
            "write {prefix}response_headers: {set: {NAME: value}}, or {prefix}security_headers",
        ),
    ),
    ("more_set_headers", "more_clear_headers"): (
        Refusal(
            "changes a security header",
            "write {prefix}security_headers, with an empty value to turn one off",
            when=_names(*SECURITY_HEADERS, "Alt-Svc"),
        ),
    ),
    ("listen",): (
        Refusal(
            "serves the site on another port without its TLS and limits",
            "choose edge_http_port and edge_https_port",
            levels=IN_SITES,
        ),
    ),
    ("expires",): (
        Refusal(
            "also applies to redirects and to 304",
            "write {prefix}response_headers: {set: {Cache-Control: max-age=3600}}, which applies to 200 and 206",
            when=_not_first("off", "epoch"),
        ),
    ),
    tuple(f"{protocol}_hide_header" for protocol in PROTOCOLS): (
        Refusal("shows the headers again that the edge hides", "write {prefix}response_headers: {remove: [NAME]}"),
    ),
    tuple(f"{protocol}_pass_header" for protocol in PROTOCOLS): (
        Refusal(
            "passes on a header that the edge hides",
            "remove it",
            when=_names(*ALWAYS_HIDDEN, "Server", "X-Accel-Redirect"),
        ),
    ),
    tuple(f"{protocol}_ignore_headers" for protocol in PROTOCOLS): (
        Refusal(
            "with Set-Cookie, Cache-Control or Vary lets the cache give the response of one client to others",
            "remove these names, or change what the backend sends",
            when=_ignores_too_much,
        ),
        Refusal(
            "lets the backend choose other locations of the site by X-Accel-Redirect",
            "add X-Accel-Redirect to its names, or write x_accel_redirect: true",
            when=_obeys,
        ),
    ),
    tuple(f"proxy_{name}" for name in ("cache", "cache_key", "cache_valid", "cache_methods", "cache_bypass")): (
        Refusal("bypasses what keeps private responses out of the cache", "write cache: {name: NAME} in the location"),
    ),
    ("proxy_no_cache", "proxy_store", "proxy_cache_convert_head"): (
        Refusal("bypasses what keeps private responses out of the cache", "write cache: {name: NAME} in the location"),
    ),
    tuple(f"{protocol}_{name}" for protocol in PROTOCOLS[2:] for name in ("cache", "store")): (
        Refusal(
            "stores responses without the checks that keep private ones out of a cache",
            "write cache: {name: NAME} in a location with php or protocol",
        ),
    ),
    tuple(f"{protocol}_pass" for protocol in PROTOCOLS[2:]): (
        Refusal("gets no headers from the edge inside if", "write it in a separate location", when=_in_if),
    ),
    ("allow",): (Refusal(ACCESS, "write allow: [NETWORK] in the site or the location"),),
    ("deny",): (Refusal(ACCESS, "write deny: [NETWORK] in the site or the location", when=_undoes_access),),
    ("auth_basic", "auth_basic_user_file"): (Refusal(ACCESS, "write basic_auth: {users: LIST}"),),
    ("auth_request",): (Refusal(ACCESS, "write auth_request: {upstream: NAME}, or public: true"),),
    ("satisfy",): (Refusal(ACCESS, "write satisfy: any in the site or the location"),),
    ("set_real_ip_from", "real_ip_header", "real_ip_recursive"): (
        Refusal("lets other proxies name the client", "write edge_trusted_proxies and edge_real_ip_header"),
    ),
    ("merge_slashes",): (Refusal("lets // pass by protected paths", "remove it", when=_first("off")),),
    ("underscores_in_headers",): (
        Refusal("lets clients send X_Forwarded_For and the like", "remove it", when=_first("on")),
    ),
    ("ignore_invalid_headers",): (
        Refusal("lets header names with invalid characters reach the backend", "remove it", when=_first("off")),
    ),
    ("absolute_redirect",): (
        Refusal("makes redirects name the protocol and port of the edge", "remove it", when=_first("on")),
    ),
    ("server_tokens",): (Refusal("shows the version of nginx", "remove it", when=_not_first("off")),),
    ("disable_symlinks",): (
        Refusal(
            "replaces the check of symbolic links", 'write disable_symlinks: "off" in a location', when=_first("off")
        ),
    ),
    tuple(f"{protocol}_ssl_verify" for protocol in PROTOCOLS): (
        Refusal(
            "accepts any certificate of the backend", "write tls: {verify: false} in the upstream", when=_first("off")
        ),
    ),
    ("ssl_verify_client",): (
        Refusal("replaces client_certificates of the site", "write client_certificates", levels=IN_SITES),
    ),
    ("ssl_early_data",): (Refusal("allows requests to be replayed", "remove it", when=_first("on")),),
    ("more_set_input_headers",): (
        Refusal("sets a header that only the edge may set", "write request_headers", when=_names(*DROPPED_LOWER)),
    ),
    ("ssl_protocols", "ssl_ciphers", "ssl_ecdh_curve", "ssl_conf_command"): (
        Refusal(
            "has no effect in a single site: nginx takes it from the port's default server",
            "choose edge_tls_policy, for all sites",
            levels=IN_SITES,
        ),
    ),
}

REFUSED = {name: refusals for names, refusals in TABLE.items() for name in names}
"""Directive -> why it is refused in http, in sites and in locations."""
STREAM_REFUSED = {
    "allow": (Refusal("replaces the networks of the stream", "write allow: [NETWORK] in the stream"),),
    "deny": (Refusal("replaces the networks of the stream", "write deny: [NETWORK] in the stream"),),
    "set_real_ip_from": REFUSED["set_real_ip_from"],
    "proxy_ssl_verify": REFUSED["proxy_ssl_verify"],
}
"""The same for streams."""
