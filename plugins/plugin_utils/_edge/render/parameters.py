# SPDX-License-Identifier: GPL-3.0-or-later
"""CGI parameters of requests to FastCGI, uwsgi and SCGI applications (RFC 3875), without those of headers.

Parameters that are the same for all locations are in one file for each protocol. Each block adds those of its script:
SCRIPT_NAME is the part of the path that chose the application, and PATH_INFO is the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.location import Location
from ..policy.cgi_parameters import shared_parameters
from ..policy.effective import Effective
from ..syntax.quote import quote, quoted

SCRIPT_VARIABLE = "$edge_script"
PATH_INFO_VARIABLE = "$edge_path_info"
"""Captured by the expression of a location that executes scripts."""


@dataclass(frozen=True, slots=True)
class SharedParameters:
    """The file with the parameters that are the same for all locations."""

    protocol: str
    variables: Effective

    @property
    def file(self) -> str:
        """Its path in the generation."""
        return f"{self.protocol}_parameters.conf"

    @property
    def directives(self) -> tuple[str, ...]:
        """The directives of the file; a plain request has no HTTPS, as some applications only test if it exists."""
        return tuple(
            f"{self.protocol}_param {name} {value}" + (" if_not_empty" if name == "HTTPS" else "")
            for name, value in shared_parameters(self.protocol, self.variables)
        )


def application_parameters(location: Location) -> tuple[str, ...]:
    """Directives for an application that handles all paths of a location."""
    protocol = location.backend_protocol
    if not location.strip_prefix:
        return _parameters(location, protocol, "", "$uri", "$uri")
    mount = re.escape(location.path.removesuffix("/"))
    return (
        f"fastcgi_split_path_info {quoted(f'(?s)^({mount})(/.*)$')}",
        *_parameters(location, protocol, "$fastcgi_script_name", "$fastcgi_path_info", "$uri"),
    )


def script_parameters(location: Location, script: str, path_info: str = "") -> tuple[str, ...]:
    """Directives for a PHP script.

    :param script: path of the script below the root.
    """
    root = location.php.root.rstrip("/") if location.php and location.php.root else "$realpath_root"
    return (
        f"fastcgi_param SCRIPT_FILENAME {root}{script}",
        f"fastcgi_param DOCUMENT_ROOT {root or '/'}",
        *_parameters(location, "fastcgi", script, path_info, f"{script}{path_info}"),
    )


def _parameters(location: Location, protocol: str, script: str, path_info: str, uri: str) -> tuple[str, ...]:
    pairs = (("SCRIPT_NAME", script), ("PATH_INFO", path_info), ("DOCUMENT_URI", uri), *location.parameters.items())
    return tuple(f"{protocol}_param {name} {quote(value)}" for name, value in pairs)
