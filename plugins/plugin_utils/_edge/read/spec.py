# SPDX-License-Identifier: GPL-3.0-or-later
"""Read inventory data strictly by an argument spec.

The spec is Ansible's (``roles/edge/meta/argument_specs.yml``). Unlike Ansible's validator this one names list indices,
converts only a text that is a whole number or a boolean, suggests the intended key, fills in nested defaults, and
finds all problems in one pass.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..syntax.directives import instead_of
from ..syntax.problems import Problem, did_you_mean, inside, item

Option = Mapping[str, Any]
Options = Mapping[str, Option]

RENAMED = {
    "connection_limit": "connection_limits: [{name: ZONE, connections: NUMBER}]",
    "edge_proxy_protocol": "edge_listen_proxy_protocol",
    "grpc": "protocol: grpc",
    "open": "public",
    "ordered_by": "issuing_edge",
    "rate_limit": "rate_limits: [{name: ZONE}]",
    "patience": "retry_timeout",
}
"""Earlier names of options."""
MOST_LISTED = 12
"""Known keys that an error lists."""
BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
TYPE_NAMES = {"str": "a string", "int": "an integer", "bool": "true or false", "list": "a list", "dict": "a mapping"}


def read_options(
    options: Options, value: Mapping[str, Any], path: str, problems: list[Problem], parent: Options | None = None
) -> dict[str, Any]:
    """Read a mapping by its options.

    :param path: place of the mapping, empty for the variables of a host.
    :param problems: what is wrong is appended here; a wrong value is read as None.
    :param parent: the options of the mapping around it, for hints.
    :returns: every option of the spec, with the default (None without one) where ``value`` has none.
    """
    problems.extend(unknown(options, str(key), path, parent or {}) for key in value if key not in options)
    prepared = _prepared(options)
    read = dict(prepared.defaults)
    # A key or a password may have been written into the wrong option.
    secret = bool(path) and prepared.secret
    for key, option in options.items():
        if key not in value and key in prepared.defaults:
            continue
        if key not in value and key in prepared.lists:
            read[key] = []
            continue
        given = value.get(key)
        place = inside(path, key)
        if key in value and given is None and option.get("type") == "list":
            problems.append(Problem(place, "has no value", "write a list, [] for an empty one, or remove the key"))
        if given is not None:
            read[key] = read_value(option, given, place, problems, options, secret=secret)
            if option.get("required") and given == []:
                problems.append(Problem(place, "required, but empty"))
        elif option.get("required"):
            problems.append(Problem(place, "required, but missing"))
            read[key] = None
        elif "default" in option:
            # A default goes through the same door, so that its nested defaults are filled in too.
            read[key] = read_value(option, copy.deepcopy(option["default"]), place, problems, options)
        else:
            read[key] = None
    return read


class _Prepared(NamedTuple):
    """What is the same for all mappings with the same options.

    :param defaults: values of the options that are missing: simple defaults, and None for options without one.
    :param lists: the options whose default is an empty list.
    :param secret: whether an option is a secret.
    """

    options: Options
    defaults: Mapping[str, Any]
    lists: frozenset[str]
    secret: bool


_PREPARED: dict[int, _Prepared] = {}


def _prepared(options: Options) -> _Prepared:
    """Cached, because the options of a site are the same for all sites."""
    known = _PREPARED.get(id(options))
    if known is None or known.options is not options:
        defaults = {
            key: read_value(option, option.get("default"), key, []) if "default" in option else None
            for key, option in options.items()
            if not option.get("required") and not isinstance(option.get("default"), (list, dict))
        }
        lists = frozenset(
            key for key, option in options.items() if option.get("default") == [] and not option.get("required")
        )
        secret = any(option.get("no_log") for option in options.values())
        known = _PREPARED[id(options)] = _Prepared(options, defaults, lists, secret)
    return known


_HARMLESS_KEY = re.compile(r"[A-Za-z0-9_. -]{0,60}", re.ASCII)
"""A wrong name that errors may repeat; another one may hold the value too, such as ``Authorization: Bearer …``."""


def is_harmless_key(key: str) -> bool:
    """Whether an error may repeat a wrong name."""
    return _HARMLESS_KEY.fullmatch(key) is not None


def unknown(options: Options, key: str, path: str, parent: Options) -> Problem:
    """The problem of an unknown key: the option that was meant, or the place where this one belongs.

    :param parent: the options of the mapping around it; empty for the variables of a host.
    """
    if not is_harmless_key(key):
        return Problem(path, "has an unknown key (hidden)", _listed(options))
    place = inside(path, key)
    if (renamed := RENAMED.get(key, "")).partition(":")[0] in options:
        return Problem(place, "was renamed", f"write {renamed}")
    if path and key in parent:
        return Problem(place, "is an option of the mapping around it", "indent it less")
    inner = [name for name, option in options.items() if key in (option.get("options") or {})]
    if path and inner:
        nearest = min(inner, key=lambda name: (name != "locations", options[name]["type"] != "list"))
        return Problem(place, f"is an option of {nearest}", f"write it in {nearest}")
    if instead := instead_of(key, options):
        return Problem(place, "is a directive of nginx, not an option here", instead)
    return Problem(place, "unknown key", did_you_mean(key, options) or _listed(options))


def _listed(options: Options) -> str:
    names = list(options)
    if len(names) <= MOST_LISTED:
        return f"known keys: {', '.join(names)}"
    return "docs/reference/model.md lists the known keys"


def read_value(
    option: Option,
    value: Any,
    path: str,
    problems: list[Problem],
    parent: Options | None = None,
    *,
    secret: bool = False,
) -> Any:
    """Read one value by its option: type, choices, elements, nested options. A wrong value is read as None.

    :param parent: the options of the mapping that contains it, for hints.
    :param secret: errors do not repeat the value.
    """
    secret = secret or bool(option.get("no_log"))
    kind = option.get("type", "str")
    choices = option.get("choices")
    if isinstance(value, bool) and kind == "str" and choices and "on" in choices:
        value = "on" if value else "off"  # YAML 1.1 reads a bare on or off as a boolean
    if kind == "str" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # nginx takes bare numbers as seconds or bytes
    if isinstance(value, str):
        value = _from_text(kind, value)
    if not _has_type(kind, value):
        problems.append(_wrong_type(kind, value, path, secret=secret))
        return None
    if choices is not None and value not in choices:
        listed = ", ".join(str(choice) for choice in choices)
        hint = did_you_mean(str(value), [str(choice) for choice in choices])
        problems.append(Problem(path, f"'{'(hidden)' if secret else value}' is not one of {listed}", hint))
        return None
    if kind == "list":
        element = {"type": option.get("elements", "str"), "options": option.get("options")}
        return [read_value(element, one, item(path, index, one), problems, parent) for index, one in enumerate(value)]
    if kind == "dict" and option.get("options"):
        return read_options(option["options"], value, path, problems, parent)
    return value


def _from_text(kind: str, value: str) -> Any:
    """Convert a text to a number or a boolean if it is one; otherwise return it unchanged.

    ``-e name=value`` makes every value a text, and so do expressions in ansible-core before 2.19 without native Jinja.
    """
    if kind == "int" and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    if kind == "bool":
        return BOOLEANS.get(value.strip().lower(), value)
    return value


def _has_type(kind: str, value: Any) -> bool:
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"str": str, "bool": bool, "list": list, "dict": dict}[kind])


def _wrong_type(kind: str, value: Any, path: str, *, secret: bool) -> Problem:
    hint = ""
    if kind == "list" and isinstance(value, (dict, str)):
        hint = "put a dash before it"
    elif kind == "str" and isinstance(value, bool):
        hint = "put the value in quotes"
    shown = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
    if secret:
        shown = "something else"
    elif kind in ("dict", "list") and isinstance(value, str):
        shown = "a string"  # it may hold a secret
    return Problem(path, f"expected {TYPE_NAMES[kind]}, got {shown}", hint)
