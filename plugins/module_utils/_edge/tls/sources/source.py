# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each source of certificates defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable

from ..decisions import Decision, Situation


@dataclass(frozen=True)
class Source:
    """A source of certificates.

    :param name: value of the option ``source``.
    :param decide: the action for one certificate on its host. It changes nothing, and raises ``EdgeError`` if the
        certificate cannot be used.
    :param options: options of a certificate that have an effect with this source, and not with every source.
    :param required: options that must be set in the model -> the remedy that the error describes.
    :param ordered: whether the certificates are ordered from the ACME server of ``edge_acme``.
    :param from_files: whether the pairs are files on the controller.
    :param on_other_edges: the source on the other edges, if one edge orders for all; None if nothing differs there.
    :param selectable: whether the model may name this source.
    """

    name: str
    decide: Callable[[Situation], Decision]
    options: tuple[str, ...] = ()
    required: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    from_files: bool = False
    on_other_edges: str | None = None
    selectable: bool = True
