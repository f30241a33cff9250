# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of all records of the model."""

from __future__ import annotations

from dataclasses import dataclass

from ..syntax.problems import inside


@dataclass(frozen=True, slots=True)
class Reference:
    """Annotates a field with a record that the model names: the reader resolves the name.

    :param variable: the variable with the records, such as ``edge_upstreams``.
    :param option: the option with the name; the default is the name of the field.
    """

    variable: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """The base of all parts of the model; ``place`` is, for example, ``edge_sites[0].locations[2]``."""

    place: str

    def at(self, option: str) -> str:
        """The place of one of its options."""
        return inside(self.place, option)
