# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data that the controller sends for a generation: the texts, and facts about them.

The facts are the sockets, certificates and modules of the configuration, and the places in the model that its lines
come from. With them, the host does not have to parse nginx's configuration language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ..host.errors import EdgeError
from ..host.packing import packed, unpacked
from ..nginx.sockets import Listener

PLACEHOLDER = "@GENERATION@"
"""Placeholder for the name of the generation in texts from the controller."""

Places = Mapping[str, Sequence[tuple[int, str]]]
"""Relative path -> line numbers, ascending, each with the place in the model that the text from this line on comes
from; an empty place means that the text does not come from one part of the model."""


@dataclass(frozen=True)
class Facts:
    """Facts about a configuration.

    :param listeners: the sockets that nginx opens.
    :param tls_port: a port on which nginx accepts TLS without the PROXY protocol; None if there is none.
    :param pairs: the directories of the certificates that it serves.
    :param modules: the files of the dynamic modules that it loads.
    :param sockets: name of a site or certificate -> address, port and name of a site, for sites with TLS that loopback
        and ``tls_port`` do not reach.
    """

    listeners: tuple[Listener, ...] = ()
    tls_port: int | None = None
    pairs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    sockets: Mapping[str, tuple[str, int, str]] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Facts:
        """From JSON data; raises ``KeyError`` or ``TypeError`` if it is incomplete."""
        listeners = tuple(Listener(*one) for one in plain["listeners"])
        sockets = {name: (address, port, site) for name, (address, port, site) in plain.get("sockets", {}).items()}
        return cls(listeners, plain["tls_port"], tuple(plain["pairs"]), tuple(plain["modules"]), sockets)


@dataclass(frozen=True)
class Content:
    """The texts with :data:`PLACEHOLDER`, their digest, the facts about them, and the sender."""

    files: Mapping[str, str]
    digest: str
    status_port: int
    version: str
    made_by: str = ""
    facts: Facts = Facts()
    places: Places = field(default_factory=dict)

    def replaced(self, texts: Mapping[str, str]) -> Content:
        """The same content with some texts replaced by others."""
        files = dict(self.files)
        for old, new in texts.items():
            files = {path: text.replace(old, new) for path, text in files.items()}
        return replace(self, files=files)

    def named(self, name: str) -> dict[str, str]:
        """The texts of the generation with that name."""
        return {path: text.replace(PLACEHOLDER, name) for path, text in self.files.items()}


def pack(content: Content) -> str:
    """A content as compressed text, to send to the target."""
    plain = {one.name: getattr(content, one.name) for one in fields(content)}  # asdict() would copy all texts
    texts = {"files": dict(content.files), "places": dict(content.places)}
    return packed({**plain, **texts, "facts": asdict(content.facts)})


def unpack(payload: str) -> Content:
    """The content from a text of :func:`pack`.

    :raises EdgeError: the text is incomplete.
    """
    try:
        plain = unpacked(payload)
        return Content(**{**plain, "facts": Facts.from_plain(plain["facts"])})
    except (ValueError, TypeError, KeyError) as error:
        raise EdgeError(f"the payload is incomplete: {error}") from error
