# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of certificates by name. A new source is a module of this package, and a line in ``SOURCES``.

Its name is also a choice of the option ``source`` (:class:`..wanted.Wanted`), and of the model if it is selectable.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...host.errors import EdgeError
from ..decisions import Decision, Situation
from ..wanted import Wanted, options_of
from . import acme, provided, received, self_signed
from .source import Source

SOURCES: Mapping[str, Source] = {
    one.name: one
    for one in (
        acme.SOURCE,
        provided.SOURCE,
        received.SOURCE,
        self_signed.SOURCE,
    )
}


def _unknown(situation: Situation) -> Decision:
    raise EdgeError(f"has the unknown source '{situation.wanted.source}'")


def source_of(name: object) -> Source:
    """The source with this name. An unknown one has no properties; the reader or the argument spec reports the name."""
    return SOURCES.get(str(name)) or Source(str(name), _unknown)


def without_effect(name: str) -> dict[str, str]:
    """Options that have no effect with a source -> a source with which they have one, in the order of the options."""
    other = {option: source.name for source in SOURCES.values() for option in source.options}
    for option in source_of(name).options:
        del other[option]
    return {option: other[option] for option in options_of(Wanted) if option in other}
