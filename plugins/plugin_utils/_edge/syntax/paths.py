# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths and regular expressions of locations."""

from __future__ import annotations

import posixpath
import re
import urllib.parse
import warnings

_KEPT = "/%:@!$&'()*+,;=~-._"
"""Characters that browsers send as they are in a path (RFC 3986, pchar), and ``%`` of what is encoded already."""
_NO_STRUCTURE = re.compile(r"\\Q|\(\?(?:#|x|[a-z]*x[a-z-]*[:)]|C)|\(\*", re.ASCII)
"""PCRE syntax in which parentheses and brackets may have another meaning: quotes, comments, verbs, callouts."""
_UNIVERSAL = ("unterminated character set", "missing ), unterminated", "unbalanced parenthesis", "nothing to repeat")
"""Errors of Python's parser that are errors in PCRE, too; nginx judges everything else."""


def wrong_structure(expression: str) -> str:
    """Why no engine reads a regular expression, such as a missing parenthesis; empty if it may be valid.

    nginx reads expressions by PCRE, which has more syntax than Python, such as ``\\p{L}``, ``\\h`` and ``\\K``.
    """
    if _NO_STRUCTURE.search(expression):
        return ""
    if expression.endswith("\\") and len(expression) % 2 != len(expression.rstrip("\\")) % 2:
        return "ends with a backslash"
    plain = re.sub(r"\\.", "x", expression, flags=re.DOTALL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # [[:alpha:]] is a class of PCRE
            re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", plain))  # PCRE names groups without the P
    except re.error as error:
        return str(error) if any(words in str(error) for words in _UNIVERSAL) else ""
    except OverflowError as error:
        return str(error)
    except RecursionError:
        return "it is too complex"
    return ""


def normal_path(path: str) -> str:
    """A path as nginx compares it with locations (``ngx_http_parse_complex_uri``): decoded, without query, with single
    slashes, and without ``.`` and ``..``."""
    decoded = urllib.parse.unquote(re.split(r"[?#]", path, maxsplit=1)[0])
    parts = re.sub(r"/{2,}", "/", decoded)
    simple = posixpath.normpath(parts)
    ends = parts.endswith(("/", "/.", "/..")) and simple != "/"
    return simple + ("/" if ends else "")


def encoded(path: str) -> str:
    """A path as browsers send it."""
    return urllib.parse.quote(path, safe=_KEPT)


def literal(text: str) -> str:
    """A text as a part of a regular expression of PCRE."""
    return re.sub(r"[\\.^$*+?()\[\]{}|]", lambda found: f"\\{found[0]}", text)
