# SPDX-License-Identifier: GPL-3.0-or-later
"""The capabilities of the nginx of a target: everything that depends on its version, its build or its OpenSSL.

Versions are those of nginx's change log (https://nginx.org/en/CHANGES); build options are those of ``nginx -V``
(https://nginx.org/en/docs/configure.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.nginx.package import MODULES_PATH, STREAM_MODULE

Version = tuple[int, ...]


def parse_version(text: str) -> Version:
    """The first dotted number in a text, as integers; ``()`` when there is none."""
    found = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def version_text(version: Version) -> str:
    """Such as ``1.26.3``."""
    return ".".join(map(str, version))


@dataclass(frozen=True)
class Capability:
    """A capability that not every nginx has, and its requirements.

    :param name: what it is called in errors.
    :param option: the option of the model that uses it.
    :param otherwise: the result on a target without it.
    :param nginx: first version of nginx that has it.
    :param openssl: first version of OpenSSL that has it.
    :param build: build option that nginx has to be built with.
    :param module: dynamic module that does as well.
    :param left_out: build option by which nginx is built without it.
    """

    name: str
    option: str
    otherwise: str
    nginx: Version = ()
    openssl: Version = ()
    build: str = ""
    module: str = ""
    left_out: str = ""

    @property
    def needs(self) -> str:
        """The requirements as text."""
        version = f"nginx {version_text(self.nginx)} or newer" if self.nginx else "nginx" if self.build else ""
        parts = [f"{version} built {self.build}" if self.build else version] if version else []
        parts += [f"OpenSSL {version_text(self.openssl)} or newer"] if self.openssl else []
        parts += [f"its module {self.module}"] if self.module else []
        parts += [f"nginx not built {self.left_out}"] if self.left_out else []
        return " or ".join(parts) if self.module else ", ".join(parts)


HTTP2_DIRECTIVE = Capability(
    "HTTP/2 for one site and not for another",
    "edge_sites[].http2",
    "all sites of a port have it or none; one site that differs is refused",
    nginx=(1, 25, 1),
)
HTTP3 = Capability(
    "HTTP/3",
    "edge_http3",
    "auto leaves it out, on is refused",
    nginx=(1, 25, 0),
    build="--with-http_v3_module",
)
REJECT_HANDSHAKE = Capability(
    "refusing unknown names in the TLS handshake",
    "always",
    "they get a placeholder certificate, and the connection is closed",
    nginx=(1, 19, 4),
)
POST_QUANTUM = Capability(
    "the post-quantum key exchange X25519MLKEM768",
    "edge_tls_post_quantum",
    "the classic curves of the policy",
    openssl=(3, 5),
)
KEPT_CONNECTIONS = Capability(
    "keeping idle connections of clients for a moment during a reload",
    "always",
    "nginx closes them at once, and a client repeats a request that it is just sending",
    nginx=(1, 27, 4),
)
UPSTREAM_RESOLVE = Capability(
    "looking up the names of backends while nginx runs",
    "edge_upstreams[].resolve",
    "auto looks them up once, when nginx loads, and warns; on is refused",
    nginx=(1, 27, 3),
)
STREAM = Capability(
    "TCP and UDP streams",
    "edge_streams",
    "refused",
    build="--with-stream",
    module=STREAM_MODULE,
)
SSL_PREREAD = Capability(
    "passing TLS through by server name",
    "edge_streams[].ssl_preread",
    "refused",
    build="--with-stream_ssl_preread_module",
    module=STREAM_MODULE,
)
STREAM_REAL_IP = Capability(
    "the PROXY protocol on streams",
    "edge_streams[].listen_proxy_protocol",
    "refused",
    build="--with-stream_realip_module",
)
REAL_IP = Capability(
    "real addresses behind trusted proxies",
    "edge_trusted_proxies",
    "refused",
    build="--with-http_realip_module",
)
AUTH_REQUEST = Capability(
    "asking a service whether a request may pass",
    "edge_sites[].auth_request",
    "refused",
    build="--with-http_auth_request_module",
)
GRPC = Capability(
    "gRPC",
    "edge_sites[].locations[].protocol=grpc",
    "refused",
    nginx=(1, 13, 10),
    build="--with-http_v2_module",
)
COOKIE_FLAGS = Capability(
    "flags of cookies",
    "edge_sites[].cookies.secure",
    "refused",
    nginx=(1, 19, 3),
)
GZIP_STATIC = Capability(
    "sending compressed files",
    "edge_sites[].locations[].gzip_static",
    "refused",
    build="--with-http_gzip_static_module",
)
FASTCGI = Capability(
    "FastCGI",
    "edge_sites[].locations[].protocol=fastcgi",
    "refused, php too",
    left_out="--without-http_fastcgi_module",
)
UWSGI = Capability(
    "uwsgi",
    "edge_sites[].locations[].protocol=uwsgi",
    "refused",
    left_out="--without-http_uwsgi_module",
)
SCGI = Capability(
    "SCGI",
    "edge_sites[].locations[].protocol=scgi",
    "refused",
    left_out="--without-http_scgi_module",
)
OF_PROTOCOLS = {"grpc": GRPC, "fastcgi": FASTCGI, "uwsgi": UWSGI, "scgi": SCGI}
"""Protocol of a backend -> what it requires."""
CAPABILITIES = (
    HTTP2_DIRECTIVE,
    HTTP3,
    REJECT_HANDSHAKE,
    POST_QUANTUM,
    KEPT_CONNECTIONS,
    UPSTREAM_RESOLVE,
    STREAM,
    SSL_PREREAD,
    STREAM_REAL_IP,
    REAL_IP,
    AUTH_REQUEST,
    GRPC,
    COOKIE_FLAGS,
    GZIP_STATIC,
    FASTCGI,
    UWSGI,
    SCGI,
)
"""All capabilities."""


@dataclass(frozen=True)
class Target:
    """The nginx of one host.

    :param version: such as ``(1, 26, 3)``.
    :param openssl: version of the OpenSSL nginx runs with.
    :param configure_arguments: nginx's build options, as ``nginx -V`` prints them.
    :param modules: dynamic modules that are there, or that the host's package manager has.
    :param user: account of the workers.
    :param installed: False when this is what the host would install.
    """

    version: Version
    openssl: Version
    configure_arguments: tuple[str, ...]
    modules: tuple[str, ...] = ()
    user: str = "www-data"
    installed: bool = True

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Target:
        """From what the module ``nginx_info`` returns as ``nginx``."""
        return cls(
            version=parse_version(facts["version"]),
            openssl=parse_version(facts["openssl"]),
            configure_arguments=tuple(facts["configure_arguments"]),
            modules=tuple(facts["modules"]),
            user=facts["user"],
            installed=facts["installed"],
        )

    def can(self, capability: Capability) -> bool:
        """Whether this nginx can do it."""
        return not self._missing(capability)

    def lacks(self, capability: Capability) -> str:
        """Why it is not available, for an error."""
        return f"{capability.name} needs {capability.needs}; this host has {self._missing(capability)}"

    def _missing(self, capability: Capability) -> str:
        built = not capability.build or capability.build in self.configure_arguments
        # A build option that is there shows the version, which may be unknown for an nginx that is not installed yet.
        if self.version < capability.nginx and not (capability.build and built):
            return f"nginx {version_text(self.version)}"
        if self.openssl < capability.openssl:
            return f"OpenSSL {version_text(self.openssl)}"
        if not built and capability.module not in self.modules:
            return f"an nginx {version_text(self.version)} built without it"
        if capability.left_out in self.configure_arguments:
            return f"an nginx {version_text(self.version)} built without it"
        return ""

    def module_file(self, name: str) -> str:
        """Path of a dynamic module on the host, such as ``/usr/lib/nginx/modules/ngx_stream_module.so``."""
        given = (word[len(MODULES_PATH) :] for word in self.configure_arguments if word.startswith(MODULES_PATH))
        folder = next(given, "/usr/lib/nginx/modules")
        return f"{folder}/{name}.so"
