# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw directives as they are written: applications that are reached by them get the headers of the edge, too.

FastCGI, uwsgi and SCGI turn each header of a client into a parameter (``HTTP_X_FORWARDED_FOR``). After a raw
``fastcgi_pass`` come parameters that replace those a client must not choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..model.edge import Edge
from ..model.location import Location
from ..model.site import Site
from ..policy.effective import Effective
from ..syntax.quote import quote
from ..syntax.raw import PROTOCOLS, Directive, raw_protocols, read_raw
from .request_headers import DroppedHeaders, RequestHeaders, parameter, request_headers


def view_raw(
    text: str,
    levels: Sequence[Edge | Site | Location],
    variables: Effective,
    generation: str,
    *,
    more: Iterable[tuple[str, str]] = (),
) -> tuple[str, tuple[DroppedHeaders, ...]]:
    """The text with the parameters of headers, and the files that it includes then.

    :param more: headers that access control sets.
    """
    if not raw_protocols([text]):
        return text, ()
    directives = read_raw(text).directives
    passes = {f"{protocol}_pass": protocol for protocol in PROTOCOLS}
    files = []
    for directive in reversed(directives):
        if directive.name in passes:
            protocol = passes[directive.name]
            headers = request_headers(protocol, variables, levels, more=more)
            lines, dropped = _parameters(protocol, directives, headers, generation)
            text = "\n".join((text[: directive.end], *lines)) + text[directive.end :]
            files.append(dropped)
    return text, tuple(files)


def _parameters(
    protocol: str, directives: Sequence[Directive], headers: RequestHeaders, generation: str
) -> tuple[list[str], DroppedHeaders]:
    written = {one.words[1].upper() for one in directives if one.name == f"{protocol}_param" and len(one.words) > 1}
    kept = {name for name in headers.dropped.unset if parameter(name) in written}
    dropped = DroppedHeaders(protocol, headers.dropped.own | {name.lower() for name in kept})
    refusal = dropped.refusal
    pairs = [(parameter(name), value) for name, value in headers.pairs if parameter(name) not in written]
    return [
        *([f"if ({refusal.variable}) {{ return 400; }}"] if refusal else []),
        f"include /etc/nginx/generations/{generation}/{dropped.file};",
        *(f"{protocol}_param {name} {quote(value)} if_not_empty;" for name, value in pairs),
    ], dropped
