# SPDX-License-Identifier: GPL-3.0-or-later
"""An application in uWSGI: what it learns about a request. It names itself in a header, which an edge must hide."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Callable


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """The entry point of WSGI."""
    said = {name: value for name, value in environ.items() if isinstance(value, str)}
    said["body"] = hashlib.md5(environ["wsgi.input"].read()).hexdigest()  # noqa: S324 - compared, not trusted
    said["url_scheme"] = environ["wsgi.url_scheme"]
    start_response("200 OK", [("Content-Type", "application/json"), ("Server", "Echo/1.0")])
    return [json.dumps(said).encode()]
