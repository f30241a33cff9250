# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts for the fields of a model: for each :class:`Format` those that operators write, and hostile ones for all.

A format that has no entry in :data:`KINDS` fails a test, so that each new one is drawn too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

from hypothesis import strategies as st

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.package import STREAM_MODULE
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax import formats
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.formats import Format

HOST_WITH_ADDRESS = "backend.example.net"
"""The one host name that the test hosts can look up: nginx does so while it tests a configuration."""


@dataclass(frozen=True)
class Kind:
    """How texts of a format are drawn, and made harmless.

    :param texts: what an operator writes.
    :param harmless: a text of the same format that says nothing in nginx's language, another one for each text;
        without it the format admits nothing that could, which is tested.
    """

    texts: st.SearchStrategy[str]
    harmless: Callable[[str], str] | None = None


def digest(text: str) -> str:
    """Letters and digits that stand for a text."""
    return "t" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]


def _from(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def _numbers(largest: int, *units: str) -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, st.integers(1, largest), st.sampled_from(units))


def _harmless_uri(text: str) -> str:
    """A path or an expression that matches below the same prefixes: each segment becomes another one, and an anchored
    expression keeps the segments that each match begins with."""
    if text.startswith("^"):
        literal = re.match(r"\^((?:/[A-Za-z0-9_-]+)*/)?", text)
        return f"^{_harmless_uri(literal[1]) if literal and literal[1] else ''}[d]{digest(text)}"
    if not text.startswith("/"):
        return "/" + digest(text)
    return "/".join(digest(segment) if segment else "" for segment in text.split("/"))


def _harmless_expression(text: str) -> str:
    if not text:
        return text
    # A stream knows the one, and not the other.
    variable = next((name for name in ("$binary_remote_addr", "$") if name in text), "")
    return f"{'$host' if variable == '$' else variable}-{digest(text)}"


_LITERALS = st.one_of(
    _from("", "DENY", "default-src 'self'; img-src *", 'say "hello"', "a\\b", "it's {not} a block;", "100 % grün"),
    st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=30),
)
_LOCATION_PATHS = _from("/my files/", "/a b", "/café au lait/", "/my%20files/", "/a//b", "/a/../b")
_URI_PATHS = _from("/", "/api/", "/api", "/a.b/c-d_e/", "/käse/", "/50x.html", "/%2f/", "/a*b|c(d)~e", "/x" * 40)
_REGULAR_EXPRESSIONS = _from(
    r"\.php$", r"^/api/v\d{1,3}/", r"^/(?P<part>[a-z]+)/\d+$", '^/[s]ay "it"; {2}', r"\.(?:css|js)$", "käse"
)
_NETWORKS = ("10.0.0.0/8", "10.1.2.3", "192.0.2.0/24", "2001:db8::/32", "2001:db8::1", "172.16.0.0/12")

KINDS: Mapping[Format, Kind] = {
    # Few names, so that what refers to one mostly finds it.
    formats.NAME: Kind(
        st.one_of(
            *[_from("app", "api", "shared")] * 7,
            _from("App", "a.b-c_d", "9", "downloads-of-very-large-files", "n" * 128),
        )
    ),
    formats.HOSTNAME: Kind(
        st.one_of(
            _from("a.example.com", "b.example.com", "c.example.com", "*.example.com", "*.example.net"),
            _from(
                "x", "_dmarc.example.com", "_wildcard.example.com", "wildcard.example.com", "1.2.3.4", "xn--kse-qla.de"
            ),
            _from(".".join(["long" * 10] * 6)),
        )
    ),
    formats.SERVER_NAME: Kind(
        st.one_of(
            _from("a.example.com", "b.example.com", "*.example.com", "www.example.org", "api.example.org"),
            _from("mail.*", "xn--kse-qla.de", r"~^(?<tenant>[a-z]+)\.example\.org$", "~{1,2}", '~"', "~;"),
        )
    ),
    formats.LOG_FILE: Kind(_from("shop.log", "api.log", "a.b_c-d.log")),
    formats.ADDRESS: Kind(
        _from("10.0.0.1:80", "10.0.0.2:8080", "[2001:db8::1]:80", "unix:/run/app.sock", f"{HOST_WITH_ADDRESS}:443")
    ),
    formats.NETWORK: Kind(_from(*_NETWORKS)),
    formats.IP_ADDRESS: Kind(_from("10.0.0.53", "2001:db8::53")),
    formats.BATCH: Kind(_from("1", "30%", "100%")),
    formats.INVENTORY_NAME: Kind(_from("edge-1", "edge-2.example.com")),
    formats.TIME: Kind(
        st.one_of(*[_numbers(60, "s", "m", "", "h")] * 4, _numbers(999_999_999, "ms", "d", "w", "M", "y"))
    ),
    formats.SECONDS: Kind(st.one_of(*[_numbers(60, "s", "m", "", "h")] * 4, _numbers(999_999_999, "ms", "d", "y"))),
    formats.ZONE_SIZE: Kind(st.one_of(*[_numbers(8, "m", "M")] * 9, _numbers(64, "k", "K", "", "g", "G"), _from("0"))),
    formats.BUFFER_SIZE: Kind(st.one_of(_numbers(64, "k", "K"), _numbers(17, "m", ""))),
    formats.SIZE: Kind(st.one_of(_numbers(16, "m", "M"), _numbers(64, "k", "K", "", "g", "G"), _from("0"))),
    formats.TEMP_FILE_SIZE: Kind(st.one_of(_numbers(16, "m", "M"), _numbers(64, "k", "K", ""), _from("0"))),
    formats.BUFFERS: Kind(
        st.builds("{} {}".format, st.integers(1, 64), st.one_of(_numbers(64, "k", "K"), _numbers(17, "m", "")))
    ),
    formats.MEDIA_TYPE: Kind(_from("text/html", "text/css", "image/svg+xml", "application/vnd.api+json")),
    formats.MEDIA_RANGE: Kind(_from("text/css", "image/*", "application/wasm")),
    formats.RATE: Kind(_numbers(999_999_999, "r/s", "r/m")),
    formats.LEVELS: Kind(_from("1", "1:2", "2:2:2")),
    formats.URI_PATH: Kind(_URI_PATHS, _harmless_uri),
    # A path, or a regular expression made of what means the same to Python and to PCRE.
    formats.LOCATION_PATH: Kind(_LOCATION_PATHS, _harmless_uri),
    formats.URI_PATTERN: Kind(st.one_of(_URI_PATHS, _LOCATION_PATHS, _REGULAR_EXPRESSIONS), _harmless_uri),
    formats.FOLDER: Kind(_from("/", "/srv/www", "/srv/www/", "/srv/a.b/c-d/", "/srv/file")),
    formats.EDGE_FILE: Kind(_from("/etc/ssl/clients.pem", "/etc/ssl/c.d/ca", "/srv/a-b_c.pem")),
    formats.FILE_PATTERN: Kind(_from("$uri", "$uri/", "$uri/index.html", "/index.html", "=404", "=503")),
    formats.FILE_NAME: Kind(_from("index.html", "index.php", "a-b_c.d")),
    formats.SUBFOLDER: Kind(_from("uploads", "wp-content/uploads", "a.b-c/d")),
    formats.SCRIPT: Kind(_from("/index.php", "/public/app.php", "/a.b-c/d.php")),
    formats.PARAMETER_NAME: Kind(_from("front_controller_active", "APP_ENV", "PATH_INFO", "HTTP_X")),
    formats.HEADER_NAME: Kind(
        st.one_of(
            _from("X-Frame-Options", "x-frame-options", "Strict-Transport-Security", "Content-Security-Policy"),
            _from("X-Real-IP", "CF-Connecting-IP", "X", "X-Powered-By", "X-" + "Long-" * 20 + "Name"),
        )
    ),
    formats.LITERAL: Kind(_LITERALS, lambda text: digest(text) if text else text),
    # Variables that every nginx knows; whether another one exists only nginx can tell.
    formats.EXPRESSION: Kind(
        _from(
            "$request_uri", "$host$uri", "$http_x_api_key", "${scheme}-$host", '"$host"; {$uri}', "$binary_remote_addr"
        ),
        _harmless_expression,
    ),
    formats.LISTEN_ADDRESS: Kind(
        st.one_of(_numbers(65535, ""), _from("127.0.0.1:5432", "127.0.0.2:53", "0.0.0.0:9000"))
    ),
    formats.MODULE_NAME: Kind(_from(STREAM_MODULE)),
    formats.USER_NAME: Kind(_from("anna", "bob", "c.d-e_f+g@example.com")),
    # They are in a separate file, and never in nginx's text.
    formats.PASSWORD: Kind(_from("secret", "; evil on; {", "käse und $brot"), digest),
    formats.PASSWORD_HASH: Kind(_from("$6$salt$hash", "$2y$10$abcdefghijklmnopqrstuv", "$apr1$salt$hash")),
    formats.EMAIL: Kind(_from("ops@example.com"), lambda text: f"{digest(text)}@example.com"),
    formats.HTTPS_URL: Kind(_from("https://acme.example.com/dir"), lambda text: f"https://{digest(text)}.example.com"),
    formats.REDIRECT_URL: Kind(
        _from("https://$host/new$request_uri", "/there", "http://x.example.com/?a=1&b=2#c", "/käse/$request_uri"),
        lambda text: f"/{digest(text)}",
    ),
    formats.REDIRECT_TARGET: Kind(
        _from("/new", "/new/", "/new/$1", "https://www.example.net/a/$1?b=c", "https://example.net", "$1", "/a?b=1#c"),
        lambda text: f"https://{digest(text)}.example.net" if text.startswith("http") else f"/{digest(text)}",
    ),
    formats.ORIGIN: Kind(_from("https://app.example.com", "https://*.example.com", "http://localhost:3000", "*")),
    formats.METHOD: Kind(_from("GET", "POST", "PUT", "DELETE", "PROPFIND")),
    formats.SIGN_IN: Kind(
        _from("$location", "/oauth2/start?rd=$return_url", "https://login.example.net/?url=$return_url&x=1", "/login"),
        lambda text: text if text == "$location" else f"/{digest(text)}{'?$return_url' * ('$return_url' in text)}",
    ),
    # certbot's matters: none of them stands in nginx's text.
    formats.PLUGIN_NAME: Kind(_from("rfc2136", "cloudflare", "route53", "x-y")),
    formats.PACKAGE_NAME: Kind(_from("python3-certbot-dns-rfc2136", "certbot-dns-x")),
    formats.PROFILE_NAME: Kind(_from("classic", "shortlived", "tlsserver")),
    formats.COMMON_NAME: Kind(_from("ISRG Root X1", "Company's CA (2)"), digest),
    formats.KEY_IDENTIFIER: Kind(_from("customer-1", "a/b+c=", "{;}"), digest),
    formats.HMAC_KEY: Kind(_from("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajV", "c2VjcmV0LWtleQ==")),
    formats.CREDENTIAL_KEY: Kind(_from("dns_rfc2136_server", "dns_rfc2136_secret", "token")),
    formats.CREDENTIAL: Kind(_from("10.0.0.53", "sec;ret # {", "it's", 'say "it"', "100 %"), digest),
    formats.FILE_PATH: Kind(_from("there/a.pem", "there/b.key", "nowhere/c.pem", "sites.d"), lambda text: text or "-"),
    formats.HEADER_VALUE: Kind(
        st.one_of(
            _LITERALS.filter(lambda text: "$" not in text), _from("$host", "id-${request_id}", "a $remote_addr; b")
        ),
        lambda text: _harmless_expression(text) if "$" in text or not text else digest(text),
    ),
    formats.COOKIE_NAME: Kind(_from("sessionid", "wordpress_logged_in_*", "_ga*", "a.b-c")),
    # Valid in http, in a server and in a location.
    formats.DIRECTIVES: Kind(_from("", "# nothing", "tcp_nodelay on;", "resolver_timeout 5s;\n\n  # more\n")),
}

SPARE_TEXTS: Mapping[Format, str] = {
    formats.NAME: "spare{}",
    formats.HOSTNAME: "spare{}.example.com",
    formats.SERVER_NAME: "spare{}.example.org",
    formats.LOG_FILE: "spare{}.log",
    formats.ADDRESS: "10.0.0.7:7",
    formats.NETWORK: "10.7.0.0/16",
    formats.TIME: "7s",
    formats.SECONDS: "7s",
    formats.SIZE: "7m",
    formats.TEMP_FILE_SIZE: "7m",
    formats.ZONE_SIZE: "7m",
    formats.RATE: "7r/s",
    formats.EXPRESSION: "$host",
    formats.URI_PATH: "/spare{}",
    formats.URI_PATTERN: "/spare{}/",
    formats.FOLDER: "/srv/spare{}/",
    formats.EDGE_FILE: "/etc/ssl/spare{}.pem",
    formats.REDIRECT_URL: "/spare{}",
}
"""What stands in where a text was refused, so that its record is not lost; with a number, for many have to differ."""

PAYLOADS = (
    "; evil on;",
    "} evil { x",
    "{",
    "}",
    ";",
    '"',
    "'",
    '" evil "',
    "' evil '",
    '\\"; evil on; #',
    "\\",
    "\\\\",
    "\nevil on;",
    "\r\nX-Evil: yes",
    "\t",
    " ",
    "#",
    "$",
    "${",
    "${host",
    "$host",
    "${host}",
    "@GENERATION@",
    "{{ 1 }}",
    "{% raw %}",
    "\x00",
    "\x07",
    "\x7f",
    "\u2028evil on;",
    "\u202e",
    "\ud800",
    "🦊",
    "e\u0301",
    "-",
    "l" * 300,
    "l" * 5000,
    "ü" * 3000,
    "\\" * 2500,
)
"""What hostile texts hold."""


def hostile(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A text that breaks out where somebody is careless, alone or behind one of ``texts``."""
    payloads = st.one_of(st.sampled_from(PAYLOADS), st.lists(st.sampled_from(PAYLOADS), max_size=3).map("".join))
    glue = st.sampled_from(("", "%", " ", ":", "/", ".", "@", "?"))
    return st.one_of(payloads, st.builds("{}{}{}".format, texts, glue, payloads))
