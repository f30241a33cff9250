# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that the model defines, and conditions under which requests are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from ..syntax.formats import Expression, Literal, MapKey, VariableName, Word
from .record import Record, Reference

NETWORK = "network"


@dataclass(frozen=True, slots=True)
class MapValue(Record):
    """One value of a variable; the kind of ``from_`` depends on ``match``, see :mod:`..check.maps`."""

    from_: MapKey
    match: Word
    to: Literal


@dataclass(frozen=True, slots=True)
class EdgeMap(Record):
    """A variable whose value depends on another expression."""

    name: VariableName
    source: Expression
    default: Literal
    values: tuple[MapValue, ...]

    @property
    def variable(self) -> str:
        """The variable, such as ``$crawler``."""
        return f"${self.name}"

    @property
    def of_networks(self) -> bool:
        """Whether its values depend on the network of an address."""
        return any(value.match == NETWORK for value in self.values)


@dataclass(frozen=True, slots=True)
class DenyIf(Record):
    """A condition under which requests are refused: the variable is neither empty nor ``0``."""

    map: Annotated[EdgeMap, Reference("edge_maps")]
    status: int
