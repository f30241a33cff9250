# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of a host to the model, with all problems found on the way."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from ..model.edge import Edge
from ..model.headers import ResponseHeaders
from ..model.record import Record, Reference
from ..model.site import Site
from ..syntax.addresses import in_ascii
from ..syntax.directives import instead_of
from ..syntax.formats import DIRECTIVES, HEADER_VALUE, NAME, Format
from ..syntax.problems import Problem, did_you_mean, inside, invalid, is_within, item
from ..syntax.quote import LONGEST_PARAMETER, is_too_long
from .spec import RENAMED, Options, is_harmless_key, read_options, read_value, unknown

PREFIX = "edge_"
SITES = "edge_sites"


@dataclasses.dataclass(frozen=True)
class Reading:
    """The result of reading.

    :param edge: the model without the records that have problems.
    :param problems: the problems, in the order of the spec.
    :param names: all names by variable (``edge_upstreams``), broken records included, so that one typo does not
        make every reference to its record an error too.
    :param files: places of the sites that have their own file -> name of the file.
    """

    edge: Edge
    problems: tuple[Problem, ...]
    names: Mapping[str, frozenset[str]]
    files: Mapping[str, str]


@dataclasses.dataclass
class _Progress:
    """The state of reading.

    :param problems: the problems found so far.
    :param names: see :class:`Reading`.
    :param records: variable -> name -> record without problems, for references.
    :param unresolved: places of references to records with problems, which are reported where the records are.
    :param hides: whether the record that is read has a secret; then errors repeat none of its values.
    """

    names: Mapping[str, frozenset[str]]
    problems: list[Problem]
    records: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    unresolved: list[str] = dataclasses.field(default_factory=list)
    hides: bool = False

    def spoils(self, place: str) -> bool:
        """Whether the item at ``place`` itself has a problem, and not only an item in a list further inside."""
        paths = (*(problem.path for problem in self.problems), *self.unresolved)
        return any(is_within(path, place) and "[" not in path[len(place) :] for path in paths)


@dataclasses.dataclass(frozen=True)
class SiteFile:
    """One site in a separate file.

    :param name: name of the file in errors, such as ``sites.d/api.example.com.yml``.
    :param content: its content, in plain Python types.
    """

    name: str
    content: Any


def read_edge(options: Options, variables: Mapping[str, Any], site_files: Sequence[SiteFile] = ()) -> Reading:
    """Read the variables of a host by the options of the spec.

    :param variables: plain values of all variables that begin with ``edge_``.
    :param site_files: additional sites, one in each file.
    """
    problems: list[Problem] = []
    given = {}
    for name, value in variables.items():
        if name in options:
            given[name] = value
        elif name in RENAMED:
            problems.append(unknown(options, name, "", {}))
        elif hint := _meant_variable(name, options):
            problems.append(Problem(name, "is not a variable of the edge", hint))
    plain = read_options(options, given, "", problems)
    # The sites in files come after those of the variable.
    first = len(given[SITES]) if isinstance(given.get(SITES), list) else 0
    placed = [(item(SITES, first + index, file.content), file.content) for index, file in enumerate(site_files)]
    element = {"type": "dict", "options": options[SITES]["options"]}
    # One after the other, because the values of thousands of sites take much memory.
    plain_sites = ((place, read_value(element, content, place, problems, options)) for place, content in placed)
    names = {
        variable: _names(plain[variable] or [])
        for variable, option in options.items()
        if option["type"] == "list" and option["elements"] == "dict"
    }
    names[SITES] |= _names(content for _place, content in placed)
    fields = {name[len(PREFIX) :]: value for name, value in plain.items()}
    progress = _Progress(names, problems)
    edge = _record(Edge, fields, "", progress, prefix=PREFIX)
    edge = dataclasses.replace(edge, sites=(*edge.sites, *_sound_items(Site, plain_sites, progress)))
    files = {place: file.name for (place, _content), file in zip(placed, site_files)}
    return Reading(edge, tuple(problems), names, files)


def _names(records: Iterable[Any]) -> frozenset[str]:
    return frozenset(
        in_ascii(name)
        for record in records
        if isinstance(record, dict)
        for name in (record.get("name"), *_listed(record.get("aliases")))
        if isinstance(name, str)
    )


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _meant_variable(name: str, options: Options) -> str:
    """What to write instead. An inventory may have other variables that begin with ``edge_``, so only a close
    resemblance counts, and a name that is an option of sites or a directive of nginx after the prefix."""
    if hint := did_you_mean(name, options, cutoff=0.85):
        return hint
    option = name[len(PREFIX) :]
    if "_" not in option:
        return ""
    for level in ("sites", "sites.locations"):
        inner = options
        for part in level.split("."):
            inner = inner[f"{PREFIX}{part}" if inner is options else part]["options"]
        if option in inner:
            return f"{option} is an option of {PREFIX}{level}"
    return instead_of(option, options)


@functools.cache
def _hints(record: Any) -> Mapping[str, Any]:
    return get_type_hints(record, include_extras=True)


def option_name(field: str, hint: Any = None) -> str:
    """The option of a field; Python's keywords carry an underscore (``return_``).

    :param hint: type of the field; a :class:`Reference` may have its own name for the option.
    """
    reference = next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Reference)), None)
    return reference.option if reference and reference.option else field.rstrip("_")


def _record(kind: Any, plain: Mapping[str, Any], place: str, progress: _Progress, prefix: str = "") -> Any:
    values = {}
    outer, progress.hides = progress.hides, _has_secret(kind)
    for name, hint, option, is_plain, is_optional in _fields(kind):
        given = plain[option]
        if is_plain or (given is None and is_optional):
            values[name] = given  # most options of a site have no value
            continue
        value = _value(hint, given, inside(place, prefix + option), progress)
        values[name] = value
        if prefix and isinstance(value, tuple):
            progress.records[prefix + option] = {one.name: one for one in reversed(value) if hasattr(one, "name")}
    progress.hides = outer
    return kind(place=place, **values)


@functools.cache
def _fields(kind: Any) -> tuple[tuple[str, Any, str, bool, bool], ...]:
    """Name, type and option of each field of a record but its place; whether its values need no check after the
    argument spec, and whether it may have none."""
    names = (field.name for field in dataclasses.fields(kind) if field.name != "place")
    hints = ((name, _hints(kind)[name]) for name in names)
    return tuple(
        (name, hint, option_name(name, hint), hint in {int, bool, str}, get_origin(hint) in {Union, types.UnionType})
        for name, hint in hints
    )


@functools.cache
def _has_secret(kind: Any) -> bool:
    """Whether a field of a record is a secret. An edge and its sites have none: their secrets are in records inside."""
    hints = [inner for hint in _hints(kind).values() for inner in (hint, *get_args(hint))]
    formats = [one for hint in hints for one in getattr(hint, "__metadata__", ()) if isinstance(one, Format)]
    return any(one.secret and one is not HEADER_VALUE for one in formats)


def _value(hint: Any, plain: Any, place: str, progress: _Progress) -> Any:
    origin = get_origin(hint)
    value = plain
    if origin in {Union, types.UnionType}:
        value = None if plain is None else _value(get_args(hint)[0], plain, place, progress)
    elif origin is Annotated and isinstance(hint.__metadata__[0], Reference):
        value = _referred(hint.__metadata__[0].variable, plain, place, progress)
    elif origin is Annotated:
        value = hint.__metadata__[0].converted(plain) if isinstance(plain, str) else plain
        _check_format(hint.__metadata__[0], value, place, progress)
    elif origin is tuple:
        placed = ((item(place, index, one), one) for index, one in enumerate(plain or []))
        value = _sound_items(get_args(hint)[0], placed, progress)
    elif origin is dict:
        value = _pairs(get_args(hint), plain or {}, place, progress)
    elif hint is ResponseHeaders and plain is None:
        value = ResponseHeaders(place, {}, {}, ())  # a wrong value was reported; checks of headers need a record
    elif isinstance(hint, type) and issubclass(hint, Record) and plain is not None:
        value = _record(hint, plain, place, progress)
    return value


def _referred(variable: str, name: Any, place: str, progress: _Progress) -> Any:
    """The record that a name refers to; None if there is none, or if it has problems itself."""
    if not isinstance(name, str):
        return None
    _check_format(NAME, name, place, progress)
    known = progress.names[variable]
    if name not in known:
        sound = sorted(one for one in known if NAME.fits(one))  # a wrong one may hold a line break
        listed = f" ({', '.join(sound)})" if sound else "" if known else ", which is empty"
        remedy = did_you_mean(name, sound) or "add it there"
        if NAME.fits(name):
            progress.problems.append(Problem(place, f"'{name}' is not in {variable}{listed}", remedy))
    elif name not in progress.records[variable]:
        progress.unresolved.append(place)
    return progress.records[variable].get(name)


def _check_format(wanted: Format, plain: Any, place: str, progress: _Progress) -> None:
    if not isinstance(plain, str):
        return
    if wanted is not DIRECTIVES and is_too_long(plain):
        reason = f"is too long: nginx reads at most {LONGEST_PARAMETER} bytes at a time"
        progress.problems.append(Problem(place, reason))
    elif not wanted.fits(plain):
        hidden = wanted.secret or progress.hides
        reason = "invalid value (hidden)" if hidden else invalid(plain)
        progress.problems.append(Problem(place, reason, f"expected {wanted.words}"))


def _sound_items(hint: Any, placed: Iterable[tuple[str, Any]], progress: _Progress) -> tuple[Any, ...]:
    """The items, given with their places, without problems; the others are reported and left out of later checks."""
    items = []
    for where, plain in placed:
        value = _value(hint, plain, where, progress)
        if value is not None and not progress.spoils(where):
            items.append(value)
    return tuple(items)


def _pairs(hints: tuple[Any, ...], plain: Mapping[Any, Any], place: str, progress: _Progress) -> dict[str, str]:
    problems = progress.problems
    for key, value in plain.items():
        where = inside(place, str(key))
        named = hints[0].__metadata__[0]
        if not named.fits(str(key)) and not is_harmless_key(str(key)):
            problems.append(Problem(place, "has an invalid name (hidden)", f"expected {named.words}"))
            continue
        _check_format(named, str(key), where, progress)
        if not isinstance(value, str):
            shown = "something else" if hints[1].__metadata__[0].secret else repr(value)
            problems.append(Problem(where, f"expected a string, got {shown}", "put the value in quotes"))
        else:
            _check_format(hints[1].__metadata__[0], value, where, progress)
    return {str(key): value for key, value in plain.items()}  # YAML reads a bare 1 as a number
