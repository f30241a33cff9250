# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods that a site or location allows."""

from __future__ import annotations

from ..model.location import Location
from ..model.site import Site


def allowed_methods(site: Site, location: Location | None = None) -> tuple[str, ...]:
    """The methods of a location; empty if all are allowed. HEAD is allowed with GET."""
    methods = (location.methods if location else ()) or site.methods
    return tuple(dict.fromkeys(one for method in methods for one in (method, *(("HEAD",) if method == "GET" else ()))))
