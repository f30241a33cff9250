# SPDX-License-Identifier: GPL-3.0-or-later
"""Models drawn from the one definition: types, choices and nesting of the argument spec, texts of the dataclasses.

An option that is added to the spec is drawn too: the only ones that are named here are the sites, for those in files,
and where certificates come from. What makes a model sound is left to the checker, whose words :mod:`.fixing` follows.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.edge import Edge
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.model.record import Record, Reference
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.pipeline import Plan, plan
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.reader import PREFIX, SiteFile, option_name
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax import formats
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.formats import Format
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.target.capabilities import Target

from ..unit.models import OPTIONS
from .texts import KINDS, hostile

SITES = "edge_sites"
FILE_END = ": "
"""Ends the key of a site file in :attr:`Drawn.whole`."""
FRIENDLY_INTEGERS = (1, 2, 3, 5, 10, 80, 100, 200, 301, 404, 503, 2048, 8443)
ODD_INTEGERS = (-1, 0, 65535, 65536, 10**6, 10**9, 2**31, 2**63, 10**30)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    10**30,
    1.5,
    "",
    "text",
    "5",
    "yes",
    [],
    [None],
    [[]],
    {},
    {"a": {}},
    {None: 1},
    {7: "b"},
)
LENGTHS = (1, 2, 3, 0)
LENGTHS_OF_RECORDS = (1, 2, 1, 2, 3, 1, 2, 3, 1, 2, 3, 0)
MOST_OPTIONS = 14
"""Options of a record that are given beside the required ones; more of them make models that agree less often."""
DELETED = object()

Place = tuple[Any, ...]
"""Keys and indices on the way from the variables to a value."""


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What an inventory says.

    :param files: sites in separate files, by the name of the file.
    """

    variables: dict[str, Any]
    files: dict[str, Any]

    def __repr__(self) -> str:
        return f"Drawn({self.variables!r}, {self.files!r})"

    def planned(self, target: Target) -> Plan:
        """The plan; the controller has no files but those in a folder ``there``."""
        files = [SiteFile(name, content) for name, content in self.files.items()]
        return plan(OPTIONS, self.variables, target, lambda path: path.startswith("there/"), files)

    @property
    def whole(self) -> dict[str, Any]:
        """Variables and files in one mapping, whose keys begin the paths of problems."""
        return {**self.variables, **{name + FILE_END: content for name, content in self.files.items()}}

    def with_whole(self, whole: Mapping[str, Any]) -> Drawn:
        """The reverse of :attr:`whole`."""
        files = {key.removesuffix(FILE_END): value for key, value in whole.items() if str(key).endswith(FILE_END)}
        return Drawn({key: value for key, value in whole.items() if not str(key).endswith(FILE_END)}, files)


@functools.cache
def _hints(record: Any) -> Mapping[str, Any]:
    hints = get_type_hints(record, include_extras=True)
    return {option_name(field.name, hints[field.name]): hints[field.name] for field in dataclasses.fields(record)}


def _inner(hint: Any, wanted: type[Any]) -> Any:
    """The record or the format in a hint, through tuples and Optionals; None without one."""
    if get_origin(hint) is Annotated:
        found = formats.NAME if isinstance(hint.__metadata__[0], Reference) else hint.__metadata__[0]
        return found if wanted is Format else None
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint if wanted is Record else None
    return next((found for argument in get_args(hint) if (found := _inner(argument, wanted))), None)


def _chance(draw: st.DrawFn, percent: int) -> bool:
    return draw(st.integers(0, 99)) >= 100 - percent


def _integer(draw: st.DrawFn) -> int:
    odd = _chance(draw, 5)
    return draw(st.sampled_from(ODD_INTEGERS if odd else FRIENDLY_INTEGERS))


@functools.cache
def _hostile(wanted: Format) -> st.SearchStrategy[str]:
    return hostile(KINDS[wanted].texts)


def _text(draw: st.DrawFn, wanted: Format) -> str:
    return draw(KINDS[wanted].texts)


def _options(draw: st.DrawFn, options: Mapping[str, Any], record: Any) -> dict[str, Any]:
    optional = [name for name, option in options.items() if not option.get("required")]
    given = draw(st.lists(st.sampled_from(optional), unique=True, max_size=MOST_OPTIONS)) if optional else []
    return {
        name: _value(draw, option, _hints(record)[name.removeprefix(PREFIX)])
        for name, option in options.items()
        if option.get("required") or name in given or (_is_likely(name, option) and not _chance(draw, 3))
    }


def _is_likely(name: str, option: Mapping[str, Any]) -> bool:
    """Lists of records, and what the variables hold in records: without them there is little to draw."""
    return option.get("elements") == "dict" or (name.startswith(PREFIX) and bool(option.get("options")))


def _value(draw: st.DrawFn, option: Mapping[str, Any], hint: Any) -> Any:
    kind = option.get("type", "str")
    if "choices" in option:
        return draw(st.sampled_from(option["choices"]))
    if kind == "list":
        element = {**option, "type": option["elements"]}
        lengths = LENGTHS_OF_RECORDS if option["elements"] == "dict" else LENGTHS
        return [_value(draw, element, hint) for _ in range(draw(st.sampled_from(lengths)))]
    if kind == "dict" and option.get("options"):
        return _options(draw, option["options"], _inner(hint, Record))
    if kind == "dict":
        key, value = (argument.__metadata__[0] for argument in get_args(hint))
        return {_text(draw, key): _text(draw, value) for _ in range(draw(st.integers(0, 3)))}
    if kind == "bool":
        return draw(st.booleans())
    return _integer(draw) if kind == "int" else _text(draw, _inner(hint, Format))


def texts_of(whole: Mapping[str, Any]) -> Iterator[tuple[Place, Format]]:
    """Places of all texts of a model that have a format, choices aside; keys of mappings are no places."""
    for key, value in whole.items():
        if str(key).endswith(FILE_END):
            element = {"type": "dict", "options": OPTIONS[SITES]["options"]}
            yield from _texts(value, element, _inner(_hints(Edge)["sites"], Record), (key,))
        elif key in OPTIONS:
            yield from _texts(value, OPTIONS[key], _hints(Edge)[key.removeprefix(PREFIX)], (key,))


def _texts(value: Any, option: Mapping[str, Any], hint: Any, place: Place) -> Iterator[tuple[Place, Format]]:
    if isinstance(value, str) and "choices" not in option:
        yield place, _inner(hint, Format)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, {**option, "type": option.get("elements")}, hint, (*place, index))
    elif isinstance(value, dict) and option.get("options"):
        hints = _hints(_inner(hint, Record))
        for key, item in value.items():
            if key in option["options"]:
                yield from _texts(item, option["options"][key], hints[key], (*place, key))
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                yield (*place, key), get_args(hint)[1].__metadata__[0]


def options_of(whole: Mapping[str, Any]) -> Iterator[str]:
    """The options that a model gives, such as ``edge_sites.locations.path``."""
    for key, value in whole.items():
        if str(key).endswith(FILE_END):
            yield from _options_of(value, OPTIONS[SITES]["options"], f"{SITES}.")
        else:
            yield from _options_of({key: value}, OPTIONS, "")


def _options_of(value: Any, options: Mapping[str, Any], path: str) -> Iterator[str]:
    for record in value if isinstance(value, list) else [value]:
        for key in record if isinstance(record, dict) else ():
            if key in options:
                yield path + key
                yield from _options_of(record[key], options[key].get("options") or {}, f"{path}{key}.")


def all_options(options: Mapping[str, Any] = OPTIONS, path: str = "") -> Iterator[str]:
    """All options of the spec, written likewise."""
    for key, option in options.items():
        yield path + key
        yield from all_options(option.get("options") or {}, f"{path}{key}.")


def changed(value: Any, changes: Mapping[Place, Any], place: Place = ()) -> Any:
    """A copy with the values at some places replaced, or taken out (:data:`DELETED`)."""
    if place in changes:
        return copy.deepcopy(changes[place]) if changes[place] is not DELETED else DELETED
    if isinstance(value, dict):
        items = ((key, changed(item, changes, (*place, key))) for key, item in value.items())
        return {key: item for key, item in items if item is not DELETED}
    if isinstance(value, list):
        elements = (changed(item, changes, (*place, index)) for index, item in enumerate(value))
        return [item for item in elements if item is not DELETED]
    return value


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Places of all that stands in a model."""
    if place:
        yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*place, key))


def at(whole: Any, place: Place) -> Any:
    """What stands at a place."""
    return functools.reduce(lambda node, key: node[key], place, whole)


@st.composite
def sound(draw: st.DrawFn) -> Drawn:
    """What an operator might write; some of it wrong, as far as several options are concerned."""
    variables = _options(draw, OPTIONS, Edge)
    variables.setdefault("edge_certificate_source", "self_signed")
    sites: list[Any] = variables.get(SITES, [])
    apart = draw(st.integers(0, 1)) if sites else 0
    file = f"sites.d/{draw(st.sampled_from(('a', 'käse', 'a b', '[0].x', 'a: b', '; evil on;')))}.yml"
    return Drawn({**variables, SITES: sites[apart:]}, {file: sites[0]} if apart else {})


@st.composite
def poisoned(draw: st.DrawFn) -> Drawn:
    """A model some of whose texts are hostile."""
    drawn = draw(sound())
    whole = drawn.whole
    found = [(place, wanted) for place, wanted in texts_of(whole) if wanted is not formats.DIRECTIVES]
    changes = {
        place: draw(_hostile(wanted))
        for place, wanted in (draw(st.lists(st.sampled_from(found), max_size=6)) if found else ())
    }
    return drawn.with_whole(changed(whole, changes))


@st.composite
def broken(draw: st.DrawFn) -> Drawn:
    """A model with wrong types, unknown and missing keys."""
    drawn = draw(poisoned())
    whole = drawn.whole
    found: Sequence[Place] = sorted(places(whole), key=repr)
    changes: dict[Place, Any] = {}
    for place in draw(st.lists(st.sampled_from(found), max_size=4)) if found else ():
        value = at(whole, place)
        wrong: Any = draw(st.sampled_from((DELETED, *ODD_VALUES)))
        if isinstance(value, dict) and draw(st.booleans()):
            wrong = {**value, draw(st.sampled_from(("nam", "unknown", "a.b", "x[0]", "", 7, None))): wrong}
            wrong = {key: item for key, item in wrong.items() if item is not DELETED}
        changes[place] = wrong
    return drawn.with_whole(changed(whole, changes))
